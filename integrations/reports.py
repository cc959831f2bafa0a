"""The report of `reviewer diff` or `check --format json`, read back: what the review process found, as values."""

import json

from pydantic import BaseModel, ConfigDict, ValidationError

from integrations.errors import AnalysisError

OVER_BUDGET = "over_budget"  # the reason of a finding that more important ones left no room for
SUPPRESSED_HERE = "suppressed_here"  # of one that a suppression of the change itself silences
NOT_IN_FORCE = "not_in_force"  # the problem of a suppression that the change may not make

# Reasons to leave a file out that nobody chose.
_UNREAD = frozenset({"too_large", "too_many_nodes", "unreadable"})


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Location(_Value):
    """Lines count from 1 and columns from 1 in characters; the end is one past the last character."""

    path: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int


class Anchor(_Value):
    """The changed line that a finding belongs to."""

    path: str
    line: int


class Step(_Value):
    """One hop of the evidence."""

    role: str
    note: str
    code: str
    location: Location


class Edit(_Value):
    """A replacement of text."""

    location: Location
    replacement: str


class ReportedFix(_Value):
    """Edits that were applied, parsed and scored again before they were offered."""

    description: str
    safe: bool
    probability_after: float
    edits: tuple[Edit, ...]


class ReportedFinding(_Value):
    """One finding that is shown."""

    fingerprint: str
    label: str
    category: str
    title: str
    message: str
    remedy: str
    severity: str
    cwe: int | str | None = None
    probability: float
    location: Location
    anchor: Anchor
    symbol: str = ""
    code: str = ""
    evidence: tuple[Step, ...] = ()
    fix: ReportedFix | None = None


class WithheldFinding(_Value):
    """A finding that is not shown, and why."""

    reason: str
    fingerprint: str
    label: str
    probability: float | None
    path: str
    line: int


class _Withheld(_Value):
    counts: dict[str, int]
    findings: tuple[WithheldFinding, ...]


class ReviewedFile(_Value):
    """A file that was read; `problems` are parts of it that were not."""

    path: str
    language: str
    lines: int
    problems: tuple[dict[str, object], ...] = ()


class SkippedFile(_Value):
    """A file left out for a stated reason."""

    path: str
    reason: str
    detail: str = ""


class FailedFile(_Value):
    """A file that should have been reviewed and was not."""

    path: str
    error: str


class _Files(_Value):
    reviewed: tuple[ReviewedFile, ...]
    skipped: tuple[SkippedFile, ...]
    failed: tuple[FailedFile, ...]


class _Range(_Value):
    base: str
    head: str


class _Tool(_Value):
    name: str
    version: str


class NotedSuppression(_Value):
    """A suppression that somebody should look at, and why."""

    path: str
    line: int
    problem: str
    label: str = ""


class ReviewReport(_Value):
    """One review of a change, as its process told it."""

    tool: _Tool
    model: str
    change: _Range | None = None
    findings: tuple[ReportedFinding, ...]
    withheld: _Withheld
    suppressions: tuple[NotedSuppression, ...] = ()
    files: _Files

    @property
    def head(self) -> str:
        """The commit that was reviewed, empty where files were."""
        return self.change.head if self.change is not None else ""

    @property
    def edited_paths(self) -> tuple[str, ...]:
        """Files for which a fix is offered, sorted."""
        return tuple(sorted({edit.location.path for one in self.findings if one.fix for edit in one.fix.edits}))

    @property
    def is_complete(self) -> bool:
        """Whether every file that should have been read was read whole."""
        in_part = any(file.problems for file in self.files.reviewed)
        too_much = any(file.reason in _UNREAD for file in self.files.skipped)
        return not (self.files.failed or in_part or too_much)

    def withheld_for(self, reason: str) -> tuple[WithheldFinding, ...]:
        """Withheld findings with a reason, in report order."""
        return tuple(one for one in self.withheld.findings if one.reason == reason)

    def suppressions_with(self, problem: str) -> tuple[NotedSuppression, ...]:
        """Noted suppressions with a problem, in report order."""
        return tuple(one for one in self.suppressions if one.problem == problem)


def parse_report(document: str | bytes) -> ReviewReport:
    """The report in a JSON document; raises AnalysisError, which names the first field that is wrong.

    Names that are no UTF-8 stand in it as lone surrogates, which no database or host takes: they become question marks.
    """
    try:
        plain = json.dumps(json.loads(document), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError) as error:
        raise AnalysisError(f"report: expected JSON, found {error}") from error
    try:
        return ReviewReport.model_validate_json(plain)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AnalysisError(f"report: {where}: {first['msg']}") from error
