import torch

from graph_model.nn.layers import RelationConv, TokenPool, bounded_exp

EDGES = torch.tensor([[0, 1, 2, 3, 0], [1, 2, 1, 0, 1]])
TYPES = torch.tensor([0, 1, 2, 3, 3])


def test_bounded_weights_stay_finite() -> None:
    found = bounded_exp(torch.tensor([-1e9, 0.0, 1e9]))
    torch.testing.assert_close(found, torch.tensor([torch.e**-4, 1.0, torch.e**4]))


def test_token_pool_gives_a_state_per_node_and_passes_gradients() -> None:
    torch.manual_seed(0)
    pool = TokenPool(num_tokens=50, token_width=4, width=6, dropout=0.0)
    states = pool(torch.tensor([3, 9, 9, 4]), torch.tensor([0, 0, 2, 2]), 3)
    assert states.shape == (3, 6)
    assert states.dtype == torch.float32
    torch.testing.assert_close(states[1], pool.project.bias)
    states.sum().backward()
    assert pool.embedding.grad is not None
    touched = pool.embedding.grad.abs().sum(dim=1).nonzero().squeeze(-1).tolist()
    assert touched == [3, 4, 9]


def test_token_pool_does_not_mind_the_order_of_tokens() -> None:
    pool = TokenPool(50, 4, 6, dropout=0.0)
    nodes = torch.tensor([0, 0, 0])
    torch.testing.assert_close(
        pool(torch.tensor([1, 2, 3]), nodes, 1), pool(torch.tensor([3, 1, 2]), nodes, 1), rtol=1e-5, atol=1e-6
    )


def test_token_dropout_works_in_training_only() -> None:
    torch.manual_seed(0)
    pool = TokenPool(50, 4, 6, dropout=1.0)
    tokens, nodes = torch.tensor([1, 2]), torch.tensor([0, 0])
    torch.testing.assert_close(pool.train()(tokens, nodes, 1)[0], pool.project.bias)
    assert not torch.allclose(pool.eval()(tokens, nodes, 1)[0], pool.project.bias)


def test_attention_sums_to_one_over_the_in_edges_of_a_node() -> None:
    torch.manual_seed(0)
    conv = RelationConv(width=8, num_heads=2, num_relations=4)
    states, attention = conv(torch.randn(5, 8), EDGES, TYPES)
    assert states.shape == (5, 8)
    assert attention.shape == (5, 2)
    sums = torch.zeros(5, 2).index_add(0, EDGES[1], attention)
    torch.testing.assert_close(sums, torch.tensor([[1.0, 1.0]] * 3 + [[0.0, 0.0]] * 2))


def test_a_node_without_in_edges_receives_the_bias_alone() -> None:
    conv = RelationConv(8, 2, 4)
    states, _ = conv(torch.randn(5, 8), EDGES, TYPES)
    torch.testing.assert_close(states[4], conv.out.bias)


def test_the_relation_and_the_direction_of_an_edge_matter() -> None:
    torch.manual_seed(0)
    conv = RelationConv(8, 2, 4)
    states = torch.randn(5, 8)
    base, _ = conv(states, EDGES, TYPES)
    other_types, _ = conv(states, EDGES, (TYPES + 1) % 4)
    backward, _ = conv(states, EDGES.flip(0), TYPES)
    assert not torch.allclose(base, other_types)
    assert not torch.allclose(base, backward)


def test_an_empty_graph_passes_and_gradients_reach_every_parameter() -> None:
    conv = RelationConv(8, 2, 4)
    nothing = torch.zeros(2, 0, dtype=torch.int64)
    states, attention = conv(torch.randn(1, 8), nothing, nothing[0])
    assert states.shape == (1, 8)
    assert attention.shape == (0, 2)
    states, _ = conv(torch.randn(5, 8), EDGES, TYPES)
    states.square().sum().backward()
    assert all(parameter.grad is not None for parameter in conv.parameters())
