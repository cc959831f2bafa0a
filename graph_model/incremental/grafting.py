"""The syntax tree of a file that is being edited: where an edit stays inside a function, only its nodes are made anew.

What `advance` and `apply` leave equals the tree of `parse_tree`. The grammar's parser says how far an edit changed its
tree. A comment around that leaves all nodes; else the statement around it is normalised by itself, or the innermost
function, whose own node stays. Nodes behind move.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node as GrammarNode
from tree_sitter import Tree as GrammarTree

from graph_model.incremental.extents import Edit, find_edit, measure_change, tell
from graph_model.incremental.likeness import are_alike, are_same, describe
from graph_model.incremental.nodes import Mover, exchange, move_to, replace, replace_children
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.syntax import (
    Action,
    LanguageTable,
    Node,
    SyntaxTree,
    normalise,
    normalise_part,
    parse_grammar,
)

_Range = tuple[int, int]
_KEPT = ("name", "decorators")  # nodes of a function's head that the code around it evaluates or binds
_BLOCKS = frozenset({"block", "statement_block"})  # of which no table looks at the statements in them
_CLOSED = FUNCTION_KINDS | {K.CLASS, K.NEW, K.SWITCH, K.CASE}  # a statement inside is not by itself one of the function
_DECORATED = "decorated_definition"  # Python's grammar: a function with the decorators before it
_PLAIN = frozenset({K.MODULE, K.BLOCK, K.DICT})  # what does not say the names of the functions in it
_SEEN = frozenset({K.CLASS, K.IMPORT, K.EXPORT, K.NAMESPACE})  # what others look for in a function


@dataclass(frozen=True, slots=True)
class _Part:
    """What a grammar node by itself gives: counts and ranges, and the nodes until they are grafted.

    It begins at `start`; a function's node has `num_extra` children that come from around it.
    """

    tree: SyntaxTree
    num_extra: int
    start: int


@dataclass(frozen=True, slots=True)
class Graft:
    """New nodes in a function, and what they and the old ones count for.

    `place` is the function, which gets other children; or a statement of it, for which one of `nodes` comes; or None
    where only a comment is other. `start` is its new start, `end` its old end; `is_seen_around`: the code around
    evaluates or binds something that is other now; `is_renamed`: that is the function's name. `kept`: functions in the
    statement that stay, each with the node that says the same in the new one.
    """

    function: Node
    place: Node | None
    old: SyntaxTree
    part: _Part
    nodes: list[Node]
    start: int
    end: int
    delta: int
    is_seen_around: bool = False
    is_renamed: bool = False
    kept: tuple[tuple[Node, Node], ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether everything in the function is other now, the functions in it included."""
        return self.place is self.function


