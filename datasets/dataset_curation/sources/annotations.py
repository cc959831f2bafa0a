"""What a team has written into its tree about findings, as verdicts on candidates: suppressions and the baseline.

A suppression with a reason says that its finding is not to be shown: harmless, at half weight, unless the reason speaks
of a risk that is taken, which says nothing of harm. A baseline says that a finding was there and nobody minded yet:
harmless, at a quarter.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dataset_curation.clones import Clone, find_clone
from dataset_curation.manifests import Entry
from dataset_curation.records import FunctionRecord, load_records
from dataset_curation.selection import Tally
from dataset_curation.triage.verdicts import TriageRow, Verdict, write_rows
from graph_model.candidates.model import Candidate
from reviewer.baseline import DEFAULT_FILE, parse_baseline
from reviewer.errors import RequestError
from reviewer.fingerprint import compute_fingerprints
from reviewer.outline import find_comments
from reviewer.source import SourceFile
from reviewer.suppression import MARKER, Suppression, parse_suppressions

SUPPRESSION, BASELINE = "suppression", "baseline"
WEIGHTS: Mapping[str, float] = {SUPPRESSION: 0.5, BASELINE: 0.25}
"""What a verdict of these readers weighs; that of a person who read weighs 1."""

_TAKEN = re.compile(r"\b(?:accept\w*|risk\w*|known|todo|fixme|later|legacy|temporar\w*|for now|ticket)\b", re.I)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A candidate with its place for a reader."""

    candidate: Candidate
    line: int
    column: int


def read_annotations(entry: Entry, clones: Path, harvest: Path, tally: Tally) -> Iterator[TriageRow]:
    """The verdicts that the tree of a harvested repository holds, by path. `harvest` is its records file."""
    clone = find_clone(clones, entry.repository)
    by_path = _place(load_records(harvest))
    baseline = _read_baseline(clone, entry, tally)
    blobs = {one.path: one.blob for one in clone.list_files(entry.commit) if one.path in by_path}
    for path, (_, raw) in zip(blobs, clone.read_blobs(blobs.values()), strict=True):
        if raw is None or (MARKER not in raw and not baseline):
            continue
        source = SourceFile.from_bytes(path, raw)
        found = _from_suppressions(source, by_path[path], tally) | _from_baseline(source, by_path[path], baseline)
        for placed, (reader, verdict, reason) in sorted(found.items(), key=lambda one: (one[0].line, one[0].column)):
            tally.keep(f"{reader}s")
            yield TriageRow(
                entry.repository, entry.commit, path, placed.line, placed.column, placed.candidate.label,
                verdict.value, reason, reader,
            )  # fmt: skip


def _place(records: Iterable[FunctionRecord]) -> dict[str, list[_Placed]]:
    by_path: dict[str, list[_Placed]] = {}
    for record in records:
        for candidate, line, column in zip(record.candidates, record.lines, record.columns, strict=True):
            by_path.setdefault(candidate.path, []).append(_Placed(candidate, line, column))
    return by_path


def _read_baseline(clone: Clone, entry: Entry, tally: Tally) -> frozenset[str]:
    raw = clone.read_file(entry.commit, DEFAULT_FILE)
    try:
        return parse_baseline(raw, DEFAULT_FILE) if raw is not None else frozenset()
    except RequestError:
        tally.drop("baselines", "damaged-baseline")
        return frozenset()


_Said = dict[_Placed, tuple[str, Verdict, str]]


def _from_suppressions(source: SourceFile, candidates: Iterable[_Placed], tally: Tally) -> _Said:
    listed = parse_suppressions(source, find_comments(source)) if MARKER in source.content else ()
    said: _Said = {}
    for placed in candidates:
        first = source.line_at(placed.candidate.statement_start)
        lines = range(first, source.line_at(max(first, placed.candidate.statement_end - 1)) + 1)
        one = next((one for one in listed if one.covers(placed.candidate.label, lines)), None)
        if one is not None:
            said[placed] = _read_suppression(one, tally)
    return said


def _read_suppression(one: Suppression, tally: Tally) -> tuple[str, Verdict, str]:
    if _TAKEN.search(one.reason):
        tally.drop("suppressions", "risk-taken")
        return SUPPRESSION, Verdict.UNDECIDABLE, "suppressed as a risk that is taken"
    return SUPPRESSION, Verdict.HARMLESS, "suppressed with a reason"


def _from_baseline(source: SourceFile, candidates: Iterable[_Placed], baseline: frozenset[str]) -> _Said:
    listed = list(candidates)
    prints = compute_fingerprints([one.candidate for one in listed], source) if baseline else ()
    known = [one for one, fingerprint in zip(listed, prints, strict=bool(baseline)) if fingerprint in baseline]
    return dict.fromkeys(known, (BASELINE, Verdict.HARMLESS, "in the baseline"))


def write_annotations(rows: Iterable[TriageRow], path: Path) -> int:
    """Writes the verdicts of one repository, replacing older ones; returns their number."""
    path.unlink(missing_ok=True)
    return write_rows(path, rows)
