from pathlib import Path

import pytest
import torch

from graph_model.training.checkpoint import (
    Checkpoint,
    CheckpointError,
    Progress,
    RunIdentity,
    load_checkpoint,
    save_checkpoint,
)

IDENTITY = RunIdentity(config="{}", header='{"labels": []}', manifest="abc")


def _checkpoint(identity: RunIdentity = IDENTITY) -> Checkpoint:
    weights = {"a": torch.arange(3.0)}
    return Checkpoint(identity, Progress(step=5, epoch=1, batch=2), weights, {"state": {}}, torch.get_rng_state())


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    save_checkpoint(_checkpoint(), tmp_path / "last.pt")
    found = load_checkpoint(tmp_path / "last.pt", IDENTITY)
    assert found.progress == Progress(step=5, epoch=1, batch=2)
    torch.testing.assert_close(found.weights, _checkpoint().weights)
    assert torch.equal(found.random_state, torch.get_rng_state())
    assert [path.name for path in tmp_path.iterdir()] == ["last.pt"]


@pytest.mark.parametrize(
    ("other", "name"),
    [
        (RunIdentity('{"seed": 1}', IDENTITY.header, "abc"), "config"),
        (RunIdentity("{}", "{}", "abc"), "header"),
        (RunIdentity("{}", IDENTITY.header, "other"), "manifest"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path, other: RunIdentity, name: str) -> None:
    save_checkpoint(_checkpoint(), tmp_path / "last.pt")
    with pytest.raises(CheckpointError, match=f"{name}: expected"):
        load_checkpoint(tmp_path / "last.pt", other)


def test_another_schema_is_refused_whatever_is_expected(tmp_path: Path) -> None:
    save_checkpoint(_checkpoint(RunIdentity("{}", "{}", "abc", schema_version=99)), tmp_path / "last.pt")
    with pytest.raises(CheckpointError, match="schema_version: expected 1, found 99"):
        load_checkpoint(tmp_path / "last.pt")


def test_a_missing_or_damaged_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="found no file"):
        load_checkpoint(tmp_path / "last.pt")
    (tmp_path / "last.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match="expected a checkpoint"):
        load_checkpoint(tmp_path / "last.pt")


def test_an_epoch_without_improvement_uses_up_patience() -> None:
    progress = Progress(batch=7)
    assert progress.finish_epoch(0.5, patience=2)
    assert (progress.epoch, progress.batch, progress.best, progress.best_epoch) == (1, 0, 0.5, 0)
    assert not progress.finish_epoch(0.5, patience=2)
    assert not progress.finished
    assert not progress.finish_epoch(0.4, patience=2)
    assert progress.finished
