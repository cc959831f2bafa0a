"""What the fix pairs are, in tables for people: by language, source, confidence and time, and what was dropped."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dataset_curation.pairs.facts import RECENT, PairFact
from dataset_curation.records import read_header
from dataset_curation.selection import Tally

_SECURITY = "security/"


@dataclass(frozen=True, slots=True)
class _Split:
    """A way to put pairs into rows; a pair may be in several."""

    title: str
    rows_of: Callable[[PairFact], Sequence[str]]


def _confidence(fact: PairFact) -> Sequence[str]:
    number = fact.num_functions
    return ("1 function" if number == 1 else "2" if number == 2 else "3-4" if number <= 4 else "5-8",)


_SPLITS = (
    _Split("language", lambda fact: (fact.language,)),
    _Split("family", lambda fact: (fact.family,)),
    _Split("named by", lambda fact: fact.sources),
    _Split("functions a commit", _confidence),
    _Split("time", lambda fact: (f"{RECENT} and later" if fact.is_recent else f"before {RECENT}",)),
    _Split("family and time", lambda fact: (f"{fact.family}, {RECENT} and later" if fact.is_recent else "",)),
    _Split("licence", lambda fact: ("may be trained on" if fact.is_trainable else f"evaluation only: {fact.licence}",)),
    _Split("commit", lambda fact: ("a merge, as a whole" if fact.is_merge else "no merge",)),
    _Split("fixed again", lambda fact: ("by a later advisory" if fact.fixed_again else "",)),
)


def tally_files(folder: Path) -> Tally:
    """The drop reasons of all record files of a folder together."""
    tally = Tally()
    for path in sorted(folder.glob("*.records")):
        tally.merge(Tally.from_json(read_header(path)["tally"]))
    return tally


def render_pairs(facts: Sequence[PairFact], tally: Tally) -> str:
    """All tables as Markdown."""
    repositories = len({one.repository.lower() for one in facts})
    commits = len({(one.repository.lower(), one.commit) for one in facts})
    lines = [f"{len(facts)} pairs of {commits} commits in {repositories} repositories", ""]
    for split in _SPLITS:
        lines += _render_split(split, facts)
    lines += ["| step | what became of it | number |", "|---|---|---|"]
    lines += [f"| {step} | {reason} | {number} |" for (step, reason), number in sorted(tally.counts.items())]
    return "\n".join(lines)


def _render_split(split: _Split, facts: Sequence[PairFact]) -> list[str]:
    rows: dict[str, list[PairFact]] = {}
    for fact in facts:
        for row in split.rows_of(fact):
            rows.setdefault(row, []).append(fact)
    rows.pop("", None)
    head = [f"| {split.title} | pairs | commits | one function | a security candidate vanishes | any vanishes |"]
    body = [_render_row(name, found) for name, found in sorted(rows.items(), key=lambda one: -len(one[1]))]
    return [*head, "|---|---|---|---|---|---|", *body, ""]


def _render_row(name: str, facts: Sequence[PairFact]) -> str:
    cells = (
        len(facts),
        len({(one.repository.lower(), one.commit) for one in facts}),
        sum(one.num_functions == 1 for one in facts),
        sum(any(label.startswith(_SECURITY) for label in one.vanished) for one in facts),
        sum(bool(one.vanished) for one in facts),
    )
    return f"| {name} | {' | '.join(map(str, cells))} |"


def count_labels(facts: Iterable[PairFact]) -> Counter[str]:
    """How many pairs have a vanishing candidate of each label."""
    return Counter(label for fact in facts for label in fact.vanished)
