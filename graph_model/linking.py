"""Joins the flows of many files: from each sink back to where the data comes from, through calls, fields and closures.

Demand-driven and context-sensitive: a result is followed into the callee and, from the callee's parameter, back to the
arguments of that very call; only from an open parameter does the walk go on to every caller (CFL reachability in the
manner of Reps, Horwitz, Sagiv, *Precise Interprocedural Dataflow Analysis via Graph Reachability*, POPL 1995).
"""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from graph_model.analysis import FileAnalysis
from graph_model.candidates.model import Candidate, Step, StepRole, without_repeats
from graph_model.catalogue import load_catalogue
from graph_model.languages import BY_NAME, Family
from graph_model.lookups import kept_arguments
from graph_model.origins import CALLBACK, SERVICE, FlowRecord, Origin, OriginKind, Passed, SinkRecord, UnitRecord
from graph_model.packs.model import ContextKind
from graph_model.source_kinds import LOCAL_KINDS, is_asked_for, is_of_page, suits

MAX_CALL_HOPS = 6
MAX_VISITS = 400
MAX_CALLERS = 24
MAX_OVERRIDES = 4
_UNGUARDED = "security/missing-authorization"  # none where another file guards everything
_NOMINAL = frozenset({Family.JAVA, Family.CSHARP})  # a class says what it implements


@dataclass(frozen=True, slots=True)
class UnitId:
    """One unit of one file."""

    path: str
    idx: int


