"""Java's table: source in, normalised tree out."""

import pytest

from graph_model.kinds import NodeKind as K
from graph_model.languages.java import TABLE
from graph_model.syntax import Node, SyntaxTree, parse_tree


def _parse(code: str) -> SyntaxTree:
    return parse_tree(code.encode(), TABLE)


def _members(code: str) -> list[Node]:
    body = _parse(f"class A {{ {code} }}").root.children[0].get("body")
    assert body is not None
    return body.children


def _statements(code: str) -> list[Node]:
    body = _members(f"void f() {{ {code} }}")[0].get("body")
    assert body is not None
    return body.children


STATEMENTS = [
    (
        "int a = 1, b[] = {2};",
        (
            "[(DECL [(DECLARATOR [(type:TYPE_REF 'int'), (target:NAME 'a'), (value:INT '1')]), "
            "(DECLARATOR [(type:TYPE_REF 'int[]'), (target:NAME 'b'), (value:LIST [(INT '2')])])])]"
        ),
    ),
    (
        "final var s = f();",
        "[(DECL 'final' [(DECLARATOR [(target:NAME 's'), (value:CALL [(callee:NAME 'f'), (args:ARGS)])])])]",
    ),
    (
        "x = a && !b || c;",
        (
            "[(ASSIGN '=' [(target:NAME 'x'), (value:BOOLEAN 'or' [(left:BOOLEAN 'and' [(left:NAME 'a'), "
            "(right:NOT [(value:NAME 'b')])]), (right:NAME 'c')])])]"
        ),
    ),
    (
        "i += 2; ++i; i--;",
        (
            "[(AUG_ASSIGN '+=' [(target:NAME 'i'), (value:INT '2')]), (UPDATE '++' [(target:NAME 'i')]), "
            "(UPDATE '--' [(target:NAME 'i')])]"
        ),
    ),
    (
        "o.m(1).n.p();",
        (
            "[(CALL [(callee:MEMBER 'p' [(obj:MEMBER 'n' [(obj:CALL [(callee:MEMBER 'm' [(obj:NAME 'o')]), "
            "(args:ARGS [(INT '1')])])])]), (args:ARGS)])]"
        ),
    ),
    (
        "super.m(this.x, Outer.this.y);",
        (
            "[(CALL [(callee:MEMBER 'm' [(obj:THIS 'super')]), (args:ARGS [(MEMBER 'x' [(obj:THIS 'this')]), "
            "(MEMBER 'y' [(obj:THIS 'this')])])])]"
        ),
    ),
    (
        "new Outer<String>(1) { void g() {} };",
        (
            "[(NEW [(callee:TYPE_REF 'Outer' [(TYPE_REF 'String')]), (args:ARGS [(INT '1')]), "
            "(body:BLOCK [(FUNCTION [(type:TYPE_REF 'void'), (name:NAME 'g'), (params:PARAMS), "
            "(body:BLOCK)])])])]"
        ),
    ),
    (
        "outer.new Inner();",
        "[(NEW [(obj:NAME 'outer'), (callee:TYPE_REF 'Inner'), (args:ARGS)])]",
    ),
    (
        "int[][] z = new int[3][]; z = new int[]{1}; z[0] = 2;",
        (
            "[(DECL [(DECLARATOR [(type:TYPE_REF 'int[][]'), (target:NAME 'z'), "
            "(value:NEW [(callee:TYPE_REF 'int[][]'), (args:ARGS [(INT '3')])])])]), "
            "(ASSIGN '=' [(target:NAME 'z'), (value:NEW [(callee:TYPE_REF 'int[]'), (args:ARGS), "
            "(init:LIST [(INT '1')])])]), (ASSIGN '=' [(target:INDEX [(obj:NAME 'z'), (key:INT '0')]), "
            "(value:INT '2')])]"
        ),
    ),
    (
        "Class<?> c = String.class;",
        (
            "[(DECL [(DECLARATOR [(type:TYPE_REF 'Class' [(TYPE_REF '?')]), (target:NAME 'c'), "
            "(value:MEMBER 'class' [(obj:TYPE_REF 'String')])])])]"
        ),
    ),
    (
        "f = (a, b) -> a; g = x -> { }; h = (String s) -> 1;",
        (
            "[(ASSIGN '=' [(target:NAME 'f'), (value:LAMBDA [(params:PARAMS [(PARAM [(name:NAME 'a')]), "
            "(PARAM [(name:NAME 'b')])]), (body:BLOCK [(RETURN [(value:NAME 'a')])])])]), "
            "(ASSIGN '=' [(target:NAME 'g'), (value:LAMBDA [(params:PARAMS [(PARAM [(name:NAME 'x')])]), "
            "(body:BLOCK)])]), (ASSIGN '=' [(target:NAME 'h'), "
            "(value:LAMBDA [(params:PARAMS [(PARAM [(type:TYPE_REF 'String'), (name:NAME 's')])]), "
            "(body:BLOCK [(RETURN [(value:INT '1')])])])])]"
        ),
    ),
    (
        "m(String::valueOf, this::go, Foo::new);",
        (
            "[(CALL [(callee:NAME 'm'), (args:ARGS [(MEMBER 'valueOf' [(obj:NAME 'String')]), "
            "(MEMBER 'go' [(obj:THIS 'this')]), (MEMBER 'new' [(obj:NAME 'Foo')])])])]"
        ),
    ),
    (
        "switch (x) { case 1: case 2: a(); default: b(); }",
        (
            "[(SWITCH 'fallthrough' [(subject:NAME 'x'), (CASE [(value:INT '1'), (body:BLOCK)]), "
            "(CASE [(value:INT '2'), (body:BLOCK [(CALL [(callee:NAME 'a'), (args:ARGS)])])]), "
            "(CASE 'default' [(body:BLOCK [(CALL [(callee:NAME 'b'), (args:ARGS)])])])])]"
        ),
    ),
    (
        "int v = switch (x) { case A, B -> 1; case String s when s.isEmpty() -> { yield 2; } default -> throw e; };",
        (
            "[(DECL [(DECLARATOR [(type:TYPE_REF 'int'), (target:NAME 'v'), (value:SWITCH [(subject:NAME 'x'), "
            "(CASE [(value:NAME 'A'), (value:NAME 'B'), (body:BLOCK [(INT '1')])]), "
            "(CASE [(value:PATTERN [(type:TYPE_REF 'String'), (target:NAME 's')]), "
            "(cond:CALL [(callee:MEMBER 'isEmpty' [(obj:NAME 's')]), (args:ARGS)]), "
            "(body:BLOCK [(YIELD [(value:INT '2')])])]), "
            "(CASE 'default' [(body:BLOCK [(THROW [(value:NAME 'e')])])])])])])]"
        ),
    ),
    (
        "switch (o) { case R(int a, var b) -> f(); case null, default -> g(); }",
        (
            "[(SWITCH [(subject:NAME 'o'), (CASE [(value:PATTERN [(type:TYPE_REF 'R'), "
            "(PATTERN [(type:TYPE_REF 'int'), (target:NAME 'a')]), (PATTERN [(target:NAME 'b')])]), "
            "(body:BLOCK [(CALL [(callee:NAME 'f'), (args:ARGS)])])]), (CASE 'default' [(value:NULL 'null'), "
            "(body:BLOCK [(CALL [(callee:NAME 'g'), (args:ARGS)])])])])]"
        ),
    ),
    (
        "if (o instanceof String s) f(); else if (o instanceof R(int q)) ; else g();",
        (
            "[(IF [(cond:TYPE_TEST [(value:NAME 'o'), (type:TYPE_REF 'String'), (target:NAME 's')]), "
            "(body:BLOCK [(CALL [(callee:NAME 'f'), (args:ARGS)])]), "
            "(orelse:IF [(cond:TYPE_TEST [(value:NAME 'o'), (type:TYPE_REF 'R'), "
            "(target:PATTERN [(type:TYPE_REF 'R'), (PATTERN [(type:TYPE_REF 'int'), (target:NAME 'q')])])]), "
            "(body:BLOCK), (orelse:BLOCK [(CALL [(callee:NAME 'g'), (args:ARGS)])])])])]"
        ),
    ),
    (
        "try (var in = open(); other) { } catch (A | B e) { } finally { g(); }",
        (
            "[(TRY [(resources:WITH_ITEM [(target:NAME 'in'), (value:CALL [(callee:NAME 'open'), "
            "(args:ARGS)])]), (resources:WITH_ITEM [(value:NAME 'other')]), (body:BLOCK), "
            "(handler:CATCH [(type:TUPLE [(TYPE_REF 'A'), (TYPE_REF 'B')]), (target:NAME 'e'), (body:BLOCK)]), "
            "(finally:BLOCK [(CALL [(callee:NAME 'g'), (args:ARGS)])])])]"
        ),
    ),
    (
        "try { } catch (final Exception e) { throw e; }",
        (
            "[(TRY [(body:BLOCK), (handler:CATCH [(type:TYPE_REF 'Exception'), (target:NAME 'e'), "
            "(body:BLOCK [(THROW [(value:NAME 'e')])])])])]"
        ),
    ),
    (
        "synchronized (lock) { f(); }",
        "[(LOCK [(value:NAME 'lock'), (body:BLOCK [(CALL [(callee:NAME 'f'), (args:ARGS)])])])]",
    ),
    (
        "for (int i = 0; i < n; i++) f();",
        (
            "[(LOOP_FOR [(init:DECL [(DECLARATOR [(type:TYPE_REF 'int'), (target:NAME 'i'), "
            "(value:INT '0')])]), (cond:COMPARE '<' [(left:NAME 'i'), (right:NAME 'n')]), "
            "(update:UPDATE '++' [(target:NAME 'i')]), (body:BLOCK [(CALL [(callee:NAME 'f'), (args:ARGS)])])])]"
        ),
    ),
    (
        "for (final String s : list) { }",
        "[(LOOP_EACH [(type:TYPE_REF 'String'), (target:NAME 's'), (iter:NAME 'list'), (body:BLOCK)])]",
    ),
    (
        "while (a) { } do f(); while (b);",
        (
            "[(LOOP_WHILE [(cond:NAME 'a'), (body:BLOCK)]), (LOOP_DO [(body:BLOCK [(CALL [(callee:NAME 'f'), "
            "(args:ARGS)])]), (cond:NAME 'b')])]"
        ),
    ),
    (
        "outer: while (true) { break outer; continue; }",
        "[(LABEL 'outer' [(body:LOOP_WHILE [(cond:BOOL 'true'), (body:BLOCK [(BREAK 'outer'), (CONTINUE)])])])]",
    ),
    (
        's = "a\\n" + \'c\' + """\n  t""" ;',
        (
            "[(ASSIGN '=' [(target:NAME 's'), (value:BINARY '+' [(left:BINARY '+' [(left:STRING 'a\\\\n'), "
            "(right:STRING 'c')]), (right:STRING '\\n  t')])])]"
        ),
    ),
    (
        "n = 0x1F + 07 + 1_000L + 1.5f + true + null;",
        (
            "[(ASSIGN '=' [(target:NAME 'n'), "
            "(value:BINARY '+' [(left:BINARY '+' [(left:BINARY '+' [(left:BINARY '+' [(left:BINARY '+' [(left:INT"
            " '31'), (right:INT '7')]), (right:INT '1000')]), (right:FLOAT '1.5')]), (right:BOOL 'true')]), "
            "(right:NULL 'null')])])]"
        ),
    ),
    (
        "y = (int) x; t = a ? b : c; u = -a; w = (A & B) x;",
        (
            "[(ASSIGN '=' [(target:NAME 'y'), (value:CAST [(type:TYPE_REF 'int'), (value:NAME 'x')])]), "
            "(ASSIGN '=' [(target:NAME 't'), (value:TERNARY [(cond:NAME 'a'), (body:NAME 'b'), "
            "(orelse:NAME 'c')])]), (ASSIGN '=' [(target:NAME 'u'), (value:UNARY '-' [(value:NAME 'a')])]), "
            "(ASSIGN '=' [(target:NAME 'w'), (value:CAST [(type:TYPE_REF 'A'), (value:NAME 'x')])])]"
        ),
    ),
    (
        'assert a : "x"; return a == b;',
        (
            "[(ASSERT [(cond:NAME 'a'), (value:STRING 'x')]), (RETURN [(value:COMPARE '==' [(left:NAME 'a'), "
            "(right:NAME 'b')])])]"
        ),
    ),
    (
        "java.util.Map.Entry<String, List<byte[]>> e;",
        (
            "[(DECL [(DECLARATOR [(type:TYPE_REF 'java.util.Map.Entry' [(TYPE_REF 'String'), "
            "(TYPE_REF 'List' [(TYPE_REF 'byte[]')])]), (target:NAME 'e')])])]"
        ),
    ),
    (
        'String[] names = {"a", "b"};',
        (
            "[(DECL [(DECLARATOR [(type:TYPE_REF 'String[]'), (target:NAME 'names'), (value:LIST [(STRING 'a'), "
            "(STRING 'b')])])])]"
        ),
    ),
]

