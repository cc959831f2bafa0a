"""Joins the flows of many files: from each sink back to where the data comes from, through calls, fields and closures.

Demand-driven and context-sensitive: a result is followed into the callee and, from the callee's parameter, back to the
arguments of that very call; only from an open parameter does the walk go on to every caller (CFL reachability in the
manner of Reps, Horwitz, Sagiv, *Precise Interprocedural Dataflow Analysis via Graph Reachability*, POPL 1995).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from graph_model.analysis import FileAnalysis
from graph_model.candidates.model import Candidate, Step, StepRole, without_repeats
from graph_model.catalogue import load_catalogue
from graph_model.languages import BY_NAME
from graph_model.lookups import kept_arguments
from graph_model.origins import (
    CALLBACK,
    SERVICE,
    CallRecord,
    FlowRecord,
    Origin,
    OriginKind,
    Passed,
    SinkRecord,
    UnitRecord,
)
from graph_model.packs.model import ContextKind
from graph_model.registry import Call, Changes, Registry, UnitId, topic_of
from graph_model.source_kinds import LOCAL_KINDS, is_asked_for, is_of_page, suits

MAX_CALL_HOPS = 6
MAX_VISITS = 400
MAX_CALLERS = 24
_UNKNOWN_CALL = int(Passed.UNKNOWN_CALL)  # as plain flows have it: a number
_UNGUARDED = "security/missing-authorization"  # none where another file guards everything


def link_files(analyses: Iterable[FileAnalysis]) -> dict[str, tuple[Candidate, ...]]:
    """The candidates of every file, sorted by position, with the flows that go through other files joined in.

    The order of the files does not matter.
    """
    linker = Linker()
    for analysis in sorted(analyses, key=lambda a: a.path):
        linker.put(analysis)
    return {path: linker.find_candidates(path) for path in sorted(linker.registry.files)}


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A walk that came to an end: at foreign data, or at an open parameter."""

    origin: Origin
    unit: UnitId
    passed: int
    call_hops: int
    steps: tuple[Step, ...]  # from the origin to the sink
    is_source: bool


class _Leg(NamedTuple):
    """A flow that the backward walk went through, the call by which it came to it, and what it had gone through before.

    Most walks come to nothing: evidence is made of legs only for those that arrive.
    """

    path: str
    flow: FlowRecord
    call: Step | None
    following: "_Leg | None"


class _State(NamedTuple):
    """A point of the backward walk: an origin of a unit, the calls entered and not left, the evidence so far."""

    unit: UnitId
    origin: int
    stack: tuple[tuple[UnitId, int], ...]
    passed: int
    sanitised: int
    call_hops: int
    leg: _Leg
    is_whole: bool = False  # the walk went from a field to the object that a call was made on

    def trace(self, start: Step) -> tuple[Step, ...]:
        """The evidence, from where it starts to the sink."""
        steps = [start]
        leg: _Leg | None = self.leg
        while leg is not None:
            steps += [Step(leg.path, first, last, StepRole.HOP, key) for first, last, key in leg.flow.hops]
            if leg.call is not None:
                steps.append(leg.call)
            leg = leg.following
        return tuple(steps)


@dataclass(frozen=True, slots=True)
class _Linked:
    """The flows into one file, and what of the other files they depend on."""

    flows: tuple[Candidate, ...]
    needs: "_Needs"


@dataclass(slots=True)
class _Needs:
    """What a walk looked at: files, topics of calls, and units whose callers it asked for."""

    files: set[str] = field(default_factory=set)
    topics: set[str] = field(default_factory=set)
    called: set[UnitId] = field(default_factory=set)

    def meet(self, changes: Changes) -> bool:
        """Whether anything of it became different."""
        return not (
            self.files.isdisjoint(changes.files)
            and self.topics.isdisjoint(changes.topics)
            and self.called.isdisjoint(changes.called)
        )


