"""Reports that were made before, under a hash of everything that decides them."""

import hashlib
from datetime import UTC, datetime, timedelta

from sqlmodel import col, delete

from integrations.storage.api_tables import ApiResult
from integrations.storage.database import Database


class Results:
    """Kept reports. Each key has its own: what others have sent cannot be told from an answer or its speed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key: str) -> str | None:
        """The report under a key."""
        with self._database.begin() as session:
            row = session.get(ApiResult, key)
            return None if row is None else row.report

    def keep(self, key: str, key_id: int, repository: str, report: str) -> None:
        """Keeps a report, over one with the same key."""
        row = ApiResult(key=key, api_key_id=key_id, repository=repository, report=report, made_at=datetime.now(UTC))
        with self._database.begin() as session:
            session.merge(row)

    def forget(self, max_age_days: int) -> None:
        """Deletes what was made long ago."""
        before = datetime.now(UTC) - timedelta(days=max_age_days)
        with self._database.begin() as session:
            session.exec(delete(ApiResult).where(col(ApiResult.made_at) < before))


def hash_result(*parts: str) -> str:
    """The key of a report that these parts decide."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
