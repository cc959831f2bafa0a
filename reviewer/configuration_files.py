"""Finds and reads the one configuration file of a review: `.reviewer.toml`, or `pyproject.toml`."""

import os
import tomllib
from pathlib import Path

from reviewer.configuration import Configuration, parse_configuration
from reviewer.errors import ConfigurationError
from reviewer.plain_files import MAX_SETTINGS_BYTES, Reader, read_plain_file
from reviewer.repositories import Repository

OWN_FILE = ".reviewer.toml"
PROJECT_FILE = "pyproject.toml"


def load_configuration(start: Path, root: Path) -> Configuration:
    """The nearest configuration from a folder up to the root of the review; the defaults when there is none.

    In one folder `.reviewer.toml` wins over `pyproject.toml`. Raises ConfigurationError for a file that cannot be used.
    """
    for folder in _folders(start, root):
        for name in (OWN_FILE, PROJECT_FILE):
            file = folder / name
            configuration = _read_file(file, root)
            if configuration is not None:
                return configuration
    return Configuration()


def load_committed_configuration(repository: Repository, commit: str) -> Configuration:
    """The configuration at the top of a commit; the defaults when there is none. Raises ConfigurationError."""
    for name in (OWN_FILE, PROJECT_FILE):
        content = repository.read_objects([f"{commit}:{name}"])[0]
        configuration = None if content is None else _parse_content(content, name, f"{commit[:12]}:{name}", ".")
        if configuration is not None:
            return configuration
    return Configuration()


def read_configuration(file: Path, read: Reader = read_plain_file) -> Configuration:
    """A configuration file given by name; raises ConfigurationError when it does not hold one."""
    configuration = _read_file(file, file.parent, read)
    if configuration is None:
        raise ConfigurationError(str(file), "[tool.reviewer]", "expected this table in an existing file, found none")
    return configuration


def _folders(start: Path, root: Path) -> list[Path]:
    folders = [start, *start.parents]
    return folders[: folders.index(root) + 1] if root in folders else [start]


def _read_file(file: Path, root: Path, read: Reader = read_plain_file) -> Configuration | None:
    where = Path(os.path.relpath(file, root)).as_posix()
    try:
        content = read(file, MAX_SETTINGS_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(where, "file", f"expected readable TOML, found {error}") from error
    return _parse_content(content, file.name, where, Path(os.path.relpath(file.parent, root)).as_posix())


def _parse_content(content: bytes, name: str, where: str, base: str) -> Configuration | None:
    """The configuration in a file of this name, None where it holds none of ours."""
    try:
        data = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(where, "file", f"expected readable TOML, found {error}") from error
    if name == PROJECT_FILE:
        table = data.get("tool", {}).get("reviewer")
        if table is None:
            return None
        where = f"{where} [tool.reviewer]"
    else:
        table = data
    if not isinstance(table, dict):
        raise ConfigurationError(where, "tool.reviewer", f"expected a table, found {table!r}")
    return parse_configuration(table, where, base)
