"""What a reader is told: names, documentation, errors that are reported, results that are kept for a reason."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.model import (
    CSHARP,
    JAVA,
    JAVASCRIPT,
    PYTHON,
    Draft,
    assigned,
    block_of,
    function_of,
    functions,
    header_end,
    next_of,
    nodes,
    stands_alone,
    statement_around,
)
from dataset_curation.injection.structures.other_names import split_words
from dataset_curation.injection.structures.renaming import (
    is_free,
    lines_touched,
    local_uses,
    rename,
    rename_within,
    reworded,
)
from graph_model.edits.model import Edit
from graph_model.edits.places import owns_lines
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_EMPTY_NAMES = ("tmp", "val", "obj", "temp", "aux")
_LEAST_USES = 3  # of a name, or a reader has it still before the eyes
_SAYS_IT = re.compile("(?i)val|obj|te?mp|aux")
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
            if len(split_words(name)) != 2 or name[0].isupper() or len(name) < 7 or _SAYS_IT.search(name):
                continue
            if not _LEAST_USES <= len(places) <= 8:
                continue
            edits = rename(scene, places, _EMPTY_NAMES[sum(name.encode()) % len(_EMPTY_NAMES)])
            twin = reworded(scene, places)
            if edits and twin and not _is_called_so(scene, places, twin[0].replacement.decode()):
                statement = statement_around(places[0])
                yield Draft(statement.start, statement.end, edits, twin)


def _is_called_so(scene: Scene, places: list[Node], other: str) -> bool:
    """Whether a word that another name would not have stands beside the variable: of its class, of what it is given to.
    Nobody exchanges it then."""
    name = places[0].text
    gone = {word.lower() for word in split_words(name)} - {word.lower() for word in split_words(other)}
    lines = (scene.between(start, scene.line_end(start)) for start in lines_touched(scene, places))
    beside = " ".join(re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w)(?! *=(?!=)\S)", "", line) for line in lines).lower()
    return any(word.removesuffix("s") in beside for word in gone)


def exception_swallowed(scene: Scene) -> Iterator[Draft]:
    """A handler that reports or raises, emptied."""
    for handler in nodes(scene, K.CATCH):
        body, owner = handler.get("body"), handler.parent
        if body is None or owner is None or not body.raw or not 1 <= len(body.children) <= 3:
            continue
        said = {one.kind for one in body.children}
        if not said <= _REPORTS or not said & _HEARD or not owns_lines(scene, body.children[0]):
            continue
        if (scene.family in (JAVA, CSHARP) and not _may_go_on(owner)) or _is_awaited_by_others(owner):
            continue
        target = handler.get("target")
        places = [n for n in handler.walk() if n.kind is K.NAME and target is not None and n.text == target.text]
        twin: tuple[Edit, ...] = ()
        if target is not None and len(places) > 1:
            names = (one for one in _error_names(target.text) if not any(n.text == one for n in handler.walk()))
            twin = next(filter(None, (rename_within(scene, places, one) for one in names)), ())
        yield Draft(handler.start, header_end(scene, handler, body), _emptied(scene, body), twin, renames=not twin)


def _is_awaited_by_others(owner: Node) -> bool:
    """Whether a `try` sets a variable that is read behind it: it would be missing there, which is another defect."""
    function, body = function_of(owner), owner.get("body")
    if function is None or body is None:
        return False
    return bool(assigned(body) & {n.text for n in function.walk() if n.kind is K.NAME and n.start >= owner.end})


def _may_go_on(owner: Node) -> bool:
    """Whether a function is still sound for the compiler when an error is dropped here."""
    function = function_of(owner)
    declared = function.get("type") if function is not None else None
    return declared is None or declared.text == "void" or next_of(owner) is not None


def _emptied(scene: Scene, body: Node) -> tuple[Edit, ...]:
    first, last = body.children[0], body.children[-1]
    if scene.family is PYTHON:
        return (Edit(first.start, last.end, b"pass"),)
    apart = f"{scene.newline}{scene.indent(body.start)}" if stands_alone(scene, body) else ""
    return (Edit(body.start, body.end, f"{{{apart}}}".encode()),)


_ERRORS = ("error", "exc", "err", "exception", "cause", "problem", "failure", "caught")


def _error_names(name: str) -> tuple[str, ...]:
    """Other names for a caught error, in an order that depends on its own."""
    at = sum(name.encode()) % 5
    return tuple(one for one in (*_ERRORS[at:], *_ERRORS[:at]) if one != name)


def dead_store(scene: Scene) -> Iterator[Draft]:
    """The result of a call that nobody needs, kept in a variable that nobody reads."""
    for call in nodes(scene, K.CALL):
        function, callee = function_of(call), call.get("callee")
        if function is None or callee is None or not block_of(call) or not owns_lines(scene, call):
            continue
        owner = callee.get("obj") if callee.kind is K.MEMBER else None
        is_foreign = owner is not None and owner.kind is not K.THIS
        if not _answers(scene, callee.text, is_typed=scene.family in (JAVA, CSHARP), is_foreign=is_foreign):
            continue
        words = split_words(callee.text)
        if not words or _ANSWERING.match(words[0].lower()) is None or "\n" in scene.text(call):
            continue
        name = _kept_as(words, callee.text, scene)
        if not name:
            continue
        lead = _FORMS[scene.family].format(name).encode()
        thrown = _THROWN_AWAY.get(scene.family, "").encode()
        twin = (Edit(call.start, call.start, thrown),) if thrown else ()
        yield Draft(call.start, call.end, (Edit(call.start, call.start, lead),), twin, renames=not twin)


def _kept_as(words: list[str], callee: str, scene: Scene) -> str:
    """What somebody would call the result; "" without a name that the file does not know."""
    verb, thing = words[0].lower(), words[-1].lower()
    past = {"pop": "popped", "find": "found", "parse": "parsed", "create": "created", "make": "made", "build": "built"}
    if len(words) > 1:
        listed: tuple[str, ...] = (thing, f"{past.get(verb, 'new')}_{thing}", f"{thing}_result")
    elif verb == "pop":
        listed = ("removed", "popped", "dropped")
    else:
        listed = (past.get(verb, "result"), "result")
    at = sum(scene.source[:200]) % len(listed)
    for name in (*listed[at:], *listed[:at]):
        written = name if scene.family is PYTHON else re.sub("_(.)", lambda m: m[1].upper(), name)
        if is_free(scene, written) and written != callee:
            return written
    return ""


def _answers(scene: Scene, name: str, *, is_typed: bool, is_foreign: bool) -> bool:
    """Whether every function of this name in the file returns something; `pop` always does. Of another object nobody
    knows where types are declared."""
    found = [n for n in nodes(scene, K.FUNCTION) if (own := n.get("name")) is not None and own.text == name]
    if is_typed:
        declared = found[0].get("type") if len(found) == 1 else None
        return declared is not None and declared.text != "void" and not is_foreign
    return all(_returns_value(one) for one in found) if found else name == "pop"


def _returns_value(function: Node) -> bool:
    return any(
        n.kind is K.RETURN and n.get("value") is not None and function_of(n) is function for n in function.walk()
    )
