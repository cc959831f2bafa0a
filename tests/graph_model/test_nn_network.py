from dataclasses import replace

import numpy as np
import pytest
import torch

from graph_model.batching import concatenate
from graph_model.encoding import EncodedFunction
from graph_model.export.bundling import strip
from graph_model.nn.batch import to_tensors
from graph_model.nn.config import CANDIDATE_HEADS, NetworkConfig, head_of
from graph_model.nn.network import ReviewNetwork, Scores
from graph_model.training.synthetic import HEADER, LABELS, SMELLS, make_function


def _network(seed: int = 0) -> ReviewNetwork:
    torch.manual_seed(seed)
    sizes = NetworkConfig(
        LABELS,
        SMELLS,
        len(HEADER.path_features),
        len(HEADER.metrics),
        token_width=8,
        width=16,
        num_layers=2,
        num_heads=2,
    )
    return ReviewNetwork(sizes).eval()


def _functions(count: int) -> list[EncodedFunction]:
    rng = np.random.default_rng(0)
    return [make_function(rng, holds=bool(idx % 2), label=idx % 3) for idx in range(count)]


def _score(network: ReviewNetwork, functions: list[EncodedFunction]) -> Scores:
    with torch.no_grad():
        scores: Scores = network(to_tensors(concatenate(functions)))
    return scores


@pytest.mark.parametrize(
    ("label", "head"),
    [
        ("security/sql-injection", "security"),
        ("performance/query-in-loop", "performance"),
        ("correctness/missing-await", "general"),
    ],
)
def test_a_label_is_judged_by_the_head_of_its_category(label: str, head: str) -> None:
    assert CANDIDATE_HEADS[head_of(label)] == head


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of num_heads=4"):
        NetworkConfig(LABELS, SMELLS, 1, 1, width=30)
    with pytest.raises(ValueError, match="expected at least one"):
        NetworkConfig((), SMELLS, 1, 1)


def test_every_candidate_function_and_edge_gets_its_number() -> None:
    batch = concatenate(_functions(4))
    scores = _network()(to_tensors(batch))
    assert scores.candidate_logits.shape == (4,)
    assert scores.smell_logits.shape == (4, 1)
    assert scores.function_scores.shape == (4,)
    assert scores.attention.shape == (batch.edge_index.shape[1],)
    assert all(one.dtype == torch.float32 for one in scores)


def test_gradients_reach_every_parameter() -> None:
    network = _network().train()
    scores = network(to_tensors(concatenate(_functions(6))))
    (scores.candidate_logits.sum() + scores.smell_logits.sum() + scores.function_scores.sum()).backward()
    missing = [name for name, one in network.named_parameters() if one.grad is None]
    assert missing == []


def test_functions_without_edges_candidates_or_tokens_pass() -> None:
    bare = strip(_functions(1)[0])
    empty = replace(bare, token_ids=bare.token_ids[:0], token_offsets=np.zeros(2, dtype=np.int32))
    for function in (bare, empty):
        scores = _score(_network(), [function])
        assert scores.candidate_logits.shape == (0,)
        assert torch.isfinite(scores.smell_logits).all()


def test_a_function_scores_the_same_alone_and_in_a_batch() -> None:
    network, functions = _network(), _functions(5)
    together = _score(network, functions).candidate_logits
    alone = torch.cat([_score(network, [one]).candidate_logits for one in functions])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-6)


def test_a_candidate_scores_the_same_whatever_other_candidates_its_function_has() -> None:
    network, function = _network(), _functions(1)[0]
    node = len(function.token_offsets) - 1
    twice = replace(
        function,
        token_ids=np.append(function.token_ids, 5).astype(np.int32),
        token_offsets=np.append(function.token_offsets, len(function.token_ids) + 1).astype(np.int32),
        edge_index=np.concatenate((function.edge_index, [[1, 2], [node, node]]), axis=1).astype(np.int32),
        edge_type=np.append(function.edge_type, [8, 9]).astype(np.int8),
        candidate_nodes=np.append(function.candidate_nodes, node).astype(np.int32),
        candidate_labels=np.append(function.candidate_labels, 1).astype(np.int16),
        path_features=np.concatenate((function.path_features, np.ones((1, 4), dtype=np.float32))),
    )
    alone, both = _score(network, [function]), _score(network, [twice])
    torch.testing.assert_close(both.candidate_logits[:1], alone.candidate_logits, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(both.smell_logits, alone.smell_logits, rtol=1e-5, atol=1e-6)


def test_label_path_features_and_edges_change_the_score() -> None:
    network, function = _network(), _functions(1)[0]
    base = _score(network, [function]).candidate_logits
    others = (
        replace(function, candidate_labels=np.array([1], dtype=np.int16)),
        replace(function, path_features=function.path_features + 1),
        replace(function, edge_index=function.edge_index[::-1].copy()),
    )
    for other in others:
        assert not torch.allclose(base, _score(network, [other]).candidate_logits)


def test_scaling_is_kept_with_the_weights() -> None:
    network = _network()
    network.set_scaling(torch.tensor([[1.0] * 4, [2.0] * 4]), torch.tensor([[3.0] * 2, [4.0] * 2]))
    other = _network(seed=1)
    other.load_state_dict(network.state_dict())
    assert other.path_scaling[1, 0] == 2.0
    assert other.metric_scaling[0, 0] == 3.0


def test_the_linear_path_starts_as_logistic_regression() -> None:
    network, functions = _network(), _functions(6)
    network.set_scaling(torch.tensor([[0.5] * 4, [2.0] * 4]), torch.tensor([[0.0] * 2, [1.0] * 2]))
    for head in network.candidate_heads.heads:
        for parameter in head.parameters():
            torch.nn.init.zeros_(parameter)
    weights = torch.randn(3, 5)
    network.start_from(weights)
    labels = torch.tensor([int(one.candidate_labels[0]) for one in functions])
    path = torch.from_numpy(np.concatenate([one.path_features for one in functions]))
    expected = (weights[labels, :-1] * path).sum(dim=1) + weights[labels, -1]
    torch.testing.assert_close(_score(network, functions).candidate_logits, expected)


def test_parameters_are_counted_apart() -> None:
    counted = _network().num_parameters()
    assert counted["hashed"] == 16_384 * 8
    assert counted["dense"] > 0
