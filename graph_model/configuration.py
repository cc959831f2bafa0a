"""Objects that are configured after they are made, and values that are hard-coded though no literal: bytes, lists."""

import re
from collections.abc import Iterator

from graph_model.access_paths import access_key
from graph_model.constants import UNKNOWN, Constants
from graph_model.definitions import DefKind
from graph_model.kinds import NodeKind as K
from graph_model.program import Program, Unit
from graph_model.syntax import Node

_AS_BYTES = frozenset({"getBytes", "toCharArray", "encode", "ToCharArray", "trim", "clone"})
_OF_TEXT = frozenset(
    {"decode", "decodeBase64", "decodeHex", "parseHexBinary", "parseBase64Binary", "FromBase64String", "FromHexString"}
    | {"fromhex", "unhexlify", "b64decode", "GetBytes"}
)
_ENCODING = re.compile(r"(?i)^(?:utf[-_]?(?:8|16|32)|ascii|latin[-_]?1|iso[-_]8859[-_]\d+|cp\d+)$")
_MAX_DEPTH = 8


def is_configured(
    call: Node, methods: tuple[str, ...], unit: Unit, program: Program, stmt: int, *, even_if: bool = False
) -> bool:
    """Whether one of `methods` is called on a call's result: chained to it, on its variable, or on its field.

    Assigning a property of that name counts as a call.

    In the same function a call under a further condition does not count, unless `even_if`.
    """
    target = call
    while target.parent is not None and target.parent.kind in (K.MEMBER, K.CALL, K.CAST, K.AWAIT):
        parent = target.parent
        if parent.kind is K.MEMBER and target.field == "obj" and parent.text in methods:
            return True
        if parent.kind is K.CALL and target.field != "callee":
            return False
        target = parent
    holder = target.parent
    if holder is None or holder.kind not in (K.DECLARATOR, K.ASSIGN, K.WITH_ITEM):
        return False
    variable = holder.get("target") or holder.get("name")
    key = access_key(variable) if variable is not None else ""
    guards = set(unit.flow.guards(stmt))
    return bool(key) and any(
        _is_called_on(key, methods, other, guards if other is unit and not even_if else None)
        for other in _where_visible(key, unit, program)
    )


def _where_visible(key: str, unit: Unit, program: Program) -> Iterator[Unit]:
    yield unit
    yield from unit.children
    cls = unit.cls
    is_field = (
        key.startswith(("this.", "self.")) or key not in unit.locals or (cls is not None and key in cls.field_types)
    )
    if is_field or not unit.is_function:
        yield from (u for u in program.units if cls is not None and u.cls is cls and u is not unit)


def _is_called_on(key: str, methods: tuple[str, ...], unit: Unit, guards: set[tuple[int, bool]] | None) -> bool:
    wanted = {key, key.removeprefix("this."), f"this.{key}"}
    for stmt, calls in enumerate(unit.flow.calls):
        for call in calls:
            callee = call.get("callee")
            if callee is None or callee.kind is not K.MEMBER or callee.text not in methods:
                continue
            obj = callee.get("obj")
            while obj is not None and obj.kind is K.CALL:  # a builder's chain
                inner = obj.get("callee")
                obj = inner.get("obj") if inner is not None else None
            if obj is None or access_key(obj) not in wanted:
                continue
            if guards is None or guards.issuperset(unit.flow.guards(stmt)):
                return True
    return _is_assigned(wanted, methods, unit, guards)


def _is_assigned(wanted: set[str], names: tuple[str, ...], unit: Unit, guards: set[tuple[int, bool]] | None) -> bool:
    """Whether `x.name = v` sets one of the names, which counts like a call."""
    for stmt, definitions in enumerate(unit.flow.by_stmt):
        for definition in definitions:
            target = definition.node
            obj = target.get("obj") if target.kind is K.MEMBER and target.text in names else None
            if obj is None or access_key(obj) not in wanted or definition.shadow_of is not None:
                continue
            if guards is None or guards.issuperset(unit.flow.guards(stmt)):
                return True
    return False


def is_hard_coded(node: Node, unit: Unit, constants: Constants, stmt: int, depth: int = 0) -> bool:
    """Whether a value is made of constants alone: `"k".getBytes()`, `{1, 2, 3}`, or a variable of such a value.

    An array of a constant size counts only where it is written, since a variable of it is filled later.
    """
    if depth > _MAX_DEPTH:
        return False
    value = constants.evaluate(node, stmt)
    if value is not UNKNOWN:
        return value is not None
    if node.kind is K.CAST:
        inner = node.get("value")
        return inner is not None and is_hard_coded(inner, unit, constants, stmt, depth + 1)
    if node.kind is K.LIST:
        return bool(node.children) and all(is_hard_coded(c, unit, constants, stmt, depth + 1) for c in node.children)
    if node.kind is K.NEW:
        return _is_constant_array(node, unit, constants, stmt, depth)
    if node.kind is K.CALL:
        part = _converted(node)
        if part is None or isinstance(constants.evaluate(part, stmt), int):  # a number of random bytes
            return False
        return is_hard_coded(part, unit, constants, stmt, depth + 1)
    return node.kind is K.NAME and _holds_constant(node.text, unit, constants, stmt, depth)


def _is_constant_array(node: Node, unit: Unit, constants: Constants, stmt: int, depth: int) -> bool:
    init, callee, args = node.get("init"), node.get("callee"), node.get("args")
    if init is not None:
        return init.kind is K.LIST and is_hard_coded(init, unit, constants, stmt, depth + 1)
    if callee is None or args is None or not args.children:
        return False
    is_text = callee.text == "String"
    is_array = callee.text.endswith("[]") and depth == 0
    return (is_text or is_array) and is_hard_coded(args.children[0], unit, constants, stmt, depth + 1)


def _converted(call: Node) -> Node | None:
    """What a call turns into bytes: its receiver, or its first argument."""
    callee, args = call.get("callee"), call.get("args")
    if callee is None or callee.kind is not K.MEMBER:
        return None
    if callee.text in _AS_BYTES:
        return callee.get("obj")
    first = args.children[0] if args is not None and args.children else None
    if callee.text == "decode" and (first is None or _ENCODING.match(first.text)):
        return callee.get("obj")
    return first if callee.text in _OF_TEXT else None


def _holds_constant(name: str, unit: Unit, constants: Constants, stmt: int, depth: int) -> bool:
    if name in unit.locals and stmt < len(unit.flow.reach_in):
        found = list(unit.flow.reaching(name, stmt))
        return bool(found) and all(
            d.kind is DefKind.ASSIGN
            and d.value is not None
            and is_hard_coded(d.value, unit, constants, d.stmt, depth + 1)
            for d in found
        )
    owner, outer = unit.parent, constants.outer
    while owner is not None and outer is not None:
        if name in owner.locals:
            known = owner.definitions_of(name)
            first = known[0]
            return (
                len(known) == 1
                and first.value is not None
                and is_hard_coded(first.value, owner, outer, first.stmt, depth + 1)
            )
        owner, outer = owner.parent, outer.outer
    return False
