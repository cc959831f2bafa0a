"""Data cards: what a training set holds, in Markdown, from counts alone."""

from collections import Counter
from collections.abc import Iterable, Sequence

from dataset_curation.assembly import CardCounts
from dataset_curation.filters.reasons import concern_of
from dataset_curation.manifests import Entry, Role
from dataset_curation.selection import Tally
from graph_model.languages import BY_NAME, Family

_FAMILIES = tuple(family.value for family in Family)
_SOURCES = ("harvest", "fixture", "fix", "injected", "triage")


def render_card(entries: Sequence[Entry], counts: CardCounts, shards: Sequence[tuple[str, str]], manifest: str) -> str:
    """The card of one training set."""
    parts = [
        "# Data card\n",
        "Made by `reviewer curate assemble`. Counts only: the data are rebuilt from the manifests and clones.\n",
        f"{len(shards)} shards, {sum(counts.functions.values())} functions, training-set hash `{manifest}`.\n",
        table("## Repositories by role", ("role", *_FAMILIES), _repository_rows(entries)),
        table("## Functions and groups", ("source", "functions", "groups"), _function_rows(counts)),
        table(
            "## Candidates by source and target", ("source", "harmful", "harmless", "nobody said"), _target_rows(counts)
        ),
        table("## Labelled candidates: harmful/harmless", ("label", *_FAMILIES), _label_rows(counts)),
        table("## Harvested candidates", ("label", *_FAMILIES), _harvest_rows(counts)),
        table("## What was kept and dropped", ("step", "concern", "reason", "count"), drop_rows(counts.tally)),
    ]
    return "\n".join(parts)


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A heading and a table below it."""
    lines = [title, "", f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    lines.extend(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)
    return "\n".join(lines) + "\n"


def _repository_rows(entries: Sequence[Entry]) -> list[list[str]]:
    rows = []
    for role in Role:
        chosen = [entry for entry in entries if entry.role is role]
        cells = []
        for family in _FAMILIES:
            own = [entry for entry in chosen if entry.family == family]
            cells.append(f"{len(own)} ({sum(sum(one.lines.values()) for one in own) // 1000}k lines)" if own else "")
        if any(cells):
            rows.append([role.value, *cells])
    return rows


def _function_rows(counts: CardCounts) -> list[list[object]]:
    return [[source, number, len(counts.groups[source])] for source, number in sorted(counts.functions.items())]


def _target_rows(counts: CardCounts) -> list[list[object]]:
    by_source: Counter[tuple[str, int]] = Counter()
    for (source, _, _, target), number in counts.candidates.items():
        by_source[(source, target)] += number
    return [[source, *(by_source[(source, target)] for target in (1, 0, -1))] for source in _SOURCES]


def _label_rows(counts: CardCounts) -> list[list[str]]:
    known: Counter[tuple[str, str, int]] = Counter()
    for (_, language, label, target), number in counts.candidates.items():
        if target >= 0:
            known[(label, BY_NAME[language].family.value, target)] += number
    labels = sorted({label for label, _, _ in known})
    return [[label, *(f"{known[(label, one, 1)]}/{known[(label, one, 0)]}" for one in _FAMILIES)] for label in labels]


def drop_rows(tally: Tally) -> list[list[object]]:
    """Every count with what the drop protects."""
    return [[step, concern_of(str(reason)).value, reason, count] for step, reason, count in tally.to_json()]


def _harvest_rows(counts: CardCounts) -> list[list[object]]:
    found: Counter[tuple[str, str]] = Counter()
    for (source, language, label, target), number in counts.candidates.items():
        if source == "harvest" and target < 0:
            found[(label, BY_NAME[language].family.value)] += number
    labels = sorted({label for label, _ in found})
    return [[label, *(found[(label, family)] for family in _FAMILIES)] for label in labels]
