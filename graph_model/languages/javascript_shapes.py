"""Functions, statements and expressions of JavaScript and TypeScript in normalised shape.

Each rewrite gets a node whose children are complete and returns what stands in its place.
"""

import re

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node, Rewrite, adopt, as_block, dotted_name, returning_block

_BOOLEAN = {"&&": "and", "||": "or", "??": "??"}
_COMPARE = frozenset({"==", "!=", "===", "!==", "<", ">", "<=", ">=", "in"})
COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)
_WORD = re.compile(rb"[a-z]+|\*")
_MODIFIERS = frozenset(
    (
        *("async", "static", "public", "private", "protected", "readonly"),
        *("abstract", "override", "declare", "accessor", "get", "set", "generator"),
    )
)


def find_modifiers(node: Node, end: int, source: bytes) -> list[str]:
    """The modifier words before a declaration's name, decorators and comments left out; `*` reads "generator"."""
    start = max(
        (child.end for child in node.children if child.kind is K.DECORATOR and child.end <= end), default=node.start
    )
    words = _WORD.findall(COMMENT.sub(b"", source[start:end]))
    names = ("generator" if word == b"*" else word.decode() for word in words)
    return [name for name in names if name in _MODIFIERS]


def name_leaf(node: Node | None, at: int) -> Node:
    """A member's name as a NAME leaf: strings give their content, computed names the text between the brackets."""
    if node is None:
        return Node(K.NAME, "", at, at, "name")
    if node.kind is K.SEQUENCE and len(node.children) == 1:
        inner = node.children[0]
        node.text = inner.text if inner.kind is K.STRING else f"[{dotted_name(inner)}]"
    node.kind, node.field, node.children = K.NAME, "name", []
    return node


def source_text(node: Node, source: bytes) -> str:
    """The text that the node covers."""
    return source[node.start : node.end].decode("utf-8", "replace")


# Leaves.


def _string(node: Node, source: bytes) -> Node:
    node.text = node.text[1:-1]
    return node


def _number(node: Node, source: bytes) -> Node:
    text = node.text.lower()
    node.text = node.text.rstrip("n") if not text.startswith("0x") else node.text.removesuffix("n")
    if not text.startswith("0x") and ("." in text or "e" in text):
        node.kind = K.FLOAT
    return node


def _regex(node: Node, source: bytes) -> Node:
    pattern, _, flags = node.text[1:].rpartition("/")
    node.text, node.data = pattern, flags
    return node


def _template(node: Node, source: bytes) -> Node:
    """TEXT and INTERPOLATION parts, escapes joined to their text; without interpolations a STRING."""
    parts: list[Node] = []
    for child in node.children:
        child.field = ""
        if child.kind is K.TEXT:
            child.text = source_text(child, source)
            if parts and parts[-1].kind is K.TEXT:
                parts[-1].text += child.text
                parts[-1].end = child.end
                continue
        parts.append(child)
    if any(part.kind is not K.TEXT for part in parts):
        return adopt(node, *parts)
    node.kind, node.text, node.children = K.STRING, "".join(part.text for part in parts), []
    return node


# Expressions.


def _unary(node: Node, source: bytes) -> Node:
    if node.text == "!":
        node.kind, node.text = K.NOT, ""
    elif node.text == "delete":
        node.kind, node.text = K.DELETE, ""
    return node


def _binary(node: Node, source: bytes) -> Node:
    if node.text in _BOOLEAN:
        node.kind, node.text = K.BOOLEAN, _BOOLEAN[node.text]
    elif node.text in _COMPARE:
        node.kind = K.COMPARE
    elif node.text == "instanceof":
        node.kind, node.text = K.TYPE_TEST, ""
        left, right = node.get("left"), node.get("right")
        if left is not None:
            left.field = "value"
        if right is not None:
            right.field = "type"
            name = dotted_name(right)
            if name:
                right.kind, right.text, right.children = K.TYPE_REF, name, []
    return node


def _assignment(node: Node, source: bytes) -> Node:
    node.text = "="
    return node


