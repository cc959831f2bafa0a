"""Nodes of a tree that is being edited: moved, hung elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node


def replace_children(function: Node, children: list[Node]) -> None:
    """Hangs others below a function; what it had goes, with the cycles in it.

    The list stays the same one: a node that a definition made up may share it.
    """
    wanted = {*map(id, children)}
    for old in function.children:
        if id(old) not in wanted:
            old.release()
    function.children[:] = children
    for child in children:
        child.parent = function


def replace(statement: Node, other: Node) -> None:
    """Puts another statement in the place of one, which goes."""
    block, idx = _find_place(statement)
    block.children[idx], other.parent = other, block
    statement.release()


def exchange(node: Node, other: Node) -> None:
    """Lets two nodes that say the same change places."""
    (around, idx), (around_other, idx_other) = _find_place(node), _find_place(other)
    move_to(node, other)
    around.children[idx], other.parent = other, around
    around_other.children[idx_other], node.parent = node, around_other


def _find_place(node: Node) -> tuple[Node, int]:
    around = node.parent
    assert around is not None, "a statement stands in a block, and what is in it in something else"
    return around, next(idx for idx, one in enumerate(around.children) if one is node)


def move_to(node: Node, other: Node) -> None:
    """Puts a node, with everything below it, where one that says the same stands."""
    for one, two in zip(_walk_all(node), _walk_all(other), strict=True):
        one.start, one.end = two.start, two.end


def _walk_all(node: Node, seen: set[int] | None = None) -> Iterator[Node]:
    """A node with everything below it, nodes that are kept as data included, each once and none that was seen."""
    seen = set() if seen is None else seen
    stack = [node]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(node.children)
            if isinstance(node.data, Node):
                stack.append(node.data)
            elif isinstance(node.data, tuple):
                stack.extend(one for one in node.data if isinstance(one, Node))


class Mover:
    """Moves the nodes of one tree; which nodes a function has is noted until something in it is replaced."""

    def __init__(self) -> None:
        self._below: dict[int, _Below] = {}

    def move_around(self, root: Node, place: Node | None, end: int, delta: int) -> None:
        """Moves what ends behind a place that is replaced next; what is in it stays."""
        if not delta:
            self._forget_around(place)
            return
        loose, whole = self._list_around(root, place, end)
        for node in loose:
            move_node(node, end, delta)
        for below in whole:
            for node in below.nodes:  # `move_node` of what lies behind, without a call a node
                node.start += delta
                node.end += delta

    def _forget_around(self, place: Node | None) -> None:
        while place is not None:
            self._below.pop(id(place), None)
            place = place.parent

    def _list_around(self, root: Node, place: Node | None, end: int) -> "tuple[list[Node], list[_Below]]":
        """Every node outside a place, each once: by itself, or with the function behind it that it is in.

        Left out are functions that end before the place.
        """
        known, self._below = self._below, {}
        loose, whole = [], []
        stack = [root]
        while stack:
            node = stack.pop()
            if node is place:
                continue
            if node.kind is K.FUNCTION or node.kind is K.LAMBDA:
                below = known.get(id(node)) or (_list_below(node) if node.start >= end else None)
                is_behind = below is not None and node.start - below.lead >= end
                if below is not None and (is_behind or node.end < end):
                    self._below[id(node)] = below
                if is_behind and below is not None:
                    whole.append(below)
                if is_behind or node.end < end:
                    continue
            loose.append(node)
            if node.children:
                stack += node.children
        return loose + _list_kept(loose, whole), whole


@dataclass(frozen=True, slots=True)
class _Below:
    """A function's nodes, with itself and those kept as data, each once; the first begins `lead` bytes before it."""

    nodes: list[Node]
    ids: frozenset[int]
    lead: int


def _list_below(function: Node) -> _Below | None:
    """None where a node is kept that lies elsewhere."""
    nodes = [*_walk_all(function)]
    start = min(node.start for node in nodes)
    decorated = function.children[0].start if function.children else function.start
    if start < min(function.start, decorated) or max(node.end for node in nodes) > function.end:
        return None
    return _Below(nodes, frozenset(map(id, nodes)), function.start - start)


def _list_kept(loose: list[Node], whole: list[_Below]) -> list[Node]:
    """The nodes kept as data of nodes, with all below them, that are none of these."""
    data = [node.data for node in loose if node.data is not None and not isinstance(node.data, str)]
    kept = [one for value in data for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, Node)]
    if not kept:
        return []
    seen = {*map(id, loose)}
    found = [one for top in kept for one in _walk_all(top, seen)]
    return [one for one in found if not any(id(one) in below.ids for below in whole)]


def move_node(node: Node, end: int, delta: int) -> None:
    """Moves what of a node lies at or behind a position."""
    if node.start >= end:
        node.start += delta
    if node.end >= end:
        node.end += delta
