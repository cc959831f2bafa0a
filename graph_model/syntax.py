"""From bytes to a normalised syntax tree: one walk over the tree-sitter tree, steered by a language table.

Shapes that every language table must produce are listed in `SHAPES`; later stages rely on them. Nothing here knows a
grammar. Trees live only while a file is analysed; what outlives the analysis holds byte offsets, never nodes.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from tree_sitter import Language as Grammar
from tree_sitter import Node as GrammarNode
from tree_sitter import Parser, TreeCursor
from tree_sitter import Tree as GrammarTree

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
TEMPLATE    children TEXT, INTERPOLATION(value; data: repr?) callee? (tagged template)
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
        self.kind, self.raw = kind, raw
        self.start, self.end = start, end
        self.field, self.text = field, text
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

    def release(self) -> None:
        """Breaks the cycles of this node and all below, so that their memory goes back at once."""
        nodes = [self]
        for node in nodes:  # the list grows
            nodes += node.children
            node.parent, node.children = None, []

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
    `rewrites`: node type -> function run when a node's children are complete; returns the node to keep, None to drop.
    `leaf_text`: kinds whose text is the source slice even when they have children (children are then dropped).
    `tokens`: unnamed grammar nodes that get a node all the same (C#'s `this`). Rewrites of INLINE types run first.
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
    """One parsed file. `error_ranges` are what tree-sitter could not read; `deep_ranges` were nested too deeply."""

    root: Node
    source: bytes
    comments: list[tuple[int, int]]
    error_ranges: list[tuple[int, int]]
    deep_ranges: list[tuple[int, int]]
    num_nodes: int = 0
    num_other: int = 0
    num_functions: int = 0

    @property
    def weight(self) -> int:
        """What a tree costs, in nodes: what `max_nodes` limits."""
        return self.num_nodes + FUNCTION_WEIGHT * self.num_functions


MAX_DEPTH, FUNCTION_WEIGHT = 200, 25  # a function costs as many nodes beside its own, for its flow graph and record
_TEXT_KINDS = frozenset(
    {kind for kind in NodeKind if NodeKind.NAME <= kind <= NodeKind.REGEX} | {NodeKind.TYPE_REF, NodeKind.MODIFIER}
)


def parse_tree(source: bytes, table: LanguageTable, max_nodes: int = 400_000) -> SyntaxTree:
    """Parses and normalises one file; broken parts become ERROR leaves and everything sound is kept.

    Raises LimitError when the file has more than `max_nodes` named nodes, a function counted as FUNCTION_WEIGHT more.
    """
    return normalise(parse_grammar(source, table), source, table, max_nodes)


def parse_grammar(source: bytes, table: LanguageTable, edited: GrammarTree | None = None) -> GrammarTree:
    """The grammar's own tree; `edited` is that of an earlier text, told of its edit, of which parts are used again."""
    parser = Parser(table.grammar)
    return parser.parse(source) if edited is None else parser.parse(source, edited)


def normalise(tree: GrammarTree, source: bytes, table: LanguageTable, max_nodes: int) -> SyntaxTree:
    """The normalised tree of a whole file. Raises LimitError as `parse_tree`."""
    walk = _Normaliser(source, _compile(table), max_nodes, has_error=tree.root_node.has_error)
    return walk.run(tree.walk())


def normalise_part(node: GrammarNode, source: bytes, table: LanguageTable, num_above: int) -> SyntaxTree:
    """One grammar node with what is below it, `num_above` nodes deep in its file; it becomes the child of the root."""
    walk = _Normaliser(source, _compile(table), sys.maxsize, has_error=node.has_error)
    return walk.run(node.walk(), num_above)


@dataclass(slots=True)
class _KindRow:
    """What to do with one grammar node type."""

    raw: str
    kind: NodeKind
    action: Action | None
    is_named: bool
    is_leaf: bool
    has_text: bool
    is_dropped: bool  # an unnamed grammar node that gets no node
    names: tuple[str, ...]
    rewrite: Rewrite | None
    fields: list[str | None]  # by field id: the normalised role of a child of this node


_compiled: dict[int, tuple[LanguageTable, list[_KindRow]]] = {}


def _compile(table: LanguageTable) -> list[_KindRow]:
    """The table by the grammar's numeric ids, so that the walk does no string look-ups."""
    known = _compiled.get(id(table))
    if known is None:
        grammar = table.grammar
        names = [grammar.field_name_for_id(i) for i in range(grammar.field_count + 1)]
        rows = [_compile_kind(table, kind_id, names) for kind_id in range(grammar.node_kind_count)]
        known = _compiled[id(table)] = (table, rows)
    return known[1]


def _compile_kind(table: LanguageTable, kind_id: int, field_names: list[str | None]) -> _KindRow:
    raw = table.grammar.node_kind_for_id(kind_id) or ""
    named = table.grammar.node_kind_is_named(kind_id)
    mapped = table.kinds.get(raw, NodeKind.OTHER) if named else table.tokens.get(raw, NodeKind.OTHER)
    kind = mapped if isinstance(mapped, NodeKind) else NodeKind.SEQUENCE
    fields: list[str | None] = []
    for name in field_names:
        specific = table.fields.get((raw, name)) if name else ""
        fields.append(specific if specific is not None else table.fields.get(("*", name or ""), name))
    return _KindRow(
        raw=raw,
        kind=kind,
        action=mapped if isinstance(mapped, Action) else None,
        is_named=named,
        is_leaf=raw in table.leaf_text,
        has_text=kind in _TEXT_KINDS or raw in table.leaf_text,
        is_dropped=not named and raw not in table.tokens,
        names=table.positional.get(raw, ()),
        rewrite=table.rewrites.get(raw),
        fields=fields,
    )


