"""JavaScript and JSX: source text against the normalised tree."""

import pytest

from graph_model.kinds import NodeKind
from graph_model.languages import BY_NAME, load_table
from graph_model.syntax import Node, SyntaxTree, parse_tree


def _parse(source: str, language: str) -> SyntaxTree:
    return parse_tree(source.encode(), load_table(BY_NAME[language]))


def _show(node: Node) -> str:
    """`field:KIND 'text' (pairs) <data>[children]`."""
    parts = [f"{node.field}:{node.kind.name}" if node.field else node.kind.name]
    if node.text:
        parts.append(repr(node.text))
    if node.kind in (NodeKind.IMPORT, NodeKind.EXPORT):
        parts.append(str(node.data))
    elif isinstance(node.data, str) and node.data:
        parts.append(f"<{node.data}>")
    children = " ".join(_show(child) for child in node.children)
    return " ".join(parts) + (f"[{children}]" if children else "")


def _statements(source: str, language: str) -> str:
    return " ".join(_show(child) for child in _parse(source, language).root.children)


MODULE_CASES: list[tuple[str, str]] = [  # imports, exports and CommonJS.
    ('import "./side"', "IMPORT ()"),
    ('import a from "m"', "IMPORT (('a', 'm'),)"),
    ('import * as ns from "../x/y"', "IMPORT (('ns', '../x/y'),)"),
    (
        'import d, { exec, spawn as run } from "node:child_process"',
        "IMPORT (('d', 'child_process'), ('exec', 'child_process.exec'), ('run', 'child_process.spawn'))",
    ),
    ('import { query } from "./db"', "IMPORT (('query', './db.query'),)"),
    ('import { default as x } from "m"', "IMPORT (('x', 'm'),)"),
    (
        'const { exec } = require("node:child_process")',
        (
            "DECL 'const'[DECLARATOR[target:DICT[PAIR 'exec'[key:STRING 'exec' value:NAME 'exec']] "
            "value:CALL[callee:NAME 'require' args:ARGS[STRING 'child_process']]]]"
        ),
    ),
    (
        'const x = await import("node:fs")',
        (
            "DECL 'const'[DECLARATOR[target:NAME 'x' value:AWAIT[value:CALL[callee:NAME 'import' "
            "args:ARGS[STRING 'fs']]]]]"
        ),
    ),
    (
        "export const a = 1, { b, c: [d] } = e",
        (
            "EXPORT (('a', 'a'), ('b', 'b'), ('d', 'd'))[DECL 'const'[DECLARATOR[target:NAME 'a' value:INT '1'] "
            "DECLARATOR[target:DICT[PAIR 'b'[key:STRING 'b' value:NAME 'b'] PAIR 'c'[key:STRING 'c' "
            "value:LIST[NAME 'd']]] value:NAME 'e']]]"
        ),
    ),
    ("export { a as b, c as default }", "EXPORT (('b', 'a'), ('default', 'c'))"),
    ('export * from "q"', "EXPORT (('*', '*'),)[IMPORT (('*', 'q'),)]"),
    ('export * as qq from "r"', "EXPORT (('qq', 'qq'),)[IMPORT (('qq', 'r'),)]"),
    (
        'export { k as default, default as m } from "./s"',
        "EXPORT (('default', 'k'), ('m', 'default'))[IMPORT (('k', './s.k'), ('default', './s'))]",
    ),
    (
        "export default async () => 1",
        (
            "EXPORT (('default', 'default'),)[DECL 'const'[DECLARATOR[target:NAME 'default' value:LAMBDA "
            "'async'[params:PARAMS body:BLOCK[RETURN[value:INT '1']]]]]]"
        ),
    ),
    ("export default name", "EXPORT (('default', 'name'),)[NAME 'name']"),
    (
        "export default function () {}",
        (
            "EXPORT (('default', 'default'),)[DECL 'const'[DECLARATOR[target:NAME 'default' "
            "value:LAMBDA[params:PARAMS body:BLOCK]]]]"
        ),
    ),
    (
        "export default class extends B.C {}",
        (
            "EXPORT (('default', 'default'),)[CLASS[name:NAME 'default' bases:BASES[MEMBER 'C'[obj:NAME 'B']] "
            "body:BLOCK]]"
        ),
    ),
    ("export function f() {}", "EXPORT (('f', 'f'),)[FUNCTION <function>[name:NAME 'f' params:PARAMS body:BLOCK]]"),
    (
        "export @Dec() class A {}",
        ("EXPORT (('A', 'A'),)[CLASS[decorators:DECORATOR[callee:NAME 'Dec' args:ARGS] name:NAME 'A' body:BLOCK]]"),
    ),
]

