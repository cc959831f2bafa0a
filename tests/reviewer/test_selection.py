from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.catalogue import Severity
from reviewer.changes import ChangeKind, FileChange, Hunk
from reviewer.configuration import Configuration, DirectoryPolicy
from reviewer.errors import ConfigurationError
from reviewer.findings import Anchor, FailOn, Finding, Region
from reviewer.selection import (
    Policy,
    SelectionRules,
    WithheldReason,
    build_policy,
    select_findings,
)
from reviewer.source import Position, Span
from reviewer.suppression import Suppression

LABELS = ("correctness/missing-await", "performance/sort-in-loop", "security/short-key", "security/weak-hash")


def make_finding(
    label: str = "security/weak-hash",
    line: int = 1,
    probability: float = 0.9,
    fingerprint: str = "",
    severity: Severity = Severity.MEDIUM,
    path: str = "a.py",
) -> Finding:
    region = Region(path, Span(line * 10, line * 10 + 5), Position(line, 1), Position(line, 6))
    return Finding(
        label=label,
        title="T",
        severity=severity,
        cwe=None,
        message="M",
        region=region,
        statement=range(line, line + 1),
        symbol="",
        api="api",
        code="code",
        probability=probability,
        fingerprint=fingerprint or f"{label}{line}",
        steps=(),
        weights=(),
        remedy="R",
        anchor=Anchor(path, line),
    )


