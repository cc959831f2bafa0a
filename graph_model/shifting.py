"""Results of units whose bytes moved: the same values at other positions."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from graph_model.analysis import UnitResult
from graph_model.candidates.model import Candidate, Step
from graph_model.encoder import FunctionGraph
from graph_model.origins import CallRecord, FlowRecord, Origin, SinkRecord, UnitRecord


class Shift:
    """Where positions went when byte ranges of a file were replaced.

    `ends` are the old ends of the ranges, ascending, `deltas` how much longer each became. What lies inside a range is
    not asked for.
    """

    def __init__(self, ends: Sequence[int], deltas: Sequence[int]) -> None:
        self._ends = list(ends)
        self._moves = [0]
        for delta in deltas:
            self._moves.append(self._moves[-1] + delta)

    @property
    def is_still(self) -> bool:
        """Nothing moved."""
        return not any(self._moves)

    def at(self, position: int) -> int:
        """The new position."""
        return position + self._moves[bisect_right(self._ends, position)]

    def move(self, result: UnitResult) -> UnitResult:
        """A unit's result at its new place."""
        if self.is_still:
            return result
        return replace(
            result,
            record=self._record(result.record),
            candidates=tuple(self._candidate(one) for one in result.candidates),
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
        return Origin(one.kind, one.index, one.name, self.at(one.start), self.at(one.end), one.detail)

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
        moves = np.array(self._moves, dtype=np.int32)
        spans = graph.spans + moves[np.searchsorted(self._ends, graph.spans, side="right")]
        return replace(graph, spans=spans.astype(np.int32))
