"""Reaching definitions, dominators and guards of one flow graph, as bit vectors in Python integers.

Variables are access paths one step deep: `x`, `x.a`, `x['k']`, `x[0]` are kept apart, so that a value stored under one
literal key does not arrive under another. A definition of `x` also defines every known path below it (a shadow).
Classical work-list formulation: Aho, Lam, Sethi, Ullman, *Compilers* (2nd ed.), 9.2.4; dominators 9.6.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graph_model.control_flow import ControlFlow
from graph_model.definitions import Collector, Definition, DefKind, add_shadows, pattern_leaves
from graph_model.encoding import EdgeType
from graph_model.syntax import Node


@dataclass(slots=True)
class DataFlow:
    """Definitions of one unit and where they reach.

    `calls[s]` are the CALL and NEW nodes that statement s evaluates, innermost first; `reach_in[s]` has a bit per
    definition.
    """

    control: ControlFlow
    definitions: list[Definition]
    by_key: dict[str, int]  # key -> bits of its definitions
    reach_in: list[int]
    dominators: list[int]
    order: list[int]  # reverse post-order of the reachable statements
    calls: list[list[Node]]
    by_stmt: list[list[Definition]] = field(default_factory=list)
    constant_edges: dict[int, bool] = field(default_factory=dict)
    decided: int = field(init=False)  # a bit for each statement that runs for one outcome of one condition only

    def __post_init__(self) -> None:
        self.decided = sum(
            1 << stmt.idx
            for stmt in self.control.stmts
            if len(stmt.pred) == 1 and stmt.pred[0][1] in (EdgeType.CFG_TRUE, EdgeType.CFG_FALSE)
        )

    def reaching(self, key: str, stmt: int) -> Iterator[Definition]:
        """Definitions of an access path that reach the entry of a statement."""
        bits = self.reach_in[stmt] & self.by_key.get(key, 0)
        definitions = self.definitions
        while bits:
            low = bits & -bits
            yield definitions[low.bit_length() - 1]
            bits ^= low

    def guards(self, stmt: int) -> list[tuple[int, bool]]:
        """Conditions that decide whether a statement runs, outermost first: (condition statement, needed outcome)."""
        found: list[tuple[int, bool]] = []
        bits = self.dominators[stmt] & self.decided
        stmts = self.control.stmts
        while bits:
            low = bits & -bits
            bits ^= low
            condition, outcome = stmts[low.bit_length() - 1].pred[0]
            found.append((condition, outcome is EdgeType.CFG_TRUE))
        return found

    def dominates(self, first: int, second: int) -> bool:
        """Whether every path from the entry to `second` passes `first`."""
        return bool(self.dominators[second] >> first & 1)


def analyse_data_flow(control: ControlFlow, params: list[tuple[str, Node]], captured_fields: str = "") -> DataFlow:
    """Reaching definitions and dominators of a unit.

    `params` are its parameters' names in order; `captured_fields` is the receiver's name (`self`, `this`), whose paths
    get an ENTRY definition each: the field's value when the unit is entered.
    """
    collector = Collector(control)
    for position, (name, node) in enumerate(params):
        if name:
            collector.define(name, DefKind.PARAM, 0, node, None).param = position
            continue
        for _, leaf in pattern_leaves(node.get("name")):
            collector.define(leaf.text, DefKind.PARAM, 0, leaf, None).param = position
    for stmt in control.stmts:
        collector.collect(stmt)
    add_shadows(collector, captured_fields)
    flow = DataFlow(control, collector.definitions, {}, [], [], [], collector.calls, collector.by_stmt)
    for definition in flow.definitions:
        flow.by_key[definition.key] = flow.by_key.get(definition.key, 0) | 1 << definition.idx
    solve(flow)
    return flow


def solve(flow: DataFlow) -> None:
    """(Re)computes order, reaching definitions and dominators, without the edges that `constant_edges` rules out."""
    stmts = flow.control.stmts
    gen, kill = _transfer(flow)
    flow.order = _reverse_post_order(flow)
    reachable = set(flow.order)
    flow.reach_in = [0] * len(stmts)
    out = [0] * len(stmts)
    preds = [[p for p, kind in s.pred if p in reachable and _runs(flow, p, kind)] for s in stmts]
    changed = True
    while changed:
        changed = False
        for idx in flow.order:
            bits = 0
            for pred in preds[idx]:
                bits |= out[pred]
            flow.reach_in[idx] = bits
            new = (bits & ~kill[idx]) | gen[idx]
            if new != out[idx]:
                out[idx] = new
                changed = True
    # A parameter is defined before the entry's own statements run.
    _solve_dominators(flow, preds)


def _runs(flow: DataFlow, stmt: int, kind: EdgeType) -> bool:
    known = flow.constant_edges.get(stmt)
    if known is None:
        return True
    return kind is not (EdgeType.CFG_FALSE if known else EdgeType.CFG_TRUE)


def _transfer(flow: DataFlow) -> tuple[list[int], list[int]]:
    gen = [0] * len(flow.control.stmts)
    kill = [0] * len(flow.control.stmts)
    for idx, definitions in enumerate(flow.by_stmt):
        for definition in definitions:
            bit = 1 << definition.idx
            if definition.kind is DefKind.STORE:
                gen[idx] |= bit
                continue
            same = flow.by_key[definition.key]
            kill[idx] |= same
            gen[idx] = (gen[idx] & ~same) | bit
    return gen, kill


def _reverse_post_order(flow: DataFlow) -> list[int]:
    stmts = flow.control.stmts
    seen = {0}
    order: list[int] = []
    stack: list[tuple[int, Iterator[tuple[int, EdgeType]]]] = [(0, iter(stmts[0].succ))]
    while stack:
        idx, successors = stack[-1]
        for target, kind in successors:
            if target not in seen and _runs(flow, idx, kind):
                seen.add(target)
                stack.append((target, iter(stmts[target].succ)))
                break
        else:
            order.append(idx)
            stack.pop()
    order.reverse()
    return order


def _solve_dominators(flow: DataFlow, preds: list[list[int]]) -> None:
    everything = (1 << len(flow.control.stmts)) - 1
    dominators = [everything] * len(flow.control.stmts)
    dominators[0] = 1
    changed = True
    while changed:
        changed = False
        for idx in flow.order:
            if idx == 0:
                continue
            bits = everything
            for pred in preds[idx]:
                bits &= dominators[pred]
            bits |= 1 << idx
            if bits != dominators[idx]:
                dominators[idx] = bits
                changed = True
    reachable = set(flow.order)
    flow.dominators = [bits if i in reachable else 1 << i for i, bits in enumerate(dominators)]
