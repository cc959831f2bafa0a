"""Reaching definitions, dominators and guards of one flow graph, as bit vectors in Python integers.

Variables are access paths one step deep: `x`, `x.a`, `x['k']`, `x[0]` are kept apart, so that a value stored under one
literal key does not arrive under another. A definition of `x` also defines every known path below it (a shadow).
Classical work-list formulation: Aho, Lam, Sethi, Ullman, *Compilers* (2nd ed.), 9.2.4; dominators 9.6.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from graph_model.control_flow import ControlFlow, Role, Stmt
from graph_model.encoding import EdgeType
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


@dataclass(slots=True)
class DataFlow:
    """Definitions of one unit and where they reach.

    `calls[s]` are the CALL and NEW nodes that statement s evaluates, innermost first; `reach_in[s]` has a bit per
    definition.
    """

    control: ControlFlow
    definitions: list[Definition]
    by_key: dict[str, int]  # key -> bits of its definitions
    reach_in: list[int]
    dominators: list[int]
    order: list[int]  # reverse post-order of the reachable statements
    calls: list[list[Node]]
    by_stmt: list[list[Definition]] = field(default_factory=list)
    constant_edges: dict[int, bool] = field(default_factory=dict)

    def reaching(self, key: str, stmt: int) -> Iterator[Definition]:
        """Definitions of an access path that reach the entry of a statement."""
        bits = self.reach_in[stmt] & self.by_key.get(key, 0)
        definitions = self.definitions
        while bits:
            low = bits & -bits
            yield definitions[low.bit_length() - 1]
            bits ^= low

    def guards(self, stmt: int) -> list[tuple[int, bool]]:
        """Conditions that decide whether a statement runs, outermost first: (condition statement, needed outcome)."""
        found: list[tuple[int, bool]] = []
        bits = self.dominators[stmt]
        stmts = self.control.stmts
        while bits:
            low = bits & -bits
            idx = low.bit_length() - 1
            bits ^= low
            pred = stmts[idx].pred
            if len(pred) == 1 and pred[0][1] in (EdgeType.CFG_TRUE, EdgeType.CFG_FALSE):
                found.append((pred[0][0], pred[0][1] is EdgeType.CFG_TRUE))
        return found

    def dominates(self, first: int, second: int) -> bool:
        """Whether every path from the entry to `second` passes `first`."""
        return bool(self.dominators[second] >> first & 1)


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


def access_key(node: Node) -> str:
    """The access path that an expression names, at most one step below a variable; "" when it is none."""
    kind = node.kind
    if kind is K.NAME:
        return node.text
    if kind is K.THIS:
        return "this"
    if kind is K.MEMBER:
        base = _base_name(node)
        return f"{base}.{node.text}" if base else ""
    if kind is K.INDEX:
        base = _base_name(node)
        step = literal_step(node.get("key"))
        return f"{base}{step}" if base and step else ""
    return ""


def literal_step(key: Node | None) -> str:
    """`['k']` or `[0]` for a literal key, "" for anything else."""
    if key is None:
        return ""
    if key.kind is K.STRING:
        return f"['{key.text}']"
    if key.kind is K.INT:
        return f"[{key.text}]"
    if key.kind is K.ARGS and len(key.children) == 1:
        return literal_step(key.children[0])
    return ""


def _base_name(node: Node) -> str:
    for child in node.children:
        if child.field == "obj":
            return child.text if child.kind is K.NAME else "this" if child.kind is K.THIS else ""
    return ""


def root_name(node: Node | None) -> str:
    """The variable at the root of a chain of members, indices and calls; "" when there is none."""
    while node is not None:
        if node.kind is K.NAME:
            return node.text
        if node.kind is K.THIS:
            return "this"
        if node.kind in (K.MEMBER, K.INDEX, K.SLICE):
            node = node.get("obj")
        elif node.kind is K.CALL:
            node = node.get("callee")
        else:
            return ""
    return ""


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
    key = Node(K.INT, "synthetic", node.start, node.end, "key", str(position))
    index.children.append(key)
    return index


def _derived(kind: K, value: Node, node: Node, text: str) -> Node:
    obj = Node(value.kind, value.raw, value.start, value.end, "obj", value.text)
    obj.children, obj.data, obj.parent = value.children, value.data, value.parent
    derived = Node(kind, "synthetic", node.start, node.end, "", text)
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
        if not key or "[" in key or "." in key:
            key = key or root_name(target)
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
        key = access_key(obj) or root_name(obj)
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


def base_of(key: str) -> str:
    """The variable of an access path: `x` of `x.a` and of `x['k']`."""
    for i, char in enumerate(key):
        if char in ".[":
            return key[:i]
    return key


def analyse_data_flow(control: ControlFlow, params: list[tuple[str, Node]], captured_fields: str = "") -> DataFlow:
    """Reaching definitions and dominators of a unit.

    `params` are its parameters' names in order; `captured_fields` is the receiver's name (`self`, `this`), whose paths
    get an ENTRY definition each: the field's value when the unit is entered.
    """
    collector = Collector(control)
    for position, (name, node) in enumerate(params):
        if name:
            collector.define(name, DefKind.PARAM, 0, node, None).param = position
            continue
        for _, leaf in pattern_leaves(node.get("name")):
            collector.define(leaf.text, DefKind.PARAM, 0, leaf, None).param = position
    for stmt in control.stmts:
        collector.collect(stmt)
    _add_shadows(collector, captured_fields)
    flow = DataFlow(control, collector.definitions, {}, [], [], [], collector.calls, collector.by_stmt)
    for definition in flow.definitions:
        flow.by_key[definition.key] = flow.by_key.get(definition.key, 0) | 1 << definition.idx
    solve(flow)
    return flow


def _add_shadows(collector: Collector, receiver: str) -> None:
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
            collector.define(path, DefKind.ENTRY, 0, control_node(collector), None)


def control_node(collector: Collector) -> Node:
    """The unit's own node, where entry definitions stand."""
    return collector.control.stmts[0].node


