"""Maintainability and correctness: shapes of a unit that make it hard to change, proposed by generous thresholds."""

from collections.abc import Iterator

from graph_model.candidates.model import StepRole
from graph_model.candidates.view import Draft, UnitView
from graph_model.control_flow import Role as StmtRole
from graph_model.definitions import Definition, DefKind
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.metrics import measure_unit
from graph_model.program import Unit
from graph_model.syntax import Node

_BY_METRIC: tuple[tuple[str, str, float], ...] = (
    ("maintainability/long-function", "num_statements", 40),
    ("maintainability/complex-function", "complexity", 10),
    ("maintainability/deep-nesting", "max_nesting", 4),
    ("maintainability/too-many-parameters", "num_params", 6),
)


def find_large_shapes(view: UnitView) -> Iterator[Draft]:
    """Functions over a generous threshold of length, complexity, nesting or parameters; classes over one of members."""
    unit = view.unit
    metrics = measure_unit(view)
    name = unit.node.get("name") or unit.node
    if unit.is_function:
        for label, metric, limit in _BY_METRIC:
            if metrics[metric] > limit:
                yield Draft(
                    label,
                    name,
                    0,
                    unit.name,
                    facts={"over": metrics[metric] / limit},
                    words={"name": unit.name or "function", "count": str(int(metrics[metric]))},
                )
    elif unit.kind is K.CLASS:
        body = unit.node.get("body")
        members = len(body.children) if body is not None else 0
        if members > 20 or metrics["num_lines"] > 400:
            facts = {"over": members / 20, "members": float(members)}
            yield Draft(
                "maintainability/large-class",
                name,
                0,
                unit.name,
                facts=facts,
                words={"name": unit.name, "count": str(members)},
            )


def find_swallowed(view: UnitView) -> Iterator[Draft]:
    """A handler that drops an exception without a trace."""
    for stmt in view.unit.control.stmts:
        if stmt.role is not StmtRole.CATCH:
            continue
        body, caught = stmt.node.get("body"), stmt.node.get("type")
        if body is None or any(c.kind is not K.EMPTY and c.kind is not K.NULL for c in body.children):
            continue
        text = caught.text if caught is not None else ""
        broad = caught is None or text.rpartition(".")[2] in (
            "Exception",
            "BaseException",
            "Throwable",
            "RuntimeException",
            "Error",
            "",
        )
        commented = any(body.start <= start < body.end for start, _ in view.program.tree.comments)
        facts = {"broad": float(broad), "commented": float(commented), "in_loop": float(bool(stmt.loops))}
        yield Draft(
            "maintainability/swallowed-exception",
            stmt.node,
            stmt.idx,
            text,
            facts=facts,
            words={"name": text or "every exception"},
        )


def find_unreachable(view: UnitView) -> Iterator[Draft]:
    """The first statement of code that no path reaches."""
    flow = view.unit.flow
    reachable = set(flow.order)
    for stmt in view.unit.control.stmts[2:]:
        if stmt.idx in reachable or flow.constant_edges or stmt.role in (StmtRole.CATCH, StmtRole.DEFINE):
            continue
        before = stmt.pred and all(p in reachable for p, _ in stmt.pred)
        previous = view.unit.control.stmts[stmt.idx - 1]
        if (stmt.pred and not before) or view.program.tree.source.startswith(b"#", stmt.node.start):
            continue  # a directive (C#) inside an expression is read as the next statement
        if (
            previous.idx in reachable
            and previous.role in (StmtRole.RETURN, StmtRole.THROW)
            and previous.node.parent is stmt.node.parent
        ):
            steps = [(previous.node, StepRole.CONTEXT, "control leaves here")]
            yield Draft(
                "maintainability/unreachable-code",
                stmt.node,
                stmt.idx,
                "",
                steps,
                {"after_throw": float(previous.role is StmtRole.THROW)},
            )


def find_unused_assignments(view: UnitView) -> Iterator[Draft]:
    """A local variable assigned and never read afterwards."""
    unit = view.unit
    if not unit.is_function:
        return
    assigned = [one for one in unit.flow.definitions if _may_be_forgotten(one, unit)]
    if not assigned:
        return
    read = {
        n.text for u in (unit, *_inner(view)) for s in u.control.stmts for e in (*s.exprs, *s.cases) for n in _reads(e)
    }
    declared = {
        d.key for d in unit.flow.definitions if d.node.parent is not None and d.node.parent.kind is K.DECLARATOR
    }
    for definition in assigned:
        key, value = definition.key, definition.value
        if key in read or (key not in declared and view.program.family is not Family.PYTHON):
            continue  # read, or a field, or a variable of an enclosing function
        facts = {"value_is_call": float(value is not None and value.kind in (K.CALL, K.NEW, K.AWAIT))}
        yield Draft(
            "maintainability/unused-assignment", definition.node, definition.stmt, key, facts=facts, words={"name": key}
        )


def _may_be_forgotten(definition: Definition, unit: Unit) -> bool:
    """Whether a definition gives a local variable a value, by an assignment that only does that."""
    value, key, parent = definition.value, definition.key, definition.node.parent
    if definition.kind is not DefKind.ASSIGN or definition.shadow_of is not None or value is None or parent is None:
        return False
    if key.startswith("_") or "." in key or "[" in key or key not in unit.locals:
        return False
    return parent.kind in (K.ASSIGN, K.DECLARATOR) and value.kind not in (K.FUNCTION, K.CLASS)


