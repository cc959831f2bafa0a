"""What a part of the evaluation is given and what it gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from graph_model.bundle import Bundle


class EvaluationError(RuntimeError):
    """A part could not be measured."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every part may read: the bundle with its folder, SARIF files of other tools (`tools`, several a name)."""

    bundle: Bundle
    bundle_folder: Path
    clones: Path
    data: Path
    manifests: Path
    triage: Path
    tools: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    num_samples: int = 500
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people: a title, names of columns, rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What a part found: sentences and tables for people, and the same for machines."""

    notes: tuple[str, ...]
    tables: tuple[Table, ...]
    document: Mapping[str, object]


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
