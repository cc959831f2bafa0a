"""Part "replays" on a small history: what the bot says of its changes, and which lines a later fix changed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any  # a JSON document

import pytest
from click.testing import CliRunner

from benchmarks.evaluation.added_lines import FOLDER, list_results
from benchmarks.evaluation.change_reviews import ChangeReviewer
from benchmarks.evaluation.comments import (
    EVERY,
    EVERY_SELECTED,
    SHOWN,
    Comment,
    Line,
    Told,
    describe_scorers,
    list_counts,
)
from benchmarks.evaluation.later_fixes import History, is_fix
from benchmarks.evaluation.parts import EvaluationError
from benchmarks.evaluation.replayed import ReplaysPart, find_text
from benchmarks.evaluation.sarif import Result, Tool
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING
from benchmarks.evaluation.testing import make_context
from dataset_curation.cli import curate
from dataset_curation.testing import MIT, SmallRepository
from graph_model.ladder import Rung
from integrations.analysis import Analyst
from integrations.replay import MergedChange, list_merged, replay
from reviewer.repositories import Repository
from reviewer.source import SourceFile

BEFORE = """import os
from flask import Flask, request
app = Flask(__name__)
"""
CHANGED = f"""{BEFORE}

@app.route("/run")
def view():
    os.system("ls " + request.args["q"])
    return "done"
