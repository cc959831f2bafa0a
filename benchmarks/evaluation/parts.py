"""What a part of the evaluation is given and what it gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graph_model.bundle import Bundle


class EvaluationError(RuntimeError):
    """A part could not be measured."""


class MissingSetError(EvaluationError):
    """The clone of a public set is not there; its part says so instead of its figures."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every part may read: the bundle with its folder, SARIF files of other tools (`tools`, several a name).

    `eslint` is a folder where npm installed ESLint and its plugins.
    """

    bundle: Bundle
    bundle_folder: Path
    clones: Path
    data: Path
    manifests: Path
    triage: Path
    tools: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    num_samples: int = 500
    seed: int = 0
    eslint: Path | None = None

    @property
    def bootstrap(self) -> tuple[int, int]:
        """The number of samples and the seed."""
        return self.num_samples, self.seed


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people: a title, names of columns, rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """What a plot of precision over recall, and of probability over frequency, is drawn from.

    Targets and weights are float64 [C]; scores by name are float64 [K, C]. `probabilities` names those that claim to
    be chances.
    """

    title: str
    targets: NDArray[np.float64]
    weights: NDArray[np.float64]
    scores: Mapping[str, NDArray[np.float64]]
    probabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bars:
    """One measure of many scorers: name, value, bounds."""

    title: str
    measure: str
    rows: tuple[tuple[str, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What a part found: sentences and tables for people, the same for machines, and what its plots show."""

    notes: tuple[str, ...]
    tables: tuple[Table, ...]
    document: Mapping[str, object]
    curves: tuple[Curve, ...] = ()
    bars: tuple[Bars, ...] = ()


class Part(Protocol):
    """One set of judged material. Raises EvaluationError when it is not there."""

    @property
    def name(self) -> str:
        """How it is asked for and headed."""
        ...

    def measure(self, context: Context) -> Section:
        """Scores the context's bundle and tools on it."""
        ...


def to_text(table: Table) -> str:
    """The table as Markdown, columns aligned."""
    rows = [table.columns, *table.rows]
    widths = [max(len(row[idx]) for row in rows) for idx in range(len(table.columns))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join((f"### {table.title}", "", *lines))
