"""C#'s table: source in, normalised tree out."""

import pytest

from graph_model.kinds import NodeKind as K
from graph_model.languages.csharp import TABLE
from graph_model.syntax import Node, SyntaxTree, parse_tree


def _parse(code: str) -> SyntaxTree:
    return parse_tree(code.encode(), TABLE)


def _members(code: str) -> list[Node]:
    body = _parse(f"class A {{ {code}\n }}").root.children[0].get("body")
    assert body is not None
    return body.children


def _statements(code: str) -> list[Node]:
    body = _members(f"void M() {{ {code}\n }}")[0].get("body")
    assert body is not None
    return body.children


def _expression(code: str) -> Node | None:
    return _statements(f"x = {code};")[0].get("value")


UNITS = [
    (
        "using System.IO;",
        "[(IMPORT)]",
    ),
    (
        "using A = System.IO.File;",
        "[(IMPORT)]",
    ),
    (
        "using static System.Math;",
        "[(IMPORT 'static')]",
    ),
    (
        "global using global::Foo.Bar;",
        "[(IMPORT)]",
    ),
    (
        "using L = System.Collections.Generic.List<int>;",
        "[(IMPORT)]",
    ),
    (
        "extern alias X;",
        "[]",
    ),
    (
        "namespace A.B;",
        "[(NAMESPACE 'A.B')]",
    ),
    (
        "namespace A.B { using C; }",
        "[(NAMESPACE 'A.B' [(body:BLOCK [(IMPORT)])])]",
    ),
    (
        "[assembly: Foo(1)]",
        "[]",
    ),
    (
        "var x = 1; f(x);",
        (
            "[(DECL [(DECLARATOR [(target:NAME 'x'), (value:INT '1')])]), (CALL [(callee:NAME 'f'), (args:ARGS "
            "[(NAME 'x')])])]"
        ),
    ),
    (
        "#region r\n#pragma warning disable 1\nf();\n#endregion\n",
        "[(CALL [(callee:NAME 'f'), (args:ARGS)])]",
    ),
    (
        "enum E : byte { A, B = 2 }",
        (
            "[(CLASS 'enum' [(name:NAME 'E'), (bases:BASES [(TYPE_REF 'byte')]), (body:BLOCK [(FIELD_DECL "
            "'public const' [(DECLARATOR [(target:NAME 'A')])]), (FIELD_DECL 'public const' [(DECLARATOR "
            "[(target:NAME 'B'), (value:INT '2')])])])])]"
        ),
    ),
    (
        "delegate int D(string s);",
        "[(CLASS 'delegate' [(name:NAME 'D'), (body:BLOCK)])]",
    ),
    (
        "public interface I<T> : J<T> { int P { get; } void M(); }",
        (
            "[(CLASS 'public interface' [(name:NAME 'I'), (bases:BASES [(TYPE_REF 'J' [(TYPE_REF 'T')])]), "
            "(body:BLOCK [(FIELD_DECL [(DECLARATOR [(type:TYPE_REF 'int'), (target:NAME 'P')])]), (FUNCTION "
            "[(type:TYPE_REF 'void'), (name:NAME 'M'), (params:PARAMS)])])])]"
        ),
    ),
    (
        "public record R(int X, string? Y = null) : Q(X);",
        (
            "[(CLASS 'public record' [(name:NAME 'R'), (bases:BASES [(TYPE_REF 'Q')]), (body:BLOCK "
            "[(FIELD_DECL 'public' [(DECLARATOR [(type:TYPE_REF 'int'), (target:NAME 'X')])]), (FIELD_DECL "
            "'public' [(DECLARATOR [(type:TYPE_REF 'string'), (target:NAME 'Y')])]), (FUNCTION 'public' "
            "[(name:NAME 'R'), (params:PARAMS [(PARAM [(type:TYPE_REF 'int'), (name:NAME 'X')]), (PARAM "
            "[(type:TYPE_REF 'string'), (name:NAME 'Y'), (value:NULL 'null')])]), (body:BLOCK [(CALL "
            "[(callee:THIS 'base'), (args:ARGS [(NAME 'X')])]), (ASSIGN '=' [(target:MEMBER 'X' [(obj:THIS "
            "'this')]), (value:NAME 'X')]), (ASSIGN '=' [(target:MEMBER 'Y' [(obj:THIS 'this')]), (value:NAME "
            "'Y')])])])])])]"
        ),
    ),
    (
        "internal record struct S;",
        "[(CLASS 'internal record struct' [(name:NAME 'S'), (body:BLOCK)])]",
    ),
    (
        "static partial class C { }",
        "[(CLASS 'static partial class' [(name:NAME 'C'), (body:BLOCK)])]",
    ),
    (
        "struct P { public int X; }",
        (
            "[(CLASS 'struct' [(name:NAME 'P'), (body:BLOCK [(FIELD_DECL 'public' [(DECLARATOR [(type:TYPE_REF "
            "'int'), (target:NAME 'X')])])])])]"
        ),
    ),
]

