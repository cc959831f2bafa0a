import os
import sys
from pathlib import Path

import pytest

from reviewer.errors import RepositoryError
from reviewer.repositories import Repository, find_repository
from reviewer.testing import Project


def test_contents_are_read_in_order_and_absent_ones_are_none(repository: Project) -> None:
    commit = repository.commit({"a.py": b"a\r\n", "sub dir/blob 3": "é\n", "empty.py": b""})
    git = Repository(repository.root)
    names = ["a.py", "missing name", "sub dir/blob 3", "sub dir", "empty.py", "with\nfeed"]
    found = git.read_objects([f"{commit}:{name}" for name in names])
    assert found == [b"a\r\n", None, "é\n".encode(), None, b"", None]
    assert git.read_objects([]) == []


def test_attributes_come_from_git(repository: Project) -> None:
    repository.write({".gitattributes": "*.py linguist-generated\nb.py linguist-generated=false\n"})
    git = Repository(repository.root)
    found = git.read_attributes(["a.py", "b.py", "c.js"], ["linguist-generated"])
    assert found == {("a.py", "linguist-generated"): "set", ("b.py", "linguist-generated"): "false"}
    assert git.read_attributes([], ["linguist-generated"]) == {}


def test_a_failing_command_is_named(repository: Project) -> None:
    with pytest.raises(RepositoryError, match=r"^git cat-file: .*nonsense") as caught:
        Repository(repository.root).run("cat-file", "blob", "nonsense")
    assert caught.value.command == "cat-file"


def test_a_missing_git_is_said(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RepositoryError, match="expected git to start"):
        Repository(repository.root).run("status")


def test_revisions(repository: Project) -> None:
    commit = repository.commit({"a.py": "x\n"})
    git = Repository(repository.root)
    assert git.find_revision("main") == commit
    assert git.find_revision("--all") is None
    assert git.find_revision("nowhere") is None


def test_a_hostile_configuration_runs_nothing(repository: Project, tmp_path: Path) -> None:
    repository.commit({"a.py": "x\n"})
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    evil.chmod(0o755)
    repository.git("config", "core.fsmonitor", str(evil))
    repository.git("config", "diff.external", str(evil))
    repository.write({"a.py": "y\n"})
    (tmp_path / "ran").unlink(missing_ok=True)
    assert repository.run("check", ".").exit_code == 0
    assert repository.run("diff").exit_code == 0
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["evil", 'e"v=i.x'])
@pytest.mark.parametrize("key", ["clean", "process"])
def test_a_filter_of_the_repository_runs_nothing(repository: Project, tmp_path: Path, name: str, key: str) -> None:
    repository.commit({"a.py": "x\n", ".gitattributes": f"*.py filter={name}\n"})
    repository.git("config", f"filter.{name}.{key}", f"touch {tmp_path}/ran; cat")
    repository.git("config", f"filter.{name}.required", "true")
    repository.write({"a.py": "y = 1\n"})
    (tmp_path / "ran").unlink(missing_ok=True)
    assert repository.run("diff", "--base", "HEAD").exit_code == 0
    assert not (tmp_path / "ran").exists()


def test_objects_that_are_missing_are_asked_of_nobody(repository: Project, tmp_path: Path) -> None:
    first = repository.commit({"a.py": "x\n"})
    blob = repository.git("rev-parse", f"{first}:a.py")
    repository.commit({"a.py": "y\n"})
    (repository.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    evil.chmod(0o755)
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": str(repository.root),
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(evil),
        "protocol.file.allow": "always",
    }.items():
        repository.git("config", key, value)
    result = repository.run("diff", "--base", first)
    assert result.exit_code == 2
    assert "git fetch --refetch" in result.stderr
    assert not (tmp_path / "ran").exists()


def test_the_innermost_repository_is_found(repository: Project, tmp_path: Path) -> None:
    (repository.root / "sub").mkdir()
    found = find_repository(repository.root / "sub")
    assert found == Repository(repository.root)
    (tmp_path / "plain").mkdir()
    assert find_repository(tmp_path / "plain") is None


def test_conflicts_and_index_are_listed_once(repository: Project) -> None:
    repository.commit({"a.py": "x\n"})
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit({"a.py": "y\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"a.py": "z\n"})
    with pytest.raises(Exception, match="merge"):
        repository.git("merge", "other")
    assert [entry.path for entry in Repository(repository.root).list_tree(None)] == ["a.py"]


def test_sizes_are_told_without_reading_and_absent_ones_are_none(repository: Project) -> None:
    commit = repository.commit({"a.py": "ä = 1\r\n", "empty.py": "", "folder/x": "y"})
    found = Repository(repository.root).measure_objects(
        [
            f"{commit}:a.py",
            f"{commit}:empty.py",
            f"{commit}:folder",
            f"{commit}:gone",
            f"{commit}:a\nb",
            f"{commit}:../x",
        ]
    )
    assert found == [8, 0, None, None, None, None]
    assert Repository(repository.root).measure_objects([]) == []


def test_a_path_that_leads_outside_has_no_content(repository: Project) -> None:
    commit = repository.commit({"a.py": "x = 1\n"})
    names = [f"{commit}:../a.py", f"{commit}:./a.py", f"{commit}:a.py"]
    assert Repository(repository.root).read_objects(names) == [None, None, b"x = 1\n"]


def test_output_beyond_a_bound_is_refused(repository: Project) -> None:
    commit = repository.commit({"a.py": "x" * 1_000})
    made = Repository(repository.root)
    assert made.run_bounded("cat-file", "blob", f"{commit}:a.py", max_bytes=1_000) == b"x" * 1_000
    with pytest.raises(RepositoryError, match="expected at most 999 bytes, found more"):
        made.run_bounded("cat-file", "blob", f"{commit}:a.py", max_bytes=999)
    with pytest.raises(RepositoryError, match="exit code 128"):
        made.run_bounded("cat-file", "blob", f"{commit}:gone", max_bytes=999)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_a_command_without_an_end_is_stopped(repository: Project) -> None:
    os.mkfifo(repository.root / "pipe")  # opening it waits for a writer
    with pytest.raises(RepositoryError, match=r"hash-object: expected an end within 0 s, found none"):
        Repository(repository.root).run_bounded("hash-object", "pipe", max_bytes=100, timeout_s=0.2)
