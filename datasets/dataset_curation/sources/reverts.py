"""Changes that were taken back: what a revert makes vanish was brought in by a change that somebody regretted.

Weaker than a fix, since most reverts are for other reasons: only what the revert's own words speak of, or, where they
speak of nothing, any label of security and performance at a quarter of a fix's weight. The revert of a fix is none.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from dataset_curation.clones import Clone, Commit
from dataset_curation.manifests import Entry
from dataset_curation.records import FunctionRecord, Judgement
from dataset_curation.selection import Tally
from dataset_curation.sources.fixes import FixCommit, make_fix_records, qualify
from dataset_curation.sources.topics import FixKind, Topic, classify_message

PATTERN = "^Revert |This reverts commit"
_SUBJECT = re.compile(r'\A\s*Revert "(?P<subject>.*)"', re.I)
_NAMED_WEIGHT, _BARE_WEIGHT = 0.5, 0.25


def find_reverts(clone: Clone, head: str, tally: Tally) -> Iterator[tuple[FixCommit, float]]:
    """Reverts of a history with what their word weighs, newest first."""
    for commit in clone.list_commits(head, PATTERN):
        match = _SUBJECT.match(commit.message)
        if match is not None and classify_message(match["subject"]) is not None:
            tally.drop("reverts", "reverts-a-fix")
            continue
        for topic, weight in _topics(commit):
            yield from ((fix, weight) for fix in qualify(clone, commit, topic, tally))


def _topics(commit: Commit) -> list[tuple[Topic, float]]:
    why = commit.message.partition("\n")[2]
    topic = classify_message(why)
    if topic is not None:
        return [(topic, _NAMED_WEIGHT)]
    return [(Topic(kind, frozenset(), is_named=False), _BARE_WEIGHT) for kind in FixKind]


def make_revert_records(clone: Clone, entry: Entry, max_commits: int, tally: Tally) -> Iterator[FunctionRecord]:
    """Records of what at most so many reverts made vanish."""
    for number, (fix, weight) in enumerate(find_reverts(clone, entry.commit, tally)):
        if number >= max_commits:
            tally.drop("reverts", "over-the-limit")
            return
        for record in make_fix_records(clone, fix, entry, tally):
            weighed = [_weigh(one, weight) for one in record.judgements]
            yield record.judged(weighed)


def _weigh(judgement: Judgement, weight: float) -> Judgement:
    return replace(judgement, weight=judgement.weight * weight) if judgement.target >= 0 else judgement
