"""The state of one unit's value-flow evaluation: its result so far, and what can be read at the current statement.

How each kind of expression passes values on is `graph_model.value_expressions`'.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from graph_model.access_paths import base_of
from graph_model.conditions import ConditionJudge
from graph_model.constants import Constants
from graph_model.definitions import DefKind
from graph_model.kinds import NodeKind as K
from graph_model.names import Resolver
from graph_model.origins import EMPTY, Flow, Origin, OriginKind, merge
from graph_model.packs.model import ApiRole, Role
from graph_model.program import Unit
from graph_model.syntax import Node
from graph_model.textless import TYPED, holds_no_text

_QUIET = frozenset(
    {K.COMPARE, K.NOT, K.TYPE_TEST, K.INT, K.FLOAT, K.BOOL, K.NULL, K.STRING, K.REGEX, K.FUNCTION, K.CLASS}
)


@dataclass(slots=True)
class CallSite:
    """A call that may go to project code, with the values that go in."""

    callee: str
    node: Node
    args: dict[int | str, Flow]
    is_request: bool = False


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


Argument = tuple[int | str, Node, Flow]  # position or keyword, expression, value


class EvaluatedCall(NamedTuple):
    """A CALL or NEW whose parts are evaluated: its name, roles and arguments, the receiver and its value.

    A tuple, not a frozen dataclass: one is made for every call in every pass.
    """

    node: Node
    name: str
    roles: tuple[ApiRole, ...]
    args: list[Argument]
    obj: Node | None
    receiver: Flow


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


class Evaluator:
    """Evaluates the expressions of one unit to flows, at the statement `stmt`.

    While `recording`, sinks and calls are noted in `result`; `env` holds the variables of open comprehensions.
    """

    def __init__(self, unit: Unit, context: FlowContext, handlers: "Handlers") -> None:
        self.unit, self.context = unit, context
        self.handlers = handlers
        self.resolver = context.resolver
        self.family = context.resolver.program.family
        self.result = UnitFlow()
        self.stmt = 0
        self.env: dict[str, Flow] = {}
        self.recording = False
        self._origins: dict[tuple[object, ...], int] = {}
        self.sites: dict[int, int] = {}
        self.paths: dict[str, list[str]] = {}
        for key in unit.flow.by_key:
            if "." in key or "[" in key:
                self.paths.setdefault(base_of(key), []).append(key)
        self._writes = {path: self._written(path) for paths in self.paths.values() for path in paths}
        self.textless = self._textless_locals() if self.family in TYPED else frozenset()

    def holds_no_text(self, declared: Node | None) -> bool:
        """Whether a declared type holds no text."""
        return holds_no_text(declared, self.family, self.resolver.program.enums)

    def _textless_locals(self) -> frozenset[str]:
        """Variables that every declaration in the unit gives a type without text."""
        verdicts: dict[str, bool] = {}
        for definition in self.unit.flow.definitions:
            around = definition.node.parent if definition.node.kind is K.NAME else None
            declared = around.get("type") if around is not None else None
            if declared is not None and definition.shadow_of is None:
                verdicts[definition.key] = verdicts.get(definition.key, True) and self.holds_no_text(declared)
        return frozenset(name for name, verdict in verdicts.items() if verdict)

    def evaluate(self, node: Node) -> Flow:
        """The origins of an expression's value at the current statement."""
        kind = node.kind
        if kind in _QUIET and not self.recording:
            return EMPTY
        handler = self.handlers.get(kind)
        if handler is not None:
            return handler(self, node)
        value = EMPTY
        for child in node.children:
            value = merge(value, self.evaluate(child))
        return value

    def origin(self, kind: OriginKind, index: int, name: str, node: Node, detail: str) -> Flow:
        """A flow of one origin, numbered when it is first met."""
        key = (kind, index, name, node.start if kind is OriginKind.SOURCE else 0)
        number = self._origins.get(key)
        if number is None:
            number = self._origins[key] = len(self.result.origins)
            self.result.origins.append(Origin(kind, index, name, node.start, node.end, detail))
        return {number: (0, 0, None)}

    def field(self, name: str) -> Flow:
        """A field of the unit's object as it is at entry."""
        cls = self.unit.cls
        if not name or (cls is not None and self.holds_no_text(cls.field_types.get(name))):
            return EMPTY
        return self.origin(OriginKind.FIELD, 0, name, self.unit.node, "")

    def source_role(self, name: str, node: Node, hint: str = "", read: Node | None = None) -> Flow | None:
        """A source, where packs say that this name is one, less what they say it is harmless for.

        `read` is the expression that conditions are asked of, when it is more than `node`.
        """
        roles = self.resolver.index.find_roles(name, hint)
        for role in roles:
            if role.role is Role.SOURCE and self.context.judge.all_hold(role.when, read or node, self.stmt):
                found = self.origin(OriginKind.SOURCE, -1, name, node, role.kind)
                return {number: (self.neutralised(roles), 0, None) for number in found}
        return None

    def neutralised(self, roles: tuple[ApiRole, ...]) -> int:
        """Bits of the labels that the sanitisers among some roles rule out."""
        mask = 0
        for role in roles:
            mask |= label_mask(role.neutralises, self.context.label_bits) if role.role is Role.SANITISER else 0
        return mask

    def read_key(self, key: str) -> Flow:
        """The value of an access path at the current statement."""
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

    def read_path_writes(self, path: str) -> Flow:
        """What was stored below a variable itself, its shadows left out."""
        flow, value = self.unit.flow, EMPTY
        bits = flow.reach_in[self.stmt] & self._writes[path]
        while bits:
            low = bits & -bits
            bits ^= low
            value = merge(value, self.result.values.get(low.bit_length() - 1, EMPTY))
        return value

    def _written(self, path: str) -> int:
        """Bits of the definitions that store something at an access path itself."""
        flow = self.unit.flow
        bits = left = flow.by_key[path]
        while left:
            low = left & -left
            left ^= low
            definition = flow.definitions[low.bit_length() - 1]
            if definition.shadow_of is not None or definition.kind is DefKind.ENTRY:
                bits ^= low
        return bits

    def read_stores(self, key: str) -> Flow:
        """What calls and index assignments have put into a variable."""
        value = EMPTY
        for definition in self.unit.flow.reaching(key, self.stmt):
            if definition.kind is DefKind.STORE:
                value = merge(value, self.result.values.get(definition.idx, EMPTY))
        return value


Handlers = Mapping[K, Callable[[Evaluator, Node], Flow]]
