"""Who is taken for dead, and what is taken for abandoned."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.storage.database import Database
from integrations.storage.tables import Worker
from integrations.testing.api_host import ManualClock
from integrations.workers import DEAD_AFTER_S, Presence, Workers


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(0.0)


def silence(database: Database, name: str, seconds: float) -> None:
    with database.begin() as session:
        session.merge(Worker(name=name, seen_at=datetime.now(UTC) - timedelta(seconds=seconds)))


def beat_for(workers: Workers, clock: ManualClock, seconds: float) -> None:
    for _ in range(int(seconds // 30) + 1):
        workers.beat()
        clock.advance(30)


def test_a_worker_that_others_could_have_heard_is_dead_when_silent(database: Database, clock: ManualClock) -> None:
    workers = Workers(database, "me", clock)
    beat_for(workers, clock, DEAD_AFTER_S)
    silence(database, "gone", DEAD_AFTER_S + 1)
    silence(database, "alive", 10)
    assert list(workers.find_dead()) == ["gone"]


def test_nobody_is_dead_because_the_database_was_away(database: Database, clock: ManualClock) -> None:
    workers = Workers(database, "me", clock)
    beat_for(workers, clock, DEAD_AFTER_S)
    clock.advance(DEAD_AFTER_S)  # no beat came through
    silence(database, "other", DEAD_AFTER_S + 1)  # nor did anybody else's
    workers.beat()
    assert list(workers.find_dead()) == []
    beat_for(workers, clock, DEAD_AFTER_S)
    assert list(workers.find_dead()) == ["other"]


def test_what_is_claimed_and_not_run_for_long_is_abandoned(clock: ManualClock) -> None:
    presence = Presence(clock)
    with presence.hold("running"):
        assert presence.find_abandoned(["running", "lost", "late"]) == []
        clock.advance(DEAD_AFTER_S)
        assert presence.find_abandoned(["running", "lost"]) == ["lost"]
        assert presence.find_abandoned(["running", "late"]) == []  # seen again after it was gone: counted anew
    assert presence.find_abandoned(["running"]) == []
    clock.advance(DEAD_AFTER_S)
    assert presence.find_abandoned(["running"]) == ["running"]
