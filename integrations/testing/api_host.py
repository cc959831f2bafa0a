"""What a fake REST host does with a request: judge it by the description, authenticate, limit, handle, and record it.

Handlers are a table keyed by the description's operation ids, so a fake serves nothing that its host does not describe.
A handler changes state only after it has checked everything: a refused request leaves nothing behind.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol  # Any: JSON, whose shape the description checks
from urllib.parse import quote, unquote

from integrations.testing.openapi import Description, Operation
from integrations.testing.server import ConnectionDroppedError, HttpAnswer, HttpRequest

Clock = Callable[[], float]
_MAX_PER_PAGE = 100


class ManualClock:
    """A clock that moves only when told to; seconds since the epoch."""

    def __init__(self, now_s: float | None = None) -> None:
        """Starts at `now_s`; None is the present, which tokens that a real client signs need."""
        self._now_s = time.time() if now_s is None else now_s

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self._now_s += seconds


class Fault(Enum):
    """What may go wrong with a request, and whether it happens before or after the host did what was asked."""

    ERROR_BEFORE = "502, nothing done"
    ERROR_AFTER = "502, but done"
    CONFLICT_BEFORE = "409, nothing done"
    REFUSED = "422, nothing done"
    EMPTY = "200 and an empty object, nothing done"
    DROP_BEFORE = "connection closed, nothing done"
    DROP_AFTER = "connection closed, but done"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers; no body if `body` is None. `is_write` is False where a POST changes nothing to see.

    `mistakes` are a client's that the host takes without a word.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_write: bool = True
    mistakes: Sequence[str] = ()


class RefusalError(Exception):
    """Raised anywhere while a request is served, to refuse it."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.answer = Answer(status, body, headers or {}, is_write=False)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request: a login, and the scope that the fake knows the credentials by (an installation, a token)."""

    login: str
    scope: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a handler sees it: matched, decoded and authenticated."""

    operation: Operation
    query: Mapping[str, str]
    body: Any
    actor: Actor
    url: str  # of the request, without the query

    def text(self, name: str) -> str:
        """A path parameter, decoded."""
        return self.operation.path_values[name]

    def number(self, name: str) -> int:
        """A path parameter that is a number; 0, which nothing has, where it is something else."""
        text = self.text(name)
        return int(text) if text.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it was served. `path` is decoded and has no API prefix; `operation` is the description's id."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int
    operation: str
    is_write: bool


class Rules(Protocol):
    """What differs between hosts before and around the handlers."""

    def authenticate(self, operation: Operation, headers: Mapping[str, str]) -> Actor:
        """Who asks; raises RefusalError if the credentials are wrong, expired or missing."""
        ...

    def limit(self, operation: Operation, actor: Actor) -> Mapping[str, str]:
        """Counts a request and gives the headers about the limits; raises RefusalError beyond them."""
        ...

    def not_found(self) -> RefusalError:
        """The refusal of a path that means nothing."""
        ...


Handler = Callable[[Call], Answer]


@dataclass(slots=True)
class _PlannedFault:
    fault: Fault
    remaining: int
    operation: str | None
    writes_only: bool

    def concerns(self, operation: Operation) -> bool:
        if self.writes_only and operation.method == "GET":
            return False
        return self.operation in (None, operation.operation_id)


class ApiHost:
    """Serves the API of a fake host, one request at a time.

    `violations` lists what clients sent, or the fake answered, against the description: tests assert that it is empty.
    `lock` is held while a request is served; acts of a test that change state take it too.
    """

    def __init__(
        self,
        description: Description,
        handlers: Mapping[str, Handler],
        rules: Rules,
        *,
        prefix: str,
        undescribed: Sequence[Operation] = (),
        inexact: str = "",
    ) -> None:
        """`undescribed` are served by id like the others but not judged: GraphQL, which OpenAPI cannot describe.

        `inexact` is a pattern of problems that the real host's answers have too, its description being wrong there.
        """
        self._description = description
        self._handlers = handlers
        self._undescribed = {(operation.method, operation.template): operation for operation in undescribed}
        self._rules = rules
        self._prefix = prefix
        self._inexact = re.compile(inexact) if inexact else None
        self._faults: list[_PlannedFault] = []
        self.lock = threading.RLock()
        self.exchanges: list[Exchange] = []
        self.violations: list[str] = []

    @property
    def num_requests(self) -> int:
        """Requests served until now; eventual consistency is counted in them."""
        return len(self.exchanges)

    def fail_next(
        self, fault: Fault, *, count: int = 1, operation: str | None = None, writes_only: bool = False
    ) -> None:
        """Plans a fault for the next requests, of one operation id or of any; faults come in the order of planning."""
        with self.lock:
            self._faults.append(_PlannedFault(fault, count, operation, writes_only))

    def serve(self, request: HttpRequest, url: str) -> HttpAnswer:
        """Answer to an API request; `url` is the host's own address. Raises ConnectionDroppedError if planned."""
        with self.lock:
            path = request.path.removeprefix(self._prefix)
            operation = self._undescribed.get((request.method, path)) or self._description.find(request.method, path)
            if operation is None:
                self.violations.append(f"{request.method} {path}: no such operation")
                return _encode(self._rules.not_found().answer, {})
            fault = self._take_fault(operation)
            if fault is Fault.DROP_BEFORE:
                raise ConnectionDroppedError
            if fault is Fault.ERROR_BEFORE:
                return _BAD_GATEWAY
            if fault is Fault.CONFLICT_BEFORE:
                return _CONFLICT
            if fault is Fault.REFUSED:
                return _UNPROCESSABLE
            if fault is Fault.EMPTY:
                return _NOTHING
            answer = self._handle(request, operation, url)
            if fault is Fault.DROP_AFTER:
                raise ConnectionDroppedError
            return _BAD_GATEWAY if fault is Fault.ERROR_AFTER else answer

    def _handle(self, request: HttpRequest, operation: Operation, url: str) -> HttpAnswer:
        label = f"{request.method} {request.path}"
        is_described = operation not in self._undescribed.values()
        body, problems = _parse_body(request)
        if is_described:
            problems += self._description.request_problems(operation, request.query, body)
        self.violations += [f"{label}: {problem}" for problem in problems]
        headers: Mapping[str, str] = {}
        try:
            actor = self._rules.authenticate(operation, request.headers)
            headers = self._rules.limit(operation, actor)
            handler = self._handlers.get(operation.operation_id)
            if handler is None:
                self.violations.append(f"{label}: the fake does not serve {operation.operation_id}")
                raise self._rules.not_found()
            answer = handler(Call(operation, dict(request.query), body, actor, url + request.path))
        except RefusalError as refusal:
            answer = refusal.answer
        self.violations += [f"{label}: {mistake}" for mistake in answer.mistakes]
        self._record(request, operation, body, answer)
        if is_described:
            problems = self._description.response_problems(operation, answer.status, answer.body)
            problems = [problem for problem in problems if not (self._inexact and self._inexact.search(problem))]
            self.violations += [f"{label}: the fake's answer: {problem}" for problem in problems]
        return _encode(answer, headers)

    def _record(self, request: HttpRequest, operation: Operation, body: Any, answer: Answer) -> None:
        self.exchanges.append(
            Exchange(
                method=request.method,
                path=unquote(request.path.removeprefix(self._prefix)),
                query=dict(request.query),
                body=body,
                status=answer.status,
                operation=operation.operation_id,
                is_write=request.method != "GET" and answer.status < 400 and answer.is_write,
            )
        )

    def _take_fault(self, operation: Operation) -> Fault | None:
        for planned in self._faults:
            if planned.concerns(operation):
                planned.remaining -= 1
                if planned.remaining == 0:
                    self._faults.remove(planned)
                return planned.fault
        return None


