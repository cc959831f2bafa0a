"""What an editor may set: parsed once where it comes in, refused by name where it cannot be used.

A workspace can bring settings of its own. Those that name files, models or services count only where the client says
that the user trusts the workspace.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum

from reviewer.configuration import SETTINGS

SECTION = "reviewer"
TRUSTED_ONLY = ("configuration", "model", "team")


class Preference(Enum):
    """Who wins where the project's configuration file and the editor's settings both say something."""

    PROJECT = "project"
    EDITOR = "editor"


class Run(Enum):
    """When a document is reviewed."""

    ON_TYPE = "onType"
    ON_SAVE = "onSave"


@dataclass(frozen=True, slots=True)
class TeamSettings:
    """Connected mode: where the team's service is, what it calls this repository, and which variable holds its key."""

    url: str = ""
    repository: str = ""
    token_variable: str = "REVIEWER_TEAM_TOKEN"

    @property
    def is_set(self) -> bool:
        """Whether there is a team to talk to."""
        return bool(self.url and self.repository)


@dataclass(frozen=True, slots=True)
class EditorSettings:
    """Every setting of an editor with its default. `overrides` are fields of the reviewer's configuration."""

    enable: bool = True
    run: Run = Run.ON_TYPE
    debounce_ms: int = 300
    preference: Preference = Preference.PROJECT
    code_lens: bool = False
    max_workspace_files: int = 5_000
    configuration: str = ""
    model: str = ""
    team: TeamSettings = field(default_factory=TeamSettings)
    overrides: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedSettings:
    """Settings with what had to be left out of them, in words."""

    settings: EditorSettings
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InitializationOptions:
    """What a client says about itself when it starts the server."""

    is_trusted: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)
    asks_for_reason: bool = False
    shows_explanation: bool = False


def parse_options(value: object) -> InitializationOptions:
    """Initialization options; whatever is not understood is the default, so that no client fails to start."""
    table = value if isinstance(value, dict) else {}
    settings = table.get("settings")
    return InitializationOptions(
        is_trusted=table.get("trusted") is True,
        settings=settings if isinstance(settings, dict) else {},
        asks_for_reason=table.get("asksForReason") is True,
        shows_explanation=table.get("showsExplanation") is True,
    )


def parse_settings(value: object, *, is_trusted: bool) -> ParsedSettings:
    """Settings of the section; unknown keys, wrong values and what needs trust are left out and named.

    None and missing values are defaults: clients send them for what nobody has set.
    """
    if not isinstance(value, dict):
        problem = () if value is None else (f"{SECTION}: expected a table of settings, found {value!r}",)
        return ParsedSettings(EditorSettings(), problem)
    values: dict[str, object] = {}
    overrides: list[tuple[str, object]] = []
    problems: list[str] = []
    for key, given in sorted(value.items(), key=lambda item: str(item[0])):
        if given is None:
            continue
        if key in TRUSTED_ONLY and not is_trusted:
            if given not in ("", {}):
                problems.append(f"{SECTION}.{key}: has no effect in a workspace that is not trusted")
            continue
        try:
            if key in _OVERRIDES:
                overrides.append((_OVERRIDES[key], _parse_override(key, given)))
            elif key in _PARSERS:
                name, parse = _PARSERS[key]
                values[name] = parse(given)
            else:
                problems.append(f"{SECTION}.{key}: unknown setting")
        except ValueError as error:
            problems.append(f"{SECTION}.{key}: expected {error}, found {given!r}")
    # Each parser gives its field's type.
    return ParsedSettings(EditorSettings(**values, overrides=tuple(overrides)), tuple(problems))  # type: ignore[arg-type]


# Keys of the editor that stand for a setting of the configuration file.
_OVERRIDES: Mapping[str, str] = {
    "select": "select",
    "ignore": "ignore",
    "minProbability": "min_probability",
    "includeTests": "include_tests",
}


def _parse_override(key: str, value: object) -> object:
    setting = SETTINGS[_OVERRIDES[key].replace("_", "-")]
    try:
        return setting.parse(value)
    except ValueError as error:
        raise ValueError(setting.expected) from error


def _parse_flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def _parse_text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("text")


def _parse_count(value: object, most: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
        return value
    raise ValueError(f"a whole number from 0 to {most}")


def _parse_choice(kind: type[Enum], value: object) -> Enum:
    try:
        return kind(value)
    except ValueError as error:
        raise ValueError(f"one of {', '.join(str(one.value) for one in kind)}") from error


def _parse_team(value: object) -> TeamSettings:
    keys = {"url": "url", "repository": "repository", "tokenVariable": "token_variable"}
    if not isinstance(value, dict) or not all(isinstance(one, str | None) for one in value.values()):
        raise ValueError("a table of text")
    if value.keys() - keys.keys():
        raise ValueError(f"only {', '.join(keys)}")
    if value.get("url") and not value["url"].startswith(("http://", "https://")):
        raise ValueError("an address that starts with http:// or https://")
    return TeamSettings(**{keys[key]: one for key, one in value.items() if one})


_PARSERS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "enable": ("enable", _parse_flag),
    "run": ("run", lambda value: _parse_choice(Run, value)),
    "debounceMs": ("debounce_ms", lambda value: _parse_count(value, 60_000)),
    "preference": ("preference", lambda value: _parse_choice(Preference, value)),
    "codeLens": ("code_lens", _parse_flag),
    "maxWorkspaceFiles": ("max_workspace_files", lambda value: _parse_count(value, 100_000)),
    "configuration": ("configuration", _parse_text),
    "model": ("model", _parse_text),
    "team": ("team", _parse_team),
}
assert {name for name, _ in _PARSERS.values()} | {"overrides"} == {one.name for one in fields(EditorSettings)}
