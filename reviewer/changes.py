"""Changes: unified diffs as values. Parsing is pure; running git is `reviewer.comparison`.

Line ranges are 1-based and half-open. https://git-scm.com/docs/diff-format describes what git adds to the format.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from reviewer.errors import DiffError

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.S)
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


class ChangeKind(Enum):
    """What happened to a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"  # or copied: `old_path` differs


# First words of extended header lines, and what they say. Names in `---` and `+++` have a prefix, in the others none.
_KINDS = {b"new file mode": ChangeKind.ADDED, b"deleted file mode": ChangeKind.DELETED}
_KINDS |= {b"similarity index": ChangeKind.RENAMED}
_NAMES = {b"rename from ": "old", b"copy from ": "old", b"--- ": "old"}
_NAMES |= {b"rename to ": "new", b"copy to ": "new", b"+++ ": "new"}
_BINARY = (b"Binary files ", b"GIT binary patch")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `old` of the base became lines `new` of the head; an empty `new` starts where the deleted lines stood."""

    old: range
    new: range


@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed file. `path` is its name in the head (of a deleted one, in the base), `old_path` that in the base."""

    path: str
    old_path: str
    kind: ChangeKind
    hunks: tuple[Hunk, ...] = ()
    is_binary: bool = False

    def changes_line(self, line: int) -> bool:
        """Whether a line of the head was added or changed."""
        return self.touches(range(line, line + 1))

    def touches(self, lines: range) -> bool:
        """Whether one of these lines of the head was added or changed, or something was deleted between two of them."""
        return any(hunk.new.start < lines.stop and lines.start < hunk.new.stop for hunk in self.hunks)


def parse_diff(diff: bytes) -> tuple[FileChange, ...]:
    """The files that a unified diff from git changes, in its order; raises DiffError for a hunk that is cut short."""
    lines = diff.split(b"\n")
    bounds = (*_find_headers(lines), len(lines))
    return tuple(_parse_file(lines[start:end]) for start, end in pairwise(bounds))


def _find_headers(lines: list[bytes]) -> Iterator[int]:
    """Where each file begins; text inside hunks is stepped over by its counted length."""
    idx = 0
    while idx < len(lines):
        if lines[idx].startswith(b"diff --git "):
            yield idx
        hunk = _HUNK.match(lines[idx])
        idx += 1
        if hunk is not None:
            idx = _skip_hunk(lines, idx, _count(hunk[2]), _count(hunk[4]))


def _skip_hunk(lines: list[bytes], idx: int, num_old: int, num_new: int) -> int:
    while num_old > 0 or num_new > 0:
        mark = lines[idx][:1] if idx < len(lines) else b"?"
        if mark not in (b" ", b"-", b"+", b"\\", b""):
            raise DiffError(f"line {idx + 1}: expected {num_old} old and {num_new} new lines more in the hunk")
        if idx == len(lines) - 1 and not mark:
            raise DiffError(f"line {idx + 1}: the diff ends inside a hunk")
        num_old -= mark in (b" ", b"-", b"")
        num_new -= mark in (b" ", b"+", b"")
        idx += 1
    return idx


def _count(digits: bytes | None) -> int:
    return 1 if digits is None else int(digits)


def _parse_file(lines: list[bytes]) -> FileChange:
    """One file's part of the diff: an extended header, then hunks."""
    first = next((idx for idx, line in enumerate(lines) if _HUNK.match(line)), len(lines))
    matches = [match for line in lines[first:] if (match := _HUNK.match(line)) is not None]
    hunks = tuple(Hunk(_make_range(hunk[1], hunk[2]), _make_range(hunk[3], hunk[4])) for hunk in matches)
    old, new = _split_header(lines[0].removeprefix(b"diff --git "))
    kind, is_binary = ChangeKind.MODIFIED, False
    for line in lines[1:first]:
        word = next((word for word in (*_KINDS, *_NAMES, *_BINARY) if line.startswith(word)), b"")
        kind = _KINDS.get(word, kind)
        is_binary = is_binary or word in _BINARY
        if word in _NAMES and line != word + b"/dev/null":
            name = _unquote(line[len(word) :].removesuffix(b"\t"))
            name = name if b" " in word[:-1] else _strip_prefix(name)
            old, new = (name, new) if _NAMES[word] == "old" else (old, name)
    return FileChange(old if kind is ChangeKind.DELETED else new, old, kind, hunks, is_binary)


def _make_range(start: bytes, count: bytes | None) -> range:
    """An empty range of a hunk names the line before it: ours starts at the line after."""
    first, num = int(start), _count(count)
    return range(first, first + num) if num else range(first + 1, first + 1)


def _split_header(names: bytes) -> tuple[str, str]:
    """Both names of `diff --git a/x b/x`; where they differ, later header lines say them again."""
    if names.startswith(b'"'):
        end = _closing_quote(names)
        return _strip_prefix(_unquote(names[:end])), _strip_prefix(_unquote(names[end + 1 :]))
    half = (len(names) - 1) // 2
    return _strip_prefix(_unquote(names[:half])), _strip_prefix(_unquote(names[half + 1 :]))


def _closing_quote(names: bytes) -> int:
    idx = 1
    while idx < len(names) and names[idx : idx + 1] != b'"':
        idx += 2 if names[idx : idx + 1] == b"\\" else 1
    return idx + 1


def _strip_prefix(name: str) -> str:
    return name[2:] if name.startswith(("a/", "b/")) else name


def _unquote(name: bytes) -> str:
    if len(name) >= 2 and name.startswith(b'"') and name.endswith(b'"'):
        name = _ESCAPE.sub(_unescape, name[1:-1])
    return name.decode("utf-8", "surrogateescape")


def _unescape(match: re.Match[bytes]) -> bytes:
    text = match[1]
    return bytes([int(text, 8) & 0xFF]) if len(text) == 3 else _ESCAPES.get(text, text)
