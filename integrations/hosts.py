"""The vocabulary of code hosts, and what a review asks of one. A host is a folder that answers this protocol."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol, runtime_checkable


class HostKind(Enum):
    """The hosts we speak to."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True)
class RepositoryRef:
    """A repository on a host. `name` is its full path (`owner/name`, `group/sub/name`).

    `installation` is what access depends on: GitHub's installation id, 0 elsewhere.
    """

    host: HostKind
    name: str
    installation: int = 0


@dataclass(frozen=True, slots=True)
class ChangeRef:
    """A pull or merge request by its number in the repository."""

    repository: RepositoryRef
    number: int

    @property
    def key(self) -> str:
        """The same change gives the same text in every process: `github:owner/name#7`."""
        return f"{self.repository.host.value}:{self.repository.name}#{self.number}"


@dataclass(frozen=True, slots=True)
class Change:
    """What a host says of a change now. Commits are full hexadecimal names; `head_ref` can be fetched from the host.

    `base` is the tip of the branch that the change goes to; the review finds the merge-base itself.
    """

    ref: ChangeRef
    base: str
    head: str
    head_ref: str
    base_ref: str
    author: str
    title: str = ""
    is_draft: bool = False
    is_open: bool = True
    is_fork: bool = False


@dataclass(frozen=True, slots=True)
class CloneAddress:
    """Where git reads a repository, over HTTP(S), and the value of the Authorization header; never logged."""

    url: str
    authorization: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file in the head, both ends included; where `is_deleted`, lines of the base that the change deleted.

    `path` is the file's name in the head in either case. `next_old_line`: the base's line behind added ones, 0 in a new
    file, None where that is not known: GitLab names a line by both sides.
    """

    path: str
    start_line: int
    end_line: int
    old_path: str = ""
    is_deleted: bool = False
    next_old_line: int | None = None


@dataclass(frozen=True, slots=True)
class NewThread:
    """A comment to post on lines of the change."""

    fingerprint: str
    place: Place
    body: str


@dataclass(frozen=True, slots=True)
class PostedThread:
    """One of our threads as the host has it. `comment_id` is its first comment, `fingerprint` the one in its marker.

    `has_replies`: somebody else wrote in it. `is_resolved_by_us`: as far as the host tells.
    """

    thread_id: str
    comment_id: str
    fingerprint: str
    body: str
    is_resolved: bool = False
    has_replies: bool = False
    is_resolved_by_us: bool = False


@dataclass(frozen=True, slots=True)
class PostedNote:
    """A comment on the change as a whole."""

    comment_id: str
    body: str


class Conclusion(Enum):
    """What a status says; each host has its own words for it."""

    RUNNING = "running"
    CLEAN = "clean"
    FINDINGS = "findings"  # shown, none of them blocks
    BLOCKED = "blocked"
    INCOMPLETE = "incomplete"  # something could not be reviewed


@dataclass(frozen=True, slots=True)
class Annotation:
    """A finding for the list of a check; `level` is notice, warning or failure."""

    path: str
    line: int
    level: str
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Status:
    """The outcome of a review as a check run or commit status on the head. `key` names the review that it tells of."""

    key: str
    conclusion: Conclusion
    title: str
    summary: str = ""
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so before the service can work, and whether it is."""

    name: str
    is_ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """A thumb under a comment; `reaction_id` is the host's name for it. No `author`: somebody who is gone."""

    reaction_id: str
    author: str
    is_up: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class RatedComment:
    """The comment of one of our findings, and the thumbs of others that are under it now."""

    comment_id: str
    fingerprint: str
    reactions: tuple[Reaction, ...] = ()


@runtime_checkable
class Rated(Protocol):
    """A host on which people put thumbs under comments, and which says so only when it is asked."""

    def list_rated(self, change: Change) -> list[RatedComment]:
        """Our findings' comments, without a thumb under them as well. Raises HostError."""

    def count_left(self) -> int | None:
        """Requests that the host still takes this hour, None where nobody knows."""


@runtime_checkable
class Redelivering(Protocol):
    """A host that does not try again by itself, but on request."""

    def ask_again(self, is_known: Callable[[str], bool]) -> int:
        """Asks for deliveries that failed and that we do not know by their ids; how many. Raises HostError."""


class Host(Protocol):
    """What a review asks of a code host. Every method may raise HostError.

    `post_threads`, `reply` and a new note must not be repeated blindly; every other write may be made twice and leaves
    the same.
    """

    def login(self) -> str:
        """The name that our own acts carry."""

    def load_change(self, ref: ChangeRef) -> Change:
        """The change as it is now."""

    def clone_address(self, repository: RepositoryRef) -> CloneAddress:
        """Where to fetch from, with a short-lived credential."""

    def list_threads(self, change: Change) -> list[PostedThread]:
        """Our threads, those of earlier heads included."""

    def post_threads(self, change: Change, threads: Sequence[NewThread]) -> list[NewThread]:
        """Posts threads pinned to the head; those that the host refused come back."""

    def edit_thread(self, change: Change, thread: PostedThread, body: str) -> None:
        """Replaces the text that begins one of our threads."""

    def reply(self, change: Change, thread: PostedThread | None, body: str) -> None:
        """Answers in a thread; None: comments on the change."""

    def has_reply(self, change: Change, thread: PostedThread | None, marker: str) -> bool:
        """Whether an answer of ours that ends with a marker stands where `reply` would put it."""

    def resolve_thread(self, change: Change, thread: PostedThread, *, is_resolved: bool) -> bool:
        """Resolves a thread, or opens it again; False where the host does not let us."""

    def find_note(self, change: Change, marker: str) -> PostedNote | None:
        """Our comment on the change that holds a marker."""

    def write_note(self, change: Change, note: PostedNote | None, body: str) -> None:
        """Replaces the text of a note, or posts a new one."""

    def write_status(self, change: Change, status: Status) -> None:
        """Sets the outcome on the head."""

    def can_write(self, repository: RepositoryRef, login: str) -> bool:
        """Whether a person may push to the repository."""

    def acknowledge(self, change: Change, comment_id: str, *, in_thread: bool) -> None:
        """Shows under a comment that it was read."""

    def inspect(self) -> list[Check]:
        """Whether we are let in, may do what reviews need, and agree on the time. Never raises HostError."""
