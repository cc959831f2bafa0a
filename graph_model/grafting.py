"""The syntax tree of a file that is being edited: where an edit stays inside a function, only its nodes are made anew.

What `advance` and `apply` leave equals the tree of `parse_tree`. The grammar's parser says how far an edit changed its
tree; the innermost function around that is normalised by itself, its node stays. Nodes behind it move.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node as GrammarNode
from tree_sitter import Tree as GrammarTree

from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.syntax import (
    LanguageTable,
    Node,
    SyntaxTree,
    normalise,
    normalise_part,
    parse_grammar,
)

_Range = tuple[int, int]
_KEPT = ("name", "decorators")  # nodes of a function's head that the code around it evaluates or binds


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes that changed, or all that a change reaches.

    [start, old_end) of one text became [start, new_end) of the next.
    """

    start: int
    old_end: int
    new_end: int

    @property
    def delta(self) -> int:
        """How much longer the text became."""
        return self.new_end - self.old_end

    def widen(self, start: int, new_end: int) -> "Edit":
        """The same edit with more around it, told in positions of the new text."""
        new_end = max(self.new_end, new_end)
        return Edit(min(self.start, start), new_end - self.delta, new_end)


@dataclass(frozen=True, slots=True)
class _Part:
    """What the grammar node of a function gives by itself: counts and ranges, and the nodes until they are grafted.

    The function's node has `num_extra` children that come from around it; its own begin at `start`.
    """

    tree: SyntaxTree
    num_extra: int
    start: int


@dataclass(frozen=True, slots=True)
class Graft:
    """New children for a function's node, and what they and the old ones count for.

    `end` is the function's old end; `is_seen_around`: the code around evaluates something of it that is other now.
    """

    function: Node
    old: SyntaxTree
    part: _Part
    children: list[Node]
    end: int
    delta: int
    is_seen_around: bool


class LiveTree:
    """The tree of the last text of one file. Raises LimitError as `parse_tree`."""

    def __init__(self, source: bytes, table: LanguageTable, max_nodes: int) -> None:
        self._table, self._max_nodes = table, max_nodes
        self._grammar_tree = parse_grammar(source, table)
        self.tree = normalise(self._grammar_tree, source, table, max_nodes)
        self._last: Graft | None = None

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
        extent = _measure_change(_tell(old, self.source, source, edit), new, edit)
        graft = next(self._list_grafts(source, extent, old, new), None)
        if graft is None or self.tree.weight + graft.part.tree.weight - graft.old.weight > self._max_nodes:
            self._last = None
            self.tree = normalise(new, source, self._table, self._max_nodes)
            return None
        return graft

    def _parse(self, source: bytes, edit: Edit) -> GrammarTree:
        """Parts of the last tree are used again, unless one of the two is broken: then only a new start is certain."""
        old = self._grammar_tree
        if not old.root_node.has_error:
            new = parse_grammar(source, self._table, _tell(old, self.source, source, edit))
            if not new.root_node.has_error:
                return new
        return parse_grammar(source, self._table)

    def _list_grafts(self, source: bytes, extent: Edit, old: GrammarTree, new: GrammarTree) -> Iterator[Graft]:
        """Those that are possible, that of the innermost function first."""
        if self.tree.deep_ranges:
            return
        for function in _find_functions(self.tree.root, extent):
            if _may_be_seen_around(function, extent):
                continue
            before = _find_part(old.root_node, function.raw, extent.start, extent.old_end, function.end)
            end = function.end + extent.delta
            after = _find_part(new.root_node, function.raw, extent.start, extent.new_end, end)
            if before is not None and after is not None and before[1] == after[1]:
                old_part = self._part_of(function, *before)
                new_part = normalise_part(after[0], source, self._table, after[1])
                graft = _make_graft(function, old_part, new_part, extent.delta) if old_part is not None else None
                if graft is not None:
                    yield graft

    def _part_of(self, function: Node, node: GrammarNode, num_above: int) -> "_Part | None":
        """What a function's grammar node gives by itself; None where the function is more than that."""
        if self._last is not None and self._last.function is function:
            return self._last.part
        tree = normalise_part(node, self.source, self._table, num_above)
        if len(tree.root.children) != 1:
            return None
        top = tree.root.children[0]
        num_extra = len(function.children) - len(top.children)
        is_all = _are_alike(top, function) and _are_same(function.children[num_extra:], top.children)
        release(tree.root)
        return _Part(tree, num_extra, top.start) if is_all else None

    def apply(self, graft: Graft, source: bytes) -> None:
        """Changes the tree into that of the next text."""
        tree, function = self.tree, graft.function
        old, new = graft.old, graft.part.tree
        self._last = graft
        _shift(tree.root, function, graft.end, graft.delta)
        function.end = graft.end + graft.delta
        _replace_children(function, graft.children)
        tree.source = source
        tree.num_nodes += new.num_nodes - old.num_nodes
        tree.num_other += new.num_other - old.num_other
        tree.num_functions += new.num_functions - old.num_functions
        for name in ("comments", "error_ranges"):
            known: list[_Range] = getattr(tree, name)
            extent = graft.part.start, graft.end
            known[:] = _splice(known, getattr(old, name), getattr(new, name), extent, graft.delta)


