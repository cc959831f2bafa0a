"""Where a review thread may hang, and what a push does to it: why GitHub answers 422, or calls a thread outdated.

https://docs.github.com/rest/pulls/comments: `RIGHT` is for additions and unchanged lines, `LEFT` for deletions.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any  # Any: the comments of a request, as the description checks them

from integrations.testing.diffs import DiffLine, FileChange, LineKind
from integrations.testing.git_hosting import BareRepository
from integrations.testing.github_state import Comment, GitHubState, Place, Pull, Thread, unprocessable

MAX_BODY_CHARS = 65_536
# https://docs.github.com/repositories/creating-and-managing-repositories/repository-limits#diff-limits
_MAX_PATCH_CHARS, _MAX_PATCH_LINES = 1_000_000, 20_000


def changes_of(git: BareRepository, pull: Pull, commit: str) -> tuple[FileChange, ...]:
    """Files that a pull request changes as of one of its commits, from where its branch left the base."""
    return git.diff(git.merge_base(pull.base_sha, commit), commit)


def check_commit(git: BareRepository, pull: Pull, commit: str) -> str:
    """Full id of a commit of a pull request; refuses any other."""
    full = git.resolve(commit)
    if full is None or full not in git.commits(pull.base_sha, pull.head_sha):
        raise unprocessable("commit_id is not part of the pull request")
    return full


def start_thread(
    state: GitHubState, git: BareRepository, pull: Pull, commit: str, wanted: Mapping[str, Any], comment: Comment
) -> Thread:
    """A thread that begins with a comment, not yet in the pull request; refuses a place the diff does not show."""
    check_body(wanted.get("body"))
    change = _find_change(changes_of(git, pull, commit), wanted["path"])
    if len(change.patch or "") > _MAX_PATCH_CHARS or (change.patch or "").count("\n") >= _MAX_PATCH_LINES:
        raise unprocessable("Path diff too large")
    if wanted.get("subject_type") == "file":
        place, position, hunk = Place(change.path, None), 1, ""
    else:
        place = _read_place(wanted)
        position = _check_place(change, place)
        _check_suggestion(place, wanted["body"])
        hunk = _hunk_until(change, position)
    thread_id = f"PRRT_{state.next_id()}"
    return Thread(thread_id, place, commit, position, hunk, place, commit, [comment])


def check_body(body: str | None) -> None:
    """Refuses an empty text, and one that is too long."""
    if not body:
        raise unprocessable("Body can't be blank")
    if len(body) > MAX_BODY_CHARS:
        raise unprocessable(f"Body is too long (maximum is {MAX_BODY_CHARS} characters)")


def follow_push(git: BareRepository, pull: Pull, old_head: str) -> None:
    """Moves threads to the new head of a pull request; one whose lines changed or left the diff is outdated."""
    moves = {change.previous_path: change for change in git.diff(old_head, pull.head_sha, num_context=0)}
    changes = {change.path: change for change in changes_of(git, pull, pull.head_sha)}
    for thread in pull.threads:
        if thread.is_outdated:
            continue
        place = _move_place(thread.place, moves.get(thread.place.path))
        if place is None or place.path not in changes or not _is_shown(changes[place.path], place):
            thread.is_outdated = True
        else:
            thread.place, thread.commit = place, pull.head_sha


def _find_change(changes: tuple[FileChange, ...], path: str) -> FileChange:
    for change in changes:
        if change.path == path:
            return change
    raise unprocessable("Path could not be resolved")


def _read_place(wanted: Mapping[str, Any]) -> Place:
    if "line" not in wanted:
        raise unprocessable("Line could not be resolved")  # `position` is closing down; a client of today sends lines
    side = wanted.get("side", "RIGHT")
    start_line = wanted.get("start_line")
    start_side = wanted.get("start_side", side) if start_line is not None else None
    return Place(wanted["path"], wanted["line"], side, start_line, start_side)


def _check_place(change: FileChange, place: Place) -> int:
    end = _find_line(change, place.side, place.line)
    if end is None:
        raise unprocessable("Line could not be resolved")
    if place.start_line is not None:
        start = _find_line(change, place.start_side, place.start_line)
        if start is None:
            raise unprocessable("Start line could not be resolved")
        if start[0] != end[0]:
            raise unprocessable("Start line must be part of the same hunk as the line.")
        if start[1].position >= end[1].position:
            raise unprocessable("Start line must precede the end line.")
    return end[1].position


def _check_suggestion(place: Place, body: str) -> None:
    """Stricter than GitHub, which takes the comment and offers a button that fails: only the head can change."""
    if "```suggestion" in body and "LEFT" in {place.side, place.start_side}:
        raise unprocessable("Suggestions can only be made on lines of the head")


def _find_line(change: FileChange, side: str | None, line: int | None) -> tuple[int, DiffLine] | None:
    if line is None or side not in {"LEFT", "RIGHT"}:
        return None
    if side == "RIGHT":
        return change.find_new(line)
    found = change.find_old(line)
    return found if found and found[1].kind is LineKind.REMOVED else None


def _hunk_until(change: FileChange, position: int) -> str:
    lines = (change.patch or "").split("\n")
    start = position
    while not lines[start].startswith("@@"):
        start -= 1
    return "\n".join(lines[start : position + 1])


def _is_shown(change: FileChange, place: Place) -> bool:
    if place.line is None:
        return True
    start_shown = place.start_line is None or _find_line(change, place.start_side, place.start_line) is not None
    return start_shown and _find_line(change, place.side, place.line) is not None


def _move_place(place: Place, move: FileChange | None) -> Place | None:
    # Lines of the left side are the base's, which a push to the head does not move.
    if move is None:
        return place
    if place.line is None or place.side == "LEFT":
        return replace(place, path=move.path)
    first = place.line if place.start_line is None or place.start_side == "LEFT" else place.start_line
    moved = [move.move_line(line) for line in range(first, place.line + 1)]
    if moved[0] is None or moved[-1] is None or moved[-1] - moved[0] != place.line - first or None in moved:
        return None
    start_line = moved[0] if place.start_line is not None and place.start_side == "RIGHT" else place.start_line
    return replace(place, path=move.path, line=moved[-1], start_line=start_line)
