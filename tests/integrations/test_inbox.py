from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from integrations.hosts import HostKind
from integrations.inbox import Inbox
from integrations.storage.database import Database
from integrations.storage.tables import Delivery

GITHUB, GITLAB = HostKind.GITHUB, HostKind.GITLAB
BODY = b'{"x": "\xc3\xa4 \xf0\x9f\x98\x8b"}\r\n\x00'


@pytest.fixture
def inbox(database: Database) -> Inbox:
    return Inbox(database)


def age(database: Database, delivery_id: str, by: timedelta) -> None:
    with database.begin() as session:
        statement = update(Delivery).where(Delivery.delivery_id == delivery_id)  # type: ignore[arg-type]  # a column
        session.connection().execute(statement.values(received_at=datetime.now(UTC) - by))


def test_a_delivery_is_kept_byte_by_byte(inbox: Inbox) -> None:
    assert inbox.store(GITHUB, "1", "pull_request", BODY)
    kept = inbox.load(GITHUB, "1")
    assert kept is not None
    assert (kept.event, kept.body, kept.state, kept.why) == ("pull_request", BODY, "received", "")
    assert datetime.now(UTC) - kept.received_at < timedelta(minutes=1)


def test_a_redelivery_changes_nothing(inbox: Inbox) -> None:
    inbox.store(GITHUB, "1", "pull_request", BODY)
    assert not inbox.store(GITHUB, "1", "other", b"other")
    kept = inbox.load(GITHUB, "1")
    assert kept is not None
    assert kept.body == BODY


def test_a_redelivery_of_what_was_handled_is_known(inbox: Inbox) -> None:
    inbox.store(GITHUB, "1", "pull_request", BODY)
    inbox.finish(GITHUB, "1", "handled")
    assert not inbox.store(GITHUB, "1", "pull_request", BODY)
    assert inbox.list_waiting() == []


def test_each_host_has_its_own_ids(inbox: Inbox) -> None:
    assert inbox.store(GITHUB, "1", "pull_request", b"a")
    assert inbox.store(GITLAB, "1", "merge_request", b"b")
    assert inbox.list_waiting() == [(GITHUB, "1"), (GITLAB, "1")]


def test_what_was_never_delivered_is_not_there(inbox: Inbox) -> None:
    assert inbox.load(GITHUB, "1") is None


def test_a_finished_delivery_waits_no_more_and_lets_its_body_go(inbox: Inbox) -> None:
    inbox.store(GITHUB, "1", "pull_request", BODY)
    inbox.finish(GITHUB, "1", "failed", "w" * 1_000)
    kept = inbox.load(GITHUB, "1")
    assert kept is not None
    assert (kept.state, kept.why, kept.body) == ("failed", "w" * 500, b"")
    assert inbox.list_waiting() == []


def test_waiting_deliveries_come_oldest_first(inbox: Inbox) -> None:
    for number in range(5):
        inbox.store(GITHUB, str(number), "pull_request", b"")
    inbox.finish(GITHUB, "2", "ignored")
    assert [name for _, name in inbox.list_waiting()] == ["0", "1", "3", "4"]


def test_a_delivery_that_is_young_is_left_to_whoever_took_it(inbox: Inbox, database: Database) -> None:
    inbox.store(GITHUB, "old", "pull_request", b"")
    inbox.store(GITHUB, "young", "pull_request", b"")
    age(database, "old", timedelta(minutes=2))
    assert inbox.list_waiting(min_age_s=60) == [(GITHUB, "old")]


def test_only_what_was_handled_long_ago_is_forgotten(inbox: Inbox, database: Database) -> None:
    for name in ("old", "old and waiting", "young"):
        inbox.store(GITHUB, name, "pull_request", b"")
    for name in ("old", "young"):
        inbox.finish(GITHUB, name, "handled")
    for name in ("old", "old and waiting"):
        age(database, name, timedelta(days=91))
    assert inbox.forget(90) == 1
    assert inbox.load(GITHUB, "old") is None
    assert inbox.load(GITHUB, "young") is not None
    assert inbox.list_waiting() == [(GITHUB, "old and waiting")]


def test_one_of_many_that_bring_the_same_delivery_is_the_first(inbox: Inbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: inbox.store(GITHUB, str(number % 20), "push", b"x"), range(160)))
    assert sum(found) == 20
    assert len(inbox.list_waiting()) == 20
