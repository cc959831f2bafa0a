import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any  # lines of JSON

import numpy as np
import pytest
import torch

from graph_model.training.checkpoint import CheckpointError, load_checkpoint
from graph_model.training.config import FitConfig, load_config
from graph_model.training.dataset import Dataset, join_shards, load_dataset, shuffle_edges, split_by_group
from graph_model.training.loop import LAST, LOG, fit, scaling, schedule
from graph_model.training.metrics import roc_auc
from graph_model.training.scoring import score_examples, validation_measures
from graph_model.training.shards import save_shard
from graph_model.training.synthetic import Planted, make_shard

TINY = FitConfig(
    max_epochs=3, width=16, token_width=8, num_layers=2, num_heads=2, batch_cost=700, checkpoint_steps=3, num_threads=1
)
LEARNS = FitConfig(
    max_epochs=8,
    patience=3,
    width=32,
    token_width=16,
    num_layers=3,
    batch_cost=800,
    learning_rate=4e-3,
    focal_gamma=0.0,
    dropout=0.0,
    token_dropout=0.0,
    num_threads=1,
)


def _dataset(num_functions: int, seed: int = 0) -> Dataset:
    return join_shards(
        [make_shard(Planted(num_functions=num_functions, seed=seed))], manifest=f"planted {num_functions}"
    )


def _log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines()]


def _auc_on_unseen(dataset: Dataset, folder: Path, config: FitConfig) -> float:
    network = fit(dataset, config, folder).network
    unseen = _dataset(150, seed=1)
    targets = np.array([one.targets[0] for one in unseen.examples], dtype=float)
    unseen = shuffle_edges(unseen, 5) if config.shuffle_edges else unseen
    return roc_auc(score_examples(network, unseen, range(150)).candidates.astype(float), targets)


@pytest.mark.slow
def test_the_network_learns_what_only_the_graph_knows(tmp_path: Path) -> None:
    assert _auc_on_unseen(_dataset(900), tmp_path, LEARNS) > 0.9


@pytest.mark.slow
def test_with_shuffled_edges_there_is_nothing_to_learn(tmp_path: Path) -> None:
    config = replace(LEARNS, shuffle_edges=True, max_epochs=4)
    assert 0.35 < _auc_on_unseen(_dataset(900), tmp_path, config) < 0.65


class _KillError(Exception):
    pass


def _same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


@pytest.mark.parametrize("lines_before_kill", [1, 2, 3, 5])
def test_a_killed_run_goes_on_to_the_same_weights_and_log(tmp_path: Path, lines_before_kill: int) -> None:
    dataset = _dataset(60)
    whole = fit(dataset, TINY, tmp_path / "whole")
    seen: list[str] = []

    def die(line: str) -> None:
        seen.append(line)
        if len(seen) == lines_before_kill:
            raise _KillError

    with pytest.raises(_KillError):
        fit(dataset, TINY, tmp_path / "killed", report=die)
    with (tmp_path / "killed" / LOG).open("a", encoding="utf-8") as log:
        log.write('{"half a li')
    torch.manual_seed(99)
    resumed = fit(dataset, TINY, tmp_path / "killed", resume=True)
    assert _same_weights(whole.network, resumed.network)
    assert resumed.progress.step == whole.progress.step
    assert _log(tmp_path / "killed") == _log(tmp_path / "whole")


_PROGRAM = """
import sys
from pathlib import Path
from typing import Any  # lines of JSON
from graph_model.training.config import load_config
from graph_model.training.dataset import load_dataset
from graph_model.training.loop import fit
folder = Path(sys.argv[1])
fit(load_dataset(folder / "shards"), load_config(folder / "config.toml"), folder / "killed")
"""


