import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_model.batching import INPUT_NAMES, concatenate, cost, num_nodes, split_by_cost
from graph_model.encoding import NUM_EDGE_TYPES, EdgeType, EncodedFunction
from graph_model.training.synthetic import make_function


def _functions(count: int, seed: int = 0) -> list[EncodedFunction]:
    rng = np.random.default_rng(seed)
    return [make_function(rng, holds=bool(idx % 2), label=idx % 3) for idx in range(count)]


def test_no_functions_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one"):
        concatenate([])


def test_inputs_are_named_like_the_fields() -> None:
    assert tuple(concatenate(_functions(1)).inputs()) == INPUT_NAMES


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(0, 1000))
def test_functions_lie_side_by_side(count: int, seed: int) -> None:
    functions = _functions(count, seed)
    batch = concatenate(functions)
    total = sum(num_nodes(one) for one in functions)
    assert len(batch.node_functions) == total
    assert batch.token_nodes.max() < total
    assert (np.diff(batch.token_nodes) >= 0).all()
    assert len(batch.function_nodes) == len(batch.metrics) == count
    source, target = batch.edge_index
    assert (batch.node_functions[source] == batch.node_functions[target]).all()
    assert (batch.node_functions[batch.function_nodes] == np.arange(count)).all()
    for idx, function in enumerate(functions):
        own = batch.node_functions[batch.candidate_nodes] == idx
        assert batch.candidate_labels[own].tolist() == function.candidate_labels.tolist()


def test_every_relation_but_those_of_candidates_is_read_backwards() -> None:
    function = _functions(1)[0]
    batch = concatenate([function])
    num_forward = function.edge_index.shape[1]
    backward = batch.edge_type[num_forward:]
    to_candidate = np.isin(function.edge_type, (EdgeType.SLICE, EdgeType.ANCHOR))
    assert len(backward) == num_forward - to_candidate.sum()
    assert (backward >= NUM_EDGE_TYPES).all()
    assert not np.isin(batch.edge_index[0], batch.candidate_nodes).any()
    np.testing.assert_array_equal(batch.edge_index[:, num_forward:], function.edge_index[::-1, ~to_candidate])


def test_runs_stay_within_the_cost_and_keep_the_order() -> None:
    functions = _functions(20)
    limit = 3 * max(cost(one) for one in functions)
    runs = list(split_by_cost(functions, limit))
    assert [idx for run in runs for idx in run] == list(range(20))
    assert all(sum(cost(functions[idx]) for idx in run) <= limit for run in runs)


def test_a_function_over_the_cost_runs_alone() -> None:
    assert list(split_by_cost(_functions(3), 1)) == [[0], [1], [2]]
    assert list(split_by_cost([], 1)) == []