FUNCTION_CASES: list[tuple[str, str]] = [  # functions, parameters and destructuring.
    (
        "function f(a, b = 1, ...c) {}",
        (
            "FUNCTION <function>[name:NAME 'f' params:PARAMS[PARAM[name:NAME 'a'] PARAM[name:NAME 'b' value:INT "
            "'1'] PARAM '*'[name:NAME 'c']] body:BLOCK]"
        ),
    ),
    ("async function f() {}", "FUNCTION 'async' <function>[name:NAME 'f' params:PARAMS body:BLOCK]"),
    (
        "function* g() { yield; yield 1 }",
        "FUNCTION 'generator' <function>[name:NAME 'g' params:PARAMS body:BLOCK[YIELD YIELD[value:INT '1']]]",
    ),
    ("async x => x", "LAMBDA 'async'[params:PARAMS[PARAM[name:NAME 'x']] body:BLOCK[RETURN[value:NAME 'x']]]"),
    ("(a) => { return a }", "LAMBDA[params:PARAMS[PARAM[name:NAME 'a']] body:BLOCK[RETURN[value:NAME 'a']]]"),
    (
        "const f = function named() {}",
        "DECL 'const'[DECLARATOR[target:NAME 'f' value:LAMBDA <named>[params:PARAMS body:BLOCK]]]",
    ),
    ("f(async function () {})", "CALL[callee:NAME 'f' args:ARGS[LAMBDA 'async'[params:PARAMS body:BLOCK]]]"),
    (
        "({ a, b: c, d = 1, ...e }) => 0",
        (
            "LAMBDA[params:PARAMS[PARAM[name:DICT[PAIR 'a'[key:STRING 'a' value:NAME 'a'] PAIR 'b'[key:STRING "
            "'b' value:NAME 'c'] PAIR 'd'[key:STRING 'd' value:PATTERN[target:NAME 'd' value:INT '1']] "
            "SPREAD[value:NAME 'e']]]] body:BLOCK[RETURN[value:INT '0']]]"
        ),
    ),
    (
        "([a, [b] = [], , c]) => 0",
        (
            "LAMBDA[params:PARAMS[PARAM[name:LIST[NAME 'a' PATTERN[target:LIST[NAME 'b'] value:LIST] NAME 'c']]] "
            "body:BLOCK[RETURN[value:INT '0']]]"
        ),
    ),
    (
        "function f({ a: { b } } = {}) {}",
        (
            "FUNCTION <function>[name:NAME 'f' params:PARAMS[PARAM[name:DICT[PAIR 'a'[key:STRING 'a' "
            "value:DICT[PAIR 'b'[key:STRING 'b' value:NAME 'b']]]] value:DICT]] body:BLOCK]"
        ),
    ),
    (
        "({ a, b: c = 2 } = x)",
        (
            "ASSIGN '='[target:DICT[PAIR 'a'[key:STRING 'a' value:NAME 'a'] PAIR 'b'[key:STRING 'b' "
            "value:PATTERN[target:NAME 'c' value:INT '2']]] value:NAME 'x']"
        ),
    ),
    ("[a, b] = [b, a]", "ASSIGN '='[target:LIST[NAME 'a' NAME 'b'] value:LIST[NAME 'b' NAME 'a']]"),
]

