"""Conditions that stop a flow, taken away as a careless change would: the refusal, the question, or one part of it."""

from dataset_curation.injection.structures.model import lines_of, next_of, shifted, step_of
from dataset_curation.injection.structures.nesting import name_condition
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_LEAVING = (K.RETURN, K.THROW, K.CONTINUE, K.BREAK)


def remove_guard(scene: Scene, start: int, end: int) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
    """The edits that take away the condition written in a byte range, and those of a twin that only names it.

    `if bad: raise` goes whole, `if good:` leaves its block in its place, of `a and good` stays `a`. Nothing where the
    condition belongs to something else.
    """
    cond = next((n for n in scene.tree.root.walk() if (n.start, n.end) == (start, end) and n.parent is not None), None)
    owner = cond.parent if cond is not None else None
    while cond is not None and owner is not None and owner.kind is K.NOT:
        cond, owner = owner, owner.parent
    if cond is None or owner is None:
        return (), ()
    if owner.kind is K.BOOLEAN:
        return _part_removed(scene, owner, cond)
    body = owner.get("body")
    if owner.kind is not K.IF or owner.get("cond") is not cond or body is None or owner.get("orelse") is not None:
        return (), ()
    if owner.field == "orelse" or not body.children:
        return (), ()
    is_refusal = body.children[-1].kind in _LEAVING and next_of(owner) is not None and len(body.children) <= 3
    edits = _refusal_removed(scene, owner) if is_refusal else _block_opened(scene, owner, body)
    return edits, name_condition(scene, owner, cond, "should_skip" if is_refusal else "is_allowed")


def _part_removed(scene: Scene, both: Node, part: Node) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
    left, right = both.get("left"), both.get("right")
    if left is None or right is None or part not in (left, right):
        return (), ()
    other = right if part is left else left
    sign = scene.between(left.end, right.start)
    twin = Edit(both.start, both.end, f"{scene.text(right)}{sign}{scene.text(left)}".encode())
    edit = Edit(both.start, both.end, scene.text(other).encode())
    return (edit,), (twin,) if "\n" not in sign and left.kind is not K.BOOLEAN else ()


def _refusal_removed(scene: Scene, owner: Node) -> tuple[Edit, ...]:
    lines = lines_of(scene, owner, owner)
    return (Edit(*lines, b""),) if lines is not None else ()


def _block_opened(scene: Scene, owner: Node, body: Node) -> tuple[Edit, ...]:
    """The block's statements at the depth of the question."""
    lines, inner = lines_of(scene, owner, owner), lines_of(scene, body.children[0], body.children[-1])
    if lines is None or inner is None or (scene.family is not Family.PYTHON and not body.raw):
        return ()
    text = shifted(scene.between(*inner), less=step_of(scene, owner, body.children[0]))
    return (Edit(*lines, text.encode()),) if text is not None else ()
