"""The one place with 0-based lines and the units that an editor counts in: bytes to positions and back.

The rest of the project counts bytes. The protocol counts lines from 0 and, within a line, what both sides agreed on.
https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#position
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate


class Encoding(Enum):
    """The unit that characters within a line are counted in; the value is the protocol's word."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"

    def measure(self, text: bytes) -> int:
        """How many units UTF-8 text has."""
        if self is Encoding.UTF8 or text.isascii():
            return len(text)
        decoded = text.decode("utf-8", "replace")
        return len(decoded) if self is Encoding.UTF32 else len(decoded.encode("utf-16-le")) // 2

    def advance(self, text: bytes, num_units: int) -> int:
        """How many bytes of UTF-8 text lie before a unit; one inside a character counts as the character's start."""
        if num_units >= self.measure(text):
            return len(text)
        if text.isascii():
            return num_units
        if self is Encoding.UTF8:
            return len(text[:num_units].decode("utf-8", "ignore").encode())
        decoded = text.decode("utf-8", "replace")
        if self is Encoding.UTF16:
            decoded = decoded.encode("utf-16-le")[: 2 * num_units].decode("utf-16-le", "ignore")
            return len(decoded.encode())
        return len(decoded[:num_units].encode())


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position as the protocol counts: line and unit, both from 0."""

    line: int
    character: int


@dataclass(frozen=True, slots=True, order=True)
class Extent:
    """A range as the protocol counts; the end is outside."""

    start: Place
    end: Place


@dataclass(frozen=True, slots=True)
class LineTable:
    """The lines of one text as the protocol sees them: they end at LF, CR LF and CR.

    `num_hidden` bytes before `content` are part of the client's text and not of ours: a byte order mark.
    """

    content: bytes
    encoding: Encoding = Encoding.UTF16
    num_hidden: int = 0
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _reported: tuple[int, ...] = field(init=False, repr=False, compare=False)  # where lines start as reports count them

    def __post_init__(self) -> None:
        lines = self.content.splitlines(keepends=True)  # of bytes: at the three endings of the protocol
        starts = (0, *accumulate(map(len, lines)))
        if lines and not lines[-1].endswith((b"\n", b"\r")):
            starts = starts[:-1]
        object.__setattr__(self, "_starts", starts)
        reported = (
            starts if b"\r" not in self.content else (at for at in starts if not at or self.content[at - 1] == 10)
        )
        object.__setattr__(self, "_reported", tuple(reported))

    def _end_of(self, line: int) -> int:
        """Where a line's ending begins."""
        stop = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.content)
        return self._starts[line] + len(self.content[self._starts[line] : stop].rstrip(b"\r\n"))

    def offset_to_place(self, offset: int) -> Place:
        """The position of a byte; one past the end is the end, one inside a line ending is the line's end."""
        offset = min(max(offset, 0), len(self.content))
        line = bisect_right(self._starts, offset) - 1
        before = self.content[self._starts[line] : min(offset, self._end_of(line))]
        hidden = self.encoding.measure(b"\xef\xbb\xbf") if self.num_hidden and line == 0 else 0
        return Place(line, self.encoding.measure(before) + hidden)

    def place_to_offset(self, place: Place) -> int:
        """The byte at a position; past the end of a line is its end, past the last line the end of the text."""
        if place.line >= len(self._starts):
            return len(self.content)
        start, end = self._starts[max(place.line, 0)], self._end_of(max(place.line, 0))
        hidden = self.encoding.measure(b"\xef\xbb\xbf") if self.num_hidden and place.line == 0 else 0
        return start + self.encoding.advance(self.content[start:end], max(place.character - hidden, 0))

    def span_to_extent(self, start: int, end: int) -> Extent:
        """The range of a half-open range of bytes."""
        return Extent(self.offset_to_place(start), self.offset_to_place(end))

    def line_to_extent(self, line: int) -> Extent:
        """A whole line, counted from 1 as reports do, which end lines at LF only; without its ending."""
        start = self._reported[min(max(line, 1), len(self._reported)) - 1]
        stop = self.content.find(b"\n", start)
        text = self.content[start : stop if stop >= 0 else len(self.content)]
        indent = len(text) - len(text.lstrip())
        return self.span_to_extent(start + (indent if text.strip() else 0), start + len(text.rstrip(b"\r")))
