"""Value flow of one unit: which origins each expression's value comes from, and what receives it.

A sparse forward propagation over reaching definitions, statements in reverse post-order, repeated while loops still add
something. Calls that may go to project code stay symbolic (RESULT origins) until `graph_model.linking` knows them.
"""

from graph_model.access_paths import base_of, literal_step
from graph_model.control_flow import Role as StmtRole
from graph_model.control_flow import Stmt
from graph_model.definitions import Definition, DefKind
from graph_model.encoding import EdgeType
from graph_model.evaluator import Evaluator, FlowContext, UnitFlow, label_mask
from graph_model.kinds import NodeKind as K
from graph_model.origins import CALLBACK, EMPTY, SERVICE, Flow, OriginKind, Passed, merge, passing, through
from graph_model.packs.model import Role
from graph_model.program import Unit
from graph_model.syntax import Node
from graph_model.textless import is_failure, is_service
from graph_model.value_expressions import HANDLERS
from graph_model.value_sinks import check_assigned, check_returned

_MAX_PASSES = 4
_OF_PATHS = ("security/path-traversal",)


def analyse_unit_flow(unit: Unit, context: FlowContext) -> UnitFlow:
    """The value flow of one unit. Deterministic; at most a few passes however the loops nest."""
    state = Evaluator(unit, context, HANDLERS)
    flow = unit.flow
    stmts = flow.control.stmts
    has_loop = any(kind is EdgeType.CFG_BACK for idx in flow.order for _, kind in stmts[idx].succ)
    for _ in range(_MAX_PASSES if has_loop else 1):
        before = {key: len(value) for key, value in state.result.values.items()}
        for idx in flow.order:
            _define(state, idx)
        if before == {key: len(value) for key, value in state.result.values.items()}:
            break
    state.recording = True
    for idx in flow.order:
        _record(state, stmts[idx])
    return state.result


def _define(state: Evaluator, idx: int) -> None:
    """Values of the definitions of one statement."""
    state.stmt = idx
    values = state.result.values
    for definition in state.unit.flow.by_stmt[idx]:
        value = _definition_value(state, definition)
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


def _definition_value(state: Evaluator, definition: Definition) -> Flow:
    kind = definition.kind
    if kind is DefKind.PARAM:
        return _param(state, definition)
    if kind is DefKind.ENTRY:
        return state.field(definition.key.partition(".")[2])
    if kind is DefKind.STORE:
        stored = EMPTY
        if definition.node.kind is K.CALL and _stores_nothing(state, definition.node):
            return EMPTY
        for one in definition.values:
            stored = merge(stored, state.evaluate(one))
        return passing(stored, Passed.ELEMENT)
    if definition.value is None or _is_textless(state, definition):
        return EMPTY
    if kind is DefKind.AUGMENT:
        return merge(passing(state.evaluate(definition.value), Passed.BUILT), state.read_key(definition.key))
    if definition.shadow_of is not None:
        return _literal_part(state, definition)
    value = state.evaluate(definition.value)
    return passing(value, Passed.ELEMENT) if kind is DefKind.ITERATE else value


def _stores_nothing(state: Evaluator, call: Node) -> bool:
    """A call whose pack entry says that what goes in is harmless there (a parameter of a statement)."""
    roles = state.resolver.roles(call, state.unit, state.stmt)
    return any(role.role is Role.NEUTRAL for role in roles) and not any(role.role is Role.SINK for role in roles)


def _is_textless(state: Evaluator, definition: Definition) -> bool:
    """Into a variable declared with a type that holds no text; one character read at a time is text all the same."""
    if definition.key not in state.textless:
        return False
    callee = definition.value.get("callee") if definition.value is not None else None
    return callee is None or callee.text != "read"


def _literal_part(state: Evaluator, definition: Definition) -> Flow:
    """`x['k']` after `x = {...}`: the pair's own value when the literal shows it, nothing when it lacks the key."""
    value = definition.value
    assert value is not None
    step = definition.key[len(base_of(definition.key)) :]
    if definition.kind is DefKind.ASSIGN and step.startswith("["):
        if value.kind is K.DICT and not any(c.kind is not K.PAIR for c in value.children):
            for pair in value.children:
                if literal_step(pair.get("key")) == step or f"['{pair.text}']" == step:
                    inner = pair.get("value")
                    return state.evaluate(inner) if inner is not None else EMPTY
            return EMPTY
        if (
            value.kind in (K.LIST, K.TUPLE)
            and step[1:-1].isdigit()
            and not any(c.kind is K.SPREAD for c in value.children)
        ):
            position = int(step[1:-1])
            return state.evaluate(value.children[position]) if position < len(value.children) else EMPTY
    return passing(state.evaluate(value), Passed.ELEMENT)


def _record(state: Evaluator, stmt: Stmt) -> None:
    """Visits a statement's expressions once more, noting sinks, calls, returns and stores."""
    state.stmt = stmt.idx
    for expr in stmt.exprs:
        value = state.evaluate(expr)
        if stmt.role is StmtRole.RETURN and not state.holds_no_text(state.unit.node.get("type")):
            state.result.returns = merge(state.result.returns, value)
            check_returned(state, expr, value)
    receiver = state.unit.receiver
    for definition in state.unit.flow.by_stmt[stmt.idx]:
        if definition.shadow_of is not None or definition.kind in (DefKind.PARAM, DefKind.ENTRY):
            continue
        value = state.result.values.get(definition.idx, EMPTY)
        check_assigned(state, definition, value)
        name = _stored_field(state, definition.key, receiver)
        if value and name:
            state.result.stores[name] = merge(state.result.stores.get(name, EMPTY), value)


def _stored_field(state: Evaluator, key: str, receiver: str) -> str:
    base, _, name = key.partition(".")
    if name and base in (receiver, "this"):
        return name
    cls = state.unit.cls
    if (
        not name
        and cls is not None
        and key not in state.unit.locals
        and (key in cls.field_types or key in cls.field_values)
    ):
        return key
    return ""


def _is_callback(unit: Unit) -> bool:
    """Whether a function is written where it is handed on: whoever takes it calls it, and nobody else can."""
    around = unit.node.parent
    while around is not None and around.kind in (K.PAIR, K.DICT):
        around = around.parent
    return around is not None and around.kind is K.ARGS


def _param(state: Evaluator, definition: Definition) -> Flow:
    name = definition.key if definition.shadow_of is None else definition.shadow_of.key
    unit = state.unit
    given = state.context.entry_sources.get((unit.idx, name))
    if given is not None:
        found = state.origin(OriginKind.SOURCE, definition.param, given[0], definition.node, given[1])
        is_segment = (unit.idx, name) in state.resolver.one_segment
        return passing(found, Passed.NOTHING, label_mask(_OF_PATHS, state.context.label_bits)) if is_segment else found
    if (unit.idx, name) in state.resolver.made_by_framework:
        return EMPTY
    declared = unit.params[definition.param][1].get("type")
    if name == unit.receiver or state.holds_no_text(declared) or is_failure(declared, state.family):
        return EMPTY
    explicit = 1 if unit.receiver and unit.params and unit.params[0][0] == unit.receiver else 0
    detail = SERVICE if is_service(declared, state.family) else CALLBACK if _is_callback(unit) else ""
    return state.origin(OriginKind.PARAM, definition.param - explicit, name, definition.node, detail)
