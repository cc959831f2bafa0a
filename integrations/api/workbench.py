"""Threads that wait for review processes: few, and none of those that answer webhooks."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from integrations.api.problems import ProblemError

R = TypeVar("R")
_MAX_WAITING = 50


class Workbench:
    """Runs `num_workers` reviews at a time; a queue before it that grows too long is refused."""

    def __init__(self, num_workers: int) -> None:
        self._limiter = anyio.CapacityLimiter(num_workers)

    async def run(self, work: Callable[[], R]) -> R:
        """The result of work in a thread. Raises ProblemError when too many wait already."""
        if self._limiter.statistics().tasks_waiting >= _MAX_WAITING:
            detail = f"expected at most {_MAX_WAITING} requests that wait for a review"
            raise ProblemError(503, "Busy", detail, {"Retry-After": "10"})
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)
