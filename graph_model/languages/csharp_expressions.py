"""C# expressions and literals in normalised syntax; patterns and queries are in `csharp_patterns`."""

import re

from graph_model.kinds import LITERAL_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages.csharp_types import as_type, clone, make_node, retype, slice_text, take_modifiers, with_role
from graph_model.syntax import Node, Rewrite, adopt, returning_block

_LOGIC = {"&&": "and", "||": "or", "??": "??"}
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}


def first_child(node: Node) -> Node | None:
    """The first child, or None."""
    return node.children[0] if node.children else None


# Literals ------------------------------------------------------------------------------------------------------------


def _escape(node: Node, source: bytes) -> Node:
    text = slice_text(node, source)[1:]
    if text[:1] in ("x", "u", "U") and len(text) > 1:
        node.text = chr(int(text[1:], 16)) if int(text[1:], 16) < 0x110000 else "\ufffd"
    else:
        node.text = _ESCAPES.get(text, text)
    return node


def _string(node: Node, source: bytes) -> Node:
    node.text = "".join(child.text for child in node.children if child.kind is K.TEXT)
    return _encoded(node, source)


def _verbatim(node: Node, source: bytes) -> Node:
    node.text = slice_text(node, source).partition('"')[2].rpartition('"')[0].replace('""', '"')
    return _encoded(node, source)


def _encoded(node: Node, source: bytes) -> Node:
    if source[node.end - 2 : node.end].lower() == b"u8":
        node.data = "bytes"
    return adopt(node)


def _character(node: Node, source: bytes) -> Node:
    node.data = "char"
    node.text = "".join(child.text for child in node.children)
    return adopt(node)


def _template(node: Node, source: bytes) -> Node:
    """TEMPLATE of TEXT and INTERPOLATION; without a hole it is a STRING."""
    node.text = ""
    parts: list[Node] = []
    for child in node.children:
        if child.kind is K.TEXT and child.raw == "string_content":
            child.text = child.text.replace("{{", "{").replace("}}", "}")
        if child.kind is K.TEXT and parts and parts[-1].kind is K.TEXT:
            parts[-1].text += child.text
            parts[-1].end = child.end
        else:
            parts.append(child)
    if all(part.kind is K.TEXT for part in parts):
        node.kind = K.STRING
        node.text = "".join(part.text for part in parts)
        return adopt(node)
    return adopt(node, *parts)


def _interpolation(node: Node, source: bytes) -> Node:
    return adopt(node, with_role(first_child(node), "value"))


def _number(node: Node, source: bytes) -> Node:
    """Decimal digits whatever the base; no underscores or suffix."""
    text = node.text.replace("_", "")
    if node.kind is K.FLOAT:
        node.text = text.rstrip("fFdDmM")
        return node
    text = re.sub("[uUlL]+$", "", text)
    try:
        node.text = str(int(text, 0))
    except ValueError:
        node.text = str(int(text)) if text.isdigit() else text
    return node


# Access and calls ----------------------------------------------------------------------------------------------------


def _member(node: Node, source: bytes) -> Node:
    """MEMBER; `a?.b` too. Type arguments of the name stay in `data`."""
    name = node.get("name")
    obj = node.get("obj")
    binding = next((child for child in node.children if child is not obj and child is not name), None)
    if name is None and binding is not None and binding.kind is K.ARGS:
        return _index(adopt(node, obj, with_role(binding, "key")), source)
    name = name or binding
    if name is not None:
        node.text, node.data = name.text, name.data
    if node.text == "Empty" and obj is not None and obj.text in ("string", "String") and not obj.children:
        node.kind, node.text = K.STRING, ""
        return adopt(node)
    return adopt(node, obj)


def _index(node: Node, source: bytes) -> Node:
    """INDEX(obj, key); `a[1..2]` is a SLICE."""
    node.kind = K.INDEX
    args = node.get("key")
    keys = list(args.children) if args is not None else []
    if len(keys) == 1 and keys[0].raw == "range_expression":
        node.kind = K.SLICE
        keys = list(keys[0].children)
    return adopt(node, with_role(node.get("obj"), "obj"), *(with_role(key, "key") for key in keys))


def _argument(node: Node, source: bytes) -> Node | None:
    """The expression itself, or KWARG when named. A variable passed `out` is marked in `data`."""
    name = node.get("name")
    value = next((child for child in reversed(node.children) if child is not name), None)
    if value is None:
        return None
    if re.match(rb"(\w+\s*:\s*)?out\s", source[node.start : value.end]):
        value.data = "out"
    if name is None:
        value.field = node.field
        return value
    node.text = name.text
    return adopt(node, with_role(value, "value"))


def _declared_variable(node: Node, source: bytes) -> Node:
    """`var x` inside an expression as NAME; a written type waits in its only child until the call takes it."""
    name = node.get("name") or make_node(K.NAME, node)
    name.field = node.field
    return adopt(name, as_type(node.get("type")))


