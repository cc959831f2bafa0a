"""A GitHub in memory, for tests: real clients talk to it over HTTP, and GitHub's description checks each request.

It behaves as GitHub documents where a review bot could notice: tokens and their expiry, pages, rate limits, the 422 for
one bad line, lagging listings, webhooks with signatures, redelivery, clones. What it does not serve is a violation, not
a guess. As on GitHub Enterprise Server, the REST API is below `/api/v3`, GraphQL is at `/api/graphql`, and clones are
at `/{owner}/{name}.git`.
"""

import functools
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from integrations.testing.api_host import ApiHost, Clock, Exchange, Fault, wall_clock
from integrations.testing.git_hosting import BareRepository, serve_git
from integrations.testing.github_apps import AppHandlers
from integrations.testing.github_checks import CheckHandlers
from integrations.testing.github_comments import CommentHandlers
from integrations.testing.github_context import GitHubContext
from integrations.testing.github_graphql import GraphQLHandler
from integrations.testing.github_people import GitHubPeople
from integrations.testing.github_pulls import PullHandlers
from integrations.testing.github_rules import GitHubLimits, GitHubRules
from integrations.testing.github_state import Delivery, GitHubState, Pull, Repository, Token
from integrations.testing.github_webhooks import GitHubWebhooks
from integrations.testing.openapi import Description, Operation, find_description
from integrations.testing.server import HttpAnswer, HttpRequest, LoopbackServer
from integrations.testing.webhooks import Webhook, deliver

_GRAPHQL = tuple(Operation("graphql", "POST", path, {}) for path in ("/graphql", "/api/graphql"))
# GitHub answers null for the place of an outdated comment and for the line of a file's, which its description forgets;
# and it describes the account of a listed installation as a user and an enterprise at once.
_INEXACT = (
    r"^body(\[\d+\])?\.(line|original_line|position): None "
    r"|^body\[\d+\]\.account: '\w+' is a required property"
)


