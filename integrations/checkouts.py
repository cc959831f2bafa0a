"""The commits of a change, brought here by git: one folder a repository, without a work tree, shallow, within limits.

No file of a repository is ever written out: the review reads git's objects, so that there are no paths to escape by, no
links to follow and nothing to unpack or execute.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integrations.confinement import Confinement
from integrations.errors import CheckoutError
from integrations.hosts import Change, CloneAddress, RepositoryRef
from reviewer.changes import FileChange
from reviewer.comparison import compare
from reviewer.errors import ReviewerError
from reviewer.repositories import Repository

_DEPTHS = (50, 500, 5_000)
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--force")
# Over HTTP(S) only, without anybody's configuration, credentials or questions.
_SETTINGS = (
    ("protocol.allow", "never"),
    ("protocol.https.allow", "always"),
    ("protocol.http.allow", "always"),
    ("credential.helper", ""),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("fetch.unpackLimit", "1"),
    ("http.followRedirects", "initial"),
)


@dataclass(frozen=True, slots=True)
class CheckoutLimits:
    """How much one repository may bring, and how long one fetch may take."""

    max_pack_bytes: int = 2_000_000_000
    timeout_s: float = 600.0
    max_folders: int = 200


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository that holds the commits of a change; `merge_base` is what the head is compared with."""

    repository: Repository
    merge_base: str
    head: str

    def read_base_file(self, path: str) -> bytes | None:
        """A file of the merge-base, None where there is none."""
        return self.repository.read_objects([f"{self.merge_base}:{path}"])[0]

    def list_changes(self) -> tuple[FileChange, ...]:
        """The files that the change touches, with their hunks."""
        return compare(self.repository, self.merge_base, self.head).changes

    def read_lines(self, path: str) -> tuple[str, ...]:
        """The lines of a file of the head, without their ends; none for a file that is no UTF-8 text."""
        content = self.repository.read_objects([f"{self.head}:{path}"])[0]
        try:
            text = (content or b"").decode()
        except UnicodeDecodeError:
            return ()
        return tuple(line.removesuffix("\r") for line in text.split("\n"))


class Checkouts:
    """The folder of all repositories. Safe with several processes: a repository is locked while it is fetched."""

    def __init__(self, folder: Path, limits: CheckoutLimits | None = None) -> None:
        self._folder, self._limits = folder, limits or CheckoutLimits()

    def fetch(self, change: Change, address: CloneAddress) -> Checkout:
        """Brings base and head, deepening until they meet. Raises CheckoutError."""
        folder = self._folder_of(change.ref.repository)
        with _locked(folder):
            repository = self._open(folder)
            for depth in _DEPTHS:
                self._run_fetch(repository, address, change, depth)
                merge_base = _find_merge_base(repository, change)
                if merge_base is not None:
                    return Checkout(repository, merge_base, change.head)
        name = change.ref.repository.name
        raise CheckoutError(f"{name}: expected base and head to meet within {_DEPTHS[-1]} commits, found no ancestor")

    def forget(self, repository: RepositoryRef) -> None:
        """Deletes the folder of a repository."""
        folder = self._folder_of(repository)
        if folder.exists():
            with _locked(folder):
                shutil.rmtree(folder, ignore_errors=True)

    def _folder_of(self, repository: RepositoryRef) -> Path:
        name = hashlib.sha256(f"{repository.host.value}:{repository.name.lower()}".encode()).hexdigest()[:32]
        return self._folder / name

    def _open(self, folder: Path) -> Repository:
        if not (folder / ".git" / "HEAD").exists():
            self._make_room()
            subprocess.run(["git", "init", "--quiet", str(folder)], check=True, capture_output=True, env=_environment())
        os.utime(folder)
        return Repository(folder)

    def _make_room(self) -> None:
        """Forgets the repositories that were used longest ago."""
        folders = sorted((one for one in self._folder.iterdir() if one.is_dir()), key=lambda one: one.stat().st_mtime)
        for folder in folders[: max(0, len(folders) - self._limits.max_folders + 1)]:
            with _locked(folder):
                shutil.rmtree(folder, ignore_errors=True)

    def _run_fetch(self, repository: Repository, address: CloneAddress, change: Change, depth: int) -> None:
        """Fetches both commits; where the host serves no commit by name, the refs that hold them."""
        missing = [one for one in (change.base, change.head) if repository.find_revision(one) is None]
        if not missing and _find_merge_base(repository, change) is not None:
            return
        wanted = [f"{change.base}:refs/kept/base", f"{change.head}:refs/kept/{change.head}"]
        command = ["git", *_FETCH, f"--depth={depth}", address.url, *wanted]
        try:
            done = subprocess.run(
                Confinement(max_file_bytes=self._limits.max_pack_bytes).wrap(command),
                cwd=repository.root,
                env=_environment(address),
                capture_output=True,
                check=False,
                timeout=self._limits.timeout_s,
            )
        except subprocess.TimeoutExpired as error:
            raise CheckoutError(f"{change.ref.key}: fetch took over {self._limits.timeout_s:.0f} s") from error
        if done.returncode != 0:
            problem = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise CheckoutError(f"{change.ref.key}: fetch failed: {problem[-1] if problem else done.returncode}")


def _find_merge_base(repository: Repository, change: Change) -> str | None:
    try:
        return repository.run("merge-base", change.base, change.head).decode().strip()
    except ReviewerError:
        return None


def _environment(address: CloneAddress | None = None) -> dict[str, str]:
    """The environment of git: nobody's configuration, and the credential where no process list shows it."""
    settings = list(_SETTINGS)
    if address is not None:
        settings.append((f"http.{address.url}.extraHeader", f"Authorization: {address.authorization}"))
    numbered = {
        f"GIT_CONFIG_{part}_{number}": value
        for number, pair in enumerate(settings)
        for part, value in zip(("KEY", "VALUE"), pair, strict=True)
    }
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(settings)),
        **numbered,
    }


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds the lock of a repository; other processes wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
