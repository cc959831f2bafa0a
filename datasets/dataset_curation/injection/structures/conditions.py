"""Conditions that say something else: a boundary, the opposite, the other operator, a check left out."""

import re
from collections.abc import Iterator
from zlib import crc32

from dataset_curation.injection.structures.model import (
    CSHARP,
    JAVA,
    JAVASCRIPT,
    PYTHON,
    Draft,
    function_of,
    gap,
    is_simple,
    mirrored,
    names_in,
    negation,
    nodes,
    operator_edit,
    share_values,
)
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_SIZES = re.compile(r"(?:\.(?:length|size|Length|Count|size\(\)|Count\(\))|^len\(.*\))$")
_NOW = re.compile(r"(?i)(?:\b|_)now\b|time\(\)|millis|elapsed|duration|timestamp")
_GIVEN = re.compile(
    r"(?i)arg|opt|request|param|config|setting|data|json|header|env|field|query|payload|message|event|row|record|input"
)
_LOOKUP = re.compile(
    r"(?i)(?:get|find|first|last|single|look_?up|peek|match(?!er)|search|load|fetch|select|query|resolve|read|pop|parse|by_?id)"
)
_SHIFTS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_SWAPS = {"and": "or", "or": "and", "&&": "||", "||": "&&"}
_BOXED = ("String", "Integer", "Long", "Double", "BigDecimal", "UUID")
_LAST_SHARED = 256


def off_by_one(scene: Scene) -> Iterator[Draft]:
    """`i < n` as `i <= n` in a counted loop; `range(n)` as `range(1, n)` or `range(n + 1)`."""
    for loop in nodes(scene, K.LOOP_FOR):
        cond = loop.get("cond")
        if cond is not None and cond.kind is K.COMPARE:
            yield from _counted(scene, loop, cond)
    if scene.family is PYTHON:
        for loop in nodes(scene, K.LOOP_EACH):
            yield from _ranged(scene, loop)


def _counted(scene: Scene, loop: Node, cond: Node) -> Iterator[Draft]:
    left, right, update = cond.get("left"), cond.get("right"), loop.get("update")
    if left is None or right is None or update is None or left.kind is not K.NAME or not is_simple(right):
        return
    counter = update.get("target")
    old = gap(scene, left, right)
    if counter is None or counter.text != left.text or old not in ("<", "<="):
        return
    edit = operator_edit(scene, left, right, old, _SHIFTS[old])
    if edit is not None and not _reads_nothing(scene, loop, left.text):
        yield Draft(cond.start, cond.end, (edit,), _counted_otherwise(scene, right, update, old, edit))


def _reads_nothing(scene: Scene, loop: Node, counter: str) -> bool:
    """Whether one round more may read what is not there and do no harm, as JavaScript lets it: `a[i] === b`."""
    body = loop.get("body")
    read = [n for n in body.walk() if n.kind is K.INDEX and counter in names_in(n)] if body is not None else []
    used = (one.parent is not None and one.parent.kind in (K.MEMBER, K.CALL, K.ARGS) for one in read)
    return scene.family is JAVASCRIPT and bool(read) and not any(used)


def _counted_otherwise(scene: Scene, bound: Node, update: Node, old: str, edit: Edit) -> tuple[Edit, ...]:
    """The same rounds: `i <= n - 1` for `i < n`, or another way to add one."""
    text, target = scene.text(update), update.get("target")
    name = scene.text(target) if target is not None else ""
    steps = {f"{name}++": f"{name} += 1", f"++{name}": f"{name}++", f"{name} += 1": f"{name}++"}
    if text in steps and crc32(f"{bound.start}{text}".encode()) % 2:
        return (Edit(update.start, update.end, steps[text].encode()),)
    shift = " - 1" if old == "<" else " + 1"
    return (edit, Edit(bound.end, bound.end, shift.encode()))


