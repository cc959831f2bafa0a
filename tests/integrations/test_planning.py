from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.hosts import Conclusion, PostedThread
from integrations.planning import Plan, ReviewedChange, Standing, make_plan
from integrations.policies import Mode, Policy
from integrations.reports import ReportedFinding, ReviewReport
from integrations.wording import find_marker, write_finding, write_gone
from reviewer.changes import ChangeKind, FileChange, Hunk

if TYPE_CHECKING:
    from tests.integrations.conftest import Samples

LINES = 20
CHANGES = (FileChange("a.py", "a.py", ChangeKind.MODIFIED, (Hunk(range(1, 1), range(1, LINES)),)),)
BLOCK = Policy((("security", Mode.BLOCK),))
MONITOR = Policy((("security/sql-injection", Mode.MONITOR),))


def plan(
    report: ReviewReport,
    standing: Standing | None = None,
    policy: Policy | None = None,
    refused: frozenset[str] = frozenset(),
) -> Plan:
    return make_plan(ReviewedChange(report, CHANGES, {}, "key", refused), standing or Standing(), policy or Policy())


def thread(finding: ReportedFinding, **values: Any) -> PostedThread:
    """The thread of a finding as we posted it."""
    named = {"thread_id": "t", "comment_id": "c", "body": write_finding(finding), **values}
    return PostedThread(fingerprint=finding.fingerprint, **named)


def carry_out(made: Plan, before: Standing) -> Standing:
    """What stands on a host after these writes."""
    threads = list(before.threads) + [
        PostedThread(one.fingerprint, "c", one.fingerprint, one.body) for one in made.post
    ]
    edits = {one.fingerprint: body for one, body in made.edit}
    resolved = {one.fingerprint for one in made.resolve}
    reopened = {one.fingerprint for one in made.reopen}
    after = tuple(
        PostedThread(
            one.thread_id,
            one.comment_id,
            find_marker(edits.get(one.fingerprint, ""), "finding") or one.fingerprint,
            edits.get(one.fingerprint, one.body),
            (one.is_resolved or one.fingerprint in resolved) and one.fingerprint not in reopened,
            one.has_replies,
        )
        for one in threads
    )
    summary = before.summary if made.summary is None else made.summary
    return Standing(after, summary, (before.resolved_by_us | resolved) - reopened)


def test_a_new_finding_gets_a_thread_and_a_summary(samples: "Samples") -> None:
    made = plan(samples.report(samples.finding()))
    (posted,) = made.post
    assert (posted.fingerprint, posted.place.path, posted.place.start_line) == ("f1", "a.py", 2)
    assert find_marker(posted.body, "finding") == "f1"
    assert made.summary is not None
    assert "1 finding (1 high)" in made.summary
    assert made.num_writes == 2


def test_a_clean_change_writes_nothing_but_the_status(samples: "Samples") -> None:
    made = plan(samples.report())
    assert made.num_writes == 0
    assert made.status is not None
    assert (made.status.key, made.status.conclusion) == ("key", Conclusion.CLEAN)


def test_what_stands_is_left_alone(samples: "Samples") -> None:
    report = samples.report(samples.finding())
    standing = carry_out(plan(report), Standing())
    assert plan(report, standing).num_writes == 0


def test_new_words_are_written_without_a_suggestion(samples: "Samples") -> None:
    fix = samples.fix(("a.py", (2, 1), (2, 1), "x"))
    old = thread(samples.finding(title="Old title"))
    made = plan(samples.report(samples.finding(fix=fix)), Standing((old,)))
    ((edited, body),) = made.edit
    assert edited is old
    assert "SQL injection" in body
    assert "suggestion" not in body
    assert made.post == ()


@pytest.mark.parametrize(
    ("values", "is_resolved"),
    [({}, True), ({"has_replies": True}, False), ({"is_resolved": True}, False)],
    ids=["open", "with a reply", "resolved already"],
)
def test_a_thread_whose_finding_is_gone_is_resolved(
    samples: "Samples", values: dict[str, Any], is_resolved: bool
) -> None:
    old = thread(samples.finding("gone"), **values)
    assert plan(samples.report(), Standing((old,))).resolve == ((old,) if is_resolved else ())


def test_a_thread_that_says_that_its_finding_is_gone_is_left_alone_until_it_is_back(samples: "Samples") -> None:
    finding = samples.finding()
    old = thread(finding)
    gone = replace(old, body=write_gone(old.body))
    assert plan(samples.report(), Standing((gone,))).num_writes == 0
    made = plan(samples.report(finding), Standing((gone,)))
    assert [one for one, _ in made.edit] == [gone]
    assert (made.post, made.resolve, made.reopen) == ((), (), ())


