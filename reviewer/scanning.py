"""From source files to scored candidates: analysis, linking and scoring, each kept by what it depends on.

Three kinds of entries make an unchanged project cheap: the analysis of a file (by its content), the scores of a file
(by its analysis and its candidates), and the index of a whole project (by all of its contents), which leads straight to
the scores. Results do not depend on the order of files, the number of processes or the state of the cache.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from graph_model.candidates.model import Candidate
from reviewer.cache import Cache, hash_parts
from reviewer.engine import Engine, Scored
from reviewer.ledger import Failed
from reviewer.source import SourceFile, Span
from reviewer.workers import Crew, Failure, Success, choose_num_jobs

if TYPE_CHECKING:
    from graph_model.analysis import FileAnalysis

Candidates = Mapping[str, tuple[Candidate, ...]]
Chooser = Callable[[Candidates], Collection[str]]


class Progress(Protocol):
    """Is told how far a stage is."""

    def advance(self, stage: str, num_done: int, num_total: int) -> None:
        """`num_done` of `num_total` files are through this stage."""


class Silence:
    """Progress that nobody watches."""

    def advance(self, stage: str, num_done: int, num_total: int) -> None:
        """Says nothing."""


@dataclass(frozen=True, slots=True)
class UnreadPart:
    """A part of a file that could not be analysed."""

    kind: str
    span: Span
    detail: str


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """One file's facts and scored candidates; `unasked` are those whose labels nobody wants to know about."""

    language: str
    num_lines: int
    unread: tuple[UnreadPart, ...]
    scored: tuple[Scored, ...]
    unasked: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """Scored files by path, and those that failed. Every source is in one of the two, unless it was not chosen."""

    files: Mapping[str, ScoredFile]
    failed: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True)
class _ProjectIndex:
    """The keys of a project's scored files by path: what the cache keeps under all of its contents."""

    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """One file's candidates: those to score, and those whose labels were not asked for."""

    asked: tuple[Candidate, ...]
    unasked: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class KeptAnalysis:
    """What the cache keeps of one file's analysis, under `make_analysis_key`."""

    analysis: "FileAnalysis"


def make_analysis_key(engine: Engine, source: SourceFile) -> str:
    """Changes with everything that a file's analysis depends on."""
    return hash_parts("analysis", engine.analysis_identity, source.path, source.content)


