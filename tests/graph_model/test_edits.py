# ruff: noqa: E501  # lines of whole files
"""Edits as values, imports at their place, and what must hold of every fix of every example there is."""

import re
from functools import cache
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_model.catalogue import load_catalogue
from graph_model.edits import FIX_KINDS, Edit, apply_edits, find_kinds, invert_edits, propose_fix
from graph_model.edits.kinds import TEMPLATES
from graph_model.edits.model import Declined, sort_edits
from graph_model.edits.scene import Scene
from graph_model.edits.testing import check_fix, find_candidates, place_candidate
from graph_model.errors import EditError
from graph_model.languages import BY_NAME, Family, load_table
from graph_model.packs.loading import load_packs
from graph_model.syntax import parse_tree

PYTHON = BY_NAME["python"]

# Values --------------------------------------------------------------------------------------------------------------


def test_edits_are_made_in_any_order() -> None:
    edits = [Edit(4, 5, b"EE"), Edit(0, 1, b""), Edit(2, 2, "ü".encode())]
    assert apply_edits(b"abcdef", edits) == "bücdEEf".encode()


def test_no_edits_leave_the_text() -> None:
    assert apply_edits(b"", []) == b""
    assert invert_edits(b"abc", []) == ()


def test_touching_edits_are_joined() -> None:
    assert sort_edits([Edit(2, 3, b"y"), Edit(2, 2, b"x"), Edit(3, 5, b"z")]) == (Edit(2, 5, b"xyz"),)


@pytest.mark.parametrize(
    "edits",
    [[Edit(0, 2, b""), Edit(1, 3, b"")], [Edit(2, 1, b"")], [Edit(-1, 1, b"")], [Edit(2, 9, b"")]],
    ids=["overlapping", "reversed", "negative", "outside"],
)
def test_edits_that_cannot_be_made_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(EditError, match=r"edit: expected"):
        apply_edits(b"abc", edits)
    with pytest.raises(EditError):
        invert_edits(b"abc", edits)


