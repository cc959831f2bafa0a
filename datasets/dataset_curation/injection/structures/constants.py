"""Named things written out where they are used: costly objects, numbers, conditions, small helpers."""

import re
from collections.abc import Callable, Iterator

from dataset_curation.injection.structures.amounts import is_over_many, is_seldom
from dataset_curation.injection.structures.conditions import is_fact
from dataset_curation.injection.structures.model import (
    JAVASCRIPT,
    PYTHON,
    Draft,
    declared,
    function_of,
    gap,
    lines_of,
    names_in,
    next_of,
    nodes,
    parameters,
    statement_around,
    step_of,
    with_comment,
    without_lines,
)
from dataset_curation.injection.structures.other_names import split_words
from dataset_curation.injection.structures.renaming import local_uses, reworded
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

COSTLY = re.compile(
    r"(?:Pattern\.compile|new Regex|new RegExp|new ObjectMapper|new Gson|new OkHttpClient"
    r"|new RestTemplate|new HttpClient|HttpClient\.newHttpClient|new JsonSerializerOptions)\("
)
"""Calls that make what one makes once."""
_MATCHER = re.compile(r"(?:Pattern\.compile|new Regex|new RegExp)\(")
_PER_TEXT = re.compile(
    r"(?i)_*(?:(?:un|de)?escap|pars|sanit|encod|decod|expand|render|convert|tokeni|highlight|normali|clean|strip|translat"
    r"|replac|linki|slugi|trunc|mask|redact|extract)"
)
_MAX_USES = 3
_LEAST_ASKED, _LEAST_LONG = 3, 60  # facts in a condition that is worth a name, and its characters
_BROKEN = 40  # characters of a line that a person would break
_LITERAL = (K.NULL, K.BOOL, K.STRING, K.INT, K.FLOAT, K.LIST, K.DICT)
_DECLARING = re.compile(r"\bout\b|\bis\b|\binstanceof\s+\S+\s+\w|:=")  # may name a variable, whose reach would change
_UNITS = (1_024, 3_600, 1_000, 60)  # what bytes, seconds and milliseconds are counted in
_LARGE = 10_000
_PATTERNS = frozenset({"pattern", "regex", "re", "regexp", "expression"})
_UNEXPLAINED = frozenset({"0", "1", "-1", "2", "0.0", "1.0", "10", "100"})


def compiled_per_call(scene: Scene) -> Iterator[Draft]:
    """A constant that holds a compiled pattern or a costly object, made anew wherever it is used; a pattern only where
    much is read with it."""
    for draft in _inlined(scene, lambda value: COSTLY.match(scene.text(value)) is not None, _pattern_renamed):
        used = [node for node in nodes(scene, K.NAME) if any(one.start == node.start for one in draft.edits)]
        made = [one.replacement.decode() for one in draft.edits if one.replacement]
        if any(is_seldom(scene, one) for one in used):
            continue
        if not _MATCHER.match(made[0]) or any(_is_read_often(scene, one) for one in used):
            yield draft


def _is_read_often(scene: Scene, place: Node) -> bool:
    """Whether a place is in a loop over much, or in a function whose name says that it works on one text of many."""
    if is_over_many(scene, place, perhaps=True):
        return True
    function = function_of(place)
    name = function.get("name") if function is not None else None
    return function is not None and name is not None and bool(_PER_TEXT.match(name.text) and parameters(function))


def magic_number(scene: Scene) -> Iterator[Draft]:
    """A named number of the file's own, written out where it is used."""
    return _inlined(scene, lambda value: _is_number(scene, value), _number_rewritten)


def _is_number(scene: Scene, value: Node) -> bool:
    text = scene.text(value)
    plain = re.fullmatch(r"\d[\d_.]*[LlFfDdMm]?", text) is not None  # bits are what they are
    return plain and value.kind in (K.INT, K.FLOAT) and text.rstrip("LlFfDdMm") not in _UNEXPLAINED


Rewrite = Callable[[Scene, Node, list[Node]], tuple[Edit, ...]]
"""The twin of a constant with this value, and named at these places."""


def _constant_renamed(scene: Scene, value: Node, places: list[Node]) -> tuple[Edit, ...]:
    """The constant under another name; none where a neighbour's name begins or ends like its own."""
    first = split_words(places[0].text)[0].lower()
    for _, holder in _constants(scene):
        other = split_words((holder.get("target") or holder).text)
        if holder.get("value") is not value and other and other[0].lower() == first:
            return ()
    return reworded(scene, places, is_constant=True)


