"""Runs a network over examples and gathers what it says beside what is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from graph_model.batching import concatenate, split_by_cost
from graph_model.nn.batch import to_tensors
from graph_model.nn.config import CANDIDATE_HEADS, head_of
from graph_model.nn.network import ReviewNetwork
from graph_model.training.dataset import Dataset
from graph_model.training.metrics import average_precision

_BATCH_COST = 20_000


@dataclass(frozen=True, slots=True)
class Scored:
    """What a network says about examples, in order. Shapes: candidates float32 [C], smells [G, S], functions [G]."""

    candidates: NDArray[np.float32]
    smells: NDArray[np.float32]
    functions: NDArray[np.float32]


def score_examples(network: ReviewNetwork, dataset: Dataset, indices: Sequence[int]) -> Scored:
    """Logits of every candidate and function, in evaluation mode; the network's mode is restored."""
    functions = [dataset.examples[idx].function for idx in indices]
    parts: list[tuple[NDArray[np.float32], ...]] = []
    training = network.training
    network.eval()
    with torch.no_grad():
        for run in split_by_cost(functions, _BATCH_COST):
            scores = network(to_tensors(concatenate([functions[idx] for idx in run])))
            parts.append((scores.candidate_logits.numpy(), scores.smell_logits.numpy(), scores.function_scores.numpy()))
    network.train(training)
    if not parts:
        nothing = np.zeros(0, dtype=np.float32)
        return Scored(nothing, np.zeros((0, len(dataset.header.smells)), dtype=np.float32), nothing)
    candidates, smells, scores_of = (np.concatenate([part[idx] for part in parts]) for idx in range(3))
    return Scored(candidates, smells, scores_of)


def validation_measures(network: ReviewNetwork, dataset: Dataset, indices: Sequence[int]) -> dict[str, float]:
    """PR-AUC per candidate head (unlabelled count as negatives), mean PR-AUC of smells, share of pairs in order.

    `selected` is the number that training maximises: the mean over candidate heads that have a positive; without any,
    the mean of what else there is; 0 if nothing can be measured.
    """
    scored = score_examples(network, dataset, indices)
    examples = [dataset.examples[idx] for idx in indices]
    measures: dict[str, float] = {}
    if examples:
        targets = np.concatenate([one.targets for one in examples])
        labels = np.concatenate([one.function.candidate_labels for one in examples])
        heads = np.array([head_of(label) for label in dataset.header.labels])[labels]
        for head, name in enumerate(CANDIDATE_HEADS):
            chosen = heads == head
            positive = (targets[chosen] == 1).astype(float)
            if positive.any():
                measures[name] = average_precision(scored.candidates[chosen].astype(float), positive)
    on_candidates = list(measures.values())
    measures |= _smell_measure(dataset, indices, scored) | _pair_measure(dataset, indices, scored)
    found = on_candidates or list(measures.values())
    measures["selected"] = float(np.mean(found)) if found else 0.0
    return measures


def _smell_measure(dataset: Dataset, indices: Sequence[int], scored: Scored) -> dict[str, float]:
    found = []
    for smell in range(len(dataset.header.smells)):
        targets = np.array([dataset.examples[idx].smell_targets[smell] for idx in indices])
        if (targets == 1).any() and (targets == 0).any():
            known = targets >= 0
            found.append(average_precision(scored.smells[known, smell].astype(float), targets[known].astype(float)))
    return {"smells": float(np.mean(found))} if found else {}


def _pair_measure(dataset: Dataset, indices: Sequence[int], scored: Scored) -> dict[str, float]:
    row = {idx: position for position, idx in enumerate(indices)}
    inside = [pair for pair in dataset.pairs if pair.better in row and pair.worse in row]
    wins = [scored.functions[row[pair.better]] > scored.functions[row[pair.worse]] for pair in inside]
    return {"ranking": float(np.mean(wins))} if wins else {}