MEMBERS = [
    (
        (
            '[HttpGet("{id}"), Authorize] public async Task<IActionResult> Get([FromQuery(Name = "q")] string? '
            "q, int n = 3) { }"
        ),
        (
            "[(FUNCTION 'public async' [(decorators:DECORATOR [(callee:NAME 'HttpGet'), (args:ARGS [(STRING "
            "'{id}')])]), (decorators:DECORATOR [(callee:NAME 'Authorize')]), (type:TYPE_REF 'Task' [(TYPE_REF "
            "'IActionResult')]), (name:NAME 'Get'), (params:PARAMS [(PARAM [(decorators:DECORATOR "
            "[(callee:NAME 'FromQuery'), (args:ARGS [(KWARG 'Name' [(value:STRING 'q')])])]), (type:TYPE_REF "
            "'string'), (name:NAME 'q')]), (PARAM [(type:TYPE_REF 'int'), (name:NAME 'n'), (value:INT "
            "'3')])]), (body:BLOCK)])]"
        ),
    ),
    (
        "void M(out int a, params byte[] rest) { }",
        (
            "[(FUNCTION [(type:TYPE_REF 'void'), (name:NAME 'M'), (params:PARAMS [(PARAM [(type:TYPE_REF "
            "'int'), (name:NAME 'a')]), (PARAM '*' [(type:TYPE_REF 'byte[]'), (name:NAME 'rest')])]), "
            "(body:BLOCK)])]"
        ),
    ),
    (
        "static int F(this string s) => s.Length;",
        (
            "[(FUNCTION 'static' [(type:TYPE_REF 'int'), (name:NAME 'F'), (params:PARAMS [(PARAM "
            "[(type:TYPE_REF 'string'), (name:NAME 's')])]), (body:BLOCK [(RETURN [(value:MEMBER 'Length' "
            "[(obj:NAME 's')])])])])]"
        ),
    ),
    (
        "public A(int x) : base(x, 1) { y = x; }",
        (
            "[(FUNCTION 'public' [(name:NAME 'A'), (params:PARAMS [(PARAM [(type:TYPE_REF 'int'), (name:NAME "
            "'x')])]), (body:BLOCK [(CALL [(callee:THIS 'base'), (args:ARGS [(NAME 'x'), (INT '1')])]), "
            "(ASSIGN '=' [(target:NAME 'y'), (value:NAME 'x')])])])]"
        ),
    ),
    (
        "public A() : this(0) { }",
        (
            "[(FUNCTION 'public' [(name:NAME 'A'), (params:PARAMS), (body:BLOCK [(CALL [(callee:THIS 'this'), "
            "(args:ARGS [(INT '0')])])])])]"
        ),
    ),
    (
        "~A() { }",
        "[(FUNCTION [(name:NAME 'Finalize'), (params:PARAMS), (body:BLOCK)])]",
    ),
    (
        "public static A operator +(A a, A b) => a;",
        (
            "[(FUNCTION 'public static' [(type:TYPE_REF 'A'), (name:NAME 'operator +'), (params:PARAMS [(PARAM "
            "[(type:TYPE_REF 'A'), (name:NAME 'a')]), (PARAM [(type:TYPE_REF 'A'), (name:NAME 'b')])]), "
            "(body:BLOCK [(RETURN [(value:NAME 'a')])])])]"
        ),
    ),
    (
        "public static explicit operator int(A a) { return 1; }",
        (
            "[(FUNCTION 'public static' [(type:TYPE_REF 'int'), (name:NAME 'operator'), (params:PARAMS [(PARAM "
            "[(type:TYPE_REF 'A'), (name:NAME 'a')])]), (body:BLOCK [(RETURN [(value:INT '1')])])])]"
        ),
    ),
    (
        'private static readonly string[] Names = { "a" }, Others;',
        (
            "[(FIELD_DECL 'private static readonly' [(DECLARATOR [(type:TYPE_REF 'string[]'), (target:NAME "
            "'Names'), (value:LIST [(STRING 'a')])]), (DECLARATOR [(type:TYPE_REF 'string[]'), (target:NAME "
            "'Others')])])]"
        ),
    ),
    (
        "List<int> l = new();",
        (
            "[(FIELD_DECL [(DECLARATOR [(type:TYPE_REF 'List' [(TYPE_REF 'int')]), (target:NAME 'l'), "
            "(value:NEW [(callee:TYPE_REF 'List'), (args:ARGS)])])])]"
        ),
    ),
    (
        "public event EventHandler? Changed;",
        ("[(FIELD_DECL 'public event' [(DECLARATOR [(type:TYPE_REF 'EventHandler'), (target:NAME 'Changed')])])]"),
    ),
    (
        'public string Name { get; set; } = "n";',
        ("[(FIELD_DECL 'public' [(DECLARATOR [(type:TYPE_REF 'string'), (target:NAME 'Name'), (value:STRING 'n')])])]"),
    ),
    (
        "public int P => 1;",
        (
            "[(FUNCTION 'public' [(type:TYPE_REF 'int'), (name:NAME 'P'), (params:PARAMS), (body:BLOCK "
            "[(RETURN [(value:INT '1')])])])]"
        ),
    ),
    (
        "public int Q { get { return q; } private set => q = value; }",
        (
            "[(FUNCTION 'public' [(type:TYPE_REF 'int'), (name:NAME 'Q'), (params:PARAMS), (body:BLOCK "
            "[(RETURN [(value:NAME 'q')])])]), (FUNCTION 'public' [(name:NAME 'Q'), (params:PARAMS [(PARAM "
            "[(type:TYPE_REF 'int'), (name:NAME 'value')])]), (body:BLOCK [(RETURN [(value:ASSIGN '=' "
            "[(target:NAME 'q'), (value:NAME 'value')])])])])]"
        ),
    ),
    (
        "public string this[int i] => a[i];",
        (
            "[(FUNCTION 'public' [(type:TYPE_REF 'string'), (name:NAME 'this[]'), (params:PARAMS [(PARAM "
            "[(type:TYPE_REF 'int'), (name:NAME 'i')])]), (body:BLOCK [(RETURN [(value:INDEX [(obj:NAME 'a'), "
            "(key:NAME 'i')])])])])]"
        ),
    ),
    (
        "event E X { add { f(value); } remove { } }",
        (
            "[(FUNCTION [(name:NAME 'X'), (params:PARAMS [(PARAM [(type:TYPE_REF 'E'), (name:NAME "
            "'value')])]), (body:BLOCK [(CALL [(callee:NAME 'f'), (args:ARGS [(NAME 'value')])])])]), "
            "(FUNCTION [(name:NAME 'X'), (params:PARAMS [(PARAM [(type:TYPE_REF 'E'), (name:NAME 'value')])]), "
            "(body:BLOCK)])]"
        ),
    ),
    (
        "A Make() { return new(1); }",
        (
            "[(FUNCTION [(type:TYPE_REF 'A'), (name:NAME 'Make'), (params:PARAMS), (body:BLOCK [(RETURN "
            "[(value:NEW [(callee:TYPE_REF 'A'), (args:ARGS [(INT '1')])])])])])]"
        ),
    ),
    (
        "#if NET\nvoid N() { }\n#else\nvoid O() { }\n#endif",
        (
            "[(FUNCTION [(type:TYPE_REF 'void'), (name:NAME 'N'), (params:PARAMS), (body:BLOCK)]), (FUNCTION "
            "[(type:TYPE_REF 'void'), (name:NAME 'O'), (params:PARAMS), (body:BLOCK)])]"
        ),
    ),
]

