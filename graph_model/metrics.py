"""Size and shape of a unit: inputs of the network's function node, and of the maintainability labels."""

from graph_model.candidates.view import UnitView
from graph_model.control_flow import Role
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

METRIC_NAMES = (
    "num_statements", "num_lines", "complexity", "max_nesting", "num_params", "num_calls", "num_loops", "num_returns",
    "num_variables", "num_children",
)  # fmt: skip
_NESTING = frozenset({K.IF, K.SWITCH, K.TRY, K.WITH, K.LOCK, *LOOP_KINDS})
_CLOSED = frozenset({K.FUNCTION, K.LAMBDA, K.CLASS})


def measure_unit(view: UnitView) -> dict[str, float]:
    """The metrics by name, memoised on the view. Lines and nesting are of the unit's own source."""
    known = getattr(view, "_metrics", None)
    if known is None:
        known = _measure(view)
        view._metrics = known  # type: ignore[attr-defined]
    return dict(known)


def _measure(view: UnitView) -> dict[str, float]:
    unit = view.unit
    stmts = unit.control.stmts
    source = view.program.tree.source
    branching = sum(1 for s in stmts if s.role in (Role.COND, Role.ITER, Role.CASE, Role.CATCH))
    return {
        "num_statements": float(max(len(stmts) - 2, 0)),
        "num_lines": float(source.count(b"\n", unit.node.start, unit.node.end) + 1),
        "complexity": float(branching + 1),
        "max_nesting": float(_nesting(unit.body, 0)) if unit.body is not None else 0.0,
        "num_params": float(len([p for p, _ in unit.params if p != unit.receiver])),
        "num_calls": float(sum(len(calls) for calls in unit.flow.calls)),
        "num_loops": float(len(unit.control.loops)),
        "num_returns": float(sum(1 for s in stmts if s.role is Role.RETURN)),
        "num_variables": float(len(unit.locals)),
        "num_children": float(len(unit.children)),
    }


def _nesting(node: Node, depth: int) -> int:
    deepest = depth
    stack = [(node, depth)]
    while stack:
        current, level = stack.pop()
        for child in current.children:
            if child.kind in _CLOSED or not (child.children or child.kind in _NESTING):
                continue
            inner = (
                level + 1 if child.kind in _NESTING and not (child.kind is K.IF and child.field == "orelse") else level
            )
            deepest = max(deepest, inner)
            stack.append((child, inner))
    return deepest
