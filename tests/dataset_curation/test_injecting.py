from pathlib import Path

from dataset_curation.injecting import InjectionJob, inject_entry
from dataset_curation.manifests import Choice, Role, pin_choice
from dataset_curation.records import load_records
from dataset_curation.testing import MIT, SmallRepository

CODE = """import hashlib
import html
import os
import shlex
from elsewhere import quote_argument
from flask import Flask, request
app = Flask(__name__)


def digest(password):
    return hashlib.sha256(password).hexdigest()


@app.route("/quoted")
def quoted():
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
    assert ("security/command-injection", "quoted", 1) in judged
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
