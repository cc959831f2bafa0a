from pathlib import Path

from dataset_curation.injection.injecting import InjectionJob, inject_entry
from dataset_curation.injection.span_samples import load_samples
from dataset_curation.manifests import Choice, Role, pin_choice
from dataset_curation.records import load_records, read_header
from dataset_curation.testing import MIT, SmallRepository
from graph_model.bundle import default_folder
from graph_model.edits.model import Edit, apply_edits

CODE = """import hashlib
import html
import os
import shlex
from elsewhere import quote_argument
from flask import Flask, request
app = Flask(__name__)


def digest(password):
    return hashlib.sha256(password).hexdigest()


@app.route("/listed")
def listed():
    name = shlex.quote(request.args["q"])
    os.system("ls " + name)


@app.route("/helped")
def helped():
    name = quote_argument(request.args["q"])
    os.system("ls " + name)
"""


def test_broken_versions_are_born_and_judged(tmp_path: Path) -> None:
    SmallRepository(tmp_path, "o/n").commit("all", {"LICENSE": MIT, "app.py": CODE})
    entry, _ = pin_choice(Choice("o/n", Role.TRAIN, "python", "o/n"), tmp_path)
    outcome = inject_entry(InjectionJob(entry), tmp_path, tmp_path / "data")
    assert outcome.state == "done"
    judged = {
        (candidate.label, candidate.symbol, judgement.target)
        for record in load_records(tmp_path / "data" / "o+n.records")
        for candidate, judgement in zip(record.candidates, record.judgements, strict=True)
        if judgement.target >= 0
    }
    assert ("security/weak-hash", "digest", 1) in judged
    assert ("security/command-injection", "listed", 1) in judged
    assert ("security/command-injection", "helped", 1) in judged
    assert ("security/command-injection", "helped", 0) in judged
    assert inject_entry(InjectionJob(entry), tmp_path, tmp_path / "data").state == "kept"


def test_a_helper_is_harmless_in_place_and_wrapped_and_harmful_when_gone(tmp_path: Path) -> None:
    SmallRepository(tmp_path, "o/n").commit("all", {"LICENSE": MIT, "app.py": CODE})
    entry, _ = pin_choice(Choice("o/n", Role.TRAIN, "python", "o/n"), tmp_path)
    inject_entry(InjectionJob(entry), tmp_path, tmp_path / "data")
    helped = [
        (judgement.target, judgement.weight)
        for record in load_records(tmp_path / "data" / "o+n.records")
        for candidate, judgement in zip(record.candidates, record.judgements, strict=True)
        if candidate.symbol == "helped" and judgement.weight == 0.5
    ]
    assert sorted(helped) == [(0, 0.5), (0, 0.5), (1, 0.5)]


def test_a_file_that_does_not_parse_is_left_alone(tmp_path: Path) -> None:
    SmallRepository(tmp_path, "o/n").commit("all", {"LICENSE": MIT, "app.py": CODE + "def broken(:\n"})
    entry, _ = pin_choice(Choice("o/n", Role.TRAIN, "python", "o/n"), tmp_path)
    assert inject_entry(InjectionJob(entry), tmp_path, tmp_path / "data").num_candidates == 0


MORE = """from flask import Flask
from flask_login import login_required
app = Flask(__name__)


@app.route("/all")
@login_required
def show_all(count, limit):
    if count < limit:
        return load(count)
    try:
        return load(limit)
    except ValueError as error:
        report(error)
"""


def test_statements_without_a_candidate_are_samples_with_their_twins(tmp_path: Path) -> None:
    SmallRepository(tmp_path, "o/n").commit("all", {"LICENSE": MIT, "app.py": MORE})
    entry, _ = pin_choice(Choice("o/n", Role.TRAIN, "python", "o/n"), tmp_path)
    inject_entry(InjectionJob(entry), tmp_path, tmp_path / "data")
    samples = load_samples(tmp_path / "data" / "o+n.spans.jsonl")
    shifted = [one for one in samples if one.kind == "boundary-shifted"]
    assert [(one.target, one.label, one.line) for one in shifted] == [
        (1, "correctness/wrong-comparison", 9),
        (0, "correctness/wrong-comparison", 9),
    ]
    content = MORE.encode()
    assert all(content[one.start : one.end] == b"count < limit" for one in shifted)
    harmful, harmless = (
        apply_edits(content, [Edit(start, end, text.encode()) for start, end, text in one.edits]) for one in shifted
    )
    assert b"if count <= limit:" in harmful
    assert b"if limit > count:" in harmless


def test_a_bundle_prefers_what_it_is_wrong_about_and_the_choice_repeats(tmp_path: Path) -> None:
    SmallRepository(tmp_path, "o/n").commit("all", {"LICENSE": MIT, "app.py": CODE})
    entry, _ = pin_choice(Choice("o/n", Role.TRAIN, "python", "o/n"), tmp_path)
    job = InjectionJob(entry, Path(str(default_folder())), 3)
    for name in ("one", "two"):
        assert inject_entry(job, tmp_path, tmp_path / name).state == "done"
    first, second = ((tmp_path / name / "o+n.records").read_bytes() for name in ("one", "two"))
    assert first == second
    assert inject_entry(job, tmp_path, tmp_path / "one").state == "kept"
    assert inject_entry(InjectionJob(entry), tmp_path, tmp_path / "one").state == "done"
    assert str(read_header(tmp_path / "two" / "o+n.records")["preference"]).endswith(" 3")
