import json
from pathlib import Path

from click.testing import CliRunner

from dataset_curation.cli import curate
from dataset_curation.manifests import Choice, Role, pin_choice, write_entries
from dataset_curation.testing import MIT, SmallRepository

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
