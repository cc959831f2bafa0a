"""What the fake GitLab remembers: projects, merge requests with their versions, discussions, statuses and members.

Plain mutable records without behaviour of the API; times are seconds since the epoch. A record made through the API has
`visible_from`, the number of requests after which listings show it.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any  # Any: positions, which are kept as they came

from integrations.testing.api_host import Clock, RefusalError
from integrations.testing.git_hosting import BareRepository


@dataclass(frozen=True, slots=True)
class GitLabUser:
    """A person or a bot."""

    username: str
    user_id: int


@dataclass(slots=True)
class Emoji:
    """A reaction to a note, such as `thumbsup` or `eyes`."""

    emoji_id: int
    username: str
    name: str
    created_s: float


@dataclass(slots=True)
class Note:
    """A comment. `position` is set for the notes of a thread in the diff."""

    note_id: int
    username: str
    body: str
    created_s: float
    updated_s: float
    kind: str | None
    position: dict[str, Any] | None = None
    visible_from: int = 0
    emoji: list[Emoji] = field(default_factory=list)


@dataclass(slots=True)
class Discussion:
    """A thread, or a single comment (`is_individual`). `original_head` is the head that it was started on."""

    discussion_id: str
    is_individual: bool
    notes: list[Note]
    original_head: str = ""
    is_outdated: bool = False
    resolved_by: str | None = None

    @property
    def is_resolvable(self) -> bool:
        """Whether it can be resolved; a single comment in the overview cannot."""
        return not self.is_individual


@dataclass(frozen=True, slots=True)
class DiffVersion:
    """One version of a merge request: the three commits that positions name."""

    version_id: int
    base_sha: str
    start_sha: str
    head_sha: str
    created_s: float


@dataclass(slots=True)
class MergeRequest:
    """A merge request; `versions` are in the order of pushes. `num_unread`: so often yet it is shown without them."""

    merge_request_id: int
    iid: int
    title: str
    description: str
    username: str
    source_branch: str
    target_branch: str
    source_project_id: int
    draft: bool
    created_s: float
    updated_s: float
    state: str = "opened"
    num_unread: int = 0
    versions: list[DiffVersion] = field(default_factory=list)
    discussions: list[Discussion] = field(default_factory=list)

    @property
    def version(self) -> DiffVersion:
        """The latest version."""
        return self.versions[-1]


@dataclass(slots=True)
class CommitStatus:
    """A status of a commit, as a pipeline of its own shows it."""

    status_id: int
    sha: str
    state: str
    name: str
    ref: str | None
    description: str | None
    target_url: str | None
    username: str
    created_s: float
    visible_from: int = 0


@dataclass(slots=True)
class Project:
    """A project with everything in it; `members` maps usernames to access levels: 10 guest to 50 owner."""

    project_id: int
    path: str
    git: BareRepository
    default_branch: str = "main"
    visibility: str = "private"
    members: dict[str, int] = field(default_factory=dict)
    merge_requests: dict[int, MergeRequest] = field(default_factory=dict)
    statuses: list[CommitStatus] = field(default_factory=list)


@dataclass(slots=True)
class GitLabState:
    """Everything the fake remembers.

    `lag_requests` is how many further requests a new record stays out of listings, `num_unread` how often a new merge
    request is shown before its commits are read.
    """

    clock: Clock
    url: str = ""
    lag_requests: int = 0
    num_unread: int = 0
    takes_line_numbers: bool = True
    num_requests: int = 0
    users: dict[str, GitLabUser] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    expiries_s: dict[str, float] = field(default_factory=dict)
    last_id: int = 1000

    def next_id(self) -> int:
        """A number that no other record has."""
        self.last_id += 1
        return self.last_id

    def user(self, username: str) -> GitLabUser:
        """A user by name; whoever is mentioned first exists from then on."""
        if username not in self.users:
            self.users[username] = GitLabUser(username, self.next_id())
        return self.users[username]

    def project(self, id_or_path: str) -> Project | None:
        """A project by number or full path, None if there is none."""
        for project in self.projects.values():
            if id_or_path in {str(project.project_id), project.path}:
                return project
        return None

    def is_valid(self, token: str) -> bool:
        """Whether a token exists and has not expired."""
        return token in self.tokens and self.expiries_s.get(token, float("inf")) > self.clock()

    def visible_from(self) -> int:
        """When a record that is made now appears in listings."""
        return self.num_requests + 2 + self.lag_requests

    def is_visible(self, record: Note | CommitStatus) -> bool:
        """Whether a listing shows a record to the request that is being served."""
        return record.visible_from <= self.num_requests + 1

    def new_note(self, username: str, body: str, kind: str | None, *, visible_from: int = 0) -> Note:
        """A note by a user, made now and not yet in any discussion."""
        self.user(username)
        now_s = self.clock()
        return Note(self.next_id(), username, body, now_s, now_s, kind, visible_from=visible_from)

    def new_discussion(self, note: Note, head_sha: str, *, is_individual: bool) -> Discussion:
        """A discussion that begins with a note, not yet part of a merge request."""
        discussion_id = hashlib.sha1(str(self.next_id()).encode(), usedforsecurity=False).hexdigest()
        return Discussion(discussion_id, is_individual, [note], head_sha)


def not_found(what: str) -> RefusalError:
    """GitLab's 404, which also stands for what the token may not see."""
    return RefusalError(404, {"message": f"404 {what} Not Found"})


def bad_request(message: str) -> RefusalError:
    """GitLab's 400."""
    return RefusalError(400, {"message": f"400 Bad request - {message}"})
