"""What GitLab reads from a job's artifacts, against what it documents."""

import json
import os
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from reviewer.cli.session import read_source_date
from reviewer.errors import RequestError
from reviewer.ledger import Failed, Ledger
from reviewer.reports.gitlab import render_code_quality, render_sast
from reviewer.review import Review
from reviewer.testing import FakeEngine, Project

SQL = 'def f():\n    value = source()\n    sink("security/sql-injection", 0.9, value)\n'
SORT = 'def g():\n    sink("performance/sort-in-loop", 0.9, value)\n'
UNREAD = {"big.py": "too-many-nodes\n", "broken.py": "syntax-error\n" + SORT, "failing.py": "raise-analysis\n"}
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


def read(project: Project, form: str, *args: str, code: int = 1) -> Any:
    result = project.run(*(args or ("check",)), "--format", form)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def check_quality(issues: Any) -> None:
    """https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format"""
    fingerprints = [one["fingerprint"] for one in issues]
    assert len(set(fingerprints)) == len(fingerprints)
    for issue in issues:
        assert issue["description"]
        assert issue["check_name"]
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not issue["location"]["path"].startswith(("/", "./"))
        assert issue["location"]["lines"]["begin"] >= 1


def check_sast(report: Any) -> None:
    """What GitLab's schema 15.0.7 of SAST reports asks for, as far as we write it; no npm or Python package has it."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", report["version"])
    assert re.match(r"https?://.", report["schema"])
    scan = report["scan"]
    assert (scan["type"], scan["status"] in ("success", "failure")) == ("sast", True)
    assert TIME.fullmatch(scan["start_time"])
    assert TIME.fullmatch(scan["end_time"])
    for tool in (scan["analyzer"], scan["scanner"]):
        assert all((tool["id"], tool["name"], tool["version"], tool["vendor"]["name"]))
    for message in scan["messages"]:
        assert message["level"] in ("info", "warn", "fatal")
        assert message["value"]
    for one in report["vulnerabilities"]:
        check_vulnerability(one)
    ids = [one["id"] for one in report["vulnerabilities"]]
    assert len(set(ids)) == len(ids)


def check_vulnerability(one: Any) -> None:
    assert uuid.UUID(one["id"]).version == 5
    assert len(one["name"]) <= 255
    assert len(one["description"]) <= 1_048_576
    assert len(one["solution"]) <= 7_000
    assert one["severity"] in ("Info", "Unknown", "Low", "Medium", "High", "Critical")
    assert one["identifiers"]
    for identifier in one["identifiers"]:
        assert all((identifier["type"], identifier["name"], identifier["value"]))
        assert re.match(r"(https?|ftp)://.", identifier.get("url", "https://x"))
    assert one["location"]["file"]
    assert one["location"]["start_line"] >= 1
    for item in one["details"]["path"]["items"]:
        assert set(item) == {"type", "file_name", "line_start", "line_end"}
        assert item["type"] == "file-location"
        assert 1 <= item["line_start"] <= item["line_end"]
    assert (one["details"]["path"]["type"], one["details"]["path"]["name"]) == ("list", "Path")


def test_code_quality_names_findings_of_every_category(project: Project) -> None:
    project.write({"sub/a é.py": SQL + SORT})
    issues = read(project, "gitlab")
    check_quality(issues)
    assert [(one["check_name"], one["severity"], one["location"]) for one in issues] == [
        ("security/sql-injection", "blocker", {"path": "sub/a é.py", "lines": {"begin": 3}}),
        ("performance/sort-in-loop", "major", {"path": "sub/a é.py", "lines": {"begin": 5}}),
    ]
    assert issues[0]["description"] == "SQL injection: Query text in sink is built from source()."
    assert issues[0]["fingerprint"] == project.report("check")["findings"][0]["fingerprint"]


def test_equal_findings_of_one_file_have_fingerprints_of_their_own(project: Project) -> None:
    project.write({"a.py": SQL + SQL.split("\n")[2] + "\n"})
    issues = read(project, "gitlab")
    check_quality(issues)
    assert len(issues) == 2


def test_code_quality_tells_what_was_not_read(project: Project) -> None:
    project.write(UNREAD)
    issues = read(project, "gitlab", code=2)
    check_quality(issues)
    unread = [one for one in issues if one["check_name"] == "graph-reviewer/not-reviewed"]
    assert [(one["location"]["path"], one["description"]) for one in unread] == [
        ("failing.py", "Not reviewed: RuntimeError: asked to fail"),
        ("big.py", "Not reviewed: too many syntax nodes (asked to)"),
        ("broken.py", "Not reviewed: syntax-error, to line 1"),
    ]
    assert {one["severity"] for one in unread} == {"info"}


def test_equal_parts_of_one_file_that_were_not_read_have_fingerprints_that_follow_them(project: Project) -> None:
    project.write({"a.py": "syntax-error syntax-error\nsyntax-error\n", "b.py": "syntax-error\n"})
    before = read(project, "gitlab", code=0)
    check_quality(before)
    assert [one["location"]["lines"]["begin"] for one in before] == [1, 1, 2, 1]
    project.write({"a.py": "\n\nsyntax-error syntax-error\nsyntax-error\n"})
    after = read(project, "gitlab", code=0)
    assert [one["location"]["lines"]["begin"] for one in after] == [3, 3, 4, 1]
    assert [one["fingerprint"] for one in after] == [one["fingerprint"] for one in before]


def test_sast_holds_security_alone_and_says_so(project: Project) -> None:
    project.write({"a.py": SQL + SORT})
    report = read(project, "gitlab-sast")
    check_sast(report)
    (one,) = report["vulnerabilities"]
    assert (one["name"], one["severity"]) == ("SQL injection", "Critical")
    assert [(it["type"], it["value"]) for it in one["identifiers"]] == [
        ("graph_reviewer_label", "security/sql-injection"),
        ("cwe", "89"),
    ]
    assert one["location"] == {"file": "a.py", "start_line": 3, "end_line": 3, "method": "f"}
    assert [it["line_start"] for it in one["details"]["path"]["items"]] == [2, 3]
    assert report["scan"]["messages"] == [
        {"level": "info", "value": "1 findings of other categories stand in other reports"}
    ]


def test_sast_tells_what_was_not_read(project: Project) -> None:
    project.write({"a.py": SQL, **UNREAD})
    report = read(project, "gitlab-sast", code=2)
    check_sast(report)
    assert report["scan"]["status"] == "failure"
    assert [one["value"] for one in report["scan"]["messages"] if one["level"] == "warn"] == [
        "failing.py:1 was not reviewed: RuntimeError: asked to fail",
        "big.py:1 was not reviewed: too many syntax nodes (asked to)",
        "broken.py:1 was not reviewed: syntax-error, to line 1",
    ]


def test_a_path_that_is_no_text_does_not_cost_the_report() -> None:
    """Ruby's JSON makes a string of an escaped lone surrogate that it cannot write again."""
    failed = tuple(
        Failed(os.fsdecode(name), "x") for name in (b"\xe8 \xf0\x9f\x98\x80.py", b"\xe9 \xf0\x9f\x98\x80.py")
    )
    review = Review((), (), (), Ledger(failed=failed), "m1", ())
    quality, sast = render_code_quality(review), render_sast(review, "1.2.3", datetime(2026, 1, 2, tzinfo=UTC))
    check_quality(json.loads(quality))
    check_sast(json.loads(sast))
    assert [one["location"]["path"] for one in json.loads(quality)] == ["� 😀.py", "� 😀.py"]
    for text in (quality, sast):
        assert re.search(r"\\ud[89a-f]", text) is None