@st.composite
def sources_with_edits(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    """A text and edits of it that do not overlap."""
    source = draw(st.binary(max_size=40))
    cuts = sorted(draw(st.lists(st.integers(0, len(source)), max_size=8)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return source, [Edit(start, end, draw(st.binary(max_size=5))) for start, end in pairs]


@given(sources_with_edits())
def test_inverse_undoes_the_edits(given_edits: tuple[bytes, list[Edit]]) -> None:
    source, edits = given_edits
    edited = apply_edits(source, edits)
    inverse = invert_edits(source, edits)
    assert apply_edits(edited, inverse) == source
    assert apply_edits(source, invert_edits(edited, inverse)) == edited


# The table -----------------------------------------------------------------------------------------------------------


def test_every_kind_has_a_template_labels_and_words() -> None:
    labels = {label.id for label in load_catalogue()}
    names = [kind.name for kind in FIX_KINDS]
    assert len(set(names)) == len(names)
    assert set(names) == set(TEMPLATES)
    for kind in FIX_KINDS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.name)
        assert set(kind.labels) <= labels
        assert kind.families
        assert kind.description


def test_every_family_has_many_kinds() -> None:
    assert {f: sum(f in kind.families for kind in FIX_KINDS) >= 14 for f in Family} == dict.fromkeys(Family, True)


def test_label_without_a_kind_gets_no_fix() -> None:
    candidate = place_candidate(b"x = 1\n", "maintainability/long-function", "x = 1", "")
    assert find_kinds(candidate.label, Family.PYTHON) == ()
    assert propose_fix(candidate, b"x = 1\n", PYTHON) is None


# Broken and odd files ------------------------------------------------------------------------------------------------


def test_broken_part_elsewhere_does_not_hinder_a_fix() -> None:
    source = b"import yaml\n\ndef broken(:\n    pass\n\nfound = yaml.load(stream)\n"
    candidate = place_candidate(source, "security/unsafe-deserialization", "yaml.load(stream)", "yaml.load")
    assert propose_fix(candidate, source, PYTHON) is not None


def test_candidate_of_another_text_gets_no_fix() -> None:
    candidate = place_candidate(b"found = yaml.load(stream)\n", "security/unsafe-deserialization", "yaml", "yaml.load")
    assert propose_fix(candidate, b"", PYTHON) is None
    assert propose_fix(candidate, "größer = 1\n".encode(), PYTHON) is None


def test_file_over_a_limit_gets_no_fix() -> None:
    source = b"found = yaml.load(stream)\n" + b"x\n" * 400_001
    candidate = place_candidate(source, "security/unsafe-deserialization", "yaml.load(stream)", "yaml.load")
    assert propose_fix(candidate, source, PYTHON) is None


def test_text_around_the_edit_stays_as_it_is() -> None:
    source = "\ufeff# größe 🦊\r\nimport yaml\r\nfound = yaml.load( stream )\t# ü\r\n\r\n".encode()
    candidate = place_candidate(source, "security/unsafe-deserialization", "yaml.load( stream )", "yaml.load")
    edits = propose_fix(candidate, source, PYTHON)
    assert edits is not None
    assert apply_edits(source, edits) == source.replace(b"yaml.load", b"yaml.safe_load")


# Imports -------------------------------------------------------------------------------------------------------------

TOKENS = "def check(token, expected_token):\n    return token == expected_token\n"
PYTHON_HEADS = [
    ("", "import hmac\n\n"),
    ("# licence\n\n", "# licence\n\nimport hmac\n\n"),
    ('"""Doc."""\n', '"""Doc."""\n\nimport hmac\n'),
    ('"""Doc."""\n\n\n', '"""Doc."""\n\nimport hmac\n\n\n'),
    ("from __future__ import annotations\n\n", "from __future__ import annotations\n\nimport hmac\n\n"),
    ("import abc\nimport sys\n\nimport yaml\n", "import abc\nimport hmac\nimport sys\n\nimport yaml\n"),
    ("import abc  # first\nfrom sys import path\n", "import abc  # first\nimport hmac\nfrom sys import path\n"),
    ("from sys import path\n", "import hmac\nfrom sys import path\n"),
    ("import sys\n\n\n", "import hmac\nimport sys\n\n\n"),
    ("import hmac\n", "import hmac\n"),
    (
        "try:\n    import hmac\nexcept ImportError:\n    pass\n",
        "try:\n    import hmac\nexcept ImportError:\n    pass\n",
    ),
]


@pytest.mark.parametrize(("head", "expected"), PYTHON_HEADS, ids=[repr(head)[:30] for head, _ in PYTHON_HEADS])
def test_python_import_goes_where_it_belongs(head: str, expected: str) -> None:
    assert mend_tokens(head + TOKENS, "python") == expected + TOKENS.replace(
        "token == expected_token", "hmac.compare_digest(token, expected_token)"
    )


def test_python_module_under_another_name_is_used() -> None:
    assert "h.compare_digest(" in mend_tokens("import hmac as h\n" + TOKENS, "python")


def test_python_import_of_another_function_is_not_used() -> None:
    source = "def other():\n    import hmac\n\n" + TOKENS
    assert mend_tokens(source, "python").startswith("import hmac\n\ndef other():\n    import hmac\n")


def test_python_import_of_the_same_function_is_used() -> None:
    source = "def check(token, expected_token):\n    import hmac\n    return token == expected_token\n"
    assert mend_tokens(source, "python").count("import hmac") == 1


def test_python_import_for_types_only_is_not_used() -> None:
    head = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import hmac\n\n"
    assert mend_tokens(head + TOKENS, "python").startswith("import hmac\n" + head)


JAVA_BODY = "class Job {\n    boolean run(String token, String expectedToken) {\n        return token.equals(expectedToken);\n    }\n}\n"
JAVA_HEADS = [
    ("package app;\n\n", ["package app;", "", "import java.nio.charset.StandardCharsets;", "import java.security.MessageDigest;", ""]),
    ("import java.security.*;\n", ["import java.nio.charset.StandardCharsets;", "import java.security.*;"]),
    ("import static java.util.List.of;\n", ["import static java.util.List.of;", "import java.nio.charset.StandardCharsets;", "import java.security.MessageDigest;"]),
    ("import java.util.List;\nimport org.App;\n", ["import java.nio.charset.StandardCharsets;", "import java.security.MessageDigest;", "import java.util.List;", "import org.App;"]),
]  # fmt: skip


@pytest.mark.parametrize(("head", "expected"), JAVA_HEADS, ids=[head.split("\n")[0] for head, _ in JAVA_HEADS])
def test_java_imports_go_where_they_belong(head: str, expected: list[str]) -> None:
    mended = mend_tokens(head + JAVA_BODY, "java")
    assert mended.split("\n")[: len(expected)] == expected
    assert mended.endswith("}\n")


def test_java_type_of_another_package_is_written_in_full() -> None:
    mended = mend_tokens("import org.other.MessageDigest;\n" + JAVA_BODY, "java")
    assert "java.security.MessageDigest.isEqual(" in mended


CSHARP_BODY = "class Job\n{\n    bool Run(string token, string expectedToken) => token == expectedToken;\n}\n"
CSHARP_HEADS = [
    ("", ["using System.Security.Cryptography;", "using System.Text;", "", "class Job"]),
    ("// licence\n\n", ["// licence", "", "using System.Security.Cryptography;", "using System.Text;", "", "class Job"]),
    ("using App;\n", ["using System.Security.Cryptography;", "using System.Text;", "using App;"]),
    ("using System;\nusing System.Xml;\n", ["using System;", "using System.Security.Cryptography;", "using System.Text;", "using System.Xml;"]),
    ("using X = App.Y;\n", ["using X = App.Y;", "using System.Security.Cryptography;", "using System.Text;"]),
]  # fmt: skip


@pytest.mark.parametrize(("head", "expected"), CSHARP_HEADS, ids=[head.split("\n")[0] for head, _ in CSHARP_HEADS])
def test_csharp_directives_go_where_they_belong(head: str, expected: list[str]) -> None:
    assert mend_tokens(head + CSHARP_BODY, "csharp").split("\n")[: len(expected)] == expected


JS_BODY = "function check(token, expectedToken) {\n  return token === expectedToken;\n}\n"
JS_HEADS = [
    ("import fs from 'fs';\n", ["import fs from 'fs';", "import * as crypto from 'crypto';"]),
    ('const fs = require("fs")\n', ['const fs = require("fs")', 'const crypto = require("crypto");']),
    ("const c = require('node:crypto');\n", ["const c = require('node:crypto');", "function check(token, expectedToken) {"]),
    ("import { createHash } from 'crypto';\n", ["import { createHash } from 'crypto';", "import * as crypto from 'crypto';"]),
]  # fmt: skip


@pytest.mark.parametrize(("head", "expected"), JS_HEADS, ids=[head.strip() for head, _ in JS_HEADS])
def test_javascript_import_goes_where_it_belongs(head: str, expected: list[str]) -> None:
    assert mend_tokens(head + JS_BODY, "javascript").split("\n")[: len(expected)] == expected


def mend_tokens(source: str, language: str) -> str:
    """The file with its comparison of tokens mended."""
    candidate = find_candidates(source.encode(), BY_NAME[language], "security/timing-comparison")[0]
    mended = check_fix(candidate, source.encode(), BY_NAME[language])
    assert mended is not None
    return mended.decode()


# Every example -------------------------------------------------------------------------------------------------------


@cache
def examples() -> tuple[tuple[str, str], ...]:
    """(language, text) of every example of the packs and the catalogue, long and short."""
    found: list[tuple[str, str]] = []
    for family in Family:
        for example in chain.from_iterable(pack.examples for pack in load_packs(family.value)):
            found.extend((example.language, text) for text in (*example.bad, *example.good))
    return tuple(sorted(set(found)))


def test_examples_are_plenty() -> None:
    assert len(examples()) > 500


@settings(max_examples=50)
@given(st.data())
def test_fix_of_an_example_holds(data: st.DataObject) -> None:
    language, text = data.draw(st.sampled_from(examples()))
    source = text.encode()
    if data.draw(st.booleans()):
        source = source.replace(b"\n", b"\r\n")
    source = source[: data.draw(st.sampled_from([len(source), len(source) - 1, len(source) * 2 // 3]))]
    for candidate in find_candidates(source, BY_NAME[language]):
        check_fix(candidate, source, BY_NAME[language])


@settings(max_examples=25)
@given(st.data())
def test_template_at_any_candidate_writes_edits_or_declines(data: st.DataObject) -> None:
    language, text = data.draw(st.sampled_from(examples()))
    source = text.encode()
    tree = parse_tree(source, load_table(BY_NAME[language]))
    for candidate in find_candidates(source, BY_NAME[language]):
        for kind in FIX_KINDS:
            try:
                edits = TEMPLATES[kind.name](Scene(candidate, BY_NAME[language], tree))
            except Declined:
                continue
            assert all(0 <= edit.start <= edit.end <= len(source) for edit in edits), kind.name
