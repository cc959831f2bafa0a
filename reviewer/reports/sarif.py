"""SARIF 2.1.0 as GitHub takes it.

https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
GitHub reads of all fingerprints only `primaryLocationLineHash`, and an upload computes it again: its own stands there.
"""

import gzip
import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any  # a JSON document
from urllib.parse import quote

from graph_model.catalogue import Catalogue, Category, Label, Severity
from reviewer.findings import Anchor, EvidenceStep, Finding, Region, rank_of
from reviewer.ledger import SkipReason
from reviewer.reports.json_report import dump_json
from reviewer.reports.line_hashes import hash_lines
from reviewer.reports.text import make_printable
from reviewer.review import Review
from reviewer.source import SourceFile

_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_PRECISIONS = ((0.9, "very-high"), (0.7, "high"), (0.4, "medium"), (0.0, "low"))
# As the page above says: results of a run and steps of a flow that are kept, bytes of a file when compressed.
_MAX_RESULTS = 5_000
_MAX_STEPS = 1_000
_MAX_BYTES = 10_000_000
_MAX_DESCRIPTION = 1_024
_NUM_LEVELS = 4  # each result has a line
_ROOT = "%SRCROOT%"
Sources = Mapping[str, SourceFile]
_NOT_REVIEWED = {
    "id": "not-reviewed",
    "name": "NotReviewed",
    "shortDescription": {"text": "A file was not reviewed"},
    "fullDescription": {
        "text": "A file, or a part of it, was not reviewed, for the reason that the notification gives."
    },
    "help": {"text": "What was left out on purpose needs nothing; a file that failed makes the review incomplete."},
}


def render_sarif(review: Review, catalogue: Catalogue, version: str, sources: Sources = MappingProxyType({})) -> str:
    """The report as SARIF text that GitHub takes; where it would be too large, the likeliest of the worst are in it.

    `sources` are the files as they were reviewed, for GitHub's identity of lines; ours stands where one is missing.
    """
    num_results = min(len(review.findings), _MAX_RESULTS)
    while True:
        text = dump_json(describe_log(review, catalogue, version, sources, num_results), _NUM_LEVELS)
        size = _measure(text)
        if size <= _MAX_BYTES or num_results == 0:
            return text
        num_results = num_results * _MAX_BYTES // size * 9 // 10


def _measure(text: str) -> int:
    """Bytes as they are uploaded; what is small as it is needs no compressing."""
    content = text.encode()
    return len(content) if len(content) <= _MAX_BYTES else len(gzip.compress(content, mtime=0))


def describe_log(
    review: Review, catalogue: Catalogue, version: str, sources: Sources, max_results: int = _MAX_RESULTS
) -> dict[str, Any]:
    """The SARIF log with one run."""
    kept = _keep_worst(review.findings, max_results)
    thresholds = dict(review.thresholds)
    ids = sorted({finding.label for finding in kept} | thresholds.keys())
    indices = {label_id: idx for idx, label_id in enumerate(ids)}
    rules = [_describe_rule(catalogue.get_label(label_id), thresholds.get(label_id, 0.0)) for label_id in ids]
    hash_line = _hash_lines_of(sources)
    results = [
        _describe_result(finding, indices[finding.label], hash_line, is_change=bool(review.base)) for finding in kept
    ]
    run = {
        "tool": {
            "driver": {
                "name": "graph-reviewer",
                "semanticVersion": version,
                "rules": rules,
                "notifications": [_NOT_REVIEWED],
            }
        },
        "automationDetails": {"id": "graph-reviewer/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository"}}},
        "invocations": [_describe_invocation(review, len(kept))],
        "results": results,
        "properties": {"model": review.model_identity},
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _keep_worst(findings: Sequence[Finding], count: int) -> Sequence[Finding]:
    """As many as there may be, the worst and likeliest, in the order of the report."""
    kept = frozenset(one.fingerprint for one in sorted(findings, key=rank_of)[:count])
    return [one for one in findings if one.fingerprint in kept]


def _hash_lines_of(sources: Sources) -> Callable[[Anchor], str | None]:
    """GitHub's identity of a line, None where the bytes of its file cannot be told from its text."""
    known: dict[str, tuple[str, ...]] = {}

    def hash_line(place: Anchor) -> str | None:
        source = sources.get(place.path)
        if source is None or not source.is_lossless:
            return None
        if place.path not in known:
            known[place.path] = hash_lines(source.encode(source.content).decode("utf-8", "replace"))
        hashes = known[place.path]
        return hashes[place.line - 1] if place.line <= len(hashes) else None

    return hash_line


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
    page = {} if label.cwe is None else {"helpUri": f"https://cwe.mitre.org/data/definitions/{label.cwe}.html"}
    return {
        **page,
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


def _describe_result(
    finding: Finding, rule_idx: int, hash_line: Callable[[Anchor], str | None], *, is_change: bool
) -> dict[str, Any]:
    """A result. On a change it points at one line: an alert is shown only if all of its lines are in the diff."""
    is_elsewhere = finding.is_anchored_elsewhere
    is_wide = is_change and len(finding.region.lines) > 1
    result: dict[str, Any] = {
        "ruleId": finding.label,
        "ruleIndex": rule_idx,
        "level": _LEVELS[finding.severity],
        "message": _say(f"{finding.message}."),
        "locations": [_describe_anchor(finding) if is_elsewhere or is_wide else _describe_location(finding.region)],
        "partialFingerprints": {
            "primaryLocationLineHash": hash_line(finding.anchor) or f"{finding.fingerprint}:1",
            "graphReviewer/v1": finding.fingerprint,
        },
        "rank": round(100 * finding.probability, 2),
        "properties": {"category": finding.category, "probability": finding.probability, "tags": _result_tags(finding)},
    }
    if is_elsewhere or is_wide:
        result["relatedLocations"] = [{"id": 1, **_describe_location(finding.region, finding.message)}]
    if finding.steps:
        steps = (
            finding.steps if len(finding.steps) <= _MAX_STEPS else (*finding.steps[: _MAX_STEPS - 1], finding.steps[-1])
        )
        result["codeFlows"] = [{"threadFlows": [{"locations": [_describe_step(step) for step in steps]}]}]
    if finding.fix is not None:
        result["fixes"] = [_describe_fix(finding)]
    return result


def _result_tags(finding: Finding) -> list[str]:
    cwe = [f"external/cwe/cwe-{finding.cwe:02d}"] if finding.cwe is not None else []
    return [finding.category, *cwe]


def _say(text: str) -> dict[str, str]:
    """A message. Readers put it into documents that hold no control characters, such as XML."""
    return {"text": make_printable(text)}


def _describe_location(region: Region, message: str = "") -> dict[str, Any]:
    place: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _describe_artifact(region.path), "region": _describe_region(region)}
    }
    return {**place, "message": _say(message)} if message else place


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
        "description": _say(finding.fix.description or finding.remedy),
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
        text = f"{len(review.findings) - num_kept} results left out, the least severe and likely: GitHub takes no more"
        notes.append({"level": "warning", "message": {"text": text}})
    return {"executionSuccessful": not ledger.failed, "toolExecutionNotifications": notes}


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""


def _notify(path: str, level: str, text: str) -> dict[str, Any]:
    location = {"physicalLocation": {"artifactLocation": _describe_artifact(path)}}
    return {
        "descriptor": {"id": "not-reviewed", "index": 0},
        "level": level,
        "message": _say(text),
        "locations": [location],
    }
