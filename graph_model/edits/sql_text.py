"""Queries built as text, taken apart: the literal parts, the values between them, and where a placeholder can stand.

A value counts only where SQL takes one: after a comparison, in VALUES (...), or as a whole quoted text. Names of tables
and columns, lists and directions cannot be parameters, and a query with one of those in a hole is not understood.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from graph_model.edits.model import Declined, Edit
from graph_model.edits.scene import Scene, need
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_OPENER = re.compile(rb"([A-Za-z$@]{0,3})(\"\"\"|'''|\"|'|`)")
_SPACE = re.compile(rb"(?:\s|\\\r?\n|#[^\n]*\n)*")
_FORMATS = {"%": re.compile(rb"%[sdi]"), "{": re.compile(rb"\{\d*\}")}
_COMPARED = re.compile(r"(?:[=<>]|\bI?LIKE)\s*$", re.IGNORECASE)
_IN_LIST = {
    True: re.compile(r"\b(?:VALUES|IN)\s*\([^()]*$", re.IGNORECASE),
    False: re.compile(r"\bVALUES\s*\([^()]*$", re.IGNORECASE),
}
_SIMPLE = re.compile(r"[\w.]+$")


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text: its content's byte range, and how its literal is opened."""

    start: int
    end: int
    prefix: bytes
    quote: bytes


@dataclass(frozen=True, slots=True)
class Hole:
    """A value: the byte range that stands for it, its expression, and whether that range lies inside a literal."""

    start: int
    end: int
    node: Node
    is_inside: bool


@dataclass(frozen=True, slots=True)
class Markers:
    """How a driver marks parameters: the text of the n-th (from 0), and what its queries must not hold already."""

    write: Callable[[int], str]
    forbidden: re.Pattern[str]
    takes_double_quotes: bool = False
    keeps_percent: bool = False  # `%` is written `%%` when parameters are passed


@dataclass(slots=True)
class Query:
    """A built query: its node, its parts in order, and edits that unwrap it (prefixes, format calls)."""

    node: Node
    parts: list[Text | Hole] = field(default_factory=list)
    unwrap: list[Edit] = field(default_factory=list)
    is_format: bool = False  # `%` is written `%%` in it


def split_query(scene: Scene, node: Node) -> Query:
    """The parts of a query built by +, interpolation or a format call. Raises Declined for any other expression."""
    if node.kind is K.BINARY and node.text == "%":
        return _percent(scene, node)
    if node.kind is K.CALL:
        return _format_call(scene, node)
    query = Query(node)
    for operand in _operands(node):
        if operand.kind in (K.STRING, K.TEMPLATE):
            query.parts.extend(_literal(scene, operand, query))
        else:
            query.parts.append(Hole(operand.start, operand.end, operand, is_inside=False))
    return query


def _operands(node: Node) -> list[Node]:
    operands: list[Node] = []
    while node.kind is K.BINARY and node.text == "+":
        operands.insert(0, need(node.get("right")))
        node = need(node.get("left"))
    return [node, *operands]


def _literal(scene: Scene, node: Node, query: Query) -> Iterator[Text | Hole]:
    """The texts and interpolations of one literal, of several that are written side by side."""
    holes = [c for c in node.children if c.kind is K.INTERPOLATION]
    for start, end, prefix, quote in _segments(scene, node, holes):
        inside = [h for h in holes if start <= h.start < end]
        is_template = bool(set(prefix.lower()) & set(b"f$"))
        if is_template:
            if b"{{" in scene.source[start:end] or b"}}" in scene.source[start:end]:
                raise Declined("expected no doubled braces")
            kept = bytes(c for c in prefix if c not in b"fF$")
            opening = start - len(quote) - len(prefix)
            query.unwrap.append(Edit(opening, opening + len(prefix), kept))
        at = start
        plain = bytes(c for c in prefix if c not in b"fF$")
        for hole in inside:
            if hole.start > at:
                yield Text(at, hole.start, plain, quote)
            yield _interpolated(scene, hole)
            at = hole.end
        if at < end or not inside:
            yield Text(at, end, plain, quote)


def _interpolated(scene: Scene, hole: Node) -> Hole:
    value = need(hole.get("value"))
    inner = scene.text(hole).strip("${}").strip()
    if inner != scene.text(value):
        raise Declined("expected an interpolation without format or conversion")
    return Hole(hole.start, hole.end, value, is_inside=True)


