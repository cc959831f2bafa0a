"""Which rows are judged together: all, each language, each label; what is too small for a cell is pooled."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.evaluation.figures import Cell, make_cell
from benchmarks.evaluation.rows import Triaged

LEAST_ROWS = 50
ALL = "all"
ONCE = "all, each row once"


def make_cells(triaged: Triaged, bootstrap: tuple[int, int]) -> list[Cell]:
    """All rows, all without weights, languages, labels; `bootstrap` is the number of samples and the seed.

    Rows that fill no cell even when pooled are in none but the first two.
    """
    targets, weights, groups = triaged.targets, triaged.weights, triaged.groups
    every = np.arange(len(triaged.rows))
    cells = [
        make_cell(ALL, every, targets, weights, groups, bootstrap),
        make_cell(ONCE, every, targets, np.ones(len(every)), groups, bootstrap),
    ]
    category_of = {row.label: row.label.partition("/")[0] for row in triaged.rows}
    for names in (
        pool([row.family for row in triaged.rows], {}),
        pool([row.label for row in triaged.rows], category_of),
    ):
        values = np.array(names)
        cells += [
            make_cell(name, np.flatnonzero(values == name), targets, weights, groups, bootstrap)
            for name in sorted(set(names) - {""})
        ]
    return cells


def pool(names: Sequence[str], wider: Mapping[str, str]) -> list[str]:
    """The name of each row's cell: its own with LEAST_ROWS rows, else its wider name's rest, else that of all, else "".

    A rest of fewer than LEAST_ROWS rows is no cell.
    """
    large = _large(names)
    pooled = [name if name in large else _rest(wider[name]) if name in wider else _rest("") for name in names]
    large |= _large(pooled)
    pooled = [name if name in large else _rest("") for name in pooled]
    large |= _large(pooled)
    return [name if name in large else "" for name in pooled]


def _rest(name: str) -> str:
    return f"{name}: those under {LEAST_ROWS} rows, pooled" if name else f"those under {LEAST_ROWS} rows, pooled"


def _large(names: Sequence[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count >= LEAST_ROWS}
