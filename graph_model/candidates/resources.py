"""Resources that some path does not release, and collections built only to be thrown away."""

from collections.abc import Iterator

from graph_model.access_paths import root_name
from graph_model.candidates.model import StepRole
from graph_model.candidates.view import Draft, UnitView
from graph_model.control_flow import Role as StmtRole
from graph_model.control_flow import Stmt
from graph_model.definitions import DefKind
from graph_model.encoding import EdgeType
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.packs.model import Role
from graph_model.syntax import Node


def find_unclosed(view: UnitView) -> Iterator[Draft]:
    """An acquired resource that some path to the unit's end neither releases nor hands on."""
    for stmt, call, name, role in view.calls_with(Role.RESOURCE):
        variable = _held_by(call, stmt)
        if variable is None or (variable and _is_field(view, variable)):
            continue
        if variable == "":
            facts = _facts(view, stmt, released=False, handed=False)
            yield Draft(
                "performance/unclosed-resource", call, stmt.idx, name, facts=facts, words={"api": name, "name": name}
            )
            continue
        releases, hands_on = _disposals(view, variable, role.release)
        if hands_on or _leaks(view, stmt, releases) is False:
            continue
        exceptional = bool(releases) and not _leaks(view, stmt, releases, exceptions=False)
        facts = _facts(view, stmt, released=bool(releases), handed=False)
        facts["only_on_exception"] = float(exceptional)
        steps = [(view.unit.control.stmts[i].node, StepRole.CONTEXT, "released here") for i in sorted(releases)]
        yield Draft(
            "performance/unclosed-resource", call, stmt.idx, name, steps, facts, {"api": name, "name": variable}
        )


def _facts(view: UnitView, stmt: Stmt, *, released: bool, handed: bool) -> dict[str, float]:
    return {
        "released_somewhere": float(released),
        "handed_on": float(handed),
        "in_loop": float(bool(stmt.loops)),
        "in_try": float(stmt.in_try),
        "in_entry": float(view.is_entry),
        "at_module_level": float(not view.unit.is_function),
    }


def _held_by(call: Node, stmt: Stmt) -> str | None:
    """The local variable that takes the resource; "" when a chained call drops it; None when another owner has it."""
    if stmt.role in (StmtRole.WITH, StmtRole.RETURN) or _is_declared_using(stmt):
        return None
    node, parent = call, call.parent
    while parent is not None and parent.kind in (K.AWAIT, K.CAST):
        node, parent = parent, parent.parent
    if parent is None:
        return None
    if parent.kind in (K.DECLARATOR, K.ASSIGN):
        target = parent.get("target") or parent.get("name")
        return target.text if target is not None and target.kind is K.NAME and target is not node else None
    if parent.kind is K.MEMBER and parent.parent is not None and parent.parent.kind is K.CALL:
        return ""
    return None


def _is_field(view: UnitView, name: str) -> bool:
    """Whether the name belongs to the object, which then owns the resource."""
    cls = view.unit.cls
    if view.unit.kind is K.CLASS:
        return True
    if cls is None or view.program.family not in (Family.JAVA, Family.CSHARP):
        return False
    return name in cls.field_types or name in cls.field_values


def _is_declared_using(stmt: Stmt) -> bool:
    node = stmt.node
    if node.kind is K.DECL and "using" in node.text.split():
        return True
    parent = node.parent
    return parent is not None and parent.kind is K.DECL and "using" in parent.text.split()


def _disposals(view: UnitView, variable: str, release: tuple[str, ...]) -> tuple[set[int], bool]:
    """Statements that release the variable; whether another owner takes it (returned, stored, passed on, captured)."""
    releases: set[int] = set()
    for stmt, node in view.expressions(K.NAME):
        if node.kind is not K.NAME or node.text != variable:
            continue
        parent = node.parent
        if parent is None:
            continue
        if parent.kind is K.MEMBER and parent.get("obj") is node:
            if parent.text in release:
                releases.add(stmt.idx)
            continue
        if stmt.role is StmtRole.WITH:
            releases.add(stmt.idx)
        elif (
            parent.kind in (K.ARGS, K.KWARG, K.PAIR, K.LIST, K.TUPLE, K.DICT, K.RETURN, K.YIELD)
            or stmt.role is StmtRole.RETURN
        ) or (parent.kind in (K.ASSIGN, K.DECLARATOR) and parent.get("value") is node):
            return releases, True
    captured = any(variable in child.captures for child in view.program.units if child.parent is view.unit)
    return releases, captured


