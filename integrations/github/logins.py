"""As whom GitHub is asked: as an app, by installation, or with one token that somebody else made.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
https://docs.github.com/en/actions/concepts/security/github_token
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol  # options of a client, JSON of the host

from github import Auth, Github, GithubIntegration

from integrations.calls import Calls
from integrations.errors import HostError
from integrations.github.deliveries import Redelivery
from integrations.host_checks import check_clock, check_permissions
from integrations.hosts import Check, RepositoryRef

# What docs/bot.md asks for, and no more. Comments on a change are events of issues.
NEEDED_PERMISSIONS = {
    "contents": "read",
    "metadata": "read",
    "pull_requests": "write",
    "checks": "write",
    "issues": "read",
    "merge_queues": "read",
}
_VIEWER = "query { viewer { login } }"


@dataclass(frozen=True, slots=True)
class GitHubAccess:
    """A GitHub App and where its GitHub is. `pause_s`: between two writes, as GitHub asks of integrators."""

    app_id: int
    private_key: str
    api_url: str = "https://api.github.com"
    clone_url: str = "https://github.com"
    pause_s: float = 1.0


@dataclass(frozen=True, slots=True)
class GitHubTokenAccess:
    """A token, such as the one of a job, and where its GitHub is."""

    token: str
    api_url: str = "https://api.github.com"
    clone_url: str = "https://github.com"
    pause_s: float = 1.0


class GitHubLogin(Protocol):
    """Gives clients and knows whose acts are ours. Every method may raise HostError but `clients` and `inspect`."""

    def login(self) -> str:
        """The name of our acts in REST."""

    def client_for(self, repository: RepositoryRef) -> Github:
        """A client that may speak about a repository."""

    def token_for(self, repository: RepositoryRef) -> str:
        """A token that reads a repository."""

    def clients(self) -> Collection[Github]:
        """The clients in use."""

    def inspect(self) -> list[Check]:
        """Whether we are let in, and may do what reviews need."""

    def ask_again(self, is_known: Callable[[str], bool]) -> int:
        """Asks for failed deliveries again; how many."""


class AppLogin:
    """As an app. Clients are kept by installation; PyGithub renews their tokens."""

    def __init__(self, access: GitHubAccess, options: dict[str, Any], call: Calls) -> None:
        self._access, self._call = access, call
        self._app = GithubIntegration(auth=Auth.AppAuth(access.app_id, access.private_key), **options)
        self._clients: dict[int, Github] = {}
        self._installations: dict[str, int] = {}
        self._slug = ""
        self._redelivery = Redelivery(
            lambda verb, path: self._call(self._app.requester.requestJsonAndCheck, verb, path)
        )

    def login(self) -> str:
        """As the protocol says: an app's slug with a suffix."""
        if not self._slug:
            self._slug = self._call(self._app.get_app).slug
        return f"{self._slug}[bot]"

    def client_for(self, repository: RepositoryRef) -> Github:
        """As the protocol says."""
        number = repository.installation or self._find_installation(repository)
        if number not in self._clients:
            self._clients[number] = self._call(self._app.get_github_for_installation, number)
        return self._clients[number]

    def token_for(self, repository: RepositoryRef) -> str:
        """As the protocol says; it reads one installation for an hour."""
        return self._call(self._app.get_access_token, repository.installation).token

    def clients(self) -> Collection[Github]:
        """As the protocol says."""
        return self._clients.values()

    def inspect(self) -> list[Check]:
        """As the protocol says."""
        try:
            headers, app = self._call(self._app.requester.requestJsonAndCheck, "GET", "/app")
        except HostError as error:
            return [Check("GitHub", False, str(error))]
        return [
            Check("GitHub", True, f"app {app['slug']} at {self._access.api_url}"),
            check_permissions(app.get("permissions", {}), NEEDED_PERMISSIONS),
            check_clock("GitHub", headers.get("date", "")),
        ]

    def ask_again(self, is_known: Callable[[str], bool]) -> int:
        """As the protocol says."""
        return self._redelivery.ask_again(is_known)

    def _find_installation(self, repository: RepositoryRef) -> int:
        """The installation of a repository of which we only know the name."""
        if repository.name not in self._installations:
            owner, _, name = repository.name.partition("/")
            self._installations[repository.name] = self._call(self._app.get_repo_installation, owner, name).id
        return self._installations[repository.name]


class TokenLogin:
    """With one token. A job's token may not ask REST who it is: GraphQL tells."""

    def __init__(self, access: GitHubTokenAccess, options: dict[str, Any], call: Calls) -> None:
        self._access, self._call = access, call
        self._client = Github(auth=Auth.Token(access.token), **options)
        self._name = ""

    def login(self) -> str:
        """As the protocol says."""
        if not self._name:
            _, answer = self._call(self._client.requester.graphql_query, _VIEWER, {})
            self._name = str(answer["data"]["viewer"]["login"])
        return self._name

    def client_for(self, repository: RepositoryRef) -> Github:
        """As the protocol says: always the same."""
        del repository
        return self._client

    def token_for(self, repository: RepositoryRef) -> str:
        """As the protocol says: always the same."""
        del repository
        return self._access.token

    def clients(self) -> Collection[Github]:
        """As the protocol says."""
        return (self._client,)

    def inspect(self) -> list[Check]:
        """As the protocol says; what a token may do, nobody tells."""
        try:
            return [Check("GitHub", True, f"{self.login()} at {self._access.api_url}")]
        except HostError as error:
            return [Check("GitHub", False, str(error))]

    def ask_again(self, is_known: Callable[[str], bool]) -> int:
        """As the protocol says: nothing is delivered to a token."""
        del is_known
        return 0
