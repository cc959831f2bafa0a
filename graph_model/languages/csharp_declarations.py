"""C# usings, types, members, parameters and attributes in normalised syntax."""

from graph_model.kinds import NodeKind as K
from graph_model.languages.csharp_types import as_type, clone, make_node, retype, slice_text, take_modifiers, with_role
from graph_model.syntax import Node, Rewrite, adopt, dotted_name, returning_block


def _using(node: Node, source: bytes) -> Node | None:
    """`data` = ((local, dotted),): a namespace or static using is "*", an alias its own name."""
    words = slice_text(node, source).partition("=")[0].split()
    alias = node.get("name")
    target = as_type(next((child for child in node.children if child is not alias), None))
    if target is None or not target.text:
        return None
    node.text = "static" if "static" in words else ""
    node.data = ((alias.text if alias is not None else "*", target.text),)
    return adopt(node)


def _namespace(node: Node, source: bytes) -> Node:
    node.text = dotted_name(node.get("name"))
    return adopt(node, node.get("body"))


def _attribute(node: Node, source: bytes) -> Node:
    """DECORATOR(callee, args)."""
    args = next((child for child in node.children if child.kind is K.ARGS), None)
    node.field = "decorators"
    return adopt(node, with_role(node.get("name"), "callee"), with_role(args, "args"))


def _attribute_argument(node: Node, source: bytes) -> Node:
    name = node.get("name")
    value = next((child for child in node.children if child is not name), None)
    if value is None:
        return node
    if name is None:
        value.field = node.field
        return value
    node.text = name.text
    return adopt(node, with_role(value, "value"))


# Types ---------------------------------------------------------------------------------------------------------------


def _bases(node: Node, source: bytes) -> Node:
    """BASES of TYPE_REFs; the arguments for the parent's constructor stay in `data`."""
    node.field = "bases"
    for child in node.children:
        arguments = child if child.kind is K.ARGS else child.data
        if isinstance(arguments, Node) and arguments.kind is K.ARGS:
            node.data = arguments
    return adopt(node, *(as_type(child, "") for child in node.children if child.kind is not K.ARGS))


def _base_call(node: Node, source: bytes) -> Node | None:
    base = as_type(node.get("type"), node.field)
    if base is not None:
        base.data = next((child for child in node.children if child.kind is K.ARGS), None)
    return base


def _class(node: Node, source: bytes) -> Node:
    """CLASS with its keyword; a primary constructor becomes fields and a constructor."""
    take_modifiers(node)
    words = slice_text(node, source)[:200].partition("(")[0].partition("{")[0].split()
    kind = "record struct" if node.raw == "record_declaration" and "struct" in words else node.raw.split("_")[0]
    node.text = f"{node.text} {kind}".strip()
    bases = next((child for child in node.children if child.kind is K.BASES), None)
    params = next((child for child in node.children if child.kind is K.PARAMS), None)
    body = node.get("body") or Node(K.BLOCK, "", node.end, node.end, "body")
    if params is not None:
        arguments = bases.data if bases is not None and isinstance(bases.data, Node) else None
        adopt(body, *_primary(node, params, arguments), *body.children)
    return adopt(node, *node.all("decorators"), node.get("name"), bases, body)


def _primary(node: Node, params: Node, arguments: Node | None) -> list[Node]:
    """A private field for each parameter, and the constructor that fills them."""
    members: list[Node] = []
    stores: list[Node | None] = [_call_base(arguments) if arguments is not None else None]
    keyword = "public" if "record" in node.text else "private"
    for param in params.children:
        name, declared = param.get("name"), param.get("type")
        if name is None or name.kind is not K.NAME:
            continue
        declarator = adopt(make_node(K.DECLARATOR, param), clone(declared) if declared else None, clone(name, "target"))
        members.append(adopt(make_node(K.FIELD_DECL, param, text=keyword), declarator))
        field = adopt(make_node(K.MEMBER, name, "target", name.text), make_node(K.THIS, name, "obj", "this"))
        stores.append(adopt(make_node(K.ASSIGN, param, text="="), field, clone(name, "value")))
    params.field = "params"
    constructor = make_node(K.FUNCTION, params, text="public")
    constructor.data = "constructor"
    name = node.get("name")
    body = adopt(make_node(K.BLOCK, params, "body"), *stores)
    return [*members, adopt(constructor, clone(name, "name") if name is not None else None, params, body)]


