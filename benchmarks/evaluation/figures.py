"""Figures of one scorer on one cell of rows, with bootstrap intervals: repositories are drawn, not rows.

Letters: `C` rows. Scores, targets (0 or 1) and weights are float64 [C], groups int64 [C].
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph_model.training.metrics import (
    average_precision,
    brier_score,
    precision_at_recall,
    resample_groups,
)

RECALLS = (0.2, 0.5, 0.8)
_NUM_BINS = 15

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Measure = Callable[[Floats, Floats, Floats], float]
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and the middle 95 % of its bootstrap samples; NaN where there is none."""

    value: float
    low: float
    high: float

    def to_json(self) -> list[float | None]:
        """Value, low, high; None for NaN."""
        return [None if np.isnan(one) else round(one, 4) for one in (self.value, self.low, self.high)]

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "-"
        return f"{self.value:.2f}" if np.isnan(self.low) else f"{self.value:.2f} ({self.low:.2f}..{self.high:.2f})"


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows that are judged together. `samples` are the same index arrays for every scorer."""

    name: str
    rows: Ints
    targets: Floats
    weights: Floats
    num_groups: int
    samples: tuple[Ints, ...]

    @property
    def prevalence(self) -> float:
        """Weighted share of harmful rows."""
        return float(np.average(self.targets, weights=self.weights))


def make_cell(
    name: str, rows: Ints, targets: Floats, weights: Floats, groups: Ints, bootstrap: tuple[int, int]
) -> Cell:
    """The cell of some rows of all; `bootstrap` is the number of samples and the seed."""
    num_samples, seed = bootstrap
    rng = np.random.default_rng(seed)
    own = groups[rows]
    samples = tuple(resample_groups(own, rng) for _ in range(num_samples))
    return Cell(name, rows, targets[rows], weights[rows], len(np.unique(own)), samples)


def measure(cell: Cell, columns: Floats, function: Measure) -> Figure:
    """One measure of scores on a cell: float64 [K, all rows], the mean over K draws of a scorer (1 unless random)."""
    return _figure(*_apply(cell, columns, function))


def measure_gain(cell: Cell, columns: Floats, base: Floats, function: Measure) -> Figure:
    """How much more a measure is of scores than of others, in the same samples; both float64 [K, all rows]."""
    (own, own_drawn), (other, other_drawn) = (_apply(cell, one, function) for one in (columns, base))
    return _figure(own - other, own_drawn - other_drawn)


def _apply(cell: Cell, columns: Floats, function: Measure) -> tuple[float, Floats]:
    own = columns[:, cell.rows]

    def mean_of(rows: Ints | slice) -> float:
        targets, weights = cell.targets[rows], cell.weights[rows]
        return float(np.mean([function(scores[rows], targets, weights) for scores in own]))

    return mean_of(slice(None)), np.array([mean_of(one) for one in cell.samples])


def _figure(value: float, drawn: Floats) -> Figure:
    known = drawn[~np.isnan(drawn)]
    low, high = np.quantile(known, (0.025, 0.975)) if len(known) else (NAN, NAN)
    return Figure(value, float(low), float(high))


def pr_auc(scores: Floats, targets: Floats, weights: Floats) -> float:
    """Area under the precision-recall curve; NaN without a harmful row."""
    return average_precision(scores, targets, weights)


def precision_at(recall: float) -> Measure:
    """Precision at the highest threshold that reaches a recall."""

    def function(scores: Floats, targets: Floats, weights: Floats) -> float:
        return precision_at_recall(scores, targets, recall, weights)

    return function


def calibration_gap(probabilities: Floats, targets: Floats, weights: Floats) -> float:
    """Expected calibration error, weighted, over bins of about equally many rows; equal probabilities share a bin."""
    num_rows = len(probabilities)
    ranks = np.searchsorted(np.sort(probabilities), probabilities)
    bins = ranks * min(_NUM_BINS, num_rows) // num_rows
    gaps = np.bincount(bins, weights * (probabilities - targets))
    return float(np.abs(gaps).sum() / weights.sum())


def brier_skill(probabilities: Floats, targets: Floats, weights: Floats) -> float:
    """1 - Brier score over that of always saying the share of harmful rows; NaN when all rows are alike."""
    share = np.full(len(targets), np.average(targets, weights=weights))
    known = brier_score(share, targets, weights)
    return 1 - brier_score(probabilities, targets, weights) / known if known else NAN


def hits_among(scores: Floats, targets: Floats, num_alarms: int) -> float:
    """How many of the `num_alarms` highest scores are harmful; among equal scores at the border, as many as chance."""
    order = np.argsort(-scores, kind="stable")
    if num_alarms >= len(order):
        return float(targets.sum())
    if num_alarms <= 0:
        return 0.0
    border = scores[order[num_alarms - 1]]
    above, equal = scores > border, scores == border
    return float(targets[above].sum() + targets[equal].mean() * (num_alarms - above.sum()))


def alarm_measures(share: float) -> dict[str, Measure]:
    """Precision and recall of a share of the rows, the highest scores, each row counting once."""

    def precision(scores: Floats, targets: Floats, weights: Floats) -> float:
        del weights
        num_alarms = round(share * len(scores))
        return hits_among(scores, targets, num_alarms) / num_alarms if num_alarms else NAN

    def recall(scores: Floats, targets: Floats, weights: Floats) -> float:
        del weights
        return hits_among(scores, targets, round(share * len(scores))) / targets.sum() if targets.sum() else NAN

    return {"precision": precision, "recall": recall}


def flag_measures() -> dict[str, Measure]:
    """Precision and recall of rows flagged by a score above zero, each row counting once."""

    def precision(scores: Floats, targets: Floats, weights: Floats) -> float:
        del weights
        flagged = scores > 0
        return float(targets[flagged].mean()) if flagged.any() else NAN

    def recall(scores: Floats, targets: Floats, weights: Floats) -> float:
        del weights
        return float(targets[scores > 0].sum() / targets.sum()) if targets.sum() else NAN

    return {"precision": precision, "recall": recall}
