"""What a structural kind is, and what all of them ask of a parsed file: names, blocks, indentation."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from graph_model.candidates.model import Candidate
from graph_model.edits.model import Edit
from graph_model.edits.places import owns_lines, statement_end
from graph_model.edits.scene import Scene, enclosing_function
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family, Language, load_table
from graph_model.syntax import Node, parse_tree

PYTHON, JAVASCRIPT, JAVA, CSHARP = Family.PYTHON, Family.JAVASCRIPT, Family.JAVA, Family.CSHARP
ALL = (PYTHON, JAVASCRIPT, JAVA, CSHARP)
SIMPLE = frozenset({K.NAME, K.MEMBER, K.THIS, K.INT, K.FLOAT, K.STRING, K.BOOL, K.NULL})
_TEXTS = (K.STRING, K.TEMPLATE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A defect at a place: the range that is wrong afterwards (in the sound file), its edits, and those of its twin.

    With `renames` and no twin the twin is a renamed variable of the same function.
    """

    start: int
    end: int
    edits: tuple[Edit, ...]
    twin: tuple[Edit, ...] = ()
    renames: bool = False


Propose = Callable[[Scene], Iterator[Draft]]


@dataclass(frozen=True, slots=True)
class Structure:
    """One way to a kind: in which languages, which labels may be born, what finds its places.

    `hint` is a text without which a file has no place, None where nothing as plain tells.
    """

    name: str
    kind: str
    families: tuple[Family, ...]
    labels: tuple[str, ...]
    propose: Propose
    hint: re.Pattern[str] | None = None


def open_scene(path: str, content: bytes, language: Language) -> Scene:
    """The scene of a whole file, whose candidate is the file itself. Raises LimitError for one that is too large."""
    whole = Candidate("", path, 0, len(content), 0, len(content), "", "", (), ())
    return Scene(whole, language, parse_tree(content, load_table(language)))


def nodes(scene: Scene, *kinds: K) -> Iterator[Node]:
    """The file's nodes of these kinds, in source order."""
    wanted = frozenset(kinds)
    return (node for node in scene.tree.root.walk() if node.kind in wanted)


def functions(scene: Scene) -> Iterator[Node]:
    """The file's functions and methods that have a body of statements."""
    for node in nodes(scene, K.FUNCTION):
        body = node.get("body")
        if body is not None and body.raw and body.children:
            yield node


def is_simple(node: Node | None, *, with_calls: bool = False) -> bool:
    """Whether an expression is a name, a chain of members or a literal; with calls, one without arguments as well."""
    if node is None:
        return False
    kinds = SIMPLE | ({K.CALL, K.ARGS} if with_calls else set())
    return all(n.kind in kinds for n in node.walk())


def names_in(node: Node) -> set[str]:
    """The variables that a node mentions; `this` is one."""
    return {"this" if n.kind is K.THIS else n.text for n in node.walk() if n.kind in (K.NAME, K.THIS)}


def share_values(scene: Scene, left: Node, right: Node) -> bool:
    """Whether two expressions read one variable, or one field of it: then the first may guard the second."""
    found = [
        {scene.text(n) for n in one.walk() if n.kind in (K.NAME, K.MEMBER) and n.start < n.end} for one in (left, right)
    ]
    return bool(found[0] & found[1])


def statement_end_sign(scene: Scene) -> str:
    """What ends a statement as the file writes it: in JavaScript nothing, where most lines go without a semicolon."""
    if scene.family is PYTHON:
        return ""
    lines = [line.rstrip() for line in scene.source.splitlines()]
    ended, open_ended = sum(line.endswith(b";") for line in lines), sum(line.endswith((b")", b"'")) for line in lines)
    return "" if scene.family is JAVASCRIPT and ended < open_ended / 2 else ";"


def gap(scene: Scene, left: Node, right: Node) -> str:
    """The code between two nodes, without blanks at its ends."""
    return scene.code_between(left.end, right.start).strip()


def operator_edit(scene: Scene, left: Node, right: Node, old: str, new: str) -> Edit | None:
    """The edit that puts another operator between two operands; None when something else stands there."""
    text = scene.between(left.end, right.start)
    if text.strip() != old:
        return None
    start = left.end + len(text[: text.index(old)].encode())
    return Edit(start, start + len(old.encode()), new.encode())


def statement_around(node: Node) -> Node:
    """The statement of a block that a node is part of; the node itself where it is part of none."""
    child, parent = node, node.parent
    while parent is not None:
        if parent.kind is K.MODULE or (parent.kind is K.BLOCK and parent.raw):
            return child
        child, parent = parent, parent.parent
    return node


def block_of(statement: Node) -> list[Node]:
    """The statements beside a statement in its own block; empty when it stands in no block."""
    parent = statement.parent
    if parent is None or not (parent.kind is K.MODULE or (parent.kind is K.BLOCK and parent.raw)):
        return []
    return parent.children


def next_of(statement: Node) -> Node | None:
    """The statement after another one in its block, None at the end."""
    siblings = block_of(statement)
    position = next((idx for idx, one in enumerate(siblings) if one is statement), len(siblings))
    return siblings[position + 1] if position + 1 < len(siblings) else None


def has_long_text(scene: Scene, node: Node) -> bool:
    """Whether a text below a node goes over several lines, so that indentation is part of it."""
    return any(n.kind in _TEXTS and b"\n" in scene.source[n.start : n.end] for n in node.walk())


def declared(statement: Node) -> Node | None:
    """The assignment or declarator of `name = value`, `const name = value;` and the like; None for anything else."""
    holder = statement.children[0] if statement.kind is K.DECL and len(statement.children) == 1 else statement
    target = holder.get("target") if holder.kind in (K.ASSIGN, K.DECLARATOR) else None
    return holder if target is not None and target.kind is K.NAME and holder.get("value") is not None else None


