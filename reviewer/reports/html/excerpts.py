"""The lines of code that a finding's path runs through, in rows of one height, with the places of its steps."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from reviewer.findings import EvidenceStep, Finding, Region
from reviewer.reports.text import make_printable
from reviewer.source import SourceFile

MAX_CHARACTERS = 400  # of a line
_WIDTH = 100  # columns of a row; longer lines go on in the next
_TAB = 4
_MAX_MARKED = 6  # lines of one step
_MAX_ROWS = 100
_RUNS = re.compile(r"(?P<plain>[ -~À-ɏ]+)|.", re.S)
# Lines around each step and steps at most: the first pair that keeps to the rows.
_SIZES = ((2, 40), (1, 40), (0, 40), (0, 20), (0, 8))


class RowKind(Enum):
    """What a row shows: the name of a file, code, or how many lines are left out."""

    FILE = "file"
    CODE = "code"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that can be shown, and the step (by its index in the finding) that it belongs to."""

    text: str
    step_idx: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `line` is None outside code and where a line goes on; `is_anchor`: the change introduced it here."""

    kind: RowKind
    pieces: tuple[Piece, ...]
    line: int | None = None
    is_anchor: bool = False


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Rows, the row of each step that is drawn, how many steps are not, and how many lines were cut."""

    rows: tuple[Row, ...]
    places: Mapping[int, int]
    num_steps_left_out: int
    num_lines_cut: int


def build_excerpt(finding: Finding, sources: Mapping[str, SourceFile]) -> Excerpt:
    """The excerpt of a finding; `sources` holds every file that its evidence names."""
    for context, max_steps in _SIZES:
        excerpt = _Builder(finding, sources, context, _choose_steps(len(finding.steps), max_steps)).build()
        if len(excerpt.rows) <= _MAX_ROWS:
            break
    return excerpt


def _choose_steps(num_steps: int, max_steps: int) -> list[int]:
    """All indices, or the first and the last ones."""
    if num_steps <= max_steps:
        return list(range(num_steps))
    half = max_steps // 2
    return [*range(half), *range(num_steps - half, num_steps)]


class _Builder:
    """Builds one excerpt of one size."""

    def __init__(
        self, finding: Finding, sources: Mapping[str, SourceFile], context: int, chosen: Sequence[int]
    ) -> None:
        self._finding, self._sources, self._context, self._chosen = finding, sources, context, chosen
        self._rows: list[Row] = []
        self._places: dict[int, int] = {}
        self._num_cut = 0

    def build(self) -> Excerpt:
        """File by file, as the path first comes to them."""
        wanted = self._list_wanted()
        for path, lines in wanted.items():
            self._rows.append(Row(RowKind.FILE, (Piece(make_printable(path)),)))
            self._add_lines(self._sources[path], sorted(lines))
        num_left_out = len(self._finding.steps) - len(self._chosen)
        return Excerpt(tuple(self._rows), self._places, num_left_out, self._num_cut)

    def _list_wanted(self) -> dict[str, set[int]]:
        wanted: dict[str, set[int]] = {}
        regions = [self._finding.steps[idx].region for idx in self._chosen] or [self._finding.region]
        for region in regions:
            self._want(wanted, region.path, _marked_lines(region))
        anchor = self._finding.anchor
        self._want(wanted, anchor.path, range(anchor.line, anchor.line + 1))
        return wanted

    def _want(self, wanted: dict[str, set[int]], path: str, lines: range) -> None:
        first, last = max(lines.start - self._context, 1), lines.stop - 1 + self._context
        last = max(min(last, self._sources[path].num_lines), lines.start)
        wanted.setdefault(path, set()).update(range(first, last + 1))

    def _add_lines(self, source: SourceFile, lines: Sequence[int]) -> None:
        marks = _find_marks(self._finding.steps, self._chosen, source.path)
        anchor = self._finding.anchor
        is_elsewhere = (anchor.path, anchor.line) != (self._finding.path, self._finding.region.start.line)
        last = lines[0] - 1
        for line in lines:
            if line - last == 2:  # a row for one line holds the line as well
                self._add_line(source, line - 1, (), is_anchor=False)
            elif line - last > 2:
                self._rows.append(Row(RowKind.GAP, (Piece(f"{line - last - 1:,} lines"),)))
            is_anchor = is_elsewhere and (source.path, line) == (anchor.path, anchor.line)
            self._add_line(source, line, marks.get(line, ()), is_anchor=is_anchor)
            last = line

    def _add_line(self, source: SourceFile, line: int, marks: Sequence["_Mark"], *, is_anchor: bool) -> None:
        for mark in marks:
            if mark.is_start:
                self._places[mark.step_idx] = len(self._rows)
        text = source.line_text(line)
        self._num_cut += len(text) > MAX_CHARACTERS
        for number, pieces in enumerate(_lay_out(text, marks)):
            self._rows.append(Row(RowKind.CODE, pieces, None if number else line, is_anchor=is_anchor and not number))


