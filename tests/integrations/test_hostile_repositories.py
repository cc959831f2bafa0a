"""What strangers may put into a repository: nothing is written, the rest is reviewed, disk and memory have limits."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integrations.analysis import AnalysisLimits, Analyst, PolicyFile
from integrations.checkouts import CheckoutLimits, Checkouts
from integrations.errors import CheckoutError
from integrations.reports import ReviewReport
from reviewer.errors import RepositoryError
from reviewer.testing import Project

if TYPE_CHECKING:
    from tests.integrations.conftest import GitServer, Samples

FIRST = {"a.py": "x = 1\ny = 2\n", "ü b.py": "z = 3\r\n"}
NO_POLICY = PolicyFile(".reviewer.toml", b"")
BAD = b"import hashlib\n\n\ndef f(name):\n    return eval(name)\n"


@pytest.fixture
def analyst(tmp_path: Path, eager_model: Path) -> Analyst:
    return Analyst(tmp_path / "cache", AnalysisLimits(max_memory_bytes=2_000_000_000), eager_model)


def write_blob(origin: Project, content: bytes) -> str:
    """The object of some bytes."""
    return feed_git(origin, content, "hash-object", "-w", "--stdin")


def feed_git(origin: Project, content: bytes, *args: str) -> str:
    """What git says to some input."""
    done = subprocess.run(["git", *args], cwd=origin.root, input=content, capture_output=True, check=True)
    return done.stdout.decode().strip()


def write_lines(origin: Project, megabytes: int) -> str:
    """The object of a file of so many line feeds: it packs into next to nothing."""
    command = ["git", "-c", "core.bigFileThreshold=4m", "hash-object", "-w", "--stdin"]
    with subprocess.Popen(command, cwd=origin.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(megabytes):
            process.stdin.write(b"\n" * 1_000_000)
        process.stdin.close()
        return process.stdout.read().decode().strip()


def write_tree(origin: Project, entries: Mapping[str | bytes, tuple[str, bytes | str]]) -> str:
    """A commit of a tree with any names and modes, as a hostile client can push it; contents or object ids."""
    tree = b""
    for name, (mode, content) in entries.items():
        raw = name if isinstance(name, bytes) else name.encode()
        blob = content if isinstance(content, str) else write_blob(origin, content)
        tree += mode.encode() + b" " + raw + b"\0" + bytes.fromhex(blob)
    (origin.root / "tree").write_bytes(tree)
    name = origin.git("hash-object", "--literally", "-t", "tree", "-w", "tree")
    return origin.git("commit-tree", "-p", "HEAD", "-m", "hostile", name)


def list_files(folder: Path) -> list[str]:
    """Files outside git's own folders."""
    files = [file for file in folder.rglob("*") if not file.is_dir() or file.is_symlink()]
    return [file.name for file in files if ".git" not in file.relative_to(folder).parts and file.suffix != ".lock"]


def test_no_file_of_a_repository_is_written_out(
    checkouts: Checkouts, folder: Path, origin: Project, samples: "Samples", git_server: "GitServer", tmp_path: Path
) -> None:
    base = origin.commit(FIRST)
    hostile: dict[str | bytes, tuple[str, bytes | str]] = {
        "..": ("100644", b"up"),
        ".git": ("100644", b"[core]\n\tfsmonitor = touch pwned"),
        "/etc/x": ("100644", b"absolute"),
        "C:\\x": ("100644", b"drive"),
        "link.py": ("120000", str(tmp_path / "outside").encode()),
        "line\nfeed.py": ("100644", b"x = 1\n"),
    }
    head = write_tree(origin, hostile)
    checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
    assert {one.path for one in checkout.list_changes()} >= {"link.py", "line\nfeed.py"}
    assert checkout.read_lines("link.py") == (str(tmp_path / "outside"),)  # the link's own text
    assert checkout.read_lines("../../outside") == ()
    assert list_files(folder) == []
    assert not (tmp_path / "outside").exists()


def test_hooks_and_settings_of_this_machine_do_not_run(
    checkouts: Checkouts,
    origin: Project,
    samples: "Samples",
    git_server: "GitServer",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change = samples.change(base=origin.commit(FIRST), head=origin.commit({"a.py": "x = 2\n"}))
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {tmp_path}/pwned\n", "utf-8")
    (hooks / "reference-transaction").chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[init]\n\ttemplateDir = {hooks.parent}\n[core]\n\thooksPath = {hooks}\n", "utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hooks.parent))
    root = checkouts.fetch(change, git_server.address()).repository.root
    assert not (tmp_path / "pwned").exists()
    assert not (root / ".git" / "hooks").exists()


