"""What `reviewer doctor` asks before anybody relies on the service, and how it answers."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from graph_model.errors import GraphModelError
from integrations.hosts import Check, Host
from integrations.settings import Settings
from integrations.storage.database import open_database
from reviewer.graph_engine import GraphEngine

_MIN_FREE_BYTES = 1_000_000_000


def check_machine(settings: Settings) -> Iterator[Check]:
    """Everything that needs no host: folder, disk, database, git, model."""
    yield _check_folder(settings.data_dir)
    yield _attempt("database", lambda: _describe_database(settings), SQLAlchemyError)
    yield _attempt("git", _describe_git, OSError, subprocess.SubprocessError)
    yield _attempt("model", lambda: f"bundle {GraphEngine(settings.model).model_identity}", GraphModelError, OSError)


def check_hosts(hosts: Mapping[str, Host]) -> Iterator[Check]:
    """Everything that the hosts say."""
    for host in hosts.values():
        yield from host.inspect()


def _check_folder(folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check("data folder", False, f"{folder}: {error.strerror}")
    return Check("data folder", free >= _MIN_FREE_BYTES, f"{folder}: {free // 1_000_000} MB free")


def _describe_database(settings: Settings) -> str:
    database = open_database(settings.database)
    assert database.is_alive(), "a query that raises nothing answers"
    return f"{database.engine.dialect.name}, tables up to date"


def _describe_git() -> str:
    return subprocess.run(["git", "--version"], capture_output=True, check=True, text=True).stdout.strip()


def _attempt(name: str, describe: Callable[[], str], *failures: type[Exception]) -> Check:
    try:
        return Check(name, True, describe())
    except failures as error:
        return Check(name, False, str(error).splitlines()[0] if str(error) else type(error).__name__)
