import json
import pickle
import time
from pathlib import Path

import pytest

from graph_model.bundle import save_bundle
from graph_model.catalogue import load_catalogue
from graph_model.ladder import Rung
from graph_model.testing import make_bundle
from reviewer.graph_engine import GraphEngine, hash_package
from reviewer.source import SourceFile
from reviewer.testing import Project

APP = """\
import sqlite3
from flask import Flask, request

app = Flask(__name__)


@app.route("/users")
def users():
    name = request.args["name"]
    query = "select * from users where name = '" + name + "'"
    return sqlite3.connect("db").execute(query).fetchall()
"""


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that finds every candidate likely."""
    folder = tmp_path_factory.mktemp("model")
    catalogue = load_catalogue()
    labels = [label.id for label in catalogue]
    save_bundle(make_bundle(labels, rungs=dict.fromkeys(labels, Rung.PRIOR), catalogue_hash=catalogue.hash), folder)
    return folder


def test_the_real_engine_finds_a_flow(project: Project, model: Path) -> None:
    project.write({"app.py": APP, "ok.py": "x = 1\n"})
    report = project.report("check", "--select", "sql-injection", engine=GraphEngine(model))
    (found,) = report["findings"]
    assert (found["label"], found["location"]["start_line"]) == ("security/sql-injection", 11)
    assert found["evidence"][0]["location"]["start_line"] == 9
    assert report["model"] == GraphEngine(model).model_identity
    assert "security/sql-injection" in project.run("explain", "app.py:11", engine=GraphEngine(model)).stdout


def test_engines_travel_without_their_model(model: Path) -> None:
    engine = GraphEngine(model)
    assert engine.thresholds["security/sql-injection"] == 0.5
    copy = pickle.loads(pickle.dumps(engine))
    assert copy == engine
    assert copy.model_identity == engine.model_identity


def test_analyses_and_scores_can_be_kept(project: Project, model: Path) -> None:
    project.write({"app.py": APP, "lib/a.js": "const x = (a) => eval(a);\n", "B.java": "class B { void m() {} }\n"})
    first = project.run("check", "--min-probability", "0", "--format", "json", engine=GraphEngine(model))
    second = project.run("check", "--min-probability", "0", "--format", "json", engine=GraphEngine(model))
    assert (first.stdout, first.stderr) == (second.stdout, "")
    assert second.stderr == ""
    assert json.loads(first.stdout)["findings"]


def test_the_identity_covers_the_code_of_the_analysis() -> None:
    assert len(hash_package()) == 64
    assert GraphEngine().analysis_identity == hash_package()


def test_a_damaged_bundle_is_refused(project: Project, model: Path, tmp_path: Path) -> None:
    project.write({"app.py": APP})
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "bundle.json").write_text((model / "bundle.json").read_text()[:-50])
    result = project.run("check", engine=GraphEngine(damaged))
    assert result.exit_code == 2
    assert result.stderr.startswith("reviewer: bundle.json: ")
    assert "Traceback" not in result.stderr


def test_deep_and_broken_files_are_read_in_part(model: Path) -> None:
    engine = GraphEngine(model)
    for text in ("x = [\n" + "[\n" * 10_000 + "]\n" * 10_000 + "]\n", "def f(:\n  x = '", "\x0c" * 10, ")" * 999):
        started = time.process_time()
        analysis = engine.analyse(SourceFile.from_bytes("a.py", text.encode()))
        assert engine.link([analysis])["a.py"] == ()
        assert time.process_time() - started < 20
