"""Who may do what: the guards that most entry points beside one have, and it has not."""

import re
from collections.abc import Iterator

from graph_model.access_paths import root_name
from graph_model.candidates.model import StepRole
from graph_model.candidates.view import Draft, UnitView
from graph_model.kinds import NodeKind as K
from graph_model.lookups import is_lookup
from graph_model.packs.model import Role
from graph_model.program import Unit
from graph_model.syntax import Node, dotted_name

_GUARD_NAME = re.compile(
    r"(?i)(login_?required|require[sd]?_?([a-z]+_)*(login|auth|admin|user|perm|role)|auth(orize|enticate|enticated|orized)?$"
    r"|permission|is_?authenticated|has_?(role|perm|authority)|pre_?authorize|secured|roles_?allowed"
    r"|check_?(auth|perm|access|login)|ensure_?(auth|login|logged|admin)|jwt_?required|protect(ed)?$"
    r"|admin_?(only|required)|verify_?(token|jwt|user)|current_?user|token_?required|staff_?member_?required"
    r"|user_?passes_?test|access_?control|guard)"
)
_ONLY = re.compile(r"(?i)(?:^authed|logged_?in|visibility|verified|(?:user|admin|member|staff|owner|authed)s?_only)")
_IS_USER = re.compile(r"(?i)current_?user|principal|authenticat")
_SENT = frozenset({"request", "req", "form", "params", "args", "ctx", "self"})
_PLAIN = frozenset(  # decorators that tell no handler
    {"staticmethod", "classmethod", "property", "override", "Override", "wraps", "cached_property", "abstractmethod"}
)
_IS_CHECK = re.compile(r"(?i)^(?:authori[sz]e|authenticate|check|require|ensure|verify|has_?perm)")
_WHOLE = frozenset({"anyRequest", "anyExchange", "MapControllers", "MapControllerRoute", "MapRazorPages"})
_ASKED = frozenset(
    {"authenticated", "fullyAuthenticated", "hasRole", "hasAnyRole", "hasAuthority", "access", "RequireAuthorization"}
)
_COMMAND = re.compile(r"^(?:command|group|option|argument)$")
_CHANGING = re.compile(r"(?i)^(?:http)?(?:post|put|patch|delete)(?:_?mapping)?$")
_ACTS = re.compile(
    r"(?i)^(?:save|delete|remove|create|update|insert|add|commit|destroy|bulk_\w+|upsert|write|persist|merge|publish|send"
    r"|get|filter|all|find\w*|query|execute|count|exists)(?:Async|_async|_?all|_?many|_?changes\w*)?$"
)
_OWN_BASE = re.compile(r"^(?:\w+\.)*(?!Controller(?:Base)?$|ApiController$)\w*(?:Controller|Resource|Endpoint)\w*$")
_PUBLIC_NAME = re.compile(
    r"(?i)(login|log_?in|logout|sign_?(in|up|out)|register|index|home|health|ping|status|static|public|about|callback|webhook|reset|forgot|verify|token|oauth|metrics|version|docs|error|root|favicon|robots)"
)
_ENTRANCE = re.compile(  # where one becomes somebody, nobody is signed in yet
    r"(?i)^(?:do|handle|user|post)?_?(?:log_?in|sign_?(?:in|up|on)|register)_?(?:post|get|page|form|user|view|submit)?$"
)
_WRITES = re.compile(
    r"(?i)(delete|remove|update|create|edit|save|store|admin|post|put|patch|set_|add|upload|transfer|pay|grant|ban)"
)


def find_missing_guards(view: UnitView) -> Iterator[Draft]:
    """An entry point without the guard that most entry points beside it have."""
    unit = view.unit
    if not view.is_entry or not unit.is_function or _ENTRANCE.match(unit.name) or _guards_of(view, unit):
        return
    beside = unit.parent.children if unit.parent is not None else ()
    siblings = [u for u in beside if u is not unit and u.is_function and _looks_like_entry(u, unit)]
    if _class_is_guarded(view) or len(siblings) < 2:
        return
    guarded = [u for u in siblings if _guards_of(view, u)]
    if len(guarded) * 2 <= len(siblings) or _is_helper(view) or not _touches_data(view):
        return
    if any(one.derive(_guards_whole) for one in view.program.units):
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


def _is_helper(view: UnitView) -> bool:
    """Whether a function is a check itself, a command, or called by others that a framework calls."""
    unit = view.unit
    if (
        _GUARD_NAME.search(unit.name)
        or _IS_CHECK.match(unit.name)
        or any(_COMMAND.match(name) for name in unit.derive(_decorator_names))
    ):
        return True
    if view.program.functions.get(unit.name) is not unit:
        return False
    return any(unit.name in other.derive(_plain_callees) for other in view.program.units if other is not unit)


def guards_project(unit: Unit) -> bool:
    """Whether a unit puts a guard in front of every entry point of its project: a policy, a filter chain, a filter."""
    definitions = unit.flow.definitions
    if any(d.key.endswith((".FallbackPolicy", ".fallbackPolicy")) for d in definitions):
        return True
    if any(_guards_rest(call) for calls in unit.flow.calls for call in calls):
        return True
    is_module = unit.kind is K.MODULE
    names = [d.value for d in definitions if is_module and d.key in ("MIDDLEWARE", "MIDDLEWARE_CLASSES")]
    texts = (n.text for value in names if value is not None for n in value.walk() if n.kind is K.STRING)
    return any(text.endswith("LoginRequiredMiddleware") for text in texts)