def test_a_thread_that_says_that_its_finding_is_gone_is_not_taken_for_the_same_code_elsewhere(
    samples: "Samples",
) -> None:
    old = thread(samples.finding())
    gone = replace(old, body=write_gone(old.body))
    made = plan(samples.report(samples.finding("f2", path="b.py")), Standing((gone,)))
    assert made.edit == ()


def test_a_thread_without_a_fingerprint_is_none_of_our_business(samples: "Samples") -> None:
    assert plan(samples.report(), Standing((PostedThread("t", "c", "", "text"),))).num_writes == 0


def test_a_finding_that_others_push_over_the_limit_keeps_its_thread(samples: "Samples") -> None:
    old = thread(samples.finding("w1"))
    report = samples.report(withheld=[samples.withheld("over_budget", "w1")])
    assert plan(report, Standing((old,))).resolve == ()


@pytest.mark.parametrize("reason", ["suppressed", "baseline", "existing"])
def test_a_finding_that_is_withheld_for_good_loses_its_thread(samples: "Samples", reason: str) -> None:
    old = thread(samples.finding("w1"))
    assert plan(samples.report(withheld=[samples.withheld(reason, "w1")]), Standing((old,))).resolve == (old,)


def test_what_a_person_resolved_stays_resolved_and_is_not_said_again(samples: "Samples") -> None:
    finding = samples.finding()
    old = thread(samples.finding(title="Old"), is_resolved=True)
    made = plan(samples.report(finding), Standing((old,)))
    assert (made.post, made.edit, made.reopen, made.resolve, made.summary) == ((), (), (), (), None)
    assert made.status is not None
    assert made.status.conclusion is Conclusion.FINDINGS  # the check still says what is so


def test_what_we_resolved_is_opened_again_with_its_new_words_when_it_is_back(samples: "Samples") -> None:
    old = thread(samples.finding(title="Old"), is_resolved=True)
    made = plan(samples.report(samples.finding()), Standing((old,), None, frozenset({"f1"})))
    assert made.reopen == (old,)
    assert [one for one, _ in made.edit] == [old]
    assert made.post == ()
    assert made.summary is not None


@pytest.mark.parametrize("line", [0, LINES, LINES + 100])
def test_a_finding_on_no_line_of_the_change_goes_to_the_summary(samples: "Samples", line: int) -> None:
    made = plan(samples.report(samples.finding(line=line)))
    assert made.post == ()
    assert made.summary is not None
    assert "Not on lines of this change (1)" in made.summary


def test_a_finding_that_the_host_refused_goes_to_the_summary(samples: "Samples") -> None:
    made = plan(samples.report(samples.finding()), refused=frozenset({"f1"}))
    assert made.post == ()
    assert made.summary is not None
    assert "Not on lines of this change (1)" in made.summary


def test_an_old_summary_says_when_nothing_is_left(samples: "Samples") -> None:
    made = plan(samples.report(), Standing((), "### Review"))
    assert made.summary is not None
    assert "Nothing left to report" in made.summary
    assert plan(samples.report(), Standing((), made.summary)).num_writes == 0


def test_a_monitored_finding_is_counted_and_not_shown(samples: "Samples") -> None:
    report = samples.report(samples.finding(), samples.finding("f2", 3, label="performance/query-in-loop"))
    made = plan(report, policy=MONITOR)
    assert [one.fingerprint for one in made.post] == ["f2"]
    assert made.summary is not None
    assert "1 more are only monitored" in made.summary
    assert made.status is not None
    assert len(made.status.annotations) == 1


def test_a_finding_that_is_now_monitored_loses_its_thread(samples: "Samples") -> None:
    old = thread(samples.finding())
    made = plan(samples.report(samples.finding()), Standing((old,)), MONITOR)
    assert made.resolve == (old,)


TOO_LARGE = {"skipped": [{"path": "b.py", "reason": "too_large"}]}
GENERATED = {"skipped": [{"path": "b.py", "reason": "generated"}]}
FAILED = {"failed": [{"path": "b.py", "error": "died"}]}


@pytest.mark.parametrize(
    ("has_finding", "policy", "files", "conclusion"),
    [
        (False, Policy(), {}, Conclusion.CLEAN),
        (True, Policy(), {}, Conclusion.FINDINGS),
        (True, BLOCK, {}, Conclusion.BLOCKED),
        (True, MONITOR, {}, Conclusion.CLEAN),
        (False, BLOCK, {}, Conclusion.CLEAN),
        (False, Policy(), FAILED, Conclusion.INCOMPLETE),
        (True, Policy(), FAILED, Conclusion.INCOMPLETE),
        (True, BLOCK, FAILED, Conclusion.BLOCKED),
        (False, Policy(), TOO_LARGE, Conclusion.INCOMPLETE),
        (False, Policy(), GENERATED, Conclusion.CLEAN),
    ],
)
def test_the_conclusion_is_honest(
    samples: "Samples", has_finding: bool, policy: Policy, files: dict[str, Any], conclusion: Conclusion
) -> None:
    report = samples.report(*[samples.finding()][:has_finding], files=files)
    status = plan(report, policy=policy).status
    assert status is not None
    assert status.conclusion is conclusion
    left_out, failed = len(report.files.skipped), len(report.files.failed)
    assert status.summary == f"0 files reviewed, 0 of them in part, {left_out} left out, {failed} failed."


