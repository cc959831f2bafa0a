"""The ladder on triaged candidates: one table for all rungs, and the rung that each label ships with.

Probabilities are cross-fitted: calibrated without the candidate's own repository. A rung replaces the simpler one
below it where its precision at equal recall, averaged over `RECALLS`, is higher in at least `CONFIDENCE` of the
bootstrap samples of repositories; otherwise the simpler one ships. The prior stands in the tables as the floor and
ships nowhere: all candidates of a label are alike to it, so that no threshold holds a budget.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from graph_model.ladder import Rung
from graph_model.training.calibrating import cross_fit, fit_threshold
from graph_model.training.metrics import (
    average_precision,
    brier_score,
    calibration_error,
    mean_precision,
    resample_groups,
)
from graph_model.training.rungs import Table

RECALLS = (0.1, 0.2, 0.3, 0.4)  # where thresholds lie: a review shows the likely part and leaves the rest
SHOWN_RECALL = 0.3
CONFIDENCE = 0.8
NUM_SAMPLES = 500
_MIN_CANDIDATES, _MIN_EITHER, _MIN_GROUPS = 30, 8, 3
_TARGET_PRECISION = 0.6

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """One rung on one set of candidates; `gain` is its precision at SHOWN_RECALL over that of logistic regression."""

    rung: str
    pr_auc: float
    precision: float
    precision_low: float
    precision_high: float
    gain: float
    gain_low: float
    gain_high: float
    brier: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What a label ships with, what that was decided on (`label`, its category, or `all`), and its own numbers.

    `fallback` judges where the network would but cannot, because a candidate's function has no graph.
    """

    rung: Rung
    fallback: Rung
    decided_on: str
    num_candidates: int
    num_positive: int
    threshold: float


@dataclass(frozen=True, slots=True)
class LadderReport:
    """Rows by set of candidates (`all`, then categories), and a decision per label."""

    judged_on: str
    num_candidates: int
    num_positive: int
    num_groups: int
    tables: Mapping[str, tuple[Row, ...]]
    decisions: Mapping[str, Decision]


def evaluate_ladder(table: Table, logits: Mapping[str, Floats], names: Sequence[str], judged_on: str) -> LadderReport:
    """The report for candidates of `table` scored by each rung; `logits` may hold ablations under other names.

    Only names of `Rung` can ship. `names` are the labels in catalogue order.
    """
    fitted = {
        rung: cross_fit(values, table.labels, table.targets, table.weights, table.groups, names)
        for rung, values in logits.items()
    }
    category_of = np.array([name.partition("/")[0] for name in names])
    sets = {"all": np.ones(len(table.labels), dtype=bool)}
    for category in sorted(set(category_of[table.labels].tolist())):
        sets[category] = category_of[table.labels] == category
    judged = {name: _Judged.of(table, fitted, chosen) for name, chosen in sets.items()}
    choices = {name: one.choose() for name, one in judged.items() if one.is_enough()}
    # Without enough triaged candidates nothing has won: logistic regression, which at least reads the path.
    choices.setdefault("all", _Choice(Rung.LOGISTIC, Rung.LOGISTIC))
    decisions = {}
    for label, name in enumerate(names):
        own = table.labels == label
        alone = _Judged.of(table, fitted, own)
        if alone.is_enough():
            decided_on, choice, basis = "label", alone.choose(), own
        else:
            decided_on = name.partition("/")[0] if name.partition("/")[0] in choices else "all"
            choice, basis = choices[decided_on], sets[decided_on]
        decisions[name] = Decision(
            rung=choice.rung,
            fallback=choice.fallback,
            decided_on=decided_on,
            num_candidates=int(own.sum()),
            num_positive=int(table.targets[own].sum()),
            threshold=_threshold(table, fitted[choice.rung], basis),
        )
    return LadderReport(
        judged_on=judged_on,
        num_candidates=len(table.targets),
        num_positive=int(table.targets.sum()),
        num_groups=len(np.unique(table.groups)),
        tables={name: tuple(_rows(one)) for name, one in judged.items()},
        decisions=decisions,
    )


def without_decisions(report: LadderReport) -> LadderReport:
    """The same tables, but nothing is decided by them: every label ships with logistic regression."""
    decisions = {
        name: replace(
            one, rung=Rung.LOGISTIC, fallback=Rung.LOGISTIC, decided_on="nothing", threshold=_TARGET_PRECISION
        )
        for name, one in report.decisions.items()
    }
    return replace(report, decisions=decisions)


def _threshold(table: Table, probabilities: Floats, chosen: NDArray[np.bool_]) -> float:
    if not chosen.any():
        return _TARGET_PRECISION
    return fit_threshold(probabilities[chosen], table.targets[chosen], table.weights[chosen], _TARGET_PRECISION)


