import json
import os
from dataclasses import replace
from typing import Any

import pytest

from reviewer.testing import FakeEngine, Project

BAD = 'def f():\n    value = source()\n    sink("security/sql-injection", 0.9, value)\n'
WEAK = 'def g():\n    sink("security/weak-hash", {}, text)\n'


def findings(report: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(one["location"]["path"], one["location"]["start_line"], one["label"]) for one in report["findings"]]


def test_a_finding_is_shown_with_its_code_and_path(project: Project) -> None:
    project.write({"sub/a.py": "# é\n" + BAD, "b.py": "x = 1\n"})
    result = project.run("check")
    assert result.exit_code == 1
    assert result.stdout == (
        "sub/a.py:4:5: critical security/sql-injection (0.90)\n"
        "  Query text in sink is built from source()\n"
        '      4 | sink("security/sql-injection", 0.9, value)\n'
        "         source 3:5 (source): value = source()\n"
        "        fix: reviewer fix --diff sub/a.py\n"
        "        help: reviewer labels security/sql-injection\n"
        "\n"
        "1 finding (1 critical) in 2 files reviewed, 5 lines.\n"
    )
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), 1),
        (("--fail-on", "high"), 1),
        (("--fail-on", "never"), 0),
        (("--ignore", "security"), 0),
        (("--select", "performance"), 0),
        (("--select", "sql-injection"), 1),
        (("--min-probability", "0.95"), 0),
        (("--select", "nonsense"), 2),
        (("--fail-on", "critical"), 2),
        (("--format", "xml"), 2),
        (("--min-probability", "2"), 2),
        (("nowhere.py",), 2),
        (("--nonsense",), 2),
        (("--baseline", "nowhere.json"), 2),
        (("--config", "nowhere.toml"), 2),
    ],
)
def test_exit_codes(project: Project, args: tuple[str, ...], code: int) -> None:
    project.write({"a.py": BAD})
    result = project.run("check", *args)
    assert result.exit_code == code, result.output
    if code == 2:
        assert result.stdout == ""
        assert result.stderr


def test_severity_decides_on_the_exit_code(project: Project) -> None:
    project.write({"a.py": WEAK.format(0.9)})
    assert project.report("check")["findings"][0]["severity"] == "medium"
    assert project.run("check", "--fail-on", "high").exit_code == 0
    assert project.run("check", "--fail-on", "medium").exit_code == 1


def test_a_failed_file_outweighs_findings_and_the_rest_is_reviewed(project: Project) -> None:
    project.write({"a.py": BAD, "b.py": "raise-analysis\n", "c.py": WEAK.format(0.9) + "# raise-score\n"})
    result = project.run("check", "--format", "json")
    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert findings(report) == [("a.py", 3, "security/sql-injection")]
    assert report["files"]["failed"] == [
        {"path": "b.py", "error": "RuntimeError: asked to fail"},
        {"path": "c.py", "error": "RuntimeError: asked to fail"},
    ]
    assert "Failed: b.py: RuntimeError: asked to fail" in project.run("check").stdout


def test_a_file_the_model_finds_too_large_is_skipped(project: Project) -> None:
    project.write({"a.py": "too-many-nodes\n", "b.py": "syntax-error\n" + BAD})
    result = project.run("check")
    assert result.exit_code == 1
    assert "Not reviewed, too many syntax nodes: 1: a.py (asked to)." in result.stdout
    assert "Read in part: 1 file: b.py:1 syntax-error." in result.stdout


def test_thresholds_of_model_and_configuration(project: Project) -> None:
    project.write({"a.py": WEAK.format(0.6), "tests/a.py": WEAK.format(0.6)})
    assert findings(project.report("check")) == []
    assert len(findings(project.report("check", "--min-probability", "0"))) == 2
    project.write({".reviewer.toml": "thresholds = { weak-hash = 0.5 }\n[directories.tests]\nignore = ['security']\n"})
    report = project.report("check")
    assert findings(report) == [("a.py", 2, "security/weak-hash")]
    assert report["withheld"]["counts"] == {"not_selected": 1}


def test_a_label_that_nobody_selected_is_counted_and_never_scored(project: Project) -> None:
    smell = 'def f():\n    sink("maintainability/long-function", 0.9, x)  # raise-score\n'
    project.write({"a.py": smell})
    assert project.report("check")["withheld"]["counts"] == {"not_selected": 1}
    assert project.run("check", "--select", "maintainability").exit_code == 2


def test_suppressions_work_and_idle_ones_are_reported(project: Project) -> None:
    project.write(
        {
            "a.py": BAD.replace("value)\n", "value)  # reviewer: ignore[sql-injection] reviewed by hand\n"),
            "b.py": WEAK.format(0.1) + "# reviewer: ignore[weak-hash] checksum\n",
            "c.py": "# reviewer: ignore[weak-hash] checksum\n" + WEAK.format(0.1).split("\n")[1] + "\n",
            "d.py": "x = 1  # reviewer: ignore[sort-in-loop]\n",
            "e.py": "x = 1  # reviewer: ignore[long-function] not looked for\n",
        }
    )
    report = project.report("check")
    assert findings(report) == []
    assert [one["reason"] for one in report["withheld"]["findings"]] == ["suppressed"]
    assert [(one["path"], one["problem"]) for one in report["suppressions"]] == [
        ("b.py", "unused"),
        ("d.py", "no_reason"),
    ]
    text = project.run("check").stdout
    assert "b.py:3: note: suppression [weak-hash] suppresses nothing\n" in text
    assert "Withheld: 1 suppressed in the code.\n" in text


