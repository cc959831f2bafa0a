"""A git repository for one submission: its files are objects and an index, none is ever written out under its name.

So there are no paths to escape by, no links to follow and nothing to execute, as with the checkouts of changes.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from integrations.api.problems import FieldProblem, refuse_fields
from integrations.api.submissions import HeadFile, Submission
from integrations.checkouts import Checkout
from integrations.confinement import Confinement, make_environment
from integrations.errors import AnalysisError
from reviewer.repositories import Repository

_TIMEOUT_S = 60.0
_LIMITS = Confinement(max_memory_bytes=2_000_000_000, max_file_bytes=500_000_000)
# The same submission gives the same commits, and so the same bytes of a report.
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.autocrlf=false", "-c", "gc.auto=0")
_WHO = b"reviewer <reviewer@invalid> 0 +0000"
_IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "reviewer"), ("EMAIL", "reviewer@invalid"), ("DATE", "@0 +0000"))
}
_BASE, _HEAD = "refs/heads/base", "refs/heads/head"


class _GitError(AnalysisError):
    """A git command that failed; the message is its last line."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """The repository of a submission, its head in the index; `change` is None for files without a base."""

    repository: Repository
    change: Checkout | None


@contextmanager
def open_scratch(submission: Submission) -> Iterator[Scratch]:
    """Writes a submission to a repository that is gone afterwards. Raises ProblemError for a diff that does not fit."""
    with TemporaryDirectory(prefix="reviewer-") as name:
        git = _Git(Path(name))
        git.run("init", "--quiet", "--template=", ".")
        git.run("fast-import", "--quiet", "--force", stdin=_write_stream(submission))
        git.run("read-tree", _HEAD)
        repository = Repository(git.folder)
        if not submission.is_change:
            yield Scratch(repository, None)
            return
        base, head = _find_commits(git, submission)
        yield Scratch(repository, Checkout(repository, base, base, head))


def _find_commits(git: "_Git", submission: Submission) -> tuple[str, str]:
    """Base and head of a change; a diff is taken back in the index, then the head is put upon what that gives."""
    if submission.diff is None:
        return git.run("rev-parse", _BASE), git.run("rev-parse", _HEAD)
    try:
        git.run("apply", "--cached", "--reverse", "--whitespace=nowarn", "-", stdin=submission.diff)
    except _GitError as error:
        found = ascii(str(error))[1:-1][:500]
        expected = "a unified diff that led to the files"
        raise refuse_fields([FieldProblem(field="diff", expected=expected, found=found)]) from error
    base = git.run("commit-tree", "-m", "base", git.run("write-tree"))
    return base, git.run("commit-tree", "-m", "head", "-p", base, f"{_HEAD}^{{tree}}")


@dataclass(frozen=True, slots=True)
class _Git:
    folder: Path

    def run(self, *arguments: str, stdin: bytes = b"") -> str:
        """The output of a command within limits, without its end. Raises _GitError."""
        environment = {**make_environment(Path("/nonexistent")), **_IDENTITY}
        command = _LIMITS.wrap(["git", *_SAFE, *arguments])
        try:
            done = subprocess.run(
                command, cwd=self.folder, env=environment, input=stdin, capture_output=True, check=False,
                timeout=_TIMEOUT_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise _GitError(f"git {arguments[0]}: expected an end within {_TIMEOUT_S:.0f} s, found none") from error
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise _GitError(said[0].removeprefix("error: ") if said else f"git {arguments[0]}: {done.returncode}")
        return done.stdout.decode().strip()


def _write_stream(submission: Submission) -> bytes:
    """Input of `git fast-import` (https://git-scm.com/docs/git-fast-import): the base where files say it, the head."""
    parts = []
    if submission.is_change and submission.diff is None:
        base = [(one, one.before) for one in submission.files if one.before is not None]
        parts.append(_write_commit(_BASE, base, parent=""))
    parent = _BASE if parts else ""
    parts.append(_write_commit(_HEAD, [(one, one.content) for one in submission.files], parent))
    return b"".join(parts)


def _write_commit(ref: str, files: list[tuple[HeadFile, bytes]], parent: str) -> bytes:
    lines = [f"commit {ref}\n".encode(), b"committer " + _WHO + b"\n", b"data 0\n"]
    lines.append(f"from {parent}\ndeleteall\n".encode() if parent else b"")
    for file, content in files:
        lines.append(f'M 100644 inline "{_quote(file.path)}"\ndata {len(content)}\n'.encode())
        lines += [content, b"\n"]
    return b"".join([*lines, b"\n"])


def _quote(path: str) -> str:
    return path.replace("\\", "\\\\").replace('"', '\\"')