MEMBERS = [
    (
        "private static final Map<String, Integer> M = new HashMap<>();",
        (
            "[(FIELD_DECL 'private static final' [(DECLARATOR [(type:TYPE_REF 'Map' [(TYPE_REF 'String'), "
            "(TYPE_REF 'Integer')]), (target:NAME 'M'), (value:NEW [(callee:TYPE_REF 'HashMap'), "
            "(args:ARGS)])])])]"
        ),
    ),
    (
        "@Autowired private Foo foo;",
        (
            "[(FIELD_DECL 'private' [(decorators:DECORATOR [(callee:NAME 'Autowired')]), "
            "(DECLARATOR [(type:TYPE_REF 'Foo'), (target:NAME 'foo')])])]"
        ),
    ),
    (
        '@GetMapping("/x") public String get(@RequestParam(value = "a", required = false) final String a, int... rest) throws E { }',  # noqa: E501
        (
            "[(FUNCTION 'public' [(decorators:DECORATOR [(callee:NAME 'GetMapping'), "
            "(args:ARGS [(STRING '/x')])]), (type:TYPE_REF 'String'), (name:NAME 'get'), "
            "(params:PARAMS [(PARAM [(decorators:DECORATOR [(callee:NAME 'RequestParam'), "
            "(args:ARGS [(KWARG 'value' [(value:STRING 'a')]), (KWARG 'required' [(value:BOOL 'false')])])]), "
            "(type:TYPE_REF 'String'), (name:NAME 'a')]), (PARAM '*' [(type:TYPE_REF 'int[]'), "
            "(name:NAME 'rest')])]), (body:BLOCK)])]"
        ),
    ),
    (
        '@A.B(names = {"x", "y"}) abstract <T> T[] g(T[] t, int n[]);',
        (
            "[(FUNCTION 'abstract' [(decorators:DECORATOR [(callee:MEMBER 'B' [(obj:NAME 'A')]), "
            "(args:ARGS [(KWARG 'names' [(value:LIST [(STRING 'x'), (STRING 'y')])])])]), "
            "(type:TYPE_REF 'T[]'), (name:NAME 'g'), (params:PARAMS [(PARAM [(type:TYPE_REF 'T[]'), "
            "(name:NAME 't')]), (PARAM [(type:TYPE_REF 'int[]'), (name:NAME 'n')])])])]"
        ),
    ),
    (
        "A(int a) { this(a, 1); }",
        (
            "[(FUNCTION [(name:NAME 'A'), (params:PARAMS [(PARAM [(type:TYPE_REF 'int'), (name:NAME 'a')])]), "
            "(body:BLOCK [(CALL [(callee:THIS 'this'), (args:ARGS [(NAME 'a'), (INT '1')])])])])]"
        ),
    ),
    (
        "static { f(); }",
        "[(BLOCK [(CALL [(callee:NAME 'f'), (args:ARGS)])])]",
    ),
    (
        "enum E implements I { X, Y(1) { void q() { } }; E() { } }",
        (
            "[(CLASS 'enum' [(name:NAME 'E'), (bases:BASES [(TYPE_REF 'I')]), "
            "(body:BLOCK [(FIELD_DECL 'public static final' [(DECLARATOR [(target:NAME 'X')])]), "
            "(FIELD_DECL 'public static final' [(DECLARATOR [(target:NAME 'Y'), "
            "(value:NEW [(callee:TYPE_REF 'E'), (args:ARGS [(INT '1')]), "
            "(body:BLOCK [(FUNCTION [(type:TYPE_REF 'void'), (name:NAME 'q'), (params:PARAMS), "
            "(body:BLOCK)])])])])]), (FUNCTION [(name:NAME 'E'), (params:PARAMS), (body:BLOCK)])])])]"
        ),
    ),
    (
        "record R(@N String a, int b) implements I { R { check(a); } }",
        (
            "[(CLASS 'record' [(name:NAME 'R'), (bases:BASES [(TYPE_REF 'I')]), "
            "(body:BLOCK [(FIELD_DECL 'private final' [(decorators:DECORATOR [(callee:NAME 'N')]), "
            "(DECLARATOR [(type:TYPE_REF 'String'), (target:NAME 'a')])]), "
            "(FIELD_DECL 'private final' [(DECLARATOR [(type:TYPE_REF 'int'), (target:NAME 'b')])]), "
            "(FUNCTION [(name:NAME 'R'), (params:PARAMS [(PARAM [(decorators:DECORATOR [(callee:NAME 'N')]), "
            "(type:TYPE_REF 'String'), (name:NAME 'a')]), (PARAM [(type:TYPE_REF 'int'), (name:NAME 'b')])]), "
            "(body:BLOCK [(CALL [(callee:NAME 'check'), (args:ARGS [(NAME 'a')])])])])])])]"
        ),
    ),
    (
        "interface I extends J<K> { int A = 1; default void d() { } }",
        (
            "[(CLASS 'interface' [(name:NAME 'I'), (bases:BASES [(TYPE_REF 'J' [(TYPE_REF 'K')])]), "
            "(body:BLOCK [(FIELD_DECL 'static final' [(DECLARATOR [(type:TYPE_REF 'int'), (target:NAME 'A'), "
            "(value:INT '1')])]), (FUNCTION 'default' [(type:TYPE_REF 'void'), (name:NAME 'd'), "
            "(params:PARAMS), (body:BLOCK)])])])]"
        ),
    ),
    (
        "@interface An { int value() default 1; }",
        (
            "[(CLASS '@interface' [(name:NAME 'An'), (body:BLOCK [(FUNCTION [(type:TYPE_REF 'int'), "
            "(name:NAME 'value'), (value:INT '1'), (params:PARAMS)])])])]"
        ),
    ),
    (
        "class B extends x.Base<String> implements I, J { }",
        (
            "[(CLASS 'class' [(name:NAME 'B'), (bases:BASES [(TYPE_REF 'x.Base' [(TYPE_REF 'String')]), "
            "(TYPE_REF 'I'), (TYPE_REF 'J')]), (body:BLOCK)])]"
        ),
    ),
]

