"""Finds and reads the one configuration file of a review: `.reviewer.toml`, or `pyproject.toml`."""

import os
import tomllib
from pathlib import Path

from reviewer.configuration import Configuration, parse_configuration
from reviewer.errors import ConfigurationError

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


def read_configuration(file: Path) -> Configuration:
    """A configuration file given by name; raises ConfigurationError when it does not hold one."""
    configuration = _read_file(file, file.parent)
    if configuration is None:
        raise ConfigurationError(str(file), "[tool.reviewer]", "expected this table in an existing file, found none")
    return configuration


def _folders(start: Path, root: Path) -> list[Path]:
    folders = [start, *start.parents]
    return folders[: folders.index(root) + 1] if root in folders else [start]


def _read_file(file: Path, root: Path) -> Configuration | None:
    where = Path(os.path.relpath(file, root)).as_posix()
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(where, "file", f"expected readable TOML, found {error}") from error
    if file.name == PROJECT_FILE:
        table = data.get("tool", {}).get("reviewer")
        if table is None:
            return None
        where = f"{where} [tool.reviewer]"
    else:
        table = data
    if not isinstance(table, dict):
        raise ConfigurationError(where, "tool.reviewer", f"expected a table, found {table!r}")
    return parse_configuration(table, where, Path(os.path.relpath(file.parent, root)).as_posix())
