"""Posts the report of a CI job on its pull or merge request, planned as the bot plans, from what stands on the host.

A job remembers nothing: our threads are found by their markers, and what we resolved is what the host says of it.
A token that may not write is no fault of the change: it is said, and what the job does besides goes on.
"""

import re
from dataclasses import dataclass, replace

from integrations.analysis import read_policy_file
from integrations.checkouts import Checkout
from integrations.errors import HostError
from integrations.hosts import Change, ChangeRef, Host, PostedNote
from integrations.planning import Plan, ReviewedChange, Standing, make_plan
from integrations.policies import Policy, parse_policy
from integrations.reports import ReviewReport
from integrations.wording import SUMMARY_MARKER, write_gone
from reviewer.errors import RequestError
from reviewer.repositories import Repository

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NOT_ALLOWED = frozenset({401, 403, 404})  # 404: to who may not even know


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written, and in a sentence each what was not and why."""

    num_posted: int = 0
    num_amended: int = 0
    has_summary: bool = False
    left_undone: tuple[str, ...] = ()


def publish_report(host: Host, ref: ChangeRef, report: ReviewReport, repository: Repository) -> Outcome:
    """Brings the host up to a report of `reviewer diff --head COMMIT`; nothing where the change has moved on.

    Raises RequestError for a report of something else, HostError where the host fails.
    """
    if report.change is None or _COMMIT.fullmatch(report.change.head) is None:
        raise RequestError("report: expected one of a change up to a commit (reviewer diff --head), found another")
    try:
        change = host.load_change(ref)
        if not change.is_open:
            return Outcome(left_undone=("The change is closed: nothing was written.",))
        if change.head != report.head:
            said = (
                f"The change is at {change.head[:12]} now and the report is of {report.head[:12]}: nothing was written."
            )
            return Outcome(left_undone=(said,))
        return _Publication(host, change).write(*_prepare(change, report, repository))
    except HostError as error:
        if not _is_refusal(error):
            raise
        return Outcome(left_undone=(_tell_refusal(error),))


def _prepare(change: Change, report: ReviewReport, repository: Repository) -> tuple[ReviewedChange, Policy]:
    """The reviewed change and the bot's policy: of the base's tip, or of the merge-base where the tip is absent."""
    assert report.change is not None, "the caller has looked"
    merge_base = report.change.base
    tip = repository.find_revision(change.base) or merge_base
    checkout = Checkout(repository, tip, merge_base, report.head)
    policy_file = read_policy_file(checkout)
    policy = parse_policy(policy_file.content, policy_file.name) or Policy()
    lines = {path: checkout.read_lines(path) for path in report.edited_paths}
    return ReviewedChange(report, checkout.list_changes(), lines, report.head, takes_answers=False), policy


class _Publication:
    """The writes of one report."""

    def __init__(self, host: Host, change: Change) -> None:
        self._host, self._change = host, change
        self._num_amended = 0

    def write(self, reviewed: ReviewedChange, policy: Policy) -> Outcome:
        """Threads first, then what is said about them: a refused thread goes to the summary."""
        note = self._host.find_note(self._change, SUMMARY_MARKER)
        threads = tuple(self._host.list_threads(self._change))
        ours = frozenset(one.fingerprint for one in threads if one.is_resolved_by_us)
        standing = Standing(threads, None if note is None else note.body, ours)
        plan = make_plan(reviewed, standing, policy)
        refused = self._host.post_threads(self._change, plan.post) if plan.post else []
        if refused:
            names = frozenset(one.fingerprint for one in refused)
            plan = replace(plan, summary=make_plan(replace(reviewed, refused=names), standing, policy).summary)
        self._amend(plan)
        self._write_summary(plan, note)
        num_posted = len(plan.post) - len(refused)
        return Outcome(num_posted, self._num_amended, plan.summary is not None)

    def _amend(self, plan: Plan) -> None:
        host, change = self._host, self._change
        for thread, body in plan.edit:
            host.edit_thread(change, thread, body)
            self._num_amended += 1
        for thread in plan.reopen:
            self._num_amended += host.resolve_thread(change, thread, is_resolved=False)
        for thread in plan.resolve:
            if not host.resolve_thread(change, thread, is_resolved=True):
                host.edit_thread(change, thread, write_gone(thread.body))
            self._num_amended += 1

    def _write_summary(self, plan: Plan, note: PostedNote | None) -> None:
        if plan.summary is not None:
            self._host.write_note(self._change, note, plan.summary)


def _is_refusal(error: HostError) -> bool:
    """Whether asking again is no use: a host that is only busy says how long."""
    return error.status in _NOT_ALLOWED and error.retry_after_s is None


def _tell_refusal(error: HostError) -> str:
    return (
        f"{error}: the token of this job may not comment here, as on changes from forks. Nothing more was written; "
        "annotations and exit code of the review do not depend on it."
    )
