"""`reviewer doctor` against a fake GitHub, as a process with the settings of the service."""

import os
import subprocess
import sys
from pathlib import Path

from integrations.host_checks import check_permissions
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.served_bot import github_settings

_RUN = "import sys; from integrations.cli import doctor; doctor(sys.argv[1:])"


def run_doctor(settings: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REVIEWER_")}
    environment |= settings | {"REVIEWER_DATA_DIR": str(folder / "data")}
    command = [sys.executable, "-c", _RUN]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_all_is_well(tmp_path: Path) -> None:
    with FakeGitHub() as fake:
        done = run_doctor(github_settings(fake, tmp_path), tmp_path)
    assert (done.returncode, [line[:4] for line in done.stdout.splitlines()]) == (0, ["ok  "] * 7), done


def test_a_key_that_the_host_does_not_know_is_a_failure(tmp_path: Path) -> None:
    with FakeGitHub() as fake:
        settings = github_settings(fake, tmp_path) | {"REVIEWER_GITHUB_APP_ID": "99"}
        done = run_doctor(settings, tmp_path)
    assert done.returncode == 2
    assert "FAIL GitHub: GitHub answered 401" in done.stdout


def test_a_host_that_does_not_answer_is_a_failure(tmp_path: Path) -> None:
    with FakeGitHub() as fake:
        settings = github_settings(fake, tmp_path)
    done = run_doctor(settings, tmp_path)
    assert done.returncode == 2
    assert "FAIL GitHub: " in done.stdout


def test_missing_secrets_are_named(tmp_path: Path) -> None:
    with FakeGitHub() as fake:
        settings = github_settings(fake, tmp_path)
    del settings["REVIEWER_GITHUB_WEBHOOK_SECRET"]
    done = run_doctor(settings, tmp_path)
    assert done.returncode != 0
    assert "REVIEWER_GITHUB_WEBHOOK_SECRET: expected a secret" in done.stderr


def test_permissions_are_compared_with_what_is_needed() -> None:
    needed = {"contents": "read", "checks": "write"}
    assert check_permissions({"contents": "read", "checks": "write"}, needed).is_ok
    lacking = check_permissions({"contents": "write", "checks": "read"}, needed)
    assert (lacking.is_ok, lacking.detail) == (False, "lacking checks: write; more than needed: contents: write")
