"""Comments on replayed changes, and figures of who made how many and how many stand on lines that a fix changed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.evaluation.figures import Figure, Floats, make_cell, measure
from benchmarks.evaluation.parts import Context, Table
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING

SHOWN = "shown by default"
EVERY = "every candidate"
EVERY_SELECTED = "every candidate of security and performance"
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of the bot or of another scorer: where it stands at the head, and the fix that changed its line.

    `label` is a rule's name where a tool speaks, `probability` 0 where nobody gives one; `ratings` are the rungs' own.
    """

    label: str
    path: str
    line: int
    probability: float = 0.0
    fix: str = ""
    ratings: Mapping[str, float] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """The line that it stands on."""
        return self.path, self.line


@dataclass(frozen=True, slots=True)
class Line:
    """An added line that was drawn: the function around it, its own lines where it is in none, and a fix of it."""

    path: str
    line: int
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One replayed change. `drawn` are added lines that stand for all of them.

    `comments` are the bot's, wherever they stand; `on_added` are those of every scorer that reads the language, the bot
    among them, on the added lines.
    """

    repository: str
    family: str
    commit: str
    num_files: int
    num_lines: int
    comments: tuple[Comment, ...]
    drawn: tuple[Line, ...]
    error: str = ""
    on_added: Mapping[str, tuple[Comment, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """For machines."""
        return {
            "repository": self.repository,
            "commit": self.commit,
            "files": self.num_files,
            "added_lines": self.num_lines,
            "comments": [_comment_json(one) for one in self.comments],
            "on_added": {name: [_comment_json(one) for one in found] for name, found in self.on_added.items()},
            "drawn": len(self.drawn),
            "fixed": sum(bool(one.fix) for one in self.drawn),
            "error": self.error,
        }


def _comment_json(one: Comment) -> dict[str, object]:
    place = f"{one.path}:{one.line}"
    return {"place": place, "label": one.label, "probability": one.probability, "fix": one.fix, **one.ratings}


# The bot --------------------------------------------------------------------------------------------------------------

_COLUMNS = (
    "language",
    "repositories",
    "changes",
    "added lines",
    "comments",
    "per 100 changes",
    "changes without one",
    "on lines that a fix changed",
    "their share",
    "share of drawn lines",
)


def describe_bot(told: Sequence[Told], context: Context) -> list[dict[str, object]]:
    """The bot's comments by language."""
    return [_describe(name, chosen, context) for name, chosen in _by_family(told)]


def _describe(name: str, told: Sequence[Told], context: Context) -> dict[str, object]:
    drawn, mended = count_drawn(told)
    counted = _describe_count(count_comments("", [one.comments for one in told]), told, context)
    return {
        "language": name,
        "repositories": len({one.repository for one in told}),
        "changes": len(told),
        "added_lines": sum(one.num_lines for one in told),
        **counted,
        "drawn_share": _ratio(told, mended, drawn, context).to_json(),
    }


def bot_table(rows: Sequence[Mapping[str, object]]) -> Table:
    """For people."""
    return Table("Replayed merged changes, default policy", _COLUMNS, tuple(_text(row) for row in rows))


# Everybody on the same lines ------------------------------------------------------------------------------------------

_SCORER_COLUMNS = ("scorer", *_COLUMNS[4:9])


@dataclass(frozen=True, slots=True)
class Count:
    """How many comments a scorer makes on each change, and on lines that a fix changed: float64 [changes].

    NaN where it does not read the language. Shares of comments come from scores that are equal at the border.
    """

    name: str
    numbers: Floats
    fixed: Floats


def count_comments(name: str, found: Sequence[Sequence[Comment] | None]) -> Count:
    """The count of comments that were made; None stands for a change that the scorer does not read."""
    numbers = [math.nan if one is None else float(len(one)) for one in found]
    fixed = [math.nan if one is None else float(sum(bool(each.fix) for each in one)) for one in found]
    return Count(name, np.array(numbers), np.array(fixed))


