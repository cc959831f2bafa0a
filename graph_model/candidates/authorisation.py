"""Who may do what: the guards that most entry points beside one have, and it has not."""

import re
from collections.abc import Iterator

from graph_model.candidates.model import StepRole
from graph_model.candidates.view import Draft, UnitView
from graph_model.kinds import NodeKind as K
from graph_model.packs.model import Role
from graph_model.program import Unit
from graph_model.syntax import dotted_name

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
