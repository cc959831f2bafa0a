"""What webhooks tell us, in our own words: values that the hosts' payloads are parsed into."""

from dataclasses import dataclass
from enum import Enum

from integrations.hosts import ChangeRef


class Reason(Enum):
    """Why a review is wanted."""

    OPENED = "opened"
    PUSHED = "pushed"
    READY = "ready for review"
    REOPENED = "reopened"
    REQUESTED = "requested"
    RETARGETED = "another base"


@dataclass(frozen=True, slots=True)
class ReviewWanted:
    """A change to review at (or after) a head; an empty head: whatever it is now."""

    change: ChangeRef
    reason: Reason
    head: str = ""
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class CommentWritten:
    """A person's comment on a change. `thread_id` is empty outside a thread on lines."""

    change: ChangeRef
    author: str
    comment_id: str
    text: str
    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class ThreadResolved:
    """A person resolved (or opened again) a thread."""

    change: ChangeRef
    author: str
    thread_id: str
    is_resolved: bool


@dataclass(frozen=True, slots=True)
class MergeQueued:
    """A merge queue asks for the outcome of a change on a commit of its own."""

    change: ChangeRef
    head: str


@dataclass(frozen=True, slots=True)
class ChangeClosed:
    """A change was merged or given up."""

    change: ChangeRef
    is_merged: bool


@dataclass(frozen=True, slots=True)
class Nothing:
    """A delivery that asks nothing of us, and why."""

    why: str


Event = ReviewWanted | CommentWritten | ThreadResolved | MergeQueued | ChangeClosed | Nothing
