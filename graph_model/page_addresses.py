"""The page's own address, and addresses made of it: what a page can be sent to without anybody choosing the scheme."""

import re
from collections.abc import Iterator

from graph_model.definitions import DefKind
from graph_model.evaluator import Evaluator
from graph_model.kinds import NodeKind as K
from graph_model.program import Unit
from graph_model.syntax import Node, dotted_name

OWN_ADDRESS = re.compile(r"(^|\.)location\.(href|pathname|origin|host|hostname|protocol)$")
OWN_PART = re.compile(r"(^|\.)location\.(pathname|origin|host|hostname|protocol)$")
_LOCATION = re.compile(r"^((window|document|self|top|globalThis)\.)?location$")
_KEEPS_BEGINNING = frozenset({"split", "replace", "slice", "substring", "substr", "toString", "trim"})
_HARMLESS_PARTS = frozenset({"pathname", "search", "hash", "origin", "host", "hostname", "port"})
_SCHEME_PARTS = ("href", "protocol", "host", "hostname")
_MAX_DEPTH = 6
_Place = tuple[Node, int]  # an expression and the statement that evaluates it


def is_own_address(node: Node) -> bool:
    """The page's own address, or its beginning: `location.pathname`, `location.href.split("?")[0]`."""
    return bool(OWN_ADDRESS.search(dotted_name(_beginning(node))))


def leads_home(state: Evaluator, node: Node, stmt: int) -> bool:
    """Whether an expression is the page's own address however it got there: through variables, `new URL(location)`
    with other parameters, or the path of any parsed address."""
    return _leads_home(state, state.unit, (node, stmt), 0)


def find_resolved(state: Evaluator, node: Node, stmt: int) -> _Place | None:
    """What decides where a parsed address leads: the first argument of the `URL` that an expression is or reads."""
    parsed = _parsed(state, state.unit, (_beginning(node), stmt), 0)
    return (parsed[0], parsed[1]) if parsed is not None and parsed[2] is state.unit else None


def _beginning(node: Node) -> Node:
    """What an expression's text begins with, seen through the calls that keep it."""
    while True:
        callee, key = node.get("callee"), node.get("key")
        inner: Node | None = None
        if node.kind is K.CALL and callee is not None and callee.text in _KEEPS_BEGINNING:
            inner = callee.get("obj")
        elif node.kind is K.INDEX and key is not None and key.text == "0":
            inner = node.get("obj")
        if inner is None:
            return node
        node = inner


def _leads_home(state: Evaluator, unit: Unit, place: _Place, depth: int) -> bool:
    node = _beginning(place[0])
    dotted = dotted_name(node)
    if OWN_ADDRESS.search(dotted) or (_LOCATION.match(dotted) and "location" not in unit.locals):
        return True
    if depth > _MAX_DEPTH:
        return False
    if node.kind is K.MEMBER and node.text in _HARMLESS_PARTS:
        obj = node.get("obj")
        return obj is not None and _parsed(state, unit, (obj, place[1]), depth + 1) is not None
    parsed = _parsed(state, unit, (node, place[1]), depth + 1)
    if parsed is not None:
        return _leads_home(state, parsed[2], parsed[:2], depth + 1)
    if node.kind is K.NAME:
        values = list(_values(unit, node.text, place[1]))
        return bool(values) and all(
            one is not None and _leads_home(state, one[2], one[:2], depth + 1) for one in values
        )
    return node.kind is K.BINARY and node.text == "+" and _begins_at_home(state, unit, (node, place[1]), depth)


def _begins_at_home(state: Evaluator, unit: Unit, place: _Place, depth: int) -> bool:
    left = place[0].get("left")
    return left is not None and _leads_home(state, unit, (left, place[1]), depth + 1)


def _parsed(state: Evaluator, unit: Unit, place: _Place, depth: int) -> tuple[Node, int, Unit] | None:
    """The address that a `URL` was made from: `new URL(x, base)`, its variable, or its `href`; None for the rest."""
    node, stmt = place
    if depth > _MAX_DEPTH:
        return None
    if node.kind is K.MEMBER and node.text == "href":
        obj = node.get("obj")
        return _parsed(state, unit, (obj, stmt), depth + 1) if obj is not None else None
    if node.kind is K.NEW and state.resolver.callee(node, unit, stmt) == "URL":
        args = node.get("args")
        return (args.children[0], stmt, unit) if args is not None and args.children else None
    if node.kind is K.TERNARY:
        made = [part for part in (node.get("body"), node.get("orelse")) if part is not None and not _is_nothing(part)]
        return _parsed(state, unit, (made[0], stmt), depth + 1) if len(made) == 1 else None
    if node.kind is not K.NAME or any(_is_assigned(unit, f"{node.text}.{part}") for part in _SCHEME_PARTS):
        return None
    values = list(_values(unit, node.text, stmt))
    if len(values) != 1 or values[0] is None:
        return None
    value, at, owner = values[0]
    return _parsed(state, owner, (value, at), depth + 1)


def _is_nothing(node: Node) -> bool:
    return node.kind is K.NULL or (node.kind is K.NAME and node.text == "undefined")


def _is_assigned(unit: Unit, key: str) -> bool:
    return any(d.kind is DefKind.ASSIGN and d.shadow_of is None for d in unit.flow.definitions if d.key == key)


def _values(unit: Unit, name: str, stmt: int) -> Iterator[tuple[Node, int, Unit] | None]:
    """What a variable may have been given, here or in a unit around; None for a parameter or an element."""
    owner: Unit | None = unit
    while owner is not None and name not in owner.locals:
        owner = owner.parent
    if owner is None:
        return
    found = owner.flow.reaching(name, stmt) if owner is unit else owner.definitions_of(name)
    for definition in found:
        if definition.shadow_of is not None or definition.kind is DefKind.STORE:
            continue
        value = definition.value if definition.kind is DefKind.ASSIGN else None
        yield (value, definition.stmt, owner) if value is not None else None
