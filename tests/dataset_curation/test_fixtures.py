from pathlib import Path

from dataset_curation.manifests import Choice, Role, pin_choice
from dataset_curation.records import load_records, read_header
from dataset_curation.sources.fixtures import harvest_fixtures
from dataset_curation.testing import MIT, SmallRepository

CODE = """import os
from flask import Flask, request
app = Flask(__name__)

@app.route("/a")
def bad():
    os.system(request.args["q"])

@app.route("/b")
def good():
    os.system("echo " + request.args["q"])
    os.system("ls")

@app.route("/c")
def elsewhere():
    open(request.args["f"])
"""
EXPECTED = "#select\n| app.py:7:15:7:34 | x | app.py:7:15:7:34 | x | message |\n"


def test_candidates_are_judged_only_where_the_fixture_speaks(tmp_path: Path) -> None:
    folder = "python/ql/test/query-tests/Security/CWE-078-CommandInjection"
    repository = SmallRepository(tmp_path, "o/codeql")
    repository.commit(
        "all",
        {
            "LICENSE": MIT,
            f"{folder}/app.py": CODE,
            f"{folder}/Command.qlref": "Security/CWE-078/CommandInjection.ql\n",
            f"{folder}/Command.expected": EXPECTED,
            f"{folder}/inner/Other.qlref": "Metrics/Other.ql\n",
            f"{folder}/inner/Other.expected": "",
            f"{folder}/inner/left_out.py": CODE,
        },
    )
    entry, _ = pin_choice(Choice("o/codeql", Role.FIXTURES, "mixed", "o/codeql"), tmp_path)
    outcome = harvest_fixtures(entry, tmp_path, tmp_path / "data")
    assert outcome.state == "done"
    path = tmp_path / "data" / "o+codeql.records"
    found = {
        (line, candidate.label): judgement.target
        for record in load_records(path)
        for candidate, line, judgement in zip(record.candidates, record.lines, record.judgements, strict=True)
    }
    assert found[(7, "security/command-injection")] == 1
    assert found[(11, "security/command-injection")] == 0
    assert found[(16, "security/path-traversal")] == -1
    assert all(record.group.startswith("codeql/python:") for record in load_records(path))
    assert all("inner" not in record.origin for record in load_records(path))
    assert ["tests", "query-without-label", 1] in read_header(path)["tally"]
    assert harvest_fixtures(entry, tmp_path, tmp_path / "data").state == "kept"
