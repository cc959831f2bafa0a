"""The training loop, from top to bottom. One call trains a network, or goes on where a killed run stopped."""

import json
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from graph_model.batching import concatenate
from graph_model.nn.batch import to_tensors
from graph_model.nn.network import ReviewNetwork
from graph_model.training.checkpoint import Checkpoint, Progress, RunIdentity, load_checkpoint, save_checkpoint
from graph_model.training.config import FitConfig, parse_config
from graph_model.training.dataset import Dataset, Sampler, Split, shuffle_edges, split_by_group
from graph_model.training.losses import TargetMaker, combine, head_losses
from graph_model.training.rungs import fit_logistic, training_table
from graph_model.training.scoring import validation_measures

LAST, BEST, LOG = "last.pt", "best.pt", "log.jsonl"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FitResult:
    """The network of the best epoch, and how the run ended."""

    network: ReviewNetwork
    progress: Progress


def fit(
    dataset: Dataset,
    config: FitConfig,
    folder: Path,
    *,
    resume: bool = False,
    report: Callable[[str], None] = _log.info,
) -> FitResult:
    """Trains until `max_epochs` or until validation has not improved for `patience` epochs.

    Leaves last.pt, best.pt and log.jsonl in `folder`. With `resume` the run goes on from last.pt, if there is one, to
    the same weights as without the interruption. `report` receives a line of progress per epoch and checkpoint.
    Raises CheckpointError if last.pt belongs to another configuration or other data.
    """
    torch.set_num_threads(config.num_threads)
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(config.seed)
    identity = RunIdentity(config.to_json(), dataset.header.to_json(), dataset.manifest)
    if config.shuffle_edges:
        dataset = shuffle_edges(dataset, config.seed)
    split = split_by_group(dataset, config.seed, config.validation_share)
    sampler = Sampler.over(dataset, split.train, config)
    maker = TargetMaker(dataset, split.train, config)
    num_steps = sampler.num_steps()
    run = _Run.start(dataset, split, config, folder, identity)
    if not (resume and run.restore(LAST)):
        table = training_table(dataset, split.train, maker)
        run.network.start_from(torch.from_numpy(fit_logistic(table, len(dataset.header.labels))).float())
    run.cut_log()
    progress = run.progress
    while progress.epoch < config.max_epochs and not progress.finished:
        batches = sampler.batches(progress.epoch)
        for indices in batches[progress.batch :]:
            rate = config.learning_rate * schedule(progress.step, num_steps, config.warmup_share)
            batch = to_tensors(concatenate([dataset.examples[idx].function for idx in indices]))
            losses = head_losses(run.network(batch), maker.make(indices), config.focal_gamma)
            run.descend(combine(losses, config.head_weights), rate, config.clip_norm)
            progress.step += 1
            progress.batch += 1
            shown = {name: loss.item() for name, loss in losses.items()}
            run.write_log("loss", shown)
            if progress.step % config.checkpoint_steps == 0:
                run.save(LAST)
                report(f"  step {progress.step}/{num_steps}  loss {_show(shown)}")
        measures = validation_measures(run.network, dataset, split.validation)
        run.write_log("validation", measures)
        improved = progress.finish_epoch(measures["selected"], config.patience)
        report(_progress_line(progress, len(batches), measures, config.max_epochs))
        if improved:
            run.save(BEST)
        run.save(LAST)
    run.restore(BEST)
    return FitResult(run.network.eval(), run.progress)


@dataclass(slots=True)
class _Run:
    """The state of one run: everything that a checkpoint holds."""

    network: ReviewNetwork
    optimiser: torch.optim.Optimizer
    identity: RunIdentity
    folder: Path
    progress: Progress

    @classmethod
    def start(cls, dataset: Dataset, split: Split, config: FitConfig, folder: Path, identity: RunIdentity) -> "_Run":
        folder.mkdir(parents=True, exist_ok=True)
        network = ReviewNetwork(config.network(dataset.header)).train()
        network.set_scaling(*scaling(dataset, split))
        optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        return cls(network, optimiser, identity, folder, Progress())

    def descend(self, loss: torch.Tensor, rate: float, clip_norm: float) -> None:
        """One step of the optimiser; none if no head had anything to learn."""
        if not loss.requires_grad:
            return
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), clip_norm)
        self.optimiser.step()

    def save(self, name: str) -> None:
        log = self.folder / LOG
        self.progress.log_bytes = log.stat().st_size if log.exists() else 0
        weights, optimiser = self.network.state_dict(), self.optimiser.state_dict()
        checkpoint = Checkpoint(self.identity, self.progress, weights, optimiser, torch.get_rng_state())
        save_checkpoint(checkpoint, self.folder / name)

    def restore(self, name: str) -> bool:
        """Takes over the named checkpoint; false if there is none, as in a run that was killed before its first."""
        if not (self.folder / name).exists():
            return False
        checkpoint = load_checkpoint(self.folder / name, self.identity)
        self.network.load_state_dict(checkpoint.weights)
        self.optimiser.load_state_dict(checkpoint.optimiser)
        torch.set_rng_state(checkpoint.random_state)
        for field in fields(Progress):
            setattr(self.progress, field.name, getattr(checkpoint.progress, field.name))
        return True

    def write_log(self, kind: str, values: Mapping[str, float]) -> None:
        line = {"kind": kind, "step": self.progress.step, "epoch": self.progress.epoch, **values}
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def cut_log(self) -> None:
        """Drops what a killed run logged after its last checkpoint: those steps are taken again."""
        with (self.folder / LOG).open("ab") as file:
            file.truncate(self.progress.log_bytes)


def scaling(dataset: Dataset, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation of path features and of metrics over the training functions: float [2, P] and [2, M]."""
    functions = [dataset.examples[idx].function for idx in split.train]

    def of(rows: list[NDArray[np.float32]], width: int) -> torch.Tensor:
        table = np.concatenate(rows) if rows else np.zeros((0, width), dtype=np.float32)
        if not len(table):
            return torch.stack((torch.zeros(width), torch.ones(width)))
        deviation = table.std(axis=0)
        return torch.from_numpy(
            np.stack((table.mean(axis=0), np.where(deviation < 1e-3, 1.0, deviation))).astype(np.float32)
        )

    path = of([one.path_features for one in functions], len(dataset.header.path_features))
    return path, of([one.metrics[None] for one in functions], len(dataset.header.metrics))


def schedule(step: int, num_steps: int, warmup_share: float) -> float:
    """Factor of the learning rate: linear warm-up, then a half cosine down to 1 %."""
    warmup = max(1, round(warmup_share * num_steps))
    if step < warmup:
        return (step + 1) / warmup
    share = (step - warmup) / max(1, num_steps - warmup)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def load_network(path: Path) -> tuple[ReviewNetwork, RunIdentity]:
    """The network of a checkpoint, in evaluation mode, and what it was trained on. Raises CheckpointError."""
    checkpoint = load_checkpoint(path)
    config = parse_config(json.loads(checkpoint.identity.config))
    network = ReviewNetwork(config.network(checkpoint.identity.shard_header))
    network.load_state_dict(checkpoint.weights)
    return network.eval(), checkpoint.identity


def _progress_line(progress: Progress, num_batches: int, measures: Mapping[str, float], max_epochs: int) -> str:
    shown = _show(measures)
    star = " *" if progress.best_epoch == progress.epoch - 1 else ""
    return f"epoch {progress.epoch}/{max_epochs}  {num_batches} batches  step {progress.step}  {shown}{star}"


def _show(values: Mapping[str, float]) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in values.items())
