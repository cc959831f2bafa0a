"""Lanes of a host's pace in the database: shared by all workers, and kept when one is killed."""

import json
from collections.abc import Callable

from sqlmodel import select

from integrations.pacing import Lane
from integrations.storage.database import Database, add_if_absent
from integrations.storage.patience import outlast
from integrations.storage.tables import PaceLane


class StoredLanes:
    """The lanes of one host."""

    def __init__(self, database: Database, host: str) -> None:
        self._database, self._host = database, host

    @outlast
    def change(self, key: int, step: Callable[[Lane], Lane]) -> Lane:
        """As the protocol says."""
        name = f"{self._host}:{key}"
        with self._database.begin() as session:
            # Written before it is read: SQLite then holds other writers off, Postgres does so by the row.
            add_if_absent(session, PaceLane(name=name, times="[]", quiet_until=0.0))
            row = session.exec(select(PaceLane).where(PaceLane.name == name).with_for_update()).one()
            lane = step(Lane(tuple(json.loads(row.times)), row.quiet_until))
            row.times, row.quiet_until = json.dumps(lane.times), lane.quiet_until
            session.add(row)
        return lane