class LiveTree:
    """The tree of the last text of one file. Raises LimitError as `parse_tree`."""

    def __init__(self, source: bytes, table: LanguageTable, max_nodes: int) -> None:
        self._table, self._max_nodes = table, max_nodes
        self._grammar_tree = parse_grammar(source, table)
        self.tree = normalise(self._grammar_tree, source, table, max_nodes)
        self._last: Graft | None = None
        self._mover = Mover()

    @property
    def source(self) -> bytes:
        """The text."""
        return self.tree.source

    def advance(self, source: bytes) -> Graft | None:
        """Goes to the next text; gives what is left to `apply` to the tree.

        None: the tree is another one, which is here now. Raises LimitError as `parse_tree`.
        """
        edit = find_edit(self.source, source)
        old = self._grammar_tree
        new = self._grammar_tree = self._parse(source, edit)
        extent = measure_change(tell(old, self.source, source, edit), new, edit)
        graft = next(self._list_grafts(source, extent, old, new), None)
        if graft is None or self.tree.weight + graft.part.tree.weight - graft.old.weight > self._max_nodes:
            self._last, self._mover = None, Mover()
            self.tree.root.release()
            self.tree = normalise(new, source, self._table, self._max_nodes)
            return None
        return graft

    def _parse(self, source: bytes, edit: Edit) -> GrammarTree:
        """Parts of the last tree are used again, unless one of the two is broken: then only a new start is certain."""
        old = self._grammar_tree
        if not old.root_node.has_error:
            new = parse_grammar(source, self._table, tell(old, self.source, source, edit))
            if not new.root_node.has_error:
                return new
        return parse_grammar(source, self._table)

    def _list_grafts(self, source: bytes, extent: Edit, old: GrammarTree, new: GrammarTree) -> Iterator[Graft]:
        """Those that are possible, that of the innermost function first."""
        if self.tree.deep_ranges:
            return
        functions = _find_functions(self.tree.root, extent)
        for make in (self._graft_comment, self._graft_statement) if functions else ():
            graft = make(source, functions[0], extent, old, new)
            if graft is not None:
                yield graft
        for function in functions:
            if _may_be_seen_around(function, extent):
                continue
            kind = function.raw if extent.start >= function.start else _DECORATED
            before = _find_part(old.root_node, kind, extent.start, extent.old_end, function.end)
            end = function.end + extent.delta
            after = _find_part(new.root_node, kind, extent.start, extent.new_end, end)
            if before is not None and after is not None and before[1] == after[1]:
                old_part = self._part_of(function, *before)
                new_part = _Part(normalise_part(after[0], source, self._table, after[1]), 0, after[0].start_byte)
                graft = _make_graft(function, old_part, new_part, extent.delta) if old_part is not None else None
                if graft is not None:
                    yield graft

    def _part_of(self, function: Node, node: GrammarNode, num_above: int) -> "_Part | None":
        """What a function's grammar node gives by itself; None where the function is more than that."""
        if self._last is not None and self._last.place is function and self._last.part.start == node.start_byte:
            return self._last.part
        tree = normalise_part(node, self.source, self._table, num_above)
        if len(tree.root.children) != 1:
            return None
        top = tree.root.children[0]
        num_extra = len(function.children) - len(top.children)
        is_all = are_alike(top, function) and are_same(function.children[num_extra:], top.children)
        tree.root.release()
        return _Part(tree, num_extra, node.start_byte) if is_all else None

    def _graft_comment(
        self, _: bytes, function: Node, extent: Edit, old: GrammarTree, new: GrammarTree
    ) -> Graft | None:
        """Where an edit stays inside a comment."""
        before = self._find_comment(old, extent.start, extent.old_end)
        after = self._find_comment(new, extent.start, extent.new_end)
        if before is None or after is None or (before[0], before[1] + extent.delta) != after:
            return None
        part = _Part(_make_ranges(self.tree, after), 0, before[0])
        return Graft(function, None, _make_ranges(self.tree, before), part, [], *before, extent.delta)

    def _find_comment(self, tree: GrammarTree, start: int, end: int) -> _Range | None:
        node = tree.root_node.descendant_for_byte_range(start, end)
        if node is None or self._table.kinds.get(node.type) is not Action.COMMENT or node.child_count:
            return None
        return (node.start_byte, node.end_byte) if node.start_byte < start and end <= node.end_byte else None

    def _graft_statement(
        self, source: bytes, function: Node, extent: Edit, old: GrammarTree, new: GrammarTree
    ) -> Graft | None:
        """Where an edit stays in a statement that holds nothing of which others may know, but in no function there."""
        place = _find_statement(function, extent)
        if place is None:
            return None
        end = place.end + extent.delta
        before = _find_part(old.root_node, place.raw, extent.start, extent.old_end, place.end)
        after = _find_part(new.root_node, place.raw, extent.start, extent.new_end, end)
        if before is None or after is None or before[1] != after[1]:
            return None
        old_tree = normalise_part(before[0], self.source, self._table, before[1])
        new_tree = normalise_part(after[0], source, self._table, after[1])
        node = _take_statement(new_tree, place)
        if node is None or old_tree.deep_ranges or new_tree.deep_ranges:
            return None
        own = _take_statement(old_tree, place)
        if own is None or not are_same([own], [place]):
            return None
        functions, others = _list_functions(place), _list_functions(node)
        if [*map(describe, functions)] != [*map(describe, others)]:
            return None
        part, kept = _Part(new_tree, 0, place.start), tuple(zip(functions, others, strict=True))
        return Graft(function, place, old_tree, part, [node], place.start, place.end, extent.delta, kept=kept)

    def apply(self, graft: Graft, source: bytes) -> None:
        """Changes the tree into that of the next text."""
        tree, place = self.tree, graft.place
        old, new = graft.old, graft.part.tree
        self._last = graft
        self._mover.move_around(tree.root, place, graft.end, graft.delta)
        if place is graft.function:
            place.start, place.end = graft.start, graft.end + graft.delta
            if graft.is_renamed:
                _rename_export(place, graft.nodes)
            replace_children(place, graft.nodes)
        elif place is not None:
            for one, other in graft.kept:
                exchange(one, other)
            replace(place, graft.nodes[0])
        tree.source = source
        tree.num_nodes += new.num_nodes - old.num_nodes
        tree.num_other += new.num_other - old.num_other
        tree.num_functions += new.num_functions - old.num_functions
        for name in ("comments", "error_ranges"):
            known: list[_Range] = getattr(tree, name)
            extent = graft.part.start, graft.end
            known[:] = _splice(known, getattr(old, name), getattr(new, name), extent, graft.delta)


