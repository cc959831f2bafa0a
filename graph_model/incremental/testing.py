"""For tests: what an analysis that follows a file must give."""

from dataclasses import fields, is_dataclass

import numpy as np

from graph_model.analysis import FileAnalysis, analyse_file
from graph_model.incremental import IncrementalAnalyser
from graph_model.languages import find_language


def make_plain(value: object) -> object:
    """A value that can be compared: arrays by shape, type and bytes."""
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    if is_dataclass(value):
        return (type(value).__name__, *(make_plain(getattr(value, one.name)) for one in fields(value)))
    return tuple(map(make_plain, value)) if isinstance(value, tuple) else value


def follow(analyser: IncrementalAnalyser, path: str, text: str) -> FileAnalysis:
    """The analysis of the next version of a file. Fails where it is not what an analysis from nothing gives."""
    language, source = find_language(path), text.encode()
    assert language is not None, path
    found = analyser.analyse(path, source, language)
    assert make_plain(found) == make_plain(analyse_file(path, source, language)), f"{path}: {text}"
    return found
