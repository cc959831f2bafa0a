"""What an edit inside a function leaves of a file's analysis is what analysing the file from scratch gives."""

import random
from pathlib import Path

import pytest

from graph_model.analysis import FileAnalysis, analyse_file
from graph_model.catalogue import load_catalogue
from graph_model.incremental import LiveFile
from graph_model.languages import find_language

ROOT = Path(__file__).parents[2]
ENDINGS = {"python": ".py", "javascript": ".js", "typescript": ".ts", "java": ".java", "csharp": ".cs"}


def describe(analysis: FileAnalysis) -> dict[str, object]:
    """Every field in a form that can be compared; arrays cannot."""
    found: dict[str, object] = {name: getattr(analysis, name) for name in analysis.__dataclass_fields__}
    found["graphs"] = [
        None if graph is None else (graph.spans.tolist(), graph.token_ids.tolist(), graph.edge_index.tolist())
        for graph in analysis.graphs
    ]
    return found


def scratch(path: str, content: bytes) -> FileAnalysis:
    language = find_language(path)
    assert language is not None
    return analyse_file(path, content, language)


def open_live(path: str) -> LiveFile:
    language = find_language(path)
    assert language is not None
    return LiveFile(path, language)


def join_examples(language: str, count: int = 18) -> bytes:
    """Many small files of one language in one: functions and classes with findings of many labels."""
    texts = [one.bad for label in load_catalogue() for one in label.examples if one.language == language]
    return "\n\n".join(texts[:: max(1, len(texts) // count)]).encode()


def edit(content: bytes, chooser: random.Random) -> bytes:
    """A character more or less, a line twice, an argument more, a line with letters outside ASCII."""
    lines = content.split(b"\n")
    idx = chooser.randrange(len(lines))
    line, kind = lines[idx], chooser.randrange(5)
    at = chooser.randrange(len(line) + 1)
    if kind == 0:
        lines[idx] = line[:at] + chooser.choice([b"x", b" ", b"1", b"_", b"("]) + line[at:]
    elif kind == 1:
        lines[idx] = line[:at] + line[at + 1 :]
    elif kind == 2:
        lines.insert(idx, line)
    elif kind == 3:
        lines[idx] = line.replace(b"(", b"(x, ", 1)
    else:
        indent = line[: len(line) - len(line.lstrip())]
        lines.insert(idx, indent + "größe = '😋錯誤'".encode())
    return b"\n".join(lines)


FILES = {
    "python.py": join_examples("python"),
    "javascript.js": join_examples("javascript"),
    "typescript.ts": join_examples("typescript"),
    "Java.java": join_examples("java"),
    "csharp.cs": join_examples("csharp"),
    "integrations/records.py": (ROOT / "integrations" / "records.py").read_bytes(),
    "reviewer/fixes.py": (ROOT / "reviewer" / "fixes.py").read_bytes().replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("path", FILES)
def test_an_edit_in_a_function_is_known_as_from_scratch(path: str) -> None:
    chooser = random.Random(11)
    content, live = FILES[path], open_live(path)
    live.analyse(content)
    assert live.is_exact
    num_fast = 0
    for _ in range(40):
        edited = edit(content, chooser)
        found = live.analyse(edited)
        if not live.is_exact:
            num_fast += 1
            assert describe(found) == describe(scratch(path, edited))
        if chooser.random() < 0.7:
            live.analyse(content)  # taken back
        else:
            content = edited
    assert num_fast >= 3


CLASS = b"""\
import os, sys


class Runner:
    def read(self):
        self.name = "all"
        return 1

    def run(self):
        os.system("ls " + self.name)


def other():
    return 2
"""


def test_a_field_that_turns_foreign_changes_what_another_method_does() -> None:
    live = open_live("runner.py")
    live.analyse(CLASS)
    found = live.analyse(CLASS.replace(b'"all"', b"sys.argv[1]"))
    assert live.is_exact
    assert describe(found) == describe(scratch("runner.py", CLASS.replace(b'"all"', b"sys.argv[1]")))


def test_the_same_text_again_keeps_everything_and_a_new_function_nothing() -> None:
    live = open_live("runner.py")
    first = live.analyse(CLASS)
    live.analyse(CLASS.replace(b"return 2", b"return 22"))
    assert not live.is_exact
    assert describe(live.analyse(CLASS)) == describe(first)
    grown = CLASS + b"\n\ndef third():\n    return 3\n"
    assert describe(live.analyse(grown)) == describe(scratch("runner.py", grown))
    assert live.is_exact
    assert describe(live.analyse(grown, is_fast=False)) == describe(scratch("runner.py", grown))


@pytest.mark.parametrize("content", [b"", b"x", b"def f(:\n", b"\r\n", b"def f():\n    return 1"])
def test_texts_without_a_function_to_edit_are_analysed_whole(content: bytes) -> None:
    live = open_live("a.py")
    live.analyse(CLASS)
    assert describe(live.analyse(content)) == describe(scratch("a.py", content))
    assert describe(live.analyse(CLASS)) == describe(scratch("a.py", CLASS))