class FakeGitHub:
    """A GitHub with one app, installed on every repository. A context: it serves between enter and exit."""

    def __init__(
        self,
        *,
        clock: Clock = wall_clock,
        webhook_secret: str = "It's a Secret to Everybody",
        app_id: int = 4711,
        installation_id: int = 815,
        app_slug: str = "graph-reviewer",
        contents: str = "write",
    ) -> None:
        """`contents` is the app's permission: with `read` alone it may not resolve threads."""
        self.app_id = app_id
        self.installation_id = installation_id
        self.webhook_secret = webhook_secret
        self.private_key_pem, public_key = _app_key()
        self._state = GitHubState(clock, app_slug, app_id, installation_id)
        self._state.permissions["contents"] = contents
        self._rules = GitHubRules(self._state, public_key)
        description = Description.read(find_description("github/api.json"))
        context = GitHubContext(self._state, description)
        graphql = GraphQLHandler(context, self._report)
        families = (PullHandlers(context), CommentHandlers(context), CheckHandlers(context), AppHandlers(context))
        handlers = {name: handler for family in families for name, handler in family.table().items()}
        handlers["graphql"] = graphql.execute
        self._host = ApiHost(
            description, handlers, self._rules, prefix="/api/v3", undescribed=_GRAPHQL, inexact=_INEXACT
        )
        self._folder = tempfile.TemporaryDirectory(prefix="fake-github-", ignore_cleanup_errors=True)
        self._root = Path(self._folder.name)
        self._server = LoopbackServer(self._answer)
        self.people = GitHubPeople(self._state, GitHubWebhooks(self._state, webhook_secret), self._host.lock)

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
        """Address of the web site and of clones."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """Address of the REST API, PyGithub's `base_url`."""
        return f"{self._server.url}/api/v3"

    @property
    def limits(self) -> GitHubLimits:
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

    @property
    def deliveries(self) -> list[Delivery]:
        """Attempts to deliver webhooks, in order."""
        return self._state.deliveries

    @property
    def redeliveries(self) -> list[Webhook]:
        """Webhooks that the app asked for again and that `deliver` has not sent yet; they keep their delivery id."""
        return self._state.redeliveries

    def set_lag(self, num_requests: int) -> None:
        """Keeps records that are made from now on out of listings, for so many further requests."""
        self._state.lag_requests = num_requests

    def set_token_lifetime(self, seconds: float) -> None:
        """Lifetime of installation tokens that are made from now on; an hour at GitHub."""
        self._state.token_lifetime_s = seconds

    def fail_next(
        self, fault: Fault, *, count: int = 1, operation: str | None = None, writes_only: bool = False
    ) -> None:
        """Plans a fault for the next requests; `operation` is a description's id, such as `pulls/create-review`."""
        self._host.fail_next(fault, count=count, operation=operation, writes_only=writes_only)

    def add_repository(self, full_name: str, source: Path, *, is_private: bool = False) -> Repository:
        """A repository that borrows the objects of a local one; several may share a source, as forks do."""
        with self._host.lock:
            git = BareRepository.create(self._root / f"{full_name}.git")
            git.borrow(source)
            repository = Repository(self._state.next_id(), full_name, git, is_private=is_private)
            self._state.repositories[full_name] = repository
            self.grant(full_name, full_name.split("/", 1)[0], "admin")
            return repository

    def grant(self, full_name: str, login: str, permission: str) -> None:
        """Gives a user `admin`, `write`, `read` or `none` on a repository."""
        self._state.user(login)
        self._state.repositories[full_name].permissions[login] = permission

    def add_token(self, login: str, *, may_write: bool = True, may_resolve: bool = True) -> str:
        """A token of a person or of a job (`github-actions[bot]`), which does not expire.

        The token of a job for a fork may not write; that of any other job may resolve threads only with the permission
        `contents: write`.
        """
        number = self._state.next_id()
        scope = f"user {self._state.user(login).user_id}"
        scope += "" if may_write and may_resolve else f" limited {number}"
        token = Token(f"ghp_{number}", login, scope, float("inf"), may_write, may_write and may_resolve)
        self._state.tokens[token.text] = token
        return token.text

    def pull(self, full_name: str, number: int) -> Pull:
        """A pull request as the fake remembers it: its threads, reviews and comments, for a test to look at."""
        return self._state.repositories[full_name].pulls[number]

    def repository(self, full_name: str) -> Repository:
        """A repository as the fake remembers it: its check runs and statuses, for a test to look at."""
        return self._state.repositories[full_name]

    def deliver(self, webhook: Webhook, url: str) -> int:
        """Sends a webhook to a service and logs the attempt; 0 if nobody answered."""
        return self.log_delivery(webhook, deliver(webhook, url)).status_code

    def log_delivery(self, webhook: Webhook, status_code: int) -> Delivery:
        """Logs an attempt that a test made itself, or that it wants to have failed."""
        with self._host.lock:
            guid = webhook.headers["X-GitHub-Delivery"]
            known = any(delivery.webhook.headers["X-GitHub-Delivery"] == guid for delivery in self._state.deliveries)
            now_s = self._state.clock()
            delivery = Delivery(self._state.next_id(), webhook, now_s, status_code, is_redelivery=known)
            self._state.deliveries.append(delivery)
            if webhook in self._state.redeliveries:
                self._state.redeliveries.remove(webhook)
            return delivery

    def _report(self, violation: str) -> None:
        self._host.violations.append(violation)

    def _answer(self, request: HttpRequest) -> HttpAnswer:
        clone = serve_git(request, self._root, self._rules.may_clone)
        if clone is not None:
            return clone
        with self._host.lock:
            self._state.num_requests = self._host.num_requests
            return self._host.serve(request, self._server.url)


@functools.cache
def _app_key() -> tuple[str, bytes]:
    # Making a key takes a tenth of a second; what it protects is a test.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode("ascii"), public
