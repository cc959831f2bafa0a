"""Rewrites of Java's modifiers, types and declarations; `java.py` holds the table."""

import re

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node, Rewrite, adopt, dotted_name, returning_block

_BLANK = re.compile(r"/\*.*?\*/|//[^\n]*|\s+", re.DOTALL)
_ANNOTATION = re.compile(r"@[\w.]+(\([^)]*\))?")


def slice_source(node: Node, source: bytes) -> str:
    """The node's own text."""
    return source[node.start : node.end].decode("utf-8", "replace")


def _new_node(kind: K, like: Node, field: str = "", text: str = "") -> Node:
    return Node(kind, "", like.start, like.end, field, text)


def clone_node(node: Node) -> Node:
    """A deep copy, without a parent."""
    copy = Node(node.kind, node.raw, node.start, node.end, node.field, node.text)
    return adopt(copy, *(clone_node(child) for child in node.children))


def take_field(child: Node | None, field: str) -> Node | None:
    """The child, now in this role."""
    if child is not None:
        child.field = field
    return child


def _modifiers(node: Node, source: bytes) -> Node:
    """MODIFIER whose text is the keywords alone; its children are the annotations."""
    position, words = node.start, ""
    for child in node.children:
        words += source[position : child.start].decode("utf-8", "replace") + " "
        position = child.end
    words += source[position : node.end].decode("utf-8", "replace")
    node.text = " ".join(_BLANK.sub(" ", words).split())
    return node


def lift_modifiers(node: Node) -> None:
    """Moves annotations out of the MODIFIER child into `decorators`, and its keywords into the node's text."""
    kept: list[Node] = []
    for child in node.children:
        if child.kind is K.MODIFIER and child.raw == "modifiers":
            node.text = child.text
            kept.extend(child.children)
            for decorator in child.children:
                decorator.field = "decorators"
        else:
            kept.append(child)
    adopt(node, *kept)


def add_dimensions(type_node: Node | None, dimensions: str) -> None:
    """Appends one `[]` to the type's text for each bracket in `dimensions`."""
    if type_node is not None:
        type_node.text += "[]" * dimensions.count("[")


def pop_dimensions(node: Node) -> str:
    """The text of the `[]` written after a name; they leave the children."""
    found = "".join(child.text for child in node.children if child.raw == "dimensions")
    node.children = [child for child in node.children if child.raw != "dimensions"]
    return found


def drop_var(node: Node) -> None:
    """`var` is no type: it leaves the children, so that the value's type counts."""
    node.children = [child for child in node.children if not (child.field == "type" and child.text == "var")]


def _type(node: Node, source: bytes) -> Node:
    """TYPE_REF: dotted name without arguments, annotations and spaces; children are the type arguments."""
    types = [child for child in node.children if child.kind is K.TYPE_REF]
    if node.raw == "annotated_type" and types:
        return types[-1]
    if node.raw == "wildcard":
        node.text = types[-1].text if types else "?"
        return adopt(node)
    if node.raw == "array_type":
        dimensions = pop_dimensions(node)
        element = types[0] if types else node
        node.text = element.text
        add_dimensions(node, dimensions)
        return adopt(node, *element.children) if element is not node else node
    if node.raw == "generic_type" and types:
        node.text = types[0].text
        return adopt(node, *(take_field(child, "") for child in types[1:]))
    text = _ANNOTATION.sub("", _BLANK.sub(" ", slice_source(node, source)))
    while "<" in text and text != (text := re.sub(r"<[^<>]*>", "", text)):
        pass
    node.text = text.replace(" ", "")
    return node


def _package(node: Node, source: bytes) -> Node:
    node.text = dotted_name(node.children[-1]) if node.children else ""
    return adopt(node)


def _import(node: Node, source: bytes) -> Node:
    """`data` = ((local, dotted),); a static import names the member, a wildcard the package or class."""
    name = dotted_name(next((child for child in node.children if child.kind in (K.MEMBER, K.NAME)), None))
    wildcard = any(child.raw == "asterisk" for child in node.children)
    node.data = (("*" if wildcard else name.rpartition(".")[2], name),) if name else ()
    return adopt(node)


def _class(node: Node, source: bytes) -> Node:
    """CLASS with one BASES for parent and interfaces; record components become fields."""
    lift_modifiers(node)
    keyword = "@interface" if node.raw.startswith("annotation") else node.raw.split("_")[0]
    node.text = f"{node.text} {keyword}".strip()
    bases = [child for child in node.children if child.kind is K.BASES]
    if bases:
        for base in bases[1:]:
            bases[0].children.extend(base.children)
            bases[0].end = base.end
        adopt(bases[0], *bases[0].children).field = "bases"
        for child in bases[0].children:
            child.field = ""
    body, params = node.get("body"), node.get("params")
    if body is not None and params is not None:
        _expand_record(body, params)
    if node.raw == "enum_declaration":
        _name_constants(node, body)
    return adopt(node, *(child for child in node.children if child not in bases[1:] and child is not params))


