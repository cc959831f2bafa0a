import numpy as np
import pytest

from graph_model.calibration import calibrate, identity_lines
from graph_model.training.calibrating import LEAST, SILENT, cross_fit, fit_line, fit_lines, fit_threshold

LABELS = ("security/a", "security/b", "performance/c")


def _sample(count: int, slope: float, offset: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=count) * 2
    targets = (rng.random(count) < 1 / (1 + np.exp(-(slope * logits + offset)))).astype(float)
    return logits, targets


def test_identity_lines_leave_log_odds_alone() -> None:
    found = calibrate(np.array([0.0, 2.0, -1e9, 1e9]), np.array([0, 1, 2, 2]), identity_lines(3))
    assert found[0] == 0.5
    assert found[1] == pytest.approx(1 / (1 + np.exp(-2)))
    assert 0 < found[2] < 1e-8
    assert 1 - 1e-8 < found[3] < 1


def test_a_line_is_found_again() -> None:
    logits, targets = _sample(5000, slope=0.5, offset=-1.0)
    line = fit_line(logits, targets, np.ones(5000), np.array([1.0, 0.0]), np.array([0.5, 0.05]))
    np.testing.assert_allclose(line, [0.5, -1.0], atol=0.12)


def test_a_line_never_turns_the_ranking_round() -> None:
    logits, targets = _sample(500, slope=-2.0, offset=0.0)
    line = fit_line(logits, targets, np.ones(500), np.array([1.0, 0.0]), np.array([0.5, 0.05]))
    assert line[0] == pytest.approx(0.05)


def test_a_label_with_few_candidates_stays_near_its_category_and_one_without_has_it() -> None:
    logits, targets = _sample(400, slope=1.0, offset=-2.0)
    labels = np.zeros(400, dtype=np.int64)
    labels[:3] = 1
    targets[:3] = 1.0
    lines = fit_lines(logits, labels, targets, np.ones(400), LABELS)
    assert lines[0, 1] == pytest.approx(-2.0, abs=0.5)
    assert lines[0, 1] < lines[1, 1] < 0
    assert np.isfinite(lines[2]).all()
    np.testing.assert_array_equal(
        fit_lines(logits[:0], labels[:0], targets[:0], targets[:0], LABELS), identity_lines(3)
    )


def test_sampling_weights_move_the_level() -> None:
    logits, targets = np.zeros(200), (np.arange(200) % 2).astype(float)
    weights = np.where(targets == 1, 1.0, 9.0)
    labels = np.zeros(200, dtype=np.int64)
    lines = fit_lines(logits, labels, targets, weights, LABELS)
    assert calibrate(np.zeros(1), np.zeros(1, dtype=np.int64), lines)[0] == pytest.approx(0.1, abs=0.02)


def test_a_candidate_is_not_calibrated_by_its_own_repository() -> None:
    logits, targets = np.zeros(40), np.repeat([1.0, 0.0], 20)
    groups, labels = np.repeat([0, 1], 20), np.zeros(40, dtype=np.int64)
    found = cross_fit(logits, labels, targets, np.ones(40), groups, LABELS)
    assert (found[:20] < 0.3).all()  # the other repository has negatives only
    assert (found[20:] > 0.7).all()


def test_a_threshold_holds_the_precision_above_it() -> None:
    probabilities = np.array([0.9, 0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.45])
    targets = np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    ones = np.ones(8)
    assert fit_threshold(probabilities, targets, ones, 0.8) == 0.7
    assert fit_threshold(probabilities, targets, ones, 0.6) == 0.6
    assert fit_threshold(probabilities, targets, ones, 0.9) == SILENT
    assert fit_threshold(probabilities[:4], np.ones(4), ones[:4], 0.6) == SILENT
    assert fit_threshold(probabilities / 10, np.ones(8), ones, 0.6) == LEAST


def test_equal_probabilities_are_not_told_apart_by_a_threshold() -> None:
    probabilities, targets = np.full(10, 0.5), np.repeat([1.0, 0.0], [6, 4])
    assert fit_threshold(probabilities, targets, np.ones(10), 0.6) == 0.5
    assert fit_threshold(probabilities, targets, np.ones(10), 0.7) == SILENT
