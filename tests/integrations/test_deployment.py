"""What a team installs: the container and compose files, and what the documentation says of them and of the app."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any  # YAML
from urllib.parse import parse_qs, urlsplit

import pathspec
import pytest
import yaml

from integrations.github.logins import NEEDED_PERMISSIONS
from integrations.github.webhook import EVENTS
from integrations.settings import PREFIX, Settings
from integrations.testing.served_bot import ServedBot

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "integrations" / "deploy"
CONTAINER_FILE = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", "")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
GUIDE = (ROOT / "docs" / "bot.md").read_text("utf-8")
API_GUIDE = (ROOT / "docs" / "api.md").read_text("utf-8")
SECRETS = ("integrations/deploy/.env", "integrations/deploy/bot.env", "integrations/deploy/app.pem")
# https://docs.github.com/en/webhooks/webhook-events-and-payloads: "must have at least read-level access"
PERMISSION_OF_EVENT = {
    "check_run": "checks",
    "check_suite": "checks",
    "issue_comment": "issues",
    "merge_group": "merge_queues",
    "pull_request": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "pull_request_review_thread": "pull_requests",
}


def find_workers() -> list[dict[str, Any]]:
    return [one for one in COMPOSE["services"].values() if "build" in one]


def read_exec_form(instruction: str) -> list[str]:
    found = re.search(rf"^{instruction}\b[^\[]*(\[.+\])$", CONTAINER_FILE, re.MULTILINE)
    assert found, f"{instruction} with a list"
    command: list[str] = json.loads(found[1])
    return command


def read_ignored(name: str) -> pathspec.PathSpec[Any]:
    return pathspec.PathSpec.from_lines("gitignore", (ROOT / name).read_text("utf-8").splitlines())


@pytest.mark.parametrize("text", [GUIDE, API_GUIDE, CONTAINER_FILE, yaml.safe_dump(COMPOSE)])
def test_every_variable_that_is_named_is_a_setting(text: str) -> None:
    named = {name.lower() for name in re.findall(rf"\b{PREFIX}([A-Z_]+)\b", text)}
    assert named
    assert named <= Settings.model_fields.keys()


@pytest.mark.parametrize("text", [GUIDE, API_GUIDE])
def test_defaults_are_documented_as_they_are(text: str) -> None:
    rows = re.findall(rf"^\| `{PREFIX}(\w+)` \| ([\d,]+|[A-Z]+) \|", text, re.MULTILINE)
    assert rows
    for name, value in rows:
        assert str(Settings.model_fields[name.lower()].default).removesuffix(".0") == value.replace(",", ""), name


def test_the_app_is_registered_with_what_the_code_needs() -> None:
    address = re.search(r"https://github\.com/organizations/ORG/\S+", GUIDE)
    assert address
    asked = parse_qs(urlsplit(address[0]).query)
    assert set(asked.pop("events[]")) == EVENTS
    assert urlsplit(asked.pop("webhook_url")[0]).path == "/webhooks/github"
    for name in ("name", "url", "public", "webhook_active"):
        del asked[name]
    assert {name: values[0] for name, values in asked.items()} == NEEDED_PERMISSIONS


def test_every_event_has_the_permission_without_which_github_refuses_it() -> None:
    assert {PERMISSION_OF_EVENT[event] for event in EVENTS} <= NEEDED_PERMISSIONS.keys()


def test_the_image_is_built_from_what_the_wheel_is_built_from() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = [f"{package}/__init__.py" for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
    needed += ["pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]]
    left_out = read_ignored(".dockerignore")
    assert not list(left_out.match_files(needed))
    others = [
        ".git/HEAD",
        ".venv/pyvenv.cfg",
        "datasets/corpora/a.json",
        "tests/conftest.py",
        "reviewer/__pycache__/a.pyc",
    ]
    assert set(left_out.match_files([*others, *SECRETS])) == {*others, *SECRETS}


def test_secrets_beside_the_compose_file_are_not_committed() -> None:
    assert set(read_ignored(".gitignore").match_files(SECRETS)) == set(SECRETS)


def test_the_files_that_compose_wants_are_documented() -> None:
    wanted = {file for worker in find_workers() for file in worker["env_file"]}
    wanted |= {secret["file"] for secret in COMPOSE["secrets"].values()}
    assert wanted == {"bot.env", "./app.pem"}
    assert all(f"`{Path(name).name}`" in GUIDE for name in (*wanted, ".env"))


def test_workers_differ_in_name_and_folder_and_find_the_key() -> None:
    workers = find_workers()
    assert len({worker["hostname"] for worker in workers}) == len(workers) == 2
    assert len({volume for worker in workers for volume in worker["volumes"]}) == len(workers)
    for worker in workers:
        assert worker["environment"]["REVIEWER_GITHUB_PRIVATE_KEY_FILE"] in {
            f"/run/secrets/{name}" for name in worker["secrets"]
        }


def test_the_health_check_says_whether_the_service_is_ready(tmp_path: Path) -> None:
    command = read_exec_form("HEALTHCHECK")
    assert command[:2] == ["python", "-c"]
    assert read_exec_form("CMD")[-2:] == ["--port", "8000"]
    # A proxy that the environment names has nothing to do with it.
    environment = os.environ | {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    with ServedBot(tmp_path, {f"{PREFIX}API_ONLY": "true"}) as bot:
        code = command[2].replace("8000", bot.url.rpartition(":")[2])
        check = [sys.executable, "-c", code]
        assert subprocess.run(check, env=environment, check=False).returncode == 0
    assert subprocess.run(check, env=environment, capture_output=True, check=False).returncode != 0