def test_a_baseline_leaves_out_what_was_known(project: Project) -> None:
    project.write({"a.py": BAD})
    assert project.run("check", "--format", "json", "--output", "known.json").stdout == ""
    project.write({"a.py": "# moved\n" + BAD, "b.py": BAD})
    report = project.report("check", "--baseline", "known.json")
    assert findings(report) == [("b.py", 3, "security/sql-injection")]
    assert report["withheld"]["counts"] == {"baseline": 1}


@pytest.mark.parametrize("content", ["[]", "{", '{"findings": [1]}', '{"findings": [{"fingerprint": 1}]}'])
def test_a_broken_baseline_is_refused(project: Project, content: str) -> None:
    project.write({"a.py": BAD, "known.json": content})
    result = project.run("check", "--baseline", "known.json")
    assert result.exit_code == 2
    assert "known.json" in result.stderr


def test_standard_input_has_the_name_it_is_given(repository: Project) -> None:
    repository.write({".gitattributes": "gen.py linguist-generated\n", "sub/x.py": "x\n"})
    result = repository.run(
        "check", "-", "--stdin-filename", "new.py", "--format", "json", stdin=BAD.encode(), folder="sub"
    )
    assert findings(json.loads(result.stdout)) == [("sub/new.py", 3, "security/sql-injection")]
    on_disk = repository
    on_disk.write({"sub/new.py": BAD})
    assert [one["fingerprint"] for one in json.loads(result.stdout)["findings"]] == [
        one["fingerprint"] for one in on_disk.report("check")["findings"]
    ]
    text = repository.run("check", "-", "--stdin-filename", "missing/../gen.py", stdin=BAD.encode())
    assert (text.exit_code, "Not reviewed, generated: 1: gen.py" in text.stdout) == (0, True)
    large = repository.run("check", "-", "--stdin-filename", "a.py", stdin=b"x" * 500_000)
    assert "too large" in large.stdout


@pytest.mark.parametrize(
    "args", [("-",), ("-", "a.py", "--stdin-filename", "b.py"), ("-", "--stdin-filename", "a.py", "--staged")]
)
def test_standard_input_stands_alone(project: Project, args: tuple[str, ...]) -> None:
    result = project.run("check", *args)
    assert result.exit_code == 2
    assert "'-' stands alone and needs --stdin-filename" in result.stderr


def test_staged_contents_are_those_of_the_index(repository: Project) -> None:
    repository.commit({"old.py": BAD, "a.py": "x = 1\n", "gone.py": BAD})
    repository.write(
        {"a.py": BAD, "sub/b.py": WEAK.format(0.9), ".gitattributes": "made.py linguist-generated\n", "made.py": BAD}
    )
    repository.git("add", "--all")
    repository.git("rm", "--quiet", "gone.py")
    repository.write({"a.py": "x = 2\n", "c.py": BAD})
    os.symlink("a.py", repository.root / "link.py")
    repository.git("add", "link.py")
    report = repository.report("check", "--staged")
    assert findings(report) == [("a.py", 3, "security/sql-injection"), ("sub/b.py", 2, "security/weak-hash")]
    assert {one["path"]: one["reason"] for one in report["files"]["skipped"]} == {
        ".gitattributes": "no_language",
        "link.py": "symlink",
        "made.py": "generated",
    }
    assert len(findings(repository.report("check", "--staged", "sub"))) == 1
    repository.git("commit", "--quiet", "-m", "x")
    assert repository.run("check", "--staged").exit_code == 0


def test_staged_needs_a_repository(project: Project) -> None:
    result = project.run("check", "--staged")
    assert result.exit_code == 2
    assert "--staged: expected a git repository" in result.stderr


def test_no_file_at_all_is_no_clean_review(project: Project) -> None:
    result = project.run("check")
    assert result.exit_code == 2
    assert "expected a file to review, found none" in result.stderr


def test_only_skipped_files_is_said(project: Project) -> None:
    project.write({"notes.xyz": "x\n"})
    result = project.run("check", "notes.xyz")
    assert result.exit_code == 0
    assert result.stdout == (
        "0 findings in 0 files reviewed, 0 lines.\n"
        "Not reviewed, in no language that is read: 1: .xyz 1.\n"
        "Nothing was reviewed.\n"
    )


def test_two_paths_to_one_place_are_one_finding(project: Project) -> None:
    engine = TwoPaths()
    project.write({"a.py": BAD})
    report = project.report("check", engine=engine)
    assert len(report["findings"]) == 1
    assert report["findings"][0]["probability"] == 0.9
    assert report["withheld"]["counts"] == {"duplicate": 1}


