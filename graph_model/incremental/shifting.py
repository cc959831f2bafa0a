"""Results of units whose bytes moved: the same values at other positions."""

from dataclasses import replace

import numpy as np

from graph_model.analysis import UnitResult
from graph_model.candidates.model import Candidate, Step
from graph_model.encoder import FunctionGraph
from graph_model.origins import CallRecord, FlowRecord, Origin, SinkRecord, UnitRecord


class Shift:
    """Where positions went when a range of a file was replaced.

    Those at or behind its old end moved by as much as it grew. What lies inside is not asked for.
    """

    def __init__(self, end: int, delta: int) -> None:
        self._end, self._delta = end, delta

    def at(self, position: int) -> int:
        """The new position."""
        return position + self._delta if position >= self._end else position

    def move(self, result: UnitResult) -> UnitResult:
        """A unit's result at its new place."""
        if not self._delta:
            return result
        candidates = tuple(self._candidate(one) for one in result.candidates)
        if result.record.end < self._end:  # only evidence of candidates may lie outside of its unit
            return replace(result, candidates=candidates) if candidates else result
        return replace(
            result,
            record=self._record(result.record),
            candidates=candidates,
            graph=None if result.graph is None else self._graph(result.graph),
        )

    def _record(self, record: UnitRecord) -> UnitRecord:
        return replace(
            record,
            start=self.at(record.start),
            end=self.at(record.end),
            origins=tuple(self._origin(one) for one in record.origins),
            calls=tuple(self._call(one) for one in record.calls),
            sinks=tuple(self._sink(one) for one in record.sinks),
            returns=self._flows(record.returns),
            stores=tuple((name, self._flows(flows)) for name, flows in record.stores),
            captured=tuple((name, self._flows(flows)) for name, flows in record.captured),
        )

    def _origin(self, one: Origin) -> Origin:
        return Origin(one.kind, one.number, one.name, self.at(one.start), self.at(one.end), one.detail)

    def _call(self, one: CallRecord) -> CallRecord:
        args = tuple((key, self._flows(flows)) for key, flows in one.args)
        return CallRecord(one.callee, self.at(one.start), self.at(one.end), args, one.is_request)

    def _sink(self, one: SinkRecord) -> SinkRecord:
        return replace(
            one,
            start=self.at(one.start),
            end=self.at(one.end),
            statement_start=self.at(one.statement_start),
            statement_end=self.at(one.statement_end),
            flows=self._flows(one.flows),
            guards=tuple((self.at(start), self.at(end)) for start, end in one.guards),
        )

    def _flows(self, flows: tuple[FlowRecord, ...]) -> tuple[FlowRecord, ...]:
        return tuple(
            FlowRecord(
                one.origin,
                one.sanitised,
                one.passed,
                tuple((self.at(start), self.at(end), key) for start, end, key in one.hops),
            )
            for one in flows
        )

    def _candidate(self, one: Candidate) -> Candidate:
        return replace(
            one,
            start=self.at(one.start),
            end=self.at(one.end),
            statement_start=self.at(one.statement_start),
            statement_end=self.at(one.statement_end),
            steps=tuple(Step(s.path, self.at(s.start), self.at(s.end), s.role, s.note) for s in one.steps),
        )

    def _graph(self, graph: FunctionGraph) -> FunctionGraph:
        moves = np.where(graph.spans >= self._end, self._delta, 0)
        return replace(graph, spans=(graph.spans + moves).astype(np.int32))
