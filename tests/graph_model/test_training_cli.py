import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from graph_model.bundle import load_bundle
from graph_model.ladder import Rung
from graph_model.training.cli import train
from graph_model.training.loop import BEST
from graph_model.training.shards import save_shard
from graph_model.training.synthetic import Planted, make_shard

SETTINGS = """
max_epochs = 1
width = 16
token_width = 8
num_layers = 1
num_heads = 2
num_threads = 1
"""


def _run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(train, [str(one) for one in arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    save_shard(
        make_shard(Planted(num_functions=120, num_groups=12, triaged=0.34, unlabelled=0.5)), tmp_path / "s" / "a.npz"
    )
    (tmp_path / "config.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path / "s"


def _fit(shards: Path, run: str, *more: str, code: int = 0) -> str:
    folder = shards.parent
    return _run("fit", shards, "--run", folder / run, "--config", folder / "config.toml", *more, code=code)


@pytest.mark.slow
def test_from_shards_to_a_bundle(shards: Path, tmp_path: Path) -> None:
    output = _fit(shards, "run")
    assert "120 functions" in output
    assert "best epoch 1" in output
    _fit(shards, "ablation", "--ablate")
    report = _run("ladder", shards, "--run", tmp_path / "run", "--ablation", tmp_path / "ablation")
    assert "| network, trained on shuffled edges |" in report
    judged_on = json.loads((tmp_path / "run" / "ladder.json").read_text())["judged_on"]
    assert judged_on.startswith("candidates that were read")
    output = _run("export", shards, "--run", tmp_path / "run", "--to", tmp_path / "bundle", "--parity", 10)
    assert "parity over 10 functions" in output
    bundle = load_bundle(tmp_path / "bundle", "synthetic")
    assert bundle.provenance["functions"] == 120
    assert bundle.figures["parity"]["differences"]["candidate_logits"] < 1e-4
    assert (bundle.network is not None) == any(one.rung is Rung.NETWORK for one in bundle.judgements)
    output = _run("evaluate", shards, "--bundle", tmp_path / "bundle")
    assert "PR-AUC" in output
    assert "precision at recall 0.8" in output


def test_a_run_is_not_overwritten_unless_resumed(shards: Path) -> None:
    _fit(shards, "run")
    assert "--resume goes on with it" in _fit(shards, "run", code=2)
    assert "best epoch 1" in _fit(shards, "run", "--resume")


def test_a_run_on_other_data_is_refused(shards: Path, tmp_path: Path) -> None:
    _fit(shards, "run")
    save_shard(make_shard(replace(Planted(num_functions=40, num_groups=4), seed=1)), shards / "b.npz")
    output = _run("ladder", shards, "--run", tmp_path / "run", code=2)
    assert f"{BEST}: manifest: expected" in output


def test_an_export_needs_a_climbed_ladder(shards: Path, tmp_path: Path) -> None:
    _fit(shards, "run")
    output = _run("export", shards, "--run", tmp_path / "run", "--to", tmp_path / "bundle", code=2)
    assert "`reviewer train ladder` makes it" in output


def test_failures_are_one_line(shards: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("colour = 1", encoding="utf-8")
    assert _fit(shards, "run", code=2).startswith("Error: colour: expected one of")
    assert "found no file" in _run("ladder", shards, "--run", tmp_path / "nowhere", code=2)
    (tmp_path / "empty").mkdir()
    assert "found none" in _run("evaluate", tmp_path / "empty", code=2)
