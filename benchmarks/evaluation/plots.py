"""Pictures of a part: precision over recall with the dummies, reliability, and bars of the ladder. SVG, one a file."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any  # matplotlib's keyword arguments

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.evaluation.figures import Floats
from benchmarks.evaluation.parts import Bars, Curve, Section
from benchmarks.evaluation.scorers import PRIOR

_OWN, _DUMMY, _PEER = "tab:blue", "tab:gray", "tab:orange"
_RUNGS = ("tab:green", "tab:red", "tab:purple", "tab:brown", "tab:cyan")
_UNDRAWN = ("dummy: flag everything", "dummy: random")  # the share of harmful rows is their line
_NUM_BINS = 6
_LEAST_RECALL = 0.02  # precision of the first few rows is noise


def draw_section(name: str, section: Section, folder: Path) -> list[Path]:
    """Writes a part's pictures and names them; the same figures give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with mpl.rc_context():
        mpl.rcParams["svg.hashsalt"] = "evaluation"  # else ids are drawn at random
        mpl.rcParams["font.size"] = 9
        for number, curve in enumerate(section.curves):
            made.append(_save(_draw_curve(curve), folder / f"{name}-precision-recall-{number}.svg"))
            if curve.probabilities:
                made.append(_save(_draw_reliability(curve), folder / f"{name}-reliability-{number}.svg"))
        for bars in section.bars:
            words = re.sub(r"\W+", "-", f"{bars.title.partition(':')[0]}-{bars.measure}".lower()).strip("-")
            made.append(_save(_draw_bars(bars), folder / f"{name}-{words}.svg"))
    return made


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    return path


def _colour(name: str) -> str:
    if name.startswith("dummy"):
        return _DUMMY
    return _OWN if name.startswith(("bundle", "rung", "shown", "every candidate")) else _PEER


def precision_recall(scores: Floats, targets: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Recall and precision at every distinct score, from the highest: float64 [T] each."""
    order = np.argsort(-scores, kind="stable")
    true = np.cumsum((targets * weights)[order])
    flagged = np.cumsum(weights[order])
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    return true[ends] / true[-1], true[ends] / flagged[ends]


def _draw_curve(curve: Curve) -> Figure:
    """Interpolated precision: the best at this recall or a higher one (Manning et al., *Introduction to IR*, 8.4)."""
    figure = Figure(figsize=(7, 4.5))
    axes: Axes = figure.subplots()
    drawn = [name for name in curve.scores if not name.startswith(_UNDRAWN)]
    for name, style in _list_styles(drawn).items():
        recall, precision = precision_recall(curve.scores[name][0], curve.targets, curve.weights)
        best = np.maximum.accumulate(precision[::-1])[::-1]
        shown = recall >= _LEAST_RECALL
        axes.step(recall[shown], best[shown], where="pre", label=name, **style)
    share = float(np.average(curve.targets, weights=curve.weights))
    axes.axhline(share, color="black", linewidth=0.6)
    axes.annotate(f"share of harmful {share:.2f}", (0.99, share), ha="right", va="top")
    axes.set(title=f"{curve.title}: n {len(curve.targets)}", xlabel="recall", ylabel="precision, interpolated")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def _list_styles(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """How each scorer is drawn: the bundle heavy, rungs in colours of their own, dummies grey, other tools orange."""
    lines = ("-", "--", ":", "-.")
    counts: Counter[str] = Counter()
    styles: dict[str, dict[str, Any]] = {}
    for name in names:
        kind = "rung" if name.startswith("rung") else _colour(name)
        number = counts[kind]
        counts[kind] += 1
        is_rung = kind == "rung"
        styles[name] = {
            "color": _RUNGS[number % len(_RUNGS)] if is_rung else kind,
            "linestyle": "-" if is_rung else lines[number % len(lines)],
            "linewidth": 2.0 if kind == _OWN else 1.1,
        }
    return styles


def _draw_reliability(curve: Curve) -> Figure:
    """Of the bundle and the prior; the rungs between them would hide both."""
    figure = Figure(figsize=(7, 4.5))
    axes: Axes = figure.subplots()
    chosen = [one for one in curve.scores if one in curve.probabilities and (one.startswith("bundle") or one == PRIOR)]
    largest = 0.0
    for name, style in _list_styles(chosen).items():
        said, seen = _bins(curve.scores[name][0], curve.targets, curve.weights)
        axes.plot(said, seen, marker="o", markersize=4, label=name, **style)
        largest = max(largest, float(said.max()), float(seen.max()))
    limit = min(1.0, 1.1 * largest)
    axes.plot((0, limit), (0, limit), color="black", linewidth=0.6, zorder=0)
    axes.set(title=f"{curve.title}: n {len(curve.targets)}", xlabel="probability said", ylabel="share harmful")
    axes.set(xlim=(0, limit), ylim=(0, limit))
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def _bins(probabilities: Floats, targets: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Mean probability and share of harmful rows in bins of about equally many rows."""
    parts = np.array_split(np.argsort(probabilities, kind="stable"), min(_NUM_BINS, len(probabilities)))
    said = [np.average(probabilities[one], weights=weights[one]) for one in parts]
    return np.array(said), np.array([np.average(targets[one], weights=weights[one]) for one in parts])


def _draw_bars(bars: Bars) -> Figure:
    rows = [one for one in reversed(bars.rows) if not np.isnan(one[1])]
    figure = Figure(figsize=(7, 0.6 + 0.27 * len(rows)))
    axes: Axes = figure.subplots()
    values = np.array([value for _, value, _, _ in rows])
    spans = np.nan_to_num([(max(value - low, 0), max(high - value, 0)) for _, value, low, high in rows]).T
    names = [name for name, *_ in rows]
    axes.barh(
        names, values, xerr=spans, color=[_colour(name) for name in names], alpha=0.85, error_kw={"linewidth": 0.8}
    )
    axes.set(title=f"{bars.title}\n{bars.measure}", xlim=(min(0.0, float(values.min(initial=0))), None))
    return figure
