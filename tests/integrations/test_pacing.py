import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import ConnectionError as LostConnectionError

from integrations.calls import Calls
from integrations.errors import HostError, PacedError
from integrations.pacing import Lane, Lanes, Pace, PaceLimits, give_turn
from integrations.storage.database import Database, open_database
from integrations.storage.lanes import StoredLanes
from integrations.testing.api_host import ManualClock


class Acts:
    """A pace whose waiting moves its clock, with what it told."""

    def __init__(self, *windows: tuple[int, float], patience_s: float = 90.0) -> None:
        self.clock, self.waits = ManualClock(1_000.0), list[float]()
        limits = PaceLimits(windows, patience_s) if windows else None
        self.pace = Pace(limits, self.waits.append, self.clock, self.clock.advance)

    def take(self, count: int, key: int = 0) -> list[float]:
        """Seconds since the beginning at which so many acts were made."""
        made = []
        for _ in range(count):
            self.pace.take(key)
            made.append(self.clock() - 1_000.0)
        return made


def test_github_is_given_80_acts_a_minute_and_500_an_hour() -> None:
    acts = Acts()
    made = acts.take(500)
    assert (made[79], made[80]) == (0.0, 61.0)
    for first, last in zip(made, made[80:], strict=False):
        assert last - first > 60.0
    with pytest.raises(PacedError) as caught:
        acts.take(1)
    assert caught.value.retry_after_s == pytest.approx(3_601.0 - made[-1])
    acts.clock.advance(caught.value.retry_after_s or 0)
    assert acts.take(80)[-1] - made[79] > 3_600.0


def test_waits_are_told() -> None:
    acts = Acts((2, 10.0))
    acts.take(3)
    assert acts.waits == [0.0, 0.0, 11.0]


def test_installations_do_not_wait_for_each_other() -> None:
    acts = Acts((1, 10.0))
    assert [*acts.take(1, key=1), *acts.take(1, key=2)] == [0.0, 0.0]


def test_what_would_wait_too_long_is_left_to_whoever_asked_and_takes_no_turn() -> None:
    acts = Acts((1, 10.0), patience_s=5.0)
    acts.take(1)
    for _ in range(3):
        with pytest.raises(PacedError, match="expected to wait 11 s"):
            acts.take(1)
    acts.clock.advance(11.0)
    assert acts.take(1) == [11.0]


def test_a_host_that_asks_for_quiet_gets_it_once() -> None:
    acts = Acts((10, 10.0))
    acts.pace.hold(0, 30.0)
    acts.pace.hold(0, 20.0)
    assert acts.take(2) == [30.0, 30.0]


def test_being_held_back_survives_the_records_of_a_workflow() -> None:
    kept = pickle.loads(pickle.dumps(PacedError("held back", retry_after_s=7.0)))
    assert (str(kept), kept.retry_after_s) == ("held back", 7.0)


@given(st.lists(st.floats(0, 20), min_size=1, max_size=40))
def test_no_window_ever_holds_more_than_its_limit(pauses: list[float]) -> None:
    acts = Acts((3, 10.0), (7, 40.0), patience_s=1_000.0)
    made = []
    for pause_s in pauses:
        acts.clock.advance(pause_s)
        made += acts.take(1)
    for count, window_s in ((3, 10.0), (7, 40.0)):
        assert all(later - first > window_s for first, later in zip(made, made[count:], strict=False))


def take_together(paces: list[Pace]) -> None:
    threads = [threading.Thread(target=pace.take, args=(0,)) for pace in paces]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def stand_still(waits: list[float], lanes: Lanes | None = None) -> Pace:
    return Pace(PaceLimits(((5, 10.0),), 1_000.0), waits.append, lambda: 0.0, lambda seconds: None, lanes)


TWENTY_BY_FIVES = [wait_s for turn in range(4) for wait_s in [turn * 11.0] * 5]


def test_threads_share_one_pace() -> None:
    waits = list[float]()
    take_together([stand_still(waits)] * 20)
    assert sorted(waits) == TWENTY_BY_FIVES


def test_workers_share_one_pace_through_their_database(database_url: str) -> None:
    waits = list[float]()
    databases = [open_database(database_url) for _ in range(4)]
    paces = [stand_still(waits, StoredLanes(one, "github")) for one in databases]
    take_together(paces * 5)
    stand_still(others := list[float](), StoredLanes(databases[0], "gitlab")).take(0)
    for one in databases:
        one.engine.dispose()
    assert (sorted(waits), others) == (TWENTY_BY_FIVES, [0.0])


def test_what_waits_too_long_takes_no_turn_in_the_database(database: Database) -> None:
    lanes = StoredLanes(database, "github")
    pace = Pace(PaceLimits(((1, 10.0),), 5.0), clock=lambda: 100.0, lanes=lanes)
    pace.take(7)
    with pytest.raises(PacedError):
        pace.take(7)
    pace.hold(7, 60.0)
    assert lanes.change(7, lambda lane: lane) == Lane((100.0,), 160.0)


def test_a_clock_that_was_set_back_does_not_silence_the_bot() -> None:
    lane = Lane(tuple(1e6 + idx for idx in range(80)))
    assert give_turn(lane, PaceLimits(), 1_000.0) == Lane((1_000.0,))


class RefusedError(Exception):
    """What the client of a host raises."""


def make_calls(acts: Acts, retry_after_s: float | None) -> Calls:
    return Calls("host", RefusedError, lambda _: HostError("no", 403, retry_after_s), pace=acts.pace)


@pytest.mark.parametrize(("retry_after_s", "quiet_s"), [(45.0, 45.0), (None, 0.0)])
def test_a_refusal_that_names_a_time_holds_back_every_write(retry_after_s: float | None, quiet_s: float) -> None:
    acts = Acts()
    calls = make_calls(acts, retry_after_s)

    def refuse() -> None:
        raise RefusedError

    with pytest.raises(HostError, match="no"):
        calls.write(0, refuse)
    assert calls.write(0, lambda: acts.clock() - 1_000.0) == quiet_s
    assert calls(lambda: "reads are not held") == "reads are not held"


def test_a_write_without_an_answer_holds_nothing_back() -> None:
    acts = Acts()

    def lose() -> None:
        raise LostConnectionError

    with pytest.raises(HostError, match="host: ConnectionError"):
        make_calls(acts, None).write(0, lose)
    assert acts.take(1) == [0.0]