def link_files(analyses: Iterable[FileAnalysis]) -> dict[str, tuple[Candidate, ...]]:
    """The candidates of every file, sorted by position, with the flows that go through other files joined in.

    The order of the files does not matter.
    """
    linker = _Linker({a.path: a for a in sorted(analyses, key=lambda a: a.path)})
    found: dict[str, tuple[Candidate, ...]] = {}
    guarded = {BY_NAME[a.language].family for a in linker.files.values() if a.is_guard}
    for path, analysis in linker.files.items():
        flows = list(linker.find_flows(analysis))
        shown = {(flow.label, flow.start, flow.end) for flow in flows}  # the same place without its path is left out
        hidden = _UNGUARDED if BY_NAME[analysis.language].family in guarded else ""
        alone = [c for c in analysis.candidates if (c.label, c.start, c.end) not in shown and c.label != hidden]
        found[path] = tuple(sorted((*alone, *flows), key=lambda c: (c.start, c.end, c.label)))
    return found


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A walk that came to an end: at foreign data, or at an open parameter."""

    origin: Origin
    unit: UnitId
    passed: int
    call_hops: int
    steps: tuple[Step, ...]  # from the origin to the sink
    is_source: bool


@dataclass(frozen=True, slots=True)
class _State:
    """A point of the backward walk: an origin of a unit, the calls entered and not left, the evidence so far."""

    unit: UnitId
    origin: int
    stack: tuple[tuple[UnitId, int], ...]
    passed: int
    sanitised: int
    call_hops: int
    steps: tuple[Step, ...]
    is_whole: bool = False  # the walk went from a field to the object that a call was made on


class _Linker:
    def __init__(self, files: Mapping[str, FileAnalysis]) -> None:
        self.files = dict(files)
        self.silent = frozenset(name for analysis in self.files.values() for name in analysis.silent)
        self.enums = {name for analysis in self.files.values() for name in analysis.enums}
        self.bits = {label.id: bit for bit, label in enumerate(load_catalogue())}
        self.by_last_name: dict[str, list[tuple[str, UnitId]]] = {}
        self.overrides: dict[tuple[str, str], list[UnitId]] = {}  # (simple name of a base, method) -> methods below
        self.stores: dict[tuple[str, str], list[tuple[UnitId, tuple[FlowRecord, ...]]]] = {}
        self._callees: dict[tuple[str, str], tuple[UnitId, ...]] = {}
        for path, analysis in self.files.items():
            for idx, unit in enumerate(analysis.units):
                self._register(UnitId(path, idx), analysis, unit)
        self.callers: dict[UnitId, list[tuple[UnitId, int]]] = {}
        for path, analysis in self.files.items():
            for idx, unit in enumerate(analysis.units):
                for number, call in enumerate(unit.calls):
                    for callee in self.find_callees(path, call.callee):
                        self.callers.setdefault(callee, []).append((UnitId(path, idx), number))

    def unit(self, unit: UnitId) -> UnitRecord:
        return self.files[unit.path].units[unit.idx]

    # Who calls whom --------------------------------------------------------------------------------------------------

    def _register(self, unit_id: UnitId, analysis: FileAnalysis, unit: UnitRecord) -> None:
        if unit.is_function and unit.name:
            module = analysis.module_name
            full = f"{module}.{unit.qualname}" if module else unit.qualname
            self.by_last_name.setdefault(unit.name, []).append((full, unit_id))
            if unit.class_name and unit.name in ("__init__", "constructor", unit.class_name.rpartition(".")[2]):
                owner = f"{module}.{unit.class_name}" if module else unit.class_name
                self.by_last_name.setdefault(unit.class_name.rpartition(".")[2], []).append((owner, unit_id))
            for base in unit.bases if BY_NAME[analysis.language].family in _NOMINAL else ():
                self.overrides.setdefault((base.rpartition(".")[2], unit.name), []).append(unit_id)
        for name, flows in unit.stores:
            self.stores.setdefault((unit.class_name, name), []).append((unit_id, flows))

    def find_callees(self, path: str, callee: str) -> tuple[UnitId, ...]:
        """The units that a resolved call name may mean, most specific first; none when it is not project code."""
        key = (path, callee)
        found = self._callees.get(key)
        if found is None:
            named = self._search_callees(path, callee)
            found = self._callees[key] = tuple(dict.fromkeys([*named, *self._search_overrides(path, callee)]))
        return found

    def _search_overrides(self, path: str, callee: str) -> list[UnitId]:
        """The methods of the classes that implement or extend the one that a call names (Java, C#)."""
        owner, _, method = callee.rpartition(".")
        below = self.overrides.get((owner.rpartition(".")[2], method), ()) if owner else ()
        return [unit for unit in below if self._same_family(path, unit.path)][:MAX_OVERRIDES]

    def _search_callees(self, path: str, callee: str) -> tuple[UnitId, ...]:
        if callee[:1] == "#" and callee[1:].isdigit():
            return (UnitId(path, int(callee[1:])),)
        if callee.startswith("."):
            return self._relative_callees(path, callee)
        last = callee.rpartition(".")[2]
        candidates = [c for c in self.by_last_name.get(last, ()) if self._same_family(path, c[1].path)]
        same_file = [
            unit for full, unit in candidates if unit.path == path and (full == callee or full.endswith(f".{callee}"))
        ]
        if same_file:
            return tuple(same_file[:4])
        if "." not in callee:
            return ()
        exact = [unit for full, unit in candidates if full == callee]
        if not exact:
            exact = [
                unit
                for full, unit in candidates
                if full.endswith(f".{callee}") or (callee.endswith(f".{full}") and "." in full)
            ]
        if not exact and BY_NAME[self.files[path].language].family is Family.CSHARP:
            tail = ".".join(callee.split(".")[-2:])  # which `using` brings the class is not known
            exact = [unit for full, unit in candidates if full.endswith(f".{tail}")]
        if not exact and "()." in callee:  # a method of what a call gives: of an object, where a class was called
            return self._search_callees(path, callee.replace("().", "."))
        return tuple(exact[:4])

    def _relative_callees(self, path: str, callee: str) -> tuple[UnitId, ...]:
        """`./db.query` or `../lib/db` (its default export) of a JavaScript file."""
        specifier, name = callee, ""
        head, _, tail = callee.rpartition("/")
        if "." in tail:
            base, _, name = tail.partition(".")
            specifier = f"{head}/{base}"
        module = posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))
        for suffix in ("", "/index"):
            found = self._module_function(module + suffix, name.rpartition(".")[2])
            if found:
                return found
        return ()

    def _module_function(self, module: str, name: str) -> tuple[UnitId, ...]:
        for ending in (".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".cts"):
            analysis = self.files.get(module + ending)
            if analysis is None:
                continue
            wanted = dict(analysis.exports).get(name or "default", name)
            named = [i for i, u in enumerate(analysis.units) if u.is_function and u.name == wanted and u.name]
            if not named and not name:
                named = [
                    i
                    for i, u in enumerate(analysis.units)
                    if u.is_function and u.parent == 0 and u.name in ("", "exports")
                ]
            if named:
                return tuple(UnitId(analysis.path, i) for i in named[:2])
        return ()

    def _same_family(self, path: str, other: str) -> bool:
        return BY_NAME[self.files[path].language].family is BY_NAME[self.files[other].language].family

    # Flows -----------------------------------------------------------------------------------------------------------

    def find_flows(self, analysis: FileAnalysis) -> Iterable[Candidate]:
        """One candidate per sink and label that foreign data, or an open parameter, reaches."""
        best: dict[tuple[str, int, int], Candidate] = {}
        for idx, unit in enumerate(analysis.units):
            for sink in unit.sinks:
                candidate = self._judge_sink(UnitId(analysis.path, idx), unit, sink)
                if candidate is None:
                    continue
                key = (candidate.label, candidate.start, candidate.end)
                known = best.get(key)
                if known is None or _strength(candidate) > _strength(known):
                    best[key] = candidate
        return best.values()

    def _judge_sink(self, unit_id: UnitId, unit: UnitRecord, sink: SinkRecord) -> Candidate | None:
        arrivals: list[_Arrival] = []
        for flow in sink.flows:
            found = self._trace(unit_id, flow, sink)
            arrivals.extend(
                a
                for a in found
                if suits(a.origin.detail, sink, is_source=a.is_source)
                and not (a.is_source and is_of_page(a.origin, sink))
                and (a.is_source or not is_asked_for(a.origin, sink))
            )
        if not arrivals:
            return None
        chosen = min(
            arrivals,
            key=lambda a: (not a.is_source, a.origin.detail in LOCAL_KINDS, a.call_hops, len(a.steps), a.origin.start),
        )
        return self._candidate(unit_id, unit, sink, chosen, sum(a.is_source for a in arrivals))

    def _trace(self, unit_id: UnitId, flow: FlowRecord, sink: SinkRecord) -> list[_Arrival]:
        """Every end of the backward walk from one flow into a sink, within the stated limits."""
        bit = self.bits[sink.label]
        start = _State(unit_id, flow.origin, (), flow.passed, flow.sanitised, 0, self._hops(unit_id, flow))
        queue, arrivals = [start], []
        seen: set[tuple[UnitId, int, tuple[tuple[UnitId, int], ...]]] = set()
        visits = 0
        while queue and visits < MAX_VISITS:
            state = queue.pop(0)
            key = (state.unit, state.origin, state.stack)
            if key in seen or state.sanitised >> bit & 1:
                continue
            seen.add(key)
            visits += 1
            arrival, following = self._step(state)
            if arrival is not None:
                arrivals.append(arrival)
            queue.extend(following)
        return arrivals

    def _step(self, state: _State) -> tuple[_Arrival | None, list[_State]]:
        origin = self.unit(state.unit).origins[state.origin]
        if self.unit(state.unit).type_of(origin) in self.enums:
            return None, []
        if origin.kind is OriginKind.SOURCE:
            step = Step(state.unit.path, origin.start, origin.end, StepRole.SOURCE, origin.name)
            return _Arrival(origin, state.unit, state.passed, state.call_hops, (step, *state.steps), True), []
        if origin.kind is OriginKind.PARAM:
            return self._from_param(state, origin)
        if origin.kind is OriginKind.RESULT:
            return None, self._from_result(state, origin)
        if origin.kind is OriginKind.FIELD:
            return None, self._from_field(state, origin)
        return None, self._from_capture(state, origin)

    def _from_param(self, state: _State, origin: Origin) -> tuple[_Arrival | None, list[_State]]:
        if state.stack:
            (caller, number), rest = state.stack[-1], state.stack[:-1]
            return None, self._into_arguments(state, caller, number, origin, rest)
        callers = self.callers.get(state.unit, [])[:MAX_CALLERS]
        following: list[_State] = []
        if state.call_hops < MAX_CALL_HOPS:
            for caller, number in callers:
                following.extend(self._into_arguments(state, caller, number, origin, ()))
        step = Step(state.unit.path, origin.start, origin.end, StepRole.SOURCE, f"parameter {origin.name}")
        arrival = _Arrival(origin, state.unit, state.passed, state.call_hops, (step, *state.steps), False)
        is_open = all(caller == state.unit or self._is_test(caller) for caller, _ in callers)  # nobody else calls it
        is_end = is_open and not state.is_whole and origin.detail not in (CALLBACK, SERVICE)
        return (arrival if is_end else None), following

    def _is_test(self, unit: UnitId) -> bool:
        return ContextKind.TEST in self.files[unit.path].contexts

    def _into_arguments(
        self, state: _State, caller: UnitId, number: int, origin: Origin, stack: tuple[tuple[UnitId, int], ...]
    ) -> list[_State]:
        call = self.unit(caller).calls[number]
        flows = call.given_to(origin)
        step = Step(caller.path, call.start, call.end, StepRole.CALL, call.callee)
        return [self._moved(state, caller, flow, stack, (step, *state.steps)) for flow in flows]

    def _moved(
        self,
        state: _State,
        unit: UnitId,
        flow: FlowRecord,
        stack: tuple[tuple[UnitId, int], ...],
        steps: tuple[Step, ...],
        hop: int = 1,
    ) -> _State:
        return _State(
            unit=unit,
            origin=flow.origin,
            stack=stack,
            passed=state.passed | flow.passed,
            sanitised=state.sanitised | flow.sanitised,
            call_hops=state.call_hops + hop,
            steps=(*self._hops(unit, flow), *steps),
            is_whole=state.is_whole,
        )

    def _from_result(self, state: _State, origin: Origin) -> list[_State]:
        call = self.unit(state.unit).calls[origin.index]
        callees = self.find_callees(state.unit.path, call.callee)
        step = Step(state.unit.path, call.start, call.end, StepRole.RETURN, call.callee)
        following: list[_State] = []
        if not callees and call.callee in self.silent:
            return following
        if callees and len(state.stack) < MAX_CALL_HOPS:
            for callee in callees:
                entered = (*state.stack, (state.unit, origin.index))
                returns = self.unit(callee).returns
                following.extend(self._moved(state, callee, flow, entered, (step, *state.steps)) for flow in returns)
            if not any(self.unit(callee).is_constructor for callee in callees):
                return following
        for flows in kept_arguments(call, is_known=bool(callees)):
            for flow in flows:
                moved = self._moved(state, state.unit, flow, state.stack, (step, *state.steps), hop=0)
                following.append(replace(moved, passed=moved.passed | Passed.UNKNOWN_CALL))
        return following

    def _from_field(self, state: _State, origin: Origin) -> list[_State]:
        record = self.unit(state.unit)
        following: list[_State] = []
        for unit, flows in self.stores.get((record.class_name, origin.name), ())[:MAX_CALLERS]:
            if unit.path != state.unit.path:
                continue
            following.extend(self._moved(state, unit, flow, (), state.steps) for flow in flows)
        if state.stack:  # the fields of a foreign object are foreign
            caller, number = state.stack[-1]
            receiver = dict(self.unit(caller).calls[number].args).get("receiver", ())
            left = replace(state, stack=state.stack[:-1], is_whole=True)
            following.extend(self._moved(left, caller, flow, left.stack, left.steps) for flow in receiver)
        return following if state.call_hops < MAX_CALL_HOPS else []

    def _from_capture(self, state: _State, origin: Origin) -> list[_State]:
        owner = UnitId(state.unit.path, int(origin.detail))
        flows = dict(self.unit(owner).captured).get(origin.name, ()) if state.call_hops < MAX_CALL_HOPS else ()
        return [self._moved(state, owner, flow, (), state.steps, hop=0) for flow in flows]

    def _hops(self, unit: UnitId, flow: FlowRecord) -> tuple[Step, ...]:
        return tuple(Step(unit.path, start, end, StepRole.HOP, key) for start, end, key in flow.hops)

    # Candidates ------------------------------------------------------------------------------------------------------

    def _candidate(
        self, unit_id: UnitId, unit: UnitRecord, sink: SinkRecord, arrival: _Arrival, num_sources: int
    ) -> Candidate:
        guards = tuple(Step(unit_id.path, start, end, StepRole.GUARD) for start, end in sink.guards)
        steps = (
            *without_repeats(arrival.steps),
            *guards,
            Step(unit_id.path, sink.start, sink.end, StepRole.SINK, sink.api),
        )
        facts = {
            **dict(sink.facts),
            "hops": float(sum(s.role is StepRole.HOP for s in arrival.steps)),
            "call_hops": float(arrival.call_hops),
            "crosses_files": float(any(s.path != unit_id.path for s in arrival.steps)),
            "num_sources": float(num_sources),
            f"source_{arrival.origin.detail if arrival.is_source else 'parameter'}": 1.0,
            "remote_source": float(arrival.is_source and arrival.origin.detail not in LOCAL_KINDS),
            "public_unit": float(unit.is_public),
            **{f"passed_{flag.name.lower()}": 1.0 for flag in Passed if flag and arrival.passed & flag and flag.name},
        }
        words = {
            "source": arrival.origin.name if arrival.is_source else f"parameter {arrival.origin.name}",
            "sink": sink.api.removeprefix("?."),
            "api": sink.api.removeprefix("?."),
        }
        return Candidate(
            label=sink.label,
            path=unit_id.path,
            start=sink.start,
            end=sink.end,
            statement_start=sink.statement_start,
            statement_end=sink.statement_end,
            symbol=unit.qualname,
            api=sink.api,
            steps=steps,
            facts=tuple(sorted(facts.items())),
            words=tuple(sorted(words.items())),
            fix=sink.fix,
            unit=unit_id.idx,
        )


def _strength(candidate: Candidate) -> tuple[float, float, float]:
    facts = dict(candidate.facts)
    return facts.get("remote_source", 0.0), -facts.get("source_parameter", 0.0), -facts.get("hops", 0.0)
