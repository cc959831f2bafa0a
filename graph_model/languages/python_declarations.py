"""Rewrites of Python's functions, classes, types and imports; `python.py` holds the table."""

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node, Rewrite, adopt, dotted_name, returning_block

_ASYNC = b"async"


def _function(node: Node, source: bytes) -> Node:
    if source[node.start : node.start + 5] == _ASYNC:
        node.text = "async"
    node.data = "function"
    return node


def _lambda(node: Node, source: bytes) -> Node:
    params = node.get("params") or Node(K.PARAMS, "", node.start, node.start, "params")
    body = node.get("body")
    return adopt(node, params, returning_block(body) if body is not None else None)


def _params(node: Node, source: bytes) -> Node:
    adopt(node, *(_param(child) for child in node.children))
    return node


def _param(child: Node) -> Node:
    """A parameter in any of the grammar's five forms as PARAM(name, type?, value?) with its stars in `text`."""
    if child.kind is K.PARAM:
        first = child.children[0] if child.children else None
        if first is not None and first.field != "name":
            first.field = "name"
        if first is not None and first.kind is K.SPREAD:
            child.text = "**" if first.raw.startswith("dict") else "*"
            inner = first.children[0] if first.children else first
            inner.field = "name"
            adopt(child, inner, *child.children[1:])
        return child
    param = Node(K.PARAM, child.raw, child.start, child.end)
    if child.kind is K.SPREAD:
        param.text = "**" if child.raw.startswith("dict") else "*"
        child = child.children[0] if child.children else child
    child.field = "name"
    return adopt(param, child)


def _decorated(node: Node, source: bytes) -> Node:
    definition = node.children[-1]
    decorators = node.children[:-1]
    for decorator in decorators:
        decorator.field = "decorators"
        decorator.parent = definition
    definition.children = decorators + definition.children
    definition.field = ""
    return definition


def _decorator(node: Node, source: bytes) -> Node:
    if node.children and node.children[0].kind is K.CALL:
        call = node.children[0]
        return adopt(node, *call.children)
    if node.children:
        node.children[0].field = "callee"
    return node


def _bases(node: Node, source: bytes) -> Node:
    bases = node.get("bases")
    if bases is not None:
        bases.kind = K.BASES
    return node


def _type(node: Node, source: bytes) -> Node:
    """The dotted name of an annotation without its arguments; a quoted annotation counts as its text."""
    inner = node.children[0] if node.children else None
    arguments: list[Node] = []
    if inner is not None and inner.raw == "generic_type":
        arguments = inner.children[1:]
        inner = inner.children[0]
    elif inner is not None and inner.kind is K.INDEX:
        arguments = inner.all("key")
        inner = inner.get("obj")
    elif inner is not None and inner.kind is K.BINARY:  # T | None
        inner = next((side for side in inner.children if side.kind is not K.NULL), inner)
    if inner is not None and inner.kind is K.STRING:
        node.text = inner.text
    else:
        node.text = dotted_name(inner)
    if node.text.rpartition(".")[2] in ("Optional", "Annotated") and arguments:
        first = arguments[0]
        first = first.children[0] if first.raw == "type_parameter" and first.children else first
        node.text = first.text or dotted_name(first)
    node.children = []
    return node


def _import(node: Node, source: bytes) -> Node:
    """`data` = (local, dotted) pairs. A relative module keeps its leading dots."""
    pairs: list[tuple[str, str]] = []
    module = node.get("module_name")
    prefix = module.text.replace(" ", "") if module is not None else ""
    if node.raw == "future_import_statement":
        return adopt(node)
    for child in node.children:
        if child is module:
            continue
        name = child.get("name") if child.kind is K.PAIR else child
        alias = child.get("alias") if child.kind is K.PAIR else None
        if name is None:
            continue
        text = name.text.replace(" ", "")
        if module is None:
            local = alias.text if alias is not None else text.split(".")[0]
            pairs.append((local, text if alias is not None else text.split(".")[0]))
        else:
            joined = f"{prefix}{text}" if prefix.endswith(".") else f"{prefix}.{text}"
            pairs.append((text, prefix) if text == "*" else (alias.text if alias is not None else text, joined))
    node.data = tuple(pairs)
    return adopt(node)


REWRITES: dict[str, Rewrite] = {
    "function_definition": _function,
    "lambda": _lambda,
    "parameters": _params,
    "lambda_parameters": _params,
    "decorated_definition": _decorated,
    "decorator": _decorator,
    "class_definition": _bases,
    "type": _type,
    "import_statement": _import,
    "import_from_statement": _import,
    "future_import_statement": _import,
}
