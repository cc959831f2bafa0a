"""The border to `graph_model`: what a review asks of it. `reviewer.graph_engine` answers with a trained model.

Tests put a small fake in its place (`reviewer.testing`). Engines are picklable: each worker process gets a copy.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from graph_model.candidates.model import Candidate
from graph_model.catalogue import Catalogue
from reviewer.source import SourceFile

if TYPE_CHECKING:  # the analysis loads grammars and packs; a review answered from the cache needs neither
    from graph_model.analysis import FileAnalysis
    from graph_model.edits import ProposedFix


class Scored(Protocol):
    """A candidate with its calibrated probability, rounded to four places, and what weighed most, heaviest first."""

    @property
    def candidate(self) -> Candidate: ...  # noqa: D102
    @property
    def probability(self) -> float: ...  # noqa: D102
    @property
    def weights(self) -> tuple[tuple[str, float], ...]: ...  # noqa: D102


class Linking(Protocol):
    """Links analyses file by file, and again what a changed file has to do with."""

    def put(self, analysis: "FileAnalysis") -> None:
        """Takes a file in, in place of what it was."""

    def remove(self, path: str) -> None:
        """Forgets a file."""

    def find_candidates(self, path: str) -> tuple[Candidate, ...]:
        """One file's candidates, with the flows that cross files, as linking all of them at once would give."""


class LiveAnalysis(Protocol):
    """Analyses one file again and again while it is typed in."""

    def analyse(self, source: SourceFile) -> "FileAnalysis":
        """As the engine, faster where little has changed since the last time."""


class Engine(Protocol):
    """Everything a review asks of the graph model."""

    @property
    def analysis_identity(self) -> str:
        """Changes when the same file could be analysed differently: schema, packs, tables, code."""

    @property
    def model_identity(self) -> str:
        """Changes when the same candidate could be scored differently."""

    @property
    def catalogue(self) -> Catalogue:
        """The labels with their words."""

    @property
    def thresholds(self) -> Mapping[str, float]:
        """From which probability each label is shown by default."""

    def analyse(self, source: SourceFile) -> "FileAnalysis":
        """Graphs, summaries and candidates of one file."""

    def follow(self) -> LiveAnalysis:
        """Analyses of a file that is open in an editor."""

    def link(self, analyses: "Iterable[FileAnalysis]") -> Mapping[str, tuple[Candidate, ...]]:
        """Candidates by path, with the flows that cross files."""

    def open_linker(self) -> Linking:
        """The same for files that come and go."""

    def score(self, analysis: "FileAnalysis", candidates: tuple[Candidate, ...]) -> tuple[Scored, ...]:
        """Probabilities of one file's candidates, in their order."""

    def propose_fix(self, candidate: Candidate, source: SourceFile) -> "ProposedFix | None":
        """Edits that may mend a candidate; None when there are none."""

    def describe_model(self) -> Mapping[str, object]:
        """What `reviewer model` prints."""