def test_the_time_of_a_scan_is_that_of_what_was_reviewed(repository: Project) -> None:
    dated = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    repository.write({"a.py": SQL})
    repository.git("add", "--all")
    repository.git(*dated, "commit", "--quiet", "--message", "x", "--date", "2001-02-03T04:05:06Z")
    commit = repository.git("rev-parse", "HEAD")
    made_at = repository.git("show", "--no-patch", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%S", commit)
    scan = read(repository, "gitlab-sast")["scan"]
    assert (scan["start_time"], scan["end_time"]) == (made_at, made_at)


def test_the_time_of_a_scan_can_be_given(project: Project) -> None:
    project.write({"a.py": SQL})
    assert read(project, "gitlab-sast")["scan"]["start_time"] == "1970-01-01T00:00:00"
    given = project.spawn("check", "--format", "gitlab-sast", environment={"SOURCE_DATE_EPOCH": "1000000000"})
    assert json.loads(given.stdout)["scan"]["start_time"] == "2001-09-09T01:46:40"
    for wrong in ("soon", "9" * 13, "-1"):
        with pytest.raises(RequestError, match=f"SOURCE_DATE_EPOCH: expected seconds since 1970, found '{wrong}'"):
            read_source_date(wrong)


def test_a_report_in_several_formats_is_made_once(project: Project) -> None:
    project.write({"a.py": SQL})
    result = project.run("check", "--report", "gitlab=quality.json", "--report", "gitlab-sast=sast.json")
    assert result.stdout.startswith("a.py:3:5: critical security/sql-injection")
    check_quality(json.loads((project.root / "quality.json").read_bytes()))
    check_sast(json.loads((project.root / "sast.json").read_bytes()))
    for wrong in ("gitlab", "gitlab=", "xml=a", "=a"):
        refused = project.run("check", "--report", wrong, engine=FakeEngine())
        assert (refused.exit_code, "expected FORMAT=FILE" in refused.output) == (2, True)
