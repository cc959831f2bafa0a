"""The shadow run: what the bot would have said on the last merged changes of a local clone, before anybody installs it.

A change is what a commit on the first-parent line of a branch brought: a merge's second parent against the merge-base,
or the commit itself where changes are squashed. The policy is that of each change's base, as in the service.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from integrations.analysis import Analyst, read_policy_file
from integrations.checkouts import Checkout
from integrations.errors import AnalysisError
from integrations.planning import ReviewedChange, Standing, make_plan
from integrations.policies import Policy, parse_policy
from integrations.reports import ReportedFinding
from reviewer.comparison import find_default_branch
from reviewer.repositories import Repository


@dataclass(frozen=True, slots=True)
class MergedChange:
    """One change of the past; `subject` is the first line of its commit."""

    commit: str
    base: str
    head: str
    subject: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the bot would have done; `error` is empty unless the review failed. Numbers of lines count added ones."""

    change: MergedChange
    findings: tuple[ReportedFinding, ...] = ()
    num_threads: int = 0
    num_in_summary: int = 0
    num_files: int = 0
    num_lines: int = 0
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """All replayed changes in numbers."""

    num_changes: int
    num_failed: int
    num_silent: int
    num_comments: int
    num_lines: int
    median_seconds: float
    labels: tuple[tuple[str, int], ...] = field(default=())


def list_merged(repository: Repository, count: int, branch: str | None = None) -> list[MergedChange]:
    """The last changes that were merged, newest first. Raises RequestError when no branch can be told."""
    tip = branch if branch is not None else find_default_branch(repository)
    log = repository.run("log", "--first-parent", f"--max-count={count}", "--format=%H%x00%P%x00%s", tip, "--").decode(
        "utf-8", "replace"
    )
    changes = []
    for line in log.splitlines():
        commit, parents, subject = line.split("\0")
        first, *others = parents.split(" ") if parents else [""]
        if first:
            changes.append(MergedChange(commit, first, others[0] if others else commit, subject))
    return changes


def replay(repository: Repository, changes: Sequence[MergedChange], analyst: Analyst) -> Iterator[Replayed]:
    """Reviews changes one after another; a failure is an outcome, not an end."""
    for change in changes:
        started = time.monotonic()
        try:
            yield _replay_one(repository, change, analyst, started)
        except AnalysisError as error:
            yield Replayed(change, seconds=time.monotonic() - started, error=str(error))


def _replay_one(repository: Repository, change: MergedChange, analyst: Analyst, started: float) -> Replayed:
    merge_base = repository.run("merge-base", change.base, change.head).decode().strip()
    checkout = Checkout(repository, change.base, merge_base, change.head)
    policy_file = read_policy_file(checkout)
    report = analyst.review(checkout, policy_file, ())
    seconds = time.monotonic() - started
    files = checkout.list_changes()
    policy = parse_policy(policy_file.content, policy_file.name) or Policy()
    plan = make_plan(ReviewedChange(report, files, {}, change.commit), Standing(), policy)
    num_lines = sum(len(hunk.new) for file in files for hunk in file.hunks)
    num_in_summary = len(report.findings) - len(plan.post) + len(report.withheld_for("over_budget"))
    return Replayed(change, report.findings, len(plan.post), num_in_summary, len(files), num_lines, seconds)


def summarise(replayed: Sequence[Replayed]) -> ReplaySummary:
    """The numbers over all changes."""
    done = [one for one in replayed if not one.error]
    seconds = sorted(one.seconds for one in done)
    labels = Counter(finding.label for one in done for finding in one.findings)
    return ReplaySummary(
        num_changes=len(replayed),
        num_failed=len(replayed) - len(done),
        num_silent=sum(not one.findings for one in done),
        num_comments=sum(one.num_threads for one in done),
        num_lines=sum(one.num_lines for one in done),
        median_seconds=seconds[len(seconds) // 2] if seconds else 0.0,
        labels=tuple(labels.most_common()),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """What two models say differently on one change."""

    change: MergedChange
    only_first: tuple[ReportedFinding, ...]
    only_second: tuple[ReportedFinding, ...]


def compare_replays(first: Sequence[Replayed], second: Sequence[Replayed]) -> list[Difference]:
    """The changes on which two replays of the same changes differ."""
    differences = []
    for one, other in zip(first, second, strict=True):
        known = {finding.fingerprint for finding in one.findings}
        new = {finding.fingerprint for finding in other.findings}
        only_first = tuple(finding for finding in one.findings if finding.fingerprint not in new)
        only_second = tuple(finding for finding in other.findings if finding.fingerprint not in known)
        if only_first or only_second:
            differences.append(Difference(one.change, only_first, only_second))
    return differences
