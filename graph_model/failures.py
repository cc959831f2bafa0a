"""What kind of exception a variable holds: the types it was caught, declared or tested as."""

from collections.abc import Iterator

from graph_model.definitions import Definition, DefKind
from graph_model.kinds import NodeKind as K
from graph_model.program import Unit
from graph_model.syntax import Node

_CAUSES = frozenset(
    {"getCause", "getRootCause", "getSuppressed", "InnerException", "InnerExceptions", "GetBaseException"}
)
_MAX_DEPTH = 8


def find_caught(node: Node, unit: Unit, stmt: int) -> str:
    """The simple types of the variable whose attribute or method a MEMBER or CALL is, separated by spaces.

    `?name` where nothing declares the variable's type, `Throwable` for the cause of an exception, since nobody chose
    its text for a reader; "" for anything but a variable.
    """
    callee = node.get("callee") if node.kind is K.CALL else node
    obj = callee.get("obj") if callee is not None else None
    is_cause = False
    for _ in range(_MAX_DEPTH):
        inner = obj.get("callee") if obj is not None and obj.kind is K.CALL else obj
        if inner is None or inner.kind is not K.MEMBER or inner.text not in _CAUSES:
            break
        obj, is_cause = inner.get("obj"), True
    if obj is None or obj.kind is not K.NAME:
        return ""
    tested = [name for name in _tested(obj.text, unit, stmt) if name]
    names = tested or list(dict.fromkeys(_declared(obj.text, unit, stmt)))
    return "Throwable" if is_cause and names else " ".join(names)


def _declared(name: str, unit: Unit, stmt: int) -> Iterator[str]:
    owner: Unit | None = unit
    found: list[Definition] = [d for d in unit.flow.reaching(name, stmt) if d.shadow_of is None]
    while owner is not None and not found:
        owner = owner.parent
        found = owner.definitions_of(name) if owner is not None else []
    for definition in found:
        if definition.kind is DefKind.PARAM:
            declared = (owner or unit).params[definition.param][1].get("type")
        else:
            around = definition.node.parent
            declared = around.get("type") if around is not None else None
            filtered = around.get("cond") if around is not None and around.kind is K.CATCH else None
            narrowed = list(_types_tested(name, filtered)) if filtered is not None else []
            if narrowed:
                yield from narrowed
                continue
        yield from _simple_names(declared) if declared is not None else (f"?{name}",)


def _tested(name: str, unit: Unit, stmt: int) -> Iterator[str]:
    """Types that a dominating condition found the variable to have: `if (e instanceof A)`."""
    for idx, outcome in unit.flow.guards(stmt):
        for expr in unit.control.stmts[idx].exprs if outcome else ():
            yield from _types_tested(name, expr)


def _types_tested(name: str, expr: Node) -> Iterator[str]:
    for test in expr.walk():
        value, declared = test.get("value"), test.get("type")
        if test.kind is not K.TYPE_TEST or value is None or declared is None:
            continue
        variable = value.get("value") if value.kind is K.ASSIGN else value
        if variable is not None and variable.kind is K.NAME and variable.text == name:
            yield from _simple_names(declared)


def _simple_names(declared: Node) -> Iterator[str]:
    """The simple name of a type, or of each type of several."""
    if declared.kind is K.TUPLE:
        for one in declared.children:
            yield from _simple_names(one)
    else:
        yield declared.text.rstrip("?").rpartition(".")[2]