def _call_base(arguments: Node) -> Node:
    arguments.field = "args"
    callee = Node(K.THIS, "", arguments.start, arguments.start, "callee", "base")
    return adopt(make_node(K.CALL, arguments), callee, arguments)


def _delegate(node: Node, source: bytes) -> Node:
    take_modifiers(node)
    node.text = f"{node.text} delegate".strip()
    return adopt(node, *node.all("decorators"), node.get("name"), Node(K.BLOCK, "", node.end, node.end, "body"))


def _enum_member(node: Node, source: bytes) -> Node:
    declarator = adopt(make_node(K.DECLARATOR, node), with_role(node.get("name"), "target"), node.get("value"))
    node.text = "public const"
    return adopt(node, *node.all("decorators"), declarator)


# Members -------------------------------------------------------------------------------------------------------------


def _arrow(node: Node, source: bytes) -> Node:
    """`=> value` as BLOCK[RETURN(value)]."""
    block = returning_block(node.children[0]) if node.children else make_node(K.BLOCK, node)
    block.field = node.field
    return block


def _function(node: Node, source: bytes) -> Node:
    """FUNCTION(decorators, type, name, params, body); a constructor's `: base(...)` is its first statement."""
    operator = node.text
    take_modifiers(node)
    retype(node)
    node.data = "function" if node.raw == "local_function_statement" else "method"
    name, body = node.get("name"), node.get("body")
    if node.raw == "constructor_declaration":
        node.data = "constructor"
    elif node.raw == "destructor_declaration" and name is not None:
        name.text = "Finalize"
    elif name is None:
        name = make_node(K.NAME, node, "name", f"operator {operator}".strip())
    chained = next((child for child in node.children if child.raw == "constructor_initializer"), None)
    if chained is not None and body is not None:
        adopt(body, chained, *body.children)
    params = node.get("params") or Node(K.PARAMS, "", node.start, node.start, "params")
    declared = node.get("type")
    if declared is not None:
        name_created(body, declared)
    return adopt(node, *node.all("decorators"), declared, name, params, body)


def name_created(body: Node | None, declared: Node) -> None:
    """`return new(...)` creates what the function says it returns."""
    for statement in body.walk() if body is not None else ():
        if statement.kind is K.RETURN:
            name_new(statement.get("value"), declared)


def name_new(value: Node | None, declared: Node | None) -> None:
    """`new(...)` without a type gets the one that the place it is stored in declares."""
    callee = value.get("callee") if value is not None and value.raw == "implicit_object_creation_expression" else None
    if callee is not None and declared is not None and not callee.text:
        callee.text = declared.text


def _chained(node: Node, source: bytes) -> Node:
    """`: base(x)` and `: this(x)` as a call."""
    callee = next((child for child in node.children if child.kind is K.THIS), None)
    args = next((child for child in node.children if child.kind is K.ARGS), None)
    return adopt(node, with_role(callee, "callee"), with_role(args, "args"))


def _property(node: Node, source: bytes) -> Node:
    """A FIELD_DECL when the compiler stores it, and FUNCTION getters and setters for the bodies that are written."""
    take_modifiers(node)
    retype(node)
    name, declared, value = node.get("name"), node.get("type"), node.get("value")
    name = name or make_node(K.NAME, node, "name", "this[]" if node.raw == "indexer_declaration" else "")
    accessors = node.get("accessors")
    listed = accessors.children if accessors is not None else []
    written = [child for child in listed if child.get("body") is not None]
    if value is not None and value.kind is K.BLOCK and accessors is None:
        getter = make_node(K.FUNCTION, node, text="get")
        written, listed, value = [adopt(getter, with_role(value, "body"))], [getter], None
    functions = [_accessor(child, node, name, declared) for child in written]
    members: list[Node] = []
    if len(written) < len(listed) or not listed:
        name_new(value, declared)
        declarator = adopt(
            make_node(K.DECLARATOR, node), clone(declared) if declared else None, clone(name, "target"), value
        )
        members.append(adopt(make_node(K.FIELD_DECL, node, text=node.text), declarator))
    members.extend(functions)
    if members:
        adopt(members[0], *(with_role(d, "decorators") for d in node.all("decorators")), *members[0].children)
    return adopt(node, *members)


