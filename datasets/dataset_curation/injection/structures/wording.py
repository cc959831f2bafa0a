"""What a reader is told: names, documentation, errors that are reported, results that are kept for a reason."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.model import (
    CSHARP,
    JAVA,
    JAVASCRIPT,
    PYTHON,
    Draft,
    block_of,
    function_of,
    functions,
    has_long_text,
    lines_of,
    next_of,
    nodes,
    shifted,
    stands_alone,
    statement_around,
    step_of,
)
from dataset_curation.injection.structures.other_names import split_words
from dataset_curation.injection.structures.renaming import local_uses, rename, reworded, taken_names
from graph_model.edits.model import Edit
from graph_model.edits.places import owns_lines
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_EMPTY_NAMES = ("tmp", "data2", "val", "obj", "x1", "res", "temp2", "aux")
_REPORTS = frozenset({K.CALL, K.THROW, K.AWAIT, K.DECL, K.ASSIGN})
_HEARD = frozenset({K.CALL, K.THROW, K.AWAIT})
_ANSWERING = re.compile(
    "(?:get|find|create|make|build|parse|fetch|compute|pop|convert|calculate|lookup|query|collect)$"
)  # verbs of functions whose result one would keep
_THROWN_AWAY = {PYTHON: "_ = ", JAVASCRIPT: "void ", CSHARP: "_ = "}  # says that the result is not wanted
_FORMS = {PYTHON: "{} = ", JAVASCRIPT: "const {} = ", JAVA: "var {} = ", CSHARP: "var {} = "}


def poor_name(scene: Scene) -> Iterator[Draft]:
    """A variable whose name has two words, under a name that says nothing."""
    for function in functions(scene):
        for name, places in local_uses(scene, function).items():
            if len(split_words(name)) != 2 or not 2 <= len(places) <= 8 or len(name) < 7:
                continue
            edits = rename(scene, places, _EMPTY_NAMES[sum(name.encode()) % len(_EMPTY_NAMES)])
            twin = reworded(scene, places)
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
        twin = _still_said(scene, body, target)
        if not twin and target is not None and len(places) > 1:
            twin = rename(scene, places, _error_name(target.text))
        yield Draft(handler.start, _header_end(scene, handler, body), _emptied(scene, body), twin, renames=not twin)


def _still_said(scene: Scene, body: Node, target: Node | None) -> tuple[Edit, ...]:
    """The handler's statements inside a question that is always answered alike; none where one of them raises."""
    first, last = body.children[0], body.children[-1]
    lines = lines_of(scene, first, last)
    raises = any(one.kind in (K.THROW, K.DECL) for one in body.children)
    if lines is None or raises or target is None or target.kind is not K.NAME or has_long_text(scene, body):
        return ()
    step = "    " if scene.family is PYTHON else step_of(scene, body, first)
    inner, indent, newline = shifted(scene.between(*lines), more=step), scene.indent(first.start), scene.newline
    if inner is None or not inner.endswith("\n"):
        return ()
    if scene.family is PYTHON:
        text = f"{indent}if {target.text} is not None:{newline}{inner}"
    else:
        opening = f"{newline}{indent}{{" if stands_alone(scene, body) else " {"
        text = f"{indent}if ({target.text} != null){opening}{newline}{inner}{indent}}}{newline}"
    return (Edit(*lines, text.encode()),)


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
    """The documentation in another layout: its text one blank further to the right."""
    again = re.sub(r"(?m)^([ \t]*(?:\*(?!/)|///))(?=[ \t]*\S)", r"\1 ", text)
    return (Edit(start, start + len(text.encode()), again.encode()),) if again != text else ()


def dead_store(scene: Scene) -> Iterator[Draft]:
    """The result of a call that nobody needs, kept in a variable that nobody reads."""
    for call in nodes(scene, K.CALL):
        function, callee = function_of(call), call.get("callee")
        if function is None or callee is None or not block_of(call) or not owns_lines(scene, call):
            continue
        if not _answers(scene, callee.text, is_typed=scene.family in (JAVA, CSHARP)):
            continue
        words = split_words(callee.text)
        if not words or _ANSWERING.match(words[0].lower()) is None or "\n" in scene.text(call):
            continue
        name = "outcome" if len(words) < 2 else words[-1].lower() + _suffix(scene)
        if name in taken_names(scene):
            continue
        lead = _FORMS[scene.family].format(name).encode()
        thrown = _THROWN_AWAY.get(scene.family, "").encode()
        twin = (Edit(call.start, call.start, thrown),) if thrown else ()
        yield Draft(call.start, call.end, (Edit(call.start, call.start, lead),), twin, renames=not twin)


def _suffix(scene: Scene) -> str:
    return "_result" if scene.family is PYTHON else "Result"


def _answers(scene: Scene, name: str, *, is_typed: bool) -> bool:
    """Whether every function of this name in the file returns something; `pop` always does."""
    found = [n for n in nodes(scene, K.FUNCTION) if (own := n.get("name")) is not None and own.text == name]
    if is_typed:
        declared = found[0].get("type") if len(found) == 1 else None
        return declared is not None and declared.text != "void"
    return all(_returns_value(one) for one in found) if found else name == "pop"


def _returns_value(function: Node) -> bool:
    return any(
        n.kind is K.RETURN and n.get("value") is not None and function_of(n) is function for n in function.walk()
    )
