"""The server's side of the analysis process: starts it, asks it, and starts it again when it dies.

One request is with the process at a time; the others wait in order of urgency, so that a document that is being typed
never waits for more than the file that is being read. A request that was with a process as it died is tried once more;
a file that a process dies of again is left out.
"""

import asyncio
import contextlib
import heapq
import logging
import pickle
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from enum import IntEnum
from typing import Any  # the answer's type follows from the request, see `messages`

from ide_plugin_server.aside import DEATHS_OF_A_FILE, Aside, InHand
from ide_plugin_server.errors import ServerError
from ide_plugin_server.messages import HEADER, LeaveOut, Ping, Request, Trouble

_log = logging.getLogger(__name__)
RUN = "from ide_plugin_server.analyst import main; main()"
MAX_DEATHS, DEATHS_WITHIN_S = 5, 180.0
_MAX_TRIES = 2
WATCHDOG_S = 120.0  # for a hang only, as in `reviewer.workers`


class Urgency(IntEnum):
    """Which request goes first."""

    STATE = 0  # what later requests rely on
    TYPED = 1  # somebody waits for it
    NEIGHBOUR = 2  # other open documents
    READING = 3  # the folder in the background


class _Ticket:
    """A request that waits for its answer."""

    def __init__(self, request: Request, answer: "asyncio.Future[Any]") -> None:
        self.request, self.answer, self.num_tries = request, answer, 0


class AnalystDiedError(ServerError):
    """The process ended, or hung, with a request; `held` is the file that it was at, None for none."""

    def __init__(self, why: str, held: InHand | None) -> None:
        super().__init__(why)
        self.held = held


