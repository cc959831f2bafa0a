"""linguist-generated and linguist-vendored from .gitattributes, in a repository and outside one.

https://github.com/github-linguist/linguist/blob/main/docs/overrides.md : `-name`, `!name` or `name=false` take it back.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from reviewer.errors import RepositoryError
from reviewer.ignoring import parse_patterns
from reviewer.ledger import SkipReason
from reviewer.plain_files import MAX_SETTINGS_BYTES, read_plain_file
from reviewer.repositories import Repository

_REASONS = {"linguist-generated": SkipReason.GENERATED, "linguist-vendored": SkipReason.VENDORED}
_NO = ("unset", "false", "0", "no")

Attributes = dict[str, dict[str, str]]  # path -> attribute -> value


def read_attributes(root: Path, repository: Repository | None, paths: Iterable[str]) -> Attributes:
    """The linguist attributes of paths relative to `root`; asks git in a repository, else reads the files itself."""
    wanted = tuple(paths)
    if repository is not None:
        try:
            prefix = root.relative_to(repository.root).as_posix()
            full = {path if prefix == "." else f"{prefix}/{path}": path for path in wanted}
            found = repository.read_attributes(tuple(full), tuple(_REASONS))
        except RepositoryError:
            return parse_attributes(lambda path: _read_text(root / path), wanted)
        attributes: Attributes = {}
        for (path, name), value in found.items():
            attributes.setdefault(full[path], {})[name] = value
        return attributes
    return parse_attributes(lambda path: _read_text(root / path), wanted)


def find_reason(attributes: Mapping[str, str]) -> SkipReason | None:
    """Why a file with these attributes is skipped, None when it is not."""
    for name, reason in _REASONS.items():
        if attributes.get(name, "unset") not in _NO:
            return reason
    return None


def is_declared_written(attributes: Mapping[str, str]) -> bool:
    """Whether the project says that a file is not generated, whatever it looks like."""
    return attributes.get("linguist-generated") in _NO


def is_declared_own(attributes: Mapping[str, str]) -> bool:
    """Whether the project says that a file is no copy of somebody else's, wherever it lies."""
    return attributes.get("linguist-vendored") in _NO


def parse_attributes(read_text: Callable[[str], str | None], paths: Iterable[str]) -> Attributes:
    """The same without git: deeper files win, then later lines. `read_text` gives a .gitattributes file, or None."""
    rules: dict[str, list[tuple[GitIgnoreSpec, str, str]]] = {}
    attributes: Attributes = {}
    for path in paths:
        found: dict[str, str] = {}
        for folder in reversed(PurePosixPath(path).parents):
            name = folder.as_posix()
            if name not in rules:
                rules[name] = _parse_rules(read_text((folder / ".gitattributes").as_posix()) or "")
            inner = PurePosixPath(path).relative_to(folder).as_posix()
            found.update({attribute: value for spec, attribute, value in rules[name] if spec.match_file(inner)})
        attributes[path] = {name: value for name, value in found.items() if value != "unspecified"}
    return attributes


def _read_text(file: Path) -> str | None:
    try:
        return read_plain_file(file, MAX_SETTINGS_BYTES).decode("utf-8", "replace")
    except OSError:
        return None


def _parse_rules(text: str) -> list[tuple[GitIgnoreSpec, str, str]]:
    rules = []
    for line in text.splitlines():
        pattern, *settings = line.split() or [""]
        if pattern.startswith(("#", "[attr]", "!")):
            continue
        for setting in settings:
            name, value = _parse_setting(setting)
            if name in _REASONS:
                rules.append((parse_patterns([pattern]), name, value))
    return rules


def _parse_setting(setting: str) -> tuple[str, str]:
    if setting.startswith("-"):
        return setting[1:], "unset"
    if setting.startswith("!"):
        return setting[1:], "unspecified"
    name, equals, value = setting.partition("=")
    return name, value if equals else "set"
