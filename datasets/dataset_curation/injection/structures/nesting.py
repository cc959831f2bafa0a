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
    shifted,
    stands_alone,
    statement_end_sign,
    step_of,
)
from dataset_curation.injection.structures.renaming import is_free, local_uses, reworded
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import owns_lines, statement_end
from graph_model.edits.scene import Scene, fresh_name
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_NAMED = {Family.PYTHON: "{} = {}", Family.JAVASCRIPT: "const {} = {}", Family.JAVA: "boolean {} = {}",
          Family.CSHARP: "bool {} = {}"}  # fmt: skip
_MAX_LINES = 24
_LONG, _DEEP = 8, 2  # lines behind a guard, and blocks in them
_LEAST_TWICE, _MOST_TWICE = 2, 12  # statements of a block written twice, and its lines
_QUESTIONS = ("should_skip", "nothing_to_do", "is_done", "can_stop")


def guard_nested(scene: Scene) -> Iterator[Draft]:
    """`if not ready: return` and the rest as `if ready:` with the rest inside."""
    for guard in nodes(scene, K.IF):
        siblings, body, cond = block_of(guard), guard.get("body"), guard.get("cond")
        if not siblings or body is None or cond is None or len(body.children) != 1 or function_of(guard) is None:
            continue
        position = next(idx for idx, one in enumerate(siblings) if one is guard)
        rest = siblings[position + 1 :]
        if len(rest) < 2 or guard.field == "orelse" or guard.get("orelse") is not None:
            continue
        if not _is_leaving(guard, body.children[0]):
            continue
        draft = _nested(scene, guard, cond, rest)
        if draft is not None:
            yield draft


def _is_leaving(guard: Node, jump: Node) -> bool:
    """`return` without a value in a function's own block, or `continue` in a loop's."""
    block = guard.parent
    owner = block.parent if block is not None else None
    if owner is None:
        return False
    if jump.kind is K.RETURN and not jump.children:
        return owner.kind is K.FUNCTION
    return jump.kind is K.CONTINUE and not jump.text and owner.kind in LOOP_KINDS


def _nested(scene: Scene, guard: Node, cond: Node, rest: list[Node]) -> Draft | None:
    text, lines = negation(scene, cond), lines_of(scene, rest[0], rest[-1])
    if text is None or lines is None or not owns_lines(scene, guard) or any(has_long_text(scene, one) for one in rest):
        return None
    if not _is_worth_a_guard(scene, guard, cond, rest):
        return None
    body = guard.get("body")
    around = guard.parent.parent if guard.parent is not None else None
    step = step_of(scene, around, guard) if body is not None and around is not None else "    "
    between = scene.between(scene.next_line(guard.end), lines[0]).strip()
    inner = shifted(scene.between(*lines), more=step)
    if inner is None or between or inner.count("\n") > _MAX_LINES:
        return None
    indent, newline = scene.indent(guard.start), scene.newline
    if scene.family is PYTHON:
        nested = f"if {text}:{newline}{inner}"
    else:
        opening = f"{newline}{indent}{{" if _is_brace_apart(scene, guard) else " {"
        nested = f"if ({text}){opening}{newline}{inner}{indent}}}{newline}"
    edit = Edit(guard.start, lines[1], nested.encode())
    renamed = tuple(_all_renamed(scene, guard, rest))
    named = name_condition(scene, guard, cond, _QUESTIONS[sum(scene.text(cond).encode()) % len(_QUESTIONS)])
    return Draft(guard.start, cond.end, (edit,), (*named, *renamed) if named else renamed)


def _is_worth_a_guard(scene: Scene, guard: Node, cond: Node, rest: list[Node]) -> bool:
    """Whether a reader is spared something: much follows, deep itself; no `not` goes away with the guard, and nobody
    explained it."""
    if cond.kind is K.NOT or rest[-1].kind in (K.BREAK, K.CONTINUE):
        return False
    if cond.kind is K.COMPARE and gap(scene, cond.children[0], cond.children[-1]) in ("!=", "!==", "is not", "not in"):
        return False
    num_lines = scene.source.count(b"\n", rest[0].start, rest[-1].end) + 1
    above = scene.source[: scene.line_start(guard.start)].rstrip().rpartition(b"\n")[2].strip()
    is_explained = above.startswith((b"#", b"//", b"*", b"/*")) or any(
        guard.start <= start < guard.end for start, _ in scene.tree.comments
    )
    return not is_explained and (_depth(rest) >= _DEEP or (num_lines >= _LONG and _depth(rest) > 0))


def _depth(statements: list[Node]) -> int:
    """How many blocks the deepest of some statements lies in."""
    deepest = 0
    for statement in statements:
        for node in statement.walk():
            level, above = 0, node
            while above is not statement and above.parent is not None:
                level, above = level + (above.kind is K.BLOCK), above.parent
            deepest = max(deepest, level)
    return deepest


def _is_brace_apart(scene: Scene, guard: Node) -> bool:
    function = function_of(guard)
    bodies = [guard.get("body"), function.get("body") if function is not None else None]
    return any(body is not None and stands_alone(scene, body) for body in bodies)


def _all_renamed(scene: Scene, guard: Node, rest: list[Node]) -> Iterator[Edit]:
    """Every variable renamed that only the code behind the guard has: many lines change, as when nested."""
    function = function_of(guard)
    for places in local_uses(scene, function).values() if function is not None else ():
        if all(rest[0].start <= one.start for one in places):
            yield from reworded(scene, places)


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
