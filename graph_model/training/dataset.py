"""A training set in memory: examples of all shards, the split by repository, and the batches of an epoch."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from graph_model.batching import cost, num_nodes
from graph_model.encoding import EncodedFunction
from graph_model.training.config import FitConfig
from graph_model.training.shards import (
    Example,
    RankingPair,
    Shard,
    ShardError,
    ShardHeader,
    load_shards,
    manifest_hash,
    source_index,
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples of all shards in file order; pairs refer to `examples` by index."""

    header: ShardHeader
    examples: tuple[Example, ...]
    pairs: tuple[RankingPair, ...]
    manifest: str


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of examples. No repository is in two of them; `gate` are those with a triaged candidate."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    gate: tuple[int, ...]


def load_dataset(folder: Path) -> Dataset:
    """Every shard of a folder. Raises ShardError."""
    shards = [shard for _, shard in load_shards(folder)]
    return join_shards(shards, manifest_hash(folder))


def join_shards(shards: Sequence[Shard], manifest: str = "") -> Dataset:
    """One dataset of shards that share a header. Raises ShardError for none."""
    if not shards:
        raise ShardError("shards: expected at least one, found none")
    examples: list[Example] = []
    pairs: list[RankingPair] = []
    for shard in shards:
        start = len(examples)
        pairs.extend(replace(one, better=one.better + start, worse=one.worse + start) for one in shard.pairs)
        examples.extend(shard.examples)
    return Dataset(shards[0].header, tuple(examples), tuple(pairs), manifest)


def split_by_group(dataset: Dataset, seed: int, validation_share: float) -> Split:
    """Whole repositories to each side: the gate first, then validation until it has its share of positive candidates.

    Repositories are taken in the order of a hash of seed and name, so that a new repository moves no other one.
    """
    triage = source_index("triage")
    gated = {one.group for one in dataset.examples if (one.sources == triage).any()}
    positives: dict[str, int] = {}
    for one in dataset.examples:
        if one.group not in gated:
            positives[one.group] = positives.get(one.group, 0) + _num_positives(one)
    wanted = validation_share * sum(positives.values())
    chosen: set[str] = set()
    held = 0
    for group in sorted(positives, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest()):
        if held >= wanted or len(chosen) + 1 >= len(positives):
            break
        chosen.add(group)
        held += positives[group]

    def indices(groups: set[str], *, inside: bool) -> tuple[int, ...]:
        return tuple(idx for idx, one in enumerate(dataset.examples) if (one.group in groups) is inside)

    return Split(
        train=indices(gated | chosen, inside=False),
        validation=indices(chosen, inside=True),
        gate=indices(gated, inside=True),
    )


def _num_positives(example: Example) -> int:
    return int((example.targets == 1).sum()) + int((example.smell_targets == 1).sum())


def units_of(dataset: Dataset, indices: Iterable[int]) -> list[list[int]]:
    """Examples that must share a batch: both ends of every ranking pair inside `indices`, joined transitively."""
    inside = list(indices)
    root = {idx: idx for idx in inside}

    def find(idx: int) -> int:
        while root[idx] != idx:
            root[idx] = root[root[idx]]
            idx = root[idx]
        return idx

    for pair in dataset.pairs:
        if pair.better in root and pair.worse in root:
            root[find(pair.worse)] = find(pair.better)
    units: dict[int, list[int]] = {}
    for idx in inside:
        units.setdefault(find(idx), []).append(idx)
    return list(units.values())


@dataclass(frozen=True, slots=True)
class Sampler:
    """The batches of each epoch, a function of seed and epoch alone, so that a resumed run sees the same ones."""

    labelled: tuple[tuple[int, ...], ...]
    bare: tuple[tuple[int, ...], ...]
    costs: tuple[int, ...]
    config: FitConfig

    @classmethod
    def over(cls, dataset: Dataset, indices: Iterable[int], config: FitConfig) -> "Sampler":
        """A sampler of the examples at `indices`."""
        labelled: list[tuple[int, ...]] = []
        bare: list[tuple[int, ...]] = []
        for unit in units_of(dataset, indices):
            known = len(unit) > 1 or _is_labelled(dataset.examples[unit[0]])
            (labelled if known else bare).append(tuple(unit))
        return cls(tuple(labelled), tuple(bare), tuple(cost(one.function) for one in dataset.examples), config)

    def ratio(self, epoch: int) -> float:
        """Functions without labels for each function with one, geometric from the first epoch to the last."""
        share = epoch / max(1, self.config.max_epochs - 1)
        return float(self.config.start_ratio * (self.config.end_ratio / self.config.start_ratio) ** share)

    def batches(self, epoch: int) -> list[list[int]]:
        """Lists of example indices, each within the batch cost (a single larger unit excepted)."""
        rng = np.random.default_rng([self.config.seed, epoch])
        wanted = min(len(self.bare), round(self.ratio(epoch) * len(self.labelled))) if self.labelled else len(self.bare)
        taken = rng.permutation(len(self.bare))[:wanted]
        units = [*self.labelled, *(self.bare[idx] for idx in taken)]
        batches: list[list[int]] = []
        room = 0
        for idx in rng.permutation(len(units)):
            size = sum(self.costs[one] for one in units[idx])
            if size > room:
                batches.append([])
                room = self.config.batch_cost
            batches[-1].extend(units[idx])
            room -= size
        return batches

    def num_steps(self) -> int:
        """Batches of all epochs."""
        return sum(len(self.batches(epoch)) for epoch in range(self.config.max_epochs))


def _is_labelled(example: Example) -> bool:
    return bool((example.targets >= 0).any() or (example.smell_targets >= 0).any())


def shuffle_edges(dataset: Dataset, seed: int) -> Dataset:
    """The ablation: every edge keeps its relation and joins two random nodes of its function instead."""
    examples = tuple(
        replace(one, function=_shuffled(one.function, np.random.default_rng([seed, idx])))
        for idx, one in enumerate(dataset.examples)
    )
    return replace(dataset, examples=examples)


def _shuffled(function: EncodedFunction, rng: np.random.Generator) -> EncodedFunction:
    shape = function.edge_index.shape
    return replace(function, edge_index=rng.integers(num_nodes(function), size=shape, dtype=np.int32))
