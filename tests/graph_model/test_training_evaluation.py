import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph_model.ladder import Rung
from graph_model.training.climbing import Networks, climb, judged_candidates, load_climb, save_climb
from graph_model.training.config import FitConfig
from graph_model.training.dataset import join_shards, split_by_group
from graph_model.training.evaluation import evaluate_ladder, to_markdown
from graph_model.training.rungs import Table
from graph_model.training.synthetic import HEADER, Planted, make_shard

LABELS = ("performance/b", "security/a", "security/rare")


def _table(num_rows: int = 240, seed: int = 0) -> tuple[Table, np.ndarray]:
    """Candidates of two labels in eight repositories, and scores that know the truth but for some noise."""
    rng = np.random.default_rng(seed)
    targets = (rng.random(num_rows) < 0.4).astype(float)
    labels = rng.integers(0, 2, num_rows)
    labels[:5] = 2
    table = Table(np.zeros((num_rows, 1)), labels, targets, np.ones(num_rows), np.arange(num_rows) % 8)
    return table, 3 * targets - 1.5 + rng.normal(size=num_rows)


def _noise(table: Table, seed: int = 9) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=len(table.targets))


def test_a_rung_that_wins_ships_and_its_gain_is_shown() -> None:
    table, good = _table()
    noise = _noise(table)
    logits: dict[str, np.ndarray] = {
        Rung.PRIOR: 0 * noise,
        Rung.LOGISTIC: noise,
        Rung.BOOSTING: _noise(table, 8),
        Rung.NETWORK: good,
    }
    report = evaluate_ladder(table, logits, LABELS, "triaged candidates")
    assert {one.rung for one in report.decisions.values()} == {Rung.NETWORK}
    assert report.decisions["security/a"].fallback is not Rung.NETWORK
    assert report.decisions["security/a"].decided_on == "label"
    assert report.decisions["security/rare"].decided_on == "security"
    network = report.tables["all"][3]
    assert network.rung == "network"
    assert network.pr_auc > 0.8 > report.tables["all"][1].pr_auc
    assert network.gain_low > 0.1
    assert network.precision_low <= network.precision <= network.precision_high
    assert set(report.tables) == {"all", "performance", "security"}


def test_a_rung_that_does_not_win_leaves_the_simpler_one() -> None:
    table, good = _table()
    rungs: dict[str, np.ndarray] = {
        Rung.PRIOR: 0 * good,
        Rung.LOGISTIC: good,
        Rung.BOOSTING: good.copy(),
        Rung.NETWORK: _noise(table),
    }
    report = evaluate_ladder(table, rungs, LABELS, "triaged candidates")
    assert {one.rung for one in report.decisions.values()} == {Rung.LOGISTIC}


def test_an_ablation_is_shown_but_never_ships() -> None:
    table, good = _table()
    logits = {Rung.PRIOR: 0 * good, Rung.LOGISTIC: _noise(table), "network, edges shuffled": good}
    report = evaluate_ladder(table, logits, LABELS, "triaged candidates")
    assert [one.rung for one in report.tables["all"]][-1] == "network, edges shuffled"
    assert all(one.rung in (Rung.PRIOR, Rung.LOGISTIC) for one in report.decisions.values())


def test_with_too_few_candidates_logistic_regression_ships() -> None:
    table, good = _table()
    few = Table(*(getattr(table, name)[:12] for name in Table.__dataclass_fields__))
    report = evaluate_ladder(
        few, {Rung.PRIOR: 0 * good[:12], Rung.LOGISTIC: good[:12], Rung.NETWORK: good[:12]}, LABELS, "x"
    )
    assert {(one.rung, one.decided_on) for one in report.decisions.values()} == {(Rung.LOGISTIC, "all")}


def test_without_any_candidate_there_is_still_a_decision() -> None:
    table, _ = _table()
    none = Table(*(getattr(table, name)[:0] for name in Table.__dataclass_fields__))
    report = evaluate_ladder(none, {Rung.PRIOR: np.zeros(0), Rung.LOGISTIC: np.zeros(0)}, LABELS, "nothing")
    assert {one.rung for one in report.decisions.values()} == {Rung.LOGISTIC}
    assert math.isnan(report.tables["all"][0].pr_auc)


def test_the_report_is_read_by_a_person() -> None:
    table, good = _table()
    text = to_markdown(
        evaluate_ladder(table, {Rung.PRIOR: 0 * good, Rung.LOGISTIC: good}, LABELS, "triaged candidates")
    )
    assert text.startswith("Judged on triaged candidates: 240 candidates")
    assert "| security/rare | logistic | security | 5 |" in text


@pytest.fixture(scope="module")
def small() -> FitConfig:
    return FitConfig(num_threads=1)


def test_a_climb_is_judged_on_triaged_candidates_only(small: FitConfig, tmp_path: Path) -> None:
    dataset = join_shards([make_shard(Planted(num_functions=120, num_groups=12, triaged=0.34, unlabelled=0.5))])
    split = split_by_group(dataset, 0, 0.15)
    mixed = replace(dataset.examples[0], sources=np.zeros(1, dtype=np.int8))
    indices, rows, judged_on = judged_candidates(replace(dataset, examples=(mixed, *dataset.examples[1:])), split)
    assert judged_on == "triaged candidates"
    assert len(indices) == len(rows) == rows.sum() + 1
    climbed = climb(dataset, small, Networks())
    assert [one.rung for one in climbed.report.tables["all"]] == ["prior", "logistic", "boosting"]
    save_climb(climbed, tmp_path)
    found = load_climb(tmp_path, HEADER)
    assert found.report == climbed.report
    np.testing.assert_array_equal(found.lines[Rung.LOGISTIC], climbed.lines[Rung.LOGISTIC])
    np.testing.assert_array_equal(found.ladder.logistic, climbed.ladder.logistic)


def test_without_triage_the_validation_repositories_are_shown_and_decide_nothing(small: FitConfig) -> None:
    dataset = join_shards([make_shard(Planted(num_functions=60, num_groups=12))])
    climbed = climb(dataset, small, Networks())
    report = climbed.report
    assert {(one.rung, one.decided_on) for one in report.decisions.values()} == {(Rung.LOGISTIC, "nothing")}
    assert all((line == [1.0, 0.0]).all() for line in climbed.lines.values())
    assert report.judged_on == "labelled candidates of the validation repositories, none being triaged"
    assert 0 < report.num_candidates < 60