def _ranged(scene: Scene, loop: Node) -> Iterator[Draft]:
    call, target, body = loop.get("iter"), loop.get("target"), loop.get("body")
    callee = call.get("callee") if call is not None and call.kind is K.CALL else None
    args = call.get("args") if call is not None else None
    if call is None or target is None or body is None or args is None or callee is None or callee.text != "range":
        return
    if len(args.children) != 1 or target.kind is not K.NAME or target.text not in names_in(body):
        return
    bound = args.children[0]
    indexes = any(n.kind is K.INDEX and target.text in names_in(n) for n in body.walk())
    if not is_simple(bound, with_calls=True) and bound.kind is not K.CALL:
        return
    text = scene.text(bound)
    wrong = f"1, {text}" if indexes else f"{text} + 1"
    twin = (Edit(bound.start, bound.end, f"0, {text}".encode()),)
    yield Draft(call.start, call.end, (Edit(bound.start, bound.end, wrong.encode()),), twin)


def _deciding(scene: Scene) -> Iterator[tuple[Node, Node]]:
    """Each `if` and `while` with its condition, inside functions."""
    for owner in nodes(scene, K.IF, K.LOOP_WHILE):
        cond = owner.get("cond")
        if cond is not None and function_of(owner) is not None:
            yield owner, cond


def boundary_shifted(scene: Scene) -> Iterator[Draft]:
    """`a < b` as `a <= b`, and so on."""
    for owner, cond in _deciding(scene):
        for compare in (cond, *cond.children) if cond.kind is K.BOOLEAN else (cond,):
            if _means_the_same(scene, owner, compare):
                continue
            left, right = compare.get("left"), compare.get("right")
            if compare.kind is not K.COMPARE or left is None or right is None or len(compare.children) != 2:
                continue
            old = gap(scene, left, right)
            if (
                old not in _SHIFTS
                or any(n.kind is K.FLOAT for n in compare.walk())
                or _is_emptiness(scene, left, right)
            ):
                continue
            edit, twin = operator_edit(scene, left, right, old, _SHIFTS[old]), mirrored(scene, compare)
            if edit is not None and twin:
                yield Draft(compare.start, compare.end, (edit,), twin)


def _means_the_same(scene: Scene, owner: Node, compare: Node) -> bool:
    """Whether the boundary itself changes nothing: of clocks, of what the body sets or goes over in a loop."""
    if _NOW.search(scene.text(compare)):
        return True
    body = owner.get("body")
    first = body.children[0] if body is not None and body.children else None
    value = first.get("value") if first is not None else None
    if first is None or owner.kind is not K.IF:
        return False
    cond = first.get("cond")
    bounds = {scene.text(one) for one in compare.children}
    is_clamp = (
        first.kind is K.ASSIGN
        and value is not None
        and (scene.text(value) in bounds or share_values(scene, value, compare))
    )
    return is_clamp or (first.kind is K.LOOP_FOR and cond is not None and share_values(scene, cond, compare))


def _is_emptiness(scene: Scene, left: Node, right: Node) -> bool:
    """`len(x) > 0`, which would always hold afterwards."""
    return right.text == "0" and _SIZES.search(scene.text(left)) is not None


def condition_negated(scene: Scene) -> Iterator[Draft]:
    """The opposite condition of an `if` without `else`."""
    for owner, cond in _deciding(scene):
        if owner.kind is not K.IF or owner.get("orelse") is not None or _tests_presence(cond) or _refuses(owner):
            continue
        if _narrows(scene, owner, cond):
            continue
        text, twin = negation(scene, cond), _said_longer(scene, cond)
        ordered = cond.kind is K.COMPARE and gap(scene, cond.children[0], cond.children[-1]) in _SHIFTS
        if text is not None and not ordered and (twin or cond.kind is not K.COMPARE):
            edits = (Edit(cond.start, cond.end, text.encode()),)
            yield Draft(cond.start, cond.end, edits, twin, renames=not twin)


def _refuses(owner: Node) -> bool:
    """Whether the branch does nothing but raise: turned round, it would refuse all that is right, at the first run."""
    body = owner.get("body")
    return body is not None and [one.kind for one in body.children] == [K.THROW]


