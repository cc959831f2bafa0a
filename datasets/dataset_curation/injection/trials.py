"""Whether an injection holds: the edited file parses, and what the engine finds in it that the sound file lacks."""

import sys
import warnings
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from dataset_curation.analysing import Project, analyse_project
from dataset_curation.selection import SelectedFile, Tally
from graph_model.candidates.model import Candidate
from graph_model.edits.model import Edit, apply_edits, invert_edits
from graph_model.errors import GraphModelError
from graph_model.languages import Family, Language, load_table
from graph_model.syntax import normalise, parse_grammar
from reviewer.source import SourceFile


def edit_content(content: bytes, edits: tuple[Edit, ...], language: Language) -> bytes | None:
    """The content after edits, None when they overlap, cannot be undone, or leave more errors than there were."""
    try:
        edited = apply_edits(content, edits)
        undone = apply_edits(edited, invert_edits(content, edits))
        if undone != content or edited == content or _count_errors(edited, language) > _count_sound(content, language):
            return None
    except GraphModelError:
        return None
    is_worse = language.family is Family.PYTHON and _compiled_before(content) and not _compiles(edited)
    return None if is_worse else edited


def _count_errors(content: bytes, language: Language) -> int:
    """How many ranges of a file the grammar could not read, or missed something in."""
    table = load_table(language)
    tree = parse_grammar(content, table)
    return len(normalise(tree, content, table, sys.maxsize).error_ranges) if tree.root_node.has_error else 0


_count_sound = lru_cache(maxsize=4)(_count_errors)  # one file is edited many times


def _compiles(content: bytes) -> bool:
    """Whether Python compiles a file: it refuses an argument given twice, which the grammar lets pass."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            compile(content, "", "exec", dont_inherit=True)  # nothing is run
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


_compiled_before = lru_cache(maxsize=4)(_compiles)


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
