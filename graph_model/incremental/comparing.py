"""Which facts of a unit are other than before an edit: of the units of an edited function, and of those around it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from graph_model.definitions import SYNTHETIC
from graph_model.incremental.likeness import describe
from graph_model.incremental.readings import COMPARED, DESCRIBED, FLOW, TREE, Defined, Fact
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.program import Unit
from graph_model.syntax import Node

_NAMED = FUNCTION_KINDS | {K.CLASS}  # as the value of a variable they say no more than that


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What others may have read of a unit and can be compared."""

    named: dict[str, object]
    derived: dict[Callable[[Unit], object], object]
    defined: frozenset[str]


def describe_unit(unit: Unit) -> UnitFacts:
    """What can be compared of a unit whose text is about to be another one."""
    own = vars(unit)
    head = describe_head(unit)
    named = head.named | {name: own[name] for name in COMPARED if name in own}
    return UnitFacts(named, head.derived, frozenset(definition.key for definition in unit.flow.definitions))


def describe_head(unit: Unit) -> UnitFacts:
    """What can be compared of a unit around a function.

    What was derived of it is derived anew.
    """
    named = {name: _describe_nodes(getattr(unit, name)) for name in DESCRIBED}
    return UnitFacts(named, dict(unit.take_derived()), frozenset())


def describe_flow(unit: Unit) -> dict[str, list[object]]:
    """What a unit's statements define, by access path.

    Where its text is the same they are the same nodes.
    """
    found: dict[str, list[object]] = {}
    for one in unit.flow.definitions:
        found.setdefault(one.key, []).append((one.kind, one.stmt, one.node, one.value, one.values))
    return found


def _describe_nodes(value: object) -> object:
    """What nodes say, alone or in lists and tuples."""
    if isinstance(value, list | tuple):
        return tuple(_describe_nodes(one) for one in value)
    return describe(value) if isinstance(value, Node) else value


def find_changed(unit: Unit, before: UnitFacts) -> Iterator[Fact]:
    """The facts of a unit of a new text that are not what they were."""
    now = describe_unit(unit)
    yield unit.idx, TREE
    yield unit.idx, FLOW
    yield from ((unit.idx, Defined(key)) for key in before.defined | now.defined)
    for name, value in before.named.items():
        if (now.named[name] if name in DESCRIBED else getattr(unit, name)) != value:
            yield unit.idx, name
    yield from _find_changed_derived(unit, before)


def find_changed_around(unit: Unit, before: UnitFacts, function: Unit) -> Iterator[Fact]:
    """The facts of a unit around a function of a new text that are not what they were.

    Its own text is the same, but an expression of it may have the function in it.
    """
    yield unit.idx, TREE
    for name in DESCRIBED:
        if _describe_nodes(getattr(unit, name)) != before.named[name]:
            yield unit.idx, name
    yield from _find_changed_derived(unit, before)
    above = [node for node in _list_above(function.node) if node.kind not in _NAMED]
    holders = {*map(id, above), *(id(node.children) for node in above)}
    for definition in unit.flow.definitions:
        values = [one for one in (definition.value, *definition.values) if one is not None]
        if any(not holders.isdisjoint(_identities(value)) for value in values):
            yield unit.idx, Defined(definition.key)
    holders |= {id(function.node)}
    if any(id(expr) in holders for stmt in unit.control.stmts for expr in (*stmt.exprs, *stmt.cases)):
        yield unit.idx, FLOW


def _find_changed_derived(unit: Unit, before: UnitFacts) -> Iterator[Fact]:
    for compute, value in before.derived.items():
        if unit.derive(compute) != value:
            yield unit.idx, compute


def _list_above(node: Node) -> Iterator[Node]:
    around = node.parent
    while around is not None:
        yield around
        around = around.parent


def _identities(value: Node) -> Iterator[int]:
    """By what a value is known to be a node of the tree, or to stand for a part of one."""
    yield id(value)
    while value.raw == SYNTHETIC and value.children:
        value = value.children[0]
        yield id(value.children)


def list_synthetic(units: Iterable[Unit]) -> Iterator[Node]:
    """The nodes that definitions made up: they are in no tree."""
    seen: set[int] = set()
    for unit in units:
        flow = vars(unit).get("flow")
        values = [one for d in flow.definitions for one in (d.value, *d.values)] if flow is not None else []
        stack = [value for value in values if value is not None and value.raw == SYNTHETIC]
        while stack:
            node = stack.pop()
            if id(node) not in seen:
                seen.add(id(node))
                yield node
                stack.extend(node.children if node.raw == SYNTHETIC else ())
