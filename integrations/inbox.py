"""Deliveries, kept before they are answered: none is lost, none is handled twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from integrations.hosts import HostKind
from integrations.storage.database import Database, add_if_absent
from integrations.storage.tables import Delivery


class Inbox:
    """The deliveries of all hosts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, host: HostKind, delivery_id: str, event: str, body: bytes) -> bool:
        """Keeps a delivery; False when this one is known already (a redelivery keeps its id)."""
        row = Delivery(host=host.value, delivery_id=delivery_id, event=event, body=body, received_at=datetime.now(UTC))
        with self._database.begin() as session:
            return add_if_absent(session, row)

    def knows(self, host: HostKind, delivery_id: str) -> bool:
        """Whether a delivery has arrived."""
        return self.load(host, delivery_id) is not None

    def load(self, host: HostKind, delivery_id: str) -> Delivery | None:
        """A delivery as it was kept."""
        with self._database.begin() as session:
            return _find(session, host, delivery_id)

    def finish(self, host: HostKind, delivery_id: str, state: str, why: str = "") -> None:
        """Notes what became of a delivery and lets its body go."""
        with self._database.begin() as session:
            row = _find(session, host, delivery_id)
            assert row is not None, f"{delivery_id}: a delivery is kept before it is handled"
            row.state, row.why, row.body = state, why[:500], b""

    def list_waiting(self, min_age_s: float = 0.0) -> Sequence[tuple[HostKind, str]]:
        """Deliveries that nobody has finished, oldest first."""
        before = datetime.now(UTC) - timedelta(seconds=min_age_s)
        query = select(Delivery.host, Delivery.delivery_id).where(
            Delivery.state == "received", col(Delivery.received_at) <= before
        )
        with self._database.begin() as session:
            return [(HostKind(host), delivery) for host, delivery in session.exec(query.order_by(col(Delivery.id)))]

    def forget(self, max_age_days: int) -> int:
        """Deletes what was handled long ago; how many."""
        before = datetime.now(UTC) - timedelta(days=max_age_days)
        with self._database.begin() as session:
            rows = session.exec(
                select(Delivery).where(Delivery.state != "received", col(Delivery.received_at) < before)
            ).all()
            for row in rows:
                session.delete(row)
            return len(rows)


def _find(session: Session, host: HostKind, delivery_id: str) -> Delivery | None:
    query = select(Delivery).where(Delivery.host == host.value, Delivery.delivery_id == delivery_id)
    return session.exec(query).one_or_none()
