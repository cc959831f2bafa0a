import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.metadata import EntryPoint, PackageNotFoundError
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from graph_model.analysis import FileAnalysis, Problem
from graph_model.candidates.model import Candidate
from graph_model.catalogue import load_catalogue
from graph_model.edits import Edit, ProposedFix
from reviewer.cli import session as session_module
from reviewer.cli.group import find_version, group, main
from reviewer.cli.session import Session
from reviewer.source import SourceFile
from reviewer.testing import FAKE_KIND, FakeEngine, Project

BAD = 'def f():\n    value = source()\n    sink("security/sql-injection", 0.9, value)\n'


# explain


def test_explain_says_why(project: Project) -> None:
    project.write({"a.py": BAD})
    result = project.run("explain", "a.py:3")
    assert result.exit_code == 0
    for words in (
        "a.py:3:5: critical security/sql-injection (0.90)",
        "source 2:5 (source): value = source()",
        "Probability 0.9000, shown from 0.5000.",
        "In f; identity ",
        "+0.5000  hops",
        "-0.2500  in loop",
        "What would make it go away: Keep the query text constant",
        "A fix was tried: another name. Behaviour may change: look at it.",
        "Scored again: 0.90 becomes 0.00.",
        '+    safe("security/sql-injection", 0.9, value)',
    ):
        assert words in result.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BAD.replace("0.9", "0.1"), "Not shown: below the threshold."),
        (BAD.replace("value)\n", "value)  # reviewer: ignore[security] why\n"), "Not shown: suppressed in the code."),
        (BAD.replace("security/sql-injection", "correctness/missing-await"), "Not shown: label not selected."),
        (BAD.replace("sink", "call"), "a.py:3: nothing to judge here: no candidate of any label touches this line."),
    ],
)
def test_explain_says_why_not(project: Project, text: str, words: str) -> None:
    project.write({"a.py": text})
    result = project.run("explain", "a.py:3")
    assert (result.exit_code, words in result.stdout) == (0, True), result.output


def test_explain_follows_flows_through_the_repository(repository: Project) -> None:
    repository.write(
        {
            "sub/a.py": 'v = fetch("lib/b.py")\nsink("security/sql-injection", 0.9, v)\n',
            "lib/b.py": "def provide():\n    pass\n",
            "c.js": "x\n",
        }
    )
    result = repository.run("explain", "a.py:2:1", folder="sub")
    assert f"source ..{os.sep}lib{os.sep}b.py:1 (fetch): def provide():" in result.stdout


@pytest.mark.parametrize(
    ("place", "files", "message"),
    [
        ("a.py", {"a.py": BAD}, "expected PATH:LINE, found 'a.py'"),
        ("a.py:9", {"a.py": BAD}, "a.py:9: expected a line from 1 to 3"),
        ("b.py:1", {"a.py": BAD}, "b.py: expected a file or folder, found none"),
        ("a.md:1", {"a.md": "x"}, "a.md: not reviewed: in no language that is read"),
        ("a.py:1", {"a.py": "raise-analysis\n"}, "a.py: RuntimeError: asked to fail"),
        ("a.py:1", {"a.py": b"\0"}, "a.py: not reviewed: binary"),
    ],
)
def test_explain_refuses_other_places(
    project: Project, place: str, files: dict[str, str | bytes], message: str
) -> None:
    project.write(files)
    result = project.run("explain", place)
    assert result.exit_code == 2
    assert message in result.stderr


def test_explain_refuses_a_link_that_loops(project: Project) -> None:
    os.symlink("a.py", project.root / "a.py")
    result = project.run("explain", "a.py:1")
    assert (result.exit_code, "expected a readable file" in result.stderr) == (2, True)


# fix


