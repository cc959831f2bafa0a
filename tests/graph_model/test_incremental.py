"""What is kept while a file is edited must be what an analysis from nothing gives, whatever is typed."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graph_model.lookups
from graph_model.analysis import FileAnalysis, Limits
from graph_model.catalogue import load_catalogue
from graph_model.incremental import IncrementalAnalyser
from graph_model.incremental.testing import follow
from graph_model.languages import find_language
from graph_model.testing import vary_text

SUFFIXES = {"python": "py", "javascript": "js", "typescript": "ts", "java": "java", "csharp": "cs"}
PYTHON = """\
import os
import sqlite3
from flask import request

LIMIT = 3


class Store:
    def __init__(self, path):
        self.db = sqlite3.connect(path)

    def find(self, name):
        cursor = self.db.cursor()
        cursor.execute("select * from t where n = '%s'" % name)
        return cursor.fetchall()

    def clean(self, name):
        return name.strip()


def handle(store):
    name = request.args["größe"]
    for _ in range(LIMIT):
        store.find(name)
    return run(name)


def run(command):
    os.system(command)
"""
ANALYSER = IncrementalAnalyser()


def analyse(path: str, text: str) -> tuple[FileAnalysis, int]:
    """The analysis of the next version of a file, equal to one from nothing; and how many units it took."""
    found = follow(ANALYSER, path, text)
    return found, ANALYSER.num_analysed


def edit(text: str, old: str, new: str) -> tuple[int, int]:
    """How many units an edit of a file costs, and how many it has."""
    analyse("shop.py", text)
    assert old in text
    found, num_analysed = analyse("shop.py", text.replace(old, new))
    return num_analysed, len(found.units)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("name.strip()", "name.strip().lower()", 3),  # clean, its class and the module
        ("    os.system(command)", "    print('größer 😋')\n    os.system(command)", 2),
        ("os.system(command)", "os.system(command", 2),  # nothing stands behind the last function
        ("return name.strip()", 'return """name.strip()', 6),  # reaches beyond the body
        ("select *", "select n", 3),
        ("def run(command)", "def run(command, more)", 2),
        ("def clean(self, name)", "def clean(self, name) -> str", 3),
    ],
)
def test_an_edit_in_a_function_costs_that_function_and_what_is_around_it(old: str, new: str, expected: int) -> None:
    num_analysed, _ = edit(PYTHON, old, new)
    assert num_analysed == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import os\n", "import os as system\n"),
        ("def __init__", "def __new__"),
        ("def run(command)", "async def run(command)"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("class Store:", "class Store(Base):"),
        ("    os.system(command)", "    import subprocess\n    os.system(command)"),
        ("    os.system(command)", "    def inner(): pass\n    os.system(command)"),
    ],
    ids=["import", "known name", "async", "constant", "base class", "import inside", "function inside"],
)
def test_what_others_can_see_from_anywhere_is_a_reason_to_begin_from_nothing(old: str, new: str) -> None:
    num_analysed, num_units = edit(PYTHON, old, new)
    assert num_analysed == num_units


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("def run(command)", "def start(command)", 3),  # itself, the module, and `handle`, which calls it
        ("def handle(store)", "def go(store)", 2),
        ("def find(", "def search(", 4),  # its class, the module, and who calls something of that name
        ("def find(", "def clean(", 5),  # and the other method of the name
    ],
)
def test_another_name_costs_who_says_either(old: str, new: str, expected: int) -> None:
    num_analysed, _ = edit(PYTHON, old, new)
    assert num_analysed == expected