def test_annotations_stand_on_the_anchor_and_say_how_bad_it_is(samples: "Samples") -> None:
    report = samples.report(samples.finding(), samples.finding("f2", 99, label="performance/query-in-loop"))
    status = plan(report, policy=BLOCK).status
    assert status is not None
    assert [(one.line, one.level) for one in status.annotations] == [(2, "failure"), (99, "warning")]


def test_a_finding_whose_file_was_renamed_keeps_its_thread(samples: "Samples") -> None:
    old = thread(samples.finding("old", code="run(x)"))
    made = plan(samples.report(samples.finding("new", path="b.py", code="run( x)")), Standing((old,), "old"))
    ((edited, body),) = made.edit
    assert edited is old
    assert find_marker(body, "finding") == "new"
    assert "It is at `b.py:2` now." in body
    assert (made.post, made.resolve) == ((), ())


def test_a_renamed_finding_that_a_person_resolved_stays_resolved(samples: "Samples") -> None:
    old = thread(samples.finding("old", code="run(x)"), is_resolved=True)
    made = plan(samples.report(samples.finding("new", code="run(x)")), Standing((old,)))
    assert (made.post, made.edit, made.reopen, made.resolve, made.summary) == ((), (), (), (), None)


def test_a_thread_goes_to_one_of_two_findings_about_equal_code(samples: "Samples") -> None:
    old = thread(samples.finding("old", code="run(x)"))
    found = [samples.finding(one, code="run(x)") for one in ("n1", "n2")]
    made = plan(samples.report(*found), Standing((old,)))
    assert [find_marker(body, "finding") for _, body in made.edit] == ["n1"]
    assert [one.fingerprint for one in made.post] == ["n2"]


def test_a_dismissed_finding_whose_file_was_renamed_stays_dismissed(samples: "Samples") -> None:
    old = thread(samples.finding("old", code="run(x)"), is_resolved=True)
    moved = samples.finding("new", path="b.py", code="run(x)")
    made = plan(samples.report(moved), Standing((old,), dismissed=frozenset({"old"})), BLOCK)
    assert (made.num_writes, made.dismissed) == (0, (("old", moved),))
    assert made.status is not None
    assert (made.status.conclusion, made.status.annotations) == (Conclusion.CLEAN, ())


def test_the_same_code_in_another_file_is_not_dismissed_with_it(samples: "Samples") -> None:
    old = thread(samples.finding("old", code="run(x)"), is_resolved=True)
    report = samples.report(samples.finding("copy", code="run(x)"), withheld=[samples.withheld("baseline", "old")])
    made = plan(report, Standing((old,), dismissed=frozenset({"old"})))
    assert ([one.fingerprint for one in made.post], made.dismissed) == (["copy"], ())


@given(st.data())
def test_a_second_plan_from_the_same_review_writes_nothing(samples: "Samples", data: st.DataObject) -> None:
    """Whatever stands there, whatever is found: what a plan writes is what the next plan finds."""
    names = st.sampled_from(["f1", "f2", "f3", "f4"])
    flags = st.booleans()
    reported = data.draw(st.lists(names, unique=True))
    codes = st.sampled_from(["run(x)", "run(y)", "run(ü)"])
    findings = [
        samples.finding(
            one, data.draw(st.integers(0, 25)), title=data.draw(st.sampled_from("ab")), code=data.draw(codes)
        )
        for one in reported
    ]
    standing = Standing(
        tuple(
            thread(
                samples.finding(one, title=data.draw(st.sampled_from("ab")), code=data.draw(codes)),
                is_resolved=data.draw(flags),
                has_replies=data.draw(flags),
            )
            for one in data.draw(st.lists(names, unique=True))
        ),
        data.draw(st.none() | st.just("old")),
        frozenset(data.draw(st.lists(names))),
    )
    report = samples.report(*findings)
    first = plan(report, standing)
    second = plan(report, carry_out(first, standing))
    assert second.num_writes == 0
    answered = {one.fingerprint for one in standing.threads if one.is_resolved} - standing.resolved_by_us
    touched = {one.fingerprint for one in first.post}
    touched |= {one.fingerprint for one in (*first.reopen, *first.resolve, *(one for one, _ in first.edit))}
    assert touched.isdisjoint(answered)
    assert not any(one.has_replies for one in first.resolve)
