"""Variables renamed wherever they stand: the twin of kinds whose own construct has no harmless brother."""

import re
from functools import lru_cache

from dataset_curation.injection.structures.model import function_of, parameters
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MAX_USES = 8
_TARGETS = frozenset({K.ASSIGN, K.DECLARATOR, K.LOOP_EACH, K.WITH_ITEM, K.CATCH, K.AUG_ASSIGN})


def split_words(name: str) -> list[str]:
    """The words of a name in snake_case, camelCase or UPPER_CASE."""
    return _WORDS.findall(name)


def other_name(name: str, family: Family) -> str:
    """Another name that says the same: `user_name` as `current_user_name`; case and leading underscores are kept."""
    bare = name.lstrip("_$")
    lead = name[: len(name) - len(bare)]
    first = "latest" if bare.lower().startswith("current") else "current"
    if bare.isupper() and len(bare) > 1:
        return f"{lead}{first.upper()}_{bare}"
    if "_" in bare or (bare.islower() and family is Family.PYTHON):
        return f"{lead}{first}_{bare}"
    start = first if bare[:1].islower() or len(bare) == 1 else first.capitalize()
    return f"{lead}{start}{bare[:1].upper()}{bare[1:]}"


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


def local_uses(scene: Scene, function: Node) -> dict[str, list[Node]]:
    """Variables that a function declares itself, with every place that names them; those that cannot be renamed are
    left out: of inner functions, global ones, parameters, shorthand properties."""
    return _uses_by_function(scene).get(id(function), {})


def _find_uses(scene: Scene, function: Node) -> dict[str, list[Node]]:
    uses: dict[str, list[Node]] = {}
    declared: set[str] = set()
    barred = set(parameters(function))
    for node in function.walk():
        if node.kind is K.SCOPE:
            barred |= {child.text for child in node.children}
        elif node.kind in FUNCTION_KINDS and node is not function:
            barred |= {n.text for n in node.walk() if n.kind is K.NAME}
        elif node.kind is K.NAME:
            uses.setdefault(node.text, []).append(node)
            if _is_shorthand(node) or node.start == node.end:
                barred.add(node.text)
            if node.field == "target" and node.parent is not None and node.parent.kind in _TARGETS:
                declared.add(node.text)
    kept = declared - barred - _outer_names(scene)
    return {name: places for name, places in uses.items() if name in kept}


def rename(scene: Scene, places: list[Node], name: str) -> tuple[Edit, ...]:
    """The edits that write another name at these places; none where the name is taken in the file."""
    if name in taken_names(scene):
        return ()
    edits = {(node.start, node.end): Edit(node.start, node.end, name.encode()) for node in places}
    right = all(scene.source[start:end] == places[0].text.encode() for start, end in edits)
    return tuple(edits[key] for key in sorted(edits)) if right else ()


def rename_nearby(scene: Scene, start: int, end: int) -> tuple[Edit, ...]:
    """Renames the variable of the function around a range that has few places, one of them near; none without one."""
    around = [n for n in scene.tree.root.walk() if n.kind is K.FUNCTION and n.start <= start and end <= n.end]
    function = min(around, key=lambda one: one.end - one.start, default=None)
    if function is None:
        return ()
    fitting = [places for places in local_uses(scene, function).values() if 2 <= len(places) <= _MAX_USES]
    fitting.sort(key=lambda places: (min(abs(one.start - start) for one in places), places[0].start))
    for places in fitting:
        edits = rename(scene, places, other_name(places[0].text, scene.family))
        if edits:
            return edits
    return ()
