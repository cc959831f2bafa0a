"""Errors as problem details (RFC 9457), in plain words: which field, what was expected, what was found."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any  # what a stranger sent, as the validator reports it

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from integrations.errors import IntegrationError
from integrations.storage.patience import is_away

_LOG = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_MAX_FOUND_CHARS = 80
_AWAY_S = "10"
# The framework says no more of a body that is not UTF-8, or nested so deeply that the parser gives up.
_UNREADABLE = "body: expected JSON in UTF-8 of reasonable depth, found something else"
_MAX_FIELDS = 20


class FieldProblem(BaseModel):
    """One field of a request that cannot be used."""

    field: str = Field(examples=["files[0].path"])
    expected: str = Field(examples=["a relative path"])
    found: str = Field(examples=["'/etc/passwd'"])


class Problem(BaseModel):
    """RFC 9457: https://www.rfc-editor.org/rfc/rfc9457."""

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Unprocessable content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["files[0].path: expected a relative path, found '/etc/passwd'"])
    errors: list[FieldProblem] = Field(default_factory=list)


class ProblemError(IntegrationError):
    """A request that is answered with a problem; `headers` go with it."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldProblem] = (),
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(title=title, status=status, detail=detail, errors=list(errors))
        self.headers = dict(headers or {})

    def make_response(self) -> Response:
        """The answer."""
        return json_response(self.problem.model_dump(), self.problem.status, self.headers, MEDIA_TYPE)


def refuse_field(field: str, expected: str, found: object) -> ProblemError:
    """A problem with one field."""
    return refuse_fields([FieldProblem(field=field, expected=expected, found=_show(found))])


def refuse_fields(errors: Sequence[FieldProblem]) -> ProblemError:
    """A problem with fields; the detail names the first."""
    first = errors[0]
    detail = f"{first.field}: expected {first.expected}, found {first.found}"
    return ProblemError(422, "Unprocessable content", detail, errors=errors[:_MAX_FIELDS])


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = "application/json"
) -> Response:
    """JSON in ASCII: what a stranger sent may hold text that UTF-8 cannot say."""
    return Response(json.dumps(content, allow_nan=False), status, dict(headers or {}), media_type)


def handle_problems(app: FastAPI) -> None:
    """Every error of the application becomes a problem; one that nobody foresaw is logged and says nothing."""
    app.add_exception_handler(ProblemError, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_fault)


async def _answer_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError), "registered for these"
    return error.make_response()


async def _answer_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), "registered for these"
    return refuse_fields([_describe(one) for one in error.errors()]).make_response()


async def _answer_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for these"
    title = HTTPStatus(error.status_code).phrase
    detail = _UNREADABLE if error.status_code == HTTPStatus.BAD_REQUEST else str(error.detail)
    return ProblemError(error.status_code, title, detail, error.headers).make_response()


async def _answer_fault(request: Request, error: Exception) -> Response:
    if is_away(error):
        _LOG.warning("%s %s: the database is away: %s", request.method, request.url.path, type(error).__name__)
        return ProblemError(503, "Not now", "the database is away", {"Retry-After": _AWAY_S}).make_response()
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return ProblemError(500, "Internal error", "the request could not be served; the log says why").make_response()


def _describe(error: Mapping[str, Any]) -> FieldProblem:
    """One error of the validator. Its location starts with body, query, path or header."""
    kind, message = str(error["type"]), str(error["msg"])
    if kind == "json_invalid":
        return FieldProblem(field="body", expected="JSON", found=str(error.get("ctx", {}).get("error", message)))
    found = "nothing" if kind == "missing" else _show(error.get("input"))
    expected = _EXPECTED.get(kind) or message.removeprefix("Value error, ").removeprefix("Input should be ")
    return FieldProblem(field=_name(error["loc"]), expected=expected, found=found)


_EXPECTED = {"missing": "a value", "extra_forbidden": "no such field", "string_unicode": "text that UTF-8 can say"}


def _name(location: Sequence[object]) -> str:
    parts = location[1:] if len(location) > 1 else location
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")


def _show(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    text = ascii(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_FOUND_CHARS else f"{text[:_MAX_FOUND_CHARS]}..."
