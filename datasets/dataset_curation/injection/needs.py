"""What a training set lacks, as injection is told of it before it begins: much is made where much is missing. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from dataset_curation.gaps import LANGUAGE, Cell
from graph_model.languages import Family

FULL, UNKNOWN, EMPTY = 0, 2, 4  # quarters of what is wanted that are missing; as if half were where nobody counted


@dataclass(frozen=True, slots=True)
class Need:
    """How many quarters of the wanted candidates of a label in a family of languages are missing, by target."""

    label: str
    family: str
    harmful: int
    harmless: int


@dataclass(frozen=True)
class Needs:
    """The needs of every cell. Quarters, so that one more verdict does not make all repositories stale."""

    cells: tuple[Need, ...] = ()

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> "Needs":
        """What is missing of whole cells; libraries are filled by chance, as the code at hand uses them."""
        return cls(
            tuple(
                Need(one.label, one.family, _quarters(one.missing_harmful, one), _quarters(one.missing_harmless, one))
                for one in cells
                if one.library == LANGUAGE
            )
        )

    @cached_property
    def by_cell(self) -> dict[tuple[str, str], Need]:
        """The needs by label and family."""
        return {(one.label, one.family): one for one in self.cells}

    @cached_property
    def identity(self) -> str:
        """What tells needs apart in the header of a records file."""
        return hashlib.sha256(repr(self.cells).encode()).hexdigest()[:16] if self.cells else ""

    def harmful(self, labels: Iterable[str], family: Family) -> int:
        """Quarters missing of harmful candidates: of the emptiest of some labels."""
        found = (self.by_cell.get((label, family.value)) for label in labels)
        return max((UNKNOWN if one is None else one.harmful for one in found), default=UNKNOWN)

    def harmless(self, label: str, family: Family) -> int:
        """Quarters missing of harmless candidates of a label."""
        one = self.by_cell.get((label, family.value))
        return UNKNOWN if one is None else one.harmless


def _quarters(missing: int, cell: Cell) -> int:
    return -(-EMPTY * missing // cell.wanted) if cell.wanted else FULL
