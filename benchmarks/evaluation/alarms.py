"""Part "alarms": findings per 1,000 lines on popular packages of no training corpus, every one counted as wrong.

That is an upper bound, for some are right. A scorer is compared at equal recall: with the threshold at which it keeps
a share of the harmful rows that people read (part "triaged"), how many candidates of the packages does it keep?
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.figures import Figure, Floats, make_cell, measure
from benchmarks.evaluation.installed_tools import count_results, count_rules, run_tools
from benchmarks.evaluation.packages import Package, load_packages
from benchmarks.evaluation.parts import Context, Section, Table
from benchmarks.evaluation.rows import Triaged, load_triaged
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.scorers import (
    DUMMY_EVERYTHING,
    DUMMY_FACTS,
    DUMMY_LENGTH,
    DUMMY_SHARE,
    UNSEEN,
    OneGraph,
    only_rung,
    score_all,
)
from benchmarks.evaluation.textual import around, make_forest, make_ngrams
from benchmarks.evaluation.triaged import DUMMY_NGRAMS, METRIC_FOREST, fitted_dummies
from graph_model.bundle import Bundle
from graph_model.ladder import Rung
from graph_model.metrics import METRIC_NAMES
from graph_model.prediction import Predictor
from reviewer.findings import is_in_test

RECALLS = (0.2, 0.5)
_SECURITY = "security/"
_NUM_RULES = 8  # of a tool that are named


@dataclass(frozen=True, slots=True)
class Rater:
    """One scorer on the rows that people read (float64 [rows]) and on a package's candidates (float64 [candidates])."""

    name: str
    read: Floats
    rate: Callable[[Package], Floats]


class AlarmsPart:
    """The packages of role `measure`: what is shown by default, and what scorers keep at equal recall."""

    name = "alarms"

    def measure(self, context: Context) -> Section:
        """Alarms per 1,000 lines by language, beside those of tools, then of all scorers at the same recall."""
        packages = load_packages(context)
        tools = run_tools(context, packages)
        predictor = Predictor(context.bundle)
        shown = {one.repository: count_shown(predictor, one) for one in packages}
        columns = {
            "candidates": {one.repository: float(len(one.labels)) for one in packages},
            "shown": {name: float(labels.total()) for name, labels in shown.items()},
            "shown, security": {name: float(_security(labels)) for name, labels in shown.items()},
        }
        rows = [_describe(*one, columns, context) for one in _by_family(packages)]
        others = describe_tools(tools, packages, context)
        triaged = load_triaged(context)
        ladder = [_keep(one, packages, triaged, context) for one in make_raters(context.bundle, triaged, context.seed)]
        labels = sum(shown.values(), Counter())
        return Section(
            notes=(
                f"{len(packages)} packages, {sum(one.num_lines for one in packages)} lines of product code.",
                f"Shown: {_list(labels.most_common())}.",
            ),
            tables=(
                _table("Per 1,000 lines", rows),
                *([_table("Other tools on the same product code of their languages", others)] if others else []),
                _table("Candidates kept per 1,000 lines at equal recall of triaged harmful rows", ladder),
            ),
            document={
                "languages": rows,
                "tools": others,
                "scorers": ladder,
                "packages": [_to_json(one, shown) for one in packages],
            },
        )


# What is shown -------------------------------------------------------------------------------------------------------


def rate(predictor: Predictor, package: Package) -> Floats:
    """The probability of each candidate: float64 [candidates]."""
    found = [
        one.probability
        for record in package.records
        for one in predictor.score(
            OneGraph((record.graph,)), tuple(replace(candidate, unit=0) for candidate in record.candidates)
        )
    ]
    return np.array(found, dtype=np.float64)


def count_shown(predictor: Predictor, package: Package) -> Counter[str]:
    """Labels of what a review shows by default: at or above the label's threshold and not in test code."""
    candidates = [candidate for record in package.records for candidate in record.candidates]
    return Counter(
        candidate.label
        for candidate, probability in zip(candidates, rate(predictor, package), strict=True)
        if probability >= predictor.thresholds[candidate.label] and not is_in_test(candidate)
    )


def _list(counted: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counted) or "nothing"


def _security(labels: Mapping[str, int]) -> int:
    return sum(number for label, number in labels.items() if label.startswith(_SECURITY))


# At equal recall ------------------------------------------------------------------------------------------------------


