"""How each kind of expression passes values on; calls are `graph_model.value_calls`'."""

from graph_model.access_paths import access_key, base_of, literal_step
from graph_model.constants import UNKNOWN
from graph_model.evaluator import Evaluator, Handlers, label_mask
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.origins import EMPTY, Flow, OriginKind, Passed, merge, passing
from graph_model.packs.model import ApiRole, Role
from graph_model.syntax import Node
from graph_model.value_calls import evaluate_call
from graph_model.value_sinks import record_sink


def _quiet(state: Evaluator, node: Node) -> Flow:
    """Comparisons and negations: evaluated for what is inside, but they pass nothing on."""
    for child in node.children:
        state.evaluate(child)
    return EMPTY


def _attribute(state: Evaluator, node: Node) -> Flow:
    """Markup: `<a href={v}>` is the assignment of v to `a.href`."""
    value = node.get("value")
    flow = state.evaluate(value) if value is not None else EMPTY
    if flow and value is not None and state.recording:
        name = f"{node.parent.text if node.parent is not None else '?'}.{node.text}"
        for role in state.resolver.index.find_roles(name):
            fits = role.role is Role.SINK and 0 in (role.args or (0,))
            if fits and state.context.judge.value_holds(role.when, value, state.stmt):
                record_sink(state, role, node, value, flow, name)
    return flow


def _nothing(state: Evaluator, node: Node) -> Flow:
    return EMPTY


def _name(state: Evaluator, node: Node) -> Flow:
    text = node.text
    found = state.env.get(text)
    if found is not None:
        return found
    if text in state.unit.locals:
        value = state.read_key(text)
        for path in state.paths.get(text, ()):
            value = merge(value, state.read_path_writes(path))
        return value
    return _outer(state, node)


def _outer(state: Evaluator, node: Node) -> Flow:
    """A name from outside: an imported API that is a source, a field, or a variable of an enclosing unit."""
    name = state.resolver.resolve(node, state.unit, state.stmt)
    source = state.source_role(name, node) if name else None
    if source is not None:
        return source
    cls = state.unit.cls
    if (
        cls is not None
        and state.family in (Family.JAVA, Family.CSHARP)
        and (node.text in cls.field_types or node.text in cls.field_values)
    ):
        written = state.read_key(node.text) if node.text in state.unit.flow.by_key else EMPTY
        return written or state.field(node.text)
    written = state.read_key(node.text) if node.text in state.unit.flow.by_key else EMPTY
    owner = state.unit.parent
    while owner is not None:
        if node.text in owner.locals:
            if owner.kind is K.MODULE and (
                node.text in state.resolver.program.imports or node.text in state.resolver.program.functions
            ):
                return written
            state.unit.captures[node.text] = owner
            return merge(written, state.origin(OriginKind.CAPTURE, 0, node.text, node, str(owner.idx)))
        owner = owner.parent
    return written


def _member(state: Evaluator, node: Node) -> Flow:
    obj = node.get("obj")
    if obj is None or (state.family is Family.JAVA and node.text == "length"):
        return EMPTY
    name = state.resolver.resolve(node, state.unit, state.stmt)
    hint = obj.text if obj.kind in (K.NAME, K.MEMBER) and (not name or state.resolver.types.is_untyped(name)) else ""
    source = state.source_role(name or f"?.{node.text}", node, hint)
    if source is not None:
        return source
    written = _member_name(state, obj, node)
    if written is not None:
        return written
    roles = _attribute_roles(state, obj, node.text, name)
    if any(role.role is Role.NEUTRAL for role in roles):
        return EMPTY
    mask = 0
    for role in roles:
        mask |= label_mask(role.neutralises, state.context.label_bits) if role.role is Role.SANITISER else 0
    if mask:
        return passing(state.evaluate(obj), Passed.SANITISED_OTHER | Passed.LIBRARY, mask)
    key = access_key(node)
    if key and key in state.unit.flow.by_key:
        return merge(state.read_key(key), passing(state.read_stores(base_of(key)), Passed.ELEMENT))
    return state.evaluate(obj)


def _attribute_roles(state: Evaluator, obj: Node, attribute: str, name: str) -> tuple[ApiRole, ...]:
    """The roles of an attribute by its written name and by what it resolves to."""
    base = state.resolver.resolve(obj, state.unit, state.stmt)
    written = state.resolver.index.find_roles(f"{base}.{attribute}") if base else ()
    return written or (state.resolver.index.find_roles(name) if name else ())


def _member_name(state: Evaluator, obj: Node, node: Node) -> Flow | None:
    """A source by its written name (`request.args` where the attribute itself has a type)."""
    base = state.resolver.resolve(obj, state.unit, state.stmt)
    return state.source_role(f"{base}.{node.text}", obj, read=node) if base else None


def _index(state: Evaluator, node: Node) -> Flow:
    obj, key = node.get("obj"), access_key(node)
    if key and key in state.unit.flow.by_key:
        return merge(state.read_key(key), passing(state.read_stores(base_of(key)), Passed.ELEMENT))
    if obj is None:
        return EMPTY
    part = _inline_part(obj, literal_step(node.get("key")))
    if part is not None:
        return state.evaluate(part)
    return passing(state.evaluate(obj), Passed.ELEMENT)


