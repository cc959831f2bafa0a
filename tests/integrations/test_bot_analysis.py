import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from integrations.analysis import AnalysisLimits, Analyst, PolicyFile, read_policy_file
from integrations.checkouts import Checkout, Checkouts
from integrations.errors import AnalysisError
from integrations.reports import ReviewReport, parse_report
from reviewer.errors import ConfigurationError
from reviewer.repositories import Repository
from reviewer.testing import Project

if TYPE_CHECKING:
    from tests.integrations.conftest import GitServer, Samples

pytestmark = pytest.mark.slow
NO_POLICY = PolicyFile(".reviewer.toml", b"")
CLEAN = """\
import sqlite3

from flask import Flask, request

from größe import look_up

app = Flask(__name__)


@app.route("/user")
def show_user():
    return "nobody"
"""
DIRTY = CLEAN.replace(
    'return "nobody"',
    """name = request.args.get("name")
    rows = sqlite3.connect("x.db").execute("SELECT * FROM users WHERE name = '" + name + "'").fetchall()
    look_up(name)
    return str(rows)""",
)
CLEAN_HELPER = "import subprocess\n\n\ndef look_up(name):\n    return name\n"
DIRTY_HELPER = CLEAN_HELPER.replace(
    "return name", 'subprocess.run("finger " + name, shell=True)\r\n    return eval(name)'
).removesuffix("\n")
QUERIES = """\
import sqlite3


def load(ids):
    connection = sqlite3.connect("x.db")
    found = []
    for one in ids:
        found.append(connection.execute("SELECT * FROM t WHERE id = ?", (one,)).fetchone())
    return found
"""


@pytest.fixture
def analyst(tmp_path: Path, eager_model: Path) -> Analyst:
    return Analyst(tmp_path / "cache", model=eager_model)


def check_out(project: Project, base: str, head: str) -> Checkout:
    """As if it had been fetched."""
    return Checkout(Repository(project.root), base, base, head)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    made = Project(root)
    made.init()
    return made


@pytest.fixture
def change(project: Project) -> Checkout:
    """A change that introduces weaknesses in two files, one flow through both, and a slow loop."""
    base = project.commit({"app.py": CLEAN, "größe.py": CLEAN_HELPER, "empty.py": ""})
    head = project.commit({"app.py": DIRTY, "größe.py": DIRTY_HELPER, "slow.py": QUERIES, "data.bin": b"\0\1"})
    return check_out(project, base, head)


def run_diff(project: Project, tmp_path: Path, checkout: Checkout, model: Path) -> ReviewReport:
    """What `reviewer diff` says where a person runs it."""
    command = [str(Path(sys.executable).with_name("reviewer")), "diff", "--base", checkout.merge_base]
    command += ["--head", checkout.head, "--format", "json", "--model", str(model)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "REVIEWER_CACHE_DIR": str(tmp_path / "other")}
    done = subprocess.run(command, cwd=project.root, capture_output=True, check=False, env=environment)
    assert done.returncode in (0, 1), done.stderr.decode()
    return parse_report(done.stdout)


def test_findings_equal_those_of_the_command_one_for_one(
    origin: Project, samples: "Samples", git_server: "GitServer", analyst: Analyst, tmp_path: Path, eager_model: Path
) -> None:
    start = origin.commit({"app.py": CLEAN, "größe.py": CLEAN_HELPER, "old.py": QUERIES})
    origin.git("checkout", "--quiet", "-b", "topic")
    origin.git("mv", "old.py", "renamed.py")
    head = origin.commit({"app.py": DIRTY, "größe.py": DIRTY_HELPER, "renamed.py": QUERIES + "\n" + DIRTY})
    origin.git("checkout", "--quiet", "-b", "base", start)
    base = origin.commit({"other.py": QUERIES})
    fetched = Checkouts(tmp_path / "repositories").fetch(samples.change(base=base, head=head), git_server.address())
    found = analyst.review(fetched, read_policy_file(fetched), ())
    expected = run_diff(origin, tmp_path, fetched, eager_model)
    assert len(found.findings) >= 4
    assert found == expected


