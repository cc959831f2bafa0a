"""How often a key may ask: fixed windows of one minute, counted in the database, so that all processes share them."""

import time
from collections.abc import Callable, Mapping
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import col, delete

from integrations.storage.api_tables import RateWindow
from integrations.storage.database import Database

_WINDOW_S = 60
# One statement in both databases: https://sqlite.org/lang_upsert.html
_COUNT = text(
    "INSERT INTO rate_window (api_key_id, bucket, minute, count) VALUES (:key, :bucket, :minute, 1) "
    "ON CONFLICT (api_key_id, bucket, minute) DO UPDATE SET count = rate_window.count + 1 RETURNING count"
)


class Bucket(StrEnum):
    """Requests that are counted together."""

    SCAN = "scan"
    REQUESTS = "requests"


class Rates:
    """Counts requests against limits a minute."""

    def __init__(
        self, database: Database, limits: Mapping[Bucket, int], clock: Callable[[], float] = time.time
    ) -> None:
        self._database, self._limits, self._clock = database, dict(limits), clock

    def limit_of(self, bucket: Bucket) -> int:
        """Requests a minute."""
        return self._limits[bucket]

    def count(self, key_id: int, bucket: Bucket) -> int | None:
        """Counts one request; None when it is within the limit, else the seconds until the next window."""
        now = self._clock()
        values = {"key": key_id, "bucket": bucket.value, "minute": int(now // _WINDOW_S)}
        with self._database.engine.begin() as connection:
            num_requests = connection.execute(_COUNT, values).scalar_one()
        return None if num_requests <= self._limits[bucket] else max(1, int(_WINDOW_S - now % _WINDOW_S))

    def forget(self) -> None:
        """Drops the windows that are over."""
        before = int(self._clock() // _WINDOW_S) - 1
        with self._database.begin() as session:
            session.exec(delete(RateWindow).where(col(RateWindow.minute) < before))