"""
FIXED = CHANGED.replace('os.system("ls " + request.args["q"])', 'os.listdir(".")')
DRAWN = (Line("a.py", 1, "x", fix="f"), *(Line("a.py", line, "y") for line in (2, 3, 4)))
LATER = FIXED.replace('"done"', '"all done"')


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("replays")
    repository = SmallRepository(place / "clones", "a/one")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    repository.commit("run things", {"app.py": CHANGED}, days=1)
    repository.commit("notes", {"notes.txt": "nothing to review"}, days=1)
    repository.commit("Fix command injection", {"app.py": FIXED}, days=300)
    repository.commit("say all", {"app.py": LATER}, days=300)
    (place / "manifests").mkdir()
    (place / "manifests" / "sources.toml").write_text('[gate]\npython = ["a/one"]\n', "utf-8")
    folders = ["--clones", str(place / "clones"), "--manifests", str(place / "manifests")]
    pinned = CliRunner().invoke(curate, ["manifest", *folders])
    assert pinned.exit_code == 0, pinned.output
    return place


def test_a_comment_on_a_line_that_a_fix_changed_is_told(place: Path) -> None:
    document: dict[str, Any] = dict(ReplaysPart(5).measure(make_context(place)).document)
    (change,) = document["changes"]
    (comment,) = change["comments"]
    assert (comment["place"], comment["label"]) == ("app.py:8", "security/command-injection")
    subject = Repository(place / "clones" / "a/one").run("log", "-1", "--format=%s", comment["fix"])
    assert subject.strip() == b"Fix command injection"
    assert (change["drawn"], change["fixed"]) == (6, 1)
    everything = document["languages"][-1]
    assert everything["per_100_changes"][0] == 100
    assert everything["fixed_share"][0] == 1
    assert everything["drawn_share"][0] == pytest.approx(1 / 6, abs=1e-4)


def test_others_are_judged_on_the_same_added_lines(place: Path) -> None:
    document: dict[str, Any] = dict(ReplaysPart(5).measure(make_context(place)).document)
    (change,) = document["changes"]
    on_added = {name: [one["place"] for one in found] for name, found in change["on_added"].items()}
    assert on_added[SHOWN] == ["app.py:8"]
    assert "app.py:8" in on_added[EVERY_SELECTED]
    assert set(on_added[EVERY_SELECTED]) <= set(on_added[EVERY])
    assert on_added["Ruff S"] == ["app.py:8"]
    scorers = {one["scorer"]: one for one in document["scorers"][-1]["scorers"]}
    assert (scorers["Ruff S"]["comments"], scorers["Ruff S"]["fixed_later"]) == (1, 1)
    assert scorers["Ruff S"]["per_100_changes"][0] == 100
    assert scorers["rung: logistic, shown by default"]["comments"] <= 1
    assert "rung: network, likeliest" in scorers
    everything = scorers["dummy: flag everything"]
    assert everything["comments"] == change["added_lines"]
    assert everything["fixed_share"][0] == document["languages"][-1]["drawn_share"][0]


def test_reviews_say_what_the_bot_says(place: Path) -> None:
    context, repository = make_context(place), Repository(place / "clones" / "a/one")
    analyst = Analyst(place / "bot", model=context.bundle_folder.absolute())
    changes = list_merged(repository, 5)
    assert len(changes) == 4
    reviewer, said = ChangeReviewer(repository, context), 0
    for one in replay(repository, changes, analyst):
        reviewed = reviewer.review("a/one", one.change)  # one after another: links go on from the last
        bot = [(each.label, each.anchor.path, each.anchor.line, each.probability) for each in one.findings]
        assert [(each.label, *each.place, each.probability) for each in reviewed.comments[SHOWN]] == bot
        for each in reviewed.comments[EVERY]:
            assert each.ratings.keys() == set(Rung)
            assert each.probability in each.ratings.values()  # the rung that its label ships with
        said += len(bot)
    assert said == 1


def test_kept_review_is_not_made_again(place: Path, tmp_path: Path) -> None:
    context = replace(make_context(place), data=tmp_path)
    ReplaysPart(5).measure(context)
    (kept,) = (tmp_path / "replays" / "reviews").rglob("*.json")
    kept.write_text(kept.read_text("utf-8").replace("security/command-injection", "security/kept"), "utf-8")
    document = json.loads(json.dumps(ReplaysPart(5).measure(context).document))
    assert [[one["label"] for one in change["comments"]] for change in document["changes"]] == [["security/kept"]]


def test_text_of_a_line_is_its_innermost_function(place: Path) -> None:
    source = SourceFile.from_bytes("a.py", b"import os\n\nclass A:\n    def f(self):\n        return 1\n\nx = 1")
    assert find_text(source, 5) == "def f(self):\n    return 1"
    assert find_text(source, 7) == "    def f(self):\n        return 1\n\nx = 1"


def test_results_count_where_they_meet_an_added_line() -> None:
    change = MergedChange("c1", "b1", "h1", "x")
    path = f"{FOLDER}/a+one/c1/app.py"
    found = [Result(path, first, last, "B1", frozenset()) for first, last in ((1, 3), (3, 5), (6, 9), (9, 9))]
    added = [("app.py", 4), ("app.py", 5), ("app.py", 8), ("other.py", 1)]
    comments = list_results(Tool("t", {path: found}), "a/one", change, added)
    assert [one.place for one in comments] == [("app.py", 4), ("app.py", 8)]


def test_scorer_that_does_not_read_a_language_has_no_row_over_all(place: Path) -> None:
    comment = Comment("B1", "a.py", 1, fix="f")
    told = [
        Told("a/one", family, "c", 1, 10, (), DRAWN, on_added=on_added)
        for family, on_added in (("python", {SHOWN: (), "tool": (comment, comment)}), ("java", {SHOWN: ()}))
    ]
    tables = {one["language"]: one["scorers"] for one in describe_scorers(told, list_counts(told), make_context(place))}
    names = {language: [row["scorer"] for row in rows] for language, rows in tables.items()}  # type: ignore[attr-defined]
    assert names == {
        "java": [SHOWN, DUMMY_EVERYTHING],
        "python": [SHOWN, "tool", DUMMY_EVERYTHING],
        "all": [SHOWN, DUMMY_EVERYTHING],
    }
    tool = tables["python"][1]  # type: ignore[index]
    assert (tool["comments"], tool["fixed_later"], tool["per_100_changes"][0]) == (2, 2, 200)


def test_changes_of_the_last_year_and_a_half_are_not_replayed(place: Path) -> None:
    document: dict[str, Any] = dict(ReplaysPart(5).measure(make_context(place)).document)
    commits = {one["commit"] for one in document["changes"]}
    log = Repository(place / "clones" / "a/one").run("log", "--format=%H %s").decode().splitlines()
    assert {line.partition(" ")[2] for line in log if line[:40] in commits} == {"run things"}


def test_nothing_to_replay_is_said(tmp_path: Path, place: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "clones").mkdir()
    for file in (place / "manifests").iterdir():
        (tmp_path / "manifests" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(EvaluationError, match="expected merged changes in clones"):
        ReplaysPart(5).measure(make_context(tmp_path))


def test_lines_that_are_still_there_or_changed_by_no_fix_have_none(place: Path) -> None:
    repository = Repository(place / "clones" / "a/one")
    log = repository.run("log", "--format=%H %s").decode().splitlines()
    head = next(line[:40] for line in log if line.endswith("run things"))
    assert list(History(repository, log[0][:40]).find_fixed(head, "app.py", [1, 8, 9])) == [8]
    assert History(repository, log[0][:40]).find_fixed(head, "absent.py", [1]) == {}


@pytest.mark.parametrize(
    ("subject", "is_one"),
    [
        ("Fix command injection", True),
        ("bugfix: close the file", True),
        ("Prevent a crash on empty input", True),
        ("Fix typo in comment", False),
        ("fix lint", False),
        ("Add prefix to names", False),
        ("Rename things", False),
    ],
)
def test_subjects_of_fixes(subject: str, *, is_one: bool) -> None:
    assert is_fix(subject) is is_one
