import json
from pathlib import Path
from typing import Any  # a JSON document

import numpy as np
import pytest

from benchmarks.evaluation.parts import EvaluationError
from benchmarks.evaluation.rows import TriagedRow
from benchmarks.evaluation.sarif import read_tool, rule_cwes, tree_path
from graph_model.candidates.model import Candidate
from graph_model.encoder import FunctionGraph

NOTHING = np.zeros(0, dtype=np.int32)
GRAPH = FunctionGraph(
    token_ids=NOTHING,
    token_offsets=NOTHING,
    edge_index=NOTHING.reshape(2, 0),
    edge_type=np.zeros(0, dtype=np.int8),
    spans=NOTHING.reshape(0, 2),
    metrics=np.zeros(0, dtype=np.float32),
)
REPOSITORIES = ("o/n", "o/m")


def _row(path: str = "a/ä.py", lines: tuple[int, int] = (4, 6)) -> TriagedRow:
    candidate = Candidate("security/command-injection", path, 0, 1, 0, 1, "", "", (), ())
    return TriagedRow("o/n", path, 5, *lines, "python", candidate.label, True, 1.0, candidate, GRAPH, "")


def _result(uri: str, region: dict[str, int], base: str = "") -> dict[str, Any]:
    artifact = {"uri": uri, **({"uriBaseId": base} if base else {})}
    return {"ruleId": "B605", "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]}


def _write(place: Path, *results: dict[str, Any]) -> Path:
    rules = [{"id": "B605", "properties": {"tags": ["security", "external/cwe/cwe-078"]}}]
    run = {
        "tool": {"driver": {"name": "t", "rules": rules}},
        "originalUriBaseIds": {"ROOT": {"uri": "file:///trees/"}},
        "results": list(results),
    }
    file = place / "tool.sarif"
    file.write_text(json.dumps({"version": "2.1.0", "runs": [run]}), "utf-8")
    return file


@pytest.mark.parametrize(
    ("region", "is_hit"),
    [
        ({"startLine": 3}, False),
        ({"startLine": 3, "endLine": 4}, True),
        ({"startLine": 4}, True),
        ({"startLine": 6, "endLine": 9}, True),
        ({"startLine": 7}, False),
        ({"startLine": 1, "endLine": 9}, True),
    ],
)
def test_result_counts_on_the_lines_of_the_statement(tmp_path: Path, region: dict[str, int], is_hit: bool) -> None:
    tool = read_tool("t", [_write(tmp_path, _result("o+n/a/%C3%A4.py", region))], REPOSITORIES)
    found = tool.on(_row())
    assert bool(found) == is_hit
    assert [one.cwes for one in found] == [frozenset({78})] * is_hit
    assert tool.families == {"python"}


def test_another_file_or_repository_is_no_hit(tmp_path: Path) -> None:
    results = [_result("o+n/b.py", {"startLine": 5}), _result("o+m/a/%C3%A4.py", {"startLine": 5})]
    tool = read_tool("t", [_write(tmp_path, *results)], REPOSITORIES)
    assert tool.on(_row()) == []


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("o+n/a.py", "o+n/a.py"),
        ("./o+n/a%20b.py", "o+n/a b.py"),
        ("file:///home/me/trees/o+n/a.py", "o+n/a.py"),
        ("..\\trees\\o+n\\a.py", "o+n/a.py"),
        ("elsewhere/a.py", ""),
        ("", ""),
    ],
)
def test_address_to_path_below_the_trees(uri: str, path: str) -> None:
    assert tree_path(uri, {"o+n"}) == path


def test_base_address_is_followed(tmp_path: Path) -> None:
    tool = read_tool("t", [_write(tmp_path, _result("o+n/a/ä.py", {"startLine": 5}, "ROOT"))], REPOSITORIES)
    assert len(tool.on(_row())) == 1


def test_result_without_a_line_is_left_out(tmp_path: Path) -> None:
    file = _write(tmp_path, _result("o+n/a/ä.py", {}), _result("o+n/a/ä.py", {"startLine": 5}))
    assert len(read_tool("t", [file], REPOSITORIES).on(_row())) == 1


@pytest.mark.parametrize(
    ("rule", "cwes"),
    [
        ({"id": "a"}, set()),
        ({"properties": {"tags": ["external/cwe/cwe-079", "CWE-20: Improper input"]}}, {79, 20}),
        ({"relationships": [{"target": {"id": "CWE-89"}}]}, {89}),
        ({"properties": {"tags": ["security"]}}, set()),
    ],
)
def test_cwes_of_a_rule(rule: dict[str, Any], cwes: set[int]) -> None:
    assert rule_cwes(rule) == cwes


@pytest.mark.parametrize("text", ["", "[]", '{"runs": [{}]}', '{"runs": 3}'])
def test_what_is_no_sarif_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.sarif"
    file.write_text(text, "utf-8")
    with pytest.raises(EvaluationError, match=r"x\.sarif: expected SARIF 2\.1\.0"):
        read_tool("t", [file], REPOSITORIES)


def test_results_elsewhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"t: expected results on paths like o\+m/file, found none"):
        read_tool("t", [_write(tmp_path, _result("src/a.py", {"startLine": 1}))], REPOSITORIES)
