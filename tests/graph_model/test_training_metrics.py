import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from graph_model.training.metrics import (
    average_precision,
    brier_score,
    calibration_error,
    precision_at_recall,
    resample_groups,
    roc_auc,
)

RANKED = np.array([0.9, 0.8, 0.7, 0.6])


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(1, 4)), min_size=2, max_size=40))
def test_areas_agree_with_scikit_learn_ties_and_weights_included(rows: list[tuple[int, bool, int]]) -> None:
    scores, targets, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if not targets.any():
        assert math.isnan(average_precision(scores, targets))
        return
    found = average_precision(scores, targets, weights)
    assert found == pytest.approx(average_precision_score(targets, scores, sample_weight=weights))
    if targets.all():
        assert math.isnan(roc_auc(scores, targets))
    else:
        assert roc_auc(scores, targets) == pytest.approx(roc_auc_score(targets, scores))


def test_precision_is_read_where_the_recall_is_reached() -> None:
    targets = np.array([1.0, 0.0, 1.0, 0.0])
    assert precision_at_recall(RANKED, targets, 0.5) == 1.0
    assert precision_at_recall(RANKED, targets, 0.6) == pytest.approx(2 / 3)
    assert precision_at_recall(RANKED, targets, 1.0) == pytest.approx(2 / 3)
    assert precision_at_recall(np.zeros(4), targets, 0.5) == 0.5
    assert math.isnan(precision_at_recall(RANKED, np.zeros(4), 0.5))


def test_a_weight_counts_as_so_many_candidates() -> None:
    targets, weights = np.array([1.0, 0.0, 1.0]), np.array([1.0, 3.0, 1.0])
    repeated = [0, 1, 1, 1, 2]
    assert average_precision(RANKED[:3], targets, weights) == average_precision(RANKED[repeated], targets[repeated])


def test_probability_measures() -> None:
    targets = np.array([1.0, 0.0])
    assert brier_score(np.array([1.0, 0.0]), targets) == 0.0
    assert brier_score(np.array([0.5, 0.5]), targets) == 0.25
    assert calibration_error(np.array([1.0, 0.0]), targets) == 0.0
    assert calibration_error(np.array([0.0, 1.0]), targets) == 1.0
    assert math.isnan(calibration_error(np.zeros(0), np.zeros(0)))
    assert math.isnan(brier_score(np.zeros(0), np.zeros(0)))


def test_a_bootstrap_sample_takes_whole_groups() -> None:
    groups = np.array([0, 0, 1, 2, 2, 2])
    sample = resample_groups(groups, np.random.default_rng(0))
    for group, size in ((0, 2), (1, 1), (2, 3)):
        assert (groups[sample] == group).sum() % size == 0