def test_fix_shows_before_it_changes(project: Project) -> None:
    project.write({"a.py": BAD.replace("\n", "\r\n"), "b.py": "x = 1\n"})
    before = (project.root / "a.py").read_bytes()
    result = project.run("fix", "--diff")
    assert result.exit_code == 0
    assert '-    sink("security/sql-injection", 0.9, value)\r\n' in result.stdout_bytes.decode()
    assert result.stderr == "would mend 1 of 1 findings in 1 files\n"
    assert (project.root / "a.py").read_bytes() == before


def test_fix_keeps_encoding_line_endings_and_permissions(project: Project) -> None:
    text = f"# café\r\n{BAD}\n{BAD}".replace("\r", "").replace("\n", "\r\n")
    project.write({"a.py": text.encode("latin-1"), "b.py": text.encode("utf-16")})
    (project.root / "a.py").chmod(0o750)
    engine = FakeEngine(fix=b"safe(1)\nsafe")
    result = project.run("fix", engine=engine)
    assert result.exit_code == 0, result.output
    assert result.stderr == "mended 4 of 4 findings in 2 files\n"
    assert "a.py:4: mended security/sql-injection: another name (behaviour may change: look at it)\n" in result.stdout
    expected = text.replace("sink", "safe(1)\r\nsafe")
    assert (project.root / "a.py").read_bytes() == expected.encode("latin-1")
    assert (project.root / "b.py").read_bytes() == expected.encode("utf-16")
    assert stat.S_IMODE((project.root / "a.py").stat().st_mode) == 0o750
    assert project.run("check").exit_code == 0


def test_only_what_holds_is_offered(project: Project) -> None:
    """An edit that does not help, breaks the file, or leaves the finding is no fix."""
    project.write({"a.py": BAD})
    for useless in (b"sink", b"syntax-error sink", b"raise-analysis", b"x\nsink", b""):
        report = project.report("check", engine=FakeEngine(identity=useless.decode(), fix=useless))
        assert report["findings"][0]["fix"] is None, useless


def test_fixes_that_do_not_hold_together_are_applied_one_by_one(project: Project) -> None:
    pair = 'sink("security/weak-hash", 0.9, a); sink("security/weak-hash", 0.9, b)\n'
    project.write({"a.py": pair})
    result = project.run("fix")
    assert result.stderr == "mended 2 of 2 findings in 1 files\n"


def test_two_fixes_at_one_place_are_not_mixed(project: Project) -> None:
    """Both fixes replace the same bytes: one is made, the other is left for the next run."""

    class Greedy(FakeEngine):
        def propose_fix(self, candidate: Candidate, source: SourceFile) -> ProposedFix | None:
            end = len(source.content)
            return ProposedFix(FAKE_KIND, (Edit(0, end, source.content.replace(b"sink", b"safe", 1)),))

    project.write({"a.py": BAD + BAD})
    result = project.run("fix", engine=Greedy())
    assert result.stderr == "mended 1 of 2 findings in 1 files\n"
    assert (project.root / "a.py").read_text() == BAD.replace("sink", "safe") + BAD


def test_fixes_that_break_each_other_are_made_one_a_run(project: Project) -> None:
    class Quarrelsome(FakeEngine):
        def analyse(self, source: SourceFile) -> FileAnalysis:
            analysis = FakeEngine.analyse(self, source)
            both = source.content.count(b"safe") > 1
            return replace(analysis, problems=(Problem("syntax-error", 0, 1),)) if both else analysis

    project.write({"a.py": BAD + BAD})
    result = project.run("fix", engine=Quarrelsome())
    assert result.stderr == "mended 1 of 2 findings in 1 files\n"


def test_a_failed_file_makes_fix_fail(project: Project) -> None:
    project.write({"a.py": BAD, "b.py": "raise-analysis\n"})
    result = project.run("fix")
    assert result.exit_code == 2
    assert "mended 1 of 1 findings in 1 files\nfailed: b.py: RuntimeError: asked to fail\n" in result.stderr


