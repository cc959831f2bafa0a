"""The durable workflow of a batch: one step an item. What a dead process had not finished goes on elsewhere."""

import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from dbos import DBOS, DBOSConfiguredInstance, SetWorkflowID

from integrations.api.batches import Batches
from integrations.api.desk import Desk
from integrations.api.submissions import SubmissionLimits, read_submission
from integrations.storage.patience import outlast
from integrations.workers import Presence, find_ends
from reviewer.errors import ReviewerError

BATCHES = "batches"
_LOG = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


def _step(function: Callable[P, R]) -> Callable[P, R]:
    """A step whose outcome is recorded, and which a database that is away does not fail."""
    return DBOS.step()(outlast(function))


def review_item(batches: Batches, desk: Desk, limits: SubmissionLimits, place: tuple[str, int]) -> str:
    """Reviews one item of a batch, unless that was done before; what became of it."""
    batch_id, idx = place
    waiting = batches.load_item(batch_id, idx)
    if waiting is None:
        return "nothing to do"
    request, key_id = waiting
    try:
        outcome = desk.review(read_submission(request, limits), key_id)
    except (ReviewerError, OSError) as error:  # its own fault, or the machine's: the others are reviewed all the same
        _LOG.warning("batch %s, item %d: not reviewed: %s", batch_id, idx, type(error).__name__)
        batches.finish_item(batch_id, idx, problem=str(error) or type(error).__name__)
        return "failed"
    batches.finish_item(batch_id, idx, report=outcome.report)
    return "done"


@DBOS.dbos_class()
class BatchWorkflows(DBOSConfiguredInstance):
    """The workflow of one process."""

    def __init__(self, batches: Batches, desk: Desk, limits: SubmissionLimits, presence: Presence) -> None:
        super().__init__("batches")
        self._batches, self._desk, self._limits, self._presence = batches, desk, limits, presence

    def enqueue(self, batch_id: str) -> None:
        """Puts a kept batch in line; one that is in line or done already changes nothing."""
        with SetWorkflowID(_name(batch_id)):
            DBOS.enqueue_workflow(BATCHES, self.review_batch, batch_id)

    def sweep(self) -> None:
        """Puts in line what was kept and never begun; what has come to a bad end is noted as failed."""
        waiting = {_name(batch_id): batch_id for batch_id in self._batches.list_waiting()}
        for name, why in find_ends(list(waiting)).items():
            _LOG.warning("batch %s failed: %s", waiting[name], why)
            self._batches.fail(waiting.pop(name), why)
        for batch_id in waiting.values():
            self.enqueue(batch_id)

    @DBOS.workflow()
    def review_batch(self, batch_id: str) -> str:
        """Reviews the items of a batch one after another."""
        with self._presence.hold(DBOS.workflow_id or ""):
            num_items = self._count_items(batch_id)
            for idx in range(num_items):
                self._review_item(batch_id, idx)
            self._finish(batch_id)
        return f"{num_items} items"

    @_step
    def _count_items(self, batch_id: str) -> int:
        return self._batches.count_items(batch_id)

    @_step
    def _review_item(self, batch_id: str, idx: int) -> str:
        return review_item(self._batches, self._desk, self._limits, (batch_id, idx))

    @_step
    def _finish(self, batch_id: str) -> None:
        self._batches.finish(batch_id)


def _name(batch_id: str) -> str:
    """The workflow of a batch."""
    return f"batch:{batch_id}"
