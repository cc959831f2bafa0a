"""Analyses of a file that is being edited: what an edit inside a function cannot have touched is kept.

The result equals what `analyse_file` gives for the same bytes. Tree, units and results of the last version stay. Where
an edit lies in a function (`graph_model.grafting`), its units become those of the new text; they are analysed again,
with the units around them and with those that read a fact of them that is other now (`graph_model.readings`). The rest
moves. What changes which units, imports or classes there are, or what frameworks call, is a reason to begin anew.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from graph_model.analysis import (
    FileAnalysis,
    Limits,
    UnitAnalyser,
    UnitResult,
    analyse_file,
    called_by,
    count_lines,
    uncollected,
)
from graph_model.candidates.view import UnitView
from graph_model.definitions import SYNTHETIC
from graph_model.entries import hands_over
from graph_model.errors import LimitError
from graph_model.grafting import Graft, LiveTree, describe, move_node
from graph_model.languages import Language, load_table
from graph_model.packs.loading import load_index
from graph_model.program import Program, Unit, build_program, scan_function
from graph_model.readings import (
    COMPARED,
    DESCRIBED,
    FLOW,
    TREE,
    Answers,
    Fact,
    FieldType,
    LoggedResolver,
    LoggedUnit,
    ReadLog,
    log_units,
)
from graph_model.shifting import Shift
from graph_model.syntax import Node, release

_MAX_FILES = 16
ENTRIES = "entries"
"""The reader that says what frameworks call."""


class IncrementalAnalyser:
    """Keeps the last version of the files that were analysed most recently."""

    def __init__(self, max_files: int = _MAX_FILES) -> None:
        self._max_files = max_files
        self._files: dict[str, _LiveFile] = {}
        self.num_analysed = 0  # units of the last call

    def analyse(self, path: str, source: bytes, language: Language, limits: Limits | None = None) -> FileAnalysis:
        """As `analyse_file`."""
        limits = limits or Limits()
        file = self._files.pop(path, None)
        if file is not None and file.live.source == source:
            self._files[path] = file
            self.num_analysed = 0
            return file.analysis
        try:
            if len(source) > limits.max_bytes:
                raise LimitError("max_bytes", len(source), limits.max_bytes)
            with uncollected():
                if file is None:
                    file = _LiveFile(path, source, language, limits)
                else:
                    file.advance(source)
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


class _LiveFile:
    """The last version of a file: its tree and its units, what was found in each, and who read what."""

    program: Program
    analyser: UnitAnalyser
    analysis: FileAnalysis

    def __init__(self, path: str, source: bytes, language: Language, limits: Limits) -> None:
        self._path, self._language = path, language
        self.live = LiveTree(source, load_table(language), limits.max_nodes)
        self.num_analysed = 0
        self._begin()

    def close(self) -> None:
        """Gives its memory back."""
        release(self.live.tree.root)

    def advance(self, source: bytes) -> None:
        """Becomes the next version. Raises LimitError, after which it is none."""
        graft = self.live.find_graft(source)
        if graft is None or not _Step(self, graft, source).run():
            self._begin()

    def _begin(self) -> None:
        """Analyses everything in the tree."""
        self.log = ReadLog()
        self.program = build_program(self._path, self._language, self.live.tree, log_units(self.log))
        self.resolver = LoggedResolver(self.program, load_index(self.program.family.value), self.log)
        self.analyser = UnitAnalyser(self.program, self.resolver, count_lines(self.live.source))
        units = self.program.units
        for unit in units:
            self.analyser.fold(unit)
        self.handing = {unit.idx for unit in units if hands_over(self.program, unit)}
        self.find_entries()
        views = [self.view(unit) for unit in units]
        self.note_captures()
        self.analyser.find_contexts(name for view in views for name in called_by(view))
        self.keep([self.judge(view) for view in views])
        self.num_analysed = len(units)

    def find_entries(self) -> None:
        """What entry points say."""
        self.log.forget([ENTRIES])
        with self.log.reading(ENTRIES):
            self.analyser.find_entries(self.program.units[idx] for idx in sorted(self.handing))

    def describe_entries(self, without: frozenset[int]) -> tuple[object, ...]:
        """What entry points say of all units but these."""
        analyser, resolver = self.analyser, self.resolver
        by_param = (analyser.sources, resolver.entry_types)
        return (
            analyser.entries - without,
            {idx: roles for idx, roles in resolver.entry_returns.items() if idx not in without},
            *({key: value for key, value in table.items() if key[0] not in without} for table in by_param),
            *(
                {key for key in keys if key[0] not in without}
                for keys in (resolver.made_by_framework, resolver.one_segment)
            ),
        )

    def view(self, unit: Unit) -> UnitView:
        """A unit with its value flow."""
        unit.captures.clear()
        with self.log.reading(unit.idx, unit.idx):
            self.log.rely(Answers(unit.idx))
            view = self.analyser.view(unit)
            called_by(view)
            return view

    def judge(self, view: UnitView) -> UnitResult:
        """What is found in a unit."""
        with self.log.reading(view.unit.idx, view.unit.idx):
            return self.analyser.judge(view)

    def note_captures(self) -> None:
        """Which variables of outer units are read, by all units as they are."""
        self.analyser.captured_names = {}
        for unit in self.program.units:
            self.analyser.note_captures(unit)

    def keep(self, results: list[UnitResult]) -> None:
        """Makes an analysis of the units' results."""
        self.results = results
        self.analyser.num_lines = count_lines(self.live.source)
        self.analysis = self.analyser.gather(results)


