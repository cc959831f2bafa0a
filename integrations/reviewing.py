"""The steps of one review of a change: load, fetch, analyse, publish. Each may be repeated after a crash.

What makes them safe to repeat: a review has a key made of everything that decides it; reports are kept under it; every
write on a host is planned from what stands there; and the one write that must not be made twice leaves an intent first.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from integrations.analysis import Analyst, PolicyFile, read_policy_file
from integrations.checkouts import Checkout, Checkouts
from integrations.errors import AnalysisError
from integrations.hosts import Change, ChangeRef, Conclusion, Host, HostKind, NewThread, Place, PostedThread, Status
from integrations.planning import Plan, ReviewedChange, Standing, make_plan, make_status
from integrations.policies import Heeding, Mode, Policy, parse_policy
from integrations.records import Records
from integrations.reports import ReviewReport, parse_report
from integrations.storage.tables import PostedFinding, ReviewRecord
from integrations.wording import SUMMARY_MARKER, escape_markdown, find_marker, title_of, write_gone

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change at pinned commits, and the key of its review. `heeds_own`: suppressions that it makes count."""

    change: Change
    merge_base: str
    policy_file: PolicyFile
    dismissed: frozenset[str]
    key: str
    heeds_own: bool = True

    @property
    def policy(self) -> Policy:
        """The bot's part of the policy."""
        return parse_policy(self.policy_file.content, self.policy_file.name) or Policy()


@dataclass(frozen=True, slots=True)
class Tools:
    """What reviews are made with. `identify_model` names the model in use, `observe` counts a report and its seconds.

    `settle_s`: how long a host's lists may lag behind a write of ours.
    """

    records: Records
    checkouts: Checkouts
    analyst: Analyst
    identify_model: Callable[[], str]
    observe: Callable[[ReviewReport, float], None]
    settle_s: float = 5.0


