"""Random edits of a text as an editor sends them, for tests and measurements; what they leave is rarely a program."""

import random
import re
from typing import NamedTuple

from lsprotocol import types

from graph_model.kinds import FUNCTION_KINDS
from graph_model.languages import find_language, load_table
from graph_model.syntax import parse_tree
from ide_plugin_server.convert import Encoding
from reviewer.source import Span

_LINE_END = re.compile(r"\r\n|\n|\r")
_WORD = re.compile(r"[A-Za-z_]\w+")
_TYPED = (*"xaz_0 .,:;=", *"()[]{}<>", *"\"'`", '"""', "\n", "\n    ", "    ", *"#@", "//", "/*", "*/", "ä", "😋")
_UNDONE = 0.45  # of the edits: about half of what was added
_RESTARTED = 0.005  # of the edits: back to the first text


class Replacement(NamedTuple):
    """New text in place of the characters `start` to `end`."""

    start: int
    end: int
    text: str


class Scribbler:
    """A text under random edits, most of them inside the functions that it began with.

    Letters, brackets, quotes, line ends, blanks and comment signs come in, characters go; lines go, are moved or
    repeated; names change. About half is undone later, now and then all of it: the length stays near the first.
    """

    def __init__(self, text: str, name: str, chooser: random.Random, encoding: Encoding = Encoding.UTF16) -> None:
        self.text = self._first = text
        self._chooser, self._encoding = chooser, encoding
        content = text.encode()
        bodies, heads = find_extents(content, name)
        self._functions = [
            Span(*(len(content[:at].decode()) for at in (head.start, body.end)))
            for head, body in zip(heads, bodies, strict=True)
        ] or [Span(0, len(text))]
        self._spans = list(self._functions)
        self._undo: list[list[Replacement]] = []

    def edit(self) -> list[types.TextDocumentContentChangePartial]:
        """Changes the text; the changes of one notification, each on what the one before left."""
        fate = self._chooser.random()
        if fate < _RESTARTED:
            self._undo = []
            changes = [self._replace(_find_difference(self.text, self._first))[0]]
            self._spans = list(self._functions)
            return changes
        if self._undo and fate < _RESTARTED + _UNDONE:
            return [self._replace(one)[0] for one in self._undo.pop()]
        kinds = (self._type, self._delete, self._move, self._repeat, self._rename)
        make = self._chooser.choices(kinds, (8, 3, 1, 1, 1))[0]
        done = [self._replace(one) for one in make()]
        self._undo.append([inverse for _, inverse in reversed(done)])
        return [change for change, _ in done]

    def _type(self) -> list[Replacement]:
        at = self._choose_place()
        return [Replacement(at, at, self._chooser.choice(_TYPED))]

    def _delete(self) -> list[Replacement]:
        if self._chooser.random() < 0.3:
            return [Replacement(*self._choose_line(), "")]
        at = self._choose_place()
        return [Replacement(at, _snap(self.text, min(len(self.text), at + self._chooser.randint(1, 4))), "")]

    def _move(self) -> list[Replacement]:
        start, end = self._choose_line()
        to = self._choose_line()[0]
        to -= end - start if to >= end else 0
        return [Replacement(start, end, ""), Replacement(to, to, self.text[start:end])]

    def _repeat(self) -> list[Replacement]:
        start, end = self._choose_line()
        to = self._choose_line()[0]
        return [Replacement(to, to, self.text[start:end])]

    def _rename(self) -> list[Replacement]:
        """Everywhere in a function, from its end to its start."""
        span = self._chooser.choice(self._spans)
        words = list(_WORD.finditer(self.text, span.start, span.end))
        if not words:
            return self._type()
        old, new = self._chooser.choice(words)[0], self._chooser.choice(words)[0]
        new = new if self._chooser.random() < 0.3 else f"{old}x"
        return [Replacement(*one.span(), new) for one in reversed(words) if one[0] == old]

    def _choose_place(self) -> int:
        span = self._chooser.choice(self._spans)
        return _snap(self.text, self._chooser.randint(span.start, span.end))

    def _choose_line(self) -> tuple[int, int]:
        at = self._choose_place()
        return self.text.rfind("\n", 0, at) + 1, self.text.find("\n", at) + 1 or len(self.text)

    def _replace(self, new: Replacement) -> tuple[types.TextDocumentContentChangePartial, Replacement]:
        """The change as the protocol has it, and what takes it back."""
        start, end, text = new
        extent = types.Range(self._position(start), self._position(end))
        inverse = Replacement(start, start + len(text), self.text[start:end])
        self.text = self.text[:start] + text + self.text[end:]
        self._spans = [Span(_shift(span.start, new), _shift(span.end, new)) for span in self._spans]
        return types.TextDocumentContentChangePartial(extent, text), inverse

    def _position(self, at: int) -> types.Position:
        ends = [one.end() for one in _LINE_END.finditer(self.text, 0, at)]
        return types.Position(len(ends), self._encoding.measure(self.text[ends[-1] if ends else 0 : at].encode()))


def find_extents(content: bytes, name: str) -> tuple[list[Span], list[Span]]:
    """Where the bodies of a file's functions are, and what of each stands before its body."""
    language = find_language(name)
    assert language is not None, f"{name}: expected a file of a language that is reviewed"
    bodies, heads = [], []
    for node in parse_tree(content, load_table(language)).root.walk():
        body = node.get("body") if node.kind in FUNCTION_KINDS else None
        if body is not None:
            start = min([node.start, *(one.start for one in node.all("decorators"))])
            bodies.append(Span(body.start, body.end))
            heads.append(Span(start, body.start))
    return bodies, heads


def _snap(text: str, at: int) -> int:
    """Between CR and LF there is no position."""
    return at - 1 if _splits(text, at) else at


def _splits(text: str, at: int) -> bool:
    return text[max(at - 1, 0) : at + 1] == "\r\n"


def _shift(at: int, new: Replacement) -> int:
    """Where a place is after a replacement; behind the new text for a place inside the old."""
    return at if at <= new.start else max(at, new.end) + len(new.text) - (new.end - new.start)


def _find_difference(old: str, new: str) -> Replacement:
    """One replacement that makes a text of another: all of it but how they begin and end alike."""
    limit = min(len(old), len(new))
    before = next((at for at in range(limit) if old[at] != new[at]), limit)
    before = min(_snap(old, before), _snap(new, before))
    behind = next((at for at in range(limit - before) if old[-1 - at] != new[-1 - at]), limit - before)
    while behind and (_splits(old, len(old) - behind) or _splits(new, len(new) - behind)):
        behind -= 1
    return Replacement(before, len(old) - behind, new[before : len(new) - behind])
