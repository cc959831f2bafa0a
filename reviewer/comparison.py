"""What a change is compared with: base and head of a review, and the diff between them, asked of git."""

import shlex
from dataclasses import dataclass
from enum import Enum

from reviewer.changes import ChangeKind, FileChange, Hunk, parse_diff
from reviewer.errors import RepositoryError, RequestError
from reviewer.plain_files import MAX_REPORT_BYTES, read_plain_file
from reviewer.repositories import Repository

# Every option that a user's configuration could turn is said, so that the same change gives the same hunks.
_DIFF = (
    *(
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--no-relative",
        "--ignore-submodules=all",
        "-O/dev/null",
    ),
    *("--src-prefix=a/", "--dst-prefix=b/", "--unified=0", "--inter-hunk-context=0", "--diff-algorithm=myers"),
    *("--indent-heuristic", "--find-renames=50%", "-l2000"),
)
DEEPEN = (
    "run `git fetch --deepen=100` until it is there, or `git fetch --unshallow`; actions/checkout does it with "
    "`fetch-depth: 0`, GitLab CI with the variable `GIT_DEPTH: 0`"
)
_USUAL_BRANCHES = ("origin/main", "origin/master", "main", "master", "origin/trunk", "trunk", "origin/develop")


class HeadKind(Enum):
    """Where the changed side is read from."""

    WORKING_TREE = "working tree"
    INDEX = "index"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A base commit, a head (`head` is its commit, "" for the working tree or the index) and the files between them.

    `is_unsure`: the clone is shallow, and base and head may meet nearer than its history tells.
    """

    base: str
    head_kind: HeadKind
    head: str
    changes: tuple[FileChange, ...]
    is_unsure: bool = False

    @property
    def changed_paths(self) -> frozenset[str]:
        """Names in the head of files that exist there."""
        return frozenset(change.path for change in self.changes if change.kind is not ChangeKind.DELETED)

    def change_of(self, path: str) -> FileChange | None:
        """What happened to a file of the head."""
        found = (change for change in self.changes if change.path == path and change.kind is not ChangeKind.DELETED)
        return next(found, None)


def compare(repository: Repository, base: str | None, head: str | None, *, staged: bool = False) -> Comparison:
    """The change from the merge-base with `base` (None: the default branch) to `head` (None: the working tree).

    Before the first commit everything is new. Raises RequestError when a revision does not exist or the two have no
    common ancestor.
    """
    if head is None and base in (None, "HEAD") and repository.find_revision("HEAD") is None:
        return _compare_files(repository, repository.find_empty_tree(), is_unsure=False, staged=staged)
    tip = find_commit(repository, head or "HEAD")
    target = find_commit(repository, base) if base is not None else find_default_branch(repository)
    common = _merge_base(repository, target, tip)
    is_unsure = common != target and repository.is_cut_between(target, tip)
    if head is not None:
        changes = parse_diff(repository.run(*_DIFF, common, tip))
        return Comparison(common, HeadKind.COMMIT, tip, changes, is_unsure)
    return _compare_files(repository, common, is_unsure=is_unsure, staged=staged)


def _compare_files(repository: Repository, common: str, *, is_unsure: bool, staged: bool) -> Comparison:
    """The change from a commit to the index or to the working tree."""
    if staged:
        changes = parse_diff(repository.run(*_DIFF, "--cached", common))
        return Comparison(common, HeadKind.INDEX, "", changes, is_unsure)
    changes = parse_diff(repository.run(*_DIFF, common))
    known = {change.path for change in changes}
    untracked = tuple(_as_added(repository, path) for path in repository.list_untracked() if path not in known)
    both = tuple(sorted((*changes, *untracked), key=lambda c: c.path))
    return Comparison(common, HeadKind.WORKING_TREE, "", both, is_unsure)


def list_changes(repository: Repository, base: str, head: str, max_bytes: int) -> tuple[FileChange, ...]:
    """The files between two commits; raises RepositoryError where their diff is larger."""
    return parse_diff(repository.run_bounded(*_DIFF, base, head, max_bytes=max_bytes))


def list_staged(repository: Repository) -> frozenset[str]:
    """Paths that differ between the last commit and the index, deleted ones left out."""
    head = repository.find_revision("HEAD")
    if head is None:  # before the first commit everything in the index is staged
        return frozenset(entry.path for entry in repository.list_tree(None))
    changes = parse_diff(repository.run(*_DIFF, "--cached", head))
    return frozenset(change.path for change in changes if change.kind is not ChangeKind.DELETED)


def find_default_branch(repository: Repository) -> str:
    """The commit of the branch that changes go to; raises RequestError when none can be told."""
    try:
        named = [repository.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD").decode().strip()]
    except RepositoryError:
        named = []
    for name in (*named, *_USUAL_BRANCHES):
        commit = repository.find_revision(name)
        if commit is not None:
            return commit
    tried = ", ".join(_USUAL_BRANCHES)
    raise RequestError(f"base: expected a default branch (origin/HEAD, {tried}), found none; name one with --base")


def find_commit(repository: Repository, revision: str) -> str:
    """The commit that a revision names; raises RequestError when there is none."""
    commit = repository.find_revision(revision)
    if commit is None:
        shallow = f", a shallow clone: {DEEPEN}" if repository.is_shallow else ""
        branch = revision.removeprefix("origin/")
        fetch = "" if branch == revision else f"; the branch was deleted, or not fetched: {describe_fetch(branch)}"
        raise RequestError(f"{revision}: expected a commit, found none in {repository.root.name}{shallow}{fetch}")
    return commit


def describe_fetch(branch: str) -> str:
    """A shell's command that gets a branch. Both ends are said: a clone of one branch would keep the other nowhere."""
    return f"git fetch origin {shlex.quote(f'+refs/heads/{branch}:refs/remotes/origin/{branch}')}"


def _merge_base(repository: Repository, target: str, tip: str) -> str:
    try:
        return repository.run("merge-base", target, tip).decode().strip()
    except RepositoryError as error:
        hint = f" in this shallow clone: {DEEPEN}" if repository.is_shallow else ""
        problem = f"expected a common ancestor, found none{hint}"
        raise RequestError(f"{target[:12]}..{tip[:12]}: {problem}") from error


def _as_added(repository: Repository, path: str) -> FileChange:
    """An untracked file as a change that adds every line."""
    try:
        num_lines = read_plain_file(repository.root / path, MAX_REPORT_BYTES).count(b"\n") + 1
    except OSError:  # gone, unreadable, or larger than what is reviewed: discovery says so
        num_lines = 0
    return FileChange(path, path, ChangeKind.ADDED, (Hunk(range(1, 1), range(1, num_lines + 1)),))
