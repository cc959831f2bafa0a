"""Path features: the numbers that every rung of the ladder reads, from `Candidate.facts` by name.

The list of names travels with shards and with the bundle; a bundle reads facts by its own list, so that a new fact
changes nothing until a model is trained with it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def feature_vector(facts: Iterable[tuple[str, float]], names: Sequence[str]) -> NDArray[np.float32]:
    """Facts in the order of `names`, each as sign(v) * log1p(|v|): flags keep two values, counts are compressed.

    Shape: float32 [P]. A name without a fact is 0, a fact without a name is ignored, the last of repeated facts counts.
    """
    values = dict(facts)
    raw = np.array([values.get(name, 0.0) for name in names], dtype=np.float64)
    return (np.sign(raw) * np.log1p(np.abs(raw))).astype(np.float32)


def collect_names(facts: Iterable[Iterable[tuple[str, float]]]) -> tuple[str, ...]:
    """Every fact name that occurs, sorted: the list for a new training set."""
    return tuple(sorted({name for one in facts for name, _ in one}))
