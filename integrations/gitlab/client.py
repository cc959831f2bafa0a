"""GitLab's API through python-gitlab: what a review asks of a host.

https://docs.gitlab.com/api/discussions/#create-a-new-thread-in-the-merge-request-diff
https://docs.gitlab.com/api/commits/#set-the-pipeline-status-of-a-commit
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any  # JSON of the host

from gitlab import Gitlab
from gitlab.exceptions import GitlabError
from gitlab.v4.objects import Project, ProjectMergeRequest

from integrations.calls import Calls, Observe, ignore_call
from integrations.errors import HostError
from integrations.host_checks import check_clock, check_token
from integrations.hosts import (
    Change,
    ChangeRef,
    Check,
    CloneAddress,
    Conclusion,
    NewThread,
    Place,
    PostedNote,
    PostedThread,
    RatedComment,
    Reaction,
    RepositoryRef,
    Status,
)
from integrations.pacing import Pace
from integrations.wording import find_marker

_DEVELOPER = 30  # https://docs.gitlab.com/api/members/#roles
_BAD_REQUEST, _NOT_FOUND, _CONFLICT, _TOO_MANY = 400, 404, 409, 429
_THUMBS = {"thumbsup": True, "thumbsdown": False}
_OURS = 0  # one user writes everything here: it is held to GitHub's pace, as GitLabs differ in theirs
_STATUS_NAME = "graph-reviewer"
_SCOPE = "api"  # of a personal, project or group access token; nothing less may write notes and statuses
# There is no grey outcome that a running status may become but this one.
_STATES = {
    Conclusion.RUNNING: "running",
    Conclusion.CLEAN: "success",
    Conclusion.FINDINGS: "success",
    Conclusion.BLOCKED: "failed",
    Conclusion.INCOMPLETE: "canceled",
}


@dataclass(frozen=True, slots=True)
class GitLabAccess:
    """A GitLab and the token of the user that the bot is there."""

    url: str
    token: str


class GitLabHost:
    """One GitLab."""

    def __init__(self, access: GitLabAccess, observe: Observe = ignore_call, pace: Pace | None = None) -> None:
        self._access = access
        self._call = Calls("GitLab", GitlabError, _translate, observe, pace=pace)
        self._client = Gitlab(access.url, private_token=access.token, timeout=30, retry_transient_errors=False)
        self._login = ""

    def login(self) -> str:
        """As the protocol says."""
        if not self._login:
            self._call(self._client.auth)
            assert self._client.user is not None, "auth asks who we are"
            self._login = str(self._client.user.attributes["username"])
        return self._login

    def load_change(self, ref: ChangeRef) -> Change:
        """As the protocol says."""
        found = self._merge_request(ref).attributes
        refs = found["diff_refs"]
        if refs is None:  # https://docs.gitlab.com/api/merge_requests/#empty-api-fields-for-new-merge-requests
            raise HostError(f"{ref.key}: GitLab has not read its commits yet", _CONFLICT)
        return Change(
            ref=ref,
            base=refs["start_sha"],  # the target branch's tip, https://docs.gitlab.com/api/discussions/
            head=refs["head_sha"],
            head_ref=f"refs/merge-requests/{ref.number}/head",
            base_ref=found["target_branch"],
            author=found["author"]["username"],
            title=found["title"],
            is_draft=bool(found.get("draft", False)),
            is_open=found["state"] == "opened",
            is_fork=found["source_project_id"] != found["target_project_id"],
        )

    def clone_address(self, repository: RepositoryRef) -> CloneAddress:
        """As the protocol says."""
        basic = base64.b64encode(f"oauth2:{self._access.token}".encode()).decode()
        return CloneAddress(f"{self._access.url}/{repository.name}.git", f"Basic {basic}")

    def list_threads(self, change: Change) -> list[PostedThread]:
        """As the protocol says."""
        discussions = self._call.iterate(self._merge_request(change.ref, lazy=True).discussions.list(iterator=True))
        return [thread for one in discussions if (thread := self._read_thread(one.attributes)) is not None]

    def post_threads(self, change: Change, threads: Sequence[NewThread]) -> list[NewThread]:
        """One discussion each: GitLab has no review that holds them all."""
        request = self._merge_request(change.ref, lazy=True)
        shas = self._find_version(request, change)
        return [thread for thread in threads if not self._post_thread(request, thread, shas)]

    def edit_thread(self, change: Change, thread: PostedThread, body: str) -> None:
        """As the protocol says."""
        self._call.write(
            _OURS, self._merge_request(change.ref, lazy=True).notes.update, thread.comment_id, {"body": body}
        )

    def reply(self, change: Change, thread: PostedThread | None, body: str) -> None:
        """As the protocol says."""
        request = self._merge_request(change.ref, lazy=True)
        if thread is None:
            self._call.write(_OURS, request.notes.create, {"body": body})
        else:
            self._call.write(_OURS, request.discussions.get(thread.thread_id, lazy=True).notes.create, {"body": body})

    def has_reply(self, change: Change, thread: PostedThread | None, marker: str) -> bool:
        """As the protocol says; GitLab lists the notes of threads with all others."""
        del thread
        notes = self._merge_request(change.ref, lazy=True).notes.list(iterator=True)
        ours = (one.attributes for one in self._call.iterate(notes))
        return any(one["author"]["username"] == self.login() and one["body"].rstrip().endswith(marker) for one in ours)

    def resolve_thread(self, change: Change, thread: PostedThread, *, is_resolved: bool) -> bool:
        """As the protocol says: whoever may review may resolve."""
        request = self._merge_request(change.ref, lazy=True)
        self._call.write(_OURS, request.discussions.update, thread.thread_id, {"resolved": is_resolved})
        return True

    def find_note(self, change: Change, marker: str) -> PostedNote | None:
        """As the protocol says."""
        for note in self._call.iterate(self._merge_request(change.ref, lazy=True).notes.list(iterator=True)):
            found = note.attributes
            if found["author"]["username"] == self.login() and marker in found["body"]:
                return PostedNote(str(found["id"]), found["body"])
        return None

    def write_note(self, change: Change, note: PostedNote | None, body: str) -> None:
        """As the protocol says."""
        request = self._merge_request(change.ref, lazy=True)
        if note is None:
            self._call.write(_OURS, request.notes.create, {"body": body})
        else:
            self._call.write(_OURS, request.notes.update, note.comment_id, {"body": body})

    def write_status(self, change: Change, status: Status) -> None:
        """A commit status. GitLab refuses to set a state that is set: then nothing is left to do."""
        commit = self._project(change.ref.repository).commits.get(change.head, lazy=True)
        fields = {"state": _STATES[status.conclusion], "name": _STATUS_NAME, "description": status.title[:255]}
        try:
            self._call.write(_OURS, commit.statuses.create, fields)
        except HostError as error:
            if error.status != _BAD_REQUEST or "transition" not in str(error):
                raise

    def can_write(self, repository: RepositoryRef, login: str) -> bool:
        """As the protocol says: developers and above."""
        users = self._call(self._client.users.list, username=login, get_all=False)
        for user in users:
            try:
                member = self._call(self._project(repository).members_all.get, int(user.attributes["id"]))
            except HostError as error:
                if error.status != _NOT_FOUND:
                    raise
                return False
            return int(member.attributes["access_level"]) >= _DEVELOPER
        return False

    def acknowledge(self, change: Change, comment_id: str, *, in_thread: bool) -> None:
        """Eyes under the comment; once is enough."""
        del in_thread
        note = self._merge_request(change.ref, lazy=True).notes.get(comment_id, lazy=True)
        try:
            self._call.write(_OURS, note.awardemojis.create, {"name": "eyes"})
        except HostError as error:
            if error.status not in (_BAD_REQUEST, _NOT_FOUND):
                raise

    def list_rated(self, change: Change) -> list[RatedComment]:
        """As the protocol says; GitLab is asked for each comment. https://docs.gitlab.com/api/emoji_reactions/"""
        request = self._merge_request(change.ref, lazy=True)
        found = []
        for thread in self.list_threads(change):
            if thread.fingerprint:
                note = request.notes.get(thread.comment_id, lazy=True)
                emoji = [one.attributes for one in self._call.iterate(note.awardemojis.list(iterator=True))]
                thumbs = (_read_reaction(one) for one in emoji if one["name"] in _THUMBS)
                others = tuple(one for one in thumbs if one.author != self.login())
                found.append(RatedComment(thread.comment_id, thread.fingerprint, others))
        return found

    def count_left(self) -> int | None:
        """The client does not tell."""
        return None

    def inspect(self) -> list[Check]:
        """As the protocol says."""
        try:
            answer = self._call(self._client.http_request, "get", "/user")
            token = self._call(self._client.personal_access_tokens.get, "self").attributes
        except HostError as error:
            return [Check("GitLab", False, str(error))]
        name, today = answer.json().get("username", ""), datetime.now(UTC).date()
        return [
            Check("GitLab", True, f"user {name} at {self._access.url}"),
            check_token(token["scopes"], token["expires_at"], _SCOPE, today),
            check_clock("GitLab", answer.headers.get("date", "")),
        ]

    def _read_thread(self, discussion: dict[str, Any]) -> PostedThread | None:
        notes = [note for note in discussion["notes"] if not note["system"]]
        if not notes or notes[0]["author"]["username"] != self.login() or discussion["individual_note"]:
            return None
        first = notes[0]
        others = [note for note in notes[1:] if note["author"]["username"] != self.login()]
        return PostedThread(
            discussion["id"],
            str(first["id"]),
            find_marker(first["body"], "finding"),
            first["body"],
            bool(first.get("resolved", False)),
            bool(others),
            (first.get("resolved_by") or {}).get("username") == self.login(),
        )

    def _find_version(self, request: ProjectMergeRequest, change: Change) -> dict[str, str]:
        """The commits that positions on the head name: a later push has others."""
        for version in self._call.iterate(request.diffs.list(iterator=True)):
            if version.attributes["head_commit_sha"] == change.head:
                return {f"{name}_sha": version.attributes[f"{name}_commit_sha"] for name in ("base", "start", "head")}
        raise HostError(f"{change.ref.key}: GitLab has no version of {change.head} yet", _CONFLICT)

    def _post_thread(self, request: ProjectMergeRequest, thread: NewThread, shas: Mapping[str, str]) -> bool:
        """Whether GitLab took it. An older one refuses the line numbers of a range: it gets the last line alone."""
        position = {**shas, **_describe_place(thread.place)}
        line_range = _describe_range(thread.place)
        body = _fit_suggestion(thread.body, thread.place.end_line - thread.place.start_line)
        for one in (position | {"line_range": line_range}, position) if line_range else (position,):
            try:
                self._call.write(_OURS, request.discussions.create, {"body": body, "position": one})
                return True
            except HostError as error:
                if error.status != _BAD_REQUEST:
                    raise
        return False

    def _project(self, repository: RepositoryRef) -> Project:
        return self._client.projects.get(repository.name, lazy=True)

    def _merge_request(self, ref: ChangeRef, *, lazy: bool = False) -> ProjectMergeRequest:
        return self._call(self._project(ref.repository).mergerequests.get, ref.number, lazy=lazy)


