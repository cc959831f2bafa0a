"""Access paths: the variable that an expression names, or the place one step below it (`x.a`, `x['k']`, `x[0]`)."""

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node


def access_key(node: Node) -> str:
    """The access path that an expression names, at most one step below a variable; "" when it is none."""
    kind = node.kind
    if kind is K.NAME:
        return node.text
    if kind is K.THIS:
        return "this"
    if kind is K.MEMBER:
        base = _base_name(node)
        return f"{base}.{node.text}" if base else ""
    if kind is K.INDEX:
        base = _base_name(node)
        step = literal_step(node.get("key"))
        return f"{base}{step}" if base and step else ""
    return ""


def literal_step(key: Node | None) -> str:
    """`['k']` or `[0]` for a literal key, "" for anything else."""
    if key is None:
        return ""
    if key.kind is K.STRING:
        return f"['{key.text}']"
    if key.kind is K.INT:
        return f"[{key.text}]"
    if key.kind is K.ARGS and len(key.children) == 1:
        return literal_step(key.children[0])
    return ""


def _base_name(node: Node) -> str:
    for child in node.children:
        if child.field == "obj":
            return child.text if child.kind is K.NAME else "this" if child.kind is K.THIS else ""
    return ""


def root_name(node: Node | None) -> str:
    """The variable at the root of a chain of members, indices and calls; "" when there is none."""
    while node is not None:
        if node.kind is K.NAME:
            return node.text
        if node.kind is K.THIS:
            return "this"
        if node.kind in (K.MEMBER, K.INDEX, K.SLICE):
            node = node.get("obj")
        elif node.kind is K.CALL:
            node = node.get("callee")
        else:
            return ""
    return ""


def stored_path(node: Node) -> str:
    """Where a write deep below a variable lands: `x.a` of `x.a['k'].b`, else the variable; of an object's own fields
    the object."""
    root = root_name(node)
    inner: Node | None = node
    while root not in ("", "this", "self", "cls") and inner is not None:
        key = access_key(inner)
        if key:
            return key
        inner = inner.get("callee") if inner.kind is K.CALL else inner.get("obj")
    return root


def base_of(key: str) -> str:
    """The variable of an access path: `x` of `x.a` and of `x['k']`."""
    for i, char in enumerate(key):
        if char in ".[":
            return key[:i]
    return key
