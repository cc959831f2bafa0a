"""What `reviewer doctor` asks before anybody relies on the service, and how it answers."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from graph_model.errors import GraphModelError
from integrations.hosts import Check, Host
from integrations.settings import Settings
from integrations.storage.database import open_database
from reviewer.graph_engine import GraphEngine

_MAX_SKEW_S = 30.0  # GitHub takes app tokens that are a minute off at most
_MIN_FREE_BYTES = 1_000_000_000
_MIN_TOKEN_DAYS = 7
_RANKS = {"none": 0, "read": 1, "write": 2, "admin": 3}


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


def check_clock(name: str, date: str) -> Check:
    """How far our clock is from a host's `Date` header (RFC 9110, 6.6.1)."""
    try:
        skew_s = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
    except ValueError:
        return Check(f"{name} clock", False, f"expected a date from the host, found {date!r}")
    return Check(f"{name} clock", skew_s <= _MAX_SKEW_S, f"{skew_s:.0f} s apart")


def check_permissions(granted: Mapping[str, str], needed: Mapping[str, str]) -> Check:
    """Whether an app may do what it must; more than that is said, and no fault."""
    lacking = [f"{name}: {level}" for name, level in needed.items() if _rank(granted.get(name)) < _rank(level)]
    more = [f"{name}: {level}" for name, level in granted.items() if _rank(level) > _rank(needed.get(name))]
    detail = f"lacking {', '.join(lacking)}" if lacking else "as needed"
    return Check("permissions", not lacking, f"{detail}; more than needed: {', '.join(more)}" if more else detail)


def check_token(scopes: Iterable[str], expires_at: str | None, needed: str, today: date) -> Check:
    """Whether a token may do what it must, and for longer than a few days."""
    if needed not in scopes:
        return Check("token", False, f"expected the scope {needed}, found {', '.join(sorted(scopes)) or 'none'}")
    if expires_at is None:
        return Check("token", True, f"scope {needed}, does not expire")
    num_days = (date.fromisoformat(expires_at[:10]) - today).days  # a time in some versions
    return Check("token", num_days >= _MIN_TOKEN_DAYS, f"scope {needed}, expires in {num_days} days")


def _rank(level: str | None) -> int:
    return _RANKS.get(level or "none", 0)


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
