"""From bytes to a normalised syntax tree: one walk over the tree-sitter tree, steered by a language table.

Shapes that every language table must produce are listed in `SHAPES`; later stages rely on them. Nothing here knows a
grammar. Trees live only while a file is analysed; what outlives the analysis holds byte offsets, never nodes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from tree_sitter import Language as Grammar
from tree_sitter import Parser, TreeCursor

from graph_model.errors import LimitError
from graph_model.kinds import NodeKind

SHAPES = """
MODULE      children: statements
FUNCTION    name NAME, params PARAMS, body BLOCK, type?, decorators*; text: modifiers ("async static public ..."),
            `data`: "method" | "constructor" | "getter" | "setter" | "function"
LAMBDA      params PARAMS, body BLOCK (an expression body becomes BLOCK[RETURN(value)]); text: modifiers
PARAM       name NAME or PATTERN/DICT/LIST (destructuring), type?, value? (default), decorators*; text "", "*" or "**"
CLASS       name NAME, bases BASES[...], body BLOCK, decorators*; text: modifiers and the keyword ("interface", ...)
DECL        children DECLARATOR(target, type?, value?); text: keyword/modifiers ("const", "final", ...)
FIELD_DECL  as DECL, for class members; decorators*
IF          cond, body BLOCK, orelse? (BLOCK, or IF for else-if)
SWITCH      subject, children CASE(value*, cond? (guard), body BLOCK); CASE.text "default" for the default;
            SWITCH.text "fallthrough" when a case runs on into the next unless it leaves
LOOP_FOR    init*, cond?, update*, body BLOCK          LOOP_EACH  target, iter, body BLOCK, orelse?; text "async"?
LOOP_WHILE  cond, body, orelse?                         LOOP_DO    body, cond
TRY         resources* WITH_ITEM, body, handler* CATCH(target?, type?, cond?, body), orelse?, finally? BLOCK
WITH        resources* WITH_ITEM(value, target?), body; text "async"?        LOCK  value, body
RETURN THROW YIELD AWAIT SPREAD NOT CAST(type, value) UNARY(text op) SCOPE(text) DELETE ASSERT(cond, value?)
BREAK CONTINUE  text: label name or ""                  LABEL  text: name, body
ASSIGN      target, value; text "="     AUG_ASSIGN target, value; text "+="    UPDATE target; text "++"
CALL        callee, args ARGS[expr | KWARG(value; text name) | SPREAD(value)]
NEW         callee (TYPE_REF, NAME or MEMBER), args ARGS, init? (object/collection initialiser DICT or LIST), body?
MEMBER      obj; text: the attribute. Optional chaining is dropped.    INDEX  obj, key      SLICE  obj, key*
BINARY COMPARE BOOLEAN  left, right (COMPARE may chain: children); text: operator ("and"/"or"/"??" for BOOLEAN)
TERNARY     cond, body, orelse          TYPE_TEST  value, type
COMPREHENSION body (expr or PAIR), then COMP_FOR(target, iter), COMP_IF(cond); text "list|set|dict|generator"
NAME THIS STRING TEXT INT FLOAT BOOL NULL REGEX  text: content (STRING: without quotes; BOOL: "true"/"false")
TEMPLATE    children TEXT, INTERPOLATION(value)         callee? (tagged template)
DICT        children PAIR(key, value; text: the key when literal), SPREAD, FUNCTION       LIST TUPLE SET
IMPORT      data: tuple of (local name, dotted API name); local "*" for wildcard/namespace imports
EXPORT      children: the declaration exported; data: tuple of (exported name, local name)
DECORATOR   callee, args?               TYPE_REF  text: dotted name without type arguments; children: type arguments
ELEMENT     text: tag; children ATTRIBUTE(text name, value), INTERPOLATION(value), ELEMENT, TEXT
"""


class Node:
    """A normalised syntax node: half-open UTF-8 byte range, role in its parent (`field`), children in source order."""

    __slots__ = ("children", "data", "end", "field", "kind", "parent", "raw", "start", "text")

    def __init__(self, kind: NodeKind, raw: str, start: int, end: int, field: str = "", text: str = "") -> None:
        self.kind = kind
        self.raw = raw
        self.start = start
        self.end = end
        self.field = field
        self.text = text
        self.children: list[Node] = []
        self.parent: Node | None = None
        self.data: object = None

    def get(self, field: str) -> "Node | None":
        """The first child in this role, or None."""
        for child in self.children:
            if child.field == field:
                return child
        return None

    def all(self, field: str) -> "list[Node]":
        """Every child in this role, in source order."""
        return [child for child in self.children if child.field == field]

    def walk(self) -> "Iterator[Node]":
        """This node and everything below it, parents first, in source order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def __repr__(self) -> str:
        label = f"{self.field}:" if self.field else ""
        text = f" {self.text!r}" if self.text else ""
        inner = f" {self.children}" if self.children else ""
        return f"({label}{self.kind.name}{text}{inner})"


