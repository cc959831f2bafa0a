"""A folder under review over time: what changes is analysed and linked again, the rest is kept.

An editor asks file by file. The answer for one file is what a review of the whole folder says about it: the same
analyses, linked with the same others, scored, assembled and selected by the same functions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from graph_model.candidates.model import Candidate
from reviewer.assembly import Assembler
from reviewer.cache import Cache
from reviewer.configuration import Configuration
from reviewer.engine import Engine, LiveAnalysis
from reviewer.findings import Finding
from reviewer.fixes import Mender
from reviewer.ledger import Failed
from reviewer.mending import MendedFile, mend_files
from reviewer.scanning import KeptAnalysis, ScoredFile, make_analysis_key, score_file
from reviewer.selection import SelectionRules, find_selected, select_findings
from reviewer.source import SourceFile, Span
from reviewer.suppression import SuppressionNote, find_problems
from reviewer.workers import Failure, Success, perform

if TYPE_CHECKING:
    from graph_model.analysis import FileAnalysis


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a review says about one file; `failed` when it could not be analysed or scored."""

    path: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[SuppressionNote, ...] = ()
    file: ScoredFile | None = None
    failed: Failed | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    """A verdict with everything that it depends on."""

    analysis: "FileAnalysis"
    candidates: tuple[Candidate, ...]
    sources: tuple[SourceFile, ...]  # of every file that the candidates name
    verdict: Verdict

    def holds(
        self, analysis: "FileAnalysis", candidates: tuple[Candidate, ...], sources: Mapping[str, SourceFile]
    ) -> bool:
        return (
            self.analysis is analysis
            and self.candidates == candidates
            and all(sources.get(one.path) is one for one in self.sources)
        )


@dataclass(frozen=True, slots=True)
class RankedFunction:
    """A function with the highest probability of its candidates, shown or not."""

    name: str
    span: Span
    probability: float


