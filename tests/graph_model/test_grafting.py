"""A tree that follows its file must be the tree of its text, whatever is typed."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graph_model.lookups
from graph_model.catalogue import load_catalogue
from graph_model.errors import LimitError
from graph_model.incremental.extents import Edit, find_edit
from graph_model.incremental.grafting import LiveTree
from graph_model.languages import find_language, load_table
from graph_model.syntax import LanguageTable, Node, SyntaxTree, parse_tree
from graph_model.testing import vary_text

PATHS = {"python": "a.py", "javascript": "a.js", "typescript": "a.ts", "java": "A.java", "csharp": "A.cs"}
JAVA = 'class Ä {\n  @Get("é") int f(int a) { return a; }\n  // größe\n  int g() { return () -> { h(); }; }\n}\n'


def table_of(path: str) -> LanguageTable:
    """The table of a file's language."""
    language = find_language(path)
    assert language is not None
    return load_table(language)


def lay_out(node: Node) -> object:
    """A node as a value, with everything below it and where it stands."""
    data = lay_out(node.data) if isinstance(node.data, Node) else node.data
    if isinstance(data, tuple):
        data = tuple(lay_out(one) if isinstance(one, Node) else one for one in data)
    own = (node.kind, node.raw, node.text, node.field, node.start, node.end, data)
    assert all(child.parent is node for child in node.children) or node.raw in ("decorated_definition",)
    return own, [lay_out(child) for child in node.children]


def describe_tree(tree: SyntaxTree) -> list[object]:
    """Everything that a tree says."""
    ranges = (tree.comments, tree.error_ranges, tree.deep_ranges)
    return [lay_out(tree.root), *ranges, tree.num_nodes, tree.num_other, tree.num_functions, tree.source]


def follow(live: LiveTree, text: str, table: LanguageTable) -> bool:
    """Lets a tree become that of another text; whether a graft was enough."""
    source = text.encode()
    graft = live.advance(source)
    if graft is not None:
        live.apply(graft, source)
    assert describe_tree(live.tree) == describe_tree(parse_tree(source, table))
    return graft is not None


TYPESCRIPT = """\
@D(() => 1) class C<T> {
  constructor(x: () => void) {} @d() m(@p() a: string): void { /* c */ return } }
export const f = async (a: number) => { const g = <T>(x: T) => x; return g(a) }
namespace N { function q() { /* é */ } }
abstract class E { abstract m(): void; m2(): void { } }
"""


def test_a_constructor_that_gives_its_class_fields_is_no_graft() -> None:
    table = table_of("a.ts")
    live = LiveTree(TYPESCRIPT.encode(), table, 400_000)
    assert not follow(live, TYPESCRIPT.replace("constructor(x", "constructor(private x"), table)
    assert not follow(live, TYPESCRIPT, table)
    assert follow(live, TYPESCRIPT.replace("=> void) {}", "=> void) { x() }"), table)


def list_texts() -> list[tuple[str, str]]:
    """A path and a text in each language."""
    texts = [
        ("lookups.py", Path(graph_model.lookups.__file__).read_text("utf-8")),
        ("A.java", JAVA),
        ("e.ts", TYPESCRIPT),
    ]
    for language, path in PATHS.items():
        examples = [one.good for label in load_catalogue() for one in label.examples if one.language == language]
        texts.append((path, "\n".join(examples[:25])))
    return texts


@pytest.mark.parametrize(("path", "text"), list_texts(), ids=lambda value: value if len(value) < 20 else "")
@settings(max_examples=25, deadline=None)
@given(chooser=st.randoms(use_true_random=False))
def test_a_session_of_edits_gives_the_tree_of_each_text(path: str, text: str, chooser: Random) -> None:
    table = table_of(path)
    live = LiveTree(text.encode(), table, 400_000)
    for _ in range(4):
        text = vary_text(text, chooser)
        follow(live, text, table)


@pytest.mark.parametrize(
    ("old", "new", "is_enough"),
    [
        ("return a", "return a + 1", True),
        ('"é"', '"élan"', True),
        ("int a", "int größe", True),
        ("h();", "h(); /* größe */", True),
        ("{ h(); }", "{ h( }", True),
        ("int f(", "int fff(", True),
        ("class Ä", "class Ö", False),
        ("// größe", "// groß", False),
        ("return a; }", "return a; ", False),
        ("int f(int a) { return a; }", "int f;", False),
    ],
)
def test_an_edit_inside_a_function_is_a_graft(old: str, new: str, is_enough: bool) -> None:
    table = table_of("A.java")
    live = LiveTree(JAVA.encode(), table, 400_000)
    assert old in JAVA
    assert follow(live, JAVA.replace(old, new), table) is is_enough
    assert follow(live, JAVA, table) is is_enough


EXPORTED = """\
export function foo(a) { b() }
export default function bar() {}
const x = { foo(a) { return 1 }, get y() { return 2 } }
export { foo as q }
"""
DECORATED = """\
@first
@second(1)
def f(a):
    if a:
        # größe
        return "é"
    return a; b()

def g(): pass
"""


@pytest.mark.parametrize(
    ("path", "old", "new", "is_enough"),
    [
        ("a.ts", "function foo", "function fox", True),
        ("a.ts", "function bar", "function barx", True),
        ("a.ts", "{ foo(a", "{ fool(a", True),
        ("a.ts", "get y", "get yy", True),
        ("a.ts", "as q", "as qq", False),
        ("a.py", "@first", "@firsts", True),
        ("a.py", "second(1)", "second(12)", True),
        ("a.py", "@first\n", "", True),
        ("a.py", "# größe", "# grösse", True),
        ("a.py", '"é"', '"è"', True),
        ("a.py", "return a; b()", "return aa; b()", True),
        ("a.py", "b()", "b(c)", True),
        ("a.py", "def f(", "def ff(", True),
    ],
)
def test_names_decorators_comments_and_statements_are_grafts(path: str, old: str, new: str, is_enough: bool) -> None:
    text, table = EXPORTED if path == "a.ts" else DECORATED, table_of(path)
    live = LiveTree(text.encode(), table, 400_000)
    assert old in text
    assert follow(live, text.replace(old, new), table) is is_enough
    assert follow(live, text, table) is is_enough


def test_a_tree_that_outgrows_its_limit_is_refused() -> None:
    table = table_of("a.py")
    live = LiveTree(b"def f():\n    pass\n", table, 40)
    with pytest.raises(LimitError):
        live.advance(b"def f():\n    " + b"x = 1\n    " * 20 + b"pass\n")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"", b"", Edit(0, 0, 0)),
        (b"ab", b"axb", Edit(1, 1, 2)),
        (b"aaa", b"aa", Edit(2, 3, 2)),
        (b"abc", b"xyz", Edit(0, 3, 3)),
        (b"", b"x", Edit(0, 0, 1)),
    ],
)
def test_the_edit_between_two_texts_is_the_shortest(old: bytes, new: bytes, expected: Edit) -> None:
    assert find_edit(old, new) == expected
