"""Shapes that a reader pays for: guards as nesting, blocks written twice, flags, code after the end."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.conditions import is_fact
from dataset_curation.injection.structures.model import (
    PYTHON,
    Draft,
    block_of,
    function_of,
    gap,
    has_long_text,
    is_simple,
    lines_of,
    names_in,
    negation,
    nodes,
    share_values,
    stands_alone,
    statement_end_sign,
)
from dataset_curation.injection.structures.renaming import is_free
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import owns_lines, statement_end
from graph_model.edits.scene import Scene, fresh_name
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_NAMED = {Family.PYTHON: "{} = {}", Family.JAVASCRIPT: "const {} = {}", Family.JAVA: "boolean {} = {}",
          Family.CSHARP: "bool {} = {}"}  # fmt: skip
_LEAST_TWICE, _MOST_TWICE = 2, 12  # statements of a block written twice, and its lines


def name_condition(scene: Scene, guard: Node, cond: Node, words: str = "should_skip") -> tuple[Edit, ...]:
    """The condition of an `if` as a variable before it; none where that is not plain."""
    try:
        name = fresh_name(
            scene, guard, words if scene.family is PYTHON else re.sub("_(.)", lambda m: m[1].upper(), words)
        )
    except Declined:
        return ()
    line = _NAMED[scene.family].format(name, scene.text(cond)) + statement_end_sign(scene)
    if "\n" in line or cond.kind is K.ASSIGN or _declares(scene, cond):
        return ()
    lead = f"{line}{scene.newline}{scene.indent(guard.start)}"
    return (Edit(guard.start, guard.start, lead.encode()), Edit(cond.start, cond.end, name.encode()))


def _declares(scene: Scene, cond: Node) -> bool:
    """Whether a condition may name a new variable, whose reach depends on where it stands."""
    return re.search(r"\bout\b|\bis\b|\binstanceof\b|:=", scene.text(cond)) is not None and (
        scene.family is not PYTHON or ":=" in scene.text(cond)
    )


def block_duplicated(scene: Scene) -> Iterator[Draft]:
    """`if a or b:` as `if a:` and `elif b:` with the same block twice."""
    for owner in nodes(scene, K.IF):
        cond, body = owner.get("cond"), owner.get("body") if function_of(owner) is not None else None
        left, right = (cond.get("left"), cond.get("right")) if cond is not None else (None, None)
        if cond is None or body is None or left is None or right is None or cond.kind is not K.BOOLEAN:
            continue
        if gap(scene, left, right) not in ("or", "||") or K.BOOLEAN in (left.kind, right.kind) or not body.raw:
            continue
        if (
            has_long_text(scene, body)
            or _declares(scene, cond)
            or len(body.children) < _LEAST_TWICE
            or not owns_lines(scene, body.children[0])
            or scene.source.count(b"\n", body.start, body.end) > _MOST_TWICE
        ):
            continue
        yield _written_twice(scene, owner, left, right, body)


def _starts_line(scene: Scene, body: Node) -> bool:
    return bool(body.children) and owns_lines(scene, body.children[0])


def _written_twice(scene: Scene, owner: Node, left: Node, right: Node, body: Node) -> Draft:
    text, indent, newline = scene.between(body.start, body.end), scene.indent(owner.start), scene.newline
    first = Edit(left.start, right.end, scene.text(left).encode())
    if scene.family is PYTHON:
        inner = scene.indent(body.children[0].start)
        again = f"{newline}{indent}elif {scene.text(right)}:{newline}{inner}{text}"
    else:
        head = f"else if ({scene.text(right)})"
        apart = f"{newline}{indent}"
        again = f"{apart}{head}{apart}{text}" if stands_alone(scene, body) else f" {head} {text}"
    twin = Edit(left.start, right.end, f"{scene.text(right)} {gap(scene, left, right)} {scene.text(left)}".encode())
    strangers = not names_in(left) & names_in(right) - {"this", "self"}
    plain = (is_fact(left) and is_fact(right) and strangers) or _ask_alike(scene, left, right)
    edits = (first, Edit(body.end, body.end, again.encode()))
    return Draft(owner.start, body.end, edits, (twin,) if plain else (), renames=not plain)


def _ask_alike(scene: Scene, left: Node, right: Node) -> bool:
    """Whether two conditions call the same with plain values, so that neither guards the other."""
    callees = [one.get("callee") for one in (left, right)]
    given = [one.get("args") for one in (left, right)]
    if left.kind is not K.CALL or right.kind is not K.CALL or None in callees or None in given:
        return False
    plain = all(is_simple(one) for args in given if args is not None for one in args.children)
    texts = {scene.text(one) for one in callees if one is not None}
    return plain and len(texts) == 1


def branch_copied(scene: Scene) -> Iterator[Draft]:
    """The block of `else` replaced by a copy of the other one."""
    for owner in nodes(scene, K.IF):
        cond, body, orelse = owner.get("cond"), owner.get("body"), owner.get("orelse")
        if cond is None or body is None or orelse is None or orelse.kind is not K.BLOCK or owner.field == "orelse":
            continue
        texts = [scene.between(one.start, one.end) for one in (body, orelse)]
        opposite = negation(scene, cond)
        if opposite is None or not body.children or not body.raw or not orelse.raw or texts[0] == texts[1]:
            continue
        if scene.indent(body.children[0].start) != scene.indent(orelse.children[0].start if orelse.children else 0):
            continue
        if not _say_alike(body, orelse) or share_values(scene, cond, body):
            continue  # a branch that uses what is asked for would fail at once in the other's place
        twin = (
            Edit(cond.start, cond.end, opposite.encode()),
            Edit(body.start, body.end, texts[1].encode()),
            Edit(orelse.start, orelse.end, texts[0].encode()),
        )
        yield Draft(orelse.start, orelse.end, (Edit(orelse.start, orelse.end, texts[0].encode()),), twin)


def _say_alike(body: Node, orelse: Node) -> bool:
    """Whether both blocks are short and of the same statements, as blocks are that were copied and then changed."""
    kinds = [[one.kind for one in block.children] for block in (body, orelse)]
    return kinds[0] == kinds[1] and len(kinds[0]) <= 3 and kinds[0][0] is not K.THROW


_TELLING = re.compile(
    r"(?i)^(?:self\.|this\.|_+)*(?:log|logger|_?logger|logging|console|trace|print|debug|info|warn|warning|write_?line|metrics"
    r"|stats|counter|telemetry)\b"
)


def unreachable_code(scene: Scene) -> Iterator[Draft]:
    """The statement before a `return` or a `throw`, behind it: moved where it only tells something, left there twice
    otherwise."""
    for node in nodes(scene, K.RETURN, K.THROW):
        siblings = block_of(node)
        position = next((idx for idx, one in enumerate(siblings) if one is node), 0)
        before = siblings[position - 1] if position else None
        if before is None or before.kind is not K.CALL or function_of(node) is None or siblings[-1] is not node:
            continue
        first, second = lines_of(scene, before, before), lines_of(scene, node, node)
        if "\n" in scene.text(before) or "raise_for" in scene.text(before):
            continue
        if first is None or second is None or first[1] != second[0] or scene.source[second[1] - 1 : second[1]] != b"\n":
            continue
        callee, text = before.get("callee"), scene.text(node)
        if callee is None or "default!" in text or (node.kind is K.RETURN and _is_tried(node)):
            continue
        lines = scene.source[slice(*first)]
        tells = _TELLING.match(scene.text(callee)) is not None
        edits = (Edit(second[1], second[1], lines), *((Edit(*first, b""),) if tells else ()))
        twin = _named_first(scene, node)
        yield Draft(node.start, statement_end(scene, node), edits, twin, renames=not twin)


def _is_tried(node: Node) -> bool:
    return any(one.kind is K.TRY for one in _around(node))


def _around(node: Node) -> Iterator[Node]:
    above = node.parent
    while above is not None and above.kind is not K.FUNCTION:
        yield above
        above = above.parent


_FORMS = {Family.PYTHON: "{} = ", Family.JAVASCRIPT: "const {} = ", Family.CSHARP: "var {} = "}


def _named_first(scene: Scene, node: Node) -> tuple[Edit, ...]:
    """What is returned or raised under a name of its own first; none for what has one."""
    value = node.get("value")
    if value is None or value.kind not in (K.CALL, K.NEW, K.AWAIT, K.BINARY, K.INDEX) or "\n" in scene.text(node):
        return ()
    word = "error" if node.kind is K.THROW else "result"
    if not is_free(scene, word) or scene.family not in _FORMS or scene.text(node).endswith(" from None"):
        return ()
    stop = ";" if scene.source[value.end : value.end + 1] == b";" else ""
    lead = _FORMS[scene.family].format(word)
    keyword = scene.between(node.start, value.start)
    named = f"{lead}{scene.text(value)}{stop}{scene.newline}{scene.indent(node.start)}{keyword}{word}"
    return (Edit(node.start, value.end, named.encode()),)
