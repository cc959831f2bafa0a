"""Labels that speak against each other: the same code judged both ways, and fixed code that is fixed again. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from dataset_curation.records import UNJUDGED, FunctionRecord
from dataset_curation.selection import Tally

Mark = tuple[bytes, str, int, int]
"""A candidate as any copy of its code has it: digest of the tokens, label, candidates of that label, which of them."""

READERS = frozenset({"triage", "read"})


def mark_candidates(digest: bytes, labels: Sequence[str]) -> list[Mark]:
    """The marks of a unit's candidates, in order."""
    totals = Counter(labels)
    seen: Counter[str] = Counter()
    marks = []
    for label in labels:
        seen[label] += 1
        marks.append((digest, label, totals[label], seen[label]))
    return marks


def marks_of(record: FunctionRecord) -> list[Mark]:
    """The marks of a record's candidates."""
    return mark_candidates(record.signature.digest, [one.label for one in record.candidates])


class Verdicts:
    """What all sources say of each mark."""

    def __init__(self) -> None:
        self._said: dict[Mark, set[int]] = {}

    def add(self, marks: Iterable[Mark], targets: Iterable[int]) -> None:
        """Hears one record; targets below 0 say nothing."""
        for mark, target in zip(marks, targets, strict=True):
            if target >= 0:
                self._said.setdefault(mark, set()).add(target)

    def contested(self) -> frozenset[Mark]:
        """The marks that were called harmful and harmless."""
        return frozenset(mark for mark, said in self._said.items() if len(said) > 1)


def drop_contested(record: FunctionRecord, contested: Collection[Mark], tally: Tally) -> FunctionRecord:
    """The record without judgements on contested marks, each counted; what a person read stays."""
    if not contested:
        return record
    judgements = list(record.judgements)
    for idx, mark in enumerate(marks_of(record)):
        if mark in contested and judgements[idx].target >= 0 and judgements[idx].source not in READERS:
            tally.drop("labels", "contradiction")
            judgements[idx] = UNJUDGED
    return record.judged(judgements)


def drop_fixed_again(batches: Sequence[tuple[int, Sequence[FunctionRecord]]], tally: Tally) -> Iterator[FunctionRecord]:
    """The records of dated fixes without code called harmless that a later fix of the same function and label mends."""
    mended: dict[tuple[str, str], int] = {}
    for when, records in batches:
        for record in records:
            for candidate, judgement in zip(record.candidates, record.judgements, strict=True):
                if judgement.target == 1:
                    key = (record.twin, candidate.label)
                    mended[key] = max(when, mended.get(key, when))
    for when, records in batches:
        for record in records:
            judgements = list(record.judgements)
            for idx, candidate in enumerate(record.candidates):
                if judgements[idx].target == 0 and mended.get((record.twin, candidate.label), when) > when:
                    tally.drop("labels", "fixed-again")
                    judgements[idx] = UNJUDGED
            if any(one.target >= 0 for one in judgements):
                yield record.judged(judgements)
