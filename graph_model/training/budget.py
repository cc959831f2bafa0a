"""Thresholds from a budget of alarms, for labels whose triaged candidates reach the wanted precision nowhere.

With some forty harmful among a few hundred triaged candidates few labels can prove a precision. Silence would be the
honest default, and a useless one. The budget is the promise that the product makes instead: over the harvested code,
mature and well kept, no more than so many candidates of a category per thousand lines are shown, as if every one of
them were wrong, and no label spends more than a tenth of that, so that one noisy label does not silence the others. Who
wants proof asks for `--min-probability`; who has triaged more trains again.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from graph_model.calibration import calibrate
from graph_model.ladder import Rung
from graph_model.training.calibrating import SILENT
from graph_model.training.climbing import Climb
from graph_model.training.dataset import Dataset
from graph_model.training.evaluation import Decision
from graph_model.training.shards import UNLABELLED, Example, source_index

ALARMS_PER_KILOLINE: Mapping[str, float] = {
    "security": 0.25,
    "performance": 0.1,
    "maintainability": 1.0,
    "correctness": 0.05,
    "documentation": 0.2,
}
"""By category. A category that is missing keeps the thresholds of the ladder."""

LEAST: Mapping[str, float] = {
    "security": 0.05,
    "performance": 0.15,
    "maintainability": 0.25,
    "correctness": 0.25,
    "documentation": 0.25,
}
"""Nothing less likely is shown by default, however much of a category's budget is left. A missed weakness costs more
than a missed cost."""

_MOST_OF_A_LABEL = 0.1  # a label does not spend more than this share of its category's budget

Floats = NDArray[np.float64]


def spend_budget(dataset: Dataset, climb: Climb, kilolines: float) -> Climb:
    """The climb with a threshold for every label that was silent, within its category's budget.

    `kilolines` are the thousand lines that the unlabelled candidates of the dataset come from.
    """
    labels = dataset.header.labels
    numbers, probabilities = _score_unlabelled(dataset, climb)
    decisions = dict(climb.report.decisions)
    for category, rate in ALARMS_PER_KILOLINE.items():
        members = [idx for idx, name in enumerate(labels) if name.startswith(f"{category}/")]
        silent = [idx for idx in members if decisions[labels[idx]].threshold >= SILENT]
        allowed = int(rate * kilolines)
        caps = {
            idx: _threshold(probabilities[numbers == idx], int(allowed * _MOST_OF_A_LABEL), LEAST[category])
            for idx in silent
        }
        affordable = [probabilities[(numbers == idx) & (probabilities >= caps[idx])] for idx in silent]
        shared = _threshold(np.concatenate(affordable), allowed, LEAST[category]) if affordable else SILENT
        for idx in silent:
            decisions[labels[idx]] = _decide(decisions[labels[idx]], max(shared, caps[idx]))
    return replace(climb, report=replace(climb.report, decisions=decisions))


def _score_unlabelled(dataset: Dataset, climb: Climb) -> tuple[NDArray[np.int64], Floats]:
    """Label and calibrated probability of every harvested candidate, by the rung (or fallback) its label ships with."""
    harvest = source_index("harvest")
    numbers = [one.function.candidate_labels[_is_harvest(one, harvest)] for one in dataset.examples]
    features = [one.function.path_features[_is_harvest(one, harvest)] for one in dataset.examples]
    all_numbers = np.concatenate(numbers).astype(np.int64)
    all_features = np.concatenate(features).astype(np.float64)
    probabilities = np.zeros(len(all_numbers))
    names = dataset.header.labels
    rung_of = np.array([_simple(climb.report.decisions[names[idx]]) for idx in range(len(names))])
    for rung in {str(one) for one in rung_of}:
        rows = np.flatnonzero(rung_of[all_numbers] == rung)
        logits = climb.ladder.logits(Rung(rung), all_numbers[rows], all_features[rows])
        probabilities[rows] = calibrate(logits, all_numbers[rows], climb.lines[Rung(rung)])
    return all_numbers, np.round(probabilities, 4)


def _is_harvest(example: Example, harvest: int) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = (example.sources == harvest) & (example.targets == UNLABELLED)
    return known


def _simple(decision: Decision) -> str:
    return str(decision.fallback if decision.rung is Rung.NETWORK else decision.rung)


def _threshold(probabilities: Floats, allowed: int, least: float) -> float:
    """The lowest threshold with at most `allowed` candidates at or above it, never below `least`."""
    own = np.sort(probabilities)[::-1]
    return max(least, _above(float(own[allowed]))) if len(own) > allowed else least


def _above(probability: float) -> float:
    return round(probability + 1e-4, 4)


def _decide(decision: Decision, threshold: float) -> Decision:
    return replace(decision, threshold=threshold, decided_on=f"{decision.decided_on}, budget")