def test_a_second_review_of_the_same_bytes_says_the_same(analyst: Analyst, change: Checkout) -> None:
    assert analyst.review(change, NO_POLICY, ()) == analyst.review(change, NO_POLICY, ())


def test_the_shipped_model_is_used_where_none_is_named(tmp_path: Path, change: Checkout) -> None:
    report = Analyst(tmp_path / "cache").review(change, NO_POLICY, ())
    assert report.is_complete
    assert report.model != ""


def test_dismissed_findings_vanish_and_say_why(analyst: Analyst, change: Checkout) -> None:
    before = analyst.review(change, NO_POLICY, ())
    gone = before.findings[0].fingerprint
    after = analyst.review(change, NO_POLICY, (gone, "unknown"))
    assert {one.fingerprint for one in after.findings} == {one.fingerprint for one in before.findings} - {gone}
    assert [one.fingerprint for one in after.withheld_for("baseline")] == [gone]


# The policy


def test_the_policy_of_the_base_decides_and_that_of_the_change_does_not(project: Project, analyst: Analyst) -> None:
    base = project.commit({".reviewer.toml": 'select = ["security"]\n', "app.py": CLEAN, "größe.py": CLEAN_HELPER})
    lax = 'select = ["performance"]\nexclude = ["*.py"]\nmax-comments = 0\n'
    head = project.commit({".reviewer.toml": lax, "app.py": DIRTY, "größe.py": DIRTY_HELPER, "slow.py": QUERIES})
    checkout = check_out(project, base, head)
    policy = read_policy_file(checkout)
    assert policy == PolicyFile(".reviewer.toml", b'select = ["security"]\n')
    found = {one.category for one in analyst.review(checkout, policy, ()).findings}
    assert found == {"security"}


def test_an_old_merge_base_brings_no_old_policy(project: Project) -> None:
    old = project.commit({".reviewer.toml": "select = []\n"})
    base = project.commit({".reviewer.toml": 'select = ["security"]\n'})
    project.git("checkout", "--quiet", "--detach", old)
    head = project.commit({"app.py": DIRTY})
    checkout = Checkout(Repository(project.root), base, old, head)
    assert read_policy_file(checkout).content == b'select = ["security"]\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, NO_POLICY),
        ({"pyproject.toml": "[project]\n"}, NO_POLICY),
        ({"pyproject.toml": "# [tool.reviewer]\n"}, NO_POLICY),
        ({"pyproject.toml": "[tool.reviewer]\n"}, PolicyFile("pyproject.toml", b"[tool.reviewer]\n")),
        ({"pyproject.toml": "[tool]\nreviewer = {}\n"}, PolicyFile("pyproject.toml", b"[tool]\nreviewer = {}\n")),
        (
            {".reviewer.toml": "jobs = 1\r\n", "pyproject.toml": "[tool.reviewer]\n"},
            PolicyFile(".reviewer.toml", b"jobs = 1\r\n"),
        ),
        ({"sub/.reviewer.toml": "jobs = 1\n"}, NO_POLICY),
    ],
    ids=["none", "another tool's", "only named", "ours", "ours inline", "both", "in a folder"],
)
def test_the_file_that_decides_is_that_of_the_command(
    project: Project, files: dict[str, str], expected: PolicyFile
) -> None:
    base = project.commit({"a.py": "", **files})
    assert read_policy_file(check_out(project, base, base)) == expected


@pytest.mark.parametrize("name", [".reviewer.toml", "pyproject.toml"])
def test_a_policy_that_cannot_be_read_is_no_empty_policy(project: Project, name: str) -> None:
    base = project.commit({name: "broken = [\n"})
    with pytest.raises(ConfigurationError, match=name):
        read_policy_file(check_out(project, base, base))


