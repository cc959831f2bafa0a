import os
import time
from collections.abc import Callable

import pytest

from reviewer.engine import Engine
from reviewer.testing import FakeEngine
from reviewer.workers import Crew, Failure, Success, choose_num_jobs


def double(engine: Engine, number: int) -> int:
    """A step: fails at 13, and ends its process or hangs where it is told to."""
    if number == 13:
        raise ValueError("thirteen\nis unlucky")
    if number == 66:
        os._exit(9)
    if number == 99:
        time.sleep(60)
    return 2 * number


def unpicklable(engine: Engine, number: int) -> Callable[[], int]:
    return lambda: number


def outcomes(crew: Crew, numbers: list[int]) -> list[Success[int] | Failure]:
    found = dict(crew.run(double, numbers))
    assert sorted(found) == list(range(len(numbers)))
    return [found[idx] for idx in range(len(numbers))]


@pytest.mark.parametrize("num_jobs", [1, 2])
def test_one_failure_costs_one_file(num_jobs: int) -> None:
    with Crew(FakeEngine(), num_jobs) as crew:
        found = outcomes(crew, [1, 13, 3, 4, 5])
        again = outcomes(crew, [6, 7])
    assert found == [Success(2), Failure("ValueError: thirteen is unlucky"), Success(6), Success(8), Success(10)]
    assert again == [Success(12), Success(14)]


def test_a_process_that_dies_costs_one_file() -> None:
    with Crew(FakeEngine(), 2) as crew:
        found = outcomes(crew, [66, 1, 2, 66, 3])
    assert found[1:3] + found[4:] == [Success(2), Success(4), Success(6)]
    assert found[0] == found[3] == Failure("its worker process died with exit code 9: please report this file")


def test_the_watchdog_ends_a_hang() -> None:
    with Crew(FakeEngine(), 2, watchdog_s=0.5) as crew:
        assert outcomes(crew, [1, 2]) == [Success(2), Success(4)]
        found = outcomes(crew, [99, 1])
    assert found[0] == Failure("the watchdog stopped it after 0 s: please report this file")


def test_a_worker_that_died_while_idle_is_replaced() -> None:
    with Crew(FakeEngine(), 2) as crew:
        assert outcomes(crew, [1, 2]) == [Success(2), Success(4)]
        for worker in crew._workers:
            worker._process.kill()
            worker._process.join()
        assert outcomes(crew, [1, 2]) == [Success(2), Success(4)]


def test_a_result_that_cannot_travel_is_a_failure() -> None:
    with Crew(FakeEngine(), 2) as crew:
        found = dict(crew.run(unpicklable, [1, 2]))
    assert all(isinstance(one, Failure) and "pickle" in one.error for one in found.values())


@pytest.mark.parametrize(
    ("requested", "num_tasks", "num_bytes", "expected"),
    [(1, 9, 10**9, 1), (4, 2, 10, 2), (4, 0, 0, 1), (0, 9, 1000, 1), (0, 1, 10**9, 1)],
)
def test_as_many_jobs_as_the_work_deserves(requested: int, num_tasks: int, num_bytes: int, expected: int) -> None:
    assert choose_num_jobs(requested, num_tasks, num_bytes) == expected


def test_much_work_takes_every_core() -> None:
    assert choose_num_jobs(0, 10**6, 10**12) >= 1
