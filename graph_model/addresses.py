"""Text that is an address: which of its parts decide where it leads. What else a sink does with it is not said here."""

import re

from graph_model.definitions import DefKind
from graph_model.evaluator import Evaluator
from graph_model.kinds import NodeKind as K
from graph_model.origins import EMPTY, Flow, merge
from graph_model.page_addresses import OWN_ADDRESS, OWN_PART, find_resolved, is_own_address, leads_home
from graph_model.syntax import Node

_REQUESTS = frozenset({"security/server-side-request-forgery", "security/open-redirect"})
_MARKUP = "security/dom-cross-site-scripting"
_ADDRESS_PROPERTY = re.compile(r"(?i)(^|[.?])(href|src|location|action|formAction|assign|open|location\.replace)$")
_ATTRIBUTE_CALL = re.compile(r"\.(attr|prop|setAttribute)$")
_ADDRESS_ATTRIBUTES = frozenset({"href", "src", "action", "formaction", "xlink:href"})
_FIXED = re.compile(r"(?i)^(([a-z][a-z0-9+.-]*:)?//[^/?#\\]+[/?#]|[^:/?#\\]+(:[\dx]+)?[/?#]|/[^/\\]|[?#])")
_SCHEME_FIXED = re.compile(r"(?i)^\s*(?!\s|javascript|data:|vbscript)")
_BRACES = re.compile(r"\{(\w*)[^{}]*\}")
_PERCENT = re.compile(r"%(?:\((\w+)\))?[-+ #0-9.]*[sdrfiux]")
_UNKNOWN_PART = "x"
_MAX_DEPTH = 8
_Part = str | tuple[Node, int]  # constant text, or an expression and the statement that evaluates it


def find_deciding(state: Evaluator, label: str, name: str, node: Node, argument: Node, flow: Flow) -> Flow:
    """What of a flow decides where an address leads; all of it where the sink is not given an address.

    `https://host/` before foreign data fixes the host, and so does any text with a slash in it: such data is left out,
    and so is the path or host of the page itself, which leads to the page's own server.
    """
    if label not in _REQUESTS and not (label == _MARKUP and _takes_address(name, node)):
        return flow
    is_script = label == _MARKUP  # the harm is in a scheme that runs script: whoever fixes the scheme fixes it all
    given = find_resolved(state, argument, state.stmt) if is_script else None
    parts = _parts(state, *(given or (argument, state.stmt)), 0)
    prefix, deciding = "", EMPTY
    for part in parts:
        if _FIXED.match(prefix) or (is_script and prefix.strip() and _SCHEME_FIXED.match(prefix)):
            break
        if isinstance(part, str):
            prefix += part
        elif (not prefix and is_own_address(part[0])) or (is_script and leads_home(state, *part)):
            prefix = f"{_UNKNOWN_PART}/"
        else:
            deciding = merge(deciding, _evaluate(state, *part) if len(parts) > 1 or given else flow)
            prefix += "" if is_script else _UNKNOWN_PART
    origins = state.result.origins
    if is_script:
        flow = {
            origin: mark for origin, mark in flow.items() if mark[1] or not OWN_ADDRESS.search(origins[origin].name)
        }
    return {
        origin: mark
        for origin, mark in flow.items()
        if origin in deciding and not OWN_PART.search(origins[origin].name)
    }


def _evaluate(state: Evaluator, node: Node, stmt: int) -> Flow:
    """An expression's value at another statement, without noting its sinks again."""
    saved = state.stmt, state.recording
    state.stmt, state.recording = stmt, False
    value = state.evaluate(node)
    state.stmt, state.recording = saved
    return value


def _takes_address(name: str, node: Node) -> bool:
    """A property or an attribute that holds an address, not markup."""
    if _ATTRIBUTE_CALL.search(name):
        args = node.get("args")
        first = args.children[0] if args is not None and args.children else None
        return first is not None and first.text.lower() in _ADDRESS_ATTRIBUTES
    return bool(_ADDRESS_PROPERTY.search(name))


