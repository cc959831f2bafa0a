"""Text shown as text: no markup is read from it."""

from graph_model.edits.model import Declined, Edit
from graph_model.edits.scene import Scene, need
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

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


def _expect_text(scene: Scene, value: Node, depth: int = 0) -> None:
    """Whether no literal that the value is made of has markup, here or where its variables are set."""
    for node in value.walk():
        if node.kind in (K.STRING, K.TEXT) and any(mark in node.text for mark in "<>&"):
            raise Declined("expected a value without markup")
        if node.kind in (K.ELEMENT, K.LAMBDA, K.FUNCTION):
            raise Declined("expected a plain value")
        if node.kind is K.CALL and any(
            word in scene.text(need(node.get("callee"))).lower() for word in ("html", "render", "template", "markdown")
        ):
            raise Declined("expected a value that is not made as markup")
        if node.kind is K.NAME and node.field != "callee" and depth < 3:
            if "html" in node.text.lower() or "markup" in node.text.lower():
                raise Declined("expected a value that is not called markup")
            for definition in scene.definitions(node):
                if definition.value is not None:
                    _expect_text(scene, definition.value, depth + 1)