def find_edit(old: bytes, new: bytes) -> Edit:
    """The shortest edit between two texts: what lies between what they share."""
    start = _common(old, new, from_end=False)
    tail = _common(old[start:], new[start:], from_end=True)
    return Edit(start, len(old) - tail, len(new) - tail)


def _common(one: bytes, other: bytes, *, from_end: bool) -> int:
    """How many bytes are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        same = one[-middle:] == other[-middle:] if from_end else one[:middle] == other[:middle]
        low, high = (middle, high) if same else (low, middle - 1)
    return low


def _tell(tree: GrammarTree, old: bytes, new: bytes, edit: Edit) -> GrammarTree:
    """A copy of a tree that knows of an edit."""
    told = tree.copy()
    told.edit(
        edit.start,
        edit.old_end,
        edit.new_end,
        _point(old, edit.start),
        _point(old, edit.old_end),
        _point(new, edit.new_end),
    )
    return told


def _point(source: bytes, offset: int) -> tuple[int, int]:
    return source.count(b"\n", 0, offset), offset - (source.rfind(b"\n", 0, offset) + 1)


def _measure_change(told: GrammarTree, new: GrammarTree, edit: Edit) -> Edit:
    """The edit with everything around it that the parser reads otherwise now."""
    ranges = told.changed_ranges(new)
    if not ranges:
        return edit
    return edit.widen(min(one.start_byte for one in ranges), max(one.end_byte for one in ranges))


def _find_functions(root: Node, extent: Edit) -> list[Node]:
    """The functions that hold an extent of the old text, innermost first."""
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.kind in FUNCTION_KINDS and node.raw:
            found.append(node)
        stack.extend(child for child in node.children if child.start <= extent.start and extent.old_end <= child.end)
    return found[::-1]


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


def _make_graft(function: Node, old: _Part, new: SyntaxTree, delta: int) -> Graft | None:
    """None where it may not be the same function any more."""
    after = new.root.children[0] if len(new.root.children) == 1 else None
    if after is None or old.tree.deep_ranges or new.deep_ranges:
        return None
    if not _are_alike(function, after) or after.start != old.start:
        return None
    extra, own = function.children[: old.num_extra], function.children[old.num_extra :]
    kept = [child for child in own if child.field in _KEPT]
    wanted = [child for child in after.children if child.field in _KEPT]
    if _describe_names(own) != _describe_names(after.children):
        return None  # what stands around it may say the name too
    is_same = [describe(child) for child in kept] == [describe(child) for child in wanted]
    places = {id(two): one for one, two in zip(kept, wanted, strict=True)} if is_same else {}
    for one, two in zip(kept, wanted, strict=True) if is_same else ():
        _move_to(one, two)
    children = [*extra, *(places.get(id(child), child) for child in after.children)]
    new.root.children, after.children, after.parent = [], [], None
    return Graft(function, old.tree, _Part(new, old.num_extra, old.start), children, function.end, delta, not is_same)


def _describe_names(nodes: Iterable[Node]) -> list[tuple[object, ...]]:
    return [describe(node) for node in nodes if node.field == "name"]


def _may_be_seen_around(function: Node, extent: Edit) -> bool:
    """Whether a change is in the head of a constructor by whose parameters its class may have fields (TypeScript)."""
    if function.data != "constructor" or function.raw != "method_definition":
        return False
    body = function.get("body")
    return body is None or extent.start <= body.start or extent.old_end >= body.end


def _are_alike(one: Node, other: Node) -> bool:
    """Whether two nodes say the same themselves."""
    is_same = (one.kind, one.raw, one.text) == (other.kind, other.raw, other.text)
    return is_same and _describe_data(one.data) == _describe_data(other.data)


def _replace_children(function: Node, children: list[Node]) -> None:
    """Hangs others below a function; what it had goes, with the cycles in it."""
    wanted = {*map(id, children)}
    for old in function.children:
        if id(old) not in wanted:
            release(old)
    function.children = children
    for child in children:
        child.parent = function


def _splice(known: list[_Range], old: list[_Range], new: list[_Range], extent: _Range, delta: int) -> list[_Range]:
    """Ranges in the order of the tree: those of a part are replaced by others, those behind its extent moved."""
    start, end = extent
    before = sum(last <= start or (first <= start and last >= end) for first, last in known)
    at = next((idx for idx in range(len(known)) if known[idx : idx + len(old)] == old), before) if old else before
    rest = [*known[:at], *known[at + len(old) :]]
    moved = [(first + delta * (first >= end), last + delta * (last >= end)) for first, last in rest]
    return [*moved[:at], *new, *moved[at:]]


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


def _are_same(nodes: Iterable[Node], others: Iterable[Node]) -> bool:
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


def _move_to(node: Node, other: Node) -> None:
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


def _shift(root: Node, function: Node, end: int, delta: int) -> None:
    """Moves what ends behind a function; what is in it is replaced."""
    for node in _list_around(root, function, end) if delta else ():
        move_node(node, end, delta)


def _list_around(root: Node, function: Node, end: int) -> list[Node]:
    """Every node outside a function, but for functions that end before it; each once."""
    found: list[Node] = []
    data: list[object] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node is function or (node.end < end and node.kind is K.FUNCTION):
            continue
        found.append(node)
        stack.extend(node.children)
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
