"""Guards of a sink: the conditions that decide whether it runs, and whether they make the data harmless."""

import re
from dataclasses import dataclass

from graph_model.candidates.view import UnitView
from graph_model.catalogue import load_catalogue
from graph_model.constants import UNKNOWN
from graph_model.control_flow import Role as StmtRole
from graph_model.definitions import DefKind
from graph_model.evaluator import SinkHit, label_mask
from graph_model.kinds import NodeKind as K
from graph_model.origins import Origin, OriginKind, hops_of
from graph_model.packs.model import Role
from graph_model.syntax import Node, dotted_name

_MEMBERSHIP = frozenset(
    {
        "includes",
        "contains",
        "has",
        "ContainsKey",
        "containsKey",
        "Contains",
        "indexOf",
        "hasOwnProperty",
        "TryGetValue",
    }
)
_WHOLE = frozenset({"keys", "values", "keySet", "Keys", "Values"})  # of a map: as constant as the map is
_CHECK_NAME = re.compile(
    r"(?i)safe|allow|valid|trusted|permitted|white_?list|same_?(origin|host|site|domain)|local_?(url|path)"
)
_DENIAL_NAME = re.compile(
    r"(?i)unsafe|invalid|disallow|not_?(safe|allow|valid|permit|trust)|untrusted|black_?list|forbid"
)
_KNOWN_NAMES = re.compile(
    r"(?i)allow|valid|known|support|permitted|available|choices|white_?list|columns|registered|registry|trusted"
)
_CHECKED_BY_NAME = frozenset(
    {"security/open-redirect", "security/server-side-request-forgery", "security/path-traversal"}
    | {"security/unsafe-reflection", "security/command-injection", "security/sql-injection"}
)
_EQUALITY = frozenset({"==", "===", "is", "eq"})
_INEQUALITY = frozenset({"!=", "!==", "is not"})


@dataclass(frozen=True, slots=True)
class Guards:
    """`spans` are the guarding conditions that mention the data; origins in `blocked` cannot be harmful behind them."""

    spans: tuple[tuple[int, int], ...]
    blocked: frozenset[int]
    validated: int


def find_guards(view: UnitView, hit: SinkHit) -> Guards:
    """The guards of a sink's statement that mention the data on its way, with what they rule out.

    An equality with a constant, membership of a constant collection, and a pack's validator rule the data out on the
    side where it passed; any other condition is only reported.
    """
    names = {origin: _names(hit, origin) | _own_name(view, view.values.origins[origin]) for origin in hit.flow}
    spans: list[tuple[int, int]] = []
    blocked: set[int] = set()
    validated = 0
    for idx, outcome in view.unit.flow.guards(hit.stmt):
        stmt = view.unit.control.stmts[idx]
        if stmt.role is not StmtRole.COND or not stmt.exprs:
            continue
        cond = stmt.exprs[0]
        mentioned = {n.text for n in cond.walk() if n.kind in (K.NAME, K.MEMBER)}
        concerned = [origin for origin, known in names.items() if known & mentioned]
        if not concerned:
            continue
        spans.append((cond.start, cond.end))
        if _rules_out(view, cond, outcome, hit, idx):
            validated += 1
            blocked.update(concerned)
    return Guards(tuple(spans), frozenset(blocked), validated)


def _names(hit: SinkHit, origin: int) -> set[str]:
    names = {n.text for n in hit.argument.walk() if n.kind in (K.NAME, K.MEMBER)}
    for _, _, key in hops_of(hit.flow[origin]):
        names.add(key.partition(".")[0].partition("[")[0])
    return names


def _own_name(view: UnitView, origin: Origin) -> set[str]:
    """The name of the parameter that the value comes from, or the names in a call that got one foreign value."""
    if origin.kind is OriginKind.RESULT:
        site = view.values.calls[origin.number]
        is_single = [len(flow) for flow in site.args.values()] == [1]
        return {n.text for n in site.node.walk() if n.kind is K.NAME} if is_single else set()
    name = origin.name.removeprefix("parameter ")
    return {name} if origin.kind is OriginKind.PARAM or name != origin.name else set()


def _rules_out(view: UnitView, cond: Node, outcome: bool, hit: SinkHit, stmt: int) -> bool:
    if cond.kind is K.COMPARE:
        return _compare_rules_out(view, cond, outcome, stmt)
    if cond.kind is K.CALL:
        callee = cond.get("callee")
        if callee is not None and callee.kind is K.MEMBER and callee.text in _MEMBERSHIP and outcome:
            obj = callee.get("obj")
            if obj is not None and (_is_constant_collection(view, obj, stmt) or _is_own_collection(view, obj, stmt)):
                return True
        bits = view_bits(view)
        for role in view.resolver.roles(cond, view.unit, stmt):
            if (
                role.role is Role.VALIDATOR
                and outcome
                and label_mask(role.neutralises, bits) >> bits[hit.role.label] & 1
            ):
                return view.judge.all_hold(role.when, cond, stmt)
        return _checked_by_name(cond, outcome, hit)
    return False


