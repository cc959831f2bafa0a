"""The configuration of a review: one frozen value, built once at an entry point, that knows where it comes from.

Later layers win: defaults, one file, its `directories` tables for the files below them, the command line.
"""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from enum import Enum

from reviewer.baseline import DEFAULT_FILE
from reviewer.errors import ConfigurationError
from reviewer.findings import FailOn
from reviewer.ignoring import is_pattern
from reviewer.inspection import DEFAULT_MAX_BYTES

DEFAULT_ORIGIN = "default"
COMMAND_LINE = "command line"


class OnFailure(Enum):
    """What files that could not be reviewed do to the exit code."""

    FAIL = "fail"
    PASS = "pass"  # no password


@dataclass(frozen=True, slots=True)
class DirectoryPolicy:
    """What is different below one folder; None where nothing is."""

    path: str
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    min_probability: float | None = None
    thresholds: tuple[tuple[str, float], ...] | None = None

    def contains(self, path: str) -> bool:
        """Whether a file lies below the folder."""
        return self.path == "." or path.startswith(f"{self.path}/")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every setting with its default. Labels and categories are names here; `selection` resolves them.

    `min_probability` replaces every threshold and the budget of comments. `jobs` 0 means as many as the work deserves.
    `include_tests`: show findings in test code too. `baseline` is the file of known findings, "" for none.
    `exclude` is relative to `base`, the folder of the file. `origins` says where each value comes from that is not a
    default.
    """

    select: tuple[str, ...] = ("security", "performance")
    ignore: tuple[str, ...] = ()
    min_probability: float | None = None
    thresholds: tuple[tuple[str, float], ...] = ()
    fail_on: FailOn = FailOn.LOW
    on_failure: OnFailure = OnFailure.FAIL
    max_comments: int = 10
    include_tests: bool = False
    exclude: tuple[str, ...] = ()
    max_file_bytes: int = DEFAULT_MAX_BYTES
    jobs: int = 0
    cache: bool = True
    baseline: str = DEFAULT_FILE
    directories: tuple[DirectoryPolicy, ...] = ()
    base: str = "."
    origins: tuple[tuple[str, str], ...] = ()

    def origin_of(self, key: str) -> str:
        """Where a setting's value comes from."""
        return dict(self.origins).get(key, DEFAULT_ORIGIN)

    def with_values(self, values: Mapping[str, object], origin: str) -> "Configuration":
        """The same with these settings (field names) replaced and their origin noted."""
        origins = tuple({**dict(self.origins), **dict.fromkeys(values, origin)}.items())
        # The values have been parsed by SETTINGS, or come typed from the command line.
        return replace(self, origins=origins, **values)  # type: ignore[arg-type]

    def with_command_line(self, values: Mapping[str, object]) -> "Configuration":
        """The same with what the command line says; `ignore` adds, everything else replaces, in folders too."""
        given = dict(values)
        origins = dict.fromkeys(given, COMMAND_LINE)
        if "ignore" in given and self.ignore:
            given["ignore"] = (*self.ignore, *parse_names(given["ignore"]))
            origins["ignore"] = f"{self.origin_of('ignore')} + {COMMAND_LINE}"
        folders = tuple(_without(folder, values) for folder in self.directories)
        changed = replace(self, directories=folders).with_values(given, COMMAND_LINE)
        return replace(changed, origins=tuple({**dict(self.origins), **origins}.items()))

    def folder_of(self, path: str) -> DirectoryPolicy | None:
        """The deepest `directories` table that holds a file."""
        holding = [folder for folder in self.directories if folder.contains(path)]
        return max(holding, key=lambda folder: len(folder.path), default=None)


