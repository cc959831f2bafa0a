"""The definitions and calls of each statement of a unit; where they reach is `graph_model.data_flow`'s.

A definition of `x` also defines every known access path below it (a shadow).
"""

from collections.abc import Iterator
from enum import IntEnum

from graph_model.access_paths import access_key, base_of, literal_step, stored_path
from graph_model.control_flow import ControlFlow, Role, Stmt
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node


class DefKind(IntEnum):
    """How a definition gets its value."""

    ASSIGN = 0
    PARAM = 1
    AUGMENT = 2
    ITERATE = 3  # an element of its value
    WITH = 4
    CATCH = 5
    STORE = 6  # a call or an index assignment puts a value into it: the old value stays
    ENTRY = 7  # the value of a field or captured path at entry
    DELETE = 8


class Definition:
    """One definition of one access path at one statement. `value` is the expression stored, None when unknown."""

    __slots__ = ("base", "idx", "key", "kind", "node", "param", "shadow_of", "stmt", "value", "values")

    def __init__(self, idx: int, key: str, kind: DefKind, stmt: int, node: Node, value: Node | None) -> None:
        self.idx = idx
        self.key = key
        self.kind = kind
        self.stmt = stmt
        self.node = node
        self.value = value
        self.values: tuple[Node, ...] = ()  # STORE: everything stored
        self.shadow_of: Definition | None = None
        self.param = -1
        self.base = key


SYNTHETIC = "synthetic"
"""`Node.raw` of an expression that stands for a part of what was taken apart; it is in no tree."""
_SCOPES = frozenset({K.FUNCTION, K.LAMBDA, K.CLASS})
_STORING = frozenset(
    [
        "append",
        "add",
        "push",
        "put",
        "insert",
        "extend",
        "update",
        "unshift",
        "addAll",
        "putAll",
        "set",
        "setdefault",
        "appendleft",
        "add_header",
        "write",
        "writelines",
        "concat",
        "setAttribute",
        "setProperty",
        "setParameter",
        "Append",
        "Add",
        "Insert",
        "AppendLine",
        "AppendFormat",
        "AddRange",
        "Push",
        "Enqueue",
        "offer",
        "addFirst",
        "addLast",
        "addElement",
        "setHeader",
        "addHeader",
        "putIfAbsent",
        "add_argument",
        "command",
        "Write",
        "WriteLine",
    ]
)
_KEYED_STORES = frozenset({"put", "set", "setAttribute", "setdefault", "setProperty", "Add", "putIfAbsent"})
KEYED_READS = frozenset({"get", "getAttribute", "getOrDefault", "getProperty", "GetValueOrDefault"})


