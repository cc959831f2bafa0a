"""Targets of a batch as tensors, and one loss per head.

Letters: `C` candidates, `G` functions, `S` smells, `K` ranking pairs.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from graph_model.nn.config import CANDIDATE_HEADS, head_of
from graph_model.nn.network import Scores
from graph_model.training.config import FitConfig
from graph_model.training.dataset import Dataset
from graph_model.training.shards import SOURCES, UNLABELLED, Example

_MIN_TOTAL = 4.0  # weight below which a batch's few candidates do not count as a whole batch


class Targets(NamedTuple):
    """Shapes: candidates, weights float [C]; heads int64 [C]; smells, smell_mask float [G, S]; pairs int64 [K, 2]
    (better, worse: rows of the batch); margins float [K]."""

    candidates: Tensor
    weights: Tensor
    heads: Tensor
    smells: Tensor
    smell_mask: Tensor
    pairs: Tensor
    margins: Tensor


class TargetMaker:
    """Turns the targets of examples into what the losses need, under one configuration."""

    def __init__(self, dataset: Dataset, train: Sequence[int], config: FitConfig) -> None:
        self._dataset = dataset
        self._config = config
        labels = dataset.header.labels
        self._heads = np.array([head_of(label) for label in labels], dtype=np.int64)
        self._label_weights = label_weights(dataset, train, config.label_balance)
        self._unlabelled = np.array(
            [config.unlabelled_weights.get(label, config.unlabelled_weight) for label in labels], dtype=np.float32
        )
        self._sources = np.array([config.source_weights.get(name, 1.0) for name in SOURCES], dtype=np.float32)

    def weigh(self, example: Example) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Soft target and loss weight of each candidate, float32 [C] each."""
        config = self._config
        unlabelled = example.targets == UNLABELLED
        targets = np.where(unlabelled, config.unlabelled_prior, example.targets).astype(np.float32)
        weights = example.weights * self._label_weights[example.function.candidate_labels]
        weights = weights * self._sources[example.sources]
        weights = weights * np.where(unlabelled, self._unlabelled[example.function.candidate_labels], 1.0)
        weights = weights * np.where(example.targets == 1, config.positive_weight, 1.0)
        return targets, weights.astype(np.float32)

    def make(self, indices: Sequence[int]) -> Targets:
        """The targets of one batch, rows in the order of `indices`."""
        examples = [self._dataset.examples[idx] for idx in indices]
        weighed = [self.weigh(one) for one in examples]
        labels = np.concatenate([one.function.candidate_labels for one in examples])
        smells = np.stack([one.smell_targets for one in examples])
        rows = {idx: row for row, idx in enumerate(indices)}
        pairs = [one for one in self._dataset.pairs if one.better in rows and one.worse in rows]
        return Targets(
            candidates=torch.from_numpy(np.concatenate([target for target, _ in weighed])),
            weights=torch.from_numpy(np.concatenate([weight for _, weight in weighed])),
            heads=torch.from_numpy(self._heads[labels]),
            smells=torch.from_numpy(np.maximum(smells, 0).astype(np.float32)),
            smell_mask=torch.from_numpy((smells != UNLABELLED).astype(np.float32)),
            pairs=torch.tensor([(rows[one.better], rows[one.worse]) for one in pairs], dtype=torch.int64).view(-1, 2),
            margins=torch.tensor([one.margin for one in pairs], dtype=torch.float32),
        )


def label_weights(dataset: Dataset, train: Sequence[int], balance: float) -> NDArray[np.float32]:
    """Weight of each label, float32 [L]: rare ones more, in 1/4..4; 1 for a label without positives."""
    counts = np.zeros(len(dataset.header.labels))
    for idx in train:
        example = dataset.examples[idx]
        np.add.at(counts, example.function.candidate_labels[example.targets == 1], 1)
    seen = counts[counts > 0]
    if not len(seen):
        return np.ones(len(counts), dtype=np.float32)
    ratio = np.where(counts > 0, np.median(seen) / np.maximum(counts, 1), 1.0)
    weights: NDArray[np.float32] = np.clip(ratio**balance, 0.25, 4.0).astype(np.float32)
    return weights


def focal_loss(logits: Tensor, targets: Tensor, gamma: float) -> Tensor:
    """Cross-entropy times |target - probability| ** gamma, per element; targets may lie between 0 and 1."""
    loss = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    # The factor is a weight, not a goal: no gradient through it, which keeps soft targets proper minima.
    return loss * (targets - torch.sigmoid(logits)).abs().detach() ** gamma


def head_losses(scores: Scores, targets: Targets, gamma: float) -> dict[str, Tensor]:
    """The loss of every head that has something to learn in this batch, by name, in a fixed order."""
    losses: dict[str, Tensor] = {}
    every = focal_loss(scores.candidate_logits, targets.candidates, gamma) * targets.weights  # [C]
    for idx, name in enumerate(CANDIDATE_HEADS):
        chosen = (targets.heads == idx).float()
        total = (chosen * targets.weights).sum()
        if total > 0:
            losses[name] = (every * chosen).sum() / total.clamp(min=_MIN_TOTAL)
    if targets.smell_mask.sum() > 0:
        smells = focal_loss(scores.smell_logits, targets.smells, gamma) * targets.smell_mask
        losses["smells"] = smells.sum() / targets.smell_mask.sum()
    if len(targets.pairs):
        gap = scores.function_scores[targets.pairs[:, 0]] - scores.function_scores[targets.pairs[:, 1]]  # [K]
        losses["ranking"] = functional.softplus(targets.margins - gap).mean()
    return losses


def combine(losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Weighted sum; a head without a weight counts once. Without losses a zero that has no gradient."""
    weighted = [loss * weights.get(name, 1.0) for name, loss in losses.items()]
    return torch.stack(weighted).sum() if weighted else torch.zeros(())
