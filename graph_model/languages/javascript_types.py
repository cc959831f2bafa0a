"""Type annotations and class members of JavaScript and TypeScript in normalised shape.

A type is a TYPE_REF with the dotted name, generics as children; unions give their first part that is not null. A
parameter property of a constructor also becomes a field and an assignment to `this`.
"""

import re

from graph_model.kinds import NodeKind as K
from graph_model.languages.javascript_shapes import find_modifiers, name_leaf
from graph_model.syntax import Node, Rewrite, adopt, dotted_name

OPAQUE_TYPES = {
    "type_query": "",
    "index_type_query": "string",
    "lookup_type": "",
    "conditional_type": "",
    "template_literal_type": "string",
    "infer_type": "",
    "existential_type": "",
    "flow_maybe_type": "",
    "this_type": "",
    "type_predicate_annotation": "boolean",
    "type_predicate": "boolean",
    "asserts_annotation": "",
    "asserts": "",
    "adding_type_annotation": "",
    "function_type": "Function",
    "constructor_type": "Function",
    "constraint": "",
    "default_type": "",
}
_NOTHING = frozenset({"null", "undefined", "void", "never"})
_LITERALS = {K.STRING: "string", K.TEMPLATE: "string", K.INT: "number", K.FLOAT: "number", K.BOOL: "boolean"}
_NAMED = frozenset({"type_identifier", "nested_type_identifier", "generic_type"})
_UNINFORMATIVE = frozenset({"any", "unknown", "const", "never", "object", ""})


def as_type(node: Node) -> Node:
    """Whatever stands in a type position as a TYPE_REF."""
    if node.kind is not K.TYPE_REF:
        name = "Object" if node.kind is K.BLOCK else dotted_name(node)
        node.kind, node.text, node.children = K.TYPE_REF, name, []
    return node


def _annotation(node: Node, source: bytes) -> Node:
    if node.children:
        inner = as_type(node.children[0])
        inner.field = node.field
        return inner
    return node


def _dotted(node: Node, source: bytes) -> Node:
    node.text = re.sub(r"\s", "", node.text)
    return node


def _opaque(node: Node, source: bytes) -> Node:
    node.text = OPAQUE_TYPES[node.raw]
    return node


def _generic(node: Node, source: bytes) -> Node:
    types = [as_type(child) for child in node.children]
    node.text = types[0].text if types else ""
    return adopt(node, *types[1:])


def _sequence(node: Node, source: bytes) -> Node:
    """`T[]` and tuples: an Array of their element types."""
    node.text = "Array"
    return adopt(node, *(as_type(child) for child in node.children if child.kind is not K.PARAM))


def _literal(node: Node, source: bytes) -> Node:
    inner = node.children[0] if node.children else None
    if inner is not None:
        node.text = inner.text if inner.kind is K.NULL else _LITERALS.get(inner.kind, "number")
    return adopt(node)


def _union(node: Node, source: bytes) -> Node:
    parts = [as_type(child) for child in node.children]
    chosen = next((part for part in parts if part.text not in _NOTHING), parts[0] if parts else None)
    node.text = chosen.text if chosen is not None else ""
    return adopt(node, *(chosen.children if chosen is not None else ()))


def _intersection(node: Node, source: bytes) -> Node:
    """The first named part; all parts stay in `data` for a type alias."""
    parts: list[Node] = []
    for child in node.children:
        parts.extend(child.data if isinstance(child.data, tuple) else (child,))
    node.data = tuple(parts)
    named = next((part for part in parts if part.kind is K.TYPE_REF), None)
    node.text = named.text if named is not None else "Object"
    return adopt(node)


def _cast(node: Node, source: bytes) -> Node | None:
    """CAST(type, value) when the type says something; otherwise, and for `satisfies`, the value alone."""
    value, kind = node.get("value"), node.get("type")
    if value is None:
        return node
    if kind is not None:
        kind = as_type(kind)
    if kind is None or kind.text in _UNINFORMATIVE or node.raw == "satisfies_expression":
        value.field = node.field
        return value
    return adopt(node, kind, value)


# Classes.


def _class(node: Node, source: bytes) -> Node:
    name = node.get("name")
    bases = next((child for child in node.children if child.kind is K.BASES), None)
    if bases is not None:
        bases.field = "bases"
        for base in bases.children:
            base.field = ""
    words = find_modifiers(node, name.start if name is not None else node.start, source)
    if node.raw == "interface_declaration":
        words.append("interface")
    node.text = " ".join(words)
    return adopt(node, *node.all("decorators"), name_leaf(name, node.start), bases, node.get("body"))


def _alias(node: Node, source: bytes) -> Node | None:
    """`type A = B & { c: T }` as an interface; other aliases say nothing about members and are dropped."""
    name, value = node.get("name"), node.get("value")
    if name is None or value is None:
        return None
    parts = value.data if isinstance(value.data, tuple) else (value,)
    bases = Node(K.BASES, "", value.start, value.end, "bases")
    body = Node(K.BLOCK, "", value.start, value.end, "body")
    members = [member for part in parts if part.kind is K.BLOCK for member in part.children]
    named = [part for part in parts if part.kind is K.TYPE_REF and part.raw in _NAMED]
    if not members and not named:
        return None
    for part in named:
        part.field = ""
    node.text = "interface"
    return adopt(node, name_leaf(name, node.start), adopt(bases, *named), adopt(body, *members))


