"""Dummies that read text only: length and token n-grams; and a forest over metrics. None has seen the judged group.

Letters: `N` rows. Targets and groups are as in `figures`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline

from benchmarks.evaluation.figures import Floats, Ints
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING, NUM_SEEDS, Scores
from benchmarks.evaluation.shapes import measure_shapes
from benchmarks.evaluation.snippets import Snippet

NUM_FOLDS = 10
_TOKEN = r"\w+|[^\w\s]"
_MAX_TERMS = 50_000
_NUM_TREES = 200
_NEAR = 10  # lines


class Classifier(Protocol):
    """What scikit-learn's classifiers do."""

    def fit(self, rows: object, targets: object) -> object: ...  # noqa: D102

    def predict_proba(self, rows: object) -> NDArray[np.float64]: ...  # noqa: D102


def make_terms() -> TfidfVectorizer:
    """Token uni- and bigrams."""
    return TfidfVectorizer(
        token_pattern=_TOKEN, ngram_range=(1, 2), lowercase=False, sublinear_tf=True, max_features=_MAX_TERMS
    )


def make_ngrams() -> Classifier:
    """Logistic regression on token uni- and bigrams."""
    model: Classifier = make_pipeline(make_terms(), LogisticRegression(C=10.0, max_iter=1_000))
    return model


def make_forest(seed: int) -> Classifier:
    """A forest on metrics."""
    model: Classifier = RandomForestClassifier(_NUM_TREES, min_samples_leaf=3, random_state=seed, n_jobs=1)
    return model


def ngram_scores(texts: Sequence[str], targets: Floats, groups: Ints) -> Floats:
    """Chance of a target by n-grams, from other groups: float64 [N]."""
    return _predict_elsewhere(make_ngrams, np.array(texts, dtype=object), targets, groups)


def forest_scores(features: Floats, targets: Floats, groups: Ints, seed: int) -> Floats:
    """Chance of a target by a forest on metrics, from other groups: features float64 [N, F], result float64 [N]."""
    return _predict_elsewhere(partial(make_forest, seed), features, targets, groups)


def around(text: str, line: int) -> str:
    """The lines of a text near one of them (1-based)."""
    return "\n".join(text.splitlines()[max(0, line - 1 - _NEAR) : line + _NEAR])


def _predict_elsewhere(
    make: Callable[[], Classifier], rows: NDArray[np.generic], targets: Floats, groups: Ints
) -> Floats:
    scores = np.full(len(targets), targets.mean() if len(targets) else 0.0)
    num_folds = min(NUM_FOLDS, len(np.unique(groups)))
    if num_folds < 2:
        return scores
    for fitted, judged in GroupKFold(num_folds).split(rows, targets, groups):
        if len(np.unique(targets[fitted])) == 2:
            model = make()
            model.fit(rows[fitted], targets[fitted])
            scores[judged] = model.predict_proba(rows[judged])[:, 1]
    return scores


def length_scores(texts: Sequence[str]) -> Floats:
    """Lines that hold anything: float64 [N]."""
    return np.array([sum(bool(line.strip()) for line in text.splitlines()) for text in texts], dtype=np.float64)


def chance_scores(num_rows: int) -> Floats:
    """Random scores by NUM_SEEDS seeds: float64 [NUM_SEEDS, N]."""
    return np.stack([np.random.default_rng(seed).random(num_rows) for seed in range(NUM_SEEDS)])


def text_dummies(snippets: Sequence[Snippet], targets: Floats, groups: Ints, where: str, seed: int) -> list[Scores]:
    """Length both ways, n-grams and a metric forest fitted on other groups (`where` says which), everything, chance."""
    texts = [one.text for one in snippets]
    length, shapes = length_scores(texts), measure_shapes(snippets)
    return [
        Scores("dummy: longer", length[None]),
        Scores("dummy: shorter", -length[None]),
        Scores(f"dummy: n-grams, {where}", ngram_scores(texts, targets, groups)[None]),
        Scores(f"metric forest, {where}", forest_scores(shapes, targets, groups, seed)[None]),
        Scores(DUMMY_EVERYTHING, np.ones((1, len(texts)))),
        Scores(f"dummy: random, mean of {NUM_SEEDS}", chance_scores(len(texts))),
    ]