OUTER = """\
import os, functools
def outer(command):
    path = "a"
    # größe
    text = command.strip()
    @functools.cache
    def inner(x):
        return os.system(text)
    def other(y):
        log(path)
    run(inner, "b")
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("# größe", "# grösse", 3),  # outer, the module, and the next function, of which a comment may speak
        ('"b"', '"c"', 2),
        ("command.strip()", "command.lower()", 4),  # inner reads the text, and the resolver what stands beside it
        ('path = "a"', 'path = "aa"', 4),
        ("functools.cache", "functools.cached", 3),  # inner, and the two around
        ("run(inner", "return (inner", 4),  # other statements
    ],
)
def test_functions_inside_stay_where_they_read_nothing_of_what_changed(old: str, new: str, expected: int) -> None:
    assert old in OUTER
    analyse("outer.py", OUTER)
    assert analyse("outer.py", OUTER.replace(old, new))[1] == expected
    analyse("outer.py", OUTER)


def test_functions_in_a_statement_that_changed_are_found_again_but_no_others() -> None:
    text = "function outer(a) {\n  each((b) => b.x, 'one');\n  later(() => a.y);\n  again(() => a.z);\n}\n"
    analyse("outer.js", text)
    assert analyse("outer.js", text.replace("one", "two"))[1] == 3  # outer, its first, and the module
    assert analyse("outer.js", text)[1] == 3


def test_readers_of_what_changed_are_analysed_again() -> None:
    num_analysed, _ = edit(PYTHON, "sqlite3.connect(path)", "Other(path)")
    assert num_analysed == 4  # the constructor, the class, the module, and `find`, which uses the field
    num_analysed, _ = edit(PYTHON, "self.db = sqlite3", "self.base = sqlite3")
    assert num_analysed == 4


def test_readers_of_what_is_the_same_again_are_not() -> None:
    num_analysed, _ = edit(PYTHON, "sqlite3.connect(path)", "sqlite3.connect(path.strip())")
    assert num_analysed == 3  # the field holds a connection as before


def test_what_a_framework_calls_is_a_reason_to_begin_from_nothing() -> None:
    routes = (
        "const a = require('express')();\na.get('/', (q, s) => s.send(q.query.x));\nfunction f(x) { a.get(x, g); }\n"
    )
    analyse("routes.js", routes)
    assert analyse("routes.js", routes.replace("q.query.x", "q.query.y"))[1] == 2
    found, num_analysed = analyse("routes.js", routes.replace("g);", "f);"))
    assert num_analysed == len(found.units)


def test_the_same_bytes_cost_nothing() -> None:
    analyse("shop.py", PYTHON)
    assert analyse("shop.py", PYTHON)[1] == 0


def test_a_forgotten_file_begins_from_nothing() -> None:
    found, _ = analyse("shop.py", PYTHON)
    ANALYSER.forget("shop.py")
    assert analyse("shop.py", PYTHON)[1] == len(found.units)


def test_only_so_many_files_are_kept() -> None:
    analyser, language = IncrementalAnalyser(max_files=2), find_language("a.py")
    assert language is not None
    for path in ("a.py", "b.py", "c.py", "b.py"):
        analyser.analyse(path, PYTHON.encode(), language)
    assert analyser.num_analysed == 0
    analyser.analyse("a.py", PYTHON.encode(), language)
    assert analyser.num_analysed > 0


@pytest.mark.parametrize("text", ["", "\r\n", "def f():\r\n    return 1", "x = (", "\x00"])
def test_any_text_follows_any_text(text: str) -> None:
    analyse("odd.py", "def f():\n    return 1\n")
    analyse("odd.py", text)
    analyse("odd.py", "def f():\n    return 2\n")


def test_what_is_too_large_is_said_and_forgotten() -> None:
    analyse("large.py", PYTHON)
    huge = "x = 1\n" * 60_000
    found, _ = analyse("large.py", huge)
    assert [one.kind for one in found.problems] == ["too-many-nodes"]
    assert analyse("large.py", PYTHON)[0].problems == ()


def test_other_terms_are_a_reason_to_begin_from_nothing() -> None:
    analyser = IncrementalAnalyser()
    python, javascript = find_language("a.py"), find_language("a.js")
    assert python is not None
    assert javascript is not None
    assert analyser.analyse("a", b"x = 1\n", python).language == "python"
    assert analyser.analyse("a", b"x = 1\n", javascript).language == "javascript"
    assert [one.kind for one in analyser.analyse("a", b"x = 1\n", javascript, Limits(max_nodes=1)).problems] == [
        "too-many-nodes"
    ]


def test_a_limit_that_grows_with_the_file_is_no_other_term() -> None:
    analyser, language = IncrementalAnalyser(), find_language("a.py")
    assert language is not None
    analyser.analyse("a.py", PYTHON.encode(), language, Limits(max_bytes=len(PYTHON.encode())))
    longer = PYTHON.replace("name.strip()", "name.strip().lower()")
    analyser.analyse("a.py", longer.encode(), language, Limits(max_bytes=len(longer.encode())))
    assert analyser.num_analysed == 3


@pytest.mark.parametrize(
    ("path", "text", "most"),
    [
        ("a.py", PYTHON.replace("self.db.cursor", "self.db@.cursor"), 5),
        ("A.java", "class A { void m(String s) { foo(z@); } }", 55),
    ],
    ids=["definition", "expression"],
)
def test_names_that_were_typed_for_a_moment_are_not_kept(path: str, text: str, most: int) -> None:
    analyser, language = IncrementalAnalyser(), find_language(path)
    assert language is not None
    for number in range(120):
        analyser.analyse(path, text.replace("@", str(number)).encode(), language)
    kept = analyser._files[path].resolver
    assert len(kept._fields) < most
    assert len(kept._log.facts) < most + 35


def list_texts() -> list[tuple[str, str]]:
    """A path and a text in each language: the catalogue's examples, one after another, and a module of our own."""
    texts = [("lookups.py", Path(graph_model.lookups.__file__).read_text("utf-8"))]
    for language, suffix in SUFFIXES.items():
        examples = [one.bad for label in load_catalogue() for one in label.examples if one.language == language]
        texts.append((f"examples.{suffix}", "\n".join(examples[:12])))
    return texts


@pytest.mark.slow
@pytest.mark.parametrize(("path", "text"), list_texts(), ids=lambda value: value if len(value) < 20 else "")
@settings(max_examples=6, deadline=None)
@given(chooser=st.randoms(use_true_random=False))
def test_a_session_of_edits_gives_what_analyses_from_nothing_give(path: str, text: str, chooser: Random) -> None:
    analyse(path, text)
    for _ in range(3):
        text = vary_text(text, chooser)
        analyse(path, text)
