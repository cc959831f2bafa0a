"""The values of calls: sources, sanitisers, propagators, keyed reads, and calls that may go to project code."""

import re

from graph_model.access_paths import literal_step
from graph_model.definitions import KEYED_READS
from graph_model.evaluator import Argument, CallSite, EvaluatedCall, Evaluator, label_mask
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.lookups import asks_a_store, is_lookup, is_request
from graph_model.origins import EMPTY, Flow, OriginKind, Passed, merge, passing
from graph_model.packs.model import Role
from graph_model.syntax import Node
from graph_model.textless import TYPED, is_textless_name
from graph_model.value_sinks import check_call, choose_arguments

_PREDICATE = re.compile(r"(is|has|can|should|contains|exists)[A-Z]")
_MAKES_SAFE = re.compile(
    r"(?i)(safe|saniti[sz]ed?|validated?)_?\w*(url|uri|redirect|next|path|file_?name|location|target)$"
)
_SAFE_FOR = (
    "security/open-redirect",
    "security/server-side-request-forgery",
    "security/path-traversal",
    "security/header-injection",
)
_TRANSLATES = re.compile(
    r"(?i)^(_|n?gettext(_lazy)?|translate(async|d|_text)?|locali[sz]ed?(async)?|get_?(translated|locali[sz]ed)\w*)$"
)
_OF_PATHS = ("security/path-traversal", "security/archive-path-traversal")
_EMPTY_TEXTS = frozenset({"Empty"})  # `string.Empty`
_TEXT_TYPES = frozenset({"String", "MediaType", "NewCookie", "Cookie"})  # their `valueOf` keeps what it is given
_LITERAL_ROOTS = frozenset(
    {
        "str",
        "list",
        "dict",
        "set",
        "tuple",
        "int",
        "float",
        "bytes",
        "String",
        "Array",
        "Object",
        "RegExp",
        "Number",
        "console",
    }
)


def evaluate_call(state: Evaluator, node: Node) -> Flow:
    """The value of a CALL or NEW: a source, what packs say it passes on, or a RESULT until linking."""
    args_node, callee = node.get("args"), node.get("callee")
    args: list[Argument] = []
    position = 0
    for child in args_node.children if args_node is not None else ():
        if child.kind is K.KWARG:
            inner = child.get("value")
            if inner is not None:
                args.append((child.text, inner, state.evaluate(inner)))
            continue
        args.append((position, child, state.evaluate(child)))
        position += 1
    init = node.get("init")
    if init is not None:
        args.append(("init", init, state.evaluate(init)))
    receiver = EMPTY
    obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
    if obj is not None:
        receiver = state.evaluate(obj)
    elif callee is not None and callee.kind not in (K.NAME, K.TYPE_REF):
        receiver = state.evaluate(callee)
    name = state.resolver.callee(node, state.unit, state.stmt)
    roles = state.resolver.roles(node, state.unit, state.stmt)
    call = EvaluatedCall(node, name, roles, args, obj, receiver)
    if state.recording:
        check_call(state, call)
    keyed = _keyed_read(state, call)
    if keyed is not None or _gives_no_text(state, call):
        return keyed or EMPTY
    value = _call_result(state, call)
    if value and _takes_steps_out(state, call):
        return passing(value, Passed.SANITISED_OTHER, label_mask(_OF_PATHS, state.context.label_bits))
    return value


def _takes_steps_out(state: Evaluator, call: EvaluatedCall) -> bool:
    """`"a/" + x.replace(".", "")`: behind other text, a name without dots cannot lead upwards.

    JavaScript's `replace` takes the first one out only.
    """
    part = call.node
    if part.parent is not None and part.parent.kind is K.INTERPOLATION:
        part = part.parent
    around = part.parent
    is_text = around is not None and (around.kind is K.TEMPLATE or (around.kind is K.BINARY and around.text == "+"))
    if around is None or not is_text or around.children[0] is part:
        return False
    callee, args = call.node.get("callee"), call.args
    wanted = "replaceAll" if state.family is Family.JAVASCRIPT else "replace"
    if callee is None or call.obj is None or len(args) != 2 or callee.text.lower() != wanted.lower():
        return False
    old, new = (state.context.constants.evaluate(node, state.stmt) for _, node, _ in args)
    new = "" if args[1][1].text in _EMPTY_TEXTS else new
    return old in (".", "..") and isinstance(new, str) and "." not in new


