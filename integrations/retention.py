"""What was kept long enough is deleted: handled deliveries, reports, and whatever other parts keep."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlmodel import col, delete

from integrations.inbox import Inbox
from integrations.storage.database import Database
from integrations.storage.tables import Intent, ReviewRecord

_LOG = logging.getLogger(__name__)


class Retention:
    """Deletes by age. `others` are asked with the number of days."""

    def __init__(self, database: Database, max_age_days: int, others: tuple[Callable[[int], None], ...] = ()) -> None:
        self._database, self._max_age_days, self._others = database, max_age_days, others

    def apply(self) -> None:
        """Deletes what is older now."""
        num_deliveries = Inbox(self._database).forget(self._max_age_days)
        before = datetime.now(UTC) - timedelta(days=self._max_age_days)
        with self._database.begin() as session:
            session.exec(delete(ReviewRecord).where(col(ReviewRecord.started_at) < before))
            session.exec(delete(Intent).where(col(Intent.begun_at) < before))
        for forget in self._others:
            forget(self._max_age_days)
        _LOG.info("retention: %d deliveries deleted that were handled long ago", num_deliveries)
