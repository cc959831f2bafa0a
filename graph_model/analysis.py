"""One file's analysis: bytes in, a value out that holds everything later stages need and no syntax tree.

    parse -> units -> entry points -> per unit: control flow, data flow, constants, value flow -> records and graphs

The value depends on the path, the bytes, the language and the packs only, and can be kept by their hash.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
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
from graph_model.entries import EntrySources, find_entries
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
from graph_model.syntax import Node, SyntaxTree, parse_tree
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

    `graphs[i]` is the graph of unit i where it has a candidate or a sink, else None.
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

    @classmethod
    def too_large(cls, path: str, language: Language, source: bytes, error: LimitError) -> "FileAnalysis":
        """What is left of a file that is over a limit."""
        problem = Problem("too-large" if error.limit == "max_bytes" else "too-many-nodes", 0, len(source), str(error))
        return cls(path, language.name, "", count_lines(source), 0, 0, (problem,), (), (), (), ())


def count_lines(source: bytes) -> int:
    """How many lines a file has; a final line feed does not begin another."""
    return source.count(b"\n") + (1 if source and not source.endswith(b"\n") else 0)


def analyse_file(
    path: str, source: bytes, language: Language, limits: Limits | None = None, *, smells: bool = True
) -> FileAnalysis:
    """Analyses one file. Never raises for what the bytes hold: problems are in the result.

    `path` uses `/` and is relative to the repository root; it names modules and is copied into evidence.
    `smells`: look for maintainability labels too, which need a graph of every function that may have one.
    """
    limits = limits or Limits()
    try:
        if len(source) > limits.max_bytes:
            raise LimitError("max_bytes", len(source), limits.max_bytes)
        tree = parse_tree(source, load_table(language), limits.max_nodes)
    except LimitError as error:
        return FileAnalysis.too_large(path, language, source, error)
    was_enabled = gc.isenabled()
    gc.disable()  # trees are cyclic: collecting while they grow costs more than the analysis
    try:
        return Analysis(path, language, tree, count_lines(source), smells=smells).run()
    finally:
        release_tree(tree.root)
        if was_enabled:
            gc.enable()


def release_tree(root: Node) -> None:
    """Breaks the tree's cycles, so that its memory goes back at once."""
    stack = [root]
    while stack:
        node = stack.pop()
        node.parent = None
        stack.extend(node.children)
        node.children = []


class Analysis:
    """The steps of one file's analysis. `run` takes them all; `graph_model.incremental` those that an edit asks for."""

    def __init__(self, path: str, language: Language, tree: SyntaxTree, num_lines: int, *, smells: bool) -> None:
        self.detectors = (*DETECTORS, *SMELL_DETECTORS) if smells else DETECTORS
        self.path, self.language, self.tree, self.num_lines = path, language, tree, num_lines
        self.index: PackIndex = load_index(language.family.value)
        self.label_bits = {label.id: bit for bit, label in enumerate(load_catalogue())}
        self.program: Program = build_program(path, language, tree)
        self.resolver = Resolver(self.program, self.index)
        self.constants: dict[int, Constants] = {}
        self.sources: EntrySources = {}
        self.entries: frozenset[int] = frozenset()
        self.captured_names: dict[int, set[str]] = {}
        self.contexts: tuple[ContextKind, ...] = ()

    def run(self) -> FileAnalysis:
        """The whole analysis."""
        views = self.open_views(self.program.units)
        self.contexts = find_contexts(self.program, self.index.contexts, called_names(views))
        candidates = [candidate for view in views for candidate in self.find_candidates(view)]
        records = tuple(self.record(view) for view in views)
        needed = {c.unit for c in candidates} | {i for i, record in enumerate(records) if record.sinks}
        graphs = tuple(encode_unit(view) if view.unit.idx in needed else None for view in views)
        return self.put_together(records, candidates, graphs, is_guard=guards_project(self.program))

    def put_together(
        self,
        records: tuple[UnitRecord, ...],
        candidates: Iterable[Candidate],
        graphs: tuple[FunctionGraph | None, ...],
        *,
        is_guard: bool,
    ) -> FileAnalysis:
        """The value that holds it all."""
        return FileAnalysis(
            path=self.path,
            language=self.language.name,
            module_name=self.program.module_name,
            num_lines=self.num_lines,
            num_nodes=self.tree.num_nodes,
            num_other=self.tree.num_other,
            problems=tuple(self._problems()),
            units=records,
            candidates=tuple(sorted(candidates, key=lambda c: (c.start, c.end, c.label))),
            graphs=graphs,
            exports=tuple(sorted(self.program.exports.items())),
            contexts=self.contexts,
            silent=silent_accessors(self.program),
            is_guard=is_guard,
            enums=tuple(sorted(self.program.enums)),
        )

    def open_views(self, units: Sequence[Unit]) -> list[UnitView]:
        """Views of units, outer ones first: folded, with their entry points found and their values followed."""
        self.fold(units)
        self.sources, self.entries = find_entries(self.program, self.resolver)
        return self.follow(units)

    def fold(self, units: Iterable[Unit]) -> None:
        """Takes branches that cannot run out of units."""
        for unit in units:
            outer = self.constants[unit.parent.idx] if unit.parent is not None else None
            self.constants[unit.idx] = Constants(unit, outer)
            fold_conditions(unit, self.constants[unit.idx])

    def follow(self, units: Iterable[Unit]) -> list[UnitView]:
        """Follows the values in folded units."""
        views = [self._view(unit) for unit in units]
        for view in views:
            view.is_entry = view.unit.idx in self.entries
            for name, owner in view.unit.captures.items():
                self.captured_names.setdefault(owner.idx, set()).add(name)
        return views

    def _view(self, unit: Unit) -> UnitView:
        constants = self.constants[unit.idx]
        judge = ConditionJudge(unit, self.resolver, constants)
        context = FlowContext(self.resolver, self.label_bits, self.sources, constants, judge)
        return UnitView(self.program, unit, self.resolver, constants, judge, analyse_unit_flow(unit, context))

    def _problems(self) -> Iterator[Problem]:
        for start, end in self.tree.error_ranges[:20]:
            yield Problem("syntax-error", start, end)
        for start, end in self.tree.deep_ranges[:20]:
            yield Problem("nested-too-deep", start, end)
        for unit in self.program.units:
            if unit.too_large:
                yield Problem("function-too-large", unit.node.start, unit.node.end, unit.qualname or "module")

    # Candidates ------------------------------------------------------------------------------------------------------

    def find_candidates(self, view: UnitView) -> Iterator[Candidate]:
        """What the detectors propose in a unit."""
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

    def record(self, view: UnitView) -> UnitRecord:
        """The flows of a unit as values."""
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


def called_names(views: Iterable[UnitView]) -> set[str]:
    """The resolved names of everything that units call."""
    return {name for view in views for _, _, name, _ in view.calls}


_HEADER_FIELDS = ("body", "orelse", "handler", "finally")


def statement_span(node: Node) -> tuple[int, int]:
    """The byte range of a statement; of a compound one the header only."""
    end = node.end
    for child in node.children:
        if child.field in _HEADER_FIELDS and child.start > node.start:
            end = min(end, child.start)
    return node.start, end