class Reviewing:
    """The steps, over hosts and tools."""

    def __init__(self, hosts: Mapping[HostKind, Host], tools: Tools) -> None:
        self._hosts, self._tools, self._records = hosts, tools, tools.records

    def host_of(self, ref: ChangeRef) -> Host:
        """The host of a change."""
        return self._hosts[ref.repository.host]

    def prepare(self, ref: ChangeRef) -> Prepared | str:
        """The change as it is now, fetched; or why it is not to be reviewed. Raises HostError and CheckoutError."""
        if self._records.state_of(ref).is_paused:
            return "paused"
        change = self.host_of(ref).load_change(ref)
        if not change.is_open:
            return "closed"
        checkout = self._check_out(change)
        policy_file = read_policy_file(checkout)
        policy = parse_policy(policy_file.content, policy_file.name) or Policy()
        if change.is_draft and not policy.reviews_drafts:
            return "draft"
        heeds_own = self._may_suppress(change, policy)
        dismissed = self._records.dismissed_in(ref)
        parts = (
            ref.key,
            checkout.merge_base,
            change.head,
            self._tools.identify_model(),
            policy_file,
            sorted(dismissed),
            heeds_own,
        )
        key = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
        return Prepared(change, checkout.merge_base, policy_file, dismissed, key, heeds_own)

    def is_published(self, prepared: Prepared) -> bool:
        """Whether the very same review already stands on the host."""
        return self._records.state_of(prepared.change.ref).published_review == prepared.key

    def announce(self, prepared: Prepared) -> None:
        """Says that the review runs."""
        status = Status(prepared.key, Conclusion.RUNNING, title_of(Conclusion.RUNNING, 0))
        self.host_of(prepared.change.ref).write_status(prepared.change, status)

    def analyse(self, prepared: Prepared) -> None:
        """Reviews the change and keeps the report; one that is kept already is not made again. Raises AnalysisError."""
        known = self._records.load_review(prepared.key)
        if known is not None and known.report:
            return
        started = datetime.now(UTC)
        checkout = self._check_out(prepared.change)
        report = self._tools.analyst.review(
            checkout, prepared.policy_file, prepared.dismissed, heeds_own=prepared.heeds_own
        )
        self._tools.observe(report, (datetime.now(UTC) - started).total_seconds())
        ref = prepared.change.ref
        self._records.keep_review(
            ReviewRecord(
                key=prepared.key,
                change_key=ref.key,
                repository=f"{ref.repository.host.value}:{ref.repository.name}",
                base=prepared.merge_base,
                head=prepared.change.head,
                model=report.model,
                policy=prepared.policy_file.content,
                policy_name=prepared.policy_file.name,
                state="analysed",
                report=report.model_dump_json(),
                started_at=started,
            )
        )
        _LOG.info("reviewed %s at %s: %d findings", ref.key, prepared.change.head, len(report.findings))

    def post_threads(self, prepared: Prepared) -> frozenset[str]:
        """Posts what is new; the fingerprints that the host refused. Raises HostError."""
        intent = f"{prepared.key}:threads"
        if self._records.begin_intent(intent):
            time.sleep(self._tools.settle_s)  # it may have been posted before a crash: the host's lists lag behind
        plan, report = self._plan(prepared, frozenset())
        refused = self.host_of(prepared.change.ref).post_threads(prepared.change, plan.post) if plan.post else []
        posted = [one for one in plan.post if one not in refused]
        self._records.note_posted(prepared.change, posted, report.findings)
        for fingerprint, finding in plan.dismissed:
            self._records.move_dismissal(prepared.change.ref, fingerprint, finding)
        self._records.end_intent(intent)
        return frozenset(one.fingerprint for one in refused)

    def _remember_standing(
        self, change: Change, report: ReviewReport, threads: Iterable[PostedThread], posted: Collection[str]
    ) -> None:
        """Notes findings whose thread stands on the host without our knowing: it moved, or we died after posting it."""
        standing = {one.fingerprint for one in threads}.difference(posted)
        unknown = [
            NewThread(one.fingerprint, Place(one.location.path, one.location.start_line, one.location.end_line), "")
            for one in report.findings
            if one.fingerprint in standing
        ]
        if unknown:
            self._records.note_posted(change, unknown, report.findings)

    def amend_threads(self, prepared: Prepared, refused: frozenset[str]) -> None:
        """Rewords, resolves and reopens threads; what a push mended is feedback. Raises HostError."""
        plan, report = self._plan(prepared, refused)
        host, change = self.host_of(prepared.change.ref), prepared.change
        known = prepared.dismissed | {one.fingerprint for one in report.withheld.findings}
        for thread, body in plan.edit:
            host.edit_thread(change, thread, body)
            if find_marker(body, "finding") != thread.fingerprint:  # it moved; the next plan notes where it is
                self._records.forget_posted(change.ref, thread.fingerprint)
        for thread in plan.reopen:
            if host.resolve_thread(change, thread, is_resolved=False):
                self._records.note_resolved(change.ref, thread.fingerprint, by_us=False)
        posted = self._records.posted_on(change.ref)
        for thread in plan.resolve:
            if host.resolve_thread(change, thread, is_resolved=True):
                self._records.note_resolved(change.ref, thread.fingerprint, by_us=True)
            else:
                host.edit_thread(change, thread, write_gone(thread.body))
            finding = posted.get(thread.fingerprint)
            # Where the head is the one that it was posted on, no commit can have mended it.
            if finding is not None and finding.head != change.head and thread.fingerprint not in known:
                self._records.add_feedback(change.ref, finding, kind="addressed", source="commit", author=change.author)

    def write_summary(self, prepared: Prepared, refused: frozenset[str]) -> None:
        """Writes or updates the one comment on the change. Raises HostError."""
        host, change = self.host_of(prepared.change.ref), prepared.change
        intent = f"{prepared.key}:summary"
        if self._records.begin_intent(intent):
            time.sleep(self._tools.settle_s)
        note = host.find_note(change, SUMMARY_MARKER)
        plan, _ = self._plan(prepared, refused, note.body if note is not None else None)
        if plan.summary is not None:
            host.write_note(change, note, plan.summary)
        self._records.end_intent(intent)

    def write_status(self, prepared: Prepared, refused: frozenset[str]) -> None:
        """Writes the outcome, and notes that the review is published. Raises HostError."""
        plan, _ = self._plan(prepared, refused)
        assert plan.status is not None, "every plan has a status"
        self.host_of(prepared.change.ref).write_status(prepared.change, plan.status)
        self._records.note_published(prepared.change, prepared.key)

    def report_failure(self, prepared: Prepared, why: str) -> None:
        """An honest status for a review that could not be made. Raises HostError."""
        status = Status(prepared.key, Conclusion.INCOMPLETE, "The review failed", escape_markdown(why[:1000]))
        self.host_of(prepared.change.ref).write_status(prepared.change, status)

    def report_refusal(self, ref: ChangeRef, why: str) -> None:
        """The same for a change that could not even be prepared. Raises HostError."""
        host = self.host_of(ref)
        change = host.load_change(ref)
        key = hashlib.sha256(f"{ref.key} {change.head} {why}".encode()).hexdigest()[:32]
        text = escape_markdown(why[:1000])
        host.write_status(change, Status(key, Conclusion.INCOMPLETE, "The review could not be made", text))

    def answer_queue(self, ref: ChangeRef, queued_head: str) -> str:
        """Gives a merge queue's commit the outcome of the change in it; what became of it. Raises HostError."""
        host = self.host_of(ref)
        record = self._records.load_review(self._records.state_of(ref).published_review)
        change = replace(host.load_change(ref), head=queued_head)
        if record is None:
            status = Status(queued_head, Conclusion.INCOMPLETE, "The change has not been reviewed")
        else:
            report = parse_report(record.report)
            policy = parse_policy(record.policy, record.policy_name) or Policy()
            shown = [one for one in report.findings if policy.mode_of(one.label) is not Mode.MONITOR]
            status = replace(make_status(report, shown, policy, queued_head), annotations=())
        host.write_status(change, status)
        return "merge queue"

    def _may_suppress(self, change: Change, policy: Policy) -> bool:
        """Whether suppressions that a change makes count: by default those of people who could push them as well."""
        if policy.suppressions is not Heeding.WRITERS:
            return policy.suppressions is Heeding.ANYBODY
        return self.host_of(change.ref).can_write(change.ref.repository, change.author)

    def _check_out(self, change: Change) -> Checkout:
        return self._tools.checkouts.fetch(change, self.host_of(change.ref).clone_address(change.ref.repository))

    def _plan(
        self, prepared: Prepared, refused: frozenset[str], summary: str | None = None
    ) -> tuple[Plan, ReviewReport]:
        """The plan from what stands on the host now, and the report that it is made from."""
        record = self._records.load_review(prepared.key)
        if record is None or not record.report:
            raise AnalysisError(f"{prepared.key}: expected a kept report, found none")
        report = parse_report(record.report)
        change = prepared.change
        host = self.host_of(change.ref)
        posted = self._records.posted_on(change.ref)
        listed = host.list_threads(change)
        self._remember_standing(change, report, listed, posted)
        threads = _with_remembered(listed, posted)
        ours = frozenset(fingerprint for fingerprint, row in posted.items() if row.is_resolved_by_us)
        checkout = self._check_out(change)
        lines = {path: checkout.read_lines(path) for path in report.edited_paths}
        reviewed = ReviewedChange(report, checkout.list_changes(), lines, prepared.key, refused)
        standing = Standing(tuple(threads), summary, ours, prepared.dismissed)
        return make_plan(reviewed, standing, prepared.policy), report


def _with_remembered(threads: list[PostedThread], posted: Mapping[str, PostedFinding]) -> list[PostedThread]:
    """Threads as listed, and those that we posted and the host does not list (yet, or any more): nothing is done there.

    They count as answered: open ones would be listed, and deleted ones were deleted by somebody.
    """
    listed = {thread.fingerprint for thread in threads}
    missing = [fingerprint for fingerprint in sorted(posted) if fingerprint not in listed]
    return [*threads, *(PostedThread("", "", one, "", is_resolved=True, has_replies=True) for one in missing)]
