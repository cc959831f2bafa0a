import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files
from graph_model.packs.model import ContextKind

OWN_RUNNER = "function test(name, fn) { fn(); console.log(name); }\n"
TEST, BROWSER, SCRIPT = ContextKind.TEST, ContextKind.BROWSER, ContextKind.SCRIPT


def contexts(language: str, text: str) -> tuple[ContextKind, ...]:
    return analyse_file("a", text.encode(), BY_NAME[language]).contexts


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "from unittest import mock\n", (TEST,)),
        ("python", "import pytestify\n", ()),
        ("python", "import argparse\nimport pytest\n", (SCRIPT, TEST)),
        ("python", "import argparse\nimport flask\n", ()),
        ("javascript", "describe('sums', () => { it('adds', () => {}) })", (TEST,)),
        ("javascript", "function describe(x) {}\nlog.describe('sums')", ()),
        ("typescript", "import { test } from 'node:test'", (TEST,)),
        ("javascript", f"const assert = require('node:assert');\n{OWN_RUNNER}test('adds', () => {{}});\n", (TEST,)),
        (
            "javascript",
            f"import assert from 'assert/strict';\n{OWN_RUNNER}test(`a${{1}}`, async () => {{}});\n",
            (TEST,),
        ),
        ("javascript", "const assert = require('assert'); server.on('end', () => assert(server.done));\n", ()),
        ("javascript", "const assert = require('assert'); export function add(a) { assert(a); }\n", ()),
        ("javascript", f"{OWN_RUNNER}test('adds', () => {{}});\n", ()),
        ("tsx", "import { render } from '@testing-library/react'", (TEST,)),
        ("javascript", "document.querySelector('#é').focus()", (BROWSER,)),
        ("javascript", "const express = require('express'); const React = require('react')", ()),
        ("java", "import org.junit.jupiter.api.Test;\r\nclass A {}", (TEST,)),
        ("java", "class A {}", ()),
        ("csharp", "class A { [Fact] public void Adds() {} }", (TEST,)),
        ("csharp", "using Xunit;", (TEST,)),
        ("python", "", ()),
    ],
)
def test_contexts_are_told_by_imports_calls_and_decorators(
    language: str, text: str, expected: tuple[ContextKind, ...]
) -> None:
    assert contexts(language, text) == expected


def labels(text: str) -> set[str]:
    found = link_files([analyse_file("a.js", text.encode(), BY_NAME["javascript"])])
    return {candidate.label for candidate in found["a.js"]}


def test_a_label_is_not_looked_for_where_it_does_no_harm() -> None:
    fetching = "const axios = require('axios');\nmodule.exports = (address) => axios.get(address);\n"
    assert "security/server-side-request-forgery" in labels(fetching)
    assert "security/server-side-request-forgery" not in labels(f"{fetching}document.getElementById('a');\n")


def test_candidates_say_that_they_lie_in_test_code() -> None:
    text = "import hashlib\nimport pytest\n\n\ndef test_a(data):\n    return hashlib.md5(data)\n"
    (candidate,) = analyse_file("a.py", text.encode(), BY_NAME["python"], smells=False).candidates
    assert dict(candidate.facts)["context_test"] == 1.0