def _expand_record(body: Node, params: Node) -> None:
    fields: list[Node] = []
    for param in params.children:
        name = param.get("name")
        if name is None:
            continue
        target = clone_node(name)
        target.field = "target"
        type_node = param.get("type")
        declarator = adopt(_new_node(K.DECLARATOR, name), clone_node(type_node) if type_node else None, target)
        decorators = [clone_node(child) for child in param.all("decorators")]
        fields.append(adopt(_new_node(K.FIELD_DECL, param, text="private final"), *decorators, declarator))
    for member in body.children:
        if member.raw == "compact_constructor_declaration" and member.get("params") is None:
            adopt(member, *member.children[:-1], clone_node(params), *member.children[-1:])
    adopt(body, *fields, *body.children)


def _name_constants(node: Node, body: Node | None) -> None:
    """The `new` of an enum constant names its enum."""
    name = node.get("name")
    for constant in body.children if body is not None and name is not None else ():
        if constant.raw == "enum_constant":
            for value in (child.get("value") for child in constant.children):
                callee = value.get("callee") if value is not None else None
                if callee is not None and name is not None:
                    callee.text = name.text


def _enum_constant(node: Node, source: bytes) -> Node:
    """FIELD_DECL[DECLARATOR(target, value NEW?)]."""
    lift_modifiers(node)
    node.text = "public static final"
    name, args, body = take_field(node.get("name"), "target"), node.get("args"), node.get("body")
    decorators = node.all("decorators")
    if name is None:
        return node
    value: Node | None = None
    if args is not None or body is not None:
        args = args or _new_node(K.ARGS, name, "args")
        value = adopt(_new_node(K.NEW, node, "value"), _new_node(K.TYPE_REF, name, "callee"), args, body)
    return adopt(node, *decorators, adopt(_new_node(K.DECLARATOR, node), name, value))


def _function(node: Node, source: bytes) -> Node:
    lift_modifiers(node)
    add_dimensions(node.get("type"), pop_dimensions(node))
    node.data = "constructor" if "constructor" in node.raw else "method"
    if node.raw == "annotation_type_element_declaration" and node.get("params") is None:
        node.children.append(Node(K.PARAMS, "", node.end, node.end, "params"))
    return adopt(node, *node.children)


def _param(node: Node, source: bytes) -> Node:
    """PARAM(decorators, type, name); `...` gives text "*" and an array type. Modifier keywords are dropped."""
    lift_modifiers(node)
    node.text = ""
    dimensions = pop_dimensions(node)
    if node.raw == "spread_parameter":
        node.text, dimensions = "*", dimensions + "["
        for child in node.children:
            if child.kind is K.DECLARATOR:
                dimensions += child.text
                name = child.get("target") or child
                name.field = "name"
                node.children[-1] = name
            elif child.kind is K.TYPE_REF:
                child.field = "type"
    add_dimensions(node.get("type"), dimensions)
    drop_var(node)
    return adopt(node, *node.children)


def _lambda(node: Node, source: bytes) -> Node:
    params, body = node.get("params"), node.get("body")
    if params is None or params.kind is not K.PARAMS:
        names = [params] if params is not None else []
        params = adopt(_new_node(K.PARAMS, params or node, "params"), *names)
    for index, child in enumerate(params.children):
        if child.kind is not K.PARAM:
            child.field = "name"
            params.children[index] = adopt(_new_node(K.PARAM, child), child)
    adopt(params, *params.children)
    block = body if body is None or body.kind is K.BLOCK else returning_block(body)
    return adopt(node, params, block)


def _declarator(node: Node, source: bytes) -> Node:
    node.text = pop_dimensions(node)
    return node


def _declaration(node: Node, source: bytes) -> Node:
    """DECL or FIELD_DECL: every DECLARATOR gets its own copy of the type, with the name's own `[]`."""
    lift_modifiers(node)
    if node.raw == "constant_declaration":
        node.text = " ".join(dict.fromkeys([*node.text.split(), "static", "final"]))
    type_node = node.get("type")
    node.children = [child for child in node.children if child is not type_node]
    for child in node.children:
        if child.kind is K.DECLARATOR:
            own = clone_node(type_node) if type_node is not None and type_node.text != "var" else None
            add_dimensions(own, child.text)
            child.text = ""
            adopt(child, own, *child.children)
    return node


REWRITES: dict[str, Rewrite] = {
    "modifiers": _modifiers,
    "type_identifier": _type,
    "scoped_type_identifier": _type,
    "generic_type": _type,
    "array_type": _type,
    "integral_type": _type,
    "wildcard": _type,
    "annotated_type": _type,
    "package_declaration": _package,
    "import_declaration": _import,
    "class_declaration": _class,
    "interface_declaration": _class,
    "enum_declaration": _class,
    "record_declaration": _class,
    "annotation_type_declaration": _class,
    "enum_constant": _enum_constant,
    "method_declaration": _function,
    "constructor_declaration": _function,
    "compact_constructor_declaration": _function,
    "annotation_type_element_declaration": _function,
    "formal_parameter": _param,
    "spread_parameter": _param,
    "lambda_expression": _lambda,
    "variable_declarator": _declarator,
    "field_declaration": _declaration,
    "constant_declaration": _declaration,
    "local_variable_declaration": _declaration,
}
