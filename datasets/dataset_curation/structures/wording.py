"""What a reader is told: names, documentation, errors that are reported, results that are kept for a reason."""

import re
from collections.abc import Iterator

from dataset_curation.structures.model import (
    CSHARP,
    JAVA,
    JAVASCRIPT,
    PYTHON,
    Draft,
    block_of,
    function_of,
    functions,
    next_of,
    nodes,
    statement_around,
)
from dataset_curation.structures.renaming import local_uses, other_name, rename, split_words, taken_names
from graph_model.edits.model import Edit
from graph_model.edits.places import owns_lines
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_EMPTY_NAMES = ("tmp", "data2", "val", "obj", "x1", "foo", "thing", "aux")
_REPORTS = frozenset({K.CALL, K.THROW, K.AWAIT, K.DECL, K.ASSIGN})
_HEARD = frozenset({K.CALL, K.THROW, K.AWAIT})
_ANSWERING = re.compile(
    "(?:get|find|load|create|make|build|parse|read|fetch|check|validate|compute|save|execute|run|send|post|process|register"
    "|pop|remove|delete|open|connect|request|submit|insert|resolve|convert|calculate|lookup|query|collect)$"
)  # verbs of functions whose result one would keep
_FORMS = {PYTHON: "{} = ", JAVASCRIPT: "const {} = ", JAVA: "var {} = ", CSHARP: "var {} = "}


def poor_name(scene: Scene) -> Iterator[Draft]:
    """A variable whose name has two words, under a name that says nothing."""
    for function in functions(scene):
        for name, places in local_uses(scene, function).items():
            if len(split_words(name)) != 2 or not 2 <= len(places) <= 8 or len(name) < 7:
                continue
            edits = rename(scene, places, _EMPTY_NAMES[sum(name.encode()) % len(_EMPTY_NAMES)])
            twin = rename(scene, places, other_name(name, scene.family))
            if edits and twin:
                statement = statement_around(places[0])
                yield Draft(statement.start, statement.end, edits, twin)


def exception_swallowed(scene: Scene) -> Iterator[Draft]:
    """A handler that reports or raises, emptied."""
    for handler in nodes(scene, K.CATCH):
        body, owner = handler.get("body"), handler.parent
        if body is None or owner is None or not body.raw or not 1 <= len(body.children) <= 3:
            continue
        said = {one.kind for one in body.children}
        if not said <= _REPORTS or not said & _HEARD or not owns_lines(scene, body.children[0]):
            continue
        if scene.family in (JAVA, CSHARP) and not _may_go_on(owner):
            continue
        target = handler.get("target")
        places = [n for n in handler.walk() if n.kind is K.NAME and target is not None and n.text == target.text]
        twin = rename(scene, places, _error_name(target.text)) if target is not None and len(places) > 1 else ()
        yield Draft(handler.start, _header_end(scene, handler, body), _emptied(scene, body), twin, renames=not twin)


def _may_go_on(owner: Node) -> bool:
    """Whether a function is still sound for the compiler when an error is dropped here."""
    function = function_of(owner)
    declared = function.get("type") if function is not None else None
    return declared is None or declared.text == "void" or next_of(owner) is not None


def _emptied(scene: Scene, body: Node) -> tuple[Edit, ...]:
    first, last = body.children[0], body.children[-1]
    if scene.family is PYTHON:
        return (Edit(first.start, last.end, b"pass"),)
    return (Edit(body.start, body.end, b"{}"),)


def _header_end(scene: Scene, handler: Node, body: Node) -> int:
    head = scene.source[handler.start : body.start].rstrip()
    return handler.start + len(head)


def _error_name(name: str) -> str:
    return "error" if name != "error" else "failure"


def documentation_removed(scene: Scene) -> Iterator[Draft]:
    """The docstring or documentation comment of a public function, gone."""
    for function in functions(scene):
        name, body = function.get("name"), function.get("body")
        if name is None or body is None or name.text.startswith("_"):
            continue
        if scene.family is PYTHON:
            yield from _docstring(scene, function, body)
        elif scene.family is JAVASCRIPT or "public" in function.text.split():
            yield from _comment(scene, function, body)


def _docstring(scene: Scene, function: Node, body: Node) -> Iterator[Draft]:
    first = body.children[0]
    text = scene.text(first)
    if first.kind is not K.STRING or len(body.children) < 2 or not owns_lines(scene, first):
        return
    edit = Edit(scene.line_start(first.start), scene.next_line(first.end), b"")
    twin: tuple[Edit, ...] = ()
    if text.startswith('"""') and text.endswith('"""') and "'''" not in text and len(text) > 6:
        twin = (Edit(first.start, first.end, f"'''{text[3:-3]}'''".encode()),)
    yield Draft(function.start, scene.line_end(function.start), (edit,), twin)


def _comment(scene: Scene, function: Node, body: Node) -> Iterator[Draft]:
    at = scene.line_start(min((one.start for one in function.all("decorators")), default=function.start))
    own = [span for span in scene.tree.comments if span[1] <= at]
    start, end = at, at
    while own and not scene.source[own[-1][1] : start].strip() and scene.source[own[-1][1] : start].count(b"\n") < 2:
        begin, end_of = own.pop()
        if (
            not scene.source[begin:end_of].startswith((b"/**", b"///"))
            or scene.source[scene.line_start(begin) : begin].strip()
        ):
            break
        start = scene.line_start(begin)
    if start == end:
        return
    text = scene.between(start, end)
    yield Draft(
        function.start, _header_end(scene, function, body), (Edit(start, end, b""),), _reworded(scene, text, start)
    )


def _reworded(scene: Scene, text: str, start: int) -> tuple[Edit, ...]:
    """The documentation in another layout: a summary line before it."""
    lead, indent = text.lstrip(), text[: len(text) - len(text.lstrip())]
    if lead.startswith("/**") and "\n" in lead.rstrip():
        at = start + len(text[: text.index("\n") + 1].encode())
        return (Edit(at, at, f"{indent} *{scene.newline}".encode()),)
    if lead.startswith("///"):
        return (Edit(start, start, f"{indent}///{scene.newline}".encode()),)
    return ()


def dead_store(scene: Scene) -> Iterator[Draft]:
    """The result of a call that nobody needs, kept in a variable that nobody reads."""
    for call in nodes(scene, K.CALL):
        function, callee = function_of(call), call.get("callee")
        if function is None or callee is None or not block_of(call) or not owns_lines(scene, call):
            continue
        if scene.family in (JAVA, CSHARP) and not _answers(scene, callee.text):
            continue
        words = split_words(callee.text)
        if not words or _ANSWERING.match(words[0].lower()) is None or "\n" in scene.text(call):
            continue
        name = "outcome" if len(words) < 2 else words[-1].lower() + _suffix(scene)
        if name in taken_names(scene):
            continue
        lead = _FORMS[scene.family].format(name).encode()
        yield Draft(call.start, call.end, (Edit(call.start, call.start, lead),), renames=True)


def _suffix(scene: Scene) -> str:
    return "_result" if scene.family is PYTHON else "Result"


def _answers(scene: Scene, name: str) -> bool:
    """Whether the file has one method of this name, and it returns something."""
    found = [n for n in nodes(scene, K.FUNCTION) if (own := n.get("name")) is not None and own.text == name]
    declared = found[0].get("type") if len(found) == 1 else None
    return declared is not None and declared.text != "void"
