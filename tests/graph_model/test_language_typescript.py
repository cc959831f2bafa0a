"""TypeScript and TSX: source text against the normalised tree."""

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


MARKUP_CASES: list[tuple[str, str]] = [  # jSX.
    (
        '<div className="a" disabled onClick={f}>text {x} <B.C/></div>',
        (
            "ELEMENT 'div'[ATTRIBUTE 'className'[value:STRING 'a'] ATTRIBUTE 'disabled' ATTRIBUTE "
            "'onClick'[value:NAME 'f'] TEXT 'text ' INTERPOLATION[value:NAME 'x'] ELEMENT 'B.C']"
        ),
    ),
    (
        "<div dangerouslySetInnerHTML={{ __html: html }} />",
        (
            "ELEMENT 'div'[ATTRIBUTE 'dangerouslySetInnerHTML'[value:DICT[PAIR '__html'[key:STRING '__html' "
            "value:NAME 'html']]]]"
        ),
    ),
    (
        "<><A {...p} />{/* c */}{...k}&amp;</>",
        "ELEMENT[ELEMENT 'A'[SPREAD[value:NAME 'p']] SPREAD[value:NAME 'k'] TEXT '&amp;']",
    ),
    ('<svg:rect x:y="1" />', "ELEMENT 'svg:rect'[ATTRIBUTE 'x:y'[value:STRING '1']]"),
    ("<Foo<T> a={1} />", "ELEMENT 'Foo'[ATTRIBUTE 'a'[value:INT '1']]"),
]

