import numpy as np
import pytest

from benchmarks.evaluation.cells import LEAST_ROWS, pool
from benchmarks.evaluation.figures import (
    Cell,
    Figure,
    alarm_measures,
    brier_skill,
    calibration_gap,
    flag_measures,
    hits_among,
    make_cell,
    measure,
    measure_gain,
    pr_auc,
    precision_at,
)

TARGETS = np.array([1.0, 0.0, 1.0, 0.0, 0.0])
ONES = np.ones(5)
PERFECT, CONSTANT = TARGETS.copy(), np.full(5, 0.4)
INVERTED = 1 - TARGETS
BETWEEN = np.array([0.9, 0.8, 0.7, 0.6, 0.5])  # harmful first and third


@pytest.mark.parametrize(
    ("scores", "area", "at_half"),
    [
        (PERFECT, 1.0, 1.0),
        (CONSTANT, 0.4, 0.4),
        (INVERTED, 0.4, 0.4),
        (BETWEEN, (1 + 2 / 3) / 2, 1.0),
    ],
)
def test_ranking_of_planted_scorers(scores: np.ndarray, area: float, at_half: float) -> None:
    assert pr_auc(scores, TARGETS, ONES) == pytest.approx(area)
    assert precision_at(0.5)(scores, TARGETS, ONES) == pytest.approx(at_half)


def test_a_row_that_stands_for_three_counts_three_times() -> None:
    weights = np.array([1.0, 3.0, 1.0, 1.0, 1.0])
    assert precision_at(0.8)(BETWEEN, TARGETS, weights) == pytest.approx(2 / 5)
    assert precision_at(0.8)(BETWEEN, TARGETS, ONES) == pytest.approx(2 / 3)


def test_ranking_without_a_harmful_row_is_unknown() -> None:
    assert np.isnan(pr_auc(BETWEEN, np.zeros(5), ONES))
    assert np.isnan(brier_skill(BETWEEN, np.zeros(5), ONES))


@pytest.mark.parametrize(("scores", "skill"), [(PERFECT, 1.0), (CONSTANT, 0.0), (INVERTED, 1 - 1 / 0.24)])
def test_brier_skill_of_planted_scorers(scores: np.ndarray, skill: float) -> None:
    assert brier_skill(scores, TARGETS, ONES) == pytest.approx(skill)


def test_brier_skill_is_against_the_weighted_share() -> None:
    weights = np.array([1.0, 3.0, 1.0, 1.0, 2.0])
    assert brier_skill(np.full(5, 0.25), TARGETS, weights) == pytest.approx(0.0)


def test_calibration_gap_by_hand() -> None:
    assert calibration_gap(PERFECT, TARGETS, ONES) == 0
    assert calibration_gap(INVERTED, TARGETS, ONES) == 1
    # Five rows are five bins: |p - t| = 0.1, 0.8, 0.3, 0.6, 0.5
    assert calibration_gap(BETWEEN, TARGETS, ONES) == pytest.approx(0.46)
    assert calibration_gap(BETWEEN, TARGETS, np.array([6.0, 1, 1, 1, 1])) == pytest.approx(0.28)


def test_calibration_gap_judges_equal_probabilities_as_a_whole() -> None:
    assert calibration_gap(CONSTANT, TARGETS, ONES) == pytest.approx(0.0)
    assert calibration_gap(np.full(5, 0.1), TARGETS, ONES) == pytest.approx(0.3)


def test_calibration_gap_has_fifteen_bins() -> None:
    probabilities = np.arange(30) / 30
    targets = np.array([0.0, 1.0] * 15)
    pairs = probabilities.reshape(15, 2).mean(axis=1)
    assert calibration_gap(probabilities, targets, np.ones(30)) == pytest.approx(np.abs(pairs - 0.5).mean())


@pytest.mark.parametrize(
    ("scores", "num_alarms", "hits"),
    [
        (BETWEEN, 0, 0.0),
        (BETWEEN, 1, 1.0),
        (BETWEEN, 3, 2.0),
        (BETWEEN, 9, 2.0),
        (CONSTANT, 2, 0.8),  # equal scores: as many as chance
        (INVERTED, 3, 0.0),
        (INVERTED, 4, 1.0),
    ],
)
def test_hits_among_the_highest(scores: np.ndarray, num_alarms: int, hits: float) -> None:
    assert hits_among(scores, TARGETS, num_alarms) == pytest.approx(hits)


