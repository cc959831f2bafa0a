"""The tables. Times are UTC; hosts' names for things are kept as text. No source code is stored outside reports."""

from datetime import UTC, datetime

from sqlalchemy import Column, DateTime, LargeBinary, Text, UniqueConstraint
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC: SQLite forgets time zones, so they are taken off on the way in and put on on the way out."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        """To the database."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)


def _time(*, nullable: bool = False) -> Column[datetime]:
    return Column(UtcTime(), nullable=nullable)


class Delivery(SQLModel, table=True):
    """One webhook, written before it is answered. `body` is dropped once it is handled.

    `state`: received, handled, ignored or failed; `why` says more.
    """

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("host", "delivery_id"),)

    id: int | None = Field(default=None, primary_key=True)
    host: str
    delivery_id: str
    event: str
    received_at: datetime = Field(sa_column=_time())
    state: str = Field(default="received", index=True)
    why: str = Field(default="", sa_type=Text)
    body: bytes = Field(default=b"", sa_type=LargeBinary)


class ChangeState(SQLModel, table=True):
    """What we know of a change: whether it is paused, and the last review that was published."""

    __tablename__ = "change_state"

    key: str = Field(primary_key=True)
    repository: str = Field(index=True)
    is_paused: bool = False
    published_review: str = ""
    published_head: str = ""


class ReviewRecord(SQLModel, table=True):
    """One review. `key` is a hash of change, commits, model, policy and dismissals.

    `state`: analysed, published or failed; `report` is the JSON of `reviewer diff`.
    """

    __tablename__ = "review"

    key: str = Field(primary_key=True)
    change_key: str = Field(index=True)
    repository: str = Field(index=True)
    base: str
    head: str
    model: str
    policy: bytes = Field(default=b"", sa_type=LargeBinary)
    policy_name: str = ""
    state: str
    why: str = Field(default="", sa_type=Text)
    report: str = Field(default="", sa_type=Text)
    started_at: datetime = Field(sa_column=_time())
    finished_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class Intent(SQLModel, table=True):
    """A write on a host that has begun and may not have been recorded: look for it there before it is made again."""

    __tablename__ = "intent"

    key: str = Field(primary_key=True)
    begun_at: datetime = Field(sa_column=_time())
    is_done: bool = False


class PostedFinding(SQLModel, table=True):
    """A finding that has a thread on a change, from our own memory: a host's lists lag behind its writes, and a thread
    that a person deleted must not come back."""

    __tablename__ = "posted_finding"

    change_key: str = Field(primary_key=True)
    fingerprint: str = Field(primary_key=True)
    label: str
    path: str
    line: int
    probability: float
    head: str
    is_resolved_by_us: bool = False
    at: datetime = Field(sa_column=_time())


class Dismissal(SQLModel, table=True):
    """A finding that a team does not want to see again, in any door. `kind` is the command's word."""

    __tablename__ = "dismissal"
    __table_args__ = (UniqueConstraint("repository", "fingerprint"),)

    id: int | None = Field(default=None, primary_key=True)
    repository: str = Field(index=True)
    fingerprint: str
    label: str
    kind: str
    reason: str = Field(default="", sa_type=Text)
    author: str
    change_key: str
    at: datetime = Field(sa_column=_time())


class Feedback(SQLModel, table=True):
    """What people did with a finding. `kind`: what it means; `at`: when we learned of it.

    `source`: command, thread, commit, api, reaction, or reaction-outsider for one by somebody without write access.
    `withdrawn_at`: when we learned that a reaction was taken back; None while it stands.
    """

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("repository", "fingerprint", "source", "author", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    repository: str = Field(index=True)
    fingerprint: str
    label: str
    kind: str
    source: str
    author: str
    reason: str = Field(default="", sa_type=Text)
    change_key: str
    commit: str = ""
    path: str = ""
    line: int = 0
    probability: float = 0.0
    at: datetime = Field(sa_column=_time())
    withdrawn_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class KnownReaction(SQLModel, table=True):
    """A reaction under a comment of ours, which feedback it has become, and when it was given. Names are the host's."""

    __tablename__ = "known_reaction"

    host: str = Field(primary_key=True)
    reaction_id: str = Field(primary_key=True)
    change_key: str = Field(index=True)
    comment_id: str
    feedback_id: int = Field(index=True)
    at: datetime = Field(sa_column=_time())


class ReactionPoll(SQLModel, table=True):
    """When we last looked for reactions on a change, and since when we know that it is closed."""

    __tablename__ = "reaction_poll"

    change_key: str = Field(primary_key=True)
    polled_at: datetime = Field(sa_column=_time())
    closed_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class AuditEntry(SQLModel, table=True):
    """An administrative or suppressing act. Rows are only ever added."""

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_column=_time())
    actor: str
    action: str
    subject: str
    detail: str = Field(default="", sa_type=Text)


class ApiKey(SQLModel, table=True):
    """A key of the API: only its hash is kept. `scopes` are separated by blanks."""

    __tablename__ = "api_key"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    prefix: str = Field(index=True)
    key_hash: str
    scopes: str
    created_at: datetime = Field(sa_column=_time())
    revoked_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class Worker(SQLModel, table=True):
    """A process that works, and when it last said so."""

    __tablename__ = "worker"

    name: str = Field(primary_key=True)
    seen_at: datetime = Field(sa_column=_time())


class PaceLane(SQLModel, table=True):
    """When one installation of a host was last written to: a JSON list of seconds since 1970, oldest first."""

    __tablename__ = "pace_lane"

    name: str = Field(primary_key=True)
    times: str = Field(sa_type=Text)
    quiet_until: float
