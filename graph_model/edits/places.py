"""Where text goes: items of argument lists and literals, whole statements and their lines. Comments are never lost."""

from graph_model.edits.model import Declined, Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node


def append_item(scene: Scene, container: Node, text: str) -> list[Edit]:
    """Adds one item at the end of an argument list, object literal or initialiser, in the style of the items there."""
    opening, closing = container.start, container.end - 1
    if container.end - container.start < 2:
        raise Declined("expected brackets")
    items = container.children
    if not items:
        padding = " " if scene.source[opening : opening + 1] == b"{" else ""
        if scene.between(opening + 1, closing).strip():
            raise Declined("expected empty brackets")
        return [Edit(opening + 1, closing, f"{padding}{text}{padding}".encode())]
    if items[-1].kind is K.COMPREHENSION and scene.source[items[-1].start : items[-1].start + 1] != b"[":
        raise Declined("expected arguments, found a bare generator")
    tail = scene.code_between(items[-1].end, closing)
    at = items[-1].end + len(tail.rstrip().encode())
    has_comma = tail.rstrip().endswith(",")
    if scene.begins_line(items[-1]) and "\n" in tail:
        comma = [] if has_comma else [scene.insert(at, ",")]
        line = f"{scene.newline}{scene.indent(items[-1].start)}{text}{',' if has_comma else ''}"
        end = scene.line_end(at)
        behind_comment = end < closing and not scene.code_between(at, end).strip()
        return [*comma, scene.insert(end if behind_comment else at, line)]
    written = scene.between(at, closing).rstrip()
    if "\n" in written or written.startswith(("#", "//")):
        raise Declined("expected no comment behind the last item")
    return [scene.insert(at + len(written.encode()), f" {text}" if has_comma else f", {text}")]


def insert_item_after(scene: Scene, container: Node, item: Node, text: str) -> list[Edit]:
    """Adds an item right after another one of an argument list."""
    following = [c for c in container.children if c.start >= item.end]
    until = following[0].start if following else container.end - 1
    gap = scene.code_between(item.end, until)
    closed = gap.partition(",")[0].rstrip()
    return [scene.insert(item.end + len(closed.encode()), f", {text}")]


def remove_item(scene: Scene, container: Node, item: Node) -> list[Edit]:
    """Removes an item of an argument list or literal with the comma that it needs no more."""
    if len(container.children) == 1:
        return _clear(scene, container, item)
    position = container.children.index(item)
    start, end = item.start, item.end
    if position > 0:
        gap = scene.between(container.children[position - 1].end, item.start)
        comma = gap.find(",")
        start = container.children[position - 1].end + len(gap[:comma].encode())
    else:
        end = container.children[1].start
        gap = scene.between(item.end, end)
        comma = gap.find(",")
    if comma < 0:
        raise Declined("expected a comma")
    if _has_comment(scene, start, scene.line_end(item.end) if scene.begins_line(item) else end):
        return _remove_line(scene, item)
    return [Edit(start, end, b"")]


def _has_comment(scene: Scene, start: int, end: int) -> bool:
    return any(begin < end and stop > start for begin, stop in scene.tree.comments)


def _clear(scene: Scene, container: Node, item: Node) -> list[Edit]:
    """Removes the only item, up to the closing bracket."""
    closing = container.end - 1
    if scene.between(item.end, closing).strip() not in ("", ","):
        raise Declined("expected no comment beside the only item")
    return [Edit(item.start, closing, b"")]


def _remove_line(scene: Scene, item: Node) -> list[Edit]:
    """Removes an item with a line of its own in Python, where the comma before it may stay."""
    rest = scene.between(item.end, scene.line_end(item.end)).strip()
    if scene.family is not Family.PYTHON or not scene.begins_line(item) or rest not in ("", ","):
        raise Declined("expected no comment beside the item")
    return [Edit(scene.line_start(item.start), scene.next_line(item.end), b"")]


def statement_of(node: Node) -> Node:
    """The statement of a braced or indented block, or of the module, that a node is part of."""
    child, parent = node, node.parent
    while parent is not None:
        if parent.kind is K.MODULE or (parent.kind is K.BLOCK and parent.raw):
            return child
        child, parent = parent, parent.parent
    raise Declined("expected a statement of a block")


def statement_end(scene: Scene, statement: Node) -> int:
    """Where a statement ends, with its semicolon where the language has one."""
    rest = scene.source[statement.end : statement.end + 80]
    gap = len(rest) - len(rest.lstrip(b" \t"))
    return statement.end + gap + 1 if rest[gap : gap + 1] == b";" else statement.end


def owns_lines(scene: Scene, statement: Node) -> bool:
    """Whether a statement shares its lines with no other code (a comment may follow it)."""
    end = statement_end(scene, statement)
    return scene.begins_line(statement) and not scene.code_between(end, scene.line_end(end)).strip()


def insert_before(scene: Scene, statement: Node, *lines: str) -> list[Edit]:
    """New lines before a statement that begins its line, indented like it."""
    if not scene.begins_line(statement):
        raise Declined("expected the statement to begin its line")
    indent = scene.indent(statement.start)
    text = "".join(f"{indent}{line}{scene.newline}" for line in lines)
    return [scene.insert(scene.line_start(statement.start), text)]


def insert_after(scene: Scene, statement: Node, *lines: str) -> list[Edit]:
    """New lines after a statement that owns its lines, indented like it."""
    if not owns_lines(scene, statement):
        raise Declined("expected the statement to own its lines")
    indent = scene.indent(statement.start)
    at = scene.next_line(statement_end(scene, statement))
    if at == len(scene.source) and not scene.source.endswith(b"\n"):
        return [scene.insert(at, "".join(f"{scene.newline}{indent}{line}" for line in lines))]
    return [scene.insert(at, "".join(f"{indent}{line}{scene.newline}" for line in lines))]


def remove_statement(scene: Scene, statement: Node) -> list[Edit]:
    """Removes a statement and its lines; a Python block keeps at least one statement."""
    parent = statement.parent
    if not owns_lines(scene, statement) or parent is None:
        raise Declined("expected the statement to own its lines")
    if scene.family is Family.PYTHON and parent.kind is K.BLOCK and len(parent.children) == 1:
        raise Declined("expected another statement in the block")
    end = statement_end(scene, statement)
    if scene.between(end, scene.line_end(end)).strip():
        raise Declined("expected no comment behind the statement")
    return [Edit(scene.line_start(statement.start), scene.next_line(end), b"")]