def _call(node: Node, source: bytes) -> Node:
    """Tagged templates become TEMPLATE with a callee; `require("node:x")` reads as `require("x")`."""
    args, callee = node.get("args"), node.get("callee")
    if args is None or callee is None:
        return node
    if args.kind in (K.STRING, K.TEMPLATE):
        parts = args.children
        if args.kind is K.STRING:
            parts = [Node(K.TEXT, "", args.start + 1, args.end - 1, "", args.text)] if args.text else []
        node.kind = K.TEMPLATE
        return adopt(node, callee, *parts)
    if callee.kind is K.NAME and callee.text in ("require", "import") and args.children:
        module = args.children[0]
        if module.kind is K.STRING:
            module.text = module.text.removeprefix("node:")
    return node


def _new(node: Node, source: bytes) -> Node:
    if node.get("args") is None:
        arguments = Node(K.ARGS, "", node.end, node.end, "args")
        arguments.parent = node
        node.children.append(arguments)
    return node


def _pair(node: Node, source: bytes) -> Node:
    """A literal key is a STRING and the pair's text; a computed one is its expression."""
    key = node.get("key")
    if key is None:
        return node
    if key.kind is K.SEQUENCE and len(key.children) == 1:
        inner = key.children[0]
        inner.field, inner.parent = "key", node
        node.children[node.children.index(key)] = inner
        key = inner
    elif key.kind is K.NAME:
        key.kind = K.STRING
    if key.kind in (K.STRING, K.INT, K.FLOAT):
        node.text = key.text
    return node


def _shorthand(node: Node, source: bytes) -> Node:
    """`{a}`, in an object or a pattern, as `{a: a}`."""
    node.text = source_text(node, source)
    key = Node(K.STRING, "", node.start, node.end, "key", node.text)
    return adopt(node, key, Node(K.NAME, "identifier", node.start, node.end, "value", node.text))


def _shorthand_default(node: Node, source: bytes) -> Node:
    """`{a = 1}` in a pattern: PAIR(key, value PATTERN(target, value))."""
    inner, default = node.get("key"), node.get("value")
    if inner is None or inner.kind is not K.PAIR:
        return node
    node.text = inner.text
    key, target = inner.children
    pattern = Node(K.PATTERN, "assignment_pattern", node.start, node.end, "value")
    target.field = "target"
    return adopt(node, key, adopt(pattern, target, default))


def _module_name(node: Node, source: bytes) -> Node:
    node.kind = K.NAME
    node.text = source_text(node, source)
    return node


# Functions.


def _params(node: Node, source: bytes) -> Node:
    return adopt(node, *(as_param(child) for child in node.children if child.kind is not K.ERROR))


def as_param(child: Node) -> Node | None:
    """A parameter in any of the grammar's forms as PARAM(name, type?, value?); the pseudo-parameter `this` is None."""
    if child.kind is not K.PARAM:
        param = Node(K.PARAM, child.raw, child.start, child.end)
        child.field = "name"
        child = adopt(param, child)
    name = child.get("name")
    if name is None or name.kind is K.THIS:
        return None
    rest = [other for other in child.children if other is not name]
    if name.kind is K.PATTERN:
        target, value = name.get("target"), name.get("value")
        if target is not None:
            target.field = "name"
        return adopt(child, target, *rest, value)
    if name.kind is K.SPREAD and name.children:
        child.text = "*"
        name = name.children[0]
        name.field = "name"
    return adopt(child, name, *rest)


def _function(node: Node, source: bytes) -> Node:
    """FUNCTION or LAMBDA with its modifiers in `text`, its kind of member in `data`, and always PARAMS."""
    params, body, name = node.get("params"), node.get("body"), node.get("name")
    if params is None:
        params = Node(K.PARAMS, "", node.start, node.start, "params")
    elif params.kind is not K.PARAMS:
        params.field = ""
        single = Node(K.PARAMS, "", params.start, params.end, "params")
        params = adopt(single, as_param(params))
    if body is not None:
        body = body if body.kind is K.BLOCK else returning_block(body)
    words = find_modifiers(node, params.start if name is None else name.start, source)
    if node.raw.startswith("generator"):
        words.append("generator")
    if node.kind is K.LAMBDA:
        node.text = " ".join(dict.fromkeys(words))
        node.data = name.text if name is not None else None
        return adopt(node, params, node.get("type"), body)
    node.data = "function" if node.raw.endswith("function_declaration") else "method"
    name = name_leaf(name, node.start)
    if node.data == "method":
        accessor = "getter" if "get" in words else "setter" if "set" in words else "method"
        node.data = "constructor" if name.text == "constructor" else accessor
    node.text = " ".join(word for word in dict.fromkeys(words) if word not in ("get", "set"))
    return adopt(node, *node.all("decorators"), name, params, node.get("type"), body)


