import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import select

import integrations.storage
from integrations.storage.api_tables import ApiResult
from integrations.storage.database import Database, add_if_absent, open_database
from integrations.storage.tables import AuditEntry, Worker

NOW = datetime(2026, 1, 2, tzinfo=UTC)
METADATA = ApiResult.metadata  # one for both modules of tables


def names(database: Database) -> list[str]:
    with database.begin() as session:
        return sorted(session.exec(select(Worker.name)).all())


def migrate_to(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", f"{integrations.storage.__path__[0]}/migrations")
    config.attributes["engine"] = database.engine
    (command.upgrade if revision == "head" else command.downgrade)(config, revision)


def test_migrations_make_exactly_the_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_every_table_is_made(database: Database) -> None:
    assert set(inspect(database.engine).get_table_names()) == {*METADATA.tables, "alembic_version"}


def test_migrations_can_be_taken_back_and_made_again(database: Database) -> None:
    migrate_to(database, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    migrate_to(database, "head")
    assert names(database) == []


def test_opening_again_keeps_what_is_there(database: Database, database_url: str) -> None:
    with database.begin() as session:
        session.add(Worker(name="größe 😋", seen_at=NOW))
    again = open_database(database_url)
    assert names(again) == ["größe 😋"]
    again.engine.dispose()


@pytest.mark.slow
def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    code = "import sys; from integrations.storage.database import open_database; open_database(sys.argv[1])"
    started = [subprocess.Popen([sys.executable, "-c", code, database_url], stderr=subprocess.PIPE) for _ in range(2)]
    for process in started:
        _, messages = process.communicate()
        assert process.returncode == 0, messages.decode()


def test_work_is_kept_whole_or_not_at_all(database: Database) -> None:
    def fail() -> None:
        with database.begin() as session:
            session.add(Worker(name="a", seen_at=NOW))
            session.flush()
            raise RuntimeError("asked to")

    with pytest.raises(RuntimeError, match="asked to"):
        fail()
    assert names(database) == []


def test_rows_can_be_read_after_their_session(database: Database) -> None:
    with database.begin() as session:
        row = Worker(name="a", seen_at=NOW)
        session.add(row)
    assert row.name == "a"


def test_a_row_is_inserted_once(database: Database) -> None:
    def insert(seen_at: datetime) -> bool:
        with database.begin() as session:
            return add_if_absent(session, Worker(name="a", seen_at=seen_at))

    assert insert(NOW)
    assert not insert(datetime(2027, 1, 1, tzinfo=UTC))
    with database.begin() as session:
        assert session.get_one(Worker, "a").seen_at == NOW


def test_defaults_are_filled_in_where_a_row_leaves_them_out(database: Database) -> None:
    with database.begin() as session:
        assert add_if_absent(session, AuditEntry(at=NOW, actor="a", action="b", subject="c"))
    with database.begin() as session:
        assert [(row.id, row.detail) for row in session.exec(select(AuditEntry))] == [(1, "")]


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.begin() as writing:
        writing.add(Worker(name="a", seen_at=NOW))
        writing.flush()
        assert names(database) == []
    assert names(database) == ["a"]


def test_a_database_that_answers_is_alive(database: Database) -> None:
    assert database.is_alive()


def test_a_database_that_is_away_says_so() -> None:
    away = Database(create_engine("postgresql+psycopg://reviewer@127.0.0.1:1/x"))
    with pytest.raises(OperationalError):
        away.is_alive()


def test_sqlite_is_set_up_for_several_threads(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'x.sqlite'}")
    with database.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        }
    assert found == {"journal_mode": "wal", "busy_timeout": 30_000, "foreign_keys": 1, "synchronous": 2}
    database.engine.dispose()


def test_a_migration_that_is_cut_off_leaves_nothing(database: Database) -> None:
    """Both databases take back what a transaction has made of tables."""
    migrate_to(database, "base")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE worker (x INTEGER)")  # the last table that the migration makes
    with pytest.raises(DBAPIError, match="worker"):
        migrate_to(database, "head")
    assert set(inspect(database.engine).get_table_names()) == {"alembic_version", "worker"}
