"""Fits the simple rungs, scores the judged candidates with every rung, and keeps what the export needs.

Judged are the triaged candidates. Without any, the labelled candidates of the validation repositories are shown, but
decide nothing: their share of positives is that of fixtures and injections, not that of code under review, so logistic
regression ships, uncalibrated.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph_model.calibration import identity_lines
from graph_model.ladder import SIMPLE_RUNGS, Ladder, Rung
from graph_model.nn.network import ReviewNetwork
from graph_model.training.calibrating import fit_lines
from graph_model.training.config import FitConfig
from graph_model.training.dataset import Dataset, Split, shuffle_edges, split_by_group
from graph_model.training.evaluation import Decision, LadderReport, Row, evaluate_ladder, to_markdown, without_decisions
from graph_model.training.losses import TargetMaker
from graph_model.training.rungs import Table, fit_ladder, training_table
from graph_model.training.scoring import score_examples
from graph_model.training.shards import ShardHeader, source_index

ARRAYS, REPORT, MARKDOWN = "ladder.npz", "ladder.json", "ladder.md"
TRIAGED = "triaged candidates"
_READ_A_CELL, _MAX_CELLS = 25, 8  # candidates read that a cell of post-stratification should hold, cells a category
SHUFFLED, RETRAINED = "network, edges shuffled", "network, trained on shuffled edges"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Climb:
    """The fitted rungs, a calibration line per rung and label (float64 [L, 2] each), and the report."""

    ladder: Ladder
    lines: Mapping[Rung, Floats]
    report: LadderReport


@dataclass(frozen=True, slots=True)
class Networks:
    """The trained network, and the one trained on shuffled edges if there is one."""

    trained: ReviewNetwork | None = None
    ablated: ReviewNetwork | None = None


def climb(dataset: Dataset, config: FitConfig, networks: Networks) -> Climb:
    """Fits and judges every rung on one split, the one that the network was trained with."""
    split = split_by_group(dataset, config.seed, config.validation_share)
    maker = TargetMaker(dataset, split.train, config)
    labels = dataset.header.labels
    ladder = fit_ladder(training_table(dataset, split.train, maker), labels, config.seed)
    indices, rows, judged_on = judged_candidates(dataset, split)
    table = judged_table(dataset, indices, rows)
    if judged_on == TRIAGED:
        table = replace(table, weights=natural_weights(table, candidate_table(dataset, indices), ladder, labels))
    logits: dict[str, Floats] = {rung: ladder.logits(rung, table.labels, table.features) for rung in SIMPLE_RUNGS}
    if networks.trained is not None:
        logits[Rung.NETWORK] = _network_logits(networks.trained, dataset, indices, rows)
        shuffled = shuffle_edges(dataset, config.seed)
        logits[SHUFFLED] = _network_logits(networks.trained, shuffled, indices, rows)
        if networks.ablated is not None:
            logits[RETRAINED] = _network_logits(networks.ablated, shuffled, indices, rows)
    report = evaluate_ladder(table, logits, labels, judged_on)
    lines = {rung: identity_lines(len(labels)) for rung in Rung}
    if judged_on != TRIAGED:
        return Climb(ladder, lines, without_decisions(report))
    for rung in lines.keys() & logits.keys():
        lines[rung] = fit_lines(logits[rung], table.labels, table.targets, table.weights, labels)
    return Climb(ladder, lines, report)


def judged_candidates(dataset: Dataset, split: Split) -> tuple[tuple[int, ...], NDArray[np.bool_], str]:
    """Examples to score, which of their candidates count (bool over all of them, concatenated), and what they are."""
    triage = source_index("triage")
    triaged = [dataset.examples[idx].sources == triage for idx in split.gate]
    known = [dataset.examples[idx].targets >= 0 for idx in split.gate]
    if any((one & other).any() for one, other in zip(triaged, known, strict=True)):
        return split.gate, np.concatenate(triaged) & np.concatenate(known), TRIAGED
    known = [dataset.examples[idx].targets >= 0 for idx in split.validation]
    rows = np.concatenate(known) if known else np.zeros(0, dtype=bool)
    return split.validation, rows, "labelled candidates of the validation repositories, none being triaged"


def natural_weights(read: Table, everything: Table, ladder: Ladder, labels: Sequence[str]) -> Floats:
    """How many candidates of the gate each read one stands for, float64 [C]; their mean is 1.

    Readers are given rare labels and likely candidates more often than they occur. Post-stratification undoes that: in
    each cell of category and probability (by logistic regression, which chose the likely ones), the read stand for all.
    """
    categories = sorted({label.partition("/")[0] for label in labels})
    category_of = np.array([categories.index(label.partition("/")[0]) for label in labels])
    weights = np.ones(len(read.labels))
    read_logits = ladder.logits(Rung.LOGISTIC, read.labels, read.features)
    all_logits = ladder.logits(Rung.LOGISTIC, everything.labels, everything.features)
    for category in range(len(categories)):
        inside, around = category_of[read.labels] == category, category_of[everything.labels] == category
        if not inside.any():
            continue
        num_cells = int(np.clip(inside.sum() // _READ_A_CELL, 1, _MAX_CELLS))
        edges = np.quantile(read_logits[inside], np.arange(1, num_cells) / num_cells)
        own, every = np.digitize(read_logits[inside], edges), np.digitize(all_logits[around], edges)
        ratio = np.bincount(every, minlength=num_cells) / np.maximum(np.bincount(own, minlength=num_cells), 1)
        weights[inside] = np.maximum(ratio, 1.0)[own]
    return np.asarray(weights / weights.mean(), dtype=np.float64) if len(weights) else weights


def candidate_table(dataset: Dataset, indices: Sequence[int]) -> Table:
    """Every candidate of these examples, read or not."""
    return judged_table(dataset, tuple(indices), np.ones(sum(len(dataset.examples[i].targets) for i in indices), bool))


def judged_table(dataset: Dataset, indices: tuple[int, ...], rows: NDArray[np.bool_]) -> Table:
    """The judged candidates with their own weights (the inverse of the chance of having been triaged)."""
    examples = [dataset.examples[idx] for idx in indices]
    names = {name: position for position, name in enumerate(sorted({one.group for one in examples}))}
    num_features = len(dataset.header.path_features)
    if not examples:
        nothing, none = np.zeros(0), np.zeros(0, dtype=np.int64)
        return Table(np.zeros((0, num_features)), none, nothing, nothing, none)
    groups = np.repeat([names[one.group] for one in examples], [len(one.targets) for one in examples])
    return Table(
        features=np.concatenate([one.function.path_features for one in examples])[rows].astype(np.float64),
        labels=np.concatenate([one.function.candidate_labels for one in examples])[rows].astype(np.int64),
        targets=np.concatenate([one.targets for one in examples])[rows].astype(np.float64),
        weights=np.concatenate([one.weights for one in examples])[rows].astype(np.float64),
        groups=groups[rows].astype(np.int64),
    )


def _network_logits(
    network: ReviewNetwork, dataset: Dataset, indices: tuple[int, ...], rows: NDArray[np.bool_]
) -> Floats:
    return score_examples(network, dataset, indices).candidates[rows].astype(np.float64)


def save_climb(climb: Climb, folder: Path) -> None:
    """Writes ladder.npz, ladder.json and ladder.md."""
    lines = {f"lines_{rung}": line for rung, line in climb.lines.items()}
    np.savez_compressed(folder / ARRAYS, allow_pickle=False, **climb.ladder.to_arrays(), **lines)
    (folder / REPORT).write_text(json.dumps(asdict(climb.report), indent=1) + "\n", encoding="utf-8")
    (folder / MARKDOWN).write_text(to_markdown(climb.report), encoding="utf-8")


def load_climb(folder: Path, header: ShardHeader) -> Climb:
    """What `save_climb` wrote. Raises BundleError if the arrays do not fit the header."""
    with np.load(folder / ARRAYS, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    values = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    values["tables"] = {name: tuple(Row(**one) for one in rows) for name, rows in values["tables"].items()}
    values["decisions"] = {
        label: Decision(**{**one, "rung": Rung(one["rung"]), "fallback": Rung(one["fallback"])})
        for label, one in values["decisions"].items()
    }
    return Climb(
        ladder=Ladder.from_arrays(arrays, len(header.labels), len(header.path_features)),
        lines={rung: arrays[f"lines_{rung}"] for rung in Rung},
        report=LadderReport(**values),
    )
