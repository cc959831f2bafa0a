"""Dangerous configurations: calls that a pack marks as a setting, and properties set to a dangerous value."""

import re
from collections.abc import Iterator

from graph_model.candidates.ciphers import is_harmless_cipher
from graph_model.candidates.comparisons import compares_likeness, is_harmless_comparison
from graph_model.candidates.cookies import is_harmless_cookie
from graph_model.candidates.model import StepRole
from graph_model.candidates.sanitising import is_no_page_markup, is_sanitised
from graph_model.candidates.transmission import stays_here
from graph_model.candidates.view import Draft, UnitView
from graph_model.conditions import find_argument
from graph_model.control_flow import Stmt
from graph_model.kinds import NodeKind as K
from graph_model.packs.model import ApiRole, PropertyRole, Role
from graph_model.program import Unit
from graph_model.syntax import Node, dotted_name

_HARMLESS_IN_DEVELOPMENT = frozenset(
    {"security/debug-enabled", "security/error-exposure", "security/permissive-cors", "security/cleartext-transmission"}
)
_WRITTEN_SECRETS = "security/hardcoded-"
_UNESCAPED = "security/unescaped-template"
_EXCEPTIONS = (is_harmless_comparison, is_harmless_cipher, stays_here)  # each knows the label that it is about
_DEVELOPMENT = re.compile(r"(?i)^_?(is_?)?(dev|development|debug)(_?mode)?$|IsDevelopment")
_PRODUCTION = re.compile(r"(?i)^_?(is_?)?(prod|production|live)(_?mode)?$|IsProduction")
_PROPERTY_KINDS = (K.KWARG, K.PAIR, K.ASSIGN, K.AUG_ASSIGN, K.DECLARATOR, K.ATTRIBUTE)


def find_settings(view: UnitView) -> Iterator[Draft]:
    """Candidates of calls with a SETTING role whose conditions hold, one per label and chain of calls."""
    left_out = {"security/timing-comparison"} if compares_likeness(view.unit) else set()
    chains: dict[tuple[str, int], int] = {}  # label and start of a chain of calls: its shortest call
    found = list(_find_settings(view, left_out))
    for draft in found:
        key = (draft.label, draft.node.start)
        chains[key] = min(chains.get(key, draft.node.end), draft.node.end)
    yield from (draft for draft in found if draft.node.end == chains[draft.label, draft.node.start])


def _find_settings(view: UnitView, left_out: set[str]) -> Iterator[Draft]:
    for stmt, call, name, roles in view.calls:
        seen = set(left_out)
        for role in roles:
            if role.role is Role.SETTING and role.label not in seen and view.judge.all_hold(role.when, call, stmt.idx):
                seen.add(role.label)
                if any(is_harmless(role.label, call, view, stmt) for is_harmless in _EXCEPTIONS):
                    continue
                if _is_made_harmless(role, call, view, stmt) or _is_for_development(role.label, view, stmt):
                    continue
                if is_harmless_cookie(role, call, view, stmt):
                    continue
                exact = not role.pattern.startswith(("*", "~"))
                facts = {"exact_api": float(exact), "conditions": float(len(role.when)), **_where(view, stmt)}
                yield Draft(role.label, call, stmt.idx, name, facts=facts, words={"api": name, "name": role.note})


