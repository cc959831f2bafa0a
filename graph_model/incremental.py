"""Analyses of a file that is being edited: what a change inside functions cannot have touched is kept.

The result equals what `analyse_file` gives for the same bytes. A version is compared with the last one of its path:
where only bodies of functions differ, the functions around which nothing else lies, only those are analysed again, with
the module and the classes around them and the units that read them (`graph_model.readings`). Whatever else differs -
imports, signatures, entry points, contexts - is a reason to begin from nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from graph_model.analysis import (
    FileAnalysis,
    Limits,
    UnitAnalyser,
    UnitResult,
    analyse_file,
    called_by,
    count_lines,
    release,
    uncollected,
)
from graph_model.candidates.view import UnitView
from graph_model.errors import LimitError
from graph_model.languages import Language, load_table
from graph_model.packs.loading import load_index
from graph_model.packs.model import ContextKind
from graph_model.program import Program, Unit, build_program
from graph_model.readings import LoggedResolver, ReadLog, log_units
from graph_model.shifting import Shift
from graph_model.syntax import SyntaxTree, parse_tree

_MAX_FILES = 16


@dataclass(frozen=True, slots=True)
class _Body:
    """The bytes inside an outermost function, and the units in it."""

    start: int
    end: int
    units: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What must be the same for anything to be kept: the bytes around the bodies and what they say."""

    around: tuple[bytes, ...]
    units: tuple[tuple[object, ...], ...]
    names: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of a file with its analysis.

    `facts` are what entry points say, `captured` the names read of units by those inside, `stored` what units store to.
    """

    source: bytes
    shape: _Shape
    bodies: tuple[_Body, ...]
    errors: tuple[tuple[int, int], ...]
    facts: tuple[object, ...]
    contexts: tuple[ContextKind, ...]
    captured: dict[int, set[str]]
    stored: tuple[frozenset[str], ...]
    results: tuple[UnitResult, ...]
    log: ReadLog
    analysis: FileAnalysis


class IncrementalAnalyser:
    """Keeps the last version of the files that were analysed most recently."""

    def __init__(self, max_files: int = _MAX_FILES) -> None:
        self._max_files = max_files
        self._versions: dict[str, _Version] = {}
        self.num_analysed = 0  # units of the last call

    def analyse(self, path: str, source: bytes, language: Language, limits: Limits | None = None) -> FileAnalysis:
        """As `analyse_file`."""
        limits = limits or Limits()
        last = self._versions.pop(path, None)
        if last is not None and last.source == source:
            self._versions[path] = last
            self.num_analysed = 0
            return last.analysis
        try:
            if len(source) > limits.max_bytes:
                raise LimitError("max_bytes", len(source), limits.max_bytes)
            tree = parse_tree(source, load_table(language), limits.max_nodes)
        except LimitError:
            return analyse_file(path, source, language, limits)
        with uncollected():
            try:
                version = self._compare(path, source, language, tree, last)
            finally:
                release(tree.root)
        self._versions[path] = version
        while len(self._versions) > self._max_files:
            del self._versions[next(iter(self._versions))]
        return version.analysis

    def _compare(
        self, path: str, source: bytes, language: Language, tree: SyntaxTree, last: _Version | None
    ) -> _Version:
        if last is not None:
            edit = _Edit(_Parts(path, source, language, tree, last.log), last)
            version = edit.run()
            if version is not None:
                self.num_analysed = len(edit.views)
                return version
        parts = _Parts(path, source, language, tree, ReadLog())
        self.num_analysed = len(parts.program.units)
        return _analyse_whole(parts)

    def forget(self, path: str) -> None:
        """Drops what is kept of a file."""
        self._versions.pop(path, None)


class _Parts:
    """A version that is being analysed."""

    def __init__(self, path: str, source: bytes, language: Language, tree: SyntaxTree, log: ReadLog) -> None:
        self.source, self.tree, self.log = source, tree, log
        make_unit = log_units(log, self._fold, lambda: len(self.program.units))
        self.program = build_program(path, language, tree, make_unit)
        self.bodies = tuple(_find_bodies(self.program))
        self.shape = _Shape(tuple(_around(source, self.bodies)), *_describe(self.program))
        resolver = LoggedResolver(self.program, load_index(self.program.family.value), log)
        self.analyser = UnitAnalyser(self.program, resolver, count_lines(source))

    def _fold(self, unit: Unit) -> object:
        return self.analyser.fold(unit)

    def find_entries(self) -> tuple[object, ...]:
        """What entry points say, about the file and in the resolver."""
        with self.log.reading("entries"):
            self.analyser.find_entries()
        resolver = self.analyser.resolver
        found = (resolver.entry_returns, resolver.entry_types, resolver.made_by_framework, resolver.one_segment)
        return self.analyser.sources, self.analyser.entries, *found

    def find_contexts(self, called: Iterable[frozenset[str]]) -> tuple[ContextKind, ...]:
        """Where the file runs, by the names of each unit's calls."""
        with self.log.reading("contexts"):
            self.analyser.find_contexts(name for names in called for name in names)
        return self.analyser.contexts

    def view(self, idx: int) -> UnitView:
        """A unit with its value flow."""
        with self.log.reading(idx):
            view = self.analyser.view(self.program.units[idx])
            called_by(view)
            return view

    def judge(self, idx: int, view: UnitView) -> UnitResult:
        """What is found in a unit."""
        with self.log.reading(idx):
            return self.analyser.judge(view)

    def keep(
        self, results: Sequence[UnitResult], facts: tuple[object, ...], stored: tuple[frozenset[str], ...]
    ) -> _Version:
        """This version, analysed."""
        analyser = self.analyser
        return _Version(
            self.source,
            self.shape,
            self.bodies,
            tuple(self.tree.error_ranges),
            facts,
            analyser.contexts,
            analyser.captured_names,
            stored,
            tuple(results),
            self.log,
            analyser.gather(results),
        )