def _narrows(scene: Scene, owner: Node, cond: Node) -> bool:
    """Whether a field decides what other fields there are, as TypeScript checks: `if (result.is_error)`."""
    inner = cond.get("value") if cond.kind is K.NOT else cond
    holder = inner.get("obj") if inner is not None and inner.kind is K.MEMBER else None
    body = owner.get("body")
    return (
        scene.family is JAVASCRIPT
        and holder is not None
        and body is not None
        and bool(names_in(holder) & names_in(body) - {"this"})
    )


def _tests_presence(cond: Node) -> bool:
    """Whether a condition asks for null: its opposite would crash at once, which nobody commits."""
    return any(n.kind is K.NULL for n in cond.walk())


def _said_longer(scene: Scene, cond: Node) -> tuple[Edit, ...]:
    """The same condition in more words; none in languages where only a conversion nobody needs would be longer."""
    if cond.kind is K.COMPARE:
        return mirrored(scene, cond)
    value = cond.get("value") if cond.kind is K.NOT else cond
    if value is None or scene.family in (PYTHON, JAVASCRIPT):
        return ()
    text = scene.text(value)
    return (Edit(cond.start, cond.end, f"{text} == {'false' if cond.kind is K.NOT else 'true'}".encode()),)


def operator_swapped(scene: Scene) -> Iterator[Draft]:
    """`a and b` as `a or b` where neither guards the other."""
    for _, cond in _deciding(scene):
        left, right = cond.get("left"), cond.get("right")
        if cond.kind is not K.BOOLEAN or left is None or right is None or share_values(scene, left, right):
            continue
        old = gap(scene, left, right)
        if old not in _SWAPS or not (is_fact(left) and is_fact(right)):
            continue
        edit = operator_edit(scene, left, right, old, _SWAPS[old])
        twin = Edit(left.start, right.end, f"{scene.text(right)} {old} {scene.text(left)}".encode())
        if edit is not None:
            yield Draft(cond.start, cond.end, (edit,), (twin,))


def is_fact(node: Node) -> bool:
    """A comparison or a plain value, negated or not, that does nothing."""
    inner = node.get("value") if node.kind is K.NOT else node
    if inner is None:
        return False
    return is_simple(inner) or (inner.kind is K.COMPARE and all(is_simple(one) for one in inner.children))


def null_check_dropped(scene: Scene) -> Iterator[Draft]:
    """`x != null && x.size() > 0` as `x.size() > 0`, `x is None or not x.ok` as `not x.ok`, of what was looked up."""
    for both in nodes(scene, K.BOOLEAN):
        left, right = both.get("left"), both.get("right")
        if left is None or right is None or left.kind is not K.COMPARE or is_harmless_here(both):
            continue
        operands = left.children
        if len(operands) != 2 or operands[1].kind is not K.NULL or operands[0].kind is not K.NAME:
            continue
        used = any(
            n.kind in (K.MEMBER, K.INDEX) and (obj := n.get("obj")) is not None and obj.text == operands[0].text
            for n in right.walk()
        )
        if used and gap(scene, left, right) in _SWAPS and _is_looked_up(scene, operands[0]):
            twin = _asked_otherwise(scene, left)
            yield Draft(both.start, both.end, (Edit(left.start, right.start, b""),), twin, renames=not twin)


def _is_looked_up(scene: Scene, name: Node) -> bool:
    """Whether a variable is set once in its function, to what a search gave: that may be nothing."""
    function = function_of(name)
    set_here = [
        one.get("value")
        for one in (function.walk() if function is not None else ())
        if one.kind in (K.ASSIGN, K.DECLARATOR, K.LOOP_EACH) and name.text in names_in(one.get("target") or one)
    ]
    value = set_here[0] if len(set_here) == 1 else None
    while value is not None and value.kind is K.AWAIT:
        value = value.get("value")
    callee = value.get("callee") if value is not None and value.kind is K.CALL else None
    return callee is not None and _LOOKUP.search(callee.text) is not None and not callee.text.endswith("List")


def is_harmless_here(node: Node) -> bool:
    """Whether an error would be caught right there, or come from a branch that does nothing but raise."""
    above: Node | None = node.parent
    if above is not None and above.kind is K.IF and _refuses(above):
        return True
    while above is not None and above.kind is not K.FUNCTION:
        if above.kind is K.TRY and above.all("handler"):
            return True
        above = above.parent
    return False


