"""Comments on replayed changes, and figures of who made how many and how many stand on lines that a fix changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.evaluation.figures import Figure, Floats, make_cell, measure
from benchmarks.evaluation.parts import Context, Table
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING

SHOWN = "shown by default"
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of the bot or of another scorer: where it stands at the head, and the fix that changed its line.

    `label` is a rule's name where a tool speaks, `probability` 0 where nobody gives one.
    """

    label: str
    path: str
    line: int
    probability: float = 0.0
    fix: str = ""

    @property
    def place(self) -> Place:
        """The line that it stands on."""
        return self.path, self.line


@dataclass(frozen=True, slots=True)
class Told:
    """One replayed change. `num_drawn` of its added lines were looked at, `num_fixed` of them were changed by a fix.

    `comments` are the bot's, wherever they stand; `on_added` are those of every scorer that reads the language, the bot
    among them, on the added lines.
    """

    repository: str
    family: str
    commit: str
    num_files: int
    num_lines: int
    comments: tuple[Comment, ...]
    num_drawn: int
    num_fixed: int
    seconds: float
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
            "drawn": self.num_drawn,
            "fixed": self.num_fixed,
            "error": self.error,
        }


def _comment_json(one: Comment) -> dict[str, object]:
    return {"place": f"{one.path}:{one.line}", "label": one.label, "probability": one.probability, "fix": one.fix}


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
    drawn = np.array([one.num_drawn for one in told], dtype=np.float64)
    mended = np.array([one.num_fixed for one in told], dtype=np.float64)
    counted = _count([one.comments for one in told], told, context)
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


def describe_scorers(told: Sequence[Told], context: Context) -> list[dict[str, object]]:
    """Every scorer by language, where it reads all languages of the changes: comments on added lines."""
    return [
        {"language": family, "changes": len(chosen), "scorers": list(_describe_scorers(chosen, context))}
        for family, chosen in _by_family(told)
    ]


def _describe_scorers(told: Sequence[Told], context: Context) -> Iterator[dict[str, object]]:
    names = dict.fromkeys(name for one in told for name in one.on_added)
    for name in names:
        if all(name in one.on_added for one in told):
            yield {"scorer": name, **_count([one.on_added[name] for one in told], told, context)}
    numbers = np.array([one.num_lines for one in told], dtype=np.float64)
    drawn, mended = (
        np.array([getattr(one, name) for one in told], dtype=np.float64) for name in ("num_drawn", "num_fixed")
    )
    yield {
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


def _count(found: Sequence[Sequence[Comment]], told: Sequence[Told], context: Context) -> dict[str, object]:
    """How many comments, per 100 changes, changes without one, and on lines that a fix changed."""
    numbers = np.array([len(one) for one in found], dtype=np.float64)
    fixed = np.array([sum(bool(one.fix) for one in comments) for comments in found], dtype=np.float64)
    return {
        "comments": int(numbers.sum()),
        "per_100_changes": _ratio(told, 100 * numbers, np.ones(len(told)), context).to_json(),
        "silent": int((numbers == 0).sum()),
        "fixed_later": int(fixed.sum()),
        "fixed_share": _ratio(told, fixed, numbers, context).to_json(),
    }


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