def test_a_file_that_changed_meanwhile_is_left_alone(project: Project) -> None:
    class Meddler(FakeEngine):
        def propose_fix(self, candidate: Candidate, source: SourceFile) -> ProposedFix | None:
            project.write({"a.py": "mine\n"})
            return FakeEngine.propose_fix(self, candidate, source)

    project.write({"a.py": BAD})
    result = project.run("fix", engine=Meddler())
    assert result.exit_code == 2
    assert "a.py: expected the content that was reviewed, found another; run it again" in result.stderr
    assert (project.root / "a.py").read_text() == "mine\n"


# labels, model, config


def test_labels_lists_all_and_explains_one(project: Project) -> None:
    listing = project.run("labels").stdout
    assert all(label.id in listing for label in load_catalogue())
    page = project.run("labels", "sql-injection").stdout
    assert page.startswith("security/sql-injection: ")
    assert "https://cwe.mitre.org/data/definitions/89.html" in page
    assert "reviewer: ignore[security/sql-injection]" in page
    assert "CWE" not in project.run("labels", "performance/sort-in-loop").stdout
    (described,) = json.loads(project.run("labels", "security/sql-injection", "--format", "json").stdout)
    assert (described["cwe"], described["severity"]) == (89, "critical")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sql-injektion", "; did you mean security/sql-injection?"),
        ("qqqqqq", "expected the id of a label, found 'qqqqqq'\n"),
    ],
)
def test_an_unknown_label_is_refused(project: Project, name: str, message: str) -> None:
    result = project.run("labels", name)
    assert (result.exit_code, message in result.stderr) == (2, True)


def test_model_is_described(project: Project) -> None:
    assert "id: fake-1\n" in project.run("model").stdout
    assert json.loads(project.run("model", "--format", "json").stdout)["id"] == "fake-1"


def test_nested_facts_are_indented(project: Project) -> None:
    class Nested(FakeEngine):
        def describe_model(self) -> dict[str, object]:
            return {"figures": {"auc": 0.5}}

    assert project.run("model", engine=Nested()).stdout == "figures:\n  auc: 0.5\n"


def test_config_says_where_each_value_comes_from(project: Project) -> None:
    project.write(
        {"pyproject.toml": "[tool.reviewer]\ncache = false\nthresholds = { weak-hash = 0.5 }\n", "sub/x.py": ""}
    )
    lines = project.run("config", "sub", "--select", "security,short-key", "--jobs", "2").stdout.splitlines()
    assert "select           [security, short-key]  # command line" in lines
    assert "thresholds       [weak-hash = 0.5]  # pyproject.toml [tool.reviewer]" in lines
    assert "cache            false  # pyproject.toml [tool.reviewer]" in lines
    assert "min-probability  unset  # default" in lines
    assert "jobs             2  # command line" in lines
    described = json.loads(project.run("config", "--format", "json").stdout)
    assert described["cache"] == {"value": False, "origin": "pyproject.toml [tool.reviewer]"}


# the command itself


def test_help_lists_every_command(project: Project) -> None:
    text = project.run("--help").stdout
    for name in ("check", "config", "diff", "explain", "fix", "labels", "model"):
        assert f"\n  {name}" in text
    assert project.run("--version").stdout == f"reviewer {find_version()}\n"
    assert project.run("nonsense").exit_code == 2


def test_packages_above_add_commands_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("serve", "tests_serve:serve", "reviewer.commands")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])
    fake = type(os)("tests_serve")
    fake.serve = click.Command("serve", callback=lambda: click.echo("served"))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests_serve", fake)
    assert "serve" in CliRunner().invoke(group, ["--help"]).stdout
    assert CliRunner().invoke(group, ["serve"]).stdout == "served\n"
    monkeypatch.delitem(sys.modules, "tests_serve")
    assert "Not installed here." in CliRunner().invoke(group, ["--help"]).stdout
    result = CliRunner().invoke(group, ["serve", "--port", "1", "x"])
    assert (result.exit_code, "serve: No module named 'tests_serve'" in result.stderr) == (2, True)