TYPE_CASES: list[tuple[str, str]] = [  # what only TypeScript has.
    ('import type { A } from "a"; import { type B } from "b"', "IMPORT (('A', 'a.A'),) IMPORT (('B', 'b.B'),)"),
    ('import fs = require("fs")', "IMPORT (('fs', 'fs'),)"),
    ("import X = N.M", "IMPORT (('X', 'N.M'),)"),
    ("export = foo", "ASSIGN '='[target:MEMBER 'exports'[obj:NAME 'module'] value:NAME 'foo']"),
    ("export type { A }", "EXPORT (('A', 'A'),)"),
    (
        'let a: string, b: A.B<C, D[]>, c: U | null, d: undefined | V, e: "x" | "y"',
        (
            "DECL 'let'[DECLARATOR[target:NAME 'a' type:TYPE_REF 'string'] DECLARATOR[target:NAME 'b' "
            "type:TYPE_REF 'A.B'[TYPE_REF 'C' TYPE_REF 'Array'[TYPE_REF 'D']]] DECLARATOR[target:NAME 'c' "
            "type:TYPE_REF 'U'] DECLARATOR[target:NAME 'd' type:TYPE_REF 'V'] DECLARATOR[target:NAME 'e' "
            "type:TYPE_REF 'string']]"
        ),
    ),
    (
        "let f: readonly T[], g: [A, B], h: (a: B) => C, i: typeof x, j: keyof T, k: { a: B }, l: this",
        (
            "DECL 'let'[DECLARATOR[target:NAME 'f' type:TYPE_REF 'Array'[TYPE_REF 'T']] DECLARATOR[target:NAME "
            "'g' type:TYPE_REF 'Array'[TYPE_REF 'A' TYPE_REF 'B']] DECLARATOR[target:NAME 'h' type:TYPE_REF "
            "'Function'] DECLARATOR[target:NAME 'i' type:TYPE_REF] DECLARATOR[target:NAME 'j' type:TYPE_REF "
            "'string'] DECLARATOR[target:NAME 'k' type:TYPE_REF 'Object'] DECLARATOR[target:NAME 'l' "
            "type:TYPE_REF]]"
        ),
    ),
    (
        "x as any; y as B; <C>z; w!; v satisfies T; [1] as const",
        (
            "NAME 'x' CAST[type:TYPE_REF 'B' value:NAME 'y'] CAST[type:TYPE_REF 'C' value:NAME 'z'] NAME 'w' "
            "NAME 'v' LIST[INT '1']"
        ),
    ),
    (
        "f<T>(x); new M<K, V>(); g<T>",
        "CALL[callee:NAME 'f' args:ARGS[NAME 'x']] NEW[callee:NAME 'M' args:ARGS] NAME 'g'",
    ),
    (
        "function f<T>(this: W, a: string, b?: number, ...c: any[]): Promise<A | null> {}",
        (
            "FUNCTION <function>[name:NAME 'f' params:PARAMS[PARAM[name:NAME 'a' type:TYPE_REF 'string'] "
            "PARAM[name:NAME 'b' type:TYPE_REF 'number'] PARAM '*'[name:NAME 'c' type:TYPE_REF 'Array'[TYPE_REF "
            "'any']]] type:TYPE_REF 'Promise'[TYPE_REF 'A'] body:BLOCK]"
        ),
    ),
    (
        "function f(a: string): void; function f(a: any) {}",
        ("FUNCTION <function>[name:NAME 'f' params:PARAMS[PARAM[name:NAME 'a' type:TYPE_REF 'any']] body:BLOCK]"),
    ),
    (
        "class A { m(a: string): void; m(a: any) {} [k: string]: any }",
        (
            "CLASS[name:NAME 'A' body:BLOCK[FUNCTION <method>[name:NAME 'm' params:PARAMS[PARAM[name:NAME 'a' "
            "type:TYPE_REF 'any']] body:BLOCK]]]"
        ),
    ),
    (
        "class A<T> extends B<T> implements I, N.J<K> {}",
        "CLASS[name:NAME 'A' bases:BASES[NAME 'B' TYPE_REF 'I' TYPE_REF 'N.J'[TYPE_REF 'K']] body:BLOCK]",
    ),
    (
        "class A { private readonly a: Map<K, V> = x; static b!: C; declare c?: D }",
        (
            "CLASS[name:NAME 'A' body:BLOCK[FIELD_DECL 'private readonly'[DECLARATOR[target:NAME 'a' "
            "type:TYPE_REF 'Map'[TYPE_REF 'K' TYPE_REF 'V'] value:NAME 'x']] FIELD_DECL "
            "'static'[DECLARATOR[target:NAME 'b' type:TYPE_REF 'C']] FIELD_DECL 'declare'[DECLARATOR[target:NAME "
            "'c' type:TYPE_REF 'D']]]]"
        ),
    ),
    (
        'class A { constructor(private readonly db: Db, @Inject("t") public x?: Y, z = 1) { super() } }',
        (
            "CLASS[name:NAME 'A' body:BLOCK[FIELD_DECL[DECLARATOR[target:NAME 'db' type:TYPE_REF 'Db']] "
            "FIELD_DECL[DECLARATOR[target:NAME 'x' type:TYPE_REF 'Y']] FUNCTION <constructor>[name:NAME "
            "'constructor' params:PARAMS[PARAM[name:NAME 'db' type:TYPE_REF 'Db'] PARAM[name:NAME 'x' "
            "decorators:DECORATOR[callee:NAME 'Inject' args:ARGS[STRING 't']] type:TYPE_REF 'Y'] PARAM[name:NAME "
            "'z' value:INT '1']] body:BLOCK[ASSIGN '='[target:MEMBER 'db'[obj:THIS 'this'] value:NAME 'db'] "
            "ASSIGN '='[target:MEMBER 'x'[obj:THIS 'this'] value:NAME 'x'] CALL[callee:NAME 'super' "
            "args:ARGS]]]]]"
        ),
    ),
    (
        "abstract class A { abstract m(): void; protected abstract n: B }",
        (
            "CLASS 'abstract'[name:NAME 'A' body:BLOCK[FUNCTION 'abstract' <method>[name:NAME 'm' params:PARAMS "
            "type:TYPE_REF 'void'] FIELD_DECL 'protected abstract'[DECLARATOR[target:NAME 'n' type:TYPE_REF "
            "'B']]]]"
        ),
    ),
    (
        ('@Controller("x") export class A { @Get(":id") async find(@Param("id") id: string, @Body() dto: D = {}) {} }'),
        (
            "EXPORT (('A', 'A'),)[CLASS[decorators:DECORATOR[callee:NAME 'Controller' args:ARGS[STRING 'x']] "
            "name:NAME 'A' body:BLOCK[FUNCTION 'async' <method>[decorators:DECORATOR[callee:NAME 'Get' "
            "args:ARGS[STRING ':id']] name:NAME 'find' params:PARAMS[PARAM[name:NAME 'id' "
            "decorators:DECORATOR[callee:NAME 'Param' args:ARGS[STRING 'id']] type:TYPE_REF 'string'] "
            "PARAM[name:NAME 'dto' decorators:DECORATOR[callee:NAME 'Body' args:ARGS] type:TYPE_REF 'D' "
            "value:DICT]] body:BLOCK]]]]"
        ),
    ),
    (
        "interface A<T> extends B, N.C { a: D; m?(x: E): F; new (): A; (): void; readonly b?: G }",
        (
            "CLASS 'interface'[name:NAME 'A' bases:BASES[TYPE_REF 'B' TYPE_REF 'N.C'] "
            "body:BLOCK[FIELD_DECL[DECLARATOR[target:NAME 'a' type:TYPE_REF 'D']] FUNCTION <method>[name:NAME "
            "'m' params:PARAMS[PARAM[name:NAME 'x' type:TYPE_REF 'E']] type:TYPE_REF 'F'] FIELD_DECL "
            "'readonly'[DECLARATOR[target:NAME 'b' type:TYPE_REF 'G']]]]"
        ),
    ),
    (
        "type A = Request & { user: User }; type B = C | D; type E = F<G>; type H = { i: J }",
        (
            "CLASS 'interface'[name:NAME 'A' bases:BASES[TYPE_REF 'Request'] "
            "body:BLOCK[FIELD_DECL[DECLARATOR[target:NAME 'user' type:TYPE_REF 'User']]]] CLASS "
            "'interface'[name:NAME 'E' bases:BASES[TYPE_REF 'F'[TYPE_REF 'G']] body:BLOCK] CLASS "
            "'interface'[name:NAME 'H' bases:BASES body:BLOCK[FIELD_DECL[DECLARATOR[target:NAME 'i' "
            "type:TYPE_REF 'J']]]]"
        ),
    ),
    (
        'enum E { A, B = "b", "C-D" = 1 }',
        (
            "CLASS 'enum'[name:NAME 'E' body:BLOCK[FIELD_DECL[DECLARATOR[target:NAME 'A']] "
            "FIELD_DECL[DECLARATOR[target:NAME 'B' value:STRING 'b']] FIELD_DECL[DECLARATOR[target:NAME 'C-D' "
            "value:INT '1']]]]"
        ),
    ),
    (
        "namespace N.M { export const a = 1 }",
        ("NAMESPACE 'N.M'[body:BLOCK[EXPORT (('a', 'a'),)[DECL 'const'[DECLARATOR[target:NAME 'a' value:INT '1']]]]]"),
    ),
    (
        ('declare module "x" { interface Y {} } declare global {} declare function f(): void; declare const c: D'),
        "DECL 'const'[DECLARATOR[target:NAME 'c' type:TYPE_REF 'D']]",
    ),
    (
        "(a!.b as C)?.d()",
        "CALL[callee:MEMBER 'd'[obj:CAST[type:TYPE_REF 'C' value:MEMBER 'b'[obj:NAME 'a']]] args:ARGS]",
    ),
    (
        "function f(x: any): x is string { return true }",
        (
            "FUNCTION <function>[name:NAME 'f' params:PARAMS[PARAM[name:NAME 'x' type:TYPE_REF 'any']] "
            "type:TYPE_REF 'boolean' body:BLOCK[RETURN[value:BOOL 'true']]]"
        ),
    ),
    (
        "const h = async <T,>(x: T): Promise<T> => x",
        (
            "DECL 'const'[DECLARATOR[target:NAME 'h' value:LAMBDA 'async'[params:PARAMS[PARAM[name:NAME 'x' "
            "type:TYPE_REF 'T']] type:TYPE_REF 'Promise'[TYPE_REF 'T'] body:BLOCK[RETURN[value:NAME 'x']]]]]"
        ),
    ),
]