def _without(folder: DirectoryPolicy, given: Mapping[str, object]) -> DirectoryPolicy:
    return DirectoryPolicy(
        folder.path,
        select=None if "select" in given else folder.select,
        ignore=None if folder.ignore is None else (*folder.ignore, *parse_names(given.get("ignore", ()))),
        min_probability=None if "min_probability" in given else folder.min_probability,
        thresholds=None if "min_probability" in given else folder.thresholds,
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """How one key is read: `parse` raises ValueError when the value is not what `expected` says."""

    parse: Callable[[object], object]
    expected: str


def parse_names(value: object) -> tuple[str, ...]:
    """A list of strings, or one string."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError


def _parse_patterns(value: object) -> tuple[str, ...]:
    patterns = parse_names(value)
    if not all(map(is_pattern, patterns)):
        raise ValueError
    return patterns


def _parse_probability(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise ValueError


def _parse_thresholds(value: object) -> tuple[tuple[str, float], ...]:
    if not isinstance(value, dict):
        raise ValueError
    return tuple(sorted((name, _parse_probability(number)) for name, number in value.items()))


def _parse_count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError


def _parse_flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError


def _parse_inner_path(value: object) -> str:
    """A path below the root with forward slashes, or an empty one."""
    if not isinstance(value, str) or "\\" in value or value.startswith("/") or ".." in value.split("/"):
        raise ValueError
    return value and posixpath.normpath(value)


_NAMES = Setting(parse_names, "a list of labels or categories")
_PROBABILITY = Setting(_parse_probability, "a number from 0 to 1")
_THRESHOLDS = Setting(_parse_thresholds, "a table from label or category to a number from 0 to 1")
_COUNT = Setting(_parse_count, "a whole number, 0 or more")

SETTINGS: Mapping[str, Setting] = {
    "select": _NAMES,
    "ignore": _NAMES,
    "min-probability": _PROBABILITY,
    "thresholds": _THRESHOLDS,
    "fail-on": Setting(FailOn, "one of low, medium, high, never"),
    "on-failure": Setting(OnFailure, "one of fail, pass"),
    "max-comments": _COUNT,
    "include-tests": Setting(_parse_flag, "true or false"),
    "exclude": Setting(_parse_patterns, "a list of gitignore patterns"),
    "max-file-bytes": _COUNT,
    "jobs": _COUNT,
    "cache": Setting(_parse_flag, "true or false"),
    "baseline": Setting(_parse_inner_path, "a path below the root, or an empty one"),
}
# Tables that belong to other doors: the pull-request bot reads its own part of the same file.
_OTHER_TABLES = frozenset({"directories", "bot"})
_DIRECTORY_KEYS = ("select", "ignore", "min-probability", "thresholds")


def parse_configuration(table: Mapping[str, object], where: str, base: str = ".") -> Configuration:
    """The defaults with a TOML table over them; folders in it are relative to `base`, itself relative to the root.

    Raises ConfigurationError naming the key, the expected and the found.
    """
    plain = {key: value for key, value in table.items() if key not in _OTHER_TABLES}
    values = _parse_values(plain, tuple(SETTINGS), where, "", extra=tuple(_OTHER_TABLES))
    folders = table.get("directories", {})
    if not isinstance(folders, dict):
        raise ConfigurationError(where, "directories", f"expected a table from folder to settings, found {folders!r}")
    if folders:
        values["directories"] = tuple(_parse_folder(path, folders[path], where, base) for path in sorted(folders))
    return replace(Configuration().with_values(values, where), base=base)


def _parse_folder(path: str, table: object, where: str, base: str) -> DirectoryPolicy:
    prefix = f'directories."{path}"'
    if not isinstance(table, dict):
        raise ConfigurationError(where, prefix, f"expected a table, found {table!r}")
    values = _parse_values(table, _DIRECTORY_KEYS, where, f"{prefix}.")
    # SETTINGS has given each value its field's type.
    return DirectoryPolicy(posixpath.normpath(f"{base}/{path.strip('/')}"), **values)  # type: ignore[arg-type]


def _parse_values(
    table: Mapping[str, object], allowed: tuple[str, ...], where: str, prefix: str, extra: tuple[str, ...] = ()
) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in allowed:
            raise ConfigurationError(where, f"{prefix}{key}", _describe_unknown(key, (*allowed, *extra)))
        try:
            values[key.replace("-", "_")] = SETTINGS[key].parse(value)
        except ValueError as error:
            problem = f"expected {SETTINGS[key].expected}, found {value!r}"
            raise ConfigurationError(where, f"{prefix}{key}", problem) from error
    return values


def _describe_unknown(key: str, allowed: tuple[str, ...]) -> str:
    close = get_close_matches(key, allowed, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"unknown setting; {hint}expected one of {', '.join(sorted(allowed))}"


def list_settings(configuration: Configuration) -> list[tuple[str, object, str]]:
    """Every setting as (key as written in the file, value, origin), in the order of the fields; folders come last."""
    rows: list[tuple[str, object, str]] = []
    for field in fields(Configuration):
        if field.name in ("origins", "directories", "base"):
            continue
        value = getattr(configuration, field.name)
        plain = value.value if isinstance(value, Enum) else value
        rows.append((field.name.replace("_", "-"), plain, configuration.origin_of(field.name)))
    for folder in configuration.directories:
        for name in ("select", "ignore", "min_probability", "thresholds"):
            if getattr(folder, name) is not None:
                key = f'directories."{folder.path}".{name.replace("_", "-")}'
                rows.append((key, getattr(folder, name), configuration.origin_of("directories")))
    return rows
