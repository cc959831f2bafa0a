"""Rewrites of Python's statements; `python.py` holds the table."""

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node, Rewrite, adopt, as_block

_ASYNC = b"async"


def _if(node: Node, source: bytes) -> Node:
    """Nests `elif` and `else` clauses, which the grammar lists side by side."""
    clauses = node.all("orelse")
    if not clauses:
        return node
    following: Node | None = None
    for clause in reversed(clauses):
        if clause.kind is K.ELSE:
            following = as_block(clause.get("body"), "orelse")
        else:
            if following is not None:
                clause.children.append(following)
                following.parent = clause
            clause.field = "orelse"
            following = clause
    kept = [child for child in node.children if child.field != "orelse"]
    return adopt(node, *kept, following)


def _unwrap_else(node: Node, source: bytes) -> Node:
    """Loops and `try`: the else and finally clauses become plain blocks in their role."""
    kept: list[Node | None] = []
    for child in node.children:
        if child.kind is K.ELSE:
            kept.append(as_block(child.get("body"), "orelse"))
        elif child.kind is K.FINALLY:
            kept.append(as_block(child.get("body"), "finally"))
        else:
            if child.kind is K.CATCH:
                child.field = "handler"
            kept.append(child)
    return adopt(node, *kept)


def _loop(node: Node, source: bytes) -> Node:
    if source[node.start : node.start + 5] == _ASYNC:
        node.text = "async"
    return _unwrap_else(node, source)


def _catch(node: Node, source: bytes) -> Node:
    """`except T as e`: type and target out of the as-pattern; the block is the last child."""
    body = node.children[-1] if node.children and node.children[-1].kind is K.BLOCK else None
    rest = [child for child in node.children if child is not body]
    target: Node | None = None
    caught = rest[0] if rest else None
    if caught is not None and caught.kind is K.PATTERN and caught.raw == "as_pattern":
        target = caught.get("target")
        caught = caught.get("value")
    if caught is not None:
        caught.field = "type"
    if body is not None:
        body.field = "body"
    return adopt(node, caught, target, body)


def _with(node: Node, source: bytes) -> Node:
    if source[node.start : node.start + 5] == _ASYNC:
        node.text = "async"
    for child in node.children:
        if child.kind is K.WITH_ITEM:
            child.field = "resources"
            value = child.get("value")
            if value is not None and value.kind is K.PATTERN and value.raw == "as_pattern":
                adopt(child, value.get("value"), value.get("target"))
    return node


def _match(node: Node, source: bytes) -> Node:
    cases: list[Node] = []
    for child in node.children:
        if child.kind is K.BLOCK:
            cases.extend(child.children)
    for case in cases:
        case.field = ""
    return adopt(node, node.get("subject"), *cases)


def _case(node: Node, source: bytes) -> Node:
    guard = node.get("cond")
    if guard is not None and guard.kind is K.COMP_IF and guard.children:
        inner = guard.children[0]
        inner.field = "cond"
        adopt(node, *(inner if child is guard else child for child in node.children))
    values = node.all("value")
    if guard is None and len(values) == 1 and source[values[0].start : values[0].end].strip() == b"_":
        node.text = "default"
    return node


REWRITES: dict[str, Rewrite] = {
    "if_statement": _if,
    "for_statement": _loop,
    "while_statement": _loop,
    "try_statement": _unwrap_else,
    "except_clause": _catch,
    "except_group_clause": _catch,
    "with_statement": _with,
    "match_statement": _match,
    "case_clause": _case,
}
