"""Part "maintainability": Java classes with experts' votes (Schnappinger et al., marcdillmann/DeepCodeMaintainability).

The bundle is frozen; what it says of a class (counts and probabilities of candidates) and metrics are the features of
a regression that is fitted on the other projects each time. The target is the expected vote, 0 easy to 3 hard.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.evaluation.figures import Cell, Floats, Ints, Measure, make_cell
from benchmarks.evaluation.judging import Board, judge_all, number_groups
from benchmarks.evaluation.parts import Context, EvaluationError, Section
from benchmarks.evaluation.scorers import NUM_SEEDS, Scores
from benchmarks.evaluation.sets import OpenSet, PublicSet
from benchmarks.evaluation.shapes import SHAPE_NAMES, measure_shapes
from benchmarks.evaluation.snippets import Reading, Readings, Snippet, SnippetReader
from benchmarks.evaluation.textual import chance_scores, make_terms

VOTES = PublicSet("marcdillmann/DeepCodeMaintainability", "d51f440")
_LABELS = "dataset/labels.csv"
_AXES = ("overall", "readability", "understandability", "complexity", "modularization")
_COMPLAINTS = frozenset({"complexity", "modularization"})  # who agrees says that the class is hard
_CATEGORIES = ("maintainability/", "performance/", "correctness/", "documentation/", "security/")
_ALIKE = 0.1  # of the logarithm of statements
_APART = 0.25  # votes that far apart differ
_NUM_TREES = 300


@dataclass(frozen=True, slots=True)
class Voted:
    """A class with its expected votes by axis."""

    project: str
    snippet: Snippet
    votes: tuple[float, ...]


class MaintainabilityPart:
    """Correlation and concordance with the experts, beside size and metrics alone."""

    name = "maintainability"

    def __init__(self, source: PublicSet = VOTES) -> None:
        self._source = source

    def measure(self, context: Context) -> Section:
        """Overall maintainability by every scorer, then the other axes by the fitted ones."""
        classes = read_classes(self._source.open(context))
        readings = SnippetReader(context.bundle).read_all([one.snippet for one in classes])
        shapes = measure_shapes([one.snippet for one in classes])
        projects = number_groups([one.project for one in classes])
        boards = [_judge(idx, classes, readings, shapes, projects, context) for idx in range(len(_AXES))]
        whole = sum(one.is_whole for one in readings.items)
        return Section(
            notes=(
                f"{VOTES}: {len(classes)} classes of {len(set(projects.tolist()))} projects; {whole} parse whole.",
                "Intervals draw projects, of which there are few: they are rough. No installable peer rates classes.",
            ),
            tables=tuple(one.to_table() for one in boards),
            document={"classes": len(classes), "boards": [one.to_json() for one in boards]},
            bars=(boards[0].to_bars("Pearson"), boards[0].to_bars("concordance at like size")),
        )


def read_classes(opened: OpenSet) -> list[Voted]:
    """The classes in the order of the table. Raises EvaluationError for a row without votes or file."""
    rows = list(csv.DictReader(opened.read_text(_LABELS).splitlines()))
    paths = [f"dataset/{row['path'].replace(chr(92), '/')}" for row in rows]
    entries = {one.path: one for one in opened.list_files("dataset") if one.path.endswith(".java")}
    absent = [path for path in paths if path not in entries]
    if absent:
        raise EvaluationError(f"{opened.source}: {absent[0]}: expected a file, found none ({len(absent)} such)")
    texts = opened.read_texts([entries[path] for path in dict.fromkeys(paths)])
    return [
        Voted(row["projectname"], Snippet(f"c{idx:03}/{path.rpartition('/')[2]}", texts[path]), _votes(row, opened))
        for idx, (row, path) in enumerate(zip(rows, paths, strict=True))
    ]


def _votes(row: dict[str, str], opened: OpenSet) -> tuple[float, ...]:
    try:
        shares = [[float(one) for one in re.findall(r"[-+.\de]+", row[axis])] for axis in _AXES]
        votes = [sum(level * share for level, share in enumerate(one)) / sum(one) for one in shares]
        return tuple(3 - one if axis in _COMPLAINTS else one for axis, one in zip(_AXES, votes, strict=True))
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise EvaluationError(f"{opened.source}: {_LABELS}: expected shares of four votes, found {row}") from error


def describe_claims(reading: Reading, scorer: int) -> list[float]:
    """What the bundle says of a class, frozen: by category how many candidates, their chances summed, the likeliest."""
    features: list[float] = []
    for category in _CATEGORIES:
        chances = [one.probabilities[scorer] for one in reading.claims if one.label.startswith(category)]
        features += [float(len(chances)), sum(chances), max(chances, default=0.0)]
    labels = sorted({one.label for one in reading.claims})
    return [*features, float(len(labels)), float(sum(one.is_shown for one in reading.claims))]


def _judge(
    idx: int,
    classes: Sequence[Voted],
    readings: Readings,
    shapes: Floats,
    projects: Ints,
    context: Context,
) -> Board:
    votes = np.array([one.votes[idx] for one in classes])
    scorers = _score(votes, readings, shapes, projects, context.seed, is_whole=idx == 0)
    axis = _AXES[idx]
    cell = _cell(axis, votes, projects, context)
    sizes = np.log1p(shapes[:, SHAPE_NAMES.index("sum of num_statements")])
    return judge_all(axis, cell, scorers, _measures(projects, sizes))


def _cell(name: str, votes: Floats, projects: Ints, context: Context) -> Cell:
    """Weights carry each row's number, by which a measure finds its project and size in a sample."""
    rows = np.arange(len(votes))
    return make_cell(name, rows, votes, rows.astype(np.float64), projects, context.bootstrap)