def _is_made_harmless(role: ApiRole, call: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether the value that ought to be constant holds only what the label's sanitisers have given."""
    asked = next((condition.arg for condition in role.when if condition.literal is False), None)
    value = find_argument(call, asked) if asked is not None else None
    return value is not None and is_sanitised(role.label, value, view, stmt.idx)


def _is_for_development(label: str, view: UnitView, stmt: Stmt) -> bool:
    """Whether debugging, or any origin, is allowed only behind a condition for development or against production."""
    if label not in _HARMLESS_IN_DEVELOPMENT:
        return False
    unit: Unit | None = view.unit
    at: int | None = stmt.idx
    while unit is not None and at is not None:
        guards = unit.flow.guards(at)
        if any(_asks_for(expr, outcome) for idx, outcome in guards for expr in unit.control.stmts[idx].exprs):
            return True
        at = _made_at(unit) if unit.kind is K.LAMBDA else None
        unit = unit.parent
    return False


def _made_at(unit: Unit) -> int | None:
    """The statement of the unit around that makes a lambda, None when it is not found."""
    around = unit.parent.control.stmts if unit.parent is not None else ()
    return next((s.idx for s in around if any(part is unit.node for e in s.exprs for part in e.walk())), None)


def _asks_for(expr: Node, outcome: bool) -> bool:
    """Whether a condition that turned out so tells that this is development."""
    parts = list(expr.walk())
    denials = sum(n.kind is K.NOT or (n.kind is K.COMPARE and n.text.startswith("!")) for n in parts)
    holds = outcome is (denials % 2 == 0)
    names = [n.text for n in parts if n.kind in (K.NAME, K.MEMBER, K.STRING)]
    asked = _DEVELOPMENT if holds else _PRODUCTION
    return any(asked.search(name) for name in names)


def find_annotations(view: UnitView) -> Iterator[Draft]:
    """Candidates of decorators, annotations and attributes with a SETTING role whose conditions hold."""
    unit = view.unit
    for decorator in unit.node.all("decorators"):
        name = view.resolver.decorator_name(decorator, unit)
        for role in view.resolver.index.find_roles(name) if name else ():
            if role.role is Role.SETTING and view.judge.all_hold(role.when, decorator, 0):
                facts = {"exact_api": 1.0, "conditions": float(len(role.when)), "is_annotation": 1.0}
                yield Draft(role.label, decorator, 0, name, facts=facts, words={"api": name, "name": role.note})
                break


def find_properties(view: UnitView) -> Iterator[Draft]:
    """Candidates of `x.name = value`, `{name: value}` and `name=value` that a pack calls dangerous."""
    properties = view.resolver.index.properties
    if not properties:
        return
    for stmt, node in view.expressions(*_PROPERTY_KINDS):
        name, value = _named_value(node)
        roles = properties.get(name) if name else None
        if not roles or value is None or (value.kind is K.STRING and value.text == name):
            continue  # a name that stands for itself: `JWT_SECRET = "JWT_SECRET"`
        for role in roles:
            if role.label.startswith(_WRITTEN_SECRETS) and value.kind in (K.BOOL, K.NULL):
                continue  # whether there is one, or which columns are meant: `omit: { privateKey: true }`
            if _is_on(role, node, view, stmt) and view.judge.value_holds(role.when, value, stmt.idx):
                if _is_harmless_markup(role, node, value, view, stmt) or _is_for_development(role.label, view, stmt):
                    break
                facts = {"exact_api": float(bool(role.on)), "is_property": 1.0, **_where(view, stmt)}
                steps = [(value, StepRole.CONTEXT, "")] if value is not node else []
                yield Draft(role.label, node, stmt.idx, name, steps, facts, {"api": name, "name": name})
                break


def _is_harmless_markup(role: PropertyRole, node: Node, value: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether unescaped markup is sanitised, or no markup of the page."""
    if role.label != _UNESCAPED or not any(condition.literal is False for condition in role.when):
        return False
    return is_no_page_markup(node) or is_sanitised(role.label, value, view, stmt.idx)


def _named_value(node: Node) -> tuple[str, Node | None]:
    if node.kind is K.KWARG:
        return node.text, node.get("value")
    if node.kind is K.PAIR:
        key = node.get("key")
        return node.text or (key.text if key is not None else ""), node.get("value")
    if node.kind is K.AUG_ASSIGN:  # C# adds a handler
        target = node.get("target")
        return (target.text, node.get("value")) if target is not None and target.kind is K.MEMBER else ("", None)
    if node.kind is K.ASSIGN or node.kind is K.DECLARATOR:
        target = node.get("target") or node.get("name")
        if target is not None and target.kind is K.MEMBER:
            return target.text, node.get("value")
        if target is not None and target.kind is K.INDEX:
            key = target.get("key")
            return (key.text if key is not None and key.kind is K.STRING else ""), node.get("value")
        if target is not None and target.kind is K.NAME:
            return target.text, node.get("value")
    if node.kind is K.ATTRIBUTE:
        return node.text, node.get("value")
    return "", None


def _is_on(role: PropertyRole, node: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether the property belongs to one of the owners that the pack limits it to."""
    if not role.on:
        target = node.get("target") or node.get("name")
        return (
            node.kind not in (K.ASSIGN, K.DECLARATOR)
            or target is None
            or target.kind is not K.NAME
            or target.text.isupper()
        )
    owner = _owner(node, view, stmt)
    return any(
        owner == on
        or (on.startswith("*.") and owner.endswith(on[1:]))
        or (on.endswith(".*") and owner.startswith(on[:-1]))
        for on in role.on
    )


def _owner(node: Node, view: UnitView, stmt: Stmt) -> str:
    """The type assigned to, or the call or object that the property is given to."""
    if node.kind in (K.ASSIGN, K.AUG_ASSIGN, K.DECLARATOR):
        target = node.get("target") or node.get("name")
        obj = target.get("obj") if target is not None else None
        if obj is None:
            return view.program.module_name
        return view.resolver.resolve(obj, view.unit, stmt.idx) or dotted_name(obj)
    parent = node.parent
    while parent is not None:
        if parent.kind in (K.CALL, K.NEW):
            return view.resolver.callee(parent, view.unit, stmt.idx)
        if parent.kind is K.ELEMENT:
            return parent.text
        if parent.kind in (K.BLOCK, K.FUNCTION, K.MODULE):
            return ""
        parent = parent.parent
    return ""


def _where(view: UnitView, stmt: Stmt) -> dict[str, float]:
    return {
        "in_entry": float(view.is_entry),
        "in_loop": float(bool(stmt.loops)),
        "in_try": float(stmt.in_try),
        "at_module_level": float(not view.unit.is_function),
    }
