import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dataset_curation.cli import curate
from dataset_curation.testing import MIT, SmallRepository
from graph_model.training.shards import load_shards

APP = """import os
from flask import Flask, request
app = Flask(__name__)


@app.route("/a")
def view():
    os.system("ls " + request.args["q"])
"""


def _run(*args: str | Path) -> str:
    result = CliRunner().invoke(curate, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def place(tmp_path: Path) -> Path:
    clones = tmp_path / "clones"
    for name in ("a/one", "b/two"):
        SmallRepository(clones, name).commit("all", {"LICENSE": MIT, "app.py": APP})
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "sources.toml").write_text('[train]\npython = ["a/one"]\n[gate]\npython = ["b/two"]\n', "utf-8")
    return tmp_path


def test_the_whole_way_from_clones_to_shards(place: Path) -> None:
    where = ("--manifests", place / "manifests")
    clones, data, triage = ("--clones", place / "clones"), ("--data", place / "data"), ("--triage", place / "triage")
    assert "2 repositories pinned, 0 left out" in _run("manifest", *clones, *where)
    _run("manifest", *clones, *where, "--check")
    _run("checkout", *clones, *where, "--to", place / "trees")
    assert (place / "trees" / "a+one" / "app.py").read_text("utf-8") == APP
    assert "there" in _run("checkout", *clones, *where, "--to", place / "trees")
    assert "harvesting: 2 done" in _run("harvest", *clones, *where, *data, "--jobs", "1")
    _run("inject", *clones, *where, *data, "--jobs", "1")
    sample = place / "sample"
    assert "1 candidates" in _run("triage-sample", *clones, *where, *triage, *data, "--to", sample, "--number", "1")
    (row,) = [json.loads(line) for line in (sample / "sample.jsonl").read_text("utf-8").splitlines()]
    assert row["repository"] == "b/two"
    assert "verdict: ____" in (sample / "sample.md").read_text("utf-8")
    verdicts = place / "verdicts.jsonl"
    verdicts.write_text(
        json.dumps({"id": row["id"], "verdict": "harmful", "reason": "the query reaches the shell"}), "utf-8"
    )
    merged = _run(
        "triage-merge", *triage, "--sample", sample / "sample.jsonl", "--verdicts", verdicts, "--reader", "ada"
    )
    assert "1 verdicts of ada" in merged
    _run("triage-merge", *triage, "--sample", sample / "sample.jsonl", "--verdicts", verdicts, "--reader", "bob")
    assert "ada and bob: 1 in common, agree on 100%" in _run("triage-agreement", *triage)
    shards = place / "shards"
    assert "1 shards" in _run("assemble", *where, *triage, *data, "--to", shards, "--card", place / "card.md")
    ((_, shard),) = list(load_shards(shards))
    groups = {example.group: example for example in shard.examples}
    assert set(groups) == {"b/two"}  # the function of a/one is a copy of one that is read
    assert 1 in groups["b/two"].targets
    card = (place / "card.md").read_text("utf-8")
    assert "| triage | 1 | 0 | 0 |" in card
    assert "| duplicates | duplication | harvest: exact | 1 |" in card


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("assemble", "--data", "@", "--to", "@/shards"), "expected records below"),
        (
            ("harvest", "--clones", "@", "--data", "@/d", "--manifests", "@/no"),
            "repositories.jsonl: expected a manifest",
        ),
    ],
)
def test_what_is_missing_is_said_with_exit_code_2(tmp_path: Path, args: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(curate, [arg.replace("@", str(tmp_path)) for arg in args])
    assert result.exit_code == 2
    assert message in result.output


def test_a_failing_repository_does_not_stop_the_others(place: Path) -> None:
    where = ("--manifests", place / "manifests", "--clones", place / "clones")
    _run("manifest", *where)
    (place / "clones" / "a" / "one" / ".git" / "HEAD").unlink()
    result = CliRunner().invoke(curate, [str(one) for one in ("harvest", *where, "--data", place / "d", "--jobs", "1")])
    assert result.exit_code == 2
    assert "a/one: CloneError" in result.output
    assert (place / "d" / "harvest" / "b+two.records").is_file()
    check = CliRunner().invoke(curate, [str(one) for one in ("manifest", *where, "--check")])
    assert check.exit_code == 2
