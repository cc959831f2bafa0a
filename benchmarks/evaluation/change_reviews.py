"""Reviews of merged changes by the bundle, by each rung and without thresholds, with the code of `reviewer diff`.

The reviews of a repository share a process: a file that several of them read is analysed once, linking goes on from
the last one instead of from nothing, and a change is read once for all. What is said does not depend on that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any  # JSON documents

from benchmarks.evaluation.comments import EVERY, EVERY_SELECTED, SHOWN, Comment
from benchmarks.evaluation.keeping import Keep
from benchmarks.evaluation.parts import Context
from benchmarks.evaluation.scorers import only_rung
from graph_model.analysis import FileAnalysis, uncollected
from graph_model.bundle import Bundle
from graph_model.candidates.model import Candidate
from graph_model.catalogue import Catalogue
from graph_model.edits import ProposedFix
from graph_model.ladder import Rung
from graph_model.linking import Linker
from graph_model.prediction import Predictor, ScoredCandidate
from integrations.replay import MergedChange
from reviewer.cache import Cache, hash_parts
from reviewer.changes import ChangeKind
from reviewer.comparison import compare
from reviewer.configuration import Configuration, parse_configuration
from reviewer.configuration_files import load_committed_configuration
from reviewer.engine import Linking, LiveAnalysis
from reviewer.errors import ReviewerError
from reviewer.findings import Finding
from reviewer.graph_engine import GraphEngine, hash_package
from reviewer.inspection import InspectionRules
from reviewer.repositories import Repository
from reviewer.review import ReviewDesk
from reviewer.scanning import KeptAnalysis, make_analysis_key
from reviewer.sides import read_declarations, read_head
from reviewer.snapshots import read_old_files
from reviewer.source import SourceFile
from reviewer.workspace import Workspace

_FORMAT = "1"
# The lowest probability above zero would show tests, too, if it were zero.
_EVERY = parse_configuration({"select": ["all"], "min-probability": 1e-9}, "every candidate")
_SELECTED = ("security/", "performance/")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One change: the comments of each scorer, wherever they stand; `error` is empty unless the review failed."""

    num_files: int = 0
    comments: Mapping[str, tuple[Comment, ...]] = field(default_factory=dict)
    error: str = ""


def name_rung(rung: Rung) -> str:
    """How a rung is called in tables, by its own lines of the bundle and the bundle's thresholds."""
    return f"rung: {rung}, shown by default"


def list_rungs(bundle: Bundle) -> list[Rung]:
    """The rungs that a bundle has."""
    return [one for one in Rung if one is not Rung.NETWORK or bundle.network is not None]


class ChangeReviewer:
    """Reviews merged changes of one repository, one after another; what was said is kept."""

    def __init__(self, repository: Repository, context: Context) -> None:
        folder = context.data / "replays"
        self._repository, self._identity = repository, context.bundle.identity
        self._keep = Keep(folder / "reviews")
        self._engine = _Engine(Predictor(context.bundle), _Work(Cache(folder / "cache")))
        self._rungs = {one: Predictor(only_rung(context.bundle, one)) for one in list_rungs(context.bundle)}

    def review(self, name: str, change: MergedChange) -> Reviewed:
        """What each scorer says of a change of the repository of this name."""
        parts = (_FORMAT, self._identity, hash_package(), hash_reviewer(), name, change.base, change.head)
        return _from_json(self._keep.recall(parts, lambda: _to_json(self._review(change))))

    def _review(self, change: MergedChange) -> Reviewed:
        try:
            with uncollected():
                return self._review_all(_Sides(self._repository, change))
        except ReviewerError as error:
            return Reviewed(error=str(error))

    def _review_all(self, sides: "_Sides") -> Reviewed:
        policy = load_committed_configuration(self._repository, sides.change.base)
        every = list(self._rate(self._find(sides, _EVERY, self._engine)))
        comments = {
            SHOWN: [_make_comment(one) for one in self._find(sides, policy, self._engine)],
            **{
                name_rung(rung): [_make_comment(one) for one in self._find(sides, policy, self._engine.by(predictor))]
                for rung, predictor in self._rungs.items()
            },
            EVERY_SELECTED: [one for one in every if one.label.startswith(_SELECTED)],
            EVERY: every,
        }
        return Reviewed(len(sides.comparison.changes), {name: tuple(found) for name, found in comments.items()})

    @staticmethod
    def _find(sides: "_Sides", policy: Configuration, engine: "_Engine") -> tuple[Finding, ...]:
        engine.work.scored.clear()
        desk = ReviewDesk(policy.with_command_line({"jobs": 1}), engine, Cache(None))
        found = sides.read(InspectionRules(policy.exclude, policy.max_file_bytes, policy.base))
        return desk.review_change(sides.comparison, *found).findings

    def _rate(self, findings: Iterable[Finding]) -> Iterator[Comment]:
        """The comments of the last review, with what each rung says of them."""
        scored, by_path = self._engine.work.scored, defaultdict[str, list[Finding]](list)
        for one in findings:
            by_path[one.path].append(one)
        for path, own in sorted(by_path.items()):
            ratings = {str(rung): _rate_file(one, *scored[path]) for rung, one in self._rungs.items()}
            for finding in own:
                place = (finding.label, finding.region.span.start, finding.region.span.end)
                yield _make_comment(finding, {name: rated[place] for name, rated in ratings.items()})


@cache
def hash_reviewer() -> str:
    """A hash over the code of `reviewer`, which decides what of the candidates is said."""
    root = Path(str(resources.files("reviewer")))
    files = sorted(root.rglob("*.py"))
    return hash_parts(*(part for one in files for part in (one.relative_to(root).as_posix(), one.read_bytes())))


