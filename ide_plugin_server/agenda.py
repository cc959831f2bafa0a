"""When each document is reviewed: after it was left alone for a while, and only in its latest state."""

import asyncio
from collections.abc import Awaitable, Callable

Work = Callable[[str], Awaitable[None]]


class Agenda:
    """One piece of work at a time for each document; a later one takes the place of an earlier one."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def plan(self, uri: str, delay_s: float = 0.0) -> None:
        """Works on a document after a while; what was planned before is dropped."""
        self.drop(uri)
        task = asyncio.create_task(self._run(uri, delay_s))
        self._tasks[uri] = task
        task.add_done_callback(lambda done: self._forget(uri, done))

    def drop(self, uri: str) -> None:
        """Plans nothing for a document any more."""
        task = self._tasks.pop(uri, None)
        if task is not None:
            task.cancel()

    def is_planned(self, uri: str) -> bool:
        """Whether something is planned for a document, or going on."""
        return uri in self._tasks

    async def settle(self, uri: str) -> None:
        """Waits until nothing is planned for a document."""
        while (task := self._tasks.get(uri)) is not None:
            await asyncio.wait([task])

    async def _run(self, uri: str, delay_s: float) -> None:
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        await self._work(uri)

    def _forget(self, uri: str, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(uri) is task:
            del self._tasks[uri]
        if not task.cancelled():
            task.exception()  # the work has told of it
