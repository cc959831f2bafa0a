"""Baselines: committed files of known findings, which are counted and not shown again. Entries are told by fingerprint.

A fingerprint says which of equal findings it is, so that a further one in the same function is new. What else stands in
an entry is for people. A JSON report of an earlier review serves as a baseline too, but is never written.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # a JSON document

from reviewer.errors import RequestError
from reviewer.findings import Finding
from reviewer.plain_files import MAX_REPORT_BYTES, Reader, read_plain_file

DEFAULT_FILE = ".reviewer-baseline.json"
SCHEMA = "graph-reviewer/baseline"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, order=True)
class KnownFinding:
    """One entry. The line is where the finding was when the file was written."""

    path: str
    label: str
    fingerprint: str
    line: int


@dataclass(frozen=True, slots=True)
class Update:
    """The entries that a file should have, and in what they differ from those that it has; moved lines do not count."""

    entries: tuple[KnownFinding, ...]
    added: tuple[KnownFinding, ...] = ()
    gone: tuple[KnownFinding, ...] = ()


def list_known(findings: Iterable[Finding]) -> tuple[KnownFinding, ...]:
    """The entries of findings, sorted so that moved lines change no order."""
    return tuple(sorted(KnownFinding(one.path, one.label, one.fingerprint, one.region.start.line) for one in findings))


def update_baseline(
    known: Iterable[KnownFinding],
    found: Iterable[KnownFinding],
    is_judged: Callable[[KnownFinding], bool],
    *,
    adds: bool = True,
) -> Update:
    """Known findings brought up to date by those that were found now.

    An entry goes only if it `is_judged`: its file was asked for, and read in full. `adds`: whether new ones are taken.
    """
    before = {one.fingerprint: one for one in known}
    now = {one.fingerprint: one for one in found}
    gone = {name for name, one in before.items() if name not in now and is_judged(one)}
    added = {name for name in now if name not in before}
    kept = [now.get(name, one) for name, one in before.items() if name not in gone]
    entries = [*kept, *(now[name] for name in added)] if adds else kept
    return Update(
        tuple(sorted(entries)),
        tuple(sorted(now[name] for name in added)),
        tuple(sorted(before[name] for name in gone)),
    )


def render_baseline(entries: Iterable[KnownFinding]) -> str:
    """The file: one line a finding, so that a difference reads as one."""
    lines = [
        json.dumps({"fingerprint": one.fingerprint, "label": one.label, "path": one.path, "line": one.line})
        for one in entries
    ]
    listed = ",\n".join(f"    {line}" for line in lines)
    findings = f"[\n{listed}\n  ]" if lines else "[]"
    return f'{{\n  "schema": "{SCHEMA}",\n  "schema_version": {SCHEMA_VERSION},\n  "findings": {findings}\n}}\n'


def parse_entries(content: bytes, name: str) -> tuple[KnownFinding, ...]:
    """The entries of a baseline that `render_baseline` wrote; raises RequestError for anything else."""
    document = _parse_document(content, name)
    if document.get("schema") != SCHEMA or document.get("schema_version") != SCHEMA_VERSION:
        found = f"{document.get('schema')!r}, {document.get('schema_version')!r}"
        raise RequestError(f"{name}: schema: expected {SCHEMA} {SCHEMA_VERSION}, found {found}")
    entries = []
    for idx, one in enumerate(document["findings"]):
        values = tuple(one.get(field) for field in ("path", "label", "fingerprint", "line"))
        if tuple(map(type, values)) != (str, str, str, int):
            raise RequestError(f"{name}: findings[{idx}]: expected fingerprint, label, path and line, found {one!r}")
        entries.append(KnownFinding(*values))
    return tuple(sorted(entries))


def parse_baseline(content: bytes, name: str) -> frozenset[str]:
    """The fingerprints in a baseline or a JSON report; raises RequestError when it is neither."""
    return frozenset(one["fingerprint"] for one in _parse_document(content, name)["findings"])


def read_baseline(file: Path, read: Reader = read_plain_file) -> frozenset[str]:
    """The same of a file."""
    try:
        content = read(file, MAX_REPORT_BYTES)
    except OSError as error:
        raise RequestError(f"{file}: expected a baseline, found {error}") from error
    return parse_baseline(content, str(file))


def _parse_document(content: bytes, name: str) -> dict[str, Any]:
    """A JSON object whose findings have fingerprints."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{name}: expected a baseline or a JSON report, found {error}") from error
    findings = document.get("findings") if isinstance(document, dict) else None
    if not isinstance(findings, list):
        raise RequestError(f"{name}: findings: expected a list, found {findings!r}")
    for idx, one in enumerate(findings):
        if not isinstance(one, dict) or not isinstance(one.get("fingerprint"), str):
            raise RequestError(f"{name}: findings[{idx}]: expected a fingerprint, found {one!r}")
    assert isinstance(document, dict), "it has findings"
    return document
