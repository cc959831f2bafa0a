import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.changes import ChangeKind, FileChange, Hunk, parse_diff
from reviewer.comparison import HeadKind, compare, find_default_branch, list_staged
from reviewer.errors import DiffError, RequestError
from reviewer.repositories import Repository
from reviewer.testing import Project

DIFF = rb"""diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -1 +1,2 @@ def f():
-x
+y
+diff --git a/z b/z
@@ -5,2 +5,0 @@
---- a/fake
-+++ b/fake
@@ -9,0 +8 @@
+@@ -1 +1 @@
\ No newline at end of file
diff --git "a/caf\303\251 \"q\".py" "b/caf\303\251 \"q\".py"
deleted file mode 100644
--- "a/caf\303\251 \"q\".py"
+++ /dev/null
@@ -1,2 +0,0 @@
-a
-b
diff --git a/old name.py b/new.py
similarity index 90%
rename from old name.py
rename to new.py
diff --git a/with space.py b/with space.py
new file mode 100644
index 0..1
diff --git a/img b/img
index 1..2 100644
Binary files a/img and b/img differ
diff --git a/tab.py b/tab.py
new file mode 100644
--- /dev/null
+++ b/with tab.py@TAB@
@@ -0,0 +1 @@
+x
""".replace(b"@TAB@", b"\t")  # git writes a tab after a name with spaces


def test_everything_git_writes_is_read() -> None:
    assert parse_diff(DIFF) == (
        FileChange(
            "a.py",
            "a.py",
            ChangeKind.MODIFIED,
            (Hunk(range(1, 2), range(1, 3)), Hunk(range(5, 7), range(6, 6)), Hunk(range(10, 10), range(8, 9))),
        ),
        FileChange('café "q".py', 'café "q".py', ChangeKind.DELETED, (Hunk(range(1, 3), range(1, 1)),)),
        FileChange("new.py", "old name.py", ChangeKind.RENAMED),
        FileChange("with space.py", "with space.py", ChangeKind.ADDED),
        FileChange("img", "img", ChangeKind.MODIFIED, is_binary=True),
        FileChange("with tab.py", "tab.py", ChangeKind.ADDED, (Hunk(range(1, 1), range(1, 2)),)),
    )


def test_no_diff_is_no_change() -> None:
    assert parse_diff(b"") == ()


@pytest.mark.parametrize("cut", [b"@@ -1,3 +1 @@\n-x\n", b"@@ -1,2 +1,2 @@\n-x\n-y\n+z", b"@@ -1 +1 @@\nnonsense\n"])
def test_a_hunk_cut_short_is_refused(cut: bytes) -> None:
    with pytest.raises(DiffError, match=r"line \d+: "):
        parse_diff(b"diff --git a/a b/a\n--- a/a\n+++ b/a\n" + cut)


LINES = st.lists(st.sampled_from(["a", "b", "é", "", "-- x", "++ y", "@@ -1 +1 @@", "diff --git a/x b/x"]), max_size=12)


