"""Pictures of a part: precision over recall with the dummies, reliability, and bars of the ladder. SVG, one a file."""

import re
from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.evaluation.figures import Floats
from benchmarks.evaluation.parts import Bars, Curve, Section

_OWN, _DUMMY, _PEER = "tab:blue", "tab:gray", "tab:orange"
_NUM_BINS = 10


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
    figure = Figure(figsize=(7, 4.5))
    axes: Axes = figure.subplots()
    styles = _styles(curve.scores)
    for name, columns in curve.scores.items():
        recall, precision = precision_recall(columns[0], curve.targets, curve.weights)
        axes.step(
            recall, precision, where="post", label=name, color=_colour(name), linestyle=styles[name], linewidth=1.2
        )
    share = float(np.average(curve.targets, weights=curve.weights))
    axes.axhline(share, color="black", linewidth=0.6)
    axes.annotate(f"share of harmful {share:.2f}", (0.99, share), ha="right", va="bottom")
    axes.set(
        title=f"{curve.title}: n {len(curve.targets)}", xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02)
    )
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def _styles(names: Iterable[str]) -> dict[str, str | tuple[int, tuple[int, ...]]]:
    """A line style for each scorer; those of one colour differ."""
    known: tuple[str | tuple[int, tuple[int, ...]], ...] = (
        "-", "--", ":", "-.", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 3)), (0, (7, 3)),
    )  # fmt: skip
    counts: dict[str, int] = {}
    styles = {}
    for name in names:
        position = counts[_colour(name)] = counts.get(_colour(name), -1) + 1
        styles[name] = known[position % len(known)]
    return styles


def _draw_reliability(curve: Curve) -> Figure:
    figure = Figure(figsize=(7, 4.5))
    axes: Axes = figure.subplots()
    axes.plot((0, 1), (0, 1), color="black", linewidth=0.6)
    chosen = {name: columns for name, columns in curve.scores.items() if name in curve.probabilities}
    styles = _styles(chosen)
    for name, columns in chosen.items():
        said, seen = _bins(columns[0], curve.targets, curve.weights)
        axes.plot(said, seen, marker=".", label=name, color=_colour(name), linestyle=styles[name], linewidth=1.2)
    axes.set(title=f"{curve.title}: n {len(curve.targets)}", xlabel="probability said", ylabel="share harmful")
    axes.set(xlim=(0, 1), ylim=(0, 1))
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
