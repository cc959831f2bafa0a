"""What to write on a host, decided from what we want to say and what already stands there. Pure: values in, values out.

Nothing is posted twice, nothing that a person resolved comes back, a thread with replies is never resolved, and a
finding without a line in the change goes to the summary. A finding that only moved, with its file or among equal ones,
keeps its thread.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from integrations.hosts import Annotation, Conclusion, NewThread, PostedThread, Status
from integrations.placing import HeadLines, place_finding
from integrations.policies import Mode, Policy
from integrations.reports import OVER_BUDGET, ReportedFinding, ReviewReport
from integrations.wording import (
    Stand,
    find_marker,
    hash_code,
    hash_words,
    is_gone,
    title_of,
    write_all_gone,
    write_finding,
    write_summary,
)
from reviewer.changes import FileChange


@dataclass(frozen=True, slots=True)
class Standing:
    """What is on the host: our threads, the text of our summary if there is one.

    `resolved_by_us` are the fingerprints of threads that we resolved ourselves: those may be opened again. `dismissed`
    are those of findings that the team does not want to see again.
    """

    threads: tuple[PostedThread, ...] = ()
    summary: str | None = None
    resolved_by_us: frozenset[str] = frozenset()
    dismissed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """Writes, in the order in which they are made. `summary` None: leave what stands there.

    `dismissed` are findings that nothing is said about: each only moved from one that was dismissed, named beside it.
    """

    post: tuple[NewThread, ...] = ()
    edit: tuple[tuple[PostedThread, str], ...] = ()
    resolve: tuple[PostedThread, ...] = ()
    reopen: tuple[PostedThread, ...] = ()
    summary: str | None = None
    status: Status | None = None
    dismissed: tuple[tuple[str, ReportedFinding], ...] = ()

    @property
    def num_writes(self) -> int:
        """Writes beside the status."""
        return len(self.post) + len(self.edit) + len(self.resolve) + len(self.reopen) + (self.summary is not None)


@dataclass(frozen=True, slots=True)
class ReviewedChange:
    """One review and the change it is of: the files between merge-base and head, and lines of the head by path.

    `key` is the review's, the same whenever the same bytes are reviewed with the same model and policy. `refused` are
    findings whose threads the host did not take. `takes_answers`: somebody listens to commands.
    """

    report: ReviewReport
    changes: Sequence[FileChange]
    lines: HeadLines
    key: str
    refused: frozenset[str] = frozenset()
    takes_answers: bool = True


def make_plan(reviewed: ReviewedChange, standing: Standing, policy: Policy) -> Plan:
    """The writes that bring a host from what stands there to what the review says."""
    report = reviewed.report
    shown = [one for one in report.findings if policy.mode_of(one.label) is not Mode.MONITOR]
    num_monitored = len(report.findings) - len(shown)
    moved = _follow_moved(shown, report, standing)
    dismissed = [one for one in shown if one.fingerprint in moved and _is_dismissed(moved[one.fingerprint], standing)]
    shown = [one for one in shown if one not in dismissed]
    # A finding that others push over the limit is still there.
    wanted = {one.fingerprint for one in shown} | {one.fingerprint for one in report.withheld_for(OVER_BUDGET)}
    threads = {thread.fingerprint: thread for thread in standing.threads if thread.fingerprint} | moved
    changes = {change.path: change for change in reviewed.changes}
    new = [one for one in shown if one.fingerprint not in threads]
    post, unplaced = _place_new([one for one in new if one.fingerprint not in reviewed.refused], changes, reviewed)
    unplaced += [one for one in new if one.fingerprint in reviewed.refused]
    kept = [(threads[one.fingerprint], one) for one in shown if one.fingerprint in threads]
    reopen = tuple(one for one, _ in kept if one.is_resolved and one.fingerprint in standing.resolved_by_us)
    answered = {finding.fingerprint for thread, finding in kept if thread.is_resolved and thread not in reopen}
    told = [one for one in shown if one.fingerprint not in answered and one not in unplaced]
    return Plan(
        post=tuple(post),
        edit=tuple(
            _reword(thread, finding, takes_answers=reviewed.takes_answers)
            for thread, finding in kept
            if finding.fingerprint not in answered and _says_something_else(thread, finding)
        ),
        resolve=tuple(_find_outdated(standing.threads, wanted | {thread.fingerprint for thread, _ in kept})),
        reopen=reopen,
        summary=_summarise(report, told, unplaced, standing.summary, num_monitored),
        status=make_status(report, shown, policy, reviewed.key),
        dismissed=tuple((moved[one.fingerprint].fingerprint, one) for one in dismissed),
    )


def _follow_moved(
    shown: Iterable[ReportedFinding], report: ReviewReport, standing: Standing
) -> dict[str, PostedThread]:
    """Threads whose finding is gone, by the fingerprint of a new finding about the same code: its file was renamed."""
    known = {thread.fingerprint for thread in standing.threads}
    # What is withheld is still where it was; the same code elsewhere is a finding of its own.
    present = {one.fingerprint for one in report.findings} | {one.fingerprint for one in report.withheld.findings}
    left: dict[str, list[PostedThread]] = {}
    for thread in standing.threads:
        code = find_marker(thread.body, "code")
        if code and thread.fingerprint not in present | standing.resolved_by_us and not is_gone(thread.body):
            left.setdefault(code, []).append(thread)
    found: dict[str, PostedThread] = {}
    for finding in shown:
        same = left.get(hash_code(finding), [])
        if finding.fingerprint not in known and same:
            found[finding.fingerprint] = same.pop(0)
    return found


def _is_dismissed(thread: PostedThread, standing: Standing) -> bool:
    return thread.fingerprint in standing.dismissed


def _place_new(
    findings: Iterable[ReportedFinding], changes: Mapping[str, FileChange], reviewed: ReviewedChange
) -> tuple[list[NewThread], list[ReportedFinding]]:
    """Threads for findings on lines of the change, and the findings that are on none."""
    post: list[NewThread] = []
    unplaced: list[ReportedFinding] = []
    for finding in findings:
        spot = place_finding(finding, changes.get(finding.anchor.path), reviewed.lines)
        if spot is None:
            unplaced.append(finding)
        else:
            stand = Stand.DELETED if spot.place.is_deleted else Stand.HERE
            body = write_finding(finding, suggestion=spot.suggestion, stand=stand, takes_answers=reviewed.takes_answers)
            post.append(NewThread(finding.fingerprint, spot.place, body))
    return post, unplaced


def _find_outdated(threads: Iterable[PostedThread], wanted: Collection[str]) -> Iterable[PostedThread]:
    """Our open threads whose finding is gone, but for those in which somebody answered and those that say so."""
    return (
        thread
        for thread in threads
        if thread.fingerprint
        and thread.fingerprint not in wanted
        and not (thread.is_resolved or thread.has_replies or is_gone(thread.body))
    )


def _says_something_else(thread: PostedThread, finding: ReportedFinding) -> bool:
    """Whether the words changed (a new model, a new catalogue) or the file; that lines moved is no reason to write."""
    return thread.fingerprint != finding.fingerprint or find_marker(thread.body, "words") != hash_words(finding)


def _reword(thread: PostedThread, finding: ReportedFinding, *, takes_answers: bool) -> tuple[PostedThread, str]:
    """Without a suggestion: the host may show the thread on other lines by now."""
    has_moved = thread.fingerprint != finding.fingerprint
    stand = Stand.OLD_FILE if has_moved else Stand.HERE
    return thread, write_finding(finding, stand=stand, takes_answers=takes_answers)


def _summarise(
    report: ReviewReport,
    told: Sequence[ReportedFinding],
    unplaced: Sequence[ReportedFinding],
    standing: str | None,
    num_monitored: int,
) -> str | None:
    summary = write_summary(report, told, unplaced, num_monitored=num_monitored)
    if summary is None and standing is not None:
        summary = write_all_gone(report)
    return summary if summary != standing else None


def make_status(report: ReviewReport, shown: Sequence[ReportedFinding], policy: Policy, key: str) -> Status:
    """An honest outcome: incomplete is never green, and only what the policy blocks is red."""
    if any(policy.mode_of(one.label) is Mode.BLOCK for one in shown):
        conclusion = Conclusion.BLOCKED
    elif not report.is_complete:
        conclusion = Conclusion.INCOMPLETE
    else:
        conclusion = Conclusion.FINDINGS if shown else Conclusion.CLEAN
    reviewed, skipped, failed = len(report.files.reviewed), len(report.files.skipped), len(report.files.failed)
    in_part = sum(bool(file.problems) for file in report.files.reviewed)
    summary = f"{reviewed} files reviewed, {in_part} of them in part, {skipped} left out, {failed} failed."
    annotations = tuple(_annotate(one, policy) for one in shown)
    return Status(key, conclusion, title_of(conclusion, len(shown)), summary, annotations)


def _annotate(finding: ReportedFinding, policy: Policy) -> Annotation:
    level = "failure" if policy.mode_of(finding.label) is Mode.BLOCK else "warning"
    return Annotation(finding.anchor.path, finding.anchor.line, level, finding.title, finding.message)
