"""Resources bound to a block, left open: the binding gone, the block's statements in its place."""

from collections.abc import Iterator

from dataset_curation.injection.structures.model import (
    CSHARP,
    JAVA,
    PYTHON,
    Draft,
    block_of,
    has_long_text,
    names_in,
    nodes,
    shifted,
    step_of,
)
from graph_model.edits.model import Edit
from graph_model.edits.places import owns_lines
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node


def resource_left_open(scene: Scene) -> Iterator[Draft]:
    """`with open(p) as f:`, `try (R r = ...) {` and `using` without what closes the resource."""
    if scene.family is CSHARP:
        yield from _declared(scene)
    for owner in nodes(scene, K.TRY if scene.family is JAVA else K.WITH):
        resources, body = owner.all("resources"), owner.get("body")
        if len(resources) != 1 or body is None or owner.text or not block_of(owner):
            continue
        target, value = resources[0].get("target"), resources[0].get("value")
        if target is None or value is None or target.kind is not K.NAME or value.kind not in (K.CALL, K.NEW):
            continue
        yield from _block(scene, owner, resources[0], body)


def _declared(scene: Scene) -> Iterator[Draft]:
    """`using var r = ...;` and `await using var r = ...;` without the keyword."""
    for statement in nodes(scene, K.DECL):
        text = scene.text(statement)
        lead = next((one for one in ("await using ", "using ") if text.startswith(one)), "")
        if lead and len(statement.children) == 1:
            edit = Edit(statement.start, statement.start + len(lead), b"")
            yield Draft(statement.start, statement.end, (edit,), renames=True)


def _block(scene: Scene, owner: Node, resource: Node, body: Node) -> Iterator[Draft]:
    is_plain = not owner.all("handler") and owner.get("finally") is None
    name = (resource.get("target") or resource).text
    stop = "" if scene.family is PYTHON else ";"
    declaration = _declaration(scene, owner, resource) + stop
    indent = scene.indent(owner.start)
    if not owns_lines(scene, owner) or not body.children or not body.raw:
        return
    keyword = {PYTHON: f"with {name}:", JAVA: f"try ({name}) {{"}.get(scene.family, f"using ({name})")
    head_end = body.start + 1 if scene.family is JAVA else _head_end(scene, resource)
    twin = Edit(owner.start, head_end, f"{declaration}{scene.newline}{indent}{keyword}".encode())
    if is_plain:
        text = _opened(scene, owner, body)
        if text is None or _is_declared_twice(owner, body):
            return
        edit = Edit(owner.start, owner.end, f"{declaration}{scene.newline}{text}".encode())
    else:
        step = step_of(scene, owner, body.children[0])
        edit = Edit(owner.start, body.start + 1, f"try {{{scene.newline}{indent}{step}{declaration}".encode())
    yield Draft(resource.start, resource.end, (edit,), (twin,))


def _declaration(scene: Scene, owner: Node, resource: Node) -> str:
    """`f = open(p)` or `Reader r = open(p)`, as it stands in the head."""
    target, value = resource.get("target"), resource.get("value")
    assert target is not None  # asked for before
    assert value is not None
    if scene.family is PYTHON:
        return f"{target.text} = {scene.text(value)}"
    if scene.family is CSHARP:
        head = scene.between(owner.start, resource.end)
        return head[head.index("(") + 1 :]
    return scene.text(resource).removeprefix("final ")


def _head_end(scene: Scene, resource: Node) -> int:
    """Where the head of a `with` or `using` ends: behind its colon or parenthesis."""
    closing = b":" if scene.family is PYTHON else b")"
    return scene.source.index(closing, resource.end) + 1


def _opened(scene: Scene, owner: Node, body: Node) -> str | None:
    """The body's statements at the owner's own depth, without the last line break."""
    if has_long_text(scene, body):
        return None
    first, last = body.children[0], body.children[-1]
    if not owns_lines(scene, first):
        return None
    end = scene.line_end(last.end) if scene.family is PYTHON else scene.line_end(scene.line_start(body.end - 1) - 1)
    start = scene.line_start(body.start + 1 if scene.family is not PYTHON else first.start)
    if scene.family is not PYTHON:
        start = scene.next_line(body.start)
    text = shifted(scene.between(start, end).rstrip("\r\n"), less=step_of(scene, owner, first))
    return text if text is not None and (scene.family is PYTHON or owner.end >= end) else None


def _is_declared_twice(owner: Node, body: Node) -> bool:
    """Whether the body declares a name that the code around it mentions, so that opening it would clash."""
    own = {(n.get("target") or n).text for n in body.walk() if n.kind is K.DECLARATOR}
    own |= {(n.get("target") or n).text for n in owner.children if n.kind is K.WITH_ITEM}
    outside = {name for one in block_of(owner) if one is not owner for name in names_in(one)}
    return bool(own & outside)