def test_names_and_links_that_lead_outside_are_reviewed_in_place_or_left_out_by_name(
    checkouts: Checkouts, folder: Path, analyst: Analyst, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    base = origin.commit(FIRST)
    hostile: dict[str | bytes, tuple[str, bytes | str]] = {
        "../up.py": ("100644", BAD),
        "/etc/absolute.py": ("100644", BAD),
        "A.py": ("100644", BAD),
        "a.py": ("100644", BAD + b"\n"),
        b"caf\xe9.py": ("100644", BAD),
        "here.py": ("120000", b"../../../outside.py"),
        "large.py": ("100644", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n"),
        "line\nfeed.py": ("100644", BAD),
        "proc.py": ("120000", b"/proc/self/environ"),
        "sub.py": ("160000", "1" * 40),
    }
    head = write_tree(origin, hostile)
    checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
    report = analyst.review(checkout, NO_POLICY, ())
    evals = {one.location.path for one in report.findings if one.label == "security/code-injection"}
    reviewed = {one.path for one in report.files.reviewed}
    assert evals == reviewed == {"../up.py", "A.py", "a.py", "caf?.py", "line\nfeed.py"}
    skipped = {one.path: (one.reason, one.detail) for one in report.files.skipped}
    assert skipped["here.py"][0] == skipped["proc.py"][0] == "symlink"
    assert skipped["etc/absolute.py"][0] == "unreadable"
    assert skipped["large.py"] == ("unreadable", "a pointer of Git LFS, not the file")
    assert not report.is_complete
    assert report.files.failed == ()
    assert list_files(folder) == []


def test_a_hostile_name_in_the_base_is_no_reason_to_fail(
    checkouts: Checkouts, analyst: Analyst, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    origin.commit(FIRST)
    base = write_tree(origin, {"../up.py": ("100644", b"x = 1\n"), "a.py": ("100644", b"x = 1\n")})
    origin.git("reset", "--quiet", "--soft", base)
    head = write_tree(origin, {"../up.py": ("100644", BAD), "a.py": ("100644", BAD)})
    checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
    assert "a.py" in {one.location.path for one in analyst.review(checkout, NO_POLICY, ()).findings}
    assert checkout.read_lines("../up.py") == ()


@pytest.mark.slow
def test_files_that_pack_into_nothing_are_left_out_and_the_rest_is_reviewed(
    checkouts: Checkouts, folder: Path, analyst: Analyst, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    """Ten files of 200 MB each, two gigabytes in all and held twice, in a process that gets two."""
    base = origin.commit(FIRST)
    bomb = write_lines(origin, 200)
    entries: dict[str | bytes, tuple[str, bytes | str]] = {f"b{n:02}.py": ("100644", bomb) for n in range(10)}
    head = write_tree(origin, {"a.py": ("100644", BAD), **entries})
    checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 5_000_000
    report = analyst.review(checkout, NO_POLICY, ())
    assert "a.py" in {one.location.path for one in report.findings}
    assert {one.path for one in report.files.skipped if one.reason == "too_large"} == set(entries)
    assert not report.is_complete
    changes = {one.path: one for one in checkout.list_changes()}
    assert changes["b00.py"].is_binary
    assert changes["a.py"].changes_line(4)
    assert checkout.read_lines("b00.py") == ()


def test_a_diff_that_is_too_much_for_the_service_is_said(
    checkouts: Checkouts, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    base = origin.commit(FIRST)
    lines = write_lines(origin, 3)  # small enough to be compared line by line
    head = write_tree(origin, {f"b{n:02}.py": ("100644", lines) for n in range(12)})
    checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
    with pytest.raises(RepositoryError, match="expected at most 64,000,000 bytes, found more"):
        checkout.list_changes()


def test_a_pack_over_the_limit_is_refused_and_leaves_nothing(
    folder: Path, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    base = origin.commit(FIRST)
    head = origin.commit({"noise.bin": bytes(one * one * 7 % 251 for one in range(400_000))})
    limited = Checkouts(folder, CheckoutLimits(max_pack_bytes=900))
    with pytest.raises(CheckoutError):
        limited.fetch(samples.change(base=base, head=head), git_server.address())
    assert list_files(folder) == []


@pytest.mark.slow
def test_a_tree_of_200_000_files_is_no_reason_to_fail(
    checkouts: Checkouts, analyst: Analyst, origin: Project, samples: "Samples", git_server: "GitServer"
) -> None:
    base = import_files(origin, 200_000)
    origin.git("reset", "--quiet", "--soft", base)
    head = origin.git("commit-tree", "-p", base, "-m", "one more", add_file(origin, base, "a.py", BAD))
    checkout = checkouts.fetch(samples.change(base=base, head=head), git_server.address())
    report: ReviewReport = analyst.review(checkout, NO_POLICY, ())
    assert {one.location.path for one in report.findings} == {"a.py"}
    assert report.is_complete
    assert [one.path for one in checkout.list_changes()] == ["a.py"]


def import_files(origin: Project, count: int) -> str:
    """A commit with so many small files, some hundred in a folder."""

    def commands() -> Iterator[str]:
        yield "blob\nmark :1\ndata 2\nx\n\n"
        yield "commit refs/heads/many\ncommitter A <a@example.org> 0 +0000\ndata 1\nx\n"
        yield from (f"M 100644 :1 many/{number // 500}/{number}.txt\n" for number in range(count))

    text = "".join(commands()).encode()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=origin.root, input=text, check=True)
    return origin.git("rev-parse", "many")


def add_file(origin: Project, commit: str, name: str, content: bytes) -> str:
    """The tree of a commit with one more file."""
    listing = origin.git("ls-tree", commit) + f"\n100644 blob {write_blob(origin, content)}\t{name}\n"
    return feed_git(origin, listing.encode(), "mktree")