def _field(node: Node, source: bytes) -> Node:
    """FIELD_DECL[DECLARATOR(target, type?, value?)] with its decorators and modifiers."""
    name = node.get("name")
    node.text = " ".join(find_modifiers(node, name.start if name is not None else node.start, source))
    declarator = Node(K.DECLARATOR, "", name.start if name is not None else node.start, node.end)
    target = name_leaf(name, node.start)
    target.field = "target"
    adopt(declarator, target, node.get("type"), node.get("value"))
    value = node.get("value")
    class_name = value.get("name") if value is not None and value.kind is K.CLASS else None
    if class_name is not None:
        class_name.text = class_name.text or target.text
    return adopt(node, *node.all("decorators"), declarator)


def _class_body(node: Node, source: bytes) -> Node:
    """Decorators go to the member after them, overload signatures go, parameter properties become fields."""
    members: list[Node] = []
    fields: list[Node] = []
    pending: list[Node] = []
    for child in node.children:
        if child.kind is K.DECORATOR:
            pending.append(child)
            continue
        if child.raw == "method_signature":
            pending = []
            continue
        adopt(child, *pending, *child.children)
        pending = []
        child.field = ""
        members.append(child)
        if child.kind is K.FUNCTION and child.data == "constructor":
            fields.extend(_parameter_properties(child, source))
    return adopt(node, *fields, *members)


def _parameter_properties(constructor: Node, source: bytes) -> list[Node]:
    params, body = constructor.get("params"), constructor.get("body")
    fields: list[Node] = []
    assignments: list[Node] = []
    for param in params.children if params is not None else ():
        name = param.get("name")
        if name is None or name.kind is not K.NAME or not find_modifiers(param, name.start, source):
            continue
        fields.append(_property_field(param, name))
        assignments.append(_property_assignment(name))
    if body is not None:
        adopt(body, *assignments, *body.children)
    return fields


def _property_field(param: Node, name: Node) -> Node:
    declared = param.get("type")
    target = Node(K.NAME, "", name.start, name.end, "target", name.text)
    declarator = Node(K.DECLARATOR, "", name.start, name.end)
    adopt(declarator, target, _copy_type(declared) if declared is not None else None)
    return adopt(Node(K.FIELD_DECL, "", name.start, name.end), declarator)


def _copy_type(node: Node) -> Node:
    copied = Node(node.kind, node.raw, node.start, node.end, node.field, node.text)
    return adopt(copied, *(_copy_type(child) for child in node.children))


def _property_assignment(name: Node) -> Node:
    target = Node(K.MEMBER, "", name.start, name.end, "target", name.text)
    adopt(target, Node(K.THIS, "", name.start, name.end, "obj", "this"))
    value = Node(K.NAME, "identifier", name.start, name.end, "value", name.text)
    return adopt(Node(K.ASSIGN, "", name.start, name.end, "", "="), target, value)


def _enum(node: Node, source: bytes) -> Node:
    body = node.get("body")
    members: list[Node] = []
    for child in body.children if body is not None else ():
        declarator = child
        if child.kind is not K.DECLARATOR:
            declarator = adopt(Node(K.DECLARATOR, "", child.start, child.end), child)
        target = name_leaf(declarator.get("target") or child, child.start)
        target.field, declarator.field = "target", ""
        members.append(adopt(Node(K.FIELD_DECL, "", child.start, child.end), declarator))
    node.text = "enum"
    return adopt(node, name_leaf(node.get("name"), node.start), adopt(body, *members) if body is not None else None)


def _namespace(node: Node, source: bytes) -> Node:
    name = node.get("name")
    node.text = "" if name is None or name.kind is K.STRING else re.sub(r"\s", "", name.text)
    return adopt(node, node.get("body"))


def _ambient(node: Node, source: bytes) -> Node | None:
    """`declare module "x"` and `declare global` describe other code and are dropped."""
    described = node.kind is K.BLOCK or (node.kind is K.NAMESPACE and not node.text)
    return None if described or (node.kind is K.SEQUENCE and not node.children) else node


REWRITES: dict[str, Rewrite] = {
    "type_annotation": _annotation,
    "omitting_type_annotation": _annotation,
    "opting_type_annotation": _annotation,
    "nested_type_identifier": _dotted,
    "nested_identifier": _dotted,
    **dict.fromkeys(OPAQUE_TYPES, _opaque),
    "generic_type": _generic,
    "array_type": _sequence,
    "tuple_type": _sequence,
    "literal_type": _literal,
    "union_type": _union,
    "intersection_type": _intersection,
    "as_expression": _cast,
    "satisfies_expression": _cast,
    "type_assertion": _cast,
    "class_declaration": _class,
    "abstract_class_declaration": _class,
    "class": _class,
    "interface_declaration": _class,
    "type_alias_declaration": _alias,
    "class_body": _class_body,
    "field_definition": _field,
    "public_field_definition": _field,
    "property_signature": _field,
    "enum_declaration": _enum,
    "internal_module": _namespace,
    "module": _namespace,
    "ambient_declaration": _ambient,
}
