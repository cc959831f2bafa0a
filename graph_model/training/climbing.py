"""Fits the simple rungs, scores the judged candidates with every rung, and keeps what the export needs.

Judged are the candidates that were read. Without any in a gate the labelled candidates of validation repositories
are shown, but decide nothing: their share of positives is that of fixtures and injections, not that of code under
review, so logistic regression ships, uncalibrated.
"""

import json
from collections.abc import Mapping
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
from graph_model.training.leaving_out import judge_read
from graph_model.training.losses import TargetMaker
from graph_model.training.rungs import Table, candidate_table, fit_ladder, training_table
from graph_model.training.scoring import score_examples
from graph_model.training.shards import ShardHeader, source_index

ARRAYS, REPORT, MARKDOWN = "ladder.npz", "ladder.json", "ladder.md"
TRIAGED = "triaged candidates"
READ = "candidates that were read, each repository left out in turn"
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
    """Fits and judges every rung on one split, the one that the network was trained with.

    The simple rungs are told apart on everything that was read, each repository left out in turn; the network, of which
    there is one, on the gate.
    """
    split = split_by_group(dataset, config.seed, config.validation_share)
    maker = TargetMaker(dataset, split.train, config)
    labels = dataset.header.labels
    indices, rows, judged_on = judged_candidates(dataset, split)
    is_triaged = judged_on == TRIAGED
    fitted = (*split.train, *split.validation) if is_triaged else split.train
    ladder = fit_ladder(training_table(dataset, fitted, maker), labels, config.seed)
    table = judged_table(dataset, indices, rows)
    logits: dict[str, Floats] = {rung: ladder.logits(rung, table.labels, table.features) for rung in SIMPLE_RUNGS}
    if networks.trained is not None:
        logits[Rung.NETWORK] = _network_logits(networks.trained, dataset, indices, rows)
        shuffled = shuffle_edges(dataset, config.seed)
        logits[SHUFFLED] = _network_logits(networks.trained, shuffled, indices, rows)
        if networks.ablated is not None:
            logits[RETRAINED] = _network_logits(networks.ablated, shuffled, indices, rows)
    lines = {rung: identity_lines(len(labels)) for rung in Rung}
    if not is_triaged:
        return Climb(ladder, lines, without_decisions(evaluate_ladder(table, logits, labels, judged_on)))
    read = judge_read(dataset, split, maker, ladder, config)
    table = replace(table, weights=read.table.weights[: len(table.labels)])  # the gate comes first there
    gate = evaluate_ladder(table, logits, labels, judged_on)
    report = evaluate_ladder(read.table, {str(rung): one for rung, one in read.logits.items()}, labels, READ)
    for rung in SIMPLE_RUNGS:
        lines[rung] = fit_lines(read.logits[rung], read.table.labels, read.table.targets, read.table.weights, labels)
    if Rung.NETWORK in logits:
        lines[Rung.NETWORK] = fit_lines(logits[Rung.NETWORK], table.labels, table.targets, table.weights, labels)
    return Climb(ladder, lines, _merge_reports(report, gate))


def _merge_reports(read: LadderReport, gate: LadderReport) -> LadderReport:
    """The tables of both; a label ships with the network where it won on the gate, else as the read ones decide."""
    tables = {**read.tables, **{f"gate: {name}": rows for name, rows in gate.tables.items()}}
    decisions = {
        label: replace(gate.decisions[label], fallback=one.rung) if gate.decisions[label].rung is Rung.NETWORK else one
        for label, one in read.decisions.items()
    }
    return replace(read, tables=tables, decisions=decisions)


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


def judged_table(dataset: Dataset, indices: tuple[int, ...], rows: NDArray[np.bool_]) -> Table:
    """The judged candidates with their own weights."""
    table = candidate_table(dataset, indices)
    return Table(*(getattr(table, name)[rows] for name in Table.__dataclass_fields__))


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
