"""Who scores the rows: the bundle as it ships, its rungs calibrated without the judged repository, and the dummies.

The lines and thresholds of a bundle are fitted on candidates that were read, those of the gate among them. So the
bundle as it ships has seen these verdicts, if only through two numbers a label. Before calibration it has not; and the
rungs have not seen those of the judged repository: their lines are fitted again on the other repositories of the gate.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.rows import Triaged, TriagedRow
from graph_model.bundle import Bundle
from graph_model.calibration import identity_lines
from graph_model.encoder import FunctionGraph
from graph_model.ladder import SIMPLE_RUNGS, Rung
from graph_model.metrics import METRIC_NAMES
from graph_model.prediction import Predictor
from graph_model.training.calibrating import cross_fit
from reviewer.findings import is_in_test

SHIPPED = "bundle as shipped"
RAW = "bundle, before calibration"
UNSEEN = "bundle, calibrated without the repository"
PRIOR = f"rung: {Rung.PRIOR}"
DUMMY_SHARE = "dummy: share of the label elsewhere"
DUMMY_LENGTH = "dummy: function length"
DUMMY_FACTS = "dummy: number of path features"
DUMMY_EVERYTHING = "dummy: flag everything"
NUM_SEEDS = 10
_HOLD = 5.0  # rows of the other repositories' mean that a label's share is mixed with
_LEAST = 1e-6

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """What one scorer says of all rows: float64 [K, C], K draws (1 unless it is random); higher claims more."""

    name: str
    columns: Floats
    is_probability: bool = False


@dataclass(frozen=True, slots=True)
class OneGraph:
    """An analysis that holds the graph of one unit."""

    graphs: tuple[FunctionGraph]


def score_rows(bundle: Bundle, rows: Sequence[TriagedRow]) -> Floats:
    """Probability of each row by the rung that its label ships with: float64 [C]."""
    predictor = Predictor(bundle)
    scored = [predictor.score(OneGraph((row.graph,)), (replace(row.candidate, unit=0),)) for row in rows]
    return np.array([one[0].probability for one in scored], dtype=np.float64)


def score_all(bundle: Bundle, triaged: Triaged) -> list[Scores]:
    """Every scorer's scores, the bundle first."""
    shipped = Scores(SHIPPED, score_rows(bundle, triaged.rows)[None], is_probability=True)
    raw = Scores(RAW, score_rows(_bare(bundle), triaged.rows)[None], is_probability=True)
    unseen = Scores(UNSEEN, _refit(bundle, triaged)[None], is_probability=True)
    rungs = [
        Scores(f"rung: {rung}", _refit(only_rung(bundle, rung), triaged)[None], is_probability=True)
        for rung in Rung
        if rung is not Rung.NETWORK or bundle.network is not None
    ]
    return [shipped, raw, unseen, *rungs, *dummies(triaged)]


def only_rung(bundle: Bundle, rung: Rung) -> Bundle:
    """The bundle with every label judged by one rung."""
    fallback = rung if rung in SIMPLE_RUNGS else Rung.LOGISTIC
    return replace(bundle, judgements=tuple(replace(one, rung=rung, fallback=fallback) for one in bundle.judgements))


def _bare(bundle: Bundle) -> Bundle:
    """The bundle without its calibration lines."""
    return replace(bundle, lines={rung: identity_lines(len(bundle.labels)) for rung in bundle.lines})


def _refit(bundle: Bundle, triaged: Triaged) -> Floats:
    """Probabilities by lines that were fitted without the row's repository."""
    names = bundle.labels
    shares = np.clip(score_rows(_bare(bundle), triaged.rows), _LEAST, 1 - _LEAST)
    logits = np.log(shares / (1 - shares))
    labels = np.array([names.index(row.label) for row in triaged.rows], dtype=np.int64)
    return cross_fit(logits, labels, triaged.targets, triaged.weights, triaged.groups, names)


def shown(bundle: Bundle, triaged: Triaged, probabilities: Floats) -> NDArray[np.bool_]:
    """Which rows a review shows by default: at or above the label's threshold and not in test code. bool [C]."""
    thresholds = Predictor(bundle).thresholds
    return np.array(
        [
            bool(probability >= thresholds[row.label]) and not is_in_test(row.candidate)
            for row, probability in zip(triaged.rows, probabilities, strict=True)
        ],
        dtype=np.bool_,
    )


def dummies(triaged: Triaged) -> list[Scores]:
    """What a model must beat: the label's share elsewhere, length, number of path features, everything, chance."""
    rows = triaged.rows
    length = METRIC_NAMES.index("num_lines")
    lengths = np.array([row.graph.metrics[length] for row in rows], dtype=np.float64)
    counts = np.array([sum(value != 0 for _, value in row.candidate.facts) for row in rows], dtype=np.float64)
    chance = np.stack([np.random.default_rng(seed).random(len(rows)) for seed in range(NUM_SEEDS)])
    return [
        Scores(DUMMY_SHARE, share_elsewhere(triaged)[None], is_probability=True),
        Scores(DUMMY_LENGTH, lengths[None]),
        Scores(DUMMY_FACTS, counts[None]),
        Scores(DUMMY_EVERYTHING, np.ones((1, len(rows)))),
        Scores(f"dummy: random, mean of {NUM_SEEDS}", chance),
    ]


def share_elsewhere(triaged: Triaged) -> Floats:
    """Weighted share of harmful rows of the same label in the other repositories, held near that of all labels."""
    targets, weights, groups = triaged.targets, triaged.weights, triaged.groups
    labels = np.array([row.label for row in triaged.rows])
    shares = np.zeros(len(targets))
    for group in np.unique(groups):
        other = groups != group
        overall = np.average(targets[other], weights=weights[other]) if other.any() else 0.5
        for label in np.unique(labels[groups == group]):
            same = other & (labels == label)
            harmful = (targets[same] * weights[same]).sum() + _HOLD * overall
            shares[(groups == group) & (labels == label)] = harmful / (weights[same].sum() + _HOLD)
    return shares