def _decorator(node: Node, source: bytes) -> Node:
    callee = node.get("callee")
    node.field = "decorators"
    if callee is not None and callee.kind is K.CALL:
        return adopt(node, *callee.children)
    return node


# Statements.


def _declaration(node: Node, source: bytes) -> Node:
    node.text = node.text or "var"
    return node


def _declarator(node: Node, source: bytes) -> Node:
    """A nameless class takes the variable's name."""
    value, target = node.get("value"), node.get("target")
    if value is not None and value.kind is K.CLASS and target is not None and target.kind is K.NAME:
        name = value.get("name")
        if name is not None and not name.text:
            name.text = target.text
    return node


def _if(node: Node, source: bytes) -> Node:
    return adopt(node, node.get("cond"), as_block(node.get("body")), _orelse(node.get("orelse")))


def _orelse(clause: Node | None) -> Node | None:
    inner = clause.children[0] if clause is not None and clause.children else None
    if inner is None or inner.kind is K.IF:
        if inner is not None:
            inner.field = "orelse"
        return inner
    return as_block(inner, "orelse")


def _loop(node: Node, source: bytes) -> Node:
    """The body as a BLOCK; empty parts of a `for` head go; `for await` has the text "async", `for in` the data "in"."""
    body = node.get("body")
    kept: list[Node | None] = []
    for child in node.children:
        if child is body:
            kept.append(as_block(body))
        elif child.kind is not K.EMPTY:
            kept.append(child)
    target, iterable = node.get("target"), node.get("iter")
    if target is not None and iterable is not None:
        head = COMMENT.sub(b"", source[node.start : target.start])
        node.text = "async" if re.match(rb"for\s+await\b", head) else ""
        node.data = "in" if re.search(rb"\bin\s*\(*$", COMMENT.sub(b"", source[target.end : iterable.start])) else "of"
    return adopt(node, *kept)


def _switch(node: Node, source: bytes) -> Node:
    node.text = "fallthrough"
    return node


def _case(node: Node, source: bytes) -> Node:
    statements = node.all("body")
    node.text = "default" if node.raw == "switch_default" else ""
    if len(statements) == 1 and statements[0].kind is K.BLOCK:
        return node
    start = statements[0].start if statements else node.end
    block = Node(K.BLOCK, "", start, statements[-1].end if statements else node.end, "body")
    for statement in statements:
        statement.field = ""
    return adopt(node, *node.all("value"), adopt(block, *statements))


def _with(node: Node, source: bytes) -> Node:
    value = node.get("obj")
    if value is None:
        return node
    item = Node(K.WITH_ITEM, "", value.start, value.end, "resources")
    value.field = "value"
    return adopt(node, adopt(item, value), as_block(node.get("body")))


REWRITES: dict[str, Rewrite] = {
    "string": _string,
    "number": _number,
    "regex": _regex,
    "template_string": _template,
    "unary_expression": _unary,
    "binary_expression": _binary,
    "assignment_expression": _assignment,
    "call_expression": _call,
    "new_expression": _new,
    "pair": _pair,
    "pair_pattern": _pair,
    "shorthand_property_identifier": _shorthand,
    "shorthand_property_identifier_pattern": _shorthand,
    "object_assignment_pattern": _shorthand_default,
    "formal_parameters": _params,
    "function_declaration": _function,
    "generator_function_declaration": _function,
    "function_expression": _function,
    "generator_function": _function,
    "arrow_function": _function,
    "method_definition": _function,
    "method_signature": _function,
    "abstract_method_signature": _function,
    "decorator": _decorator,
    "lexical_declaration": _declaration,
    "variable_declaration": _declaration,
    "using_declaration": _declaration,
    "variable_declarator": _declarator,
    "if_statement": _if,
    "for_statement": _loop,
    "for_in_statement": _loop,
    "while_statement": _loop,
    "do_statement": _loop,
    "switch_statement": _switch,
    "switch_case": _case,
    "switch_default": _case,
    "with_statement": _with,
}