def _accessor(accessor: Node, owner: Node, name: Node, declared: Node | None) -> Node:
    """One `get`, `set`, `init`, `add` or `remove` with a body, under the property's name."""
    reads = accessor.text.split()[-1:] == ["get"]
    accessor.kind, accessor.text = K.FUNCTION, owner.text
    accessor.data = "getter" if reads else "setter"
    params = owner.get("params")
    params = clone(params) if params is not None else Node(K.PARAMS, "", accessor.start, accessor.start, "params")
    if not reads:
        value = make_node(K.NAME, params, "name", "value")
        added = adopt(make_node(K.PARAM, params), clone(declared) if declared else None, value)
        adopt(params, *params.children, added)
    result = clone(declared) if declared is not None and reads else None
    body = accessor.get("body")
    if result is not None:
        name_created(body, result)
    return adopt(accessor, result, clone(name, "name"), params, body)


def _accessor_declaration(node: Node, source: bytes) -> Node:
    node.children = [child for child in node.children if child.kind is not K.MODIFIER]
    return node


def _field(node: Node, source: bytes) -> Node:
    take_modifiers(node)
    if node.raw.startswith("event"):
        node.text = f"{node.text} event".strip()
    declared = [part for child in node.children if child.kind is K.DECL for part in child.children]
    return adopt(node, *node.all("decorators"), *declared)


def _variables(node: Node, source: bytes) -> Node:
    """DECL: every DECLARATOR gets its own copy of the type; `new()` creates it."""
    declared = as_type(node.get("type"))
    declarators = [child for child in node.children if child.kind is K.DECLARATOR]
    for declarator in declarators:
        name_new(declarator.get("value"), declared)
        own = clone(declared, "type") if declared is not None else None
        adopt(declarator, own, *declarator.children)
    return adopt(node, *declarators)


def _declarator(node: Node, source: bytes) -> Node:
    target = node.get("target") or next((child for child in node.children if child.kind is K.TUPLE), None)
    value = next((c for c in reversed(node.children) if c is not target and c.raw != "bracketed_argument_list"), None)
    return adopt(node, with_role(target, "target"), with_role(value, "value"))


def _params(node: Node, source: bytes) -> Node:
    """`params T[] rest`, which the grammar leaves loose, becomes PARAM "*"."""
    kept: list[Node] = []
    loose: list[Node] = []
    for child in node.children:
        (kept if child.kind is K.PARAM else loose).append(child)
    name = next((child for child in loose if child.field == "name"), None)
    if name is not None:
        declared = as_type(next((child for child in loose if child.field == "type"), None))
        attributes = [child for child in loose if child.kind is K.DECORATOR]
        rest = Node(K.PARAM, "parameter", loose[0].start, name.end, text="*")
        kept.append(adopt(rest, *attributes, declared, name))
    return adopt(node, *kept)


def _param(node: Node, source: bytes) -> Node:
    """PARAM(decorators, type, name, value); `this`, `out`, `ref` stay in `data`."""
    take_modifiers(node)
    node.data, node.text = node.text, ""
    retype(node)
    for child in node.children:
        if not child.field:
            child.field = "value"
    return node


def _implicit_param(node: Node, source: bytes) -> Node:
    name = make_node(K.NAME, node, "name", node.text.lstrip("@"))
    node.text = ""
    if node.field != "params":
        return adopt(node, name)
    param = adopt(make_node(K.PARAM, node), name)
    return adopt(make_node(K.PARAMS, node, "params"), param)


_FUNCTIONS = (
    "method_declaration constructor_declaration destructor_declaration operator_declaration"
    " conversion_operator_declaration local_function_statement"
)

REWRITES: dict[str, Rewrite] = {
    "using_directive": _using,
    "namespace_declaration": _namespace,
    "file_scoped_namespace_declaration": _namespace,
    "attribute": _attribute,
    "attribute_argument": _attribute_argument,
    "base_list": _bases,
    "primary_constructor_base_type": _base_call,
    **dict.fromkeys(
        ("class_declaration", "struct_declaration", "record_declaration", "interface_declaration", "enum_declaration"),
        _class,
    ),
    "delegate_declaration": _delegate,
    "enum_member_declaration": _enum_member,
    "arrow_expression_clause": _arrow,
    **dict.fromkeys(_FUNCTIONS.split(), _function),
    "constructor_initializer": _chained,
    "property_declaration": _property,
    "indexer_declaration": _property,
    "event_declaration": _property,
    "accessor_declaration": _accessor_declaration,
    "field_declaration": _field,
    "event_field_declaration": _field,
    "variable_declaration": _variables,
    "variable_declarator": _declarator,
    "parameter_list": _params,
    "bracketed_parameter_list": _params,
    "parameter": _param,
    "implicit_parameter": _implicit_param,
}