TOP_LEVEL = [
    (
        "package a.b.c;",
        "[(NAMESPACE 'a.b.c')]",
    ),
    (
        "import java.sql.Statement;",
        "[(IMPORT)]",
    ),
    (
        "import java.sql.*;",
        "[(IMPORT)]",
    ),
    (
        "import static java.lang.Math.max;",
        "[(IMPORT)]",
    ),
    (
        "import static org.junit.Assert.*;",
        "[(IMPORT)]",
    ),
    (
        "@Entity public final class A { }",
        (
            "[(CLASS 'public final class' [(decorators:DECORATOR [(callee:NAME 'Entity')]), (name:NAME 'A'), "
            "(body:BLOCK)])]"
        ),
    ),
]


@pytest.mark.parametrize(("code", "expected"), STATEMENTS)
def test_statements_become_their_normalised_shape(code: str, expected: str) -> None:
    assert repr(_statements(code)) == expected


@pytest.mark.parametrize(("code", "expected"), MEMBERS)
def test_members_become_their_normalised_shape(code: str, expected: str) -> None:
    assert repr(_members(code)) == expected


@pytest.mark.parametrize(("code", "expected"), TOP_LEVEL)
def test_top_level_declarations_become_their_normalised_shape(code: str, expected: str) -> None:
    assert repr(_parse(code).root.children) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import java.sql.Statement;", (("Statement", "java.sql.Statement"),)),
        ("import java.sql.*;", (("*", "java.sql"),)),
        ("import static java.lang.Math.max;", (("max", "java.lang.Math.max"),)),
        ("import static org.junit.Assert.*;", (("*", "org.junit.Assert"),)),
    ],
)
def test_imports_name_local_and_dotted(code: str, expected: object) -> None:
    assert _parse(code).root.children[0].data == expected


