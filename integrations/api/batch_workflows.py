"""The durable workflow of a batch: one step an item. What a dead process had not finished goes on elsewhere."""

import logging

from dbos import DBOS, DBOSConfiguredInstance, SetWorkflowID

from integrations.api.batches import Batches
from integrations.api.desk import Desk
from integrations.api.submissions import SubmissionLimits, read_submission
from reviewer.errors import ReviewerError

BATCHES = "batches"
_LOG = logging.getLogger(__name__)


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

    def __init__(self, batches: Batches, desk: Desk, limits: SubmissionLimits) -> None:
        super().__init__("batches")
        self._batches, self._desk, self._limits = batches, desk, limits

    def enqueue(self, batch_id: str) -> None:
        """Puts a kept batch in line; one that is in line or done already changes nothing."""
        with SetWorkflowID(f"batch:{batch_id}"):
            DBOS.enqueue_workflow(BATCHES, self.review_batch, batch_id)

    def sweep(self) -> None:
        """Puts in line what was kept and never begun."""
        for batch_id in self._batches.list_waiting():
            self.enqueue(batch_id)

    @DBOS.workflow()
    def review_batch(self, batch_id: str) -> str:
        """Reviews the items of a batch one after another."""
        num_items = self._count_items(batch_id)
        for idx in range(num_items):
            self._review_item(batch_id, idx)
        self._finish(batch_id)
        return f"{num_items} items"

    @DBOS.step()
    def _count_items(self, batch_id: str) -> int:
        return self._batches.count_items(batch_id)

    @DBOS.step()
    def _review_item(self, batch_id: str, idx: int) -> str:
        return review_item(self._batches, self._desk, self._limits, (batch_id, idx))

    @DBOS.step()
    def _finish(self, batch_id: str) -> None:
        self._batches.finish(batch_id)