CLASS_CASES: list[tuple[str, str]] = [  # classes and their members.
    ("class A extends B {}", "CLASS[name:NAME 'A' bases:BASES[NAME 'B'] body:BLOCK]"),
    ("const A = class {}", "DECL 'const'[DECLARATOR[target:NAME 'A' value:CLASS[name:NAME 'A' body:BLOCK]]]"),
    (
        "class A { constructor() { super() } }",
        (
            "CLASS[name:NAME 'A' body:BLOCK[FUNCTION <constructor>[name:NAME 'constructor' params:PARAMS "
            "body:BLOCK[CALL[callee:NAME 'super' args:ARGS]]]]]"
        ),
    ),
    (
        "class A { static async *m() {} get x() { return 1 } set x(v) {} }",
        (
            "CLASS[name:NAME 'A' body:BLOCK[FUNCTION 'static async generator' <method>[name:NAME 'm' "
            "params:PARAMS body:BLOCK] FUNCTION <getter>[name:NAME 'x' params:PARAMS body:BLOCK[RETURN[value:INT "
            "'1']]] FUNCTION <setter>[name:NAME 'x' params:PARAMS[PARAM[name:NAME 'v']] body:BLOCK]]]"
        ),
    ),
    (
        'class A { #p = 1; static q; "r" = 2; [s] = 3 }',
        (
            "CLASS[name:NAME 'A' body:BLOCK[FIELD_DECL[DECLARATOR[target:NAME '#p' value:INT '1']] FIELD_DECL "
            "'static'[DECLARATOR[target:NAME 'q']] FIELD_DECL[DECLARATOR[target:NAME 'r' value:INT '2']] "
            "FIELD_DECL[DECLARATOR[target:NAME '[s]' value:INT '3']]]]"
        ),
    ),
    (
        'class A { ["quoted"]() {} [Symbol.iterator]() {} #m() {} }',
        (
            "CLASS[name:NAME 'A' body:BLOCK[FUNCTION <method>[name:NAME 'quoted' params:PARAMS body:BLOCK] "
            "FUNCTION <method>[name:NAME '[Symbol.iterator]' params:PARAMS body:BLOCK] FUNCTION "
            "<method>[name:NAME '#m' params:PARAMS body:BLOCK]]]"
        ),
    ),
    ("class A { static { init() } }", "CLASS[name:NAME 'A' body:BLOCK[BLOCK[CALL[callee:NAME 'init' args:ARGS]]]]"),
    (
        "@D class A { @Dec(1) m() {} @F x }",
        (
            "CLASS[decorators:DECORATOR[callee:NAME 'D'] name:NAME 'A' body:BLOCK[FUNCTION "
            "<method>[decorators:DECORATOR[callee:NAME 'Dec' args:ARGS[INT '1']] name:NAME 'm' params:PARAMS "
            "body:BLOCK] FIELD_DECL[decorators:DECORATOR[callee:NAME 'F'] DECLARATOR[target:NAME 'x']]]]"
        ),
    ),
]

STATEMENT_CASES: list[tuple[str, str]] = [  # statements.
    (
        "var a, b = 1; let c",
        (
            "DECL 'var'[DECLARATOR[target:NAME 'a'] DECLARATOR[target:NAME 'b' value:INT '1']] DECL "
            "'let'[DECLARATOR[target:NAME 'c']]"
        ),
    ),
    (
        "if (a) b; else if (c) { d } else e",
        ("IF[cond:NAME 'a' body:BLOCK[NAME 'b'] orelse:IF[cond:NAME 'c' body:BLOCK[NAME 'd'] orelse:BLOCK[NAME 'e']]]"),
    ),
    (
        "switch (x) { case 1: case 2: f(); break; default: { g() } }",
        (
            "SWITCH 'fallthrough'[subject:NAME 'x' CASE[value:INT '1' body:BLOCK] CASE[value:INT '2' "
            "body:BLOCK[CALL[callee:NAME 'f' args:ARGS] BREAK]] CASE 'default'[body:BLOCK[CALL[callee:NAME 'g' "
            "args:ARGS]]]]"
        ),
    ),
    (
        "for (let i = 0, j; i < 3; i++, j--) {}",
        (
            "LOOP_FOR[init:DECL 'let'[DECLARATOR[target:NAME 'i' value:INT '0'] DECLARATOR[target:NAME 'j']] "
            "cond:COMPARE '<'[left:NAME 'i' right:INT '3'] update:SEQUENCE[UPDATE '++'[target:NAME 'i'] UPDATE "
            "'--'[target:NAME 'j']] body:BLOCK]"
        ),
    ),
    ("for (;;) ;", "LOOP_FOR[body:BLOCK[EMPTY]]"),
    ("for (const [k, v] of m) {}", "LOOP_EACH <of>[target:LIST[NAME 'k' NAME 'v'] iter:NAME 'm' body:BLOCK]"),
    ("for (const k in m) {}", "LOOP_EACH <in>[target:NAME 'k' iter:NAME 'm' body:BLOCK]"),
    (
        "async function f() { for await (const x of y) {} }",
        (
            "FUNCTION 'async' <function>[name:NAME 'f' params:PARAMS body:BLOCK[LOOP_EACH 'async' "
            "<of>[target:NAME 'x' iter:NAME 'y' body:BLOCK]]]"
        ),
    ),
    ("while (a) b", "LOOP_WHILE[cond:NAME 'a' body:BLOCK[NAME 'b']]"),
    ("do { a } while (b)", "LOOP_DO[body:BLOCK[NAME 'a'] cond:NAME 'b']"),
    (
        "outer: for (;;) { break outer; continue outer }",
        "LABEL 'outer'[body:LOOP_FOR[body:BLOCK[BREAK 'outer' CONTINUE 'outer']]]",
    ),
    (
        "try { a } catch ({ message }) { b } finally { c }",
        (
            "TRY[body:BLOCK[NAME 'a'] handler:CATCH[target:DICT[PAIR 'message'[key:STRING 'message' value:NAME "
            "'message']] body:BLOCK[NAME 'b']] finally:BLOCK[NAME 'c']]"
        ),
    ),
    ("try { a } catch { b }", "TRY[body:BLOCK[NAME 'a'] handler:CATCH[body:BLOCK[NAME 'b']]]"),
    ('throw new Error("x")', "THROW[value:NEW[callee:NAME 'Error' args:ARGS[STRING 'x']]]"),
    ("with (o) { x }", "WITH[resources:WITH_ITEM[value:NAME 'o'] body:BLOCK[NAME 'x']]"),
    ("debugger", "EMPTY"),
    ("delete a.b", "DELETE[value:MEMBER 'b'[obj:NAME 'a']]"),
]

