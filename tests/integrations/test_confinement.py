import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from integrations.confinement import Confinement, make_environment

CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"
WRITE = "import os, sys; open(sys.argv[1], 'w').write(f'{os.geteuid()} {os.getegid()}')"


def can_leave_the_network() -> bool:
    command = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x50000000) != 0)"
    return sys.platform == "linux" and subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


def run(confinement: Confinement, home: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = confinement.wrap([sys.executable, "-I", "-c", code, *arguments])
    return subprocess.run(command, env=make_environment(home), capture_output=True, check=False)


@pytest.mark.parametrize(
    "has_network",
    [
        True,
        pytest.param(False, marks=pytest.mark.skipif(not can_leave_the_network(), reason="needs user namespaces")),
    ],
)
def test_a_confined_command_reaches_the_network_only_where_it_may(tmp_path: Path, *, has_network: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = run(Confinement(has_network=has_network), tmp_path, CONNECT, str(server.getsockname()[1]))
    assert (done.returncode == 0) is has_network
    assert has_network or b"unreachable" in done.stderr


def test_a_confined_command_stays_who_we_are(tmp_path: Path) -> None:
    file = tmp_path / "größe 😋"
    assert run(Confinement(), tmp_path, WRITE, str(file)).returncode == 0
    assert file.read_text("utf-8") == f"{os.geteuid()} {os.getegid()}"
    assert (file.stat().st_uid, file.stat().st_gid) == (os.geteuid(), os.getegid())


def test_limits_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "file"
    limits = Confinement(max_memory_bytes=500_000_000, max_file_bytes=1_000)
    assert b"MemoryError" in run(limits, tmp_path, "bytes(600_000_000)").stderr
    run(
        limits,
        tmp_path,
        "import os, sys; os.write(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY), bytes(2_000))",
        str(file),
    )
    assert file.stat().st_size == 1_000


def test_nothing_of_our_environment_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEWER_GITLAB_TOKEN", "s3cret")
    done = run(Confinement(), tmp_path, "import os; print(sorted(os.environ))")
    assert done.stdout.decode().strip() == "['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'HOME', 'LANG', 'PATH']"
