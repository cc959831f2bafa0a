"""Reports to publish, repositories served over HTTP by git itself, and both kinds of databases."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from graph_model.bundle import save_bundle
from graph_model.catalogue import load_catalogue
from graph_model.ladder import Rung
from graph_model.testing import make_bundle
from integrations.checkouts import Checkouts
from integrations.hosts import Change, ChangeRef, CloneAddress, HostKind, RepositoryRef
from integrations.reports import ReportedFinding, ReviewReport
from integrations.storage.database import Database, open_database
from integrations.testing.local_repository import ExampleChange, example_change
from integrations.testing.postgres import serve_postgres
from reviewer.testing import Project


def _place(path: str, start_line: int, end_line: int) -> dict[str, Any]:
    return {"path": path, "start_line": start_line, "start_column": 1, "end_line": end_line, "end_column": 9}


class Samples:
    """Findings and reports in which everything that a test does not name is ordinary."""

    ref = ChangeRef(RepositoryRef(HostKind.GITHUB, "owner/name", 7), 12)

    def change(self, **values: Any) -> Change:
        named = {"ref": self.ref, "base": "a" * 40, "head": "b" * 40, "head_ref": "refs/pull/12/head"}
        return Change(**{**named, "base_ref": "main", "author": "ann", **values})

    def finding(self, fingerprint: str = "f1", line: int = 2, **values: Any) -> ReportedFinding:
        path = values.pop("path", "a.py")
        end_line = values.pop("end_line", line)
        named = {
            "fingerprint": fingerprint,
            "label": "security/sql-injection",
            "category": "security",
            "title": "SQL injection",
            "message": "Foreign data reaches the query.",
            "remedy": "Pass it as a parameter.",
            "severity": "high",
            "probability": 0.91,
            "location": _place(path, line, end_line),
            "anchor": {"path": path, "line": line},
            "code": f"run({fingerprint})",
        }
        return ReportedFinding.model_validate({**named, **values})

    def step(self, code: str, path: str = "a.py", line: int = 1, role: str = "hop") -> dict[str, Any]:
        return {"role": role, "note": "name", "code": code, "location": _place(path, line, line)}

    def fix(self, *edits: tuple[str, tuple[int, int], tuple[int, int], str]) -> dict[str, Any]:
        """A fix of edits, each a path, start, end (line, column) and the new text."""
        described = [
            {
                "location": {
                    "path": path,
                    "start_line": start[0],
                    "start_column": start[1],
                    "end_line": end[0],
                    "end_column": end[1],
                },
                "replacement": text,
            }
            for path, start, end, text in edits
        ]
        return {"description": "x", "safe": True, "probability_after": 0.0, "edits": described}

    def withheld(self, reason: str, fingerprint: str = "w1", path: str = "a.py") -> dict[str, Any]:
        label = "performance/query-in-loop"
        return {
            "reason": reason,
            "fingerprint": fingerprint,
            "label": label,
            "probability": 0.6,
            "path": path,
            "line": 3,
        }

    def report(self, *findings: ReportedFinding, **values: Any) -> ReviewReport:
        withheld = values.pop("withheld", [])
        files = {"reviewed": [], "skipped": [], "failed": [], **values.pop("files", {})}
        named = {
            "tool": {"name": "graph-reviewer", "version": "0.1.0"},
            "model": "m1",
            "change": {"base": "a" * 40, "head": "b" * 40},
            "withheld": {"counts": {}, "findings": withheld},
            "files": files,
        }
        report = ReviewReport.model_validate({**named, "findings": [], **values})
        return report.model_copy(update={"findings": findings})


@pytest.fixture(scope="session")
def samples() -> Samples:
    return Samples()


@pytest.fixture(scope="session")
def eager_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that finds every candidate likely, so that what is found does not depend on what was trained."""
    folder = tmp_path_factory.mktemp("model")
    catalogue = load_catalogue()
    labels = [label.id for label in catalogue]
    save_bundle(make_bundle(labels, rungs=dict.fromkeys(labels, Rung.PRIOR), catalogue_hash=catalogue.hash), folder)
    return folder


@dataclass
class GitServer:
    """Serves the repositories of a folder by git's own backend. https://git-scm.com/docs/git-http-backend

    `requests` are method, path and Authorization header of each. While `gate` is closed, answers wait; while
    `is_refusing`, they are 403.
    """

    root: Path
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    is_refusing: bool = False
    port: int = 0

    def address(self, name: str = "origin", token: str = "s3cret") -> CloneAddress:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        return CloneAddress(f"http://127.0.0.1:{self.port}/{name}/.git", f"Basic {basic}")

    @property
    def num_fetches(self) -> int:
        return sum(method == "POST" for method, _, _ in self.requests)  # commits are asked for by name, no refs before


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._read_body())

    def log_message(self, format: str, *args: object) -> None:
        del format, args

    def _read_body(self) -> bytes:
        if "Content-Length" in self.headers:
            return self.rfile.read(int(self.headers["Content-Length"]))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, body: bytes) -> None:
        git = self.server.git
        git.requests.append((self.command, self.path, self.headers.get("Authorization", "")))
        git.arrived.set()
        git.gate.wait()
        status, head, content = (403, [], b"no") if git.is_refusing else self._ask_backend(body)
        self.send_response(status)
        for line in head:
            name, _, value = line.partition(": ")
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _ask_backend(self, body: bytes) -> tuple[int, list[str], bytes]:
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.git.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "CONTENT_LENGTH": str(len(body)),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "uploadpack.allowAnySHA1InWant",
            "GIT_CONFIG_VALUE_0": "true",
        }
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, check=True, env=environment)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = next((int(line.split(" ")[1]) for line in lines if line.startswith("Status: ")), 200)
        return status, [line for line in lines if not line.startswith("Status: ")], content


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, git: GitServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.git = git

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed hangs up; tests kill some."""
        del request, client_address


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    root = tmp_path / "served"
    root.mkdir()
    git = GitServer(root)
    git.gate.set()
    with _Server(git) as server:
        git.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield git
        finally:
            git.gate.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def origin(git_server: GitServer) -> Project:
    """An empty repository that is served as `origin`."""
    root = git_server.root / "origin"
    root.mkdir()
    project = Project(root)
    project.init()
    return project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where `checkouts` keeps its clones."""
    return tmp_path / "repositories"


@pytest.fixture
def checkouts(folder: Path) -> Checkouts:
    return Checkouts(folder)


# Databases


@dataclass(frozen=True)
class Postgres:
    """A private cluster on a free port. Its one database is emptied for each test: a new one costs much more."""

    port: int

    @property
    def url(self) -> str:
        return f"postgresql://reviewer@127.0.0.1:{self.port}/postgres"

    def empty(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '10s'")  # a test that left a transaction open
            found = connection.execute(
                r"SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'"
            )
            for (name,) in found.fetchall():
                connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(name)))
            connection.execute("CREATE SCHEMA public")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with serve_postgres("-c fsync=off") as cluster:
        yield Postgres(cluster.port)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind, as SQLAlchemy names it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'reviewer.sqlite'}"
    cluster: Postgres = request.getfixturevalue("postgres")
    cluster.empty()
    return cluster.url.replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> ExampleChange:
    # Shared, as git is slow to set up: a test that adds commits says what they are based on.
    return example_change(tmp_path_factory.mktemp("change") / "source")
