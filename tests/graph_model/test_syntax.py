"""What holds for every normalised tree, over the examples of all packs; and what parsing refuses."""

from collections.abc import Iterator

import pytest

from graph_model.errors import LimitError
from graph_model.kinds import FIELDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import BY_NAME, Family, load_table
from graph_model.packs.loading import load_packs
from graph_model.syntax import MAX_DEPTH, Node, SyntaxTree, parse_tree

FAMILIES = tuple(family.value for family in Family)


def parse(text: str | bytes, language: str = "python") -> SyntaxTree:
    source = text if isinstance(text, bytes) else text.encode()
    return parse_tree(source, load_table(BY_NAME[language]))


def example_trees(family: str) -> Iterator[SyntaxTree]:
    for pack in load_packs(family):
        for example in pack.examples:
            for text in (*example.bad, *example.good):
                yield parse(text, example.language)


def is_elsewhere(child: Node, parent: Node) -> bool:
    """Children that lie outside their parent by design.

    Decorators stand before their definition; the type of a declaration is every declarator's; a node that a rewrite
    made (no grammar type of its own) stands where its parts come from.
    """
    shares_type = child.kind is K.TYPE_REF and parent.kind in (K.DECLARATOR, K.WITH_ITEM)
    return child.kind is K.DECORATOR or shares_type or not child.raw or not parent.raw


@pytest.mark.parametrize("family", FAMILIES)
def test_trees_keep_their_shape(family: str) -> None:
    for tree in example_trees(family):
        assert tree.root.parent is None
        for node in tree.root.walk():
            assert node.field in ("", *FIELDS), node
            assert 0 <= node.start <= node.end <= len(tree.source), node
            for child in node.children:
                assert child.parent is node, (node, child)
                inside = node.start <= child.start and child.end <= node.end
                assert inside or is_elsewhere(child, node), (node, child)


@pytest.mark.parametrize("family", FAMILIES)
def test_calls_functions_and_loops_have_their_parts(family: str) -> None:
    needed = {
        K.FUNCTION: ("params",),
        K.LAMBDA: ("params", "body"),
        K.CALL: ("callee", "args"),
        K.LOOP_EACH: ("target", "iter", "body"),
        K.MEMBER: ("obj",),
        K.IF: ("cond", "body"),
    }
    for tree in example_trees(family):
        for node in tree.root.walk():
            for field in needed.get(node.kind, ()):
                assert node.get(field) is not None, (field, node)


def test_the_same_bytes_give_the_same_tree() -> None:
    text = "@d\ndef f(a, *b, c: int = 1):\n    return [x for x in a if x]\n"
    assert repr(parse(text).root) == repr(parse(text).root)


def test_text_outside_ascii_is_placed_in_bytes() -> None:
    tree = parse("a = '錯😋'\nb = 1\n")
    name = next(n for n in tree.root.walk() if n.kind is K.NAME and n.text == "b")
    assert tree.source[name.start : name.end] == b"b"
    assert next(n.text for n in tree.root.walk() if n.kind is K.STRING) == "錯😋"


def test_what_is_nested_too_deeply_becomes_a_leaf() -> None:
    depth = MAX_DEPTH + 50
    tree = parse("x = " + "[" * depth + "]" * depth)
    assert tree.deep_ranges
    assert any(n.kind is K.OTHER and not n.children for n in tree.root.walk())


def test_broken_parts_are_named_and_sound_ones_kept() -> None:
    tree = parse("def good():\n    return 1\n\nx = = 2\n")
    assert tree.error_ranges
    assert any(n.kind is K.FUNCTION for n in tree.root.walk())


def test_more_nodes_than_allowed_are_refused() -> None:
    with pytest.raises(LimitError) as caught:
        parse_tree(b"a = b + c + d\n", load_table(BY_NAME["python"]), max_nodes=3)
    assert caught.value.limit == "max_nodes"
