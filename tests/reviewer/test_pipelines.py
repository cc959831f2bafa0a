"""`reviewer diff` in a CI job: the base that the job names, clones that were cut, and reviews that lost a file."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewer.cli.group import group
from reviewer.cli.pipelines import BaseHint, find_base
from reviewer.cli.session import Session
from reviewer.graph_engine import GraphEngine
from reviewer.testing import FakeEngine, Project

BAD = 'def f():\n    value = source()\n    sink("security/sql-injection", 0.9, value)\n'
DEEPEN = "run `git fetch --deepen=100` until it is there, or `git fetch --unshallow`"


def run(folder: Path, *args: str, hint: BaseHint | None = None) -> Result:
    session = Session(folder, FakeEngine(), folder.parent / "cache")
    return CliRunner().invoke(group, ("diff", *args), obj=replace(session, base_hint=hint))


def write_event(tmp_path: Path, event: object) -> dict[str, str]:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event), "utf-8")
    return {"GITHUB_EVENT_PATH": str(file)}


@pytest.mark.parametrize(
    ("variables", "revisions", "said_by"),
    [
        ({"GITHUB_BASE_REF": "main"}, ("origin/main", "main"), "GITHUB_BASE_REF"),
        (
            {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release/1"},
            ("abc", "origin/release/1", "release/1"),
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        ),
        (
            {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"},
            ("origin/main", "main"),
            "SYSTEM_PULLREQUEST_TARGETBRANCH",
        ),
        ({"CHANGE_TARGET": "main"}, ("origin/main", "main"), "CHANGE_TARGET"),
    ],
)
def test_the_job_names_the_base(variables: dict[str, str], revisions: tuple[str, ...], said_by: str) -> None:
    assert find_base(variables) == BaseHint(revisions, said_by)


@pytest.mark.parametrize(
    ("event", "base"),
    [
        ({"pull_request": {"base": {"sha": "abc"}}, "before": "old"}, "abc"),
        ({"merge_group": {"base_sha": "abc"}}, "abc"),
        ({"before": "abc"}, "abc"),
        ({"before": "0" * 40}, None),
        ({"pull_request": None}, None),
        ([], None),
    ],
)
def test_githubs_event_names_the_base(tmp_path: Path, event: object, base: str | None) -> None:
    expected = None if base is None else BaseHint((base,), "the event of the job")
    assert find_base(write_event(tmp_path, event)) == expected


def test_an_event_that_cannot_be_read_names_nothing(tmp_path: Path) -> None:
    assert find_base({"GITHUB_EVENT_PATH": str(tmp_path / "nowhere")}) is None
    (tmp_path / "broken").write_text("{", "utf-8")
    assert find_base({"GITHUB_EVENT_PATH": str(tmp_path / "broken")}) is None
    assert find_base({}) is None


@pytest.fixture
def origin(repository: Project) -> Project:
    """A branch `release` that is twenty commits long, and a change to it."""
    repository.commit({"a.py": "x = 0\n"})
    repository.git("branch", "--move", "release")
    for number in range(20):
        repository.commit({"a.py": f"x = {number + 1}\n"})
    repository.git("checkout", "--quiet", "-b", "topic", "release~15")
    repository.commit({"b.py": BAD})
    return repository


@pytest.fixture
def clone(origin: Project, tmp_path: Path) -> Callable[..., Project]:
    """Clones of it, as a CI job makes them."""

    def make(*options: str) -> Project:
        folder = tmp_path / f"clone{len(options)}"
        origin.git("clone", "--quiet", "--branch=topic", *options, f"file://{origin.root}", str(folder))
        return Project(folder)

    return make


def test_the_base_of_the_job_is_compared_with(clone: Callable[..., Project]) -> None:
    hint = BaseHint(("0" * 40, "origin/release"), "CHANGE_TARGET")
    project = clone()
    assert run(project.root, "--head", "HEAD").exit_code == 0  # the clone's default branch is the change itself
    result = run(project.root, "--head", "HEAD", hint=hint)
    assert result.exit_code == 1
    assert result.stdout.startswith("b.py:3:5: critical security/sql-injection")
    assert run(project.root, "--head", "HEAD", "--base", "HEAD", hint=hint).exit_code == 0


def test_a_process_reads_the_variables_of_its_job(clone: Callable[..., Project]) -> None:
    done = clone().spawn("diff", "--head", "HEAD", environment={"CHANGE_TARGET": "release"})
    assert (done.returncode, done.stdout[:6]) == (1, b"b.py:3")


def test_a_deleted_base_branch_is_said(clone: Callable[..., Project]) -> None:
    project = clone()
    project.git("branch", "--remotes", "--delete", "origin/release")
    result = run(project.root, hint=BaseHint(("origin/release", "release"), "GITHUB_BASE_REF"))
    said = (
        "reviewer: base: GITHUB_BASE_REF: expected one of origin/release, release in this clone, found none: the "
        "branch was deleted, or not fetched. Get the branch by `git fetch origin "
        "+refs/heads/release:refs/remotes/origin/release` if it still exists. Or name the commit to compare with by "
        "--base.\n"
    )
    assert (result.exit_code, result.stderr) == (2, said)


@pytest.mark.parametrize("branch", ["release", "$(exit)'é"])
def test_the_command_in_the_message_gets_the_branch_in_a_clone_of_one(
    origin: Project, clone: Callable[..., Project], branch: str
) -> None:
    origin.git("branch", "--force", branch, "release")
    project = clone("--single-branch")
    hint = find_base({"CHANGE_TARGET": branch})
    refused = run(project.root, "--head", "HEAD", hint=hint)
    command = refused.stderr.partition("Get the branch by `")[2].partition("` if it")[0]
    subprocess.run(command, shell=True, cwd=project.root, check=True, capture_output=True)
    assert (refused.exit_code, run(project.root, "--head", "HEAD", hint=hint).exit_code) == (2, 1)


def test_a_shallow_clone_without_the_base_says_how_to_get_it(clone: Callable[..., Project]) -> None:
    project = clone("--depth=1")
    result = run(project.root, hint=BaseHint(("f" * 40,), "the event of the job"))
    assert (result.exit_code, f"This clone is shallow: {DEEPEN}" in result.stderr) == (2, True)
    named = run(project.root, "--base", "f" * 40)
    assert (named.exit_code, f"a shallow clone: {DEEPEN}" in named.stderr) == (2, True)


def test_a_shallow_clone_in_which_the_branches_do_not_meet_is_refused(clone: Callable[..., Project]) -> None:
    project = clone("--depth=3", "--no-single-branch")
    result = run(project.root, "--base", "origin/release")
    assert result.exit_code == 2
    assert f"expected a common ancestor, found none in this shallow clone: {DEEPEN}" in result.stderr
    project.git("fetch", "--quiet", "--deepen=100")
    assert run(project.root, "--base", "origin/release").exit_code == 1


def test_branches_without_a_common_ancestor_are_refused(origin: Project) -> None:
    origin.git("checkout", "--quiet", "--orphan", "other")
    origin.commit({"c.py": "x\n"})
    result = run(origin.root, "--base", "release")
    assert (result.exit_code, "found none\n" in result.stderr) == (2, True)


def test_a_base_that_may_be_nearer_is_said(origin: Project, clone: Callable[..., Project]) -> None:
    """The change has merged a branch whose beginning the clone does not reach."""
    origin.git("checkout", "--quiet", "-b", "side", "release~18")
    for number in range(10):
        origin.commit({"side.py": f"x = {number}\n"})
    origin.git("checkout", "--quiet", "-B", "topic", "release~2")
    origin.commit({"b.py": BAD})
    origin.git("-c", "user.name=A", "-c", "user.email=a@b.c", "merge", "--quiet", "--no-edit", "side")
    said = f"warning: the clone is shallow, so the base may be older than it need be: {DEEPEN}"
    result = run(clone("--depth=5", "--no-single-branch").root, "--base", "origin/release", "--head", "HEAD")
    assert (result.exit_code, result.stderr.startswith(said)) == (1, True)
    assert run(clone().root, "--base", "origin/release", "--head", "HEAD").stderr == ""


def test_a_change_can_be_cut_to_folders(origin: Project) -> None:
    origin.write({"sub/c.py": BAD, "subway.py": BAD})
    for args, paths in (((), ["b.py", "sub/c.py", "subway.py"]), (("sub",), ["sub/c.py"]), (("b.py",), ["b.py"])):
        report = origin.report("diff", "--base", "release", *args)
        assert [one["location"]["path"] for one in report["findings"]] == paths
        assert [one["path"] for one in report["files"]["reviewed"]] == paths


FAILED = "INCOMPLETE: 1 file could not be reviewed; on-failure = pass lets it pass."


def test_a_failed_file_fails_unless_it_is_let_pass(project: Project) -> None:
    project.write({"a.py": "raise-analysis\n", "b.py": "x = 1\n"})
    assert project.run("check").exit_code == 2
    result = project.run("check", "--on-failure", "pass")
    assert (result.exit_code, result.stdout.splitlines()[-2:]) == (
        0,
        ["Failed: a.py: RuntimeError: asked to fail", FAILED],
    )
    assert FAILED in project.run("check", "--on-failure", "pass", "--format", "github").stdout
    for form in ("json", "sarif", "gitlab", "gitlab-sast"):
        assert project.run("check", "--on-failure", "pass", "--format", form).stderr == f"{FAILED}\n"
    assert project.run("check", "--on-failure", "pass", "--output", "x.txt").stderr == f"{FAILED}\n"
    project.write({"b.py": BAD, ".reviewer.toml": 'on-failure = "pass"\n'})
    assert project.run("check").exit_code == 1
    assert project.run("check", "--on-failure", "fail").exit_code == 2


def test_what_cannot_be_done_as_asked_never_passes(project: Project) -> None:
    for args in (("check",), ("check", "nowhere.py"), ("diff",)):
        assert project.run(*args, "--on-failure", "pass").exit_code == 2


def test_a_review_that_cannot_be_written_never_passes(project: Project) -> None:
    project.write({"b.py": BAD, "file": ""})
    for args in (("--output", "file/x.txt"), ("--report", "json=file/x.json"), ("--model", "nowhere")):
        result = project.run("check", "b.py", *args, "--on-failure", "pass")
        assert (result.exit_code, "INCOMPLETE" in result.stderr) == (2, False)
        assert "fault of the reviewer" not in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said(project: Project) -> None:
    project.write({"b.py": "x = 1\n"})
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-c", "from reviewer.cli import main; main()", "check", "--on-failure", "pass"]
        done = subprocess.run(command, cwd=project.root, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr.decode()) == (2, "reviewer: standard output: No space left on device\n")


def test_a_reviewer_that_is_broken_fails_unless_it_is_let_pass(origin: Project, tmp_path: Path) -> None:
    broken = GraphEngine(tmp_path / "model")
    (tmp_path / "model").mkdir()
    for args in (("check", "b.py"), ("diff", "--base", "release")):
        failed = origin.run(*args, engine=broken)
        passed = origin.run(*args, "--on-failure", "pass", engine=broken)
        assert (failed.exit_code, passed.exit_code) == (2, 0)
        assert passed.stderr == (
            f"{failed.stderr}INCOMPLETE: the review could not be made; on-failure = pass lets it pass.\n"
        )
        assert str(tmp_path / "model") in failed.stderr
    assert origin.run("check", "b.py", engine=broken).exit_code == 2  # nothing stays of what was asked before
