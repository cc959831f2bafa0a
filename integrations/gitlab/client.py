"""GitLab's API through python-gitlab: what a review asks of a host.

https://docs.gitlab.com/api/discussions/#create-a-new-thread-in-the-merge-request-diff
https://docs.gitlab.com/api/commits/#set-the-pipeline-status-of-a-commit
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # JSON of the host

from gitlab import Gitlab
from gitlab.exceptions import GitlabError
from gitlab.v4.objects import Project, ProjectMergeRequest

from integrations.calls import Calls, Observe, ignore_call
from integrations.errors import HostError
from integrations.host_checks import check_clock
from integrations.hosts import (
    Change,
    ChangeRef,
    Check,
    CloneAddress,
    Conclusion,
    NewThread,
    PostedNote,
    PostedThread,
    Reaction,
    RepositoryRef,
    Status,
)
from integrations.pacing import Pace
from integrations.wording import find_marker

_DEVELOPER = 30  # https://docs.gitlab.com/api/members/#roles
_BAD_REQUEST, _NOT_FOUND, _TOO_MANY = 400, 404, 429
_THUMBS = {"thumbsup": True, "thumbsdown": False}
_OURS = 0  # one user writes everything here: it is held to GitHub's pace, as GitLabs differ in theirs
_STATUS_NAME = "graph-reviewer"
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
        version = next(iter(self._call(request.diffs.list, per_page=1, get_all=False))).attributes
        shas = {name: version[f"{name}_commit_sha"] for name in ("base", "start", "head")}
        refused = []
        for thread in threads:
            position = {f"{name}_sha": sha for name, sha in shas.items()} | _describe_place(thread)
            body = _fit_suggestion(thread.body, thread.place.end_line - thread.place.start_line)
            try:
                self._call.write(_OURS, request.discussions.create, {"body": body, "position": position})
            except HostError as error:
                if error.status != _BAD_REQUEST:
                    raise
                refused.append(thread)
        return refused

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

    def resolve_thread(self, change: Change, thread: PostedThread, *, is_resolved: bool) -> None:
        """As the protocol says."""
        request = self._merge_request(change.ref, lazy=True)
        self._call.write(_OURS, request.discussions.update, thread.thread_id, {"resolved": is_resolved})

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

    def list_reactions(self, change: Change) -> list[Reaction]:
        """As the protocol says; GitLab is asked for each comment. https://docs.gitlab.com/api/emoji_reactions/"""
        request, found = self._merge_request(change.ref, lazy=True), list[Reaction]()
        for thread in self.list_threads(change):
            if thread.fingerprint:
                note = request.notes.get(thread.comment_id, lazy=True)
                emoji = [one.attributes for one in self._call.iterate(note.awardemojis.list(iterator=True))]
                found += [_read_reaction(one, thread.fingerprint) for one in emoji if one["name"] in _THUMBS]
        return [one for one in found if one.author != self.login()]

    def count_left(self) -> int | None:
        """The client does not tell."""
        return None

    def inspect(self) -> list[Check]:
        """As the protocol says."""
        try:
            answer = self._call(self._client.http_request, "get", "/user")
        except HostError as error:
            return [Check("GitLab", False, str(error))]
        name = answer.json().get("username", "")
        return [
            Check("GitLab", True, f"user {name} at {self._access.url}"),
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

    def _project(self, repository: RepositoryRef) -> Project:
        return self._client.projects.get(repository.name, lazy=True)

    def _merge_request(self, ref: ChangeRef, *, lazy: bool = False) -> ProjectMergeRequest:
        return self._call(self._project(ref.repository).mergerequests.get, ref.number, lazy=lazy)


def _describe_place(thread: NewThread) -> dict[str, object]:
    """An added line is named by its new number alone, a deleted one by its old; a range would need line codes."""
    place = thread.place
    paths = {"old_path": place.old_path or place.path, "new_path": place.path}
    return {"position_type": "text", "old_line" if place.is_deleted else "new_line": place.end_line, **paths}


def _read_reaction(emoji: dict[str, Any], fingerprint: str) -> Reaction:
    author, at = str(emoji["user"]["username"]), datetime.fromisoformat(emoji["created_at"])
    return Reaction(str(emoji["id"]), fingerprint, author, _THUMBS[emoji["name"]], at)


def _fit_suggestion(body: str, num_above: int) -> str:
    """GitLab's suggestions say how many lines above the commented one they replace."""
    return body.replace("```suggestion\n", f"```suggestion:-{num_above}+0\n", 1)


def _translate(error: Exception) -> HostError:
    """What GitLab refused. The client itself waits where GitLab says Retry-After, and does not tell what is left."""
    assert isinstance(error, GitlabError), "the only error that is translated"
    status = error.response_code or 0
    wait_s = 60.0 if status == _TOO_MANY else None
    return HostError(f"GitLab answered {status}: {str(error.error_message)[:300]}", status, wait_s)
