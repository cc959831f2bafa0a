"""Variables renamed wherever they stand: the twin of kinds whose own construct has no harmless brother."""

import re
from collections.abc import Iterable
from functools import lru_cache

from dataset_curation.injection.structures.model import function_of, parameters
from dataset_curation.injection.structures.other_names import other_names
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_MAX_LINES = 3  # of a renamed variable
_MAX_APART = 8  # lines between its first and its last: farther ones are another hunk of a diff
_TARGETS = frozenset({K.ASSIGN, K.DECLARATOR, K.LOOP_EACH, K.WITH_ITEM, K.CATCH, K.AUG_ASSIGN})


@lru_cache(maxsize=2)
def taken_names(scene: Scene) -> frozenset[str]:
    """Every variable that the file names."""
    return frozenset(node.text for node in scene.tree.root.walk() if node.kind is K.NAME)


@lru_cache(maxsize=2)
def _outer_names(scene: Scene) -> frozenset[str]:
    """Names that are set outside of every function: a field without `this`, a global."""
    return frozenset(
        node.text
        for node in scene.tree.root.walk()
        if node.kind is K.NAME and node.field in ("target", "name") and function_of(node) is None
    )


@lru_cache(maxsize=2)
def _uses_by_function(scene: Scene) -> dict[int, dict[str, list[Node]]]:
    return {id(one): _find_uses(scene, one) for one in scene.tree.root.walk() if one.kind is K.FUNCTION}


def _is_shorthand(node: Node) -> bool:
    """Whether a name is a property's name as well: `{ name }`."""
    parent = node.parent
    same = parent is not None and parent.kind in (K.PAIR, K.PATTERN, K.KWARG) and parent.start == node.start
    return node.raw.startswith("shorthand") or (same and parent is not None and parent.end == node.end)


def _is_method(scene: Scene, node: Node) -> bool:
    """Whether a name is that of a method: in Java a variable may be called as one is."""
    return scene.family is Family.JAVA and node.field == "callee"


def local_uses(scene: Scene, function: Node) -> dict[str, list[Node]]:
    """Variables that a function declares itself, with every place that names them; those that cannot be renamed are
    left out: of inner functions, global ones, parameters, shorthand properties."""
    return _uses_by_function(scene).get(id(function), {})


def _find_uses(scene: Scene, function: Node) -> dict[str, list[Node]]:
    uses: dict[str, list[Node]] = {}
    declared: set[str] = set()
    own = function.get("name")
    barred = {*parameters(function), *([own.text] if own is not None else [])}
    for node in function.walk():
        if node.kind is K.SCOPE:
            barred |= {child.text for child in node.children}
        elif node.kind in FUNCTION_KINDS and node is not function:
            barred |= {n.text for n in node.walk() if n.kind is K.NAME}
        elif node.kind is K.NAME:
            uses.setdefault(node.text, []).append(node)
            if _is_shorthand(node) or node.start == node.end or _is_method(scene, node):
                barred.add(node.text)
            if node.field == "target" and node.parent is not None and node.parent.kind in _TARGETS:
                declared.add(node.text)
    kept = declared - barred - _outer_names(scene)
    return {name: places for name, places in uses.items() if name in kept}


def is_free(scene: Scene, name: str) -> bool:
    """Whether a file knows no such name, as a variable or otherwise."""
    word = rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])"
    return name not in taken_names(scene) and re.search(word, scene.source) is None


def rename(scene: Scene, places: list[Node], name: str) -> tuple[Edit, ...]:
    """The edits that write another name at these places; none where the file knows it, as a variable or otherwise."""
    return rename_within(scene, places, name) if is_free(scene, name) else ()


def rename_within(scene: Scene, places: list[Node], name: str) -> tuple[Edit, ...]:
    """The edits of `rename` for a variable whose block has no such name, whatever the rest of the file knows."""
    edits = {(node.start, node.end): Edit(node.start, node.end, name.encode()) for node in places}
    right = all(scene.source[start:end] == places[0].text.encode() for start, end in edits)
    return tuple(edits[key] for key in sorted(edits)) if right else ()


def reworded(scene: Scene, places: list[Node], *, is_constant: bool = False) -> tuple[Edit, ...]:
    """A variable under another name that says the same, wherever it stands; none where there is no such name, where
    it counts rounds, or where its brother, named with a word of its own, would be left behind."""
    if not places or any(_counts(one) for one in places):
        return ()
    start = next((one for one in places if one.field == "target"), None)
    for name in other_names(places[0].text, scene.family, start, is_constant=is_constant):
        edits = rename(scene, places, name)
        if edits:
            return edits
    return ()


def _counts(place: Node) -> bool:
    """Whether a variable is set by a counted loop or counted on."""
    parent = place.parent
    if parent is None or place.field != "target":
        return False
    above = [parent, *([parent.parent] if parent.parent is not None else [])]
    return parent.kind is K.UPDATE or any(one.kind is K.LOOP_FOR or one.field in ("init", "update") for one in above)


def lines_touched(scene: Scene, places: Iterable[Node]) -> list[int]:
    """Where the lines begin that these nodes stand in, in order."""
    return sorted({scene.line_start(one.start) for one in places})


def is_near(scene: Scene, places: list[Node], start: int, end: int) -> bool:
    """Whether few lines name a variable, all near each other, and one of them is part of a range."""
    lines = lines_touched(scene, places)
    first, last = scene.line_start(start), scene.line_start(max(start, end - 1))
    apart = scene.source.count(b"\n", lines[0], lines[-1])
    return len(lines) <= _MAX_LINES and apart <= _MAX_APART and any(first <= one <= last for one in lines)


def rename_nearby(scene: Scene, start: int, end: int) -> tuple[Edit, ...]:
    """Renames a variable of the function around a range: one that few lines name, the range's own among them, and
    that has another name. None without one."""
    around = [n for n in scene.tree.root.walk() if n.kind is K.FUNCTION and n.start <= start and end <= n.end]
    function = min(around, key=lambda one: one.end - one.start, default=None)
    if function is None:
        return ()
    fitting = [
        places for places in local_uses(scene, function).values()
        if len(places) > 1 and is_near(scene, places, start, end)
    ]  # fmt: skip
    fitting.sort(key=lambda places: (min(abs(one.start - start) for one in places), places[0].start))
    return next(filter(None, (reworded(scene, places) for places in fitting)), ())
