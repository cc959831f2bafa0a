"""The vocabulary of candidates: what the graph builder proposes and the network disposes. Values only."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class StepRole(Enum):
    """What a step of the evidence is."""

    SOURCE = "source"  # foreign data enters
    HOP = "hop"  # a definition the data passes through
    CALL = "call"  # it goes into a function as an argument
    RETURN = "return"  # it comes back as a result
    GUARD = "guard"  # a condition that decides whether the anchor runs
    LOOP = "loop"  # a loop around the anchor
    SINK = "sink"  # where the harm happens
    CONTEXT = "context"  # any other place that the message refers to


class Step(NamedTuple):
    """One place of the evidence: half-open UTF-8 byte range in a file (path as given to `analyse_file`)."""

    path: str
    start: int
    end: int
    role: StepRole
    note: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a label may hold, with the slice that says why.

    `start`..`end` is the anchor expression, `statement_start`..`statement_end` its statement (compound statements: the
    header only). `symbol` is the qualified name of the enclosing function or class, "" at module level. `api` is the
    resolved API name or construct. `facts` are the path features by name (counts, flags as 0/1), sorted by name: what
    the ladder's lower rungs read. `fix` names the edit template of `graph_model.edits` that may mend it, "" if none.
    `unit` is the number of the code unit in its file's analysis; `words` fill the label's message.
    """

    label: str
    path: str
    start: int
    end: int
    statement_start: int
    statement_end: int
    symbol: str
    api: str
    steps: tuple[Step, ...]
    facts: tuple[tuple[str, float], ...]
    words: tuple[tuple[str, str], ...] = ()
    fix: str = ""
    unit: int = 0


def without_repeats(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, the second of two neighbours at one place left out."""
    kept: list[Step] = []
    for step in steps:
        if not kept or (kept[-1].path, kept[-1].start, kept[-1].end) != (step.path, step.start, step.end):
            kept.append(step)
    return tuple(kept)
