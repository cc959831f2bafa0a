import json
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from dataset_curation.cli import curate
from dataset_curation.injection.places import Room, find_room
from dataset_curation.injection.survey import Survey, plan_survey, survey_entries
from dataset_curation.manifests import Choice, Entry, Role, pin_choice, write_entries
from dataset_curation.selection import SelectedFile
from dataset_curation.testing import MIT, SmallRepository
from graph_model.languages import BY_NAME, Family
from reviewer.source import SourceFile

CODE = """import hashlib
import os
import shlex
from flask import request


def digest(password):
    return hashlib.sha256(password).hexdigest()


def listed():
    name = shlex.quote(request.args["ü"])
    os.system("ls " + name)


def between(count, limit):
    return load(count) if count == 1 else limit
"""


def test_the_page_shows_both_diffs_and_the_table_counts(tmp_path: Path) -> None:
    SmallRepository(tmp_path / "clones", "o/n").commit("all", {"LICENSE": MIT, "app.py": CODE, "bad.py": "def f(:\n"})
    entry, _ = pin_choice(Choice("o/n", Role.TRAIN, "python", "o/n"), tmp_path / "clones")
    write_entries(tmp_path / "repositories.jsonl", [entry])
    page = tmp_path / "pages" / "page.md"
    command = ["injection-page", "--clones", str(tmp_path / "clones"), "--manifests", str(tmp_path), "--to", str(page)]
    done = CliRunner().invoke(curate, command, catch_exceptions=False)
    assert done.exit_code == 0
    assert "| security: weak-hash | 1/1 | - | - | - |" in done.output
    text = page.read_text("utf-8")
    assert "-    return hashlib.sha256(password).hexdigest()\n+    return hashlib.md5(password).hexdigest()" in text
    assert '+    return hashlib.new("sha256", password).hexdigest()' in text
    assert "+    name = request.args[" in text or "+    name = str(request.args[" in text
    assert f"`o/n@{entry.commit[:12]}:app.py:8`" in text
    assert "## maintainability: poor-name" in text
    assert json.loads((tmp_path / "repositories.jsonl").read_text("utf-8"))["repository"] == "o/n"


def _entry(clones: Path, name: str, role: Role, licence: str, code: str) -> Entry:
    SmallRepository(clones, name).commit("all", {"LICENSE": MIT, "app.py": code})
    entry, _ = pin_choice(Choice(name, role, "python", name), clones)
    return replace(entry, licence=licence)


def _survey(entries: list[Entry], clones: Path, wanted: int) -> Survey:
    return list(survey_entries(plan_survey(entries), clones, 12, wanted))[-1]


def _places(survey: Survey, kind: str) -> list[str]:
    return [one.origin.partition("@")[0] for one in survey.examples.get((kind, Family.PYTHON), [])]


def test_what_lacks_examples_is_looked_for_in_permissive_repositories_of_pairs(tmp_path: Path) -> None:
    other = CODE.replace("def digest(password)", "def hashed(password)").replace("sha256(password)", "sha512(password)")
    entries = [
        _entry(tmp_path, "o/pair", Role.PAIRS, "MIT", other),
        _entry(tmp_path, "o/own", Role.TRAIN, "MIT", CODE),
        _entry(tmp_path, "o/closed", Role.PAIRS, "unknown", CODE.replace("password", "pass_word")),
        _entry(tmp_path, "o/gate", Role.GATE, "MIT", CODE.replace("password", "pass_phrase")),
    ]
    assert _places(_survey(entries, tmp_path, 1), "weak-hash") == ["o/own"]
    wider = _survey(entries, tmp_path, 10)
    assert _places(wider, "weak-hash") == ["o/own", "o/pair"]
    assert len(wider.searched["weak-hash"]) == 2
    assert wider.searched_files["weak-hash"] == 3  # one of them twice, in the second round as well
    assert "weak-hash" in wider.lacking()


def test_only_the_kinds_that_are_named_are_looked_for(tmp_path: Path) -> None:
    entries = [_entry(tmp_path, "o/own", Role.TRAIN, "MIT", CODE)]
    survey = list(survey_entries(plan_survey(entries), tmp_path, 12, 10, ["weak-hash"]))[-1]
    assert {kind for kind, _ in survey.examples} == set(survey.searched) == {"weak-hash"}
    assert survey.lacking() == ["weak-hash"]


def test_a_copied_file_is_no_second_example(tmp_path: Path) -> None:
    entries = [_entry(tmp_path, name, Role.TRAIN, "MIT", f"{CODE}\n# {name}\n") for name in ("o/first", "o/second")]
    assert len(_places(_survey(entries, tmp_path, 10), "weak-hash")) == 1


def _room(code: str, *kinds: str) -> Room:
    file = SelectedFile(SourceFile("a.py", code.encode()), BY_NAME["python"], "")
    return find_room(file, kinds)


def test_a_file_is_parsed_only_for_what_its_text_may_hold() -> None:
    assert [one.kind for one in _room(CODE, "weak-hash", "old-tls").by_text] == ["weak-hash"]
    assert not _room(CODE, "old-tls", "text-in-loop")
    assert not _room(CODE, "guard-removed")
    away = '    to = request.args["to"]\n    if is_safe_url(to):\n        return redirect(to)\n'
    checked = f"{CODE}\n\ndef away():\n{away}"
    assert _room(checked, "guard-removed").named == {"guard-removed"}
    assert not _room(checked.replace("request.args", "settings").replace("import request", ""), "guard-removed")
    assert _room(CODE, "sanitiser-removed").anywhere == {"sanitiser-removed"}
    assert not _room(CODE.replace("request", "settings"), "sanitiser-removed")
