"""Metrics of whole files from those of their units: what a metric forest and the final regressions read."""

import textwrap
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from benchmarks.evaluation.figures import Floats
from benchmarks.evaluation.snippets import Snippet
from graph_model.analysis import Limits, UnitAnalyser, uncollected
from graph_model.errors import LimitError
from graph_model.languages import load_table
from graph_model.metrics import METRIC_NAMES, measure_unit
from graph_model.names import Resolver
from graph_model.packs.loading import load_index
from graph_model.program import build_program
from graph_model.syntax import parse_tree

SHAPE_NAMES = (
    *(f"sum of {name}" for name in METRIC_NAMES),
    *(f"greatest {name}" for name in METRIC_NAMES),
    *(f"mean {name}" for name in METRIC_NAMES),
    "units",
    "lines",
    "characters",
)


@lru_cache(maxsize=20_000)
def measure_shape(snippet: Snippet) -> Floats:
    """The metrics of SHAPE_NAMES: float64 [F]; zeros of units for code over the engine's limits."""
    content = textwrap.dedent(snippet.text).encode("utf-8", "replace")
    rows = np.array([[one[name] for name in METRIC_NAMES] for one in _measure_units(snippet, content)])
    if not len(rows):
        rows = np.zeros((1, len(METRIC_NAMES)))
    whole = (len(rows), snippet.text.count("\n") + 1, len(snippet.text))
    return np.concatenate((rows.sum(0), rows.max(0), rows.mean(0), np.array(whole, dtype=np.float64)))


def measure_shapes(snippets: Sequence[Snippet]) -> Floats:
    """One row a snippet: float64 [N, F]."""
    return np.stack([measure_shape(one) for one in snippets])


def _measure_units(snippet: Snippet, content: bytes) -> list[dict[str, float]]:
    language = snippet.language
    try:
        tree = parse_tree(content, load_table(language), Limits().max_nodes)
    except LimitError:
        return []
    with uncollected():
        try:
            program = build_program(snippet.path, language, tree)
            analyser = UnitAnalyser(program, Resolver(program, load_index(program.family.value)), 0)
            return [measure_unit(analyser.view(unit)) for unit in program.units]
        finally:
            tree.root.release()