def _inline_part(obj: Node, step: str) -> Node | None:
    """`[a, b][1]` and `{'k': v}['k']`."""
    if obj.kind in (K.LIST, K.TUPLE) and step[1:-1].isdigit():
        position = int(step[1:-1])
        return obj.children[position] if position < len(obj.children) else None
    if obj.kind is K.DICT:
        for pair in obj.children:
            if step and f"['{pair.text}']" == step:
                return pair.get("value")
    return None


def _binary(state: Evaluator, node: Node) -> Flow:
    value = EMPTY
    for child in node.children:
        value = merge(value, state.evaluate(child))
    if node.text in ("+", "%"):
        return passing(value, Passed.BUILT)
    return value if node.text in ("|", "/", "??", "&") else EMPTY


def _template(state: Evaluator, node: Node) -> Flow:
    value = EMPTY
    for child in node.children:
        if child.kind is not K.TEXT:
            value = merge(value, state.evaluate(child))
    mask = 0
    if value and node.get("callee") is not None:  # a tag such as sql`...` gets the parts apart
        for role in state.resolver.roles(node, state.unit, state.stmt):
            if role.role is Role.SANITISER:
                mask |= label_mask(role.neutralises, state.context.label_bits)
    return passing(value, Passed.BUILT, mask)


def _interpolation(state: Evaluator, node: Node) -> Flow:
    """A part of a template, written as it is or by a function (`{x!r}`)."""
    value = EMPTY
    for child in node.children:
        value = merge(value, state.evaluate(child))
    roles = state.resolver.index.find_roles(node.data) if value and isinstance(node.data, str) else ()
    return passing(value, Passed.SANITISED_OTHER, state.neutralised(roles)) if roles else value


def _ternary(state: Evaluator, node: Node) -> Flow:
    cond, body, orelse = node.get("cond"), node.get("body"), node.get("orelse")
    decided = state.context.constants.evaluate(cond, state.stmt) if cond is not None else UNKNOWN
    if cond is not None and state.recording:
        state.evaluate(cond)
    if decided is not UNKNOWN:
        chosen = body if decided else orelse
        return state.evaluate(chosen) if chosen is not None else EMPTY
    value = state.evaluate(body) if body is not None else EMPTY
    return merge(value, state.evaluate(orelse)) if orelse is not None else value


def _switch(state: Evaluator, node: Node) -> Flow:
    """A switch as an expression: what its cases give, not what they are chosen by."""
    value = EMPTY
    for child in node.children:
        body = child.get("body") if child.kind is K.CASE else None
        if child.kind is not K.CASE or body is None:
            if state.recording:
                state.evaluate(child)
            continue
        for part in body.children if body.kind is K.BLOCK else (body,):
            given = state.evaluate(part)
            value = value if part.kind is K.THROW else merge(value, given)
    return value


def _assign(state: Evaluator, node: Node) -> Flow:
    value = node.get("value")
    target = node.get("target")
    if target is not None and state.recording and target.kind in (K.INDEX, K.MEMBER):
        for child in target.children:
            state.evaluate(child)
    return state.evaluate(value) if value is not None else EMPTY


def _cast(state: Evaluator, node: Node) -> Flow:
    value = node.get("value")
    declared = node.get("type")
    if value is None:
        return EMPTY
    inner = state.evaluate(value)
    if declared is not None and declared.text in (
        "int",
        "long",
        "double",
        "float",
        "boolean",
        "bool",
        "number",
        "Integer",
        "Long",
    ):
        return EMPTY
    return passing(inner, Passed.CAST)


def _comprehension(state: Evaluator, node: Node) -> Flow:
    saved = dict(state.env)
    for part in node.children:
        if part.kind is K.COMP_FOR:
            iterated, target = part.get("iter"), part.get("target")
            value = passing(state.evaluate(iterated), Passed.ELEMENT) if iterated is not None else EMPTY
            for name in target.walk() if target is not None else ():
                if name.kind is K.NAME:
                    state.env[name.text] = value
        elif part.kind is K.COMP_IF and state.recording:
            _quiet(state, part)
    body = node.get("body")
    value = state.evaluate(body) if body is not None else EMPTY
    state.env = saved
    return passing(value, Passed.ELEMENT)


HANDLERS: Handlers = {
    K.NAME: _name,
    K.MEMBER: _member,
    K.INDEX: _index,
    K.SLICE: _index,
    K.CALL: evaluate_call,
    K.NEW: evaluate_call,
    K.BINARY: _binary,
    K.TEMPLATE: _template,
    K.INTERPOLATION: _interpolation,
    K.TERNARY: _ternary,
    K.SWITCH: _switch,
    K.ASSIGN: _assign,
    K.DECLARATOR: _assign,
    K.CAST: _cast,
    K.COMPREHENSION: _comprehension,
    K.ATTRIBUTE: _attribute,
    K.COMPARE: _quiet,
    K.NOT: _quiet,
    K.TYPE_TEST: _quiet,
    K.LAMBDA: _nothing,
    K.FUNCTION: _nothing,
    K.CLASS: _nothing,
    K.TYPE_REF: _nothing,
    K.THIS: _nothing,
    K.UPDATE: _nothing,
    K.TEXT: _nothing,
}
