"""Which rows are judged together: all, each language, each label; what is too small for a cell is pooled."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.evaluation.figures import Cell, make_cell
from benchmarks.evaluation.rows import Triaged

LEAST_ROWS = 50
ALL = "all"


def make_cells(triaged: Triaged, bootstrap: tuple[int, int]) -> list[Cell]:
    """All rows, then languages, then labels; `bootstrap` is the number of samples and the seed."""
    names = [
        [ALL] * len(triaged.rows),
        pool([row.family for row in triaged.rows], {}),
        pool([row.label for row in triaged.rows], {row.label: row.label.partition("/")[0] for row in triaged.rows}),
    ]
    cells = []
    for of_rows in names:
        values = np.array(of_rows)
        for name in sorted(set(of_rows), key=lambda one: (one.startswith("other"), one)):
            rows = np.flatnonzero(values == name)
            cells.append(make_cell(name, rows, triaged.targets, triaged.weights, triaged.groups, bootstrap))
    return cells


def pool(names: Sequence[str], wider: Mapping[str, str]) -> list[str]:
    """The name of each row's cell: its own with LEAST_ROWS rows, else the rest of its wider name, else the rest."""
    own = Counter(names)
    large = {name for name, count in own.items() if count >= LEAST_ROWS}
    pooled = [name if name in large else f"other {wider[name]}" if name in wider else "other" for name in names]
    counts = Counter(pooled)
    return [name if name in large or counts[name] >= LEAST_ROWS else "other" for name in pooled]
