"""Balance: caps on what one label, language, project or size may take of the examples that we make ourselves. Pure.

Harvested functions keep their natural ratio, and what people read, fixes and fixtures are too rare to cut.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dataset_curation.records import FunctionRecord
from dataset_curation.sampling import rank
from dataset_curation.selection import Tally
from graph_model.languages import BY_NAME

PER_CELL = 400
PER_PROJECT = 60


@dataclass(frozen=True, slots=True)
class Caps:
    """At most so many records of a label in a family of languages, and in one project; at most so many statements."""

    per_cell: int = PER_CELL
    per_project: int = PER_PROJECT
    max_statements: int = 600


def balance(records: Iterable[FunctionRecord], caps: Caps, tally: Tally) -> Iterator[FunctionRecord]:
    """The records that caps leave, in their order; which ones is a hash of their place. A record counts by its rarest
    label, so that no rare label is lost to a common one beside it."""
    found = list(records)
    numbers = Counter(label for record in found for label in _judged(record))
    cells: Counter[tuple[str, str]] = Counter()
    projects: Counter[tuple[str, str]] = Counter()
    kept: set[int] = set()
    for idx in sorted(range(len(found)), key=lambda one: rank(_place(found[one]))):
        record = found[idx]
        label = min(_judged(record), key=lambda one: (numbers[one], one), default="")
        cell = (label, BY_NAME[record.language].family.value)
        project = (label, record.group)
        if len(record.graph.spans) > caps.max_statements:
            tally.drop("balance", "too-large")
        elif cells[cell] >= caps.per_cell:
            tally.drop("balance", "over-the-cell")
        elif projects[project] >= caps.per_project:
            tally.drop("balance", "over-the-project")
        else:
            cells[cell] += 1
            projects[project] += 1
            kept.add(idx)
    yield from (record for idx, record in enumerate(found) if idx in kept)


def _judged(record: FunctionRecord) -> list[str]:
    pairs = zip(record.candidates, record.judgements, strict=True)
    return [candidate.label for candidate, judgement in pairs if judgement.target >= 0]


def _place(record: FunctionRecord) -> str:
    return " ".join((record.origin, record.twin, *record.keys(), record.signature.digest.hex()))