def _guards_rest(call: Node) -> bool:
    """`anyRequest().authenticated()`, `MapControllers().RequireAuthorization()`, `SetFallbackPolicy(...)`."""
    callee = call.get("callee")
    if callee is None:
        return False
    if callee.text in ("SetFallbackPolicy", "AuthorizeFilter"):
        return True
    obj = callee.get("obj") if callee.text in _ASKED and callee.kind is K.MEMBER else None
    inner = obj.get("callee") if obj is not None and obj.kind is K.CALL else None
    return inner is not None and inner.text in _WHOLE


def _guards_whole(unit: Unit) -> bool:
    """Whether a unit puts a guard in front of a file's entry points."""
    return any(_guards_all(call) for calls in unit.flow.calls for call in calls)


def _guards_all(call: Node) -> bool:
    """`APIRouter(dependencies=[Depends(get_user)])`, `router.use(auth)`."""
    callee, args = call.get("callee"), call.get("args")
    if callee is None or args is None:
        return False
    given = [a for a in args.children if callee.text == "use" or (a.kind is K.KWARG and a.text == "dependencies")]
    return any(_GUARD_NAME.search(n.text) for a in given for n in a.walk() if n.kind in (K.NAME, K.MEMBER))


def _plain_callees(unit: Unit) -> frozenset[str]:
    """What a unit calls by a name alone."""
    callees = (call.get("callee") for calls in unit.flow.calls for call in calls)
    return frozenset(callee.text for callee in callees if callee is not None and callee.kind is K.NAME)


def _touches_data(view: UnitView) -> bool:
    """Whether an entry point changes something, or reads or writes what is stored: there is something to protect.

    A page that is the same for all, or made of what its reader has sent, keeps nothing from anybody.
    """
    unit = view.unit
    if _WRITES.search(unit.name) or any(_CHANGING.match(name) for name in unit.derive(_decorator_names)):
        return True
    if any(_CHANGING.match(n.text) for d in unit.decorators for n in d.walk() if n.kind is K.STRING):
        return True
    given = {name for name, _ in unit.params} - {unit.receiver, "request", "req", "ctx", "context"}
    for _, call, name, roles in view.calls:
        if any(role.role is Role.QUERY for role in roles) or is_lookup(name):
            return True
        callee, args = call.get("callee"), call.get("args")
        if callee is not None and callee.kind is K.MEMBER and _ACTS.match(callee.text) and not _is_of_request(callee):
            return True
        if not roles and args is not None and any(n.text in given for n in args.walk() if n.kind is K.NAME):
            return True
    return False


def _is_of_request(callee: Node) -> bool:
    """`request.POST.get`, `form.cleaned_data.get`: what the caller has sent."""
    return root_name(callee).lower() in _SENT


def _decorator_names(unit: Unit) -> list[str]:
    return [dotted_name(callee).rpartition(".")[2] for callee in unit.decorator_callees]


def _looks_like_entry(other: Unit, unit: Unit) -> bool:
    """Decorated like the unit: at least one decorator of the same name, which tells a handler."""
    return not {*unit.derive(_decorator_names)}.isdisjoint({*other.derive(_decorator_names)} - _PLAIN)


def _guards_of(view: UnitView, unit: Unit) -> list[str]:
    """Names of the guards on a unit: decorators, parameters, and calls of its first statements."""
    found: list[str] = []
    for callee, (name, is_guard, is_given) in zip(unit.decorator_callees, unit.derive(_judge_decorators), strict=True):
        known = view.resolver.resolve(callee, unit.parent or unit, 0) if callee is not None and not is_guard else ""
        roles = view.resolver.index.find_roles(known or name) if not is_guard else ()
        if is_guard or any(role.role is Role.GUARD for role in roles):
            found.append(name)
        if is_given:
            found.append(name)
    return [*found, *unit.derive(_named_guards)]


def _judge_decorators(unit: Unit) -> tuple[tuple[str, bool, bool], ...]:
    """Of each decorator its name, whether that is a guard's, and whether it is given one."""
    found = []
    for decorator, callee in zip(unit.decorators, unit.decorator_callees, strict=True):
        name, args = dotted_name(callee), decorator.get("args")
        last = name.rpartition(".")[2]
        given = (n.text for n in args.walk() if n.kind in (K.NAME, K.MEMBER)) if args is not None else ()
        is_guard = bool(_GUARD_NAME.search(last) or _ONLY.search(last))
        found.append((name, is_guard, any(_GUARD_NAME.search(text) for text in given)))
    return tuple(found)


def _named_guards(unit: Unit) -> tuple[str, ...]:
    """Guards that a unit takes as parameters, or calls in its first statements."""
    found: list[str] = []
    for param in unit.node.all("params"):
        own = param.get("name")
        parts = (n for n in param.walk() if n.kind in (K.NAME, K.MEMBER))
        found.extend(n.text for n in parts if _GUARD_NAME.search(n.text) and (n is not own or _IS_USER.search(n.text)))
    for idx in unit.flow.order[:8]:
        for call in unit.flow.calls[idx]:
            name = dotted_name(call.get("callee"))
            if name and _GUARD_NAME.search(name.rpartition(".")[2]):
                found.append(name)
    return tuple(found)


def _class_is_guarded(view: UnitView) -> bool:
    cls = view.unit.cls
    if cls is None:
        return False
    if any(_OWN_BASE.search(base) for base in cls.bases):
        return True  # a base of the project's, which may hold the guard
    decorators = [dotted_name(d.get("callee")).rpartition(".")[2] for d in cls.node.all("decorators")]
    return any(_GUARD_NAME.search(n) for n in (*decorators, *cls.bases))
