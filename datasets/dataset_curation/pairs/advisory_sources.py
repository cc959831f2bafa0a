"""Advisories of every source in one form: how a fault is named, which commits mend it, and since when it is known.

Records that name a CVE or a repository of the outside exam are left out, and so is every other record that shares a
number with one of them. Databases are read from their clones without a YAML parser; the tables of the security patches
dataset at commits whose files are small enough to be in every copy of it.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any  # values of files are what the file says until checked here

from dataset_curation.clones import Clone, Commit
from dataset_curation.errors import CloneError, ManifestError, OffLimitsError
from dataset_curation.filters.off_limits import check_repository, check_text
from dataset_curation.pairs.advisories import parse_advisory
from dataset_curation.selection import Tally

ADVISORIES_NAME = "advisories.jsonl"
NUMBERS = r"CVE-[0-9]{4}-[0-9]{4,}|GHSA(-[0-9a-z]{4}){3}|PYSEC-[0-9]{4}-[0-9]+"
_NUMBER = re.compile(r"\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|PYSEC-\d{4}-\d+)\b", re.I)
_CWE = re.compile(r"\bCWE-\d+\b")
_ALIASES = re.compile(r"^aliases:\n((?:- .*\n?)+)", re.M)
_PUBLISHED = re.compile(r"^published: [\"']?(\d{4}-\d{2}-\d{2})", re.M)
_REVERT = re.compile(r"^(?:revert|reapply)\b", re.I)


class Source(StrEnum):
    """Where an advisory was read."""

    PYPA = "pypa"
    PROJECT_KB = "project-kb"
    SECURITY_PATCHES = "security-patches"  # GitHub's, OSV's and NVD's records up to 2023, as a table
    NODE = "node-security"
    LISTED = "listed"  # in the manifests: records of GitHub's database that no clone holds
    MESSAGE = "message"  # the commit's own message names the number


@dataclass(frozen=True, slots=True)
class Advisory:
    """One record: `names` are its numbers, its own first; `commits` are repository (lower case) and commit id, whole or
    abbreviated; `published` is a date or ""; `text` says what is wrong."""

    names: tuple[str, ...]
    commits: tuple[tuple[str, str], ...]
    source: Source
    cwes: tuple[str, ...] = ()
    published: str = ""
    text: str = ""


def find_numbers(text: str) -> tuple[str, ...]:
    """Every CVE, GHSA and PYSEC number of a text as such numbers are written, in order, without repeats."""
    found = (match[0] for match in _NUMBER.finditer(text))
    return tuple(dict.fromkeys(f"GHSA{one[4:].lower()}" if one[:4].upper() == "GHSA" else one.upper() for one in found))


def _make(source: Source, names: Iterable[str], text: str, cwes: str, published: str) -> Advisory:
    commits = tuple((advice.repository, advice.commit) for advice in parse_advisory(text, ""))
    known = tuple(dict.fromkeys(name for name in names if name))
    return Advisory(known, commits, source, tuple(dict.fromkeys(_CWE.findall(cwes))), published[:10], text)


def _parse_pypa(path: str, text: str) -> Iterator[Advisory]:
    aliases, published = _ALIASES.search(text), _PUBLISHED.search(text)
    names = (path.rpartition("/")[2].removesuffix(".yaml"), *find_numbers(aliases[1] if aliases else ""))
    yield _make(Source.PYPA, names, text, "", published[1] if published else "")


def _parse_statement(path: str, text: str) -> Iterator[Advisory]:
    yield _make(Source.PROJECT_KB, (path.split("/")[1],), text, "", "")


def _parse_node(_: str, text: str) -> Iterator[Advisory]:
    record = json.loads(text)
    names = (f"NSWG-ECO-{record.get('id')}", *(record.get("cves") or ()))
    yield _make(Source.NODE, names, text, text, str(record.get("publish_date") or ""))


def _parse_table(_: str, text: str) -> Iterator[Advisory]:
    for row in csv.DictReader(text.splitlines(keepends=True)):
        cells = {name: cell or "" for name, cell in row.items() if isinstance(name, str) and isinstance(cell, str)}
        name = cells.get("vuln_id") or cells.get("cve_id") or ""
        links = f"{cells.get('refs')} {cells.get('aliases')}"
        published = cells.get("published_date") or cells.get("publish_date") or ""
        cwes = cells.get("cwe_id") or cells.get("cwes") or ""
        yield _make(Source.SECURITY_PATCHES, (name, *find_numbers(links)), " ".join(cells.values()), cwes, published)


@dataclass(frozen=True, slots=True)
class _Place:
    """Files of a database: at the pinned commit, or at one that is known to hold them whole."""

    folder: str
    suffix: str
    parse: Callable[[str, str], Iterator[Advisory]]
    commit: str = ""


_DATABASES: Mapping[str, tuple[_Place, ...]] = {
    "pypa/advisory-database": (_Place("vulns", ".yaml", _parse_pypa),),
    "SAP/project-kb": (
        _Place("statements", "statement.yaml", _parse_statement, "730d2192bfa9b909246e02bc051e4fad2958a6d9"),
    ),
    "nodejs/security-wg": (_Place("vuln/npm", ".json", _parse_node),),
    "TQRG/security-patches-dataset": (
        _Place("data/osv", "all-osv-patches.csv", _parse_table, "c9b808678fda4e8926b32426743d74d649c6bf68"),
        _Place("data/nvd", "all-nvd-patches.csv", _parse_table, "b467675882128bcdb7464ba2fb3502412cb9fb87"),
        _Place("data/cve-details", "s-patches.csv", _parse_table, "ca0d2c708fa095639cb47a7546be9a3bab803547"),
    ),
}  # fmt: skip


def read_database(clone: Clone, repository: str, commit: str) -> Iterator[Advisory]:
    """The records of a database's clone at its pinned commit, those of the outside exam among them."""
    csv.field_size_limit(1 << 24)
    for place in _DATABASES.get(repository, ()):
        listed = clone.list_files(place.commit or commit, place.folder)
        files = [one for one in listed if one.path.endswith(place.suffix) and one.size >= 0]
        if not files:
            raise CloneError(f"{repository}: expected advisories in {place.folder}/*{place.suffix}, found none")
        for file, (_, raw) in zip(files, clone.read_blobs(one.blob for one in files), strict=True):
            yield from place.parse(file.path, (raw or b"").decode("utf-8", "replace"))


