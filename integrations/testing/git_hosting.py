"""A host's side of git: bare repositories that borrow a local repository's objects, and clones over HTTP.

Nothing is copied: a bare repository points at the objects of the repositories that a test works in; these outlive it.
"""

import base64
import binascii
import functools
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from integrations.testing.diffs import FileChange, parse_diff
from integrations.testing.server import HttpAnswer, HttpRequest

_SERVICES = {("GET", "info/refs"), ("POST", "git-upload-pack")}
_TIMEOUT_S = 120
_CONFIG = "[uploadpack]\n\tallowAnySHA1InWant = true\n\tallowFilter = true\n[http]\n\tuploadpack = true\n"
# Who runs the tests has settings of git's own, which change what a diff looks like.
_ENVIRONMENT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}


def run_git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Output of a git command in a folder, without the user's settings; raises CalledProcessError if it fails."""
    environment = {**os.environ, **_ENVIRONMENT}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, check=True, timeout=_TIMEOUT_S, env=environment
    ).stdout


class BareRepository:
    """A bare repository of a fake host; build one with `create`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path) -> "BareRepository":
        """An empty repository that serves any commit by its id, as hosts do for pull requests."""
        path.mkdir(parents=True)
        run_git(path, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")
        with (path / "config").open("a", encoding="utf-8") as config:
            config.write(_CONFIG)
        return cls(path)

    def borrow(self, source: Path) -> None:
        """Makes the objects of a local repository readable here; twice is harmless."""
        shared = Path(run_git(source, "rev-parse", "--path-format=absolute", "--git-common-dir").decode().rstrip("\n"))
        alternates = self.path / "objects" / "info" / "alternates"
        known = alternates.read_text("utf-8").splitlines() if alternates.exists() else []
        if str(shared / "objects") not in known:
            alternates.write_text("\n".join([*known, str(shared / "objects")]) + "\n", "utf-8")

    def point(self, ref: str, commit: str) -> None:
        """Sets a full reference name to a commit."""
        run_git(self.path, "update-ref", ref, commit)

    def resolve(self, name: str) -> str | None:
        """Full id of the commit that a name means, None if there is none."""
        try:
            return (
                run_git(self.path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
                .decode()
                .strip()
            )
        except subprocess.CalledProcessError:
            return None

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether a commit is reachable from another; a push between the two is then no force-push."""
        return self.merge_base(old, new) == old

    def merge_base(self, base: str, head: str) -> str:
        """Commit that a change started from; `base` itself where the two share no history."""
        try:
            return run_git(self.path, "merge-base", base, head).decode().strip()
        except subprocess.CalledProcessError:
            return base

    def commits(self, base: str, head: str) -> list[str]:
        """Commits of a change, oldest first."""
        return run_git(self.path, "rev-list", "--reverse", "--topo-order", f"{base}..{head}").decode().split()

    def subject(self, commit: str) -> str:
        """First line of a commit's message."""
        return run_git(self.path, "log", "-1", "--format=%s", commit).decode("utf-8", "replace").rstrip("\n")

    def diff(self, old: str, new: str, *, num_context: int = 3) -> tuple[FileChange, ...]:
        """Files between two commits, renames found as hosts find them."""
        return _diff_once(self.path, old, new, num_context)


@functools.lru_cache(maxsize=64)
def _diff_once(path: Path, old: str, new: str, num_context: int) -> tuple[FileChange, ...]:
    shape = ("-c", "diff.renameLimit=0", "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames")
    raw = run_git(path, *shape, "--raw", "-z", old, new)
    patches = run_git(path, *shape, "--patch", f"--unified={num_context}", "--inter-hunk-context=0", old, new)
    return parse_diff(raw, patches)


def basic_password(header: str | None) -> str | None:
    """Password of an `Authorization: Basic` header, None if there is none; hosts find the token there."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


def serve_git(request: HttpRequest, root: Path, may_read: Callable[[str, str | None], bool]) -> HttpAnswer | None:
    """Answer of the smart protocol for `/{owner}/{name}.git/...` under `root`, None if the path is no such path.

    `may_read` gets the full name and the password of basic authentication; nothing can be pushed.
    https://git-scm.com/docs/git-http-backend
    """
    name, dot_git, service = request.path.lstrip("/").partition(".git/")
    if not dot_git:
        return None
    if not may_read(name, basic_password(request.headers.get("authorization"))):
        return HttpAnswer(401, b"authentication required", {"WWW-Authenticate": 'Basic realm="git"'})
    repository = (root / f"{name}.git").resolve()
    if (
        (request.method, service) not in _SERVICES
        or not repository.is_relative_to(root.resolve())
        or not repository.is_dir()
    ):
        return HttpAnswer(404, b"not found")
    return _run_backend(request, root)


def _run_backend(request: HttpRequest, root: Path) -> HttpAnswer:
    environment = {
        **os.environ,
        **_ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": request.path,
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_text,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "HTTP_GIT_PROTOCOL": request.headers.get("git-protocol", ""),
    }
    command = ["git", "http-backend"]
    done = subprocess.run(
        command, input=request.body, capture_output=True, check=True, timeout=_TIMEOUT_S, env=environment
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n"))
    status = int(headers.pop("Status", "200").split(" ", 1)[0])
    return HttpAnswer(status, body, headers)
