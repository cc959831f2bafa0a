"""Documentation of public functions: gone, or in other words."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.model import (
    JAVASCRIPT,
    PYTHON,
    Draft,
    functions,
    header_end,
    without_lines,
)
from dataset_curation.injection.structures.other_names import split_words
from graph_model.edits.model import Edit
from graph_model.edits.places import owns_lines
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_SAID_ANYWAY = frozenset({"the", "and", "for", "param", "returns", "return", "summary", "name", "value", "inheritdoc"})
_LEAST_SAID, _LEAST_LINES, _LEAST_IN_LINE, _MOST_REWORDED = 6, 2, 3, 3
_SAID_OTHERWISE = {
    "returns the": "gives the", "return the": "give the", "returns a": "gives a", "return a": "give a",
    "returns true if": "true if", "return true if": "true if", "retrieves": "gets", "retrieve": "get",
    "gets the": "returns the", "get the": "return the", "whether or not": "whether", "in order to": "to",
    "e.g.": "for example", "i.e.": "that is", "check if": "check whether", "checks if": "checks whether",
    "determine if": "determine whether", "determines if": "determines whether", "utilize": "use",
    "utilizes": "uses", "specified": "given", "given": "specified", "provided": "given", "constructs": "builds",
    "construct": "build", "obtain": "get", "removes": "deletes", "remove": "delete", "deletes": "removes",
    "delete": "remove", "is used to": "serves to", "currently": "at present", "prior to": "before",
    "contains": "holds", "containing": "with", "represents": "stands for", "if the": "when the",
    "when the": "if the", "note that": "mind that", "instead of": "rather than", "corresponding": "matching",
    "such as": "like", "because": "since",
}  # fmt: skip
_SAYINGS = re.compile(
    "|".join(rf"(?<![@\w]){re.escape(one)}(?=[\s,.;])" for one in sorted(_SAID_OTHERWISE, key=len, reverse=True)), re.I
)
_SENTENCE_END = re.compile(
    r"\w(\.?)[ \t]*\r?\n(?=[ \t]*(?:\r?\n|\*?[ \t]*\r?\n|\*/|\"\"\"|'''|///[ \t]*</?\w|\*?[ \t]*@|:\w))"
)  # where nothing of the same sentence can follow


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
    name = function.get("name")
    if name is None or not _tells_more(text, name.text):
        return
    edit = without_lines(scene, scene.line_start(first.start), scene.next_line(first.end))
    twin = _reworded(text, first.start)
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
    text, name = scene.between(start, end), function.get("name")
    if name is not None and _tells_more(text, name.text):
        twin = _reworded(text, start)
        yield Draft(function.start, header_end(scene, function, body), (Edit(start, end, b""),), twin)


def _tells_more(text: str, name: str) -> bool:
    """Whether documentation goes over several lines, in words that the function's name does not say."""
    said = {word.lower() for word in re.findall(r"[A-Za-z]{3,}", text)}
    more = said - {word.lower() for word in split_words(name)} - _SAID_ANYWAY
    lines = [re.sub(r"<[^>]*>|^[\s*/#\"']+|@\w+|:\w+:", "", line) for line in text.splitlines()]
    num_telling = sum(len(re.findall(r"[A-Za-z]{2,}", line)) >= _LEAST_IN_LINE for line in lines)
    return num_telling >= _LEAST_LINES and len(more) >= _LEAST_SAID


def _reworded(text: str, start: int) -> tuple[Edit, ...]:
    """The documentation in some other words; with a full stop more or less where none of them stands in it."""
    found = list(_SAYINGS.finditer(text))[:_MOST_REWORDED]
    edits = []
    for match in found:
        other = _SAID_OTHERWISE[match[0].lower()]
        edits.append((match.start(), match.end(), other[0].upper() + other[1:] if match[0][0].isupper() else other))
    if not edits:
        stop = _SENTENCE_END.search(text)
        if stop is None:
            return ()
        edits.append((stop.start(1), stop.end(1), "" if stop[1] else "."))
    return tuple(
        Edit(start + len(text[:begin].encode()), start + len(text[:end].encode()), other.encode())
        for begin, end, other in edits
    )
