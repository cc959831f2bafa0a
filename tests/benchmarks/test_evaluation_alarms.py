"""Part "alarms": counts of a small package by hand, and thresholds at equal recall."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.evaluation.alarms import count_shown, describe_tools, find_threshold, rate
from benchmarks.evaluation.installed_tools import count_rules, run_tools
from benchmarks.evaluation.packages import load_packages
from benchmarks.evaluation.parts import Context, EvaluationError
from benchmarks.evaluation.rows import Triaged
from benchmarks.evaluation.sarif import read_tool
from benchmarks.evaluation.testing import make_context
from dataset_curation.cli import curate
from dataset_curation.testing import MIT, SmallRepository
from graph_model.prediction import Predictor

RUNS = """import os
from flask import Flask, request
app = Flask(__name__)


@app.route("/run")
def view():
    os.system("ls " + request.args["q"])
    return "done"
"""


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    place = tmp_path_factory.mktemp("alarms")
    files = {"LICENSE": MIT, "app.py": RUNS, "tests/test_app.py": RUNS, "page.js": "eval(location.hash)\n"}
    SmallRepository(place / "clones", "a/one").commit("all", files)
    (place / "manifests").mkdir()
    (place / "manifests" / "sources.toml").write_text('[measure]\npython = ["a/one"]\n', "utf-8")
    folders = ["--clones", str(place / "clones"), "--manifests", str(place / "manifests")]
    pinned = CliRunner().invoke(curate, ["manifest", *folders])
    assert pinned.exit_code == 0, pinned.output
    return make_context(place)


def test_only_product_code_of_the_package_s_language_counts(context: Context) -> None:
    (package,) = load_packages(context)
    assert (package.num_lines, package.paths) == (9, frozenset({"app.py"}))
    assert package.labels.count("security/command-injection") == 1
    assert not any(label.startswith("security/dom") for label in package.labels)


def test_what_is_shown_passes_its_threshold(context: Context) -> None:
    (package,) = load_packages(context)
    predictor = Predictor(context.bundle)
    probability = dict(zip(package.labels, rate(predictor, package), strict=True))
    expected = {label for label, one in probability.items() if one >= predictor.thresholds[label]}
    assert set(count_shown(predictor, package)) == expected
    assert "security/command-injection" in expected


def test_no_packages_are_an_error(context: Context, tmp_path: Path) -> None:
    (tmp_path / "repositories.jsonl").write_text("", "utf-8")
    with pytest.raises(EvaluationError, match="expected repositories of role measure"):
        load_packages(replace(context, manifests=tmp_path))


class _Read:
    """Rows that were read, as far as thresholds ask."""

    targets = np.array([1.0, 0.0, 1.0, 1.0, 1.0])
    weights = np.array([1.0, 9.0, 1.0, 1.0, 1.0])


@pytest.mark.parametrize(("recall", "threshold"), [(0.25, 0.9), (0.26, 0.5), (0.5, 0.5), (1.0, 0.1)])
def test_thresholds_keep_a_share_of_the_harmful(recall: float, threshold: float) -> None:
    scores = np.array([0.9, 0.8, 0.5, 0.2, 0.1])
    read: Triaged = _Read()  # type: ignore[assignment]
    assert find_threshold(scores, read, recall) == threshold


def _sarif(place: Path, name: str, *results: tuple[str, str, int]) -> Path:
    """A file of results: rule, path below the trees, line."""
    rows = [
        {
            "ruleId": rule,
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}}],
        }
        for rule, uri, line in results
    ]
    file = place / f"{name}.sarif"
    file.write_text(json.dumps({"runs": [{"tool": {"driver": {}}, "results": rows}]}), "utf-8")
    return file


def test_another_tool_is_counted_on_the_same_product_code(context: Context, tmp_path: Path) -> None:
    results = [("B605", "a+one/app.py", 8), ("B404", "a+one/app.py", 1), ("B101", "a+one/tests/test_app.py", 8)]
    tool = read_tool("t", [_sarif(tmp_path, "python", *results)], ["a/one"])
    other = read_tool("u", [_sarif(tmp_path, "javascript", ("eval", "a+one/page.js", 1))], ["a/one"])
    packages = load_packages(context)
    (row,) = describe_tools([tool, other], packages, context)  # the other reads another language
    assert (row["packages"], row["lines"], row["alarms"]) == (1, 9, 2)  # two results on nine lines; tests do not count
    assert row["per 1,000 lines"] == [pytest.approx(2 / 9 * 1000, abs=1e-3)] * 3
    assert count_rules(tool, packages) == {"B605": 1, "B404": 1}


def test_installed_tools_read_product_code_alone(context: Context, tmp_path: Path) -> None:
    given = {"t": [_sarif(tmp_path, "python", ("B605", "a+one/app.py", 8))]}
    tools = {one.name: one for one in run_tools(replace(context, tools=given), load_packages(context))}
    assert set(tools["Ruff S"].results) == {"a+one/app.py"}
    assert [one.rule for one in tools["Ruff S"].results["a+one/app.py"]] == ["S605"]
    assert "Ruff S without assert" in tools
    assert "pylint" not in tools or not tools["pylint"].results  # flask is not missed
    assert set(tools["t"].results) == {"a+one/app.py"}
