"""What arrives at sinks: calls, results of entry points, assignments that packs call dangerous."""

import re

from graph_model.addresses import find_deciding
from graph_model.answers import is_markup_free
from graph_model.conditions import find_argument, find_key
from graph_model.definitions import Definition, DefKind
from graph_model.evaluator import Argument, CallSite, EvaluatedCall, Evaluator, SinkHit
from graph_model.keyed_values import read_below, read_keys
from graph_model.kinds import NodeKind as K
from graph_model.log_messages import find_written
from graph_model.markup import MARKUP, find_markup
from graph_model.origins import Flow, Passed, passing
from graph_model.packs.model import ApiRole, Role
from graph_model.prototypes import is_prefixed, may_hold_prototype
from graph_model.syntax import Node

_HIGHER_ORDER = frozenset(
    [
        "map",
        "forEach",
        "filter",
        "reduce",
        "some",
        "every",
        "find",
        "flatMap",
        "then",
        "each",
        "findIndex",
        "sort",
        "Select",
        "Where",
        "ForEach",
        "SelectMany",
        "First",
        "FirstOrDefault",
        "Any",
        "All",
        "OrderBy",
        "ifPresent",
        "anyMatch",
        "allMatch",
        "collect",
        "thenApply",
        "thenAccept",
        "computeIfAbsent",
    ]
)
_POLLUTION = "security/prototype-pollution"
_OF_PATHS = frozenset({"security/path-traversal"})
_STREAM = re.compile(
    r"(?:^|\.)(?:BytesIO|StringIO|\w*TemporaryFile|FileStorage|bytes|bytearray|\w*Stream|\w*Reader|\w*Writer|MemoryStream)$"
)
_PAGE = "security/cross-site-scripting"
_SETTINGS = "security/template-injection"  # settings of the engine among the values that a page is given
_EVERY_FIELD = "security/mass-assignment"  # the harm is in fields that the caller chooses
_ENCODES = re.compile(
    r"^(?:present(?:[A-Z_]|$)|serialize(?:[A-Z_]|$)|jsonify$|to_?(?:json|dict|dto)$|toJSON$|model_dump|as_?dict$)"
)
_MAY_BE_OBJECT = frozenset({K.NAME, K.MEMBER, K.INDEX, K.CALL, K.AWAIT, K.CAST})


def check_call(state: Evaluator, call: EvaluatedCall) -> None:
    """Notes what arrives at a call's sinks, and what a closure given to it receives."""
    for role in call.roles:
        if role.role is Role.SINK:
            _check_role(state, call, role)
    if call.receiver and call.args:
        _closures(state, call)


def _check_role(state: Evaluator, call: EvaluatedCall, role: ApiRole) -> None:
    node, name, _, args, obj, receiver = call
    chosen = choose_arguments(state, role, args) if role.args != ("receiver",) else []
    if not chosen and role.args:  # a keyword under another name, or an initialiser's property
        chosen = _by_name(state, role, node)
    for _, argument, flow in chosen:
        if flow and state.context.judge.all_hold(role.when, node, state.stmt, argument):
            record_sink(state, role, node, argument, flow, name)
    if "receiver" not in role.args or not receiver or obj is None:
        return
    if state.context.judge.all_hold(role.when, node, state.stmt):
        record_sink(state, role, node, obj, receiver, name)


def choose_arguments(state: Evaluator, role: ApiRole, args: list[Argument]) -> list[Argument]:
    """The arguments that a role speaks of; `0.url` is the key `url` of an object literal given as the first."""
    if not role.args:
        return args
    chosen: list[Argument] = []
    for argument in args:
        keys = [k.partition(".")[2] for k in role.args if isinstance(k, str) and k.startswith(f"{argument[0]}.")]
        literal = state.context.judge.literal(argument[1], state.stmt) if keys else None
        if literal is not None:
            parts = [find_key(literal, key) for key in keys]
            chosen.extend((argument[0], part, state.evaluate(part)) for part in parts if part is not None)
            spreads = [child for child in literal.children if child.kind is K.SPREAD and child.children]
            chosen.extend((argument[0], s, _read_below(state, role, s.children[0], keys)) for s in spreads)
            if argument[1].kind is K.NAME:  # under whose keys more may be stored
                chosen.append((argument[0], argument[1], read_keys(state, argument[1].text, keys)))
        elif argument[0] in role.args:
            chosen.append(argument)
        elif keys and argument[1].kind in _MAY_BE_OBJECT:
            chosen.append((argument[0], argument[1], _read_below(state, role, argument[1], keys)))
    return chosen


def _read_below(state: Evaluator, role: ApiRole, node: Node, keys: list[str]) -> Flow:
    return read_below(state, node, keys, only_whole=role.label == _SETTINGS)


def _by_name(state: Evaluator, role: ApiRole, node: Node) -> list[Argument]:
    """Arguments found under another spelling: another keyword, or an initialiser's property."""
    found: list[Argument] = []
    for key in role.args:
        argument = find_argument(node, key) if isinstance(key, str) and key != "receiver" else None
        if argument is not None:
            found.append((key, argument, state.evaluate(argument)))
    return found