EXPRESSION_CASES: list[tuple[str, str]] = [  # expressions and literals.
    ("a?.b?.[0]?.(c)", "CALL[callee:INDEX[obj:MEMBER 'b'[obj:NAME 'a'] key:INT '0'] args:ARGS[NAME 'c']]"),
    (
        "a && b || c ?? d",
        (
            "BOOLEAN '??'[left:BOOLEAN 'or'[left:BOOLEAN 'and'[left:NAME 'a' right:NAME 'b'] right:NAME 'c'] "
            "right:NAME 'd']"
        ),
    ),
    ("!a", "NOT[value:NAME 'a']"),
    ("-1 + typeof b", "BINARY '+'[left:UNARY '-'[value:INT '1'] right:UNARY 'typeof'[value:NAME 'b']]"),
    ("a === b", "COMPARE '==='[left:NAME 'a' right:NAME 'b']"),
    ('"k" in o', "COMPARE 'in'[left:STRING 'k' right:NAME 'o']"),
    ("a instanceof b.C", "TYPE_TEST[value:NAME 'a' type:TYPE_REF 'b.C']"),
    ("a ? b : c", "TERNARY[cond:NAME 'a' body:NAME 'b' orelse:NAME 'c']"),
    (
        "a += 1; b ??= 2; c++; --d",
        (
            "AUG_ASSIGN '+='[target:NAME 'a' value:INT '1'] AUG_ASSIGN '??='[target:NAME 'b' value:INT '2'] "
            "UPDATE '++'[target:NAME 'c'] UPDATE '--'[target:NAME 'd']"
        ),
    ),
    (
        "new Foo; new a.B(1, ...c)",
        (
            "NEW[callee:NAME 'Foo' args:ARGS] NEW[callee:MEMBER 'B'[obj:NAME 'a'] args:ARGS[INT '1' "
            "SPREAD[value:NAME 'c']]]"
        ),
    ),
    ("`a${b}c\\n`", "TEMPLATE[TEXT 'a' INTERPOLATION[value:NAME 'b'] TEXT 'c\\\\n']"),
    ("`plain`", "STRING 'plain'"),
    ("sql`select ${id}`", "TEMPLATE[callee:NAME 'sql' TEXT 'select ' INTERPOLATION[value:NAME 'id']]"),
    ("gql`query`", "TEMPLATE[callee:NAME 'gql' TEXT 'query']"),
    ("/ab+/gi", "REGEX 'ab+' <gi>"),
    ("[10n, 0x1F, 1.5e3, 1_000, .5]", "LIST[INT '10' INT '0x1F' FLOAT '1.5e3' INT '1_000' FLOAT '.5']"),
    ("[null, undefined, true, this]", "LIST[NULL 'null' NULL 'undefined' BOOL 'true' THIS 'this']"),
    ('"it\\\'s"', 'STRING "it\\\\\'s"'),
    (
        '({ a, "b-c": 1, [d]: 2, ["e"]: 3, 4: 5, ...f, m() {}, get g() {} })',
        (
            "DICT[PAIR 'a'[key:STRING 'a' value:NAME 'a'] PAIR 'b-c'[key:STRING 'b-c' value:INT '1'] "
            "PAIR[key:NAME 'd' value:INT '2'] PAIR 'e'[key:STRING 'e' value:INT '3'] PAIR '4'[key:INT '4' "
            "value:INT '5'] SPREAD[value:NAME 'f'] FUNCTION <method>[name:NAME 'm' params:PARAMS body:BLOCK] "
            "FUNCTION <getter>[name:NAME 'g' params:PARAMS body:BLOCK]]"
        ),
    ),
    ("a, b", "SEQUENCE[NAME 'a' NAME 'b']"),
    ("import.meta.url", "MEMBER 'url'[obj:NAME 'import.meta']"),
    ("x = await y", "ASSIGN '='[target:NAME 'x' value:AWAIT[value:NAME 'y']]"),
]