class Tracker:
    """Keeps the sources of a folder with their analyses. A source that was put is analysed when it is read."""

    def __init__(
        self, configuration: Configuration, engine: Engine, cache: Cache, baseline: frozenset[str] = frozenset()
    ) -> None:
        self._engine, self._cache, self._baseline = engine, cache, baseline
        self._label_ids = tuple(label.id for label in engine.catalogue)
        self._labels = find_selected(configuration, self._label_ids, engine.thresholds)
        self.sources: dict[str, SourceFile] = {}
        self._analyses: dict[str, FileAnalysis] = {}
        self._failed: dict[str, Failed] = {}
        self._linker = engine.open_linker()
        self._live: dict[str, LiveAnalysis] = {}
        self._judged: dict[str, _Judged] = {}
        self._assembler = Assembler(configuration, engine, self.sources)

    def put(self, source: SourceFile) -> bool:
        """Takes a source in, in place of what its path had; False when that was the same."""
        if self.sources.get(source.path) == source:
            return False
        self.sources[source.path] = source
        self._analyses.pop(source.path, None)  # the linker has the old one until the new one takes its place
        self._failed.pop(source.path, None)
        return True

    def remove(self, path: str) -> None:
        """Forgets a file."""
        self.sources.pop(path, None)
        self._live.pop(path, None)
        self._judged.pop(path, None)
        self._failed.pop(path, None)
        self._analyses.pop(path, None)
        self._linker.remove(path)

    def find_unread(self) -> tuple[str, ...]:
        """Paths that wait for their analysis, sorted."""
        return tuple(sorted(self.sources.keys() - self._analyses.keys() - self._failed.keys()))

    def read(self, path: str, *, is_passing: bool = False) -> None:
        """Analyses a file, unless that was done.

        What is passing, as between two keystrokes, is not kept on disk; what an edit left alone is not looked at again.
        """
        if path in self._analyses or path in self._failed:
            return
        if is_passing:
            live = self._live.setdefault(path, self._engine.follow())
            self._take_outcome(path, perform(partial(_analyse_live, live), self._engine, self.sources[path]))
            return
        self._live.pop(path, None)
        source = self.sources[path]
        key = make_analysis_key(self._engine, source)
        kept = self._cache.load(key, KeptAnalysis)
        if isinstance(kept, KeptAnalysis):
            self._take(path, kept.analysis)
        elif self._take_outcome(path, perform(_analyse, self._engine, source)):
            self._cache.store(key, KeptAnalysis(self._analyses[path]))

    def _take_outcome(self, path: str, outcome: "Success[FileAnalysis] | Failure") -> bool:
        """Keeps an analysis, or that there is none; False for the latter."""
        if isinstance(outcome, Failure):
            self._failed[path] = Failed(path, outcome.error)
            self._live.pop(path, None)
            self._linker.remove(path)
            return False
        self._take(path, outcome.value)
        return True

    def _take(self, path: str, analysis: "FileAnalysis") -> None:
        self._analyses[path] = analysis
        self._linker.put(analysis)

    def analysis_of(self, source: SourceFile) -> "FileAnalysis | None":
        """The analysis of a source of the folder, as fixes ask for it; None when it failed."""
        self.read(source.path)
        return self._analyses.get(source.path)

    def judge(self, path: str, *, is_alone: bool = False) -> Verdict:
        """What a review says about a file that was read; linked with every file that was, or with none."""
        analysis = self._analyses.get(path)
        if analysis is None:
            return Verdict(path, failed=self._failed[path])
        candidates = self._engine.link([analysis])[path] if is_alone else self._linker.find_candidates(path)
        kept = self._judged.get(path)
        if kept is not None and kept.holds(analysis, candidates, self.sources):
            return kept.verdict
        outcome = perform(_score, self._engine, (analysis, candidates, self._labels))
        if isinstance(outcome, Failure):
            return Verdict(path, failed=Failed(path, outcome.error))
        verdict = self._select(path, outcome.value)
        named = {path, *(step.path for candidate in candidates for step in candidate.steps)}
        self._judged[path] = _Judged(analysis, candidates, tuple(self.sources[one] for one in sorted(named)), verdict)
        return verdict

    def _select(self, path: str, file: ScoredFile) -> Verdict:
        assembly = self._assembler.assemble(path, file)
        selection = select_findings(assembly.findings, SelectionRules(assembly.suppressions, self._baseline))
        checked = self._assembler.policy_of(path).thresholds.keys()
        used = selection.used | assembly.used
        notes = find_problems(assembly.suppressions, self._label_ids, checked, used) if assembly.suppressions else ()
        return Verdict(path, selection.shown, notes, file)

    def threshold_of(self, finding: Finding) -> float | None:
        """From which probability a finding's label is shown where it is; None: not selected."""
        return self._assembler.policy_of(finding.path).thresholds.get(finding.label)

    def rank_functions(self, path: str, file: ScoredFile) -> tuple[RankedFunction, ...]:
        """The functions of a file that have selected candidates, in source order."""
        best: dict[int, float] = {}
        for one in file.scored:
            best[one.candidate.unit] = max(best.get(one.candidate.unit, 0.0), one.probability)
        units = self._analyses[path].units
        ranked = [
            RankedFunction(units[idx].qualname, Span(units[idx].start, units[idx].end), probability)
            for idx, probability in best.items()
            if units[idx].is_function
        ]
        return tuple(sorted(ranked, key=lambda one: one.span))

    def attach_fixes(self, findings: Iterable[Finding], file: ScoredFile) -> tuple[Finding, ...]:
        """The same findings of one file, each with its fix where there is one that holds."""
        wanted = tuple(findings)
        return self._open_mender().attach_fixes(wanted, dict.fromkeys({one.path for one in wanted}, file))

    def mend(self, findings: Iterable[Finding], file: ScoredFile) -> MendedFile | None:
        """One file with the fixes of these findings, as many as hold together; None when there are none."""
        wanted = tuple(findings)
        files = dict.fromkeys({one.path for one in wanted}, file)
        return next(iter(mend_files(wanted, self.sources, files, self._open_mender())), None)

    def _open_mender(self) -> Mender:
        return Mender(self._engine, self._cache, self, self.sources)


def _analyse(engine: Engine, source: SourceFile) -> "FileAnalysis":
    return engine.analyse(source)


def _analyse_live(live: LiveAnalysis, _: Engine, source: SourceFile) -> "FileAnalysis":
    return live.analyse(source)


def _score(engine: Engine, task: "tuple[FileAnalysis, tuple[Candidate, ...], frozenset[str]]") -> ScoredFile:
    return score_file(engine, *task)
