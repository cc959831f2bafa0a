"""Text that grows in a loop, collected instead and joined once."""

from itertools import pairwise

from graph_model.edits.imports import use_type
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import insert_after, owns_lines, statement_end, statement_of
from graph_model.edits.scene import Scene, fresh_name, need
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node


def collect_text(scene: Scene) -> list[Edit]:
    """A list and one `join` (Python), a builder and one `toString` (Java, C#); afterwards the text has its old name."""
    growth = scene.anchor(K.AUG_ASSIGN, K.ASSIGN)
    target = need(growth.get("target"), K.NAME)
    loop, start = _start(scene, growth, target.text)
    grown = _growths(loop, target)
    if not owns_lines(scene, loop) or loop.get("orelse") is not None:
        raise Declined("expected a loop on lines of its own")
    if scene.family is Family.PYTHON:
        return _join(scene, loop, start, grown)
    if scene.family in (Family.JAVA, Family.CSHARP):
        return _build(scene, loop, start, grown)
    raise Declined("expected a language whose texts are copied")


def _start(scene: Scene, growth: Node, name: str) -> tuple[Node, Node]:
    """The loop around the growth that stands in one block with `text = ""`, and that statement."""
    loops: list[Node] = []
    above = growth.parent
    while above is not None and above.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS, K.MODULE):
        if above.kind in (K.TRY, K.CATCH):
            raise Declined("expected no exception that could leave the text half grown")
        if above.kind in LOOP_KINDS:
            loops.append(above)
        above = above.parent
    for loop in loops:
        start = _start_before(scene, loop, name)
        if start is not None:
            return loop, start
    raise Declined("expected the text to start before the loop")


def _start_before(scene: Scene, loop: Node, name: str) -> Node | None:
    """`text = ""` among the statements before a loop in its own block, with nothing between that reads it."""
    block = need(loop.parent)
    position = block.children.index(loop) if block.kind is K.MODULE or block.raw else 0
    for statement in reversed(block.children[:position]):
        holder = statement.children[0] if statement.kind is K.DECL and len(statement.children) == 1 else statement
        target = holder.get("target") if holder.kind in (K.ASSIGN, K.DECLARATOR) else None
        if target is not None and target.kind is K.NAME and target.text == name:
            value = need(holder.get("value"), K.STRING)
            if not owns_lines(scene, statement) or scene.text(value)[0] not in "'\"":
                raise Declined("expected the text to start as a plain literal")
            return statement
        if any(n.kind is K.NAME and n.text == name for n in statement.walk()):
            return None
    return None


def _growths(loop: Node, target: Node) -> list[Node]:
    """Every `text += part` and `text = text + part` in the loop, which does nothing else with the text."""
    growths = [
        n for n in loop.walk() if n.kind in (K.AUG_ASSIGN, K.ASSIGN) and need(n.get("target")).text == target.text
    ]
    uses = sum(n.kind is K.NAME and n.text == target.text for n in loop.walk())
    if uses != sum(1 if g.kind is K.AUG_ASSIGN else 2 for g in growths):
        raise Declined("expected a loop that only appends to the text")
    for growth in growths:
        if statement_of(growth) is not growth:
            raise Declined("expected growth as a statement")
        if any(p.kind in (K.TUPLE, K.YIELD, K.AWAIT, K.LAMBDA, K.SEQUENCE) for p in _parts(growth)):
            raise Declined("expected plain values")
    return growths


def _parts(growth: Node) -> list[Node]:
    """What is appended: the value of `+=`, or the operands behind the text itself."""
    value, target = need(growth.get("value")), need(growth.get("target"))
    if growth.kind is K.AUG_ASSIGN:
        if growth.text != "+=":
            raise Declined("expected text += part")
        return [value]
    parts: list[Node] = []
    while value.kind is K.BINARY and value.text == "+":
        parts.insert(0, need(value.get("right")))
        value = need(value.get("left"))
    if not parts or value.kind is not K.NAME or value.text != target.text:
        raise Declined("expected text = text + part")
    return parts


def _join(scene: Scene, loop: Node, start: Node, grown: list[Node]) -> list[Edit]:
    target, value = need(start.get("target")), need(start.get("value"))
    if start.kind is not K.ASSIGN or start.get("type") is not None:
        raise Declined("expected text = ''")
    parts = fresh_name(scene, loop, f"{target.text}_parts")
    initial = "[]" if not value.text else f"[{scene.text(value)}]"
    edits = [scene.replace(target, parts), scene.replace(value, initial)]
    edits += [edit for g in grown for edit in _wrap(scene, g, f"{parts}.append(", joint="")]
    return [*edits, *insert_after(scene, loop, f'{target.text} = "".join({parts})')]


def _wrap(scene: Scene, growth: Node, head: str, *, joint: str) -> list[Edit]:
    """`text += part` as `head part)`; several parts stay added up, or get the joint between them."""
    parts = _parts(growth)
    before = scene.code_between(growth.start, parts[0].start).replace(" ", "")
    name = need(growth.get("target")).text
    if before not in (f"{name}+=", f"{name}={name}+") or parts[-1].end != growth.end:
        raise Declined("expected text += part without parentheses")
    edits = [Edit(growth.start, parts[0].start, head.encode()), scene.insert(growth.end, ")")]
    for first, second in pairwise(parts):
        if scene.code_between(first.end, second.start).strip() != "+":
            raise Declined("expected parts without parentheses")
        edits += [Edit(first.end, second.start, joint.encode())] if joint else []
    return edits


def _build(scene: Scene, loop: Node, start: Node, grown: list[Node]) -> list[Edit]:
    is_java = scene.family is Family.JAVA
    if start.kind is not K.DECL or "final" in start.text.split():
        raise Declined("expected a declaration of the text")
    declarator = start.children[0]
    target, value = need(declarator.get("target")), need(declarator.get("value"))
    typed = scene.between(start.start, target.start).strip()
    if typed not in ("String", "string", "var"):
        raise Declined("expected a text declared as one")
    if is_java and any(scene.type_of(part) in ("char[]", "char") for g in grown for part in _parts(g)):
        raise Declined("expected parts that append as they concatenate")
    builder = fresh_name(scene, loop, f"{target.text}Builder")
    name, imports = ("StringBuilder", []) if is_java else use_type(scene, "System.Text.StringBuilder")
    initial = scene.text(value) if value.text else ""
    new = f"{'StringBuilder' if is_java else 'var'} {builder} = new {name}({initial});"
    append, result = (".append(", ".toString();") if is_java else (".Append(", ".ToString();")
    edits = [Edit(start.start, statement_end(scene, start), new.encode())]
    edits += [edit for g in grown for edit in _wrap(scene, g, f"{builder}{append}", joint=f"){append}")]
    return [*edits, *insert_after(scene, loop, f"{typed} {target.text} = {builder}{result}"), *imports]