class Scanner:
    """Scans sets of source files with one engine; keeps analyses for the next set (the base of a change)."""

    def __init__(self, engine: Engine, cache: Cache, num_jobs: int = 0, progress: Progress | None = None) -> None:
        self._engine, self._cache, self._num_jobs = engine, cache, num_jobs
        self._progress: Progress = progress or Silence()
        self._analyses: dict[str, FileAnalysis] = {}

    def scan(
        self, sources: Iterable[SourceFile], choose: Chooser | None = None, labels: Collection[str] | None = None
    ) -> Scan:
        """Analyses and links every source; scores all of them, or those that `choose` picks by their candidates.

        Only candidates with one of the `labels` are scored, None: all.
        """
        ordered = sorted(sources, key=lambda source: source.path)
        keys = {source.path: make_analysis_key(self._engine, source) for source in ordered}
        parts = [part for item in keys.items() for part in item]
        project_key = hash_parts("project", self._engine.model_identity, repr(labels and sorted(labels)), *parts)
        known = self._load_project(project_key) if choose is None else None
        if known is not None and known.keys() == keys.keys():
            return Scan(known)
        num_bytes = sum(len(source.content) for source in ordered)
        with Crew(self._engine, choose_num_jobs(self._num_jobs, len(ordered), num_bytes)) as crew:
            analyses, failed = self._analyse(ordered, keys, crew)
            candidates = self._engine.link(analyses.values())
            chosen = set(analyses if choose is None else choose(candidates))
            wanted = sorted(chosen & analyses.keys())
            questions = {path: _ask(candidates[path], labels) for path in wanted}
            score_keys = {path: self._score_key(keys[path], questions[path]) for path in wanted}
            files, unscored = self._score(analyses, questions, score_keys, crew)
        if choose is None and not failed and not unscored:
            self._cache.store(project_key, _ProjectIndex(tuple(score_keys.items())))
        return Scan(files, tuple(sorted((*failed, *unscored))))

    def analysis_of(self, source: SourceFile) -> "FileAnalysis | None":
        """The analysis of a source, kept, cached or made now; None when it fails."""
        keys = {source.path: make_analysis_key(self._engine, source)}
        analyses, _ = self._analyse([source], keys, Crew(self._engine))
        return analyses.get(source.path)

    def _score_key(self, analysis_key: str, question: _Question) -> str:
        return hash_parts("scores", self._engine.model_identity, analysis_key, repr(question))

    def _load_project(self, key: str) -> dict[str, ScoredFile] | None:
        index = self._cache.load(key, _ProjectIndex)
        if not isinstance(index, _ProjectIndex):
            return None
        files: dict[str, ScoredFile] = {}
        for path, score_key in index.keys:
            found = self._cache.load(score_key, ScoredFile)
            if not isinstance(found, ScoredFile):
                return None
            files[path] = found
        return files

    def _analyse(
        self, sources: Sequence[SourceFile], keys: Mapping[str, str], crew: Crew
    ) -> "tuple[dict[str, FileAnalysis], list[Failed]]":
        missing = [source for source in sources if not self._recall(keys[source.path])]
        failed = []
        for done, (idx, outcome) in enumerate(crew.run(analyse_source, missing), start=1):
            path = missing[idx].path
            if isinstance(outcome, Failure):
                failed.append(Failed(path, outcome.error))
            else:
                self._analyses[keys[path]] = outcome.value
                self._cache.store(keys[path], KeptAnalysis(outcome.value))
            self._progress.advance("reading", done, len(missing))
        found = {source.path: self._analyses.get(keys[source.path]) for source in sources}
        return {path: analysis for path, analysis in found.items() if analysis is not None}, failed

    def _recall(self, key: str) -> bool:
        """Whether an analysis is at hand, taken from the cache if need be."""
        if key not in self._analyses:
            found = self._cache.load(key, KeptAnalysis)
            if not isinstance(found, KeptAnalysis):
                return False
            self._analyses[key] = found.analysis
        return True

    def _score(
        self,
        analyses: "Mapping[str, FileAnalysis]",
        questions: Mapping[str, _Question],
        keys: Mapping[str, str],
        crew: Crew,
    ) -> tuple[dict[str, ScoredFile], list[Failed]]:
        files: dict[str, ScoredFile] = {}
        failed: list[Failed] = []
        for path, key in keys.items():
            found = self._cache.load(key, ScoredFile)
            if isinstance(found, ScoredFile):
                files[path] = found
        missing = [path for path in keys if path not in files]
        for done, (path, outcome) in enumerate(self._run_scores(analyses, questions, missing, crew), start=1):
            if isinstance(outcome, Failure):
                failed.append(Failed(path, outcome.error))
            else:
                files[path] = _describe(analyses[path], outcome.value, questions[path].unasked)
                self._cache.store(keys[path], files[path])
            self._progress.advance("judging", done, len(missing))
        return {path: files[path] for path in sorted(files)}, failed

    def _run_scores(
        self,
        analyses: "Mapping[str, FileAnalysis]",
        questions: Mapping[str, _Question],
        paths: Sequence[str],
        crew: Crew,
    ) -> Iterator[tuple[str, Success[tuple[Scored, ...]] | Failure]]:
        """Outcomes by path; a file without candidates to score needs no model."""
        asked = [path for path in paths if questions[path].asked]
        for path in paths:
            if not questions[path].asked:
                yield path, Success(())
        for idx, outcome in crew.run(score_candidates, [(analyses[path], questions[path].asked) for path in asked]):
            yield asked[idx], outcome


def analyse_source(engine: Engine, source: SourceFile) -> "FileAnalysis":
    """The step that analyses one file."""
    return engine.analyse(source)


def score_candidates(engine: Engine, task: "tuple[FileAnalysis, tuple[Candidate, ...]]") -> tuple[Scored, ...]:
    """The step that scores one file's candidates."""
    return engine.score(*task)


def score_file(
    engine: Engine, analysis: "FileAnalysis", candidates: Sequence[Candidate], labels: Collection[str] | None
) -> ScoredFile:
    """One file scored here and now, as a scan does it."""
    question = _ask(candidates, labels)
    return _describe(analysis, engine.score(analysis, question.asked) if question.asked else (), question.unasked)


def _ask(candidates: Sequence[Candidate], labels: Collection[str] | None) -> _Question:
    asked = tuple(one for one in candidates if labels is None or one.label in labels)
    return _Question(asked, tuple(one for one in candidates if labels is not None and one.label not in labels))


def _describe(analysis: "FileAnalysis", scored: tuple[Scored, ...], unasked: tuple[Candidate, ...]) -> ScoredFile:
    unread = tuple(UnreadPart(part.kind, Span(part.start, part.end), part.detail) for part in analysis.problems)
    return ScoredFile(analysis.language, analysis.num_lines, unread, scored, unasked)
