"""The tables of the API: kept results, batches with their items, and what each key has asked for in a minute.

Source text is stored in one place only, the payload of a batch's item that waits; it is dropped with the item's end.
"""

from datetime import datetime

from sqlalchemy import Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from integrations.storage.tables import UtcTime


def _time(*, nullable: bool = False) -> Column[datetime]:
    return Column(UtcTime(), nullable=nullable)


class ApiResult(SQLModel, table=True):
    """A report under a hash of everything that decides it, the API key included: nobody learns what others sent."""

    __tablename__ = "api_result"

    key: str = Field(primary_key=True)
    api_key_id: int = Field(index=True)
    repository: str = Field(default="", index=True)
    report: str = Field(default="", sa_type=Text)
    made_at: datetime = Field(sa_column=_time())


class ApiBatch(SQLModel, table=True):
    """Requests to be reviewed in the background. `body_hash` tells a repeated request.

    `state`: waiting, done, or failed where it was given up; the items say why.
    """

    __tablename__ = "api_batch"
    __table_args__ = (UniqueConstraint("api_key_id", "idempotency_key"),)

    id: str = Field(primary_key=True)
    api_key_id: int
    idempotency_key: str | None = None
    body_hash: str
    state: str = Field(default="waiting", index=True)
    num_items: int
    created_at: datetime = Field(sa_column=_time())
    finished_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class ApiBatchItem(SQLModel, table=True):
    """One request of a batch. `state`: waiting, done or failed; `payload` is the request's JSON while it waits."""

    __tablename__ = "api_batch_item"

    batch_id: str = Field(primary_key=True)
    idx: int = Field(primary_key=True)
    repository: str = Field(default="", index=True)
    state: str = "waiting"
    payload: str = Field(default="", sa_type=Text)
    report: str = Field(default="", sa_type=Text)
    problem: str = Field(default="", sa_type=Text)


class RateWindow(SQLModel, table=True):
    """How many requests of one kind a key has made in one minute since the epoch."""

    __tablename__ = "rate_window"

    api_key_id: int = Field(primary_key=True)
    bucket: str = Field(primary_key=True)
    minute: int = Field(primary_key=True)
    count: int
