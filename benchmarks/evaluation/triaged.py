"""Part "triaged": candidates of the gate that people read, at the share in which such candidates occur."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.cells import ALL, make_cells
from benchmarks.evaluation.figures import (
    RECALLS,
    Cell,
    Figure,
    Floats,
    Measure,
    alarm_measures,
    flag_measures,
    make_cell,
    measure,
    measure_gain,
    pr_auc,
    precision_at,
)
from benchmarks.evaluation.installed_tools import run_installed
from benchmarks.evaluation.judging import make_curve
from benchmarks.evaluation.parts import Bars, Context, Section, Table
from benchmarks.evaluation.reliability import PROBABILITY, judge_reliability
from benchmarks.evaluation.rows import Triaged, describe, load_triaged
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING, PRIOR, SHIPPED, Scores, score_all, shown
from benchmarks.evaluation.snippets import Snippet
from benchmarks.evaluation.textual import around, forest_scores, ngram_scores
from graph_model.catalogue import load_catalogue

DUMMY_NGRAMS = "dummy: n-grams, other repositories"
METRIC_FOREST = "metric forest, other repositories"
RANKING: dict[str, Measure] = {"PR-AUC": pr_auc, **{f"precision at recall {one}": precision_at(one) for one in RECALLS}}
GAIN = "PR-AUC over prior"


@dataclass(frozen=True, slots=True)
class Row:
    """One scorer's figures by name."""

    scorer: str
    figures: dict[str, Figure]


class TriagedPart:
    """Every triaged candidate of the gate, scored by the bundle, its rungs, dummies and tools."""

    name = "triaged"

    def measure(self, context: Context) -> Section:
        """Figures of all scorers by cell, whether their chances hold where findings are shown, then at equal alarms."""
        triaged = load_triaged(context)
        scorers = [*score_all(context.bundle, triaged), *fitted_dummies(triaged, context.seed)]
        cells = make_cells(triaged, (context.num_samples, context.seed))
        prior = next(one for one in scorers if one.name == PRIOR)
        judged = {cell.name: [judge(cell, one, prior) for one in scorers] for cell in cells}
        flags = {"shown by default": shown(context.bundle, triaged, scorers[0].columns[0])}
        reliable = judge_reliability(triaged, cells[:2], flags["shown by default"], scorers, context.bootstrap)
        compared = [_compare(ALL, cells[0], flags["shown by default"], "shown by default", scorers)]
        files = {(row.repository, row.path): Snippet(row.path, row.text) for row in triaged.rows}
        told = [(repository, files[repository, path]) for repository, path in sorted(files)]
        for tool in run_installed(context, context.data / "sets" / "triaged" / "gate+files", told):
            compared += _compare_tool(tool, triaged, scorers, context)
        return Section(
            notes=(*describe(triaged), *_notes(triaged)),
            tables=(
                *(_table(cell, judged[cell.name]) for cell in cells),
                *(one.to_table() for one in reliable),
                *(_alarm_table(one) for one in compared),
            ),
            document={
                "bundle": context.bundle.identity,
                "samples": context.num_samples,
                "seed": context.seed,
                "verdicts": dict(triaged.verdicts),
                "missing": [{"key": list(key), "verdict": verdict} for key, verdict in triaged.missing],
                "candidates": triaged.num_candidates,
                "uncovered": triaged.num_uncovered,
                "cells": [_cell_json(cell, judged[cell.name]) for cell in cells],
                "reliability": [one.to_json() for one in reliable],
                "alarms": [one.to_json() for one in compared],
                "rows": _rows_json(triaged, scorers[0], flags["shown by default"]),
            },
            curves=(make_curve("triaged candidates", triaged.targets, scorers, triaged.weights),),
            bars=(_bars(cells[0], judged[ALL]),),
        )


def fitted_dummies(triaged: Triaged, seed: int) -> list[Scores]:
    """N-grams of the lines around a row, and a forest on its function's metrics, fitted on other repositories."""
    texts = [around(row.text, row.line) for row in triaged.rows]
    metrics = np.array([row.graph.metrics for row in triaged.rows], dtype=np.float64)
    told = (triaged.targets, triaged.groups)
    return [
        Scores(DUMMY_NGRAMS, ngram_scores(texts, *told)[None]),
        Scores(METRIC_FOREST, forest_scores(metrics, *told, seed)[None]),
    ]


def judge(cell: Cell, scores: Scores, prior: Scores) -> Row:
    """A scorer's figures on a cell, and its gain over the prior in the same samples; ECE and skill of probabilities."""
    measures = {**RANKING, **(PROBABILITY if scores.is_probability else {})}
    figures = {name: measure(cell, scores.columns, one) for name, one in measures.items()}
    return Row(scores.name, figures | {GAIN: measure_gain(cell, scores.columns, prior.columns, pr_auc)})


