"""C# patterns, switch expressions and LINQ queries in normalised syntax."""

from collections.abc import Iterable

from graph_model.kinds import LITERAL_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages.csharp_expressions import bind_name, first_child, make_pair
from graph_model.languages.csharp_types import as_type, clone, make_node, retype, with_role
from graph_model.syntax import Node, Rewrite, adopt, dotted_name

_MAX_ARMS = 8  # a longer switch expression reads as a table, not as nested conditions


def _pattern(node: Node, source: bytes) -> Node:
    """PATTERN(type?, target?, parts): what it captures has the role `target`. `> 2` is a COMPARE without left."""
    if node.raw == "relational_pattern":
        bound = first_child(node)
        node.kind = K.COMPARE
        node.text = (
            source[node.start : bound.start if bound is not None else node.end].decode("utf-8", "replace").strip()
        )
        return adopt(node, with_role(bound, "right"))
    for child in node.children:
        if child.field == "name":
            child.field = "target"
        elif child.raw == "parenthesized_variable_designation":
            child.field = ""
    retype(node)
    return node


def _designation(node: Node, source: bytes) -> Node:
    for child in node.children:
        child.field = "target" if child.field == "name" else ""
    return node


def _subpattern(node: Node, source: bytes) -> Node:
    """PAIR(value; text: the member) of `{ Member: pattern }`."""
    value = node.children[-1] if node.children else None
    if len(node.children) > 1:
        node.text = dotted_name(node.children[0])
    return adopt(node, with_role(value, "value"))


def take_captures(pattern: Node) -> list[Node]:
    """The variables that a pattern captures, each with its written type as only child; they leave the pattern."""
    captured: list[Node] = []
    for node in list(pattern.walk()):
        if node.kind is not K.PATTERN:
            continue
        target, declared = node.get("target"), node.get("type")
        if target is not None and target.kind is K.NAME:
            adopt(node, *(child for child in node.children if child.field != "target"))
            captured.extend(node_target for node_target in [target] if node_target.text != "_")
            adopt(target, clone(declared) if declared is not None else None)
    return captured


def _is(node: Node, source: bytes) -> Node:
    """`x is P` as TYPE_TEST or COMPARE; what it captures is assigned from x."""
    value, pattern = node.get("value"), node.get("pattern") or as_type(node.get("type"))
    role = node.field
    if value is None or pattern is None:
        return node
    for name in take_captures(pattern):
        value = bind_name(name, value)
    test = pattern_test(node, value, pattern)
    test.field = role
    return test


def pattern_test(place: Node, value: Node | None, pattern: Node) -> Node:
    """The condition that `value` matches `pattern`."""
    if pattern.kind is K.NOT:
        inner = pattern.get("value") or make_node(K.PATTERN, pattern)
        test = pattern_test(place, value, inner)
        if test.kind is K.COMPARE and test.text == "==":
            test.text = "!="
            return test
        return adopt(make_node(K.NOT, place), with_role(test, "value"))
    if pattern.kind in LITERAL_KINDS or pattern.kind is K.UNARY:
        return adopt(make_node(K.COMPARE, place, "", "=="), with_role(value, "left"), with_role(pattern, "right"))
    if pattern.raw == "relational_pattern":
        return adopt(make_node(K.COMPARE, place, "", pattern.text), with_role(value, "left"), pattern.get("right"))
    test = make_node(K.TYPE_TEST, place)
    if pattern.kind in (K.NAME, K.MEMBER, K.TYPE_REF):
        return adopt(test, with_role(value, "value"), as_type(pattern))
    declared = pattern.get("type")
    if declared is not None and len(pattern.children) == 1:
        return adopt(test, with_role(value, "value"), declared)
    return adopt(test, with_role(value, "value"), clone(declared) if declared else None, with_role(pattern, ""))


def _negated(node: Node, source: bytes) -> Node:
    return adopt(node, with_role(first_child(node), "value"))


def _when(node: Node, source: bytes) -> Node:
    node.field = "cond"
    return node


def _arm(node: Node, source: bytes) -> Node:
    """CASE(value, cond?, body) of a switch expression, until the switch takes it apart."""
    guard = node.get("cond")
    rest = [child for child in node.children if child is not guard]
    if rest and rest[0].kind is K.NAME and rest[0].text == "_":
        node.text = "default"
    body = rest[-1] if len(rest) > 1 else None
    return adopt(node, with_role(rest[0] if rest else None, "value"), guard, with_role(body, "body"))