def _pattern_renamed(scene: Scene, value: Node, places: list[Node]) -> tuple[Edit, ...]:
    """The constant under another name that says what it is by another word; under any, without neighbours like it."""
    words = split_words(places[0].text)
    if words[-1].lower() in _PATTERNS:
        return reworded(scene, places, is_constant=True)
    return _constant_renamed(scene, value, places)


def _number_rewritten(scene: Scene, value: Node, places: list[Node]) -> tuple[Edit, ...]:
    """The number as the product that it is, or in groups of three digits; its constant renamed otherwise."""
    text = scene.text(value)
    if "_" in text and text.replace("_", "").isdigit():
        return (Edit(value.start, value.end, text.replace("_", "").encode()),)
    number = int(text) if text.isdigit() else 0
    unit = next((one for one in _UNITS if number >= 2 * one and not number % one), 0)
    if number >= _LARGE and (not unit or unit in (1_000, 60)) and number % 1_024 and number % 3_600:
        return (Edit(value.start, value.end, f"{number:_}".encode()),)
    if unit:
        return (Edit(value.start, value.end, f"{number // unit} * {unit}".encode()),)
    return _constant_renamed(scene, value, places)


def _inlined(scene: Scene, fits: Callable[[Node], bool], rewrite: Rewrite) -> Iterator[Draft]:
    for statement, holder in _constants(scene):
        value, target = holder.get("value"), holder.get("target")
        if value is None or target is None or not fits(value) or "\n" in scene.text(value):
            continue
        places = _uses(scene, target)
        lines = lines_of(scene, statement, statement)
        if lines is None or places is None or not 1 <= len(places) <= _MAX_USES or statement.all("decorators"):
            continue
        text, gone = scene.text(value), with_comment(scene, lines)
        if scene.source.count(b"\n", gone[0], lines[0]) > 1:
            continue  # nobody throws several lines of explanation away
        edits = [without_lines(scene, *gone), *(Edit(one.start, one.end, text.encode()) for one in places)]
        twin = rewrite(scene, value, [target, *places])
        used = statement_around(places[0])
        yield Draft(used.start, used.end, tuple(edits), twin, renames=not twin)


def _constants(scene: Scene) -> Iterator[tuple[Node, Node]]:
    """Constants that only this file can name: with an underscore, not exported, or private."""
    for statement in nodes(scene, K.ASSIGN, K.DECL, K.FIELD_DECL):
        is_field = statement.kind is K.FIELD_DECL
        holder = statement.children[-1] if is_field and len(statement.children) == 1 else declared(statement)
        if holder is None or holder.get("target") is None or statement.parent is None:
            continue
        name = (holder.get("target") or holder).text
        if _is_file_constant(scene, statement, name) or (is_field and _is_private(statement)):
            yield statement, holder


def _is_file_constant(scene: Scene, statement: Node, name: str) -> bool:
    if statement.parent is None or statement.parent.kind is not K.MODULE:
        return False
    if scene.family is PYTHON:
        return re.fullmatch(r"_[A-Z][A-Z0-9_]*", name) is not None
    return scene.family is JAVASCRIPT and statement.text == "const"


def _is_private(statement: Node) -> bool:
    words = set(statement.text.split())
    return "private" in words and bool(words & {"static", "const"})


def _uses(scene: Scene, target: Node) -> list[Node] | None:
    """Where functions read a constant; None when something else names it, or its name stands in a text."""
    found: list[Node] = []
    for node in scene.tree.root.walk():
        if node is target or node.text != target.text:
            continue
        if node.kind is K.MEMBER or node.kind not in (K.NAME, K.TYPE_REF):
            return None
        if function_of(node) is None or node.field in ("target", "name") or node.raw.startswith("shorthand"):
            return None
        if any(above.kind in (K.PARAM, K.DECORATOR, K.EXPORT, K.LAMBDA) for above in _above(node)):
            return None
        found.append(node)
    return found if scene.source.count(target.text.encode()) == len(found) + 1 else None


def _above(node: Node) -> Iterator[Node]:
    above = node.parent
    while above is not None and above.kind is not K.FUNCTION:
        yield above
        above = above.parent


_NAMES_NOTHING = re.compile(r"(?i)flag|cond(?:ition)?|check|ok|res(?:ult)?|ret|tmp|b|x|test$")


