"""Analyses of a file that is being edited: what an edit inside a function cannot have touched is kept.

The result equals what `analyse_file` gives for the same bytes. Tree, units and results of the last version stay. Where
an edit lies in a function (`grafting`), its units become those of the new text; they are analysed again, with the units
around them and with those that read a fact of them that is other now (`readings`). The rest moves. What changes which
units, imports or classes there are, or what frameworks call, is a reason to begin anew.

One thing is not promised: where types of fields or variables rest on each other in a circle, or on a long chain, the
resolver's answer depends on what was asked first, in every analysis; here that may be another question.
"""

from graph_model.analysis import (
    FileAnalysis,
    Limits,
    analyse_file,
    uncollected,
)
from graph_model.errors import LimitError
from graph_model.incremental.live_file import LiveFile
from graph_model.incremental.stepping import Step
from graph_model.languages import Language

_MAX_FILES = 16


class IncrementalAnalyser:
    """Keeps the last version of the files that were analysed most recently."""

    def __init__(self, max_files: int = _MAX_FILES) -> None:
        self._max_files = max_files
        self._files: dict[str, LiveFile] = {}
        self.num_analysed = 0  # units of the last call

    def analyse(self, path: str, source: bytes, language: Language, limits: Limits | None = None) -> FileAnalysis:
        """As `analyse_file`."""
        limits = limits or Limits()
        file = self._files.pop(path, None)
        if file is not None and file.terms != (language.name, limits.max_nodes):
            file.close()
            file = None
        if file is not None and file.live.source == source:
            self._files[path] = file
            self.num_analysed = 0
            return file.analysis
        try:
            if len(source) > limits.max_bytes:
                raise LimitError("max_bytes", len(source), limits.max_bytes)
            with uncollected():
                if file is None:
                    file = LiveFile(path, source, language, limits)
                else:
                    _advance(file, source)
        except LimitError:
            if file is not None:
                file.close()
            return analyse_file(path, source, language, limits)
        self._files[path] = file
        self.num_analysed = file.num_analysed
        while len(self._files) > self._max_files:
            self.forget(next(iter(self._files)))
        return file.analysis

    def forget(self, path: str) -> None:
        """Drops what is kept of a file."""
        file = self._files.pop(path, None)
        if file is not None:
            file.close()


def _advance(file: LiveFile, source: bytes) -> None:
    """Makes a file its next version. Raises LimitError, after which it is none."""
    graft = file.live.advance(source)
    if graft is None or not Step(file, graft, source).run():
        file.begin()