def _checked_by_name(call: Node, outcome: bool, hit: SinkHit) -> bool:
    """`if is_safe_url(x):` - a function that says by its name that it judges its argument, on the side it approves."""
    name = dotted_name(call.get("callee")).rpartition(".")[2]
    args = call.get("args")
    if hit.role.label not in _CHECKED_BY_NAME or args is None or not args.children:
        return False
    is_denial = bool(_DENIAL_NAME.search(name))
    return (is_denial or bool(_CHECK_NAME.search(name))) and outcome is not is_denial


def view_bits(view: UnitView) -> dict[str, int]:
    """Label -> bit, in catalogue order."""
    return {label.id: bit for bit, label in enumerate(load_catalogue())}


def _compare_rules_out(view: UnitView, cond: Node, outcome: bool, stmt: int) -> bool:
    left, right, op = cond.get("left"), cond.get("right"), cond.text
    if left is None or right is None:
        return False
    if op in ("in", "not in"):
        is_known = bool(_KNOWN_NAMES.search(_collection_name(right)))
        is_known = is_known or _is_constant_collection(view, right, stmt) or _is_own_collection(view, right, stmt)
        return outcome is (op == "in") and is_known
    if op in _EQUALITY or op in _INEQUALITY:
        known = [view.constants.evaluate(side, stmt) for side in (left, right)]
        constant = any(value is not UNKNOWN and value not in (None, "", True, False) for value in known)
        if constant and left.kind is K.CALL and left.get("callee") is not None and not isinstance(known[1], str):
            return False
        return constant and outcome is (op in _EQUALITY)
    return False


def _is_constant_collection(view: UnitView, node: Node, stmt: int) -> bool:
    """A literal collection of constants, or a variable that holds one, or a name in capitals."""
    if node.kind in (K.LIST, K.TUPLE, K.SET, K.DICT):
        values = [c.get("key") if c.kind is K.PAIR else c for c in node.children]
        return bool(values) and all(v is not None and view.constants.evaluate(v, stmt) is not UNKNOWN for v in values)
    if node.kind in (K.CALL, K.NEW):
        parts = node.get("callee") if node.kind is K.CALL else None
        obj = parts.get("obj") if parts is not None and parts.text in _WHOLE else None
        if obj is not None and _is_constant_collection(view, obj, stmt):
            return True
        args = node.get("args")
        inner = [a for a in args.children if a.kind is not K.KWARG] if args is not None else []
        return bool(inner) and all(
            view.constants.evaluate(a, stmt) is not UNKNOWN or _is_constant_collection(view, a, stmt) for a in inner
        )
    if node.kind is K.NAME:
        found = list(view.unit.flow.reaching(node.text, stmt))
        if found:
            return all(
                d.value is not None and d.value is not node and _is_constant_collection(view, d.value, d.stmt)
                for d in found
            )
        return node.text.isupper() or _outer_collection(view, node)
    return node.kind is K.MEMBER and node.text.replace("_", "").isupper()


def _is_own_collection(view: UnitView, node: Node, stmt: int) -> bool:
    """A name for a collection that nobody else has put anything into: imported, or made here of the program's own.

    Its keys or values are such a collection too.
    """
    callee = node.get("callee") if node.kind is K.CALL else None
    if callee is not None and callee.kind is K.MEMBER and callee.text in ("keys", "values", "keySet"):
        inner = callee.get("obj")
        return inner is not None and _is_own_collection(view, inner, stmt)
    if node.kind is not K.NAME:
        return False
    if node.text in view.program.imports and node.text not in view.unit.locals:
        return True
    found = list(view.unit.flow.reaching(node.text, stmt))
    is_made = any(d.kind is DefKind.ASSIGN and d.value is not None for d in found)
    return is_made and all(d.kind is not DefKind.PARAM and not view.values.values.get(d.idx) for d in found)


def _collection_name(node: Node) -> str:
    """`allowed_hosts` of `self.allowed_hosts` and `columns` of `Order.columns.keys()`: what a collection is called."""
    callee = node.get("callee") if node.kind is K.CALL else None
    if callee is not None and callee.text in ("keys", "values", "all", "split"):
        return dotted_name(callee.get("obj")).rpartition(".")[2]
    return dotted_name(callee if callee is not None else node).rpartition(".")[2]


def _outer_collection(view: UnitView, node: Node) -> bool:
    owner = view.unit.parent
    while owner is not None:
        values = [d.value for d in owner.definitions_of(node.text)]
        if values:
            return all(v is not None and v.kind in (K.LIST, K.TUPLE, K.SET, K.DICT, K.NEW) for v in values)
        owner = owner.parent
    return False
