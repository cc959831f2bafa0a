"""Nodes of a tree that is being edited: moved, hung elsewhere, released."""

from collections.abc import Iterator

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node


def replace_children(function: Node, children: list[Node]) -> None:
    """Hangs others below a function; what it had goes, with the cycles in it.

    The list stays the same one: a node that a definition made up may share it.
    """
    wanted = {*map(id, children)}
    for old in function.children:
        if id(old) not in wanted:
            release(old)
    function.children[:] = children
    for child in children:
        child.parent = function


def replace(statement: Node, other: Node) -> None:
    """Puts another statement in the place of one, which goes."""
    block = statement.parent
    assert block is not None, "a statement stands in a block"
    block.children[next(idx for idx, one in enumerate(block.children) if one is statement)] = other
    other.parent = block
    release(statement)


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


def shift_around(root: Node, place: Node | None, end: int, delta: int) -> None:
    """Moves what ends behind a place; what is in it is replaced."""
    for node in _list_around(root, place, end) if delta else ():
        if node.end >= end:  # `move_node`, without a call a node
            if node.start >= end:
                node.start += delta
            node.end += delta


def _list_around(root: Node, place: Node | None, end: int) -> list[Node]:
    """Every node outside a place, but for functions that end before it; each once."""
    found: list[Node] = []
    data: list[object] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node is place or (node.end < end and node.kind is K.FUNCTION):
            continue
        found.append(node)
        if node.children:
            stack += node.children
        if node.data is not None and not isinstance(node.data, str):
            data.append(node.data)
    kept = [one for value in data for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, Node)]
    if kept:
        seen = {*map(id, found)}
        found += [one for top in kept for one in _walk_all(top, seen)]
    return found


def move_node(node: Node, end: int, delta: int) -> None:
    """Moves what of a node lies at or behind a position."""
    if node.start >= end:
        node.start += delta
    if node.end >= end:
        node.end += delta


def release(root: Node) -> None:
    """Breaks the tree's cycles, so that its memory goes back at once."""
    stack = [root]
    while stack:
        node = stack.pop()
        node.parent = None
        stack.extend(node.children)
        node.children = []
