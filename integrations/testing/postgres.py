"""A PostgreSQL server of a test's own, on a free loopback port: started, restarted in any mode, thrown away."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

_HOME = Path("/usr/lib/postgresql")  # distributions keep the programs off the search path
_USER = "reviewer"


class PostgresMissingError(Exception):
    """PostgreSQL's programs are not installed; the message says where they were looked for."""


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: Sequence[int]


@dataclass(frozen=True)
class PostgresCluster:
    """A cluster in a folder of its own. `identity` is who runs it: the server refuses root."""

    programs: Path
    folder: Path
    port: int
    identity: _Identity
    options: str = ""

    @property
    def url(self) -> str:
        """Its one database."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        """Makes the files."""
        self._run("initdb", f"--username={_USER}", "--auth=trust", "--encoding=UTF8", "--no-sync")

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        listen = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= {self.options}"
        self._run("pg_ctl", "start", "--wait", f"--options={listen}")

    def stop(self, mode: str = "immediate") -> None:
        """Stops it: `fast` ends every session in order, `immediate` is a crash that the log is recovered from.

        https://www.postgresql.org/docs/current/app-pg-ctl.html
        """
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def _run(self, name: str, *args: str) -> None:
        # The server inherits what pg_ctl writes to: a pipe would never end.
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            command = [str(self.programs / name), f"--pgdata={self.folder / 'data'}", *args]
            subprocess.run(
                command, check=True, stdout=log, stderr=log, cwd=self.folder, env={"LC_ALL": "C"}, **self.identity
            )


@contextmanager
def serve_postgres(options: str = "") -> Iterator[PostgresCluster]:
    """A running cluster, gone at the end; `options` are the server's own. Raises PostgresMissingError."""
    programs = _find_programs()
    folder = Path(tempfile.mkdtemp(prefix="reviewer-postgres-"))
    identity: _Identity = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    cluster = PostgresCluster(programs, folder, _find_free_port(), identity, options)
    try:
        cluster.create()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)


def _find_programs() -> Path:
    """The folder of PostgreSQL's programs."""
    found = shutil.which("pg_ctl")
    folders = [Path(found).resolve().parent] if found else sorted(_HOME.glob("*/bin"))
    if not folders:
        raise PostgresMissingError(
            f"expected PostgreSQL's pg_ctl on the PATH or in {_HOME}, found none: run `.ci/run test`"
        )
    return folders[-1]


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