@dataclass(frozen=True, slots=True)
class _Mark:
    """A step's characters of one line, from 0, half open."""

    step_idx: int
    start: int
    stop: int
    is_start: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """Text and the step that it belongs to; `is_plain`: one column a character, to be broken anywhere."""

    text: str
    step_idx: int | None
    is_plain: bool = False


def _marked_lines(region: Region) -> range:
    """A step's lines; of a long one, such as a whole function, the first."""
    lines = region.lines
    return lines if len(lines) <= _MAX_MARKED else range(lines.start, lines.start + 1)


def _find_marks(steps: Sequence[EvidenceStep], chosen: Iterable[int], path: str) -> dict[int, list[_Mark]]:
    """The marks of each line, the widest first, so that what lies inside is drawn over it."""
    marks: dict[int, list[_Mark]] = {}
    for idx in chosen:
        region = steps[idx].region
        if region.path != path:
            continue
        for line in _marked_lines(region):
            is_first, is_last = line == region.start.line, line == region.end.line
            start = region.start.column - 1 if is_first else 0
            stop = region.end.column - 1 if is_last else MAX_CHARACTERS * 1_000
            marks.setdefault(line, []).append(_Mark(idx, start, stop, is_start=is_first))
    return {
        line: sorted(found, key=lambda mark: (mark.start - mark.stop, mark.step_idx)) for line, found in marks.items()
    }


def _lay_out(text: str, marks: Sequence[_Mark]) -> Iterator[tuple[Piece, ...]]:
    """A line as rows of pieces; at least one."""
    if len(text) <= _WIDTH and text.isascii() and text.isprintable():
        yield tuple(Piece(text[start:stop], owner) for start, stop, owner in _divide(text, marks))
        return
    row: list[Piece] = []
    width = 0
    for run in _show_runs(text, marks):
        rest = run.text
        while rest:
            part = rest[: _WIDTH - width] if run.is_plain else rest
            columns = len(part) if run.is_plain else _measure(rest)
            if row and (not part or width + columns > _WIDTH):
                yield tuple(row)
                row, width = [], 0
                continue
            if row and row[-1].step_idx == run.step_idx:
                row[-1] = Piece(row[-1].text + part, run.step_idx)
            else:
                row.append(Piece(part, run.step_idx))
            width += columns
            rest = rest[len(part) :]
    yield tuple(row)


def _divide(text: str, marks: Sequence[_Mark]) -> Iterator[tuple[int, int, int | None]]:
    """The parts of a line, each with the step that is drawn last over it."""
    indent = len(text) - len(text.lstrip())  # later lines of a step are marked from their first word
    ranges = [(mark.start if mark.is_start else indent, min(mark.stop, len(text)), mark.step_idx) for mark in marks]
    cuts = sorted({0, len(text), *(min(cut, len(text)) for start, stop, _ in ranges for cut in (start, stop))})
    for start, stop in pairwise(cuts):
        owners = [idx for first, end, idx in ranges if first <= start and stop <= end]
        yield start, stop, owners[-1] if owners else None


def _show_runs(text: str, marks: Sequence[_Mark]) -> Iterator["_Run"]:
    """What is shown for each run of plain characters, and each other one; a long line is cut around its first mark."""
    first = min((mark.start for mark in marks), default=0)
    begin = 0 if len(text) <= MAX_CHARACTERS else max(min(first - _WIDTH, len(text) - MAX_CHARACTERS), 0)
    end = begin + MAX_CHARACTERS
    column = 0
    if begin:
        yield _Run("…", None)
    for start, stop, owner in _divide(text, marks):
        for match in _RUNS.finditer(text, max(start, begin), min(stop, end)):
            chars = match[0]
            shown = " " * (_TAB - column % _TAB) if chars == "\t" else make_printable(chars)
            column += len(shown)
            yield _Run(shown, owner, is_plain=match.lastgroup is not None)
    if end < len(text):
        yield _Run("…", None)


def _measure(shown: str) -> int:
    """Columns that a character takes in a fixed-width font."""
    if len(shown) > 1 or shown.isascii():
        return len(shown)
    if unicodedata.combining(shown):
        return 0
    return 2 if unicodedata.east_asian_width(shown) in "WF" else 1
