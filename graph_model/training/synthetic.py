"""Random function graphs with a planted rule: proof that the machinery learns structure, without any real data.

The rule: a candidate holds unless the statement with the CHECK token guards a statement of its slice. Every function
has one such statement and it always guards something, so that neither tokens, nor counts, nor path features know; only
the edge does. With shuffled edges nothing is left to learn.
"""

from dataclasses import dataclass

import numpy as np

from graph_model.encoding import EdgeType, EncodedFunction
from graph_model.training.shards import Example, RankingPair, Shard, ShardHeader, source_index

CHECK = 7
_NUM_WORDS = 200
LABELS = ("security/planted", "performance/planted", "correctness/planted")
SMELLS = ("maintainability/planted",)
HEADER = ShardHeader(
    catalogue_hash="synthetic",
    labels=LABELS,
    smells=SMELLS,
    path_features=("hops", "noise_1", "noise_2", "noise_3"),
    metrics=("statements", "noise"),
)


@dataclass(frozen=True, slots=True)
class Planted:
    """How many functions, in how many repositories, with what share of each label source.

    `triaged` is the share of repositories whose candidates are triaged (the gate), `unlabelled` the share of the other
    negatives that nobody labelled.
    """

    num_functions: int = 1200
    num_groups: int = 24
    triaged: float = 0.0
    unlabelled: float = 0.0
    seed: int = 0


def make_shard(planted: Planted) -> Shard:
    """A shard of planted functions; equal arguments give equal shards. Every tenth function is paired with the next."""
    rng = np.random.default_rng(planted.seed)
    examples = tuple(_make_example(rng, idx, planted) for idx in range(planted.num_functions))
    pairs = []
    for idx in range(0, planted.num_functions - 1, 10):
        first, second = (float(examples[one].function.metrics[0]) for one in (idx, idx + 1))
        if first != second and examples[idx].group == examples[idx + 1].group:
            pairs.append(RankingPair(idx, idx + 1) if first < second else RankingPair(idx + 1, idx))
    return Shard(HEADER, examples, tuple(pairs))


def make_function(rng: np.random.Generator, *, holds: bool, label: int) -> EncodedFunction:
    """One function with one candidate of `label` that `holds` or not by the planted rule."""
    num_statements = int(rng.integers(8, 15))
    statements = np.arange(1, num_statements + 1)
    check, *rest = rng.permutation(statements)
    slice_nodes, others = np.sort(rest[:3]), rest[3:]
    candidate = num_statements + 1
    edges = [(int(one), int(one) + 1, EdgeType.CFG_NEXT) for one in statements[:-1]]
    edges += [(0, int(one), EdgeType.CONTAINS) for one in statements]
    edges += [(int(one), candidate, EdgeType.SLICE) for one in slice_nodes]
    edges.append((int(slice_nodes[-1]), candidate, EdgeType.ANCHOR))
    edges.append((int(check), int(rng.choice(others if holds else slice_nodes)), EdgeType.GUARDS))
    words = rng.integers(CHECK + 1, _NUM_WORDS, size=(num_statements + 2, 3))
    words[check, 0] = CHECK
    return EncodedFunction(
        token_ids=words.reshape(-1).astype(np.int32),
        token_offsets=(3 * np.arange(num_statements + 3)).astype(np.int32),
        edge_index=np.array([edge[:2] for edge in edges], dtype=np.int32).T.copy(),
        edge_type=np.array([edge[2] for edge in edges], dtype=np.int8),
        candidate_nodes=np.array([candidate], dtype=np.int32),
        candidate_labels=np.array([label], dtype=np.int16),
        path_features=rng.random((1, len(HEADER.path_features)), dtype=np.float32),
        metrics=np.array([num_statements, rng.random()], dtype=np.float32),
    )


def _make_example(rng: np.random.Generator, idx: int, planted: Planted) -> Example:
    group = idx * planted.num_groups // planted.num_functions
    holds, label = bool(rng.random() < 0.5), idx % len(LABELS)
    function = make_function(rng, holds=holds, label=label)
    triaged = group < planted.triaged * planted.num_groups
    hidden = not triaged and not holds and rng.random() < planted.unlabelled
    source = "triage" if triaged else "harvest" if hidden else "injected"
    return Example(
        function=function,
        group=f"owner/repository-{group}",
        origin=f"synthetic:{planted.seed}:{idx}",
        targets=np.array([-1 if hidden else holds], dtype=np.int8),
        weights=np.ones(1, dtype=np.float32),
        sources=np.array([source_index(source)], dtype=np.int8),
        smell_targets=np.array([function.metrics[0] > 11], dtype=np.int8),
        keys=(f"synthetic:{idx}",),
    )
