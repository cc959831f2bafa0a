"""The bodies that the API takes. Shapes only; paths and sizes are judged in `submissions`."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_NAME = r"^[a-z]+(/[a-z-]+)?$"
_REPOSITORY = r"^(github|gitlab):[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$"
_EXAMPLE_CODE = 'import os\n\ndef run(request):\n    os.system("ls " + request.args["folder"])\n'


def _check_text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("text without lone surrogates") from error
    return value


def _check_line(value: str) -> str:
    if not _check_text(value).isprintable():
        raise ValueError("one line of printable text")
    return value


Text = Annotated[str, AfterValidator(_check_text)]
Line = Annotated[str, AfterValidator(_check_line)]
Repository = Annotated[
    str,
    Field(
        pattern=_REPOSITORY,
        max_length=300,
        description="Host and full name. What its team has dismissed is not reported.",
        examples=["github:owner/name"],
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SubmittedFile(_Body):
    """One file of the head."""

    path: Text = Field(
        min_length=1, max_length=500, description="Relative, with forward slashes.", examples=["src/app.py"]
    )
    content: Text = Field(description="The file, as `encoding` says.", examples=[_EXAMPLE_CODE])
    encoding: Literal["text", "base64"] = Field(
        default="text", description="base64 for a file that is not UTF-8; holds for `before` too."
    )
    before: Text | None = Field(
        default=None,
        description="The same file in the base; null: it is new. When any file has this field, the review is of the "
        "change, and a file without it is unchanged.",
        examples=["import os\n"],
    )


class ScanRequest(_Body):
    """Files to look for security findings in."""

    files: tuple[SubmittedFile, ...] = Field(
        min_length=1, examples=[[{"path": "src/app.py", "content": _EXAMPLE_CODE}]]
    )
    repository: Repository | None = None


class AnalyzeRequest(ScanRequest):
    """Files or a change to review."""

    diff: Text | None = Field(
        default=None,
        description="A unified diff that led to these files: the review is of the change. Excludes `before`.",
        examples=[None],
    )
    configuration: Text = Field(
        default="",
        description="The text of a `.reviewer.toml`. Configuration files among the files are not read.",
        examples=['select = ["security", "performance"]\n'],
    )
    select: tuple[Annotated[str, Field(pattern=_NAME, max_length=100)], ...] = Field(
        default=(), max_length=200, description="Labels or categories, over the configuration.", examples=[["security"]]
    )


class BatchRequest(_Body):
    """Requests that are reviewed one after another in the background."""

    requests: tuple[AnalyzeRequest, ...] = Field(
        min_length=1,
        max_length=100,
        examples=[[{"files": [{"path": "src/app.py", "content": _EXAMPLE_CODE}]}]],
    )


class FeedbackKind(StrEnum):
    """What a person says of a finding."""

    CONFIRMED = "confirmed"
    FALSE_POSITIVE = "false-positive"
    ACCEPT_RISK = "accept-risk"
    IGNORE = "ignore"


class FeedbackRequest(_Body):
    """What a person says of a finding. It is recorded, and dismisses nothing."""

    repository: Repository
    change: int = Field(default=0, ge=0, le=2**31 - 1, description="The pull or merge request; 0: none.", examples=[7])
    fingerprint: str = Field(pattern=r"^[0-9a-f]{32}$", examples=["0123456789abcdef0123456789abcdef"])
    label: str = Field(pattern=r"^[a-z]+/[a-z-]+$", max_length=100, examples=["security/sql-injection"])
    kind: FeedbackKind = Field(examples=["false-positive"])
    commit: str = Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})?$", default="", examples=["0" * 40])
    path: Line = Field(min_length=1, max_length=500, examples=["src/app.py"])
    line: int = Field(ge=1, le=2**31 - 1, examples=[12])
    author: Line = Field(default="", max_length=200, description="Who says so; the key's name where empty.")
    reason: Line = Field(default="", max_length=500, examples=["the table name is a constant"])
