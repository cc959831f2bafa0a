"""Tables of scorers by measures on a cell, for people and for machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.evaluation.figures import Cell, Figure, Floats, Ints, Measure, make_cell, measure
from benchmarks.evaluation.parts import Bars, Curve, Table
from benchmarks.evaluation.scorers import Scores
from graph_model.training.metrics import roc_auc

Measured = tuple[str, Mapping[str, Figure]]


@dataclass(frozen=True, slots=True)
class Board:
    """Scorers by measures on one cell; a scorer lacks a measure that means nothing for it."""

    title: str
    cell: Cell
    rows: tuple[Measured, ...]

    def to_table(self) -> Table:
        """For people: every measure that any scorer has, in the order of the first that has it."""
        names = list(dict.fromkeys(name for _, figures in self.rows for name in figures))
        rows = tuple(
            (scorer, *(str(figures[name]) if name in figures else "" for name in names))
            for scorer, figures in self.rows
        )
        return Table(f"{self.title}: n {len(self.cell.rows)}, groups {self.cell.num_groups}", ("scorer", *names), rows)

    def to_bars(self, name: str) -> Bars:
        """One measure of every scorer that has it."""
        found = [(scorer, figures[name]) for scorer, figures in self.rows if name in figures]
        rows = tuple((scorer, one.value, one.low, one.high) for scorer, one in found)
        return Bars(f"{self.title}: n {len(self.cell.rows)}", name, rows)

    def to_json(self) -> dict[str, object]:
        """For machines."""
        scorers = [
            {"name": name, **{key: one.to_json() for key, one in figures.items()}} for name, figures in self.rows
        ]
        return {
            "title": self.title,
            "rows": len(self.cell.rows),
            "groups": self.cell.num_groups,
            "scorers": scorers,
        }


def make_curve(title: str, targets: Floats, scorers: Sequence[Scores], weights: Floats | None = None) -> Curve:
    """The curve of scorers over all rows, each counting once unless there are weights."""
    return Curve(
        title,
        targets,
        np.ones(len(targets)) if weights is None else weights,
        {one.name: one.columns for one in scorers},
        frozenset(one.name for one in scorers if one.is_probability),
    )


def number_groups(names: Sequence[str]) -> Ints:
    """The number of each row's group, by name."""
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def plain_cell(name: str, rows: Ints, targets: Floats, groups: Ints, bootstrap: tuple[int, int]) -> Cell:
    """A cell in which every row counts once."""
    return make_cell(name, rows, targets, np.ones(len(targets)), groups, bootstrap)


def judge_all(title: str, cell: Cell, scorers: Sequence[Scores], measures: Mapping[str, Measure]) -> Board:
    """Every scorer by every measure."""
    rows = [(one.name, {key: measure(cell, one.columns, each) for key, each in measures.items()}) for one in scorers]
    return Board(title, cell, tuple(rows))


def auc(scores: Floats, targets: Floats, weights: Floats) -> float:
    """Chance that a harmful row scores above another, ties one half."""
    del weights
    return roc_auc(scores, targets)


def mean(scores: Floats, targets: Floats, weights: Floats) -> float:
    """The mean of what is given as scores."""
    del targets, weights
    return float(scores.mean()) if len(scores) else float("nan")
