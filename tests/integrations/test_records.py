from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import SQLModel, select

from integrations.hosts import ChangeRef, HostKind, NewThread, Place, RepositoryRef
from integrations.records import Records
from integrations.storage.database import Database, open_database
from integrations.storage.tables import AuditEntry, Dismissal, Feedback, PostedFinding, ReviewRecord

if TYPE_CHECKING:
    from tests.integrations.conftest import Samples

REF = ChangeRef(RepositoryRef(HostKind.GITHUB, "owner/name", 7), 12)
OTHER = ChangeRef(RepositoryRef(HostKind.GITHUB, "owner/name", 7), 13)
ELSEWHERE = ChangeRef(RepositoryRef(HostKind.GITLAB, "owner/name"), 12)
NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.fixture
def records(database: Database) -> Records:
    return Records(database)


@pytest.fixture
def reopened(database_url: str) -> Iterator[Records]:
    """As another process sees it."""
    opened = open_database(database_url)
    yield Records(opened)
    opened.engine.dispose()


def rows(database: Database, table: type[SQLModel]) -> list[Any]:
    with database.begin() as session:
        return list(session.exec(select(table)).all())


def review(key: str = "k1", **values: Any) -> ReviewRecord:
    named = {"change_key": REF.key, "repository": "github:owner/name", "base": "a", "head": "b", "model": "m"}
    return ReviewRecord(key=key, **{**named, "state": "analysed", "report": "{}", "started_at": NOW, **values})


def posted(fingerprint: str = "f1") -> PostedFinding:
    return PostedFinding(
        change_key=REF.key,
        fingerprint=fingerprint,
        label="security/sql-injection",
        path="ü.py",
        line=3,
        probability=0.9,
        head="b",
        at=NOW,
    )


def test_a_change_that_we_do_not_know_is_neither_paused_nor_published(records: Records) -> None:
    state = records.state_of(REF)
    assert (state.key, state.repository) == ("github:owner/name#12", "github:owner/name")
    assert (state.is_paused, state.published_review, state.published_head) == (False, "", "")


def test_pausing_is_kept_until_it_is_taken_back(records: Records, reopened: Records) -> None:
    records.set_paused(REF, "ann", is_paused=True)
    assert reopened.state_of(REF).is_paused
    assert not reopened.state_of(OTHER).is_paused
    records.set_paused(REF, "ann", is_paused=False)
    assert not reopened.state_of(REF).is_paused


def test_a_review_is_kept_and_read_back(records: Records, reopened: Records) -> None:
    records.keep_review(review(policy=b"\x00\xff", report='{"a": "größer 😋\\u0000"}'))
    kept = reopened.load_review("k1")
    assert kept is not None
    assert (kept.policy, kept.report, kept.started_at) == (b"\x00\xff", '{"a": "größer 😋\\u0000"}', NOW)
    assert kept.finished_at is None
    assert reopened.load_review("k2") is None


def test_times_come_back_in_utc(records: Records) -> None:
    records.keep_review(review(started_at=NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))))
    kept = records.load_review("k1")
    assert kept is not None
    assert (kept.started_at, kept.started_at.tzinfo) == (NOW, UTC)


def test_a_review_is_kept_over_one_with_the_same_key(records: Records) -> None:
    records.keep_review(review(report=""))
    records.keep_review(review(report="{}"))
    kept = records.load_review("k1")
    assert kept is not None
    assert kept.report == "{}"


def test_a_published_review_is_noted_on_its_change(records: Records, samples: "Samples") -> None:
    records.set_paused(REF, "ann", is_paused=True)
    records.keep_review(review())
    records.note_published(samples.change(), "k1")
    state, kept = records.state_of(REF), records.load_review("k1")
    assert kept is not None
    assert (state.published_review, state.published_head, state.is_paused) == ("k1", "b" * 40, True)
    assert kept.state == "published"
    assert kept.finished_at is not None


def test_an_intent_that_was_not_ended_is_known(records: Records, reopened: Records) -> None:
    assert not records.begin_intent("k1:threads")
    assert reopened.begin_intent("k1:threads")
    assert not reopened.begin_intent("k1:summary")


def test_an_intent_that_was_ended_may_begin_again(records: Records) -> None:
    records.begin_intent("k1:threads")
    records.end_intent("k1:threads")
    assert not records.begin_intent("k1:threads")
    assert records.begin_intent("k1:threads")


def test_posted_threads_are_remembered_by_change(records: Records, samples: "Samples") -> None:
    threads = [NewThread("f1", Place("ü.py", 2, 4), "body")]
    records.note_posted(samples.change(), threads, [samples.finding("f1"), samples.finding("f2")])
    (row,) = records.posted_on(REF).values()
    assert (row.fingerprint, row.path, row.line, row.probability, row.head) == ("f1", "ü.py", 4, 0.91, "b" * 40)
    assert not row.is_resolved_by_us
    assert records.posted_on(OTHER) == {}