def solve(flow: DataFlow) -> None:
    """(Re)computes order, reaching definitions and dominators, without the edges that `constant_edges` rules out."""
    stmts = flow.control.stmts
    gen, kill = _transfer(flow)
    flow.order = _reverse_post_order(flow)
    reachable = set(flow.order)
    flow.reach_in = [0] * len(stmts)
    out = [0] * len(stmts)
    preds = [[p for p, kind in s.pred if p in reachable and _runs(flow, p, kind)] for s in stmts]
    changed = True
    while changed:
        changed = False
        for idx in flow.order:
            bits = 0
            for pred in preds[idx]:
                bits |= out[pred]
            flow.reach_in[idx] = bits
            new = (bits & ~kill[idx]) | gen[idx]
            if new != out[idx]:
                out[idx] = new
                changed = True
    # A parameter is defined before the entry's own statements run.
    _solve_dominators(flow, preds)


def _runs(flow: DataFlow, stmt: int, kind: EdgeType) -> bool:
    known = flow.constant_edges.get(stmt)
    if known is None:
        return True
    return kind is not (EdgeType.CFG_FALSE if known else EdgeType.CFG_TRUE)


def _transfer(flow: DataFlow) -> tuple[list[int], list[int]]:
    gen = [0] * len(flow.control.stmts)
    kill = [0] * len(flow.control.stmts)
    for idx, definitions in enumerate(flow.by_stmt):
        for definition in definitions:
            bit = 1 << definition.idx
            if definition.kind is DefKind.STORE:
                gen[idx] |= bit
                continue
            same = flow.by_key[definition.key]
            kill[idx] |= same
            gen[idx] = (gen[idx] & ~same) | bit
            if definition.kind is DefKind.PARAM and definition.shadow_of is None:
                continue
    return gen, kill


def _reverse_post_order(flow: DataFlow) -> list[int]:
    stmts = flow.control.stmts
    seen = {0}
    order: list[int] = []
    stack: list[tuple[int, Iterator[tuple[int, EdgeType]]]] = [(0, iter(stmts[0].succ))]
    while stack:
        idx, successors = stack[-1]
        for target, kind in successors:
            if target not in seen and _runs(flow, idx, kind):
                seen.add(target)
                stack.append((target, iter(stmts[target].succ)))
                break
        else:
            order.append(idx)
            stack.pop()
    order.reverse()
    return order


def _solve_dominators(flow: DataFlow, preds: list[list[int]]) -> None:
    everything = (1 << len(flow.control.stmts)) - 1
    dominators = [everything] * len(flow.control.stmts)
    dominators[0] = 1
    changed = True
    while changed:
        changed = False
        for idx in flow.order:
            if idx == 0:
                continue
            bits = everything
            for pred in preds[idx]:
                bits &= dominators[pred]
            bits |= 1 << idx
            if bits != dominators[idx]:
                dominators[idx] = bits
                changed = True
    reachable = set(flow.order)
    flow.dominators = [bits if i in reachable else 1 << i for i, bits in enumerate(dominators)]
