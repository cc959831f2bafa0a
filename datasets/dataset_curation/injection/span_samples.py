"""Samples of kinds that the engine has no candidate for: the exact statement is the label."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from dataset_curation.injection.defects import Proposal
from graph_model.edits.model import Edit
from reviewer.source import SourceFile


@dataclass(frozen=True, slots=True)
class SpanSample:
    """One edited version of a file: where, of which kind, harmful (1) or harmless (0), and what makes it.

    `start`..`end` are bytes of the sound file, `line` is 1-based; `edits` are (start, end, replacement).
    """

    origin: str
    kind: str
    label: str
    target: int
    start: int
    end: int
    line: int
    edits: tuple[tuple[int, int, str], ...]


def make_samples(source: SourceFile, proposal: Proposal, label: str, origin: str) -> tuple[SpanSample, ...]:
    """The defect and, where it has one, its twin."""
    line = source.position_at(proposal.start).line
    versions = ((1, proposal.edits), (0, proposal.twin))
    return tuple(
        SpanSample(
            origin,
            proposal.kind,
            label,
            target,
            proposal.start,
            proposal.end,
            line,
            tuple(_to_text(one) for one in edits),
        )
        for target, edits in versions
        if edits
    )


def _to_text(edit: Edit) -> tuple[int, int, str]:
    return edit.start, edit.end, edit.replacement.decode("utf-8", "surrogateescape")


def save_samples(samples: Iterable[SpanSample], path: Path) -> None:
    """Writes samples as lines of JSON; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}.part")
    scratch.write_text("".join(f"{json.dumps(asdict(one), sort_keys=True)}\n" for one in samples), "utf-8")
    os.replace(scratch, path)


def load_samples(path: Path) -> list[SpanSample]:
    """What `save_samples` wrote."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [SpanSample(**{**row, "edits": tuple((s, e, text) for s, e, text in row["edits"])}) for row in rows]
