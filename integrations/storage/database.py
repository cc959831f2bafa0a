"""The database: SQLite in the data folder by default, Postgres where a URL says so; the same tables in both."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, literal, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, SQLModel

_NUM_SWITCHES, _SWITCH_PAUSE_S = 300, 0.1
# Hosts wait ten seconds for an answer: a server that is away must be known sooner.
_CONNECT_S, _CHECKOUT_S = 3, 5
_MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """Opens sessions. Made by `open_database`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A session whose work is committed at the end, or not at all."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def is_alive(self) -> bool:
        """Whether a query is answered; raises what the driver raises."""
        with self.engine.connect() as connection:
            return connection.exec_driver_sql("SELECT 1").scalar() == 1


def add_if_absent(session: Session, row: SQLModel) -> bool:
    """Inserts a row; False where one with the same key stands already, whichever process put it there."""
    values = row.model_dump(exclude_none=True)
    is_postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(type(row)) if is_postgres else sqlite.insert(type(row))
    statement = insert.values(values).on_conflict_do_nothing().returning(literal(1))
    return session.connection().execute(statement).first() is not None


def open_database(url: str) -> Database:
    """The database behind an SQLAlchemy URL, its tables brought to the newest form."""
    engine = make_engine(url)
    if engine.dialect.name == "sqlite":
        Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _prepare_sqlite)
    migrate(engine)
    return Database(engine)


def make_engine(url: str) -> Engine:
    """An engine whose connections are looked at before each use: a restarted server is met by a new one."""
    if make_url(url).get_backend_name() != "postgresql":
        return create_engine(url, pool_pre_ping=True)
    return create_engine(
        url, pool_pre_ping=True, pool_timeout=_CHECKOUT_S, connect_args={"connect_timeout": _CONNECT_S}
    )


def migrate(engine: Engine) -> None:
    """Runs the migrations that are missing."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def _prepare_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    """Readers do not wait for writers, and writers wait for each other. https://sqlite.org/wal.html"""
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DB-API connection, which has no type of its own
    for pragma in ("busy_timeout=30000", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    _switch_to_wal(cursor)
    cursor.close()


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """The switch does not wait for other connections by itself, whatever the timeout; done once, it is for good."""
    for _ in range(_NUM_SWITCHES):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(_SWITCH_PAUSE_S)
    cursor.execute("PRAGMA journal_mode=WAL")
