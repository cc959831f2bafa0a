"""Dangerous configurations: calls that a pack marks as a setting, and properties set to a dangerous value."""

import re
from collections.abc import Iterator

from graph_model.candidates.ciphers import is_harmless_cipher
from graph_model.candidates.comparisons import compares_likeness, is_harmless_comparison
from graph_model.candidates.model import StepRole
from graph_model.candidates.transmission import stays_here
from graph_model.candidates.view import Draft, UnitView
from graph_model.conditions import find_argument
from graph_model.constants import UNKNOWN
from graph_model.control_flow import Stmt
from graph_model.definitions import DefKind
from graph_model.evaluator import label_mask
from graph_model.guards import view_bits
from graph_model.kinds import NodeKind as K
from graph_model.packs.model import ApiRole, PropertyRole, Role
from graph_model.syntax import Node, dotted_name

_DEBUGGING = frozenset({"security/debug-enabled", "security/error-exposure", "security/cleartext-transmission"})
_EXCEPTIONS = (is_harmless_comparison, is_harmless_cipher, stays_here)  # each knows the label that it is about
_DEVELOPMENT = re.compile(r"(?i)^_?(is_?)?(dev|development|debug)(_?mode)?$|IsDevelopment")
_MAX_PARTS = 8
_PROPERTY_KINDS = (K.KWARG, K.PAIR, K.ASSIGN, K.AUG_ASSIGN, K.DECLARATOR, K.ATTRIBUTE)


def find_settings(view: UnitView) -> Iterator[Draft]:
    """Candidates of calls with a SETTING role whose conditions hold, one per call and label."""
    left_out = {"security/timing-comparison"} if compares_likeness(view.unit) else set()
    for stmt, call, name, roles in view.calls:
        seen = set(left_out)
        for role in roles:
            if role.role is Role.SETTING and role.label not in seen and view.judge.all_hold(role.when, call, stmt.idx):
                seen.add(role.label)
                if any(is_harmless(role.label, call, view, stmt) for is_harmless in _EXCEPTIONS):
                    continue
                if _is_made_harmless(role, call, view, stmt) or _is_for_development(role, view, stmt):
                    continue
                exact = not role.pattern.startswith(("*", "~"))
                facts = {"exact_api": float(exact), "conditions": float(len(role.when)), **_where(view, stmt)}
                yield Draft(role.label, call, stmt.idx, name, facts=facts, words={"api": name, "name": role.note})


def _is_made_harmless(role: ApiRole, call: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether the value that ought to be constant holds only what the label's sanitisers have given."""
    asked = next((condition.arg for condition in role.when if condition.literal is False), None)
    value = find_argument(call, asked) if asked is not None else None
    return value is not None and _is_sanitised(role.label, value, view, stmt.idx, 0)


def _is_sanitised(label: str, node: Node, view: UnitView, stmt: int, depth: int) -> bool:
    if depth > _MAX_PARTS:
        return False
    if view.constants.evaluate(node, stmt) is not UNKNOWN or node.kind is K.TEXT:
        return True
    if node.kind is K.CALL:
        bits = view_bits(view)
        return any(
            one.role is Role.NEUTRAL
            or (one.role is Role.SANITISER and label_mask(one.neutralises, bits) >> bits[label] & 1)
            for one in view.resolver.roles(node, view.unit, stmt)
        )
    parts: list[Node] = []
    if node.kind is K.TEMPLATE or (node.kind is K.BINARY and node.text in ("+", "??")):
        parts = [child.get("value") or child for child in node.children]
    elif node.kind is K.TERNARY:
        parts = [part for part in (node.get("body"), node.get("orelse")) if part is not None]
    elif node.kind is K.NAME:
        found = list(view.unit.flow.reaching(node.text, stmt))
        parts = [d.value for d in found if d.value is not None and d.kind is DefKind.ASSIGN]
        parts = parts if len(parts) == len(found) else []
    return bool(parts) and all(_is_sanitised(label, part, view, stmt, depth + 1) for part in parts)


def _is_for_development(role: ApiRole, view: UnitView, stmt: Stmt) -> bool:
    """Whether debugging is switched on only behind a condition that asks for development."""
    if role.label not in _DEBUGGING:
        return False
    for idx, outcome in view.unit.flow.guards(stmt.idx):
        for expr in view.unit.control.stmts[idx].exprs if outcome else ():
            if any(_DEVELOPMENT.search(n.text) for n in expr.walk() if n.kind in (K.NAME, K.MEMBER, K.STRING)):
                return True
    return False


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
            if _is_on(role, node, view, stmt) and view.judge.value_holds(role.when, value, stmt.idx):
                facts = {"exact_api": float(bool(role.on)), "is_property": 1.0, **_where(view, stmt)}
                steps = [(value, StepRole.CONTEXT, "")] if value is not node else []
                yield Draft(role.label, node, stmt.idx, name, steps, facts, {"api": name, "name": name})
                break


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