def _parts(state: Evaluator, node: Node, stmt: int, depth: int) -> list[_Part]:
    """Constant texts and other expressions that a text is put together from, in order."""
    text = state.context.constants.evaluate(node, stmt)
    if isinstance(text, str):
        return [text]
    if depth > _MAX_DEPTH:
        return [(node, stmt)]
    if node.kind is K.BINARY and node.text == "+":
        return [part for side in node.children for part in _parts(state, side, stmt, depth + 1)]
    if node.kind is K.TEMPLATE and node.get("callee") is None:
        return [part for child in node.children for part in _template_part(state, child, stmt, depth)]
    if node.kind is K.NAME:
        return _defined_parts(state, node, stmt, depth)
    return _formatted_parts(state, node, stmt, depth)


def _formatted_parts(state: Evaluator, node: Node, stmt: int, depth: int) -> list[_Part]:
    """`"{}/{}".format(a, b)` and `"%s/%s" % (a, b)` taken apart; of what else formats, the constant beginning."""
    callee, args, right = node.get("callee"), node.get("args"), node.get("right")
    is_percent = node.kind is K.BINARY and node.text == "%" and right is not None
    is_format = node.kind is K.CALL and callee is not None and callee.kind is K.MEMBER and callee.text == "format"
    template = node.get("left") if is_percent else callee.get("obj") if is_format and callee is not None else None
    text = state.context.constants.evaluate(template, stmt) if template is not None else None
    if not isinstance(text, str):
        formatted = _format_prefix(state, node, stmt)
        return [formatted, (node, stmt)] if formatted else [(node, stmt)]
    given = args if is_format else right
    values = given.children if given is not None and given.kind in (K.ARGS, K.TUPLE) else [given] if given else []
    parts: list[_Part] = []
    end = 0
    for number, hole in enumerate((_PERCENT if is_percent else _BRACES).finditer(text)):
        chosen = _chosen(values, hole.group(1) or str(number))
        parts.append(text[end : hole.start()])
        parts.extend(_parts(state, chosen, stmt, depth + 1) if chosen is not None else [(node, stmt)])
        end = hole.end()
    return [*parts, text[end:]]


def _chosen(values: list[Node], name: str) -> Node | None:
    """The value of a format's field: by position or keyword."""
    if name.isdigit():
        return values[int(name)] if int(name) < len(values) else None
    return next((value.get("value") for value in values if value.kind is K.KWARG and value.text == name), None)


def _template_part(state: Evaluator, child: Node, stmt: int, depth: int) -> list[_Part]:
    if child.kind is K.TEXT:
        return [child.text]
    value = child.get("value")
    return _parts(state, value if value is not None else child, stmt, depth + 1)


def _defined_parts(state: Evaluator, node: Node, stmt: int, depth: int) -> list[_Part]:
    """The parts of a variable with one definition that builds text, and of what is appended to it."""
    found = [d for d in state.unit.flow.reaching(node.text, stmt) if d.shadow_of is None]
    value = found[0].value if len(found) == 1 else None
    if value is None or value is node:
        return [(node, stmt)]
    if found[0].kind is DefKind.AUGMENT and found[0].stmt != stmt:
        return [*_defined_parts(state, node, found[0].stmt, depth + 1), *_parts(state, value, found[0].stmt, depth + 1)]
    is_text = value.kind in (K.BINARY, K.TEMPLATE, K.NAME, K.STRING, K.CALL)
    if found[0].kind is not DefKind.ASSIGN or not is_text:
        return [(node, stmt)]
    parts = _parts(state, value, found[0].stmt, depth + 1)
    return parts if len(parts) > 1 or isinstance(parts[0], str) else [(node, stmt)]


def _format_prefix(state: Evaluator, node: Node, stmt: int) -> str:
    """The constant beginning of a text that a call formats: `String.format("https://host/%s", x)`."""
    callee, args = node.get("callee"), node.get("args")
    if node.kind is not K.CALL or callee is None or callee.kind is not K.MEMBER or args is None:
        return ""
    if callee.text not in ("format", "Format"):
        return ""
    for shown in (callee.get("obj"), args.children[0] if args.children else None):
        text = state.context.constants.evaluate(shown, stmt) if shown is not None else None
        if isinstance(text, str):
            return re.split(r"[%{]", text, maxsplit=1)[0]
    return ""
