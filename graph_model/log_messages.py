"""What of a log message is foreign text: an object put into it is written by the class's own `toString`."""

from graph_model.definitions import DefKind
from graph_model.evaluator import Evaluator
from graph_model.kinds import NodeKind as K
from graph_model.origins import EMPTY, Flow, merge
from graph_model.program import Unit
from graph_model.syntax import Node
from graph_model.textless import TYPED, is_object

_LABEL = "security/log-injection"
_BUILDS = frozenset({"format", "Format", "formatted", "concat", "Concat", "toString", "ToString", "valueOf"})
_MAX_DEPTH = 8


def find_written(state: Evaluator, label: str, argument: Node, flow: Flow) -> Flow:
    """The part of a flow that reaches a log message as text; all of it at other sinks and where nothing is typed."""
    if label != _LABEL or state.family not in TYPED:
        return flow
    saved = state.stmt, state.recording
    state.recording = False
    written = _text_of(state, argument, state.stmt, 0)
    state.stmt, state.recording = saved
    return {origin: mark for origin, mark in flow.items() if origin in written}


def _text_of(state: Evaluator, node: Node, stmt: int, depth: int) -> Flow:
    state.stmt = stmt
    value = state.evaluate(node)
    if depth > _MAX_DEPTH or not value:
        return value
    parts = _parts(state, node, stmt)
    if not parts:
        return EMPTY if _is_object(state, node) else value
    text = EMPTY
    for part, at in parts:
        text = merge(text, _text_of(state, part, at, depth + 1))
    return text


def _parts(state: Evaluator, node: Node, stmt: int) -> list[tuple[Node, int]]:
    """What a text is put together from, and the statements that evaluate it; nothing when it is one value."""
    if node.kind is K.BINARY and node.text == "+":
        return [(child, stmt) for child in node.children]
    if node.kind is K.TEMPLATE:
        return [(child.get("value") or child, stmt) for child in node.children if child.kind is not K.TEXT]
    callee, args = node.get("callee"), node.get("args")
    if node.kind is K.CALL and callee is not None and callee.text in _BUILDS:
        obj = callee.get("obj")
        given = [*([obj] if obj is not None else []), *(args.children if args is not None else ())]
        return [(part, stmt) for part in given]
    if node.kind is K.NAME:
        found = [d for d in state.unit.flow.reaching(node.text, stmt) if d.shadow_of is None]
        value = found[0].value if len(found) == 1 and found[0].kind is DefKind.ASSIGN else None
        is_text = value is not None and value.kind in (K.BINARY, K.TEMPLATE, K.CALL)
        return [(value, found[0].stmt)] if value is not None and is_text else []
    return []


def _is_object(state: Evaluator, node: Node) -> bool:
    """Whether a variable or parameter is declared with a class that is no text."""
    if node.kind is not K.NAME:
        return False
    owner: Unit | None = state.unit
    while owner is not None and node.text not in owner.locals:
        owner = owner.parent
    declared = [param.get("type") for name, param in owner.params if name == node.text] if owner is not None else []
    for definition in owner.definitions_of(node.text) if owner is not None else ():
        around = definition.node.parent
        if definition.kind is not DefKind.PARAM and around is not None:
            declared.append(around.get("type"))
    return bool(declared) and all(one is not None and is_object(one) for one in declared)