def _rate_file(
    predictor: Predictor, analysis: FileAnalysis, candidates: tuple[Candidate, ...]
) -> dict[tuple[str, int, int], float]:
    found: dict[tuple[str, int, int], float] = {}
    for one in predictor.score(analysis, candidates):
        place = (one.candidate.label, one.candidate.start, one.candidate.end)
        found[place] = max(one.probability, found.get(place, 0.0))
    return found


def _make_comment(finding: Finding, ratings: Mapping[str, float] | None = None) -> Comment:
    anchor = finding.anchor
    return Comment(finding.label, anchor.path, anchor.line, finding.probability, ratings=ratings or {})


class _Sides:
    """A change with both of its sides, read once for the same rules."""

    def __init__(self, repository: Repository, change: MergedChange) -> None:
        self._repository, self.change = repository, change
        merge_base = repository.run("merge-base", change.base, change.head).decode().strip()
        self.comparison = compare(repository, merge_base, change.head)
        self._read: dict[InspectionRules, tuple[Any, list[SourceFile]]] = {}

    def read(self, rules: InspectionRules) -> tuple[Any, list[SourceFile]]:
        """The files of the head that the change may be linked to, and the changed ones of the base."""
        if rules not in self._read:
            repository, comparison = self._repository, self.comparison
            names = [one.old_path for one in comparison.changes if one.kind is not ChangeKind.ADDED]
            old = read_old_files(repository, comparison.base, names, rules)
            declarations = read_declarations(repository, rules, comparison, self.change.base)
            workspace = Workspace(repository.root, repository)
            self._read[rules] = (read_head(repository, workspace, rules, comparison, declarations), old)
        return self._read[rules]


# Work that is shared --------------------------------------------------------------------------------------------------


class _Work:
    """Analyses and links of one repository; `scored` is what the last review was asked about, by path."""

    def __init__(self, kept: Cache) -> None:
        self._kept, self._linker = kept, Linker()
        self._analyses: dict[str, FileAnalysis] = {}
        self._linked: dict[str, FileAnalysis] = {}
        self.scored: dict[str, tuple[FileAnalysis, tuple[Candidate, ...]]] = {}

    def analyse(self, source: SourceFile, engine: GraphEngine) -> FileAnalysis:
        """From memory, from the folder of kept analyses, or made now."""
        key = make_analysis_key(engine, source)
        if key not in self._analyses:
            found = self._kept.load(key, KeptAnalysis)
            if not isinstance(found, KeptAnalysis):
                found = KeptAnalysis(engine.analyse(source))
                self._kept.store(key, found)
            self._analyses[key] = found.analysis
        return self._analyses[key]

    def link(self, analyses: Iterable[FileAnalysis]) -> dict[str, tuple[Candidate, ...]]:
        """As `link_files`, with what did not change left as it is."""
        wanted = {one.path: one for one in analyses}
        for path in sorted(self._linked.keys() - wanted.keys()):
            self._linker.remove(path)
        for path, analysis in sorted(wanted.items()):
            if self._linked.get(path) is not analysis:
                self._linker.put(analysis)
        self._linked = wanted
        return {path: self._linker.find_candidates(path) for path in sorted(wanted)}


class _Engine:
    """The engine of a review, with work that outlives it; it offers no fixes, which change no comment."""

    def __init__(self, predictor: Predictor, work: _Work) -> None:
        self.work, self._predictor, self._plain = work, predictor, GraphEngine()

    def by(self, predictor: Predictor) -> "_Engine":
        """The same work, judged by another model."""
        return _Engine(predictor, self.work)

    @property
    def analysis_identity(self) -> str:
        """As the engine asks."""
        return self._plain.analysis_identity

    @property
    def model_identity(self) -> str:
        """As the engine asks; nothing is kept under it."""
        return self._predictor.identity

    @property
    def catalogue(self) -> Catalogue:
        """As the engine asks."""
        return self._plain.catalogue

    @property
    def thresholds(self) -> Mapping[str, float]:
        """As the engine asks."""
        return self._predictor.thresholds

    def analyse(self, source: SourceFile) -> FileAnalysis:
        """As the engine asks."""
        return self.work.analyse(source, self._plain)

    def follow(self) -> LiveAnalysis:
        """As the engine asks."""
        return self._plain.follow()

    def link(self, analyses: Iterable[FileAnalysis]) -> Mapping[str, tuple[Candidate, ...]]:
        """As the engine asks."""
        return self.work.link(analyses)

    def open_linker(self) -> Linking:
        """As the engine asks."""
        return self._plain.open_linker()

    def score(self, analysis: FileAnalysis, candidates: tuple[Candidate, ...]) -> tuple[ScoredCandidate, ...]:
        """As the engine asks; of two sides of a change the head comes first, and is remembered."""
        self.work.scored.setdefault(analysis.path, (analysis, candidates))
        return self._predictor.score(analysis, candidates)

    def propose_fix(self, candidate: Candidate, source: SourceFile) -> ProposedFix | None:
        """None."""
        del candidate, source
        return None

    def describe_model(self) -> Mapping[str, object]:
        """As the engine asks."""
        return self._predictor.info()


# Kept -----------------------------------------------------------------------------------------------------------------


def _to_json(reviewed: Reviewed) -> dict[str, Any]:
    return asdict(reviewed)


def _from_json(told: dict[str, Any]) -> Reviewed:
    comments: Mapping[str, Sequence[dict[str, Any]]] = told["comments"]
    return Reviewed(
        told["num_files"],
        {name: tuple(Comment(**one) for one in found) for name, found in comments.items()},
        told["error"],
    )
