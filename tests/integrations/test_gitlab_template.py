"""The script of the GitLab template, run as it stands, with a fake GitLab to comment on."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from integrations.testing.action_runner import install_reviewer
from integrations.testing.fake_gitlab import FakeGitLab
from integrations.testing.git_hosting import run_git
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.local_repository import LocalRepository

pytestmark = pytest.mark.slow
TEMPLATE = Path(__file__).resolve().parents[2] / "integrations" / "ci" / "gitlab.yml"
JOB = yaml.safe_load(TEMPLATE.read_text("utf-8"))["reviewer"]
PROJECT = "team/shop"
LOADER = 'import yaml\nfrom flask import request\n\n\ndef load():\n    yaml.load(request.data)\n    return "größer"\n'


@dataclass
class Scene:
    """A project with a merge request, and the variables of its job."""

    source: LocalRepository
    fake: FakeGitLab
    variables: dict[str, str]

    def run(self, **variables: str) -> "subprocess.CompletedProcess[str]":
        """The last line of the job's script, by the shell that GitLab uses where there is no bash."""
        given = {**JOB["variables"], "PATH": os.environ["PATH"], **self.variables, **variables}
        command = ["sh", "-ec", JOB["script"][-1]]
        return subprocess.run(command, cwd=self.source.folder, env=given, capture_output=True, text=True, check=False)

    def read(self, name: str) -> object:
        return json.loads((self.source.folder / name).read_bytes())


@pytest.fixture
def scene(tmp_path: Path, eager_model: Path) -> Iterator[Scene]:
    source = LocalRepository.create(tmp_path / "source")
    base = source.commit({"old.py": LOADER})
    head = source.commit({"new.py": LOADER}, onto=base)
    install_reviewer(tmp_path / "home" / "bin", eager_model)
    with FakeGitLab() as fake:
        fake.add_project(PROJECT, source.folder)
        fake.people.open(PROJECT, NewMergeRequest(base, head))
        variables = {
            "GITLAB_CI": "true",
            "CI_SERVER_URL": fake.url,
            "CI_COMMIT_SHA": head,
            "CI_MERGE_REQUEST_IID": "1",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
            "CI_MERGE_REQUEST_PROJECT_PATH": PROJECT,
            "REVIEWER_HOME": str(tmp_path / "home"),
            "REVIEWER_CACHE_DIR": str(tmp_path / "cache"),
        }
        yield Scene(source, fake, variables)
        assert fake.violations == []


def test_a_merge_request_is_judged_by_its_change_and_reported_whole(scene: Scene) -> None:
    done = scene.run(REVIEWER_GITLAB_TOKEN=scene.fake.token)
    assert done.returncode == 1, done.stderr
    assert "new.py:6:5: " in done.stdout
    assert "old.py:6:5: " not in done.stdout
    assert "1 comments posted" in done.stdout
    quality, sast = scene.read("gl-code-quality-report.json"), scene.read("gl-sast-report.json")
    assert isinstance(quality, list)
    assert isinstance(sast, dict)
    assert [one["location"]["path"] for one in quality] == ["new.py", "old.py"]
    assert [one["location"]["file"] for one in sast["vulnerabilities"]] == ["new.py", "old.py"]


def test_without_a_token_nothing_is_written_and_the_job_goes_on(scene: Scene) -> None:
    done = scene.run(REVIEWER_ARGS="--fail-on never")
    assert (done.returncode, "The job was given no token" in done.stdout) == (0, True), done.stderr
    assert scene.fake.writes == []


def test_the_default_branch_is_reviewed_whole(scene: Scene) -> None:
    done = scene.run(CI_MERGE_REQUEST_IID="")
    assert done.returncode == 1, done.stderr
    assert "old.py:6:5: " in done.stdout
    assert len(run_git(scene.source.folder, "status", "--porcelain").splitlines()) == 2  # the two reports


def test_both_reports_that_are_compared_follow_the_same_options(scene: Scene) -> None:
    for given in ({"CI_MERGE_REQUEST_IID": ""}, {"REVIEWER_DIFF_ARGS": "--fail-on never"}):
        done = scene.run(REVIEWER_ARGS="--ignore security/unsafe-deserialization", **given)
        assert (done.returncode, scene.read("gl-code-quality-report.json")) == (0, []), done.stderr


def test_what_could_not_be_done_outweighs_findings(scene: Scene) -> None:
    """The change breaks the configuration that the whole tree is reviewed with, and brings a finding."""
    head = scene.source.commit({".reviewer.toml": "nonsense = 1\n"}, onto=scene.variables["CI_COMMIT_SHA"])
    done = scene.run(CI_COMMIT_SHA=head)
    assert "new.py:6:5: " in done.stdout
    assert (done.returncode, "nonsense" in done.stderr) == (2, True), done.stderr


def test_suppressions_of_a_fork_do_not_count(scene: Scene) -> None:
    silenced = LOADER.replace("request.data)", "request.data)  # reviewer: ignore[unsafe-deserialization] trust me")
    head = scene.source.commit({"new.py": silenced}, onto=scene.variables["CI_COMMIT_SHA"])
    for source, code in (("7", 0), ("8", 1)):
        given = {"CI_MERGE_REQUEST_PROJECT_ID": "7", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source}
        done = scene.run(CI_COMMIT_SHA=head, **given)
        assert (done.returncode, "new.py:6:5: " in done.stdout) == (code, code == 1), done.stderr


def test_what_to_install_must_be_named() -> None:
    example = "graph-reviewer[comment] @ git+https://HOST/OWNER/graph-reviewer@COMMIT"
    for package, code in ((JOB["variables"]["REVIEWER_PACKAGE"], 2), (example, 0)):
        command = ["sh", "-ec", JOB["script"][0]]
        given = {"PATH": os.environ["PATH"], "REVIEWER_PACKAGE": package}
        done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
        said = f"REVIEWER_PACKAGE: expected what pip is to install, found nothing; for example {example}\n"
        assert (done.returncode, done.stderr) == (code, said if code else "")
