"""Who may ask the API, how often and how much: keys, scopes, rates, sizes."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import select

from integrations.api.cli import keys
from integrations.api.keys import Keys, Scope, hash_key
from integrations.api.rates import Bucket, Rates
from integrations.settings import Settings
from integrations.storage.database import Database, open_database
from integrations.storage.tables import ApiKey, AuditEntry
from integrations.testing.served_api import ApiClient, ServedApi

ANALYZE = "/code_analysis/review/analyze"
MAX_BODY_BYTES = 200_000


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApi]:
    with ServedApi(tmp_path_factory.mktemp("api"), {"api_body_bytes": MAX_BODY_BYTES}) as served:
        yield served


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/x.sqlite")
    yield opened
    opened.engine.dispose()


READ_PATHS = ("/findings?repository=github:a/b", "/dismissals?repository=github:a/b", "/feedback/export", "/model")
GET_PATHS = (*READ_PATHS, "/code_analysis/review/batch/" + "0" * 32)
POST_PATHS = (ANALYZE, "/code/security/scan", "/code_analysis/review/batch", "/feedback", "/nowhere")


@pytest.mark.parametrize("path", [*GET_PATHS, *POST_PATHS])
@pytest.mark.parametrize("key", ["", "rvw", f"rvw_{'0' * 12}_{'0' * 64}", "rvw_ü_ü"])
def test_without_a_key_that_holds_nothing_is_read(api: ServedApi, path: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}".encode().decode("latin-1")} if key else {}
    method = "GET" if path in GET_PATHS else "POST"
    reply = ApiClient(api.port).send(method, f"/api/v1{path}", b"no json", headers)
    assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert reply.headers["content-type"] == "application/problem+json"


def test_health_needs_no_key(api: ServedApi) -> None:
    reply = ApiClient(api.port).get("/health")
    assert (reply.status, reply.json) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.READ, {*READ_PATHS}),
        (Scope.ANALYZE, {"/code_analysis/review/batch/" + "0" * 32, *POST_PATHS[:3]}),
        (Scope.FEEDBACK, {"/feedback"}),
        (Scope.ADMIN, {*GET_PATHS, *POST_PATHS[:4]}),
    ],
)
def test_a_key_opens_what_its_scope_says(api: ServedApi, scope: Scope, allowed: set[str]) -> None:
    client = api.make_client(scope)
    opened = set()
    for path in (*GET_PATHS, *POST_PATHS[:4]):
        reply = client.get(path) if path in GET_PATHS else client.post(path, {})
        assert reply.status in (200, 403, 404, 422)
        if reply.status == 403:
            assert "expected the scope" in reply.json["detail"]
        else:
            opened.add(path)
    assert opened == allowed


def test_a_revoked_key_opens_nothing(api: ServedApi) -> None:
    client = api.make_client(Scope.READ)
    assert client.get("/model").status == 200
    assert Keys(api.database).revoke(client.key.split("_")[1], "ada")
    assert client.get("/model").status == 401
    assert not Keys(api.database).revoke(client.key.split("_")[1], "ada")


def test_a_secret_of_another_key_opens_nothing(api: ServedApi) -> None:
    one, other = api.make_client(Scope.READ).key, api.make_client(Scope.READ).key
    mixed = f"{one.rpartition('_')[0]}_{other.rpartition('_')[2]}"
    assert ApiClient(api.port, mixed).get("/model").status == 401


def test_only_a_hash_of_a_key_is_kept(database: Database, tmp_path: Path) -> None:
    key = Keys(database).create("ci", [Scope.READ, Scope.ANALYZE], "ada")
    with database.begin() as session:
        (row,) = session.exec(select(ApiKey)).all()
        (entry,) = session.exec(select(AuditEntry)).all()
    assert (row.key_hash, row.scopes) == (hash_key(key), "analyze read")
    assert (entry.action, entry.actor, entry.subject) == ("create key", "ada", row.prefix)
    secret = key.rpartition("_")[2].encode()
    assert all(secret not in file.read_bytes() for file in tmp_path.iterdir())


def test_rates_are_counted_by_key_kind_and_minute(database: Database) -> None:
    now = [600.0]
    limits = {Bucket.REQUESTS: 2, Bucket.SCAN: 1}
    first, second = (Rates(database, limits, lambda: now[0]) for _ in range(2))  # two processes
    assert [rates.count(1, Bucket.REQUESTS) for rates in (first, second)] == [None, None]
    now[0] = 645.0
    assert first.count(1, Bucket.REQUESTS) == 15
    assert [first.count(1, Bucket.SCAN), second.count(2, Bucket.REQUESTS)] == [None, None]
    now[0] = 660.0
    assert second.count(1, Bucket.REQUESTS) is None
    now[0] = 6_000.0
    first.forget()
    assert first.count(1, Bucket.SCAN) is None


def test_too_many_requests_are_told_when_to_come_again(tmp_path: Path) -> None:
    with ServedApi(tmp_path, {"api_requests_per_minute": 3, "scan_requests_per_minute": 4}) as api:
        client = api.make_client(Scope.ADMIN)
        refused = []
        for _ in range(12):  # a minute may end in between, once
            reply = client.get("/model")
            if reply.status == 429:
                refused.append(reply)
        assert len(refused) >= 6
        assert 1 <= int(refused[0].headers["retry-after"]) <= 60
        assert refused[0].json["detail"].startswith("expected at most 3 requests a minute")
        scans = [client.post("/code/security/scan", {}).status for _ in range(4)]
        assert scans[0] == 422  # a scan is counted apart
        assert api.make_client(Scope.READ).get("/model").status == 200  # and so is another key


def test_scans_are_limited_to_a_hundred_a_minute_by_default() -> None:
    settings = Settings(api_only=True)
    assert (settings.scan_requests_per_minute, settings.api_requests_per_minute) == (100, 60)


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 50_000_000])
def test_a_large_body_is_refused_unread(api: ServedApi, size: int) -> None:
    client = api.make_client(Scope.ANALYZE)
    reply = client.send("POST", f"/api/v1{ANALYZE}", b" " * size, {"Content-Type": "application/json"})
    assert (reply.status, reply.headers["content-type"]) == (413, "application/problem+json")
    assert reply.json["detail"] == f"body: expected at most {MAX_BODY_BYTES} bytes, found {size}"


def test_a_large_body_without_a_length_is_refused(api: ServedApi) -> None:
    client = api.make_client(Scope.ANALYZE)
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    headers = {"Authorization": f"Bearer {client.key}", "Content-Type": "application/json"}
    parts = iter([b" " * 100_000] * 30)
    connection.request("POST", f"/api/v1{ANALYZE}", parts, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["title"]) == (413, "Request Entity Too Large")
    connection.close()


def test_a_body_that_breaks_off_harms_nobody(api: ServedApi) -> None:
    client = api.make_client(Scope.ANALYZE)
    lines = (f"POST /api/v1{ANALYZE} HTTP/1.1", "Host: x", f"Authorization: Bearer {client.key}", "Content-Length: 99")
    with socket.create_connection(("127.0.0.1", api.port)) as connection:
        connection.sendall("\r\n".join([*lines, "", "{"]).encode())
    assert client.post(ANALYZE, {}).status == 422


def test_keys_are_managed_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEWER_API_ONLY", "true")
    monkeypatch.setenv("REVIEWER_DATA_DIR", str(tmp_path))
    runner = CliRunner()
    made = runner.invoke(keys, ["create", "ci größe", "--scope", "read", "--scope", "analyze"])
    prefix = made.output.split("_")[1]
    assert (made.exit_code, made.output.count("rvw_")) == (0, 1)
    listed = runner.invoke(keys, ["list"]).output
    assert listed.startswith(f"{prefix}  analyze,read  ")
    assert made.output.strip() not in listed
    assert runner.invoke(keys, ["revoke", prefix]).exit_code == 0
    assert "revoked" in runner.invoke(keys, ["list"]).output
    assert runner.invoke(keys, ["revoke", prefix]).exit_code == 2
    assert runner.invoke(keys, ["create", "x", "--scope", "everything"]).exit_code == 2


def test_a_service_without_hosts_must_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="REVIEWER_API_ONLY=true, found none of them"):
        Settings()
    assert Settings(api_only=True).api_only
