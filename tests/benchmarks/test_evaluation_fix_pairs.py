"""The part on a small repository whose fix an advisory names, from the clone to tables, and what planted flags get."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.evaluation import evaluation
from benchmarks.evaluation.fix_pairs import Flags, judge_pairs, list_cells, number_groups, reads_all
from benchmarks.evaluation.fixed_files import FOLDER, Spot, flag_spots, list_files
from benchmarks.evaluation.sarif import Result, Tool
from benchmarks.evaluation.testing import make_context
from dataset_curation.cli import curate
from dataset_curation.pairs.fix_pairs import FixPair, load_pairs
from dataset_curation.testing import MIT, SmallRepository
from graph_model.ladder import Rung

HEAD = "import os\nfrom flask import Flask, request\napp = Flask(__name__)\n\n\n"
VIEW = HEAD + '@app.route("/ä")\ndef view():\n    {}\n    return "x"\n'
BEFORE = VIEW.format('os.system("ls " + request.args["q"])')
AFTER = VIEW.format("print(request.path)")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fix_pairs")
    for name in ("a/one", "b/two"):
        repository = SmallRepository(place / "clones", name)
        repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE.replace("view", f"view_{name[0]}")})
        repository.commit(
            "Fix CVE-2099-1111", {"app.py": AFTER.replace("view", f"view_{name[0]}").replace('"x"', f'"{name}"')}
        )
    (place / "manifests").mkdir()
    (place / "triage").mkdir()
    sources = '[fixes]\npython = ["a/one"]\n[pairs]\npython = ["b/two"]\n'
    (place / "manifests" / "sources.toml").write_text(sources, "utf-8")
    folders = ["--clones", str(place / "clones"), "--manifests", str(place / "manifests")]
    for command in (["manifest", *folders], ["fix-pairs", *folders, "--data", str(place / "data"), "--jobs", "1"]):
        done = CliRunner().invoke(curate, command)
        assert done.exit_code == 0, done.output
    return place


@pytest.fixture(scope="module")
def pairs(place: Path) -> list[FixPair]:
    return list(load_pairs(place / "data", place / "manifests" / "fix_pairs.jsonl"))


def _options(place: Path) -> list[str]:
    return [part for name in ("clones", "data", "manifests", "triage") for part in (f"--{name}", str(place / name))]


def test_pairs_are_judged_on_both_sides(place: Path) -> None:
    output = place / "evaluation.json"
    arguments = [*_options(place), "--part", "fix-pairs", "--samples", "5", "--output", str(output)]
    done = CliRunner().invoke(evaluation, arguments)
    assert done.exit_code == 0, done.output
    document = json.loads(output.read_text("utf-8"))["fix-pairs"]
    assert document["pairs"] == 2
    (cell,) = document["cells"]
    scorers = {one["name"]: one for one in cell["scorers"]}
    assert scorers["every security candidate"]["both"] == [1.0, 1.0, 1.0]
    assert scorers["dummy: flag everything"]["both"] == [0.0, 0.0, 0.0]
    assert scorers["dummy: flag everything"]["found before"] == [1.0, 1.0, 1.0]
    assert scorers["Ruff S"]["both"] == [1.0, 1.0, 1.0]  # it reads the same code: os.system before, nothing after
    assert {f"rung: {rung}" for rung in Rung} <= set(scorers)
    alarms = [scorers[name]["found before"][0] for name in ("bundle as shipped", "rung: prior")]
    assert alarms == [1.0, 1.0]
    assert "Tools read 4 whole files of both sides; 0 functions stand alone." in done.output
    assert "2 pairs of 2 commits in 2 repositories; 0 of 2024 and later." in done.output
    assert "A security candidate vanishes in 2;" in done.output


def test_pairs_that_nobody_mined_are_said_to_be_missing(place: Path, tmp_path: Path) -> None:
    options = [*_options(place), "--data", str(tmp_path), "--part", "fix-pairs"]
    done = CliRunner().invoke(evaluation, options)
    assert done.exit_code == 0, done.output
    assert "not measured: fix_pairs.jsonl: expected pairs" in done.output


def test_records_that_lack_a_listed_pair_are_an_error(place: Path, tmp_path: Path) -> None:
    (tmp_path / "fix_pairs").mkdir()
    options = [*_options(place), "--data", str(tmp_path), "--part", "fix-pairs"]
    done = CliRunner().invoke(evaluation, options)
    assert done.exit_code == 1
    assert "expected a pair of a/one@" in done.output


def test_shares_of_planted_flags_are_what_they_are(pairs: list[FixPair]) -> None:
    flags = Flags("planted", np.array([[1.0, 0.5]]), np.array([[0.0, 1.0]]))
    ((name, figures),) = judge_pairs(pairs, np.arange(2), [flags], (3, 0))
    shares = {key: one.value for key, one in figures.items()}
    assert name == "planted"
    assert shares == {"found before": 0.75, "silent after": 0.5, "both": 0.5, "only after": 0.25}


def test_tools_read_whole_files_at_the_lines_of_the_function(place: Path, pairs: list[FixPair]) -> None:
    files = list_files(make_context(place), pairs)
    texts = {one.path: one.text for one in files.snippets}
    assert files.num_alone == 0
    for pair, before, after in zip(pairs, files.before, files.after, strict=True):
        for spot, text in ((before, pair.text_before), (after, pair.text_after)):
            lines = texts[spot.path].split("\n")[spot.lines.start - 1 : spot.lines.stop - 1]
            assert "\n".join(lines).strip() == text.strip()
            assert texts[spot.path].startswith(HEAD)


def test_function_without_a_clone_stands_alone(place: Path, pairs: list[FixPair], tmp_path: Path) -> None:
    context = replace(make_context(place), clones=tmp_path)
    files = list_files(context, pairs[:1])
    assert files.num_alone == 2
    assert {one.text for one in files.snippets} == {pairs[0].text_before, pairs[0].text_after}
    assert files.before[0].lines == range(1, pairs[0].text_before.count("\n") + 2)


@pytest.mark.parametrize(("lines", "is_hit"), [((1, 3), 0), ((1, 4), 1), ((6, 6), 1), ((7, 9), 0), ((1, 9), 1)])
def test_result_on_the_lines_of_a_function_flags_it(lines: tuple[int, int], is_hit: int) -> None:
    result = Result(f"{FOLDER}/a.py", *lines, "B605", frozenset())
    spots = [Spot("a.py", range(4, 7)), Spot("b.py", range(4, 7)), Spot("", range(0))]
    assert list(flag_spots(Tool("t", {result.path: [result]}), spots)) == [is_hit, 0, 0]


def test_tool_is_judged_on_the_languages_that_it_reads(pairs: list[FixPair]) -> None:
    nothing = np.zeros((1, 2))
    assert reads_all(Flags("t", nothing, nothing, frozenset({"python"})), pairs)
    assert not reads_all(Flags("t", nothing, nothing, frozenset({"javascript"})), pairs)
    assert reads_all(Flags("bundle", nothing, nothing), pairs)


def test_cells_that_are_too_small_are_left_out(pairs: list[FixPair]) -> None:
    assert [title for title, _ in list_cells(pairs, frozenset())] == ["all pairs"]
    many = [pairs[0]] * 60 + [pairs[1]]
    titles = [title for title, _ in list_cells(many, frozenset({"b/two"}))]
    assert "repositories that no bundle is trained on" in titles
    assert "family python" in titles
    assert "2024 and later" not in titles
    assert number_groups(pairs).tolist() == [0, 1]
