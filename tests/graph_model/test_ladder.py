from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from graph_model.errors import BundleError
from graph_model.ladder import Ladder, Rung
from graph_model.testing import make_ladder
from graph_model.training.rungs import Table, export_trees, fit_ladder

LABELS = ("security/a", "security/b", "performance/c")


def _table(num_rows: int = 400, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(num_rows, 3))
    labels = rng.integers(0, 2, num_rows)  # no candidate of the third label
    chance = 1 / (1 + np.exp(-(2 * features[:, 0] - features[:, 1] + labels)))
    targets = (rng.random(num_rows) < chance).astype(float)
    return Table(features, labels, targets, rng.uniform(0.5, 1.5, num_rows), np.arange(num_rows) % 7)


def test_each_rung_reads_what_it_should() -> None:
    ladder = make_ladder(num_labels=3, num_features=2)
    labels, features = np.array([0, 2]), np.array([[0.25, 1.0], [1.0, 1.0]])
    assert ladder.logits(Rung.PRIOR, labels, features).tolist() == [0.0, 2.0]
    assert ladder.logits(Rung.LOGISTIC, labels, features).tolist() == [1.25, 4.0]
    assert ladder.logits(Rung.BOOSTING, labels, features).tolist() == [-0.75, 2.25]
    with pytest.raises(ValueError, match="expected one of"):
        ladder.logits(Rung.NETWORK, labels, features)
    assert all(ladder.logits(rung, labels[:0], features[:0]).shape == (0,) for rung in list(Rung)[:3])


def test_contributions_add_up() -> None:
    ladder = fit_ladder(_table(), LABELS, seed=0)
    rows, labels = np.array([[0.7, -1.2, 0.1], [-2.0, 0.0, 3.0]]), np.array([1, 0])
    weights = ladder.logistic[labels]
    rest = weights[:, :-1] @ ladder.means + weights[:, -1]
    linear = ladder.contributions(Rung.LOGISTIC, labels, rows).sum(axis=1) + rest
    np.testing.assert_allclose(linear, ladder.logits(Rung.LOGISTIC, labels, rows))
    moved = ladder.trees.contributions(np.column_stack((rows, ladder.prior[labels])))
    roots = ladder.trees.values[:, 0].sum() + ladder.trees.baseline
    np.testing.assert_allclose(moved.sum(axis=1) + roots, ladder.logits(Rung.BOOSTING, labels, rows))
    np.testing.assert_array_equal(ladder.contributions(Rung.BOOSTING, labels, rows), moved[:, :-1])
    assert not ladder.contributions(Rung.PRIOR, labels, rows).any()


@pytest.mark.parametrize("seed", range(3))
def test_exported_trees_agree_with_scikit_learn(seed: int) -> None:
    table = _table(600, seed)
    model = HistGradientBoostingClassifier(max_iter=40, random_state=0, early_stopping=False)
    with threadpool_limits(limits=1):
        model.fit(table.features, table.targets, sample_weight=table.weights)
    fresh = np.random.default_rng(seed + 10).normal(size=(500, 3))
    fresh[:3] = table.features[:3]  # values that a threshold may equal
    found = export_trees(model).predict(fresh)
    np.testing.assert_allclose(found, model.decision_function(fresh), rtol=0, atol=1e-9)


def test_the_fitted_rungs_rank_what_the_features_tell() -> None:
    table, fresh = _table(800), _table(400, seed=3)
    ladder = fit_ladder(table, LABELS, seed=0)
    positive = fresh.targets == 1
    for rung in (Rung.LOGISTIC, Rung.BOOSTING):
        logits = ladder.logits(rung, fresh.labels, fresh.features)
        assert logits[positive].mean() > logits[~positive].mean() + 1
    weights = ladder.logistic[0]
    assert weights[0] > 0.8
    assert weights[1] < -0.3
    assert abs(weights[2]) < 0.3


def test_a_label_without_candidates_is_near_its_neighbours() -> None:
    ladder = fit_ladder(_table(), LABELS, seed=0)
    assert ladder.prior[0] < ladder.prior[1]
    assert np.isfinite(ladder.prior[2])
    np.testing.assert_allclose(ladder.logistic[2, :2], ladder.logistic[:2, :2].mean(axis=0), atol=0.5)


def test_without_positives_every_rung_is_the_prior() -> None:
    table = replace(_table(), targets=np.zeros(400))
    ladder = fit_ladder(table, LABELS, seed=0)
    logits = ladder.logits(Rung.LOGISTIC, table.labels, table.features)
    np.testing.assert_allclose(logits, ladder.prior[table.labels])
    assert ladder.logits(Rung.BOOSTING, table.labels, table.features).tolist() == [0.0] * 400


def test_weights_decide_and_weightless_candidates_do_not_count() -> None:
    table = _table()
    half = np.where(np.arange(400) % 2 == 0, table.weights, 0.0)
    flipped = np.where(half > 0, table.targets, 1 - table.targets)
    one = fit_ladder(replace(table, weights=half), LABELS, seed=0)
    other = fit_ladder(replace(table, weights=half, targets=flipped), LABELS, seed=0)
    np.testing.assert_allclose(one.logistic, other.logistic)


def test_a_ladder_comes_back_from_its_arrays() -> None:
    ladder = make_ladder(3, 2)
    found = Ladder.from_arrays(ladder.to_arrays(), 3, 2)
    for name, array in ladder.to_arrays().items():
        np.testing.assert_array_equal(found.to_arrays()[name], array)


def test_damaged_arrays_are_refused_by_name() -> None:
    arrays = make_ladder(3, 2).to_arrays()
    loop = np.array([[0, 1, 2]], dtype=np.int16)
    for changed, words in (
        ({"logistic": np.zeros((3, 2))}, r"logistic: expected shape \(3, 3\), found \(3, 2\)"),
        ({"trees_left": loop - 1}, "trees_left: a child lies before its parent"),
        ({"trees_right": loop + 9}, "trees_right"),
        ({"trees_features": loop + 5}, "trees_features: an index lies outside"),
    ):
        with pytest.raises(BundleError, match=words):
            Ladder.from_arrays(arrays | changed, 3, 2)
    for name in arrays:
        with pytest.raises(BundleError, match="expected shape"):
            Ladder.from_arrays({key: value for key, value in arrays.items() if key != name}, 3, 2)
