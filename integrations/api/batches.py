"""Batches: requests kept in tables until each has been reviewed. The queue knows a batch by its id alone."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, func, select

from integrations.api.problems import ProblemError
from integrations.api.requests import AnalyzeRequest, BatchRequest
from integrations.storage.api_tables import ApiBatch, ApiBatchItem
from integrations.storage.database import Database

_MAX_WAITING = 20


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """A batch as it is now, with one page of its items."""

    batch: ApiBatch
    num_done: int
    num_failed: int
    items: Sequence[ApiBatchItem]


class Batches:
    """The batches of all keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, request: BatchRequest, key_id: int, idempotency_key: str | None) -> str:
        """Keeps a batch and gives its id; the same key and body give the batch that there is. Raises ProblemError."""
        payloads = [one.model_dump_json(exclude_unset=True) for one in request.requests]
        body_hash = hashlib.sha256(json.dumps(payloads).encode()).hexdigest()
        known = self._find_repeated(key_id, idempotency_key, body_hash)
        if known is not None:
            return known
        self._check_room(key_id)
        batch = ApiBatch(
            id=secrets.token_hex(16), api_key_id=key_id, idempotency_key=idempotency_key, body_hash=body_hash,
            num_items=len(payloads), created_at=datetime.now(UTC),
        )  # fmt: skip
        items = [
            ApiBatchItem(batch_id=batch.id, idx=idx, payload=payload, repository=one.repository or "")
            for idx, (one, payload) in enumerate(zip(request.requests, payloads, strict=True))
        ]
        try:
            with self._database.begin() as session:
                session.add(batch)
                session.flush()
                session.add_all(items)
        except IntegrityError:  # the same request came twice at once
            known = self._find_repeated(key_id, idempotency_key, body_hash)
            assert known is not None, "only the idempotency key can be taken"
            return known
        return batch.id

    def _find_repeated(self, key_id: int, idempotency_key: str | None, body_hash: str) -> str | None:
        if idempotency_key is None:
            return None
        query = select(ApiBatch).where(ApiBatch.api_key_id == key_id, ApiBatch.idempotency_key == idempotency_key)
        with self._database.begin() as session:
            known = session.exec(query).one_or_none()
        if known is not None and known.body_hash != body_hash:
            detail = "Idempotency-Key: expected the body that this key came with first, found another"
            raise ProblemError(422, "Idempotency key used", detail)
        return None if known is None else known.id

    def _check_room(self, key_id: int) -> None:
        query = select(func.count()).where(ApiBatch.api_key_id == key_id, ApiBatch.state == "waiting")
        with self._database.begin() as session:
            num_waiting = session.exec(query).one()
        if num_waiting >= _MAX_WAITING:
            detail = f"expected at most {_MAX_WAITING} batches that wait, found {num_waiting}"
            raise ProblemError(429, "Too many batches", detail, {"Retry-After": "60"})

    def load(self, batch_id: str, first: int, limit: int) -> BatchStatus | None:
        """A batch with the items from `first` on."""
        with self._database.begin() as session:
            batch = session.get(ApiBatch, batch_id)
            if batch is None:
                return None
            states = session.exec(select(ApiBatchItem.state).where(ApiBatchItem.batch_id == batch_id)).all()
            query = select(ApiBatchItem).where(ApiBatchItem.batch_id == batch_id, col(ApiBatchItem.idx) >= first)
            items = session.exec(query.order_by(col(ApiBatchItem.idx)).limit(limit)).all()
        return BatchStatus(batch, states.count("done"), states.count("failed"), items)

    def load_item(self, batch_id: str, idx: int) -> tuple[AnalyzeRequest, int] | None:
        """An item that waits and the key that it came with; None for one that does not, or is gone."""
        with self._database.begin() as session:
            batch, item = session.get(ApiBatch, batch_id), session.get(ApiBatchItem, (batch_id, idx))
        if batch is None or item is None or item.state != "waiting":
            return None
        return AnalyzeRequest.model_validate_json(item.payload), batch.api_key_id

    def count_items(self, batch_id: str) -> int:
        """How many items a batch has; 0 for one that is gone."""
        with self._database.begin() as session:
            batch = session.get(ApiBatch, batch_id)
        return 0 if batch is None else batch.num_items

    def finish_item(self, batch_id: str, idx: int, *, report: str = "", problem: str = "") -> None:
        """Keeps what became of an item and lets its files go."""
        with self._database.begin() as session:
            item = session.get(ApiBatchItem, (batch_id, idx))
            if item is not None:
                item.state, item.payload = "failed" if problem else "done", ""
                item.report, item.problem = report, problem

    def finish(self, batch_id: str) -> None:
        """Notes that every item has been reviewed."""
        with self._database.begin() as session:
            batch = session.get(ApiBatch, batch_id)
            if batch is not None:
                batch.state, batch.finished_at = "done", datetime.now(UTC)

    def fail(self, batch_id: str, why: str) -> None:
        """Notes that a batch is given up; items that waited fail with the reason. One without such items is done."""
        query = select(ApiBatchItem).where(ApiBatchItem.batch_id == batch_id, ApiBatchItem.state == "waiting")
        with self._database.begin() as session:
            left = session.exec(query).all()
            for item in left:
                item.state, item.payload, item.problem = "failed", "", f"the batch was given up: {why}"
            batch = session.get(ApiBatch, batch_id)
            if batch is not None:
                batch.state, batch.finished_at = "failed" if left else "done", datetime.now(UTC)

    def list_waiting(self) -> Sequence[str]:
        """Batches that have come to no end, oldest first."""
        query = select(ApiBatch.id).where(ApiBatch.state == "waiting").order_by(col(ApiBatch.created_at))
        with self._database.begin() as session:
            return session.exec(query).all()

    def forget(self, max_age_days: int) -> None:
        """Deletes what came to its end long ago."""
        before = datetime.now(UTC) - timedelta(days=max_age_days)
        old = select(ApiBatch.id).where(ApiBatch.state != "waiting", col(ApiBatch.created_at) < before)
        with self._database.begin() as session:
            session.exec(delete(ApiBatchItem).where(col(ApiBatchItem.batch_id).in_(old)))
            session.exec(delete(ApiBatch).where(col(ApiBatch.id).in_(old)))
