"""Part "speed-pairs": two accepted programs for one task with measured times (madaan/pie-perf): which is the slower?

The slower one by measurement counts as harmful. Solutions of a task are alike, so tasks are drawn and left out whole.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.evaluation.figures import Ints
from benchmarks.evaluation.judging import number_groups
from benchmarks.evaluation.linters import RUFF_PERF
from benchmarks.evaluation.pairs import PairScores, judge_pairs, pair_curve, pair_up, split_scores
from benchmarks.evaluation.parts import Context, EvaluationError, Section
from benchmarks.evaluation.peers import flag_snippets, run_peers
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING, SHIPPED, Scores
from benchmarks.evaluation.sets import OpenSet, PublicSet, snippet_folder
from benchmarks.evaluation.shapes import SHAPE_NAMES, measure_shapes
from benchmarks.evaluation.snippets import Readings, Snippet, SnippetReader
from benchmarks.evaluation.textual import text_dummies

PIE = PublicSet("madaan/pie-perf", "8f74491")
_FILE = "data/sample/py_reference.jsonl"
_CLEAR = 2.0  # times as slow


@dataclass(frozen=True, slots=True)
class SpeedPair:
    """A slower and a faster program; `ratio` is how many times as long the slower one takes."""

    task: str
    slower: Snippet
    faster: Snippet
    ratio: float


class SpeedPairsPart:
    """Rank-win of performance scores, beside length, loops, nesting, n-grams, a metric forest and Ruff."""

    name = "speed-pairs"

    def __init__(self, source: PublicSet = PIE) -> None:
        self._source = source

    def measure(self, context: Context) -> Section:
        """All pairs, then those at least twice as slow, then those in which anything is proposed."""
        pairs = read_pairs(self._source.open(context))
        snippets = [*(one.slower for one in pairs), *(one.faster for one in pairs)]
        readings = SnippetReader(context.bundle).read_all(snippets)
        tools = run_peers(context, snippet_folder(context, PIE, self.name), snippets, (RUFF_PERF,))
        scorers = _score(pairs, readings, tools, context.seed)
        groups = number_groups([one.task for one in pairs])
        boards = [
            judge_pairs(title, rows, groups, scorers, context.bootstrap) for title, rows in _cells(pairs, readings)
        ]
        slower, faster = readings.proposals(is_performance).reshape(2, -1).mean(axis=1)
        return Section(
            notes=(
                f"{PIE}: {len(pairs)} pairs of {len(set(groups.tolist()))} tasks.",
                f"A performance candidate in {slower:.3f} of the slower, {faster:.3f} of the faster.",
            ),
            tables=tuple(one.to_table() for one in boards),
            document={"pairs": len(pairs), "boards": [one.to_json() for one in boards]},
            curves=(pair_curve("timed programs, slower and faster", scorers),),
            bars=(boards[0].to_bars("rank-win"),),
        )


def is_performance(label: str) -> bool:
    """Whether a label is about performance."""
    return label.startswith("performance/")


def read_pairs(opened: OpenSet) -> list[SpeedPair]:
    """The pairs whose measured times differ. Raises EvaluationError for a line that is no pair."""
    pairs: list[SpeedPair] = []
    for number, line in enumerate(opened.read_text(_FILE).splitlines(), start=1):
        try:
            row = json.loads(line)
            sides = [
                (float(row[f"measured_runtime_{one}"]), row[text]) for one, text in (("v0", "input"), ("v1", "target"))
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise EvaluationError(f"{opened.source}: {_FILE}:{number}: expected a pair, found {error!r}") from error
        (fast_s, fast), (slow_s, slow) = sorted(sides)
        if fast_s < slow_s and fast != slow:
            place = f"p{len(pairs):04}"
            slower, faster = Snippet(f"{place}/slower.py", slow), Snippet(f"{place}/faster.py", fast)
            pairs.append(SpeedPair(row["problem_id"], slower, faster, slow_s / max(fast_s, 1e-9)))
    return pairs


def _score(pairs: Sequence[SpeedPair], readings: Readings, tools: Sequence[Tool], seed: int) -> list[PairScores]:
    flags, columns = readings.flags(is_performance), readings.scores(is_performance)
    proposals = readings.proposals(is_performance)
    num_alarms = int(flags.sum() or proposals.sum())  # where nothing is shown, all proposals
    counts = np.array([len(one.select(is_performance)) for one in readings.items], dtype=np.float64)
    snippets = [one.snippet for one in readings.items]
    shapes = measure_shapes(snippets)
    targets = np.repeat((1.0, 0.0), len(pairs))
    groups = number_groups([one.task for one in (*pairs, *pairs)])
    rest = [Scores(name, row[None]) for name, row in zip(readings.scorers, columns, strict=True)]
    rest.append(Scores("number of candidates", counts[None]))
    rest += text_dummies(snippets, targets, groups, "other tasks", seed)
    rest += [
        Scores(f"dummy: {name}", shapes[:, SHAPE_NAMES.index(name)][None])
        for name in ("sum of num_loops", "greatest max_nesting", "sum of complexity")
    ]
    scored = [pair_up(f"{SHIPPED}, as shown", columns[:1], flags[None])]
    scored += [split_scores(one, num_alarms) for one in rest if one.name != DUMMY_EVERYTHING]
    scored.append(pair_up("every candidate", proposals[None], proposals[None]))
    everything = np.ones((1, len(snippets)))
    scored.append(pair_up(f"{DUMMY_EVERYTHING}, all", everything, everything))
    for tool in tools:
        found = flag_snippets(tool, PIE.folder, snippets)[None]
        scored.append(pair_up(f"{tool.name}, any rule", found, found))
    return scored


def _cells(pairs: Sequence[SpeedPair], readings: Readings) -> list[tuple[str, Ints]]:
    proposed = readings.proposals(is_performance)
    either = np.flatnonzero(proposed[: len(pairs)] + proposed[len(pairs) :])
    ratios = np.array([one.ratio for one in pairs])
    return [
        ("all pairs", np.arange(len(pairs))),
        ("at least twice as slow", np.flatnonzero(ratios >= _CLEAR)),
        ("anything proposed on either side", either),
    ]
