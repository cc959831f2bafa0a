"""Fits calibration lines and thresholds on triaged candidates, sharing strength between labels.

Platt's two numbers rather than isotonic steps: a few hundred triaged candidates over some eighty labels leave ten or
fewer to most, and a step function fitted to ten is noise. All candidates give one line, which holds a category's line
near it, which holds its labels' lines near it: a label without triaged candidates has its category's.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graph_model.calibration import calibrate, identity_lines

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_MIN_SLOPE = 0.05
_HOLD_ALL = np.array([0.5, 0.05])  # pull of slope and offset towards the line above, in candidates' worth of curvature
_HOLD_CATEGORY = np.array([2.0, 0.5])
_HOLD_LABEL = np.array([6.0, 1.5])
LEAST = 0.4  # no candidate is shown by default that is less likely than this
SILENT = 1.01  # a threshold that no probability reaches


def fit_line(logits: Floats, targets: Floats, weights: Floats, towards: Floats, hold: Floats) -> Floats:
    """Slope and offset that minimise cross-entropy plus hold / 2 * (line - towards) ** 2: float64 [2]."""
    line = towards.copy()
    rows = np.stack((np.clip(logits, -15, 15), np.ones(len(logits))), axis=1)  # [C, 2]
    for _ in range(30):
        odds = np.clip(rows @ line, -20, 20)
        share = 1 / (1 + np.exp(-odds))
        slope = rows.T @ (weights * (share - targets)) + hold * (line - towards)
        curvature = (rows * (weights * share * (1 - share))[:, None]).T @ rows + np.diag(hold)
        step = np.clip(np.linalg.solve(curvature, slope), -1.0, 1.0)
        line = line - step
        line[0] = max(line[0], _MIN_SLOPE)
        if np.abs(step).max() < 1e-9:
            break
    return line


def fit_lines(logits: Floats, labels: Ints, targets: Floats, weights: Floats, names: Sequence[str]) -> Floats:
    """A line for every label of the catalogue, float64 [L, 2]; identity if there is nothing to fit."""
    lines = identity_lines(len(names))
    if not len(logits):
        return lines
    weights = weights / weights.mean()
    categories = [name.partition("/")[0] for name in names]
    overall = fit_line(logits, targets, weights, np.array([1.0, 0.0]), _HOLD_ALL)
    for category in sorted(set(categories)):
        members = np.array([idx for idx, one in enumerate(categories) if one == category])
        inside = np.isin(labels, members)
        shared = fit_line(logits[inside], targets[inside], weights[inside], overall, _HOLD_CATEGORY)
        for label in members:
            own = labels == label
            lines[label] = fit_line(logits[own], targets[own], weights[own], shared, _HOLD_LABEL)
    return lines


def cross_fit(
    logits: Floats, labels: Ints, targets: Floats, weights: Floats, groups: Ints, names: Sequence[str]
) -> Floats:
    """Probability of each candidate by lines that were fitted without its repository, float64 [C]."""
    probabilities = np.zeros(len(logits))
    folds = groups % 5 if len(np.unique(groups)) > 10 else groups
    for fold in np.unique(folds):
        test = folds == fold
        lines = fit_lines(logits[~test], labels[~test], targets[~test], weights[~test], names)
        probabilities[test] = calibrate(logits[test], labels[test], lines)
    return probabilities


def fit_threshold(probabilities: Floats, targets: Floats, weights: Floats, precision: float) -> float:
    """The lowest threshold at and above which the share of positives is at least `precision`; SILENT if none is.

    A threshold needs five candidates above it, so that one lucky candidate opens no label; and it is never below
    LEAST, so that a few sure candidates do not carry unlikely ones along.
    """
    order = np.argsort(-probabilities, kind="stable")
    share = np.cumsum((targets * weights)[order]) / np.cumsum(weights[order])
    ordered = probabilities[order]
    last_of_equals = np.append(np.diff(ordered) != 0, True)
    reached = np.flatnonzero((share >= precision) & last_of_equals & (np.arange(len(ordered)) >= 4))
    return max(LEAST, float(np.floor(ordered[reached[-1]] * 1e4) / 1e4)) if len(reached) else SILENT
