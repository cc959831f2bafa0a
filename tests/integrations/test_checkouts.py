import contextlib
import fcntl
import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.checkouts import Checkout, CheckoutLimits, Checkouts
from integrations.errors import CheckoutError
from integrations.hosts import Change, CloneAddress
from reviewer.changes import ChangeKind
from reviewer.testing import Project

if TYPE_CHECKING:
    from tests.integrations.conftest import GitServer, Samples

TOKEN = "s3cret"
FIRST = {"a.py": "x = 1\ny = 2\n", "ü b.py": "z = 3\r\n"}


@pytest.fixture
def change(origin: Project, samples: "Samples") -> Change:
    """One commit on a branch, beside one on main."""
    start = origin.commit(FIRST)
    head = origin.commit({"a.py": "x = 1\ny = 3\n"})
    origin.git("checkout", "--quiet", "-b", "base", start)
    base = origin.commit({"c.py": "new = 1\n"})
    return samples.change(base=base, head=head)


def add_commits(origin: Project, number: int, name: str) -> str:
    """Empty commits on the branch that is checked out, quickly; the last one."""
    parent = origin.git("rev-parse", "HEAD")
    ref = origin.git("symbolic-ref", "HEAD")
    lines = [f"commit {ref}\ncommitter A <a@example.org> {n} +0000\ndata 1\n{name}" for n in range(number)]
    lines[0] += f"\nfrom {parent}"
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=origin.root, input="\n".join(lines).encode() + b"\n", check=True
    )
    return origin.git("rev-parse", "HEAD")


def test_both_commits_are_brought_and_compared(checkouts: Checkouts, change: Change, git_server: "GitServer") -> None:
    checkout = checkouts.fetch(change, git_server.address())
    (changed,) = checkout.list_changes()
    assert (checkout.base, checkout.head) == (change.base, change.head)
    assert (changed.path, changed.kind) == ("a.py", ChangeKind.MODIFIED)
    assert [(hunk.old, hunk.new) for hunk in changed.hunks] == [(range(2, 3), range(2, 3))]
    assert checkout.read_lines("a.py") == ("x = 1", "y = 3", "")
    assert checkout.read_lines("ü b.py") == ("z = 3", "")


def test_rules_are_read_from_the_tip_of_the_base(checkouts: Checkouts, change: Change, git_server: "GitServer") -> None:
    checkout = checkouts.fetch(change, git_server.address())
    assert checkout.read_base_file("c.py") == b"new = 1\n"
    assert checkout.read_base_file("a.py") == b"x = 1\ny = 2\n"
    assert checkout.read_base_file("none.py") is None
    assert checkout.read_base_file("") is None


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", ()),
        (b"a", ("a",)),
        (b"a\r\nb\n", ("a", "b", "")),
        ("größer 😋".encode(), ("größer 😋",)),
        (b"\xef\xbb\xbfa", ()),
        (b"\xff\xfea\0", ()),
        ("é".encode("latin-1"), ()),
        (b"a\x0cb\xe2\x80\xa8c\n", ("a\x0cb\u2028c", "")),
    ],
    ids=["empty", "no end", "CRLF", "not ASCII", "byte order mark", "UTF-16", "Latin-1", "other separators"],
)
def test_lines_are_those_that_git_counts(
    origin: Project, samples: "Samples", checkouts: Checkouts, git_server: "GitServer", content: bytes, lines: object
) -> None:
    base = origin.commit(FIRST)
    head = origin.commit({"new.py": content})
    checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
    assert checkout.read_lines("new.py") == lines
    assert checkout.read_lines("none.py") == ()


def test_what_is_here_is_not_fetched_again(checkouts: Checkouts, change: Change, git_server: "GitServer") -> None:
    first = checkouts.fetch(change, git_server.address())
    asked = len(git_server.requests)
    assert checkouts.fetch(change, CloneAddress("http://127.0.0.1:1/gone.git", "Basic x")) == first
    assert len(git_server.requests) == asked


def test_a_push_fetches_only_what_is_new(
    checkouts: Checkouts, origin: Project, change: Change, git_server: "GitServer"
) -> None:
    first = checkouts.fetch(change, git_server.address())
    origin.git("checkout", "--quiet", "--detach", change.head)
    pushed = replace(change, head=origin.commit({"a.py": "x = 1\ny = 4\n"}))
    second = checkouts.fetch(pushed, git_server.address())
    assert second.repository == first.repository
    assert second.read_lines("a.py") == ("x = 1", "y = 4", "")
    assert first.read_lines("a.py") == ("x = 1", "y = 3", "")