class Desk:
    """Asks the analysis process.

    `list_preamble` gives what a fresh process has to be told before anything else, `hear` takes its answers; `renewed`
    is called when a process took the place of one that died, `tell` says to the user what went wrong. `code` is what
    the process runs.
    """

    def __init__(
        self,
        list_preamble: Callable[[], Iterable[Request]],
        hear: Callable[[Request, object], None],
        renewed: Callable[[], None],
        tell: Callable[[str], None],
        code: str = RUN,
    ) -> None:
        self._code = code
        self._list_preamble, self._hear, self._renewed, self._tell = list_preamble, hear, renewed, tell
        self._queue: list[tuple[int, int, _Ticket]] = []
        self._num_asked = 0
        self._process: asyncio.subprocess.Process | None = None
        self._num_starts = 0
        self._deaths: deque[float] = deque(maxlen=MAX_DEATHS)
        self._aside = Aside()
        self._is_busy = False
        self._has_work = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_given_up = False

    @property
    def pid(self) -> int | None:
        """The process that answers now."""
        return self._process.pid if self._process is not None else None

    async def ask(self, request: Request, urgency: Urgency) -> Any:  # see `messages`
        """The answer; Trouble when the request fails, or when nobody can answer."""
        if self.is_given_up:
            return Trouble("the analysis process keeps dying; reviewer.restart starts it again")
        ticket = _Ticket(request, asyncio.get_running_loop().create_future())
        self._put(ticket, urgency)
        if not self._tasks:
            self._spawn(self._run())
        return await ticket.answer

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _put(self, ticket: _Ticket, urgency: int) -> None:
        self._num_asked += 1
        heapq.heappush(self._queue, (urgency, self._num_asked, ticket))
        self._has_work.set()

    async def restart(self) -> None:
        """Starts afresh, after deaths too."""
        self.is_given_up = False
        self._deaths.clear()
        self._aside.clear()
        await self._end_process()
        await self.ask(Ping(), Urgency.STATE)

    async def close(self) -> None:
        """Ends the process; whoever waits for an answer is told."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._refuse_all("the server ends")
        await self._end_process()

    async def _run(self) -> None:
        while True:
            while not self._queue:
                self._has_work.clear()
                await self._has_work.wait()
            urgency, _, ticket = heapq.heappop(self._queue)
            if ticket.answer.done():  # cancelled while it waited
                continue
            answer = await self._answer(ticket, urgency)
            if answer is not _AGAIN and not ticket.answer.done():
                ticket.answer.set_result(answer)

    async def _answer(self, ticket: _Ticket, urgency: int) -> Any:  # as above
        self._is_busy = True
        try:
            process = self._process or await self._start()
            ticket.num_tries += 1
            return await self._exchange(process, ticket.request)
        except (AnalystDiedError, OSError) as error:
            await self._end_process()
            if self._note_death(str(error), error.held if isinstance(error, AnalystDiedError) else None):
                ticket.num_tries = 0  # it goes on without the file
            if self.is_given_up or ticket.num_tries >= _MAX_TRIES:
                return Trouble(f"{type(ticket.request).__name__}: the analysis process died ({error})")
            self._put(ticket, urgency)
            return _AGAIN
        finally:
            self._is_busy = False

    async def _start(self) -> asyncio.subprocess.Process:
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", self._code, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        self._spawn(self._watch(process))
        await self._exchange(process, LeaveOut(self._aside.list_left_out()))
        for request in self._list_preamble():
            self._hear(request, await self._exchange(process, request))
        self._num_starts += 1
        if self._num_starts > 1:
            self._renewed()
        return process

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Puts another process in the place of one that dies while nobody asks it."""
        code = await process.wait()
        if self._process is process and not self._is_busy:
            self._process = None
            self._note_death(f"exit code {code}")
            if not self.is_given_up:
                await self.ask(Ping(), Urgency.STATE)

    def _note_death(self, why: str, held: InHand | None = None) -> bool:
        """Counts; True when a file is left out from now on. The deaths of one file count as one."""
        _log.warning("the analysis process died: %s", why)
        added = self._aside.note_death(held) if held is not None else None
        if added is not None:
            for _ in range(min(DEATHS_OF_A_FILE - 1, len(self._deaths))):
                self._deaths.pop()
        now = time.monotonic()
        self._deaths.append(now)
        if len(self._deaths) == MAX_DEATHS and now - self._deaths[0] < DEATHS_WITHIN_S:
            self.is_given_up = True
            at = f" at {held.file}" if held is not None else ""
            self._tell(f"the analysis process keeps dying ({why}{at}); reviewer.restart starts it again")
            self._refuse_all("the analysis process keeps dying")
        elif added is not None:
            until = "it changes" if added.digest else "reviewer.restart"
            self._tell(f"{added.file}: not reviewed until {until}: the analysis process died of it twice ({why})")
        return added is not None

    def _refuse_all(self, why: str) -> None:
        for _, _, ticket in self._queue:
            if not ticket.answer.done():
                ticket.answer.set_result(Trouble(why))
        self._queue.clear()

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _exchange(self, process: asyncio.subprocess.Process, request: Request) -> Any:  # see `messages`
        """One question and its answer. Raises AnalystDiedError."""
        passed: list[InHand] = []
        try:
            async with asyncio.timeout(WATCHDOG_S):
                await _send(process, request)
                while isinstance(answer := await _receive(process), InHand):
                    passed.append(answer)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise AnalystDiedError(f"exit code {await process.wait()}", passed[-1] if passed else None) from error
        except TimeoutError as error:
            raise AnalystDiedError(f"no answer within {WATCHDOG_S:.0f} s", passed[-1] if passed else None) from error
        self._aside.absolve(passed)
        return answer


async def _send(process: asyncio.subprocess.Process, request: Request) -> None:
    assert process.stdin is not None, "it is a pipe"
    body = pickle.dumps(request, protocol=5)
    process.stdin.write(HEADER.pack(len(body)) + body)
    await process.stdin.drain()


async def _receive(process: asyncio.subprocess.Process) -> Any:  # see `messages`
    assert process.stdout is not None, "it is a pipe"
    size = HEADER.unpack(await process.stdout.readexactly(HEADER.size))[0]
    # reviewer: ignore[unsafe-deserialization] from the process that this one started
    return pickle.loads(await process.stdout.readexactly(size))


_AGAIN = object()
