"""Single files of public sets as the engine reads them: what it proposes, where, and what every rung says of it.

A snippet is analysed alone, with the calls inside it linked. No set that is read this way was seen by calibration, so a
rung's probability is that of the bundle's own lines.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.scorers import SHIPPED, only_rung
from dataset_curation.analysing import Project, analyse_project
from dataset_curation.selection import Tally
from graph_model.analysis import FileAnalysis
from graph_model.bundle import Bundle
from graph_model.ladder import Rung
from graph_model.languages import Language, find_language
from graph_model.prediction import Predictor
from reviewer.findings import is_in_test
from reviewer.source import SourceFile

ANY: Callable[[str], bool] = bool  # every label


@dataclass(frozen=True, slots=True)
class Snippet:
    """A file of a set: a path with its language's suffix, and its text."""

    path: str
    text: str

    @property
    def language(self) -> Language:
        """By the suffix. Raises ValueError when nobody reads it."""
        found = find_language(self.path)
        if found is None:
            raise ValueError(f"{self.path}: expected a suffix of a known language")
        return found


@dataclass(frozen=True, slots=True)
class Claim:
    """A candidate: its statement's lines, what each scorer says of it, and whether a review shows it by default."""

    label: str
    first_line: int
    last_line: int
    probabilities: tuple[float, ...]
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What the engine found in a snippet, by line.

    `functions` are the lines of outermost functions and methods; `is_whole` says that all of it could be parsed.
    """

    snippet: Snippet
    claims: tuple[Claim, ...]
    functions: tuple[range, ...]
    is_whole: bool

    def score(self, scorer: int, wanted: Callable[[str], bool] = ANY, lines: range | None = None) -> float:
        """The likeliest claim of the wanted labels on these lines, 0 without one."""
        return max((one.probabilities[scorer] for one in self.select(wanted, lines)), default=0.0)

    def is_flagged(self, wanted: Callable[[str], bool] = ANY, lines: range | None = None) -> bool:
        """Whether a claim of the wanted labels is shown by default on these lines."""
        return any(one.is_shown for one in self.select(wanted, lines))

    def select(self, wanted: Callable[[str], bool] = ANY, lines: range | None = None) -> list[Claim]:
        """The claims of the wanted labels that meet these lines."""
        return [
            one
            for one in self.claims
            if wanted(one.label) and (lines is None or (one.first_line < lines.stop and one.last_line >= lines.start))
        ]


@dataclass(frozen=True, slots=True)
class Readings:
    """All snippets of a part, in the order given; `scorers` name the columns of every claim's probabilities."""

    scorers: tuple[str, ...]
    items: tuple[Reading, ...]

    def scores(self, wanted: Callable[[str], bool] = ANY) -> NDArray[np.float64]:
        """The likeliest wanted claim of each snippet by each scorer: float64 [scorers, snippets]."""
        return np.array([[one.score(idx, wanted) for one in self.items] for idx in range(len(self.scorers))])

    def flags(self, wanted: Callable[[str], bool] = ANY) -> NDArray[np.float64]:
        """1 where a wanted claim is shown by default: float64 [snippets]."""
        return np.array([one.is_flagged(wanted) for one in self.items], dtype=np.float64)

    def proposals(self, wanted: Callable[[str], bool] = ANY) -> NDArray[np.float64]:
        """1 where there is a wanted claim at all: float64 [snippets]."""
        return np.array([bool(one.select(wanted)) for one in self.items], dtype=np.float64)


class SnippetReader:
    """Reads snippets with one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        rungs = [rung for rung in Rung if rung is not Rung.NETWORK or bundle.network is not None]
        self.scorers = (SHIPPED, *(f"rung: {rung}" for rung in rungs))
        self._predictors = [Predictor(bundle), *(Predictor(only_rung(bundle, rung)) for rung in rungs)]

    def read_all(self, snippets: Iterable[Snippet]) -> Readings:
        """Every snippet, each as a project of its own."""
        return Readings(self.scorers, tuple(self.read(one) for one in snippets))

    def read(self, snippet: Snippet) -> Reading:
        """One snippet."""
        return self.read_project([snippet])[0]

    def read_project(self, snippets: Sequence[Snippet]) -> list[Reading]:
        """Snippets that may call each other, in the order given."""
        files = [(SourceFile(one.path, one.text.encode("utf-8")), one.language) for one in snippets]
        project = analyse_project(files, Tally())
        return [self._judge(one, project) for one in snippets]

    def _judge(self, snippet: Snippet, project: Project) -> Reading:
        source = project.sources.get(snippet.path)
        if source is None:
            return Reading(snippet, (), (), is_whole=False)
        analysis, candidates = project.analyses[snippet.path], project.candidates.get(snippet.path, ())
        scored = [predictor.score(analysis, candidates) for predictor in self._predictors]
        thresholds = self._predictors[0].thresholds
        claims = tuple(
            Claim(
                candidate.label,
                source.line_at(candidate.statement_start),
                source.line_at(max(candidate.statement_start, candidate.statement_end - 1)),
                tuple(column[idx].probability for column in scored),
                scored[0][idx].probability >= thresholds[candidate.label] and not is_in_test(candidate),
            )
            for idx, candidate in enumerate(candidates)
        )
        return Reading(snippet, claims, _outermost(analysis, source), is_whole=not analysis.problems)


def _outermost(analysis: FileAnalysis, source: SourceFile) -> tuple[range, ...]:
    """Functions that lie in no other, by line."""
    units = sorted((one.start, -one.end) for one in analysis.units if one.is_function)
    lines, reached = [], 0
    for start, negative_end in units:
        if start >= reached:
            reached = -negative_end
            lines.append(range(source.line_at(start), source.line_at(max(start, reached - 1)) + 1))
    return tuple(lines)