def condition_inlined(scene: Scene) -> Iterator[Draft]:
    """A variable that names a part of a condition, written out in the `if` right after it, so that `and` and `or` mix
    or a group is negated."""
    for function in nodes(scene, K.FUNCTION):
        for name, places in local_uses(scene, function).items():
            if len(places) != 2 or places[0].field != "target" or _NAMES_NOTHING.fullmatch(name):
                continue
            statement = statement_around(places[0])
            owner, holder = next_of(statement), declared(statement)
            value, lines = holder.get("value") if holder is not None else None, lines_of(scene, statement, statement)
            if owner is None or value is None or lines is None or value.kind is not K.BOOLEAN:
                continue
            cond = owner.get("cond")
            if owner.kind is not K.IF or cond is None or not any(n is places[1] for n in cond.walk()):
                continue
            text, above = scene.text(value), places[1].parent
            if "\n" in text or above is None or not _mixes(scene, value, above) or _DECLARING.search(text):
                continue
            if not _is_much(scene, value, cond) or not _asks(scene, value):
                continue
            edits = (without_lines(scene, *lines), Edit(places[1].start, places[1].end, f"({text})".encode()))
            twin = reworded(scene, places) or _exchanged(scene, value) or _over_lines(scene, value)
            yield Draft(cond.start, cond.end, edits, twin, renames=not twin)


def _is_much(scene: Scene, value: Node, cond: Node) -> bool:
    """Whether a condition with a named one written out asks for so much that a reader has to stop."""
    facts = sum(n.kind is K.BOOLEAN for one in (value, cond) for n in one.walk()) + 1
    return facts >= _LEAST_ASKED and len(scene.text(value)) + len(scene.text(cond)) >= _LEAST_LONG


def _asks(scene: Scene, value: Node) -> bool:
    """Whether a value is a question: `a and b`, not a default such as `a or None`."""
    sides = [side for n in value.walk() if n.kind is K.BOOLEAN for side in n.children]
    signs = {_joint(scene, n) for n in value.walk() if n.kind is K.BOOLEAN}
    return signs <= {"and", "or", "&&", "||"} and not any(one.kind in _LITERAL for one in sides)


def _mixes(scene: Scene, value: Node, above: Node) -> bool:
    """Whether a named condition, written out, is negated, or joined with another by the other word."""
    if above.kind is K.NOT:
        return True
    return above.kind is K.BOOLEAN and _joint(scene, above) != _joint(scene, value)


def _joint(scene: Scene, both: Node) -> str:
    left, right = both.get("left"), both.get("right")
    return gap(scene, left, right).strip("() ") if left is not None and right is not None else ""


def _over_lines(scene: Scene, value: Node) -> tuple[Edit, ...]:
    """A long expression broken at its operators, a part a line; none where it stands in brackets or is short."""
    parts, statement = _parts(scene, value), statement_around(value)
    sign, block = _joint(scene, value), statement.parent
    before = scene.source[: value.start].rstrip()
    if len(parts) < 2 or block is None or block.parent is None or before.endswith(b"("):
        return ()
    if len(scene.text(value)) < _BROKEN or "\n" in scene.text(value):
        return ()
    indent = scene.indent(statement.start)
    apart = f"{scene.newline}{indent}{step_of(scene, block.parent, statement)}"
    between = f" {sign}{apart}" if scene.family is JAVASCRIPT else f"{apart}{sign} "
    broken = between.join(scene.text(one) for one in parts)
    if scene.family is PYTHON:
        broken = f"({apart}{broken}{scene.newline}{indent})"
    return (Edit(value.start, value.end, broken.encode()),)


def _parts(scene: Scene, value: Node) -> list[Node]:
    """The operands of a run of one operator, from left to right; the value alone where it is none, or in brackets."""
    left, right = value.get("left"), value.get("right")
    if left is None or right is None or value.start != left.start or value.end != right.end:
        return [value]
    sign = gap(scene, left, right)
    same = left.kind is value.kind and _joint(scene, left) == sign
    return [*(_parts(scene, left) if same else [left]), right]


def _exchanged(scene: Scene, value: Node) -> tuple[Edit, ...]:
    """The sides of a condition exchanged where both are plain facts and neither guards the other."""
    left, right = value.get("left"), value.get("right")
    if left is None or right is None or not (is_fact(left) and is_fact(right)):
        return ()
    if names_in(left) & names_in(right) - {"this", "self"} or any(n.kind is K.NULL for n in value.walk()):
        return ()
    return (
        Edit(left.start, left.end, scene.text(right).encode()),
        Edit(right.start, right.end, scene.text(left).encode()),
    )
