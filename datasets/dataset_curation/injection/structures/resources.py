"""Resources bound to a block, left open: the binding gone, the block's statements in its place."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.model import (
    CSHARP,
    JAVA,
    PYTHON,
    Draft,
    block_of,
    function_of,
    has_long_text,
    names_in,
    nodes,
    shifted,
    step_of,
)
from dataset_curation.injection.structures.renaming import local_uses, reworded
from graph_model.edits.model import Edit
from graph_model.edits.places import owns_lines
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_ENDS = re.compile(
    r"(?i)memory|bytearray|string(?:reader|writer|io)|bytesio|gzip|deflat|inflat|zip|jar|cipher|crypto|compress|encod|brotli"
    r"|writer|bufferedoutput|objectoutput|printstream|dataoutput|suppress|patch|scope|lock|activity|timer|mock|temp|random|hash|sha\d|hmac|md5"
)
"""What holds nothing, or is complete only when it is closed, or is no resource of the system."""
_LONGEST = 30  # lines of a block that is opened
_RESOURCE = re.compile(
    r"(?i)stream|reader|writer|mem|(?:^|_)(?:in|out|is|os|fp|fd|fh|ms|fs|f|s)$|(?:in|out)put$|handle|socket|conn|sock"
    r"|response|resp$|body|buf|content|data|bytes|text|source|archive|zip"
)
"""Names of what is open already, or in memory."""


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
        if not _stays_open(scene, value):
            continue
        yield from _block(scene, owner, resources[0], body)


def _stays_open(scene: Scene, value: Node) -> bool:
    """Whether a resource of its own stays open, and that is all: no wrapper of another one that is closed elsewhere,
    none in memory, none whose closing writes the rest; and in a function, since a script ends soon."""
    made, args = value.get("callee") or value.get("type"), value.get("args")
    function = function_of(value)
    if (
        made is None
        or function is None
        or (function.get("name") or made).text == "main"
        or _ENDS.search(scene.text(made))
    ):
        return False
    given = args.children if args is not None else []
    return not any(one.kind in (K.NAME, K.MEMBER) and _RESOURCE.search(one.text) for one in given)


def _declared(scene: Scene) -> Iterator[Draft]:
    """`using var r = ...;` and `await using var r = ...;` without the keyword."""
    for statement in nodes(scene, K.DECL):
        text = scene.text(statement)
        lead = next((one for one in ("await using ", "using ") if text.startswith(one)), "")
        value = statement.children[0].get("value") if len(statement.children) == 1 else None
        if lead and value is not None and _stays_open(scene, value):
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
    keyword = f"with {name}:" if scene.family is PYTHON else f"using ({name})"
    head_end = body.start + 1 if scene.family is JAVA else _head_end(scene, resource)
    apart = (Edit(owner.start, head_end, f"{declaration}{scene.newline}{indent}{keyword}".encode()),)
    twin = _resource_renamed(scene, owner, name) if scene.family is JAVA else apart
    if is_plain:
        text = _opened(scene, owner, resource, body)
        if text is None or text.count("\n") > _LONGEST or _is_declared_twice(owner, body):
            return
        edit = Edit(owner.start, owner.end, f"{declaration}{scene.newline}{text}".encode())
    else:
        step = step_of(scene, owner, body.children[0])
        edit = Edit(owner.start, body.start + 1, f"try {{{scene.newline}{indent}{step}{declaration}".encode())
    yield Draft(resource.start, resource.end, (edit,), twin, renames=not twin)


def _resource_renamed(scene: Scene, owner: Node, name: str) -> tuple[Edit, ...]:
    """The resource under another name, or final; before Java 9 it can only be declared in the head."""
    function = function_of(owner)
    renamed = reworded(scene, local_uses(scene, function).get(name, [])) if function is not None else ()
    resource = owner.all("resources")[0]
    if renamed or scene.text(resource).startswith("final "):
        return renamed
    return (Edit(resource.start, resource.start, b"final "),)


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


def _opened(scene: Scene, owner: Node, resource: Node, body: Node) -> str | None:
    """The body's statements and comments at the owner's own depth, without the last line break."""
    if has_long_text(scene, body):
        return None
    first, last = body.children[0], body.children[-1]
    if not owns_lines(scene, first):
        return None
    end = scene.line_end(last.end) if scene.family is PYTHON else scene.line_end(scene.line_start(body.end - 1) - 1)
    start = scene.next_line(_head_end(scene, resource) - 1 if scene.family is PYTHON else body.start)
    text = shifted(scene.between(start, end).rstrip("\r\n"), less=step_of(scene, owner, first))
    return text if text is not None and (scene.family is PYTHON or owner.end >= end) else None


def _is_declared_twice(owner: Node, body: Node) -> bool:
    """Whether the body declares a name that the code around it mentions, so that opening it would clash."""
    own = {(n.get("target") or n).text for n in body.walk() if n.kind is K.DECLARATOR}
    own |= {(n.get("target") or n).text for n in owner.children if n.kind is K.WITH_ITEM}
    outside = {name for one in block_of(owner) if one is not owner for name in names_in(one)}
    return bool(own & outside)