@pytest.mark.parametrize("name", [".reviewer.toml", "pyproject.toml"])
def test_a_folder_by_the_name_of_a_policy_is_none(project: Project, name: str) -> None:
    base = project.commit({f"{name}/x": ""})
    assert read_policy_file(check_out(project, base, base)) == NO_POLICY


def test_folders_have_their_own_rules(project: Project, analyst: Analyst) -> None:
    rules = b'[directories."calm"]\nselect = ["performance"]\n'
    base = project.commit({"a.py": ""})
    head = project.commit({"calm/app.py": DIRTY, "hot/app.py": DIRTY})
    found = analyst.review(check_out(project, base, head), PolicyFile(".reviewer.toml", rules), ()).findings
    assert {one.location.path for one in found if one.category == "security"} == {"hot/app.py"}


def test_a_change_cannot_suppress_its_own_findings(
    project: Project, analyst: Analyst, tmp_path: Path, eager_model: Path
) -> None:
    """Beside what is named as kept for that reason, the findings are those of the command one for one."""
    base = project.commit({"app.py": CLEAN, "größe.py": CLEAN_HELPER})
    silenced = DIRTY_HELPER.replace("eval(name)", "eval(name)  # reviewer: ignore[code-injection] trust me")
    head = project.commit({"app.py": DIRTY, "größe.py": silenced})
    checkout = check_out(project, base, head)
    strict, lax = (analyst.review(checkout, NO_POLICY, (), heeds_own=heeds) for heeds in (False, True))
    command = run_diff(project, tmp_path, checkout, eager_model)
    kept = {one.fingerprint for one in command.withheld_for("suppressed_here")}
    assert len(kept) == 1
    assert lax == command
    assert [(one.path, one.problem) for one in strict.suppressions] == [("größe.py", "not_in_force")]
    assert kept <= {one.fingerprint for one in strict.findings}
    assert tuple(one for one in strict.findings if one.fingerprint not in kept) == command.findings


def test_a_change_cannot_declare_itself_generated(project: Project, analyst: Analyst) -> None:
    base = project.commit({"app.py": CLEAN, "größe.py": CLEAN_HELPER})
    honest = check_out(project, base, project.commit({"app.py": DIRTY, "größe.py": DIRTY_HELPER}))
    sly = check_out(project, base, project.commit({".gitattributes": "*.py linguist-generated\n"}))
    expected = analyst.review(honest, NO_POLICY, ()).findings
    assert analyst.review(sly, NO_POLICY, ()).findings == expected != ()


# What goes wrong


@pytest.mark.parametrize(
    ("policy", "said"),
    [(b"selct = []", "selct"), (b"\xff", "readable TOML")],
    ids=["unknown setting", "no text"],
)
def test_a_review_that_cannot_begin_says_why(analyst: Analyst, change: Checkout, policy: bytes, said: str) -> None:
    with pytest.raises(AnalysisError, match=f"expected a report, found none: .*{said}"):
        analyst.review(change, PolicyFile(".reviewer.toml", policy), ())


def test_a_commit_that_is_not_here_is_a_failure(analyst: Analyst, project: Project) -> None:
    base = project.commit({"a.py": ""})
    with pytest.raises(AnalysisError, match="expected a commit"):
        analyst.review(check_out(project, base, "0" * 40), NO_POLICY, ())


def find_processes(word: bytes) -> list[bytes]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            content = file.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if word in content:
            found.append(content)
    return found


def test_a_review_that_takes_too_long_is_killed(tmp_path: Path, eager_model: Path, change: Checkout) -> None:
    analyst = Analyst(tmp_path / "cache", AnalysisLimits(timeout_s=0.05), eager_model)
    with pytest.raises(AnalysisError, match="expected an end within 0 s, found none"):
        analyst.review(change, NO_POLICY, ())
    assert find_processes(change.head.encode()) == []