def _segments(scene: Scene, node: Node, holes: list[Node]) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Content range, prefix and quote of each literal of a STRING or TEMPLATE."""
    at = node.start
    while at < node.end:
        opener = _OPENER.match(scene.source, at)
        if opener is None:
            raise Declined("expected string literals")
        prefix, quote = opener.groups()
        end = node.end if node.raw != "concatenated_string" else _closing(scene.source, opener.end(), quote, holes)
        if not scene.source[:end].endswith(quote):
            raise Declined("expected a closed literal")
        yield opener.end(), end - len(quote), prefix, quote
        space = _SPACE.match(scene.source, end)
        at = space.end() if space is not None else end


def _closing(source: bytes, at: int, quote: bytes, holes: list[Node]) -> int:
    """The end of a Python literal whose content begins at an offset."""
    ends = {h.start: h.end for h in holes}
    while at < len(source):
        if at in ends:
            at = ends[at]
        elif source[at : at + 1] == b"\\":
            at += 2
        elif source.startswith(quote, at):
            return at + len(quote)
        else:
            at += 1
    raise Declined("expected a closed literal")


def _percent(scene: Scene, node: Node) -> Query:
    """`"... %s" % (a, b)`."""
    left, right = need(node.get("left"), K.STRING), need(node.get("right"))
    values = right.children if right.kind is K.TUPLE else [right]
    if scene.family is not Family.PYTHON or right.kind in (K.DICT, K.LIST):
        raise Declined("expected text % values")
    operator = scene.between(left.end, node.end).index("%")
    closed = scene.between(left.end, left.end + operator).rstrip()
    query = Query(node, unwrap=[Edit(left.end + len(closed.encode()), node.end, b"")], is_format=True)
    query.parts = _formatted(scene, left, values, "%", query)
    return query


def _format_call(scene: Scene, node: Node) -> Query:
    """`"... {}".format(a)`, `String.format("... %s", a)`, `string.Format("... {0}", a)`."""
    callee, args = need(node.get("callee"), K.MEMBER), need(node.get("args"), K.ARGS)
    obj = need(callee.get("obj"))
    if any(a.kind in (K.KWARG, K.SPREAD) for a in args.children):
        raise Declined("expected positional values")
    if scene.family is Family.PYTHON and callee.text == "format" and obj.kind is K.STRING:
        between = scene.between(obj.end, node.end)
        closed = between[: between.index(".")].rstrip()
        query = Query(node, unwrap=[Edit(obj.end + len(closed.encode()), node.end, b"")])
        query.parts = _formatted(scene, obj, args.children, "{", query)
        return query
    if (scene.family, obj.text, callee.text) in (
        (Family.JAVA, "String", "format"),
        (Family.CSHARP, "string", "Format"),
        (Family.CSHARP, "String", "Format"),
    ):
        literal = need(args.children[0], K.STRING)
        query = Query(node, unwrap=[Edit(node.start, literal.start, b""), Edit(literal.end, node.end, b"")])
        query.is_format = scene.family is Family.JAVA
        query.parts = _formatted(scene, literal, args.children[1:], "%" if query.is_format else "{", query)
        return query
    raise Declined("expected a format call")


def _formatted(scene: Scene, literal: Node, values: list[Node], sort: str, query: Query) -> list[Text | Hole]:
    """The literal's text with its format marks as holes, one a value, in order."""
    parts: list[Text | Hole] = []
    taken = 0
    for text in _literal(scene, literal, query):
        if isinstance(text, Hole):
            raise Declined("expected a literal without interpolation")
        at = text.start
        for mark in _FORMATS[sort].finditer(scene.source, text.start, text.end):
            digits = mark.group().strip(b"{}%sdi")
            if taken >= len(values) or (digits and int(digits) != taken):
                raise Declined("expected one value a mark, in order")
            if mark.start() > at:
                parts.append(Text(at, mark.start(), text.prefix, text.quote))
            parts.append(Hole(mark.start(), mark.end(), values[taken], is_inside=True))
            at, taken = mark.end(), taken + 1
        if at < text.end:
            parts.append(Text(at, text.end, text.prefix, text.quote))
    if taken != len(values):
        raise Declined("expected one mark a value")
    return parts


# Placeholders --------------------------------------------------------------------------------------------------------


def parameterise(scene: Scene, query: Query, markers: Markers) -> tuple[list[Edit], list[str]]:
    """The edits that put a marker in every hole, and the values to pass, in order. Raises Declined if one cannot go."""
    if not any(isinstance(p, Hole) for p in query.parts) or isinstance(query.parts[0], Hole):
        raise Declined("expected a literal that begins the query")
    placed: list[Edit] = []
    values: list[str] = []
    read, cut = "", 0  # the query as the database will read it up to here; what the last value takes of the next text
    for position, part in enumerate(query.parts):
        if isinstance(part, Text):
            read += _plain(scene, part)[cut:]
            cut = 0
            continue
        before, following = _neighbours(query.parts, position)
        fit = _fit(read, _plain(scene, following) if following is not None else "", markers)
        placed.append(_place(scene, (before, following), part, fit, markers.write(len(values))))
        values.append(_value(scene, part.node, fit, is_format=query.is_format))
        read, cut = read[: len(read) - fit.cut_before] + _MARK, fit.cut_after
    if markers.forbidden.search(read) or ("%%" in read and query.is_format and not markers.keeps_percent):
        raise Declined("expected a query without marks of its own")
    if markers.keeps_percent and not query.is_format and "%" in read:
        raise Declined("expected a query without percent signs")
    unwrap = [e for e in query.unwrap if not any(p.start <= e.start and e.end <= p.end for p in placed)]
    return [*unwrap, *placed], values


