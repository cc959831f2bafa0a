"""The report for programs: JSON whose shape is `review-1.schema.json` beside this module. Keys are sorted."""

import json
from collections import Counter
from typing import Any  # a JSON document

from reviewer.findings import EvidenceStep, Finding, Region
from reviewer.ledger import FileProblem, Ledger
from reviewer.review import Review
from reviewer.selection import Withheld

SCHEMA = "graph-reviewer/review"
SCHEMA_VERSION = 1
_NUM_LEVELS = 3  # each field of a finding has a line
_COMPACT = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def render_json(review: Review, version: str) -> str:
    """The report; `version` is that of this program. Names that are no UTF-8 are escaped."""
    return dump_json(describe_review(review, version), _NUM_LEVELS)


def dump_json(document: object, num_levels: int | None = None) -> str:
    """A JSON document as stable text: keys sorted, two spaces, a final line feed; lone surrogates escaped.

    What lies deeper than `num_levels` stands on one line: of large documents, for which indenting takes seconds.
    """
    if num_levels is None:
        text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)
    else:
        text = _dump_levels(document, num_levels, "\n")
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def _dump_levels(value: object, num_levels: int, line_end: str) -> str:
    """A value whose lines begin as `line_end` says."""
    if not num_levels or not value or not isinstance(value, dict | list):
        return _COMPACT.encode(value)
    inner = f"{line_end}  "
    if isinstance(value, list):
        rows = [_dump_levels(one, num_levels - 1, inner) for one in value]
        return f"[{inner}{f',{inner}'.join(rows)}{line_end}]"
    rows = [f"{_COMPACT.encode(key)}: {_dump_levels(value[key], num_levels - 1, inner)}" for key in sorted(value)]
    return f"{{{inner}{f',{inner}'.join(rows)}{line_end}}}"


def describe_review(review: Review, version: str) -> dict[str, Any]:
    """The document."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "graph-reviewer", "version": version},
        "model": review.model_identity,
        "change": {"base": review.base, "head": review.head} if review.base else None,
        "findings": [describe_finding(finding) for finding in review.findings],
        "withheld": {
            "counts": dict(Counter(one.reason.name.lower() for one in review.withheld)),
            "findings": [_describe_withheld(one) for one in review.withheld if one.finding is not None],
        },
        "suppressions": [
            {"path": note.path, "line": note.line, "problem": note.problem.name.lower(), "label": note.label}
            for note in review.notes
        ],
        "files": _describe_files(review.ledger),
        "summary": {
            "files": len(review.ledger.reviewed),
            "lines": review.ledger.num_lines,
            "findings": dict(Counter(finding.severity.value for finding in review.findings)),
        },
    }


def _describe_files(ledger: Ledger) -> dict[str, Any]:
    return {
        "reviewed": [
            {
                "path": one.path,
                "language": one.language,
                "lines": one.num_lines,
                "problems": [_describe_problem(problem) for problem in one.problems],
            }
            for one in ledger.reviewed
        ],
        "skipped": [
            {"path": one.path, "reason": one.reason.name.lower(), "detail": one.detail} for one in ledger.skipped
        ],
        "failed": [{"path": one.path, "error": one.error} for one in ledger.failed],
    }


def _describe_problem(problem: FileProblem) -> dict[str, Any]:
    return {
        "kind": problem.kind,
        "start_line": problem.start_line,
        "end_line": problem.end_line,
        "detail": problem.detail,
    }


def describe_finding(finding: Finding) -> dict[str, Any]:
    """One finding."""
    fix = finding.fix
    return {
        "fingerprint": finding.fingerprint,
        "label": finding.label,
        "category": finding.category,
        "title": finding.title,
        "message": finding.message,
        "remedy": finding.remedy,
        "severity": finding.severity.value,
        "cwe": finding.cwe,
        "probability": finding.probability,
        "location": describe_region(finding.region),
        "anchor": {"path": finding.anchor.path, "line": finding.anchor.line},
        "symbol": finding.symbol,
        "api": finding.api,
        "code": finding.code,
        "evidence": [_describe_step(step) for step in finding.steps],
        "weights": [{"name": name, "weight": weight} for name, weight in finding.weights],
        "fix": None
        if fix is None
        else {
            "kind": fix.kind,
            "description": fix.description,
            "safe": fix.is_safe,
            "probability_after": fix.probability,
            "edits": [{"location": describe_region(e.region), "replacement": e.replacement} for e in fix.edits],
        },
    }


def describe_region(region: Region) -> dict[str, Any]:
    """A place: lines and columns from 1, in characters; the end is one past the last character; bytes from 0."""
    return {
        "path": region.path,
        "start_line": region.start.line,
        "start_column": region.start.column,
        "end_line": region.end.line,
        "end_column": region.end.column,
        "start_byte": region.span.start,
        "end_byte": region.span.end,
    }


def _describe_step(step: EvidenceStep) -> dict[str, Any]:
    return {"role": step.role.value, "note": step.note, "code": step.code, "location": describe_region(step.region)}


def _describe_withheld(one: Withheld) -> dict[str, Any]:
    assert one.finding is not None
    return {
        "reason": one.reason.name.lower(),
        "fingerprint": one.finding.fingerprint,
        "label": one.label,
        "probability": one.probability,
        "path": one.path,
        "line": one.finding.region.start.line,
    }
