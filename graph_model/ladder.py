"""The rungs below the network, as arrays: prior, logistic regression and boosted trees, in numpy alone.

Letters: `C` candidates, `P` path features, `L` labels, `K` trees, `N` nodes of the largest tree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any  # arrays of a file are of any type until checked here

import numpy as np
from numpy.typing import NDArray

from graph_model.errors import BundleError

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


class Rung(StrEnum):
    """What may judge the candidates of a label, simplest first."""

    PRIOR = "prior"
    LOGISTIC = "logistic"
    BOOSTING = "boosting"
    NETWORK = "network"


SIMPLE_RUNGS = (Rung.PRIOR, Rung.LOGISTIC, Rung.BOOSTING)


@dataclass(frozen=True, slots=True)
class Trees:
    """Regression trees whose leaf values add up; a leaf is its own child.

    The value of an inner node is the mean of the leaves below it over the training candidates.
    Shapes: features int16, thresholds float64, left, right int16, values float64, all [K, N]; baseline float64 [].
    """

    features: NDArray[np.int16]
    thresholds: Floats
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    values: Floats
    baseline: Floats

    def predict(self, rows: Floats) -> Floats:
        """Sum of leaf values and baseline: rows float64 [C, F], result float64 [C]."""
        trees = np.arange(len(self.features))[None]  # [1, K]
        nodes = np.zeros((len(rows), len(self.features)), dtype=np.int64)  # [C, K]
        for _, below in self._walk(rows):
            nodes = below
        return np.asarray(self.values[trees, nodes].sum(axis=1) + self.baseline, dtype=np.float64)

    def contributions(self, rows: Floats) -> Floats:
        """What each column moved on the way from the roots to the leaves: float64 [C, F] to [C, F]."""
        trees = np.arange(len(self.features))[None]  # [1, K]
        first = np.arange(len(rows))[:, None] * rows.shape[1]  # [C, 1]: where a row starts in the flat result
        moved = np.zeros(rows.size)
        for nodes, below in self._walk(rows):
            change = self.values[trees, below] - self.values[trees, nodes]  # [C, K]
            columns = first + self.features[trees, nodes]
            moved += np.bincount(columns.reshape(-1), change.reshape(-1), rows.size)
        return moved.reshape(rows.shape)

    def _walk(self, rows: Floats) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Node and child of every row in every tree, [C, K] each, one step down at a time."""
        trees = np.arange(len(self.features))[None]  # [1, K]
        row = np.arange(len(rows))[:, None]  # [C, 1]
        nodes = np.zeros((len(rows), len(self.features)), dtype=np.int64)  # [C, K]
        while True:
            goes_left = rows[row, self.features[trees, nodes]] <= self.thresholds[trees, nodes]
            below = np.where(goes_left, self.left[trees, nodes], self.right[trees, nodes]).astype(np.int64)
            if (below == nodes).all():
                return
            yield nodes, below
            nodes = below


@dataclass(frozen=True, slots=True)
class Ladder:
    """Shapes: prior float64 [L]; logistic float64 [L, P + 1], the last column is the bias; means float64 [P]."""

    prior: Floats
    logistic: Floats
    means: Floats
    trees: Trees

    def logits(self, rung: Rung, labels: Labels, features: NDArray[np.floating[Any]]) -> Floats:
        """Log-odds by one simple rung: labels int64 [C], features float [C, P], result float64 [C]."""
        rows = features.astype(np.float64)
        match rung:
            case Rung.PRIOR:
                return np.asarray(self.prior[labels], dtype=np.float64)
            case Rung.LOGISTIC:
                weights = self.logistic[labels]  # [C, P + 1]
                return np.asarray((weights[:, :-1] * rows).sum(axis=1) + weights[:, -1], dtype=np.float64)
            case Rung.BOOSTING:
                return self.trees.predict(tree_rows(rows, self.prior[labels]))
            case _:
                raise ValueError(f"rung: expected one of {SIMPLE_RUNGS}, found {rung}")

    def contributions(self, rung: Rung, labels: Labels, features: NDArray[np.floating[Any]]) -> Floats:
        """What each path feature adds to the log-odds by a simple rung: labels [C], features [C, P] to float64 [C, P].

        Logistic regression: against the feature's mean. Boosting: along the ways through the trees. Prior: nothing.
        """
        rows = features.astype(np.float64)
        if rung is Rung.LOGISTIC:
            return np.asarray(self.logistic[labels, :-1] * (rows - self.means), dtype=np.float64)
        if rung is Rung.BOOSTING:
            return self.trees.contributions(tree_rows(rows, self.prior[labels]))[:, :-1]
        return np.zeros(rows.shape)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays by name, as `from_arrays` reads them."""
        own = {name: getattr(self, name) for name in ("prior", "logistic", "means")}
        return own | {f"trees_{field.name}": getattr(self.trees, field.name) for field in fields(Trees)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], num_labels: int, num_features: int) -> "Ladder":
        """The ladder of saved arrays. Raises BundleError naming an array that is missing or of another shape."""
        shape = arrays["trees_features"].shape if "trees_features" in arrays else (0, 0)
        expected: dict[str, tuple[int, ...]] = {
            "prior": (num_labels,),
            "logistic": (num_labels, num_features + 1),
            "means": (num_features,),
            **{f"trees_{field.name}": () if field.name == "baseline" else shape for field in fields(Trees)},
        }
        for name, wanted in expected.items():
            if name not in arrays or arrays[name].shape != wanted:
                found = arrays[name].shape if name in arrays else "nothing"
                raise BundleError(f"ladder.npz: {name}: expected shape {wanted}, found {found}")
        trees = Trees(**{field.name: arrays[f"trees_{field.name}"] for field in fields(Trees)})
        _check_trees(trees, num_features)
        return cls(arrays["prior"], arrays["logistic"], arrays["means"], trees)


def tree_rows(features: Floats, priors: Floats) -> Floats:
    """What the trees read: path features, then the log-odds prior of the label in place of its name. [C, P + 1]."""
    return np.concatenate((features, priors[:, None]), axis=1)


def _check_trees(trees: Trees, num_features: int) -> None:
    """Children come after their parent, so that walking ends; and every index is inside."""
    num_nodes = trees.features.shape[1]
    own = np.arange(num_nodes)[None]
    for name in ("left", "right"):
        child = getattr(trees, name)
        if ((child < own) | (child >= num_nodes)).any():
            raise BundleError(f"ladder.npz: trees_{name}: a child lies before its parent or outside 0..{num_nodes - 1}")
    if ((trees.features < 0) | (trees.features > num_features)).any():
        raise BundleError(f"ladder.npz: trees_features: an index lies outside 0..{num_features}")
