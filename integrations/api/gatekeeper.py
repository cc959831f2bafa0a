"""Stands before the API: who asks, how often, how much. Nothing of a body is parsed before all three are answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from integrations.api.keys import Caller, Keys
from integrations.api.problems import ProblemError
from integrations.api.rates import Bucket, Rates

PREFIX = "/api/v1"
OPEN_PATHS = frozenset({f"{PREFIX}/health"})
_BUCKETS: Mapping[str, Bucket] = {f"{PREFIX}/code/security/scan": Bucket.SCAN}
# So much of a refused body is still read, and thrown away: a client that writes on would not see the answer.
_MAX_DRAINED_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Guard:
    """What the gate asks, and the longest body that it lets in."""

    keys: Keys
    rates: Rates
    max_body_bytes: int

    def admit(self, authorization: str, path: str) -> Caller:
        """Who asks. Raises ProblemError for a key that does not hold, and for one that has asked too often."""
        caller = self.keys.find_caller(authorization)
        if caller is None:
            detail = "Authorization: expected 'Bearer rvw_<prefix>_<secret>' with a key that holds, found none"
            raise ProblemError(401, "Unauthorized", detail, {"WWW-Authenticate": "Bearer"})
        bucket = _BUCKETS.get(path, Bucket.REQUESTS)
        wait_s = self.rates.count(caller.key_id, bucket)
        if wait_s is not None:
            detail = f"expected at most {self.rates.limit_of(bucket)} requests a minute; again in {wait_s} s"
            raise ProblemError(429, "Too many requests", detail, {"Retry-After": str(wait_s)})
        return caller


class Gatekeeper:
    """The middleware. `scope["state"]["caller"]` is who asks."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app, self._guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request in, or answers it."""
        is_ours = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        if not is_ours or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            caller = await run_in_threadpool(self._guard.admit, headers.get("authorization", ""), scope["path"])
            self._check_length(headers.get("content-length", ""))
        except ProblemError as error:
            await _drain(receive)
            await error.make_response()(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, _Counted(receive, self._guard.max_body_bytes), send)

    def _check_length(self, length: str) -> None:
        if length.isdigit() and int(length) > self._guard.max_body_bytes:
            raise ProblemError(413, "Content too large", _too_large(self._guard.max_body_bytes, length))


@dataclass(slots=True)
class _Counted:
    """Receives a body and refuses it where it grows over the limit, whatever its length header said."""

    receive: Receive
    max_bytes: int
    num_bytes: int = 0

    async def __call__(self) -> Message:
        message = await self.receive()
        self.num_bytes += len(message.get("body", b""))
        if self.num_bytes > self.max_bytes:
            if message.get("more_body"):
                await _drain(self.receive)
            raise HTTPException(413, _too_large(self.max_bytes, "more"))
        return message


def _too_large(max_bytes: int, found: str) -> str:
    return f"body: expected at most {max_bytes} bytes, found {found}"


async def _drain(receive: Receive) -> None:
    num_bytes = 0
    while num_bytes < _MAX_DRAINED_BYTES:
        message = await receive()
        num_bytes += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return
