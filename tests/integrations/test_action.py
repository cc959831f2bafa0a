"""The Action of this repository: its scripts are run as they stand, on a real repository, with a real model."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from integrations.testing.action_runner import ActionError, ActionRun, ActionRunner, evaluate, expand, install_reviewer
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.git_hosting import run_git
from integrations.testing.github_people import NewPull
from integrations.testing.local_repository import LocalRepository

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "alice/shop"
LOADER = 'import yaml\nfrom flask import request\n\n\ndef load():\n    yaml.load(request.data)\n    return "größer"\n'
PINNED = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40}")


@dataclass
class Scene:
    """A repository with a pull request, as a job has it cloned."""

    folder: Path
    source: LocalRepository
    base: str
    head: str
    github: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def clone(self, *options: str, ref: str = "refs/pull/1/merge") -> Path:
        """As actions/checkout leaves it: the merge commit, detached."""
        workspace = self.folder / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        workspace.mkdir()
        run_git(workspace, "init", "--quiet")
        run_git(workspace, "remote", "add", "origin", self.source.folder.as_uri())
        run_git(workspace, "fetch", "--quiet", "--no-tags", *options, "origin", f"+{ref}:refs/remotes/pull/1/merge")
        run_git(workspace, "checkout", "--quiet", "--detach", "refs/remotes/pull/1/merge")
        return workspace

    def run(self, *options: str, **inputs: str) -> ActionRun:
        return self.run_in(self.clone(*options), **inputs)

    def run_in(self, workspace: Path, **inputs: str) -> ActionRun:
        runner = ActionRunner(
            action=self.folder / "action",
            workspace=workspace,
            temp=self.folder / "temp",
            github=self.github,
            environment=self.environment,
            outputs={"python": {"python-path": sys.executable}},
        )
        return runner.run({name.replace("_", "-"): value for name, value in inputs.items()})

    def merge(self) -> None:
        """Updates what GitHub keeps of a pull request: its head, and the head merged into the base."""
        run_git(self.source.folder, "update-ref", "refs/pull/1/head", self.head)
        run_git(self.source.folder, "checkout", "--quiet", "--detach", self.base)
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        run_git(self.source.folder, *identity, "merge", "--quiet", "--no-ff", "--no-edit", self.head)
        run_git(self.source.folder, "update-ref", "refs/pull/1/merge", "HEAD")
        pull = {
            "number": 1,
            "base": {"sha": self.base, "ref": "main"},
            "head": {"sha": self.head, "repo": {"full_name": REPOSITORY}},
        }
        self.github |= {
            "event_name": "pull_request",
            "event": {"pull_request": pull},
            "repository": REPOSITORY,
            "sha": "c" * 40,
            "token": "",
        }


@pytest.fixture
def scene(tmp_path: Path, eager_model: Path) -> Scene:
    source = LocalRepository.create(tmp_path / "source")
    run_git(source.folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    base = source.commit({"old.py": LOADER, "a.py": "x = 1\n"})
    run_git(source.folder, "branch", "--force", "kept", base)
    made = Scene(tmp_path, source, base, source.commit({"new.py": LOADER}, onto=base))
    made.merge()
    (tmp_path / "temp").mkdir()
    (tmp_path / "action").mkdir()
    shutil.copy(ROOT / "action.yml", tmp_path / "action")
    install_reviewer(tmp_path / "temp" / "graph-reviewer" / "action" / "bin", eager_model)
    return made


def annotations(run: ActionRun) -> list[str]:
    """Level and file of each annotation of a finding."""
    found = re.findall(r"^::(\w+) file=([^,]+),", run.log, re.M)
    return [f"{level} {file}" for level, file in found]


def test_a_pull_request_is_annotated_and_fails(scene: Scene) -> None:
    run = scene.run()
    assert run.exit_code == 1, run.log
    assert annotations(run) == ["error new.py"]
    assert "::notice title=graph-reviewer::1 finding" in run.log
    assert (run.outputs["findings"], run.outputs["exit-code"]) == ("1", "1")
    told, closing = run.summary.split("\n\n")
    assert told == "graph-reviewer: findings: 1"
    assert closing.startswith("    1 finding (1 critical) in 1 file reviewed, 7 lines.\n")
    sarif = json.loads(Path(run.outputs["sarif"]).read_bytes())
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["security/unsafe-deserialization"]
    assert json.loads(Path(run.outputs["report"]).read_bytes())["change"] == {"base": scene.base, "head": scene.head}
    restored, kept = [one for one in run.used if one.action.startswith("actions/cache")]
    assert [one.action.partition("@")[0] for one in (restored, kept)] == ["actions/cache/restore", "actions/cache/save"]
    assert re.fullmatch(r"graph-reviewer-Linux-[\w.+]+-c{40}", kept.inputs["key"])
    assert kept.inputs.items() <= restored.inputs.items()


def test_a_push_reviews_the_tree(scene: Scene) -> None:
    scene.github["event_name"] = "push"
    run = scene.run(sarif="true", cache="false")
    assert run.exit_code == 1, run.log
    assert annotations(run) == ["error new.py", "error old.py"]
    (upload,) = [one for one in run.used if "upload-sarif" in one.action]
    assert upload.inputs == {"sarif_file": run.outputs["sarif"], "category": "graph-reviewer"}
    assert annotations(scene.run(paths="old.py\n")) == ["error old.py"]


def test_a_merge_group_is_reviewed_as_the_change_that_it_is(scene: Scene) -> None:
    scene.github |= {
        "event_name": "merge_group",
        "event": {"merge_group": {"base_sha": scene.base, "head_sha": scene.head}},
    }
    silenced = scene.run(comment="true", args="--ignore\nsecurity")
    assert (silenced.exit_code, annotations(silenced)) == (0, [])
    run = scene.run("--depth=1")
    assert (run.exit_code, annotations(run)) == (1, ["error new.py"]), run.log


def test_inputs_reach_the_command(scene: Scene) -> None:
    assert scene.run(fail_on="never").exit_code == 0
    run = scene.run(annotations="false", args="--ignore\nunsafe-deserialization\n")
    assert (run.exit_code, run.outputs["findings"]) == (0, "0")
    assert "No findings" in run.log or "0 findings" in run.log
    with pytest.raises(ActionError, match="inputs: expected some of"):
        scene.run(nonsense="1")


def test_the_summary_says_what_was_not_reviewed(scene: Scene) -> None:
    workspace = scene.clone()
    (workspace / "b.py").write_bytes(bytes(100))
    scene.github["event_name"] = "push"
    run = scene.run_in(workspace, fail_on="never")
    assert "\n    Not reviewed, binary: 1: b.py.\n" in run.summary
    broken = scene.folder / "model"
    broken.mkdir()
    shutil.rmtree(scene.folder / "temp" / "graph-reviewer" / "action")
    install_reviewer(scene.folder / "temp" / "graph-reviewer" / "action" / "bin", broken)
    run = scene.run(on_failure="pass")
    assert (run.exit_code, run.outputs["exit-code"], run.outputs["findings"]) == (0, "0", "")
    assert run.summary == "graph-reviewer: nothing was reviewed; the log says why.\n"
    assert scene.run().summary == "graph-reviewer: the review is not complete; the log says why.\n"


@pytest.mark.parametrize(("on_failure", "code"), [("", 2), ("fail", 2), ("pass", 0)])
def test_what_cannot_be_installed_fails_or_passes_as_asked(scene: Scene, on_failure: str, code: int) -> None:
    shutil.rmtree(scene.folder / "temp" / "graph-reviewer")
    workspace = scene.clone()
    run = scene.run_in(workspace, on_failure=on_failure, sarif="true", comment="true")
    assert run.exit_code == code, run.log
    assert "requirements.txt" in run.log
    assert f"::{'warning' if code == 0 else 'error'} title=graph-reviewer::" in run.log
    assert [one.action.partition("@")[0] for one in run.used] == ["actions/setup-python"]
    assert (run.outputs["findings"], run.outputs["exit-code"]) == ("", "")
    assert ("nothing was reviewed" in run.summary) == (code == 0)
    assert not (scene.folder / "temp" / "graph-reviewer" / "action").exists()


def test_what_stands_in_an_input_is_not_run(scene: Scene) -> None:
    workspace = scene.clone()
    hostile = "$(touch pwned)\n`touch pwned`\n\"; touch pwned; \"\n'; touch pwned; '"
    for name in ("paths", "fail_on", "args", "base"):
        scene.run_in(workspace, **{name: hostile})
    assert not list(scene.folder.rglob("pwned"))


def test_modules_of_the_reviewed_repository_are_not_imported(scene: Scene) -> None:
    trap = "raise SystemExit('imported')\n"
    scene.head = scene.source.commit(
        dict.fromkeys(("json.py", "venv.py", "reviewer/__init__.py"), trap), onto=scene.head
    )
    scene.merge()
    run = scene.run()
    assert (run.exit_code, annotations(run)) == (1, ["error new.py"]), run.log


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_is_deepened(scene: Scene, depth: int) -> None:
    for number in range(4):
        scene.head = scene.source.commit({"a.py": f"x = {number}\n"}, onto=scene.head)
    scene.base = scene.source.commit({"b.py": "y = 1\n"}, onto=scene.base)
    run_git(scene.source.folder, "branch", "--force", "main", scene.base)
    scene.merge()
    run = scene.run(f"--depth={depth}")
    assert (run.exit_code, annotations(run)) == (1, ["error new.py"]), run.log


def test_a_base_that_cannot_be_had_is_said(scene: Scene) -> None:
    """The branch was deleted, and its commit with it."""
    scene.github["event"]["pull_request"]["base"]["sha"] = "f" * 40
    for options in ((), ("--depth=1",)):
        run = scene.run(*options)
        assert run.exit_code == 2
        assert f"{'f' * 40}: expected a commit, found none" in run.log
        assert (run.outputs["findings"], run.outputs["report"]) == ("", "")
        assert run.summary == "graph-reviewer: the review is not complete; the log says why.\n"
    assert "a shallow clone: run `git fetch --deepen=100`" in run.log


def test_a_deleted_base_branch_whose_commit_is_kept_changes_nothing(scene: Scene) -> None:
    run_git(scene.source.folder, "branch", "--delete", "--force", "main")
    assert annotations(scene.run("--depth=1")) == ["error new.py"]


def test_a_renamed_file_brings_nothing_new(scene: Scene) -> None:
    scene.head = scene.source.commit({"old.py": None, "sub/moved.py": LOADER}, onto=scene.base)
    scene.merge()
    run = scene.run()
    assert (run.exit_code, annotations(run)) == (0, []), run.log


def test_the_change_does_not_choose_its_policy(scene: Scene) -> None:
    ours = {".reviewer.toml": "select = []\n", ".gitattributes": "*.py linguist-generated\n"}
    scene.head = scene.source.commit(ours, onto=scene.head)
    scene.merge()
    assert annotations(scene.run()) == ["error new.py"]


def as_fork(scene: Scene) -> None:
    scene.github["event"]["pull_request"]["head"]["repo"]["full_name"] = "mallory/shop"


def test_suppressions_of_a_fork_do_not_count(scene: Scene) -> None:
    silenced = LOADER.replace("request.data)", "request.data)  # reviewer: ignore[unsafe-deserialization] trust me")
    scene.head = scene.source.commit({"new.py": silenced}, onto=scene.head)
    scene.merge()
    assert annotations(scene.run()) == []
    as_fork(scene)
    run = scene.run(sarif="true")
    assert annotations(run)[0] == "error new.py"
    assert not [one for one in run.used if "upload-sarif" in one.action]


@pytest.fixture
def fake(scene: Scene) -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        fake.add_repository(REPOSITORY, scene.source.folder)
        fake.people.open_pull(REPOSITORY, NewPull(scene.base, scene.head))
        scene.environment |= {"GITHUB_API_URL": fake.api_url, "GITHUB_SERVER_URL": fake.url}
        scene.environment["REVIEWER_GITHUB_PAUSE_S"] = "0"
        yield fake
        assert fake.violations == []


def test_comments_are_posted_once(scene: Scene, fake: FakeGitHub) -> None:
    scene.github["token"] = fake.add_token("github-actions[bot]")
    for posted in (
        "1 comments posted, 0 amended, summary written.",
        "0 comments posted, 0 amended, summary as it was.",
    ):
        run = scene.run(comment="true")
        assert (run.exit_code, posted in run.log) == (1, True), run.log
    assert [one.place.path for one in fake.pull(REPOSITORY, 1).threads] == ["new.py"]


def test_the_token_of_a_fork_leaves_annotations_and_exit_code(scene: Scene, fake: FakeGitHub) -> None:
    as_fork(scene)
    scene.github["token"] = fake.add_token("github-actions[bot]", may_write=False)
    run = scene.run(comment="true")
    assert (run.exit_code, annotations(run)) == (1, ["error new.py"])
    assert run.log.count("Resource not accessible by integration") == 1
    assert fake.writes == []


def test_a_host_that_is_away_costs_comments_only(scene: Scene) -> None:
    scene.environment["GITHUB_API_URL"] = "http://127.0.0.1:9"
    scene.github["token"] = "ghs_x"
    run = scene.run(comment="true", fail_on="never")
    assert (run.exit_code, "::warning title=graph-reviewer::No comments" in run.log) == (0, True), run.log


# The files themselves


def test_actions_are_pinned_and_no_expression_stands_in_a_script() -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    assert all(PINNED.fullmatch(step["uses"]) for step in steps if "uses" in step)
    assert all("${{" not in step["run"] for step in steps if "run" in step)


def test_every_package_that_is_installed_stands_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [Requirement(one) for one in project["project"]["dependencies"]]
    wanted += [Requirement(one) for one in project["project"]["optional-dependencies"]["comment"]]
    wanted += [Requirement(one) for one in project["build-system"]["requires"]]
    locked = defaultdict(list)
    for line in (ROOT / "integrations/ci/requirements.txt").read_text("utf-8").splitlines():
        if "==" in line:
            name, _, version = line.partition(" ")[0].partition("==")
            locked[canonicalize_name(name)].append(version)
    assert [str(one) for one in wanted if not locked[canonicalize_name(one.name)]] == []
    unfit = [str(one) for one in wanted if not all(map(one.specifier.contains, locked[canonicalize_name(one.name)]))]
    assert unfit == [], "make the lock again: .ci/run lock"


SCHEMAS = {
    "vendor.github-actions": "action.yml",
    "vendor.github-workflows": ".github/workflows/ci.yml",
    "vendor.gitlab-ci": "integrations/ci/gitlab.yml",
    "vendor.dependabot": ".github/dependabot.yml",
}


@pytest.mark.parametrize("schema", list(SCHEMAS))
def test_files_follow_the_schemas_of_their_readers(schema: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    broken = tmp_path / "broken.yml"
    broken.write_text("just text\n", "utf-8")
    for path, code in ((ROOT / SCHEMAS[schema], 0), (broken, 1)):
        done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.event.number", 7),
        ("github.nothing.more", None),
        ("github.nothing || 'it''s'", "it's"),
        ("'A' == 'a' && github.event.number", 7),
        ("!(github.nothing != '') && true", True),
        ("false || false", False),
    ],
)
def test_expressions_mean_what_they_mean_on_github(expression: str, value: object) -> None:
    contexts: Mapping[str, Any] = {"github": {"event": {"number": 7}}}
    assert evaluate(expression, contexts) == value
    assert expand("a${{ github.event.number }}${{ github.nothing }}b", contexts) == "a7b"


@pytest.mark.parametrize("expression", ["a b", "(a", "a + b", "hashFiles('x')"])
def test_an_expression_that_is_not_understood_is_an_error(expression: str) -> None:
    with pytest.raises(ActionError):
        evaluate(expression, {})