def _keyed_read(state: Evaluator, call: EvaluatedCall) -> Flow | None:
    """`m.get("k")` of a local map whose keys are kept apart."""
    obj, args = call.obj, call.args
    if obj is None or obj.kind is not K.NAME or not args:
        return None
    callee = call.node.get("callee")
    if callee is None or callee.text not in KEYED_READS:
        return None
    key = obj.text + literal_step(args[0][1])
    if key == obj.text or key not in state.unit.flow.by_key:
        return None
    if not any(d.shadow_of is None for d in state.unit.flow.reaching(key, state.stmt)):
        return None
    return merge(state.read_key(key), passing(state.read_stores(obj.text), Passed.ELEMENT))


def _call_result(state: Evaluator, call: EvaluatedCall) -> Flow:
    node, name, roles, args, _, receiver = call
    flag = Passed.LIBRARY
    mask, sanitised = 0, False
    kept: Flow | None = None
    for role in roles:
        if role.role is Role.SOURCE and state.context.judge.all_hold(role.when, node, state.stmt):
            found = state.origin(OriginKind.SOURCE, -1, name, node, role.kind)
            return {number: (state.neutralised(roles), 0, None) for number in found}
        if role.role is Role.NEUTRAL or role.role is Role.VALIDATOR:
            return EMPTY
        if role.role is Role.SANITISER and state.context.judge.all_hold(role.when, node, state.stmt):
            mask |= label_mask(role.neutralises, state.context.label_bits)
            sanitised = True
        if role.role is Role.PROPAGATOR and kept is None:
            passed = receiver if "receiver" in role.args or not role.args else EMPTY
            kept = _union(choose_arguments(state, role, args), passed)
    if sanitised:
        return passing(merge(_union(args), receiver), Passed.SANITISED_OTHER | flag, mask)
    if kept is not None:
        return passing(kept, flag)
    mask = _promised(state, name) if not roles else 0
    if not roles and _may_be_project(state, name):
        return passing(_project_call(state, call), Passed.SANITISED_OTHER if mask else Passed.NOTHING, mask)
    unknown = Passed.UNKNOWN_CALL if not roles else flag
    return passing(_passed_on(state, call), unknown, mask)


def _passed_on(state: Evaluator, call: EvaluatedCall) -> Flow:
    """What a call of unknown meaning gives of what goes in: everything, but nothing that only chooses a record."""
    name = call.name
    if name.startswith("?."):
        name = f"{state.resolver.receiver_hint(call.node)}{name[1:]}"
    if asks_a_store(name) or is_request(name, call.args[0][1] if call.args else None):
        return EMPTY
    return call.receiver if is_lookup(name) else _union(call.args, call.receiver)


def _gives_no_text(state: Evaluator, call: EvaluatedCall) -> bool:
    """A constant of an enumeration looked up by name, a predicate, or a result whose known type holds no text."""
    if state.family not in TYPED:
        return False
    returned = state.resolver.types.returned(call.name)
    if returned and is_textless_name(returned):
        return True
    callee = call.node.get("callee")
    if callee is None or call.obj is None or call.roles:
        return False
    is_lookup = callee.text == "valueOf" and len(call.args) == 1 and call.obj.text[:1].isupper()
    return (is_lookup and call.obj.text not in _TEXT_TYPES) or (
        state.family is Family.JAVA and _PREDICATE.match(callee.text) is not None
    )


def _promised(state: Evaluator, name: str) -> int:
    """Bits of the labels that a call rules out by its name: `get_safe_redirect_url(x)`, `translate(x)`."""
    last = name.rpartition(".")[2]
    is_promise = _MAKES_SAFE.search(last) is not None and "unsafe" not in last.lower()
    if _TRANSLATES.match(last):  # a key of the program's own texts
        return label_mask(("security/error-exposure",), state.context.label_bits)
    return label_mask(_SAFE_FOR, state.context.label_bits) if is_promise else 0


def _union(args: list[Argument], receiver: Flow = EMPTY) -> Flow:
    value = receiver
    for _, _, flow in args:
        value = merge(value, flow)
    return value


def _may_be_project(state: Evaluator, name: str) -> bool:
    """Whether a call may go to code of the project: not a builtin type's method, not a known library's."""
    if not name or name.startswith("?"):
        return False
    program = state.resolver.program
    if "." not in name and "/" not in name:
        return name in program.functions or name in program.classes or name in state.unit.locals
    root = name.partition(".")[0]
    return root not in _LITERAL_ROOTS and not name.endswith("()")


def _project_call(state: Evaluator, call: EvaluatedCall) -> Flow:
    node, name, _, args, _, receiver = call
    number = state.sites.get(id(node))
    given = {key: flow for key, _, flow in args if flow}
    if receiver:
        given["receiver"] = receiver
    if number is None:
        number = state.sites[id(node)] = len(state.result.calls)
        first = args[0][1] if args else None
        state.result.calls.append(CallSite(name, node, given, is_request(name, first)))
    else:
        state.result.calls[number].args = given
    return state.origin(OriginKind.RESULT, number, name, node, "")