@pytest.mark.parametrize(
    ("source", "expected"), [*MODULE_CASES, *FUNCTION_CASES, *CLASS_CASES, *STATEMENT_CASES, *EXPRESSION_CASES]
)
def test_source_gives_the_normalised_tree(source: str, expected: str) -> None:
    assert _statements(source, "javascript") == expected


@pytest.mark.parametrize("dialect", ["typescript", "tsx"])
@pytest.mark.parametrize(
    "source", [case[0] for case in (*MODULE_CASES, *FUNCTION_CASES, *STATEMENT_CASES, *EXPRESSION_CASES)]
)
def test_every_dialect_gives_the_same_tree(source: str, dialect: str) -> None:
    assert _statements(source, dialect) == _statements(source, "javascript")


@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_sound_parts_of_a_broken_file_are_kept(language: str) -> None:
    tree = _parse("import fs from 'fs'\nfunction good(a) { return a }\nconst x = = (;\nfs.unlink(good(1))\n", language)
    text = _show(tree.root)
    assert tree.error_ranges
    assert "IMPORT (('fs', 'fs'),)" in text
    assert "FUNCTION <function>[name:NAME 'good'" in text
    assert "CALL[callee:MEMBER 'unlink'[obj:NAME 'fs']" in text


def test_empty_file_is_an_empty_module() -> None:
    tree = _parse("", "javascript")
    assert (tree.root.kind, tree.root.children, tree.num_other) == (NodeKind.MODULE, [], 0)


def test_offsets_are_bytes_and_survive_crlf_and_a_missing_newline() -> None:
    source = 'const s = "h\u00e9\U0001f600";\r\nf(s)'
    call = next(node for node in _parse(source, "javascript").root.walk() if node.kind is NodeKind.CALL)
    assert source.encode()[call.start : call.end] == b"f(s)"


def test_comments_and_the_interpreter_line_are_beside_the_tree() -> None:
    tree = _parse("#!/usr/bin/env node\n// one\nf(/* two */ a) // three\n", "javascript")
    assert len(tree.comments) == 4
    assert _show(tree.root) == "MODULE[CALL[callee:NAME 'f' args:ARGS[NAME 'a']]]"


def test_every_child_knows_its_parent() -> None:
    source = "\n".join(source for source, _ in (*MODULE_CASES, *FUNCTION_CASES, *CLASS_CASES, *STATEMENT_CASES))
    for node in _parse(source, "javascript").root.walk():
        assert all(child.parent is node for child in node.children)


def test_ordinary_code_leaves_no_node_without_a_kind() -> None:
    cases = (*MODULE_CASES, *FUNCTION_CASES, *CLASS_CASES, *STATEMENT_CASES, *EXPRESSION_CASES)
    assert sum(_parse(source, "javascript").num_other for source, _ in cases) == 0
