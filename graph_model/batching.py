"""Concatenates encoded functions into the one input of the network, for training and for prediction alike.

Candidates only listen: SLICE and ANCHOR are not read backwards. So the score of a candidate depends on its function
and its own evidence, never on which other candidates were scored with it (other labels, other files' flows).

Letters: `N` nodes, `E` edges, `D` directed edges, `T` tokens, `C` candidates, `G` functions, `P` path features,
`M` metrics.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from graph_model.encoding import NUM_EDGE_TYPES, EdgeType, EncodedFunction

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class GraphBatch:
    """Functions side by side in one graph; the field names are the input names of the exported network.

    Shapes: token_ids, token_nodes int64 [T]; node_functions int64 [N]; edge_index int64 [2, D] (forward edges, then
    backward ones); edge_type int64 [D], relation r read backwards is r + NUM_EDGE_TYPES; candidate_nodes,
    candidate_labels int64 [C]; path_features float32 [C, P]; function_nodes int64 [G]; metrics float32 [G, M].
    """

    token_ids: Ints
    token_nodes: Ints
    node_functions: Ints
    edge_index: Ints
    edge_type: Ints
    candidate_nodes: Ints
    candidate_labels: Ints
    path_features: Floats
    function_nodes: Ints
    metrics: Floats

    def inputs(self) -> dict[str, Ints | Floats]:
        """The arrays by input name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


INPUT_NAMES = tuple(field.name for field in fields(GraphBatch))


def num_nodes(function: EncodedFunction) -> int:
    """Nodes of one function, the function node included."""
    return len(function.token_offsets) - 1


def cost(function: EncodedFunction) -> int:
    """Size of one function as batches count it: nodes plus edges."""
    return num_nodes(function) + int(function.edge_index.shape[1])


def concatenate(functions: Sequence[EncodedFunction]) -> GraphBatch:
    """One batch of at least one function, in the order given. Raises ValueError for none."""
    if not functions:
        raise ValueError("functions: expected at least one, found none")
    sizes = np.array([num_nodes(one) for one in functions], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
    forward = _stack([one.edge_index + start for one, start in zip(functions, starts, strict=True)], axis=1)  # [2, E]
    relation = _stack([one.edge_type for one in functions])  # [E]
    two_way = ~np.isin(relation, (EdgeType.SLICE, EdgeType.ANCHOR))
    tokens_of_node = _stack([np.diff(one.token_offsets) for one in functions])  # [N]
    return GraphBatch(
        token_ids=_stack([one.token_ids for one in functions]),
        token_nodes=np.repeat(np.arange(sizes.sum(), dtype=np.int64), tokens_of_node),
        node_functions=np.repeat(np.arange(len(functions), dtype=np.int64), sizes),
        edge_index=np.concatenate((forward, forward[::-1, two_way]), axis=1),  # [2, D]
        edge_type=np.concatenate((relation, relation[two_way] + NUM_EDGE_TYPES)),
        candidate_nodes=_stack([one.candidate_nodes + start for one, start in zip(functions, starts, strict=True)]),
        candidate_labels=_stack([one.candidate_labels for one in functions]),
        path_features=np.concatenate([one.path_features for one in functions]).astype(np.float32),
        function_nodes=starts,
        metrics=np.stack([one.metrics for one in functions]).astype(np.float32),
    )


def _stack(arrays: Iterable[NDArray[np.integer]], axis: int = 0) -> Ints:
    return np.concatenate(list(arrays), axis=axis).astype(np.int64)


def split_by_cost(functions: Sequence[EncodedFunction], max_cost: int) -> Iterator[list[int]]:
    """Runs of consecutive indices whose nodes plus edges stay within `max_cost`; a larger function runs alone."""
    run: list[int] = []
    total = 0
    for idx, function in enumerate(functions):
        size = cost(function)
        if run and total + size > max_cost:
            yield run
            run, total = [], 0
        run.append(idx)
        total += size
    if run:
        yield run
