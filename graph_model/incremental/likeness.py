"""Whether syntax nodes say the same: alone, with everything below them, wherever they stand or at the same places."""

from collections.abc import Iterable

from graph_model.syntax import Node


def are_alike(one: Node, other: Node) -> bool:
    """Whether two nodes say the same themselves."""
    is_same = (one.kind, one.raw, one.text) == (other.kind, other.raw, other.text)
    return is_same and _describe_data(one.data) == _describe_data(other.data)


def describe(node: Node) -> tuple[object, ...]:
    """What a node says with everything below it, wherever it stands."""
    return (
        node.kind,
        node.raw,
        node.text,
        _describe_data(node.data),
        node.field,
        *(describe(child) for child in node.children),
    )


def _describe_data(data: object) -> object:
    if isinstance(data, Node):
        return describe(data)
    return tuple(_describe_data(one) for one in data) if isinstance(data, tuple) else data


def are_same(nodes: Iterable[Node], others: Iterable[Node]) -> bool:
    """Whether nodes say the same at the same places, with everything below them."""
    stack = [(tuple(nodes), tuple(others))]
    while stack:
        ones, twos = stack.pop()
        if len(ones) != len(twos):
            return False
        for one, two in zip(ones, twos, strict=True):
            if (one.kind, one.raw, one.text, one.field, one.start, one.end) != (
                two.kind,
                two.raw,
                two.text,
                two.field,
                two.start,
                two.end,
            ):
                return False
            if one.data != two.data and _describe_data(one.data) != _describe_data(two.data):
                return False
            stack.append((tuple(one.children), tuple(two.children)))
    return True
