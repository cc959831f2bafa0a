"""CodeQL's test folders: which query a test runs, on which files, and where it alerts. Text in, values out."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

from dataset_curation.errors import CurationError
from graph_model.catalogue import load_catalogue
from graph_model.languages import Family

_ALERT = re.compile(r"^\| (?P<file>[^|]*?):(?P<line>\d+):\d+:(?P<end_line>\d+):\d+ \|")
_SECTION = re.compile(r"^[#\w]+$")
_QUERY = re.compile(r"^\s*query:\s*(?P<path>\S.*?)\s*$", re.M)


@dataclass(frozen=True, slots=True, order=True)
class Alert:
    """Where a query alerts: file relative to the test folder, 1-based lines, both included."""

    file: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class QueryTest:
    """One test: `folder` from the repository's root, `query` as in the label table, its labels and its alerts."""

    family: Family
    folder: str
    query: str
    labels: tuple[str, ...]
    alerts: tuple[Alert, ...]


@cache
def load_label_table() -> Mapping[tuple[Family, str], tuple[str, ...]]:
    """Labels by family and query path. Raises CurationError for a label that the catalogue lacks."""
    text = files("dataset_curation.sources").joinpath("fixture_labels.toml").read_text("utf-8")
    known = {label.id for label in load_catalogue()}
    table: dict[tuple[Family, str], tuple[str, ...]] = {}
    for family, queries in tomllib.loads(text).items():
        for query, labels in queries.items():
            unknown = [label for label in labels if label not in known]
            if unknown:
                raise CurationError(
                    f"fixture_labels.toml: {query}: expected labels of the catalogue, found {unknown[0]}"
                )
            table[(Family(family), query)] = tuple(labels)
    return table


def parse_reference(text: str) -> str:
    """The query path that a .qlref names, "" when it names none."""
    match = _QUERY.search(text)
    path = match["path"] if match else next((line for line in text.splitlines() if line.strip()), "")
    return path.strip().strip("'\"").removeprefix("./")


def parse_alerts(text: str) -> Iterator[Alert]:
    """The alerts of an .expected file: rows of `#select`, or all rows of a file without sections."""
    section = "#select"
    for line in text.splitlines():
        if _SECTION.match(line):
            section = line
        elif section == "#select":
            match = _ALERT.match(line)
            if match:
                yield Alert(match["file"], int(match["line"]), int(match["end_line"]))


def make_test(reference_path: str, reference: str, expected: str) -> QueryTest | None:
    """The test of a .qlref with its .expected text; None when the label table does not know its query."""
    family = Family(reference_path.partition("/")[0])
    query = parse_reference(reference)
    labels = load_label_table().get((family, query))
    if labels is None:
        return None
    folder = PurePosixPath(reference_path).parent.as_posix()
    return QueryTest(family, folder, query, labels, tuple(sorted(set(parse_alerts(expected)))))


def group_folders(tests: Iterable[QueryTest]) -> dict[str, str]:
    """The split unit of each folder: folders that share a query, even over others, share a unit named by a query."""
    root: dict[str, str] = {}

    def find(key: str) -> str:
        root.setdefault(key, key)
        while root[key] != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    folders: dict[str, str] = {}
    for test in tests:
        query = f"{test.family.value}:{test.query}"
        known = folders.setdefault(test.folder, query)
        first, second = sorted((find(known), find(query)))
        root[second] = first
    return {folder: f"codeql/{find(query)}" for folder, query in folders.items()}
