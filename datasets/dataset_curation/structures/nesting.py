"""Shapes that a reader pays for: guards as nesting, blocks written twice, flags, code after the end."""

from collections.abc import Iterator

from dataset_curation.structures.model import (
    CSHARP,
    PYTHON,
    Draft,
    block_of,
    function_of,
    functions,
    gap,
    has_long_text,
    is_simple,
    lines_of,
    negation,
    nodes,
    parameters,
    shifted,
    step_of,
)
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import owns_lines, statement_end
from graph_model.edits.scene import Scene, fresh_name
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_NAMED = {Family.PYTHON: "{} = {}", Family.JAVASCRIPT: "const {} = {};", Family.JAVA: "boolean {} = {};",
          Family.CSHARP: "bool {} = {};"}  # fmt: skip
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
        nested = f"if ({text}) {{{newline}{inner}{indent}}}{newline}"
    edit = Edit(guard.start, lines[1], nested.encode())
    return Draft(guard.start, cond.end, (edit,), _condition_named(scene, guard, cond))


def _condition_named(scene: Scene, guard: Node, cond: Node) -> tuple[Edit, ...]:
    """The condition as a variable before the guard."""
    is_bool = cond.kind in (K.COMPARE, K.NOT) or scene.family is PYTHON
    try:
        name = fresh_name(scene, guard, "is_done" if scene.family is PYTHON else "isDone")
    except Declined:
        return ()
    line = _NAMED[scene.family].format(name, scene.text(cond))
    if not is_bool or "\n" in line or cond.kind is K.ASSIGN:
        return ()
    lead = f"{line}{scene.newline}{scene.indent(guard.start)}"
    return (Edit(guard.start, guard.start, lead.encode()), Edit(cond.start, cond.end, name.encode()))


def block_duplicated(scene: Scene) -> Iterator[Draft]:
    """`if a or b:` as `if a:` and `elif b:` with the same block twice."""
    for owner in nodes(scene, K.IF):
        cond, body = owner.get("cond"), owner.get("body")
        left, right = (cond.get("left"), cond.get("right")) if cond is not None else (None, None)
        if cond is None or body is None or left is None or right is None or cond.kind is not K.BOOLEAN:
            continue
        if gap(scene, left, right) not in ("or", "||") or K.BOOLEAN in (left.kind, right.kind) or not body.raw:
            continue
        if has_long_text(scene, body) or not body.children or not owns_lines(scene, body.children[0]):
            continue
        yield _written_twice(scene, owner, left, right, body)


def _written_twice(scene: Scene, owner: Node, left: Node, right: Node, body: Node) -> Draft:
    text, indent, newline = scene.between(body.start, body.end), scene.indent(owner.start), scene.newline
    first = Edit(left.start, right.end, scene.text(left).encode())
    if scene.family is PYTHON:
        inner = scene.indent(body.children[0].start)
        again = f"{newline}{indent}elif {scene.text(right)}:{newline}{inner}{text}"
    else:
        again = f" else if ({scene.text(right)}) {text}"
    twin = Edit(left.start, right.end, f"{scene.text(right)} {gap(scene, left, right)} {scene.text(left)}".encode())
    plain = is_simple(left, with_calls=True) and is_simple(right, with_calls=True)
    edits = (first, Edit(body.end, body.end, again.encode()))
    return Draft(owner.start, body.end, edits, (twin,) if plain else (), renames=not plain)


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
        if not _say_alike(body, orelse):
            continue
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
    """A parameter that decides in which form the result comes, or (C#) whether the last step is done."""
    for function in functions(scene):
        params, body = function.get("params"), function.get("body")
        if params is None or body is None or len(body.children) < 5 or function.all("decorators"):
            continue
        last = body.children[-1]
        names = list(parameters(function))
        value = last.get("value")
        plain = all(one.kind is K.PARAM and not one.text for one in params.children)
        if not names or not plain or "\n" in scene.text(last) or not owns_lines(scene, last) or len(names) > 4:
            continue
        if (
            any(n.kind in (K.YIELD, K.AWAIT) for n in function.walk())
            or scene.source[params.end - 1 : params.end] != b")"
        ):
            continue
        if last.kind is K.RETURN and value is not None and value.kind in (K.NAME, K.CALL, K.MEMBER):
            if scene.family is not CSHARP:
                yield _as_text(scene, function, last, value)
        elif last.kind is K.CALL and scene.family is CSHARP and "override" not in function.text.split():
            yield _last_step(scene, params, last)


def _parameter(params: Node, text: str) -> Edit:
    last = params.children[-1]
    return Edit(last.end, last.end, f", {text}".encode())


def _as_text(scene: Scene, function: Node, last: Node, value: Node) -> Draft:
    params = function.get("params")
    assert params is not None  # asked for before
    text, indent, newline = scene.text(value), scene.indent(last.start), scene.newline
    if scene.family is PYTHON:
        lines: tuple[str, ...] = (
            "if as_text:",
            f"{indent}    return str({text})",
            f"{indent}else:",
            f"{indent}    return {text}",
        )
        flag, option, other = "as_text=False", "default=None", f"return default if {text} is None else {text}"
    else:
        inner = f"{indent}{step_of(scene, function, last)}return "
        lines = ("if (asText) {", f"{inner}String({text});", f"{indent}}} else {{", f"{inner}{text};", f"{indent}}}")
        flag, option, other = "asText = false", "fallback = undefined", f"return ({text}) ?? fallback;"
    edits = (_parameter(params, flag), Edit(last.start, last.end, newline.join(lines).encode()))
    return Draft(
        params.start, params.end, edits, (_parameter(params, option), Edit(last.start, last.end, other.encode()))
    )


def _last_step(scene: Scene, params: Node, last: Node) -> Draft:
    end, indent, newline = statement_end(scene, last), scene.indent(last.start), scene.newline
    call = scene.text(last)
    lines = ("if (dryRun)", f"{indent}{{", f"{indent}    return;", f"{indent}}}", f"{indent}else", f"{indent}{{",
             f"{indent}    {call};", f"{indent}}}")  # fmt: skip
    loop = (
        "for (var attempt = 0; attempt < attempts; attempt++)",
        f"{indent}{{",
        f"{indent}    {call};",
        f"{indent}}}",
    )
    edits = (_parameter(params, "bool dryRun = false"), Edit(last.start, end, newline.join(lines).encode()))
    twin = (_parameter(params, "int attempts = 1"), Edit(last.start, end, newline.join(loop).encode()))
    return Draft(params.start, params.end, edits, twin)