@pytest.mark.parametrize(("source", "expected"), TYPE_CASES)
def test_typescript_gives_the_normalised_tree(source: str, expected: str) -> None:
    assert _statements(source, "typescript") == expected


@pytest.mark.parametrize(("source", "expected"), MARKUP_CASES)
def test_markup_gives_the_normalised_tree(source: str, expected: str) -> None:
    assert _statements(source, "tsx") == expected


@pytest.mark.parametrize(("source", "expected"), MARKUP_CASES[:-1])
def test_markup_in_javascript_is_the_same(source: str, expected: str) -> None:
    assert _statements(source, "javascript") == expected


@pytest.mark.parametrize("source", [source for source, _ in TYPE_CASES if not source.startswith(("x as", "f<T>(x)"))])
def test_tsx_reads_typescript_alike(source: str) -> None:
    assert _statements(source, "tsx") == _statements(source, "typescript")


def test_parameter_properties_keep_the_parameter_place() -> None:
    source = "class A { constructor(private db: Db) {} }"
    fields = [node for node in _parse(source, "typescript").root.walk() if node.kind is NodeKind.FIELD_DECL]
    assert [(field.start, field.end) for field in fields] == [(source.index("db"), source.index("db") + 2)]


def test_every_child_knows_its_parent() -> None:
    for source, _ in TYPE_CASES:
        for node in _parse(source, "typescript").root.walk():
            assert all(child.parent is node for child in node.children)


def test_types_leave_no_node_without_a_kind() -> None:
    assert sum(_parse(source, "typescript").num_other for source, _ in TYPE_CASES) == 0