def test_a_force_push_is_another_head(
    checkouts: Checkouts, origin: Project, change: Change, git_server: "GitServer"
) -> None:
    checkouts.fetch(change, git_server.address())
    origin.git("checkout", "--quiet", "--detach", change.base)
    forced = replace(change, head=origin.commit({"d.py": "d = 1\n"}))
    checkout = checkouts.fetch(forced, git_server.address())
    assert checkout.merge_base == change.base
    assert [one.path for one in checkout.list_changes()] == ["d.py"]


# Depth


@pytest.mark.parametrize(("ahead", "behind"), [(3, 3), (70, 3), (3, 70), (70, 70), (520, 1)])
def test_history_is_deepened_until_the_two_meet(
    checkouts: Checkouts, origin: Project, samples: "Samples", git_server: "GitServer", ahead: int, behind: int
) -> None:
    start = origin.commit(FIRST)
    base = add_commits(origin, behind, "b")
    origin.git("checkout", "--quiet", "-b", "topic", start)
    head = add_commits(origin, ahead, "t")
    checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
    assert checkout.merge_base == start


def test_an_old_meeting_point_is_not_taken_for_the_nearest(
    checkouts: Checkouts, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    """The head merged an old branch: within the first depth the two meet there, but they parted much later."""
    old = origin.commit(FIRST)
    parted = origin.commit({"later.py": "later = 1\n"})
    origin.git("checkout", "--quiet", "-b", "topic")
    add_commits(origin, 60, "t")
    origin.git("checkout", "--quiet", "-b", "side", old)
    origin.commit({"side.py": "side = 1\n"})
    origin.git("checkout", "--quiet", "topic")
    origin.git("merge", "--quiet", "--no-edit", "side")
    checkout = checkouts.fetch(samples.change(base=parted, head=origin.git("rev-parse", "HEAD")), git_server.address())
    assert checkout.merge_base == origin.git("merge-base", parted, checkout.head) == parted
    assert [one.path for one in checkout.list_changes()] == ["side.py"]


def test_history_is_shallow(checkouts: Checkouts, origin: Project, samples: "Samples", git_server: "GitServer") -> None:
    origin.commit(FIRST)
    base = add_commits(origin, 100, "b")
    head = origin.commit({"a.py": ""})
    checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
    assert int(checkout.repository.run("rev-list", "--count", head)) <= 51


def test_unrelated_histories_have_nothing_to_compare(
    checkouts: Checkouts, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    base = origin.commit(FIRST)
    origin.git("checkout", "--quiet", "--orphan", "other")
    head = origin.commit({"a.py": ""})
    with pytest.raises(CheckoutError, match="owner/name: expected base and head to meet"):
        checkouts.fetch(samples.change(base=base, head=head), git_server.address())


# Refusals and limits


@pytest.mark.parametrize("field", ["base", "head"])
@pytest.mark.parametrize("commit", ["", "main", "abc", "--upload-pack=touch x", "a" * 41, f"{'a' * 40}\n"])
def test_only_whole_commit_names_reach_git(
    checkouts: Checkouts, samples: "Samples", git_server: "GitServer", field: str, commit: str
) -> None:
    with pytest.raises(CheckoutError, match="expected a full commit name"):
        checkouts.fetch(samples.change(**{field: commit}), git_server.address())
    assert git_server.requests == []


def test_a_commit_that_the_host_does_not_have_is_said(
    checkouts: Checkouts, change: Change, git_server: "GitServer"
) -> None:
    with pytest.raises(CheckoutError, match=r"owner/name#12: fetch failed: .*"):
        checkouts.fetch(replace(change, head="0" * 39 + "1"), git_server.address())


def test_a_host_that_cannot_be_reached_is_said(checkouts: Checkouts, change: Change) -> None:
    with pytest.raises(CheckoutError, match="fetch failed") as caught:
        checkouts.fetch(change, CloneAddress("http://127.0.0.1:1/x.git", f"Basic {TOKEN}"))
    assert TOKEN not in str(caught.value)


def test_a_host_that_refuses_is_said(checkouts: Checkouts, change: Change, git_server: "GitServer") -> None:
    git_server.is_refusing = True
    with pytest.raises(CheckoutError, match="403"):
        checkouts.fetch(change, git_server.address())


@pytest.mark.parametrize("url", ["file://{root}", "{root}", "ext::sh -c 'touch {root}/pwned'", "ssh://127.0.0.1:1/x"])
def test_only_http_is_spoken(checkouts: Checkouts, origin: Project, change: Change, url: str) -> None:
    with pytest.raises(CheckoutError, match="not allowed"):
        checkouts.fetch(change, CloneAddress(url.format(root=origin.root), "Basic x"))
    assert not (origin.root / "pwned").exists()


def test_a_host_that_does_not_answer_is_left_and_what_was_started_ends(
    folder: Path, change: Change, git_server: "GitServer"
) -> None:
    git_server.gate.clear()
    limits = CheckoutLimits(timeout_s=4.0)  # git takes a second to start
    with pytest.raises(CheckoutError, match="fetch took over 4 s"):
        Checkouts(folder, limits).fetch(change, git_server.address())
    assert git_server.arrived.is_set()
    running = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.parent.name != "self"]
    assert not [one for one in running if b"remote-http" in one and str(git_server.port).encode() in one]
    git_server.gate.set()
    assert Checkouts(folder).fetch(change, git_server.address()).head == change.head


def test_a_repository_over_the_limit_is_refused(
    folder: Path, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    base = origin.commit(FIRST)
    head = origin.commit({"noise.bin": os.urandom(300_000)})
    limits = CheckoutLimits(max_pack_bytes=100_000)
    with pytest.raises(CheckoutError, match="fetch failed"):
        Checkouts(folder, limits).fetch(samples.change(base=base, head=head), git_server.address())
    assert sum(file.stat().st_size for file in folder.rglob("*.pack")) <= 100_000


def test_a_repository_that_has_grown_over_the_limit_is_begun_anew(
    folder: Path, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    checkouts = Checkouts(folder, CheckoutLimits(max_pack_bytes=200_000))
    base = origin.commit(FIRST)
    for _ in range(4):
        origin.git("checkout", "--quiet", "--detach", base)
        head = origin.commit({"noise.bin": os.urandom(80_000)})
        checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
        assert checkout.repository.find_revision(head) == head
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 300_000


def test_locks_that_a_killed_git_left_are_in_nobodys_way(
    checkouts: Checkouts, origin: Project, change: Change, git_server: "GitServer"
) -> None:
    git_folder = checkouts.fetch(change, git_server.address()).repository.root / ".git"
    for name in ("shallow.lock", "refs/kept/base.lock", "packed-refs.lock", "config.lock"):
        (git_folder / name).touch()
    origin.git("checkout", "--quiet", "--detach", change.head)
    pushed = replace(change, base=change.head, head=origin.commit({"a.py": ""}))
    assert checkouts.fetch(pushed, git_server.address()).head == pushed.head


def test_a_repository_that_was_left_half_made_is_made_again(
    checkouts: Checkouts, folder: Path, change: Change, git_server: "GitServer"
) -> None:
    root = checkouts.fetch(change, git_server.address()).repository.root
    (root / ".git" / "HEAD").unlink()
    assert checkouts.fetch(change, git_server.address()).repository.root == root


def test_the_repositories_used_longest_ago_make_room(folder: Path, change: Change, git_server: "GitServer") -> None:
    checkouts = Checkouts(folder, CheckoutLimits(max_folders=2))
    roots = []
    for number, name in enumerate(("one", "two", "three")):
        renamed = replace(change, ref=replace(change.ref, repository=replace(change.ref.repository, name=name)))
        roots.append(checkouts.fetch(renamed, git_server.address()).repository.root)
        os.utime(roots[-1], (number, number))
    assert [root.exists() for root in roots] == [False, True, True]


def test_a_repository_that_is_being_fetched_does_not_make_room(
    folder: Path, change: Change, git_server: "GitServer"
) -> None:
    checkouts = Checkouts(folder, CheckoutLimits(max_folders=1))
    busy = checkouts.fetch(change, git_server.address()).repository.root
    with (folder / f"{busy.name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        renamed = replace(change, ref=replace(change.ref, repository=replace(change.ref.repository, name="x")))
        checkouts.fetch(renamed, git_server.address())
    assert busy.exists()


@pytest.mark.parametrize(("name", "is_same"), [("Owner/NAME", True), ("owner/other", False)])
def test_a_repository_has_one_folder_whatever_its_case(
    checkouts: Checkouts, change: Change, git_server: "GitServer", name: str, is_same: bool
) -> None:
    first = checkouts.fetch(change, git_server.address())
    renamed = replace(change, ref=replace(change.ref, repository=replace(change.ref.repository, name=name)))
    assert (checkouts.fetch(renamed, git_server.address()).repository == first.repository) is is_same


def test_a_repository_is_forgotten_on_demand(checkouts: Checkouts, change: Change, git_server: "GitServer") -> None:
    root = checkouts.fetch(change, git_server.address()).repository.root
    checkouts.forget(change.ref.repository)
    checkouts.forget(change.ref.repository)
    assert not root.exists()


# Concurrency


def test_fetches_of_one_repository_wait_for_each_other(
    checkouts: Checkouts, change: Change, git_server: "GitServer"
) -> None:
    git_server.gate.clear()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(checkouts.fetch, change, git_server.address()) for _ in range(4)]
        assert git_server.arrived.wait(30)
        git_server.gate.set()
        assert len({one.result() for one in waiting}) == 1
    assert git_server.num_fetches == 1


def test_another_process_waits_too(checkouts: Checkouts, folder: Path, change: Change, git_server: "GitServer") -> None:
    """The other one says that it has the lock, and holds it until its input ends."""
    root = checkouts.fetch(change, git_server.address()).repository.root
    code = "import fcntl, sys; f = open(sys.argv[1], 'ab'); fcntl.flock(f, 2); print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(folder / f"{root.name}.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdout.readline()
        done = threading.Event()
        found: list[Checkout] = []

        def fetch() -> None:
            found.append(checkouts.fetch(change, git_server.address()))
            done.set()

        thread = threading.Thread(target=fetch)
        thread.start()
        assert not done.wait(0.3)
        other.stdin.close()
        thread.join()
    assert found


# The credential


@pytest.fixture
def watched_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts a git before the real one on the PATH that notes its arguments; the file with the notes."""
    notes, folder = tmp_path / "arguments", tmp_path / "bin"
    folder.mkdir()
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    (folder / "git").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {notes}\nexec {real} "$@"\n', "utf-8")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return notes


def test_the_credential_reaches_the_host_and_nothing_else(
    checkouts: Checkouts,
    folder: Path,
    change: Change,
    git_server: "GitServer",
    watched_git: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    address = git_server.address(token=TOKEN)
    checkouts.fetch(change, address)
    assert {authorization for _, _, authorization in git_server.requests} == {address.authorization}
    arguments = watched_git.read_text("utf-8")
    assert "fetch --quiet" in arguments
    secret = address.authorization.removeprefix("Basic ")
    kept = "".join(file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file())
    for where in (arguments, caplog.text, kept, repr(git_server.requests[0][1])):
        assert secret not in where
        assert TOKEN not in where


def test_an_address_is_printed_without_its_credential() -> None:
    assert TOKEN not in repr(CloneAddress("https://example.org/x.git", f"Basic {TOKEN}"))


# A company's network


@pytest.fixture
def lone_server() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server, server.getsockname()[1]


def answer_once(server: socket.socket, context: ssl.SSLContext | None, head: str) -> Future[bytes]:
    """Answers one request with no more than a status; what was asked, nothing by a client that left."""

    def serve() -> bytes:
        connection, _ = server.accept()
        asked = b""
        with (
            contextlib.suppress(ssl.SSLError),
            connection if context is None else context.wrap_socket(connection, server_side=True) as stream,
        ):
            asked = stream.recv(4_096)
            stream.sendall(f"HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        return asked

    executor = ThreadPoolExecutor(1)
    served = executor.submit(serve)
    executor.shutdown(wait=False)
    return served


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that only vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "größer")])
    address, now = x509.IPAddress(ipaddress.ip_address("127.0.0.1")), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    (folder / "host.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "host.key").write_bytes(key.private_bytes(*form))
    return folder / "host.pem", folder / "host.key"


def test_git_goes_through_the_proxy_that_the_environment_names(
    checkouts: Checkouts,
    samples: "Samples",
    lone_server: tuple[socket.socket, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, port = lone_server
    for name in ("https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    served = answer_once(server, None, "403 no")
    with pytest.raises(CheckoutError, match="403"):
        checkouts.fetch(samples.change(), CloneAddress("https://host.invalid/x.git", "Basic x"))
    assert served.result(5).startswith(b"CONNECT host.invalid:443 ")


@pytest.mark.parametrize("is_named", [True, False])
def test_git_believes_the_authority_that_the_environment_names(
    checkouts: Checkouts,
    samples: "Samples",
    lone_server: tuple[socket.socket, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_named: bool,
) -> None:
    server, port = lone_server
    certificate, key = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    if is_named:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    served = answer_once(server, context, "404 none")
    with pytest.raises(CheckoutError, match="not found" if is_named else "certificate"):
        checkouts.fetch(samples.change(), CloneAddress(f"https://127.0.0.1:{port}/x.git", "Basic x"))
    assert served.result(5).startswith(b"GET /x.git") is is_named
