"""Which errors of a database pass by themselves, and how long we wait for that."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from integrations.storage.database import Database
from integrations.storage.patience import is_away, outlast, try_for


def refused() -> OperationalError:
    return OperationalError("SELECT 1", {}, psycopg.OperationalError("connection refused"))


def sqlite_error(code: int) -> OperationalError:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    return OperationalError("SELECT 1", {}, error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refused(), True),
        (OperationalError("", {}, psycopg.errors.AdminShutdown("x")), True),
        (OperationalError("", {}, psycopg.errors.CannotConnectNow("x")), True),
        (OperationalError("", {}, psycopg.errors.TooManyConnections("x")), True),
        (OperationalError("", {}, psycopg.errors.DeadlockDetected("x")), True),
        (OperationalError("", {}, psycopg.errors.QueryCanceled("x")), False),
        (DBAPIError("", {}, psycopg.errors.ReadOnlySqlTransaction("x")), True),
        (DBAPIError("", {}, psycopg.InterfaceError("x"), connection_invalidated=True), True),
        (IntegrityError("", {}, psycopg.errors.UniqueViolation("x")), False),
        (ProgrammingError("", {}, psycopg.errors.UndefinedTable("x")), False),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (sqlite_error(sqlite3.SQLITE_FULL), True),
        (sqlite_error(sqlite3.SQLITE_ERROR), False),
        (PoolTimeoutError("x"), True),
        (ValueError("x"), False),
    ],
)
def test_what_passes_by_itself(error: Exception, expected: bool) -> None:
    assert is_away(error) is expected


def failing(times: int, error: Exception) -> Callable[[], str]:
    left = [error] * times

    def act() -> str:
        if left:
            raise left.pop()
        return "größe"

    return act


def test_a_database_that_comes_back_is_waited_for() -> None:
    assert outlast(failing(2, refused()))() == "größe"
    assert try_for(5.0, failing(2, refused())) == "größe"


def test_waiting_has_an_end_where_somebody_waits_for_us() -> None:
    with pytest.raises(OperationalError):
        try_for(0.0, failing(1, refused()))


def test_what_does_not_pass_is_not_tried_again() -> None:
    with pytest.raises(OperationalError):
        outlast(failing(1, sqlite_error(sqlite3.SQLITE_ERROR)))()


def test_a_folder_that_is_missing_passes_and_a_table_does_not(tmp_path: Path) -> None:
    database = Database(create_engine(f"sqlite:///{tmp_path}/none/x.sqlite"))
    with pytest.raises(OperationalError) as caught:
        database.is_alive()
    assert is_away(caught.value)
    (tmp_path / "none").mkdir()
    with database.begin() as session, pytest.raises(OperationalError) as caught:
        session.connection().execute(text("SELECT * FROM nothing"))
    assert not is_away(caught.value)
    database.engine.dispose()
