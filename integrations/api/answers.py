"""What the API answers with, described for OpenAPI; a report's own schema is that of the command line."""

import json
from importlib import resources
from typing import Any  # JSON schemas

from pydantic import BaseModel, Field

from integrations.api.problems import MEDIA_TYPE, Problem

_EXAMPLE_ID = "0123456789abcdef0123456789abcdef"
REPORT_SCHEMA = "ReviewReport"


class BatchTicket(BaseModel):
    """A batch that was taken; its results appear at `result`."""

    id: str = Field(examples=[_EXAMPLE_ID])
    result: str = Field(examples=[f"/api/v1/code_analysis/review/batch/{_EXAMPLE_ID}"])


class BatchItem(BaseModel):
    """One request of a batch. `report` is that of `analyze`."""

    index: int
    state: str = Field(description="waiting, done or failed", examples=["done"])
    report: dict[str, Any] | None
    problem: str | None


class BatchAnswer(BaseModel):
    """A batch as it is now, with one page of its items; `next` is where the next page starts."""

    id: str = Field(examples=[_EXAMPLE_ID])
    state: str = Field(description="waiting, done, or failed: given up before its end", examples=["done"])
    created_at: str
    finished_at: str | None
    num_items: int
    num_done: int
    num_failed: int
    items: list[BatchItem]
    next: int | None


class FindingAnswer(BaseModel):
    """A finding of the last published review of a change."""

    repository: str = Field(examples=["github:owner/name"])
    change: int = Field(examples=[7])
    head: str
    fingerprint: str = Field(examples=[_EXAMPLE_ID])
    label: str = Field(examples=["security/sql-injection"])
    title: str
    message: str
    severity: str = Field(examples=["high"])
    probability: float
    path: str
    line: int
    is_posted: bool = Field(description="It has had a thread of its own.")
    is_dismissed: bool = Field(description="The team does not want to see it again.")


class FindingsPage(BaseModel):
    """Findings by change and fingerprint; `next` goes into `after`, null on the last page."""

    findings: list[FindingAnswer]
    next: str | None


class FeedbackAnswer(BaseModel):
    """What became of feedback: recorded, or known before."""

    feedback: str = Field(examples=["recorded"])


class ModelAnswer(BaseModel):
    """The model in use."""

    identity: str
    version: str
    description: dict[str, Any]
    thresholds: dict[str, float | None] = Field(description="null: a label that is never shown")


class HealthAnswer(BaseModel):
    """Whether work is taken."""

    status: str = Field(examples=["ready"])


def describe_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The responses of OpenAPI for these statuses."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        status: {"description": _TITLES[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


_TITLES = {
    400: "The body is no JSON",
    401: "No key that holds",
    403: "The key lacks a scope",
    404: "There is none",
    413: "The body is over the limit",
    422: "A field cannot be used",
    429: "Too many requests; Retry-After says when",
    503: "Not now",
}

REPORT_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report, as `reviewer check` or `diff` writes it",
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{REPORT_SCHEMA}"}}},
        "headers": {"Reviewer-Cache": {"description": "hit or miss", "schema": {"type": "string"}}},
    }
}


def describe_report() -> dict[str, Any]:
    """The schemas of a report by their names in OpenAPI, from the file that the command line is tested with."""
    text = resources.files("reviewer.reports").joinpath("review-1.schema.json").read_text("utf-8")
    schema = json.loads(text.replace('"#/$defs/', f'"#/components/schemas/{REPORT_SCHEMA}.'))
    schema.pop("$schema", None)
    parts = schema.pop("$defs", {})
    return {REPORT_SCHEMA: schema, **{f"{REPORT_SCHEMA}.{name}": part for name, part in parts.items()}}
