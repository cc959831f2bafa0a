"""Function graphs as arrays: the one encoding used by training and by prediction.

Letters: `N` nodes, `E` edges, `T` tokens, `C` candidates, `P` path features, `M` metrics.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 1
NUM_TOKENS = 16_384


class EdgeType(IntEnum):
    """Relations of the function graph; each is also read backwards by the network."""

    CFG_NEXT = 0
    CFG_TRUE = 1
    CFG_FALSE = 2
    CFG_EXCEPTION = 3
    CFG_BACK = 4
    DEF_USE = 5  # definition -> statement that reads it (last write, next use)
    GUARDS = 6  # condition -> statement that runs only if it held (or failed)
    CONTAINS = 7  # function -> statement, loop header -> body statement
    SLICE = 8  # evidence step -> candidate
    ANCHOR = 9  # statement -> candidate anchored in it


NUM_EDGE_TYPES = len(EdgeType)


@dataclass(frozen=True, slots=True)
class EncodedFunction:
    """One function graph. Node 0 is the function; statements follow in source order; candidates come last.

    Shapes: token_ids int32 [T], token_offsets int32 [N + 1] (tokens of node n are token_ids[offsets[n]:offsets[n+1]]);
    edge_index int32 [2, E], edge_type int8 [E] (forward relations only); candidate_nodes int32 [C] (row of each
    candidate), candidate_labels int16 [C] (catalogue order), path_features float32 [C, P]; metrics float32 [M].
    """

    token_ids: NDArray[np.int32]
    token_offsets: NDArray[np.int32]
    edge_index: NDArray[np.int32]
    edge_type: NDArray[np.int8]
    candidate_nodes: NDArray[np.int32]
    candidate_labels: NDArray[np.int16]
    path_features: NDArray[np.float32]
    metrics: NDArray[np.float32]
