"""Who may ask the fake GitHub, and how often: app and installation tokens, primary and secondary rate limits.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from integrations.testing.api_host import Actor, RefusalError
from integrations.testing.github_state import DOCUMENTATION_URL, GitHubState, not_found
from integrations.testing.openapi import Operation

_DRIFT_S = 60
_MAX_JWT_S = 600 + _DRIFT_S
_WINDOW_S = 3600.0
_MINUTE_S = 60.0


@dataclass(slots=True)
class GitHubLimits:
    """What a test may tighten. `retry_after_s` None leaves the header out, as GitHub sometimes does."""

    requests_per_hour: int = 5000
    content_per_minute: int = 80
    content_per_hour: int = 500
    retry_after_s: int | None = 60
    secondary_status: int = 403


class GitHubRules:
    """Authentication and limits of the fake GitHub.

    Tokens expire by the fake's clock; the app's own JSON web token by the real one, as a real client signs it.
    """

    def __init__(self, state: GitHubState, public_key: bytes) -> None:
        self._state = state
        self._public_key = public_key
        self.limits = GitHubLimits()
        self._window_start_s = state.clock()
        self._num_used = 0
        self._content_times: list[float] = []

    def authenticate(self, operation: Operation, headers: Mapping[str, str]) -> Actor:
        """The app for its own operations, an installation or a person for all others."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"}:
            raise _unauthorised("Requires authentication")
        needs_app = operation.template.startswith("/app") or operation.operation_id == "apps/get-repo-installation"
        if needs_app:
            return self._authenticate_app(credentials)
        token = self._state.tokens.get(credentials)
        if token is None or token.expires_s <= self._state.clock():
            raise _unauthorised("Bad credentials")
        if not token.may_write and operation.method != "GET" and operation.operation_id != "graphql":
            raise _forbidden()
        return Actor(token.login, token.scope)

    def may_clone(self, full_name: str, password: str | None) -> bool:
        """Whether a token of git's basic authentication may read a repository."""
        token = self._state.tokens.get(password or "")
        return token is not None and token.expires_s > self._state.clock() and full_name in self._state.repositories

    def _authenticate_app(self, credentials: str) -> Actor:
        # https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
        try:
            claims = jwt.decode(
                credentials, self._public_key, algorithms=["RS256"], options={"require": ["iat", "exp", "iss"]}
            )
        except jwt.ExpiredSignatureError:
            raise _unauthorised("'Expiration time' claim ('exp') must be a future time") from None
        except jwt.InvalidTokenError:
            raise _unauthorised("A JSON web token could not be decoded") from None
        if claims["exp"] > time.time() + _MAX_JWT_S:
            raise _unauthorised("'Expiration time' claim ('exp') is too far in the future")
        if str(claims["iss"]) != str(self._state.app_id):
            raise _unauthorised("'Issuer' claim ('iss') must be the app's id")
        return Actor(self._state.app_slug, "app")

    def limit(self, operation: Operation, actor: Actor) -> Mapping[str, str]:
        """Counts a request against the hour, and a write against the minute."""
        now_s = self._state.clock()
        if now_s >= self._window_start_s + _WINDOW_S:
            self._window_start_s, self._num_used = now_s, 0
        if actor.scope == "app":
            return {}
        if self._num_used >= self.limits.requests_per_hour:
            message = f"API rate limit exceeded for {actor.scope}."
            raise RefusalError(403, _limit_body(message), self._headers())
        self._num_used += 1
        if operation.method != "GET" and operation.operation_id != "graphql":
            self._limit_content(now_s)
        return self._headers()

    def _limit_content(self, now_s: float) -> None:
        self._content_times = [made_s for made_s in self._content_times if made_s > now_s - _WINDOW_S]
        in_minute = sum(made_s > now_s - _MINUTE_S for made_s in self._content_times)
        if in_minute >= self.limits.content_per_minute or len(self._content_times) >= self.limits.content_per_hour:
            message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
            wait = self.limits.retry_after_s
            extra = {} if wait is None else {"Retry-After": str(wait)}
            raise RefusalError(self.limits.secondary_status, _limit_body(message), self._headers() | extra)
        self._content_times.append(now_s)

    def _headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limits.requests_per_hour),
            "X-RateLimit-Remaining": str(max(0, self.limits.requests_per_hour - self._num_used)),
            "X-RateLimit-Used": str(self._num_used),
            "X-RateLimit-Reset": str(int(self._window_start_s + _WINDOW_S)),
            "X-RateLimit-Resource": "core",
        }

    def not_found(self) -> RefusalError:
        """GitHub's 404."""
        return not_found()


def _forbidden() -> RefusalError:
    body = {
        "message": "Resource not accessible by integration",
        "documentation_url": DOCUMENTATION_URL,
        "status": "403",
    }
    return RefusalError(403, body)


def _unauthorised(message: str) -> RefusalError:
    return RefusalError(401, {"message": message, "documentation_url": DOCUMENTATION_URL, "status": "401"})


def _limit_body(message: str) -> dict[str, str]:
    return {"message": message, "documentation_url": f"{DOCUMENTATION_URL}/rate-limits"}
