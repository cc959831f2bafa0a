"""What is typed while a language server is measured."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from lsprotocol import types

from benchmarks.editor import close_pairs, list_keystrokes, list_lines

Typist = Callable[[Path, Random, int], Iterator[types.TextDocumentContentChangeEvent]]
CODE = """\
def f(a, b):
    if a[b]:
        return g({"x": (1, 2)}, 'it\\'s')
    return call(
        a, b
    )
"""


@pytest.mark.parametrize(
    ("typed", "closing"),
    [('f("a(', '")'), ("x = [1, {'a", "'}]"), ('a("\\"', '")'), ("f(a)", ""), ("f(a))", ""), ("{ `a", "`}")],
)
def test_what_is_open_is_closed(typed: str, closing: str) -> None:
    assert close_pairs(typed) == closing


@pytest.mark.parametrize(("kind", "at_least"), [(list_keystrokes, 2), (list_lines, 30)])
def test_what_is_typed_gives_the_file_again(kind: Typist, at_least: int, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(CODE, "utf-8")
    lines, seen = CODE.split("\n"), set()
    for change in kind(file, Random(1), 80):
        assert isinstance(change, types.TextDocumentContentChangePartial)
        start, end = change.range.start, change.range.end
        text = lines[start.line]
        lines[start.line] = text[: start.character] + change.text + text[end.character :]
        seen.add("\n".join(lines))
    assert "\n".join(lines) == CODE
    assert len(seen) >= at_least