def _leaks(view: UnitView, acquired: Stmt, releases: set[int], *, exceptions: bool = True) -> bool:
    """Whether the exit can be reached from the acquisition without passing a release."""
    stmts = view.unit.control.stmts
    seen = {acquired.idx}
    stack = [t for t, kind in acquired.succ if kind is not EdgeType.CFG_EXCEPTION]
    while stack:
        idx = stack.pop()
        if idx == 1:
            return True
        if idx in seen or idx in releases:
            continue
        seen.add(idx)
        stack.extend(t for t, kind in stmts[idx].succ if exceptions or kind is not EdgeType.CFG_EXCEPTION)
    return not releases


def find_whole_reads(view: UnitView) -> Iterator[Draft]:
    """A whole stream read into memory only to be walked once, or read in a loop or a request handler."""
    for stmt, call, name, role in view.calls_with(Role.READ_ALL):
        iterated = _is_iterated(call, stmt)
        if iterated or stmt.loops or view.is_entry:
            facts = {"iterated": float(iterated), **_facts(view, stmt, released=False, handed=False)}
            yield Draft(
                "performance/whole-file-in-memory",
                call,
                stmt.idx,
                name,
                facts=facts,
                words={"api": name.removeprefix("?."), "name": role.note},
            )


def _is_iterated(call: Node, stmt: Stmt) -> bool:
    return (stmt.role is StmtRole.ITER and stmt.exprs[:1] == [call]) or (
        call.parent is not None and call.parent.kind is K.COMP_FOR
    )


def find_materialisations(view: UnitView) -> Iterator[Draft]:
    """A collection built only to be iterated, counted or searched once; rows filtered after loading."""
    for stmt, call, name, _ in view.calls_with(Role.MATERIALISE):
        parent = call.parent
        while parent is not None and parent.kind is K.AWAIT:
            parent = parent.parent
        consumer = ""
        if _is_iterated(call, stmt):
            consumer = "loop"
        elif (
            parent is not None
            and parent.kind is K.MEMBER
            and parent.parent is not None
            and parent.parent.kind is K.CALL
        ):
            consumer = _after_stream(parent)
        needs_list = view.program.family in (Family.JAVASCRIPT, Family.PYTHON)  # iterators there lack most methods
        filters = consumer in ("Where", "filter", "First", "FirstOrDefault", "Count", "Any")
        if not consumer or (needs_list and consumer != "loop" and not (filters and _reads_rows(view, call, stmt))):
            continue
        label = (
            "performance/client-side-filter"
            if filters and _reads_rows(view, call, stmt)
            else "performance/needless-materialization"
        )
        if label.endswith("materialization") and (_mutates_source(view, stmt) or _must_load(view, call, stmt)):
            continue
        facts = {"consumer_loop": float(consumer == "loop"), **_facts(view, stmt, released=False, handed=False)}
        yield Draft(
            label,
            call,
            stmt.idx,
            name,
            facts=facts,
            words={"api": name.removeprefix("?."), "name": consumer},
            fix="drop-materialisation",
        )


def _after_stream(member: Node) -> str:
    """The method called on a collection; on its stream, if that is all the first one opens."""
    outer = member.parent.parent if member.parent is not None else None
    if member.text in ("stream", "parallelStream") and outer is not None and outer.kind is K.MEMBER:
        return outer.text
    return member.text


def _must_load(view: UnitView, call: Node, stmt: Stmt) -> bool:
    """Queries of Java and JavaScript answer with a list; nothing is built that could be left out."""
    return view.program.family in (Family.JAVA, Family.JAVASCRIPT) and _reads_rows(view, call, stmt)


def _reads_rows(view: UnitView, call: Node, stmt: Stmt) -> bool:
    return any(role.role is Role.QUERY for role in view.resolver.roles(call, view.unit, stmt.idx))