STATEMENTS = [
    (
        "int i = 1, j;",
        (
            "[(DECL [(DECLARATOR [(type:TYPE_REF 'int'), (target:NAME 'i'), (value:INT '1')]), (DECLARATOR "
            "[(type:TYPE_REF 'int'), (target:NAME 'j')])])]"
        ),
    ),
    (
        'const string s = "a";',
        "[(DECL 'const' [(DECLARATOR [(type:TYPE_REF 'string'), (target:NAME 's'), (value:STRING 'a')])])]",
    ),
    (
        "var (m, n) = t;",
        "[(DECL [(DECLARATOR [(target:TUPLE [(NAME 'm'), (NAME 'n')]), (value:NAME 't')])])]",
    ),
    (
        "(a, var b) = (b, a);",
        "[(ASSIGN '=' [(target:TUPLE [(NAME 'a'), (NAME 'b')]), (value:TUPLE [(NAME 'b'), (NAME 'a')])])]",
    ),
    (
        "using var f = Open();",
        ("[(DECL 'using' [(DECLARATOR [(target:NAME 'f'), (value:CALL [(callee:NAME 'Open'), (args:ARGS)])])])]"),
    ),
    (
        "await using var f = new F();",
        ("[(DECL 'using' [(DECLARATOR [(target:NAME 'f'), (value:NEW [(callee:TYPE_REF 'F'), (args:ARGS)])])])]"),
    ),
    (
        "using (var a = F()) g();",
        (
            "[(WITH [(resources:WITH_ITEM [(target:NAME 'a'), (value:CALL [(callee:NAME 'F'), (args:ARGS)])]), "
            "(body:BLOCK [(CALL [(callee:NAME 'g'), (args:ARGS)])])])]"
        ),
    ),
    (
        "await using (x) { }",
        "[(WITH 'async' [(resources:WITH_ITEM [(value:NAME 'x')]), (body:BLOCK)])]",
    ),
    (
        "lock (this) { f(); }",
        "[(LOCK [(value:THIS 'this'), (body:BLOCK [(CALL [(callee:NAME 'f'), (args:ARGS)])])])]",
    ),
    (
        "fixed (byte* p = b) { }",
        ("[(BLOCK [(DECL [(DECLARATOR [(type:TYPE_REF 'byte*'), (target:NAME 'p'), (value:NAME 'b')])]), (BLOCK)])]"),
    ),
    (
        "checked { i++; } unsafe { }",
        "[(BLOCK [(UPDATE '++' [(target:NAME 'i')])]), (BLOCK)]",
    ),
    (
        "if (a) f(); else if (b) { } else g();",
        (
            "[(IF [(cond:NAME 'a'), (body:BLOCK [(CALL [(callee:NAME 'f'), (args:ARGS)])]), (orelse:IF "
            "[(cond:NAME 'b'), (body:BLOCK), (orelse:BLOCK [(CALL [(callee:NAME 'g'), (args:ARGS)])])])])]"
        ),
    ),
    (
        "for (int i = 0; i < 3; i++, --j) ;",
        (
            "[(LOOP_FOR [(init:DECL [(DECLARATOR [(type:TYPE_REF 'int'), (target:NAME 'i'), (value:INT "
            "'0')])]), (cond:COMPARE '<' [(left:NAME 'i'), (right:INT '3')]), (update:UPDATE '++' "
            "[(target:NAME 'i')]), (update:UPDATE '--' [(target:NAME 'j')]), (body:BLOCK [(EMPTY)])])]"
        ),
    ),
    (
        "foreach (var (k, v) in d) { }",
        "[(LOOP_EACH [(target:TUPLE [(NAME 'k'), (NAME 'v')]), (iter:NAME 'd'), (body:BLOCK)])]",
    ),
    (
        "await foreach (string s in l) f(s);",
        (
            "[(LOOP_EACH 'async' [(type:TYPE_REF 'string'), (target:NAME 's'), (iter:NAME 'l'), (body:BLOCK "
            "[(CALL [(callee:NAME 'f'), (args:ARGS [(NAME 's')])])])])]"
        ),
    ),
    (
        "while (true) { break; }",
        "[(LOOP_WHILE [(cond:BOOL 'true'), (body:BLOCK [(BREAK)])])]",
    ),
    (
        "do continue; while (x);",
        "[(LOOP_DO [(body:BLOCK [(CONTINUE)]), (cond:NAME 'x')])]",
    ),
    (
        (
            "switch (a) { case 1: case 2: f(); break; case > 3 when b: goto case 1; case Foo g: return; "
            "default: break; }"
        ),
        (
            "[(SWITCH [(subject:NAME 'a'), (CASE [(value:INT '1'), (value:INT '2'), (body:BLOCK [(CALL "
            "[(callee:NAME 'f'), (args:ARGS)]), (BREAK)])]), (CASE [(value:COMPARE '>' [(right:INT '3')]), "
            "(cond:NAME 'b'), (body:BLOCK [(BREAK)])]), (CASE [(value:PATTERN [(type:TYPE_REF 'Foo'), "
            "(target:NAME 'g')]), (body:BLOCK [(RETURN)])]), (CASE 'default' [(body:BLOCK [(BREAK)])])])]"
        ),
    ),
    (
        "try { } catch (E e) when (e.X) { } catch { } finally { }",
        (
            "[(TRY [(body:BLOCK), (handler:CATCH [(type:TYPE_REF 'E'), (target:NAME 'e'), (cond:MEMBER 'X' "
            "[(obj:NAME 'e')]), (body:BLOCK)]), (handler:CATCH [(body:BLOCK)]), (finally:BLOCK)])]"
        ),
    ),
    (
        "yield return 1; yield break;",
        "[(YIELD [(value:INT '1')]), (RETURN)]",
    ),
    (
        "throw; ",
        "[(THROW)]",
    ),
    (
        "goto end; end: f();",
        "[(EMPTY 'end'), (LABEL 'end' [(body:CALL [(callee:NAME 'f'), (args:ARGS)])])]",
    ),
    (
        "static int L<T>(T a) => 1;",
        (
            "[(FUNCTION 'static' [(type:TYPE_REF 'int'), (name:NAME 'L'), (params:PARAMS [(PARAM "
            "[(type:TYPE_REF 'T'), (name:NAME 'a')])]), (body:BLOCK [(RETURN [(value:INT '1')])])])]"
        ),
    ),
    (
        "#if DEBUG\nf();\n#else\ng();\n#endif",
        (
            "[(IF [(cond:NAME 'DEBUG'), (body:BLOCK [(CALL [(callee:NAME 'f'), (args:ARGS)])]), (orelse:BLOCK "
            "[(CALL [(callee:NAME 'g'), (args:ARGS)])])])]"
        ),
    ),
    (
        "x += 1; x ??= y; i++; --j;",
        (
            "[(AUG_ASSIGN '+=' [(target:NAME 'x'), (value:INT '1')]), (AUG_ASSIGN '??=' [(target:NAME 'x'), "
            "(value:NAME 'y')]), (UPDATE '++' [(target:NAME 'i')]), (UPDATE '--' [(target:NAME 'j')])]"
        ),
    ),
]