def _bars(cell: Cell, rows: Sequence[Row]) -> Bars:
    figures = [(one.scorer, one.figures["PR-AUC"]) for one in rows]
    title = f"triaged candidates, natural prevalence: n {len(cell.rows)}"
    return Bars(title, "PR-AUC", tuple((name, one.value, one.low, one.high) for name, one in figures))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Precision and recall of flagged rows, and of the scorers at the same number of alarms; each row counts once."""

    title: str
    num_rows: int
    num_harmful: int
    num_groups: int
    num_alarms: int
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, object]:
        """For machines."""
        counts = {"rows": self.num_rows, "harmful": self.num_harmful, "alarms": self.num_alarms}
        return {"title": self.title, **counts, "scorers": [_row_json(one) for one in self.rows]}


def _compare(where: str, cell: Cell, flagged: NDArray[np.bool_], name: str, scorers: Sequence[Scores]) -> Comparison:
    own = flagged[cell.rows]
    measures = alarm_measures(float(own.mean()))
    first = Row(
        name, {key: measure(cell, flagged[None].astype(np.float64), one) for key, one in flag_measures().items()}
    )
    others = [
        Row(one.name, {key: measure(cell, one.columns, each) for key, each in measures.items()}) for one in scorers
    ]
    everything = [one for one in scorers if one.name == DUMMY_EVERYTHING]
    whole = alarm_measures(1.0)
    others += [
        Row(f"{one.name}, all rows", {key: measure(cell, one.columns, each) for key, each in whole.items()})
        for one in everything
    ]
    return Comparison(
        title=f"{name}, beside the same number of alarms: {where}",
        num_rows=len(own),
        num_harmful=int(cell.targets.sum()),
        num_groups=cell.num_groups,
        num_alarms=int(own.sum()),
        rows=(first, *(one for one in others if one.scorer != DUMMY_EVERYTHING)),
    )


def _compare_tool(tool: Tool, triaged: Triaged, scorers: Sequence[Scores], context: Context) -> list[Comparison]:
    """A tool on the rows of its languages, then on those whose label has a CWE: by any rule, and by rules of that CWE.

    A tool whose rules name no CWE is compared by any rule only.
    """
    cwe_of = {label.id: label.cwe for label in load_catalogue()}
    wanted = [cwe_of[row.label] for row in triaged.rows]
    hits = [tool.on(row) for row in triaged.rows]
    any_rule = np.array([bool(found) for found in hits], dtype=np.bool_)
    same_cwe = np.array(
        [any(cwe in one.cwes for one in found) for cwe, found in zip(wanted, hits, strict=True)], dtype=np.bool_
    )
    inside = np.array([row.family in tool.families for row in triaged.rows], dtype=np.bool_)
    has_cwe = inside & np.array([cwe is not None for cwe in wanted], dtype=np.bool_)
    languages = ", ".join(sorted(tool.families))
    plans = [
        (languages, inside, any_rule, "any rule"),
        (f"{languages}, labels with a CWE", has_cwe, any_rule, "any rule"),
        (f"{languages}, labels with a CWE", has_cwe, same_cwe, "rules of the label's CWE"),
    ]
    return [
        _compare(where, _cell(where, chosen, triaged, context), flagged, f"{tool.name}, {what}", scorers)
        for where, chosen, flagged, what in (plans if tool.names_cwes else plans[:2])
        if chosen.any()
    ]


def _cell(name: str, chosen: NDArray[np.bool_], triaged: Triaged, context: Context) -> Cell:
    bootstrap = (context.num_samples, context.seed)
    return make_cell(name, np.flatnonzero(chosen), triaged.targets, triaged.weights, triaged.groups, bootstrap)


def _notes(triaged: Triaged) -> list[str]:
    weights = triaged.weights
    effective = weights.sum() ** 2 / (weights**2).sum()  # Kish
    return [
        f"Weighted, {len(weights)} rows tell as much as {effective:.0f} drawn at random would.",
        f"{SHIPPED.capitalize()}: its lines and thresholds were fitted on these verdicts, among others; no weight was.",
    ]


def _table(cell: Cell, rows: Sequence[Row]) -> Table:
    columns = ("scorer", "PR-AUC", GAIN, *list(RANKING)[1:], *PROBABILITY)
    title = (
        f"{cell.name}: n {len(cell.rows)}, harmful {int(cell.targets.sum())}, repositories {cell.num_groups}, "
        f"natural share {cell.prevalence:.3f}"
    )
    return Table(title, columns, tuple((one.scorer, *(_text(one, name) for name in columns[1:])) for one in rows))


def _text(row: Row, name: str) -> str:
    return str(row.figures[name]) if name in row.figures else ""


def _alarm_table(one: Comparison) -> Table:
    title = (
        f"{one.title}: n {one.num_rows}, harmful {one.num_harmful}, repositories {one.num_groups}, "
        f"alarms {one.num_alarms}"
    )
    columns = ("scorer", "precision", "recall")
    return Table(title, columns, tuple((row.scorer, *(_text(row, name) for name in columns[1:])) for row in one.rows))


def _cell_json(cell: Cell, rows: Sequence[Row]) -> dict[str, object]:
    return {
        "name": cell.name,
        "rows": len(cell.rows),
        "harmful": int(cell.targets.sum()),
        "repositories": cell.num_groups,
        "natural_share": round(cell.prevalence, 4),
        "scorers": [_row_json(one) for one in rows],
    }


def _row_json(row: Row) -> dict[str, object]:
    return {"name": row.scorer, **{name: one.to_json() for name, one in row.figures.items()}}


def _rows_json(triaged: Triaged, scores: Scores, flagged: NDArray[np.bool_]) -> list[dict[str, object]]:
    probabilities: Floats = scores.columns[0]
    return [
        {
            "place": row.place,
            "label": row.label,
            "harmful": row.is_harmful,
            "probability": float(probability),
            "shown": bool(is_shown),
            "weight": round(row.weight, 4),
        }
        for row, probability, is_shown in zip(triaged.rows, probabilities, flagged, strict=True)
    ]