def _mutates_source(view: UnitView, stmt: Stmt) -> bool:
    """Iterating a copy is right when the body changes what it iterates."""
    if stmt.role is not StmtRole.ITER or not stmt.exprs:
        return False
    args = stmt.exprs[0].get("args")
    callee = stmt.exprs[0].get("callee")
    root = root_name(args.children[0]) if args is not None and args.children else root_name(callee)
    body = stmt.node.get("body")
    if body is None or not root:
        return True
    for node in body.walk():
        if node.kind in (K.DELETE, K.AWAIT):
            return True
        if node.kind is K.CALL and root_name(node.get("callee")) == root:
            return True
        if (
            node.kind is K.INDEX
            and root_name(node) == root
            and node.parent is not None
            and node.parent.get("target") is node
        ):
            return True
    return False


def find_counts(view: UnitView) -> Iterator[Draft]:
    """Rows counted only to learn whether there is one: `count() > 0`."""
    for stmt, node in view.expressions(K.COMPARE):
        if node.kind is not K.COMPARE or node.text not in (">", "!=", "!==", "==", "===", ">=", "<"):
            continue
        left, right = node.get("left"), node.get("right")
        if left is not None and left.kind is K.AWAIT:
            left = left.get("value")
        if (
            left is None
            or right is None
            or left.kind is not K.CALL
            or right.kind is not K.INT
            or right.text not in ("0", "1")
        ):
            continue
        for role in view.resolver.roles(left, view.unit, stmt.idx):
            if role.role is Role.COUNT and view.judge.all_hold(role.when, left, stmt.idx):
                name = view.resolver.callee(left, view.unit, stmt.idx)
                words = {"api": name.removeprefix("?."), "name": role.note}
                yield Draft(
                    "performance/count-for-existence",
                    node,
                    stmt.idx,
                    name,
                    facts=_facts(view, stmt, released=False, handed=False),
                    words=words,
                )
                break


def find_unbounded_caches(view: UnitView) -> Iterator[Draft]:
    """Memoisation without a bound, by decorator or call."""
    for stmt, call, name, role in view.calls_with(Role.CACHE):
        if _is_of_this_call(view, call, stmt):
            continue
        yield Draft(
            "performance/unbounded-cache",
            call,
            stmt.idx,
            name,
            facts=_facts(view, stmt, released=False, handed=False),
            words={"api": name, "name": role.note},
        )
    if not view.unit.is_function:
        return
    for decorator in view.unit.node.all("decorators"):
        callee = decorator.get("callee")
        name = view.resolver.resolve(callee, view.unit.parent or view.unit, 0) if callee is not None else ""
        for role in view.resolver.index.find_roles(name) if name else ():
            if role.role is Role.CACHE and view.judge.all_hold(role.when, decorator, 0):
                facts = {"is_method": float(view.unit.cls is not None), "num_keys": float(len(view.unit.params))}
                yield Draft(
                    "performance/unbounded-cache",
                    decorator,
                    0,
                    name,
                    facts=facts,
                    words={"api": name, "name": view.unit.name},
                )
                break


def _is_of_this_call(view: UnitView, call: Node, stmt: Stmt) -> bool:
    """Whether what is filled is a collection that this very call of the function has made."""
    callee = call.get("callee")
    obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
    if obj is None or obj.kind is not K.NAME or obj.text not in view.unit.locals or not view.unit.is_function:
        return False
    made = [d.value for d in view.unit.flow.reaching(obj.text, stmt.idx) if d.kind is DefKind.ASSIGN]
    return bool(made) and all(value is not None and value.kind in (K.NEW, K.DICT, K.LIST) for value in made)


def find_expensive_objects(view: UnitView) -> Iterator[Draft]:
    """Clients and other costly objects built in every call of a handler instead of once."""
    if not view.unit.is_function:
        return
    for stmt, call, name, roles in view.calls:
        if stmt.loops or call.kind not in (K.CALL, K.NEW):
            continue
        for role in roles:
            if role.role is Role.EXPENSIVE and role.kind == "object" and view.judge.all_hold(role.when, call, stmt.idx):
                facts = _facts(view, stmt, released=False, handed=False)
                yield Draft(
                    "performance/expensive-object-per-call",
                    call,
                    stmt.idx,
                    name,
                    facts=facts,
                    words={"api": name, "name": view.unit.name},
                )
                break
