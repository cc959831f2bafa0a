"""Measures of ranking and of probability, weighted (a weight is the inverse of the chance of having been sampled).

Letters: `C` candidates. Scores and weights are float [C], targets 0 or 1 [C]; higher scores claim more.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def _curve(scores: Floats, targets: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """True and false positive weight at each distinct score, from the highest; equal scores are one step."""
    order = np.argsort(-scores, kind="stable")
    ordered, positive = scores[order], targets[order] * weights[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    true = np.cumsum(positive)[ends]
    return true, np.cumsum(weights[order])[ends] - true


def average_precision(scores: Floats, targets: Floats, weights: Floats | None = None) -> float:
    """Area under the precision-recall curve as a step sum; NaN without a positive."""
    weights = np.ones(len(scores)) if weights is None else weights
    if not (targets * weights).sum():
        return float("nan")
    true, false = _curve(scores, targets, weights)
    recall_gain = np.diff(true, prepend=0.0) / true[-1]
    return float((recall_gain * true / np.maximum(true + false, 1e-12)).sum())


def precision_at_recall(scores: Floats, targets: Floats, recall: float, weights: Floats | None = None) -> float:
    """Precision at the highest threshold that reaches `recall`; NaN without a positive."""
    return mean_precision(scores, targets, (recall,), weights)


def mean_precision(scores: Floats, targets: Floats, recalls: Sequence[float], weights: Floats | None = None) -> float:
    """Mean of the precisions at the highest thresholds that reach each of `recalls`; NaN without a positive."""
    weights = np.ones(len(scores)) if weights is None else weights
    if not (targets * weights).sum():
        return float("nan")
    true, false = _curve(scores, targets, weights)
    first = np.searchsorted(true, np.asarray(recalls) * true[-1] - 1e-9)
    return float((true[first] / (true[first] + false[first])).mean())


def roc_auc(scores: Floats, targets: Floats) -> float:
    """Chance that a positive scores above a negative, ties one half; NaN unless both occur."""
    true, false = _curve(scores, targets, np.ones(len(scores)))
    if not true[-1] or not false[-1]:
        return float("nan")
    heights = np.concatenate(([0.0], true / true[-1]))
    return float((np.diff(false, prepend=0.0) / false[-1] * (heights[1:] + heights[:-1]) / 2).sum())


def brier_score(probabilities: Floats, targets: Floats, weights: Floats | None = None) -> float:
    """Mean squared error of probabilities; NaN for no candidates."""
    if not len(probabilities):
        return float("nan")
    return float(np.average((probabilities - targets) ** 2, weights=weights))


def calibration_error(probabilities: Floats, targets: Floats, num_bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass; NaN for no candidates."""
    if not len(probabilities):
        return float("nan")
    bins = np.array_split(np.argsort(probabilities, kind="stable"), min(num_bins, len(probabilities)))
    gaps = [abs(probabilities[one].mean() - targets[one].mean()) * len(one) for one in bins]
    return float(sum(gaps) / len(probabilities))


def resample_groups(groups: Ints, rng: np.random.Generator) -> Ints:
    """Indices of a bootstrap sample of whole groups, drawn with replacement."""
    names = np.unique(groups)
    members = {name: np.flatnonzero(groups == name) for name in names}
    return np.concatenate([members[name] for name in rng.choice(names, size=len(names))])