@pytest.mark.slow
def test_a_process_killed_without_warning_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    save_shard(make_shard(Planted(num_functions=120)), tmp_path / "shards" / "a.npz")
    values = {"max_epochs": 3, "width": 16, "token_width": 8, "num_layers": 2, "num_heads": 2, "num_threads": 1}
    values |= {"batch_cost": 700, "checkpoint_steps": 3}
    settings = tmp_path / "config.toml"
    settings.write_text("".join(f"{key} = {value}\n" for key, value in values.items()), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(tmp_path)], env=environment)
    while not (tmp_path / "killed" / LAST).exists():
        assert process.poll() is None, "ended before its first checkpoint"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    dataset, config = load_dataset(tmp_path / "shards"), load_config(settings)
    killed_at = load_checkpoint(tmp_path / "killed" / LAST).progress.step
    resumed = fit(dataset, config, tmp_path / "killed", resume=True)
    whole = fit(dataset, config, tmp_path / "whole")
    assert killed_at < whole.progress.step
    assert _same_weights(whole.network, resumed.network)
    assert _log(tmp_path / "killed") == _log(tmp_path / "whole")


def test_equal_seeds_give_equal_weights_and_another_seed_gives_others(tmp_path: Path) -> None:
    dataset, short = _dataset(40), replace(TINY, max_epochs=1)
    first = fit(dataset, short, tmp_path / "a").network
    assert _same_weights(first, fit(dataset, short, tmp_path / "b").network)
    assert not _same_weights(first, fit(dataset, replace(short, seed=1), tmp_path / "c").network)


def test_a_run_is_not_resumed_with_other_data_or_another_configuration(tmp_path: Path) -> None:
    fit(_dataset(40), replace(TINY, max_epochs=1), tmp_path)
    with pytest.raises(CheckpointError, match="manifest"):
        fit(_dataset(50), replace(TINY, max_epochs=1), tmp_path, resume=True)
    with pytest.raises(CheckpointError, match="config"):
        fit(_dataset(40), TINY, tmp_path, resume=True)


def test_losses_are_logged_per_head_and_validation_per_epoch(tmp_path: Path) -> None:
    lines: list[str] = []
    fit(_dataset(60), TINY, tmp_path, report=lines.append)
    losses = [one for one in _log(tmp_path) if one["kind"] == "loss"]
    assert [one["step"] for one in losses] == list(range(1, len(losses) + 1))
    assert {"security", "performance", "general", "smells"} <= set(losses[0])
    validation = [one for one in _log(tmp_path) if one["kind"] == "validation"]
    assert [one["epoch"] for one in validation] == [0, 1, 2]
    assert all(0 <= one["selected"] <= 1 for one in validation)
    assert sum(line.startswith("epoch ") for line in lines) == 3


def test_training_stops_when_validation_no_longer_improves(tmp_path: Path) -> None:
    config = replace(TINY, max_epochs=30, patience=1, learning_rate=1e-9)
    result = fit(_dataset(40), config, tmp_path)
    assert result.progress.finished or result.progress.epoch == result.progress.best_epoch + 1
    assert result.progress.epoch < 30


def test_the_learning_rate_warms_up_and_falls() -> None:
    rates = [schedule(step, 100, 0.1) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.01, abs=0.001)


def test_scaling_is_that_of_the_training_side_and_leaves_constants_alone() -> None:
    dataset = _dataset(60)
    split = split_by_group(dataset, 0, 0.15)
    path, metrics = scaling(dataset, split)
    rows = np.concatenate([dataset.examples[idx].function.path_features for idx in split.train])
    np.testing.assert_allclose(path[0].numpy(), rows.mean(axis=0), rtol=1e-5)
    assert metrics.shape == (2, 2)
    assert scaling(dataset, replace(split, train=()))[0].tolist() == [[0.0] * 4, [1.0] * 4]


def test_what_cannot_be_measured_counts_nothing(tmp_path: Path) -> None:
    dataset = _dataset(40)
    network = fit(dataset, replace(TINY, max_epochs=1), tmp_path).network
    assert dataset.pairs
    assert validation_measures(network, dataset, []) == {"selected": 0.0}
    negatives = tuple(replace(one, targets=np.zeros(1, dtype=np.int8)) for one in dataset.examples)
    measures = validation_measures(network, replace(dataset, examples=negatives), range(40))
    assert set(measures) == {"smells", "ranking", "selected"}
    assert measures["selected"] == pytest.approx((measures["smells"] + measures["ranking"]) / 2)