@pytest.mark.parametrize("megabytes", [8, 150])
def test_a_review_that_takes_too_much_memory_is_a_failure(
    tmp_path: Path, eager_model: Path, change: Checkout, megabytes: int
) -> None:
    limits = AnalysisLimits(max_memory_bytes=megabytes * 1_000_000)
    with pytest.raises(AnalysisError):
        Analyst(tmp_path / "cache", limits, eager_model).review(change, NO_POLICY, ())


def test_a_change_that_cannot_be_read_is_a_failure_and_no_smaller_review(project: Project, analyst: Analyst) -> None:
    base = project.commit({"a.py": "x = 1\n"})
    head = project.commit({"a.py": "x = 2\n", "lost.py": "y = 1\n"})
    name = project.git("rev-parse", "HEAD:lost.py")
    (project.root / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(AnalysisError, match="expected a report, found none: reviewer: git diff"):
        analyst.review(check_out(project, base, head), NO_POLICY, ())


def test_nothing_is_left_behind(
    analyst: Analyst, change: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    before = {file for file in change.repository.root.rglob("*") if file.is_file()}
    analyst.review(change, NO_POLICY, ())
    assert list(scratch.iterdir()) == []
    assert {file for file in change.repository.root.rglob("*") if file.is_file()} == before


# What the process knows


@pytest.fixture
def spying_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands before the interpreter and notes what it was given; the file with the notes."""
    notes, program = tmp_path / "notes.json", tmp_path / "python"
    lines = [
        f"#!{sys.executable} -I",
        "import json, os, resource, sys",
        "limits = {n: resource.getrlimit(getattr(resource, n)) for n in ('RLIMIT_AS', 'RLIMIT_CORE', 'RLIMIT_FSIZE')}",
        "files = sorted(os.listdir('/proc/self/fd'))",
        "known = {'argv': sys.argv[1:], 'environ': dict(os.environ), 'limits': limits, 'files': len(files)}",
        f"open({str(notes)!r}, 'w').write(json.dumps(known))",
        f"os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])",
    ]
    program.write_text("\n".join(lines) + "\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return notes


@pytest.fixture
def known(
    tmp_path: Path, eager_model: Path, change: Checkout, spying_python: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """What the process of a review was given while our own environment is full of secrets."""
    monkeypatch.setenv("REVIEWER_GITHUB_WEBHOOK_SECRET", "hush")
    monkeypatch.setenv("REVIEWER_DATABASE_URL", "postgresql://u:hush@db/x")
    monkeypatch.setenv("PYTHONPATH", "hush")
    monkeypatch.setenv("LD_PRELOAD", "")
    limits = AnalysisLimits(timeout_s=100.5, max_memory_bytes=4_000_000_000)
    report = Analyst(tmp_path / "cache", limits, eager_model).review(change, NO_POLICY, ())
    assert report.findings
    document = json.loads(spying_python.read_text("utf-8"))
    assert isinstance(document, dict)
    return document


def test_a_review_is_given_no_secret_and_none_of_our_variables(known: dict[str, Any]) -> None:
    assert "hush" not in json.dumps(known)
    allowed = {"PATH", "HOME", "LANG", "LC_CTYPE", "REVIEWER_CACHE_DIR", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL"}
    assert set(known["environ"]) <= allowed
    assert known["environ"]["HOME"].startswith("/")
    assert not Path(known["environ"]["HOME"]).exists()  # a folder of its own, gone with it


def test_a_review_runs_isolated_and_within_limits(known: dict[str, Any]) -> None:
    assert known["argv"][0] == "-I"
    assert known["limits"]["RLIMIT_AS"] == [4_000_000_000] * 2
    assert known["limits"]["RLIMIT_CORE"] == [0, 0]
    assert 0 < known["limits"]["RLIMIT_FSIZE"][0] <= 500_000_000
    assert known["files"] <= 5  # the three streams, and what listing them takes
