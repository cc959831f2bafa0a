"""Git repositories: the one place that runs git. Nothing of the repository's own configuration is executed."""

import os
import re
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewer.errors import RepositoryError

# Settings of a hostile repository that would run programs, or change what the output looks like, are switched off.
_SAFE = (
    "--no-pager",
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.quotePath=false"),
    *("-c", "core.bigFileThreshold=4m"),  # larger files are not compared line by line, and not held in memory
)
_ALONE = {
    "GIT_ALLOW_PROTOCOL": "none",  # a clone without all objects would ask a remote for them, by any program it names
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
_REFETCH = "; this clone lacks objects and none are fetched here: `git fetch --refetch --no-filter` gets them"
_LACKING = re.compile(rb"promisor|lazy fetching")
_FILTERING = frozenset({"diff"})  # commands that read work trees, through the programs that `filter.<name>` names
_NO_PROGRAM = {"clean": "", "smudge": "", "process": "", "required": "false"}
_SIZE = re.compile(rb"[0-9a-f]{40,64} blob (\d+)")
_OBJECT = re.compile(rb"[0-9a-f]{40,64} (blob|tree|commit|tag) (\d+)")


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of a commit or of the index."""

    path: str
    mode: str
    object_id: str

    @property
    def is_link(self) -> bool:
        """A symbolic link."""
        return self.mode == "120000"

    @property
    def is_submodule(self) -> bool:
        """Another repository's commit."""
        return self.mode == "160000"


@dataclass(frozen=True, slots=True)
class Repository:
    """A work tree; `root` is its absolute top folder."""

    root: Path

    def run(self, *args: str, stdin: bytes = b"") -> bytes:
        """The standard output of one git command run at the root; raises RepositoryError when it fails."""
        command = _find_command(args)
        done = self._start(args, stdin, self._list_settings(command))
        if done.returncode != 0:
            problem = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
            raise RepositoryError(command, problem + (_REFETCH if _LACKING.search(done.stderr) else ""))
        return done.stdout

    def _start(self, args: Sequence[str], stdin: bytes, settings: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
        command, environment = ["git", *_SAFE, *args], os.environ | _ALONE | settings
        try:
            return subprocess.run(
                command, cwd=self.root, input=stdin, env=environment, capture_output=True, check=False
            )
        except OSError as error:
            raise RepositoryError(_find_command(args), f"expected git to start, found {error}") from error

    def _list_settings(self, command: str) -> dict[str, str]:
        """Variables by which a command starts none of the programs that the configuration filters files with."""
        if command not in _FILTERING:
            return {}
        listing = self._start(["config", "--null", "--name-only", "--get-regexp", r"^filter\."], b"", {}).stdout
        names = sorted({key.rpartition(".")[0] for key in split_names(listing)})
        settings = [(f"{name}.{key}", value) for name in names for key, value in _NO_PROGRAM.items()]
        first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
        said = {"GIT_CONFIG_COUNT": str(first + len(settings))}
        for number, (key, value) in enumerate(settings, first):
            said |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return said

    def run_bounded(self, *args: str, max_bytes: int, timeout_s: float = 300.0) -> bytes:
        """The same where a stranger decides how much it is and how long it takes; what is more is not held.

        Raises RepositoryError for more bytes or seconds than these.
        """
        command = _find_command(args)
        with subprocess.Popen(
            ["git", *_SAFE, *args],
            cwd=self.root,
            env=os.environ | _ALONE | self._list_settings(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None, "it is a pipe"
            watchdog = threading.Timer(timeout_s, process.kill)
            watchdog.start()
            output = process.stdout.read(max_bytes + 1)
            is_late = not watchdog.is_alive()
            watchdog.cancel()
            if len(output) > max_bytes:
                process.kill()
                raise RepositoryError(command, f"expected at most {max_bytes:,} bytes, found more")
        if is_late:
            raise RepositoryError(command, f"expected an end within {timeout_s:.0f} s, found none")
        if process.returncode != 0:
            raise RepositoryError(command, f"exit code {process.returncode}")
        return output

    def find_revision(self, revision: str) -> str | None:
        """The commit that a revision names, None when there is none."""
        try:
            return (
                self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
                .decode()
                .strip()
            )
        except RepositoryError:
            return None

    def find_empty_tree(self) -> str:
        """The id of a tree without files, which git knows without storing it."""
        return self.run("hash-object", "-t", "tree", "--stdin").decode().strip()

    def find_time(self, revision: str) -> int | None:
        """When the commit that a revision names was made, in seconds since 1970; None when there is none."""
        commit = self.find_revision(revision)
        return None if commit is None else int(self.run("rev-list", "--max-count=1", "--timestamp", commit).split()[0])

    @property
    def is_shallow(self) -> bool:
        """Whether the history was cut when it was fetched."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def is_cut_between(self, one: str, other: str) -> bool:
        """Whether commits that only one of two has lack their parents: the two may meet nearer than can be seen."""
        boundary = self.root / self.run("rev-parse", "--git-path", "shallow").decode().strip()
        if not boundary.exists():
            return False
        own = self.run("rev-list", f"{one}...{other}").split()
        return not frozenset(boundary.read_bytes().split()).isdisjoint(own)

    def list_files(self, folder: str) -> tuple[str, ...]:
        """Tracked and untracked files below a folder ("" for all) that are not ignored, sorted; submodules and nested
        repositories appear as one entry, the latter with a final slash."""
        paths = ["--", folder] if folder else []
        listing = self.run(
            "--literal-pathspecs", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *paths
        )
        return tuple(sorted(set(split_names(listing))))

    def list_tree(self, commit: str | None) -> tuple[TreeEntry, ...]:
        """The files of a commit, or (None) of the index, by path; of files in conflict, our side."""
        args = ("ls-files", "-z", "--stage") if commit is None else ("ls-tree", "-r", "-z", commit)
        entries: dict[str, TreeEntry] = {}
        for line in split_names(self.run(*args)):
            head, _, path = line.partition("\t")
            mode, object_id = (head.split(" ")[0], head.split(" ")[1 if commit is None else 2])
            entries.setdefault(path, TreeEntry(path, mode, object_id))
        return tuple(entries[path] for path in sorted(entries))

    def list_untracked(self) -> tuple[str, ...]:
        """Files that are neither tracked nor ignored, sorted."""
        listing = split_names(self.run("ls-files", "-z", "--others", "--exclude-standard"))
        return tuple(sorted(path for path in listing if not path.endswith("/")))

    def is_ignored(self, path: str) -> bool:
        """Whether .gitignore or another exclusion covers this path."""
        try:
            self.run("check-ignore", "--quiet", "--", path)
        except RepositoryError:
            return False
        return True

    def read_attributes(self, paths: Sequence[str], names: Sequence[str]) -> dict[tuple[str, str], str]:
        """(path, attribute) -> "set", "unset" or the value, from .gitattributes; what is unspecified is absent."""
        if not paths:
            return {}
        stdin = b"".join(name.encode("utf-8", "surrogateescape") + b"\0" for name in paths)
        fields = split_names(self.run("check-attr", "-z", "--stdin", *names, stdin=stdin))
        triples = zip(fields[0::3], fields[1::3], fields[2::3], strict=True)
        return {(path, name): value for path, name, value in triples if value != "unspecified"}

    def measure_objects(self, names: Sequence[str]) -> list[int | None]:
        """The sizes of blobs in bytes, in order, without reading them; None where there is none."""
        if not names:
            return []
        output = self.run("cat-file", "--batch-check", stdin=_name_lines(names))
        found = [_SIZE.fullmatch(line) for line in output.split(b"\n")[: len(names)]]
        return [None if match is None else int(match[1]) for match in found]

    def read_objects(self, names: Sequence[str]) -> list[bytes | None]:
        """The contents of blobs, by object id or `<commit>:<path>`, in order; None where there is none."""
        if not names:
            return []
        output = self.run("cat-file", "--batch", stdin=_name_lines(names))
        contents: list[bytes | None] = []
        at = 0
        for _ in names:
            end = output.index(b"\n", at)
            header = _OBJECT.fullmatch(output[at:end])
            at = end + 1
            if header is None:
                contents.append(None)
                continue
            size = int(header[2])
            contents.append(output[at : at + size] if header[1] == b"blob" else None)
            at += size + 1
        return contents


def find_repository(folder: Path) -> Repository | None:
    """The innermost work tree that holds a folder, None outside any."""
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return Repository(candidate)
    return None


def _find_command(args: Sequence[str]) -> str:
    return next(arg for arg in args if not arg.startswith("-"))


def _name_lines(names: Sequence[str]) -> bytes:
    """Names of objects for git's standard input; what cannot be asked for so becomes a name that no object has.

    A line feed would end a name, and a path that a hostile tree lets begin with `../` would make git give up.
    """
    lines = ("" if "\n" in name or name.partition(":")[2].startswith(("./", "../")) else name for name in names)
    return b"".join(line.encode("utf-8", "surrogateescape") + b"\n" for line in lines)


def split_names(output: bytes) -> list[str]:
    """Fields ended by NUL, as git writes them under -z; bytes that are no UTF-8 survive as surrogates."""
    return [field.decode("utf-8", "surrogateescape") for field in output.split(b"\0")[:-1]]
