"""The commits of a change, brought here by git: one folder a repository, without a work tree, shallow, within limits.

No file of a repository is ever written out: the review reads git's objects, so that there are no paths to escape by, no
links to follow and nothing to unpack or execute.
"""

import codecs
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integrations.confinement import Confinement
from integrations.errors import CheckoutError
from integrations.hosts import Change, CloneAddress, RepositoryRef
from reviewer.changes import FileChange
from reviewer.comparison import list_changes
from reviewer.errors import RepositoryError
from reviewer.repositories import Repository

_MAX_DIFF_BYTES = 64_000_000  # it is read in the service itself
_MAX_TEXT_BYTES = 10_000_000
_DEPTHS = (50, 500, 5_000)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# The way out of a company's network, and whom to believe there: as it counts for requests to the API.
_PROXIES = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
_CERTIFICATES = "REQUESTS_CA_BUNDLE"
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
    ("core.bigFileThreshold", "4m"),  # what is larger goes through, and is not held in memory
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
    """A repository that holds the commits of a change; `merge_base` is what the head is compared with.

    `base` is the tip of the branch that the change goes to.
    """

    repository: Repository
    base: str
    merge_base: str
    head: str

    def read_base_file(self, path: str) -> bytes | None:
        """A file of the base's tip, None where there is none: a change cannot choose old rules."""
        return self.repository.read_objects([f"{self.base}:{path}"])[0]

    def list_changes(self) -> tuple[FileChange, ...]:
        """The files that the change touches, with their hunks. Raises RepositoryError where they are too much."""
        return list_changes(self.repository, self.merge_base, self.head, _MAX_DIFF_BYTES)

    def read_lines(self, path: str) -> tuple[str, ...]:
        """The lines of a file of the head, without their ends; none for one that is huge or no plain UTF-8 text.

        A byte order mark makes it none: columns of reports do not count it.
        """
        name = f"{self.head}:{path}"
        size = self.repository.measure_objects([name])[0]
        if size is None or size > _MAX_TEXT_BYTES:
            return ()
        content = self.repository.read_objects([name])[0] or b""
        try:
            text = "" if content.startswith(codecs.BOM_UTF8) else content.decode()
        except UnicodeDecodeError:
            return ()
        if not text:
            return ()
        return tuple(line.removesuffix("\r") for line in text.split("\n"))


class Checkouts:
    """The folder of all repositories. Safe with several processes: a repository is locked while it is fetched."""

    def __init__(self, folder: Path, limits: CheckoutLimits | None = None) -> None:
        self._folder, self._limits = folder, limits or CheckoutLimits()

    def fetch(self, change: Change, address: CloneAddress) -> Checkout:
        """Brings base and head, deepening until they meet. Raises CheckoutError."""
        for commit in (change.base, change.head):
            if _COMMIT.fullmatch(commit) is None:
                raise CheckoutError(f"{change.ref.key}: expected a full commit name, found {commit!r}")
        with _locked(folder := self._folder_of(change.ref.repository)):
            repository = self._open(folder)
            for depth in _DEPTHS:
                self._run_fetch(repository, address, change, depth)
                merge_base = _find_merge_base(repository, change)
                is_last = depth == _DEPTHS[-1]
                if merge_base is not None and (is_last or not repository.is_cut_between(change.base, change.head)):
                    return Checkout(repository, change.base, merge_base, change.head)
        name = change.ref.repository.name
        raise CheckoutError(f"{name}: expected base and head to meet within {_DEPTHS[-1]} commits, found no ancestor")

    def forget(self, repository: RepositoryRef) -> None:
        """Deletes the folder of a repository."""
        with _locked(folder := self._folder_of(repository)):
            shutil.rmtree(folder, ignore_errors=True)

    def _folder_of(self, repository: RepositoryRef) -> Path:
        name = hashlib.sha256(f"{repository.host.value}:{repository.name.lower()}".encode()).hexdigest()[:32]
        return self._folder / name

    def _open(self, folder: Path) -> Repository:
        """The repository, empty when it is new or has grown over the limit."""
        if _measure(folder) > self._limits.max_pack_bytes:
            shutil.rmtree(folder, ignore_errors=True)
        if not (folder / ".git" / "HEAD").exists():
            self._make_room(folder)
            self._run_git(["init", "--quiet", "--template=", str(folder)], self._folder, _environment())
        for stale in (folder / ".git").rglob("*.lock"):  # of a git that was killed: no other runs while we hold ours
            stale.unlink(missing_ok=True)
        os.utime(folder)
        return Repository(folder)

    def _make_room(self, wanted: Path) -> None:
        """Forgets the repositories that were used longest ago, but for those that are being fetched."""
        others = [one for one in self._folder.iterdir() if one.is_dir() and one != wanted]
        others.sort(key=lambda one: one.stat().st_mtime)
        for folder in others[: max(0, len(others) - self._limits.max_folders + 1)]:
            with contextlib.suppress(BlockingIOError), _locked(folder, may_wait=False):
                shutil.rmtree(folder, ignore_errors=True)

    def _run_fetch(self, repository: Repository, address: CloneAddress, change: Change, depth: int) -> None:
        """Fetches both commits by name, unless they are here and meet."""
        missing = [one for one in (change.base, change.head) if repository.find_revision(one) is None]
        is_first = depth == _DEPTHS[0]
        if not missing and is_first and _find_merge_base(repository, change) is not None:
            return
        wanted = [f"{change.base}:refs/kept/base", f"{change.head}:refs/kept/{change.head}"]
        command = [*_FETCH, f"--depth={depth}", address.url, *wanted]
        try:
            self._run_git(command, repository.root, _environment(address))
        except CheckoutError as error:
            raise CheckoutError(f"{change.ref.key}: {error}") from error

    def _run_git(self, arguments: list[str], folder: Path, environment: dict[str, str]) -> None:
        """Runs git within the limits; whatever it started ends with it."""
        process = subprocess.Popen(
            Confinement(max_file_bytes=self._limits.max_pack_bytes, has_network=True).wrap(["git", *arguments]),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            _, messages = process.communicate(timeout=self._limits.timeout_s)
        except subprocess.TimeoutExpired as error:
            raise CheckoutError(f"{arguments[0]} took over {self._limits.timeout_s:.0f} s") from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode != 0:
            said = messages.decode("utf-8", "replace").strip().splitlines()
            raise CheckoutError(f"{arguments[0]} failed: {said[-1] if said else process.returncode}")


def _measure(folder: Path) -> int:
    """Bytes of the files below a folder, 0 where there is none."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _find_merge_base(repository: Repository, change: Change) -> str | None:
    try:
        return repository.run("merge-base", change.base, change.head).decode().strip()
    except RepositoryError:
        return None


def _environment(address: CloneAddress | None = None) -> dict[str, str]:
    """The environment of git: nobody's configuration, and the credential where no process list shows it."""
    settings = list(_SETTINGS)
    if address is not None:
        settings.append((f"http.{address.url}.extraHeader", f"Authorization: {address.authorization}"))
    if os.environ.get(_CERTIFICATES):
        settings.append(("http.sslCAInfo", os.environ[_CERTIFICATES]))
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
        **{name: os.environ[name] for name in _PROXIES if name in os.environ},
    }


@contextmanager
def _locked(folder: Path, *, may_wait: bool = True) -> Iterator[None]:
    """Holds the lock of a repository; others wait. Raises BlockingIOError where waiting is not wanted."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if may_wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
