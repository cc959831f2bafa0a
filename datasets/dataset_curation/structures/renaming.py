"""Variables renamed wherever they stand: the twin of kinds whose own construct has no harmless brother."""

import re

from dataset_curation.structures.model import function_of, parameters
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MAX_USES = 8
_SHORTHAND = ("shorthand_property_identifier", "shorthand_property_identifier_pattern")
_TARGETS = frozenset({K.ASSIGN, K.DECLARATOR, K.LOOP_EACH, K.WITH_ITEM, K.CATCH, K.AUG_ASSIGN})


def split_words(name: str) -> list[str]:
    """The words of a name in snake_case, camelCase or UPPER_CASE."""
    return _WORDS.findall(name)


def other_name(name: str) -> str:
    """Another name that says the same: `user_name` as `name_of_user`, `item` as `current_item`; case is kept."""
    words = split_words(name)
    lead = name[: len(name) - len(name.lstrip("_"))]
    if not words:
        return f"{name}2"
    turned = [*words[1:], "of", words[0]] if len(words) == 2 else ["current", *words]
    if "_" in name.strip("_") or name.strip("_").islower():
        return lead + "_".join(turned)
    if name.isupper():
        return lead + "_".join(word.upper() for word in turned)
    first = turned[0].lower() if name.lstrip("_")[:1].islower() else turned[0].capitalize()
    return lead + first + "".join(word.capitalize() if not word.isupper() else word for word in turned[1:])


def local_uses(scene: Scene, function: Node) -> dict[str, list[Node]]:
    """Variables that a function declares itself, with every place that names them; those that cannot be renamed are
    left out: of inner functions, global ones, parameters, shorthand properties."""
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
            if node.raw in _SHORTHAND or node.start == node.end:
                barred.add(node.text)
            if node.field == "target" and node.parent is not None and node.parent.kind in _TARGETS:
                declared.add(node.text)
    taken = _outside(scene, function)
    return {name: places for name, places in uses.items() if name in declared - barred - taken}


def _outside(scene: Scene, function: Node) -> set[str]:
    """Names set outside of the function: a field without `this`, a global."""
    found: set[str] = set()
    for node in scene.tree.root.walk():
        if node.kind is K.NAME and node.field in ("target", "name") and not function.start <= node.start < function.end:
            owner = function_of(node)
            if owner is None:
                found.add(node.text)
    return found


def rename(scene: Scene, places: list[Node], name: str) -> tuple[Edit, ...]:
    """The edits that write another name at these places; none where the name is taken in the file."""
    if any(node.kind is K.NAME and node.text == name for node in scene.tree.root.walk()):
        return ()
    edits = {(node.start, node.end): Edit(node.start, node.end, name.encode()) for node in places}
    right = all(scene.source[start:end] == places[0].text.encode() for start, end in edits)
    return tuple(edits[key] for key in sorted(edits)) if right else ()


def rename_nearby(scene: Scene, start: int, end: int) -> tuple[Edit, ...]:
    """Renames the variable of the function around a range that has few places, one of them near; none without one."""
    function = next(
        (n for n in scene.tree.root.walk() if n.kind is K.FUNCTION and n.start <= start and end <= n.end and not
         any(c.kind is K.FUNCTION and c.start <= start and end <= c.end for c in n.walk() if c is not n)), None
    )  # fmt: skip
    if function is None:
        return ()
    fitting = [places for places in local_uses(scene, function).values() if 2 <= len(places) <= _MAX_USES]
    fitting.sort(key=lambda places: (min(abs(one.start - start) for one in places), places[0].start))
    for places in fitting:
        edits = rename(scene, places, other_name(places[0].text))
        if edits:
            return edits
    return ()
