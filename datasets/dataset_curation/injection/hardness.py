"""Which injections training should prefer: those that a bundle is wrong about, chosen by chance and a seed."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from graph_model.analysis import FileAnalysis
from graph_model.candidates.model import Candidate
from graph_model.prediction import Predictor

_LEAST = 0.02  # an injection that the bundle is right about keeps a small chance


class Scorer(Protocol):
    """What gives probabilities to the candidates of one file."""

    @property
    def identity(self) -> str: ...  # noqa: D102

    def probabilities(self, analysis: FileAnalysis, candidates: Sequence[Candidate]) -> tuple[float, ...]: ...  # noqa: D102


class BundleScorer:
    """The probabilities of a bundle; loads it when first asked."""

    def __init__(self, folder: Path) -> None:
        self._predictor = Predictor.load(folder)

    @property
    def identity(self) -> str:
        """The bundle's identity."""
        return self._predictor.identity

    def probabilities(self, analysis: FileAnalysis, candidates: Sequence[Candidate]) -> tuple[float, ...]:
        """Of each candidate, in the order given."""
        return tuple(one.probability for one in self._predictor.score(analysis, candidates))


@dataclass(frozen=True, slots=True)
class Weighed:
    """An injection by its place and how wrong the bundle is about it: 0 right, 1 wrong with certainty."""

    key: str
    difficulty: float


def difficulty(target: int, probability: float) -> float:
    """How far a probability is from what an injected candidate is: low for the defect, high for the twin is hard."""
    return abs(target - probability)


def prefer_hard(items: Iterable[Weighed], number: int, seed: int) -> list[Weighed]:
    """A sample without replacement in which harder ones are likelier; the same seed gives the same sample, any order.

    Weighted reservoir keys (Efraimidis and Spirakis 2006): the largest log(u) / weight win, u from place and seed.
    """
    keyed = []
    for item in items:
        digest = hashlib.sha256(f"{seed}:{item.key}".encode("utf-8", "surrogatepass")).digest()
        chance = (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)
        keyed.append((math.log(chance) / max(item.difficulty, _LEAST), item.key, item))
    keyed.sort(key=lambda one: (-one[0], one[1]))
    return [item for _, _, item in keyed[:number]]
