"""Control flow by what can follow what: each case lists the statements that some path leads to next."""

import pytest

from graph_model.control_flow import ControlFlow, Role, build_control_flow
from graph_model.encoding import EdgeType
from graph_model.kinds import NodeKind as K
from graph_model.languages import BY_NAME, load_table
from graph_model.syntax import Node, parse_tree


def flow_of(source: str, language: str) -> tuple[ControlFlow, bytes]:
    """The flow graph of the first function of a source text."""
    data = source.encode()
    root = parse_tree(data, load_table(BY_NAME[language])).root
    function = next(n for n in root.walk() if n.kind is K.FUNCTION)
    return build_control_flow(function, function.get("body")), data


def name_of(control: ControlFlow, idx: int, source: bytes) -> str:
    """`entry`, `exit`, or the first word of the statement's expression: cases use calls a(), b(), ..."""
    stmt = control.stmts[idx]
    if stmt.role in (Role.ENTRY, Role.EXIT):
        return stmt.role.name.lower()
    node: Node = stmt.exprs[0] if stmt.exprs else stmt.node
    return source[node.start : node.end].decode().split("(")[0].split()[0].rstrip(":;")


def successors(source: str, language: str) -> dict[str, set[str]]:
    """Statement name -> names of the statements that may run next."""
    control, data = flow_of(source, language)
    found: dict[str, set[str]] = {}
    for stmt in control.stmts:
        found.setdefault(name_of(control, stmt.idx, data), set()).update(
            name_of(control, t, data) for t, _ in stmt.succ
        )
    return found


PYTHON_CASES = [
    ("def f():\n    a()\n    b()\n", {"entry": {"a"}, "a": {"b"}, "b": {"exit"}}),
    ("def f():\n    if a():\n        b()\n    c()\n", {"a": {"b", "c"}, "b": {"c"}, "c": {"exit"}}),
    (
        ("def f():\n    if a():\n        b()\n    elif c():\n        d()\n    else:\n        e()\n"),
        {"a": {"b", "c"}, "c": {"d", "e"}},
    ),
    ("def f():\n    if a() and b():\n        c()\n    d()\n", {"a": {"b", "d"}, "b": {"c", "d"}}),
    ("def f():\n    if not (a() or b()):\n        c()\n    d()\n", {"a": {"b", "d"}, "b": {"c", "d"}}),
    (
        (
            "def f():\n"
            "    while a():\n"
            "        if b():\n"
            "            break\n"
            "        if c():\n"
            "            continue\n"
            "        d()\n"
            "    else:\n"
            "        e()\n"
            "    g()\n"
        ),
        {
            "a": {"b", "e"},
            "b": {"break", "c"},
            "break": {"g"},
            "c": {"continue", "d"},
            "continue": {"a"},
            "d": {"a"},
            "e": {"g"},
        },
    ),
    ("def f():\n    while True:\n        a()\n", {"a": {"True"}, "True": {"a"}}),
    ("def f():\n    for x in a():\n        b()\n    c()\n", {"a": {"b", "c"}, "b": {"a"}}),
    (
        ("def f():\n    try:\n        a()\n    except E:\n        b()\n    else:\n        c()\n    d()\n"),
        {"a": {"c", "except"}, "except": {"b"}, "b": {"d"}, "c": {"d"}},
    ),
    ("def f():\n    try:\n        return a()\n    finally:\n        b()\n", {"a": {"b"}, "b": {"exit"}}),
    ("def f():\n    try:\n        raise a()\n    except E:\n        b()\n    c()\n", {"a": {"except"}, "b": {"c"}}),
    ("def f():\n    with a() as x:\n        b()\n    c()\n", {"a": {"b"}, "b": {"c"}}),
    (
        ("def f():\n    match a():\n        case 1:\n            b()\n        case _:\n            c()\n    d()\n"),
        {"b": {"d"}, "c": {"d"}},
    ),
    ("async def f():\n    async for x in a():\n        await b()\n", {"a": {"await", "exit"}, "await": {"a"}}),
]


@pytest.mark.parametrize(("source", "expected"), PYTHON_CASES)
def test_python_statements_follow_each_other(source: str, expected: dict[str, set[str]]) -> None:
    found = successors(source, "python")
    assert {name: found[name] for name in expected} == expected


BRACE_CASES = [
    ("for (int i = 0; t(i); u(i)) { a(); }", {"t": {"a", "exit"}, "a": {"u"}, "u": {"t"}}),
    ("do { a(); } while (t());", {"a": {"t"}, "t": {"do", "exit"}}),
    (
        "switch (s()) { case 1: a(); break; case 2: b(); break; default: c(); break; } d();",
        {"a": {"break"}, "b": {"break"}, "break": {"d"}},
    ),
    ("try { a(); } catch (E e) { b(); } finally { c(); } d();", {"a": {"c", "catch"}, "b": {"c"}, "c": {"d"}}),
    ("try { a(); } finally { c(); } d();", {"a": {"c"}, "c": {"d", "exit"}}),
    ("if (a()) throw b(); c();", {"a": {"b", "c"}, "b": {"exit"}}),
    ("while (a()) { try { if (b()) break; } finally { c(); } } d();", {"break": {"c"}, "c": {"a", "d", "exit"}}),
]


@pytest.mark.parametrize(("body", "expected"), BRACE_CASES)
@pytest.mark.parametrize("language", ["java", "csharp"])
def test_java_and_csharp_share_one_walker(body: str, expected: dict[str, set[str]], language: str) -> None:
    found = successors(f"class C {{ void f() {{ {body} }} }}", language)
    assert {name: found[name] for name in expected} == expected


def test_a_java_case_runs_on_into_the_next() -> None:
    found = successors("class C { void f() { switch (s()) { case 1: a(); case 2: b(); } c(); } }", "java")
    assert found["a"] == {"b"}
    assert found["b"] == {"c"}


def test_a_throw_goes_to_the_handler_and_nowhere_else() -> None:
    control, _ = flow_of("function f() { try { throw a(); } catch (e) { b(); } c(); }", "javascript")
    throw = next(s for s in control.stmts if s.role is Role.THROW)
    assert [control.stmts[t].role for t, _ in throw.succ] == [Role.CATCH]
    assert {kind for _, kind in throw.succ} == {EdgeType.CFG_EXCEPTION}


def test_a_labelled_break_leaves_the_outer_loop() -> None:
    found = successors(
        "function f() { outer: for (const x of a()) { for (const y of b()) { break outer; } c(); } d(); }", "javascript"
    )
    assert found["break"] == {"d"}


def test_a_function_without_a_body_runs_from_entry_to_exit() -> None:
    control, _ = flow_of("interface I { void f(); }", "java")
    assert [[t for t, _ in s.succ] for s in control.stmts] == [[1], []]
