"""Rewrites of Java's statements and expressions; `java.py` holds the table."""

from graph_model.kinds import NodeKind as K
from graph_model.languages.java_declarations import (
    add_dimensions,
    clone_node,
    drop_var,
    lift_modifiers,
    pop_dimensions,
    slice_source,
    take_field,
)
from graph_model.syntax import Node, Rewrite, adopt, as_block

_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})
_LOGIC = {"&&": "and", "||": "or"}


def _ensure_body(node: Node, source: bytes) -> Node:
    """Branches and loops: a lone statement becomes a block, a `;` an empty one."""
    lift_modifiers(node)
    node.text = ""
    drop_var(node)
    body, orelse = node.get("body"), node.get("orelse")
    cond = node.get("cond") if node.kind is K.LOOP_DO else None
    rest = [child for child in node.children if child not in (body, orelse, cond)]
    if orelse is not None and orelse.kind is not K.IF:
        orelse = as_block(orelse, "orelse")
    return adopt(node, *rest, as_block(body) or Node(K.BLOCK, "", node.end, node.end, "body"), cond, orelse)


def _try(node: Node, source: bytes) -> Node:
    for child in node.children:
        if child.kind is K.CATCH:
            child.field = "handler"
    kept = [as_block(c.children[0], "finally") if c.kind is K.FINALLY and c.children else c for c in node.children]
    return adopt(node, *kept)


def _resource(node: Node, source: bytes) -> Node:
    lift_modifiers(node)
    node.text = ""
    drop_var(node)
    return node


def _catch(node: Node, source: bytes) -> Node:
    """CATCH(type, target, body); several types become a TUPLE."""
    param = next((child for child in node.children if child.kind is K.PARAM), None)
    caught = next((child for child in param.children if child.raw == "catch_type"), None) if param is not None else None
    if caught is not None and len(caught.children) == 1:
        caught = caught.children[0]
    target = param.get("target") if param is not None else None
    return adopt(node, take_field(caught, "type"), target, node.get("body"))


def _switch(node: Node, source: bytes) -> Node:
    if any(child.raw == "switch_block_statement_group" for child in node.children):
        node.text = "fallthrough"
    return node


def _case(node: Node, source: bytes) -> Node:
    """CASE(value*, cond?, body BLOCK) of one group of labels, or of one arrow rule."""
    head: list[Node] = []
    body: list[Node] = []
    for child in node.children:
        if child.raw != "switch_label":
            body.append(child)
            continue
        if source[child.start : child.start + 7] == b"default":
            node.text = "default"
        for value in child.children:
            if value.raw == "identifier" and value.text == "default":
                node.text = "default"
            else:
                value.field = value.field or "value"
                head.append(value)
    if len(body) == 1 and body[0].kind is K.BLOCK and node.raw == "switch_rule":
        return adopt(node, *head, as_block(body[0]))
    start = body[0].start if body else node.end
    return adopt(node, *head, adopt(Node(K.BLOCK, "", start, node.end, "body"), *body))


def _guard(node: Node, source: bytes) -> Node:
    node.field = "cond"
    return node


def _pattern(node: Node, source: bytes) -> Node:
    """PATTERN(type?, target) of a typed binding; PATTERN(type, PATTERN*) of a record."""
    names = [child for child in node.children if child.kind in (K.NAME, K.TYPE_REF)]
    if node.raw == "record_pattern":
        parts = [part for child in node.children if child.kind is K.TUPLE for part in child.children]
        named = names[0] if names else None
        if named is not None:
            named.kind = K.TYPE_REF
        return adopt(node, take_field(named, "type"), *parts)
    if names and names[-1].kind is K.NAME:
        names[-1].field = "target"
    if len(names) > 1:
        names[0].field = "type"
    drop_var(node)
    return node


def _type_test(node: Node, source: bytes) -> Node:
    """TYPE_TEST(value, type, target?): its target is the binding's NAME, or the PATTERN of a record."""
    target = node.get("target")
    if target is not None and target.kind is K.PATTERN and node.get("type") is None:
        tested = target.get("type")
        return adopt(node, node.get("value"), clone_node(tested) if tested is not None else None, target)
    return node


def _call(node: Node, source: bytes) -> Node:
    """CALL(callee MEMBER or NAME, args)."""
    name, obj = node.get("name"), node.get("obj")
    if node.raw == "explicit_constructor_invocation" or name is None:
        return node
    outer = next((child for child in node.children if child.kind is K.THIS and not child.field), None)
    if outer is not None:  # Outer.super.method()
        obj = outer
    callee = name
    if obj is not None:
        callee = Node(K.MEMBER, node.raw, obj.start, name.end, text=name.text)
        obj.field = "obj"
        adopt(callee, obj)
    callee.field = "callee"
    return adopt(node, callee, node.get("args"))


