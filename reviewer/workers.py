"""Runs one step of a review over many files, in this process or in several. A file that fails fails alone.

Worker processes are spawned, never forked, and talk over pipes: when one dies, the file it held has failed, another
worker takes its place, and the rest goes on. Results come back by index, so their order depends on nothing.
"""

import logging
import multiprocessing
import os
import pickle
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Generic, TypeVar

from reviewer.engine import Engine

_log = logging.getLogger(__name__)
_BYTES_PER_JOB = 250_000  # below this a process costs more than it saves
WATCHDOG_S = 120.0  # for a hang only: limits are counted in bytes and nodes, and this is a failure, not a limit

_STARTUP_S = 60.0

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Success(Generic[R]):
    """What the step gave for one file."""

    value: R


@dataclass(frozen=True, slots=True)
class Failure:
    """Why it gave nothing: one line."""

    error: str


Step = Callable[[Engine, T], R]


def perform(step: Step[T, R], engine: Engine, task: T) -> Success[R] | Failure:
    """One step on one file: the per-file loop's broad handler, so that one file never ends a review."""
    try:
        return Success(step(engine, task))
    except Exception as error:  # noqa: BLE001  # the sanctioned place (house style, Errors): logged and recorded
        _log.warning("step failed: %s", traceback.format_exc())
        return Failure(_describe(error))


def _describe(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def choose_num_jobs(requested: int, num_tasks: int, num_bytes: int) -> int:
    """How many processes to use: what was asked for, or (0) as many as the bytes deserve, never more than tasks."""
    if requested > 0:
        return max(1, min(requested, num_tasks))
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    num_cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return max(1, min(num_cores, num_tasks, num_bytes // _BYTES_PER_JOB))


class Crew:
    """Performs steps with an engine; with `num_jobs` above 1 in worker processes, which start on first use."""

    def __init__(self, engine: Engine, num_jobs: int = 1, watchdog_s: float = WATCHDOG_S) -> None:
        self._engine, self._num_jobs, self._watchdog_s = engine, num_jobs, watchdog_s
        self._workers: list[_Worker] = []

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    def run(self, step: Step[T, R], tasks: Sequence[T]) -> Iterator[tuple[int, Success[R] | Failure]]:
        """(index, outcome) of every task, as they finish. `step` is a module-level function."""
        if self._num_jobs <= 1 or len(tasks) <= 1:
            for idx, task in enumerate(tasks):
                yield idx, perform(step, self._engine, task)
            return
        while len(self._workers) < min(self._num_jobs, len(tasks)):
            self._workers.append(_Worker(self._engine))
        yield from self._run_in_workers(step, tasks)

    def _run_in_workers(self, step: Step[T, R], tasks: Sequence[T]) -> Iterator[tuple[int, Success[R] | Failure]]:
        waiting = deque(enumerate(tasks))
        while True:
            for slot, worker in enumerate(self._workers):
                if worker.task_idx is None and waiting:
                    self._workers[slot] = self._assign(worker, step, *waiting.popleft())
            busy = {worker.connection: slot for slot, worker in enumerate(self._workers) if worker.task_idx is not None}
            if not busy:
                return
            ready = wait(list(busy), timeout=1.0)
            for connection in [connection for connection in busy if connection in ready]:
                slot = busy.pop(connection)
                idx, outcome = self._workers[slot].receive()
                if outcome is None:
                    outcome = self._replace(slot)
                yield idx, outcome
            for slot in busy.values():
                if self._workers[slot].num_seconds_over(self._watchdog_s) > 0:
                    idx = self._workers[slot].task_idx or 0
                    self._workers[slot].stop()
                    self._workers[slot] = _Worker(self._engine)
                    yield (
                        idx,
                        Failure(f"the watchdog stopped it after {self._watchdog_s:.0f} s: please report this file"),
                    )

    def _assign(self, worker: "_Worker", step: Step[T, R], idx: int, task: T) -> "_Worker":
        """Hands a task over, to a fresh worker when this one died while idle."""
        if not worker.is_alive:
            worker.stop()
            worker = _Worker(self._engine)
        worker.send(step, idx, task)
        return worker

    def _replace(self, slot: int) -> Failure:
        code = self._workers[slot].stop()
        self._workers[slot] = _Worker(self._engine)
        return Failure(f"its worker process died with exit code {code}: please report this file")


class _Worker:
    """A worker process, our end of its pipe, and the task it holds."""

    def __init__(self, engine: Engine) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection: Connection[Any, Any]  # pickled tasks one way, pickled outcomes the other
        self.connection, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_work, args=(theirs, engine), daemon=True)
        self._process.start()
        theirs.close()
        self.task_idx: int | None = None
        self._sent = 0.0
        self._has_answered = False

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def num_seconds_over(self, limit_s: float) -> float:
        """By how much it has held its task for too long; the first one waits for the process to start."""
        allowed_s = limit_s if self._has_answered else limit_s + _STARTUP_S
        return time.monotonic() - self._sent - allowed_s

    def send(self, step: Step[T, R], idx: int, task: T) -> None:
        self.task_idx, self._sent = idx, time.monotonic()
        try:
            self.connection.send((step, task))
        except OSError:  # it died meanwhile: receive() will say so
            _log.warning("worker %s is gone", self._process.pid)

    def receive(self) -> tuple[int, Any]:  # outcome of whatever step was sent; None: the worker died
        idx, self.task_idx = self.task_idx or 0, None
        try:
            # reviewer: ignore[unsafe-deserialization] from the process that this one started
            outcome = pickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            return idx, None
        self._has_answered = True
        return idx, outcome

    def stop(self) -> int | None:
        """Ends the process; its exit code."""
        self.connection.close()
        self._process.join(0.2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        return self._process.exitcode


def _work(connection: "Connection[Any, Any]", engine: Engine) -> None:
    """A worker's life: performs what comes until the pipe closes. Interrupts are the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            step, task = connection.recv()
        except (EOFError, OSError):
            return
        outcome = perform(partial(_pickle_result, step), engine, task)
        connection.send_bytes(outcome.value if isinstance(outcome, Success) else pickle.dumps(outcome))


def _pickle_result(step: Step[T, R], engine: Engine, task: T) -> bytes:
    """The step with its result made fit to travel, so that one that cannot is the file's failure."""
    return pickle.dumps(Success(step(engine, task)), protocol=5)
