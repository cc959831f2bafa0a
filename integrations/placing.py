"""Where a finding can be commented on: lines of the change's own hunks, checked before anything is sent.

A finding that a deletion introduced (a sanitiser is gone) is anchored beside it, and commented on at the deleted line.

A host refuses a whole review for one line outside the diff (GitHub answers 422): what is not surely inside stays out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integrations.hosts import Place
from integrations.reports import Edit, ReportedFinding
from reviewer.changes import ChangeKind, FileChange, Hunk

# GitHub takes no comment in a file whose diff is longer than 20,000 lines; around each hunk it shows six and a head.
# https://docs.github.com/repositories/creating-and-managing-repositories/repository-limits#diff-limits
_MAX_DIFF_LINES, _LINES_AROUND = 20_000, 7
# GitLab replaces no more than 100 lines above the commented one, and says nothing of the rest.
# https://docs.gitlab.com/user/project/merge_requests/reviews/suggestions/#multi-line-suggestions
_MAX_SUGGESTED_LINES = 101
HeadLines = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Spot:
    """Lines to comment on, and their new text where the comment can offer one."""

    place: Place
    suggestion: str | None = None


def place_finding(finding: ReportedFinding, change: FileChange | None, lines: HeadLines) -> Spot | None:
    """The spot of a finding: on its anchor, or on the lines beside it whose deletion introduced the finding.

    None when the change neither added, changed nor deleted anything there.
    """
    path, line = finding.anchor.path, finding.anchor.line
    if change is None or change.is_binary or _count_lines(change) > _MAX_DIFF_LINES:
        return None
    hunk = next((one for one in change.hunks if line in one.new), None)
    if hunk is None:
        return _place_beside(line, change)
    edit = _only_edit(finding, path)
    if edit is not None and edit.location.start_line in hunk.new and edit.location.end_line in hunk.new:
        suggestion = _rewrite_lines(edit, lines.get(path, ()))
        if suggestion is not None:
            return Spot(_span(edit.location.start_line, edit.location.end_line, hunk, change), suggestion)
    start, end = _cut_to(hunk.new, finding, line)
    return Spot(_span(start, end, hunk, change))


def _span(start: int, end: int, hunk: Hunk, change: FileChange) -> Place:
    """Lines that a hunk added, with what hosts call them by."""
    return Place(change.path, start, end, change.old_path, next_old_line=_find_next_old(hunk, change))


def _find_next_old(hunk: Hunk, change: FileChange) -> int | None:
    """The base's line behind a hunk. Before its first line, a diff without context does not tell if there is one."""
    if change.kind is ChangeKind.ADDED:
        return 0
    return None if hunk.old.stop == hunk.new.start == 1 else hunk.old.stop


def _count_lines(change: FileChange) -> int:
    """How long a host's diff of the file is at most."""
    return sum(len(hunk.old) + len(hunk.new) + _LINES_AROUND for hunk in change.hunks)


def _place_beside(line: int, change: FileChange) -> Spot | None:
    """Where lines were deleted before a line or behind it: on the last of them, or on what took their place."""
    beside = [one for one in change.hunks if line >= 1 and one.new.start in (line, line + 1)]
    hunk = min(beside, key=lambda one: (bool(one.new), one.new.start), default=None)
    return None if hunk is None else _place_on(hunk, change)


def _place_on(hunk: Hunk, change: FileChange) -> Spot | None:
    if hunk.new:
        return Spot(_span(hunk.new.start, hunk.new.start, hunk, change))
    if not hunk.old:
        return None
    return Spot(Place(change.path, hunk.old.stop - 1, hunk.old.stop - 1, change.old_path, is_deleted=True))


def _only_edit(finding: ReportedFinding, path: str) -> Edit | None:
    """The edit of a fix that is one edit in the anchor's file; more, or a longer one, cannot be one suggestion."""
    fix = finding.fix
    if fix is None or len(fix.edits) != 1 or fix.edits[0].location.path != path:
        return None
    at = fix.edits[0].location
    return fix.edits[0] if at.end_line - at.start_line < _MAX_SUGGESTED_LINES else None


def _rewrite_lines(edit: Edit, lines: Sequence[str]) -> str | None:
    """The edited lines whole; None when the report and the file do not fit together."""
    at = edit.location
    if at.end_line > len(lines):
        return None
    before = lines[at.start_line - 1][: at.start_column - 1]
    after = lines[at.end_line - 1][at.end_column - 1 :]
    return f"{before}{edit.replacement}{after}".replace("\r\n", "\n")


def _cut_to(hunk: range, finding: ReportedFinding, line: int) -> tuple[int, int]:
    """The finding's lines as far as they lie in the hunk, else the anchor's line."""
    at = finding.location
    if at.path != finding.anchor.path or not at.start_line <= line <= at.end_line:
        return line, line
    last = at.end_line - 1 if at.end_column == 1 and at.end_line > line else at.end_line  # it ends with a line feed
    return max(at.start_line, hunk.start), min(last, hunk.stop - 1)
