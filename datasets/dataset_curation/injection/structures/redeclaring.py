"""A variable declared in another way: the twin where no name says the same."""

import re

from dataset_curation.injection.structures.model import CSHARP, JAVA, PYTHON, declared, nodes
from dataset_curation.injection.structures.renaming import local_uses
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene, enclosing_function
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_MADE = re.compile(
    r"(?P<set>set\(|\{[^:{}]+\}$)|(?P<frozenset>frozenset\()|(?P<list>(?:list|sorted)\(|\[)|(?P<dict>dict\(|\{)"
    r"|(?P<int>len\(|int\(|\d+$)|(?P<str>str\(|f?[\"'])|(?P<bool>(?:True|False|bool\(|isinstance\())"
)
_CONSTANT = re.compile(r"re\.compile\(")


def redeclared(scene: Scene, start: int) -> tuple[Edit, ...]:
    """The declaration at an offset in the language's other form: with its type, or without, or final; () for none."""
    around = [n for n in nodes(scene, K.DECL, K.ASSIGN) if n.start <= start < n.end]
    statement = min(around, key=lambda one: one.end - one.start, default=None)
    holder = declared(statement) if statement is not None else None
    target, value = (holder.get("target"), holder.get("value")) if holder is not None else (None, None)
    if statement is None or target is None or value is None or enclosing_function(statement) is None:
        return ()
    if scene.family is PYTHON:
        return _annotated(scene, statement, target, value)
    if scene.family is JAVA and statement.kind is K.DECL:
        return _final(scene, statement, target)
    return _typed(scene, statement, target, value) if scene.family is CSHARP and statement.kind is K.DECL else ()


def _annotated(scene: Scene, statement: Node, target: Node, value: Node) -> tuple[Edit, ...]:
    """`x = set()` as `x: set = set()`, where it is set for the first time."""
    text = scene.text(value)
    found = _MADE.match(text)
    name = found.lastgroup if found is not None else "re.Pattern" if _CONSTANT.match(text) else ""
    if not name or ":" in scene.between(target.end, value.start) or _is_set_before(statement, target):
        return ()
    return (Edit(target.end, target.end, f": {name}".encode()),)


def _is_set_before(statement: Node, target: Node) -> bool:
    function = enclosing_function(statement)
    return function is not None and any(
        n.text == target.text and n.start < statement.start for n in function.walk() if n.kind is K.NAME
    )


def _final(scene: Scene, statement: Node, target: Node) -> tuple[Edit, ...]:
    """`T x = ...;` as `final T x = ...;`, of a variable that is set once."""
    function = enclosing_function(statement)
    places = local_uses(scene, function).get(target.text, []) if function is not None else []
    once = sum(one.field == "target" for one in places) == 1
    at_line = scene.begins_line(statement)
    if not once or not at_line or scene.text(statement).startswith(("final ", "@")):
        return ()
    return (Edit(statement.start, statement.start, b"final "),)


def _typed(scene: Scene, statement: Node, target: Node, value: Node) -> tuple[Edit, ...]:
    """`var x = new T();` as `T x = new T();`, and the other way round; `var x = T.Create();` as `T x = ...`."""
    before = scene.between(statement.start, target.start)
    lead = next((one for one in ("await using ", "using ") if before.startswith(one)), "")
    at = statement.start + len(lead)
    made = re.match(r"new (?P<type>[\w.<>, ]+)\(|(?P<maker>[A-Z]\w+)\.Create\w*\(", scene.text(value))
    if made is None:
        return ()
    name, written = made["type"] or made["maker"], before[len(lead) :].strip()
    if written == "var":
        return (Edit(at, target.start, f"{name} ".encode()),)
    return (Edit(at, target.start, b"var "),) if written == name else ()
