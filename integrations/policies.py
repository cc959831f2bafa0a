"""What a repository's base branch says about the bot: the table `bot` of the reviewer's configuration file.

The change under review cannot loosen it: its own configuration is not read.
"""

import tomllib
from dataclasses import dataclass
from enum import Enum

from graph_model.catalogue import load_catalogue
from reviewer.configuration_files import OWN_FILE, PROJECT_FILE
from reviewer.errors import ConfigurationError


class Mode(Enum):
    """What a group of findings leads to."""

    MONITOR = "monitor"
    COMMENT = "comment"
    BLOCK = "block"


class Heeding(Enum):
    """Whose changes may bring suppressions of their own."""

    WRITERS = "writers"
    ANYBODY = "anybody"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the bot does with findings. `modes` by label, category or "all", the closest name wins."""

    modes: tuple[tuple[str, Mode], ...] = ()
    reviews_drafts: bool = False
    suppressions: Heeding = Heeding.WRITERS

    def mode_of(self, label: str) -> Mode:
        """What a finding with a label leads to; comments are the default."""
        modes = dict(self.modes)
        names = (label, label.partition("/")[0], "all")
        return next((modes[name] for name in names if name in modes), Mode.COMMENT)


POLICY_FILES = (OWN_FILE, PROJECT_FILE)


def parse_policy(content: bytes, file: str) -> Policy | None:
    """The policy in a configuration file, None where the file is not ours; raises ConfigurationError."""
    try:
        table: object = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(file, "file", f"expected readable TOML, found {error}") from error
    if file == PROJECT_FILE:
        table = _member(_member(table, "tool", file), "reviewer", file)
        if table is None:
            return None
    bot = _member(table, "bot", file) or {}
    unknown = sorted(set(bot) - {"modes", "drafts", "suppressions"})
    if unknown:
        raise ConfigurationError(file, f"bot.{unknown[0]}", "expected modes, drafts or suppressions")
    drafts = bot.get("drafts", False)
    if not isinstance(drafts, bool):
        raise ConfigurationError(file, "bot.drafts", f"expected true or false, found {drafts!r}")
    return Policy(_parse_modes(bot.get("modes", {}), file), drafts, _parse_heeding(bot, file))


def _parse_heeding(bot: dict[str, object], file: str) -> Heeding:
    found = bot.get("suppressions", Heeding.WRITERS.value)
    known = [one.value for one in Heeding]
    if found not in known:
        raise ConfigurationError(file, "bot.suppressions", f"expected one of {', '.join(known)}, found {found!r}")
    return Heeding(found)


def _member(table: object, name: str, file: str) -> dict[str, object] | None:
    """A table inside a table, None where there is none; raises ConfigurationError for anything else."""
    found = table.get(name) if isinstance(table, dict) else None
    if found is not None and not isinstance(found, dict):
        raise ConfigurationError(file, name, f"expected a table, found {found!r}")
    return found


def _parse_modes(table: object, file: str) -> tuple[tuple[str, Mode], ...]:
    if not isinstance(table, dict):
        raise ConfigurationError(file, "bot.modes", f"expected a table from label or category to mode, found {table!r}")
    labels = load_catalogue()
    names = {"all"} | {label.id for label in labels} | {label.category.value for label in labels}
    known = [mode.value for mode in Mode]
    for name, mode in table.items():
        if name not in names:
            raise ConfigurationError(file, f"bot.modes.{name}", "expected a label, a category or all")
        if mode not in known:
            raise ConfigurationError(file, f"bot.modes.{name}", f"expected one of {', '.join(known)}, found {mode!r}")
    return tuple((name, Mode(table[name])) for name in sorted(table))