def policy(
    configuration: Configuration, folder: DirectoryPolicy | None = None, defaults: Mapping[str, float] | None = None
) -> dict[str, float]:
    return dict(build_policy(configuration, folder, LABELS, defaults or {}).thresholds)


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        (("security", "performance"), (), LABELS[1:]),
        (("all",), (), LABELS),
        (("all",), ("security",), LABELS[:2]),
        (("security",), ("weak-hash",), LABELS[2:3]),
        (("security", "weak-hash"), ("security",), LABELS[3:]),
        (("weak-hash",), ("security/weak-hash",), ()),
        (("security",), ("all",), LABELS[2:]),
        ((), (), ()),
    ],
)
def test_the_closest_name_decides_and_ignore_wins_a_tie(
    select: tuple[str, ...], ignore: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert tuple(policy(Configuration(select=select, ignore=ignore))) == expected


def test_thresholds_from_the_closest_name() -> None:
    configuration = Configuration(select=("all",), thresholds=(("security", 0.3), ("short-key", 0.2), ("all", 0.1)))
    found = policy(configuration, defaults={"security/weak-hash": 0.8})
    assert list(found.values()) == [0.1, 0.1, 0.2, 0.3]
    assert policy(Configuration(), defaults={"security/weak-hash": 0.8}) == {
        "performance/sort-in-loop": 0.5,
        "security/short-key": 0.5,
        "security/weak-hash": 0.8,
    }


def test_a_minimum_replaces_every_threshold() -> None:
    assert set(policy(Configuration(min_probability=0.0, thresholds=(("all", 0.9),))).values()) == {0.0}


def test_a_folder_changes_what_it_says() -> None:
    configuration = Configuration(ignore=("short-key",), thresholds=(("all", 0.4),))
    folder = DirectoryPolicy("t", select=("correctness", "security"), thresholds=(("security", 0.6),))
    assert policy(configuration, folder) == {"correctness/missing-await": 0.4, "security/weak-hash": 0.6}
    assert policy(configuration, DirectoryPolicy("t", ignore=("security",), min_probability=0.2)) == {
        "performance/sort-in-loop": 0.2
    }


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (Configuration(select=("weak-hsh",)), r"default: select: expected a label .*; did you mean weak-hash\?"),
        (Configuration(ignore=("qqqqqqq",)), r"ignore: .* found 'qqqqqqq'$"),
        (Configuration(thresholds=(("x", 1.0),)), "thresholds: expected a label"),
    ],
)
def test_unknown_names_are_refused(configuration: Configuration, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        policy(configuration)


def test_screening_keeps_its_reason() -> None:
    one = Policy({"security/weak-hash": 0.5})
    assert one.screen("security/weak-hash", 0.5) is None
    assert one.screen("security/weak-hash", 0.4999) is WithheldReason.UNLIKELY
    assert one.screen("security/short-key", 1.0) is WithheldReason.NOT_SELECTED


def test_findings_in_test_code_are_withheld_unless_asked_for() -> None:
    label = "security/weak-hash"
    default = build_policy(Configuration(), None, LABELS, {label: 0.5})
    assert default.screen(label, 0.9, in_test=True) is WithheldReason.IN_TEST
    assert default.screen(label, 0.1, in_test=True) is WithheldReason.UNLIKELY
    likely = build_policy(Configuration(min_probability=0.2), None, LABELS, {label: 0.5})
    assert likely.screen(label, 0.9, in_test=True) is WithheldReason.IN_TEST
    for asking in (Configuration(include_tests=True), Configuration(min_probability=0.0)):
        assert build_policy(asking, None, LABELS, {label: 0.5}).screen(label, 0.9, in_test=True) is None


def test_one_place_is_reported_once_for_a_weakness() -> None:
    likely = replace(make_finding("security/weak-hash", probability=0.9), cwe=327)
    other = replace(make_finding("security/short-key", probability=0.6), cwe=327)
    third = replace(make_finding("security/weak-hash", line=2, probability=0.6), cwe=327)
    found = select_findings([other, likely, third], SelectionRules())
    assert found.shown == (likely, third)
    assert [(one.label, one.reason) for one in found.withheld] == [(other.label, WithheldReason.DUPLICATE)]


def test_each_reason_in_turn() -> None:
    shown = make_finding(line=1)
    less_likely = make_finding(line=1, probability=0.8)
    silenced = make_finding(line=2)
    known = make_finding(line=3)
    suppression = Suppression("a.py", 2, 2, ("weak-hash",), "why")
    elsewhere = Suppression("b.py", 1, 1, ("weak-hash",), "why")
    rules = SelectionRules((suppression, elsewhere), frozenset({known.fingerprint}))
    found = select_findings([less_likely, silenced, known, shown], rules)
    assert found.shown == (shown,)
    assert [(one.finding, one.reason) for one in found.withheld] == [
        (less_likely, WithheldReason.DUPLICATE),
        (silenced, WithheldReason.SUPPRESSED),
        (known, WithheldReason.BASELINE),
    ]
    assert found.used == {suppression}


def test_only_introduced_findings_pass_on_a_change() -> None:
    new, old, untouched = (make_finding(line=line) for line in (1, 2, 3))
    introductions: dict[str, Anchor | WithheldReason] = {
        new.fingerprint: Anchor("a.py", 7),
        old.fingerprint: WithheldReason.EXISTING,
    }
    found = select_findings([new, old, untouched], SelectionRules(introductions=introductions))
    assert [one.anchor for one in found.shown] == [Anchor("a.py", 7)]
    assert [one.reason for one in found.withheld] == [WithheldReason.EXISTING, WithheldReason.UNTOUCHED]


def test_the_budget_keeps_the_worst_and_likeliest() -> None:
    findings = [
        make_finding(line=1, severity=Severity.LOW, probability=0.99),
        make_finding(line=2, severity=Severity.CRITICAL, probability=0.6),
        make_finding(line=3, severity=Severity.HIGH, probability=0.7),
        make_finding(line=4, severity=Severity.HIGH, probability=0.9),
    ]
    found = select_findings(findings, SelectionRules(max_comments=2))
    assert [one.region.start.line for one in found.shown] == [2, 4]
    assert {one.reason for one in found.withheld} == {WithheldReason.OVER_BUDGET}


@given(st.permutations([make_finding(line=line, probability=0.5 + line / 100) for line in range(6)]))
def test_the_order_of_findings_does_not_matter(findings: list[Finding]) -> None:
    rules = SelectionRules(max_comments=3)
    assert select_findings(findings, rules) == select_findings(sorted(findings, key=lambda one: one.probability), rules)


@pytest.mark.parametrize(
    ("fail_on", "severity", "fails"),
    [
        (FailOn.LOW, Severity.LOW, True),
        (FailOn.MEDIUM, Severity.LOW, False),
        (FailOn.MEDIUM, Severity.MEDIUM, True),
        (FailOn.HIGH, Severity.MEDIUM, False),
        (FailOn.HIGH, Severity.CRITICAL, True),
        (FailOn.NEVER, Severity.CRITICAL, False),
    ],
)
def test_severity_decides_on_failure(fail_on: FailOn, severity: Severity, fails: bool) -> None:
    assert fail_on.is_reached_by(severity) is fails


@pytest.mark.parametrize(
    ("lines", "is_own"),
    [
        ((4, 5), False),
        ((5, 5), False),  # something deleted before the comment
        ((5, 6), True),  # the comment itself
        ((6, 6), True),  # what stood between the comment and the statement is gone: it spoke for something else
        ((6, 7), True),
        ((7, 8), True),  # the statement's second line
        ((8, 8), False),
        ((8, 9), False),
    ],
)
def test_a_suppression_is_the_changes_own_where_it_touches_it_or_its_statement(
    lines: tuple[int, int], is_own: bool
) -> None:
    finding = replace(make_finding(line=6), statement=range(6, 8))
    suppression = Suppression("a.py", 5, 6, ("weak-hash",), "why")
    change = FileChange("a.py", "a.py", ChangeKind.MODIFIED, (Hunk(range(1, 1), range(*lines)),))
    introductions = {finding.fingerprint: Anchor("a.py", 6)}
    rules = SelectionRules((suppression,), introductions=introductions, changes={"a.py": change})
    heeded, unheeded = (select_findings([finding], replace(rules, heeds_own=heeds)) for heeds in (True, False))
    reason = WithheldReason.SUPPRESSED_HERE if is_own else WithheldReason.SUPPRESSED
    assert [one.reason for one in heeded.withheld] == [reason]
    assert heeded.unheeded == frozenset()
    assert [one.anchor for one in unheeded.shown] == [Anchor("a.py", 6)] * is_own
    assert unheeded.unheeded == ({suppression} if is_own else set())


def test_a_suppression_of_the_base_holds_beside_one_of_the_change() -> None:
    finding = replace(make_finding(line=6), statement=range(6, 7))
    old, new = (Suppression("a.py", line, 6, ("weak-hash",), "why") for line in (6, 3))
    change = FileChange("a.py", "a.py", ChangeKind.MODIFIED, (Hunk(range(1, 1), range(3, 4)),))
    rules = SelectionRules((old, new), changes={"a.py": change}, heeds_own=False)
    assert [one.reason for one in select_findings([finding], rules).withheld] == [WithheldReason.SUPPRESSED]


def test_a_finding_that_would_not_be_shown_anyhow_is_not_laid_to_the_change() -> None:
    finding = replace(make_finding(line=6), statement=range(6, 7))
    suppression = Suppression("a.py", 6, 6, ("weak-hash",), "why")
    change = FileChange("a.py", "a.py", ChangeKind.MODIFIED, (Hunk(range(1, 1), range(6, 7)),))
    introductions: dict[str, Anchor | WithheldReason] = {finding.fingerprint: WithheldReason.EXISTING}
    rules = SelectionRules((suppression,), introductions=introductions, changes={"a.py": change}, heeds_own=False)
    found = select_findings([finding], rules)
    assert [one.reason for one in found.withheld] == [WithheldReason.SUPPRESSED]
    assert found.unheeded == frozenset()
