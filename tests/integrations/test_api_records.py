"""What the API tells and takes beside reviews: findings, feedback and its export, and how a repository is forgotten."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import SQLModel, col, delete, select

from dataset_curation.triage.verdicts import TriageRow, check_reason, check_verdict
from integrations.api.cli import forget
from integrations.api.keys import Scope
from integrations.checkouts import Checkouts
from integrations.hosts import Change, ChangeRef, HostKind, RepositoryRef
from integrations.inbox import Inbox
from integrations.records import Records
from integrations.reports import Location, ReportedFinding, ReviewReport
from integrations.retention import Retention
from integrations.storage.api_tables import ApiBatchItem, ApiResult
from integrations.storage.database import Database, open_database
from integrations.storage.tables import (
    AuditEntry,
    ChangeState,
    Delivery,
    Dismissal,
    Feedback,
    Intent,
    PostedFinding,
    ReviewRecord,
)
from integrations.testing.served_api import ApiClient, ServedApi

HEAD = "a" * 40
FEEDBACK = {
    "repository": "github:team/shop",
    "change": 7,
    "fingerprint": "0" * 32,
    "label": "security/sql-injection",
    "kind": "false-positive",
    "commit": HEAD,
    "path": "größe.py",
    "line": 3,
    "reason": "the name == constant; `x`",
}


def make_ref(name: str = "team/shop", number: int = 7) -> ChangeRef:
    return ChangeRef(RepositoryRef(HostKind.GITHUB, name), number)


def make_finding(fingerprint: str, line: int = 3) -> ReportedFinding:
    location = Location(path="app.py", start_line=line, start_column=5, end_line=line, end_column=9)
    return ReportedFinding.model_validate(
        {
            "fingerprint": fingerprint, "label": "security/sql-injection", "category": "security", "title": "SQL",
            "message": "größe", "remedy": "bind", "severity": "high", "probability": 0.5,
            "location": location.model_dump(), "anchor": {"path": "app.py", "line": line + 1},
        }
    )  # fmt: skip


def publish(database: Database, ref: ChangeRef, *findings: ReportedFinding, days_ago: int = 0) -> str:
    """Keeps a review as the bot does once it is published."""
    report = ReviewReport.model_validate(
        {
            "tool": {"name": "x", "version": "1"}, "model": "m", "change": {"base": "b", "head": HEAD},
            "findings": [one.model_dump() for one in findings], "withheld": {"counts": {}, "findings": []},
            "files": {"reviewed": [], "skipped": [], "failed": []},
        }
    )  # fmt: skip
    records, key = Records(database), f"review-{ref.key}"
    change = Change(ref, "b", HEAD, "refs/pull/7/head", "main", "ada")
    started = datetime.now(UTC) - timedelta(days=days_ago)
    records.keep_review(
        ReviewRecord(
            key=key, change_key=ref.key, repository=ref.key.partition("#")[0], base="b", head=HEAD, model="m",
            state="analysed", report=report.model_dump_json(), started_at=started,
        )
    )  # fmt: skip
    records.begin_intent(f"{key}:threads")
    records.note_published(change, key)
    for one in findings[:1]:
        with database.begin() as session:
            session.add(
                PostedFinding(
                    change_key=ref.key, fingerprint=one.fingerprint, label=one.label, path="app.py", line=4,
                    probability=0.5, head=HEAD, at=started,
                )
            )  # fmt: skip
    return key


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ServedApi]:
    with ServedApi(tmp_path, {"api_requests_per_minute": 10_000}) as served:
        yield served


def test_findings_are_told_by_change_page_by_page(api: ServedApi) -> None:
    shown = [f"{n:032x}" for n in range(1, 4)]
    publish(api.database, make_ref(number=7), *map(make_finding, shown))
    publish(api.database, make_ref(number=12), make_finding("f" * 32))
    publish(api.database, make_ref("team/other"), make_finding("e" * 32))
    ref = make_ref(number=7)
    Records(api.database).dismiss(
        ref, Records(api.database).posted_on(ref)[shown[0]], kind="ignore", reason="", author="ada"
    )
    client = api.make_client(Scope.READ)
    seen, after = [], ""
    while after is not None:
        page = client.get(f"/findings?repository=github:team/shop&limit=3&after={after.replace('#', '%23')}").json
        seen += page["findings"]
        after = page["next"]
    assert [(one["change"], one["fingerprint"]) for one in seen] == [(12, "f" * 32), *((7, one) for one in shown)]
    first = seen[1]
    assert (first["is_posted"], first["is_dismissed"], first["line"], first["message"]) == (True, True, 4, "größe")
    assert (seen[2]["is_posted"], seen[2]["is_dismissed"]) == (False, False)
    only = client.get("/findings?repository=github:team/shop&change=12").json
    assert ([one["change"] for one in only["findings"]], only["next"]) == ([12], None)
    assert client.get("/findings?repository=nix").status == 422
    assert client.get("/findings?repository=github:team/shop&after=nix").status == 422


def test_many_changes_are_walked_through(api: ServedApi) -> None:
    for number in range(1, 46):
        publish(api.database, make_ref(number=number), make_finding(f"{number:032x}"))
    page = api.make_client(Scope.READ).get("/findings?repository=github:team/shop&limit=200").json
    assert sorted(one["change"] for one in page["findings"]) == list(range(1, 46))


def list_dismissals(client: ApiClient, repository: str = "github:team/shop") -> list[dict[str, object]]:
    reply = client.get(f"/dismissals?repository={repository}")
    assert (reply.status, reply.headers["content-type"].split(";")[0]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in reply.body.splitlines()]


def dismiss(database: Database, ref: ChangeRef, fingerprint: str) -> None:
    publish(database, ref, make_finding(fingerprint))
    records = Records(database)
    records.dismiss(ref, records.posted_on(ref)[fingerprint], kind="accept-risk", reason="größe; ours", author="ada")


def test_dismissals_are_told_as_they_hold_now(api: ServedApi) -> None:
    client, old, new = api.make_client(Scope.READ), "5" * 32, "6" * 32
    dismiss(api.database, make_ref(), old)
    dismiss(api.database, make_ref("team/other"), "7" * 32)
    api.make_client(Scope.FEEDBACK).post("/feedback", FEEDBACK)  # an opinion, which dismisses nothing
    Records(api.database).move_dismissal(make_ref(), old, make_finding(new))
    first, second = list_dismissals(client)
    assert (first["fingerprint"], second["fingerprint"]) == (old, new)
    assert datetime.fromisoformat(str(second.pop("time"))).tzinfo is not None
    assert second == {
        "repository": "github:team/shop", "fingerprint": new, "label": "security/sql-injection", "kind": "accept-risk",
        "reason": "größe; ours", "author": "ada", "change": "github:team/shop#7",
    }  # fmt: skip
    with api.database.begin() as session:
        session.exec(delete(Dismissal).where(col(Dismissal.fingerprint) == old))
    assert [one["fingerprint"] for one in list_dismissals(client)] == [new]
    assert list_dismissals(client, "github:team/none") == []
    assert client.get("/dismissals").status == client.get("/dismissals?repository=nix").status == 422


def test_many_dismissals_are_told_each_once(api: ServedApi) -> None:
    fingerprints = [f"{number:032x}" for number in range(1_101)]
    with api.database.begin() as session:
        session.add_all(
            Dismissal(
                repository=f"github:team/{name}", fingerprint=one, label="x/y", kind="ignore", author="ada",
                change_key="", at=datetime.now(UTC),
            )
            for one in fingerprints
            for name in ("shop", "other")
        )  # fmt: skip
    told = list_dismissals(api.make_client(Scope.READ))
    assert {str(one["repository"]) for one in told} == {"github:team/shop"}
    assert sorted(str(one["fingerprint"]) for one in told) == fingerprints


def test_feedback_is_kept_once_and_audited(api: ServedApi) -> None:
    client = api.make_client(Scope.FEEDBACK)
    replies = [client.post("/feedback", FEEDBACK) for _ in range(2)]
    assert [(one.status, one.json["feedback"]) for one in replies] == [(201, "recorded"), (200, "known")]
    with api.database.begin() as session:
        (row,) = session.exec(select(Feedback)).all()
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "feedback false-positive")).all()
        assert session.exec(select(Dismissal)).all() == []
    assert (row.source, row.author, row.change_key) == ("api", "tests", "github:team/shop#7")
    assert len(entries) == 1
    refused = client.post("/feedback", {**FEEDBACK, "reason": "two\nlines"})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "reason")


def test_feedback_is_exported_from_every_door(api: ServedApi) -> None:
    finding = make_finding("1" * 32)
    publish(api.database, make_ref(), finding)
    posted = Records(api.database).posted_on(make_ref())[finding.fingerprint]
    Records(api.database).add_feedback(make_ref(), posted, kind="addressed", source="commit", author="ada")
    api.make_client(Scope.FEEDBACK).post("/feedback", FEEDBACK)
    client = api.make_client(Scope.READ)
    reply = client.get("/feedback/export?repository=github:team/shop")
    assert reply.headers["content-type"].startswith("application/x-ndjson")
    bot, ours = map(json.loads, reply.body.decode().splitlines())
    assert (bot["line"], bot["column"], bot["verdict"], bot["source"]) == (3, 5, "harmful", "commit")
    assert (ours["repository"], ours["commit"], ours["path"]) == ("github:team/shop", HEAD, "größe.py")
    assert (ours["line"], ours["label"], ours["verdict"]) == (3, "security/sql-injection", "harmless")
    assert datetime.fromisoformat(ours["time"]).tzinfo is not None
    assert client.get("/feedback/export?since=2100-01-01T00:00:00Z").body == b""
    assert client.get("/feedback/export?since=9999-12-31T23:59:59-10:00").status == 422
    assert client.get("/feedback/export?repository=github:team/none").body == b""


def test_the_curation_pipeline_takes_exported_rows(api: ServedApi) -> None:
    api.make_client(Scope.FEEDBACK).post("/feedback", FEEDBACK)
    api.make_client(Scope.FEEDBACK).post("/feedback", {**FEEDBACK, "kind": "ignore", "reason": ""})
    lines = api.make_client(Scope.READ).get("/feedback/export?form=triage").body.decode().splitlines()
    rows = [TriageRow(**json.loads(line)) for line in lines]
    assert [(row.repository, row.verdict, row.reader) for row in rows] == [
        ("team/shop", "harmless", "feedback-api"),
        ("team/shop", "undecidable", "feedback-api"),
    ]
    for line in lines:
        assert check_verdict(json.loads(line))
        assert check_reason(json.loads(line))


def test_the_model_is_told(api: ServedApi) -> None:
    told = api.make_client(Scope.READ).get("/model").json
    assert "+" in told["identity"]
    assert set(told["thresholds"]) >= {"security/sql-injection"}


def fill(database: Database, name: str) -> None:
    ref, now = make_ref(name), datetime.now(UTC)
    publish(database, ref, make_finding("2" * 32))
    records = Records(database)
    records.dismiss(ref, records.posted_on(ref)["2" * 32], kind="ignore", reason="x", author="ada")
    body = json.dumps({"repository": {"full_name": name}}).encode()
    Inbox(database).store(HostKind.GITHUB, f"{name}-waiting", "push", body)
    Inbox(database).store(HostKind.GITHUB, f"{name}-handled", "push", body)
    Inbox(database).finish(HostKind.GITHUB, f"{name}-handled", "handled")
    with database.begin() as session:
        session.add(ApiResult(key=name, api_key_id=1, repository=f"github:{name}", report="{}", made_at=now))
        session.add(ApiBatchItem(batch_id=name, idx=0, repository=f"github:{name}", payload="{}"))


def count(database: Database, table: type[SQLModel]) -> int:
    with database.begin() as session:
        return len(session.exec(select(table)).all())


def test_a_repository_is_forgotten_whole_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEWER_API_ONLY", "true")
    monkeypatch.setenv("REVIEWER_DATA_DIR", str(tmp_path))
    database = open_database(f"sqlite:///{tmp_path}/reviewer.sqlite")
    for name in ("team/shop", "team/shop_2", "teamXshop/a"):
        fill(database, name)
    folders = Checkouts(tmp_path / "repositories")
    ours = folders._folder_of(RepositoryRef(HostKind.GITHUB, "team/shop"))
    other = folders._folder_of(RepositoryRef(HostKind.GITHUB, "team/shop_2"))
    for folder in (ours, other, tmp_path / "cache" / "aa"):
        folder.mkdir(parents=True)
    tables: tuple[type[SQLModel], ...] = (
        ChangeState, ReviewRecord, PostedFinding, Intent, Dismissal, Feedback, ApiResult, ApiBatchItem,
    )  # fmt: skip
    before = [count(database, table) for table in tables]
    done = CliRunner().invoke(forget, ["github:team/shop"], catch_exceptions=False)
    assert done.output == "github:team/shop is forgotten: 9 rows, 0 workflows\n"
    assert [count(database, table) for table in tables] == [num - 1 for num in before]
    assert (ours.exists(), other.exists(), (tmp_path / "cache").exists()) == (False, True, False)
    with database.begin() as session:
        left = {row.delivery_id for row in session.exec(select(Delivery)).all()}
        actions = [row.subject for row in session.exec(select(AuditEntry)).all() if row.action == "forget"]
    others = {f"{name}-{state}" for name in ("team/shop_2", "teamXshop/a") for state in ("waiting", "handled")}
    assert left == {"team/shop-handled", *others}
    assert actions == ["github:team/shop"]
    assert CliRunner().invoke(forget, ["nix"]).exit_code == 2
    database.engine.dispose()


def test_what_is_old_is_deleted_and_what_waits_is_not(api: ServedApi) -> None:
    database = api.database
    asked: list[int] = []
    publish(database, make_ref(number=1), make_finding("3" * 32), days_ago=31)
    publish(database, make_ref(number=2), make_finding("4" * 32), days_ago=29)
    for state in ("handled", "received"):
        with database.begin() as session:
            old = datetime.now(UTC) - timedelta(days=31)
            session.add(Delivery(host="github", delivery_id=state, event="x", received_at=old, state=state))
    Retention(database, 30, (asked.append,)).apply()
    with database.begin() as session:
        assert [row.change_key for row in session.exec(select(ReviewRecord)).all()] == ["github:team/shop#2"]
        assert [row.state for row in session.exec(select(Delivery)).all()] == ["received"]
    assert asked == [30]


def test_commands_are_registered() -> None:
    run = "import sys; from reviewer.cli.group import _import_command as get; get('integrations.api.cli:keys')"
    assert subprocess.run([sys.executable, "-c", run], check=False).returncode == 0