def _asked_otherwise(scene: Scene, left: Node) -> tuple[Edit, ...]:
    """The same question for null: `x is not null` in C#; elsewhere nobody writes it the other way round."""
    operand, null = left.children
    word = {"!=": " is not ", "==": " is "}.get(gap(scene, operand, null)) if scene.family is CSHARP else None
    return (Edit(operand.end, null.start, word.encode()),) if word is not None else ()


def identity_compared(scene: Scene) -> Iterator[Draft]:
    """`==` with a literal as `is` in Python, `equals` as `==` in Java."""
    if scene.family is JAVA:
        yield from _java_identity(scene)
        return
    swaps = {"==": "is", "!=": "is not"}
    for compare in nodes(scene, K.COMPARE):
        if len(compare.children) != 2 or function_of(compare) is None:
            continue
        left, right = compare.children
        old = gap(scene, left, right)
        if old not in swaps or right.kind not in (K.STRING, K.INT) or not is_simple(left):
            continue
        if not _may_be_another(scene, left, right):
            continue
        edit = operator_edit(scene, left, right, old, swaps[old])
        if edit is not None:
            yield Draft(compare.start, compare.end, (edit,), mirrored(scene, compare))


def _may_be_another(scene: Scene, left: Node, right: Node) -> bool:
    """Whether an equal value of Python may be another object: of small numbers, of the shortest texts and of names that
    the program itself writes there is one."""
    if right.kind is K.INT:
        return right.text.isdecimal() and int(right.text) > _LAST_SHARED
    if len(right.text) < 2 or "__" in scene.text(left):
        return False
    if left.kind is not K.NAME:
        return _GIVEN.search(scene.text(left)) is not None
    function = function_of(left)
    found = [
        one.get("value") or one.get("iter")
        for one in (function.walk() if function is not None else ())
        if one.kind in (K.ASSIGN, K.LOOP_EACH) and left.text in names_in(one.get("target") or one)
    ]
    return bool(found) and all(one is not None and one.kind in (K.CALL, K.INDEX, K.MEMBER, K.AWAIT) for one in found)


def _is_java_text(scene: Scene, value: Node) -> bool:
    """A text, or a variable of a type whose equal values need not be one object."""
    if value.kind is K.STRING:
        return True
    function = function_of(value)
    found = function.walk() if function is not None and value.kind is K.NAME else ()
    return any(
        one.kind in (K.PARAM, K.DECLARATOR)
        and (name := one.get("name") or one.get("target")) is not None
        and name.text == value.text
        and (declared := one.get("type")) is not None
        and scene.text(declared) in _BOXED
        for one in found
    )


def _java_identity(scene: Scene) -> Iterator[Draft]:
    for call in nodes(scene, K.CALL):
        callee, args = call.get("callee"), call.get("args")
        obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
        if callee is None or obj is None or args is None or callee.text != "equals" or len(args.children) != 1:
            continue
        other = args.children[0]
        if not (_is_java_text(scene, obj) or _is_java_text(scene, other)) or {obj.kind, other.kind} == {K.STRING}:
            continue
        if not is_simple(obj) or not is_simple(other) or obj.kind is K.THIS or function_of(call) is None:
            continue
        negated = call.parent is not None and call.parent.kind is K.NOT
        whole = call.parent if negated and call.parent is not None else call
        twin = _java_equality(scene, obj, other)
        if twin:
            text = f"{scene.text(obj)} {'!=' if negated else '=='} {scene.text(other)}"
            edit = Edit(whole.start, whole.end, text.encode())
            yield Draft(whole.start, whole.end, (edit,), (Edit(call.start, call.end, twin.encode()),))


def _java_equality(scene: Scene, obj: Node, other: Node) -> str:
    """The same equality said otherwise; "" where the file knows no other way."""
    if other.kind is K.STRING and obj.kind is not K.STRING:
        return f"{scene.text(other)}.equals({scene.text(obj)})"
    known = re.search(rb"(?m)^import java\.util\.(?:Objects|\*);", scene.source)
    return f"Objects.equals({scene.text(obj)}, {scene.text(other)})" if known else ""