def test_a_fault_of_ours_is_exit_code_two_with_a_traceback(project: Project) -> None:
    class Broken(FakeEngine):
        def link(self, analyses: Iterable[FileAnalysis]) -> Mapping[str, tuple[Candidate, ...]]:
            raise ZeroDivisionError("oh")

    project.write({"a.py": BAD})
    result = project.run("check", engine=Broken())
    assert result.exit_code == 2
    assert "this is a fault of the reviewer, please report it" in result.stderr
    assert "ZeroDivisionError: oh" in result.stderr


def test_an_output_that_cannot_be_written_is_named(project: Project) -> None:
    project.write({"a.py": BAD, "file": ""})
    result = project.run("check", "--output", "file/report.json")
    assert result.exit_code == 2
    assert "file" in result.stderr
    assert "Traceback" not in result.stderr


def exit_code(args: list[str], session: Session | None = None) -> int:
    with pytest.raises(SystemExit) as caught:
        main(args, session)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_main_exits_with_0_1_or_2(project: Project, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    project.write({"a.py": BAD})
    session = Session(project.root, FakeEngine())
    assert exit_code(["check", "--fail-on", "never"], session) == 0
    assert exit_code(["check"], session) == 1
    assert exit_code(["check", "nowhere"], session) == 2
    assert exit_code(["--nonsense"]) == 2
    assert exit_code(["labels"]) == 0
    assert b"reviewer: nowhere: expected" in capsysbinary.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_is_no_clean_end(
    project: Project, error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(self: click.Group, ctx: click.Context) -> object:
        raise error

    monkeypatch.setattr(click.Group, "invoke", interrupt)
    assert exit_code(["labels"]) == 2
    assert "reviewer: interrupted" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_traceback(project: Project) -> None:
    project.write({f"m{number}.py": BAD * 30 for number in range(8)})
    command = f"{sys.executable} -m reviewer.testing check --format json | head -c 10"
    environment = {**os.environ, "REVIEWER_CACHE_DIR": str(project.root.parent / "cache")}
    done = subprocess.run(command, shell=True, cwd=project.root, env=environment, capture_output=True, check=True)
    assert done.stderr == b""


def test_a_process_of_its_own(project: Project) -> None:
    project.write({"a.py": BAD})
    done = project.spawn("check")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"a.py:3:5: critical security/sql-injection (0.90)\n")
    piped = project.spawn("check", "-", "--stdin-filename", "b.py", stdin=BAD.encode())
    assert (piped.returncode, b"b.py:3:5" in piped.stdout) == (1, True)


def test_without_a_session_the_real_engine_is_used(
    project: Project, model: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("REVIEWER_CACHE_DIR", str(project.root.parent / "cache"))
    project.write({"a.py": "import hashlib\nsave(hashlib.md5(password))\n"})
    assert exit_code(["check", "--model", str(model), "--select", "weak-hash"]) == 1
    assert b"a.py:2:6: medium security/weak-hash" in capsysbinary.readouterr().out


def test_an_uninstalled_checkout_has_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", refuse)
    assert find_version() == "0+unknown"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_the_cache_lives_where_the_system_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("REVIEWER_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert session_module.find_cache_folder() == tmp_path / ".cache" / "graph-reviewer"
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    assert session_module.find_cache_folder() == Path("/var/cache/graph-reviewer")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert session_module.find_cache_folder() == tmp_path / ".cache" / "graph-reviewer"


def test_the_cache_lives_where_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEWER_CACHE_DIR", "/own")
    assert session_module.find_cache_folder() == Path("/own")


def test_progress_writes_over_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    progress = session_module._TerminalProgress()
    for done in (0, 1, 1, 2):
        progress.advance("reading", done, 2)
    assert capsys.readouterr().err == "\rreading   0 %\rreading  50 %\r             \r"