def _describe_place(place: Place) -> dict[str, object]:
    """The last line: an added one is named by its new number alone, a deleted one by its old."""
    paths = {"old_path": place.old_path or place.path, "new_path": place.path}
    return {"position_type": "text", "old_line" if place.is_deleted else "new_line": place.end_line, **paths}


def _describe_range(place: Place) -> dict[str, object]:
    """Both ends of several added lines, empty where there is one or its code is not known.

    https://docs.gitlab.com/api/discussions/#parameters-for-multiline-comments The numbers are what GitLab's pages show.
    """
    if place.start_line == place.end_line or place.next_old_line is None:
        return {}
    name = hashlib.sha1(place.path.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
    return {
        end: {"line_code": f"{name}_{place.next_old_line}_{line}", "type": "new", "old_line": None, "new_line": line}
        for end, line in (("start", place.start_line), ("end", place.end_line))
    }


def _read_reaction(emoji: dict[str, Any]) -> Reaction:
    author, at = str(emoji["user"]["username"]), datetime.fromisoformat(emoji["created_at"])
    return Reaction(str(emoji["id"]), author, _THUMBS[emoji["name"]], at)


def _fit_suggestion(body: str, num_above: int) -> str:
    """GitLab's suggestions say how many lines above the commented one they replace."""
    return body.replace("```suggestion\n", f"```suggestion:-{num_above}+0\n", 1)


def _translate(error: Exception) -> HostError:
    """What GitLab refused. The client itself waits where GitLab says Retry-After, and does not tell what is left."""
    assert isinstance(error, GitlabError), "the only error that is translated"
    status = error.response_code or 0
    wait_s = 60.0 if status == _TOO_MANY else None
    return HostError(f"GitLab answered {status}: {str(error.error_message)[:300]}", status, wait_s)
