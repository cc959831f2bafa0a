"""How soon a reader of the claims meets a line that is truly to blame: top-1, 3, 5, and lines read before it.

Claims are read from the likeliest on; one hits when its statement has such a line. IFA counts what is read in vain:
first the claims, then, when none hits, the code's other lines from the top. Top-k asks the claims alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.evaluation.figures import Figure, measure
from benchmarks.evaluation.judging import Board, mean, number_groups, plain_cell
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.scorers import NUM_SEEDS
from benchmarks.evaluation.snippets import Reading, Snippet

Ranking = Sequence[range]
DEPTHS = (1, 3, 5)


@dataclass(frozen=True, slots=True)
class Place:
    """Code with the lines to blame, the claims on it, and other rankings of lines, by name."""

    project: str
    lines: frozenset[int]
    reading: Reading
    wanted: Callable[[str], bool]
    rankings: Mapping[str, Ranking] = field(default_factory=dict)
    within: range | None = None  # only these lines are read

    @property
    def code(self) -> list[int]:
        """The lines that hold anything."""
        rows = self.reading.snippet.text.splitlines()
        every = self.within or range(1, len(rows) + 1)
        return [line for line in every if line <= len(rows) and rows[line - 1].strip()]


def rank_claims(place: Place, scorer: int) -> list[range]:
    """The wanted claims' lines, likeliest first, equals by line; a statement once."""
    claims = sorted(
        place.reading.select(place.wanted, place.within),
        key=lambda one: (-one.probabilities[scorer], one.first_line),
    )
    return list(dict.fromkeys(range(one.first_line, one.last_line + 1) for one in claims))


def peer_ranking(tool: Tool, folder: str, snippet: Snippet) -> list[range]:
    """A tool's results in a snippet by line: it gives no probabilities."""
    results = sorted(tool.results.get(f"{folder}/{snippet.path}", ()), key=lambda one: one.first_line)
    return list(dict.fromkeys(range(one.first_line, one.last_line + 1) for one in results))


def locate(ranking: Ranking, place: Place) -> dict[str, float]:
    """Whether the first k meet a line to blame, and how many are read in vain before one does."""
    hits = [any(line in place.lines for line in one) for one in ranking]
    found = {f"top-{depth}": float(any(hits[:depth])) for depth in DEPTHS}
    if any(hits):
        return {**found, "IFA": float(hits.index(True))}
    seen = {line for one in ranking for line in one}
    rest = [line for line in place.code if line not in seen]
    wasted = next((idx for idx, line in enumerate(rest) if line in place.lines), len(rest))
    return {**found, "IFA": float(len(ranking) + wasted)}


def judge_places(
    title: str, places: Sequence[Place], scorers: Sequence[str], bootstrap: tuple[int, int]
) -> list[Board]:
    """Every ranking on all places, then on those with a wanted claim at all."""
    some = [one for one in places if one.reading.select(one.wanted, one.within)]
    plans = ((f"{title}, all", places), (f"{title}, where there is any claim", some))
    return [_judge(name, chosen, scorers, bootstrap) for name, chosen in plans if chosen]


def _judge(title: str, places: Sequence[Place], scorers: Sequence[str], bootstrap: tuple[int, int]) -> Board:
    groups = number_groups([one.project for one in places])
    cell = plain_cell(title, np.arange(len(places)), np.ones(len(places)), groups, bootstrap)
    tried: dict[str, list[list[dict[str, float]]]] = {
        name: [[locate(rank_claims(one, idx), one) for one in places]] for idx, name in enumerate(scorers)
    }
    for name in places[0].rankings:
        tried[name] = [[locate(one.rankings[name], one) for one in places]]
    tried["dummy: from the top"] = [[locate([range(line, line + 1) for line in one.code], one) for one in places]]
    tried[f"dummy: random lines, mean of {NUM_SEEDS}"] = [_at_random(places, seed) for seed in range(NUM_SEEDS)]
    rows = []
    for name, draws in tried.items():
        figures: dict[str, Figure] = {}
        for key in (*(f"top-{depth}" for depth in DEPTHS), "IFA"):
            columns = np.array([[one[key] for one in draw] for draw in draws])
            figures[key] = measure(cell, columns, mean)
        rows.append((name, figures))
    return Board(title, cell, tuple(rows))


def _at_random(places: Sequence[Place], seed: int) -> list[dict[str, float]]:
    rng = np.random.default_rng(seed)
    return [locate([range(line, line + 1) for line in rng.permutation(one.code).tolist()], one) for one in places]
