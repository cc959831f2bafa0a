"""Costs that grow with a loop: queries, connections, compilation, sorting, copying, linear search, text that grows."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graph_model.access_paths import root_name
from graph_model.candidates.model import StepRole
from graph_model.candidates.view import Draft, LoopContext, UnitView
from graph_model.conditions import find_argument
from graph_model.control_flow import Role as StmtRole
from graph_model.control_flow import Stmt
from graph_model.definitions import DefKind
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.packs.model import Role
from graph_model.syntax import Node, dotted_name

_PER_LOOP: dict[Role, str] = {
    Role.QUERY: "performance/query-in-loop",
    Role.CONNECT: "performance/connection-per-iteration",
    Role.COMPILE: "performance/repeated-compilation",
    Role.SORT: "performance/sort-in-loop",
    Role.FRONT: "performance/front-removal-in-loop",
    Role.COPY: "performance/copy-in-loop",
    Role.SPAWN: "performance/thread-per-item",
    Role.EXPENSIVE: "performance/invariant-call-in-loop",
}
_MUST_NOT_CHANGE = frozenset({Role.COMPILE, Role.EXPENSIVE})  # only worth hoisting when its arguments stay the same
_SAME_OBJECT = frozenset({Role.SORT, Role.COPY})  # harmful when it works on the same growing collection each time
_LIST_TYPES = frozenset(
    {
        "list",
        "Array",
        "java.util.List",
        "java.util.ArrayList",
        "System.Collections.Generic.List",
        "java.util.LinkedList",
    }
)
_TEXT_TYPES = frozenset({"str", "String", "java.lang.String", "System.String", "bytes"})
_SEARCHES = frozenset({"contains", "Contains", "includes", "indexOf", "IndexOf", "index", "count", "remove"})


def loop_context(view: UnitView, stmt: Stmt) -> LoopContext | None:
    """The innermost loop around a statement, None outside loops; what a loop iterates is evaluated outside it."""
    if not stmt.loops:
        return view.callback_loop
    number = stmt.loops[-1]
    control = view.unit.control
    node = control.loops[number]
    if control.headers[number] == stmt.idx and stmt.role is StmtRole.ITER:
        if len(stmt.loops) < 2:
            return view.callback_loop
        number = stmt.loops[-2]
        node = control.loops[number]
    known = view.loop_contexts.get(number)
    if known is None:
        known = view.loop_contexts[number] = _describe_loop(view, number, node)
    return known


def _describe_loop(view: UnitView, number: int, node: Node) -> LoopContext:
    control = view.unit.control
    changed = {
        d.key.partition(".")[0].partition("[")[0]
        for s in control.stmts
        if number in s.loops
        for d in view.unit.flow.by_stmt[s.idx]
    }
    header = control.headers[number]
    return LoopContext(node, header, frozenset(changed), _is_small(view, node, header))


def _is_small(view: UnitView, loop: Node, header: int) -> bool:
    """A literal collection, or `range` of a small literal."""
    iterated = loop.get("iter")
    if iterated is None:
        return False
    if iterated.kind in (K.LIST, K.TUPLE, K.SET, K.DICT):
        return len(iterated.children) <= 16
    if iterated.kind is K.CALL and dotted_name(iterated.get("callee")) == "range":
        args = iterated.get("args")
        value = view.constants.evaluate(args.children[-1], header) if args is not None and args.children else None
        return isinstance(value, int) and value <= 16
    return False


def find_calls_in_loops(view: UnitView) -> Iterator[Draft]:
    """Calls with a cost role under a loop."""
    for stmt, call, name, roles in view.calls:
        loop = loop_context(view, stmt)
        if loop is None:
            continue
        for role in roles:
            label = _PER_LOOP.get(role.role)
            if label is None or not view.judge.all_hold(role.when, call, stmt.idx):
                continue
            varying = _varying(call, loop, role.args)
            if role.role in _MUST_NOT_CHANGE and varying:
                continue
            if role.role is Role.COMPILE and (loop.is_small or _leaves_loop(view, stmt)):
                continue
            if role.role in _SAME_OBJECT and _receiver_is_new(view, call, loop):
                continue
            fix = "hoist-out-of-loop" if role.role in _MUST_NOT_CHANGE else ""
            cost = _Cost(label, call, name, {"varying_arguments": float(varying)}, fix)
            yield _draft(cost, view, stmt, loop)
            break


def _varying(call: Node, loop: LoopContext, args: tuple[int | str, ...] = ()) -> bool:
    """Whether an argument (of those named, if any are) or the receiver depends on something that the loop changes."""
    parts = [call] if not args else [part for part in (find_argument(call, one) for one in args) if part is not None]
    return any(n.text in loop.changed for part in parts for n in part.walk() if n.kind is K.NAME)


def _receiver_is_new(view: UnitView, call: Node, loop: LoopContext) -> bool:
    """Whether the object sorted or copied is a new one in each round (the loop's own element)."""
    callee, args = call.get("callee"), call.get("args")
    obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
    if (
        args is not None
        and args.children
        and (obj is None or (obj.kind is K.NAME and obj.text in ("copy", "Arrays", "Collections", "Object", "JSON")))
    ):
        obj = args.children[0]
    return obj is not None and root_name(obj) in loop.changed and not _grows_in_loop(view, obj, loop)


@dataclass(frozen=True, slots=True)
class _Cost:
    """What costs under a loop: the label, the expression, the API or operator, its own facts, an edit template."""

    label: str
    node: Node
    api: str
    facts: dict[str, float] = field(default_factory=dict)
    fix: str = ""


def _draft(cost: _Cost, view: UnitView, stmt: Stmt, loop: LoopContext) -> Draft:
    facts = {
        "loop_depth": float(len(stmt.loops) + loop.is_callback),
        "small_loop": float(loop.is_small),
        "in_handler": float(stmt.in_handler),
        "in_try": float(stmt.in_try),
        "in_entry": float(view.is_entry),
        "conditional": float(_is_conditional(view, stmt, loop)),
        "leaves_loop": float(stmt.role in (StmtRole.RETURN, StmtRole.THROW) and not loop.is_callback),
        "async_unit": float(view.unit.is_async),
        **cost.facts,
    }
    steps = [(loop.node, StepRole.LOOP, "")]
    words = {
        "api": cost.api.removeprefix("?."),
        "name": cost.api.rpartition(".")[2],
        "loop": "forEach" if loop.is_callback else loop.node.kind.name.lower().replace("loop_", ""),
    }
    return Draft(cost.label, cost.node, stmt.idx, cost.api, steps, facts, words, cost.fix)


def _is_conditional(view: UnitView, stmt: Stmt, loop: LoopContext) -> bool:
    """Whether a condition inside the loop decides if the statement runs."""
    return any(
        guard != loop.header and set(view.unit.control.stmts[guard].loops) >= set(stmt.loops)
        for guard, _ in view.unit.flow.guards(stmt.idx)
    )


def _leaves_loop(view: UnitView, stmt: Stmt) -> bool:
    """Whether the statement returns or throws, so that it runs once."""
    return stmt.role in (StmtRole.RETURN, StmtRole.THROW) and bool(stmt.loops)


def find_searches_in_loops(view: UnitView) -> Iterator[Draft]:
    """`x in some_list`, `list.contains(x)`, `array.indexOf(x)` under a loop that does not make the list anew."""
    for stmt, node in view.expressions(K.COMPARE, K.CALL):
        loop = loop_context(view, stmt)
        if loop is None:
            continue
        searched = _searched(view, node, stmt)
        if searched is None or _takes_position(view, node, stmt):
            continue
        if root_name(searched) in loop.changed and not _grows_in_loop(view, searched, loop):
            continue
        if stmt.loops and view.unit.control.headers[stmt.loops[-1]] == stmt.idx and stmt.role is StmtRole.ITER:
            continue
        known = view.resolver.resolve(searched, view.unit, stmt.idx)
        if known not in _LIST_TYPES:
            continue
        size = _literal_size(view, searched, stmt)
        if 0 < size <= 8:
            continue
        facts = {"known_size": float(size), "grows_in_loop": float(_grows_in_loop(view, searched, loop))}
        api = "in" if node.kind is K.COMPARE else "contains"
        yield _draft(_Cost("performance/linear-search-in-loop", node, api, facts), view, stmt, loop)


def _searched(view: UnitView, node: Node, stmt: Stmt) -> Node | None:
    if node.kind is K.COMPARE and node.text in ("in", "not in"):
        right = node.get("right")
        return right if right is not None and right.kind in (K.NAME, K.MEMBER) else None
    callee = node.get("callee") if node.kind is K.CALL else None
    if callee is not None and callee.kind is K.MEMBER and callee.text in _SEARCHES:
        obj = callee.get("obj")
        return obj if obj is not None and obj.kind in (K.NAME, K.MEMBER) else None
    return None


def _takes_position(view: UnitView, node: Node, stmt: Stmt) -> bool:
    """`list.remove(i)` with a number: Java takes what stands there and searches nothing."""
    callee, first = node.get("callee"), find_argument(node, 0)
    if view.program.family is not Family.JAVA or callee is None or callee.text != "remove" or first is None:
        return False
    if first.kind in (K.INT, K.BINARY, K.UPDATE):
        return True
    declared = [d.node.parent.get("type") for d in view.unit.flow.reaching(first.text, stmt.idx) if d.node.parent]
    return first.kind is K.NAME and any(one is not None and one.text == "int" for one in declared)


def _grows_in_loop(view: UnitView, searched: Node, loop: LoopContext) -> bool:
    """Whether the loop only adds to the collection."""
    key = root_name(searched)
    control = view.unit.control
    around = [s for s in control.stmts if loop.is_callback or (s.loops and control.loops[s.loops[-1]] is loop.node)]
    inside = [d for s in around for d in view.unit.flow.by_stmt[s.idx] if d.key == key]
    return bool(inside) and all(d.kind is DefKind.STORE for d in inside)


def _literal_size(view: UnitView, node: Node, stmt: Stmt) -> int:
    """Elements of the literal that a variable holds, 0 when unknown or empty."""
    if node.kind is not K.NAME:
        return 0
    sizes = [
        len(d.value.children) for d in view.unit.flow.reaching(node.text, stmt.idx)
        if d.value is not None and d.value.kind in (K.LIST, K.TUPLE, K.SET)
    ]  # fmt: skip
    return max(sizes, default=0)


def find_text_growth(view: UnitView) -> Iterator[Draft]:
    """`text += part` under a loop that does not start the text anew."""
    for idx in view.unit.flow.order:
        stmt = view.unit.control.stmts[idx]
        loop = loop_context(view, stmt)
        if loop is None:
            continue
        for expr in stmt.exprs:
            target = _grown_text(expr)
            if target is None or not _is_text(view, target, expr, stmt):
                continue
            if _starts_in_loop(view, target, loop):
                continue
            yield _draft(_Cost("performance/string-concatenation-in-loop", expr, "+="), view, stmt, loop)


def _grown_text(expr: Node) -> Node | None:
    """The variable of `x += e` and `x = x + e`."""
    target, value = expr.get("target"), expr.get("value")
    if target is None or value is None or target.kind is not K.NAME:
        return None
    if expr.kind is K.AUG_ASSIGN and expr.text == "+=":
        return target
    if expr.kind is K.ASSIGN and value.kind is K.BINARY and value.text == "+":
        left = value.get("left")
        while left is not None and left.kind is K.BINARY:
            left = left.get("left")
        return target if left is not None and left.kind is K.NAME and left.text == target.text else None
    return None


def _is_text(view: UnitView, target: Node, expr: Node, stmt: Stmt) -> bool:
    value = expr.get("value")
    names = [view.resolver.resolve(value, view.unit, stmt.idx)] if value is not None else []
    names.extend(
        view.resolver.resolve(definition.value, view.unit, definition.stmt)
        for definition in view.unit.flow.reaching(target.text, stmt.idx)
        if definition.value is not None and definition.kind is DefKind.ASSIGN
    )
    return any(name in _TEXT_TYPES for name in names) and not any(
        name in ("list", "int", "float", "tuple") for name in names
    )


def _starts_in_loop(view: UnitView, target: Node, loop: LoopContext) -> bool:
    """Whether the innermost loop gives the text a fresh value in each round."""
    control = view.unit.control
    for stmt in control.stmts:
        if not loop.is_callback and (not stmt.loops or control.loops[stmt.loops[-1]] is not loop.node):
            continue
        for definition in view.unit.flow.by_stmt[stmt.idx]:
            value = definition.value
            if definition.key != target.text or definition.kind is not DefKind.ASSIGN or value is None:
                continue
            if _grown_text(value.parent or value) is None:
                return True
    return False


def find_nested_joins(view: UnitView) -> Iterator[Draft]:
    """A loop inside a loop that looks for equal keys: `for a in x: for b in y: if a.id == b.id`."""
    control = view.unit.control
    for stmt in control.stmts:
        if stmt.role is not StmtRole.COND or len(stmt.loops) < 2 or not stmt.exprs:
            continue
        cond = stmt.exprs[0]
        if cond.kind is not K.COMPARE or cond.text not in ("==", "==="):
            continue
        inner, outer = (control.loops[n] for n in (stmt.loops[-1], stmt.loops[-2]))
        if inner.kind is not K.LOOP_EACH or outer.kind is not K.LOOP_EACH:
            continue
        iterated = inner.get("iter")
        sides = {root_name(cond.get("left")), root_name(cond.get("right"))}
        targets = {_target_name(inner), _target_name(outer)}
        if "" in targets or sides != targets or len(targets) != 2 or root_name(iterated) == _target_name(outer):
            continue
        loop = loop_context(view, stmt)
        if loop is not None:
            yield _draft(_Cost("performance/nested-loop-join", cond, "=="), view, stmt, loop)


def _target_name(loop: Node) -> str:
    target = loop.get("target")
    return target.text if target is not None and target.kind is K.NAME else ""


def find_row_wise(view: UnitView) -> Iterator[Draft]:
    """Rows of a table taken one by one, and whole-collection calls that need not be."""
    for stmt, call, name, role in view.calls_with(Role.ROW_WISE):
        facts = {"loop_depth": float(len(stmt.loops)), "in_entry": float(view.is_entry)}
        yield Draft(
            "performance/row-wise-iteration",
            call,
            stmt.idx,
            name,
            facts=facts,
            words={"api": name.removeprefix("?."), "name": role.note},
        )


def _accumulator(view: UnitView, literal: Node, loop: LoopContext) -> str:
    """The variable that a literal is assigned to, or the first parameter of the reducer that answers with it."""
    parent = literal.parent
    if parent is not None and parent.kind is K.ASSIGN and parent.get("value") is literal:
        target = parent.get("target")
        return target.text if target is not None and target.kind is K.NAME else ""
    callee = loop.node.get("callee") if loop.is_callback else None
    is_result = parent is not None and parent.kind is K.RETURN and callee is not None and callee.text == "reduce"
    return view.unit.params[0][0] if is_result and view.unit.params else ""


def find_spread_accumulation(view: UnitView) -> Iterator[Draft]:
    """`acc = [...acc, x]` and `{...acc, k: v}` under a loop or in a reducer: every round copies everything."""
    if view.program.family is not Family.JAVASCRIPT:
        return
    for stmt, node in view.expressions(K.LIST, K.DICT):
        loop = loop_context(view, stmt)
        name = _accumulator(view, node, loop) if loop is not None else ""
        copies = any(c.kind is K.SPREAD and root_name(c.get("value")) == name for c in node.children)
        if name and copies and loop is not None:
            yield _draft(_Cost("performance/copy-in-loop", node, "..."), view, stmt, loop)