def make_raters(bundle: Bundle, triaged: Triaged, seed: int) -> list[Rater]:
    """The bundle, its rungs and the dummies. Rows that were read: with lines fitted without their repository."""
    scored = [*score_all(bundle, triaged), *fitted_dummies(triaged, seed)]
    read = {one.name: one.columns[0] for one in scored}
    ngrams, forest = make_ngrams(), make_forest(seed)
    ngrams.fit([around(row.text, row.line) for row in triaged.rows], triaged.targets)
    forest.fit([row.graph.metrics for row in triaged.rows], triaged.targets)
    models = {UNSEEN: bundle} | {f"rung: {rung}": only_rung(bundle, rung) for rung in Rung if f"rung: {rung}" in read}
    shares = _share_labels(triaged)
    length = METRIC_NAMES.index("num_lines")

    def rate_by(model: Bundle) -> Callable[[Package], Floats]:
        predictor = Predictor(model)
        return lambda package: rate(predictor, package)

    def rate_share(package: Package) -> Floats:
        return np.array([shares.get(label, 0.0) for label in package.labels])

    def rate_length(package: Package) -> Floats:
        return np.array([float(one.graph.metrics[length]) for one in package.records for _ in one.candidates])

    def rate_facts(package: Package) -> Floats:
        found = [sum(value != 0 for _, value in one.facts) for record in package.records for one in record.candidates]
        return np.array(found, dtype=np.float64)

    def rate_ngrams(package: Package) -> Floats:
        texts = {one.path: one.text for one in package.files}
        near = [
            around(texts.get(candidate.path, ""), line)
            for record in package.records
            for candidate, line in zip(record.candidates, record.lines, strict=True)
        ]
        return ngrams.predict_proba(near)[:, 1] if near else np.zeros(0)

    def rate_forest(package: Package) -> Floats:
        metrics = [one.graph.metrics for one in package.records for _ in one.candidates]
        return forest.predict_proba(metrics)[:, 1] if metrics else np.zeros(0)

    return [
        *(Rater(name, read[name], rate_by(model)) for name, model in models.items()),
        Rater(DUMMY_SHARE, read[DUMMY_SHARE], rate_share),
        Rater(DUMMY_LENGTH, read[DUMMY_LENGTH], rate_length),
        Rater(DUMMY_FACTS, read[DUMMY_FACTS], rate_facts),
        Rater(DUMMY_NGRAMS, read[DUMMY_NGRAMS], rate_ngrams),
        Rater(METRIC_FOREST, read[METRIC_FOREST], rate_forest),
        Rater(DUMMY_EVERYTHING, read[DUMMY_EVERYTHING], lambda package: np.ones(len(package.labels))),
    ]


def _share_labels(triaged: Triaged) -> dict[str, float]:
    """Weighted share of harmful rows of each label that was read."""
    labels = np.array([row.label for row in triaged.rows])
    return {
        str(label): float(np.average(triaged.targets[labels == label], weights=triaged.weights[labels == label]))
        for label in np.unique(labels)
    }


def find_threshold(scores: Floats, triaged: Triaged, recall: float) -> float:
    """The highest threshold that keeps at least this share of the harmful rows, weighted."""
    harmful = triaged.targets > 0
    order = np.argsort(-scores[harmful], kind="stable")
    kept = np.cumsum(triaged.weights[harmful][order]) / triaged.weights[harmful].sum()
    return float(scores[harmful][order][int(np.searchsorted(kept, recall - 1e-9))])


def _keep(rater: Rater, packages: Sequence[Package], triaged: Triaged, context: Context) -> dict[str, object]:
    """How many candidates of the packages a scorer keeps per 1,000 lines at each recall."""
    rates = {one.repository: rater.rate(one) for one in packages}
    row: dict[str, object] = {"scorer": rater.name}
    for recall in RECALLS:
        threshold = find_threshold(rater.read, triaged, recall)
        counts = {name: float((one >= threshold).sum()) for name, one in rates.items()}
        row[f"at recall {recall}"] = _per_1000(packages, counts, context).to_json()
    return row


# In figures -----------------------------------------------------------------------------------------------------------


def _by_family(packages: Sequence[Package]) -> Iterable[tuple[str, list[Package]]]:
    for family in sorted({one.family for one in packages}):
        yield family, [one for one in packages if one.family == family]
    yield "all", list(packages)


def _describe(
    name: str, packages: Sequence[Package], columns: Mapping[str, Mapping[str, float]], context: Context
) -> dict[str, object]:
    """Every column per 1,000 lines."""
    return {
        "language": name,
        "packages": len(packages),
        "lines": sum(one.num_lines for one in packages),
        **{column: _per_1000(packages, counts, context).to_json() for column, counts in columns.items()},
    }


def describe_tools(tools: Iterable[Tool], packages: Sequence[Package], context: Context) -> list[dict[str, object]]:
    """Each tool's alarms in the packages of the languages that it reads; none for a tool that reads none of them."""
    own = ((tool, [one for one in packages if one.family in tool.families]) for tool in tools)
    return [_describe_tool(tool, chosen, context) for tool, chosen in own if chosen]


def _describe_tool(tool: Tool, packages: Sequence[Package], context: Context) -> dict[str, object]:
    counts = count_results(tool, packages)
    return {
        "tool": tool.name,
        "packages": len(packages),
        "lines": sum(one.num_lines for one in packages),
        "alarms": int(sum(counts.values())),
        "per 1,000 lines": _per_1000(packages, counts, context).to_json(),
        "most of them": _list(count_rules(tool, packages).most_common(_NUM_RULES)),
    }


def _per_1000(packages: Sequence[Package], counts: Mapping[str, float], context: Context) -> Figure:
    """Per 1,000 lines; packages are drawn."""
    above = np.array([1000 * counts[one.repository] for one in packages])
    below = np.array([float(one.num_lines) for one in packages])
    every: NDArray[np.int64] = np.arange(len(packages))
    cell = make_cell("", every, above, below, every, (context.num_samples, context.seed))
    return measure(cell, above[None], lambda _, tops, bottoms: float(tops.sum() / max(bottoms.sum(), 1.0)))


def _table(title: str, rows: Sequence[Mapping[str, object]]) -> Table:
    return Table(title, tuple(rows[0]), tuple(tuple(_say(value) for value in row.values()) for row in rows))


def _say(value: object) -> str:
    if not isinstance(value, list):
        return "" if value is None else str(value)
    middle, low, high = value
    return f"{middle:.3f} ({low:.3f}..{high:.3f})"


def _to_json(package: Package, shown: Mapping[str, Mapping[str, int]]) -> dict[str, object]:
    return {
        "repository": package.repository,
        "language": package.family,
        "lines": package.num_lines,
        "candidates": len(package.labels),
        "shown": dict(shown[package.repository]),
    }