EXPRESSIONS = [
    (
        "a?.B?.C(1)?[0]",
        (
            "(value:INDEX [(obj:CALL [(callee:MEMBER 'C' [(obj:MEMBER 'B' [(obj:NAME 'a')])]), (args:ARGS "
            "[(INT '1')])]), (key:INT '0')])"
        ),
    ),
    (
        "this.x.y",
        "(value:MEMBER 'y' [(obj:MEMBER 'x' [(obj:THIS 'this')])])",
    ),
    (
        "base.F(this)",
        "(value:CALL [(callee:MEMBER 'F' [(obj:THIS 'base')]), (args:ARGS [(THIS 'this')])])",
    ),
    (
        "F<int>(1, name: x)",
        "(value:CALL [(callee:NAME 'F'), (args:ARGS [(INT '1'), (KWARG 'name' [(value:NAME 'x')])])])",
    ),
    (
        "global::System.IO.File.Delete(p)",
        (
            "(value:CALL [(callee:MEMBER 'Delete' [(obj:MEMBER 'File' [(obj:MEMBER 'IO' [(obj:NAME "
            "'System')])])]), (args:ARGS [(NAME 'p')])])"
        ),
    ),
    (
        'string.Join(",", a)',
        ("(value:CALL [(callee:MEMBER 'Join' [(obj:TYPE_REF 'string')]), (args:ARGS [(STRING ','), (NAME 'a')])])"),
    ),
    (
        "List<int>.Empty",
        "(value:MEMBER 'Empty' [(obj:NAME 'List')])",
    ),
    (
        "string.Empty",
        "(value:STRING)",
    ),
    (
        "d.TryGetValue(k, out var v)",
        (
            "(value:ASSIGN '=' [(target:NAME 'v'), (value:CALL [(callee:MEMBER 'TryGetValue' [(obj:NAME "
            "'d')]), (args:ARGS [(NAME 'k'), (NAME 'v')])])])"
        ),
    ),
    (
        "F(out Foo a, ref b, out _)",
        (
            "(value:ASSIGN '=' [(target:NAME 'a'), (type:TYPE_REF 'Foo'), (value:CALL [(callee:NAME 'F'), "
            "(args:ARGS [(NAME 'a'), (NAME 'b'), (NAME '_')])])])"
        ),
    ),
    (
        "nameof(a.B)",
        "(value:STRING 'B')",
    ),
    (
        "typeof(List<int>)",
        "(value:CALL [(callee:NAME 'typeof'), (args:ARGS [(TYPE_REF 'List' [(TYPE_REF 'int')])])])",
    ),
    (
        "default(int)",
        "(value:NULL)",
    ),
    (
        "(int)x",
        "(value:CAST [(type:TYPE_REF 'int'), (value:NAME 'x')])",
    ),
    (
        "x as Foo",
        "(value:CAST [(value:NAME 'x'), (type:TYPE_REF 'Foo')])",
    ),
    (
        "x is int",
        "(value:TYPE_TEST [(value:NAME 'x'), (type:TYPE_REF 'int')])",
    ),
    (
        "x is Foo f",
        (
            "(value:TYPE_TEST [(value:ASSIGN '=' [(target:NAME 'f'), (type:TYPE_REF 'Foo'), (value:NAME "
            "'x')]), (type:TYPE_REF 'Foo')])"
        ),
    ),
    (
        "x is not null",
        "(value:COMPARE '!=' [(left:NAME 'x'), (right:NULL 'null')])",
    ),
    (
        "x is 1 or > 2",
        (
            "(value:TYPE_TEST [(value:NAME 'x'), (BOOLEAN 'or' [(left:INT '1'), (right:COMPARE '>' [(right:INT "
            "'2')])])])"
        ),
    ),
    (
        "x is { A: 1, B: var b } c",
        (
            "(value:TYPE_TEST [(value:ASSIGN '=' [(target:NAME 'b'), (value:ASSIGN '=' [(target:NAME 'c'), "
            "(value:NAME 'x')])]), (PATTERN [(PAIR 'A' [(value:INT '1')]), (PAIR 'B' [(value:PATTERN)])])])"
        ),
    ),
    (
        "x is [1, var rest]",
        (
            "(value:TYPE_TEST [(value:ASSIGN '=' [(target:NAME 'rest'), (value:NAME 'x')]), (PATTERN [(INT "
            "'1'), (PATTERN)])])"
        ),
    ),
    (
        "a && !b || c ?? d",
        (
            "(value:BOOLEAN '??' [(left:BOOLEAN 'or' [(left:BOOLEAN 'and' [(left:NAME 'a'), (right:NOT "
            "[(value:NAME 'b')])]), (right:NAME 'c')]), (right:NAME 'd')])"
        ),
    ),
    (
        "a == b",
        "(value:COMPARE '==' [(left:NAME 'a'), (right:NAME 'b')])",
    ),
    (
        "a + -1",
        "(value:BINARY '+' [(left:NAME 'a'), (right:UNARY '-' [(value:INT '1')])])",
    ),
    (
        "x!",
        "(value:NAME 'x')",
    ),
    (
        "a ? b : c",
        "(value:TERNARY [(cond:NAME 'a'), (body:NAME 'b'), (orelse:NAME 'c')])",
    ),
    (
        "await f()",
        "(value:AWAIT [(value:CALL [(callee:NAME 'f'), (args:ARGS)])])",
    ),
    (
        "await f().ConfigureAwait(false)",
        "(value:AWAIT [(value:CALL [(callee:NAME 'f'), (args:ARGS)])])",
    ),
    (
        "a ?? throw new E()",
        ("(value:BOOLEAN '??' [(left:NAME 'a'), (right:THROW [(value:NEW [(callee:TYPE_REF 'E'), (args:ARGS)])])])"),
    ),
    (
        "new Foo(1)",
        "(value:NEW [(callee:TYPE_REF 'Foo'), (args:ARGS [(INT '1')])])",
    ),
    (
        'new Foo { Secure = false, ["k"] = 1, L = { 1 } }',
        (
            "(value:NEW [(callee:TYPE_REF 'Foo'), (args:ARGS), (init:DICT [(PAIR 'Secure' [(key:STRING "
            "'Secure'), (value:BOOL 'false')]), (PAIR 'k' [(key:STRING 'k'), (value:INT '1')]), (PAIR 'L' "
            "[(key:STRING 'L'), (value:LIST [(INT '1')])])])])"
        ),
    ),
    (
        "new List<int> { 1, 2 }",
        ("(value:NEW [(callee:TYPE_REF 'List' [(TYPE_REF 'int')]), (args:ARGS), (init:LIST [(INT '1'), (INT '2')])])"),
    ),
    (
        'new Dictionary<string, int> { { "a", 1 } }',
        (
            "(value:NEW [(callee:TYPE_REF 'Dictionary' [(TYPE_REF 'string'), (TYPE_REF 'int')]), (args:ARGS), "
            "(init:DICT [(PAIR 'a' [(key:STRING 'a'), (value:INT '1')])])])"
        ),
    ),
    (
        "new byte[16]",
        "(value:NEW [(callee:TYPE_REF 'byte[]'), (args:ARGS [(INT '16')])])",
    ),
    (
        "new[] { 1, 2 }",
        "(value:LIST [(INT '1'), (INT '2')])",
    ),
    (
        "new int[] { }",
        "(value:LIST)",
    ),
    (
        "stackalloc byte[4]",
        "(value:NEW [(callee:TYPE_REF 'byte[]'), (args:ARGS [(INT '4')])])",
    ),
    (
        "new { x, Y = 1, z.W }",
        (
            "(value:DICT [(PAIR 'x' [(key:STRING 'x'), (value:NAME 'x')]), (PAIR 'Y' [(key:STRING 'Y'), "
            "(value:INT '1')]), (PAIR 'W' [(key:STRING 'W'), (value:MEMBER 'W' [(obj:NAME 'z')])])])"
        ),
    ),
    (
        "[1, ..l]",
        "(value:LIST [(INT '1'), (SPREAD [(value:NAME 'l')])])",
    ),
    (
        "r with { A = 1 }",
        "(value:DICT [(SPREAD [(value:NAME 'r')]), (PAIR 'A' [(key:STRING 'A'), (value:INT '1')])])",
    ),
    (
        "x => x + 1",
        (
            "(value:LAMBDA [(params:PARAMS [(PARAM [(name:NAME 'x')])]), (body:BLOCK [(RETURN [(value:BINARY "
            "'+' [(left:NAME 'x'), (right:INT '1')])])])])"
        ),
    ),
    (
        "async (a, b) => { }",
        (
            "(value:LAMBDA 'async' [(params:PARAMS [(PARAM [(name:NAME 'a')]), (PARAM [(name:NAME 'b')])]), "
            "(body:BLOCK)])"
        ),
    ),
    (
        "delegate (int a) { f(a); }",
        (
            "(value:LAMBDA [(params:PARAMS [(PARAM [(type:TYPE_REF 'int'), (name:NAME 'a')])]), (body:BLOCK "
            "[(CALL [(callee:NAME 'f'), (args:ARGS [(NAME 'a')])])])])"
        ),
    ),
    (
        "delegate { }",
        "(value:LAMBDA [(params:PARAMS), (body:BLOCK)])",
    ),
    (
        "a[1, 2]",
        "(value:INDEX [(obj:NAME 'a'), (key:INT '1'), (key:INT '2')])",
    ),
    (
        "a[1..2]",
        "(value:SLICE [(obj:NAME 'a'), (key:INT '1'), (key:INT '2')])",
    ),
    (
        "a[^1]",
        "(value:INDEX [(obj:NAME 'a'), (key:UNARY '^' [(value:INT '1')])])",
    ),
    (
        '$"a{b,3:x}\\n{{c}}"',
        "(value:TEMPLATE [(TEXT 'a'), (INTERPOLATION [(value:NAME 'b')]), (TEXT '\\n{c}')])",
    ),
    (
        '$"plain"',
        "(value:STRING 'plain')",
    ),
    (
        '@"C:\\a""b"',
        "(value:STRING 'C:\\\\a\"b')",
    ),
    (
        '"""raw "x" """',
        "(value:STRING 'raw \"x\" ')",
    ),
    (
        '"\\u0041\\t"',
        "(value:STRING 'A\\t')",
    ),
    (
        "'c'",
        "(value:STRING 'c')",
    ),
    (
        '"a"u8',
        "(value:STRING 'a')",
    ),
    (
        "0x10",
        "(value:INT '16')",
    ),
    (
        "1_000L",
        "(value:INT '1000')",
    ),
    (
        "1.5f",
        "(value:FLOAT '1.5')",
    ),
    (
        "true",
        "(value:BOOL 'true')",
    ),
    (
        "null",
        "(value:NULL 'null')",
    ),
    (
        "@class",
        "(value:NAME 'class')",
    ),
    (
        '"é€" + x',
        "(value:BINARY '+' [(left:STRING 'é€'), (right:NAME 'x')])",
    ),
    (
        "from a in b where a.X > 1 let q = a.Y orderby q select new { q }",
        (
            "(value:COMPREHENSION 'generator' [(body:DICT [(PAIR 'q' [(key:STRING 'q'), (value:NAME 'q')])]), "
            "(COMP_FOR [(target:NAME 'a'), (iter:NAME 'b')]), (COMP_IF [(cond:COMPARE '>' [(left:MEMBER 'X' "
            "[(obj:NAME 'a')]), (right:INT '1')])]), (COMP_FOR [(target:NAME 'q'), (iter:LIST [(MEMBER 'Y' "
            "[(obj:NAME 'a')])])]), (SEQUENCE [(NAME 'q')])])"
        ),
    ),
    (
        "from a in b join c in d on a.K equals c.K into g select g",
        (
            "(value:COMPREHENSION 'generator' [(body:NAME 'g'), (COMP_FOR [(target:NAME 'a'), (iter:NAME "
            "'b')]), (COMP_FOR [(target:NAME 'c'), (iter:NAME 'd')]), (COMP_IF [(cond:COMPARE '==' "
            "[(left:MEMBER 'K' [(obj:NAME 'a')]), (right:MEMBER 'K' [(obj:NAME 'c')])])]), (COMP_FOR "
            "[(target:NAME 'g'), (iter:LIST [(NAME 'c')])])])"
        ),
    ),
    (
        "from a in b group a by a.K into h select h.Key",
        (
            "(value:COMPREHENSION 'generator' [(body:MEMBER 'Key' [(obj:NAME 'h')]), (COMP_FOR [(target:NAME "
            "'h'), (iter:COMPREHENSION 'generator' [(body:TUPLE [(NAME 'a'), (MEMBER 'K' [(obj:NAME 'a')])]), "
            "(COMP_FOR [(target:NAME 'a'), (iter:NAME 'b')])])])])"
        ),
    ),
    (
        "x switch { 1 => a, > 2 when b => c, Foo f => f, _ => throw new E() }",
        (
            "(value:TERNARY [(cond:COMPARE '==' [(left:ASSIGN '=' [(target:NAME 'f'), (type:TYPE_REF 'Foo'), "
            "(value:NAME 'x')]), (right:INT '1')]), (body:NAME 'a'), (orelse:TERNARY [(cond:BOOLEAN 'and' "
            "[(left:COMPARE '>' [(left:NAME 'x'), (right:INT '2')]), (right:NAME 'b')]), (body:NAME 'c'), "
            "(orelse:TERNARY [(cond:TYPE_TEST [(value:NAME 'x'), (type:TYPE_REF 'Foo')]), (body:NAME 'f'), "
            "(orelse:THROW [(value:NEW [(callee:TYPE_REF 'E'), (args:ARGS)])])])])])"
        ),
    ),
    (
        "f(x) switch { null => 1, _ => 2 }",
        (
            "(value:TERNARY [(cond:COMPARE '==' [(left:CALL [(callee:NAME 'f'), (args:ARGS [(NAME 'x')])]), "
            "(right:NULL 'null')]), (body:INT '1'), (orelse:INT '2')])"
        ),
    ),
    (
        "x switch { 1 => a, 2 => b, 3 => c, 4 => d, 5 => e, 6 => f, 7 => g, 8 => h, 9 => i }",
        (
            "(value:INDEX [(obj:DICT [(PAIR '1' [(key:INT '1'), (value:NAME 'a')]), (PAIR '2' [(key:INT '2'), "
            "(value:NAME 'b')]), (PAIR '3' [(key:INT '3'), (value:NAME 'c')]), (PAIR '4' [(key:INT '4'), "
            "(value:NAME 'd')]), (PAIR '5' [(key:INT '5'), (value:NAME 'e')]), (PAIR '6' [(key:INT '6'), "
            "(value:NAME 'f')]), (PAIR '7' [(key:INT '7'), (value:NAME 'g')]), (PAIR '8' [(key:INT '8'), "
            "(value:NAME 'h')]), (PAIR '9' [(key:INT '9'), (value:NAME 'i')])]), (key:NAME 'x')])"
        ),
    ),
]