class Action(Enum):
    """What the walk does with a grammar node that gets no node of its own."""

    SKIP = "skip"  # drop it with everything below
    COLLAPSE = "collapse"  # put its only child in its place; several children become a SEQUENCE
    INLINE = "inline"  # splice its children into its parent
    COMMENT = "comment"  # collect it beside the tree


Rewrite = Callable[[Node, bytes], "Node | None"]


@dataclass(frozen=True, slots=True)
class LanguageTable:
    """How one grammar maps to normalised syntax. Keys are the grammar's own type and field names.

    `kinds`: node type -> kind or action; a type that is missing becomes OTHER.
    `fields`: (node type, field) or ("*", field) -> normalised field, "" to drop the role, "text" to keep only the
    source text of that child as the parent's `text`, "-" to drop the child.
    `positional`: node type -> fields for its children that have none, in order; a last "..." repeats the one before.
    `rewrites`: node type -> function run when a node's children are complete; returns the node to keep, or None to drop.
    `leaf_text`: kinds whose text is the source slice even when they have children (children are then dropped).
    `tokens`: unnamed grammar nodes that get a node all the same (C#'s `this`).
    A rewrite of an INLINE type runs before its children are spliced into the parent.
    """

    grammar: Grammar
    kinds: Mapping[str, NodeKind | Action]
    fields: Mapping[tuple[str, str], str]
    positional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rewrites: Mapping[str, Rewrite] = field(default_factory=dict)
    leaf_text: frozenset[str] = frozenset()
    tokens: Mapping[str, NodeKind] = field(default_factory=dict)


@dataclass(slots=True)
class SyntaxTree:
    """One parsed file. `error_ranges` are the parts tree-sitter could not read; `deep_ranges` were nested too deeply."""

    root: Node
    source: bytes
    comments: list[tuple[int, int]]
    error_ranges: list[tuple[int, int]]
    deep_ranges: list[tuple[int, int]]
    num_nodes: int
    num_other: int


MAX_DEPTH = 200
_TEXT_KINDS = frozenset(
    {K for K in NodeKind if K >= NodeKind.NAME and K <= NodeKind.REGEX} | {NodeKind.TYPE_REF, NodeKind.MODIFIER}
)


def parse_tree(source: bytes, table: LanguageTable, max_nodes: int = 400_000) -> SyntaxTree:
    """Parses and normalises one file; broken parts become ERROR leaves and everything sound is kept.

    Raises LimitError when the file has more than `max_nodes` named nodes.
    """
    cursor = Parser(table.grammar).parse(source).walk()
    return _Normaliser(source, table, max_nodes).run(cursor)


