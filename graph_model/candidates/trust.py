"""Who may do what, and what must stay secret: guards that siblings have, late checks, secrets in source."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from graph_model.candidates.model import StepRole
from graph_model.candidates.view import Draft, UnitView
from graph_model.kinds import NodeKind as K
from graph_model.packs.model import Role
from graph_model.program import Unit
from graph_model.syntax import Node, dotted_name

_SECRET_NAME = re.compile(
    r"(?i)(passwo?r?d|passwd|pwd|secret|api_?key|auth_?token|access_?token|private_?key|credential)s?$"
)
_NOT_SECRET_NAME = re.compile(
    r"(?i)(field|name|label|prompt|path|file|url|uri|param|header|env|column|hash|regex|pattern|type|policy|length|min"
    r"|max|id|msg|message|error|help|text|title|key_?name|placeholder|class)s?_?$"
    r"|^(has|is|no|show|hide|get|set|use|reset|change|forgot|invalid|missing|wrong|default)_?"
)
_PLACEHOLDER = re.compile(
    r"(?i)^$|[<>{}$%\s]|^[x*.]+$"
    r"|^(change.?me|your|my|example|dummy|test|todo|none|null|true|false|undefined|secret|password|token|user"
    r"|admin|root|foo|bar|placeholder|redacted|env|string|bearer|basic)([^a-z0-9]|[a-z_-]*\d{0,4}$)"
    r"|example|changeme|placeholder|_here$|^[a-z_.-]+$|^[A-Z_]+$|^/|://localhost"
)
_GUARD_NAME = re.compile(
    r"(?i)(login_?required|require[sd]?_?(login|auth|admin|user|perm|role)|auth(orize|enticate|enticated|orized)?$"
    r"|permission|is_?authenticated|has_?(role|perm|authority)|pre_?authorize|secured|roles_?allowed"
    r"|check_?(auth|perm|access|login)|ensure_?(auth|login|logged|admin)|jwt_?required|protect(ed)?$"
    r"|admin_?(only|required)|verify_?(token|jwt|user)|current_?user|token_?required|staff_?member_?required"
    r"|user_?passes_?test|access_?control|guard)"
)
_OWN_BASE = re.compile(r"^(?:\w+\.)*(?!Controller(?:Base)?$|ApiController$)\w*(?:Controller|Resource|Endpoint)\w*$")
_PUBLIC_NAME = re.compile(
    r"(?i)(login|log_?in|logout|sign_?(in|up|out)|register|index|home|health|ping|status|static|public|about|callback|webhook|reset|forgot|verify|token|oauth|metrics|version|docs|error|root|favicon|robots)"
)
_WRITES = re.compile(
    r"(?i)(delete|remove|update|create|edit|save|store|admin|post|put|patch|set_|add|upload|transfer|pay|grant|ban)"
)


def find_missing_guards(view: UnitView) -> Iterator[Draft]:
    """An entry point without the guard that most entry points beside it have."""
    unit = view.unit
    if not view.is_entry or not unit.is_function or _guards_of(view, unit):
        return
    siblings = [
        u
        for u in view.program.units
        if u is not unit and u.is_function and u.parent is unit.parent and _looks_like_entry(u, unit)
    ]
    if _class_is_guarded(view) or len(siblings) < 2:
        return
    guarded = [u for u in siblings if _guards_of(view, u)]
    if len(guarded) * 2 <= len(siblings):
        return
    facts = {
        "guarded_siblings": float(len(guarded)),
        "siblings": float(len(siblings)),
        "public_name": float(bool(_PUBLIC_NAME.search(unit.name))),
        "writing_name": float(bool(_WRITES.search(unit.name))),
    }
    name_node = unit.node.get("name") or unit.node
    steps = [(u.node, StepRole.CONTEXT, "guarded") for u in guarded[:2]]
    words = {"name": unit.name, "count": str(len(guarded)), "api": _guards_of(view, guarded[0])[0]}
    yield Draft("security/missing-authorization", name_node, 0, unit.name, steps, facts, words)


def _looks_like_entry(other: Unit, unit: Unit) -> bool:
    """Decorated like the unit: at least one decorator of the same name."""
    own = {dotted_name(d.get("callee")).rpartition(".")[2] for d in unit.node.all("decorators")}
    return any(dotted_name(d.get("callee")).rpartition(".")[2] in own for d in other.node.all("decorators"))


def _guards_of(view: UnitView, unit: Unit) -> list[str]:
    """Names of the guards on a unit: decorators, and calls of its first statements."""
    found: list[str] = []
    for decorator in unit.node.all("decorators"):
        callee = decorator.get("callee")
        name = dotted_name(callee)
        known = view.resolver.resolve(callee, unit.parent or unit, 0) if callee is not None else ""
        roles = view.resolver.index.find_roles(known or name)
        if any(r.role is Role.GUARD for r in roles) or _GUARD_NAME.search(name.rpartition(".")[2]):
            found.append(name)
        args = decorator.get("args")
        if args is not None and any(_GUARD_NAME.search(n.text) for n in args.walk() if n.kind in (K.NAME, K.MEMBER)):
            found.append(name)
    for param in unit.node.all("params"):
        found.extend(n.text for n in param.walk() if n.kind in (K.NAME, K.MEMBER) and _GUARD_NAME.search(n.text))
    for idx in unit.flow.order[:8]:
        for call in unit.flow.calls[idx]:
            name = dotted_name(call.get("callee"))
            if name and _GUARD_NAME.search(name.rpartition(".")[2]):
                found.append(name)
    return found


def _class_is_guarded(view: UnitView) -> bool:
    cls = view.unit.cls
    if cls is None:
        return False
    if any(_OWN_BASE.search(base) for base in cls.bases):
        return True  # a base of the project's, which may hold the guard
    decorators = [dotted_name(d.get("callee")).rpartition(".")[2] for d in cls.node.all("decorators")]
    return any(_GUARD_NAME.search(n) for n in (*decorators, *cls.bases))


def find_late_checks(view: UnitView) -> Iterator[Draft]:
    """A permission or path check on a value after the dangerous call that used it."""
    sinks = {(hit.stmt, hit.node): hit for hit in view.values.sinks}
    if not sinks:
        return
    for stmt, node in view.expressions(K.CALL):
        if node.kind is not K.CALL:
            continue
        roles = view.resolver.roles(node, view.unit, stmt.idx)
        is_check = any(r.role in (Role.VALIDATOR, Role.GUARD) for r in roles)
        if not is_check:
            continue
        mentioned = {n.text for n in node.walk() if n.kind is K.NAME}
        for hit in sinks.values():
            used = {n.text for n in hit.argument.walk() if n.kind is K.NAME}
            if hit.stmt != stmt.idx and used & mentioned and view.unit.flow.dominates(hit.stmt, stmt.idx):
                name = view.resolver.callee(node, view.unit, stmt.idx)
                steps = [(hit.node, StepRole.CONTEXT, "used here, before the check")]
                facts = {"in_entry": float(view.is_entry), "distance": float(stmt.idx - hit.stmt)}
                yield Draft(
                    "security/check-after-use",
                    node,
                    stmt.idx,
                    name,
                    steps,
                    facts,
                    {"api": name, "sink": hit.api, "name": name},
                )
                break


def find_secrets(view: UnitView) -> Iterator[Draft]:
    """A literal that looks like a secret stored under a name that says it is one."""
    for stmt, node in view.expressions(K.ASSIGN, K.DECLARATOR, K.KWARG, K.PAIR):
        name, value = _named_literal(node)
        if value is None or not _SECRET_NAME.search(name) or _NOT_SECRET_NAME.search(name):
            continue
        text = value.text
        if len(text) < 6 or len(text) > 512 or _PLACEHOLDER.search(text):
            continue
        facts = {
            "entropy": _entropy(text),
            "length": float(len(text)),
            "has_digit": float(any(c.isdigit() for c in text)),
            "mixed_case": float(text.lower() != text and text.upper() != text),
            "is_argument": float(node.kind is K.KWARG),
            "at_module_level": float(not view.unit.is_function),
        }
        yield Draft(
            "security/hardcoded-credentials", value, stmt.idx, name, facts=facts, words={"name": name, "api": name}
        )


def _named_literal(node: Node) -> tuple[str, Node | None]:
    value = node.get("value")
    if value is None or value.kind is not K.STRING:
        return "", None
    if node.kind in (K.ASSIGN, K.DECLARATOR):
        target = node.get("target") or node.get("name")
        if target is not None and target.kind in (K.NAME, K.MEMBER):
            return target.text, value
    if node.kind is K.KWARG:
        return node.text, value
    if node.kind is K.PAIR:
        key = node.get("key")
        return node.text or (key.text if key is not None else ""), value
    return "", None


def _entropy(text: str) -> float:
    """Shannon entropy, bits per character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
