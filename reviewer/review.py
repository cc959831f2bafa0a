"""One review: source files in, findings and a full account out. The pure decisions are in the modules it calls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reviewer.assembly import Assembler, Assembly
from reviewer.cache import Cache
from reviewer.changes import FileChange
from reviewer.comparison import Comparison
from reviewer.configuration import Configuration
from reviewer.discovery import Discovery
from reviewer.engine import Engine
from reviewer.findings import FailOn, Finding
from reviewer.fixes import Mender
from reviewer.introduction import BaseFindings, ChangeContext, Evidence, decide_introduction, describe_evidence
from reviewer.ledger import Failed, FileProblem, Ledger, Reviewed, Skip, SkipReason
from reviewer.scanning import Candidates, Chooser, Progress, Scan, Scanner, ScoredFile
from reviewer.selection import Selection, SelectionRules, Withheld, find_selected, select_findings, sort_withheld
from reviewer.source import SourceFile
from reviewer.suppression import Suppression, SuppressionNote, SuppressionProblem, find_problems

_UNREAD_WHOLE = {"too-many-nodes": SkipReason.TOO_MANY_NODES, "too-large": SkipReason.TOO_LARGE}


@dataclass(frozen=True, slots=True)
class Review:
    """The result: what to show, what not and why, and what became of every file.

    `thresholds` are those in effect at the root, for the labels selected there. `base` and `head` are empty outside
    `diff`. `warnings` are about this run (a damaged cache), not about the code, and stay out of reports.
    """

    findings: tuple[Finding, ...]
    withheld: tuple[Withheld, ...]
    notes: tuple[SuppressionNote, ...]
    ledger: Ledger
    model_identity: str
    thresholds: tuple[tuple[str, float], ...]
    base: str = ""
    head: str = ""
    warnings: tuple[str, ...] = ()

    def is_failed_by(self, fail_on: FailOn) -> bool:
        """Whether a finding is at or above a severity."""
        return any(fail_on.is_reached_by(finding.severity) for finding in self.findings)


class ReviewDesk:
    """What every kind of review shares: configuration, engine, cache and baseline."""

    def __init__(
        self,
        configuration: Configuration,
        engine: Engine,
        cache: Cache,
        progress: Progress | None = None,
        baseline: frozenset[str] = frozenset(),
    ) -> None:
        self._configuration, self._engine, self._cache, self.baseline = configuration, engine, cache, baseline
        self.scanner = Scanner(engine, cache, configuration.jobs, progress)

    def scan(self, sources: Iterable[SourceFile], choose: Chooser | None = None) -> Scan:
        """Scans for the labels that are selected anywhere."""
        label_ids = [label.id for label in self._engine.catalogue]
        selected = find_selected(self._configuration, label_ids, self._engine.thresholds)
        return self.scanner.scan(sources, choose, selected)

    def assembler_for(self, sources: Mapping[str, SourceFile]) -> Assembler:
        """Makes findings of these sources."""
        return Assembler(self._configuration, self._engine, sources)

    def mender_for(self, sources: Mapping[str, SourceFile]) -> Mender:
        """Finds fixes in these sources."""
        return Mender(self._engine, self._cache, self.scanner, sources)

    def review_files(self, discovery: Discovery) -> Review:
        """Reviews every source that was found."""
        sources = {source.path: source for source in discovery.sources}
        scan = self.scan(discovery.sources)
        assembler = self.assembler_for(sources)
        assemblies = [assembler.assemble(path, scan.files[path]) for path in sorted(scan.files)]
        rules = SelectionRules(_all_suppressions(assemblies), self.baseline)
        selection = select_findings((finding for part in assemblies for finding in part.findings), rules)
        ledger = build_ledger(scan.files, sources, discovery.skipped, (*discovery.failed, *scan.failed))
        return self._finish(selection, assemblies, scan, assembler, sources, ledger)

    def review_change(
        self,
        comparison: Comparison,
        head: Discovery,
        old_files: Iterable[SourceFile],
        *,
        heeds_own_suppressions: bool = True,
    ) -> Review:
        """Reviews what a change introduced.

        `head` holds every file of the changed side that may be linked to a changed one; `old_files` the changed files
        as the base has them, under their old names. Suppressions that the change adds may be left unheeded.
        """
        changes = {change.path: change for change in comparison.changes if change.path in comparison.changed_paths}
        sources = {source.path: source for source in head.sources}
        scan = self.scan(head.sources, lambda found: _touching(found, changes.keys()))
        assembler = self.assembler_for(sources)
        assemblies = [assembler.assemble(path, scan.files[path]) for path in sorted(scan.files)]
        findings = [finding for part in assemblies for finding in part.findings]
        old = {source.path: source for source in old_files}
        base, base_failed = self._read_base(comparison, sources, old, {finding.path for finding in findings})
        renamed_old = {path: old[change.old_path] for path, change in changes.items() if change.old_path in old}
        context = ChangeContext(changes, sources, renamed_old)
        introductions = {one.fingerprint: decide_introduction(one, context, base) for one in findings}
        budget = None if self._configuration.min_probability is not None else self._configuration.max_comments
        suppressions = _all_suppressions(assemblies)
        rules = SelectionRules(
            suppressions, self.baseline, introductions, budget, changes, heeds_own=heeds_own_suppressions
        )
        ledger = _change_ledger(changes, head, scan, base_failed, sources)
        selection = select_findings(findings, rules)
        review = self._finish(selection, assemblies, scan, assembler, sources, ledger)
        notes = _note_change(review.notes, selection.unheeded, changes)
        lost = tuple(f"{one.path}: left out as context: {one.error}" for one in scan.failed if one.path not in changes)
        return replace(
            review,
            notes=notes,
            base=comparison.base,
            head=comparison.head or comparison.head_kind.value,
            warnings=(*review.warnings, *lost),
        )

    def _read_base(
        self, comparison: Comparison, head: Mapping[str, SourceFile], old: Mapping[str, SourceFile], paths: set[str]
    ) -> tuple[BaseFindings, tuple[Failed, ...]]:
        """What the base says about these files of the head, under their new names."""
        new_name = {change.old_path: change.path for change in comparison.changes if change.old_path in old}
        unchanged = [source for path, source in head.items() if path not in comparison.changed_paths]
        sources = {source.path: source for source in (*unchanged, *old.values())}
        asked = [path for path in sources if new_name.get(path, path) in paths]
        scan = self.scan(sources.values(), lambda _: asked)
        assembler = self.assembler_for(sources)
        shown: set[str] = set()
        evidence: dict[str, set[Evidence]] = {}
        for path, file in scan.files.items():
            policy = assembler.policy_of(new_name.get(path, path))
            for finding in assembler.build_all(path, file, new_name.get(path, path)):
                evidence.setdefault(finding.fingerprint, set()).add(describe_evidence(finding))
                if policy.screen(finding.label, finding.probability, in_test=finding.in_test) is None:
                    shown.add(finding.fingerprint)
        frozen = {fingerprint: frozenset(texts) for fingerprint, texts in evidence.items()}
        failed = tuple(Failed(new_name.get(one.path, one.path), f"in the base: {one.error}") for one in scan.failed)
        return BaseFindings(frozenset(shown), frozen), failed

    def _finish(
        self,
        selection: Selection,
        assemblies: Sequence[Assembly],
        scan: Scan,
        assembler: Assembler,
        sources: Mapping[str, SourceFile],
        ledger: Ledger,
    ) -> Review:
        mender = self.mender_for(sources)
        used = selection.used.union(*(part.used for part in assemblies))
        known = [label.id for label in self._engine.catalogue]
        notes = [
            note
            for part in assemblies
            if part.suppressions
            for note in find_problems(
                part.suppressions, known, assembler.policy_of(part.suppressions[0].path).thresholds.keys(), used
            )
        ]
        self._cache.sweep()
        return Review(
            findings=mender.attach_fixes(selection.shown, scan.files),
            withheld=sort_withheld((*selection.withheld, *(one for part in assemblies for one in part.withheld))),
            notes=tuple(notes),
            ledger=ledger,
            model_identity=self._engine.model_identity,
            thresholds=tuple(sorted(assembler.policy_of("").thresholds.items())),
            warnings=tuple(self._cache.warnings),
        )


def build_ledger(
    files: Mapping[str, ScoredFile],
    sources: Mapping[str, SourceFile],
    skipped: Iterable[Skip],
    failed: Iterable[Failed],
) -> Ledger:
    """What became of every file; one that the graph model found too large counts as skipped."""
    reviewed: list[Reviewed] = []
    all_skipped = list(skipped)
    for path, file in files.items():
        whole = next((part for part in file.unread if part.kind in _UNREAD_WHOLE), None)
        if whole is not None:
            all_skipped.append(Skip(path, _UNREAD_WHOLE[whole.kind], whole.detail))
            continue
        source = sources[path]
        problems = tuple(
            FileProblem(part.kind, source.line_at(part.span.start), source.line_at(part.span.end), part.detail)
            for part in file.unread
        )
        reviewed.append(Reviewed(path, file.language, file.num_lines, problems))
    by_path = {one.path: one for one in failed}
    return Ledger(
        tuple(sorted(reviewed, key=lambda one: one.path)),
        tuple(sorted(all_skipped, key=lambda one: (one.path, one.reason.name))),
        tuple(by_path[path] for path in sorted(by_path)),
    )


def _change_ledger(
    changes: Mapping[str, FileChange],
    head: Discovery,
    scan: Scan,
    base_failed: Iterable[Failed],
    sources: Mapping[str, SourceFile],
) -> Ledger:
    """The same for a change: only files that it touches count."""
    failed = [one for one in (*head.failed, *scan.failed, *base_failed) if one.path in changes]
    lost = {one.path for one in failed}
    files = {path: file for path, file in scan.files.items() if path in changes and path not in lost}
    return build_ledger(files, sources, (skip for skip in head.skipped if skip.path in changes), failed)


def _touching(candidates: Candidates, changed: Iterable[str]) -> set[str]:
    """Changed files, and those with a candidate whose evidence runs through one."""
    paths = set(changed)
    through = {
        path
        for path, found in candidates.items()
        if any(step.path in paths for candidate in found for step in candidate.steps)
    }
    return paths | through


def _note_change(
    notes: Iterable[SuppressionNote], unheeded: Iterable[Suppression], changes: Mapping[str, FileChange]
) -> tuple[SuppressionNote, ...]:
    """What to say about suppressions on lines of the change, and about those that it may not make."""
    own = [note for note in notes if note.path in changes and changes[note.path].changes_line(note.line)]
    own += [
        SuppressionNote(one.path, one.line, SuppressionProblem.NOT_IN_FORCE, ", ".join(one.labels)) for one in unheeded
    ]
    return tuple(sorted(own, key=lambda note: (note.path, note.line, note.problem.value, note.label)))


def _all_suppressions(assemblies: Iterable[Assembly]) -> tuple[Suppression, ...]:
    return tuple(one for part in assemblies for one in part.suppressions)