def _analyse_whole(parts: _Parts) -> _Version:
    units = parts.program.units
    for unit in units:
        parts.analyser.fold(unit)
    facts = parts.find_entries()
    views = [parts.view(unit.idx) for unit in units]
    for unit in units:
        parts.analyser.note_captures(unit)
    parts.find_contexts(called_by(view) for view in views)
    results = [parts.judge(idx, view) for idx, view in enumerate(views)]
    return parts.keep(results, facts, tuple(unit.stored for unit in units))


class _Edit:
    """A version that is analysed beside the last one."""

    def __init__(self, parts: _Parts, last: _Version) -> None:
        self._parts, self._last, self._log = parts, last, parts.log
        self._units = parts.program.units
        self.views: dict[int, UnitView] = {}

    def run(self) -> _Version | None:
        """The version with what is kept of the last one; None where nothing can be."""
        parts, last = self._parts, self._last
        changed = self._find_changed()
        if changed is None:
            return None
        inside = {unit for idx in changed for unit in parts.bodies[idx].units}
        if any(self._units[idx].stored != last.stored[idx] for idx in inside):
            return None
        dirty = inside | self._frames_of(inside) | self._log.find_readers(inside)
        self._log.forget(dirty)
        facts = parts.find_entries()
        if facts != last.facts:
            return None
        while dirty:
            self.views.update((idx, parts.view(idx)) for idx in sorted(dirty))
            dirty = self._restore_captures()
        called = [called_by(view) for view in self.views.values()]
        called += [one.called for idx, one in enumerate(last.results) if idx not in self.views]
        if parts.find_contexts(called) != last.contexts:
            return None
        shift = _measure_shift(last, parts.bodies, changed)
        results = [
            parts.judge(idx, self.views[idx]) if idx in self.views else shift.move(one)
            for idx, one in enumerate(last.results)
        ]
        return parts.keep(results, facts, last.stored)

    def _find_changed(self) -> list[int] | None:
        """The bodies that differ from the last version's; None where more than bodies does."""
        parts, last = self._parts, self._last
        if last.shape != parts.shape:
            return None
        changed = [
            idx
            for idx, (new, old) in enumerate(zip(parts.bodies, last.bodies, strict=True))
            if parts.source[new.start : new.end] != last.source[old.start : old.end]
        ]
        shift = _measure_shift(last, parts.bodies, changed)
        before = _errors_outside(last.errors, [last.bodies[idx] for idx in changed])
        after = _errors_outside(parts.tree.error_ranges, [parts.bodies[idx] for idx in changed])
        return changed if {(shift.at(start), shift.at(end)) for start, end in before} == after else None

    def _restore_captures(self) -> set[int]:
        """Gives kept units the captures that they had; the kept ones of which others now capture something else."""
        captured = self._parts.analyser.captured_names
        captured.clear()
        for unit, result in zip(self._units, self._last.results, strict=True):
            if unit.idx not in self.views:
                unit.captures.update((name, self._units[owner]) for name, owner in result.captures)
            self._parts.analyser.note_captures(unit)
        kept = (unit.idx for unit in self._units if unit.idx not in self.views)
        return {idx for idx in kept if captured.get(idx, set()) != self._last.captured.get(idx, set())}

    def _frames_of(self, units: Iterable[int]) -> set[int]:
        """The module and the classes around these."""
        found: set[int] = set()
        for idx in units:
            parent = self._units[idx].parent
            while parent is not None and parent.idx not in found:
                found.add(parent.idx)
                parent = parent.parent
        return found


