"""The review network: states of statements and candidates, and three heads that read them.

Letters: `N` nodes, `E` directed edges, `C` candidates, `G` functions, `F` width, `P` path features, `M` metrics,
`L` labels, `S` smells.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from graph_model.nn.batch import TensorBatch
from graph_model.nn.config import CANDIDATE_HEADS, NetworkConfig, head_of
from graph_model.nn.layers import RelationConv, TokenPool


class Scores(NamedTuple):
    """What the network says: candidate_logits [C], smell_logits [G, S], function_scores [G] (higher reads better),
    attention [E] (share of each edge among the in-edges of its target, mean over heads and layers)."""

    candidate_logits: Tensor
    smell_logits: Tensor
    function_scores: Tensor
    attention: Tensor


def _perceptron(width_in: int, width: int, width_out: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width_in, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width_out))


def _no_scaling(num_features: int) -> Tensor:
    return torch.stack((torch.zeros(num_features), torch.ones(num_features)))  # [2, num_features]: mean, deviation


class Block(nn.Module):
    """One round of messages and one of thinking, each with a residual and a norm before it."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.before_messages = nn.LayerNorm(config.width)
        self.messages = RelationConv(config.width, config.num_heads, config.num_relations)
        self.before_thinking = nn.LayerNorm(config.width)
        self.thinking = _perceptron(config.width, 2 * config.width, config.width, config.dropout)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, edge_index: Tensor, edge_type: Tensor) -> tuple[Tensor, Tensor]:
        """Shapes: x float [N, F] to [N, F]; attention float [E], mean over heads."""
        received, attention = self.messages(self.before_messages(x), edge_index, edge_type)
        x = x + self.dropout(received)
        x = x + self.dropout(self.thinking(self.before_thinking(x)))
        return x, attention.mean(dim=-1)


class CandidateHeads(nn.Module):
    """One perceptron per category, chosen by the label, plus a linear path from the path features (the skip)."""

    label_heads: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        num_labels, width = len(config.labels), config.width
        self.register_buffer("label_heads", torch.tensor([head_of(label) for label in config.labels]), persistent=False)
        self.path = nn.Sequential(nn.Linear(config.num_path_features, width), nn.ReLU())
        self.heads = nn.ModuleList(_perceptron(4 * width, width, 1, config.dropout) for _ in CANDIDATE_HEADS)
        self.skip = nn.Linear(config.num_path_features, 1)
        self.label_skip = nn.Parameter(torch.zeros(num_labels, config.num_path_features + 1))

    def forward(self, states: Tensor, functions: Tensor, labels: Tensor, label_states: Tensor, path: Tensor) -> Tensor:
        """Shapes: states, functions, label_states float [C, F], labels int64 [C], path float [C, P]; result [C]."""
        read = torch.cat((states, functions, label_states, self.path(path)), dim=-1)  # [C, 4F]
        every = torch.cat([head(read) for head in self.heads], dim=-1)  # [C, heads]
        chosen = every.gather(1, self.label_heads[labels].unsqueeze(-1)).squeeze(-1)  # [C]
        by_label = functional.embedding(labels, self.label_skip)  # [C, P + 1]
        linear = self.skip(path).squeeze(-1) + (by_label[:, :-1] * path).sum(dim=-1) + by_label[:, -1]  # [C]
        logits: Tensor = chosen + linear
        return logits


class ReviewNetwork(nn.Module):
    """Scores candidates and functions of a batch (`graph_model.batching.GraphBatch`, same names and shapes)."""

    path_scaling: Tensor
    metric_scaling: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.register_buffer("path_scaling", _no_scaling(config.num_path_features))
        self.register_buffer("metric_scaling", _no_scaling(config.num_metrics))
        self.tokens = TokenPool(config.num_tokens, config.token_width, width, config.token_dropout)
        self.labels = nn.Embedding(len(config.labels), width)
        self.path_state = nn.Linear(config.num_path_features, width)
        self.metric_state = nn.Linear(config.num_metrics, width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm = nn.LayerNorm(width)
        self.candidate_heads = CandidateHeads(config)
        self.smells = _perceptron(width + config.num_metrics, width, len(config.smells), config.dropout)
        self.score = _perceptron(width + config.num_metrics, width, 1, config.dropout)

    def set_scaling(self, path: Tensor, metrics: Tensor) -> None:
        """Takes mean and standard deviation of the training data: float [2, P] and [2, M]."""
        self.path_scaling.copy_(path)
        self.metric_scaling.copy_(metrics)

    @torch.no_grad()
    def start_from(self, weights: Tensor) -> None:
        """Makes the linear path logistic regression on unscaled path features: weights [L, P + 1].

        From here training adds what the graph knows. The scaling must have been set before. The perceptrons beside it
        keep their random start: with zeros there, a planted rule was learned with one seed in four instead of all.
        """
        mean, deviation = self.path_scaling
        slopes, offsets = weights[:, :-1], weights[:, -1:]
        heads = self.candidate_heads
        heads.label_skip.copy_(torch.cat((slopes * deviation, offsets + slopes @ mean[:, None]), dim=1))
        nn.init.zeros_(heads.skip.weight)
        nn.init.zeros_(heads.skip.bias)

    def forward(self, batch: TensorBatch) -> Scores:
        """Scores of every candidate and function of the batch."""
        path = (batch.path_features - self.path_scaling[0]) / self.path_scaling[1]  # [C, P]
        measured = (batch.metrics - self.metric_scaling[0]) / self.metric_scaling[1]  # [G, M]
        label_states = self.labels(batch.candidate_labels)  # [C, F]
        x = self.tokens(batch.token_ids, batch.token_nodes, batch.node_functions.size(0))  # [N, F]
        x = x.index_add(0, batch.candidate_nodes, label_states + self.path_state(path))
        x = x.index_add(0, batch.function_nodes, self.metric_state(measured))
        attention = path.new_zeros(batch.edge_type.size(0))
        for block in self.blocks:
            x, share = block(x, batch.edge_index, batch.edge_type)
            attention = attention + share / len(self.blocks)
        x = self.norm(x)
        functions = x[batch.function_nodes]  # [G, F]
        owners = functions[batch.node_functions[batch.candidate_nodes]]  # [C, F]
        logits = self.candidate_heads(x[batch.candidate_nodes], owners, batch.candidate_labels, label_states, path)
        read = torch.cat((functions, measured), dim=-1)  # [G, F + M]
        return Scores(logits, self.smells(read), self.score(read).squeeze(-1), attention)

    def num_parameters(self) -> dict[str, int]:
        """Numbers of parameters: hashed embeddings, and everything else."""
        total = sum(parameter.numel() for parameter in self.parameters())
        hashed = self.tokens.embedding.numel()
        return {"hashed": hashed, "dense": total - hashed}