class _Normaliser:
    """Builds the normalised tree bottom-up from one cursor walk."""

    def __init__(self, source: bytes, table: LanguageTable, max_nodes: int) -> None:
        self.source, self.table, self.max_nodes = source, table, max_nodes
        self.tree = SyntaxTree(Node(NodeKind.MODULE, "", 0, len(source)), source, [], [], [], 0, 0)

    def run(self, cursor: TreeCursor) -> SyntaxTree:
        root = Node(NodeKind.MODULE, "root", 0, len(self.source))
        open_nodes: list[tuple[Node, object]] = [(root, None)]
        while True:
            descended = self._enter(cursor, open_nodes)
            if descended:
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    self.tree.root = self._finish(root)
                    return self.tree
                self._leave(open_nodes)

    def _enter(self, cursor: TreeCursor, open_nodes: list[tuple[Node, object]]) -> bool:
        """Handles the node under the cursor; True when the cursor went down to its first child."""
        ts = cursor.node
        assert ts is not None
        parent = open_nodes[-1][0]
        raw = ts.type
        role = cursor.field_name
        if not ts.is_named:
            if role is not None and self.table.fields.get((parent.raw, role), self.table.fields.get(("*", role))) == "text":
                parent.text = f"{parent.text} {raw}" if parent.text else raw
            if not ts.is_missing and raw not in self.table.tokens:
                return False
        if ts.is_missing or raw == "ERROR":
            self.tree.error_ranges.append((ts.start_byte, ts.end_byte))
        kind = NodeKind.ERROR if raw == "ERROR" else self._kind(raw, ts.is_named)
        if kind is Action.COMMENT:
            self.tree.comments.append((ts.start_byte, ts.end_byte))
            return False
        if kind is Action.SKIP:
            return False
        normal = self._field(parent.raw, role)
        if normal == "-":
            return False
        if normal == "text":
            parent.text = self._slice(ts.start_byte, ts.end_byte)
            return False
        self._count(kind)
        node = Node(
            kind if isinstance(kind, NodeKind) else NodeKind.SEQUENCE, raw, ts.start_byte, ts.end_byte, normal
        )
        if len(open_nodes) > MAX_DEPTH:
            self.tree.deep_ranges.append((ts.start_byte, ts.end_byte))
            node.kind = NodeKind.OTHER
        elif raw not in self.table.leaf_text and cursor.goto_first_child():
            open_nodes.append((node, kind))
            return True
        if node.kind in _TEXT_KINDS or raw in self.table.leaf_text:
            node.text = self._slice(ts.start_byte, ts.end_byte)
        self._attach(parent, node, kind)
        return False

    def _leave(self, open_nodes: list[tuple[Node, object]]) -> None:
        node, kind = open_nodes.pop()
        self._attach(open_nodes[-1][0], node, kind)

    def _attach(self, parent: Node, node: Node, kind: object) -> None:
        """Completes a node (positions, collapse, rewrite) and hangs it below its parent."""
        kept = self._finish(node)
        rewrite = self.table.rewrites.get(node.raw)
        if kind is Action.INLINE:
            kept = (rewrite(kept, self.source) if rewrite is not None else kept) or Node(NodeKind.SEQUENCE, "", 0, 0)
            for child in kept.children:
                child.field = child.field or kept.field
                child.parent = parent
            parent.children.extend(kept.children)
            return
        if kind is Action.COLLAPSE and len(kept.children) == 1:
            only = kept.children[0]
            only.field = kept.field
            kept = only
        if rewrite is not None:
            rewritten = rewrite(kept, self.source)
            if rewritten is None:
                return
            rewritten.field = rewritten.field or node.field
            kept = rewritten
        kept.parent = parent
        parent.children.append(kept)

    def _finish(self, node: Node) -> Node:
        names = self.table.positional.get(node.raw)
        if names:
            name_unnamed_children(node, names)
        return node

    def _kind(self, raw: str, named: bool) -> NodeKind | Action:
        return self.table.kinds.get(raw, NodeKind.OTHER) if named else self.table.tokens.get(raw, Action.SKIP)

    def _field(self, parent_raw: str, role: str | None) -> str:
        if role is None:
            return ""
        fields = self.table.fields
        specific = fields.get((parent_raw, role))
        return specific if specific is not None else fields.get(("*", role), role)

    def _count(self, kind: object) -> None:
        tree = self.tree
        tree.num_nodes += 1
        if kind is NodeKind.OTHER:
            tree.num_other += 1
        if tree.num_nodes > self.max_nodes:
            raise LimitError("max_nodes", tree.num_nodes, self.max_nodes)

    def _slice(self, start: int, end: int) -> str:
        return self.source[start:end].decode("utf-8", "replace")


def name_unnamed_children(node: Node, names: tuple[str, ...]) -> None:
    """Gives children without a role the names in order; a final "..." repeats the name before it."""
    position = 0
    for child in node.children:
        if child.field:
            continue
        if position < len(names) and names[position] == "...":
            child.field = names[position - 1]
        elif position < len(names):
            child.field = names[position]
            position += 1


def adopt(parent: Node, *children: Node | None) -> Node:
    """Makes these (the None among them left out) the parent's only children; returns the parent."""
    parent.children = [child for child in children if child is not None]
    for child in parent.children:
        child.parent = parent
    return parent


def as_block(node: Node | None, field: str = "body") -> Node | None:
    """The node as a BLOCK in this role: itself when it is one, else a block around it. None stays None."""
    if node is None:
        return None
    if node.kind is NodeKind.BLOCK:
        node.field = field
        return node
    block = Node(NodeKind.BLOCK, "", node.start, node.end, field)
    node.field = ""
    return adopt(block, node)


def returning_block(expression: Node) -> Node:
    """The body of an expression lambda: BLOCK[RETURN(value)]."""
    result = Node(NodeKind.RETURN, "", expression.start, expression.end)
    expression.field = "value"
    adopt(result, expression)
    block = Node(NodeKind.BLOCK, "", expression.start, expression.end, "body")
    return adopt(block, result)


def dotted_name(node: Node | None) -> str:
    """`a.b.c` of a chain of members over a name or type, "" for anything else."""
    parts: list[str] = []
    while node is not None:
        if node.kind is NodeKind.MEMBER:
            parts.append(node.text)
            node = node.get("obj")
        elif node.kind in (NodeKind.NAME, NodeKind.TYPE_REF, NodeKind.THIS):
            parts.append(node.text)
            return ".".join(reversed(parts))
        else:
            return ""
    return ""