def _invocation(node: Node, source: bytes) -> Node:
    """CALL; `nameof(x)` is a string; `f(out v)` reads as v = f(v)."""
    callee, args = node.get("callee"), node.get("args")
    if callee is not None and callee.kind is K.NAME and callee.text == "nameof" and args is not None and args.children:
        node.kind, node.text = K.STRING, args.children[0].text
        return adopt(node)
    awaited = callee.get("obj") if callee is not None and callee.text == "ConfigureAwait" else None
    if awaited is not None:  # says where to go on, not what
        return with_role(awaited, node.field) or awaited
    return _assign_outs(node, args)


def _assign_outs(call: Node, args: Node | None) -> Node:
    result, role = call, call.field
    for argument in args.children if args is not None else ():
        value = argument.get("value") if argument.kind is K.KWARG else argument
        if value is None or value.data != "out" or value.text == "_":
            continue
        result = bind_name(value, result)
    result.field = role
    return result


def bind_name(name: Node, value: Node) -> Node:
    """ASSIGN(target, type?, value) of a variable that an expression declares by the way."""
    declared = next((child for child in name.children if child.kind is K.TYPE_REF), None)
    target = clone(name, "target")
    if name.kind is K.NAME:
        name.children, target.children, target.data = [], [], None
    assign = make_node(K.ASSIGN, value, value.field, "=")
    value.field = "value"
    return adopt(assign, target, with_role(declared, "type"), value)


def _typeof(node: Node, source: bytes) -> Node:
    """`typeof(T)` and `sizeof(T)` as calls with a TYPE_REF."""
    callee = Node(K.NAME, "", node.start, node.start + 6, "callee", node.raw.partition("_")[0])
    args = adopt(make_node(K.ARGS, node, "args"), as_type(node.get("type"), ""))
    return adopt(node, callee, args)


def _default(node: Node, source: bytes) -> Node:
    node.text = ""
    return adopt(node)


# Creation ------------------------------------------------------------------------------------------------------------


def _new(node: Node, source: bytes) -> Node:
    """NEW(callee TYPE_REF, args, init?). `new()` has an empty callee until its place names it."""
    callee = as_type(node.get("type"), "callee") or Node(K.TYPE_REF, "", node.start, node.start + 3, "callee")
    args = next((child for child in node.children if child.kind is K.ARGS), None)
    args = args or Node(K.ARGS, "", callee.end, callee.end)
    args.field = "args"
    init = next((child for child in node.children if child.kind in (K.DICT, K.LIST)), None)
    role = node.field
    result = _assign_outs(adopt(node, callee, args, with_role(init, "init")), args)
    result.field = role
    return result


def _new_array(node: Node, source: bytes) -> Node:
    """An array with its elements is a LIST; with a size alone NEW(callee `T[]`, args sizes)."""
    elements = next((child for child in node.children if child.kind in (K.LIST, K.DICT)), None)
    if elements is not None:
        elements.field, elements.start = node.field, node.start
        elements.kind = elements.kind if elements.children else K.LIST
        return elements
    declared = as_type(node.get("type"), "callee") or Node(K.TYPE_REF, "", node.start, node.start + 3, "callee")
    sizes = declared.data if isinstance(declared.data, Node) else Node(K.ARGS, "", node.end, node.end)
    sizes.field = "args"
    node.kind = K.NEW
    return adopt(node, declared, sizes)


def _initializer(node: Node, source: bytes) -> Node:
    """`{ A = 1 }`, `{ ["k"] = 1 }` and `{ { k, v } }` are a DICT of PAIR; anything else a LIST."""
    if not node.children:
        node.kind = K.DICT
        return node
    if not all(child.kind is K.ASSIGN or _is_entry(child) for child in node.children):
        return node
    node.kind = K.DICT
    return adopt(node, *(_initialised(child) for child in node.children))


def _is_entry(child: Node) -> bool:
    return child.raw == "initializer_expression" and child.kind is K.LIST and len(child.children) == 2


def _initialised(child: Node) -> Node:
    if child.kind is K.ASSIGN:
        return make_pair(child.get("target"), child.get("value"), child)
    return make_pair(child.children[0], child.children[1], child)


def make_pair(key: Node | None, value: Node | None, like: Node) -> Node:
    """PAIR with its key as a literal: a member's name is a STRING."""
    if key is not None and key.kind in (K.ARGS, K.INDEX) and key.children:
        key = key.children[-1]
    elif key is not None and key.kind is K.NAME and like.kind is K.ASSIGN:
        key = make_node(K.STRING, key, "key", key.text)
    text = key.text if key is not None and key.kind in LITERAL_KINDS else ""
    return adopt(make_node(K.PAIR, like, "", text), with_role(key, "key"), with_role(value, "value"))


