"""From selected files to records: analyse each, link them, and keep the units that have candidates."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dataset_curation.errors import CurationError
from dataset_curation.filters.duplicates import sign_text
from dataset_curation.records import UNJUDGED, FunctionRecord
from dataset_curation.sampling import choose_names
from dataset_curation.selection import Tally
from graph_model.analysis import FileAnalysis, analyse_file
from graph_model.candidates.model import Candidate
from graph_model.languages import BY_NAME, Language
from graph_model.linking import link_files
from reviewer.source import SourceFile, Span

# The engine promises not to raise; until that is proven on any file, one must not cost the corpus.
_ENGINE_ERRORS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, AssertionError)
_log = logging.getLogger(__name__)
_MIN_LINES, _MAX_LINES = 3, 200
_MIN_STATEMENTS = 4  # entry and exit are two of them


@dataclass(frozen=True, slots=True)
class Project:
    """Analysed files that were linked together, by path."""

    sources: Mapping[str, SourceFile]
    analyses: Mapping[str, FileAnalysis]
    candidates: Mapping[str, tuple[Candidate, ...]]


def analyse_project(
    files: Iterable[tuple[SourceFile, Language]], tally: Tally, *, every_graph: bool = False
) -> Project:
    """Analyses and links files. One that the engine fails on is dropped, logged and counted; syntax errors are kept.

    `every_graph`: with the graphs of functions that nothing is found in. Raises CurationError when linking fails.
    """
    sources: dict[str, SourceFile] = {}
    analyses: dict[str, FileAnalysis] = {}
    for source, language in files:
        try:
            analysis = analyse_file(source.path, source.content, language, every_graph=every_graph)
        except _ENGINE_ERRORS:
            _log.exception("analysis failed: %s", source.path)
            tally.drop("analysis", "engine-error")
            continue
        if not analysis.units:
            tally.drop("analysis", analysis.problems[0].kind if analysis.problems else "no-units")
            continue
        tally.keep("analysis")
        sources[source.path] = source
        analyses[source.path] = analysis
    try:
        return Project(sources, analyses, link_files(analyses.values()))
    except _ENGINE_ERRORS as error:
        raise CurationError(f"linking {len(analyses)} files: {type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where records come from."""

    group: str
    repository: str
    commit: str

    def origin(self, path: str) -> str:
        """How a reader finds a file."""
        return f"{self.repository}@{self.commit}:{path}"


def make_records(project: Project, provenance: Provenance, tally: Tally) -> Iterator[FunctionRecord]:
    """A record for every unit with candidates, all unjudged, by path and unit."""
    for path in sorted(project.candidates):
        by_unit: dict[int, list[Candidate]] = {}
        for candidate in project.candidates[path]:
            by_unit.setdefault(candidate.unit, []).append(candidate)
        for unit, candidates in sorted(by_unit.items()):
            record = make_record(project, path, unit, candidates, provenance)
            if record is None:
                tally.drop("units", "no-graph")
            else:
                tally.keep("units")
                yield record


def make_record(
    project: Project, path: str, unit: int, candidates: Iterable[Candidate], provenance: Provenance
) -> FunctionRecord | None:
    """The record of one unit, None when the engine made no graph of it."""
    analysis, source = project.analyses[path], project.sources[path]
    graph = analysis.graphs[unit]
    if graph is None:
        return None
    chosen = tuple(candidates)
    places = [source.position_at(candidate.start) for candidate in chosen]
    language = BY_NAME[analysis.language]
    text = source.text_at(Span(analysis.units[unit].start, analysis.units[unit].end))
    return FunctionRecord(
        group=provenance.group,
        origin=provenance.origin(path),
        language=analysis.language,
        graph=graph,
        candidates=chosen,
        judgements=(UNJUDGED,) * len(chosen),
        lines=tuple(place.line for place in places),
        columns=tuple(place.column for place in places),
        signature=sign_text(text, language.family),
        twin=f"{provenance.repository}:{path}:{analysis.units[unit].qualname}",
    )


def make_plain_records(project: Project, provenance: Provenance, number: int, tally: Tally) -> list[FunctionRecord]:
    """Records of at most so many functions without a candidate, by path and unit: those that parse and say enough.

    They are chosen by a hash of their place. Nothing is known of them but that the engine found nothing.
    """
    places: list[tuple[str, tuple[str, int]]] = []
    for path, analysis in project.analyses.items():
        found = {candidate.unit for candidate in project.candidates.get(path, ())}
        for idx, unit in enumerate(analysis.units):
            if unit.is_function and idx not in found:
                reason = _find_lack(project.sources[path], analysis, idx)
                if reason:
                    tally.drop("plain functions", reason)
                else:
                    places.append((f"{provenance.origin(path)}:{unit.start}", (path, idx)))
    chosen = sorted(choose_names(places, number))
    tally.keep("plain functions", len(chosen))
    tally.drop("plain functions", "over-the-limit", len(places) - len(chosen))
    made = (make_record(project, path, idx, (), provenance) for path, idx in chosen)
    return [record for record in made if record is not None]


def _find_lack(source: SourceFile, analysis: FileAnalysis, idx: int) -> str:
    """Why a function says too little to learn from, "" when it does not."""
    unit, graph = analysis.units[idx], analysis.graphs[idx]
    if any(one.start < unit.end and unit.start < one.end for one in analysis.problems):
        return "syntax-error"
    if graph is None:
        return "no-graph"
    num_lines = source.line_at(max(unit.start, unit.end - 1)) - source.line_at(unit.start) + 1
    if num_lines < _MIN_LINES or len(graph.spans) < _MIN_STATEMENTS:
        return "too-small"
    return "too-large" if num_lines > _MAX_LINES else ""
