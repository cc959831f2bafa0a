"""Sources whose labels speak against what the other sources know. Pure.

Two questions, each with a bar that a decent source clears. On *copies*, the same code under the same label, a source
may differ from the others in a fifth of the cases. On *look-alikes*, candidates of one label with the same API and the
same facts, it must not agree less than chance would make it.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

from dataset_curation.filters.consistency import marks_of
from dataset_curation.records import FunctionRecord
from graph_model.languages import BY_NAME

MIN_COPIES = 5
MIN_LOOK_ALIKES = 20
MAX_DISAGREEMENT = 0.2
_MIN_DEVIATIONS = -4.0
_Z = 1.96  # of a two-sided interval at 95 %


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a source stands to all others: `number` compared, the share that agrees, and the share chance would give."""

    source: str
    kind: str
    number: int
    observed: float
    expected: float

    @property
    def is_mislabelled(self) -> bool:
        """Whether the source speaks against the others."""
        if self.kind == "copies":
            return self.number >= MIN_COPIES and lower_bound(1 - self.observed, self.number) > MAX_DISAGREEMENT
        if self.number < MIN_LOOK_ALIKES or self.expected <= 0:
            return False
        spread = sqrt(self.expected * (1 - self.expected) / self.number)
        return spread > 0 and (self.observed - self.expected) / spread < _MIN_DEVIATIONS


def lower_bound(share: float, number: int) -> float:
    """The lower end of Wilson's interval of a share (https://doi.org/10.1080/01621459.1927.10502953)."""
    centre = share + _Z**2 / (2 * number)
    spread = _Z * sqrt(share * (1 - share) / number + _Z**2 / (4 * number**2))
    return (centre - spread) / (1 + _Z**2 / number)


class Witnesses:
    """What each source says of what others speak about too."""

    def __init__(self) -> None:
        self._said: dict[str, dict[Hashable, dict[str, Counter[int]]]] = {
            "copies": defaultdict(lambda: defaultdict(Counter)),
            "look-alikes": defaultdict(lambda: defaultdict(Counter)),
        }

    def hear(self, source: str, record: FunctionRecord) -> None:
        """The judgements of one record, as said by a source."""
        family = BY_NAME[record.language].family.value
        rows = zip(marks_of(record), record.candidates, record.judgements, strict=True)
        for mark, candidate, judgement in (row for row in rows if row[-1].target >= 0):
            look = (candidate.label, family, candidate.api, candidate.facts, candidate.words)
            self._said["copies"][(candidate.label, mark)][source][judgement.target] += 1
            self._said["look-alikes"][(candidate.label, look)][source][judgement.target] += 1

    def compare(self) -> Iterator[Comparison]:
        """Every source against all others, by source; those without a common case are left out."""
        for kind, said in self._said.items():
            for source in sorted({name for by_source in said.values() for name in by_source}):
                compared = _compare(source, kind, said)
                if compared is not None:
                    yield compared


def _compare(source: str, kind: str, said: Mapping[Hashable, Mapping[str, Counter[int]]]) -> Comparison | None:
    pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)  # label: what the source says, what most others say
    for key, by_source in said.items():
        others = sum((counts for name, counts in by_source.items() if name != source), Counter[int]())
        if source in by_source and others[0] != others[1]:
            assert isinstance(key, tuple)
            majority = int(others[1] > others[0])
            pairs[str(key[0])].extend((target, majority) for target in by_source[source].elements())
    every = [pair for found in pairs.values() for pair in found]
    if not every:
        return None
    observed = sum(own == other for own, other in every) / len(every)
    expected = sum(len(found) * _chance(found) for found in pairs.values()) / len(every)
    return Comparison(source, kind, len(every), observed, expected)


def _chance(pairs: Iterable[tuple[int, int]]) -> float:
    """The agreement of two independent voices with these shares of harmful."""
    listed = list(pairs)
    own = sum(one for one, _ in listed) / len(listed)
    other = sum(one for _, one in listed) / len(listed)
    return own * other + (1 - own) * (1 - other)
