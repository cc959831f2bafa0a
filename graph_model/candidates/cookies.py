"""What a cookie is for: one that is taken back, or keeps a preference, is stolen in vain."""

import re

from graph_model.candidates.view import UnitView
from graph_model.conditions import find_argument, find_key, result_name
from graph_model.constants import UNKNOWN
from graph_model.control_flow import Stmt
from graph_model.kinds import NodeKind as K
from graph_model.packs.model import ApiRole
from graph_model.syntax import Node

_LABELS = frozenset({"security/insecure-cookie", "security/cookie-without-httponly"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_IDENTIFIES = re.compile(
    r"(^|_)(sess\w*|\w*session\w*|sid|\w*sessid|\w*token\w*|auth\w*|jwt|csrf\w*|xsrf\w*|log_?in|remember\w*|credentials?"
    r"|users?|user_?\w+|uid|account\w*|access|refresh|nonce|secret|passw\w*|api_?key|sso|o_?auth\w*|identity|ticket)(_|$)"
)
_TAKES_BACK = re.compile(r"(?i)(delete|clear|remove|expire|unset|forget)\w*cookie|^log_?out$|sign_?out")
_AGES = ("max_age", "maxAge", "MaxAge", "expires", "Expires")
_AGE_SETTERS = frozenset({"setMaxAge", "maxAge"})
_GOES_BACK = re.compile(r"^(sub|minus)[A-Z]?\w*$")


def is_harmless_cookie(role: ApiRole, call: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether a call takes a cookie back, or sets one by whose name and value nobody is told apart.

    A flag that is switched off in so many words is reported for every cookie that is not taken back.
    """
    if role.label not in _LABELS:
        return False
    if _is_taken_back(call, view, stmt):
        return True
    is_explicit = any(condition.is_ is not None for condition in role.when)
    return not is_explicit and _is_preference(call, view, stmt)


def _is_preference(call: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether neither the cookie's constant name nor the names in its value are those of a session or a person."""
    name = find_argument(call, (0, "key", "name"))
    text = view.constants.evaluate(name, stmt.idx) if name is not None else UNKNOWN
    if not isinstance(text, str):
        return False
    value = find_argument(call, (1, "value"))
    if text.lower() == "set-cookie":
        return False  # the whole cookie is in the value
    kept = [n.text for n in value.walk() if n.kind in (K.NAME, K.MEMBER)] if value is not None else []
    return not any(_IDENTIFIES.search(_HUMP.sub("_", one).lower()) for one in (text, *kept))


def _is_taken_back(call: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether the cookie is empty, or past its time."""
    value = find_argument(call, (1, "value"))
    given = view.constants.evaluate(value, stmt.idx) if value is not None else UNKNOWN
    if (given is None or given == "") or _TAKES_BACK.search(view.unit.name):
        return True
    options = find_argument(call, (2, "options"))
    literal = view.judge.literal(options, stmt.idx) if options is not None else None
    ages = [find_argument(call, key) for key in _AGES]
    ages += [find_key(literal, key) for key in _AGES] if literal is not None else []
    ages += _ages_set(call, view)
    return any(age is not None and _is_past(age, view, stmt) for age in ages)


def _ages_set(call: Node, view: UnitView) -> list[Node | None]:
    """Ages given to the cookie afterwards: in a chain of calls, or through its variable."""
    found: list[Node | None] = []
    node = call
    while node.parent is not None and node.parent.kind in (K.MEMBER, K.CALL):
        node = node.parent
        if node.kind is K.CALL and _called(node) in _AGE_SETTERS:
            found.append(find_argument(node, 0))
    variable = result_name(call)
    for other in view.unit.node.walk() if variable else ():
        callee = other.get("callee") if other.kind is K.CALL else None
        obj = callee.get("obj") if callee is not None else None
        if obj is not None and obj.text == variable and _called(other) in _AGE_SETTERS:
            found.append(find_argument(other, 0))
    return found


def _called(call: Node) -> str:
    callee = call.get("callee")
    return callee.text if callee is not None else ""


def _is_past(age: Node, view: UnitView, stmt: Stmt) -> bool:
    """An age of nothing, the beginning of time, or a time before now."""
    known = view.constants.evaluate(age, stmt.idx)
    if isinstance(known, int | float):
        return known <= 0
    for part in age.walk():
        if part.kind is K.STRING and "1970" in part.text:
            return True
        if part.kind is K.CALL and (_GOES_BACK.match(_called(part)) or _called(part) == "ofSeconds"):
            first = find_argument(part, 0)
            if _GOES_BACK.match(_called(part)) or (first is not None and first.text == "0"):
                return True
        if part.kind is K.UNARY and part.text == "-":
            return True
        if part.kind is K.NEW and [a.text for a in _arguments(part)] in (["0"], ["1"]):
            return True
    return False


def _arguments(call: Node) -> list[Node]:
    args = call.get("args")
    return args.children if args is not None else []
