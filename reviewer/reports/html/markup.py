"""HTML that is safe by construction: whatever is not markup already is escaped when it becomes part of an element."""

import html
import re
from functools import lru_cache
from typing import final

from reviewer.reports.text import make_printable

_NUM_KEPT = 1_024  # of what a page says again and again: names of classes, labels, paths
_VOID = frozenset({"br", "input", "link", "meta"})
_CODE = re.compile(r"`([^`]+)`")


@final
class Markup(str):
    """Text that is HTML. Joined with a plain string it is a plain string again, which is escaped."""

    __slots__ = ()


def escape_text(text: str) -> Markup:
    """One line of foreign text: control characters, bidirectional ones too, are shown as what they are."""
    return text if isinstance(text, Markup) else _escape(text)


@lru_cache(_NUM_KEPT)
def _escape(text: str) -> Markup:
    return Markup(html.escape(make_printable(text)))


def escape_exactly(text: str) -> Markup:
    """Text that is copied from the page byte for byte: nothing is replaced. The caller keeps U+0000 out."""
    return Markup(html.escape(text).replace("\r", "&#13;").replace("\n", "&#10;"))


def join(*parts: str) -> Markup:
    """Parts one after another."""
    return Markup("".join([part if isinstance(part, Markup) else _escape(part) for part in parts]))


def element(name: str, /, *children: str, **attributes: str | float | bool | None) -> Markup:
    """An element. In attribute names `_` is a hyphen, a final one nothing; True is bare, None and False are absent."""
    head = f"<{name}{''.join([_render_attribute(key, value) for key, value in attributes.items()])}>"
    return Markup(head if name in _VOID else f"{head}{join(*children)}</{name}>")


@lru_cache(_NUM_KEPT, typed=True)  # True and 1 are equal
def _render_attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return (
        f" {shown}" if value is True else f' {shown}="{escape_text(value if isinstance(value, str) else str(value))}"'
    )


def render_prose(text: str) -> Markup:
    """Sentences of the catalogue: between back ticks is code."""
    pieces = _CODE.split(" ".join(text.split()))
    return join(*(element("code", piece) if idx % 2 else piece for idx, piece in enumerate(pieces)))


def count(num: int, noun: str) -> str:
    """A number with its noun: `1 file`, `2,000 files`."""
    return f"{num:,} {noun}{'' if num == 1 else 's'}"
