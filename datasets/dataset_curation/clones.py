"""Read-only access to local clones with git's plumbing: no work tree, no hooks, no network, nothing executed."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dataset_curation.errors import CloneError

_ENVIRONMENT = MappingProxyType(
    {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",  # a partial clone must not fetch what it lacks
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "LC_ALL": "C",
    }
)
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_COMMIT_FORMAT = "%H%x1f%P%x1f%ct%x1f%B"
REGULAR_MODES = frozenset({"100644", "100755"})


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of a commit: `size` is -1 where the object is not in the clone."""

    path: str
    mode: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: full ids; `message` is subject and body."""

    id: str
    parents: tuple[str, ...]
    timestamp: int
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """A file that a commit changed: git's status letter, and the blobs on both sides ("" where there is none)."""

    status: str
    path: str
    old_blob: str
    new_blob: str


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone on disk, bare or not."""

    git_dir: Path

    def run(self, *args: str, stdin: bytes | None = None) -> bytes:
        """The output of one git command. Raises CloneError with git's own last line."""
        command = ["git", *_SAFE, f"--git-dir={self.git_dir}", *args]
        done = subprocess.run(
            command, input=stdin, capture_output=True, env={**os.environ, **_ENVIRONMENT}, check=False
        )
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise CloneError(f"git {args[0]}: {lines[-1] if lines else f'exit status {done.returncode}'}")
        return done.stdout

    def resolve(self, revision: str) -> str:
        """The full commit id of a revision."""
        return self.run("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()

    def tree_id(self, commit: str) -> str:
        """The checksum of everything that a commit holds."""
        return self.run("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}").decode().strip()

    def list_files(self, commit: str, *folders: str) -> Iterator[TreeEntry]:
        """Every file, link and submodule of a commit, by path; below `folders` when given."""
        listing = self.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *folders).decode(
            "utf-8", "replace"
        )
        for line in listing.split("\0"):
            if line:
                meta, _, path = line.partition("\t")
                mode, _, blob, size = meta.split()
                yield TreeEntry(path, mode, blob, int(size) if size.isdigit() else -1)

    def read_blobs(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Contents in the order asked for; None for an object that the clone lacks."""
        command = ["git", *_SAFE, f"--git-dir={self.git_dir}", "cat-file", "--batch"]
        environment = {**os.environ, **_ENVIRONMENT}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        ) as git:
            assert git.stdin is not None
            assert git.stdout is not None
            for blob in blobs:
                git.stdin.write(f"{blob}\n".encode())
                git.stdin.flush()
                header = git.stdout.readline().split()
                if len(header) < 3:
                    yield blob, None
                    continue
                content = git.stdout.read(int(header[2]) + 1)[:-1]
                yield blob, content
            git.stdin.close()

    def read_file(self, commit: str, path: str) -> bytes | None:
        """A file of a commit, None when there is none."""
        entry = next(iter(self.list_files(commit, path)), None)
        if entry is None or entry.path != path:
            return None
        return next(iter(self.read_blobs([entry.blob])))[1]

    def list_commits(self, start: str = "HEAD", pattern: str = "") -> Iterator[Commit]:
        """Every commit but merges, newest first; with a pattern (extended, any case) those whose message matches."""
        chosen = ("-i", "-E", f"--grep={pattern}") if pattern else ()
        log = self.run("log", "--no-merges", "-z", *chosen, f"--format={_COMMIT_FORMAT}", start, "--")
        for entry in log.decode("utf-8", "replace").split("\0"):
            commit = _parse_commit(entry)
            if commit is not None:
                yield commit

    def find_commit(self, commit_id: str) -> Commit | None:
        """One commit by its id, whole or abbreviated; None when the clone lacks it."""
        try:
            return _parse_commit(
                self.run("log", "-1", f"--format={_COMMIT_FORMAT}", commit_id, "--").decode("utf-8", "replace")
            )
        except CloneError:
            return None

    def list_changes(self, commit: Commit) -> tuple[Change, ...]:
        """What a commit changed against its first parent; nothing for a root commit."""
        if not commit.parents:
            return ()
        out = self.run("diff-tree", "-r", "-z", "--no-renames", commit.parents[0], commit.id).decode("utf-8", "replace")
        fields = out.split("\0")
        changes = []
        for meta, path in zip(fields[::2], fields[1::2], strict=False):
            _, _, old, new, status = meta.lstrip(":").split()
            changes.append(Change(status, path, "" if set(old) == {"0"} else old, "" if set(new) == {"0"} else new))
        return tuple(changes)


def _parse_commit(entry: str) -> Commit | None:
    parts = entry.split("\x1f", 3)
    return Commit(parts[0], tuple(parts[1].split()), int(parts[2]), parts[3].strip()) if len(parts) == 4 else None


def find_clone(folder: Path, repository: str) -> Clone:
    """The clone of `owner/name` in a folder of clones, laid out as owner/name or owner+name, bare or with a work tree.

    Raises CloneError naming the places looked at.
    """
    for name in (repository, repository.replace("/", "+")):
        for inner in ("", ".git", "repo", "repo/.git"):
            candidate = folder / name / inner
            if (candidate / "HEAD").is_file() and (candidate / "objects").is_dir():
                return Clone(candidate)
    raise CloneError(f"{repository}: expected a clone at {folder / repository}, found none")
