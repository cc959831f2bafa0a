"""What a subcommand works with: the working directory, the engine, the cache folder and the terminal.

The one place below the entry point that reads the environment.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
from platformdirs import user_cache_path

from reviewer.cache import Cache
from reviewer.cli.pipelines import BaseHint, find_base
from reviewer.comparison import find_commit
from reviewer.configuration import Configuration
from reviewer.configuration_files import load_committed_configuration, load_configuration, read_configuration
from reviewer.engine import Engine
from reviewer.errors import RequestError
from reviewer.inspection import InspectionRules
from reviewer.plain_files import read_named_file
from reviewer.repositories import Repository
from reviewer.scanning import Progress
from reviewer.workspace import Workspace, locate_workspace

_LAST_S = 253_402_300_799  # of the year 9999, which a date can hold


@dataclass(frozen=True, slots=True)
class Session:
    """Built once a process; a test builds its own. `made_at_s` is the time that reports name, None: the commit's.

    `base_hint` is what a CI job says of the base of its change.
    """

    cwd: Path
    engine: Engine
    cache_folder: Path | None = None
    progress: Progress | None = None
    use_colour: bool = False
    made_at_s: int | None = None
    base_hint: BaseHint | None = None

    def open_cache(self, configuration: Configuration) -> Cache:
        """The cache, or one that keeps nothing."""
        return Cache(self.cache_folder if configuration.cache else None)

    def show_path(self, workspace: Workspace, path: str) -> str:
        """A path of the review as it is written from the working directory."""
        shown = os.path.relpath(workspace.file_at(path), self.cwd)
        return f"{shown}/" if path.endswith("/") else shown


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a subcommand works, and with which configuration."""

    workspace: Workspace
    configuration: Configuration
    rules: InspectionRules = field(default_factory=InspectionRules)


def current_session(model: Path | None = None) -> Session:
    """The session of the running command: the one it was called with, else that of the process."""
    given = click.get_current_context().find_object(Session)
    if given is not None:
        return given
    from reviewer.graph_engine import GraphEngine  # noqa: PLC0415  # so that `config` needs no model

    return read_session(GraphEngine(model))


def read_session(engine: Engine) -> Session:
    """The session of this process. Raises RequestError for a variable that says nothing."""
    use_colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    progress = _TerminalProgress() if sys.stderr.isatty() else None
    made_at_s = read_source_date(os.environ.get("SOURCE_DATE_EPOCH", ""))
    return Session(Path.cwd(), engine, find_cache_folder(), progress, use_colour, made_at_s, find_base(os.environ))


def prepare(
    session: Session, paths: Iterable[Path], given: Mapping[str, object], config: Path | None = None
) -> Setting:
    """The workspace around these paths and its configuration, with what the command line says over it."""
    wanted = tuple(paths) or (session.cwd,)
    workspace = locate_workspace(wanted, session.cwd)
    if config is not None:
        configuration = read_configuration(session.cwd / config, read_named_file)
    else:
        folders = [path if path.is_dir() else path.parent for path in (session.cwd / path for path in wanted)]
        start = Path(os.path.commonpath([os.path.abspath(folder) for folder in folders]))
        configuration = load_configuration(start, workspace.root)
    return _settle(workspace, configuration, given)


def prepare_from(session: Session, repository: Repository, revision: str, given: Mapping[str, object]) -> Setting:
    """The same with the configuration at the top of a commit, whatever the work tree says.

    Raises RequestError where there is no such commit.
    """
    configuration = load_committed_configuration(repository, find_commit(repository, revision))
    return _settle(locate_workspace((), session.cwd), configuration, given)


def _settle(workspace: Workspace, configuration: Configuration, given: Mapping[str, object]) -> Setting:
    configuration = configuration.with_command_line(given)
    rules = InspectionRules(configuration.exclude, configuration.max_file_bytes, configuration.base)
    return Setting(workspace, configuration, rules)


def read_source_date(text: str) -> int | None:
    """The time that reports name, None where none is given; raises RequestError for what is no time.

    https://reproducible-builds.org/specs/source-date-epoch/
    """
    if not text:
        return None
    if not text.isdecimal() or int(text) > _LAST_S:
        raise RequestError(f"SOURCE_DATE_EPOCH: expected seconds since 1970, found {text!r}")
    return int(text)


def find_cache_folder() -> Path:
    """Where kept results live: the folder that the environment names, else the system's for caches."""
    own = os.environ.get("REVIEWER_CACHE_DIR")
    return Path(own) if own else user_cache_path("graph-reviewer", appauthor=False)


class _TerminalProgress:
    """One line on standard error that is written over."""

    def __init__(self) -> None:
        self._shown = ""

    def advance(self, stage: str, num_done: int, num_total: int) -> None:
        """Shows whole percents, and wipes the line at the end."""
        text = f"{stage} {100 * num_done // max(num_total, 1):3d} %" if num_done < num_total else ""
        if text != self._shown:
            click.echo(f"\r{text:<{len(self._shown)}}", err=True, nl=False)
            if not text:
                click.echo("\r", err=True, nl=False)
            self._shown = text