def _score(
    votes: Floats, readings: Readings, shapes: Floats, projects: Ints, seed: int, *, is_whole: bool
) -> list[Scores]:
    """Fitted on other projects; of axes but the first the bundle as shipped and the dummies only."""
    logs = np.log1p(shapes)
    statements = logs[:, SHAPE_NAMES.index("sum of num_statements")]
    said = [
        np.array([describe_claims(one, scorer) for one in readings.items]) for scorer in range(len(readings.scorers))
    ]
    scores = []
    for name, columns in list(zip(readings.scorers, said, strict=True))[: None if is_whole else 1]:
        both = np.concatenate((logs, np.log1p(columns)), axis=1)
        scores.append(
            Scores(f"{name}: metrics and scores, forest", fit_elsewhere(_forest(seed), both, votes, projects)[None])
        )
    frozen = np.log1p(said[0])
    texts = np.array([one.snippet.text for one in readings.items], dtype=object)
    scores += [
        Scores("scores alone, forest", fit_elsewhere(_forest(seed), frozen, votes, projects)[None]),
        Scores(
            "metrics and scores, ridge",
            fit_elsewhere(_ridge, np.concatenate((logs, frozen), axis=1), votes, projects)[None],
        ),
        Scores("maintainability chances summed, unfitted", said[0][:, 1][None]),
        Scores("n-grams, ridge", fit_elsewhere(_ngrams, texts, votes, projects)[None]),
        Scores("metric forest", fit_elsewhere(_forest(seed), logs, votes, projects)[None]),
        Scores("dummy: log of statements", statements[None]),
        Scores(f"dummy: random, mean of {NUM_SEEDS}", chance_scores(len(votes))),
    ]
    return scores


class Regression(Protocol):
    """What scikit-learn's regressions do."""

    def fit(self, features: NDArray[np.generic], votes: Floats) -> object: ...  # noqa: D102

    def predict(self, features: NDArray[np.generic]) -> Floats: ...  # noqa: D102


def _forest(seed: int) -> Callable[[], Regression]:
    return lambda: RandomForestRegressor(_NUM_TREES, min_samples_leaf=2, max_features=0.4, random_state=seed, n_jobs=1)


def _ngrams() -> Regression:
    model: Regression = make_pipeline(make_terms(), Ridge())
    return model


def _ridge() -> Regression:
    model: Regression = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 4, 16)))
    return model


def fit_elsewhere(
    make: Callable[[], Regression], features: NDArray[np.generic], votes: Floats, projects: Ints
) -> Floats:
    """Predictions of a regression that is fitted on the other projects: float64 [N]."""
    predicted = np.full(len(votes), votes.mean())
    if len(np.unique(projects)) < 2:
        return predicted
    for fitted, judged in LeaveOneGroupOut().split(features, votes, projects):
        model = make()
        model.fit(features[fitted], votes[fitted])
        predicted[judged] = model.predict(features[judged])
    return predicted


def pearson(scores: Floats, votes: Floats) -> float:
    """Correlation; NaN when either is constant."""
    if len(scores) < 2 or not scores.std() or not votes.std():
        return float("nan")
    return float(np.corrcoef(scores, votes)[0, 1])


def spearman(scores: Floats, votes: Floats) -> float:
    """Correlation of ranks; NaN when either is constant."""
    return pearson(rankdata(scores), rankdata(votes))


def concordance(scores: Floats, votes: Floats, sizes: Floats) -> float:
    """Of pairs of like size with different votes, the share ranked as the votes rank them, ties one half."""
    first, second = np.triu_indices(len(votes), 1)
    gaps = votes[first] - votes[second]
    chosen = (np.abs(sizes[first] - sizes[second]) <= _ALIKE) & (np.abs(gaps) >= _APART)
    if not chosen.any():
        return float("nan")
    ranked = np.sign(scores[first] - scores[second])[chosen] * np.sign(gaps[chosen])
    return float((ranked + 1).mean() / 2)


def _measures(projects: Ints, sizes: Floats) -> dict[str, Measure]:
    def within(scores: Floats, votes: Floats, weights: Floats) -> float:
        own = projects[weights.astype(np.int64)]
        chosen = [own == one for one in np.unique(own)]
        values = np.array([spearman(scores[rows], votes[rows]) for rows in chosen])
        sizes = np.array([rows.sum() for rows in chosen])
        known = ~np.isnan(values)
        return float((values[known] * sizes[known]).sum() / sizes[known].sum()) if known.any() else float("nan")

    def like_sized(scores: Floats, votes: Floats, weights: Floats) -> float:
        return concordance(scores, votes, sizes[weights.astype(np.int64)])

    return {
        "Pearson": lambda scores, votes, _: pearson(scores, votes),
        "Spearman": lambda scores, votes, _: spearman(scores, votes),
        "Spearman within projects": within,
        "concordance at like size": like_sized,
    }
