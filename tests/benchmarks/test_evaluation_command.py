"""The command on two small repositories of the gate, from clones to tables, and what planted scorers get."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any  # a JSON document

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.evaluation import evaluation
from benchmarks.evaluation.figures import make_cell
from benchmarks.evaluation.parts import Context
from benchmarks.evaluation.reliability import gap_by_luck, judge_reliability
from benchmarks.evaluation.rows import Triaged, describe, load_triaged, natural_weights
from benchmarks.evaluation.scorers import Scores, only_rung, score_rows, share_elsewhere, shown
from benchmarks.evaluation.testing import make_context
from benchmarks.evaluation.triaged import judge
from dataset_curation.cli import curate
from dataset_curation.testing import MIT, SmallRepository
from graph_model.ladder import Rung

HARMFUL = """import os
from flask import Flask, request
app = Flask(__name__)


@app.route("/ä")
def view():
    os.system(
        "ls " + request.args["q"])
"""
HARMLESS = """import os
from flask import Flask, request
app = Flask(__name__)


@app.route("/b")
def remove():
    name = "du " + request.args["name"]
    os.system(name)
    return name
"""
LABEL = "security/command-injection"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("evaluation")
    clones = place / "clones"
    commits = {}
    for name, text in (("a/one", HARMFUL), ("b/two", HARMLESS)):
        commits[name] = SmallRepository(clones, name).commit("all", {"LICENSE": MIT, "app.py": text, "empty.py": ""})
    (place / "manifests").mkdir()
    (place / "manifests" / "sources.toml").write_text('[gate]\npython = ["a/one", "b/two"]\n', "utf-8")
    pinned = CliRunner().invoke(curate, ["manifest", "--clones", str(clones), "--manifests", str(place / "manifests")])
    assert pinned.exit_code == 0, pinned.output
    verdicts = [
        _verdict("a/one", commits["a/one"], (8, 5), "harmful"),
        _verdict("b/two", commits["b/two"], (9, 5), "harmless"),
        _verdict("b/two", commits["b/two"], (2, 1), "harmful"),
    ]
    (place / "triage").mkdir()
    (place / "triage" / "gate.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in verdicts), "utf-8")
    return place


def _verdict(repository: str, commit: str, place: tuple[int, int], verdict: str) -> dict[str, object]:
    line, column = place
    values = {"repository": repository, "commit": commit, "path": "app.py", "line": line, "column": column}
    return {**values, "label": LABEL, "verdict": verdict, "reason": "for a test", "reader": "ada"}


@pytest.fixture(scope="module")
def context(place: Path) -> Context:
    return make_context(place)


@pytest.fixture(scope="module")
def triaged(context: Context) -> Triaged:
    return load_triaged(context)


def _run(place: Path, *options: str | Path) -> tuple[str, dict[str, Any]]:
    folders = [part for name in ("clones", "data", "manifests", "triage") for part in (f"--{name}", str(place / name))]
    output = place / "evaluation.json"
    arguments = [*folders, "--part", "triaged", "--samples", "20", "--output", str(output), *map(str, options)]
    done = CliRunner().invoke(evaluation, arguments)
    assert done.exit_code == 0, done.output
    return done.output, json.loads(output.read_text("utf-8"))


def test_rows_are_found_at_their_places(triaged: Triaged) -> None:
    places = [(row.place, row.first_line, row.last_line, row.is_harmful) for row in triaged.rows]
    assert places == [("a/one app.py:8", 8, 9, True), ("b/two app.py:9", 9, 9, False)]
    assert triaged.verdicts == {"harmful": 2, "harmless": 1}
    assert list(triaged.groups) == [0, 1]


def test_who_is_not_found_is_counted_and_named(triaged: Triaged) -> None:
    lines = describe(triaged)
    assert lines[0] == "3 candidates read: 2 harmful, 1 harmless."
    assert lines[1] == "2 judged in 2 repositories. No candidates any more: 1 harmful."
    assert lines[3:] == [f"harmful, and no candidate any more: b/two app.py:2:1 {LABEL}"]


def test_the_read_stand_for_their_stratum() -> None:
    read = [("python", "a"), ("python", "a"), ("java", "b")]
    every = {("python", "a"): 6, ("java", "b"): 1, ("java", "c"): 50}
    assert natural_weights(read, every) == pytest.approx([9 / 7, 9 / 7, 3 / 7])


def test_command_gives_tables_and_json_that_agree(place: Path) -> None:
    text, document = _run(place)
    part = document["triaged"]
    assert "all: n 2, harmful 1, repositories 2, natural share 0.500" in text
    assert [cell["name"] for cell in part["cells"]] == ["all", "all, each row once"]
    names = [one["name"] for one in part["cells"][0]["scorers"]]
    assert names[:3] == [
        "bundle as shipped",
        "bundle, before calibration",
        "bundle, calibrated without the repository",
    ]
    assert {f"rung: {rung}" for rung in Rung} <= set(names)
    assert sum(name.startswith("dummy: ") for name in names) == 6
    assert "metric forest, other repositories" in names
    assert [row["harmful"] for row in part["rows"]] == [True, False]
    assert part["missing"][0]["verdict"] == "harmful"
    assert (text, document) == _run(place)


def test_installed_tools_read_the_files_of_the_rows(place: Path) -> None:
    _, document = _run(place)
    found = {one["title"].partition(", beside")[0]: one for one in document["triaged"]["alarms"]}
    assert {"Bandit, any rule", "Bandit, rules of the label's CWE", "Ruff S, any rule"} <= set(found)
    own = found["Bandit, any rule"]
    assert (own["rows"], own["alarms"], own["scorers"][0]["recall"][0]) == (2, 2, 1)


def test_another_tool_is_judged_on_the_same_rows(place: Path) -> None:
    rule = {"id": "S605", "properties": {"tags": ["external/cwe/cwe-78"]}}
    region = {"startLine": 9, "endLine": 9}  # the second line of the harmful statement
    location = {"physicalLocation": {"artifactLocation": {"uri": "a+one/app.py"}, "region": region}}
    results = [{"ruleId": "S605", "locations": [location]}]
    sarif = place / "tool.sarif"
    sarif.write_text(json.dumps({"runs": [{"tool": {"driver": {"rules": [rule]}}, "results": results}]}), "utf-8")
    text, document = _run(place, "--sarif", f"tool={sarif}")
    found = {one["title"]: one for one in document["triaged"]["alarms"]}
    for kind in ("any rule", "rules of the label's CWE"):
        one = found[f"tool, {kind}, beside the same number of alarms: python, labels with a CWE"]
        assert (one["rows"], one["alarms"]) == (2, 1)
        assert one["scorers"][0]["precision"][0] == one["scorers"][0]["recall"][0] == 1
    assert "tool, any rule, beside the same number of alarms: python: n 2, harmful 1" in text


def test_tool_whose_rules_name_no_cwe_is_compared_by_any_rule_only(place: Path) -> None:
    location = {"physicalLocation": {"artifactLocation": {"uri": "b+two/app.py"}, "region": {"startLine": 9}}}
    results = [{"ruleId": "S605", "locations": [location]}]
    sarif = place / "plain.sarif"
    sarif.write_text(json.dumps({"runs": [{"tool": {"driver": {}}, "results": results}]}), "utf-8")
    _, document = _run(place, "--sarif", f"plain={sarif}")
    alarms = document["triaged"]["alarms"]
    compared = {one["title"]: one["scorers"][0] for one in alarms if one["title"].startswith("plain, ")}
    assert [title.partition(", beside")[0] for title in compared] == ["plain, any rule"] * 2
    assert all(one["precision"][0] == one["recall"][0] == 0 for one in compared.values())


@pytest.mark.parametrize("value", ["tool", "=x", "tool=nowhere.sarif"])
def test_wrong_sarif_option_is_refused(place: Path, value: str) -> None:
    folders = [part for name in ("clones", "manifests", "triage") for part in (f"--{name}", str(place / name))]
    done = CliRunner().invoke(evaluation, [*folders, "--data", str(place / "data"), "--sarif", value])
    assert done.exit_code == 2
    assert f"expected NAME=FILE with a file that exists, found {value}" in done.output


def test_verdicts_at_another_commit_are_refused(place: Path, tmp_path: Path) -> None:
    row = _verdict("a/one", "0" * 40, (8, 5), "harmful")
    (tmp_path / "gate.jsonl").write_text(json.dumps(row), "utf-8")
    folders = [part for name in ("clones", "data", "manifests") for part in (f"--{name}", str(place / name))]
    done = CliRunner().invoke(evaluation, [*folders, "--triage", str(tmp_path)])
    assert done.exit_code == 1
    assert "a/one: commit: expected verdicts at" in done.output


def test_no_verdicts_are_refused(place: Path, tmp_path: Path) -> None:
    folders = [part for name in ("clones", "data", "manifests") for part in (f"--{name}", str(place / name))]
    done = CliRunner().invoke(evaluation, [*folders, "--triage", str(tmp_path)])
    assert done.exit_code == 1
    assert "expected verdicts on repositories of the gate, found none" in done.output


def test_repository_of_the_outside_exam_is_refused(place: Path, tmp_path: Path) -> None:
    entry = json.loads((place / "manifests" / "repositories.jsonl").read_text("utf-8").splitlines()[0])
    entry["repository"] = "SonarSource/sonar-python"
    (tmp_path / "repositories.jsonl").write_text(json.dumps(entry), "utf-8")
    folders = [part for name in ("clones", "data", "triage") for part in (f"--{name}", str(place / name))]
    done = CliRunner().invoke(evaluation, [*folders, "--manifests", str(tmp_path)])
    assert done.exit_code == 1
    assert "SonarSource/sonar-python" in done.output


def test_rungs_score_apart_from_what_ships(context: Context, triaged: Triaged) -> None:
    shipped = score_rows(context.bundle, triaged.rows)
    assert list(shipped) == list(score_rows(only_rung(context.bundle, Rung.LOGISTIC), triaged.rows))  # ships with it
    scored = {rung: tuple(score_rows(only_rung(context.bundle, rung), triaged.rows)) for rung in Rung}
    assert len(set(scored.values())) == len(Rung)
    assert len(set(scored[Rung.PRIOR])) == 1  # one label


def test_shown_follows_the_thresholds(context: Context, triaged: Triaged) -> None:
    threshold = next(
        one.threshold
        for name, one in zip(context.bundle.labels, context.bundle.judgements, strict=True)
        if name == LABEL
    )
    assert list(shown(context.bundle, triaged, np.array([threshold, threshold - 1e-4]))) == [True, False]


def test_share_of_a_label_never_reads_its_own_repository(triaged: Triaged) -> None:
    # Five rows' worth of the other repository's mean and the one row there: (1 * t + 5 * t) / 6.
    assert share_elsewhere(triaged) == pytest.approx([0.0, 1.0])
    flipped = replace(triaged, rows=tuple(replace(row, is_harmful=not row.is_harmful) for row in triaged.rows))
    assert share_elsewhere(flipped) == pytest.approx([1.0, 0.0])


def test_planted_scorers_get_what_they_must(triaged: Triaged) -> None:
    rows = np.arange(2)
    cell = make_cell("all", rows, triaged.targets, triaged.weights, triaged.groups, (20, 0))
    planted = {"perfect": triaged.targets, "constant": np.full(2, 0.5), "inverted": 1 - triaged.targets}
    constant = Scores("constant", planted["constant"][None])
    judged = {
        name: judge(cell, Scores(name, values[None], is_probability=True), constant).figures
        for name, values in planted.items()
    }
    assert {name: one["PR-AUC"].value for name, one in judged.items()} == {
        "perfect": 1.0,
        "constant": 0.5,
        "inverted": 0.5,
    }
    assert {name: one["Brier skill"].value for name, one in judged.items()} == {
        "perfect": 1.0,
        "constant": 0.0,
        "inverted": -3.0,
    }
    assert {name: one["ECE"].value for name, one in judged.items()} == pytest.approx(
        {"perfect": 0.0, "constant": 0.0, "inverted": 1.0}
    )
    assert "ECE" not in judge(cell, constant, constant).figures
    assert [one["PR-AUC over prior"].value for one in judged.values()] == [0.5, 0.0, 0.0]


def test_reliability_is_told_of_all_rows_and_of_shown_ones(place: Path) -> None:
    text, document = _run(place)
    part = document["triaged"]
    cells = {one["name"]: one for one in part["reliability"]}
    assert list(cells) == ["all", "all, each row once", "shown by default", "shown by default, each row once"]
    is_shown = [row["shown"] for row in part["rows"]]
    chances = [row["probability"] for row in part["rows"] if row["shown"]]
    assert cells["shown by default"]["rows"] == sum(is_shown) > 0
    (first, *_) = cells["shown by default, each row once"]["scorers"]
    assert first["name"] == "bundle as shipped"
    assert first["mean chance"][0] == pytest.approx(np.mean(chances), abs=1e-4)
    assert f"Reliability, shown by default: n {sum(is_shown)}," in text


def test_planted_chances_are_judged_where_they_are_shown(triaged: Triaged) -> None:
    chances = Scores("half", np.full((1, 2), 0.5), is_probability=True)
    length = Scores("length", np.array([[3.0, 4.0]]))
    cell = make_cell("all", np.arange(2), triaged.targets, np.ones(2), triaged.groups, (20, 0))
    scorers = [chances, length]
    everything, *shown = judge_reliability(triaged, [cell], np.array([True, False]), scorers, (20, 0))
    assert [name for name, _ in everything.rows] == ["half"]
    assert everything.rows[0][1]["ECE"].value == 0  # one of two is harmful
    assert [len(one.cell.rows) for one in shown] == [1, 1]
    figures = shown[0].rows[0][1]
    assert figures["ECE"].value == 0.5  # the one that is shown is harmful
    assert np.isnan(figures["Brier skill"].value)  # all alike: there is nothing to know
    assert judge_reliability(triaged, [], np.zeros(2, dtype=np.bool_), scorers, (20, 0)) == []


def test_few_rows_have_a_gap_though_every_chance_holds(triaged: Triaged) -> None:
    cell = make_cell("all", np.arange(2), triaged.targets, np.ones(2), triaged.groups, (20, 0))
    assert gap_by_luck(cell, np.array([0.0, 1.0]), 0).value == 0  # a sure thing leaves nothing to luck
    half = gap_by_luck(cell, np.array([0.5, 0.5]), 0)
    assert half.value == pytest.approx(0.25, abs=0.05)  # 0.5 in half of the draws, 0 in the other
    assert (half.low, half.high) == (0, 0.5)
