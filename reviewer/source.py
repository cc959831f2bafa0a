"""Source files as the review sees them: UTF-8 text, byte ranges, and the one place that turns offsets into lines.

Every position in this package is a half-open range of bytes in `SourceFile.content`. Lines and columns are 1-based, as
in diffs and reports; a line ends at a line feed and nowhere else, as in git. Columns count characters.
"""

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass, field

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# https://peps.python.org/pep-0263/ : in the first or second line.
_CODING = re.compile(rb"\A(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of bytes."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"span: expected 0 <= start <= end, found {self.start}..{self.end}")

    def touches(self, other: "Span") -> bool:
        """Whether the two share a byte, or an empty one lies in or at the edge of the other."""
        if self.start == self.end or other.start == other.end:
            return self.start <= other.end and other.start <= self.end
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place as people read it: 1-based line, 1-based column in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: `path` from the review's root, with forward slashes; `content` UTF-8 without a byte order mark.

    `encoding` and `bom` are what the bytes on disk had. `is_lossless` is False when the text cannot be written back as
    it was found, so that no fix is applied to it.
    """

    path: str
    content: bytes
    encoding: str = "utf-8"
    bom: bytes = b""
    is_lossless: bool = True
    _line_starts: tuple[int, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = (0, *(match.end() for match in re.finditer(rb"\n", self.content)))
        object.__setattr__(self, "_line_starts", starts)

    @classmethod
    def from_bytes(cls, path: str, raw: bytes) -> "SourceFile":
        """Decodes by byte order mark, as UTF-8, by a coding comment, then as Windows or Latin-1 text; never fails."""
        for bom, encoding in _BOMS:
            if raw.startswith(bom):
                return cls._transcoded(path, raw[len(bom) :], encoding, bom)
        if _is_decodable(raw, "utf-8"):
            return cls(path, raw)
        declared = _CODING.match(raw[:1024])
        candidates = (declared[1].decode("ascii", "replace") if declared else "", "cp1252", "latin-1")
        encoding = next(name for name in candidates if name and _is_decodable(raw, name))
        return cls._transcoded(path, raw, encoding, b"")

    @classmethod
    def _transcoded(cls, path: str, raw: bytes, encoding: str, bom: bytes) -> "SourceFile":
        text = raw.decode(encoding, "replace")
        content = text.encode("utf-8", "replace")
        return cls(path, content, encoding, bom, is_lossless=content.decode().encode(encoding, "replace") == raw)

    @property
    def num_lines(self) -> int:
        """How many lines the text has; a final line feed does not begin another."""
        return len(self._line_starts) - (self._line_starts[-1] == len(self.content))

    @property
    def has_crlf(self) -> bool:
        """Whether the first line ends with a carriage return and a line feed."""
        return len(self._line_starts) > 1 and self.content[: self._line_starts[1]].endswith(b"\r\n")

    def line_at(self, offset: int) -> int:
        """The line that holds the byte at this offset; the end of the text counts as a place."""
        if not 0 <= offset <= len(self.content):
            raise ValueError(f"{self.path}: offset: expected 0..{len(self.content)}, found {offset}")
        return bisect_right(self._line_starts, offset)

    def position_at(self, offset: int) -> Position:
        """Line and column of an offset; an offset inside a character counts as the character's."""
        line = self.line_at(offset)
        before = self.content[self._line_starts[line - 1] : offset]
        return Position(line, len(before.decode("utf-8", "ignore")) + 1)

    def offset_at(self, position: Position) -> int:
        """The offset of a line and column; raises ValueError when the text has no such place."""
        if not 1 <= position.line <= len(self._line_starts):
            raise ValueError(f"{self.path}: line: expected 1..{len(self._line_starts)}, found {position.line}")
        span = self.line_span(position.line)
        text = self.content[span.start : span.end].decode("utf-8", "replace")
        if not 1 <= position.column <= len(text) + 1:
            raise ValueError(
                f"{self.path}:{position.line}: column: expected 1..{len(text) + 1}, found {position.column}"
            )
        return span.start + len(text[: position.column - 1].encode())

    def line_span(self, line: int) -> Span:
        """The bytes of a line without its line feed; empty past the end."""
        if not 1 <= line <= len(self._line_starts):
            return Span(len(self.content), len(self.content))
        start = self._line_starts[line - 1]
        end = self._line_starts[line] - 1 if line < len(self._line_starts) else len(self.content)
        return Span(start, end)

    def line_text(self, line: int) -> str:
        """A line for display, without its ending; "" past the end."""
        span = self.line_span(line)
        return self.content[span.start : span.end].decode("utf-8", "replace").removesuffix("\r")

    def text_at(self, span: Span) -> str:
        """The text of a range."""
        return self.content[span.start : span.end].decode("utf-8", "replace")

    def encode(self, content: bytes) -> bytes:
        """Changed content as bytes in the file's own encoding; raises UnicodeError if that lacks a character."""
        return self.bom + (content if self.encoding == "utf-8" else content.decode().encode(self.encoding))


def _is_decodable(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True
