"""Objects that may be a prototype: writing to one of them under a foreign key pollutes every object (JavaScript)."""

from graph_model.definitions import DefKind
from graph_model.evaluator import Evaluator
from graph_model.kinds import NodeKind as K
from graph_model.program import Unit
from graph_model.syntax import Node

_CONSTANT_KEYS = (K.STRING, K.INT)


def may_hold_prototype(state: Evaluator, obj: Node) -> bool:
    """Whether an object was looked up under a key that is not constant, here or by a function that calls itself.

    `list[id] = v` changes the one list, whatever `id` is; `list[name][key] = v` may change `Object.prototype`.
    """
    if _looks_up(obj):
        return True
    if obj.kind is not K.NAME:
        return False
    owner: Unit | None = state.unit
    while owner is not None and obj.text not in owner.locals:
        owner = owner.parent
    for definition in owner.definitions_of(obj.text) if owner is not None else ():
        if definition.kind is DefKind.PARAM and owner is not None and _calls_itself(owner):
            return True
        if definition.value is not None and definition.kind is not DefKind.STORE and _looks_up(definition.value):
            return True
    return False


def _looks_up(node: Node) -> bool:
    """An element under a key that is not constant, also as one of several values."""
    if node.kind is K.INDEX:
        key = node.get("key")
        return key is not None and key.kind not in _CONSTANT_KEYS
    if node.kind in (K.ASSIGN, K.BOOLEAN, K.TERNARY, K.CAST):
        return any(_looks_up(child) for child in node.children)
    return False


def _calls_itself(unit: Unit) -> bool:
    """Whether a function's name is called inside it, so that what it is given may have been looked up by itself."""
    if not unit.name:
        return False
    callees = [node.get("callee") for node in unit.node.walk() if node.kind is K.CALL]
    return any(callee is not None and callee.text == unit.name and _is_own(callee) for callee in callees)


def _is_own(callee: Node) -> bool:
    """A function by its own name or of the same object: `res.render()` in `render` is another one."""
    obj = callee.get("obj") if callee.kind is K.MEMBER else None
    return callee.kind is K.NAME or (obj is not None and obj.kind is K.THIS)


def is_prefixed(key: Node) -> bool:
    """Whether a key begins or ends with a constant part: no name that leads to a prototype does, but by that name."""
    if key.kind is K.TEMPLATE:
        return any(child.kind is K.TEXT and child.text for child in key.children)
    ends = (key.get("left"), key.get("right")) if key.kind is K.BINARY and key.text == "+" else ()
    return any(end is not None and (end.kind is K.STRING or is_prefixed(end)) for end in ends)
