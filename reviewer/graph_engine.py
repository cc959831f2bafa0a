"""The engine that reviews use: `graph_model` with a model bundle, loaded when it is first needed."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from graph_model.candidates.model import Candidate
from graph_model.catalogue import Catalogue, load_catalogue
from graph_model.languages import find_language
from reviewer.engine import Linking, LiveAnalysis, Scored
from reviewer.source import SourceFile

if TYPE_CHECKING:
    from graph_model.analysis import FileAnalysis
    from graph_model.edits import ProposedFix
    from graph_model.prediction import Predictor

# Not part of what an analysis or a score depends on.
_UNUSED_FOLDERS = frozenset({"nn", "training", "export", "incremental", "bundle_data", "__pycache__"})


@cache
def hash_package() -> str:
    """A hash over the code, packs and tables of `graph_model`: nothing kept outlives a change of any of them."""
    digest = hashlib.sha256()
    for name, content in _read_package(resources.files("graph_model"), ""):
        digest.update(f"{name}\\0{len(content)}\\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _read_package(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            if entry.name not in _UNUSED_FOLDERS:
                yield from _read_package(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".toml")):
            yield f"{prefix}{entry.name}", entry.read_bytes()


@dataclass(slots=True)
class GraphEngine:
    """`model_folder` None is the shipped bundle. Raises BundleError when the bundle is first needed and damaged."""

    model_folder: Path | None = None
    _predictor: "Predictor | None" = field(default=None, repr=False, compare=False)

    def __getstate__(self) -> object:
        return (self.model_folder,)  # a tuple: pickle calls no __setstate__ for None

    def __setstate__(self, state: tuple[Path | None]) -> None:
        (self.model_folder,), self._predictor = state, None

    @property
    def predictor(self) -> "Predictor":
        """The loaded bundle."""
        if self._predictor is None:
            from graph_model.prediction import Predictor  # noqa: PLC0415  # numpy, that `reviewer labels` does not need

            self._predictor = Predictor.load(self.model_folder)
        return self._predictor

    @property
    def analysis_identity(self) -> str:
        """Changes with any line of the graph model."""
        return hash_package()

    @property
    def model_identity(self) -> str:
        """Changes with any byte of the bundle, and with the analysis."""
        return f"{self.predictor.identity}+{hash_package()[:16]}"

    @property
    def catalogue(self) -> Catalogue:
        """The shipped one."""
        return load_catalogue()

    @property
    def thresholds(self) -> Mapping[str, float]:
        """The bundle's."""
        return self.predictor.thresholds

    def analyse(self, source: SourceFile) -> "FileAnalysis":
        """As the engine asks; size was judged before, so that the limit here is the file's own."""
        from graph_model.analysis import Limits, analyse_file  # noqa: PLC0415  # grammars and packs

        language = find_language(source.path)
        assert language is not None, "inspection leaves out what no language reads"
        return analyse_file(source.path, source.content, language, Limits(max_bytes=len(source.content)))

    def follow(self) -> LiveAnalysis:
        """As the engine asks."""
        return _LiveAnalysis()

    def link(self, analyses: "Iterable[FileAnalysis]") -> Mapping[str, tuple[Candidate, ...]]:
        """As the engine asks."""
        from graph_model.linking import link_files  # noqa: PLC0415  # as above

        return link_files(analyses)

    def open_linker(self) -> Linking:
        """As the engine asks."""
        from graph_model.linking import Linker  # noqa: PLC0415  # as above

        return Linker()

    def score(self, analysis: "FileAnalysis", candidates: tuple[Candidate, ...]) -> tuple[Scored, ...]:
        """As the engine asks."""
        return self.predictor.score(analysis, candidates)

    def propose_fix(self, candidate: Candidate, source: SourceFile) -> "ProposedFix | None":
        """As the engine asks."""
        from graph_model.edits import find_fix  # noqa: PLC0415  # as above

        language = find_language(source.path)
        assert language is not None, "inspection leaves out what no language reads"
        return find_fix(candidate, source.content, language)

    def describe_model(self) -> Mapping[str, object]:
        """As the engine asks."""
        return self.predictor.info()


class _LiveAnalysis:
    """The analyses of one file, each with what the last one left alone."""

    def __init__(self) -> None:
        from graph_model.incremental import IncrementalAnalyser  # noqa: PLC0415  # as above

        self._analyser = IncrementalAnalyser(max_files=1)

    def analyse(self, source: SourceFile) -> "FileAnalysis":
        """As `GraphEngine.analyse`."""
        from graph_model.analysis import Limits  # noqa: PLC0415  # as above

        language = find_language(source.path)
        assert language is not None, "inspection leaves out what no language reads"
        return self._analyser.analyse(source.path, source.content, language, Limits(max_bytes=len(source.content)))