class TwoPaths(FakeEngine):
    """Finds everything twice, the second time by another path."""

    def analyse(self, source: Any) -> Any:
        analysis = FakeEngine.analyse(self, source)
        again = tuple(replace(one, steps=one.steps[1:], facts=(("p", 0.6),)) for one in analysis.candidates)
        return replace(analysis, candidates=(*again, *analysis.candidates))


def test_flows_through_other_files_are_followed(project: Project) -> None:
    project.write(
        {
            "a.py": 'def f():\n    v = fetch("lib/b.py")\n    sink("security/sql-injection", 0.9, v)\n',
            "lib/b.py": "def provide():\n    return input()\n",
        }
    )
    whole = project.report("check")
    assert [step["location"]["path"] for step in whole["findings"][0]["evidence"]] == ["lib/b.py", "a.py"]
    assert findings(project.report("check", "a.py")) == []
    assert "source lib/b.py:1 (fetch): def provide():" in project.run("check").stdout


def test_an_unknown_setting_is_named(project: Project) -> None:
    project.write({"a.py": BAD, "pyproject.toml": "[tool.reviewer]\nfail-one = 'low'\n"})
    result = project.run("check")
    assert result.exit_code == 2
    assert result.stderr == (
        "reviewer: pyproject.toml [tool.reviewer]: fail-one: unknown setting; did you mean fail-on? expected one of "
        "baseline, bot, cache, directories, exclude, fail-on, ignore, include-tests, jobs, max-comments, "
        "max-file-bytes, min-probability, on-failure, select, thresholds\n"
    )
    project.write({"own.toml": ""})
    assert project.run("check", "--config", "own.toml").exit_code == 1


def test_a_damaged_cache_is_a_warning_and_changes_nothing(project: Project) -> None:
    project.write({"a.py": BAD})
    first = project.run("check", "--format", "json")
    for file in (project.root.parent / "cache").glob("??/*"):
        file.write_bytes(b"damaged")
    second = project.run("check", "--format", "json")
    assert second.stdout == first.stdout
    assert "warning: cache:" in second.stderr
    assert project.run("check", "--format", "json").stderr == ""


def test_no_cache_keeps_nothing(project: Project) -> None:
    project.write({"a.py": BAD})
    assert project.run("check", "--no-cache").exit_code == 1
    assert not (project.root.parent / "cache").exists()


def test_colour_is_for_terminals(project: Project) -> None:
    project.write({"a.py": BAD})
    assert "\x1b" not in project.spawn("check").stdout.decode()


@pytest.mark.slow
def test_reports_are_the_same_bytes_whatever_the_run(project: Project) -> None:
    project.write({f"m{number}.py": BAD + WEAK.format(0.75) for number in range(6)})
    project.write({"a.js": 'sink("security/weak-hash", 0.9, "é😀")\r\n', "raise.py": "raise-analysis\n"})
    names = sorted(path.name for path in project.root.iterdir())
    reference = project.spawn("check", "--format", "json", "--no-cache")
    assert reference.returncode == 2
    for args in (
        ("check", "--format", "json", "--jobs", "3"),
        ("check", "--format", "json"),
        ("check", "--format", "json", *names[::-1]),
        ("check", "--format", "json", "--jobs", "2", "--no-cache", *names),
    ):
        again = project.spawn(*args)
        assert (again.stdout, again.returncode) == (reference.stdout, 2), again.stderr.decode()


@pytest.mark.slow
def test_a_file_that_kills_its_worker_fails_alone(project: Project) -> None:
    project.write({"a.py": BAD, "b.py": "die\n", "c.py": BAD, "d.py": BAD})
    result = project.spawn("check", "--jobs", "2", "--format", "json")
    assert result.returncode == 2
    report = json.loads(result.stdout)
    assert [path for path, _, _ in findings(report)] == ["a.py", "c.py", "d.py"]
    assert report["files"]["failed"] == [
        {"path": "b.py", "error": "its worker process died with exit code 7: please report this file"}
    ]


def test_bad_input_of_every_kind(project: Project) -> None:
    project.write(
        {
            "ok.py": BAD,
            "truncated.py": 'def f(:\n    x = "',
            "empty.py": "",
            "latin.py": b"# caf\xe9\n" + BAD.encode(),
            "wide.py": BAD.encode("utf-16"),
            "bom.py": b"\xef\xbb\xbf" + BAD.encode(),
            "crlf.py": BAD.replace("\n", "\r\n"),
            "emoji.py": BAD.replace("\n    sink", "  # 😀\n    sink"),
            "nested.py": "x = [\n" + "[\n" * 10_000 + "]\n" * 10_000 + "]\n",
            "huge.py": b"x = 1\n" * 9_000_000,
        }
    )
    os.symlink("loop.py", project.root / "loop.py")
    report = project.report("check", "--no-cache")
    assert [one["path"] for one in report["files"]["skipped"]] == ["huge.py", "loop.py"]
    assert len(report["files"]["reviewed"]) == 9
    assert {path for path, _, _ in findings(report)} == {
        "bom.py",
        "crlf.py",
        "latin.py",
        "ok.py",
        "wide.py",
        "emoji.py",
    }
