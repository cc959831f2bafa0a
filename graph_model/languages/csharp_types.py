"""C# types as TYPE_REF, names with type arguments, and the small node operations that its rewrites share."""

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node, Rewrite, adopt, dotted_name


def slice_text(node: Node, source: bytes) -> str:
    """The source text of a node."""
    return source[node.start : node.end].decode("utf-8", "replace")


def make_node(kind: K, like: Node, field: str = "", text: str = "") -> Node:
    """A node that the grammar does not have, at the place of another."""
    return Node(kind, "", like.start, like.end, field, text)


def clone(node: Node, field: str | None = None) -> Node:
    """A copy of a node and everything below it, in another role when one is given."""
    copy = Node(node.kind, node.raw, node.start, node.end, node.field if field is None else field, node.text)
    copy.data = node.data
    return adopt(copy, *(clone(child) for child in node.children))


def with_role(node: Node | None, field: str) -> Node | None:
    """The node itself, in this role."""
    if node is not None:
        node.field = field
    return node


def take_modifiers(node: Node) -> None:
    """Moves the keyword children (`public`, `async`, ...) into the node's text."""
    words = [child.text for child in node.children if child.kind is K.MODIFIER]
    node.text = " ".join(words)
    node.children = [child for child in node.children if child.kind is not K.MODIFIER]


def type_arguments(node: Node) -> tuple[Node, ...]:
    """The TYPE_REFs between the angle brackets of a name, kept in its `data`."""
    return node.data if isinstance(node.data, tuple) and all(isinstance(n, Node) for n in node.data) else ()


def as_type(node: Node | None, field: str = "type") -> Node | None:
    """A name in a type's place as TYPE_REF: dotted text, type arguments as children. None stays None."""
    if node is None:
        return None
    if node.kind is not K.TYPE_REF:
        reference = Node(K.TYPE_REF, node.raw, node.start, node.end, field, dotted_name(node))
        return adopt(reference, *(clone(argument) for argument in type_arguments(node)))
    node.field = field
    return node


def retype(node: Node, field: str = "type") -> None:
    """Turns the child in this role into a TYPE_REF, in place."""
    adopt(node, *(as_type(child, field) if child.field == field else child for child in node.children))


def _generic_name(node: Node, source: bytes) -> Node:
    """`Name<T>` as a NAME whose `data` is the tuple of its type arguments."""
    node.data = tuple(c for child in node.children if child.kind is K.TYPE_PARAMS for c in child.children)
    node.text = next((child.text for child in node.children if child.kind is K.NAME), "")
    return adopt(node)


def _type_arguments(node: Node, source: bytes) -> Node:
    return adopt(node, *(as_type(child, "") for child in node.children))


def _identifier(node: Node, source: bytes) -> Node:
    node.text = node.text.lstrip("@")
    return node


def _qualified_name(node: Node, source: bytes) -> Node:
    """`A.B` and `alias::B` as MEMBER; `global::B` as B alone."""
    name = node.get("name")
    obj = node.get("obj")
    if name is None or obj is None or (node.raw == "alias_qualified_name" and obj.text == "global"):
        return with_role(name, node.field) or obj or node
    node.text, node.data = name.text, name.data
    return adopt(node, obj)


def _wrapped_type(node: Node, source: bytes) -> Node:
    """`T?`, `ref T` and `scoped T` as T; an array or a pointer keeps its mark in the text."""
    inner = as_type(node.get("type"), node.field)
    mark = {"array_type": "[]", "pointer_type": "*"}.get(node.raw, "")
    if inner is None:
        node.kind = K.TYPE_REF
        return adopt(node)
    if not mark:
        return inner
    node.text = inner.text + mark
    node.data = node.get("args")
    return adopt(node, *inner.children)


def _tuple_type(node: Node, source: bytes) -> Node:
    node.text = "System.ValueTuple"
    return adopt(node, *(as_type(child.get("type"), "") for child in node.children))


def _function_pointer(node: Node, source: bytes) -> Node:
    node.text = "delegate*"
    return adopt(node)


REWRITES: dict[str, Rewrite] = {
    "identifier": _identifier,
    "generic_name": _generic_name,
    "type_argument_list": _type_arguments,
    "qualified_name": _qualified_name,
    "alias_qualified_name": _qualified_name,
    "nullable_type": _wrapped_type,
    "array_type": _wrapped_type,
    "pointer_type": _wrapped_type,
    "ref_type": _wrapped_type,
    "scoped_type": _wrapped_type,
    "tuple_type": _tuple_type,
    "function_pointer_type": _function_pointer,
}
