"""Reviews over HTTP: files, changes and diffs, with the command line's own findings; none is made twice."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.api.keys import Scope
from integrations.storage.tables import Dismissal
from integrations.testing.served_api import ApiClient, Reply, ServedApi

ANALYZE, SCAN = "/code_analysis/review/analyze", "/code/security/scan"
RUN = "import sys; from reviewer.cli import main; main(sys.argv[1:])"
CODE = """\
import os

from flask import Flask, request

app = Flask(__name__)


@app.route("/list")
def list_folder():
    os.system("ls " + request.args["folder"])
    return "größer"
"""
SAFE = CODE.replace('    os.system("ls " + request.args["folder"])\n', "")
DIFF = """\
--- a/app.py
+++ b/app.py
@@ -7,4 +7,5 @@

 @app.route("/list")
 def list_folder():
+    os.system("ls " + request.args["folder"])
     return "größer"
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApi]:
    limits = {"api_requests_per_minute": 10_000, "scan_requests_per_minute": 10_000}
    with ServedApi(tmp_path_factory.mktemp("api"), limits) as served:
        yield served


@pytest.fixture(scope="module")
def client(api: ServedApi) -> ApiClient:
    return api.make_client(Scope.ANALYZE)


def labels(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [one["label"] for one in reply.json["findings"]]


def test_files_are_reviewed_as_the_command_line_reviews_them(client: ApiClient, tmp_path: Path) -> None:
    helper = "def name():\n    return 1\n"
    for name, text in (("app.py", CODE), ("pkg/ä.py", helper)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    command = [sys.executable, "-c", RUN, "check", "--format", "json", "--jobs", "1", "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    files = [{"path": "app.py", "content": CODE}, {"path": "pkg/ä.py", "content": helper}]
    reply = client.post(ANALYZE, {"files": files})
    assert labels(reply) == ["security/command-injection"]
    assert reply.json == json.loads(done.stdout)


def test_only_what_a_change_introduced_is_reported(client: ApiClient) -> None:
    new = {"path": "app.py", "content": CODE, "before": SAFE}
    assert labels(client.post(ANALYZE, {"files": [new]})) == ["security/command-injection"]
    assert labels(client.post(ANALYZE, {"files": [{**new, "before": CODE + "\nx = 1\n"}]})) == []
    assert labels(client.post(ANALYZE, {"files": [{**new, "before": None}]})) == ["security/command-injection"]


def test_a_diff_says_the_base_too(client: ApiClient) -> None:
    reply = client.post(ANALYZE, {"files": [{"path": "app.py", "content": CODE}], "diff": DIFF})
    assert labels(reply) == ["security/command-injection"]
    assert reply.json["findings"][0]["anchor"]["line"] == 10
    refused = client.post(ANALYZE, {"files": [{"path": "app.py", "content": SAFE}], "diff": DIFF})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "diff")


def test_selection_and_configuration_decide(client: ApiClient) -> None:
    files = [{"path": "app.py", "content": CODE}]
    assert labels(client.post(ANALYZE, {"files": files, "select": ["performance"]})) == []
    assert labels(client.post(ANALYZE, {"files": files, "configuration": 'ignore = ["security"]'})) == []
    own = [*files, {"path": ".reviewer.toml", "content": 'ignore = ["security"]'}]
    assert labels(client.post(ANALYZE, {"files": own})) == ["security/command-injection"]


def test_a_scan_looks_for_security_only(client: ApiClient) -> None:
    assert labels(client.post(SCAN, {"files": [{"path": "app.py", "content": CODE}]})) == ["security/command-injection"]
    refused = client.post(SCAN, {"files": [{"path": "app.py", "content": CODE}], "select": ["performance"]})
    assert (refused.status, refused.json["detail"]) == (422, "select: expected no such field, found a list of 1")


def test_files_that_are_broken_empty_or_no_text_get_an_honest_report(client: ApiClient) -> None:
    files = [
        {"path": "broken.py", "content": "def f(:\n  )]\n\x01\0"},
        {"path": "empty.py", "content": ""},
        {"path": "latin.py", "content": base64.b64encode(b"# caf\xe9\nx = 1").decode(), "encoding": "base64"},
        {"path": "crlf.ts", "content": "let x = 1\r\nif ("},
        {"path": "notes.txt", "content": "words"},
    ]
    reply = client.post(ANALYZE, {"files": files})
    told = reply.json["files"]
    assert reply.status == 200
    paths = {one["path"] for part in ("reviewed", "skipped", "failed") for one in told[part]}
    assert paths == {one["path"] for one in files}
    assert told["failed"] == []


def test_the_same_request_makes_no_second_review(api: ServedApi, client: ApiClient) -> None:
    body = {"files": [{"path": "same.py", "content": CODE}]}
    first, count = client.post(ANALYZE, body), api.num_reviews
    second = client.post(ANALYZE, body)
    assert [one.headers["reviewer-cache"] for one in (first, second)] == ["miss", "hit"]
    assert (second.body, api.num_reviews) == (first.body, count)
    stranger = api.make_client(Scope.ANALYZE).post(ANALYZE, body)  # what others sent cannot be told
    assert (stranger.headers["reviewer-cache"], api.num_reviews) == ("miss", count + 1)


def test_what_a_team_dismissed_is_not_reported_here_either(api: ServedApi, client: ApiClient) -> None:
    body = {"files": [{"path": "app.py", "content": CODE}], "repository": "github:team/shop"}
    (finding,) = client.post(ANALYZE, body).json["findings"]
    row = Dismissal(
        repository="github:team/shop", fingerprint=finding["fingerprint"], label=finding["label"], kind="ignore",
        author="ada", change_key="github:team/shop#1", at=datetime.now(UTC),
    )  # fmt: skip
    with api.database.begin() as session:
        session.add(row)
    reply = client.post(ANALYZE, body)
    assert labels(reply) == []
    assert reply.json["withheld"]["counts"]["baseline"] == 1
    assert labels(client.post(ANALYZE, {**body, "repository": "github:team/other"})) == ["security/command-injection"]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 422, "body: expected a value, found nothing"),
        (b"{", 422, "body: expected JSON, found "),
        (b"\xff{", 400, "body: expected JSON in UTF-8"),
        (b'{"files": [{"path": "a.py", "content": "\xe9"}]}', 400, "body: expected JSON in UTF-8"),
        (b"[" * 100_000, 400, "body: expected JSON in UTF-8"),
        (b'{"files": []}', 422, "files: expected "),
        (b'{"files": [{"path": "a.py"}]}', 422, "files[0].content: expected a value, found nothing"),
        (b'{"files": [{"path": "a.py", "content": 1}]}', 422, "files[0].content: expected a valid string, found 1"),
        (
            rb'{"files": [{"path": "a\ud800.py", "content": ""}]}',
            422,
            "files[0].path: expected text that UTF-8 can say",
        ),
        (b'{"files": [{"path": "../a.py", "content": ""}]}', 422, "files[0].path: expected a path without empty parts"),
    ],
)
def test_a_body_that_cannot_be_used_is_a_clear_problem(
    client: ApiClient, body: bytes, status: int, detail: str
) -> None:
    reply = client.send("POST", f"/api/v1{ANALYZE}", body, {"Content-Type": "application/json"})
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
    assert reply.json["status"] == status
    assert reply.json["detail"].startswith(detail)


def test_no_submitted_file_is_left_behind_or_run(
    client: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, scratch = tmp_path / "mark", tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    code = f"open({str(mark)!r}, 'w')\n"
    names = ("conftest.py", "setup.py", "sitecustomize.py", "reviewer/__init__.py", "graph_model/__init__.py")
    files = [{"path": name, "content": code, "before": None} for name in names]
    files.append({"path": ".gitattributes", "content": "* filter=evil diff=evil\n", "before": None})
    reply = client.post(ANALYZE, {"files": files})
    assert reply.status == 200
    assert not mark.exists()
    assert list(scratch.iterdir()) == []
