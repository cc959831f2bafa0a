"""The shadow run on a real repository with a merge, a squashed change and a first commit."""

import json
from pathlib import Path

from click.testing import CliRunner

from integrations.replay_cli import replay_command
from integrations.testing.git_hosting import run_git

CLEAN = 'from flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.route("/")\ndef index():\n    return "é"\n'
LOADER = '\n\n@app.route("/load")\ndef load():\n    import yaml\n\n    yaml.load(request.data)\n    return "ok"\n'
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid")


def commit(folder: Path, text: str, message: str) -> None:
    (folder / "app.py").write_text(text, "utf-8")
    run_git(folder, "add", "--all")
    run_git(folder, *IDENTITY, "commit", "--quiet", "--message", message)


def make_history(folder: Path) -> None:
    folder.mkdir()
    run_git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    commit(folder, CLEAN, "first")
    run_git(folder, "checkout", "--quiet", "-b", "feature")
    commit(folder, CLEAN + LOADER, "load")
    run_git(folder, "checkout", "--quiet", "main")
    run_git(folder, *IDENTITY, "merge", "--quiet", "--no-ff", "--message", "Merge feature", "feature")
    commit(folder, CLEAN + LOADER + "\n# squashed\n", "squashed (#2)")


def test_past_changes_are_reviewed_as_the_bot_would_have(tmp_path: Path) -> None:
    make_history(tmp_path / "shop")
    done = CliRunner().invoke(replay_command, [str(tmp_path / "shop"), "--last", "5", "--format", "json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    squashed, merged = report["changes"]  # the first commit has nothing to be compared with
    assert [one["label"] for one in merged["findings"]] == ["security/unsafe-deserialization"]
    assert (merged["comments"], merged["error"]) == (1, "")
    assert squashed["comments"] == 0
    assert report["summary"]["silent"] == 1
    assert report["differences"] is None


def test_a_model_does_not_differ_from_itself(tmp_path: Path) -> None:
    make_history(tmp_path / "shop")
    bundle = Path(__file__).parents[2] / "graph_model" / "bundle_data"
    arguments = [str(tmp_path / "shop"), "--last", "2", "--model", str(bundle), "--against", str(bundle)]
    done = CliRunner().invoke(replay_command, [*arguments, "--format", "json"])
    assert json.loads(done.stdout)["differences"] == []


def test_a_folder_without_a_repository_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(replay_command, [str(tmp_path)])
    assert done.exit_code != 0
    assert "expected a git repository" in str(done.exception)
