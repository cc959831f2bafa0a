"""Fixes of a function's own shape: a mutable default argument, a forgotten await."""

from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import statement_of
from graph_model.edits.scene import Scene, need
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_CONSTANT = frozenset({K.STRING, K.INT, K.FLOAT, K.BOOL, K.NULL, K.PAIR, K.LIST, K.DICT, K.SET, K.TUPLE, K.UNARY})
_MEMORY_WORDS = ("cache", "memo", "seen", "registry", "singleton")


def mutable_default(scene: Scene) -> list[Edit]:
    """`x=None` and `if x is None: x = []` as the first statement, so that every call gets a value of its own."""
    value = scene.anchor(K.LIST, K.DICT, K.SET)
    param = need(value.parent, K.PARAM)
    name = need(param.get("name"), K.NAME)
    function = need(need(param.parent).parent, K.FUNCTION)
    if any(n.kind not in _CONSTANT for n in value.walk()) or "\n" in scene.text(value):
        raise Declined("expected a literal of constants on one line")
    if name.text.startswith("_") or any(word in name.text.lower() for word in _MEMORY_WORDS):
        raise Declined("expected a default that is not meant to remember")
    body = need(function.get("body"), K.BLOCK)
    statements = body.children
    first = statements[1] if statements[0].kind is K.STRING and len(statements) > 1 else statements[0]
    start = min((d.start for d in first.all("decorators")), default=first.start)
    if first.kind is K.STRING or scene.between(scene.line_start(start), start).strip():
        raise Declined("expected a body on lines of its own")
    indent, step = scene.indent(start), _indent_step(scene, function, start)
    guard = (
        f"{indent}if {name.text} is None:{scene.newline}{indent}{step}{name.text} = {scene.text(value)}{scene.newline}"
    )
    return [*_optional(scene, param), scene.replace(value, "None"), scene.insert(scene.line_start(start), guard)]


def _indent_step(scene: Scene, function: Node, body_start: int) -> str:
    outer, inner = scene.indent(function.start), scene.indent(body_start)
    return inner[len(outer) :] if inner.startswith(outer) and inner != outer else "    "


def _optional(scene: Scene, param: Node) -> list[Edit]:
    """`| None` after a type that does not allow None, in the file's own spelling; none where it has none."""
    declared = param.get("type")
    if declared is None:
        return []
    text = scene.text(declared)
    if "None" in text or "Optional" in text or text in ("object", "Any", "typing.Any"):
        return []
    future = any(
        n.raw == "future_import_statement" and b"annotations" in scene.source[n.start : n.end]
        for n in scene.tree.root.children
    )
    if future or b"| None" in scene.source:
        return [scene.insert(declared.end, " | None")]
    local = next((name for name, dotted in scene.program.imports.items() if dotted == "typing.Optional"), None)
    return [scene.replace(declared, f"{local}[{text}]")] if local else []


def add_await(scene: Scene) -> list[Edit]:
    """`await` before a call whose result nobody takes, in an async function."""
    call = scene.anchor(K.CALL)
    if not scene.unit_of(call).is_async or statement_of(call) is not call:
        raise Declined("expected a statement of an async function")
    return [scene.insert(call.start, "await ")]
