"""Value flow of one unit: which origins each expression's value comes from, and what receives it.

A sparse forward propagation over reaching definitions, statements in reverse post-order, repeated while loops still add
something. Calls that may go to project code stay symbolic (RESULT origins) until `graph_model.linking` knows them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from graph_model.access_paths import access_key, base_of, literal_step
from graph_model.conditions import ConditionJudge, find_argument, find_key
from graph_model.constants import UNKNOWN, Constants
from graph_model.control_flow import Role as StmtRole
from graph_model.control_flow import Stmt
from graph_model.definitions import KEYED_READS, Definition, DefKind
from graph_model.encoding import EdgeType
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.names import Resolver
from graph_model.origins import EMPTY, Flow, Origin, OriginKind, Passed, merge, passing, through
from graph_model.packs.model import ApiRole, Role
from graph_model.program import Unit
from graph_model.syntax import Node

_MAX_PASSES = 4
_HIGHER_ORDER = frozenset(
    [
        "map",
        "forEach",
        "filter",
        "reduce",
        "some",
        "every",
        "find",
        "flatMap",
        "then",
        "each",
        "findIndex",
        "sort",
        "Select",
        "Where",
        "ForEach",
        "SelectMany",
        "First",
        "FirstOrDefault",
        "Any",
        "All",
        "OrderBy",
        "ifPresent",
        "anyMatch",
        "allMatch",
        "collect",
        "thenApply",
        "thenAccept",
        "computeIfAbsent",
    ]
)
_MAY_BE_OBJECT = frozenset({K.NAME, K.MEMBER, K.INDEX, K.CALL, K.AWAIT, K.CAST})
_QUIET = frozenset(
    {K.COMPARE, K.NOT, K.TYPE_TEST, K.INT, K.FLOAT, K.BOOL, K.NULL, K.STRING, K.REGEX, K.FUNCTION, K.CLASS}
)


@dataclass(slots=True)
class CallSite:
    """A call that may go to project code, with the values that go in."""

    callee: str
    node: Node
    args: dict[int | str, Flow]


@dataclass(slots=True)
class SinkHit:
    """Foreign data (or a parameter, field, result) arriving at a sink."""

    role: ApiRole
    node: Node
    argument: Node
    stmt: int
    flow: Flow
    api: str
    exact: bool
    leads: bool  # foreign data is the beginning of the argument (a constant beginning fixes host or folder)


@dataclass(slots=True)
class UnitFlow:
    """What `analyse_unit_flow` finds."""

    origins: list[Origin] = field(default_factory=list)
    calls: list[CallSite] = field(default_factory=list)
    sinks: list[SinkHit] = field(default_factory=list)
    returns: Flow = field(default_factory=dict)
    stores: dict[str, Flow] = field(default_factory=dict)
    values: dict[int, Flow] = field(default_factory=dict)  # definition -> value


@dataclass(slots=True)
class FlowContext:
    """What the evaluator needs to know about the file around a unit."""

    resolver: Resolver
    label_bits: dict[str, int]
    entry_sources: dict[tuple[int, str], tuple[str, str]]  # (unit, parameter) -> (API, kind of source)
    constants: Constants
    judge: ConditionJudge


def label_mask(labels: tuple[str, ...], bits: dict[str, int]) -> int:
    """The bits of labels; "*" is all of them, `category/*` a whole category."""
    mask = 0
    for label in labels:
        if label == "*":
            return (1 << len(bits)) - 1
        if label.endswith("/*"):
            mask |= sum(1 << bit for name, bit in bits.items() if name.startswith(label[:-1]))
        else:
            mask |= 1 << bits[label] if label in bits else 0
    return mask


def analyse_unit_flow(unit: Unit, context: FlowContext) -> UnitFlow:
    """The value flow of one unit. Deterministic; at most a few passes however the loops nest."""
    return Evaluator(unit, context).run()


class Evaluator:
    """Evaluates the expressions of one unit to flows."""

    def __init__(self, unit: Unit, context: FlowContext) -> None:
        self.unit, self.context = unit, context
        self.resolver = context.resolver
        self.family = context.resolver.program.family
        self.result = UnitFlow()
        self.stmt = 0
        self.env: dict[str, Flow] = {}
        self.recording = False
        self._origins: dict[tuple[object, ...], int] = {}
        self._sites: dict[int, int] = {}
        self._paths: dict[str, list[str]] = {}
        for key in unit.flow.by_key:
            if "." in key or "[" in key:
                self._paths.setdefault(base_of(key), []).append(key)

    def run(self) -> UnitFlow:
        """Propagates until nothing is added, then visits every statement once more to record what it does."""
        flow = self.unit.flow
        stmts = flow.control.stmts
        has_loop = any(kind is EdgeType.CFG_BACK for idx in flow.order for _, kind in stmts[idx].succ)
        for _ in range(_MAX_PASSES if has_loop else 1):
            before = {key: len(value) for key, value in self.result.values.items()}
            for idx in flow.order:
                self._define(idx)
            if before == {key: len(value) for key, value in self.result.values.items()}:
                break
        self.recording = True
        for idx in flow.order:
            self._record(stmts[idx])
        return self.result

    # Statements ------------------------------------------------------------------------------------------------------

    def _define(self, idx: int) -> None:
        """Values of the definitions of one statement."""
        self.stmt = idx
        values = self.result.values
        for definition in self.unit.flow.by_stmt[idx]:
            value = self._definition_value(definition)
            if not value and definition.idx not in values:
                continue
            node = definition.node
            stepped = (
                value
                if definition.kind in (DefKind.PARAM, DefKind.ENTRY)
                else through(value, node.start, node.end, definition.key)
            )
            known = values.get(definition.idx)
            values[definition.idx] = merge(known, stepped) if known else stepped

    def _definition_value(self, definition: Definition) -> Flow:
        kind = definition.kind
        if kind is DefKind.PARAM:
            return self._param(definition)
        if kind is DefKind.ENTRY:
            return self._field(definition.key.partition(".")[2])
        if kind is DefKind.STORE:
            stored = EMPTY
            if definition.node.kind is K.CALL and self._stores_nothing(definition.node):
                return EMPTY
            for one in definition.values:
                stored = merge(stored, self.evaluate(one))
            return passing(stored, Passed.ELEMENT)
        if definition.value is None:
            return EMPTY
        if kind is DefKind.AUGMENT:
            return merge(passing(self.evaluate(definition.value), Passed.BUILT), self._read_key(definition.key))
        if definition.shadow_of is not None:
            return self._literal_part(definition)
        value = self.evaluate(definition.value)
        return passing(value, Passed.ELEMENT) if kind is DefKind.ITERATE else value

    def _stores_nothing(self, call: Node) -> bool:
        """A call whose pack entry says that what goes in is harmless there (a parameter of a statement)."""
        roles = self.resolver.roles(call, self.unit, self.stmt)
        return any(role.role is Role.NEUTRAL for role in roles) and not any(role.role is Role.SINK for role in roles)

    def _literal_part(self, definition: Definition) -> Flow:
        """`x['k']` after `x = {...}`: the pair's own value when the literal shows it, nothing when it lacks the key."""
        value = definition.value
        assert value is not None
        step = definition.key[len(base_of(definition.key)) :]
        if definition.kind is DefKind.ASSIGN and step.startswith("["):
            if value.kind is K.DICT and not any(c.kind is not K.PAIR for c in value.children):
                for pair in value.children:
                    if literal_step(pair.get("key")) == step or f"['{pair.text}']" == step:
                        inner = pair.get("value")
                        return self.evaluate(inner) if inner is not None else EMPTY
                return EMPTY
            if (
                value.kind in (K.LIST, K.TUPLE)
                and step[1:-1].isdigit()
                and not any(c.kind is K.SPREAD for c in value.children)
            ):
                position = int(step[1:-1])
                return self.evaluate(value.children[position]) if position < len(value.children) else EMPTY
        return passing(self.evaluate(value), Passed.ELEMENT)

    def _record(self, stmt: Stmt) -> None:
        """Visits a statement's expressions once more, noting sinks, calls, returns and stores."""
        self.stmt = stmt.idx
        for expr in stmt.exprs:
            value = self.evaluate(expr)
            if stmt.role is StmtRole.RETURN:
                self.result.returns = merge(self.result.returns, value)
                self._returned_sink(expr, value)
        receiver = self.unit.receiver
        for definition in self.unit.flow.by_stmt[stmt.idx]:
            if definition.shadow_of is not None or definition.kind in (DefKind.PARAM, DefKind.ENTRY):
                continue
            value = self.result.values.get(definition.idx, EMPTY)
            self._assigned_sink(definition, value)
            name = self._stored_field(definition.key, receiver)
            if value and name:
                self.result.stores[name] = merge(self.result.stores.get(name, EMPTY), value)

    def _returned_sink(self, expr: Node, value: Flow) -> None:
        """What a framework makes of an entry point's result."""
        shown = expr.children[0] if expr.kind is K.TUPLE and expr.children else expr
        is_text = shown.kind not in (K.DICT, K.LIST, K.COMPREHENSION)
        if not value or not is_text or self.resolver.resolve(shown, self.unit, self.stmt).endswith("Response"):
            return  # data that the framework encodes, or a response that was judged where it was made
        for role in self.resolver.entry_returns.get(self.unit.idx, ()):
            if self.context.judge.value_holds(role.when, expr, self.stmt):
                self._sink(role, expr, expr, value, "return")

    def _stored_field(self, key: str, receiver: str) -> str:
        base, _, name = key.partition(".")
        if name and base in (receiver, "this"):
            return name
        cls = self.unit.cls
        if (
            not name
            and cls is not None
            and key not in self.unit.locals
            and (key in cls.field_types or key in cls.field_values)
        ):
            return key
        return ""

    def _assigned_sink(self, definition: Definition, value: Flow) -> None:
        """`x.innerHTML = v`: an assignment to a property that a pack calls a sink."""
        target = definition.node
        if target.kind not in (K.MEMBER, K.INDEX) or definition.value is None:
            return
        obj, key = target.get("obj"), target.get("key")
        base = self.resolver.resolve(obj, self.unit, self.stmt) if obj is not None else ""
        attribute = target.text if target.kind is K.MEMBER else "__setitem__"
        name = f"{base}.{attribute}" if base else f"?.{attribute}"
        hint = obj.text if obj is not None and not base else ""
        parts = [(0, definition.value, value)]
        if target.kind is K.INDEX:
            parts = [(1, definition.value, value), *([(0, key, self.evaluate(key))] if key is not None else [])]
        for role in self.resolver.index.find_roles(name, hint):
            for position, argument, flow in parts:
                if role.role is not Role.SINK or not flow or position not in (role.args or (position,)):
                    continue
                if self.context.judge.value_holds(role.when, argument, self.stmt):
                    self._sink(role, target, argument, flow, name)

    # Expressions -----------------------------------------------------------------------------------------------------

    def evaluate(self, node: Node) -> Flow:
        """The origins of an expression's value at the current statement."""
        kind = node.kind
        if kind in _QUIET and not self.recording:
            return EMPTY
        handler = _EVALUATE.get(kind)
        if handler is not None:
            return handler(self, node)
        value = EMPTY
        for child in node.children:
            value = merge(value, self.evaluate(child))
        return value

    def _quiet(self, node: Node) -> Flow:
        """Comparisons and negations: evaluated for what is inside, but they pass nothing on."""
        for child in node.children:
            self.evaluate(child)
        return EMPTY

    def _attribute(self, node: Node) -> Flow:
        """Markup: `<a href={v}>` is the assignment of v to `a.href`."""
        value = node.get("value")
        flow = self.evaluate(value) if value is not None else EMPTY
        if flow and value is not None and self.recording:
            name = f"{node.parent.text if node.parent is not None else '?'}.{node.text}"
            for role in self.resolver.index.find_roles(name):
                fits = role.role is Role.SINK and 0 in (role.args or (0,))
                if fits and self.context.judge.value_holds(role.when, value, self.stmt):
                    self._sink(role, node, value, flow, name)
        return flow

    def _nothing(self, node: Node) -> Flow:
        return EMPTY

    def _name(self, node: Node) -> Flow:
        text = node.text
        found = self.env.get(text)
        if found is not None:
            return found
        if text in self.unit.locals:
            value = self._read_key(text)
            for path in self._paths.get(text, ()):
                value = merge(value, self._read_path_writes(path))
            return value
        return self._outer(node)

    def _outer(self, node: Node) -> Flow:
        """A name from outside: an imported API that is a source, a field, or a variable of an enclosing unit."""
        name = self.resolver.resolve(node, self.unit, self.stmt)
        source = self._source_role(name, node) if name else None
        if source is not None:
            return source
        cls = self.unit.cls
        if (
            cls is not None
            and self.family in (Family.JAVA, Family.CSHARP)
            and (node.text in cls.field_types or node.text in cls.field_values)
        ):
            written = self._read_key(node.text) if node.text in self.unit.flow.by_key else EMPTY
            return written or self._field(node.text)
        written = self._read_key(node.text) if node.text in self.unit.flow.by_key else EMPTY
        owner = self.unit.parent
        while owner is not None:
            if node.text in owner.locals:
                if owner.node.kind is K.MODULE and (
                    node.text in self.resolver.program.imports or node.text in self.resolver.program.functions
                ):
                    return written
                self.unit.captures[node.text] = owner
                return merge(written, self._origin(OriginKind.CAPTURE, 0, node.text, node, str(owner.idx)))
            owner = owner.parent
        return written

    def _read_key(self, key: str) -> Flow:
        value = EMPTY
        values = self.result.values
        definitions = list(self.unit.flow.reaching(key, self.stmt)) or [
            d for d in self.unit.flow.by_stmt[self.stmt] if d.key == key and d.kind is DefKind.ASSIGN
        ]  # defined in passing by this very statement: `o is string s ? s : ""`
        for definition in definitions:
            found = values.get(definition.idx)
            if found:
                value = merge(value, found)
        return value

    def _read_path_writes(self, path: str) -> Flow:
        """What was stored below a variable itself, its shadows left out."""
        value = EMPTY
        for definition in self.unit.flow.reaching(path, self.stmt):
            if definition.shadow_of is None and definition.kind is not DefKind.ENTRY:
                value = merge(value, self.result.values.get(definition.idx, EMPTY))
        return value

    def _read_stores(self, key: str) -> Flow:
        value = EMPTY
        for definition in self.unit.flow.reaching(key, self.stmt):
            if definition.kind is DefKind.STORE:
                value = merge(value, self.result.values.get(definition.idx, EMPTY))
        return value

    def _param(self, definition: Definition) -> Flow:
        name = definition.key if definition.shadow_of is None else definition.shadow_of.key
        unit = self.unit
        given = self.context.entry_sources.get((unit.idx, name))
        if given is not None:
            return self._origin(OriginKind.SOURCE, definition.param, given[0], definition.node, given[1])
        if (unit.idx, name) in self.resolver.made_by_framework:
            return EMPTY
        if name == unit.receiver or self._is_number(unit.params[definition.param][1]):
            return EMPTY
        explicit = 1 if unit.receiver and unit.params and unit.params[0][0] == unit.receiver else 0
        return self._origin(OriginKind.PARAM, definition.param - explicit, name, definition.node, "")

    def _is_number(self, declaration: Node) -> bool:
        """Declared with a type that the language enforces and that holds no text."""
        declared = declaration.get("type")
        return declared is not None and self.family in _TYPED and declared.text.rstrip("?") in _TEXTLESS_TYPES

    def _field(self, name: str) -> Flow:
        return self._origin(OriginKind.FIELD, 0, name, self.unit.node, "") if name else EMPTY

    def _origin(self, kind: OriginKind, index: int, name: str, node: Node, detail: str) -> Flow:
        key = (kind, index, name, node.start if kind is OriginKind.SOURCE else 0)
        number = self._origins.get(key)
        if number is None:
            number = self._origins[key] = len(self.result.origins)
            self.result.origins.append(Origin(kind, index, name, node.start, node.end, detail))
        return {number: (0, 0, None)}

    def _source_role(self, name: str, node: Node, hint: str = "") -> Flow | None:
        for role in self.resolver.index.find_roles(name, hint):
            if role.role is Role.SOURCE:
                return self._origin(OriginKind.SOURCE, -1, name, node, role.kind)
        return None

    def _member(self, node: Node) -> Flow:
        obj = node.get("obj")
        if obj is None:
            return EMPTY
        name = self.resolver.resolve(node, self.unit, self.stmt)
        hint = obj.text if obj.kind in (K.NAME, K.MEMBER) and (not name or self.resolver.is_untyped(name)) else ""
        source = self._source_role(name or f"?.{node.text}", node, hint)
        if source is not None:
            return source
        written = self._member_name(obj, node.text)
        if written is not None:
            return written
        roles = self._attribute_roles(obj, node.text, name)
        if any(role.role is Role.NEUTRAL for role in roles):
            return EMPTY
        mask = 0
        for role in roles:
            mask |= label_mask(role.neutralises, self.context.label_bits) if role.role is Role.SANITISER else 0
        if mask:
            return passing(self.evaluate(obj), Passed.SANITISED_OTHER | Passed.LIBRARY, mask)
        key = access_key(node)
        if key and key in self.unit.flow.by_key:
            return merge(self._read_key(key), passing(self._read_stores(base_of(key)), Passed.ELEMENT))
        return self.evaluate(obj)

    def _attribute_roles(self, obj: Node, attribute: str, name: str) -> tuple[ApiRole, ...]:
        """The roles of an attribute by its written name and by what it resolves to."""
        base = self.resolver.resolve(obj, self.unit, self.stmt)
        written = self.resolver.index.find_roles(f"{base}.{attribute}") if base else ()
        return written or (self.resolver.index.find_roles(name) if name else ())

    def _member_name(self, obj: Node, attribute: str) -> Flow | None:
        """A source by its written name (`request.args` where the attribute itself has a type)."""
        base = self.resolver.resolve(obj, self.unit, self.stmt)
        return self._source_role(f"{base}.{attribute}", obj) if base else None

    def _index(self, node: Node) -> Flow:
        obj, key = node.get("obj"), access_key(node)
        if key and key in self.unit.flow.by_key:
            return merge(self._read_key(key), passing(self._read_stores(base_of(key)), Passed.ELEMENT))
        if obj is None:
            return EMPTY
        part = self._inline_part(obj, literal_step(node.get("key")))
        if part is not None:
            return self.evaluate(part)
        return passing(self.evaluate(obj), Passed.ELEMENT)

    def _inline_part(self, obj: Node, step: str) -> Node | None:
        """`[a, b][1]` and `{'k': v}['k']`."""
        if obj.kind in (K.LIST, K.TUPLE) and step[1:-1].isdigit():
            position = int(step[1:-1])
            return obj.children[position] if position < len(obj.children) else None
        if obj.kind is K.DICT:
            for pair in obj.children:
                if step and f"['{pair.text}']" == step:
                    return pair.get("value")
        return None

    def _binary(self, node: Node) -> Flow:
        value = EMPTY
        for child in node.children:
            value = merge(value, self.evaluate(child))
        if node.text in ("+", "%"):
            return passing(value, Passed.BUILT)
        return value if node.text in ("|", "/", "??", "&") else EMPTY

    def _template(self, node: Node) -> Flow:
        value = EMPTY
        for child in node.children:
            if child.kind is not K.TEXT:
                value = merge(value, self.evaluate(child))
        mask = 0
        if value and node.get("callee") is not None:  # a tag such as sql`...` gets the parts apart
            for role in self.resolver.roles(node, self.unit, self.stmt):
                if role.role is Role.SANITISER:
                    mask |= label_mask(role.neutralises, self.context.label_bits)
        return passing(value, Passed.BUILT, mask)

    def _ternary(self, node: Node) -> Flow:
        cond, body, orelse = node.get("cond"), node.get("body"), node.get("orelse")
        decided = self.context.constants.evaluate(cond, self.stmt) if cond is not None else UNKNOWN
        if cond is not None and self.recording:
            self.evaluate(cond)
        if decided is not UNKNOWN:
            chosen = body if decided else orelse
            return self.evaluate(chosen) if chosen is not None else EMPTY
        value = self.evaluate(body) if body is not None else EMPTY
        return merge(value, self.evaluate(orelse)) if orelse is not None else value

    def _assign(self, node: Node) -> Flow:
        value = node.get("value")
        target = node.get("target")
        if target is not None and self.recording and target.kind in (K.INDEX, K.MEMBER):
            for child in target.children:
                self.evaluate(child)
        return self.evaluate(value) if value is not None else EMPTY

    def _cast(self, node: Node) -> Flow:
        value = node.get("value")
        declared = node.get("type")
        if value is None:
            return EMPTY
        inner = self.evaluate(value)
        if declared is not None and declared.text in (
            "int",
            "long",
            "double",
            "float",
            "boolean",
            "bool",
            "number",
            "Integer",
            "Long",
        ):
            return EMPTY
        return passing(inner, Passed.CAST)

    def _comprehension(self, node: Node) -> Flow:
        saved = dict(self.env)
        for part in node.children:
            if part.kind is K.COMP_FOR:
                iterated, target = part.get("iter"), part.get("target")
                value = passing(self.evaluate(iterated), Passed.ELEMENT) if iterated is not None else EMPTY
                for name in target.walk() if target is not None else ():
                    if name.kind is K.NAME:
                        self.env[name.text] = value
            elif part.kind is K.COMP_IF and self.recording:
                self._quiet(part)
        body = node.get("body")
        value = self.evaluate(body) if body is not None else EMPTY
        self.env = saved
        return passing(value, Passed.ELEMENT)

    # Calls -----------------------------------------------------------------------------------------------------------

    def _call(self, node: Node) -> Flow:
        args_node, callee = node.get("args"), node.get("callee")
        args: list[tuple[int | str, Node, Flow]] = []
        position = 0
        for child in args_node.children if args_node is not None else ():
            if child.kind is K.KWARG:
                inner = child.get("value")
                if inner is not None:
                    args.append((child.text, inner, self.evaluate(inner)))
                continue
            args.append((position, child, self.evaluate(child)))
            position += 1
        init = node.get("init")
        if init is not None:
            args.append(("init", init, self.evaluate(init)))
        receiver = EMPTY
        obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
        if obj is not None:
            receiver = self.evaluate(obj)
        elif callee is not None and callee.kind not in (K.NAME, K.TYPE_REF):
            receiver = self.evaluate(callee)
        name = self.resolver.callee(node, self.unit, self.stmt)
        roles = self.resolver.roles(node, self.unit, self.stmt)
        if self.recording:
            self._check_sinks(node, roles, args, receiver, obj, name)
        keyed = self._keyed_read(callee, obj, args)
        if keyed is not None:
            return keyed
        return self._call_result(node, name, roles, args, receiver)

    def _keyed_read(
        self, callee: Node | None, obj: Node | None, args: list[tuple[int | str, Node, Flow]]
    ) -> Flow | None:
        """`m.get("k")` of a local map whose keys are kept apart."""
        if callee is None or obj is None or obj.kind is not K.NAME or callee.text not in KEYED_READS or not args:
            return None
        key = obj.text + literal_step(args[0][1])
        if key == obj.text or key not in self.unit.flow.by_key:
            return None
        if not any(d.shadow_of is None for d in self.unit.flow.reaching(key, self.stmt)):
            return None
        return merge(self._read_key(key), passing(self._read_stores(obj.text), Passed.ELEMENT))

    def _call_result(
        self,
        node: Node,
        name: str,
        roles: tuple[ApiRole, ...],
        args: list[tuple[int | str, Node, Flow]],
        receiver: Flow,
    ) -> Flow:
        flag = Passed.LIBRARY
        mask, sanitised = 0, False
        kept: Flow | None = None
        for role in roles:
            if role.role is Role.SOURCE and self.context.judge.all_hold(role.when, node, self.stmt):
                return self._origin(OriginKind.SOURCE, -1, name, node, role.kind)
            if role.role is Role.NEUTRAL or role.role is Role.VALIDATOR:
                return EMPTY
            if role.role is Role.SANITISER and self.context.judge.all_hold(role.when, node, self.stmt):
                mask |= label_mask(role.neutralises, self.context.label_bits)
                sanitised = True
            if role.role is Role.PROPAGATOR and kept is None:
                passed = receiver if "receiver" in role.args or not role.args else EMPTY
                kept = self._union(self._chosen(role, args), passed)
        if sanitised:
            return passing(merge(self._union(args), receiver), Passed.SANITISED_OTHER | flag, mask)
        if kept is not None:
            return passing(kept, flag)
        if not roles and self._may_be_project(name):
            return self._project_call(node, name, args, receiver)
        if any(value for _, _, value in args) or receiver:
            unknown = Passed.UNKNOWN_CALL if not roles else flag
            return passing(self._union(args, receiver), unknown)
        return EMPTY

    def _union(self, args: list[tuple[int | str, Node, Flow]], receiver: Flow = EMPTY) -> Flow:
        value = receiver
        for _, _, flow in args:
            value = merge(value, flow)
        return value

    def _chosen(self, role: ApiRole, args: list[tuple[int | str, Node, Flow]]) -> list[tuple[int | str, Node, Flow]]:
        """The arguments that a role speaks of; `0.url` is the key `url` of an object literal given as the first."""
        if not role.args:
            return args
        chosen: list[tuple[int | str, Node, Flow]] = []
        for argument in args:
            keys = [k.partition(".")[2] for k in role.args if isinstance(k, str) and k.startswith(f"{argument[0]}.")]
            literal = self.context.judge.literal(argument[1], self.stmt) if keys else None
            if literal is not None:
                parts = [find_key(literal, key) for key in keys] + [c for c in literal.children if c.kind is K.SPREAD]
                chosen.extend((argument[0], part, self.evaluate(part)) for part in parts if part is not None)
            elif argument[0] in role.args or (keys and argument[1].kind in _MAY_BE_OBJECT):
                chosen.append(argument)
        return chosen

    def _may_be_project(self, name: str) -> bool:
        """Whether a call may go to code of the project: not a builtin type's method, not a known library's."""
        if not name or name.startswith("?"):
            return False
        program = self.resolver.program
        if "." not in name and "/" not in name:
            return name in program.functions or name in program.classes or name in self.unit.locals
        root = name.partition(".")[0]
        return root not in _LITERAL_ROOTS and not name.endswith("()")

    def _project_call(self, node: Node, name: str, args: list[tuple[int | str, Node, Flow]], receiver: Flow) -> Flow:
        number = self._sites.get(id(node))
        given = {key: flow for key, _, flow in args if flow}
        if receiver:
            given["receiver"] = receiver
        if number is None:
            number = self._sites[id(node)] = len(self.result.calls)
            self.result.calls.append(CallSite(name, node, given))
        else:
            self.result.calls[number].args = given
        return self._origin(OriginKind.RESULT, number, name, node, "")

    def _check_sinks(
        self,
        node: Node,
        roles: tuple[ApiRole, ...],
        args: list[tuple[int | str, Node, Flow]],
        receiver: Flow,
        obj: Node | None,
        name: str,
    ) -> None:
        for role in roles:
            if role.role is not Role.SINK:
                continue
            chosen = self._chosen(role, args) if role.args != ("receiver",) else []
            if not chosen and role.args:  # a keyword under another name, or an initialiser's property
                chosen = self._by_name(role, node)
            for _, argument, flow in chosen:
                if flow and self.context.judge.all_hold(role.when, node, self.stmt):
                    self._sink(role, node, argument, flow, name)
            if (
                "receiver" in role.args
                and receiver
                and obj is not None
                and self.context.judge.all_hold(role.when, node, self.stmt)
            ):
                self._sink(role, node, obj, receiver, name)
        if node.get("callee") is not None and args:
            self._closures(node, args, receiver)

    def _by_name(self, role: ApiRole, node: Node) -> list[tuple[int | str, Node, Flow]]:
        found: list[tuple[int | str, Node, Flow]] = []
        for key in role.args:
            argument = find_argument(node, key) if isinstance(key, str) and key != "receiver" else None
            if argument is not None:
                found.append((key, argument, self.evaluate(argument)))
        return found

    def _closures(self, node: Node, args: list[tuple[int | str, Node, Flow]], receiver: Flow) -> None:
        """A function passed to `map`, `then`, ...: its parameters are given the receiver's elements."""
        callee = node.get("callee")
        if callee is None or callee.text not in _HIGHER_ORDER or not receiver:
            return
        for _, argument, _ in args:
            inner = self.resolver.program.unit_of.get(id(argument))
            if inner is not None:
                self.result.calls.append(CallSite(f"#{inner.idx}", argument, {0: passing(receiver, Passed.ELEMENT)}))

    def _sink(self, role: ApiRole, node: Node, argument: Node, flow: Flow, name: str) -> None:
        bit = self.context.label_bits.get(role.label)
        if bit is None:
            return
        open_flow = {origin: mark for origin, mark in flow.items() if not mark[0] >> bit & 1}
        if open_flow:
            exact = not role.pattern.startswith(("*", "~"))
            leads = bool(self.evaluate(self._first_part(argument, 0)))
            self.result.sinks.append(SinkHit(role, node, argument, self.stmt, open_flow, name, exact, leads))

    def _first_part(self, node: Node, depth: int) -> Node:
        """What built text begins with, looked up through single definitions and joining calls."""
        if depth > 8:
            return node
        first: Node | None = None
        if node.kind is K.BINARY and node.text in ("+", "%"):
            first = node.get("left")
        elif node.kind is K.TEMPLATE and node.children:
            first = node.children[0] if node.children[0].kind is K.TEXT else node.children[0].get("value")
        elif node.kind is K.NAME:
            found = [d for d in self.unit.flow.reaching(node.text, self.stmt) if d.shadow_of is None]
            if len(found) == 1 and found[0].kind is DefKind.ASSIGN and found[0].value is not None:
                value = found[0].value
                is_text = value.kind in (K.BINARY, K.TEMPLATE, K.NAME, K.STRING)
                first = value if is_text and value is not node else None
        return self._first_part(first, depth + 1) if first is not None else node