def _switch_expression(node: Node, source: bytes) -> Node:
    """Nested TERNARYs; with many arms INDEX(DICT of the arms, subject)."""
    role, subject = node.field, first_child(node)
    arms = [child for child in node.children if child.kind is K.CASE]
    if subject is None or not arms:
        return node
    again = clone(subject) if subject.kind is K.NAME or dotted_name(subject) else None
    for arm in arms:
        for name in take_captures(arm):
            subject = bind_name(name, subject)
    table = len(arms) > _MAX_ARMS or arms[0].text == "default"
    result = _lookup_arms(node, subject, arms) if table else _nest_arms(node, subject, again, arms)
    result.field = role
    return result


def _lookup_arms(node: Node, subject: Node, arms: Iterable[Node]) -> Node:
    pairs = [make_pair(arm.get("value"), arm.get("body"), arm) for arm in arms]
    table = adopt(make_node(K.DICT, node, "obj"), *pairs)
    return adopt(make_node(K.INDEX, node), table, with_role(subject, "key"))


def _nest_arms(node: Node, subject: Node, again: Node | None, arms: list[Node]) -> Node:
    """The first condition evaluates the subject; the others repeat it when it is a plain name."""
    last = arms[-1]
    result = last.get("body") if last.text == "default" and last.get("cond") is None else None
    tested = arms[:-1] if result is not None else arms
    result = result or Node(K.NULL, "", node.end, node.end)
    for arm in reversed(tested):
        value = subject if arm is arms[0] else clone(again) if again is not None else None
        pattern, guard = arm.get("value"), arm.get("cond")
        cond = pattern_test(arm, value, pattern) if pattern is not None else make_node(K.BOOL, arm, "", "true")
        if guard is not None:
            cond = adopt(make_node(K.BOOLEAN, arm, "", "and"), with_role(cond, "left"), with_role(guard, "right"))
        ternary = Node(K.TERNARY, "", arm.start, result.end)
        body = with_role(arm.get("body"), "body")
        result = adopt(ternary, with_role(cond, "cond"), body, with_role(result, "orelse"))
    result.start = node.start
    return result


# Queries -------------------------------------------------------------------------------------------------------------


def _query_clause(node: Node, source: bytes) -> Node:
    """COMP_FOR(target, iter) of `from`, `join` and `let`, with a COMP_IF(cond) below; COMP_IF of `where`."""
    if node.raw == "where_clause":
        return adopt(node, with_role(first_child(node), "cond"))
    parts = [child for child in node.children if child.field != "type" and child.raw != "join_into_clause"]
    if len(parts) < 2:
        return node
    target, iterated = parts[0], parts[1]
    if node.raw == "let_clause":
        iterated = adopt(make_node(K.LIST, iterated), with_role(iterated, ""))
    matched: Node | None = None
    into = next((child for child in node.children if child.raw == "join_into_clause" and child.children), None)
    grouped: Node | None = None
    if into is not None:
        elements = adopt(make_node(K.LIST, into, "iter"), clone(target, ""))
        grouped = adopt(make_node(K.COMP_FOR, into), with_role(first_child(into), "target"), elements)
    if len(parts) == 4:
        sides = (with_role(parts[2], "left"), with_role(parts[3], "right"))
        matched = adopt(make_node(K.COMP_IF, node), adopt(make_node(K.COMPARE, node, "cond", "=="), *sides))
    return adopt(node, with_role(target, "target"), with_role(iterated, "iter"), matched, grouped)


def _query(node: Node, source: bytes) -> Node:
    """COMPREHENSION; `into x` starts another one over the first."""
    clauses: list[Node] = []
    done: Node | None = None
    for child in node.children:
        if child.raw in ("select_clause", "group_clause"):
            body = child if child.raw == "group_clause" else first_child(child)
            done = adopt(make_node(K.COMPREHENSION, node, "", "generator"), with_role(body, "body"), *clauses)
            clauses = []
        elif child.kind is K.NAME and done is not None:
            clauses = [adopt(make_node(K.COMP_FOR, child), with_role(child, "target"), with_role(done, "iter"))]
        else:
            clauses.append(child)
            for inner in [part for part in child.children if part.kind in (K.COMP_IF, K.COMP_FOR)]:
                child.children.remove(inner)
                clauses.append(inner)
    if done is None:
        return node
    done.field = node.field
    return done


REWRITES: dict[str, Rewrite] = {
    "declaration_pattern": _pattern,
    "recursive_pattern": _pattern,
    "var_pattern": _pattern,
    "type_pattern": _pattern,
    "list_pattern": _pattern,
    "relational_pattern": _pattern,
    "parenthesized_variable_designation": _designation,
    "subpattern": _subpattern,
    "negated_pattern": _negated,
    "is_pattern_expression": _is,
    "is_expression": _is,
    "when_clause": _when,
    "switch_expression_arm": _arm,
    "switch_expression": _switch_expression,
    **dict.fromkeys(("from_clause", "join_clause", "let_clause", "where_clause"), _query_clause),
    "query_expression": _query,
}