@pytest.mark.parametrize(("code", "expected"), UNITS)
def test_unit_has_its_shape(code: str, expected: str) -> None:
    assert str(_parse(code).root.children) == expected


@pytest.mark.parametrize(("code", "expected"), MEMBERS)
def test_member_has_its_shape(code: str, expected: str) -> None:
    assert str(_members(code)) == expected


@pytest.mark.parametrize(("code", "expected"), STATEMENTS)
def test_statement_has_its_shape(code: str, expected: str) -> None:
    assert str(_statements(code)) == expected


@pytest.mark.parametrize(("code", "expected"), EXPRESSIONS)
def test_expression_has_its_shape(code: str, expected: str) -> None:
    assert str(_expression(code)) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("using System.IO;", (("*", "System.IO"),)),
        ("using A = System.IO.File;", (("A", "System.IO.File"),)),
        ("using static System.Math;", (("*", "System.Math"),)),
        ("global using global::Foo.Bar;", (("*", "Foo.Bar"),)),
    ],
)
def test_using_names_what_it_brings(code: str, expected: object) -> None:
    assert _parse(code).root.children[0].data == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("void M() { }", "method"),
        ("A() { }", "constructor"),
        ("int P => 1;", "getter"),
        ("int P { set { } }", "setter"),
    ],
)
def test_function_says_what_it_is(code: str, expected: str) -> None:
    assert _members(code)[0].data == expected


