"""A file that is being typed in: after an edit inside one function the rest of the file's analysis is kept.

The file is parsed as a whole, which is cheap, and its units are laid out. Where the edit lies inside the body of one
function of a module or class and changes nothing of what other code reads of it (the layout of the file, imports,
fields that it assigns, what it captures, entry points that it registers), only that function is followed again, and
what was found elsewhere is moved to where it now stands. In every other case the file is analysed from scratch.

What other code reads is told by the channels listed in `_Facts`. A detector may know more ways to look at a neighbour:
whoever needs the very result of `analyse_file` asks for it once the typing stops.
"""

import gc
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from graph_model.analysis import Analysis, FileAnalysis, Limits, called_names, count_lines, release_tree
from graph_model.candidates.authorisation import guards_from, guards_project
from graph_model.candidates.model import Candidate
from graph_model.candidates.view import UnitView
from graph_model.contexts import find_contexts
from graph_model.encoder import FunctionGraph, encode_unit
from graph_model.entries import EntrySources, find_registering
from graph_model.errors import LimitError
from graph_model.kinds import NodeKind as K
from graph_model.languages import Language, load_table
from graph_model.origins import CallRecord, FlowRecord, SinkRecord, UnitRecord
from graph_model.packs.model import ApiRole
from graph_model.program import Program, Unit
from graph_model.syntax import Node, parse_tree


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one unit found, and what of it others may read."""

    candidates: tuple[Candidate, ...]
    record: UnitRecord
    graph: FunctionGraph | None
    called: frozenset[str]
    captures: frozenset[tuple[str, int]]
    fields: frozenset[tuple[str, str, str]]  # (access path, kind of definition, resolved name of the value)
    registers: bool  # entry points, by a call
    guards: bool  # the whole project
    last: int  # the last byte that any of it names


@dataclass(frozen=True, slots=True)
class _EntryState:
    """What is known of entry points, here and in the resolver."""

    sources: EntrySources
    entries: frozenset[int]
    returns: dict[int, tuple[ApiRole, ...]]
    types: dict[tuple[int, str], str]
    made: frozenset[tuple[int, str]]
    segments: frozenset[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class _Memory:
    """The last analysis of a file with everything that the next one may keep."""

    content: bytes
    analysis: FileAnalysis
    layout: tuple[object, ...]
    bodies: tuple[tuple[int, int, int, int], ...]  # of functions of a module or class: first unit, end, body's bytes
    facts: tuple[_Facts, ...]
    entries: _EntryState


@dataclass(frozen=True, slots=True)
class _Window:
    """The bytes that an edit replaced, and by how much what follows moved."""

    start: int
    end: int
    delta: int

    def move(self, offset: int) -> int:
        """Where a byte outside the window now is. Raises LookupError for one inside."""
        if offset <= self.start:
            return offset
        if offset < self.end:
            raise LookupError(f"offset: expected one outside {self.start}..{self.end}, found {offset}")
        return offset + self.delta


class LiveFile:
    """One file in an editor. `is_exact` says whether the last analysis was made from scratch."""

    def __init__(self, path: str, language: Language) -> None:
        self._path, self._language = path, language
        self._memory: _Memory | None = None
        self.is_exact = True

    def analyse(self, content: bytes, *, is_fast: bool = True) -> FileAnalysis:
        """The analysis of the file with this content; `is_fast` keeps what an edit leaves alone."""
        limits = Limits(max_bytes=len(content))
        try:
            tree = parse_tree(content, load_table(self._language), limits.max_nodes)
        except LimitError as error:
            self._memory, self.is_exact = None, True
            return FileAnalysis.too_large(self._path, self._language, content, error)
        was_enabled = gc.isenabled()
        gc.disable()  # as in `analyse_file`
        try:
            run = Analysis(self._path, self._language, tree, count_lines(content), smells=True)
            kept = _Partial(run, self._memory, content).run() if is_fast and self._memory is not None else None
            self.is_exact = kept is None
            self._memory = kept or _remember(run, content)
            return self._memory.analysis
        finally:
            release_tree(tree.root)
            if was_enabled:
                gc.enable()


def _remember(run: Analysis, content: bytes) -> _Memory:
    """The whole analysis, as `Analysis.run` makes it, with what the next one may keep."""
    program = run.program
    views = run.open_views(program.units)
    run.contexts = find_contexts(program, run.index.contexts, called_names(views))
    registering = find_registering(program, run.resolver)
    facts = tuple(_gather(run, view, registers=view.unit.idx in registering) for view in views)
    resolver = run.resolver
    entries = _EntryState(
        run.sources,
        run.entries,
        dict(resolver.entry_returns),
        dict(resolver.entry_types),
        frozenset(resolver.made_by_framework),
        frozenset(resolver.one_segment),
    )
    is_guard = any(one.guards for one in facts) or guards_project(program)
    analysis = _put_together(run, facts, is_guard=is_guard)
    return _Memory(content, analysis, _lay_out(program), tuple(_bodies(program)), facts, entries)


def _gather(run: Analysis, view: UnitView, *, registers: bool) -> _Facts:
    unit = view.unit
    candidates = tuple(run.find_candidates(view))
    record = run.record(view)
    graph = encode_unit(view) if candidates or record.sinks else None
    return _Facts(
        candidates,
        record,
        graph,
        frozenset(called_names([view])),
        frozenset((name, owner.idx) for name, owner in unit.captures.items()),
        frozenset(_list_fields(run, unit)),
        registers,
        guards_from(unit),
        max(_list_offsets(candidates, record), default=unit.node.end),
    )


def _list_fields(run: Analysis, unit: Unit) -> Iterator[tuple[str, str, str]]:
    for one in unit.flow.definitions:
        if "." in one.key and one.shadow_of is None:
            value = run.resolver.resolve(one.value, unit, one.stmt) if one.value is not None else ""
            yield one.key, one.kind.name, value


def _list_offsets(candidates: tuple[Candidate, ...], record: UnitRecord) -> Iterator[int]:
    yield record.end
    for candidate in candidates:
        yield max(candidate.end, candidate.statement_end, *(step.end for step in candidate.steps))
    for sink in record.sinks:
        yield max(sink.end, sink.statement_end, *(end for _, end in sink.guards))
    yield from (origin.end for origin in record.origins)


def _put_together(run: Analysis, facts: tuple[_Facts, ...], *, is_guard: bool) -> FileAnalysis:
    candidates = [candidate for one in facts for candidate in one.candidates]
    records, graphs = tuple(one.record for one in facts), tuple(one.graph for one in facts)
    return run.put_together(records, candidates, graphs, is_guard=is_guard)


def _lay_out(program: Program) -> tuple[object, ...]:
    """What a file's units read of its outline."""
    units = tuple(
        (
            unit.name,
            unit.qualname,
            unit.node.kind,
            unit.node.text,
            unit.parent.idx if unit.parent is not None else -1,
            unit.cls.qualname if unit.cls is not None else "",
            tuple(name for name, _ in unit.params),
        )
        for unit in program.units
    )
    classes = tuple(
        (
            name,
            one.qualname,
            one.bases,
            tuple(one.methods.items()),
            tuple((field, declared.text) for field, declared in one.field_types.items()),
            tuple((field, value.kind) for field, value in one.field_values.items()),
        )
        for name, one in program.classes.items()
    )
    functions = tuple((name, unit.idx) for name, unit in program.functions.items())
    imports = tuple(program.imports.items())
    exports = tuple(program.exports.items())
    return program.module_name, units, classes, functions, imports, program.wildcards, exports