def _new(node: Node, source: bytes) -> Node:
    """NEW(callee, args, init?, body?); an array's dimensions are its arguments; `outer.new Inner()` keeps `obj`."""
    callee = node.get("callee")
    if node.raw == "object_creation_expression":
        for child in node.children:
            child.field = child.field or (
                "body" if child.kind is K.BLOCK else "obj" if child is node.children[0] else ""
            )
        return node
    sizes = [child for child in node.children if not child.field and child.kind is not K.MODIFIER]
    add_dimensions(callee, "[" * len(sizes) + pop_dimensions(node))
    args = Node(K.ARGS, "", sizes[0].start if sizes else node.end, sizes[-1].end if sizes else node.end, "args")
    return adopt(node, callee, adopt(args, *sizes), node.get("init"))


def _member(node: Node, source: bytes) -> Node:
    """Method references and class literals as MEMBER; `Outer.this` as THIS."""
    if node.raw == "class_literal":
        node.text = "class"
    elif node.raw == "method_reference":
        node.data = "reference"
        name = node.children[-1] if len(node.children) > 1 else None
        node.text = name.text if name is not None and name.kind is K.NAME else "new"
        adopt(node, take_field(node.children[0], "obj") if node.children else None)
    elif node.text == "this":
        node.kind = K.THIS
        adopt(node)
    return node if node.raw != "field_access" else _qualified_super(node)


def _qualified_super(node: Node) -> Node:
    obj = node.get("obj")
    inner = next((child for child in node.children if child.kind is K.THIS and child is not obj), None)
    return adopt(node, take_field(inner or obj, "obj"))


def _binary(node: Node, source: bytes) -> Node:
    if node.text in _LOGIC:
        node.kind, node.text = K.BOOLEAN, _LOGIC[node.text]
    elif node.text in _COMPARISONS:
        node.kind = K.COMPARE
    return node


def _unary(node: Node, source: bytes) -> Node:
    if node.text == "!":
        node.kind, node.text = K.NOT, ""
    return node


def _update(node: Node, source: bytes) -> Node:
    text = slice_source(node, source)
    node.text = "++" if text.startswith("++") or text.endswith("++") else "--"
    return node


def _assign(node: Node, source: bytes) -> Node:
    if node.text != "=":
        node.kind = K.AUG_ASSIGN
    return node


def _cast(node: Node, source: bytes) -> Node:
    return adopt(node, node.get("type"), node.get("value"))


def _jump(node: Node, source: bytes) -> Node:
    node.text = node.children[0].text if node.children else ""
    return adopt(node)


def _label(node: Node, source: bytes) -> Node:
    node.text = node.children[0].text if node.children else ""
    return adopt(node, *(take_field(child, "body") for child in node.children[1:]))


def _string(node: Node, source: bytes) -> Node:
    """A leaf with the content between the quotes; with an embedded expression a TEMPLATE."""
    if any(child.kind is K.INTERPOLATION for child in node.children):
        node.kind = K.TEMPLATE
        return node
    text = slice_source(node, source)
    quote = 3 if text.startswith('"""') else 1
    node.text = text[quote : -quote if text.endswith(text[:quote]) and len(text) > quote else None]
    if node.raw == "character_literal":
        node.data = "char"
    return adopt(node)


def _template(node: Node, source: bytes) -> Node:
    value = node.get("value")
    parts = [value] if value is not None and value.kind is K.STRING else value.children if value is not None else []
    for part in parts:
        part.kind = K.TEXT if part.kind is K.STRING else part.kind
        part.field = ""
    return adopt(node, node.get("callee"), *parts)


def _number(node: Node, source: bytes) -> Node:
    """Decimal digits whatever the base; no underscores or suffix."""
    text = node.text.replace("_", "")
    if node.kind is K.FLOAT:
        node.text = text if text.lower().startswith("0x") else text.rstrip("fFdD")
        return node
    text = text.rstrip("lL")
    octal = text.startswith("0") and text.isdigit() and len(text) > 1
    try:
        node.text = str(int(text, 8) if octal else int(text, 0))
    except ValueError:
        node.text = text
    return node


REWRITES: dict[str, Rewrite] = {
    "if_statement": _ensure_body,
    "for_statement": _ensure_body,
    "enhanced_for_statement": _ensure_body,
    "while_statement": _ensure_body,
    "do_statement": _ensure_body,
    "try_statement": _try,
    "try_with_resources_statement": _try,
    "resource": _resource,
    "catch_clause": _catch,
    "switch_expression": _switch,
    "switch_block_statement_group": _case,
    "switch_rule": _case,
    "guard": _guard,
    "type_pattern": _pattern,
    "record_pattern": _pattern,
    "record_pattern_component": _pattern,
    "instanceof_expression": _type_test,
    "method_invocation": _call,
    "explicit_constructor_invocation": _call,
    "object_creation_expression": _new,
    "array_creation_expression": _new,
    "field_access": _member,
    "method_reference": _member,
    "class_literal": _member,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "update_expression": _update,
    "assignment_expression": _assign,
    "cast_expression": _cast,
    "break_statement": _jump,
    "continue_statement": _jump,
    "labeled_statement": _label,
    "string_literal": _string,
    "character_literal": _string,
    "template_expression": _template,
    "decimal_integer_literal": _number,
    "hex_integer_literal": _number,
    "octal_integer_literal": _number,
    "binary_integer_literal": _number,
    "decimal_floating_point_literal": _number,
    "hex_floating_point_literal": _number,
}