def pattern_leaves(pattern: Node | None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """The names that a destructuring pattern binds, each with the literal keys that lead to it."""
    if pattern is None:
        return
    if pattern.kind is K.NAME:
        yield path, pattern
    elif pattern.kind is K.PAIR:
        yield from pattern_leaves(pattern.get("value"), (*path, pattern.text))
    elif pattern.kind is K.PATTERN:
        yield from pattern_leaves(pattern.get("target"), path)
    elif pattern.kind is K.SPREAD:
        yield from pattern_leaves(pattern.get("value"), path)
    elif pattern.kind in (K.DICT, K.LIST, K.TUPLE):
        for part in pattern.children:
            yield from pattern_leaves(part, path)


def synthetic_member(value: Node, name: str, node: Node) -> Node:
    """`value.name` as an expression, for destructuring; `value` keeps its place in the tree."""
    return _derived(K.MEMBER, value, node, name)


def synthetic_index(value: Node, position: int, node: Node) -> Node:
    """`value[position]` as an expression, for unpacking."""
    index = _derived(K.INDEX, value, node, "")
    key = Node(K.INT, SYNTHETIC, node.start, node.end, "key", str(position))
    index.children.append(key)
    return index


def _derived(kind: K, value: Node, node: Node, text: str) -> Node:
    obj = Node(value.kind, value.raw, value.start, value.end, "obj", value.text)
    obj.children, obj.data, obj.parent = value.children, value.data, value.parent
    derived = Node(kind, SYNTHETIC, node.start, node.end, "", text)
    derived.children = [obj]
    derived.parent = node.parent
    return derived


class Collector:
    """Finds the definitions and calls of each statement of a unit."""

    def __init__(self, control: ControlFlow) -> None:
        self.control = control
        self.definitions: list[Definition] = []
        self.by_stmt: list[list[Definition]] = [[] for _ in control.stmts]
        self.calls: list[list[Node]] = [[] for _ in control.stmts]
        self.paths: set[str] = set()

    def define(self, key: str, kind: DefKind, stmt: int, node: Node, value: Node | None) -> Definition:
        """Adds a definition of `key` at a statement, after those already there."""
        definition = Definition(len(self.definitions), key, kind, stmt, node, value)
        self.definitions.append(definition)
        self.by_stmt[stmt].append(definition)
        return definition

    def collect(self, stmt: Stmt) -> None:
        """Adds the definitions and calls of one statement."""
        for expr in stmt.exprs:
            self._walk(expr, stmt.idx)
        node = stmt.node
        if stmt.role is Role.ITER:
            self._bind(node.get("target"), node.get("iter"), stmt.idx, DefKind.ITERATE)
        elif stmt.role is Role.CATCH:
            self._bind(node.get("target"), None, stmt.idx, DefKind.CATCH)
        elif stmt.role is Role.CASE:
            for value in stmt.cases:
                self._bind_pattern(value, node, stmt.idx)
        elif stmt.role is Role.DEFINE:
            name = node.get("name")
            if name is not None:
                self.define(name.text, DefKind.ASSIGN, stmt.idx, name, node)

    def _walk(self, expr: Node, stmt: int) -> None:
        """Post-order over one expression: calls innermost first, definitions as they happen."""
        kind = expr.kind
        if kind in _SCOPES:
            return
        for child in expr.children:
            self._walk(child, stmt)
        handler = _COLLECT.get(kind)
        if handler is not None:
            handler(self, expr, stmt)

    def _assign(self, node: Node, stmt: int) -> None:
        target = node.get("target") or node.get("name")
        value = node.get("value")
        if target is not None and (value is not None or node.kind is K.DECLARATOR or node.get("type") is None):
            self._bind(target, value, stmt, DefKind.ASSIGN)

    def _augment(self, node: Node, stmt: int) -> None:
        target = node.get("target")
        key = access_key(target) if target is not None else ""
        if target is not None and key:
            self._path(key)
            self.define(key, DefKind.AUGMENT, stmt, target, node.get("value"))
        elif target is not None:
            self._store(target, node.get("value"), stmt)

    def _bind(self, target: Node | None, value: Node | None, stmt: int, kind: DefKind) -> None:
        """Definitions for a target: a name, an access path, or a destructuring pattern taken apart."""
        if target is None:
            return
        if target.kind in (K.TUPLE, K.LIST, K.DICT, K.PATTERN, K.SEQUENCE):
            self._bind_parts(target, value, stmt, kind)
            return
        if target.kind in (K.SPREAD, K.ASSIGN, K.PARAM, K.DECLARATOR):
            inner = target.get("value") if target.kind is K.SPREAD else target.get("target") or target.get("name")
            self._bind(inner or (target.children[0] if target.children else None), value, stmt, kind)
            return
        key = access_key(target)
        if key:
            self._path(key)
            self.define(key, kind, stmt, target, value)
        else:
            self._store(target, value, stmt)

    def _bind_parts(self, target: Node, value: Node | None, stmt: int, kind: DefKind) -> None:
        parts = target.children
        literal = value is not None and value.kind in (K.TUPLE, K.LIST) and len(value.children) == len(parts)
        for position, part in enumerate(parts):
            piece = value
            if target.kind in (K.DICT, K.PATTERN) and part.kind is K.PAIR:
                key, inner = part.get("key"), part.get("value")
                if value is not None and key is not None and kind is DefKind.ASSIGN:
                    piece = synthetic_member(value, key.text or part.text, part)
                self._bind(inner, piece, stmt, kind)
                continue
            if kind is DefKind.ASSIGN and value is not None and part.kind is not K.SPREAD:
                if literal:
                    piece = value.children[position]
                elif target.kind in (K.DICT, K.PATTERN) and part.kind is K.NAME:
                    piece = synthetic_member(value, part.text, part)
                elif value.kind not in (K.CALL, K.NEW, K.AWAIT):
                    piece = synthetic_index(value, position, part)
            self._bind(part, piece, stmt, kind)

    def _bind_pattern(self, pattern: Node, case: Node, stmt: int) -> None:
        """Names that a case pattern captures take the subject's value."""
        parent = case.parent
        subject = parent.get("subject") if parent is not None else None
        if pattern.kind is K.NAME and pattern.text.islower() and pattern.raw == "identifier":
            self.define(pattern.text, DefKind.ASSIGN, stmt, pattern, subject)
        for child in pattern.children:
            if child.field in ("target", "name") and child.kind is K.NAME:
                self.define(child.text, DefKind.ASSIGN, stmt, child, subject)
            elif child.kind in (K.PATTERN, K.TUPLE, K.LIST):
                self._bind_pattern(child, case, stmt)

    def _store(self, target: Node, value: Node | None, stmt: int) -> None:
        """A write somewhere below a variable: the variable holds the value too."""
        base = target.get("obj")
        key = access_key(base) if base is not None else ""
        key = key or stored_path(target)
        if key:
            self._path(key)
            stored = self.define(key, DefKind.STORE, stmt, target, value)
            stored.values = (value,) if value is not None else ()

    def _call(self, node: Node, stmt: int) -> None:
        self.calls[stmt].append(node)
        callee = node.get("callee")
        if callee is None or callee.kind is not K.MEMBER:
            return
        obj = callee.get("obj")
        args = node.get("args")
        if obj is None or args is None:
            return
        if callee.text in KEYED_READS and args.children:
            step = literal_step(args.children[0])
            if step and obj.kind is K.NAME:
                self._path(obj.text + step)
        if callee.text not in _STORING or not args.children:
            return
        key = access_key(obj) or stored_path(obj)
        if not key:
            return
        values = tuple(args.children)
        if callee.text in _KEYED_STORES and len(values) >= 2:
            step = literal_step(values[0])
            if step and obj.kind in (K.NAME, K.THIS):
                self._path(key + step)
                self.define(key + step, DefKind.ASSIGN, stmt, node, values[-1])
                return
            values = values[1:]
        stored = self.define(key, DefKind.STORE, stmt, node, None)
        stored.values = values

    def _read(self, node: Node, stmt: int) -> None:
        key = access_key(node)
        if key:
            self._path(key)

    def _with(self, node: Node, stmt: int) -> None:
        self._bind(node.get("target"), node.get("value"), stmt, DefKind.WITH)

    def _update(self, node: Node, stmt: int) -> None:
        target = node.get("target")
        key = access_key(target) if target is not None else ""
        if target is not None and key:
            self.define(key, DefKind.AUGMENT, stmt, target, None)

    def _delete(self, node: Node, stmt: int) -> None:
        for child in node.children:
            key = access_key(child)
            if key and child.kind is K.NAME:
                self.define(key, DefKind.DELETE, stmt, child, None)

    def _path(self, key: str) -> None:
        if "." in key or "[" in key:
            self.paths.add(key)


_COLLECT = {
    K.ASSIGN: Collector._assign,
    K.DECLARATOR: Collector._assign,
    K.AUG_ASSIGN: Collector._augment,
    K.UPDATE: Collector._update,
    K.CALL: Collector._call,
    K.NEW: Collector._call,
    K.MEMBER: Collector._read,
    K.INDEX: Collector._read,
    K.WITH_ITEM: Collector._with,
    K.DELETE: Collector._delete,
}


def add_shadows(collector: Collector, receiver: str) -> None:
    """Each definition of `x` also defines the paths below x; the receiver's paths are defined at entry."""
    below: dict[str, list[str]] = {}
    for path in sorted(collector.paths):
        below.setdefault(base_of(path), []).append(path)
    for definition in list(collector.definitions):
        if definition.kind is DefKind.STORE:
            continue
        for path in below.get(definition.key, ()):
            if receiver and definition.key == receiver:
                continue
            shadow = collector.define(path, definition.kind, definition.stmt, definition.node, definition.value)
            shadow.shadow_of = definition
            shadow.param = definition.param
    for name in {receiver, "this"} - {""}:
        for path in below.get(name, ()):
            collector.define(path, DefKind.ENTRY, 0, collector.control.stmts[0].node, None)
