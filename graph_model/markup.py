"""Text that a page takes as markup or script, and values that are none. Addresses are `graph_model.addresses`'."""

import re

from graph_model.definitions import DefKind
from graph_model.evaluator import Evaluator
from graph_model.kinds import NodeKind as K
from graph_model.origins import EMPTY, Flow
from graph_model.program import Unit
from graph_model.syntax import Node

MARKUP = "security/dom-cross-site-scripting"
_CONSTRUCTORS = frozenset({"$", "jQuery", "jquery"})
_ELEMENTS = re.compile(r"^(Element|NodeList|HTML\w*Element|DocumentFragment|ShadowRoot|Text|Node)$")
_CHAINS = frozenset(
    {
        "find", "parent", "parents", "children", "closest", "first", "last", "eq", "filter", "not", "add", "addClass",
        "removeClass", "toggleClass", "append", "prepend", "before", "after", "appendTo", "prependTo", "insertBefore",
        "insertAfter", "on", "off", "one", "click", "hide", "show", "toggle", "clone", "wrap", "next", "prev",
        "siblings", "contents", "remove", "detach", "empty", "trigger", "each", "end", "fadeIn", "fadeOut",
        "removeAttr",
    }
)  # fmt: skip
_SETTERS = {"text": 1, "html": 1, "val": 1, "attr": 2, "prop": 2, "data": 2, "css": 2}  # given so many, they chain
_MEDIA = re.compile(r"^<?(img|image|picture|video|audio|source|track)\b")
_LOADS_ONLY = frozenset({"link.href", "img.src", "image.src", "video.src", "audio.src", "source.src"})
_MAX_DEPTH = 6


def find_markup(state: Evaluator, name: str, node: Node, argument: Node, flow: Flow) -> Flow:
    """What of a flow may become markup or script: nothing where elements are passed, or a selector, not text."""
    if not flow or name in _LOADS_ONLY or _holds_elements(state, state.unit, argument, 0):
        return EMPTY
    if name in _CONSTRUCTORS and (_is_selector(state, argument) or _is_object(state, argument)):
        return EMPTY
    return EMPTY if _is_media_source(state, node) else flow


def _is_selector(state: Evaluator, node: Node) -> bool:
    """Text with a constant beginning that is no tag: jQuery looks elements up by it and makes none."""
    begins = _beginning(state, node).lstrip() or ("#" if _is_fragment(state, node) else "")
    return bool(begins) and not begins.startswith("<")


def _is_fragment(state: Evaluator, node: Node) -> bool:
    """The address's fragment as it is, which begins with its sign."""
    while node.kind in (K.TEMPLATE, K.INTERPOLATION) and node.children:
        node = node.children[0]
    return state.resolver.resolve(node, state.unit, state.stmt).endswith("location.hash")


def _beginning(state: Evaluator, node: Node) -> str:
    """The constant that built text begins with; "" when there is none."""
    for _ in range(_MAX_DEPTH):
        text = state.context.constants.evaluate(node, state.stmt)
        if isinstance(text, str):
            return text
        first: Node | None = None
        if node.kind is K.BINARY and node.text == "+":
            first = node.get("left")
        elif node.kind is K.TEMPLATE and node.get("callee") is None and node.children:
            if node.children[0].kind is K.TEXT:
                return node.children[0].text
        elif node.kind is K.NAME:
            found = [d for d in state.unit.flow.reaching(node.text, state.stmt) if d.shadow_of is None]
            first = found[0].value if len(found) == 1 and found[0].kind is DefKind.ASSIGN else None
        if first is None:
            return ""
        node = first
    return ""


def _is_object(state: Evaluator, node: Node) -> bool:
    """A variable whose properties are set: an element, which text has none of."""
    return node.kind is K.NAME and any(path.startswith(f"{node.text}.") for path in state.paths.get(node.text, ()))


def _holds_elements(state: Evaluator, unit: Unit, node: Node, depth: int) -> bool:
    """Whether a value is a collection of jQuery's, or elements: what was put in was judged where it was."""
    if depth > _MAX_DEPTH:
        return False
    if node.kind is K.NAME:
        return _names_elements(state, unit, node.text, depth)
    callee = node.get("callee") if node.kind is K.CALL else None
    if callee is None:
        return False
    stmt = state.stmt if unit is state.unit else -1
    if callee.kind is K.NAME and state.resolver.callee(node, unit, stmt) in _CONSTRUCTORS:
        return True
    if _ELEMENTS.match(state.resolver.resolve(node, unit, stmt)):
        return True
    obj, args = callee.get("obj"), node.get("args")
    count = len(args.children) if args is not None else 0
    chains = callee.text in _CHAINS or count >= _SETTERS.get(callee.text, count + 1)
    return chains and obj is not None and _holds_elements(state, unit, obj, depth + 1)


def _names_elements(state: Evaluator, unit: Unit, name: str, depth: int) -> bool:
    """Whether all that a variable was given, here or in a unit around, are elements."""
    owner: Unit | None = unit
    while owner is not None and name not in owner.locals:
        owner = owner.parent
    if owner is None:
        return False
    here = owner is state.unit
    found = owner.flow.reaching(name, state.stmt) if here else owner.definitions_of(name)
    given = [d for d in found if d.shadow_of is None and d.kind is not DefKind.STORE]
    return bool(given) and all(
        d.kind is DefKind.ASSIGN and d.value is not None and _holds_elements(state, owner, d.value, depth + 1)
        for d in given
    )


def _is_media_source(state: Evaluator, node: Node) -> bool:
    """Whether `attr("src", x)` is set on an image or the like, which runs no script from there."""
    callee, args = node.get("callee"), node.get("args")
    obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
    first = args.children[0] if args is not None and args.children else None
    if obj is None or first is None or first.text.lower() != "src":
        return False
    made = _written(state, obj)
    chosen = made.get("args")
    begins = _beginning(state, chosen.children[0]) if chosen is not None and chosen.children else ""
    return made.kind is K.CALL and bool(_MEDIA.match(begins.lstrip()))


def _written(state: Evaluator, node: Node) -> Node:
    if node.kind is not K.NAME:
        return node
    found = [d for d in state.unit.flow.reaching(node.text, state.stmt) if d.shadow_of is None]
    value = found[0].value if len(found) == 1 and found[0].kind is DefKind.ASSIGN else None
    return node if value is None else value
