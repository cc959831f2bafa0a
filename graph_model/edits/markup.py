"""Text shown as text: no markup is read from it."""

import re

from graph_model.conditions import find_argument, has_spread
from graph_model.definitions import DefKind
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import append_item
from graph_model.edits.scene import Scene, need
from graph_model.edits.settings import AUTOESCAPE, rewrite
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_TEXT_PROPERTIES = frozenset(
    {"hash", "search", "href", "pathname", "hostname", "referrer", "textContent", "innerText", "length"}
)  # fmt: skip
_TEXT_FUNCTIONS = frozenset(
    {"get", "getItem", "prompt", "getAttribute", "toFixed", "toLocaleString", "toUpperCase", "toLowerCase"}
)
_METHODS = {"html": "text", "insertAdjacentHTML": "insertAdjacentText"}


def text_content(scene: Scene) -> list[Edit]:
    """`textContent` for `innerHTML`, and the like, where no part of the value is a literal with markup."""
    assignment = scene.assignment()
    if assignment is not None:
        target = need(assignment.get("target"), K.MEMBER)
        if target.text != "innerHTML":
            raise Declined("expected innerHTML")
        _expect_text(scene, need(assignment.get("value")))
        return [scene.rename_member(target, "textContent")]
    call = scene.anchor(K.CALL)
    callee, arguments = need(call.get("callee"), K.MEMBER), scene.arguments(call)
    if callee.text not in _METHODS or len(arguments) != (1 if callee.text == "html" else 2):
        raise Declined("expected html(x) or insertAdjacentHTML(where, x)")
    _expect_text(scene, arguments[-1])
    return [scene.rename_member(callee, _METHODS[callee.text])]


def escape_templates(scene: Scene) -> list[Edit]:
    """The switch turned, or `autoescape=True` added to a Jinja environment that has none."""
    call = next((n for n in scene.anchors if n.kind is K.CALL), None)
    if call is None or not scene.has_api("jinja2.Environment") or find_argument(call, "autoescape") is not None:
        return rewrite(AUTOESCAPE)(scene)
    if has_spread(call):
        raise Declined("expected arguments that are all known")
    return append_item(scene, need(call.get("args"), K.ARGS), "autoescape=True")


def _is_text(scene: Scene, member: Node) -> bool:
    """A property that holds text, or the value of something that is an input by its name."""
    if member.text != "value":
        return member.text in _TEXT_PROPERTIES
    return (
        re.search(r"(?i)(input|field|select|area|box|target|ById\(.*\))$", scene.text(need(member.get("obj"))))
        is not None
    )


def _expect_text(scene: Scene, value: Node, depth: int = 0) -> None:
    """Whether a value is text for sure: a field, an address or a part of one, literals without markup."""
    if value.kind in (K.STRING, K.TEXT) and not any(mark in value.text for mark in "<>&"):
        return
    if value.kind in (K.INT, K.FLOAT, K.BOOL, K.NULL) or (value.kind is K.MEMBER and _is_text(scene, value)):
        return
    callee = value.get("callee")
    if value.kind is K.CALL and callee is not None and callee.text in _TEXT_FUNCTIONS:
        return
    if value.kind in (K.TEMPLATE, K.INTERPOLATION, K.TERNARY, K.BOOLEAN) or (
        value.kind is K.BINARY and value.text == "+"
    ):
        for part in value.children:
            if part.field != "cond":
                _expect_text(scene, part, depth)
        return
    found = scene.definitions(value) if value.kind is K.NAME and depth < 4 else ()
    if not found:
        raise Declined("expected a value that is text for sure")
    if "html" in value.text.lower() or any(d.kind is not DefKind.ASSIGN for d in found):
        raise Declined("expected a value that is set once, and not called markup")
    for definition in found:
        _expect_text(scene, need(definition.value), depth + 1)
