"""Fixes that may be offered: each is applied to a copy, parsed and scored again, and kept if the finding is gone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from graph_model.candidates.model import Candidate
from reviewer.cache import Cache, hash_parts
from reviewer.engine import Engine, Scored
from reviewer.findings import Finding, Fix, TextEdit, make_region
from reviewer.scanning import ScoredFile
from reviewer.selection import FALLBACK_THRESHOLD
from reviewer.source import SourceFile
from reviewer.workers import Failure, perform

if TYPE_CHECKING:
    from graph_model.analysis import FileAnalysis
    from graph_model.edits import Edit

_Rescored = tuple[tuple[Scored, ...], int]  # scored candidates, and how many parts could not be read


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the cache keeps: the fix, or that there is none."""

    fix: Fix | None


def apply_edits(content: bytes, edits: "Iterable[Edit]") -> bytes:
    """The content with edits made; raises EditError when two overlap or one lies outside."""
    from graph_model import edits as editing  # noqa: PLC0415  # its templates load the grammars, which few reviews need

    return editing.apply_edits(content, edits)


def list_edits(fix: Fix) -> "list[Edit]":
    """A fix's edits as bytes."""
    from graph_model.edits import Edit  # noqa: PLC0415  # as above

    return [Edit(edit.region.span.start, edit.region.span.end, edit.replacement.encode()) for edit in fix.edits]


class Analyses(Protocol):
    """Gives the analyses of files that a fix is linked with."""

    def analysis_of(self, source: SourceFile) -> "FileAnalysis | None":
        """The analysis of a source; None when it fails."""


class Mender:
    """Finds verified fixes for findings of one scan."""

    def __init__(self, engine: Engine, cache: Cache, analyses: Analyses, sources: Mapping[str, SourceFile]) -> None:
        self._engine, self._cache, self._analyses, self._sources = engine, cache, analyses, sources
        self._last: tuple[tuple[str, tuple[str, ...]], _Rescored] | None = None

    def attach_fixes(
        self, findings: Iterable[Finding], files: Mapping[str, ScoredFile], *, likely_only: bool = True
    ) -> tuple[Finding, ...]:
        """The same findings, each with its fix where there is one that holds.

        `likely_only` tries none for what the model itself would not show: each try costs an analysis of the file.
        """
        return tuple(
            finding
            if likely_only and not self._is_shown(finding.label, finding.probability)
            else self._attach(finding, files[finding.path])
            for finding in findings
        )

    def _attach(self, finding: Finding, file: ScoredFile) -> Finding:
        scored = find_scored(finding, file)
        source = self._sources[finding.path]
        involved = [self._sources[path].content for path in sorted({step.path for step in scored.candidate.steps})]
        key = hash_parts("fix", self._engine.model_identity, source.content, repr(scored), *involved)
        kept = self._cache.load(key, _Verdict)
        if not isinstance(kept, _Verdict):
            outcome = perform(self._try_fix, self._engine, (scored, source))
            kept = _Verdict(None if isinstance(outcome, Failure) else outcome.value)
            self._cache.store(key, kept)
        return replace(finding, fix=kept.fix)

    def _try_fix(self, engine: Engine, task: tuple[Scored, SourceFile]) -> Fix | None:
        scored, source = task
        proposed = engine.propose_fix(scored.candidate, source)
        if proposed is None or not source.is_lossless:
            return None
        edits = tuple(_fit_line_endings(edit, source) for edit in proposed.edits)
        probability = self.measure(source, edits, [scored.candidate])
        if probability is None or probability >= scored.probability:
            return None
        kind = proposed.kind
        text_edits = tuple(_as_text(edit, source) for edit in edits)
        return Fix(text_edits, probability, kind.name, kind.description, kind.safety.value == "safe")

    def measure(self, source: SourceFile, edits: "Sequence[Edit]", candidates: Sequence[Candidate]) -> float | None:
        """The highest probability left of these candidates' labels where they were, once the edits are made.

        None when the edited file does not parse as well as before, still shows one of them, or shows anything new.
        """
        mended = replace(source, content=apply_edits(source.content, edits))
        involved = {step.path for candidate in candidates for step in candidate.steps} - {source.path}
        others = [self._sources[path] for path in sorted(involved)]
        before, num_broken_before = self._rescore_once(source, others)
        after, num_broken_after = self._rescore(mended, others)
        anchors = {(candidate.label, candidate.start, candidate.end) for candidate in candidates}
        targets = [one for one in before if _anchor_of(one) in anchors]
        num_allowed = self._num_shown(before) - self._num_shown(targets)
        if not targets or num_broken_after > num_broken_before or self._num_shown(after) > num_allowed:
            return None
        labels = {candidate.label for candidate in candidates}
        old_places = [(candidate.statement_start, candidate.statement_end) for candidate in candidates]
        neighbours = [one for one in _find_at(before, labels, old_places) if _anchor_of(one) not in anchors]
        left = _find_at(after, labels, [_place_after(candidate, edits) for candidate in candidates])
        if len(left) <= len(neighbours):  # what is left are the others that the same statements hold
            return 0.0
        return max(one.probability for one in left)

    def _rescore_once(self, source: SourceFile, others: Sequence[SourceFile]) -> _Rescored:
        """The file as it is; findings come file by file, so that the last answer is kept."""
        key = (source.path, tuple(other.path for other in others))
        if self._last is None or self._last[0] != key:
            self._last = (key, self._rescore(source, others))
        return self._last[1]

    def _rescore(self, source: SourceFile, others: Sequence[SourceFile]) -> _Rescored:
        analysis = self._engine.analyse(source)
        context = [kept for kept in map(self._analyses.analysis_of, others) if kept is not None]
        candidates = self._engine.link([analysis, *context])[source.path]
        return self._engine.score(analysis, candidates) if candidates else (), len(analysis.problems)

    def _num_shown(self, scored: Iterable[Scored]) -> int:
        """How many candidates reach the model's own threshold, whatever is selected."""
        return sum(self._is_shown(one.candidate.label, one.probability) for one in scored)

    def _is_shown(self, label: str, probability: float) -> bool:
        return probability >= self._engine.thresholds.get(label, FALLBACK_THRESHOLD)