def _anonymous_object(node: Node, source: bytes) -> Node:
    """`new { x, Y = 1, z.W }` as DICT: a bare member goes by its own name."""
    pairs: list[Node] = []
    waiting: Node | None = None
    for child in node.children:
        if waiting is None and child.kind is K.NAME and source[child.end :].lstrip()[:1] == b"=":
            waiting = child
            continue
        key = make_node(K.STRING, waiting or child, "key", (waiting or child).text)
        pairs.append(make_pair(key, child, child))
        waiting = None
    return adopt(node, *pairs)


def _with(node: Node, source: bytes) -> Node:
    """`a with { X = 1 }` as DICT[SPREAD(a), PAIR]."""
    copied = first_child(node)
    spread = adopt(make_node(K.SPREAD, copied), with_role(copied, "value")) if copied is not None else None
    return adopt(node, spread, *(child for child in node.children[1:] if child.kind is K.PAIR))


def _with_initializer(node: Node, source: bytes) -> Node:
    name, value = node.children[0], node.children[-1]
    node.text = name.text
    return adopt(node, make_node(K.STRING, name, "key", name.text), with_role(value, "value"))


# Operators -----------------------------------------------------------------------------------------------------------


def _binary(node: Node, source: bytes) -> Node:
    if node.text in _LOGIC:
        node.kind, node.text = K.BOOLEAN, _LOGIC[node.text]
    elif node.text in _COMPARISONS:
        node.kind = K.COMPARE
    return node


def _prefix(node: Node, source: bytes) -> Node:
    operand = first_child(node)
    node.text = source[node.start : operand.start if operand is not None else node.end].decode().strip()
    return _unary(node, operand)


def _postfix(node: Node, source: bytes) -> Node:
    operand = first_child(node)
    node.text = source[operand.end if operand is not None else node.start : node.end].decode("utf-8", "replace").strip()
    if node.text == "!" and operand is not None:  # only tells the compiler that it is not null
        operand.field = node.field
        return operand
    return _unary(node, operand)


def _unary(node: Node, operand: Node | None) -> Node:
    if node.text in ("++", "--"):
        node.kind = K.UPDATE
        return adopt(node, with_role(operand, "target"))
    if node.text == "!":
        node.kind, node.text = K.NOT, ""
    return adopt(node, with_role(operand, "value"))


def _assignment(node: Node, source: bytes) -> Node:
    if node.text != "=":
        node.kind = K.AUG_ASSIGN
    return node


def _as(node: Node, source: bytes) -> Node:
    node.text = ""
    retype(node)
    return node


def _tuple(node: Node, source: bytes) -> Node:
    """TUPLE of plain expressions; the names of its elements go."""
    children = [child.get("value") if child.kind is K.KWARG else child for child in node.children]
    for child in children:
        if child is not None:
            child.field = ""
            child.children = [] if child.kind is K.NAME else child.children
    return adopt(node, *children)


def _lambda(node: Node, source: bytes) -> Node:
    """LAMBDA(params, body BLOCK); `delegate { }` has no parameters."""
    take_modifiers(node)
    params = node.get("params") or Node(K.PARAMS, "", node.start, node.start, "params")
    if params.kind is K.PARAM:
        params = adopt(make_node(K.PARAMS, params, "params"), *(with_role(p, "") for p in node.all("params")))
    body = node.get("body") or next((child for child in node.children if child.kind is K.BLOCK), None)
    if body is not None and body.kind is not K.BLOCK:
        body = returning_block(body)
    return adopt(node, params, with_role(body, "body"))


REWRITES: dict[str, Rewrite] = {
    "escape_sequence": _escape,
    "string_literal": _string,
    "raw_string_literal": _string,
    "verbatim_string_literal": _verbatim,
    "character_literal": _character,
    "interpolated_string_expression": _template,
    "interpolation": _interpolation,
    "integer_literal": _number,
    "real_literal": _number,
    "member_access_expression": _member,
    "conditional_access_expression": _member,
    "element_access_expression": _index,
    "argument": _argument,
    "declaration_expression": _declared_variable,
    "invocation_expression": _invocation,
    "typeof_expression": _typeof,
    "sizeof_expression": _typeof,
    "default_expression": _default,
    "object_creation_expression": _new,
    "implicit_object_creation_expression": _new,
    "array_creation_expression": _new_array,
    "implicit_array_creation_expression": _new_array,
    "stackalloc_expression": _new_array,
    "implicit_stackalloc_expression": _new_array,
    "initializer_expression": _initializer,
    "anonymous_object_creation_expression": _anonymous_object,
    "with_expression": _with,
    "with_initializer": _with_initializer,
    "binary_expression": _binary,
    "prefix_unary_expression": _prefix,
    "unary_expression": _prefix,
    "postfix_unary_expression": _postfix,
    "assignment_expression": _assignment,
    "as_expression": _as,
    "cast_expression": _as,
    "tuple_expression": _tuple,
    "lambda_expression": _lambda,
    "anonymous_method_expression": _lambda,
}
