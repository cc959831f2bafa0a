"""Results of any tool in SARIF 2.1.0, and which rows they lie on.

Paths are those of a run over the folder that `reviewer curate checkout` makes: `owner+name/path`, from whatever root.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # a JSON document
from urllib.parse import unquote, urlsplit

from benchmarks.evaluation.parts import EvaluationError
from benchmarks.evaluation.rows import TriagedRow
from dataset_curation.harvesting import file_name
from graph_model.languages import LANGUAGES

_CWE = re.compile(r"cwe[-_ /]?0*(\d+)", re.I)
_FAMILY_OF = {suffix: language.family.value for language in LANGUAGES for suffix in language.suffixes}


@dataclass(frozen=True, slots=True)
class Result:
    """One result: path below the folder of trees, lines (1-based, both included), rule, CWEs of the rule."""

    path: str
    first_line: int
    last_line: int
    rule: str
    cwes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Tool:
    """The results of one tool over all trees, by path. `families` are the languages it found anything in.

    `num_unread` files it could not parse, or was not through with in time.
    """

    name: str
    results: Mapping[str, Sequence[Result]]
    num_unread: int = 0

    @property
    def families(self) -> frozenset[str]:
        """Languages of the files with a result."""
        suffixes = {Path(path).suffix.lower() for path in self.results}
        return frozenset(_FAMILY_OF[suffix] for suffix in suffixes if suffix in _FAMILY_OF)

    @property
    def names_cwes(self) -> bool:
        """Whether the rule of any result names a CWE."""
        return any(one.cwes for found in self.results.values() for one in found)

    def on(self, row: TriagedRow) -> list[Result]:
        """The results on the lines of a row's statement."""
        path = f"{file_name(row.repository)}/{row.path}"
        return [
            one
            for one in self.results.get(path, ())
            if one.first_line <= row.last_line and one.last_line >= row.first_line
        ]


def read_tool(name: str, files: Iterable[Path], repositories: Iterable[str]) -> Tool:
    """The results of a tool's files that lie in trees of these repositories. Raises EvaluationError for no SARIF."""
    folders = {file_name(one) for one in repositories}
    found = read_results(files, folders)
    if not found:
        raise EvaluationError(
            f"{name}: expected results on paths like {min(folders, default='owner+name')}/file, found none"
        )
    return Tool(name, found)


def read_results(files: Iterable[Path], folders: set[str]) -> dict[str, list[Result]]:
    """The results below these folders by path, none for a tool that is silent. Raises EvaluationError for no SARIF."""
    by_path: dict[str, list[Result]] = defaultdict(list)
    for file in files:
        for result in _read(file, folders):
            by_path[result.path].append(result)
    return dict(by_path)


def _read(file: Path, folders: set[str]) -> Iterator[Result]:
    try:
        document = json.loads(file.read_text("utf-8"))
        for run in document["runs"]:
            yield from _read_run(run, folders)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(f"{file.name}: expected SARIF 2.1.0, found {type(error).__name__}: {error}") from error


def _read_run(run: Mapping[str, Any], folders: set[str]) -> Iterator[Result]:
    parts = [run["tool"]["driver"], *run["tool"].get("extensions", ())]
    cwes = {rule["id"]: rule_cwes(rule) for part in parts for rule in part.get("rules", ())}
    bases = {name: str(one.get("uri", "")) for name, one in run.get("originalUriBaseIds", {}).items()}
    for result in run.get("results") or ():
        rule = result.get("ruleId") or result.get("rule", {}).get("id", "")
        for location in result.get("locations", ()):
            place = location.get("physicalLocation", {})
            artifact, region = place.get("artifactLocation", {}), place.get("region", {})
            uri = bases.get(artifact.get("uriBaseId", ""), "") + str(artifact.get("uri", ""))
            path = tree_path(uri, folders)
            if path and "startLine" in region:
                first = int(region["startLine"])
                yield Result(path, first, int(region.get("endLine", first)), rule, cwes.get(rule, frozenset()))


def rule_cwes(rule: Mapping[str, Any]) -> frozenset[int]:
    """The CWEs that a rule's tags, properties and relationships name."""
    named = (rule.get("properties"), rule.get("relationships"))
    return frozenset(int(found) for found in _CWE.findall(json.dumps(named)))


def tree_path(uri: str, folders: set[str]) -> str:
    """The part of an address from the folder of a tree on, "" when there is none."""
    parts = unquote(urlsplit(uri).path).replace("\\", "/").split("/")
    start = next((idx for idx, part in enumerate(parts) if part in folders), None)
    return "" if start is None else "/".join(parts[start:])
