from pathlib import Path

import pytest

from dataset_curation.clones import Clone, find_clone
from dataset_curation.errors import CloneError
from dataset_curation.testing import SmallRepository


def test_files_and_contents_come_back_by_path(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    commit = repository.commit("one", {"b.py": "x = 'ü'\r\n", "a b/ä.py": "", "bin": b"\0\1\n\n"})
    entries = list(repository.clone.list_files(commit))
    assert [entry.path for entry in entries] == ["a b/ä.py", "b.py", "bin"]
    contents = [content for _, content in repository.clone.read_blobs(entry.blob for entry in entries)]
    assert contents == [b"", "x = 'ü'\r\n".encode(), b"\0\1\n\n"]
    assert repository.clone.read_file(commit, "b.py") == "x = 'ü'\r\n".encode()
    assert repository.clone.read_file(commit, "missing.py") is None


def test_a_missing_object_is_none(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("one", {"a.py": "x"})
    assert list(repository.clone.read_blobs(["0" * 40])) == [("0" * 40, None)]


def test_commits_come_newest_first_with_whole_messages(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    first = repository.commit("first", {"a.py": "1"})
    second = repository.commit("second\n\nbody of ünder", {"a.py": "2", "b.py": "3"})
    commits = list(repository.clone.list_commits())
    assert [commit.id for commit in commits] == [second, first]
    assert commits[0].message.startswith("second\n\nbody of ünder")
    assert commits[0].parents == (first,)
    assert repository.clone.find_commit(second[:10]) == commits[0]
    assert repository.clone.find_commit("f" * 40) is None


def test_changes_name_both_sides(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("first", {"a.py": "1", "gone.py": "2"})
    repository.commit("second", {"a.py": "3", "new.py": "4", "gone.py": None})
    newest, oldest = list(repository.clone.list_commits())
    changes = {change.path: change for change in repository.clone.list_changes(newest)}
    assert {path: change.status for path, change in changes.items()} == {"a.py": "M", "new.py": "A", "gone.py": "D"}
    assert changes["new.py"].old_blob == ""
    assert changes["gone.py"].new_blob == ""
    assert repository.clone.list_changes(oldest) == ()


@pytest.mark.parametrize("layout", ["o/n/.git", "o+n/repo", "o+n/repo/.git", "o/n"])
def test_clones_are_found_in_every_layout(tmp_path: Path, layout: str) -> None:
    folder = tmp_path / layout
    (folder / "objects").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    assert find_clone(tmp_path, "o/n") == Clone(folder)


def test_a_clone_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CloneError, match="o/n: expected a clone"):
        find_clone(tmp_path, "o/n")


def test_errors_of_git_name_the_command(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    with pytest.raises(CloneError, match="git rev-parse"):
        repository.clone.resolve("nothing-like-it")
