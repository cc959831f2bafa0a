"""C# statements in normalised syntax."""

from graph_model.kinds import NodeKind as K
from graph_model.languages.csharp_types import make_node, retype, take_modifiers, with_role
from graph_model.syntax import Node, Rewrite, adopt, as_block

_DECLARED = frozenset({K.FUNCTION, K.CLASS, K.FIELD_DECL, K.IMPORT, K.NAMESPACE, K.DECORATOR})


def _local(node: Node, source: bytes) -> Node:
    """DECL; text "using" for a using declaration, else its modifiers."""
    take_modifiers(node)
    declared = next((child for child in node.children if child.kind is K.DECL), None)
    using = source[node.start : node.end].removeprefix(b"await").lstrip().startswith(b"using")
    if using:
        node.text = "using"
    return adopt(node, *(declared.children if declared is not None else node.children))


def _ensure_body(node: Node, source: bytes) -> Node:
    """Branches and loops: a lone statement becomes a block, a `;` an empty one."""
    retype(node)
    if node.kind is K.LOOP_EACH and source[node.start : node.start + 5] == b"await":
        node.text = "async"
    body, orelse = node.get("body"), node.get("orelse")
    cond = node.get("cond") if node.kind is K.LOOP_DO else None
    rest = [child for child in node.children if child not in (body, orelse, cond)]
    if orelse is not None and orelse.kind is not K.IF:
        orelse = as_block(orelse, "orelse")
    return adopt(node, *rest, as_block(body) or Node(K.BLOCK, "", node.end, node.end, "body"), cond, orelse)


def _using(node: Node, source: bytes) -> Node:
    """WITH(resources, body)."""
    body = node.get("body")
    resources: list[Node] = []
    for child in node.children:
        if child.kind is K.DECL:
            resources.extend(_resource(declarator) for declarator in child.children)
        elif child is not body:
            resources.append(adopt(make_node(K.WITH_ITEM, child, "resources"), with_role(child, "value")))
    if source[node.start : node.start + 5] == b"await":
        node.text = "async"
    return adopt(node, *resources, as_block(body) or Node(K.BLOCK, "", node.end, node.end, "body"))


def _resource(declarator: Node) -> Node:
    item = make_node(K.WITH_ITEM, declarator, "resources")
    return adopt(item, *declarator.children)


def _lock(node: Node, source: bytes) -> Node:
    value = node.children[0] if len(node.children) > 1 else None
    return adopt(node, with_role(value, "value"), as_block(node.children[-1] if node.children else None))


def _fixed(node: Node, source: bytes) -> Node:
    """BLOCK[DECL, body]."""
    return node


def _try(node: Node, source: bytes) -> Node:
    for child in node.children:
        if child.kind is K.CATCH:
            child.field = "handler"
    kept = [as_block(c.children[0], "finally") if c.kind is K.FINALLY and c.children else c for c in node.children]
    return adopt(node, *kept)


def _catch(node: Node, source: bytes) -> Node:
    retype(node)
    return adopt(node, node.get("type"), node.get("target"), node.get("cond"), node.get("body"))


def _filter(node: Node, source: bytes) -> Node:
    node.field = "cond"
    return node


def _switch(node: Node, source: bytes) -> Node:
    """Sections without statements share the body of the next one."""
    cases: list[Node] = []
    waiting: list[Node] = []
    default = False
    for section in [child for child in node.children if child.kind is K.CASE]:
        body = section.get("body")
        default = default or section.text == "default"
        if body is not None and not body.children and section.get("cond") is None:
            waiting.extend(section.all("value"))
            continue
        section.text = "default" if default else ""
        cases.append(adopt(section, *waiting, *section.children))
        waiting, default = [], False
    return adopt(node, node.get("subject"), *cases)


def _section(node: Node, source: bytes) -> Node:
    """CASE(value?, cond?, body BLOCK)."""
    guard = node.get("cond")
    rest = [child for child in node.children if child is not guard]
    value: Node | None = None
    if source[node.start : node.start + 7] == b"default":
        node.text = "default"
    elif rest:
        value = with_role(rest.pop(0), "value")
    for child in rest:
        child.field = ""
    start = rest[0].start if rest else node.end
    return adopt(node, value, guard, adopt(Node(K.BLOCK, "", start, node.end, "body"), *rest))


def _goto(node: Node, source: bytes) -> Node:
    """`goto case` leaves its section like a break; a jump to a label stays where it is, with the label's name."""
    words = source[node.start : node.end].decode("utf-8", "replace").rstrip(";").split()
    if words[1:2] in (["case"], ["default"]):
        node.kind = K.BREAK
    else:
        node.text = words[1] if len(words) > 1 else ""
    return adopt(node)


def _label(node: Node, source: bytes) -> Node:
    node.text = node.children[0].text if node.children else ""
    return adopt(node, *(with_role(child, "body") for child in node.children[1:]))


def _yield(node: Node, source: bytes) -> Node:
    """`yield return x` as YIELD; `yield break` ends the function."""
    if not node.children:
        node.kind = K.RETURN
    return node


def _empty(node: Node, source: bytes) -> Node:
    return adopt(node)


def _conditional(node: Node, source: bytes) -> Node:
    """`#if` and `#elif` around statements are an IF; around declarations all branches count."""
    cond, orelse = node.get("cond"), node.get("orelse")
    inner = [child for child in node.children if child is not cond and child is not orelse]
    other = orelse.children if orelse is not None else []
    if any(child.kind in _DECLARED for child in [*inner, *other]):
        return adopt(node, *inner, *other)
    for child in [*inner, *other]:
        child.field = ""
    if not inner and not other:
        return adopt(node)
    body = adopt(Node(K.BLOCK, "", inner[0].start if inner else node.start, node.end, "body"), *inner)
    final: Node | None = None
    if orelse is not None and other:
        final = adopt(make_node(K.BLOCK, orelse, "orelse"), *other)
    return adopt(node, adopt(make_node(K.IF, node), cond, body, final))


def _alternative(node: Node, source: bytes) -> Node:
    """`#else`: its statements."""
    return adopt(node, *node.children)


REWRITES: dict[str, Rewrite] = {
    "local_declaration_statement": _local,
    **dict.fromkeys(
        ("if_statement", "for_statement", "foreach_statement", "while_statement", "do_statement"), _ensure_body
    ),
    "using_statement": _using,
    "lock_statement": _lock,
    "fixed_statement": _fixed,
    "try_statement": _try,
    "catch_clause": _catch,
    "catch_filter_clause": _filter,
    "switch_statement": _switch,
    "switch_section": _section,
    "goto_statement": _goto,
    "labeled_statement": _label,
    "yield_statement": _yield,
    "break_statement": _empty,
    "continue_statement": _empty,
    "preproc_if": _conditional,
    "preproc_else": _alternative,
    "preproc_elif": _conditional,
}
