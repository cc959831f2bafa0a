"""Endpoints that tell what is known, and take what people say: findings, dismissals, feedback, model, health."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any  # OpenAPI's descriptions

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, AwareDatetime

from integrations.api.answers import FeedbackAnswer, FindingsPage, HealthAnswer, ModelAnswer, describe_problems
from integrations.api.feedback import Form
from integrations.api.findings import KnownFinding
from integrations.api.problems import json_response
from integrations.api.requests import FeedbackRequest, Repository
from integrations.api.service import Api, Critic, Reader

_REFUSALS = (401, 403, 422, 429)
_JSON_LINES = "application/x-ndjson"
_LINES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A line of JSON a row", "content": {_JSON_LINES: {"schema": {"type": "string"}}}}
}


def _check_time(value: datetime) -> datetime:
    if not 2000 <= value.year <= 2200:
        raise ValueError("a time from 2000 to 2200")
    return value.astimezone(UTC)


Since = Annotated[AwareDatetime, AfterValidator(_check_time)]
Number = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The pull or merge request; all where absent.")]
After = Annotated[str, Query(pattern=r"^[!-~]*$", max_length=500, description="The `next` of an earlier page.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Findings to show.")]


def add_record_routes(router: APIRouter, api: Api) -> None:
    """Adds the endpoints that tell what is known."""

    @router.get("/findings", response_model=FindingsPage, tags=["records"], responses=describe_problems(*_REFUSALS))
    def list_findings(
        repository: Repository, _: Reader, change: Number = None, after: After = "", limit: Limit = 50
    ) -> Response:
        """Findings of the last published review of each change, page by page."""
        page = api.findings.list_page(repository, change, after, limit + 1)
        more = page[limit - 1].cursor if len(page) > limit else None
        return json_response({"findings": [_describe(one) for one in page[:limit]], "next": more})

    @router.get("/dismissals", response_class=StreamingResponse, tags=["records"],
                responses={**_LINES, **describe_problems(*_REFUSALS)})  # fmt: skip
    def export_dismissals(repository: Repository, _: Reader) -> Response:
        """Dismissals that hold now in a repository, oldest first: also those that moved with a renamed file.

        A row has `repository`, `fingerprint`, `label`, `kind`, `reason`, `author`, `change` and `time`.
        """
        return StreamingResponse(api.findings.export_dismissals(repository), media_type=_JSON_LINES)

    @router.get("/model", response_model=ModelAnswer, tags=["service"], responses=describe_problems(401, 403, 429))
    def show_model(_: Reader) -> Response:
        """The model in use: its identity changes with any byte of it, and with the analysis."""
        return json_response(asdict(api.read_model()))


def add_feedback_routes(router: APIRouter, api: Api) -> None:
    """Adds the endpoints that take feedback and give it out."""

    @router.post("/feedback", status_code=201, response_model=FeedbackAnswer, tags=["records"],
                 responses={200: {"model": FeedbackAnswer, "description": "Known before"},
                            **describe_problems(400, 413, *_REFUSALS)})  # fmt: skip
    def add_feedback(body: FeedbackRequest, caller: Critic) -> Response:
        """Record what a person says of a finding. It is an example for training, and dismisses nothing."""
        is_new = api.feedback.add(body, caller)
        return json_response({"feedback": "recorded" if is_new else "known"}, 201 if is_new else 200)

    @router.get("/feedback/export", response_class=StreamingResponse, tags=["records"],
                responses={**_LINES, **describe_problems(*_REFUSALS)})  # fmt: skip
    def export_feedback(
        _: Reader, repository: Repository | None = None, since: Since | None = None, form: Form = Form.FULL
    ) -> Response:
        """Feedback from every door, oldest first. With `form=triage` as rows of the curation pipeline's files.

        `since`: what was said, or taken back, from then on.
        """
        rows: Iterator[str] = api.feedback.export(repository, since, form)
        return StreamingResponse(rows, media_type=_JSON_LINES)


def add_health_route(router: APIRouter, api: Api) -> None:
    """Adds the endpoint that needs no key."""

    @router.get("/health", response_model=HealthAnswer, tags=["service"],
                responses={503: {"model": HealthAnswer, "description": "Not now"}})  # fmt: skip
    def show_health() -> Response:
        """Whether work is taken. Needs no key."""
        is_ready = api.is_ready()
        return json_response({"status": "ready" if is_ready else "not ready"}, 200 if is_ready else 503)


def _describe(known: KnownFinding) -> dict[str, object]:
    repository, _, number = known.change_key.rpartition("#")
    finding = known.finding
    return {
        "repository": repository,
        "change": int(number),
        "head": known.head,
        "fingerprint": finding.fingerprint,
        "label": finding.label,
        "title": finding.title,
        "message": finding.message,
        "severity": finding.severity,
        "probability": finding.probability,
        "path": finding.anchor.path,
        "line": finding.anchor.line,
        "is_posted": known.is_posted,
        "is_dismissed": known.is_dismissed,
    }