class _Step:
    """From one version to the next."""

    def __init__(self, file: _LiveFile, graft: Graft, source: bytes) -> None:
        self._file, self._graft, self._source = file, graft, source
        self._program, self._log = file.program, file.log
        self._function = file.program.unit_of[id(graft.function)]
        self._frames = tuple(_list_frames(self._function))

    def run(self) -> bool:
        """False where nothing can be kept; the tree is that of the next version in any case."""
        file = self._file
        before = scan_function(self._program, self._function)
        inside = self._program.units[self._function.idx :][: len(before.units)]
        looked_at = [*inside, *(self._frames[:1] if self._graft.is_seen_around else ())]
        known = [_describe_unit(unit) for unit in looked_at]
        asynchronous = self._program.async_names
        self._replace_nodes(inside)
        after = scan_function(self._program, self._function)
        if before.classes or after.classes or _describe_contents(before) != _describe_contents(after):
            return False
        self._renew(inside, after)
        if self._graft.is_seen_around:
            self._reset(self._frames[0])
        for unit in looked_at:
            file.analyser.fold(unit)
        del self._program.async_names
        if self._program.async_names != asynchronous:
            return False
        changed: set[Fact] = {(unit.idx, TREE) for unit in self._frames}
        for unit, facts in zip(looked_at, known, strict=True):
            changed.update(_find_changed(unit, facts))
        changed.update((unit.idx, FLOW) for unit in inside)
        return self._analyse(frozenset(unit.idx for unit in inside), changed)

    # The text --------------------------------------------------------------------------------------------------------

    def _replace_nodes(self, inside: Iterable[Unit]) -> None:
        """Puts the new nodes into the tree and moves everything behind them."""
        graft = self._graft
        self._file.resolver.forget_nodes(graft.function.walk())
        for unit in inside:
            del self._program.unit_of[id(unit.node)]
        self._file.live.apply(graft, self._source)
        if graft.delta:
            gone = {unit.idx for unit in inside}
            for node in _list_synthetic(unit for unit in self._program.units if unit.idx not in gone):
                move_node(node, graft.end, graft.delta)

    def _renew(self, inside: list[Unit], after: Program) -> None:
        """Makes the units inside those of the new text."""
        first = self._function.idx
        for unit, new in zip(inside, after.units, strict=True):
            assert isinstance(unit, LoggedUnit), "all units of a file that is followed are"
            unit.renew(new.node, new.cls, [inside[child.idx - first] for child in new.children])
            self._program.unit_of[id(new.node)] = unit
            self._file.analyser.constants.pop(unit.idx, None)

    def _reset(self, unit: Unit) -> None:
        """Lets a unit's flow be made again from the same nodes."""
        assert isinstance(unit, LoggedUnit), "as above"
        unit.renew(unit.node, unit.cls, unit.children)
        self._file.analyser.constants.pop(unit.idx, None)

    # What it means ---------------------------------------------------------------------------------------------------

    def _analyse(self, inside: frozenset[int], changed: set[Fact]) -> bool:
        file = self._file
        touched = self._find_touched(inside, changed)
        handing = {idx for idx in inside if hands_over(self._program, self._program.units[idx])}
        has_handed = not file.handing.isdisjoint(inside)
        file.handing = (file.handing - inside) | handing
        if ENTRIES in touched or handing or has_handed:
            before = file.describe_entries(inside)
            file.find_entries()
            if file.describe_entries(inside) != before:
                return False
        dirty = inside | {unit.idx for unit in self._frames} | {one for one in touched if isinstance(one, int)}
        self._log.forget((touched | dirty) - {ENTRIES})
        return self._finish(self._view(dirty))

    def _find_touched(self, inside: frozenset[int], changed: set[Fact]) -> set[Hashable]:
        """Who read what is other now, answers included, which are forgotten.

        The type of a field is found again first: as a rule it is what it was, and nobody is touched by that.
        """
        log, resolver = self._log, self._file.resolver
        direct = log.list_readers(changed)
        fields = {reader for reader in direct if isinstance(reader, FieldType)}
        seeds = {*direct, *map(Answers, inside)} - fields
        touched: set[Hashable] = set()
        refreshed: set[FieldType] = set()
        while seeds or fields:
            relying, more = log.list_relying(seeds)
            resolver.forget_readers(relying)
            touched |= relying
            fields |= more
            seeds = (fields & refreshed) - touched | resolver.refresh_fields(fields - refreshed)
            refreshed |= fields
            fields = set()
        return touched

    def _view(self, dirty: frozenset[int]) -> dict[int, UnitView]:
        """Views of these units, and of those of whose variables others now read."""
        file = self._file
        views: dict[int, UnitView] = {}
        captured = file.analyser.captured_names
        while dirty:
            views.update((idx, file.view(self._program.units[idx])) for idx in sorted(dirty))
            file.note_captures()
            now = file.analyser.captured_names
            dirty = frozenset(
                unit.idx
                for unit in self._program.units
                if unit.idx not in views and now.get(unit.idx, set()) != captured.get(unit.idx, set())
            )
        return views

    def _finish(self, views: dict[int, UnitView]) -> bool:
        file, contexts = self._file, self._file.analyser.contexts
        called = [called_by(view) for view in views.values()]
        called += [one.called for idx, one in enumerate(file.results) if idx not in views]
        file.analyser.find_contexts(name for names in called for name in names)
        if file.analyser.contexts != contexts:
            return False
        shift = Shift([self._graft.end], [self._graft.delta])
        file.num_analysed = len(views)
        file.keep([file.judge(views[idx]) if idx in views else shift.move(one) for idx, one in enumerate(file.results)])
        return True


