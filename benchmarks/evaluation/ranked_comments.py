"""Scorers that rank, given as many comments each: bundle and rungs among every candidate, dummies among added lines.

Over all changes the likeliest are chosen, and equal ones at the border share what is left. Dummies choose among the
lines that were drawn, which stand for all added ones.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from benchmarks.evaluation.comments import EVERY, Comment, Count, Told
from benchmarks.evaluation.figures import Floats, Ints
from benchmarks.evaluation.judging import number_groups
from benchmarks.evaluation.keeping import Keep
from benchmarks.evaluation.pairs import flag_highest
from benchmarks.evaluation.parts import Context
from benchmarks.evaluation.scorers import SHIPPED
from benchmarks.evaluation.shapes import measure_shape
from benchmarks.evaluation.snippets import Snippet
from benchmarks.evaluation.textual import chance_scores, forest_scores, length_scores, ngram_scores
from graph_model.ladder import Rung
from reviewer.graph_engine import hash_package

PER_100_CHANGES = 20


def count_ranked(told: Sequence[Told], context: Context) -> list[Count]:
    """Every ranking scorer at PER_100_CHANGES comments per 100 changes."""
    number = round(PER_100_CHANGES * len(told) / 100)
    return [*_rank_candidates(told, number), *_rank_lines(told, number, context)]


def _rank_candidates(told: Sequence[Told], number: int) -> list[Count]:
    found = [(change, one) for change, each in enumerate(told) for one in each.on_added.get(EVERY, ())]
    changes = np.array([change for change, _ in found], dtype=np.int64)
    fixed = np.array([bool(one.fix) for _, one in found], dtype=np.float64)
    comments = [one for _, one in found]
    rated = {SHIPPED: [one.probability for one in comments], **_rate_by_rungs(comments)}
    return [
        _count(f"{name}, likeliest", np.array(scores)[None], number, changes, fixed, len(told))
        for name, scores in rated.items()
    ]


def _rate_by_rungs(comments: Sequence[Comment]) -> dict[str, list[float]]:
    names = [str(rung) for rung in Rung if all(str(rung) in one.ratings for one in comments)]
    return {f"rung: {name}": [one.ratings[name] for one in comments] for name in names}


def _rank_lines(told: Sequence[Told], number: int, context: Context) -> list[Count]:
    drawn = [(change, each.repository, line) for change, each in enumerate(told) for line in each.drawn]
    changes = np.array([change for change, _, _ in drawn], dtype=np.int64)
    fixed = np.array([bool(line.fix) for _, _, line in drawn], dtype=np.float64)
    groups = number_groups([repository for _, repository, _ in drawn])
    texts = [line.text for _, _, line in drawn]
    shapes = _measure(context, [Snippet(PurePosixPath(line.path).name, line.text) for _, _, line in drawn])
    length = length_scores(texts)
    rated = {
        "dummy: longest functions": length[None],
        "dummy: shortest functions": -length[None],
        "dummy: n-grams, other repositories": ngram_scores(texts, fixed, groups)[None],
        "metric forest, other repositories": forest_scores(shapes, fixed, groups, context.seed)[None],
        "dummy: random lines, mean of 10": chance_scores(len(texts)),
    }
    return [_count(name, columns, number, changes, fixed, len(told)) for name, columns in rated.items()]


def _measure(context: Context, snippets: Sequence[Snippet]) -> Floats:
    """The metrics of each function; a function of a class alone may not parse, and says what it says then."""
    keep = Keep(context.data / "replays" / "shapes")
    rows = [keep.recall((hash_package(), one.path, one.text), partial(_list_metrics, one)) for one in snippets]
    return np.array(rows, dtype=np.float64)


def _list_metrics(snippet: Snippet) -> list[float]:
    return [float(one) for one in measure_shape(snippet)]


def _count(name: str, columns: Floats, number: int, changes: Ints, fixed: Floats, num_changes: int) -> Count:
    """What the highest scores make of each change, the mean over draws of a scorer: columns float64 [K, N]."""
    flags = np.mean([flag_highest(one, number) for one in columns], axis=0)
    numbers, mended = (np.bincount(changes, one, num_changes).astype(np.float64) for one in (flags, flags * fixed))
    return Count(name, numbers, mended)
