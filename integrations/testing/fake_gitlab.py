"""A GitLab in memory, for tests: real clients talk to it over HTTP, and our description of its API checks each request.

GitLab's own description is in no package that setup could install: `gitlab_openapi.yaml` says what was compared to it.
The REST API is below `/api/v4`, clones are at `/{path}.git`. What it does not serve is a violation.
"""

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from integrations.testing.api_host import ApiHost, Clock, Exchange, Fault, wall_clock
from integrations.testing.git_hosting import BareRepository, serve_git
from integrations.testing.gitlab_context import GitLabContext
from integrations.testing.gitlab_discussions import DiscussionHandlers
from integrations.testing.gitlab_people import GitLabPeople
from integrations.testing.gitlab_projects import ProjectHandlers
from integrations.testing.gitlab_rules import GitLabLimits, GitLabRules
from integrations.testing.gitlab_state import GitLabState, MergeRequest, Project
from integrations.testing.gitlab_webhooks import GitLabWebhooks
from integrations.testing.openapi import Description
from integrations.testing.server import HttpAnswer, HttpRequest, LoopbackServer
from integrations.testing.webhooks import Webhook, deliver

_DESCRIPTION = Path(__file__).with_name("gitlab_openapi.yaml")
DEVELOPER = 30  # https://docs.gitlab.com/api/access_requests/#valid-access-levels


class FakeGitLab:
    """A GitLab with a bot user and its token. A context: it serves between enter and exit."""

    def __init__(
        self,
        *,
        clock: Clock = wall_clock,
        webhook_secret: str = "It's a Secret to Everybody",
        signing_token: str | None = None,
        bot: str = "reviewer-bot",
    ) -> None:
        """`signing_token` (`whsec_` and base64) adds the signed headers to webhooks; None sends the secret alone."""
        self.bot = bot
        self.webhook_secret = webhook_secret
        self.signing_token = signing_token
        self._state = GitLabState(clock)
        self._rules = GitLabRules(self._state)
        context = GitLabContext(self._state)
        handlers = {**ProjectHandlers(context).table(), **DiscussionHandlers(context).table()}
        self._host = ApiHost(Description.read(_DESCRIPTION), handlers, self._rules, prefix="/api/v4")
        self._folder = tempfile.TemporaryDirectory(prefix="fake-gitlab-", ignore_cleanup_errors=True)
        self._root = Path(self._folder.name)
        self._server = LoopbackServer(self._answer)
        webhooks = GitLabWebhooks(self._state, webhook_secret, signing_token)
        self.people = GitLabPeople(self._state, webhooks, self._host.lock)
        self.token = self.add_token(bot)

    def __enter__(self) -> Self:
        self._server.__enter__()
        self._state.url = self._server.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """Address of the instance, python-gitlab's first argument; clones are below it."""
        return self._server.url

    @property
    def limits(self) -> GitLabLimits:
        """Rate limits, to be tightened in place."""
        return self._rules.limits

    @property
    def violations(self) -> list[str]:
        """What was sent or answered against the description; a test asserts that it is empty."""
        return self._host.violations

    @property
    def exchanges(self) -> list[Exchange]:
        """All API requests that were handled, in order."""
        return self._host.exchanges

    @property
    def writes(self) -> list[Exchange]:
        """Requests that changed something people can see, in order."""
        return [exchange for exchange in self._host.exchanges if exchange.is_write]

    def set_lag(self, num_requests: int) -> None:
        """Keeps records that are made from now on out of listings, for so many further requests."""
        self._state.lag_requests = num_requests

    def read_slowly(self, num_requests: int) -> None:
        """Shows merge requests that are opened from now on without their commits, for so many requests each."""
        self._state.num_unread = num_requests

    def refuse_line_numbers(self) -> None:
        """Refuses numbers in the ends of a line range from now on, as GitLab did before 18.6.

        https://gitlab.com/gitlab-org/gitlab/-/issues/571619
        """
        self._state.takes_line_numbers = False

    def fail_next(
        self, fault: Fault, *, count: int = 1, operation: str | None = None, writes_only: bool = False
    ) -> None:
        """Plans a fault for the next requests; `operation` is a description's id, such as `create_discussion`."""
        self._host.fail_next(fault, count=count, operation=operation, writes_only=writes_only)

    def add_project(self, path: str, source: Path, *, visibility: str = "private") -> Project:
        """A project that borrows the objects of a local repository; the bot becomes a Developer of it."""
        with self._host.lock:
            git = BareRepository.create(self._root / f"{path}.git")
            git.borrow(source)
            project = Project(self._state.next_id(), path, git, visibility=visibility)
            self._state.projects[project.project_id] = project
            self.add_member(path, self.bot, DEVELOPER)
            return project

    def add_member(self, path: str, username: str, access_level: int) -> int:
        """Gives a user an access level, 10 guest to 50 owner; returns the user's number."""
        self.project(path).members[username] = access_level
        return self._state.user(username).user_id

    def add_token(self, username: str, *, lifetime_s: float = float("inf")) -> str:
        """A token of a user."""
        token = f"glpat-{self._state.next_id()}"
        self._state.tokens[token] = self._state.user(username).username
        self._state.expiries_s[token] = self._state.clock() + lifetime_s
        return token

    def project(self, path: str) -> Project:
        """A project as the fake remembers it; raises KeyError if there is none."""
        project = self._state.project(path)
        if project is None:
            raise KeyError(path)
        return project

    def merge_request(self, path: str, iid: int) -> MergeRequest:
        """A merge request as the fake remembers it: its versions and discussions, for a test to look at."""
        return self.project(path).merge_requests[iid]

    def deliver(self, webhook: Webhook, url: str) -> int:
        """Sends a webhook to a service; 0 if nobody answered. GitLab itself would repeat it later."""
        return deliver(webhook, url)

    def _answer(self, request: HttpRequest) -> HttpAnswer:
        clone = serve_git(request, self._root, self._rules.may_clone)
        if clone is not None:
            return clone
        with self._host.lock:
            self._state.num_requests = self._host.num_requests
            return self._host.serve(request, self._server.url)
