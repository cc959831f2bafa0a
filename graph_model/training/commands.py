"""What the subcommands of `reviewer train` do. Imports torch; `graph_model.training.cli` imports it when one is run."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from graph_model.bundle import default_folder, load_bundle
from graph_model.errors import GraphModelError
from graph_model.export.bundling import export_bundle, score_encoded
from graph_model.nn.network import ReviewNetwork
from graph_model.training.budget import spend_budget
from graph_model.training.checkpoint import CheckpointError
from graph_model.training.climbing import (
    MARKDOWN,
    Networks,
    climb,
    judged_candidates,
    judged_table,
    load_climb,
    save_climb,
)
from graph_model.training.config import FitConfig, load_config, parse_config
from graph_model.training.dataset import load_dataset, split_by_group
from graph_model.training.loop import BEST, LAST, fit, load_network
from graph_model.training.metrics import average_precision, precision_at_recall

Report = Callable[[str], None]


class RunError(GraphModelError):
    """A run folder does not hold what the command needs."""


def fit_run(shards: Path, run: Path, config: FitConfig, *, resume: bool, report: Report) -> None:
    """Trains into a run folder. Raises RunError if it holds another run and `resume` is off."""
    if (run / LAST).exists() and not resume:
        raise RunError(f"{run}: holds a run already; --resume goes on with it")
    dataset = load_dataset(shards)
    report(f"{len(dataset.examples)} functions, {len(dataset.pairs)} pairs, data {dataset.manifest[:12]}")
    result = fit(dataset, config, run, resume=resume, report=report)
    report(f"best epoch {result.progress.best_epoch + 1}, validation {result.progress.best:.4f}")


def read_config(path: Path | None, *, ablate: bool) -> FitConfig:
    """The configuration of a TOML file, with shuffled edges if asked for. Raises ConfigError."""
    config = load_config(path)
    return replace(config, shuffle_edges=True) if ablate else config


def climb_run(shards: Path, run: Path, ablation: Path | None, kilolines: float | None, report: Report) -> None:
    """Judges every rung and leaves ladder.npz, ladder.json and ladder.md in the run folder."""
    dataset = load_dataset(shards)
    network, config = _load(run, dataset.manifest)
    ablated = _load(ablation, dataset.manifest)[0] if ablation is not None else None
    climbed = climb(dataset, config, Networks(network, ablated))
    save_climb(climbed if kilolines is None else spend_budget(dataset, climbed, kilolines), run)
    report((run / MARKDOWN).read_text(encoding="utf-8"))


def export_run(shards: Path, run: Path, target: Path, num_parity: int, report: Report) -> None:
    """Writes the bundle of a run. Raises RunError if its ladder was not climbed, ExportError without parity."""
    if not (run / MARKDOWN).exists():
        raise RunError(f"{run}: expected a climbed ladder; `reviewer train ladder` makes it")
    dataset = load_dataset(shards)
    network, config = _load(run, dataset.manifest)
    stride = max(1, len(dataset.examples) // max(1, num_parity))
    functions = [one.function for one in dataset.examples[::stride]]
    provenance = {
        "commit": _commit(),
        "data": dataset.manifest,
        "functions": len(dataset.examples),
        "candidates": sum(len(one.targets) for one in dataset.examples),
        "repositories": len({one.group for one in dataset.examples}),
        "config": json.loads(config.to_json()),
    }
    figures = export_bundle(network, load_climb(run, dataset.header), dataset.header, functions, target, provenance)
    report(f"{target}: parity over {len(functions)} functions: {figures['parity']['differences']}")


def evaluate_bundle(shards: Path, folder: Path | None, report: Report) -> None:
    """Scores the judged candidates of the shards with a bundle, as a review does.

    The bundle's calibration may have been fitted on these very candidates; ranking figures are not touched by that
    within a label.
    """
    dataset = load_dataset(shards)
    bundle = load_bundle(folder or default_folder(), dataset.header.catalogue_hash)
    config = parse_config(dict(bundle.provenance.get("config", {})))
    split = split_by_group(dataset, config.seed, config.validation_share)
    indices, rows, judged_on = judged_candidates(dataset, split)
    table = judged_table(dataset, indices, rows)
    report(f"bundle {bundle.identity}, {judged_on}: {len(table.targets)}, {int(table.targets.sum())} positive")
    if not len(table.targets):
        return
    found = score_encoded(bundle, [dataset.examples[idx].function for idx in indices])[rows]
    report(f"PR-AUC {average_precision(found, table.targets, table.weights):.4f}")
    for recall in (0.5, 0.8, 0.9):
        report(f"precision at recall {recall}: {precision_at_recall(found, table.targets, recall, table.weights):.4f}")


def _load(run: Path, manifest: str) -> tuple[ReviewNetwork, FitConfig]:
    """The best network of a run and its configuration. Raises CheckpointError if it was trained on other data."""
    network, identity = load_network(run / BEST)
    if identity.manifest != manifest:
        raise CheckpointError(f"{run / BEST}: manifest: expected {manifest!r}, found {identity.manifest!r}")
    return network, parse_config(json.loads(identity.config))


def _commit() -> str:
    """The commit of this checkout, or `unknown` outside one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else "unknown"