def _bodies(program: Program) -> Iterator[tuple[int, int, int, int]]:
    """The functions that stand in a module or class: their unit, the one behind their last, and their body's bytes."""
    units = program.units
    for unit in units:
        body = unit.body
        if unit.is_function and unit.parent is not None and not unit.parent.is_function and body is not None:
            end = unit.idx + 1
            while end < len(units) and _is_inside(units[end].node, unit.node):
                end += 1
            yield unit.idx, end, body.start, body.end


def _is_inside(node: Node, outer: Node) -> bool:
    return outer.start <= node.start and node.end <= outer.end


class _Partial:
    """An analysis after an edit, as far as it can keep what was known before."""

    def __init__(self, run: Analysis, memory: _Memory, content: bytes) -> None:
        self._run, self._memory, self._content = run, memory, content
        self._window = _find_window(memory.content, content)

    def run(self) -> _Memory | None:
        """The new state; None when the file has to be analysed from scratch."""
        memory, program = self._memory, self._run.program
        body = self._find_body()
        if body is None or _lay_out(program) != memory.layout:
            return None
        first, end, _, _ = body
        bodies = tuple(_bodies(program))
        if [one[:2] for one in bodies] != [one[:2] for one in memory.bodies]:
            return None
        if not self._is_same_outline(first, bodies):
            return None
        changed = self._follow(first, end)
        if changed is None:
            return None
        try:
            facts = tuple(changed.get(idx) or self._move(one) for idx, one in enumerate(memory.facts))
        except LookupError:  # something elsewhere speaks of a place that is gone
            return None
        is_guard = any(one.guards for one in facts) or memory.analysis.is_guard
        analysis = _put_together(self._run, facts, is_guard=is_guard)
        return replace(memory, content=self._content, analysis=analysis, bodies=bodies, facts=facts)

    def _find_body(self) -> tuple[int, int, int, int] | None:
        """The function whose body holds the whole edit."""
        window = self._window
        return next((one for one in self._memory.bodies if one[2] < window.start and window.end <= one[3]), None)

    def _is_same_outline(self, first: int, bodies: tuple[tuple[int, int, int, int], ...]) -> bool:
        """Whether every body lies where the edit moves it; the edited one may end with the edit, as in Python."""
        window = self._window
        for before, after in zip(self._memory.bodies, bodies, strict=True):
            moved = (_try_move(window, before[2]), _try_move(window, before[3]))
            if after[2:] != ((before[2], before[3] + window.delta) if before[0] == first else moved):
                return False
        return True

    def _follow(self, first: int, end: int) -> dict[int, _Facts] | None:
        """The facts of the function that was edited, and of the classes around it; None when others depend on more."""
        run, memory, units = self._run, self._memory, self._run.program.units
        inner = units[first:end]
        outer = _list_outer(units[first])
        self._restore_entries()
        run.fold([*outer, *inner])
        if find_registering(run.program, run.resolver, inner) or any(one.registers for one in memory.facts[first:end]):
            return None
        wanted = [unit for unit in outer if self._has_changed(unit)]
        views = run.follow([*wanted, *inner])
        run.contexts = memory.analysis.contexts
        self._restore_captures(first, end)
        changed = {view.unit.idx: _gather(run, view, registers=memory.facts[view.unit.idx].registers) for view in views}
        for idx in range(first, end):
            if _outward(changed[idx], first) != _outward(memory.facts[idx], first):
                return None
        return changed

    def _restore_captures(self, first: int, end: int) -> None:
        """What the other functions capture, which is found while they are followed."""
        units = self._run.program.units
        for idx, facts in enumerate(self._memory.facts):
            for name, owner in facts.captures if not first <= idx < end else ():
                units[idx].captures.setdefault(name, units[owner])
                self._run.captured_names.setdefault(owner, set()).add(name)

    def _has_changed(self, unit: Unit) -> bool:
        """Whether a unit around the edit is looked at again: a class, and whatever counts its lines."""
        facts = self._memory.facts[unit.idx]
        is_last = facts.record.end <= self._window.end  # it ends with the edit
        return unit.node.kind is K.CLASS or is_last or bool(facts.candidates or facts.record.sinks)

    def _restore_entries(self) -> None:
        """Entry points are told by decorators, bases and calls elsewhere: an edit in a body leaves them as they are."""
        run, known = self._run, self._memory.entries
        run.sources, run.entries = known.sources, known.entries
        resolver = run.resolver
        resolver.entry_returns = dict(known.returns)
        resolver.entry_types = dict(known.types)
        resolver.made_by_framework = set(known.made)
        resolver.one_segment = set(known.segments)

    # Moving ----------------------------------------------------------------------------------------------------------

    def _move(self, facts: _Facts) -> _Facts:
        """The same facts where they now stand. Raises LookupError when one speaks of a place that is gone."""
        window = self._window
        if facts.last <= window.start or window.delta == 0:
            if facts.last > window.start:
                _check_places(facts, window)
            return facts
        return replace(
            facts,
            candidates=tuple(_move_candidate(one, window) for one in facts.candidates),
            record=_move_record(facts.record, window),
            graph=_move_graph(facts.graph, window),
            last=window.move(facts.last),
        )