def test_posting_again_keeps_one_row(records: Records, samples: "Samples") -> None:
    threads = [NewThread("f1", Place("a.py", 2, 2), "body")]
    for head in ("b" * 40, "c" * 40):
        records.note_posted(samples.change(head=head), threads, [samples.finding("f1")])
    assert records.posted_on(REF)["f1"].head == "c" * 40


def test_who_resolved_a_thread_is_remembered(records: Records, samples: "Samples") -> None:
    threads = [NewThread("f1", Place("a.py", 2, 2), "body")]
    records.note_posted(samples.change(), threads, [samples.finding("f1")])
    records.note_resolved(REF, "f1", by_us=True)
    records.note_resolved(REF, "unknown", by_us=True)
    assert records.posted_on(REF)["f1"].is_resolved_by_us
    records.note_resolved(REF, "f1", by_us=False)
    assert not records.posted_on(REF)["f1"].is_resolved_by_us


def dismiss(records: Records, fingerprint: str = "f1", author: str = "ann") -> None:
    records.dismiss(REF, posted(fingerprint), kind="false-positive", reason="größer 😋", author=author)


def test_a_dismissal_holds_in_every_change_of_the_repository(records: Records) -> None:
    dismiss(records)
    assert records.dismissed_in(REF) == records.dismissed_in(OTHER) == {"f1"}
    assert records.dismissed_in(ELSEWHERE) == frozenset()


def test_an_installation_makes_no_other_repository(records: Records) -> None:
    dismiss(records)
    assert records.dismissed_in(replace(REF, repository=replace(REF.repository, installation=8))) == {"f1"}


def test_a_dismissal_is_feedback_and_is_audited(records: Records, database: Database) -> None:
    dismiss(records)
    (dismissal,), (feedback,), (entry,) = (rows(database, table) for table in (Dismissal, Feedback, AuditEntry))
    assert (dismissal.kind, dismissal.reason, dismissal.author) == ("false-positive", "größer 😋", "ann")
    assert (feedback.kind, feedback.source, feedback.author, feedback.reason) == (
        "false-positive",
        "command",
        "ann",
        "größer 😋",
    )
    assert (feedback.commit, feedback.path, feedback.line, feedback.probability) == ("b", "ü.py", 3, 0.9)
    assert (entry.actor, entry.action, entry.subject) == ("ann", "dismiss false-positive", "f1")


def test_a_second_dismissal_changes_nothing(records: Records, database: Database) -> None:
    dismiss(records)
    dismiss(records, author="bob")
    assert [row.author for row in rows(database, Dismissal)] == ["ann"]
    assert len(rows(database, Feedback)) == len(rows(database, AuditEntry)) == 1


def test_the_same_feedback_is_kept_once(records: Records, database: Database) -> None:
    for _ in range(2):
        records.add_feedback(REF, posted(), kind="resolved", source="thread", author="ann")
        records.add_feedback(REF, posted(), kind="resolved", source="thread", author="bob")
        records.add_feedback(ELSEWHERE, posted(), kind="resolved", source="thread", author="ann")
    kept = [(row.repository, row.author) for row in rows(database, Feedback)]
    assert kept == [("github:owner/name", "ann"), ("github:owner/name", "bob"), ("gitlab:owner/name", "ann")]


def test_pausing_is_audited_once_however_often_it_is_repeated(records: Records, database: Database) -> None:
    for is_paused in (True, True, False, False, True):
        records.set_paused(REF, "ann", is_paused=is_paused)
    noted = [(row.actor, row.action, row.subject) for row in rows(database, AuditEntry)]
    assert noted == [("ann", "pause", REF.key), ("ann", "resume", REF.key), ("ann", "pause", REF.key)]


def test_a_dismissal_moves_with_its_finding_and_stays_where_it_was(
    records: Records, database: Database, samples: "Samples"
) -> None:
    dismiss(records)
    for _ in range(2):
        records.move_dismissal(REF, posted().fingerprint, samples.finding("new"))
        records.move_dismissal(REF, "never dismissed", samples.finding("other"))
    assert records.dismissed_in(REF) == {posted().fingerprint, "new"}
    old, new = rows(database, Dismissal)
    assert (new.kind, new.reason, new.author) == (old.kind, old.reason, old.author)
    assert [row.detail for row in rows(database, AuditEntry)] == ["", f"moved from {posted().fingerprint}"]


@pytest.mark.parametrize(
    ("act", "table"),
    [
        (dismiss, Dismissal),
        (lambda records: records.add_feedback(REF, posted(), kind="k", source="s", author="a"), Feedback),
        (lambda records: records.set_paused(REF, "ann", is_paused=True), AuditEntry),
    ],
    ids=["dismiss", "feedback", "pause"],
)
def test_two_that_do_the_same_at_once_do_it_once(
    records: Records, database: Database, act: Callable[[Records], None], table: type[SQLModel] | None
) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(act, records) for _ in range(24)]:
            done.result()
    assert table is None or len(rows(database, table)) == 1