def count_drawn(told: Sequence[Told]) -> tuple[Floats, Floats]:
    """How many lines were drawn of each change, and how many of these a fix changed: float64 [changes]."""
    drawn = np.array([len(one.drawn) for one in told], dtype=np.float64)
    return drawn, np.array([sum(bool(each.fix) for each in one.drawn) for one in told], dtype=np.float64)


def list_counts(told: Sequence[Told]) -> list[Count]:
    """The counts of every scorer whose comments are known one by one."""
    names = dict.fromkeys(name for one in told for name in one.on_added)
    return [count_comments(name, [one.on_added.get(name) for one in told]) for name in names]


def describe_scorers(told: Sequence[Told], counts: Sequence[Count], context: Context) -> list[dict[str, object]]:
    """Every scorer by language, where it reads all languages of the changes: comments on added lines."""
    families = np.array([one.family for one in told])
    described = []
    for family, chosen in _by_family(told):
        rows = np.flatnonzero((families == family) | (family == "all"))
        own = [Count(one.name, one.numbers[rows], one.fixed[rows]) for one in counts]
        able = [one for one in own if not np.isnan(one.numbers).any()]
        scorers = [{"scorer": one.name, **_describe_count(one, chosen, context)} for one in able]
        scorers.append(_describe_everything(chosen, context))
        described.append({"language": family, "changes": len(chosen), "scorers": scorers})
    return described


def _describe_everything(told: Sequence[Told], context: Context) -> dict[str, object]:
    numbers = np.array([one.num_lines for one in told], dtype=np.float64)
    drawn, mended = count_drawn(told)
    return {
        "scorer": DUMMY_EVERYTHING,
        "comments": int(numbers.sum()),
        "per_100_changes": _ratio(told, 100 * numbers, np.ones(len(told)), context).to_json(),
        "silent": int((numbers == 0).sum()),
        "fixed_later": None,  # of the drawn lines alone it is known
        "fixed_share": _ratio(told, mended, drawn, context).to_json(),
    }


def scorer_tables(languages: Sequence[Mapping[str, object]]) -> list[Table]:
    """For people: one table a language."""
    tables = []
    for one in languages:
        rows = one["scorers"]
        assert isinstance(rows, list)
        title = f"On added lines of product code, {one['language']}: {one['changes']} changes"
        tables.append(Table(title, _SCORER_COLUMNS, tuple(_text(row) for row in rows)))
    return tables


# Shared ---------------------------------------------------------------------------------------------------------------


def _by_family(told: Sequence[Told]) -> Iterator[tuple[str, list[Told]]]:
    for family in sorted({one.family for one in told}):
        yield family, [one for one in told if one.family == family]
    yield "all", list(told)


def _describe_count(count: Count, told: Sequence[Told], context: Context) -> dict[str, object]:
    """How many comments, per 100 changes, changes without one, and on lines that a fix changed."""
    return {
        "comments": _whole(count.numbers.sum()),
        "per_100_changes": _ratio(told, 100 * count.numbers, np.ones(len(told)), context).to_json(),
        "silent": int((count.numbers == 0).sum()),
        "fixed_later": _whole(count.fixed.sum()),
        "fixed_share": _ratio(told, count.fixed, count.numbers, context).to_json(),
    }


def _whole(number: float) -> int | float:
    """A number that is whole as such, a sum of shares with one digit."""
    return int(number) if float(number).is_integer() else round(float(number), 1)


def _ratio(told: Sequence[Told], above: Floats, below: Floats, context: Context) -> Figure:
    """The sum of one over the sum of the other; repositories are drawn."""
    names = sorted({one.repository for one in told})
    groups = np.array([names.index(one.repository) for one in told], dtype=np.int64)
    cell = make_cell("", np.arange(len(told)), above, below, groups, (context.num_samples, context.seed))

    def function(_: Floats, tops: Floats, bottoms: Floats) -> float:
        return float(tops.sum() / bottoms.sum()) if bottoms.sum() else float("nan")

    return measure(cell, above[None], function)


def _text(row: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(_say(value) for value in row.values())


def _say(value: object) -> str:
    if not isinstance(value, list):
        return "" if value is None else str(value)
    middle, low, high = value
    return "-" if middle is None else f"{middle:.2f} ({low:.2f}..{high:.2f})"