def test_functions_say_what_they_are() -> None:
    functions = _members("A() { } void m() { }")
    assert [function.data for function in functions] == ["constructor", "method"]


def test_every_construct_is_known() -> None:
    tables = (("%s", TOP_LEVEL), ("class A { %s }", MEMBERS), ("class A { void f() { %s } }", STATEMENTS))
    for wrap, table in tables:
        for code, _ in table:
            tree = _parse(wrap % code)
            assert (code, tree.num_other, tree.error_ranges) == (code, 0, [])


def test_children_know_their_parent() -> None:
    for code, _ in MEMBERS:
        for node in _parse(f"class A {{ {code} }}").root.walk():
            assert all(child.parent is node for child in node.children), (code, node)


def test_broken_file_keeps_its_sound_parts() -> None:
    tree = _parse("class A { void f() { g(1); } void h() { x = = ; } ]] void k() { m(2); } }")
    calls = [node for node in tree.root.walk() if node.kind is K.CALL]
    assert tree.error_ranges
    assert [repr(call.get("callee")) for call in calls] == ["(callee:NAME 'g')", "(callee:NAME 'm')"]


@pytest.mark.parametrize("code", ["class A { int x = 1 }", "class A { void h( { } }"])
def test_a_token_that_is_missing_is_said(code: str) -> None:
    assert _parse(code).error_ranges


@pytest.mark.parametrize("code", ["", "\r\n", 'class Ü { String s = "ü"; }', "class A {\r\n}\r\n", "class A { int"])
def test_odd_files_parse(code: str) -> None:
    assert _parse(code).root.kind is K.MODULE


def test_comments_stay_beside_the_tree() -> None:
    tree = _parse("/* a */ class A { // b\n }")
    assert [tree.source[start:end] for start, end in tree.comments] == [b"/* a */", b"// b"]
