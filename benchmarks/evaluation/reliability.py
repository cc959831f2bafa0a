"""Whether chances are what they say: over all candidates that were read, and over those alone that a review shows.

What is shown is what people meet, and a bundle that is right on average can be wrong there. Few rows have a gap even
when every chance holds; how much is told beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.figures import (
    Cell,
    Figure,
    Floats,
    Measure,
    brier_skill,
    calibration_gap,
    make_cell,
    measure,
)
from benchmarks.evaluation.parts import Table
from benchmarks.evaluation.rows import Triaged
from benchmarks.evaluation.scorers import Scores

PROBABILITY: Mapping[str, Measure] = {"ECE": calibration_gap, "Brier skill": brier_skill}
SHOWN_CELL = "shown by default"
LUCK = "ECE if chances held"
_NUM_DRAWS = 200


def _mean_chance(probabilities: Floats, targets: Floats, weights: Floats) -> float:
    del targets
    return float(np.average(probabilities, weights=weights))


_MEASURES: Mapping[str, Measure] = {"mean chance": _mean_chance, **PROBABILITY}


def gap_by_luck(cell: Cell, chances: Floats, seed: int) -> Figure:
    """The gap of chances float64 [all rows] when each row is harmful with its own: mean and middle 95 % of draws."""
    own, rng = chances[cell.rows], np.random.default_rng(seed)
    drawn = [
        calibration_gap(own, (rng.random(len(own)) < own).astype(np.float64), cell.weights) for _ in range(_NUM_DRAWS)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Figure(float(np.mean(drawn)), float(low), float(high))


@dataclass(frozen=True, slots=True)
class Reliability:
    """The figures of every scorer that gives chances, on one cell."""

    cell: Cell
    rows: tuple[tuple[str, Mapping[str, Figure]], ...]

    def to_table(self) -> Table:
        """For people."""
        cell = self.cell
        title = (
            f"Reliability, {cell.name}: n {len(cell.rows)}, harmful {int(cell.targets.sum())}, "
            f"repositories {cell.num_groups}, share of harmful {cell.prevalence:.3f}"
        )
        names = (*_MEASURES, LUCK)
        rows = tuple((scorer, *(str(figures[name]) for name in names)) for scorer, figures in self.rows)
        return Table(title, ("scorer", *names), rows)

    def to_json(self) -> dict[str, object]:
        """For machines."""
        scorers = [
            {"name": name, **{key: one.to_json() for key, one in figures.items()}} for name, figures in self.rows
        ]
        return {
            "name": self.cell.name,
            "rows": len(self.cell.rows),
            "harmful": int(self.cell.targets.sum()),
            "repositories": self.cell.num_groups,
            "share": round(self.cell.prevalence, 4),
            "scorers": scorers,
        }


def judge_reliability(
    triaged: Triaged,
    cells: Sequence[Cell],
    flagged: NDArray[np.bool_],
    scorers: Sequence[Scores],
    bootstrap: tuple[int, int],
) -> list[Reliability]:
    """Every scorer that gives chances on the cells given, then on the rows that are shown by default, if any.

    The shown ones are judged at their natural share and each once; `flagged` bool [C] says which they are.
    """
    rows = np.flatnonzero(flagged)
    weights = {SHOWN_CELL: triaged.weights, f"{SHOWN_CELL}, each row once": np.ones(len(triaged.rows))}
    shown = [
        make_cell(name, rows, triaged.targets, one, triaged.groups, bootstrap)
        for name, one in weights.items()
        if len(rows)
    ]
    chances = [one for one in scorers if one.is_probability]
    return [
        Reliability(cell, tuple((one.name, _judge(cell, one, bootstrap[1])) for one in chances))
        for cell in (*cells, *shown)
    ]


def _judge(cell: Cell, scores: Scores, seed: int) -> dict[str, Figure]:
    figures = {name: measure(cell, scores.columns, one) for name, one in _MEASURES.items()}
    return figures | {LUCK: gap_by_luck(cell, scores.columns[0], seed)}