def test_alarms_and_flags_count_each_row_once() -> None:
    weights = np.array([9.0, 1.0, 1.0, 1.0, 1.0])
    alarms, flags = alarm_measures(0.4), flag_measures()
    assert alarms["precision"](BETWEEN, TARGETS, weights) == pytest.approx(0.5)
    assert alarms["recall"](BETWEEN, TARGETS, weights) == pytest.approx(0.5)
    flagged = np.array([1.0, 0.0, 0.0, 1.0, 1.0])
    assert flags["precision"](flagged, TARGETS, weights) == pytest.approx(1 / 3)
    assert flags["recall"](flagged, TARGETS, weights) == pytest.approx(0.5)


def test_nothing_flagged_has_no_precision_and_no_recall() -> None:
    assert np.isnan(flag_measures()["precision"](np.zeros(5), TARGETS, ONES))
    assert flag_measures()["recall"](np.zeros(5), TARGETS, ONES) == 0
    assert np.isnan(alarm_measures(0.0)["precision"](BETWEEN, TARGETS, ONES))
    assert np.isnan(alarm_measures(0.4)["recall"](BETWEEN, np.zeros(5), ONES))
    assert np.isnan(flag_measures()["recall"](np.ones(5), np.zeros(5), ONES))


def _cell(seed: int, num_samples: int = 50) -> Cell:
    groups = np.array([0, 0, 1, 2, 2])
    return make_cell("all", np.arange(5), TARGETS, ONES, groups, (num_samples, seed))


def test_bootstrap_repeats_with_its_seed_and_moves_with_another() -> None:
    first, again, other = (measure(_cell(seed), BETWEEN[None], pr_auc) for seed in (1, 1, 2))
    assert first == again
    assert [list(one) for one in _cell(1).samples] == [list(one) for one in _cell(1).samples]
    assert [list(one) for one in _cell(1).samples] != [list(one) for one in _cell(2).samples]
    assert first.value == other.value


def test_bootstrap_draws_whole_repositories() -> None:
    cell = _cell(3)
    for rows in cell.samples:
        assert sorted(rows[rows < 2]) == sorted([0, 1] * int((rows == 0).sum()))
        assert (rows == 3).sum() == (rows == 4).sum()
    assert cell.num_groups == 3
    assert cell.prevalence == pytest.approx(0.4)


def test_interval_of_one_repository_is_its_value() -> None:
    cell = make_cell("all", np.arange(5), TARGETS, ONES, np.zeros(5, dtype=np.int64), (20, 0))
    figure = measure(cell, BETWEEN[None], pr_auc)
    assert (figure.low, figure.high) == pytest.approx((figure.value, figure.value))


def test_several_draws_are_averaged() -> None:
    figure = measure(_cell(0), np.stack([PERFECT, CONSTANT]), pr_auc)
    assert figure.value == pytest.approx(0.7)


def test_gain_is_paired() -> None:
    gain = measure_gain(_cell(0), BETWEEN[None], BETWEEN[None], pr_auc)
    assert (gain.value, gain.low, gain.high) == (0.0, 0.0, 0.0)
    assert measure_gain(_cell(0), PERFECT[None], CONSTANT[None], pr_auc).value == pytest.approx(0.6)


def test_figures_in_words_and_for_machines() -> None:
    assert str(Figure(0.5, 0.25, 0.75)) == "0.50 (0.25..0.75)"
    unknown = Figure(float("nan"), float("nan"), float("nan"))
    assert str(unknown) == "-"
    assert unknown.to_json() == [None, None, None]


def test_cells_that_are_too_small_are_pooled() -> None:
    few = LEAST_ROWS - 1
    names = ["security/a"] * LEAST_ROWS + ["security/b"] * few + ["security/c", "performance/d"]
    wider = {name: name.partition("/")[0] for name in names}
    rest = f"security: those under {LEAST_ROWS} rows, pooled"
    assert pool(names, wider) == ["security/a"] * LEAST_ROWS + [rest] * LEAST_ROWS + [""]
    assert pool([*names, *["correctness/e"] * few], wider | {"correctness/e": "correctness"})[-few - 1 :] == [
        f"those under {LEAST_ROWS} rows, pooled"
    ] * (few + 1)
    assert pool(["java", "python"], {}) == ["", ""]
