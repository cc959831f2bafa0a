"""From log-odds to probabilities that mean what they say: a line per label (Platt), fitted on triaged candidates."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_MAX_LOGIT = 20.0


def calibrate(logits: Floats, labels: NDArray[np.int64], lines: Floats) -> Floats:
    """Probabilities sigmoid(slope * logit + offset). Shapes: logits, labels [C], lines [L, 2]; result float64 [C]."""
    straight = lines[labels, 0] * logits + lines[labels, 1]
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(straight, -_MAX_LOGIT, _MAX_LOGIT))), dtype=np.float64)


def identity_lines(num_labels: int) -> Floats:
    """Lines that change nothing, float64 [L, 2]."""
    return np.tile(np.array([1.0, 0.0]), (num_labels, 1))
