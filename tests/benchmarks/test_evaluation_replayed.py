"""Part "replays" on a small history: what the bot says of its changes, and which lines a later fix changed."""

from pathlib import Path
from typing import Any  # a JSON document

import pytest
from click.testing import CliRunner

from benchmarks.evaluation.later_fixes import History, is_fix
from benchmarks.evaluation.parts import EvaluationError
from benchmarks.evaluation.replayed import ReplaysPart
from benchmarks.evaluation.testing import make_context
from dataset_curation.cli import curate
from dataset_curation.testing import MIT, SmallRepository
from reviewer.repositories import Repository

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
