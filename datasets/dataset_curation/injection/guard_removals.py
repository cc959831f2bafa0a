"""Conditions that stop a flow, taken away as a careless change would: the refusal, the question, or one part of it."""

import re

from dataset_curation.injection.structures.conditions import is_fact
from dataset_curation.injection.structures.model import (
    gap,
    lines_of,
    next_of,
    share_values,
    shifted,
    step_of,
    with_comment,
    without_lines,
)
from dataset_curation.injection.structures.nesting import name_condition
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_LEAVING = (K.RETURN, K.THROW, K.CONTINUE, K.BREAK)
_EXITS = re.compile(r"(?i)_?(?:exit|abort|die|quit|fail\w*|panic|usage)")
_ALLOWING = (
    r"(?i:\w*(?:safe|allow|valid|trust|permit|white_?list|same_?(?:origin|host|site|domain)|local_?(?:url|path))\w*\()"
)
_ALLOWS = re.compile(_ALLOWING)
CHECK = (
    _ALLOWING + r"|[sS]tarts_?[wW]ith\(|\.(?:has|includes|[cC]ontains|containsKey)\("
    r"|\bin (?:[A-Z_]{3,}|[(\[{]|\w+\.\w+|[a-z_]+s\b)"
    r"|is_relative_to"
)
"""What a condition says that asks whether a value may be used."""
_BOTH = ("and", "&&")
_CHECKED = re.compile(CHECK)
_NO_CHECK = re.compile(r"(?i)\bmethod\s*[=!]|exists|is_?file|is_?dir|is_?ajax|argv|\.platform\b")


def is_check(condition: str) -> bool:
    """Whether a condition asks if a value may be used, by its words: listed, allowed, valid, below a folder."""
    return _CHECKED.search(condition) is not None and _NO_CHECK.search(condition) is None


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
    last = body.children[-1]
    is_refusal = _leaves(last) and next_of(owner) is not None and len(body.children) <= 3
    if _leaves(last) and last.kind is K.CALL and not is_refusal:
        return (), ()  # opened, the block would always end the program
    edits = _refusal_removed(scene, owner) if is_refusal else _block_opened(scene, owner, body)
    return edits, _named(scene, owner, cond, last)


def _named(scene: Scene, owner: Node, cond: Node, last: Node) -> tuple[Edit, ...]:
    """The condition named by its words and the last statement that it decides on; nothing where they leave it open."""
    text = scene.text(cond)
    if last.kind is K.CONTINUE:
        return name_condition(scene, owner, cond, "should_skip")
    if last.kind is K.THROW or (_leaves(last) and re.search(r"\bnot\b|!", text) is not None):
        return name_condition(scene, owner, cond, "is_refused")
    if _leaves(last) and _gives_nothing(last) and _ALLOWS.search(text) is None:
        return ()
    return name_condition(scene, owner, cond, "is_allowed")


def _gives_nothing(last: Node) -> bool:
    """Whether a statement returns nothing, null, `False` or an empty text."""
    value = last.get("value")
    if last.kind is not K.RETURN:
        return True
    return value is None or value.kind is K.NULL or value.text in ("", "False", "false")


def _leaves(statement: Node) -> bool:
    """Whether nothing behind a statement is run: it returns, raises, or ends the program."""
    callee = statement.get("callee") if statement.kind is K.CALL else None
    return statement.kind in _LEAVING or (callee is not None and _EXITS.fullmatch(callee.text) is not None)


def _part_removed(scene: Scene, both: Node, part: Node) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
    left, right = both.get("left"), both.get("right")
    if left is None or right is None or part not in (left, right) or gap(scene, left, right).strip("() ") not in _BOTH:
        return (), ()  # one of several reasons to refuse: the others may stop it still
    other = right if part is left else left
    sign = scene.between(left.end, right.start)
    twin = Edit(both.start, both.end, f"{scene.text(right)}{sign}{scene.text(left)}".encode())
    edit = Edit(both.start, both.end, scene.text(other).encode())
    may_swap = "\n" not in sign and is_fact(left) and is_fact(right) and not share_values(scene, left, right)
    owner = both.parent
    is_whole = owner is not None and owner.kind is K.IF and owner.field != "orelse" and owner.get("cond") is both
    body = owner.get("body") if owner is not None and is_whole else None
    if may_swap or owner is None or body is None or not body.children:
        return (edit,), (twin,) if may_swap else ()
    return (edit,), _named(scene, owner, both, body.children[-1])


def _refusal_removed(scene: Scene, owner: Node) -> tuple[Edit, ...]:
    lines = lines_of(scene, owner, owner)
    return (without_lines(scene, *with_comment(scene, lines)),) if lines is not None else ()


def _block_opened(scene: Scene, owner: Node, body: Node) -> tuple[Edit, ...]:
    """The block's statements at the depth of the question."""
    lines, inner = lines_of(scene, owner, owner), lines_of(scene, body.children[0], body.children[-1])
    if lines is None or inner is None or (scene.family is not Family.PYTHON and not body.raw):
        return ()
    text = shifted(scene.between(*inner), less=step_of(scene, owner, body.children[0]))
    return (Edit(*lines, text.encode()),) if text is not None else ()
