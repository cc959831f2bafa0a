"""Documentation: what a comment promises of a function and its signature does not keep."""

import re
from bisect import bisect_left
from collections.abc import Iterator

from graph_model.candidates.view import Draft, UnitView
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.program import Unit
from graph_model.syntax import SyntaxTree

_MAX_COMMENT_BYTES = 20_000
_OTHER_CODE = frozenset(b"{};")  # between a comment and a function: it is of something else
# Sphinx field lists, and the entries of a Google style `Args:` section.
_PYTHON_FIELD = re.compile(r":param\s+(?:[\w.\[\], |]+\s+)?\*{0,2}(\w+)\s*:")
_PYTHON_SECTION = re.compile(r"^([ \t]*)Args:[ \t]*\n((?:[ \t]*\n|\1[ \t]+.*(?:\n|$))*)", re.M)
_SECTION_ENTRY = re.compile(r"^([ \t]+)\*{0,2}(\w+)[ \t]*(?:\([^)\n]*\))?:", re.M)
_TAGGED = re.compile(r"^[ \t]*(?:/\*)?\*+[ \t]*@param\s+(?:\{[^}\n]*\}\s*)?\[?([A-Za-z_$][\w$]*)(?=[\s\].=*:-])", re.M)
_XML = re.compile(r"<param\s+name=\"(\w+)\"")
_TAG_OF = {Family.JAVASCRIPT: _TAGGED, Family.JAVA: _TAGGED, Family.CSHARP: _XML}


def find_stale_parameters(view: UnitView) -> Iterator[Draft]:
    """A parameter that the comment of a function describes and its signature lacks."""
    unit = view.unit
    if not unit.is_function or not unit.name or _takes_anything(unit):
        return
    documented = _documented_names(view)
    known = {n.text for _, param in unit.params for n in param.walk() if n.kind is K.NAME} | {unit.receiver}
    stale = [name for name in dict.fromkeys(documented) if name not in known]
    if not stale or "" in {name for name, _ in unit.params}:
        return  # a parameter that is taken apart in place may go by any name
    facts = {
        "documented": float(len(documented)),
        "stale": float(len(stale)),
        "undocumented": _missing(unit, documented),
    }
    node = unit.node.get("name") or unit.node
    yield Draft("documentation/stale-parameter", node, 0, unit.name, facts=facts, words={"name": stale[0]})


def _takes_anything(unit: Unit) -> bool:
    """Whether more arguments than the named ones can be given."""
    return any("splat" in node.raw or "rest" in node.raw for _, param in unit.params for node in param.walk())


def _missing(unit: Unit, documented: list[str]) -> float:
    return float(sum(name not in documented for name, _ in unit.params if name != unit.receiver))


def _documented_names(view: UnitView) -> list[str]:
    if view.program.family is Family.PYTHON:
        return _from_docstring(view)
    comment = _comment_above(view.program.tree, view.unit.node.start)
    return _TAG_OF[view.program.family].findall(comment)


def _from_docstring(view: UnitView) -> list[str]:
    body = view.unit.body
    first = body.children[0] if body is not None and body.children else None
    if first is None or first.kind is not K.STRING:
        return []
    text = view.program.tree.source[first.start : min(first.end, first.start + _MAX_COMMENT_BYTES)].decode(
        "utf-8", "replace"
    )
    names = _PYTHON_FIELD.findall(text)
    for section in _PYTHON_SECTION.finditer(text):
        entries = _SECTION_ENTRY.findall(section[2])
        names += [name for indent, name in entries if indent == entries[0][0]]
    return names


def _comment_above(tree: SyntaxTree, start: int) -> str:
    """The documentation comment on the lines above a node, with no other code between; empty when there is none."""
    source = tree.source
    line_start = source.rfind(b"\n", 0, start) + 1
    if not _OTHER_CODE.isdisjoint(source[line_start:start]):
        return ""
    lines: list[bytes] = []
    until = line_start
    for first, last in reversed(tree.comments[: bisect_left(tree.comments, (line_start, 0))]):
        text = source[max(first, last - _MAX_COMMENT_BYTES) : last]
        if source[last:until].strip():
            break
        if text.startswith(b"/**") and not lines:
            return text.decode("utf-8", "replace")
        if not text.startswith(b"///"):
            break
        lines.append(text)
        until = first
    return b"\n".join(reversed(lines)).decode("utf-8", "replace")
