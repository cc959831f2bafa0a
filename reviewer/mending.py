"""Puts the verified fixes of a review together, file by file. What cannot be verified together is not applied."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewer.findings import Finding, order_of
from reviewer.fixes import Mender, apply_edits, find_scored, list_edits
from reviewer.scanning import ScoredFile
from reviewer.source import SourceFile

if TYPE_CHECKING:
    from graph_model.edits import Edit


@dataclass(frozen=True, slots=True)
class MendedFile:
    """A file's new content, and which findings it mends."""

    source: SourceFile
    content: bytes
    findings: tuple[Finding, ...]


def mend_files(
    findings: Iterable[Finding], sources: Mapping[str, SourceFile], files: Mapping[str, ScoredFile], mender: Mender
) -> tuple[MendedFile, ...]:
    """Every file that fixes change, by path."""
    by_path: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=order_of):
        if finding.fix is not None:
            by_path.setdefault(finding.path, []).append(finding)
    return tuple(_mend_file(sources[path], files[path], fixable, mender) for path, fixable in sorted(by_path.items()))


def _mend_file(source: SourceFile, file: ScoredFile, fixable: Sequence[Finding], mender: Mender) -> MendedFile:
    """All fixes that do not overlap, if they hold together; else the first alone, which was verified."""
    chosen: list[Finding] = []
    edits: list[Edit] = []
    for finding in fixable:
        new = [edit for edit in _edits_of(finding) if edit not in edits]
        if not any(_is_overlapping(edit, other) for edit in new for other in edits):
            chosen.append(finding)
            edits += new
    candidates = [find_scored(finding, file).candidate for finding in chosen]
    if len(chosen) > 1 and mender.measure(source, edits, candidates) is None:
        chosen, edits = chosen[:1], _edits_of(chosen[0])
    return MendedFile(source, apply_edits(source.content, edits), tuple(chosen))


def _edits_of(finding: Finding) -> "list[Edit]":
    assert finding.fix is not None, "only findings with a fix come here"
    return list_edits(finding.fix)


def _is_overlapping(first: "Edit", second: "Edit") -> bool:
    """Whether two edits share a byte, or insert at one place."""
    return (first.start < second.end and second.start < first.end) or (first.start == second.start)
