"""Whether a change introduced a finding, and on which changed line it is anchored. Pure.

A finding is introduced if the base does not show it and the change touches its evidence: it adds or changes a line of a
step, of a guard or of the statement itself; or it adds, changes or deletes something else in a function that the
evidence runs through, or a definition that it names, and the base has no such candidate or one with other evidence.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reviewer.changes import FileChange, Hunk
from reviewer.findings import Anchor, Finding
from reviewer.outline import find_functions
from reviewer.selection import WithheldReason
from reviewer.source import SourceFile

_NAME = re.compile(r"[^\W\d]\w*")
Evidence = tuple[tuple[str, str], ...]


def describe_evidence(finding: Finding) -> Evidence:
    """The steps without their positions: role and line of code."""
    return tuple((step.role.value, step.code) for step in finding.steps)


@dataclass(frozen=True, slots=True)
class BaseFindings:
    """What the base says: identities that it shows, and the evidence of every candidate by identity."""

    shown: frozenset[str] = frozenset()
    evidence: Mapping[str, frozenset[Evidence]] = field(default_factory=dict)


@dataclass(slots=True)
class ChangeContext:
    """The change with both of its sides: sources by path in the head, old sources by the same (new) path."""

    changes: Mapping[str, FileChange]
    head: Mapping[str, SourceFile]
    old: Mapping[str, SourceFile]
    _functions: dict[str, tuple[range, ...]] = field(default_factory=dict)

    def function_around(self, path: str, line: int) -> range | None:
        """The lines of the innermost function at a line of the head, None at module level."""
        holding = [lines for lines in self._functions_in(path) if line in lines]
        return min(holding, key=len, default=None)

    def _functions_in(self, path: str) -> tuple[range, ...]:
        if path not in self._functions:
            source = self.head[path]
            spans = find_functions(source)
            self._functions[path] = tuple(
                range(source.line_at(span.start), source.line_at(span.end) + 1) for span in spans
            )
        return self._functions[path]

    def names_in(self, path: str, hunk: Hunk) -> set[str]:
        """Identifiers on the lines that a hunk took away or put there."""
        old, head = self.old.get(path), self.head[path]
        lines = [old.line_text(line) for line in hunk.old] if old is not None else []
        return {name for text in (*lines, *map(head.line_text, hunk.new)) for name in _NAME.findall(text)}


def decide_introduction(finding: Finding, context: ChangeContext, base: BaseFindings) -> Anchor | WithheldReason:
    """Where an introduced finding is anchored, or why it is not introduced."""
    if finding.fingerprint in base.shown:
        return WithheldReason.EXISTING
    places = list(_list_places(finding))
    direct = [Anchor(path, line) for path, lines in places for line in lines if _is_changed(context, path, line)]
    if direct:
        return _nearest(finding, direct)
    if describe_evidence(finding) in base.evidence.get(finding.fingerprint, frozenset()):
        return WithheldReason.UNTOUCHED
    around = [anchor for path, lines in places for anchor in _anchors_around(finding, context, path, lines.start)]
    return _nearest(finding, around) if around else WithheldReason.UNTOUCHED


def _list_places(finding: Finding) -> Iterator[tuple[str, range]]:
    for step in finding.steps:
        yield step.region.path, step.region.lines
    yield finding.path, finding.statement


def _is_changed(context: ChangeContext, path: str, line: int) -> bool:
    change = context.changes.get(path)
    return change is not None and change.changes_line(line)


def _anchors_around(finding: Finding, context: ChangeContext, path: str, line: int) -> Iterator[Anchor]:
    """Where hunks meet the function around a line, or outside functions a name that the evidence uses."""
    change = context.changes.get(path)
    if change is None:
        return
    function = context.function_around(path, line)
    for hunk in change.hunks:
        at = min(hunk.new.start, context.head[path].num_lines)
        if function is not None and function.start <= hunk.new.start <= function.stop:
            yield Anchor(path, max(function.start, min(at, function.stop - 1)))
        elif context.function_around(path, at) is None and _names(finding) & context.names_in(path, hunk):
            yield Anchor(path, at)


def _names(finding: Finding) -> set[str]:
    return {name for text in (finding.code, *(step.code for step in finding.steps)) for name in _NAME.findall(text)}


def _nearest(finding: Finding, anchors: Iterable[Anchor]) -> Anchor:
    """The anchor to comment on: in the finding's file if possible, close to its line, before rather than after it."""

    def distance(anchor: Anchor) -> tuple[bool, int, bool, Anchor]:
        line = finding.region.start.line
        return (anchor.path != finding.path, abs(anchor.line - line), anchor.line > line, anchor)

    return min(anchors, key=distance)