def find_scored(finding: Finding, file: ScoredFile) -> Scored:
    """The scored candidate that a finding was made of."""
    steps = tuple((step.region.path, step.region.span.start, step.region.span.end) for step in finding.steps)
    return next(
        one
        for one in file.scored
        if one.candidate.label == finding.label
        and (one.candidate.start, one.candidate.end) == (finding.region.span.start, finding.region.span.end)
        and tuple((step.path, step.start, step.end) for step in one.candidate.steps) == steps
    )


def _find_at(scored: Iterable[Scored], labels: Collection[str], places: Sequence[tuple[int, int]]) -> list[Scored]:
    """Those with one of the labels whose statement meets one of the ranges."""
    return [
        one
        for one in scored
        if one.candidate.label in labels
        and any(one.candidate.statement_start < end and start < one.candidate.statement_end for start, end in places)
    ]


def _anchor_of(scored: Scored) -> tuple[str, int, int]:
    return (scored.candidate.label, scored.candidate.start, scored.candidate.end)


def _place_after(candidate: Candidate, edits: "Sequence[Edit]") -> tuple[int, int]:
    """Where the candidate's statement lies once the edits are made, with room for what replaces it."""
    start, end = candidate.statement_start, candidate.statement_end
    before = sum(_growth(edit) for edit in edits if edit.end <= start)
    inside = sum(max(_growth(edit), 0) for edit in edits if start < edit.end and edit.start < end)
    return start + before, end + before + inside


def _growth(edit: "Edit") -> int:
    return len(edit.replacement) - (edit.end - edit.start)


def _fit_line_endings(edit: "Edit", source: SourceFile) -> "Edit":
    """New lines end as the file's own do."""
    text = edit.replacement
    if source.has_crlf:
        text = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return replace(edit, replacement=text)


def _as_text(edit: "Edit", source: SourceFile) -> TextEdit:
    return TextEdit(make_region(source, edit.start, edit.end), edit.replacement.decode("utf-8", "replace"))