@given(old=LINES, new=LINES)
def test_hunks_say_exactly_what_differs(
    old: list[str], new: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = Project(tmp_path_factory.mktemp("diff"))
    project.write({"a": "\n".join(old), "b": "\n".join(new)})
    command = ["git", "diff", "--no-index", "--unified=0", "a", "b"]
    done = subprocess.run(command, cwd=project.root, capture_output=True, check=False)
    changes = parse_diff(done.stdout)
    hunks = changes[0].hunks if changes else ()
    rest_old, rest_new = old_lines(project, "a"), old_lines(project, "b")
    for hunk in reversed(hunks):
        del rest_old[hunk.old.start - 1 : hunk.old.stop - 1]
        del rest_new[hunk.new.start - 1 : hunk.new.stop - 1]
    assert rest_old == rest_new


def old_lines(project: Project, name: str) -> list[str]:
    return (project.root / name).read_text("utf-8").splitlines(keepends=True)


def test_the_working_tree_is_compared_with_the_default_branch(repository: Project) -> None:
    base = repository.commit({"a.py": "1\n2\n3\n", "gone.py": "x\n", "old.py": "x\ny\nz\n" * 5})
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit({"a.py": "1\nzwei\n3\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"elsewhere.py": "x\n"})
    repository.git("checkout", "--quiet", "topic")
    (repository.root / "gone.py").unlink()
    repository.git("mv", "old.py", "new.py")
    repository.write({".gitignore": "ignored.py\n", "ignored.py": "x\n", "fresh é.py": "x\ny\n"})
    found = compare(Repository(repository.root), None, None)
    assert (found.base, found.head_kind, found.head) == (base, HeadKind.WORKING_TREE, "")
    assert [(change.path, change.kind.value, change.old_path) for change in found.changes] == [
        (".gitignore", "added", ".gitignore"),
        ("a.py", "modified", "a.py"),
        ("fresh é.py", "added", "fresh é.py"),
        ("gone.py", "deleted", "gone.py"),
        ("new.py", "renamed", "old.py"),
    ]
    assert found.changed_paths == {".gitignore", "a.py", "fresh é.py", "new.py"}
    change = found.change_of("a.py")
    assert change is not None
    assert [change.changes_line(line) for line in (1, 2, 3)] == [False, True, False]
    assert found.change_of("gone.py") is None


def test_index_and_commits_are_heads_too(repository: Project) -> None:
    first = repository.commit({"a.py": "1\n"})
    second = repository.commit({"a.py": "2\n"})
    repository.write({"a.py": "3\n", "b.py": "new\n"})
    repository.git("add", "b.py")
    git = Repository(repository.root)
    assert list_staged(git) == {"b.py"}
    staged = compare(git, None, None, staged=True)
    assert (staged.head_kind, [change.path for change in staged.changes]) == (HeadKind.INDEX, ["b.py"])
    commits = compare(git, first, second)
    assert (commits.head_kind, commits.base, commits.head) == (HeadKind.COMMIT, first, second)
    assert [change.path for change in commits.changes] == ["a.py"]


@pytest.mark.parametrize("base", [None, "HEAD"])
def test_before_the_first_commit_everything_is_new(repository: Project, base: str | None) -> None:
    repository.write({"a.py": "1\n"})
    repository.git("add", "a.py")
    repository.write({"é.py": "2\n"})
    git = Repository(repository.root)
    assert list_staged(git) == {"a.py"}
    assert compare(git, base, None, staged=True).changed_paths == {"a.py"}
    assert compare(git, base, None).changed_paths == {"a.py", "é.py"}
    with pytest.raises(RequestError, match="HEAD: expected a commit, found none"):
        compare(git, base, "HEAD")
    with pytest.raises(RequestError, match="HEAD: expected a commit, found none"):
        compare(git, "main", None)


def test_the_default_branch_is_the_remotes(repository: Project, project: Project) -> None:
    commit = repository.commit({"a.py": "1\n"})
    repository.git("update-ref", "refs/remotes/origin/production", commit)
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/production")
    repository.commit({"a.py": "2\n"})
    assert find_default_branch(Repository(repository.root)) == commit


def test_what_cannot_be_compared_is_said(repository: Project) -> None:
    repository.commit({"a.py": "1\n"})
    git = Repository(repository.root)
    with pytest.raises(RequestError, match="nowhere: expected a commit, found none"):
        compare(git, "nowhere", None)
    told = r"deleted, or not fetched: git fetch origin \+refs/heads/a/b:refs/remotes/origin/a/b$"
    with pytest.raises(RequestError, match=told):
        compare(git, "origin/a/b", None)
    repository.git("checkout", "--quiet", "--orphan", "island")
    repository.commit({"a.py": "2\n"})
    with pytest.raises(RequestError, match=r"expected a common ancestor, found none$"):
        compare(git, "main", None)
    repository.git("branch", "--quiet", "-D", "main")
    with pytest.raises(RequestError, match="name one with --base"):
        compare(git, None, None)


@pytest.mark.parametrize(
    ("lines", "touched"),
    [
        ((3, 5), True),
        ((4, 5), True),
        ((2, 3), False),
        ((5, 6), False),
        ((4, 4), True),
        ((3, 3), False),
        ((5, 5), False),
    ],
)
def test_a_change_touches_lines_that_it_changed_or_deleted_between(lines: tuple[int, int], touched: bool) -> None:
    change = FileChange("a", "a", ChangeKind.MODIFIED, (Hunk(range(9, 10), range(*lines)),))
    assert change.touches(range(3, 5)) is touched