def _find_functions(root: Node, extent: Edit) -> list[Node]:
    """The functions that hold an extent of the old text, innermost first."""
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.kind in FUNCTION_KINDS and node.raw:
            found.append(node)
        stack.extend(one for one in node.children if _begin(one) <= extent.start and extent.old_end <= one.end)
    return found[::-1]


def _begin(node: Node) -> int:
    """Where a node begins, with the decorators before it."""
    return min([node.start, *(one.start for one in node.children[:1] if one.field == "decorators")])


def _find_statement(function: Node, extent: Edit) -> Node | None:
    """The innermost statement of a function around an extent, unless others may know of what is in it."""
    found, node = None, function
    inside: Node | None = function
    while inside is not None:
        node = inside
        if node.parent is not None and node.parent.kind is K.BLOCK and node.parent.raw in _BLOCKS and node.raw:
            found = node if node is not function else None
        inside = next((one for one in node.children if one.start <= extent.start and extent.old_end <= one.end), None)
        if inside is not None and inside.kind in _CLOSED:
            break
    return None if found is None or _is_seen(found) else found


def _is_seen(statement: Node) -> bool:
    return any(node.kind in _SEEN or (node.kind is K.NEW and node.get("body")) for node in _walk_own(statement))


def _list_functions(statement: Node) -> list[Node]:
    """The functions in a statement that are in no other one there."""
    return [node for node in _walk_own(statement) if node.kind in FUNCTION_KINDS]


def _walk_own(statement: Node) -> Iterator[Node]:
    """A statement and everything below it, but for what is in functions."""
    stack = [statement]
    while stack:
        node = stack.pop()
        yield node
        if node.kind not in FUNCTION_KINDS:
            stack.extend(reversed(node.children))


def _take_statement(tree: SyntaxTree, place: Node) -> Node | None:
    """The one node that a part's tree holds, when it may stand in a statement's place."""
    if len(tree.root.children) != 1:
        return None
    node = tree.root.children.pop()
    node.parent, node.field = None, place.field
    return None if (node.kind, node.raw, node.start) != (place.kind, place.raw, place.start) or _is_seen(node) else node


def _make_ranges(tree: SyntaxTree, comment: _Range) -> SyntaxTree:
    """What a comment by itself counts for."""
    return SyntaxTree(tree.root, tree.source, [comment], [], [])


def _find_part(root: GrammarNode, kind: str, start: int, end: int, part_end: int) -> tuple[GrammarNode, int] | None:
    """The grammar node of a kind around an extent that ends there, with the number of nodes above it."""
    cursor = root.walk()
    num_above = 0
    while True:
        node = cursor.node
        assert node is not None
        if node.type == kind and node.end_byte == part_end and node.start_byte <= start and end <= part_end:
            return node, num_above
        if cursor.goto_first_child_for_byte(start) is None:
            return None
        while (child := cursor.node) is not None and child.end_byte < part_end:
            if not cursor.goto_next_sibling():
                return None
        num_above += 1


