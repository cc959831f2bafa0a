"""Unified diffs as values, and what a file is after one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FILE = re.compile(r"^diff --git a/(?P<path>\S+) b/\S+$")
_HUNK = re.compile(r"^@@ -(?P<start>\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


class PatchError(ValueError):
    """A diff does not fit the text that it is applied to."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """`start` is the 1-based line of the old text; rows keep their first character: space, minus or plus."""

    start: int
    rows: tuple[str, ...]

    @property
    def old(self) -> tuple[str, ...]:
        """Lines that must be there."""
        return tuple(row[1:] for row in self.rows if row[0] in " -")

    @property
    def new(self) -> tuple[str, ...]:
        """Lines that are there afterwards."""
        return tuple(row[1:] for row in self.rows if row[0] in " +")


def parse_patch(text: str) -> dict[str, tuple[Hunk, ...]]:
    """Hunks by path, in order."""
    found: dict[str, list[Hunk]] = {}
    rows = text.splitlines()
    path = ""
    for idx, row in enumerate(rows):
        file, hunk = _FILE.match(row), _HUNK.match(row)
        if file:
            path = file["path"]
            found[path] = []
        elif hunk and path:
            found[path].append(Hunk(int(hunk["start"]), tuple(_body(rows[idx + 1 :]))))
    return {path: tuple(hunks) for path, hunks in found.items() if hunks}


def _body(rows: Sequence[str]) -> Iterator[str]:
    for row in rows:
        if row.startswith(("@@ ", "diff --git ", "index ", "--- ", "+++ ")):
            return
        if not row.startswith("\\"):  # "\ No newline at end of file"
            yield row or " "


def apply_hunks(text: str, hunks: Sequence[Hunk]) -> str:
    """The text after the hunks. Raises PatchError when one does not fit where it says, blanks at ends aside."""
    lines = text.splitlines()
    made: list[str] = []
    done = 0
    for hunk in hunks:
        start = max(hunk.start - 1, 0)
        there = lines[start : start + len(hunk.old)]
        if start < done or [one.rstrip() for one in there] != [one.rstrip() for one in hunk.old]:
            raise PatchError(f"line {hunk.start}: expected the diff's own lines, found others")
        made += [*lines[done:start], *hunk.new]
        done = start + len(hunk.old)
    return "\n".join([*made, *lines[done:]]) + "\n"
