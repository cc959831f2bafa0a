import json
from collections import Counter
from pathlib import Path

from click.testing import CliRunner

from dataset_curation.analysing import Provenance, analyse_project, make_records
from dataset_curation.cli import curate
from dataset_curation.gaps import (
    LANGUAGE,
    Cell,
    Judged,
    Wanted,
    count_judged,
    find_gaps,
    find_library,
    to_json,
    to_markdown,
)
from dataset_curation.records import FunctionRecord, Judgement, save_records
from dataset_curation.selection import Tally
from graph_model.languages import BY_NAME, Family
from reviewer.source import SourceFile

CODE = """import os
from flask import Flask, request
app = Flask(__name__)


@app.route("/ü")
def view():
    os.system("ls " + request.args["q"])
"""
LABEL = "security/command-injection"


def _record(target: int) -> FunctionRecord:
    project = analyse_project([(SourceFile("a.py", CODE.encode()), BY_NAME["python"])], Tally())
    record = next(iter(make_records(project, Provenance("o/n", "o/n", "c"), Tally())))
    return record.judged([Judgement(target if one.label == LABEL else -1, 1.0, "fix") for one in record.candidates])


def _count(*targets: int) -> Judged:
    counts: Judged = Counter()
    for target in targets:
        count_judged(_record(target), counts)
    return counts


def _cell(cells: list[Cell], label: str, family: str, library: str = LANGUAGE) -> Cell:
    return next(one for one in cells if (one.label, one.family, one.library) == (label, family, library))


def test_cells_count_what_is_judged_and_say_what_is_missing() -> None:
    cells = find_gaps(_count(1, 1, 0, -1), Wanted(per_cell=2, per_library=3))
    python = _cell(cells, LABEL, "python")
    assert (python.harmful, python.harmless, python.missing_harmful, python.missing_harmless) == (2, 1, 0, 1)
    library = find_library(Family.PYTHON, LABEL, "os.system")
    assert library
    own = _cell(cells, LABEL, "python", library)
    assert (own.harmful, own.missing_harmful, own.missing_harmless) == (2, 1, 2)
    java = _cell(cells, LABEL, "java")
    assert (java.harmful, java.missing_harmful) == (0, 2)


def test_a_label_of_one_family_has_no_cell_in_another() -> None:
    cells = find_gaps(Counter(), Wanted())
    assert {one.family for one in cells if one.label == "correctness/mutable-default-argument"} == {"python"}
    assert find_library(Family.PYTHON, LABEL, "no.such.api") == LANGUAGE
    assert find_library(Family.PYTHON, LABEL, "") == LANGUAGE


def test_gaps_are_told_to_people_and_machines() -> None:
    cells = find_gaps(_count(1), Wanted(per_cell=1, per_library=1))
    text = to_markdown(cells)
    row = next(line for line in text.splitlines() if line.startswith(f"| {LABEL} |"))
    assert row == f"| {LABEL} | 1/0 (0/1) | 0/0 (1/1) | 0/0 (1/1) | 0/0 (1/1) |"
    assert "| correctness/mutable-default-argument | 0/0 (1/1) | - | - | - |" in text
    rows = [json.loads(line) for line in to_json(cells).splitlines()]
    assert len(rows) == len(cells)
    assert {
        "label",
        "family",
        "library",
        "harmful",
        "harmless",
        "wanted",
        "missing_harmful",
        "missing_harmless",
    } == set(rows[0])


def test_the_command_leaves_the_gate_out(tmp_path: Path) -> None:
    header = {"commit": "c", "tally": []}
    for name, role in (("a+gate", "gate"), ("o+n", "fixes")):
        path = tmp_path / "data" / "fixes" / f"{name}.records"
        save_records([_record(1)] if role == "fixes" else [], path, {**header, "repository": name, "role": role})
    args = ["gaps", "--data", str(tmp_path / "data"), "--triage", str(tmp_path), "--per-cell", "1", "--json"]
    result = CliRunner().invoke(curate, args)
    assert result.exit_code == 0, result.output
    cells = [json.loads(line) for line in result.output.splitlines()]
    assert sum(one["harmful"] for one in cells if one["library"] == LANGUAGE) == 1
