"""The hooks of this repository, run by pre-commit as it stands on a real repository, with a real model.

`language` is overridden, so that pre-commit takes the `reviewer` of the PATH and downloads nothing; entry, types and
arguments are those of the hooks. `.ci/run dogfood` has pre-commit install them.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from graph_model.languages import LANGUAGES
from integrations.testing.action_runner import install_reviewer
from integrations.testing.git_hosting import run_git
from integrations.testing.local_repository import LocalRepository

pytestmark = pytest.mark.slow
MANIFEST = Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml"
LOADER = 'import yaml\nfrom flask import request\n\n\ndef load():\n    yaml.load(request.data)\n    return "größer"\n'
CLEAN = "def load():\n    return 1\n"
ONE_FOUND = "1 finding (1 critical) in 1 file reviewed, 7 lines."


@dataclass(frozen=True, slots=True)
class Scene:
    """A repository that is committed to, with the hooks of another one in its configuration."""

    source: LocalRepository
    variables: dict[str, str]

    def stage(self, **files: str) -> None:
        for name, text in files.items():
            (self.source.folder / f"{name}.py").write_text(text, "utf-8", newline="")
            run_git(self.source.folder, "add", f"{name}.py")

    def run(self, hook: str, *args: str) -> "subprocess.CompletedProcess[str]":
        """pre-commit, as its script in `.git/hooks` calls it."""
        command = [sys.executable, "-m", "pre_commit", "run", hook, "--verbose", "--color=never", *args]
        given = {**os.environ, **self.variables}
        return subprocess.run(
            command, cwd=self.source.folder, env=given, capture_output=True, text=True, encoding="utf-8", check=False
        )


@pytest.fixture
def scene(tmp_path: Path, eager_model: Path) -> Scene:
    hooks = LocalRepository.create(tmp_path / "hooks")
    revision = hooks.commit({MANIFEST.name: MANIFEST.read_text("utf-8")})
    ids = [hook["id"] for hook in yaml.safe_load(MANIFEST.read_text("utf-8"))]
    chosen = [{"id": name, "language": "system"} for name in ids]
    configuration = {"repos": [{"repo": hooks.folder.as_uri(), "rev": revision, "hooks": chosen}]}
    source = LocalRepository.create(tmp_path / "source")
    (source.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configuration), "utf-8")
    run_git(source.folder, "add", ".pre-commit-config.yaml")
    install_reviewer(tmp_path / "bin", eager_model)
    variables = {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
        "REVIEWER_CACHE_DIR": str(tmp_path / "cache"),
    }
    return Scene(source, variables)


@pytest.mark.parametrize("hook", ["reviewer", "reviewer-files"])
def test_a_first_commit_with_a_defect_is_refused(scene: Scene, hook: str) -> None:
    scene.stage(load=LOADER)
    done = scene.run(hook)
    assert (done.returncode, done.stderr) == (1, "")
    assert "- exit code: 1\n" in done.stdout
    assert "\nload.py:6:5: critical security/unsafe-deserialization" in done.stdout
    assert ONE_FOUND in done.stdout


@pytest.mark.parametrize("hook", ["reviewer", "reviewer-files"])
def test_clean_code_passes_beside_a_defect_that_is_not_committed(scene: Scene, hook: str) -> None:
    scene.stage(clean=CLEAN)
    (scene.source.folder / "load.py").write_text(LOADER, "utf-8")
    done = scene.run(hook)
    assert (done.returncode, "0 findings in 1 file reviewed, 2 lines." in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("hook", ["reviewer", "reviewer-files"])
def test_what_is_staged_counts_and_not_what_was_edited_since(scene: Scene, hook: str) -> None:
    scene.stage(load=LOADER)
    (scene.source.folder / "load.py").write_text(CLEAN, "utf-8")
    assert scene.run(hook).returncode == 1
    scene.stage(load=CLEAN)
    (scene.source.folder / "load.py").write_text(LOADER, "utf-8")
    assert scene.run(hook).returncode == 0
    assert (scene.source.folder / "load.py").read_text("utf-8") == LOADER


@pytest.mark.parametrize(("hook", "code"), [("reviewer", 0), ("reviewer-files", 1)])
def test_what_stood_there_before_is_found_in_whole_files_only(scene: Scene, hook: str, code: int) -> None:
    scene.source.commit({"load.py": LOADER})
    scene.stage(load=f"{LOADER}\n\nVALUE = 1\n")
    done = scene.run(hook)
    assert (done.returncode, "load.py:6:5: " in done.stdout) == (code, code == 1), done.stdout


def test_whole_files_are_those_that_pre_commit_is_given(scene: Scene) -> None:
    """In a pipeline nothing is staged, and a hook that looked at the index would pass whatever there is."""
    base = scene.source.commit({"load.py": LOADER, "other.py": LOADER})
    head = scene.source.commit({"clean.py": CLEAN}, onto=base)
    everything = scene.run("reviewer-files", "--all-files")
    assert (everything.returncode, "2 findings (2 critical) in 3 files" in everything.stdout) == (1, True)
    named = scene.run("reviewer-files", "--files", "other.py")
    assert (named.returncode, ONE_FOUND in named.stdout, "load.py" in named.stdout) == (1, True, False)
    pushed = scene.run("reviewer-files", "--from-ref", base, "--to-ref", head)
    assert (pushed.returncode, "0 findings in 1 file reviewed" in pushed.stdout) == (0, True)


@pytest.mark.parametrize("hook", ["reviewer", "reviewer-files"])
def test_a_hook_takes_arguments(scene: Scene, hook: str) -> None:
    scene.stage(load=LOADER)
    file = scene.source.folder / ".pre-commit-config.yaml"
    configuration = yaml.safe_load(file.read_text("utf-8"))
    for chosen in configuration["repos"][0]["hooks"]:
        chosen["args"] = ["--fail-on", "never", "--format", "json"]
    file.write_text(yaml.safe_dump(configuration), "utf-8")
    run_git(scene.source.folder, "add", file.name)
    done = scene.run(hook)
    assert (done.returncode, '"label": "security/unsafe-deserialization"' in done.stdout) == (0, True), done.stdout


def test_hooks_look_at_the_files_that_a_table_reads() -> None:
    hooks = yaml.safe_load(MANIFEST.read_text("utf-8"))
    suffixes = [suffix for language in LANGUAGES for suffix in language.suffixes]
    names = [f"src/a{suffix}" for suffix in (*suffixes, ".PY")]
    others = ["a.txt", "py", "a.pyc", "tool", "a.py.orig"]
    for hook in hooks:
        assert [name for name in [*names, *others] if re.search(hook["files"], name)] == names


def test_pre_commit_takes_its_hooks(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("- id: reviewer\n", "utf-8")
    for path, code in ((MANIFEST, 0), (broken, 1)):
        command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(path)]
        assert subprocess.run(command, capture_output=True, check=False, cwd=tmp_path).returncode == code
