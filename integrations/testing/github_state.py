"""What the fake GitHub remembers: repositories, pull requests, threads, comments, checks and deliveries.

Plain mutable records without behaviour of the API; times are seconds since the epoch. A record made through the API has
`visible_from`, the number of requests after which listings show it: GitHub's listings lag behind its writes.
"""

from dataclasses import dataclass, field
from typing import Any  # Any: JSON bodies that are kept as they came

from integrations.testing.api_host import Clock, RefusalError
from integrations.testing.git_hosting import BareRepository
from integrations.testing.webhooks import Webhook

DOCUMENTATION_URL = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class User:
    """A person, or the app's own bot."""

    login: str
    user_id: int
    kind: str = "User"


@dataclass(slots=True)
class Reaction:
    """A reaction to a comment, such as `+1` or `eyes`."""

    reaction_id: int
    login: str
    content: str
    created_s: float


@dataclass(slots=True)
class Comment:
    """A comment of a conversation or of a review thread; `review_id` is None in a conversation."""

    comment_id: int
    login: str
    body: str
    created_s: float
    updated_s: float
    visible_from: int = 0
    review_id: int | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thread hangs: `line` is None for a whole file, `start_line` for one line; sides are LEFT or RIGHT."""

    path: str
    line: int | None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None


@dataclass(slots=True)
class Thread:
    """A review thread: where it was started (`original...`), and where it is now (`place`, unless outdated)."""

    thread_id: str
    original: Place
    original_commit: str
    position: int
    diff_hunk: str
    place: Place
    commit: str
    comments: list[Comment]
    is_outdated: bool = False
    resolved_by: str | None = None


@dataclass(slots=True)
class Review:
    """A review; its inline comments are in the threads."""

    review_id: int
    login: str
    body: str
    state: str
    commit: str
    submitted_s: float
    visible_from: int = 0


@dataclass(slots=True)
class Pull:
    """A pull request; `base_sha` is the tip of the base branch."""

    pull_id: int
    number: int
    title: str
    body: str
    login: str
    base_ref: str
    head_ref: str
    base_sha: str
    head_sha: str
    head_repository: str
    draft: bool
    created_s: float
    state: str = "open"
    is_merged: bool = False
    labels: list[str] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class CheckRun:
    """A check run; `values` are the fields as the app sent them, without annotations, which add up over requests."""

    check_run_id: int
    head_sha: str
    values: dict[str, Any]
    annotations: list[dict[str, Any]]
    started_s: float
    visible_from: int = 0


@dataclass(slots=True)
class Status:
    """A commit status."""

    status_id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    login: str
    created_s: float
    visible_from: int = 0


@dataclass(slots=True)
class Repository:
    """A repository with everything in it; `permissions` maps logins to admin, write, read or none."""

    repository_id: int
    full_name: str
    git: BareRepository
    default_branch: str = "main"
    is_private: bool = False
    permissions: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Token:
    """An installation's or a person's token, valid until `expires_s`. Resolving threads is a right of its own."""

    text: str
    login: str
    scope: str
    expires_s: float
    may_write: bool = True
    may_resolve: bool = True


@dataclass(slots=True)
class Delivery:
    """One attempt to deliver a webhook; `status_code` 0 is an attempt that nobody answered or that was not yet made."""

    delivery_id: int
    webhook: Webhook
    delivered_s: float
    status_code: int = 0
    is_redelivery: bool = False


# What a bot asks for, and what it is better granted: https://docs.github.com/rest/authentication/permissions-required-for-github-apps
_PERMISSIONS = {
    "contents": "write",
    "pull_requests": "write",
    "checks": "write",
    "metadata": "read",
    "issues": "read",
    "merge_queues": "read",
}


@dataclass(slots=True)
class GitHubState:
    """Everything the fake remembers. `lag_requests` is how many further requests a new record stays out of listings.

    `permissions` are the app's; without `contents: write` it may not resolve threads.
    """

    clock: Clock
    app_slug: str
    app_id: int
    installation_id: int
    url: str = ""
    token_lifetime_s: float = 3600.0
    lag_requests: int = 0
    num_requests: int = 0
    users: dict[str, User] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    redeliveries: list[Webhook] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=_PERMISSIONS.copy)
    last_id: int = 1000

    def next_id(self) -> int:
        """A number that no other record has."""
        self.last_id += 1
        return self.last_id

    def user(self, login: str) -> User:
        """A user by login; whoever is mentioned first exists from then on."""
        if login not in self.users:
            kind = "Bot" if login.endswith("[bot]") else "User"
            self.users[login] = User(login, self.next_id(), kind)
        return self.users[login]

    def visible_from(self) -> int:
        """When a record that is made now appears in listings."""
        return self.num_requests + 2 + self.lag_requests

    def is_visible(self, record: Comment | Review | CheckRun | Status) -> bool:
        """Whether a listing shows a record to the request that is being served."""
        return record.visible_from <= self.num_requests + 1

    def new_comment(self, login: str, body: str, *, review_id: int | None = None, visible_from: int = 0) -> Comment:
        """A comment by a user, made now and not yet in any list."""
        self.user(login)
        now_s = self.clock()
        return Comment(self.next_id(), login, body, now_s, now_s, visible_from, review_id)


def not_found() -> RefusalError:
    """GitHub's 404, which also stands for what the token may not see."""
    return RefusalError(404, {"message": "Not Found", "documentation_url": DOCUMENTATION_URL, "status": "404"})


def unprocessable(*errors: str) -> RefusalError:
    """GitHub's 422 with its list of reasons."""
    body = {"message": "Unprocessable Entity", "errors": list(errors), "documentation_url": DOCUMENTATION_URL}
    return RefusalError(422, body)
