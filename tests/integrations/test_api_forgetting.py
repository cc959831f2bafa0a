"""`reviewer forget` after the bot has worked: nothing that names the repository is left in a database or a folder."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from integrations.api.cli import forget
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.git_hosting import run_git
from integrations.testing.github_people import NewPull
from integrations.testing.served_bot import ServedBot, github_settings

REPOSITORY = "alice/shop"
BASE = "from flask import Flask, request\n\napp = Flask(__name__)\n"
CHANGE = f'{BASE}\n\n@app.route("/x")\ndef secret_name():\n    import os\n\n    os.system("ls " + request.args["x"])\n'


def commit(folder: Path, text: str) -> str:
    (folder / "app.py").write_text(text, "utf-8")
    run_git(folder, "add", "--all")
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid")
    run_git(folder, *identity, "commit", "--quiet", "--message", "x")
    return run_git(folder, "rev-parse", "HEAD").decode().strip()


@pytest.mark.slow
def test_nothing_of_a_reviewed_change_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    source.mkdir()
    run_git(source, "init", "--quiet", "--template=", "--initial-branch=main")
    base, head = commit(source, BASE), commit(source, CHANGE)
    with FakeGitHub() as fake:
        settings = github_settings(fake, tmp_path)
        fake.add_repository(REPOSITORY, source)
        with ServedBot(tmp_path, settings) as bot:
            webhook = fake.people.open_pull(REPOSITORY, NewPull(base, head))
            assert fake.deliver(webhook, f"{bot.url}/webhooks/github") == 202
            runs = fake.repository(REPOSITORY).check_runs
            bot.wait_until(lambda: any(run.values.get("status") == "completed" for run in runs.values()))
            bot.wait_until_quiet()
    data = tmp_path / "data"
    assert _hold(data, b"app.py")
    for name, value in {**settings, "REVIEWER_DATA_DIR": str(data)}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(forget, [f"github:{REPOSITORY}"], catch_exceptions=False)
    assert (done.exit_code, done.output.rpartition(", ")[2]) == (0, "1 workflows\n")
    assert _hold(data, b"app.py") == []
    assert list((data / "repositories").glob("*/")) == []


def _hold(folder: Path, word: bytes) -> list[str]:
    """Files that hold a word."""
    return [file.name for file in folder.rglob("*") if file.is_file() and word in file.read_bytes()]
