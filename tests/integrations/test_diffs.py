"""Diffs as hosts see them: parsed from git's own, for every kind of change that a file can have."""

from pathlib import Path

import pytest

from integrations.testing.diffs import FileChange, LineKind
from integrations.testing.git_hosting import BareRepository, run_git
from integrations.testing.local_repository import LocalRepository

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid")
OLD_TEXT = "".join(f"{number}\n" for number in range(1, 21))


@pytest.fixture
def repository(tmp_path: Path) -> LocalRepository:
    return LocalRepository.create(tmp_path / "source")


def diff(repository: LocalRepository, old: str, new: str, *, num_context: int = 3) -> dict[str, FileChange]:
    host = BareRepository.create(repository.folder.parent / f"host-{new}-{num_context}.git")
    host.borrow(repository.folder)
    host.borrow(repository.folder)  # twice is harmless
    return {change.path: change for change in host.diff(old, new, num_context=num_context)}


def test_all_kinds_of_change_are_told_apart(repository: LocalRepository) -> None:
    folder = repository.folder
    old = repository.commit({"kept.txt": OLD_TEXT, "gone.txt": "x\n", "link.txt": "target\n", "mode.sh": "x\n"})
    (folder / "binary").write_bytes(b"\0\1")
    (folder / "link.txt").unlink()
    (folder / "link.txt").symlink_to("kept.txt")
    (folder / "mode.sh").chmod(0o755)
    run_git(folder, "mv", "kept.txt", "ä name.txt")
    new = repository.commit({"gone.txt": None, "empty.txt": "", 'a "b".txt': "y\n"})
    changes = diff(repository, old, new)
    assert {path: (change.status, change.previous_path, change.patch is None) for path, change in changes.items()} == {
        'a "b".txt': ("A", 'a "b".txt', False),
        "binary": ("A", "binary", True),
        "empty.txt": ("A", "empty.txt", True),
        "gone.txt": ("D", "gone.txt", False),
        "link.txt": ("T", "link.txt", False),
        "mode.sh": ("M", "mode.sh", True),
        "ä name.txt": ("R", "kept.txt", True),
    }
    assert (changes["link.txt"].num_removed, changes["link.txt"].num_added) == (1, 1)


@pytest.mark.parametrize(
    ("old_text", "new_text", "patch"),
    [
        ("a\r\nb\r\n", "a\r\nc\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r"),
        ("a", "b", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file"),
        ("", "ä\n", "@@ -0,0 +1 @@\n+ä"),
        ("@@ -1 +1 @@\n", "diff --git a/x b/x\n", "@@ -1 +1 @@\n-@@ -1 +1 @@\n+diff --git a/x b/x"),
        ("a\x0cb\u2028c\n", "a\x0cb\n", "@@ -1 +1 @@\n-a\x0cb\u2028c\n+a\x0cb"),
    ],
)
def test_patch_is_kept_as_git_wrote_it(repository: LocalRepository, old_text: str, new_text: str, patch: str) -> None:
    old = repository.commit({"x": old_text})
    new = repository.commit({"x": new_text})
    change = diff(repository, old, new)["x"]
    assert change.patch == patch
    lines = patch.split("\n")
    for hunk in change.hunks:
        assert all(lines[line.position].startswith(line.kind.value) for line in hunk.lines)


def test_lines_are_found_on_their_side(repository: LocalRepository) -> None:
    old = repository.commit({"x": OLD_TEXT})
    new = repository.commit({"x": OLD_TEXT.replace("5\n", "five\nfünf\n", 1).replace("19\n", "")})
    change = diff(repository, old, new)["x"]
    found = {line: change.find_new(line) for line in (1, 2, 5, 6, 9, 10, 20)}
    assert {line: hit and (hit[0], hit[1].kind, hit[1].old) for line, hit in found.items()} == {
        1: None,
        2: (0, LineKind.UNCHANGED, 2),
        5: (0, LineKind.ADDED, None),
        6: (0, LineKind.ADDED, None),
        9: (0, LineKind.UNCHANGED, 8),
        10: None,
        20: (1, LineKind.UNCHANGED, 20),
    }
    removed = change.find_old(19)
    assert removed is not None
    assert (removed[1].kind, removed[1].new) == (LineKind.REMOVED, None)


def test_commits_with_the_same_files_have_no_diff(repository: LocalRepository) -> None:
    old = repository.commit({"x": OLD_TEXT})
    assert diff(repository, old, repository.commit({}, "nothing")) == {}


def test_lines_move_with_what_is_above_them(repository: LocalRepository) -> None:
    old = repository.commit({"x": OLD_TEXT})
    new = repository.commit({"x": "0\n" + OLD_TEXT.replace("5\n", "five\n", 1).replace("9\n", "", 1) + "21\n"})
    change = diff(repository, old, new, num_context=0)["x"]
    moved = {line: change.move_line(line) for line in (1, 4, 5, 6, 8, 9, 10, 20)}
    assert moved == {1: 2, 4: 5, 5: None, 6: 7, 8: 9, 9: None, 10: 10, 20: 20}


def test_a_change_starts_where_its_branch_left_the_base(repository: LocalRepository) -> None:
    fork = repository.commit({"x": "1\n"})
    head = repository.commit({"y": "2\n"})
    base = repository.commit({"z": "3\n"}, onto=fork)
    host = BareRepository.create(repository.folder.parent / "host.git")
    host.borrow(repository.folder)
    assert host.merge_base(base, head) == fork
    assert (host.is_ancestor(fork, head), host.is_ancestor(base, head)) == (True, False)
    assert host.commits(base, head) == [head]
    assert host.resolve("no such name") is None
    orphan = run_git(repository.folder, *IDENTITY, "commit-tree", "-m", "alone", f"{fork}^{{tree}}").decode().strip()
    assert host.merge_base(base, orphan) == base