def lines_of(scene: Scene, first: Node, last: Node) -> tuple[int, int] | None:
    """The lines of a run of statements that share them with no other code; None otherwise."""
    if not owns_lines(scene, first) or not owns_lines(scene, last):
        return None
    return scene.line_start(first.start), scene.next_line(statement_end(scene, last))


def step_of(scene: Scene, outer: Node, inner: Node) -> str:
    """How much further a statement of a body is indented than what holds it; four blanks when that is unclear."""
    around, within = scene.indent(outer.start), scene.indent(inner.start)
    return within[len(around) :] if within.startswith(around) and within != around else "    "


def shifted(text: str, *, more: str = "", less: str = "") -> str | None:
    """Lines indented by more or less; None when a line is not indented by what should go."""
    shifted_lines = []
    for line in text.splitlines(keepends=True):
        if not line.strip():
            shifted_lines.append(line)
        elif less and not line.startswith(less):
            return None
        else:
            shifted_lines.append(more + line[len(less) :])
    return "".join(shifted_lines)


def stands_alone(scene: Scene, body: Node) -> bool:
    """Whether a block's opening brace has a line of its own."""
    return scene.source[body.start : body.start + 1] == b"{" and owns_lines(scene, body)


def parameters(function: Node) -> dict[str, Node]:
    """The plain parameters of a function by name, its receiver left out."""
    params = function.get("params")
    found: dict[str, Node] = {}
    for param in params.children if params is not None else []:
        name = param.get("name")
        if param.kind is K.PARAM and name is not None and name.kind is K.NAME and name.text not in ("self", "cls"):
            found[name.text] = param
    return found


def assigned(node: Node) -> set[str]:
    """Every name that something below a node sets, declares, or calls a method on as a statement."""
    found: set[str] = set()
    for one in node.walk():
        if one.kind in (K.ASSIGN, K.AUG_ASSIGN, K.UPDATE, K.DECLARATOR, K.LOOP_EACH, K.WITH_ITEM, K.CATCH):
            target = one.get("target")
            found |= names_in(target) if target is not None else set()
        elif one.kind is K.CALL and one.parent is not None and one.parent.kind is K.BLOCK:
            callee = one.get("callee")
            found |= names_in(callee) if callee is not None and callee.kind is K.MEMBER else set()
    return found


def negation(scene: Scene, cond: Node) -> str | None:
    """The text of the opposite condition, None when it is not plain how to say it."""
    value = cond.get("value")
    if cond.kind is K.NOT and value is not None:
        return scene.text(value) if is_simple(value, with_calls=True) or value.kind is K.CALL else None
    left, right = cond.get("left"), cond.get("right")
    if cond.kind is K.COMPARE and left is not None and right is not None:
        opposite = _OPPOSITES.get(gap(scene, left, right))
        return f"{scene.text(left)} {opposite} {scene.text(right)}" if opposite else None
    if cond.kind in (K.NAME, K.MEMBER, K.CALL):
        return f"not {scene.text(cond)}" if scene.family is PYTHON else f"!{scene.text(cond)}"
    return None


_OPPOSITES = {
    "==": "!=", "!=": "==", "===": "!==", "!==": "===", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
    "is": "is not", "is not": "is", "in": "not in", "not in": "in",
}  # fmt: skip
MIRRORS = {"==": "==", "!=": "!=", "===": "===", "!==": "!==", "<": ">", ">": "<", "<=": ">=", ">=": "<=", "is": "is",
           "is not": "is not"}  # fmt: skip


def mirrored(scene: Scene, compare: Node) -> tuple[Edit, ...]:
    """The comparison with its sides exchanged; none when a side does something or the operator has no mirror."""
    left, right = compare.get("left"), compare.get("right")
    if left is None or right is None or len(compare.children) != 2:
        return ()
    mirror = MIRRORS.get(gap(scene, left, right))
    plain = all(is_simple(one, with_calls=True) or one.kind is K.CALL for one in (left, right))
    if mirror is None or not plain:
        return ()
    text = f"{scene.text(right)} {mirror} {scene.text(left)}"
    return (Edit(left.start, right.end, text.encode()),) if text != scene.between(left.start, right.end) else ()


def function_of(node: Node) -> Node | None:
    """The innermost named function around a node."""
    above = enclosing_function(node)
    return above if above is not None and above.kind is K.FUNCTION else None


def with_comment(scene: Scene, lines: tuple[int, int]) -> tuple[int, int]:
    """The lines with those of a comment right before them: what it explains is gone."""
    start, end = lines
    for begin, stop in reversed(scene.tree.comments):
        own = not scene.source[scene.line_start(begin) : begin].strip()
        if own and stop <= start and not scene.source[stop:start].strip() and scene.source[stop:start].count(b"\n") < 2:
            start = scene.line_start(begin)
    return start, end


def without_lines(scene: Scene, start: int, end: int) -> Edit:
    """The edit that takes whole lines away, with the blank lines that would be left doubled or at a block's start."""
    above = scene.source[:start].rstrip(b" \t\r\n")
    num_before = scene.source.count(b"\n", len(above), start) - 1
    opens = above.endswith((b"{", b":", b"(")) or (above.endswith(b'"""') and num_before == 0)
    stop, num_after = end, 0
    while stop < len(scene.source) and not scene.source[stop : scene.next_line(stop)].strip():
        if not opens and num_after >= num_before:
            break
        stop, num_after = scene.next_line(stop), num_after + 1
    return Edit(start, stop, b"")


def header_end(scene: Scene, handler: Node, body: Node) -> int:
    """Where the head of a compound statement ends: before its body, and the blanks there."""
    head = scene.source[handler.start : body.start].rstrip()
    return handler.start + len(head)