_TYPED = (Family.JAVA, Family.CSHARP)
_TEXTLESS_TYPES = frozenset(
    {"int", "long", "short", "byte", "boolean", "double", "float", "Integer", "Long", "Short"}
    | {
        "Byte",
        "Boolean",
        "Double",
        "Float",
        "BigDecimal",
        "BigInteger",
        "UUID",
        "LocalDate",
        "LocalDateTime",
        "Instant",
    }
    | {"Duration", "bool", "decimal", "uint", "ulong", "ushort", "sbyte", "Guid", "DateTime", "DateTimeOffset"}
    | {"DateOnly", "TimeSpan", "Int32", "Int64", "Decimal", "CancellationToken"}
)
_LITERAL_ROOTS = frozenset(
    {
        "str",
        "list",
        "dict",
        "set",
        "tuple",
        "int",
        "float",
        "bytes",
        "String",
        "Array",
        "Object",
        "RegExp",
        "Number",
        "console",
    }
)

_EVALUATE: dict[K, Callable[[Evaluator, Node], Flow]] = {
    K.NAME: Evaluator._name,
    K.MEMBER: Evaluator._member,
    K.INDEX: Evaluator._index,
    K.SLICE: Evaluator._index,
    K.CALL: Evaluator._call,
    K.NEW: Evaluator._call,
    K.BINARY: Evaluator._binary,
    K.TEMPLATE: Evaluator._template,
    K.TERNARY: Evaluator._ternary,
    K.ASSIGN: Evaluator._assign,
    K.DECLARATOR: Evaluator._assign,
    K.CAST: Evaluator._cast,
    K.COMPREHENSION: Evaluator._comprehension,
    K.ATTRIBUTE: Evaluator._attribute,
    K.COMPARE: Evaluator._quiet,
    K.NOT: Evaluator._quiet,
    K.TYPE_TEST: Evaluator._quiet,
    K.LAMBDA: Evaluator._nothing,
    K.FUNCTION: Evaluator._nothing,
    K.CLASS: Evaluator._nothing,
    K.TYPE_REF: Evaluator._nothing,
    K.THIS: Evaluator._nothing,
    K.UPDATE: Evaluator._nothing,
    K.TEXT: Evaluator._nothing,
}
