"""What a change does to each file, from git's own diff: which lines a host lets one comment on, and where lines moved.

Line numbers are 1-based as in diffs. Text is decoded as UTF-8 with replacement, and only a line feed ends a line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SECTION = re.compile(rb"^diff --git ", re.MULTILINE)


class LineKind(Enum):
    """What a change did to one line."""

    ADDED = "+"
    REMOVED = "-"
    UNCHANGED = " "


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a hunk; `old` is None for an added line and `new` for a removed one.

    `position` is its index in the lines of the file's patch, where the first hunk's head is 0.
    """

    kind: LineKind
    old: int | None
    new: int | None
    position: int


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk: where it starts, how many lines it covers on each side, and the lines themselves."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a change does to one file. `status` is git's letter: A, D, M, R or T; `patch` is None for a binary file."""

    path: str
    previous_path: str
    status: str
    patch: str | None
    hunks: tuple[Hunk, ...]

    @property
    def num_added(self) -> int:
        """Number of added lines."""
        return sum(line.kind is LineKind.ADDED for hunk in self.hunks for line in hunk.lines)

    @property
    def num_removed(self) -> int:
        """Number of removed lines."""
        return sum(line.kind is LineKind.REMOVED for hunk in self.hunks for line in hunk.lines)

    def find_new(self, line: int) -> tuple[int, DiffLine] | None:
        """Hunk index and line of a line of the new side, added or unchanged; None if no hunk shows it."""
        return self._find(line, new=True)

    def find_old(self, line: int) -> tuple[int, DiffLine] | None:
        """Hunk index and line of a line of the old side, removed or unchanged; None if no hunk shows it."""
        return self._find(line, new=False)

    def _find(self, number: int, *, new: bool) -> tuple[int, DiffLine] | None:
        for idx, hunk in enumerate(self.hunks):
            for line in hunk.lines:
                if number == (line.new if new else line.old):
                    return idx, line
        return None

    def move_line(self, line: int) -> int | None:
        """Where an old line is on the new side, None if the change touched it. Needs a diff without context."""
        shift = 0
        for hunk in self.hunks:
            # A hunk without old lines starts after `old_start`: https://www.gnu.org/software/diffutils/manual/#Detailed-Unified
            first = hunk.old_start if hunk.old_count else hunk.old_start + 1
            if line < first:
                break
            if line < first + hunk.old_count:
                return None
            shift += hunk.new_count - hunk.old_count
        return line + shift


def parse_diff(raw: bytes, patches: bytes) -> tuple[FileChange, ...]:
    """Files of a change, in git's order, from `git diff --raw -z` and `git diff --patch` of the same trees."""
    entries = _parse_raw(raw)
    starts = [match.start() for match in _SECTION.finditer(patches)]
    ends = [*starts[1:], len(patches)] if starts else []  # a force-push may leave every file as it was
    sections = [patches[a:b] for a, b in zip(starts, ends, strict=True)]
    changes: list[FileChange] = []
    at = 0
    for status, previous_path, path in entries:
        width = 2 if status == "T" else 1  # a changed type is shown as a removal and an addition
        changes.append(_build_change(status, previous_path, path, sections[at : at + width]))
        at += width
    assert at == len(sections), f"{len(entries)} files, {len(sections)} patches"
    return tuple(changes)


def _parse_raw(raw: bytes) -> list[tuple[str, str, str]]:
    fields = [text.decode("utf-8", "replace") for text in raw.split(b"\0")]
    entries: list[tuple[str, str, str]] = []
    at = 0
    while at < len(fields) and fields[at].startswith(":"):
        status = fields[at].rsplit(" ", 1)[1][0]
        num_paths = 2 if status in "RC" else 1
        paths = fields[at + 1 : at + 1 + num_paths]
        entries.append((status, paths[0], paths[-1]))
        at += 1 + num_paths
    return entries


def _build_change(status: str, previous_path: str, path: str, sections: Sequence[bytes]) -> FileChange:
    hunks: list[Hunk] = []
    shown: list[bytes] = []
    for section in sections:
        lines = section.split(b"\n")
        first = next((idx for idx, line in enumerate(lines) if _HUNK.match(line)), None)
        if first is not None:
            body = lines[first:-1] if lines[-1] == b"" else lines[first:]
            shown += body
            hunks += _parse_hunks(body)
    patch = b"\n".join(shown).decode("utf-8", "replace") if shown else None
    return FileChange(path, previous_path, status, patch, tuple(hunks))


def _parse_hunks(lines: Sequence[bytes]) -> list[Hunk]:
    heads = [(idx, match) for idx, line in enumerate(lines) if (match := _HUNK.match(line))]
    ends = [idx for idx, _ in heads[1:]] + [len(lines)]
    return [_parse_hunk(match, idx, lines[idx + 1 : end]) for (idx, match), end in zip(heads, ends, strict=True)]


def _parse_hunk(head: re.Match[bytes], head_position: int, lines: Sequence[bytes]) -> Hunk:
    old_start, old_count, new_start, new_count = (int(number) if number else 1 for number in head.groups())
    old, new = old_start, new_start
    parsed: list[DiffLine] = []
    for position, line in enumerate(lines, start=head_position + 1):
        if line.startswith(b"\\"):  # "\ No newline at end of file"
            continue
        kind = LineKind(line[:1].decode("ascii"))
        old_line = None if kind is LineKind.ADDED else old
        new_line = None if kind is LineKind.REMOVED else new
        parsed.append(DiffLine(kind, old_line, new_line, position))
        old += kind is not LineKind.ADDED
        new += kind is not LineKind.REMOVED
    return Hunk(old_start, old_count, new_start, new_count, tuple(parsed))