@dataclass(frozen=True, slots=True)
class _UnitFacts:
    """What others may have read of a unit, by which it can be told whether they would read the same again.

    `flow` is what its statements define and call: the same nodes, where the text is the same.
    """

    named: dict[str, object]
    derived: dict[Callable[[Unit], object], object]
    flow: tuple[object, ...]


def _describe_unit(unit: Unit) -> _UnitFacts:
    own = vars(unit)
    named = {name: own[name] for name in COMPARED if name in own}
    named |= {name: _describe_nodes(getattr(unit, name)) for name in DESCRIBED}
    definitions = [(d.key, d.kind, d.stmt, d.node, d.value, d.values) for d in unit.flow.definitions]
    flow = (definitions, unit.flow.calls, unit.flow.order, unit.flow.reach_in)
    return _UnitFacts(named, dict(own["_derived"]), flow)


def _describe_nodes(value: object) -> object:
    """What nodes say, alone or in lists and tuples."""
    if isinstance(value, list | tuple):
        return tuple(_describe_nodes(one) for one in value)
    return describe(value) if isinstance(value, Node) else value


def _find_changed(unit: Unit, before: _UnitFacts) -> Iterator[Fact]:
    """The facts of a unit of a new text that are not what they were."""
    now = _describe_unit(unit)
    yield unit.idx, TREE
    if now.flow != before.flow:
        yield unit.idx, FLOW
    for name, value in before.named.items():
        if (now.named[name] if name in DESCRIBED else getattr(unit, name)) != value:
            yield unit.idx, name
    for compute, value in before.derived.items():
        if unit.derive(compute) != value:
            yield unit.idx, compute


def _describe_contents(contents: Program) -> tuple[object, ...]:
    """What a function holds, as the rest of its file sees it."""
    units = [
        (
            unit.name,
            unit.qualname,
            unit.kind,
            unit.parent.idx if unit.parent is not None else -1,
            (unit.cls.qualname, unit.cls.bases, unit.cls.methods) if unit.cls is not None else (),
        )
        for unit in contents.units
    ]
    return units, [*contents.imports.items()], contents.wildcards, contents.exports


def _list_frames(unit: Unit) -> Iterator[Unit]:
    """The units around one, innermost first."""
    around = unit.parent
    while around is not None:
        yield around
        around = around.parent


def _list_synthetic(units: Iterable[Unit]) -> Iterator[Node]:
    """The nodes that definitions made up: they are in no tree."""
    seen: set[int] = set()
    for unit in units:
        flow = vars(unit).get("flow")
        values = [one for d in flow.definitions for one in (d.value, *d.values)] if flow is not None else []
        stack = [value for value in values if value is not None and value.raw == SYNTHETIC]
        while stack:
            node = stack.pop()
            if id(node) not in seen:
                seen.add(id(node))
                yield node
                stack.extend(node.children if node.raw == SYNTHETIC else ())
