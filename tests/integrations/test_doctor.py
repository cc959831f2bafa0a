"""`reviewer doctor` against a fake GitHub, as a process with the settings of the service."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from integrations.host_checks import check_permissions, check_token
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.fake_gitlab import FakeGitLab
from integrations.testing.served_bot import github_settings, gitlab_settings

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


def test_a_gitlab_and_its_token_are_looked_at(tmp_path: Path) -> None:
    with FakeGitLab() as fake:
        done = run_doctor(gitlab_settings(fake), tmp_path)
        other = gitlab_settings(fake) | {"REVIEWER_GITLAB_TOKEN": "wrong"}
        refused = run_doctor(other, tmp_path)
    assert (done.returncode, [line[:4] for line in done.stdout.splitlines()]) == (0, ["ok  "] * 7), done
    assert "token: scope api, does not expire" in done.stdout
    assert (refused.returncode, "FAIL GitLab: GitLab answered 401" in refused.stdout) == (2, True)


@pytest.mark.parametrize(
    ("scopes", "expires_at", "is_ok", "detail"),
    [
        (["api"], None, True, "scope api, does not expire"),
        (["api", "read_user"], "2026-01-08", True, "scope api, expires in 7 days"),
        (["api"], "2026-01-07T00:00:00.000Z", False, "scope api, expires in 6 days"),
        (["read_user", "read_api"], None, False, "expected the scope api, found read_api, read_user"),
        ([], None, False, "expected the scope api, found none"),
    ],
)
def test_a_token_needs_its_scope_and_some_days(
    scopes: list[str], expires_at: str | None, is_ok: bool, detail: str
) -> None:
    check = check_token(scopes, expires_at, "api", date(2026, 1, 1))
    assert (check.is_ok, check.detail) == (is_ok, detail)


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
