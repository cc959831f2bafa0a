"""Conditions that say something else: a boundary, the opposite, the other operator, a check left out."""

from collections.abc import Iterator

from dataset_curation.injection.structures.model import (
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
    parameters,
)
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_SHIFTS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_SWAPS = {"and": "or", "or": "and", "&&": "||", "||": "&&"}
_BOXED = ("String", "Integer", "Long", "Double", "BigDecimal", "UUID")
_LOOSE = {"===": "==", "!==": "!="}


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
    if edit is not None:
        yield Draft(cond.start, cond.end, (edit,), mirrored(scene, cond))


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
    for _, cond in _deciding(scene):
        for compare in (cond, *cond.children) if cond.kind is K.BOOLEAN else (cond,):
            left, right = compare.get("left"), compare.get("right")
            if compare.kind is not K.COMPARE or left is None or right is None or len(compare.children) != 2:
                continue
            old = gap(scene, left, right)
            if old not in _SHIFTS or any(n.kind is K.FLOAT for n in compare.walk()):
                continue
            edit, twin = operator_edit(scene, left, right, old, _SHIFTS[old]), mirrored(scene, compare)
            if edit is not None and twin:
                yield Draft(compare.start, compare.end, (edit,), twin)


def condition_negated(scene: Scene) -> Iterator[Draft]:
    """The opposite condition of an `if` without `else`."""
    for owner, cond in _deciding(scene):
        if owner.kind is not K.IF or owner.get("orelse") is not None or _tests_presence(cond) or _refuses(owner):
            continue
        text, twin = negation(scene, cond), _said_longer(scene, cond)
        ordered = cond.kind is K.COMPARE and gap(scene, cond.children[0], cond.children[-1]) in _SHIFTS
        if text is not None and twin and not ordered:
            yield Draft(cond.start, cond.end, (Edit(cond.start, cond.end, text.encode()),), twin)


def _refuses(owner: Node) -> bool:
    """Whether the branch does nothing but raise: turned round, it would refuse all that is right, at the first run."""
    body = owner.get("body")
    return body is not None and [one.kind for one in body.children] == [K.THROW]


def _tests_presence(cond: Node) -> bool:
    """Whether a condition asks for null: its opposite would crash at once, which nobody commits."""
    return any(n.kind is K.NULL for n in cond.walk())


def _said_longer(scene: Scene, cond: Node) -> tuple[Edit, ...]:
    """The same condition in more words."""
    if cond.kind is K.COMPARE:
        return mirrored(scene, cond)
    value = cond.get("value") if cond.kind is K.NOT else cond
    if value is None:
        return ()
    text = scene.text(value)
    if scene.family in (PYTHON, JAVASCRIPT):
        name = "bool" if scene.family is PYTHON else "Boolean"
        return (Edit(value.start, value.end, f"{name}({text})".encode()),)
    return (Edit(cond.start, cond.end, f"{text} == {'false' if cond.kind is K.NOT else 'true'}".encode()),)


def operator_swapped(scene: Scene) -> Iterator[Draft]:
    """`a and b` as `a or b` where neither guards the other."""
    for _, cond in _deciding(scene):
        left, right = cond.get("left"), cond.get("right")
        if cond.kind is not K.BOOLEAN or left is None or right is None or names_in(left) & names_in(right) - {"this"}:
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
    """`x != null && x.size() > 0` as `x.size() > 0`, and `x is None or not x.ok` as `not x.ok`."""
    for both in nodes(scene, K.BOOLEAN):
        left, right = both.get("left"), both.get("right")
        if left is None or right is None or left.kind is not K.COMPARE:
            continue
        operands = left.children
        if len(operands) != 2 or operands[1].kind is not K.NULL or operands[0].kind is not K.NAME:
            continue
        used = any(
            n.kind in (K.MEMBER, K.INDEX) and (obj := n.get("obj")) is not None and obj.text == operands[0].text
            for n in right.walk()
        )
        if used and gap(scene, left, right) in _SWAPS:
            twin = () if scene.family is PYTHON else mirrored(scene, left)  # nobody writes `None is x`
            yield Draft(both.start, both.end, (Edit(left.start, right.start, b""),), twin, renames=not twin)


def identity_compared(scene: Scene) -> Iterator[Draft]:
    """`==` with a literal as `is` (Python) or `===` as `==` (JavaScript); `equals` as `==` (Java)."""
    if scene.family is JAVA:
        yield from _java_identity(scene)
        return
    swaps = {"==": "is", "!=": "is not"} if scene.family is PYTHON else _LOOSE
    for compare in nodes(scene, K.COMPARE):
        if len(compare.children) != 2 or function_of(compare) is None:
            continue
        left, right = compare.children
        old = gap(scene, left, right)
        if old not in swaps or right.kind not in (K.STRING, K.INT) or not is_simple(left):
            continue
        if scene.family is JAVASCRIPT and (right.text not in ("0", "", "1") or not _is_foreign(left)):
            continue  # only these are equal to something of another type that turns up in practice
        edit = operator_edit(scene, left, right, old, swaps[old])
        if edit is not None:
            yield Draft(compare.start, compare.end, (edit,), mirrored(scene, compare))


def _is_foreign(value: Node) -> bool:
    """A field, or a parameter of the function around it: what its type is, somebody else decides."""
    function = function_of(value)
    is_field = value.kind is K.MEMBER and value.text not in ("length", "size")
    return is_field or (value.kind is K.NAME and function is not None and value.text in parameters(function))


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
        text = f"{scene.text(obj)} {'!=' if negated else '=='} {scene.text(other)}"
        twin = f"java.util.Objects.equals({scene.text(obj)}, {scene.text(other)})"
        edit = Edit(whole.start, whole.end, text.encode())
        yield Draft(whole.start, whole.end, (edit,), (Edit(call.start, call.end, twin.encode()),))