_ERROR_ID = 65535
_ERROR_ROW = _KindRow("ERROR", NodeKind.ERROR, None, True, False, False, False, (), None, [])
_ROOT_ROW = _KindRow("root", NodeKind.MODULE, None, True, False, False, False, (), None, [])


class _Normaliser:
    """Builds the normalised tree bottom-up from one cursor walk."""

    def __init__(self, source: bytes, rows: list[_KindRow], max_nodes: int, *, has_error: bool) -> None:
        self.source, self.rows, self.max_nodes, self.has_error = source, rows, max_nodes, has_error
        self.max_depth = MAX_DEPTH
        self.tree = SyntaxTree(Node(NodeKind.MODULE, "", 0, len(source)), source, [], [], [])

    def run(self, cursor: TreeCursor, num_above: int = 0) -> SyntaxTree:
        """The whole walk; `open_nodes` are the nodes entered and not yet left, with their rows."""
        self.max_depth = MAX_DEPTH - num_above
        root = Node(NodeKind.MODULE, "root", 0, len(self.source))
        open_nodes: list[tuple[Node, _KindRow]] = [(root, _ROOT_ROW)]
        while True:
            if self._enter(cursor, open_nodes):
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    self.tree.root = root
                    return self.tree
                node, row = open_nodes.pop()
                self._attach(open_nodes[-1][0], node, row)

    def _enter(self, cursor: TreeCursor, open_nodes: list[tuple[Node, _KindRow]]) -> bool:
        """Handles the node under the cursor; True when the cursor went down to its first child."""
        ts = cursor.node
        assert ts is not None
        kind_id = ts.kind_id
        row = self.rows[kind_id] if kind_id != _ERROR_ID else _ERROR_ROW
        parent, parent_row = open_nodes[-1]
        fields = parent_row.fields
        field_id = cursor.field_id if fields else None
        role = fields[field_id] if field_id else ""
        if not row.is_named and (role == "text" or self.has_error):
            self._note_token(ts, parent, row, role)
        if row.is_dropped:
            return False
        start, end = ts.start_byte, ts.end_byte
        if self.has_error and (row is _ERROR_ROW or ts.is_missing):
            self.tree.error_ranges.append((start, end))
        if row.action is Action.COMMENT:
            self.tree.comments.append((start, end))
            return False
        if row.action is Action.SKIP or role == "-":
            return False
        if role == "text":
            parent.text = self.source[start:end].decode("utf-8", "replace")
            return False
        self._count(row.kind)
        node = Node(row.kind, row.raw, start, end, role or "")
        if len(open_nodes) > self.max_depth:
            self.tree.deep_ranges.append((start, end))
            node.kind = NodeKind.OTHER
        elif not row.is_leaf and cursor.goto_first_child():
            open_nodes.append((node, row))
            return True
        if row.has_text:
            node.text = self.source[start:end].decode("utf-8", "replace")
        self._attach(parent, node, row)
        return False

    def _note_token(self, ts: GrammarNode, parent: Node, row: _KindRow, role: str | None) -> None:
        """Notes the text of an unnamed grammar node, or that it is missing."""
        if role == "text":
            parent.text = f"{parent.text} {row.raw}" if parent.text else row.raw
        if row.is_dropped and self.has_error and ts.is_missing:
            self.tree.error_ranges.append((ts.start_byte, ts.end_byte))

    def _attach(self, parent: Node, node: Node, row: _KindRow) -> None:
        """Completes a node (positions, collapse, rewrite) and hangs it below its parent."""
        if row.names:
            name_unnamed_children(node, row.names)
        if row.action is Action.INLINE:
            spliced = row.rewrite(node, self.source) if row.rewrite is not None else node
            for child in spliced.children if spliced is not None else ():
                child.field = child.field or node.field
                child.parent = parent
                parent.children.append(child)
            return
        kept = node
        if row.action is Action.COLLAPSE and len(node.children) == 1:
            kept = node.children[0]
            kept.field = node.field
        if row.rewrite is not None:
            rewritten = row.rewrite(kept, self.source)
            if rewritten is None:
                return
            rewritten.field = rewritten.field or node.field
            kept = rewritten
        kept.parent = parent
        parent.children.append(kept)

    def _count(self, kind: NodeKind) -> None:
        self.tree.num_nodes, tree = self.tree.num_nodes + 1, self.tree
        if kind is NodeKind.OTHER:
            tree.num_other += 1
        elif kind is NodeKind.FUNCTION or kind is NodeKind.LAMBDA:
            tree.num_functions += 1
        if tree.num_nodes + FUNCTION_WEIGHT * tree.num_functions > self.max_nodes:  # `weight`, without a call a node
            raise LimitError("max_nodes", tree.weight, self.max_nodes)


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