def read_listed(path: Path) -> Iterator[Advisory]:
    """The records of `advisories.jsonl`; nothing when there is no such file. Raises ManifestError."""
    if not path.is_file():
        return
    for line in path.read_text("utf-8").splitlines():
        try:
            row: dict[str, Any] = json.loads(line)
            commits = tuple((str(name).lower(), str(commit)) for name, commit in row["commits"])
            names = tuple(str(name) for name in row["names"])
            yield Advisory(names, commits, Source.LISTED, tuple(row["cwes"]), str(row["published"]), str(row["title"]))
        except (TypeError, KeyError, ValueError) as error:
            raise ManifestError(f"{path.name}: expected names, commits, cwes, published, title: {error}") from error


def read_message(repository: str, commit: Commit) -> Advisory | None:
    """What a commit's own message says; None when it names no advisory, or takes a fix back."""
    names = find_numbers(commit.message)
    if not names or _REVERT.match(commit.message):
        return None
    return Advisory(names, ((repository.lower(), commit.id),), Source.MESSAGE, text=commit.message)


def find_refused(advisories: Iterable[Advisory]) -> frozenset[str]:
    """Every number of a record that belongs to the outside exam: another source may know it by another of them."""
    refused: set[str] = set()
    for advisory in advisories:
        try:
            check_text(f"{' '.join(advisory.names)}\n{advisory.text}")
        except OffLimitsError:
            refused.update(advisory.names)
    return frozenset(refused)


def keep_allowed(advisories: Iterable[Advisory], refused: frozenset[str], tally: Tally) -> Iterator[Advisory]:
    """The records that are no part of the outside exam, each with the commits that are none."""
    for advisory in advisories:
        if refused.intersection(advisory.names):
            tally.drop("advisories", "off-limits")
            continue
        commits = tuple(one for one in advisory.commits if _is_allowed(one[0], tally))
        if commits:
            tally.keep("advisories")
            yield replace(advisory, commits=commits)
        else:
            tally.drop("advisories", "no-commit")


def _is_allowed(repository: str, tally: Tally) -> bool:
    try:
        check_repository(repository)
    except OffLimitsError:
        tally.drop("advised commits", "off-limits-repository")
        return False
    tally.keep("advised commits")
    return True


def merge_advisories(advisories: Iterable[Advisory]) -> dict[str, Advisory]:
    """By each number, all that is known under it but commits and text."""
    merged: dict[str, Advisory] = {}
    for advisory in advisories:
        for name in advisory.names:
            known = merged.get(name)
            if known is None:
                merged[name] = replace(advisory, commits=(), text="")
                continue
            dates = [one.published for one in (known, advisory) if one.published]
            merged[name] = replace(
                known,
                names=tuple(dict.fromkeys((*known.names, *advisory.names))),
                cwes=tuple(dict.fromkeys((*known.cwes, *advisory.cwes))),
                published=min(dates, default=""),
            )
    return merged


def read_databases(clones: Iterable[tuple[Clone, str, str]]) -> Iterator[Advisory]:
    """The records of all databases. Raises CloneError for one that cannot be read."""
    for clone, repository, commit in clones:
        try:
            yield from read_database(clone, repository, commit)
        except (json.JSONDecodeError, csv.Error) as error:
            raise CloneError(f"{repository}: expected advisories, found {error}") from error
