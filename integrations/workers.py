"""Which processes work on one database, and what they claimed and do not run: dead workers, abandoned workflows.

A worker says now and then that it lives. Silence counts only while others could be heard: after the database was away,
everybody has been silent.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from dbos import DBOS
from sqlmodel import col, select

from integrations.storage.database import Database
from integrations.storage.tables import Worker

_LOG = logging.getLogger(__name__)
DEAD_AFTER_S = 120.0
_BAD_ENDS = {
    "ERROR": "it ended with an error",
    "CANCELLED": "it was cancelled",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "it was begun too often without coming to an end",
}


class Presence:
    """Which workflows this process runs. A claim whose answer was lost with a connection is run by nobody."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: set[str] = set()
        self._idle_since: dict[str, float] = {}

    @contextmanager
    def hold(self, workflow_id: str) -> Iterator[None]:
        """Marks a workflow as running."""
        self._running.add(workflow_id)
        try:
            yield
        finally:
            self._running.discard(workflow_id)

    def find_abandoned(self, claimed: Sequence[str]) -> list[str]:
        """Of the workflows that this process has claimed, those it has not run for so long that it never will."""
        now = self._clock()
        idle = [name for name in claimed if name not in self._running]
        self._idle_since = {name: self._idle_since.get(name, now) for name in idle}
        return [name for name, since in self._idle_since.items() if now - since >= DEAD_AFTER_S]


class Workers:
    """The processes on one database, seen from the one that is called `name`."""

    def __init__(self, database: Database, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._name, self._clock = database, name, clock
        self._last_beat_s = self._heard_since_s = float("-inf")

    def beat(self) -> None:
        """Says that this worker lives."""
        now = self._clock()
        if now - self._last_beat_s > DEAD_AFTER_S / 2:
            self._heard_since_s = now  # we could not speak, so neither could the others
        with self._database.begin() as session:
            session.merge(Worker(name=self._name, seen_at=datetime.now(UTC)))
        self._last_beat_s = self._clock()

    def find_dead(self) -> Sequence[str]:
        """Workers that were silent for long while they could have been heard."""
        if self._clock() - self._heard_since_s < DEAD_AFTER_S:
            return ()
        before = datetime.now(UTC) - timedelta(seconds=DEAD_AFTER_S)
        with self._database.begin() as session:
            return session.exec(select(Worker.name).where(col(Worker.seen_at) < before)).all()

    def take_over(self, name: str) -> None:
        """Every workflow that a worker had begun goes on elsewhere; then the worker is forgotten."""
        left = DBOS.list_workflows(status="PENDING", executor_id=name, load_input=False)
        for workflow in left:
            DBOS.resume_workflow(workflow.workflow_id, queue_name=workflow.queue_name)
        _LOG.warning("worker %s is gone: %d workflows taken over", name, len(left))
        with self._database.begin() as session:
            row = session.get(Worker, name)
            if row is not None:
                session.delete(row)

    def resume_abandoned(self, presence: Presence) -> None:
        """Puts in line again what this worker claimed and does not run."""
        claimed = DBOS.list_workflows(status="PENDING", executor_id=self._name, load_input=False)
        queues = {one.workflow_id: one.queue_name for one in claimed}
        for name in presence.find_abandoned(list(queues)):
            _LOG.warning("workflow %s was claimed and never begun: put in line again", name)
            DBOS.resume_workflow(name, queue_name=queues[name])


def find_ends(names: Sequence[str]) -> dict[str, str]:
    """Of these workflows, those that ended otherwise than they should, and how: nobody will go on with them."""
    if not names:
        return {}
    found = DBOS.list_workflows(workflow_ids=list(names), status=list(_BAD_ENDS), load_input=False)
    return {one.workflow_id: _describe_end(one.status, one.error) for one in found}


def _describe_end(status: str, error: Exception | None) -> str:
    """In words that hold nothing of what was reviewed: an error's own text may."""
    return _BAD_ENDS[status] + ("" if error is None else f" ({type(error).__name__})")
