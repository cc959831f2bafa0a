"""Judges the simple rungs on everything that was read, each repository by rungs that were fitted without it.

The gate alone holds too few harmful candidates to tell rungs apart. Candidates that were read in training repositories
are as good a test as long as nothing of their repository was fitted on; the gate is fitted on by no rung at all.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from graph_model.ladder import SIMPLE_RUNGS, Ladder, Rung
from graph_model.training.config import FitConfig
from graph_model.training.dataset import Dataset, Split
from graph_model.training.losses import TargetMaker
from graph_model.training.rungs import Table, candidate_table, fit_ladder, training_table
from graph_model.training.shards import source_index

NUM_FOLDS = 4
_READ_A_CELL, _MAX_CELLS = 25, 8  # candidates read that a cell of post-stratification should hold, cells a category

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReadCandidates:
    """What readers decided, with the log-odds of each simple rung, and how many of all candidates each stands for."""

    table: Table
    logits: Mapping[Rung, Floats]


def judge_read(dataset: Dataset, split: Split, maker: TargetMaker, ladder: Ladder, config: FitConfig) -> ReadCandidates:
    """Every decided candidate of the gate (by `ladder`) and of training repositories (by rungs without them)."""
    fitted = (*split.train, *split.validation)
    fold_of = {idx: _fold(dataset.examples[idx].group, config.seed) for idx in fitted}
    parts, scores = [_read_rows(dataset, split.gate, "triage")], []
    scores.append({rung: ladder.logits(rung, parts[0].labels, parts[0].features) for rung in SIMPLE_RUNGS})
    for fold in range(NUM_FOLDS):
        kept = [idx for idx in fitted if fold_of[idx] != fold]
        without = fit_ladder(training_table(dataset, kept, maker), dataset.header.labels, config.seed)
        part = _read_rows(dataset, tuple(idx for idx in fitted if fold_of[idx] == fold), "read")
        parts.append(part)
        scores.append({rung: without.logits(rung, part.labels, part.features) for rung in SIMPLE_RUNGS})
    table = _join(parts)
    logits = {rung: np.concatenate([one[rung] for one in scores]) for rung in SIMPLE_RUNGS}
    harvested = candidate_table(dataset, _harvested(dataset, (*split.gate, *fitted)))
    everything = ladder.logits(Rung.LOGISTIC, harvested.labels, harvested.features)
    weights = natural_weights(table.labels, logits[Rung.LOGISTIC], harvested.labels, everything, dataset.header.labels)
    return ReadCandidates(replace(table, weights=weights), logits)


def natural_weights(
    read: NDArray[np.int64],
    read_logits: Floats,
    every: NDArray[np.int64],
    every_logits: Floats,
    labels: tuple[str, ...],
) -> Floats:
    """How many of all candidates each read one stands for, float64 [C]; their mean is 1. Labels int64 by position.

    Readers are given rare labels and likely candidates more often than they occur. Post-stratification undoes that: in
    each cell of category and probability (by logistic regression, which chose the likely ones), the read stand for all.
    """
    categories = sorted({label.partition("/")[0] for label in labels})
    category_of = np.array([categories.index(label.partition("/")[0]) for label in labels])
    weights = np.ones(len(read))
    for category in range(len(categories)):
        inside, around = category_of[read] == category, category_of[every] == category
        if not inside.any():
            continue
        num_cells = int(np.clip(inside.sum() // _READ_A_CELL, 1, _MAX_CELLS))
        edges = np.quantile(read_logits[inside], np.arange(1, num_cells) / num_cells)
        own, other = np.digitize(read_logits[inside], edges), np.digitize(every_logits[around], edges)
        ratio = np.bincount(other, minlength=num_cells) / np.maximum(np.bincount(own, minlength=num_cells), 1)
        weights[inside] = np.maximum(ratio, 1.0)[own]
    return np.asarray(weights / weights.mean(), dtype=np.float64) if len(weights) else weights


def _fold(group: str, seed: int) -> int:
    return hashlib.sha256(f"{seed}:fold:{group}".encode()).digest()[0] % NUM_FOLDS


def _read_rows(dataset: Dataset, indices: tuple[int, ...], source: str) -> Table:
    """The candidates of a source that a reader decided on."""
    table = candidate_table(dataset, indices)
    number = source_index(source)
    kept = [(dataset.examples[idx].sources == number) & (dataset.examples[idx].targets >= 0) for idx in indices]
    rows = np.concatenate(kept) if kept else np.zeros(0, dtype=bool)
    return Table(*(getattr(table, name)[rows] for name in Table.__dataclass_fields__))


def _harvested(dataset: Dataset, indices: tuple[int, ...]) -> tuple[int, ...]:
    """The functions of harvested code: what readers could have been given."""
    chosen = [source_index(name) for name in ("harvest", "read", "triage")]
    return tuple(idx for idx in indices if np.isin(dataset.examples[idx].sources, chosen).all())


def _join(parts: list[Table]) -> Table:
    """Rows of all parts; groups are numbered apart."""
    shifted, start = [], 0
    for part in parts:
        shifted.append(replace(part, groups=part.groups + start))
        start += int(part.groups.max()) + 1 if len(part.groups) else 0
    return Table(*(np.concatenate([getattr(part, name) for part in shifted]) for name in Table.__dataclass_fields__))
