"""Manifests: which repositories the data come from, pinned by commit, with licence, checksum and line counts.

`sources.toml` says what people chose: roles, and below them repositories by family. `repositories.jsonl` is made of it
and of the clones. Both hold facts only.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any  # values of files are what the file says until checked here

from dataset_curation.clones import Clone, find_clone
from dataset_curation.errors import CloneError, ManifestError
from dataset_curation.filters.licences import FILE_NAME, OWN, UNKNOWN, detect_licence, is_permissive
from dataset_curation.filters.off_limits import check_repository, normalise_repository
from dataset_curation.sampling import Limits
from dataset_curation.selection import Tally, select_files
from graph_model.languages import Family

SOURCES_NAME = "sources.toml"
REPOSITORIES_NAME = "repositories.jsonl"
_LIMITS = "harvest-limits"


class Role(StrEnum):
    """What a repository is for. A repository has one role."""

    TRAIN = "train"  # harvested, mined for fixes, and given defects
    GATE = "gate"  # harvested whole and triaged by reading, never trained on
    MEASURE = "measure"  # popular packages on which false alarms are counted, never trained on
    READING = "reading"  # whose first findings are read, never trained on
    FIXES = "fixes"  # harvested, and mined for fixes
    PAIRS = "pairs"  # fixes that advisories name, under any licence: a pair says whether it may be trained on
    FIXTURES = "fixtures"  # analysers' tests
    ADVISORIES = "advisories"  # names of fix commits


TRAINED = frozenset({Role.TRAIN, Role.FIXES, Role.PAIRS, Role.FIXTURES})
LICENSED = frozenset({Role.TRAIN, Role.GATE, Role.FIXES, Role.FIXTURES})
_UNCOUNTED = frozenset({Role.PAIRS, Role.ADVISORIES, Role.FIXTURES})  # not harvested


@dataclass(frozen=True, slots=True)
class Entry:
    """One repository: `commit` and `tree` are git's ids (the tree is the checksum of all files), `group` is shared by
    forks and is the unit of splits, `lines` counts the selected code by language, `num_files` its files."""

    repository: str
    role: Role
    family: str
    commit: str
    tree: str
    licence: str
    group: str
    num_files: int = 0
    lines: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """One line, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> "Entry":
        """What `to_json` wrote. Raises ManifestError."""
        try:
            values: dict[str, Any] = json.loads(line)
            return cls(**{**values, "role": Role(values["role"])})
        except (TypeError, ValueError, KeyError) as error:
            raise ManifestError(f"{REPOSITORIES_NAME}: expected an entry, found {error}") from error


@dataclass(frozen=True, slots=True)
class Choice:
    """A repository that somebody chose, before it is pinned."""

    repository: str
    role: Role
    family: str
    group: str


def read_choices(path: Path) -> tuple[Choice, ...]:
    """The choices of `sources.toml`. Raises ManifestError, and OffLimitsError for what must not be used."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(f"{path.name}: {error}") from error
    groups: Mapping[str, str] = tables.pop("groups", {})
    tables.pop(_LIMITS, None)
    choices: list[Choice] = []
    for role_name, families in tables.items():
        role = _parse_role(role_name, path.name)
        for family, repositories in families.items():
            choices.extend(Choice(name, role, family, groups.get(name, name)) for name in repositories)
    _check_choices(choices, path.name)
    return tuple(choices)


def read_limits(path: Path) -> Limits:
    """What a harvested repository gives at most, as `sources.toml` says; else no limit. Raises ManifestError."""
    try:
        return Limits(**tomllib.loads(path.read_text("utf-8")).get(_LIMITS, {})) if path.is_file() else Limits()
    except (OSError, TypeError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(f"{path.name}: {_LIMITS}: {error}") from error


def _parse_role(name: str, file_name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise ManifestError(f"{file_name}: role: expected one of {', '.join(Role)}, found {name}") from None


def _check_choices(choices: Iterable[Choice], file_name: str) -> None:
    families = {family.value for family in Family} | {"mixed"}
    seen: dict[str, Role] = {}
    for choice in choices:
        check_repository(choice.repository, is_training=choice.role in TRAINED)
        if choice.family not in families:
            raise ManifestError(f"{file_name}: {choice.repository}: family: found {choice.family}")
        for name in {normalise_repository(choice.repository), normalise_repository(choice.group)}:
            known = seen.setdefault(name, choice.role)
            if known is not choice.role and {known, choice.role} - TRAINED:
                raise ManifestError(
                    f"{file_name}: {choice.repository}: expected one role, found {known} and {choice.role}"
                )


def read_entries(path: Path) -> tuple[Entry, ...]:
    """The entries of `repositories.jsonl`. Raises ManifestError."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise ManifestError(f"{path.name}: expected a manifest, found {error.strerror}") from error
    return tuple(Entry.from_json(line) for line in lines if line.strip())


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Writes entries sorted by role and name."""
    order = list(Role)
    ordered = sorted(entries, key=lambda one: (order.index(one.role), one.family, one.repository.lower()))
    path.write_text("".join(f"{entry.to_json()}\n" for entry in ordered), "utf-8")


def pin_choice(choice: Choice, clones: Path, revision: str = "HEAD", licence: str = "") -> tuple[Entry, Tally]:
    """The manifest entry of a choice at a revision of its clone; `licence` is what is known, else the files are read.

    Raises CloneError, and ManifestError for a licence that does not allow the role.
    """
    clone = find_clone(clones, choice.repository)
    commit = clone.resolve(revision)
    licence = licence or read_licence(clone, commit)
    if choice.role in LICENSED and licence != OWN and not is_permissive(licence):
        raise ManifestError(f"{choice.repository}: licence: expected a permissive one, found {licence}")
    lines: dict[str, int] = {}
    num_files = 0
    tally = Tally()
    if choice.role not in _UNCOUNTED:
        for file in select_files(clone, commit, tally):
            num_files += 1
            lines[file.language.name] = lines.get(file.language.name, 0) + file.source.num_lines
    entry = Entry(
        repository=choice.repository,
        role=choice.role,
        family=choice.family,
        commit=commit,
        tree=clone.tree_id(commit),
        licence=licence,
        group=choice.group,
        num_files=num_files,
        lines=dict(sorted(lines.items())),
    )
    return entry, tally


def read_licence(clone: Clone, commit: str) -> str:
    """The licence that the files at the top of a commit name; the most restrictive when several do."""
    listing = clone.run("ls-tree", "-z", commit).decode("utf-8", "replace")
    blobs = [
        meta.split()[2]
        for meta, _, name in (line.partition("\t") for line in listing.split("\0"))
        if _is_licence(meta, name)
    ]
    found = [detect_licence((raw or b"").decode("utf-8", "replace")) for _, raw in clone.read_blobs(blobs)]
    known = [one for one in found if one != UNKNOWN]
    return next((one for one in known if not is_permissive(one)), known[0] if known else UNKNOWN)


def _is_licence(meta: str, name: str) -> bool:
    return meta.split()[1:2] == ["blob"] and FILE_NAME.fullmatch(name) is not None


def check_entries(entries: Iterable[Entry], clones: Path) -> Iterator[str]:
    """What disagrees between a manifest and the clones, one line each; nothing when all is well."""
    for entry in entries:
        try:
            tree = find_clone(clones, entry.repository).tree_id(entry.commit)
        except CloneError as error:
            yield f"{entry.repository}: {error}"
            continue
        if tree != entry.tree:
            yield f"{entry.repository}: tree: expected {entry.tree}, found {tree}"
