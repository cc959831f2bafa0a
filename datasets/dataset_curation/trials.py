"""Whether an injection holds: the edited file parses, and what the engine finds in it that the sound file lacks."""

import ast
import warnings
from collections import Counter
from collections.abc import Iterable

from dataset_curation.analysing import Project, analyse_project
from dataset_curation.selection import SelectedFile, Tally
from graph_model.candidates.model import Candidate
from graph_model.edits.model import Edit, apply_edits, invert_edits
from graph_model.errors import GraphModelError
from graph_model.languages import Family, Language, load_table
from graph_model.syntax import parse_tree
from reviewer.source import SourceFile


def edit_content(content: bytes, edits: tuple[Edit, ...], language: Language) -> bytes | None:
    """The content after edits, None when they overlap, cannot be undone, or leave more errors than there were."""
    try:
        edited = apply_edits(content, edits)
        if apply_edits(edited, invert_edits(content, edits)) != content:
            return None
        before, after = (len(parse_tree(one, load_table(language)).error_ranges) for one in (content, edited))
    except GraphModelError:
        return None
    is_worse = after > before or (language.family is Family.PYTHON and _compiles(content) and not _compiles(edited))
    return None if is_worse or edited == content else edited


def _compiles(content: bytes) -> bool:
    """Whether Python's own parser takes a file: it refuses an argument given twice, which the grammar lets pass."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def analyse_edited(file: SelectedFile, edits: Iterable[Edit]) -> Project | None:
    """The file's project after edits, None when it no longer parses."""
    content = edit_content(file.source.content, tuple(edits), file.language)
    if content is None:
        return None
    source = SourceFile(file.source.path, content)
    project = analyse_project([(source, file.language)], Tally())
    analysis = project.analyses.get(source.path)
    return project if analysis is not None and not analysis.problems else None


def find_born(before: Iterable[Candidate], after: Iterable[Candidate]) -> list[Candidate]:
    """Candidates of labels and symbols that have more of them after an edit, where it is plain which ones are new."""
    known: Counter[tuple[str, str]] = Counter((one.label, one.symbol) for one in before)
    places: Counter[tuple[str, str, str]] = Counter((one.label, one.symbol, one.api) for one in before)
    by_key: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in after:
        by_key.setdefault((candidate.label, candidate.symbol), []).append(candidate)
    born: list[Candidate] = []
    for key, found in by_key.items():
        fresh = [one for one in found if not places[(*key, one.api)]]
        number = len(found) - known[key]
        if number == len(found):
            born.extend(found)
        elif number > 0 and len(fresh) == number:
            born.extend(fresh)
    return born
