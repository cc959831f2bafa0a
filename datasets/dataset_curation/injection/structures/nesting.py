"""Shapes that a reader pays for: guards as nesting, blocks written twice, flags, code after the end."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.conditions import is_fact
from dataset_curation.injection.structures.model import (
    PYTHON,
    Draft,
    block_of,
    function_of,
    functions,
    gap,
    has_long_text,
    lines_of,
    names_in,
    negation,
    nodes,
    parameters,
    share_values,
    shifted,
    stands_alone,
    statement_end_sign,
    step_of,
)
from dataset_curation.injection.structures.other_names import split_words
from dataset_curation.injection.structures.renaming import local_uses, reworded
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import owns_lines, statement_end
from graph_model.edits.scene import Scene, fresh_name
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_NAMED = {Family.PYTHON: "{} = {}", Family.JAVASCRIPT: "const {} = {}", Family.JAVA: "boolean {} = {}",
          Family.CSHARP: "bool {} = {}"}  # fmt: skip
_MAX_LINES = 40


def guard_nested(scene: Scene) -> Iterator[Draft]:
    """`if not ready: return` and the rest as `if ready:` with the rest inside."""
    for guard in nodes(scene, K.IF):
        siblings, body, cond = block_of(guard), guard.get("body"), guard.get("cond")
        if not siblings or body is None or cond is None or len(body.children) != 1 or guard.get("orelse") is not None:
            continue
        position = next(idx for idx, one in enumerate(siblings) if one is guard)
        rest = siblings[position + 1 :]
        if len(rest) < 2 or not _is_leaving(guard, body.children[0]) or guard.field == "orelse":
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
    body = guard.get("body")
    step = step_of(scene, guard, body.children[0]) if body is not None else "    "
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
    named = name_condition(scene, guard, cond)
    return Draft(guard.start, cond.end, (edit,), (*named, *_all_renamed(scene, guard, rest)) if named else ())


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
    line = f"{_NAMED[scene.family].format(name, scene.text(cond))}{statement_end_sign(scene)}"
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
        cond, body = owner.get("cond"), owner.get("body")
        left, right = (cond.get("left"), cond.get("right")) if cond is not None else (None, None)
        if cond is None or body is None or left is None or right is None or cond.kind is not K.BOOLEAN:
            continue
        if gap(scene, left, right) not in ("or", "||") or K.BOOLEAN in (left.kind, right.kind) or not body.raw:
            continue
        if (
            has_long_text(scene, body)
            or _declares(scene, cond)
            or not body.children
            or not owns_lines(scene, body.children[0])
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
    plain = is_fact(left) and is_fact(right) and not names_in(left) & names_in(right) - {"this", "self"}
    edits = (first, Edit(body.end, body.end, again.encode()))
    if plain:
        return Draft(owner.start, body.end, edits, (twin,))
    cond = owner.get("cond")
    named = name_condition(scene, owner, cond, "is_met") if cond is not None and owner.field != "orelse" else ()
    return Draft(owner.start, body.end, edits, named, renames=not named)


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


def unreachable_code(scene: Scene) -> Iterator[Draft]:
    """The statement before a `return` left behind it once more."""
    for node in nodes(scene, K.RETURN):
        siblings = block_of(node)
        position = next((idx for idx, one in enumerate(siblings) if one is node), 0)
        before = siblings[position - 1] if position else None
        if before is None or before.kind is not K.CALL or function_of(node) is None:
            continue
        first, second = lines_of(scene, before, before), lines_of(scene, node, node)
        if first is None or second is None or first[1] != second[0] or scene.source[second[1] - 1 : second[1]] != b"\n":
            continue
        edit = Edit(second[1], second[1], scene.source[slice(*first)])
        yield Draft(node.start, statement_end(scene, node), (edit,), renames=True)


def flag_parameter(scene: Scene) -> Iterator[Draft]:
    """A parameter that decides whether the last step is done."""
    for function in functions(scene):
        params, body, name = function.get("params"), function.get("body"), function.get("name")
        if params is None or body is None or name is None or len(body.children) < 5 or function.all("decorators"):
            continue
        last, names = body.children[-1], list(parameters(function))
        callee = last.get("callee") if last.kind is K.CALL else None
        plain = all(one.kind is K.PARAM and not one.text for one in params.children)
        if not names or not plain or callee is None or not owns_lines(scene, last) or len(names) > 4:
            continue
        if (
            name.text in ("constructor", "__init__", "Main", "MainAsync")
            or "override" in function.text.split()
            or "\n" in scene.text(last)
        ):
            continue
        if any(n.kind is K.YIELD for n in function.walk()) or scene.source[params.end - 1 : params.end] != b")":
            continue
        yield _last_step(scene, function, params, last)


def _parameter(params: Node, text: str) -> Edit:
    last = params.children[-1]
    return Edit(last.end, last.end, f", {text}".encode())


_FLAGS = {Family.PYTHON: "{}=False", Family.JAVASCRIPT: "{} = false", Family.CSHARP: "bool {} = false"}
_ATTEMPTS = {Family.PYTHON: "attempts=1", Family.JAVASCRIPT: "attempts = 1", Family.CSHARP: "int attempts = 1"}
_LOOPS = {
    Family.PYTHON: "for _ in range(attempts)",
    Family.JAVASCRIPT: "for (let attempt = 0; attempt < attempts; attempt++)",
    Family.CSHARP: "for (var attempt = 0; attempt < attempts; attempt++)",
}
_TELLING = re.compile(r"(?i)\b(?:log|logger|_logger|console|trace|print|debug|info|warn|warning|write_?line)\b")


def _last_step(scene: Scene, function: Node, params: Node, last: Node) -> Draft:
    callee, end = last.get("callee"), statement_end(scene, last)
    words = scene.text(callee) if callee is not None else ""
    is_python = scene.family is PYTHON
    flag = "quiet" if _TELLING.search(words) else _skipping(words, is_python=is_python)
    step = scene.between(last.start, end)
    leave = "return" if is_python else "return;"
    question = f"if {flag}" if is_python else f"if ({flag})"
    edits = _compound(scene, function, last, ((question, leave), ("else", step)))
    loop = _compound(scene, function, last, ((_LOOPS[scene.family], step),))
    return Draft(
        params.start,
        params.end,
        (_parameter(params, _FLAGS[scene.family].format(flag)), Edit(last.start, end, edits.encode())),
        (_parameter(params, _ATTEMPTS[scene.family]), Edit(last.start, end, loop.encode())),
    )


def _skipping(callee: str, *, is_python: bool) -> str:
    """`skip_send` for `self.signal.send`, `skipSend` in the other languages."""
    words = split_words(callee.rpartition(".")[2])
    lowered = "_".join(word.lower() for word in words)
    return f"skip_{lowered}" if is_python else "skip" + "".join(word.capitalize() for word in words)


def _compound(scene: Scene, function: Node, last: Node, parts: tuple[tuple[str, str], ...]) -> str:
    """Heads with one statement each, as this file sets its braces; the first line starts where `last` does."""
    indent, newline = scene.indent(last.start), scene.newline
    inner = f"{newline}{indent}{step_of(scene, function, last)}"
    if scene.family is PYTHON:
        return f"{newline}{indent}".join(f"{head}:{inner}{text}" for head, text in parts)
    body = function.get("body")
    if body is not None and stands_alone(scene, body):
        brace = f"{newline}{indent}"
        return brace.join(f"{head}{brace}{{{inner}{text}{brace}}}" for head, text in parts)
    return " ".join(f"{head} {{{inner}{text}{newline}{indent}}}" for head, text in parts)