_MARK = "\0"


def _neighbours(parts: list[Text | Hole], position: int) -> tuple[Text, Text | None]:
    """The texts before and after a hole; None at the end."""
    before = parts[position - 1]
    after = parts[position + 1] if position + 1 < len(parts) else None
    if not isinstance(before, Text) or isinstance(after, Hole):
        raise Declined("expected text between values")
    return before, after


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a hole is quoted: the quote and wildcards around it, and how much text goes with it on each side."""

    quote: str
    before: str
    after: str
    cut_before: int
    cut_after: int


_TAIL = re.compile(r"\\?(['\"])(%{0,2})$")
_HEAD = re.compile(r"(%{0,2})\\?(['\"])")


def _fit(left: str, right: str, markers: Markers) -> _Fit:
    """How the hole between two pieces of the query is a value. Raises Declined when it may be anything else."""
    tail, head = _TAIL.search(left), _HEAD.match(right)
    is_open = left.count("'") % 2 == 1
    if tail is None or (tail.group(1) == "'" and not is_open):
        if is_open or not re.match(r"\s|[),;]|$", right):
            raise Declined("expected the value to stand alone")
        if not (_COMPARED.search(left) or _IN_LIST[False].search(left)):
            raise Declined("expected a value's place")
        return _Fit("", "", "", 0, 0)
    if head is None or head.group(2) != tail.group(1) or (tail.group(1) == '"' and not markers.takes_double_quotes):
        raise Declined("expected the whole quoted text to be the value")
    around = left[: tail.start()]
    if not (_COMPARED.search(around) or _IN_LIST[True].search(around)):
        raise Declined("expected a value's place")
    return _Fit(tail.group(1), tail.group(2), head.group(1), len(tail.group()), len(head.group()))


def _plain(scene: Scene, text: Text) -> str:
    """The content as the database reads it, as far as quotes go."""
    raw = scene.between(text.start, text.end)
    if b"@" in text.prefix:
        return raw.replace('""', '"')
    return raw.replace("\\'", "'").replace('\\"', '"').replace("\\n", "\n")


def _raw_length(scene: Scene, text: Text, *, at_end: bool) -> int:
    """How many bytes the quote and wildcards at one end of a text are; a backslash before the quote counts."""
    raw = scene.between(text.start, text.end)
    found = _TAIL.search(raw) if at_end else _HEAD.match(raw)
    if found is None:
        raise Declined("expected a plain quote")
    return len(found.group())


def _place(scene: Scene, around: tuple[Text, Text | None], hole: Hole, fit: _Fit, marker: str) -> Edit:
    """The edit that puts the marker where the value, its quotes and the ends of its literals were."""
    before, following = around
    start = before.end - (_raw_length(scene, before, at_end=True) if fit.quote else 0)
    cut = _raw_length(scene, following, at_end=False) if following is not None and fit.quote else 0
    if hole.is_inside:
        if hole.start != before.end or (following is not None and cut and following.start != hole.end):
            raise Declined("expected the quotes in the same literal")
        return Edit(start, hole.end + cut, marker.encode())
    if scene.between(before.end + len(before.quote), hole.start).strip() != "+":
        raise Declined("expected text + value")
    if following is None:
        return Edit(start, hole.end, marker.encode() + before.quote)
    gap = scene.between(hole.end, following.start - len(following.quote)).strip()
    if gap.rstrip("frR$@").strip() != "+" or (before.prefix, before.quote) != (following.prefix, following.quote):
        raise Declined("expected literals quoted alike around the value")
    return Edit(start, following.start + cut, marker.encode())


def _value(scene: Scene, node: Node, fit: _Fit, *, is_format: bool) -> str:
    """The expression to pass, with the wildcards that stood around it."""
    if node.kind is K.CALL and scene.text(need(node.get("callee"))) in ("str", "String"):
        args = need(node.get("args")).children
        node = args[0] if len(args) == 1 and not fit.before and not fit.after and not fit.quote else node
    text = scene.text(node)
    if "\n" in text or node.kind in (K.LAMBDA, K.AWAIT, K.YIELD, K.SPREAD):
        raise Declined("expected a value on one line")
    if not fit.before and not fit.after:
        return text
    if _SIMPLE.match(text) is None:
        raise Declined("expected a simple value between wildcards")
    before, after = (side.replace("%%", "%") if is_format else side for side in (fit.before, fit.after))
    wild = {
        Family.PYTHON: f'f"{before}{{{text}}}{after}"',
        Family.JAVASCRIPT: f"`{before}${{{text}}}{after}`",
        Family.CSHARP: f'$"{before}{{{text}}}{after}"',
    }.get(scene.family)
    joined = [f'"{before}"' if before else "", text, f'"{after}"' if after else ""]
    return wild or " + ".join(part for part in joined if part)
