"""Deletes everything that is kept of one repository: rows, the folder of its clone, the caches that hold its code.

What stays: the audit log, which says that it was done, and handled deliveries, whose bodies are gone already.
"""

import json
import logging
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dbos import DBOSClient
from sqlalchemy import Delete, create_engine, inspect
from sqlmodel import Session, col, delete, select

from integrations.checkouts import Checkouts
from integrations.hosts import ChangeRef, HostKind, RepositoryRef
from integrations.reviewing import Prepared
from integrations.storage.api_tables import ApiBatchItem, ApiResult
from integrations.storage.database import Database
from integrations.storage.tables import (
    AuditEntry,
    ChangeState,
    Delivery,
    Dismissal,
    Feedback,
    Intent,
    KnownReaction,
    PostedFinding,
    ReactionPoll,
    ReviewRecord,
)

_LOG = logging.getLogger(__name__)
_PAYLOAD_NAMES = (("repository", "full_name"), ("project", "path_with_namespace"))


def forget_repository(database: Database, repository: RepositoryRef, actor: str) -> int:
    """Deletes the rows of a repository in one transaction and notes it in the audit log; how many there were."""
    key = f"{repository.host.value}:{repository.name}"
    with database.begin() as session:
        num_rows = sum(session.exec(one).rowcount for one in _list_deletions(session, key))
        num_rows += _forget_deliveries(session, repository)
        entry = AuditEntry(at=datetime.now(UTC), actor=actor, action="forget", subject=key, detail=f"{num_rows} rows")
        session.add(entry)
    _LOG.info("forgot %s: %d rows", key, num_rows)
    return num_rows


def forget_workflows(url: str, repository: RepositoryRef) -> int:
    """Deletes the workflows whose recorded steps hold a change of the repository; how many there were."""
    if not _has_workflows(url):
        return 0
    client = DBOSClient(system_database_url=url)
    try:
        found = [
            one.workflow_id
            for one in client.list_workflows(name="Workflows.review_change", load_output=False)
            if _is_about(one.input, repository)
        ]
        if found:
            client.delete_workflows(found)
    finally:
        client.destroy()
    return len(found)


def purge(url: str) -> None:
    """Takes what was deleted out of an SQLite file and its log, which keep free pages; Postgres does so itself."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "sqlite" and Path(engine.url.database or "").exists():
        with engine.connect() as connection:
            connection.exec_driver_sql("VACUUM")  # https://sqlite.org/lang_vacuum.html
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def _has_workflows(url: str) -> bool:
    """Whether a service has ever run here: it makes the tables of the workflows."""
    engine = create_engine(url)
    try:
        schema = None if engine.dialect.name == "sqlite" else "dbos"
        return inspect(engine).has_table("workflow_status", schema=schema)
    finally:
        engine.dispose()


def forget_folders(data_dir: Path, repository: RepositoryRef) -> None:
    """Deletes the repository's clone, and kept analyses: those are named by content, so all of them go."""
    Checkouts(data_dir.absolute() / "repositories").forget(repository)
    shutil.rmtree(data_dir.absolute() / "cache", ignore_errors=True)


def _list_deletions(session: Session, key: str) -> Iterator[Delete]:
    reviews = session.exec(select(ReviewRecord.key).where(ReviewRecord.repository == key)).all()
    intents = [f"{review}:{what}" for review in reviews for what in ("threads", "summary")]
    # Rows that are known by their change begin with its repository; `#` ends the name.
    for by_change in (PostedFinding, KnownReaction, ReactionPoll):
        yield delete(by_change).where(col(by_change.change_key).startswith(f"{key}#", autoescape=True))
    yield delete(Intent).where(col(Intent.key).in_(intents))
    yield delete(Intent).where(col(Intent.key).startswith(f"{key}#", autoescape=True))
    yield delete(ApiBatchItem).where(col(ApiBatchItem.repository) == key)
    for table in (ChangeState, ReviewRecord, Dismissal, Feedback, ApiResult):
        yield delete(table).where(col(table.repository) == key)


def _forget_deliveries(session: Session, repository: RepositoryRef) -> int:
    """Deliveries of the repository that still have their body."""
    rows = session.exec(select(Delivery).where(Delivery.host == repository.host.value, Delivery.body != b"")).all()
    about = [row for row in rows if _name_in(row.body) == repository.name.lower()]
    for row in about:
        session.delete(row)
    return len(about)


def _name_in(body: bytes) -> str:
    try:
        payload = json.loads(body)
    except ValueError:
        return ""
    for outer, inner in _PAYLOAD_NAMES:
        part = payload.get(outer) if isinstance(payload, dict) else None
        if isinstance(part, dict) and isinstance(part.get(inner), str):
            return str(part[inner]).lower()
    return ""


def _is_about(inputs: object, repository: RepositoryRef) -> bool:
    args = inputs.get("args", ()) if isinstance(inputs, dict) else ()
    refs = [one.change.ref if isinstance(one, Prepared) else one for one in args]
    name = repository.name.lower()
    return any(
        isinstance(one, ChangeRef) and one.repository.host is repository.host and one.repository.name.lower() == name
        for one in refs
    )


def parse_repository(text: str) -> RepositoryRef | None:
    """The repository that `github:owner/name` names, None for other text."""
    host, _, name = text.partition(":")
    kinds = [kind for kind in HostKind if kind.value == host]
    return RepositoryRef(kinds[0], name) if kinds and "/" in name.strip("/") else None
