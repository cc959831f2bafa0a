"""SARIF 2.1.0 as GitHub takes it.

https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
GitHub reads of all fingerprints only `primaryLocationLineHash`: ours stands there, so that an alert keeps its identity.
"""

import os
from collections.abc import Sequence
from typing import Any  # a JSON document
from urllib.parse import quote

from graph_model.catalogue import Catalogue, Category, Label, Severity
from reviewer.findings import EvidenceStep, Finding, Region
from reviewer.ledger import SkipReason
from reviewer.reports.json_report import dump_json
from reviewer.review import Review

_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_PRECISIONS = ((0.9, "very-high"), (0.7, "high"), (0.4, "medium"), (0.0, "low"))
_MAX_RESULTS = 25_000  # of one run, as the page above says
_MAX_DESCRIPTION = 1_024
_ROOT = "%SRCROOT%"


def render_sarif(review: Review, catalogue: Catalogue, version: str) -> str:
    """The report as SARIF text."""
    return dump_json(describe_log(review, catalogue, version))


def describe_log(review: Review, catalogue: Catalogue, version: str) -> dict[str, Any]:
    """The SARIF log with one run."""
    kept = _keep_most_likely(review.findings)
    thresholds = dict(review.thresholds)
    ids = sorted({finding.label for finding in kept} | thresholds.keys())
    indices = {label_id: idx for idx, label_id in enumerate(ids)}
    rules = [_describe_rule(catalogue.get_label(label_id), thresholds.get(label_id, 0.0)) for label_id in ids]
    run = {
        "tool": {
            "driver": {
                "name": "graph-reviewer",
                "semanticVersion": version,
                "rules": rules,
                "notifications": [{"id": "not-reviewed", "shortDescription": {"text": "A file was not reviewed"}}],
            }
        },
        "automationDetails": {"id": "graph-reviewer/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository"}}},
        "invocations": [_describe_invocation(review, len(kept))],
        "results": [_describe_result(finding, indices[finding.label], is_change=bool(review.base)) for finding in kept],
        "properties": {"model": review.model_identity},
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _keep_most_likely(findings: Sequence[Finding]) -> Sequence[Finding]:
    """All, or as many as a run may have, the most likely first."""
    if len(findings) <= _MAX_RESULTS:
        return findings
    ranked = sorted(range(len(findings)), key=lambda idx: -findings[idx].probability)
    return [findings[idx] for idx in sorted(ranked[:_MAX_RESULTS])]


def _describe_rule(label: Label, threshold: float) -> dict[str, Any]:
    tags = [label.category.value]
    properties: dict[str, Any] = {"precision": name_precision(threshold)}
    if label.category is Category.SECURITY:
        tags += [f"external/cwe/cwe-{label.cwe:02d}"] if label.cwe is not None else []
        properties["security-severity"] = f"{label.severity.security_severity:.1f}"
    else:
        level = _LEVELS[label.severity]
        properties["problem.severity"] = "recommendation" if level == "note" else level
    help_text = f"{label.summary}\n\n{label.remedy}"
    return {
        "id": label.id,
        "name": "".join(word.capitalize() for word in label.id.replace("/", "-").split("-")),
        "shortDescription": {"text": label.title[:_MAX_DESCRIPTION]},
        "fullDescription": {"text": label.summary[:_MAX_DESCRIPTION]},
        "help": {"text": help_text, "markdown": help_text},
        "defaultConfiguration": {"level": _LEVELS[label.severity]},
        "properties": {**properties, "tags": tags},
    }


def name_precision(threshold: float) -> str:
    """GitHub's word for how often a rule is right: the calibrated probability from which it is shown."""
    return next(word for least, word in _PRECISIONS if threshold >= least)


def _describe_result(finding: Finding, rule_idx: int, *, is_change: bool) -> dict[str, Any]:
    """A result. On a change it points at one line: an alert is shown only if all of its lines are in the diff."""
    is_elsewhere = finding.is_anchored_elsewhere
    is_wide = is_change and len(finding.region.lines) > 1
    result: dict[str, Any] = {
        "ruleId": finding.label,
        "ruleIndex": rule_idx,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}."},
        "locations": [_describe_anchor(finding) if is_elsewhere or is_wide else _describe_location(finding.region)],
        "partialFingerprints": {
            "primaryLocationLineHash": f"{finding.fingerprint}:1",
            "graphReviewer/v1": finding.fingerprint,
        },
        "rank": round(100 * finding.probability, 2),
        "properties": {"category": finding.category, "probability": finding.probability, "tags": _result_tags(finding)},
    }
    if is_elsewhere or is_wide:
        result["relatedLocations"] = [{"id": 1, **_describe_location(finding.region, finding.message)}]
    if finding.steps:
        result["codeFlows"] = [{"threadFlows": [{"locations": [_describe_step(step) for step in finding.steps]}]}]
    if finding.fix is not None:
        result["fixes"] = [_describe_fix(finding)]
    return result


def _result_tags(finding: Finding) -> list[str]:
    cwe = [f"external/cwe/cwe-{finding.cwe:02d}"] if finding.cwe is not None else []
    return [finding.category, *cwe]


def _describe_location(region: Region, message: str = "") -> dict[str, Any]:
    place: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _describe_artifact(region.path), "region": _describe_region(region)}
    }
    return {**place, "message": {"text": message}} if message else place


def _describe_anchor(finding: Finding) -> dict[str, Any]:
    region = {"startLine": finding.anchor.line}
    artifact = _describe_artifact(finding.anchor.path)
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _describe_artifact(path: str) -> dict[str, Any]:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": _ROOT}


def _describe_region(region: Region) -> dict[str, Any]:
    return {
        "startLine": region.start.line,
        "startColumn": region.start.column,
        "endLine": region.end.line,
        "endColumn": region.end.column,
    }


def _describe_step(step: EvidenceStep) -> dict[str, Any]:
    text = f"{step.role.value}: {step.note or step.code}"
    importance = "essential" if step.role.value in ("source", "sink") else "important"
    return {"importance": importance, "location": _describe_location(step.region, text)}


def _describe_fix(finding: Finding) -> dict[str, Any]:
    assert finding.fix is not None
    replacements = [
        {"deletedRegion": _describe_region(edit.region), "insertedContent": {"text": edit.replacement}}
        for edit in finding.fix.edits
    ]
    return {
        "description": {"text": finding.fix.description or finding.remedy},
        "artifactChanges": [{"artifactLocation": _describe_artifact(finding.path), "replacements": replacements}],
    }


def _describe_invocation(review: Review, num_kept: int) -> dict[str, Any]:
    """What went wrong, and what was left out, as notifications."""
    ledger = review.ledger
    skipped = [one for one in ledger.skipped if one.reason is not SkipReason.NO_LANGUAGE]
    notes = [
        *(_notify(one.path, "error", one.error) for one in ledger.failed),
        *(_notify(one.path, "note", f"{one.reason.value}{_in_brackets(one.detail)}") for one in skipped),
    ]
    if num_kept < len(review.findings):
        notes.append({"level": "warning", "message": {"text": f"{len(review.findings) - num_kept} results left out"}})
    return {"executionSuccessful": not ledger.failed, "toolExecutionNotifications": notes}


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""


def _notify(path: str, level: str, text: str) -> dict[str, Any]:
    location = {"physicalLocation": {"artifactLocation": _describe_artifact(path)}}
    return {
        "descriptor": {"id": "not-reviewed", "index": 0},
        "level": level,
        "message": {"text": text},
        "locations": [location],
    }