def test_type_arguments_of_a_call_are_kept() -> None:
    call = _expression("services.Get<Foo, Bar>()")
    callee = call.get("callee") if call is not None else None
    assert callee is not None
    assert str(callee.data) == "((TYPE_REF 'Foo'), (TYPE_REF 'Bar'))"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_broken_file_keeps_its_sound_parts(newline: str) -> None:
    code = newline.join(
        ["class A {", "  void Good() { f(); }", "  void Bad( { if (x", "}", "class B { void Too() { } }"]
    )
    tree = _parse(code)
    names = {child.text for node in tree.root.walk() if node.kind is K.FUNCTION for child in node.all("name")}
    assert tree.error_ranges
    assert "Good" in names


@pytest.mark.parametrize(
    "code", ["", "\n", "class", "x is", "new", "switch {", "a switch { 1 =>", '$"{', "[", "f(out", "#if X"]
)
def test_fragment_does_not_fail(code: str) -> None:
    assert _parse(code).root.kind is K.MODULE


def test_every_child_knows_its_parent() -> None:
    for code, _ in [*UNITS, *MEMBERS]:
        for node in _parse(code).root.walk():
            assert all(child.parent is node for child in node.children)


def test_nothing_of_the_tables_is_other() -> None:
    codes = [code for code, _ in UNITS]
    codes += [f"class A {{ {code}\n }}" for code, _ in MEMBERS]
    codes += [f"void M() {{ {code}\n }}" for code, _ in STATEMENTS]
    codes += [f"x = {code};" for code, _ in EXPRESSIONS]
    assert [code for code in codes if _parse(code).num_other] == []
