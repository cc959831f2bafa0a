"""The two reports that GitLab reads from a job's artifacts: Code Quality and SAST.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
https://gitlab.com/gitlab-org/security-products/security-report-schemas (version 15.0.7)
Neither has a field for the account of a review in full: what was not reviewed stands among the findings of the one and
the messages of the other.
"""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any  # a JSON document

from graph_model.catalogue import Severity
from reviewer.findings import Finding
from reviewer.ledger import Ledger
from reviewer.review import Review

_QUALITY_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}
_SCHEMA_VERSION = "15.0.7"
_SCHEMAS = "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw"
_MAX_NAME, _MAX_SOLUTION = 255, 7_000  # characters


def render_code_quality(review: Review) -> str:
    """Every finding for the merge request's widget; files that should have been read and were not among them."""
    issues = [_describe_issue(finding) for finding in review.findings]
    return _dump([*issues, *_list_unread(review.ledger)])


def _list_unread(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Told apart by which of its file's each is: lines move, and of equal fingerprints GitLab shows one."""
    nums_in_files: Counter[str] = Counter()
    for path, line, problem in ledger.list_unread():
        nums_in_files[path] += 1
        identity = f"{path}\0{nums_in_files[path]}".encode("utf-8", "surrogateescape")
        yield {
            "description": f"Not reviewed: {problem}",
            "check_name": "graph-reviewer/not-reviewed",
            "fingerprint": hashlib.sha256(identity).hexdigest()[:32],
            "severity": "info",
            "location": {"path": path, "lines": {"begin": line}},
        }


def _describe_issue(finding: Finding) -> dict[str, Any]:
    return {
        "description": f"{finding.title}: {finding.message}.",
        "check_name": finding.label,
        "fingerprint": finding.fingerprint,
        "severity": _QUALITY_SEVERITIES[finding.severity],
        "location": {"path": finding.anchor.path, "lines": {"begin": finding.anchor.line}},
    }


def render_sast(review: Review, version: str, made_at: datetime) -> str:
    """The findings of the category security. `made_at` stands for the beginning and the end of the scan."""
    time = made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    tool = {"id": "graph-reviewer", "name": "graph-reviewer", "version": version, "vendor": {"name": "graph-reviewer"}}
    report = {
        "version": _SCHEMA_VERSION,
        "schema": f"{_SCHEMAS}/v{_SCHEMA_VERSION}/dist/sast-report-format.json",
        "scan": {
            "type": "sast",
            "status": "failure" if review.ledger.failed else "success",
            "start_time": time,
            "end_time": time,
            "analyzer": tool,
            "scanner": tool,
            "messages": list(_list_messages(review)),
        },
        "vulnerabilities": [_describe_vulnerability(one) for one in review.findings if one.category == "security"],
    }
    return _dump(report)


def _dump(document: object) -> str:
    """With U+FFFD where a path is no text: of its escape Ruby makes broken text, and GitLab refuses the report."""
    text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") + "\n"


def _list_messages(review: Review) -> Iterator[Mapping[str, str]]:
    for path, line, problem in review.ledger.list_unread():
        yield {"level": "warn", "value": f"{path}:{line} was not reviewed: {problem}"}
    others = sum(one.category != "security" for one in review.findings)
    if others:
        yield {"level": "info", "value": f"{others} findings of other categories stand in other reports"}


def _describe_vulnerability(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {"file": finding.anchor.path, "start_line": finding.anchor.line}
    if not finding.is_anchored_elsewhere:
        location["end_line"] = finding.region.lines[-1]
    if finding.symbol:
        location["method"] = finding.symbol
    described = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"graph-reviewer:{finding.fingerprint}")),
        "name": finding.title[:_MAX_NAME],
        "description": f"{finding.message}. It is {finding.probability:.0%} likely.",
        "severity": finding.severity.value.capitalize(),
        "solution": finding.remedy[:_MAX_SOLUTION],
        "identifiers": list(_list_identifiers(finding)),
        "location": location,
    }
    if finding.steps:
        described["details"] = {"path": _describe_path(finding)}
    return described


def _list_identifiers(finding: Finding) -> Iterator[Mapping[str, str]]:
    """The label first: GitLab tells vulnerabilities apart by the first one."""
    yield {"type": "graph_reviewer_label", "name": finding.label, "value": finding.label}
    if finding.cwe is not None:
        yield {
            "type": "cwe",
            "name": f"CWE-{finding.cwe}",
            "value": str(finding.cwe),
            "url": f"https://cwe.mitre.org/data/definitions/{finding.cwe}.html",
        }


def _describe_path(finding: Finding) -> dict[str, Any]:
    """The lines that the evidence passes, each once where it passes them several times in a row."""
    passed = [key for key, _ in groupby((one.region.path, one.region.lines) for one in finding.steps)]
    places = [
        {"type": "file-location", "file_name": path, "line_start": lines.start, "line_end": lines[-1]}
        for path, lines in passed
    ]
    return {"name": "Path", "type": "list", "items": places}
