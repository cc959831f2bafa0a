"""One file's analysis: bytes in, a value out that holds everything later stages need and no syntax tree.

    parse -> units -> entry points -> per unit: control flow, data flow, constants, value flow -> records and graphs

The value depends on the path, the bytes, the language and the packs only, and can be kept by their hash.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from graph_model.candidates.authorisation import guards_project
from graph_model.candidates.detectors import DETECTORS, SMELL_DETECTORS
from graph_model.candidates.model import Candidate, Step, StepRole
from graph_model.candidates.view import Draft, UnitView
from graph_model.catalogue import load_catalogue
from graph_model.conditions import ConditionJudge
from graph_model.constants import Constants, fold_conditions
from graph_model.contexts import context_facts, find_contexts, is_harmless_in
from graph_model.encoder import FunctionGraph, encode_unit
from graph_model.entries import EntrySources, find_entries, hands_over
from graph_model.errors import LimitError
from graph_model.evaluator import FlowContext, SinkHit, UnitFlow
from graph_model.guards import find_guards
from graph_model.languages import Family, Language, load_table
from graph_model.metrics import measure_unit
from graph_model.names import Resolver
from graph_model.origins import CallRecord, SinkRecord, UnitRecord, record_flow
from graph_model.packs.loading import PackIndex, load_index
from graph_model.packs.model import ContextKind
from graph_model.program import Program, Unit, build_program
from graph_model.syntax import Node, parse_tree
from graph_model.textless import silent_accessors, simple_type
from graph_model.value_flow import analyse_unit_flow


@dataclass(frozen=True, slots=True)
class Limits:
    """Counted, never timed: what is over a limit is left out and said."""

    max_bytes: int = 512 * 1024
    max_nodes: int = 50_000  # a function weighs FUNCTION_WEIGHT nodes more


@dataclass(frozen=True, slots=True)
class Problem:
    """A part that could not be analysed: `syntax-error`, `nested-too-deep`, `too-many-nodes`, `function-too-large`."""

    kind: str
    start: int
    end: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FileAnalysis:
    """Everything known of one file. `candidates` are those that need no other file; flows are in `units`.

    `graphs[i]` is the graph of unit i where it has a candidate or a sink, or all were asked for, else None.
    """

    path: str
    language: str
    module_name: str
    num_lines: int
    num_nodes: int
    num_other: int
    problems: tuple[Problem, ...]
    units: tuple[UnitRecord, ...]
    candidates: tuple[Candidate, ...]
    graphs: tuple[FunctionGraph | None, ...]
    exports: tuple[tuple[str, str], ...]
    contexts: tuple[ContextKind, ...] = ()
    silent: tuple[str, ...] = ()  # generated getters of fields that hold no text
    is_guard: bool = False  # puts an authorisation check in front of every entry point of its project
    enums: tuple[str, ...] = ()  # simple names of the enumerations that the file declares (Java, C#, Python)


def analyse_file(
    path: str,
    source: bytes,
    language: Language,
    limits: Limits | None = None,
    *,
    smells: bool = True,
    every_graph: bool = False,
) -> FileAnalysis:
    """Analyses one file. Never raises for what the bytes hold: problems are in the result.

    `path` uses `/` and is relative to the repository root; it names modules and is copied into evidence.
    `smells`: look for maintainability labels too, which need a graph of every function that may have one.
    `every_graph`: make the graphs of units that nothing is found in as well, as a corpus needs them.
    """
    limits = limits or Limits()
    num_lines = count_lines(source)
    try:
        if len(source) > limits.max_bytes:
            raise LimitError("max_bytes", len(source), limits.max_bytes)
        tree = parse_tree(source, load_table(language), limits.max_nodes)
    except LimitError as error:
        problem = Problem("too-large" if error.limit == "max_bytes" else "too-many-nodes", 0, len(source), str(error))
        return FileAnalysis(path, language.name, "", num_lines, 0, 0, (problem,), (), (), (), ())
    with uncollected():
        try:
            program = build_program(path, language, tree)
            resolver = Resolver(program, load_index(program.family.value))
            return UnitAnalyser(program, resolver, num_lines, smells=smells, every_graph=every_graph).run()
        finally:
            tree.root.release()


def count_lines(source: bytes) -> int:
    """The lines of a file, one without an end included."""
    return source.count(b"\n") + (1 if source and not source.endswith(b"\n") else 0)


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection of garbage: trees are cyclic, collecting while they grow costs more than the analysis."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What the analysis of one unit gives. `graph` is None where nothing needs it, `called` the names of its calls.

    `captures` are the variables of outer units that it reads, with the number of the unit they belong to.
    """

    record: UnitRecord
    candidates: tuple[Candidate, ...]
    graph: FunctionGraph | None
    called: frozenset[str]
    captures: tuple[tuple[str, int], ...]
    guards_project: bool
    is_too_large: bool


