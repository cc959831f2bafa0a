"""The CI job that runs us: which change it is for, on which host, and with which token. Read once, at the entry point.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables
https://docs.gitlab.com/ci/variables/predefined_variables/
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.errors import SettingsError
from integrations.github.client import GitHubHost
from integrations.github.logins import GitHubTokenAccess
from integrations.gitlab.client import GitLabAccess, GitLabHost
from integrations.hosts import ChangeRef, Host, HostKind, RepositoryRef
from reviewer.cli.pipelines import read_event


@dataclass(frozen=True, slots=True)
class Job:
    """A job for a change. `token` is empty where the job was given none; `pause_s` stands between two writes."""

    ref: ChangeRef
    url: str
    api_url: str
    token: str = field(repr=False)
    pause_s: float = 1.0

    def open_host(self) -> Host:
        """The host, spoken to with the job's token."""
        if self.ref.repository.host is HostKind.GITHUB:
            return GitHubHost(GitHubTokenAccess(self.token, self.api_url, self.url, self.pause_s))
        return GitLabHost(GitLabAccess(self.url, self.token))


def read_job(environment: Mapping[str, str]) -> Job:
    """The job of these variables; raises SettingsError where it is for no change, or where a variable is missing."""
    if environment.get("GITHUB_ACTIONS"):
        return _read_github(environment)
    if environment.get("GITLAB_CI"):
        return _read_gitlab(environment)
    raise SettingsError("comment: expected GITHUB_ACTIONS or GITLAB_CI, found neither: this is no job of either")


def _read_github(environment: Mapping[str, str]) -> Job:
    event = read_event(environment)
    pull = event.get("pull_request")
    number = pull.get("number") if isinstance(pull, dict) else None
    if not isinstance(number, int):
        raise SettingsError("comment: GITHUB_EVENT_PATH: expected the event of a pull request, found another")
    repository = RepositoryRef(HostKind.GITHUB, _read(environment, "GITHUB_REPOSITORY"))
    return Job(
        ChangeRef(repository, number),
        environment.get("GITHUB_SERVER_URL") or "https://github.com",
        environment.get("GITHUB_API_URL") or "https://api.github.com",
        environment.get("GITHUB_TOKEN", ""),
        float(environment.get("REVIEWER_GITHUB_PAUSE_S") or 1.0),
    )


def _read_gitlab(environment: Mapping[str, str]) -> Job:
    number = environment.get("CI_MERGE_REQUEST_IID", "")
    if not number.isdecimal():
        raise SettingsError("comment: CI_MERGE_REQUEST_IID: expected the job of a merge request, found another")
    repository = RepositoryRef(HostKind.GITLAB, _read(environment, "CI_MERGE_REQUEST_PROJECT_PATH"))
    url = _read(environment, "CI_SERVER_URL")
    return Job(ChangeRef(repository, int(number)), url, url, environment.get("REVIEWER_GITLAB_TOKEN", ""))


def _read(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"comment: {name}: expected a value, found none")
    return value