class Linker:
    """Links the files of a project, and again what a changed file has to do with."""

    def __init__(self) -> None:
        self.registry = Registry()
        self._bits = {label.id: bit for bit, label in enumerate(load_catalogue())}
        self._linked: dict[str, _Linked] = {}
        self._needs = _Needs()

    def put(self, analysis: FileAnalysis) -> None:
        """Takes a file in, in place of what it was."""
        self.registry.put(analysis)

    def remove(self, path: str) -> None:
        """Forgets a file."""
        self.registry.remove(path)

    def find_candidates(self, path: str) -> tuple[Candidate, ...]:
        """One file's candidates, sorted by position. Raises KeyError for a file that was not put."""
        self._heed(self.registry.take_changes())
        files = self.registry.files
        analysis = files[path]
        family = BY_NAME[analysis.language].family
        flows = self._find_flows(analysis)
        shown = {(flow.label, flow.start, flow.end) for flow in flows}  # the same place without its path is left out
        hidden = _UNGUARDED if family in self.registry.guarded else ""
        alone = [c for c in analysis.candidates if (c.label, c.start, c.end) not in shown and c.label != hidden]
        return tuple(sorted((*alone, *flows), key=lambda c: (c.start, c.end, c.label)))

    def _heed(self, changes: Changes) -> None:
        if changes.is_everything:
            self._linked.clear()
        elif changes.files:
            self._linked = {path: one for path, one in self._linked.items() if not one.needs.meet(changes)}

    def _find_flows(self, analysis: FileAnalysis) -> tuple[Candidate, ...]:
        known = self._linked.get(analysis.path)
        if known is None:
            self._needs = _Needs({analysis.path})
            known = self._linked[analysis.path] = _Linked(tuple(self._search_flows(analysis)), self._needs)
        return known.flows

    def _unit(self, unit: UnitId) -> UnitRecord:
        self._needs.files.add(unit.path)
        return self.registry.unit(unit)

    def _callees(self, path: str, callee: str) -> tuple[UnitId, ...]:
        self._needs.topics.add(topic_of(path, callee))
        return self.registry.find_callees(path, callee)

    def _callers(self, unit: UnitId) -> list[Call]:
        self._needs.called.add(unit)
        found = self.registry.callers.get(unit, [])
        self._needs.files.update(caller.path for caller, _ in found)
        return found

    # Flows -----------------------------------------------------------------------------------------------------------

    def _search_flows(self, analysis: FileAnalysis) -> Iterable[Candidate]:
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
        bit = self._bits[sink.label]
        leg = _Leg(unit_id.path, flow, None, None)
        start = _State(unit_id, flow.origin, (), flow.passed, flow.sanitised, 0, leg)
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
        record = self._unit(state.unit)
        origin = record.origins[state.origin]
        if record.type_of(origin) in self.registry.enums:
            return None, []
        if origin.kind is OriginKind.SOURCE:
            step = Step(state.unit.path, origin.start, origin.end, StepRole.SOURCE, origin.name)
            return _Arrival(origin, state.unit, state.passed, state.call_hops, state.trace(step), True), []
        if origin.kind is OriginKind.PARAM:
            return self._from_param(state, origin)
        if origin.kind is OriginKind.RESULT:
            return None, self._from_result(state, record.calls[origin.number], origin.number)
        if origin.kind is OriginKind.FIELD:
            return None, self._from_field(state, record, origin)
        return None, self._from_capture(state, origin)

    def _from_param(self, state: _State, origin: Origin) -> tuple[_Arrival | None, list[_State]]:
        if state.stack:
            (caller, number), rest = state.stack[-1], state.stack[:-1]
            return None, self._into_arguments(state, caller, number, origin, rest)
        callers = self._callers(state.unit)[:MAX_CALLERS]
        following: list[_State] = []
        if state.call_hops < MAX_CALL_HOPS:
            for caller, number in callers:
                following.extend(self._into_arguments(state, caller, number, origin, ()))
        step = Step(state.unit.path, origin.start, origin.end, StepRole.SOURCE, f"parameter {origin.name}")
        arrival = _Arrival(origin, state.unit, state.passed, state.call_hops, state.trace(step), False)
        is_open = all(caller == state.unit or self._is_test(caller) for caller, _ in callers)  # nobody else calls it
        is_end = is_open and not state.is_whole and origin.detail not in (CALLBACK, SERVICE)
        return (arrival if is_end else None), following

    def _is_test(self, unit: UnitId) -> bool:
        return ContextKind.TEST in self.registry.files[unit.path].contexts

    def _into_arguments(
        self, state: _State, caller: UnitId, number: int, origin: Origin, stack: tuple[tuple[UnitId, int], ...]
    ) -> list[_State]:
        call = self._unit(caller).calls[number]
        flows = call.given_to(origin)
        step = Step(caller.path, call.start, call.end, StepRole.CALL, call.callee)
        return [_move(state, caller, flow, stack, step) for flow in flows]

    def _from_result(self, state: _State, call: CallRecord, number: int) -> list[_State]:
        callees = self._callees(state.unit.path, call.callee)
        step = Step(state.unit.path, call.start, call.end, StepRole.RETURN, call.callee)
        following: list[_State] = []
        if not callees and call.callee in self.registry.silent:
            return following
        if callees and len(state.stack) < MAX_CALL_HOPS:
            for callee in callees:
                entered = (*state.stack, (state.unit, number))
                returns = self._unit(callee).returns
                following.extend(_move(state, callee, flow, entered, step) for flow in returns)
            if not any(self._unit(callee).is_constructor for callee in callees):
                return following
        through = state._replace(passed=state.passed | _UNKNOWN_CALL)
        for flows in kept_arguments(call, is_known=bool(callees)):
            following.extend(_move(through, state.unit, flow, state.stack, step, hop=0) for flow in flows)
        return following

    def _from_field(self, state: _State, record: UnitRecord, origin: Origin) -> list[_State]:
        following: list[_State] = []
        stores = self.registry.stores[state.unit.path].get((record.class_name, origin.name), ())
        for unit, flows in stores[:MAX_CALLERS]:
            following.extend(_move(state, unit, flow, ()) for flow in flows)
        if state.stack:  # the fields of a foreign object are foreign
            caller, number = state.stack[-1]
            receiver = dict(self._unit(caller).calls[number].args).get("receiver", ())
            left = state._replace(stack=state.stack[:-1], is_whole=True)
            following.extend(_move(left, caller, flow, left.stack) for flow in receiver)
        return following if state.call_hops < MAX_CALL_HOPS else []

    def _from_capture(self, state: _State, origin: Origin) -> list[_State]:
        owner = UnitId(state.unit.path, int(origin.detail))
        flows = dict(self._unit(owner).captured).get(origin.name, ()) if state.call_hops < MAX_CALL_HOPS else ()
        return [_move(state, owner, flow, (), hop=0) for flow in flows]

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


def _move(
    state: _State,
    unit: UnitId,
    flow: FlowRecord,
    stack: tuple[tuple[UnitId, int], ...],
    call: Step | None = None,
    hop: int = 1,
) -> _State:
    """The walk one flow further, through a call or not."""
    return _State(
        unit,
        flow.origin,
        stack,
        state.passed | flow.passed,
        state.sanitised | flow.sanitised,
        state.call_hops + hop,
        _Leg(unit.path, flow, call, state.leg),
        state.is_whole,
    )


def _strength(candidate: Candidate) -> tuple[float, float, float]:
    facts = dict(candidate.facts)
    return facts.get("remote_source", 0.0), -facts.get("source_parameter", 0.0), -facts.get("hops", 0.0)
