"""Fits the simple rungs: a shrunken prior per label, logistic regression, and gradient boosting on path features.

They see the same candidates with the same targets and weights as the network (`losses.TargetMaker`); an unlabelled
candidate is a weighted negative here. scikit-learn fits, `graph_model.ladder` predicts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any  # scikit-learn ships no types

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from graph_model.ladder import Ladder, Trees, tree_rows
from graph_model.training.dataset import Dataset
from graph_model.training.losses import TargetMaker

_PRIOR_MASS = 10.0  # candidates that the category's share counts for
_LABEL_SHARE = 0.3  # scale of the columns that belong to one label alone: the smaller, the more labels share
_NUM_TREES = 150


@dataclass(frozen=True, slots=True)
class Table:
    """Candidates as rows. Shapes: features float64 [C, P]; labels int64, targets, weights float64, groups int64 [C]."""

    features: NDArray[np.float64]
    labels: NDArray[np.int64]
    targets: NDArray[np.float64]
    weights: NDArray[np.float64]
    groups: NDArray[np.int64]


def training_table(dataset: Dataset, indices: Sequence[int], maker: TargetMaker) -> Table:
    """Every candidate of the examples, unlabelled ones as negatives of their weight."""
    examples = [dataset.examples[idx] for idx in indices]
    names = {name: position for position, name in enumerate(sorted({one.group for one in examples}))}
    sizes = [len(one.targets) for one in examples]
    return Table(
        features=np.concatenate([one.function.path_features for one in examples]).astype(np.float64),
        labels=np.concatenate([one.function.candidate_labels for one in examples]).astype(np.int64),
        targets=np.concatenate([one.targets == 1 for one in examples]).astype(np.float64),
        weights=np.concatenate([maker.weigh(one)[1] for one in examples]).astype(np.float64),
        groups=np.repeat([names[one.group] for one in examples], sizes).astype(np.int64),
    )


def candidate_table(dataset: Dataset, indices: Sequence[int]) -> Table:
    """Every candidate of these examples with its own weight; a target of nobody stays -1."""
    examples = [dataset.examples[idx] for idx in indices]
    names = {name: position for position, name in enumerate(sorted({one.group for one in examples}))}
    if not examples:
        nothing, none = np.zeros(0), np.zeros(0, dtype=np.int64)
        return Table(np.zeros((0, len(dataset.header.path_features))), none, nothing, nothing, none)
    groups = np.repeat([names[one.group] for one in examples], [len(one.targets) for one in examples])
    return Table(
        features=np.concatenate([one.function.path_features for one in examples]).astype(np.float64),
        labels=np.concatenate([one.function.candidate_labels for one in examples]).astype(np.int64),
        targets=np.concatenate([one.targets for one in examples]).astype(np.float64),
        weights=np.concatenate([one.weights for one in examples]).astype(np.float64),
        groups=groups.astype(np.int64),
    )


def fit_ladder(table: Table, labels: Sequence[str], seed: int) -> Ladder:
    """The three rungs. With no positives or no negatives at all, each is the prior."""
    prior = _fit_prior(table, labels)
    means = table.features.mean(axis=0) if len(table.features) else np.zeros(table.features.shape[1])
    kept = table.weights > 0
    if len(np.unique(table.targets[kept])) < 2:
        flat = np.concatenate((np.zeros((len(labels), len(means))), prior[:, None]), axis=1)
        return Ladder(prior, flat, means, _constant_tree())
    chosen = Table(*(getattr(table, name)[kept] for name in Table.__dataclass_fields__))
    return Ladder(prior, fit_logistic(chosen, len(labels)), means, _fit_trees(chosen, prior, seed))


def _fit_prior(table: Table, labels: Sequence[str]) -> NDArray[np.float64]:
    """Log-odds of the weighted share of positives: label shrunk towards its category, category towards all."""
    categories = sorted({label.partition("/")[0] for label in labels})
    category_of = np.array([categories.index(label.partition("/")[0]) for label in labels])

    def shares(keys: NDArray[np.int64], size: int, towards: NDArray[np.float64]) -> NDArray[np.float64]:
        positive = np.bincount(keys, weights=table.weights * table.targets, minlength=size)
        total = np.bincount(keys, weights=table.weights, minlength=size)
        return np.asarray((positive + _PRIOR_MASS * towards) / (total + _PRIOR_MASS), dtype=np.float64)

    overall = shares(np.zeros(len(table.labels), dtype=np.int64), 1, np.full(1, 0.5))
    by_category = shares(category_of[table.labels], len(categories), np.full(len(categories), overall[0]))
    by_label = shares(table.labels, len(labels), by_category[category_of])
    return np.asarray(np.log(by_label / (1 - by_label)), dtype=np.float64)


def fit_logistic(table: Table, num_labels: int) -> NDArray[np.float64]:
    """Weights per label, [L, P + 1]: shared columns plus down-scaled columns of the label (partial pooling).

    Needs positives and negatives; zeros without.
    """
    if len(np.unique(table.targets[table.weights > 0])) < 2:
        return np.zeros((num_labels, table.features.shape[1] + 1))
    num_features = table.features.shape[1]
    mean, scale = table.features.mean(axis=0), table.features.std(axis=0)
    scale = np.where(scale < 1e-3, 1.0, scale)
    shared = (table.features - mean) / scale  # [C, P]
    num_rows = len(shared)
    rows = np.repeat(np.arange(num_rows), num_features)
    columns = (table.labels[:, None] * num_features + np.arange(num_features)).reshape(-1)
    own_shape = (num_rows, num_labels * num_features)
    own = sparse.csr_matrix(((_LABEL_SHARE * shared).reshape(-1), (rows, columns)), own_shape)
    bias = sparse.csr_matrix((np.ones(num_rows), (np.arange(num_rows), table.labels)), (num_rows, num_labels))
    model = LogisticRegression(C=1.0, max_iter=1000)
    columns_of_all = sparse.hstack((sparse.csr_matrix(shared), own, bias)).tocsr()
    with threadpool_limits(limits=1):  # one thread, so that equal data give equal weights
        model.fit(columns_of_all, table.targets, sample_weight=table.weights)
    found = model.coef_[0]
    by_label = found[num_features : num_features * (num_labels + 1)].reshape(num_labels, num_features)
    weights = (found[:num_features] + _LABEL_SHARE * by_label) / scale  # [L, P]
    biases = model.intercept_[0] + found[num_features * (num_labels + 1) :] - weights @ mean  # [L]
    return np.concatenate((weights, biases[:, None]), axis=1)


def _fit_trees(table: Table, prior: NDArray[np.float64], seed: int) -> Trees:
    model = HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=_NUM_TREES,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(limits=1):  # its threads spin while they wait: on a busy machine that is 50 times slower
        model.fit(tree_rows(table.features, prior[table.labels]), table.targets, sample_weight=table.weights)
    return export_trees(model)


def export_trees(model: Any) -> Trees:
    """The trees of a fitted binary HistGradientBoostingClassifier without categories as arrays.

    Its node table is not a public interface; the parity test of this function is what holds it.
    """
    tables = [predictor[0].nodes for predictor in model._predictors]
    shape = (len(tables), max(len(table) for table in tables))
    own = np.tile(np.arange(shape[1], dtype=np.int16), (shape[0], 1))
    features, left, right = np.zeros(shape, dtype=np.int16), own.copy(), own.copy()
    thresholds, values = np.zeros(shape), np.zeros(shape)
    for tree, table in enumerate(tables):
        inner = np.flatnonzero(table["is_leaf"] == 0)
        features[tree, inner] = table["feature_idx"][inner]
        thresholds[tree, inner] = table["num_threshold"][inner]
        left[tree, inner], right[tree, inner] = table["left"][inner], table["right"][inner]
        values[tree, : len(table)] = table["value"]
        for node in inner[::-1]:  # children come after their parent
            below = [table["left"][node], table["right"][node]]
            values[tree, node] = np.average(values[tree, below], weights=table["count"][below])
    baseline = np.asarray(float(np.ravel(model._baseline_prediction)[0]))
    return Trees(features, thresholds, left, right, values, baseline)


def _constant_tree() -> Trees:
    """One leaf that says nothing either way: log-odds 0."""
    nothing = np.zeros((1, 1))
    index = np.zeros((1, 1), dtype=np.int16)
    return Trees(index, nothing, index, index, nothing, np.asarray(0.0))
