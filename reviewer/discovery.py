"""From requested paths to source files: lists, filters and reads. Every file met is loaded, skipped or failed."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from reviewer.attributes import read_attributes
from reviewer.errors import RepositoryError
from reviewer.ignoring import parse_patterns
from reviewer.inspection import InspectionRules, inspect_content, inspect_name, inspect_size
from reviewer.ledger import Failed, Skip, SkipReason
from reviewer.plain_files import MAX_SETTINGS_BYTES, read_plain_file
from reviewer.source import SourceFile
from reviewer.workspace import Workspace

# Folders of tools and dependencies: not entered when they lie below what was asked for, even where git tracks them.
DEFAULT_EXCLUDES = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "__pycache__", "node_modules", "bower_components"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".idea", ".vs"}
)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, each part sorted by path."""

    sources: tuple[SourceFile, ...] = ()
    skipped: tuple[Skip, ...] = ()
    failed: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    is_named: bool  # asked for by its own name: not ignored, links followed, unreadable is a failure


def discover_files(workspace: Workspace, paths: Iterable[Path], rules: InspectionRules) -> Discovery:
    """Every source file at and below these paths (absolute), read and decoded."""
    entries: dict[str, _Entry] = {}
    outcomes: dict[str, SourceFile | Skip | Failed] = {}
    for path in paths:
        if path.is_dir():
            for found in _list_folder(workspace, path):
                if isinstance(found, Skip):
                    outcomes.setdefault(found.path, found)
                else:
                    entries.setdefault(found, _Entry(found, is_named=False))
        else:
            name = workspace.path_of(path)
            entries[name] = _Entry(name, is_named=True)
    attributes = read_attributes(workspace.root, workspace.repository, entries)
    for path_, entry in entries.items():
        named = inspect_name(path_, attributes.get(path_, {}), rules)
        outcome = named or _load(workspace, entry, rules, attributes.get(path_, {}))
        if outcome is not None:
            outcomes[path_] = outcome
    return gather(outcomes.values())


def gather(outcomes: Iterable[SourceFile | Skip | Failed]) -> Discovery:
    """Outcomes sorted into their three kinds and by path."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.path)
    return Discovery(
        tuple(outcome for outcome in ordered if isinstance(outcome, SourceFile)),
        tuple(outcome for outcome in ordered if isinstance(outcome, Skip)),
        tuple(outcome for outcome in ordered if isinstance(outcome, Failed)),
    )


def _load(
    workspace: Workspace, entry: _Entry, rules: InspectionRules, attributes: dict[str, str]
) -> SourceFile | Skip | Failed | None:
    """Reads one file; None for one that git still lists and that is gone from the disk."""
    file = workspace.file_at(entry.path)
    try:
        status = os.stat(file) if entry.is_named else os.lstat(file)
        irregular = _inspect_kind(entry.path, status)
        if irregular is not None:
            return irregular
        too_large = inspect_size(entry.path, status.st_size, rules)
        return too_large or inspect_content(entry.path, file.read_bytes(), rules, attributes)
    except OSError as error:
        if entry.is_named:
            return Failed(entry.path, f"expected a readable file, found {error.strerror}")
        if isinstance(error, FileNotFoundError):
            return None
        return Skip(entry.path, SkipReason.UNREADABLE, error.strerror or "")


def _inspect_kind(path: str, status: os.stat_result) -> Skip | None:
    if stat.S_ISREG(status.st_mode):
        return None
    if stat.S_ISLNK(status.st_mode):
        return Skip(path, SkipReason.SYMLINK)
    if stat.S_ISDIR(status.st_mode):
        return Skip(path, SkipReason.NESTED_REPOSITORY)
    return Skip(path, SkipReason.NOT_A_FILE)


def _list_folder(workspace: Workspace, folder: Path) -> Iterator[str | Skip]:
    """Paths of files below a folder, and what is left out as a whole."""
    inner = workspace.path_of(folder)
    prefix = "" if inner == "." else f"{inner}/"
    repository = workspace.repository
    if repository is not None:
        try:
            if not (prefix and repository.is_ignored(inner)):
                yield from _prune(repository.list_files(inner if prefix else ""), prefix)
                return
        except RepositoryError:  # git is missing or refuses: the walk below gives the same but for global exclusions
            pass
    yield from _walk(folder, prefix, ())


def _prune(listing: Iterable[str], prefix: str) -> Iterator[str | Skip]:
    """Leaves out what git lists in default-excluded folders and nested repositories, each named once."""
    seen: set[str] = set()
    for path in listing:
        parts = path[len(prefix) :].split("/")
        cut = next((idx for idx, part in enumerate(parts[:-1]) if part in DEFAULT_EXCLUDES), None)
        if cut is not None:
            folder = prefix + "/".join(parts[: cut + 1]) + "/"
            if folder not in seen:
                seen.add(folder)
                yield Skip(folder, SkipReason.EXCLUDED, "by default")
        elif path.endswith("/"):
            yield Skip(path, SkipReason.NESTED_REPOSITORY)
        else:
            yield path


def _walk(folder: Path, prefix: str, ignores: tuple[tuple[str, GitIgnoreSpec], ...]) -> Iterator[str | Skip]:
    """Files below a folder outside git, .gitignore respected, links not followed."""
    try:
        with os.scandir(folder) as scan:
            children = sorted(scan, key=lambda child: child.name)
    except OSError as error:
        yield Skip(prefix or "./", SkipReason.UNREADABLE, error.strerror or "")
        return
    ignores += _read_ignores(folder, prefix)
    for child in children:
        path = prefix + child.name
        if not child.is_dir(follow_symlinks=False):
            if not _is_ignored(path, ignores):
                yield path
        elif child.name in DEFAULT_EXCLUDES:
            if child.name != ".git":
                yield Skip(f"{path}/", SkipReason.EXCLUDED, "by default")
        elif not _is_ignored(f"{path}/", ignores):
            yield from _walk(folder / child.name, f"{path}/", ignores)


def _read_ignores(folder: Path, prefix: str) -> tuple[tuple[str, GitIgnoreSpec], ...]:
    try:
        text = read_plain_file(folder / ".gitignore", MAX_SETTINGS_BYTES).decode("utf-8", "replace")
    except OSError:
        return ()
    return ((prefix, parse_patterns(text.splitlines())),)


def _is_ignored(path: str, ignores: tuple[tuple[str, GitIgnoreSpec], ...]) -> bool:
    """The deepest .gitignore that says anything decides."""
    for prefix, spec in reversed(ignores):
        verdict = spec.check_file(path[len(prefix) :]).include
        if verdict is not None:
            return verdict
    return False