class UnitAnalyser:
    """Analyses the units of one parsed file. All views are made before the first result: contexts need them."""

    def __init__(
        self, program: Program, resolver: Resolver, num_lines: int, *, smells: bool = True, every_graph: bool = False
    ) -> None:
        self.every_graph = every_graph
        self.detectors = (*DETECTORS, *SMELL_DETECTORS) if smells else DETECTORS
        self.path, self.tree, self.num_lines = program.path, program.tree, num_lines
        self.program, self.resolver = program, resolver
        self.index: PackIndex = resolver.index
        self.label_bits = {label.id: bit for bit, label in enumerate(load_catalogue())}
        self.constants: dict[int, Constants] = {}
        self.captured_names: dict[int, set[str]] = {}
        self.contexts: tuple[ContextKind, ...] = ()
        self.sources: EntrySources = {}
        self.entries: frozenset[int] = frozenset()

    def run(self) -> FileAnalysis:
        """Everything, in order."""
        for unit in self.program.units:
            self.fold(unit)
        self.find_entries(unit for unit in self.program.units if hands_over(self.program, unit, self.index))
        views = [self.view(unit) for unit in self.program.units]
        for view in views:
            self.note_captures(view.unit)
        self.find_contexts(name for view in views for name in called_by(view))
        return self.gather([self.judge(view) for view in views])

    def fold(self, unit: Unit) -> Constants:
        """The constants of a unit, whose conditions are folded when they are first asked for."""
        found = self.constants.get(unit.idx)
        if found is None:
            outer = self.fold(unit.parent) if unit.parent is not None else None
            found = self.constants[unit.idx] = Constants(unit, outer)
            fold_conditions(unit, found)
        return found

    def find_entries(self, handing: Iterable[Unit]) -> None:
        """What frameworks call, and what they give to it; `handing` as `entries.find_entries` wants it."""
        finder = Resolver(self.program, self.index)
        self.sources, self.entries = find_entries(self.program, finder, handing)
        self.resolver.adopt_entries(finder)

    def find_contexts(self, called: Iterable[str]) -> None:
        """Where the file's code runs; `called` are the names of all its calls."""
        self.contexts = find_contexts(self.program, self.index.contexts, called)

    def note_captures(self, unit: Unit) -> None:
        """Remembers which variables of outer units a unit reads."""
        for name, owner in unit.captures.items():
            self.captured_names.setdefault(owner.idx, set()).add(name)

    def view(self, unit: Unit) -> UnitView:
        """A unit with its value flow."""
        constants = self.fold(unit)
        judge = ConditionJudge(unit, self.resolver, constants)
        context = FlowContext(self.resolver, self.label_bits, self.sources, constants, judge)
        view = UnitView(self.program, unit, self.resolver, constants, judge, analyse_unit_flow(unit, context))
        view.is_entry = unit.idx in self.entries
        return view

    def judge(self, view: UnitView) -> UnitResult:
        """What is found in a unit, once all captures and the contexts are known."""
        unit = view.unit
        candidates = tuple(self._candidates(view))
        record = self._record(view)
        return UnitResult(
            record,
            candidates,
            encode_unit(view) if candidates or record.sinks or self.every_graph else None,
            called_by(view),
            tuple((name, owner.idx) for name, owner in unit.captures.items()),
            guards_project(unit),
            unit.too_large,
        )

    def gather(self, results: Sequence[UnitResult]) -> FileAnalysis:
        """The file's analysis from its units'."""
        program = self.program
        candidates = [one for result in results for one in result.candidates]
        return FileAnalysis(
            path=self.path,
            language=program.language.name,
            module_name=program.module_name,
            num_lines=self.num_lines,
            num_nodes=self.tree.num_nodes,
            num_other=self.tree.num_other,
            problems=tuple(self._problems(results)),
            units=tuple(result.record for result in results),
            candidates=tuple(sorted(candidates, key=lambda c: (c.start, c.end, c.label))),
            graphs=tuple(result.graph for result in results),
            exports=tuple(sorted(program.exports.items())),
            contexts=self.contexts,
            silent=silent_accessors(program),
            is_guard=any(result.guards_project for result in results),
            enums=tuple(sorted(program.enums)),
        )

    def _problems(self, results: Sequence[UnitResult]) -> Iterator[Problem]:
        for start, end in self.tree.error_ranges[:20]:
            yield Problem("syntax-error", start, end)
        for start, end in self.tree.deep_ranges[:20]:
            yield Problem("nested-too-deep", start, end)
        for result in results:
            if result.is_too_large:
                record = result.record
                yield Problem("function-too-large", record.start, record.end, record.qualname or "module")

    # Candidates ------------------------------------------------------------------------------------------------------

    def _candidates(self, view: UnitView) -> Iterator[Candidate]:
        seen: set[tuple[str, int, int]] = set()
        for detector in self.detectors:
            for draft in detector(view):
                key = (draft.label, draft.node.start, draft.node.end)
                if key not in seen and draft.label in self.label_bits:
                    seen.add(key)
                    if not is_harmless_in(draft.label, self.contexts):
                        yield self._candidate(draft, view)

    def _candidate(self, draft: Draft, view: UnitView) -> Candidate:
        stmt = view.unit.control.stmts[draft.stmt]
        start, end = statement_span(stmt.node)
        steps = [Step(self.path, *statement_span(node), role, note) for node, role, note in draft.steps]
        steps.append(Step(self.path, draft.node.start, draft.node.end, StepRole.SINK))
        facts = {**draft.facts, **context_facts(self.contexts), **measure_unit(view)}
        return Candidate(
            label=draft.label,
            path=self.path,
            start=draft.node.start,
            end=draft.node.end,
            statement_start=start,
            statement_end=end,
            symbol=view.unit.qualname,
            api=draft.api,
            steps=tuple(steps),
            facts=tuple(sorted(facts.items())),
            words=tuple(sorted(draft.words.items())),
            fix=draft.fix,
            unit=view.unit.idx,
        )

    # Records ---------------------------------------------------------------------------------------------------------

    def _record(self, view: UnitView) -> UnitRecord:
        unit, values = view.unit, view.values
        cls = unit.cls
        return UnitRecord(
            qualname=unit.qualname,
            name=unit.name,
            class_name=cls.qualname if cls is not None else "",
            bases=cls.bases if cls is not None else (),
            parent=unit.parent.idx if unit.parent is not None else -1,
            params=tuple(name for name, _ in unit.params if name != unit.receiver or not name),
            start=unit.node.start,
            end=unit.node.end,
            is_function=unit.is_function,
            is_public=not unit.name.startswith("_") and "private" not in unit.node.text,
            origins=tuple(values.origins),
            calls=tuple(
                CallRecord(
                    c.callee,
                    c.node.start,
                    c.node.end,
                    tuple((key, record_flow(flow)) for key, flow in c.args.items()),
                    c.is_request,
                )
                for c in values.calls
            ),
            sinks=tuple(
                self._sink(hit, view) for hit in values.sinks if not is_harmless_in(hit.role.label, self.contexts)
            ),
            returns=record_flow(values.returns),
            stores=tuple((name, record_flow(flow)) for name, flow in sorted(values.stores.items())),
            captured=tuple(self._captured(unit, values)),
            param_types=tuple(
                (name, simple_type(declared))
                for name, node in unit.params
                if (declared := node.get("type")) is not None
            )
            if self.program.family is not Family.JAVASCRIPT
            else (),
        )

    def _captured(self, unit: Unit, values: UnitFlow) -> Iterator[tuple[str, tuple]]:  # type: ignore[type-arg]
        """The values of variables that nested units read, whatever definition they see."""
        for name in sorted(self.captured_names.get(unit.idx, ())):
            merged: dict[int, tuple[int, int, object]] = {}
            for definition in unit.flow.definitions:
                if definition.key == name:
                    for origin, mark in values.values.get(definition.idx, {}).items():
                        merged.setdefault(origin, mark)
            if merged:
                yield name, record_flow(merged)  # type: ignore[arg-type]

    def _sink(self, hit: SinkHit, view: UnitView) -> SinkRecord:
        stmt = view.unit.control.stmts[hit.stmt]
        start, end = statement_span(stmt.node)
        guards = find_guards(view, hit)
        flow = {origin: mark for origin, mark in hit.flow.items() if origin not in guards.blocked}
        facts = {
            "exact_api": float(hit.exact),
            "leads": float(hit.leads),
            "argument_built": float(view.judge.is_built(hit.argument, hit.stmt)),
            "guards": float(len(guards.spans)),
            "validated": float(guards.validated),
            "in_loop": float(bool(stmt.loops)),
            "in_try": float(stmt.in_try),
            "in_entry": float(view.is_entry),
            **context_facts(self.contexts),
            **measure_unit(view),
        }
        return SinkRecord(
            hit.role.label,
            hit.api,
            hit.node.start,
            hit.node.end,
            start,
            end,
            record_flow(flow),
            guards.spans,
            tuple(sorted(facts.items())),
            source_kind=hit.role.kind,
        )


def called_by(view: UnitView) -> frozenset[str]:
    """The resolved names of a unit's calls."""
    return frozenset(name for _, _, name, _ in view.calls)


_HEADER_FIELDS = ("body", "orelse", "handler", "finally")


def statement_span(node: Node) -> tuple[int, int]:
    """The byte range of a statement; of a compound one the header only."""
    end = node.end
    for child in node.children:
        if child.field in _HEADER_FIELDS and child.start > node.start:
            end = min(end, child.start)
    return node.start, end