def _closures(state: Evaluator, call: EvaluatedCall) -> None:
    """A function passed to `map`, `then`, ...: its parameters are given the receiver's elements."""
    callee = call.node.get("callee")
    if callee is None or callee.text not in _HIGHER_ORDER:
        return
    for _, argument, _ in call.args:
        inner = state.resolver.program.unit_of.get(id(argument))
        if inner is not None:
            given: dict[int | str, Flow] = {0: passing(call.receiver, Passed.ELEMENT)}
            state.result.calls.append(CallSite(f"#{inner.idx}", argument, given))


def check_returned(state: Evaluator, expr: Node, value: Flow) -> None:
    """What a framework makes of an entry point's result."""
    shown = expr.children[0] if expr.kind is K.TUPLE and expr.children else expr
    is_text = shown.kind not in (K.DICT, K.LIST, K.COMPREHENSION)
    if not value or not is_text or state.resolver.resolve(shown, state.unit, state.stmt).endswith("Response"):
        return  # data that the framework encodes, or a response that was judged where it was made
    for role in state.resolver.entry_returns.get(state.unit.idx, ()):
        if state.context.judge.value_holds(role.when, expr, state.stmt):
            record_sink(state, role, expr, expr, value, "return")


def check_assigned(state: Evaluator, definition: Definition, value: Flow) -> None:
    """`x.innerHTML = v`: an assignment to a property that a pack calls a sink."""
    target = definition.node
    if target.kind not in (K.MEMBER, K.INDEX) or definition.value is None:
        return
    obj, key = target.get("obj"), target.get("key")
    base = state.resolver.resolve(obj, state.unit, state.stmt) if obj is not None else ""
    attribute = target.text if target.kind is K.MEMBER else "__setitem__"
    is_fixed_key = key is not None and target.kind is K.INDEX and is_prefixed(key)
    name = f"{base}.{attribute}" if base else f"?.{attribute}"
    hint = obj.text if obj is not None and not base else ""
    parts = [(0, definition.value, value)]
    if target.kind is K.INDEX:
        parts = [(1, definition.value, value), *([(0, key, state.evaluate(key))] if key is not None else [])]
    for role in state.resolver.index.find_roles(name, hint):
        if role.label == _POLLUTION and obj is not None and (is_fixed_key or not may_hold_prototype(state, obj)):
            continue
        for position, argument, flow in parts:
            if role.role is not Role.SINK or not flow or position not in (role.args or (position,)):
                continue
            if state.context.judge.value_holds(role.when, argument, state.stmt):
                record_sink(state, role, target, argument, flow, name)


def _names_its_fields(argument: Node) -> bool:
    """An object literal that says which fields it has: nobody can add one."""
    return argument.kind is K.DICT and all(child.kind is K.PAIR for child in argument.children)


def _is_stream(state: Evaluator, argument: Node) -> bool:
    """Open data instead of a name: a stream, bytes in memory, an uploaded file."""
    name = state.resolver.resolve(argument, state.unit, state.stmt)
    return bool(_STREAM.search(name.removesuffix("()")))


def _is_data(state: Evaluator, argument: Node) -> bool:
    """An object that the framework encodes: a literal, or what a function that says so makes of others."""
    if state.context.judge.literal(argument, state.stmt) is not None:
        return argument.kind is not K.NEW
    callee = argument.get("callee") if argument.kind is K.CALL else None
    return callee is not None and _ENCODES.match(callee.text) is not None


def record_sink(state: Evaluator, role: ApiRole, node: Node, argument: Node, flow: Flow, name: str) -> None:
    """Notes a sink, unless everything that arrives was neutralised for its label."""
    bit = state.context.label_bits.get(role.label)
    if bit is None or (role.label == _EVERY_FIELD and _names_its_fields(argument)):
        return
    if role.label == _PAGE and (_is_data(state, argument) or is_markup_free(state)):
        return
    if role.label in _OF_PATHS and _is_stream(state, argument):
        return
    written = find_written(state, role.label, argument, flow)
    deciding = find_deciding(state, role.label, name, node, argument, written)
    if role.label == MARKUP:
        deciding = find_markup(state, name, node, argument, deciding)
    open_flow = {origin: mark for origin, mark in deciding.items() if not mark[0] >> bit & 1}
    if open_flow:
        exact = not role.pattern.startswith(("*", "~"))
        leads = bool(state.evaluate(_first_part(state, argument, 0)))
        state.result.sinks.append(SinkHit(role, node, argument, state.stmt, open_flow, name, exact, leads))


def _first_part(state: Evaluator, node: Node, depth: int) -> Node:
    """What built text begins with, looked up through single definitions and joining calls."""
    if depth > 8:
        return node
    first: Node | None = None
    if node.kind is K.BINARY and node.text in ("+", "%"):
        first = node.get("left")
    elif node.kind is K.TEMPLATE and node.children:
        first = node.children[0] if node.children[0].kind is K.TEXT else node.children[0].get("value")
    elif node.kind is K.NAME:
        found = [d for d in state.unit.flow.reaching(node.text, state.stmt) if d.shadow_of is None]
        if len(found) == 1 and found[0].kind is DefKind.ASSIGN and found[0].value is not None:
            value = found[0].value
            is_text = value.kind in (K.BINARY, K.TEMPLATE, K.NAME, K.STRING)
            first = value if is_text and value is not node else None
    return _first_part(state, first, depth + 1) if first is not None else node
