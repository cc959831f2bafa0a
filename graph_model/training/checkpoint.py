"""Checkpoints: everything that a killed run needs to go on to the same result, and what proves that it may."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # state dictionaries of torch hold tensors, numbers and nested dictionaries

import torch
from torch import Tensor

from graph_model.encoding import SCHEMA_VERSION
from graph_model.errors import GraphModelError
from graph_model.training.shards import ShardHeader

FORMAT_VERSION = 1


class CheckpointError(GraphModelError):
    """A checkpoint is damaged, or belongs to another configuration, schema, catalogue or data set."""


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What must be equal for a checkpoint to be used; hashes and texts, compared as they are."""

    config: str
    header: str
    manifest: str
    schema_version: int = SCHEMA_VERSION
    format_version: int = FORMAT_VERSION

    @property
    def shard_header(self) -> ShardHeader:
        """The header of the shards that the run was trained with (labels, features, catalogue hash)."""
        return ShardHeader.from_json(self.header)


@dataclass(slots=True)
class Progress:
    """Where a run stands: batches done in all and in this epoch, and the best validation so far (-1: none yet).

    `log_bytes` is the length of the log when the checkpoint was written; what a killed run logged later is cut off.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    best: float = -1.0
    best_epoch: int = -1
    finished: bool = False
    log_bytes: int = 0

    def finish_epoch(self, measure: float, patience: int) -> bool:
        """Goes on to the next epoch; true if this one measured better than every one before it."""
        improved = measure > self.best
        if improved:
            self.best, self.best_epoch = measure, self.epoch
        self.finished = self.epoch - self.best_epoch >= patience
        self.epoch, self.batch = self.epoch + 1, 0
        return improved


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights, optimiser, random state and progress under an identity."""

    identity: RunIdentity
    progress: Progress
    weights: dict[str, Tensor]
    optimiser: dict[str, Any]
    random_state: Tensor


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Writes the file whole or not at all: a kill leaves the previous one."""
    content = {
        "identity": {name: getattr(checkpoint.identity, name) for name in RunIdentity.__dataclass_fields__},
        "progress": {name: getattr(checkpoint.progress, name) for name in Progress.__dataclass_fields__},
        "weights": checkpoint.weights,
        "optimiser": checkpoint.optimiser,
        "random_state": checkpoint.random_state,
    }
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load_checkpoint(path: Path, expected: RunIdentity | None = None) -> Checkpoint:
    """The checkpoint of a file; with `expected`, only if it belongs there. Raises CheckpointError naming the field."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        checkpoint = Checkpoint(
            identity=RunIdentity(**content["identity"]),
            progress=Progress(**content["progress"]),
            weights=content["weights"],
            optimiser=content["optimiser"],
            random_state=content["random_state"],
        )
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: expected a checkpoint, found no file") from error
    except Exception as error:  # torch.load raises whatever its pickle reader meets in a damaged file
        raise CheckpointError(f"{path}: expected a checkpoint, found: {error}") from error
    for name in ("format_version", "schema_version"):
        _require(path, name, getattr(checkpoint.identity, name), getattr(RunIdentity("", "", ""), name))
    if expected is not None:
        for name in ("header", "manifest", "config"):
            _require(path, name, getattr(checkpoint.identity, name), getattr(expected, name))
    return checkpoint


def _require(path: Path, name: str, found: object, expected: object) -> None:
    if found != expected:
        raise CheckpointError(f"{path}: {name}: expected {expected!r}, found {found!r}")