def _find_bodies(program: Program) -> Iterator[_Body]:
    """The outermost functions' bodies, in order."""
    inside: dict[int, set[int]] = {}
    outermost: dict[int, int] = {}
    for unit in program.units:
        parent = unit.parent.idx if unit.parent is not None else -1
        top = outermost.get(parent, unit.idx if unit.is_function else -1)
        if top >= 0:
            outermost[unit.idx] = top
            inside.setdefault(top, set()).add(unit.idx)
    for idx in sorted(inside, key=lambda idx: program.units[idx].node.start):
        node = program.units[idx].body
        end = program.units[idx].node.end
        yield _Body(
            node.start if node is not None else end, node.end if node is not None else end, frozenset(inside[idx])
        )


def _around(source: bytes, bodies: Iterable[_Body]) -> Iterator[bytes]:
    at = 0
    for body in bodies:
        yield source[at : body.start]
        at = body.end
    yield source[at:]


def _describe(program: Program) -> tuple[tuple[tuple[object, ...], ...], tuple[object, ...]]:
    """What a file's units are, and the names that it knows whole."""
    units = tuple(
        (
            unit.qualname,
            unit.name,
            unit.kind,
            unit.parent.idx if unit.parent is not None else -1,
            unit.cls.qualname if unit.cls is not None else "",
        )
        for unit in program.units
    )
    classes = tuple(
        (name, cls.qualname, cls.bases, tuple(cls.methods.items())) for name, cls in program.classes.items()
    )
    functions = tuple((name, unit.idx) for name, unit in program.functions.items())
    names = (
        program.module_name,
        tuple(program.imports.items()),
        program.wildcards,
        dict(program.exports),
        classes,
        functions,
    )
    return units, names


def _measure_shift(last: _Version, bodies: tuple[_Body, ...], changed: Iterable[int]) -> Shift:
    old = [last.bodies[idx] for idx in changed]
    new = [bodies[idx] for idx in changed]
    deltas = [(b.end - b.start) - (a.end - a.start) for a, b in zip(old, new, strict=True)]
    return Shift([one.end for one in old], deltas)


def _errors_outside(errors: Iterable[tuple[int, int]], bodies: Sequence[_Body]) -> set[tuple[int, int]]:
    return {(start, end) for start, end in errors if not any(one.start <= start and end <= one.end for one in bodies)}
