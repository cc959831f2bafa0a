"""Where a thread may hang in a merge request's diff, and what a push does to it.

An added line has only `new_line`, a removed one only `old_line`, and an unchanged one both:
https://docs.gitlab.com/api/discussions/#create-a-thread-in-the-merge-request-diff
Of a line range GitLab looks at the shape alone: one that names other lines than it should is taken, and shown wrongly.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any  # Any: positions, as the description checks them

from integrations.testing.diffs import DiffLine, FileChange, LineKind
from integrations.testing.git_hosting import BareRepository
from integrations.testing.gitlab_state import DiffVersion, Discussion, MergeRequest, bad_request

_NO_LINE = 'Note {:line_code=>["can\'t be blank", "must be a valid line code"]}'
_INCOMPLETE = 'Note {:position=>["is incomplete"]}'
_SIDES = ("old_line", "new_line")
# The documentation has `old` for an unchanged line, GitLab's own pages nothing.
_TYPES = {LineKind.ADDED: ("new",), LineKind.REMOVED: ("old",), LineKind.UNCHANGED: ("old", None)}
_BAD_SHAPE = 'Note {:position=>["must be a valid json schema"]}'


def changes_of(git: BareRepository, version: DiffVersion) -> tuple[FileChange, ...]:
    """Files of one version of a merge request."""
    return git.diff(version.base_sha, version.head_sha)


def check_shape(position: Mapping[str, Any], *, takes_line_numbers: bool) -> None:
    """Refuses numbers in a line range where they are not taken; all else about its shape is in the description."""
    ends = (position.get("line_range") or {}).values()
    if not takes_line_numbers and any(end.get(side) is not None for end in ends for side in ("old_line", "new_line")):
        raise bad_request(_BAD_SHAPE)


def check_position(git: BareRepository, merge_request: MergeRequest, position: Mapping[str, Any]) -> list[str]:
    """Refuses a position that names no version of the merge request, or a line that the version's diff has not so.

    What is wrong with its line range comes back: GitLab takes that.
    """
    version = _find_version(merge_request, position)
    change = _find_change(changes_of(git, version), position)
    if position["position_type"] == "file":
        return []
    if position["position_type"] != "text" or not _is_line(change, position.get("old_line"), position.get("new_line")):
        raise bad_request(_NO_LINE)
    return list(_find_range_mistakes(change, position)) if position.get("line_range") else []


def follow_push(git: BareRepository, merge_request: MergeRequest) -> None:
    """Moves positions to the latest version; a thread whose line changed keeps the position of its own version."""
    before, now = merge_request.versions[-2:]
    moves = {change.previous_path: change for change in git.diff(before.head_sha, now.head_sha, num_context=0)}
    for discussion in merge_request.discussions:
        position = discussion.notes[0].position
        if position is None or discussion.is_outdated:
            continue
        moved = _move_position(git, position, moves, now)
        if moved is None:
            discussion.is_outdated = True
        else:
            _replace_position(discussion, moved)


def line_code(path: str, old: int, new: int) -> str:
    """GitLab's name of a line in a diff: https://docs.gitlab.com/api/discussions/#line-code"""
    return f"{hashlib.sha1(path.encode('utf-8'), usedforsecurity=False).hexdigest()}_{old}_{new}"


def line_codes(change: FileChange) -> Iterator[tuple[str, DiffLine]]:
    """Codes of all lines of a file's hunks; a line that one side has not gets that side's next number.

    A side without any line stays at 0: lib/gitlab/diff/parser.rb counts on from what the hunk's head says.
    """
    for hunk in change.hunks:
        old, new = hunk.old_start, hunk.new_start
        for line in hunk.lines:
            yield line_code(change.path, old, new), line
            old += line.kind is not LineKind.ADDED
            new += line.kind is not LineKind.REMOVED


def _find_version(merge_request: MergeRequest, position: Mapping[str, Any]) -> DiffVersion:
    wanted = (position["base_sha"], position["start_sha"], position["head_sha"])
    for version in merge_request.versions:
        if (version.base_sha, version.start_sha, version.head_sha) == wanted:
            return version
    raise bad_request(_NO_LINE)


def _find_change(changes: tuple[FileChange, ...], position: Mapping[str, Any]) -> FileChange:
    if "new_path" not in position or "old_path" not in position:
        raise bad_request(_INCOMPLETE)
    for change in changes:
        if (change.previous_path, change.path) == (position["old_path"], position["new_path"]):
            return change
    raise bad_request(_NO_LINE)


def _is_line(change: FileChange, old: int | None, new: int | None) -> bool:
    if new is None:
        found = change.find_old(old) if old is not None else None
        return found is not None and found[1].kind is LineKind.REMOVED
    found = change.find_new(new)
    if old is None:
        return found is not None and found[1].kind is LineKind.ADDED
    if found is not None:
        return found[1].old == old
    return change.move_line(old) == new  # an unchanged line that the diff does not show can be unfolded


def _find_range_mistakes(change: FileChange, position: Mapping[str, Any]) -> Iterator[str]:
    codes = dict(line_codes(change))
    ends = {name: position["line_range"][name] for name in ("start", "end")}
    wanted = [end["line_code"] for end in ends.values()]
    for name, end in ends.items():
        line = codes.get(end["line_code"])
        if line is None:
            yield f"line_range.{name}: expected the code of a line of the diff, found {end['line_code']}"
        else:
            yield from (f"line_range.{name}: {mistake}" for mistake in _find_end_mistakes(end, line))
    if [code for code in codes if code in wanted] != wanted:
        yield "line_range: expected its start before its end"
    last = codes.get(wanted[-1])
    if last is not None and [last.old, last.new] != [position.get(side) for side in _SIDES]:
        yield "line_range.end: expected the line that the thread hangs on, found another"


def _find_end_mistakes(end: Mapping[str, Any], line: DiffLine) -> Iterator[str]:
    if end["type"] not in _TYPES[line.kind]:
        yield f"expected the type {_TYPES[line.kind][0]}, found {end['type']}"
    numbers = [end.get(side) for side in _SIDES]
    if numbers not in ([None, None], [line.old, line.new]):
        yield f"expected the numbers {[line.old, line.new]}, found {numbers}"


def _move_position(
    git: BareRepository, position: dict[str, Any], moves: Mapping[str, FileChange], now: DiffVersion
) -> dict[str, Any] | None:
    move = moves.get(position["new_path"])
    new_path = move.path if move else position["new_path"]
    new_line = position.get("new_line")
    if new_line is not None and move is not None:
        new_line = move.move_line(new_line)
        if new_line is None:
            return None
    change = next((change for change in changes_of(git, now) if change.path == new_path), None)
    if change is None:
        return None
    if position["position_type"] == "text" and not _is_line(change, position.get("old_line"), new_line):
        return None
    shas = {"base_sha": now.base_sha, "start_sha": now.start_sha, "head_sha": now.head_sha}
    # A range stays as it was posted: lib/gitlab/diff/position_tracer/line_strategy.rb hands it on.
    return position | shas | {"new_path": new_path, "new_line": new_line}


def _replace_position(discussion: Discussion, position: dict[str, Any]) -> None:
    for note in discussion.notes:
        note.position = position