def _inner(view: UnitView) -> list:  # type: ignore[type-arg]
    found, queue = [], list(view.unit.children)
    while queue:
        unit = queue.pop()
        found.append(unit)
        queue.extend(unit.children)
    return found


def _reads(expr: Node) -> Iterator[Node]:
    """Names an expression reads: every name but the plain target of an assignment."""
    stack = [expr]
    while stack:
        node = stack.pop()
        if node.kind is K.NAME:
            yield node
        for child in node.children:
            is_target = (
                child.kind is K.NAME
                and child.field in ("target", "name")
                and node.kind in (K.ASSIGN, K.DECLARATOR, K.AUG_ASSIGN)
            )
            if not is_target and child.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS):
                stack.append(child)


def _is_same_block(body: Node, orelse: Node | None, source: bytes) -> bool:
    """Whether an else block has the same text, spacing apart."""
    if orelse is None or orelse.kind is not K.BLOCK:
        return False
    return source[body.start : body.end].split() == source[orelse.start : orelse.end].split()


def find_branches(view: UnitView) -> Iterator[Draft]:
    """Both branches the same, conditions of many parts, switches of many cases."""
    source = view.program.tree.source
    seen: set[int] = set()
    for stmt in view.unit.control.stmts:
        owner = _owner_if(stmt.node) if stmt.role is StmtRole.COND else None
        if owner is not None and id(owner) not in seen:
            seen.add(id(owner))
            body, orelse, cond = owner.get("body"), owner.get("orelse"), owner.get("cond")
            if body is not None and body.children and _is_same_block(body, orelse, source):
                yield Draft(
                    "maintainability/duplicate-branches",
                    owner,
                    stmt.idx,
                    facts={"num_branch_statements": float(len(body.children))},
                )
            parts = 1 + sum(1 for n in cond.walk() if n.kind is K.BOOLEAN) if cond is not None else 0
            if parts >= 5:
                yield Draft(
                    "maintainability/complicated-condition",
                    cond or owner,
                    stmt.idx,
                    "",
                    facts={"parts": float(parts)},
                    words={"count": str(parts)},
                )
    yield from _long_switches(view)


def _owner_if(cond: Node) -> Node | None:
    node: Node | None = cond
    while node is not None and node.field != "cond":
        node = (
            node.parent
            if node.kind in (K.BOOLEAN, K.NOT) or (node.parent is not None and node.parent.kind in (K.BOOLEAN, K.NOT))
            else None
        )
    return node.parent if node is not None and node.parent is not None and node.parent.kind is K.IF else None


def _long_switches(view: UnitView) -> Iterator[Draft]:
    counted: set[int] = set()
    for stmt in view.unit.control.stmts:
        parent = stmt.node.parent if stmt.role is StmtRole.CASE else None
        if parent is None or id(parent) in counted:
            continue
        counted.add(id(parent))
        cases = sum(1 for child in parent.children if child.kind is K.CASE)
        if cases > 15:
            yield Draft(
                "maintainability/long-switch",
                parent,
                stmt.idx,
                "",
                facts={"cases": float(cases)},
                words={"count": str(cases)},
            )


def find_flags(view: UnitView) -> Iterator[Draft]:
    """A boolean parameter that decides between two bodies."""
    unit = view.unit
    if not unit.is_function or len(unit.control.stmts) < 6:
        return
    flags = {name: node for name, node in unit.params if _is_boolean(node)}
    for stmt in unit.control.stmts:
        if stmt.role is StmtRole.COND and stmt.exprs and stmt.exprs[0].kind is K.NAME and stmt.exprs[0].text in flags:
            owner = _owner_if(stmt.exprs[0])
            if owner is not None and owner.get("orelse") is not None and owner.parent is unit.body:
                name = stmt.exprs[0].text
                yield Draft(
                    "maintainability/flag-parameter",
                    flags[name],
                    0,
                    name,
                    facts={"public": float(not unit.name.startswith("_"))},
                    words={"name": name},
                )


def _is_boolean(param: Node) -> bool:
    declared, value = param.get("type"), param.get("value")
    return (declared is not None and declared.text in ("bool", "boolean", "Boolean")) or (
        value is not None and value.kind is K.BOOL
    )


def find_mutable_defaults(view: UnitView) -> Iterator[Draft]:
    """Python's default argument that is a list, dictionary or set, and is changed or handed out."""
    if view.program.family is not Family.PYTHON or not view.unit.is_function:
        return
    for name, param in view.unit.params:
        value = param.get("value")
        if value is None or value.kind not in (K.LIST, K.DICT, K.SET):
            continue
        stored = [d for d in view.unit.flow.definitions if d.key == name and d.kind in (DefKind.STORE, DefKind.AUGMENT)]
        facts = {"mutated": float(bool(stored)), "empty": float(not value.children)}
        yield Draft("correctness/mutable-default-argument", value, 0, name, facts=facts, words={"name": name})
