"""What a training set lacks: judged candidates by label, language and library, against how many are wanted.

A cell is a label in a family of languages that the catalogue has it for; below it stand the libraries whose packs give
an API that label. Injection and reading fill what is missing, the emptiest cells first.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache

from dataset_curation.records import FunctionRecord
from graph_model.catalogue import load_catalogue
from graph_model.languages import BY_NAME, Family
from graph_model.packs.loading import load_index, load_packs

LANGUAGE = ""  # the library of what needs none: constructs of the language, and APIs that no pack knows


@dataclass(frozen=True, slots=True)
class Cell:
    """How many judged candidates there are and are wanted; `library` is LANGUAGE for the whole of a family."""

    label: str
    family: str
    library: str
    harmful: int
    harmless: int
    wanted: int

    @property
    def missing_harmful(self) -> int:
        """Harmful ones to find or make."""
        return max(0, self.wanted - self.harmful)

    @property
    def missing_harmless(self) -> int:
        """Harmless ones to find or make."""
        return max(0, self.wanted - self.harmless)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many of each target a label should have in a family, and with one library."""

    per_cell: int = 50
    per_library: int = 5


Judged = Counter[tuple[str, str, str, int]]
"""Judged candidates by label, family, library and target; those of a library count for LANGUAGE too."""


def count_judged(record: FunctionRecord, counts: Judged) -> None:
    """Adds what one record says."""
    family = BY_NAME[record.language].family
    for candidate, judgement in zip(record.candidates, record.judgements, strict=True):
        if judgement.target >= 0:
            counts[(candidate.label, family.value, LANGUAGE, judgement.target)] += 1
            library = find_library(family, candidate.label, candidate.api)
            if library != LANGUAGE:
                counts[(candidate.label, family.value, library, judgement.target)] += 1


def find_gaps(counts: Judged, wanted: Wanted) -> list[Cell]:
    """Every cell, by label, family and library."""
    return [
        Cell(label, family, library, counts[(label, family, library, 1)], counts[(label, family, library, 0)], number)
        for label, family, library, number in _places(counts, wanted)
    ]


def _places(counts: Mapping[tuple[str, str, str, int], int], wanted: Wanted) -> Iterator[tuple[str, str, str, int]]:
    found = {(label, family, library) for label, family, library, _ in counts}
    for label in load_catalogue():
        for family in Family:
            if label.languages and family.value not in label.languages:
                continue
            yield label.id, family.value, LANGUAGE, wanted.per_cell
            known = load_libraries(family).get(label.id, frozenset())
            seen = {library for name, one, library in found if (name, one) == (label.id, family.value) and library}
            for library in sorted(known | seen):
                yield label.id, family.value, library, wanted.per_library


@cache
def load_libraries(family: Family) -> Mapping[str, frozenset[str]]:
    """The libraries whose packs give an API a label, by label."""
    found: dict[str, set[str]] = {}
    for pack in load_packs(family.value):
        for role in pack.apis:
            if role.label:
                found.setdefault(role.label, set()).add(pack.library or pack.id)
    return {label: frozenset(libraries) for label, libraries in found.items()}


@cache
def find_library(family: Family, label: str, api: str) -> str:
    """The library that an API with a label belongs to, as its pack names it; LANGUAGE when no pack knows it."""
    roles = load_index(family.value).find_roles(api) if api else ()
    own = [role for role in roles if role.label == label] or list(roles)
    return _name_libraries(family).get(own[0].pack, LANGUAGE) if own else LANGUAGE


@cache
def _name_libraries(family: Family) -> Mapping[str, str]:
    """The library of each pack by its id; reading the packs takes a quarter of a second."""
    return {pack.id: pack.library or pack.id for pack in load_packs(family.value)}


def to_json(cells: Iterable[Cell]) -> str:
    """One JSON object a cell, with what is missing."""
    rows = (
        {**asdict(one), "missing_harmful": one.missing_harmful, "missing_harmless": one.missing_harmless}
        for one in cells
    )
    return "".join(f"{json.dumps(row, sort_keys=True, ensure_ascii=False)}\n" for row in rows)


def to_markdown(cells: Iterable[Cell]) -> str:
    """Two tables: labels by family, and the libraries of which something is missing."""
    listed = list(cells)
    whole = {(one.label, one.family): one for one in listed if one.library == LANGUAGE}
    families = [family.value for family in Family]
    lines = [
        "# Gaps\n",
        "Judged candidates, harmful/harmless; in brackets what is missing of either. A dash: the label is not of it.\n",
        f"| label | {' | '.join(families)} |",
        f"| {' | '.join('---' for _ in range(len(families) + 1))} |",
    ]
    lines += [
        f"| {label} | {' | '.join(_show(whole.get((label, family))) for family in families)} |"
        for label in dict.fromkeys(one.label for one in listed)
    ]
    lacking = [one for one in listed if one.library != LANGUAGE and one.missing_harmful + one.missing_harmless]
    lines += [
        "\n## Libraries\n",
        "| label | language | library | harmful | harmless | missing |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.label} | {one.family} | {one.library} | {one.harmful} | {one.harmless} "
        f"| {one.missing_harmful}/{one.missing_harmless} |"
        for one in lacking
    ]
    return "\n".join(lines) + "\n"


def _show(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    lack = f" ({cell.missing_harmful}/{cell.missing_harmless})" if cell.missing_harmful + cell.missing_harmless else ""
    return f"{cell.harmful}/{cell.harmless}{lack}"
