"""What a detector sees of one unit, and what it proposes: Drafts, of which the analysis makes Candidates."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from graph_model.candidates.model import StepRole
from graph_model.conditions import ConditionJudge
from graph_model.constants import Constants
from graph_model.control_flow import Stmt
from graph_model.evaluator import UnitFlow
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.names import Resolver
from graph_model.packs.model import ApiRole, Role
from graph_model.program import Program, Unit
from graph_model.syntax import Node

_ITERATIONS = frozenset({"forEach", "map", "flatMap", "filter", "some", "every", "find", "findIndex", "reduce", "each"})
_CLOSED = frozenset({K.FUNCTION, K.LAMBDA, K.CLASS})


@dataclass(frozen=True, slots=True)
class LoopContext:
    """A loop: its node, its header statement, the names that change inside, whether its bound is a small constant."""

    node: Node
    header: int
    changed: frozenset[str]
    is_small: bool
    is_callback: bool = False  # the unit's whole body, called once an element by `node`, a call in another unit


@dataclass(slots=True)
class Draft:
    """A candidate in terms of nodes: `node` is the anchor expression in statement `stmt` of the unit.

    `steps` are the evidence besides the anchor, in order: (node, role, note). `facts` are path features (counts or
    0/1), `words` fill the label's message (`source`, `sink`, `api`, `name`, `loop`, `count`), `fix` names an edit
    template.
    """

    label: str
    node: Node
    stmt: int
    api: str = ""
    steps: list[tuple[Node, StepRole, str]] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    fix: str = ""


class UnitView:
    """One unit with everything known about it."""

    def __init__(
        self,
        program: Program,
        unit: Unit,
        resolver: Resolver,
        constants: Constants,
        judge: ConditionJudge,
        values: UnitFlow,
    ) -> None:
        self.program = program
        self.unit = unit
        self.resolver = resolver
        self.constants = constants
        self.judge = judge
        self.values = values
        self.is_entry = False  # a framework calls it

    @cached_property
    def calls(self) -> tuple[tuple[Stmt, Node, str, tuple[ApiRole, ...]], ...]:
        """Every call of the reachable statements: (statement, CALL or NEW, resolved name, roles), in flow order."""
        flow, stmts = self.unit.flow, self.unit.control.stmts
        return tuple(
            (stmts[idx], call, self.resolver.callee(call, self.unit, idx), self.resolver.roles(call, self.unit, idx))
            for idx in flow.order
            for call in flow.calls[idx]
        )

    def calls_with(self, role: Role) -> Iterator[tuple[Stmt, Node, str, ApiRole]]:
        """Calls that have a role whose conditions hold."""
        for stmt, call, name, roles in self.calls:
            for one in roles:
                if one.role is role and self.judge.all_hold(one.when, call, stmt.idx):
                    yield stmt, call, name, one
                    break

    @cached_property
    def _by_kind(self) -> dict[K, list[tuple[Stmt, Node]]]:
        found: defaultdict[K, list[tuple[Stmt, Node]]] = defaultdict(list)
        stmts = self.unit.control.stmts
        for idx in self.unit.flow.order:
            stmt = stmts[idx]
            stack = list(stmt.exprs)
            while stack:
                node = stack.pop()
                found[node.kind].append((stmt, node))
                if node.children and node.kind not in _CLOSED:
                    stack += node.children
        return found

    def expressions(self, *kinds: K) -> Iterator[tuple[Stmt, Node]]:
        """The nodes of these kinds in the reachable statements' expressions, nested functions and classes left out."""
        for kind in kinds:
            yield from self._by_kind.get(kind, ())

    @cached_property
    def loop_contexts(self) -> dict[int, LoopContext]:
        """Contexts of the unit's loops by number, filled by `graph_model.candidates.loops`."""
        return {}

    @cached_property
    def callback_loop(self) -> LoopContext | None:
        """The iteration that calls this unit once an element (`xs.forEach(x => ...)`), None when there is none."""
        node = self.unit.node
        call = node.parent.parent if node.parent is not None and node.parent.kind is K.ARGS else None
        callee = call.get("callee") if call is not None and call.kind is K.CALL else None
        if node.kind is not K.LAMBDA or call is None or self.program.family is not Family.JAVASCRIPT:
            return None
        if callee is None or callee.kind is not K.MEMBER or callee.text not in _ITERATIONS:
            return None
        changed = frozenset(d.key.partition(".")[0].partition("[")[0] for d in self.unit.flow.definitions)
        iterated = callee.get("obj")
        is_small = iterated is not None and iterated.kind is K.LIST and len(iterated.children) <= 16
        return LoopContext(call, -1, changed, is_small, is_callback=True)

    def loop_of(self, stmt: Stmt) -> Node | None:
        """The innermost loop around a statement, inside this unit."""
        return self.unit.control.loops[stmt.loops[-1]] if stmt.loops else None
