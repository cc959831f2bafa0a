"""Functions that a commit changed, before and after: paired by file, qualified name and number of parameters.

Pure: the files of both versions in, pairs and named reasons for what is no pair out.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dataset_curation.filters.duplicates import tokenise
from dataset_curation.selection import Tally
from graph_model.analysis import Limits
from graph_model.errors import LimitError
from graph_model.languages import Family, Language, load_table
from graph_model.program import Unit, build_program
from graph_model.syntax import parse_tree
from reviewer.source import SourceFile, Span

MAX_FUNCTIONS = 8
MIN_LINES = 3
MAX_LINES = 200
MIN_SIMILARITY = 0.25
_STEP = "functions"
_DOCSTRING = ('"""', "'''")

Key = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Function:
    """A named function of a file: `line` is its first, 1-based; `tokens` hold no comments, layout or docstrings."""

    path: str
    language: Language
    name: str
    num_params: int
    start: int
    end: int
    line: int
    text: str
    tokens: tuple[str, ...]

    @property
    def num_lines(self) -> int:
        """How many lines it stands on."""
        return self.text.count("\n") + 1


@dataclass(frozen=True, slots=True)
class FunctionPair:
    """One function on both sides of a commit."""

    before: Function
    after: Function

    def changed_lines(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The lines that the change took away and those it brought, without layout."""
        old = [" ".join(line.split()) for line in self.before.text.splitlines()]
        new = [" ".join(line.split()) for line in self.after.text.splitlines()]
        diff = [line for line in difflib.ndiff(old, new) if line[2:].strip()]
        return tuple(one[2:] for one in diff if one[0] == "-"), tuple(one[2:] for one in diff if one[0] == "+")


@dataclass(frozen=True, slots=True)
class PairedCommit:
    """The pairs of one commit and how many functions it changed: the fewer, the surer that each is part of the fix."""

    pairs: tuple[FunctionPair, ...]
    num_functions: int


def read_functions(source: SourceFile, language: Language) -> list[Function] | None:
    """The named functions of a file in source order; None when it does not parse."""
    try:
        tree = parse_tree(source.content, load_table(language), Limits().max_nodes)
    except LimitError:
        return None
    try:
        if tree.error_ranges or tree.deep_ranges:
            return None
        units = build_program(source.path, language, tree).units
        return [_read_function(source, language, unit) for unit in units if unit.is_function and unit.name]
    finally:
        tree.root.release()


def _read_function(source: SourceFile, language: Language, unit: Unit) -> Function:
    span = Span(unit.node.start, unit.node.end)
    text = source.text_at(span)
    return Function(
        path=source.path,
        language=language,
        name=unit.qualname,
        num_params=len(unit.params),
        start=span.start,
        end=span.end,
        line=source.position_at(span.start).line,
        text=text,
        tokens=_read_tokens(text, language),
    )


def _read_tokens(text: str, language: Language) -> tuple[str, ...]:
    """What of a text means something: docstrings do not, nor do semicolons that JavaScript puts in by itself."""
    left_out = ";" if language.family is Family.JAVASCRIPT else ""
    return tuple(one for one in tokenise(text, language.family) if one != left_out and not one.startswith(_DOCSTRING))


def pair_commit(before: Iterable[Function], after: Iterable[Function], tally: Tally) -> PairedCommit | None:
    """The pairs that qualify; None, with the reason counted, when there are none or too many functions changed."""
    old, new = _number(before), _number(after)
    shared = [key for key in old if key in new]
    changed = [FunctionPair(old[key], new[key]) for key in shared if old[key].tokens != new[key].tokens]
    changed = [pair for pair in changed if not _is_explained(pair, changed)]
    if not changed:
        tally.drop("commits", _find_reason(old, new))
        return None
    if len(changed) > MAX_FUNCTIONS:
        tally.drop("commits", "tangled")
        return None
    pairs = tuple(pair for pair in changed if _qualifies(pair, tally))
    if not pairs:
        tally.drop("commits", "no-pair")
        return None
    return PairedCommit(pairs, len(changed))


def _number(functions: Iterable[Function]) -> dict[Key, Function]:
    """By path, name, parameters and place among those that share them, as overloads do."""
    found: dict[Key, Function] = {}
    for function in functions:
        number = 0
        while (key := (function.path, function.name, function.num_params, number)) in found:
            number += 1
        found[key] = function
    return found


def _is_explained(pair: FunctionPair, changed: Iterable[FunctionPair]) -> bool:
    """Whether all that changed in a function changed in functions inside it."""
    inner = [one for one in changed if _holds(pair.before, one.before) and _holds(pair.after, one.after)]
    if not inner:
        return False
    old = _without(pair.before, (one.before for one in inner))
    return old == _without(pair.after, (one.after for one in inner))


def _holds(outer: Function, inner: Function) -> bool:
    return outer.path == inner.path and outer.start <= inner.start and inner.end <= outer.end and outer != inner


def _without(outer: Function, inner: Iterable[Function]) -> tuple[str, ...]:
    text = outer.text
    for one in inner:
        text = text.replace(one.text, "", 1)
    return _read_tokens(text, outer.language)


def _find_reason(old: dict[Key, Function], new: dict[Key, Function]) -> str:
    gone = {one.tokens for key, one in old.items() if key not in new}
    born = {one.tokens for key, one in new.items() if key not in old}
    if gone & born:
        return "moved"
    if gone and born:
        return "renamed"
    if any(old[key].text != new[key].text for key in old.keys() & new.keys()):
        return "formatting-only"
    return "added-only" if born or gone else "outside-functions"


def _qualifies(pair: FunctionPair, tally: Tally) -> bool:
    for function in (pair.before, pair.after):
        if not MIN_LINES <= function.num_lines <= MAX_LINES:
            tally.drop(_STEP, "size")
            return False
    old, new = pair.before.text.splitlines(), pair.after.text.splitlines()
    if difflib.SequenceMatcher(None, old, new, autojunk=False).ratio() < MIN_SIMILARITY:
        tally.drop(_STEP, "rewritten")
        return False
    tally.keep(_STEP)
    return True


def list_functions(files: Iterable[tuple[SourceFile, Language]]) -> Iterator[tuple[str, list[Function] | None]]:
    """The functions of each file, by path."""
    for source, language in files:
        yield source.path, read_functions(source, language)
