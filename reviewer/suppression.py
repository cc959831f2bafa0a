"""Inline suppressions: `reviewer: ignore[label] reason` in a comment. Parsing and matching; pure.

A comment that follows code speaks for the statements on its line; a comment on lines of its own for the next line of
code. Label and reason are both needed: without them a suppression has no effect and is reported.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from reviewer.source import SourceFile, Span

MARKER = b"reviewer:"
_DIRECTIVE = re.compile(r"reviewer:\s*ignore(?:\[([^\]]*)\])?[ \t:,-]*([^\n]*)")
_COMMENT_END = re.compile(r"\s*(?:\*/\s*\}?|-->)\s*$")


class SuppressionProblem(Enum):
    """What is wrong with a suppression; the value is what reports say."""

    NO_LABEL = "names no label, so it has no effect"
    NO_REASON = "gives no reason, so it has no effect"
    UNKNOWN_LABEL = "names a label that does not exist"
    UNUSED = "suppresses nothing"
    NOT_IN_FORCE = "belongs to the change under review, so it has no effect here"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One directive: the labels or categories it names, why, its own line and the line of code it speaks for."""

    path: str
    line: int
    target_line: int
    labels: tuple[str, ...]
    reason: str

    @property
    def is_effective(self) -> bool:
        """Whether it names something and says why."""
        return bool(self.labels and self.reason)

    def covers(self, label: str, lines: range) -> bool:
        """Whether it silences this label at a statement on these lines."""
        named = {label, label.partition("/")[0], label.partition("/")[2]}
        return self.is_effective and self.target_line in lines and not named.isdisjoint(self.labels)


@dataclass(frozen=True, slots=True, order=True)
class SuppressionNote:
    """A suppression that a person should look at."""

    path: str
    line: int
    problem: SuppressionProblem
    label: str = ""


def parse_suppressions(source: SourceFile, comments: Iterable[Span]) -> tuple[Suppression, ...]:
    """Every directive in these comments, in source order."""
    ordered = tuple(comments)
    found = []
    for comment in ordered:
        for match in _DIRECTIVE.finditer(source.text_at(comment)):
            start = comment.start + len(source.text_at(comment)[: match.start()].encode())
            labels = tuple(name.strip() for name in (match[1] or "").split(",") if name.strip())
            reason = _COMMENT_END.sub("", match[2]).strip()
            line = source.line_at(start)
            found.append(Suppression(source.path, line, _target_line(source, comment, ordered), labels, reason))
    return tuple(found)


def _target_line(source: SourceFile, comment: Span, comments: Sequence[Span]) -> int:
    """The comment's first line when code stands before it there, else the next line that holds code."""
    first = source.line_at(comment.start)
    if _has_code(source, source.line_span(first), comments):
        return first
    for line in range(source.line_at(comment.end), source.num_lines + 1):
        if _has_code(source, source.line_span(line), comments):
            return line
    return first


def _has_code(source: SourceFile, line: Span, comments: Sequence[Span]) -> bool:
    rest = bytearray(source.content[line.start : line.end])
    for comment in comments:
        if comment.start < line.end and line.start < comment.end:
            start, end = max(comment.start - line.start, 0), min(comment.end, line.end) - line.start
            rest[start:end] = b" " * (end - start)
    return bool(rest.strip(b" \t\r\f{}"))  # braces: a JSX comment stands in its own pair


def find_problems(
    suppressions: Iterable[Suppression], known: Collection[str], checked: Collection[str], used: Collection[Suppression]
) -> tuple[SuppressionNote, ...]:
    """What to say about suppressions. `known` are all label ids; `checked` those that this review looked for."""
    notes = []
    names = {part for label in known for part in (label, *label.split("/", 1))}
    looked_for = {part for label in checked for part in (label, *label.split("/", 1))}
    for one in suppressions:
        if not one.labels:
            notes.append(SuppressionNote(one.path, one.line, SuppressionProblem.NO_LABEL))
        elif not one.reason:
            notes.append(SuppressionNote(one.path, one.line, SuppressionProblem.NO_REASON, ", ".join(one.labels)))
        unknown = [label for label in one.labels if label not in names]
        notes += [SuppressionNote(one.path, one.line, SuppressionProblem.UNKNOWN_LABEL, label) for label in unknown]
        if one.is_effective and one not in used and all(label in looked_for for label in one.labels):
            notes.append(SuppressionNote(one.path, one.line, SuppressionProblem.UNUSED, ", ".join(one.labels)))
    return tuple(sorted(notes, key=lambda note: (note.path, note.line, note.problem.value, note.label)))
