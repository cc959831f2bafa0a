"""Edits as values: byte ranges and what replaces them, made and undone; and what a kind of fix promises."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from graph_model.errors import EditError
from graph_model.languages import Family


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement: a half-open byte range of the old content, and the bytes that take its place."""

    start: int
    end: int
    replacement: bytes


class Safety(Enum):
    """Whether a program that worked before can behave differently after a fix."""

    SAFE = "safe"  # the result of every run that was right before is the same
    UNSAFE = "unsafe"  # stored data, peers, callers or timing may notice; a person should look


@dataclass(frozen=True, slots=True)
class FixKind:
    """One kind of fix: what it does, where, for which labels, and whether behaviour may change."""

    name: str
    families: tuple[Family, ...]
    labels: tuple[str, ...]
    description: str
    safety: Safety


class Declined(Exception):  # noqa: N818  # an answer inside this package, never an error that leaves it
    """A template does not understand the shape exactly; the message says what it expected."""


def sort_edits(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits in order of position, touching ones joined. Raises EditError when two overlap."""
    merged: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        last = merged[-1] if merged else None
        if edit.start > edit.end or edit.start < 0:
            raise EditError(f"edit: expected start <= end, found {edit.start}..{edit.end}")
        if last is not None and edit.start < last.end:
            raise EditError(f"edit: expected a start from {last.end}, found {edit.start}..{edit.end}")
        if last is not None and edit.start == last.end:
            merged[-1] = Edit(last.start, edit.end, last.replacement + edit.replacement)
        else:
            merged.append(edit)
    return tuple(merged)


def apply_edits(source: bytes, edits: Iterable[Edit]) -> bytes:
    """The source with the edits made, in any order given. Raises EditError when two overlap or one lies outside."""
    parts: list[bytes] = []
    at = 0
    for edit in sort_edits(edits):
        if edit.end > len(source):
            raise EditError(f"edit: expected a range in 0..{len(source)}, found {edit.start}..{edit.end}")
        parts += (source[at : edit.start], edit.replacement)
        at = edit.end
    return b"".join((*parts, source[at:]))


def invert_edits(source: bytes, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits that turn `apply_edits(source, edits)` back into the source. Raises EditError as `apply_edits`."""
    ordered = sort_edits(edits)
    apply_edits(source, ordered)
    inverse: list[Edit] = []
    shift = 0
    for edit in ordered:
        start = edit.start + shift
        inverse.append(Edit(start, start + len(edit.replacement), source[edit.start : edit.end]))
        shift += len(edit.replacement) - (edit.end - edit.start)
    return tuple(inverse)