def _outward(facts: _Facts, first: int) -> tuple[object, ...]:
    """What code outside a function reads of it."""
    captures = frozenset(one for one in facts.captures if one[1] < first)
    return facts.fields, captures, facts.guards


def _list_outer(unit: Unit) -> list[Unit]:
    """The units around one, the module first."""
    outer: list[Unit] = []
    parent = unit.parent
    while parent is not None:
        outer.insert(0, parent)
        parent = parent.parent
    return outer


def _find_window(before: bytes, after: bytes) -> _Window:
    """The shortest stretch of the old text that an edit replaced."""
    most = min(len(before), len(after))
    start = _common(before, after, most)
    tail = _common(before[start:][::-1], after[start:][::-1], most - start)
    return _Window(start, len(before) - tail, len(after) - len(before))


def _common(one: bytes, other: bytes, most: int) -> int:
    """How many bytes two texts begin with in common, at most `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _try_move(window: _Window, offset: int) -> int:
    try:
        return window.move(offset)
    except LookupError:
        return -1


def _check_places(facts: _Facts, window: _Window) -> None:
    """Raises LookupError when candidates speak of a place inside the window."""
    for candidate in facts.candidates:
        _move_candidate(candidate, window)


def _move_candidate(one: Candidate, window: _Window) -> Candidate:
    move = window.move
    return replace(
        one,
        start=move(one.start),
        end=move(one.end),
        statement_start=move(one.statement_start),
        statement_end=move(one.statement_end),
        steps=tuple(replace(step, start=move(step.start), end=move(step.end)) for step in one.steps),
    )


def _move_flows(flows: tuple[FlowRecord, ...], window: _Window) -> tuple[FlowRecord, ...]:
    move = window.move
    return tuple(
        FlowRecord(
            one.origin, one.sanitised, one.passed, tuple((move(start), move(end), key) for start, end, key in one.hops)
        )
        for one in flows
    )


def _move_record(one: UnitRecord, window: _Window) -> UnitRecord:
    move = window.move
    return replace(
        one,
        start=move(one.start),
        end=move(one.end),
        origins=tuple(replace(origin, start=move(origin.start), end=move(origin.end)) for origin in one.origins),
        calls=tuple(_move_call(call, window) for call in one.calls),
        sinks=tuple(_move_sink(sink, window) for sink in one.sinks),
        returns=_move_flows(one.returns, window),
        stores=tuple((name, _move_flows(flows, window)) for name, flows in one.stores),
        captured=tuple((name, _move_flows(flows, window)) for name, flows in one.captured),
    )


def _move_call(one: CallRecord, window: _Window) -> CallRecord:
    args = tuple((key, _move_flows(flows, window)) for key, flows in one.args)
    return CallRecord(one.callee, window.move(one.start), window.move(one.end), args, one.is_request)


def _move_sink(one: SinkRecord, window: _Window) -> SinkRecord:
    move = window.move
    return replace(
        one,
        start=move(one.start),
        end=move(one.end),
        statement_start=move(one.statement_start),
        statement_end=move(one.statement_end),
        flows=_move_flows(one.flows, window),
        guards=tuple((move(start), move(end)) for start, end in one.guards),
    )


def _move_graph(graph: FunctionGraph | None, window: _Window) -> FunctionGraph | None:
    if graph is None:
        return None
    spans = np.where(graph.spans >= window.end, graph.spans + window.delta, graph.spans).astype(np.int32)
    return replace(graph, spans=spans)
