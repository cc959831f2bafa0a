"""What is known of a fix pair beside its code, and the manifest of such facts: no line of code is in it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any  # values of files are what the file says until checked here

from dataset_curation.errors import ManifestError
from dataset_curation.filters.off_limits import check_repository, check_text
from dataset_curation.selection import Tally

FIX_PAIRS_NAME = "fix_pairs.jsonl"
RECENT = "2024"  # the first year of the later part of a split by time


@dataclass(frozen=True, slots=True)
class PairFact:
    """One function that a commit changed which an advisory names.

    `line_before` and `line_after` are where it begins, `date` is the commit's day, or its year where nothing more is
    known. `names` are the advisory's numbers, `sources` who says that the commit is its fix. `num_functions` the commit
    changed: the fewer, the surer that this one is part of the fix. `vanished` are the labels of candidates that the fix
    makes vanish. `change` is the same for the same edit elsewhere. `is_merge` says that the commit merges others, taken
    as one. `fixed_again` is a later commit that an advisory names and that changes the function once more, "" when
    there is none.
    """

    repository: str
    group: str
    commit: str
    path: str
    function: str
    num_params: int
    language: str
    family: str
    line_before: int
    line_after: int
    date: str
    names: tuple[str, ...]
    sources: tuple[str, ...]
    cwes: tuple[str, ...]
    num_functions: int
    licence: str
    is_trainable: bool
    vanished: tuple[str, ...]
    change: str
    is_merge: bool = False
    fixed_again: str = ""

    @property
    def is_recent(self) -> bool:
        """Whether the fix is of 2024 or later."""
        return self.date >= RECENT

    @property
    def place(self) -> tuple[str, str, str, int]:
        """The function that it is about."""
        return (self.repository.lower(), self.path, self.function, self.num_params)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "PairFact":
        """What `to_json` gave. Raises ManifestError."""
        lists = {name: tuple(values.get(name, ())) for name in ("names", "sources", "cwes", "vanished")}
        try:
            return cls(**{**values, **lists})
        except TypeError as error:
            raise ManifestError(f"{FIX_PAIRS_NAME}: expected the facts of a pair, found {error}") from error


def read_facts(path: Path) -> tuple[PairFact, ...]:
    """The facts of a manifest. Raises ManifestError, and OffLimitsError for the outside exam."""
    try:
        facts = tuple(PairFact.from_json(json.loads(line)) for line in path.read_text("utf-8").splitlines())
    except OSError as error:
        raise ManifestError(f"{path.name}: expected the facts of fix pairs, found {error.strerror}") from error
    except ValueError as error:
        raise ManifestError(f"{path.name}: expected the facts of a pair, found {error}") from error
    for fact in facts:
        check_repository(fact.repository)
        check_text(" ".join(fact.names))
    return facts


def write_facts(path: Path, facts: Iterable[PairFact]) -> None:
    """Writes facts sorted by repository, day, commit and place."""
    ordered = sorted(facts, key=lambda one: (one.repository.lower(), one.date, one.commit, one.path, one.line_before))
    rows = (json.dumps(one.to_json(), sort_keys=True, ensure_ascii=False) for one in ordered)
    path.write_text("".join(f"{row}\n" for row in rows), "utf-8")


def drop_repeats(facts: Iterable[PairFact], tally: Tally) -> Iterator[PairFact]:
    """One pair of every edit: the same edit on another branch, in a fork or a copy is left out and counted.

    Whole dates come before years, and earlier ones first.
    """
    kept: dict[str, PairFact] = {}
    for fact in sorted(facts, key=lambda one: (len(one.date) < 10, one.date, one.repository.lower(), one.commit)):
        if fact.change in kept:
            same = kept[fact.change].group == fact.group
            tally.drop("pairs", "repeated" if same else "repeated-elsewhere")
        else:
            tally.keep("pairs")
            kept[fact.change] = fact
    yield from kept.values()


def mark_fixed_again(facts: Iterable[PairFact]) -> Iterator[PairFact]:
    """The same facts, those told of it whose function a later advisory's commit changes again."""
    by_place: dict[tuple[str, str, str, int], list[PairFact]] = {}
    for fact in facts:
        by_place.setdefault(fact.place, []).append(fact)
    for same in by_place.values():
        ordered = sorted(same, key=lambda one: (one.date, one.commit))
        for idx, fact in enumerate(ordered):
            later = (one for one in ordered[idx + 1 :] if not set(one.names) & set(fact.names))
            again = next(later, None)
            yield replace(fact, fixed_again=again.commit if again is not None else "")
