import json
import pickle
import time
from pathlib import Path

from reviewer.graph_engine import GraphEngine, hash_package
from reviewer.source import SourceFile
from reviewer.testing import Project

APP = """\
import sqlite3
from flask import Flask, make_response, request

app = Flask(__name__)


@app.route("/users")
def users():
    name = request.args["name"]
    query = "select * from users where name = '" + name + "'"
    return sqlite3.connect("db").execute(query).fetchall()
"""


def test_the_real_engine_finds_a_flow(project: Project, model: Path) -> None:
    project.write({"app.py": APP, "ok.py": "x = 1\n"})
    report = project.report("check", "--select", "sql-injection", engine=GraphEngine(model))
    (found,) = report["findings"]
    assert (found["label"], found["location"]["start_line"]) == ("security/sql-injection", 11)
    assert found["evidence"][0]["location"]["start_line"] == 9
    assert report["model"] == GraphEngine(model).model_identity
    assert "security/sql-injection" in project.run("explain", "app.py:11", engine=GraphEngine(model)).stdout


def test_the_model_is_described(project: Project, model: Path) -> None:
    described = json.loads(project.run("model", "--format", "json", engine=GraphEngine(model)).stdout)
    assert described["provenance"] == {"made": "by hand"}


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


CLEAN_VIEW = """\
import html
from flask import Flask, make_response, request

app = Flask(__name__)


@app.route("/hello")
def hello():
    name = request.args["name"]
    name = html.escape(name)
    return make_response("<b>" + name + "</b>")
"""


def test_a_deleted_sanitiser_is_found_by_the_real_engine(repository: Project, model: Path) -> None:
    repository.commit({"view.py": CLEAN_VIEW})
    engine = GraphEngine(model)
    assert repository.report("check", "--select", "cross-site-scripting", engine=engine)["findings"] == []
    repository.write({"view.py": CLEAN_VIEW.replace("    name = html.escape(name)\n", "")})
    (found,) = repository.report("diff", "--select", "cross-site-scripting", engine=engine)["findings"]
    assert (found["location"]["start_line"], found["anchor"]["line"]) == (10, 10)


def test_real_fixes_are_offered_and_applied(project: Project, model: Path) -> None:
    project.write(
        {
            "load.py": "import yaml\n\n\ndef read(stream):\n    return yaml.load(stream, Loader=yaml.Loader)\n",
            "hash.js": "const crypto = require('crypto');\nmodule.exports = (token) => "
            "crypto.createHash('md5').update(token).digest('hex');\n",
        }
    )
    engine = GraphEngine(model)
    select = ("--select", "unsafe-deserialization,weak-hash")
    shown = project.run("fix", "--diff", *select, engine=engine)
    assert "+    return yaml.safe_load(stream)" in shown.stdout
    assert project.run("fix", "--safe-only", *select, engine=engine).stderr == "mended 0 of 2 findings in 0 files\n"
    assert project.run("fix", *select, engine=engine).stderr == "mended 2 of 2 findings in 2 files\n"
    assert "createHash('sha256')" in (project.root / "hash.js").read_text()
    assert project.report("check", *select, engine=engine)["findings"] == []


def test_one_file_alone_scores_as_in_the_whole_run(project: Project, model: Path) -> None:
    project.write({"app.py": APP, "view.py": CLEAN_VIEW, "other.py": "import app\n"})
    args = ("--min-probability", "0", "--select", "all")
    whole = project.report("check", *args, engine=GraphEngine(model))["findings"]
    alone = [
        one
        for name in ("app.py", "view.py")
        for one in project.report("check", name, *args, engine=GraphEngine(model))["findings"]
    ]
    assert alone == [one for one in whole if one["location"]["path"] in ("app.py", "view.py")]
