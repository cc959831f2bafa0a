"""The two reports for GitLab, by the schemas with which GitLab itself checks them, where those can be had.

They are other people's work and in no package: `.ci/run test` fetches them where their source can be reached. What they
ask for of what we write is checked without them in `test_gitlab_reports`.
"""

import json
import os
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_model.candidates.model import StepRole
from graph_model.catalogue import Severity, load_catalogue
from reviewer.findings import Anchor, EvidenceStep, Finding, Region
from reviewer.ledger import Failed, Ledger, Skip, SkipReason
from reviewer.reports.gitlab import render_code_quality, render_sast
from reviewer.review import Review
from reviewer.source import Position, Span
from reviewer.testing import Project

FETCHED = Path(__file__).resolve().parents[2] / ".venv" / "host-descriptions" / "gitlab"
FOLDER = Path(os.environ.get("GITLAB_SCHEMAS", FETCHED))
QUALITY, SAST = "codeclimate.json", "sast-report-format.json"
DATE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SQL = 'def f():\n    value = source()\n    sink("security/sql-injection", 0.9, value)\n'
SORT = 'def g():\n    sink("performance/sort-in-loop", 0.9, value)\n'
UNREAD = {"big.py": "too-many-nodes\n", "ä 😀.py": "syntax-error\n" + SORT, "failing.py": "raise-analysis\n"}
PATHS = st.sampled_from(("a.py", "sub/ä b.py", "a%20b.py", "😀.py", "a\nb.py", os.fsdecode(b"\xe9.py")))
TEXTS = st.text(max_size=20) | st.just("a" * 9_000)
LINES = st.integers(1, 10**6)
LABELS = st.sampled_from(load_catalogue().labels)


def open_validator(name: str) -> Any:
    if not (FOLDER / name).exists():
        fetching = "`.ci/run test` fetches it where it can be reached, GITLAB_SCHEMAS names a folder that has it"
        pytest.skip(f"{FOLDER / name}: GitLab's schema is not there; {fetching}")
    schema = json.loads((FOLDER / name).read_text("utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)


@pytest.fixture(scope="module")
def check_quality() -> Callable[[Any], None]:
    """GitLab takes the issues one by one, and stops at the first that does not do."""
    validator = open_validator(QUALITY)

    def check(issues: Any) -> None:
        assert isinstance(issues, list)
        for issue in issues:
            validator.validate(issue)

    return check


@pytest.fixture(scope="module")
def check_sast() -> Callable[[Any], None]:
    validator = open_validator(SAST)

    def check(report: Any) -> None:
        assert report["version"] == validator.schema["self"]["version"]
        validator.validate(report)

    return check


@st.composite
def regions(draw: st.DrawFn) -> Region:
    line = draw(LINES)
    return Region(draw(PATHS), Span(0, 1), Position(line, 1), Position(line + draw(st.integers(0, 3)), 1))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    label, region, text = draw(LABELS), draw(regions()), draw(TEXTS)
    return Finding(
        label=label.id,
        title=label.title,
        severity=draw(st.sampled_from(Severity)),
        cwe=label.cwe,
        message=text,
        region=region,
        statement=region.lines,
        symbol=draw(TEXTS),
        api="execute",
        code=text,
        probability=draw(st.floats(0, 1)),
        fingerprint=draw(st.uuids()).hex,
        steps=tuple(EvidenceStep(one, StepRole.HOP, text, text) for one in draw(st.lists(regions(), max_size=3))),
        weights=(),
        remedy=text,
        anchor=draw(st.builds(Anchor, PATHS, LINES)),
    )


REVIEWS = st.builds(
    Review,
    st.lists(findings(), max_size=5).map(tuple),
    st.just(()),
    st.just(()),
    st.builds(
        Ledger,
        st.just(()),
        st.lists(st.builds(Skip, PATHS, st.sampled_from(SkipReason), TEXTS), max_size=2).map(tuple),
        st.lists(st.builds(Failed, PATHS, TEXTS), max_size=2).map(tuple),
    ),
    st.just("m1"),
    st.just(()),
)


@given(review=REVIEWS)
@settings(deadline=None, max_examples=100)
def test_code_quality_of_any_review_is_what_gitlab_takes(check_quality: Callable[[Any], None], review: Review) -> None:
    check_quality(json.loads(render_code_quality(review)))


@given(review=REVIEWS)
@settings(deadline=None, max_examples=100)
def test_sast_of_any_review_is_what_gitlab_takes(check_sast: Callable[[Any], None], review: Review) -> None:
    check_sast(json.loads(render_sast(review, "1.2.3", DATE)))


@pytest.mark.parametrize("files", [{}, {"a.py": "\n"}, {"sub/a é.py": SQL + SORT}, {"a.py": SQL, **UNREAD}])
def test_what_the_command_line_writes_is_what_gitlab_takes(
    check_quality: Callable[[Any], None], check_sast: Callable[[Any], None], repository: Project, files: dict[str, str]
) -> None:
    repository.commit({"old.py": "\n"})
    repository.write(files)
    for command in (("check",), ("diff", "--base", "HEAD")):
        written = repository.run(*command, "--report", "gitlab=../quality.json", "--report", "gitlab-sast=../sast.json")
        assert written.exit_code == (2 if "failing.py" in files else int("sink" in "".join(files.values())))
        check_quality(json.loads((repository.root.parent / "quality.json").read_bytes()))
        check_sast(json.loads((repository.root.parent / "sast.json").read_bytes()))


def test_a_report_that_lacks_what_gitlab_asks_for_is_refused(
    check_quality: Callable[[Any], None], check_sast: Callable[[Any], None], project: Project
) -> None:
    project.write({"a.py": SQL})
    (issue,) = json.loads(project.run("check", "--format", "gitlab").stdout)
    for field in ("description", "fingerprint", "severity", "location"):
        with pytest.raises(jsonschema.ValidationError, match=f"'{field}' is a required property"):
            check_quality([{name: value for name, value in issue.items() if name != field}])
    report = json.loads(project.run("check", "--format", "gitlab-sast").stdout)
    changes: tuple[tuple[Callable[[Any], object], str], ...] = (
        (lambda it: it["scan"].pop("end_time"), "'end_time' is a required property"),
        (lambda it: it["scan"].update(start_time="today"), "'today' does not match"),
        (lambda it: it["vulnerabilities"][0].update(identifiers=[]), "should be non-empty"),
        (lambda it: it["vulnerabilities"][0].update(name="a" * 256), "is too long"),
        (lambda it: it["vulnerabilities"][0]["details"]["path"]["items"][0].pop("file_name"), "is not valid under any"),
    )
    for change, complaint in changes:
        broken = deepcopy(report)
        change(broken)
        with pytest.raises(jsonschema.ValidationError, match=complaint):
            check_sast(broken)
