"""Rewrites of Python's literals, calls and other expressions; `python.py` holds the table."""

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node, Rewrite, adopt


def _string(node: Node, source: bytes) -> Node:
    """A plain literal becomes a leaf with its content; an f-string a TEMPLATE of TEXT and INTERPOLATION."""
    start = node.children[0] if node.children and node.children[0].kind is K.MODIFIER else None
    parts = [child for child in node.children if child is not start]
    if start is not None and start.text.lower().startswith(("b", "rb", "br")):
        node.data = "bytes"
    if any(part.kind is K.INTERPOLATION for part in parts) or (start is not None and "f" in start.text.lower()):
        node.kind = K.TEMPLATE
        for part in parts:
            part.field = ""
        return adopt(node, *parts)
    node.text = "".join(part.text for part in parts)
    node.children = []
    return node


def _string_content(node: Node, source: bytes) -> Node:
    node.text = source[node.start : node.end].decode("utf-8", "replace")
    node.children = []
    return node


def _concatenated(node: Node, source: bytes) -> Node:
    if all(child.kind is K.STRING for child in node.children):
        node.kind = K.STRING
        node.text = "".join(child.text for child in node.children)
        node.children = []
        return node
    parts: list[Node] = []
    for child in node.children:
        if child.kind is K.TEMPLATE:
            parts.extend(child.children)
        else:
            child.kind = K.TEXT
            parts.append(child)
    return adopt(node, *parts)


def _boolean(node: Node, source: bytes) -> Node:
    node.text = node.text.lower()
    return node


def _pair(node: Node, source: bytes) -> Node:
    key = node.get("key")
    if key is not None and key.kind in (K.STRING, K.INT):
        node.text = key.text
    return node


def _subscript(node: Node, source: bytes) -> Node:
    key = node.get("key")
    if key is not None and key.kind is K.SLICE:
        node.kind = K.SLICE
        return adopt(node, node.get("obj"), *key.children)
    return node


def _comprehension(node: Node, source: bytes) -> Node:
    node.text = node.raw.split("_")[0]
    if node.text == "dictionary":
        node.text = "dict"
    return node


def _call(node: Node, source: bytes) -> Node:
    """A lone generator argument gets its ARGS; Python 2's print and exec statements become calls."""
    args = node.get("args")
    if node.raw in ("print_statement", "exec_statement"):
        callee = Node(
            K.NAME, "", node.start, node.start + len(node.raw.split("_")[0]), "callee", node.raw.split("_")[0]
        )
        arguments = adopt(Node(K.ARGS, "", node.start, node.end, "args"), *node.children)
        for child in arguments.children:
            child.field = ""
        return adopt(node, callee, arguments)
    if args is not None and args.kind is not K.ARGS:
        wrapper = Node(K.ARGS, "", args.start, args.end, "args")
        args.field = ""
        args.parent = node
        return adopt(node, node.get("callee"), adopt(wrapper, args))
    return node


def _interpolation(node: Node, source: bytes) -> Node:
    """`{x!r}` is marked as written by `repr`, and so is `!a`, which escapes the same and more."""
    value = node.get("value")
    if value is not None and source[value.end : node.end].lstrip().startswith((b"!r", b"!a")):
        node.data = "repr"
    return node


REWRITES: dict[str, Rewrite] = {
    "interpolation": _interpolation,
    "string": _string,
    "string_content": _string_content,
    "concatenated_string": _concatenated,
    "true": _boolean,
    "false": _boolean,
    "pair": _pair,
    "subscript": _subscript,
    "list_comprehension": _comprehension,
    "set_comprehension": _comprehension,
    "dictionary_comprehension": _comprehension,
    "generator_expression": _comprehension,
    "call": _call,
    "print_statement": _call,
    "exec_statement": _call,
}