@dataclass(frozen=True, slots=True)
class _Choice:
    """The rung that won, and the one that won without the network."""

    rung: Rung
    fallback: Rung


@dataclass(frozen=True, slots=True)
class _Judged:
    """Candidates with the probabilities of every rung, and the same bootstrap samples for all."""

    probabilities: Mapping[str, Floats]
    targets: Floats
    weights: Floats
    groups: Ints

    @classmethod
    def of(cls, table: Table, fitted: Mapping[str, Floats], chosen: NDArray[np.bool_]) -> "_Judged":
        probabilities = {rung: values[chosen] for rung, values in fitted.items()}
        return cls(probabilities, table.targets[chosen], table.weights[chosen], table.groups[chosen])

    def is_enough(self) -> bool:
        """Whether a decision on these candidates alone means anything."""
        num_positive = int(self.targets.sum())
        return (
            len(self.targets) >= _MIN_CANDIDATES
            and min(num_positive, len(self.targets) - num_positive) >= _MIN_EITHER
            and len(np.unique(self.groups)) >= _MIN_GROUPS
        )

    def samples(self) -> list[Ints]:
        rng = np.random.default_rng(0)
        return [resample_groups(self.groups, rng) for _ in range(NUM_SAMPLES)]

    def precision(self, rung: str, rows: Ints | slice, recalls: Sequence[float]) -> float:
        scores, targets, weights = self.probabilities[rung][rows], self.targets[rows], self.weights[rows]
        return mean_precision(scores, targets, recalls, weights)

    def choose(self) -> _Choice:
        """The highest rung that won its step, the prior apart: it orders no candidates of one label."""
        samples = self.samples()
        held = fallback = Rung.LOGISTIC
        held_precision: Floats | None = None
        for rung in Rung:
            if rung not in self.probabilities or rung is Rung.PRIOR:
                continue
            precision = np.array([self.precision(rung, rows, RECALLS) for rows in samples])
            if held_precision is None or np.mean(precision > held_precision) >= CONFIDENCE:
                held, held_precision = rung, precision
            if rung is not Rung.NETWORK:
                fallback = held
        return _Choice(held, fallback)


def _rows(judged: _Judged) -> list[Row]:
    samples = judged.samples() if len(judged.targets) else []
    everything = slice(None)
    drawn = {
        rung: np.array([judged.precision(rung, rows, (SHOWN_RECALL,)) for rows in samples])
        for rung in judged.probabilities
    }
    base = Rung.LOGISTIC if Rung.LOGISTIC in drawn else next(iter(drawn))
    found = []
    for rung, probabilities in judged.probabilities.items():
        precision = judged.precision(rung, everything, (SHOWN_RECALL,))
        low, high = _interval(drawn[rung])
        gain_low, gain_high = _interval(drawn[rung] - drawn[base])
        found.append(
            Row(
                rung=str(rung),
                pr_auc=average_precision(probabilities, judged.targets, judged.weights),
                precision=precision,
                precision_low=low,
                precision_high=high,
                gain=precision - judged.precision(base, everything, (SHOWN_RECALL,)),
                gain_low=gain_low,
                gain_high=gain_high,
                brier=brier_score(probabilities, judged.targets, judged.weights),
                calibration_error=calibration_error(probabilities, judged.targets),
            )
        )
    return found


def _interval(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    return float(np.quantile(known, 0.025)), float(np.quantile(known, 0.975))


def to_markdown(report: LadderReport) -> str:
    """The report as tables for a person."""
    head = f"{report.num_candidates} candidates, {report.num_positive} positive, {report.num_groups} repositories"
    lines = [f"Judged on {report.judged_on}: {head}."]
    for name, rows in report.tables.items():
        lines += ["", f"### {name}", ""]
        lines.append(f"| rung | PR-AUC | precision at recall {SHOWN_RECALL} | against logistic | Brier | ECE |")
        lines += ["| --- | --- | --- | --- | --- | --- |", *map(_row_line, rows)]
    lines += ["", "### What ships", "", "| label | rung | decided on | candidates | positive | threshold |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    lines += [
        f"| {name} | {one.rung} | {one.decided_on} | {one.num_candidates} | {one.num_positive} | {one.threshold:.4f} |"
        for name, one in report.decisions.items()
    ]
    return "\n".join(lines) + "\n"


def _row_line(row: Row) -> str:
    precision = f"{row.precision:.3f} ({row.precision_low:.3f}..{row.precision_high:.3f})"
    gain = f"{row.gain:+.3f} ({row.gain_low:+.3f}..{row.gain_high:+.3f})"
    return f"| {row.rung} | {row.pr_auc:.3f} | {precision} | {gain} | {row.brier:.3f} | {row.calibration_error:.3f} |"