def _make_graft(function: Node, old: _Part, part: _Part, delta: int) -> Graft | None:
    """None where it may not be the same function any more."""
    new = part.tree
    after = new.root.children[0] if len(new.root.children) == 1 else None
    if after is None or old.tree.deep_ranges or new.deep_ranges:
        return None
    if not are_alike(function, after) or part.start != old.start:
        return None
    extra, own = function.children[: old.num_extra], function.children[old.num_extra :]
    kept = [child for child in own if child.field in _KEPT]
    wanted = [child for child in after.children if child.field in _KEPT]
    is_renamed = _describe_names(own) != _describe_names(after.children)
    if is_renamed and not _may_be_renamed(function, kept, wanted):
        return None
    same = [(one, two) for one, two in _pair_roles(kept, wanted) if describe(one) == describe(two)]
    places = {id(two): one for one, two in same}
    for one, two in same:
        move_to(one, two)
    children = [*extra, *(places.get(id(child), child) for child in after.children)]
    is_same = len(same) == len(kept) == len(wanted)
    new.root.children, after.children, after.parent = [], [], None
    part = _Part(new, old.num_extra, old.start)
    extent = after.start, function.end
    return Graft(function, function, old.tree, part, children, *extent, delta, not is_same, is_renamed)


def _may_be_renamed(function: Node, kept: Iterable[Node], wanted: Iterable[Node]) -> bool:
    """Whether nothing says a function's name but its node, and an export of it alone: others around may say it too."""
    names = [[one.kind for one in nodes if one.field == "name"] for nodes in (kept, wanted)]
    around = function.parent
    if names != [[K.NAME], [K.NAME]] or around is None:
        return False
    if around.kind is K.EXPORT and isinstance(around.data, tuple):
        return [local for _, local in around.data] == [_name_of(function.children)]
    return around.kind in _PLAIN and around.data is None


def _name_of(nodes: Iterable[Node]) -> str:
    return next(one.text for one in nodes if one.field == "name")


def _rename_export(function: Node, nodes: Iterable[Node]) -> None:
    """Lets what exports a function say its next name."""
    around, old, new = function.parent, _name_of(function.children), _name_of(nodes)
    if around is not None and around.kind is K.EXPORT and isinstance(around.data, tuple):
        around.data = tuple((new if exported == old else exported, new) for exported, _ in around.data)


def _pair_roles(nodes: Iterable[Node], others: list[Node]) -> Iterator[tuple[Node, Node]]:
    """The first with the first in the same role, and so on."""
    left = [*others]
    for node in nodes:
        other = next((one for one in left if one.field == node.field), None)
        if other is not None:
            left.remove(other)
            yield node, other


def _describe_names(nodes: Iterable[Node]) -> list[tuple[object, ...]]:
    return [describe(node) for node in nodes if node.field == "name"]


def _may_be_seen_around(function: Node, extent: Edit) -> bool:
    """Whether a change is in the head of a constructor by whose parameters its class may have fields (TypeScript)."""
    if function.data != "constructor" or function.raw != "method_definition":
        return False
    body = function.get("body")
    return body is None or extent.start <= body.start or extent.old_end >= body.end


def _splice(known: list[_Range], old: list[_Range], new: list[_Range], extent: _Range, delta: int) -> list[_Range]:
    """Ranges in the order of the tree: those of a part are replaced by others, those behind its extent moved."""
    start, end = extent
    before = sum(last <= start or (first <= start and last >= end) for first, last in known)
    at = next((idx for idx in range(len(known)) if known[idx : idx + len(old)] == old), before) if old else before
    rest = [*known[:at], *known[at + len(old) :]]
    moved = [(first + delta * (first >= end), last + delta * (last >= end)) for first, last in rest]
    return [*moved[:at], *new, *moved[at:]]
