"""Which fixes are no clean evidence: what they change is layout, a move, or too much at once. Pure.

Tokens alone can't tell: in Python, indentation moves a line out of a loop. Versions are compared with the graphs of all
their functions, so they want to be analysed with `every_graph`.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from dataset_curation.analysing import Project
from dataset_curation.filters.duplicates import tokenise
from dataset_curation.sources.vanishing import MAX_CHANGED_FUNCTIONS, count_changed_functions, function_texts
from graph_model.encoder import FunctionGraph
from graph_model.languages import BY_NAME, Family


def find_distortion(before: Project, after: Project) -> str:
    """Why two versions can't show what a fix mends: `formatting-only`, `moved` or `tangled`; "" when they can."""
    if _file_texts(before) == _file_texts(after) and _graphs_agree(before, after):
        return "formatting-only"
    if _is_moved(before, after):
        return "moved"
    return "tangled" if count_changed_functions(before, after) > MAX_CHANGED_FUNCTIONS else ""


def _file_texts(project: Project) -> dict[str, str]:
    return {
        path: "\0".join(tokenise(source.content.decode("utf-8", "replace"), _family(project, path)))
        for path, source in project.sources.items()
    }


def _family(project: Project, path: str) -> Family:
    return BY_NAME[project.analyses[path].language].family


def _graphs_agree(before: Project, after: Project) -> bool:
    """Whether every unit flows as it did."""
    for path, analysis in before.analyses.items():
        other = after.analyses.get(path)
        if other is None or len(other.graphs) != len(analysis.graphs):
            return False
        pairs = zip(analysis.graphs, other.graphs, strict=True)
        if not all(_is_same_graph(first, second) for first, second in pairs):
            return False
    return True


def _is_same_graph(first: FunctionGraph | None, second: FunctionGraph | None) -> bool:
    if first is None or second is None:
        return first is second
    return np.array_equal(first.edge_index, second.edge_index) and np.array_equal(first.edge_type, second.edge_type)


def _is_moved(before: Project, after: Project) -> bool:
    """Whether the same functions, flowing as they did, and the same lines are there, in another order or file."""
    texts = (Counter(function_texts(one).values()) for one in (before, after))
    lines = (Counter(_lines(one)) for one in (before, after))
    flows = (Counter(_flows(one)) for one in (before, after))
    return all(first == second for first, second in (texts, lines, flows))


def _flows(project: Project) -> Iterator[tuple[bytes, bytes]]:
    for analysis in project.analyses.values():
        for unit, graph in zip(analysis.units, analysis.graphs, strict=True):
            if unit.is_function and graph is not None:
                yield graph.edge_index.tobytes(), graph.edge_type.tobytes()


def _lines(project: Project) -> Iterator[str]:
    for path, source in project.sources.items():
        for line in source.content.decode("utf-8", "replace").splitlines():
            tokens = tokenise(line, _family(project, path))
            if tokens:
                yield "\0".join(tokens)