def timestamp(now_s: float) -> str:
    """A time as hosts write it, in UTC and whole seconds."""
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing: its records, its number from 1, and how many records and pages there are."""

    records: tuple[Any, ...]  # of any kind: a listing is cut before it is written as JSON
    number: int
    per_page: int
    num_records: int
    num_pages: int


def cut_page(records: Sequence[Any], query: Mapping[str, str], *, default_per_page: int) -> Page:
    """The page that `page` and `per_page` ask for; at most 100 a page, and an empty page behind the last."""
    number = max(1, int(query.get("page", "1")))
    per_page = min(_MAX_PER_PAGE, max(1, int(query.get("per_page", str(default_per_page)))))
    shown = tuple(records[(number - 1) * per_page : number * per_page])
    return Page(shown, number, per_page, len(records), max(1, -(-len(records) // per_page)))


def link_header(url: str, query: Mapping[str, str], page: Page) -> dict[str, str]:
    """The `Link` header of a page, empty where there is only one: https://www.rfc-editor.org/rfc/rfc8288"""
    targets = {"prev": page.number - 1, "next": page.number + 1, "first": 1, "last": page.num_pages}
    if page.number == 1:
        targets = {name: number for name, number in targets.items() if name not in {"prev", "first"}}
    if page.number >= page.num_pages:
        targets = {name: number for name, number in targets.items() if name not in {"next", "last"}}
    links = [f'<{_with_query(url, {**query, "page": str(number)})}>; rel="{name}"' for name, number in targets.items()]
    return {"Link": ", ".join(links)} if links else {}


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return url + "?" + "&".join(f"{quote(name)}={quote(value)}" for name, value in query.items())


def _parse_body(request: HttpRequest) -> tuple[Any, list[str]]:
    if not request.body:
        return None, []
    try:
        return json.loads(request.body), []
    except ValueError:
        return None, ["body: expected JSON, found something else"]


def _encode(answer: Answer, headers: Mapping[str, str]) -> HttpAnswer:
    if answer.body is None:
        return HttpAnswer(answer.status, b"", {**headers, **answer.headers})
    body = json.dumps(answer.body, ensure_ascii=False).encode("utf-8")
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return HttpAnswer(answer.status, body, {**kind, **headers, **answer.headers})


_CONFLICT = HttpAnswer(409, b'{"message": "409 Conflict"}', {"Content-Type": "application/json"})
_BAD_GATEWAY = HttpAnswer(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
_NOTHING = HttpAnswer(200, b"{}", {"Content-Type": "application/json"})
_UNPROCESSABLE = HttpAnswer(422, b'{"message": "Unprocessable Entity"}', {"Content-Type": "application/json"})


def wall_clock() -> float:
    """Seconds since the epoch, for tests that need no other time."""
    return time.time()
