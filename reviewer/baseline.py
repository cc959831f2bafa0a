"""Baselines: earlier JSON reports whose findings are not shown again."""

import json
from pathlib import Path

from reviewer.errors import RequestError


def read_baseline(file: Path) -> frozenset[str]:
    """The identities of the findings in a JSON report; raises RequestError when it is none."""
    try:
        report = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise RequestError(f"{file}: expected a JSON report, found {error}") from error
    findings = report.get("findings") if isinstance(report, dict) else None
    if not isinstance(findings, list):
        raise RequestError(f"{file}: findings: expected a list, found {findings!r}")
    named = [one.get("fingerprint") for one in findings if isinstance(one, dict)]
    identities = [one for one in named if isinstance(one, str)]
    if len(identities) < len(findings):
        raise RequestError(f"{file}: findings: expected a fingerprint in each")
    return frozenset(identities)
