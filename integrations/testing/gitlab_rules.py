"""Who may ask the fake GitLab, and how often.

https://docs.gitlab.com/api/rest/authentication/ and https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/
"""

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.testing.api_host import Actor, RefusalError
from integrations.testing.gitlab_state import GitLabState, not_found
from integrations.testing.openapi import Operation

_MINUTE_S = 60.0


@dataclass(slots=True)
class GitLabLimits:
    """What a test may tighten; notes have a limit of their own."""

    requests_per_minute: int = 2000
    notes_per_minute: int = 300
    retry_after_s: int = 60


class GitLabRules:
    """Authentication by token and limits by the minute."""

    def __init__(self, state: GitLabState) -> None:
        self._state = state
        self.limits = GitLabLimits()
        self._times: dict[bool, list[float]] = {True: [], False: []}

    def authenticate(self, operation: Operation, headers: Mapping[str, str]) -> Actor:
        """The user of a personal, project or group token, in either header."""
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        token = headers.get("private-token") or bearer
        if not self._state.is_valid(token):
            raise RefusalError(401, {"message": "401 Unauthorized"})
        username = self._state.tokens[token]
        return Actor(username, f"user {username}")

    def may_clone(self, path: str, password: str | None) -> bool:
        """Whether a token of git's basic authentication may read a project."""
        return self._state.is_valid(password or "") and self._state.project(path) is not None

    def limit(self, operation: Operation, actor: Actor) -> Mapping[str, str]:
        """Counts a request, and a new note also against the limit for notes."""
        writes_note = operation.method == "POST" and operation.template.endswith(("/notes", "/discussions"))
        headers = self._count(False, self.limits.requests_per_minute)
        return self._count(True, self.limits.notes_per_minute) if writes_note else headers

    def _count(self, is_note: bool, most: int) -> dict[str, str]:
        now_s = self._state.clock()
        times = [made_s for made_s in self._times[is_note] if made_s > now_s - _MINUTE_S]
        headers = {
            "RateLimit-Limit": str(most),
            "RateLimit-Observed": str(len(times) + 1),
            "RateLimit-Remaining": str(max(0, most - len(times) - 1)),
            "RateLimit-Reset": str(int(now_s + self.limits.retry_after_s)),
        }
        if len(times) >= most:
            message = {"message": {"error": "This endpoint has been requested too many times. Try again later."}}
            raise RefusalError(429, message, headers | {"Retry-After": str(self.limits.retry_after_s)})
        self._times[is_note] = [*times, now_s]
        return headers

    def not_found(self) -> RefusalError:
        """GitLab's 404."""
        return not_found("Not Found")
