import pytest

from graph_model.failures import find_caught
from graph_model.kinds import NodeKind as K
from graph_model.languages import BY_NAME, load_table
from graph_model.program import build_program
from graph_model.syntax import parse_tree


def caught(language: str, body: str) -> list[str]:
    """What each call or read of `text` in a method is asked of."""
    source = f"class A {{ void F(Bad p, String s) {{ {body} }} }}"
    tree = parse_tree(source.encode(), load_table(BY_NAME[language]), 10_000)
    program = build_program("a", BY_NAME[language], tree)
    found = {  # of a function within, its own answer comes last
        id(node): find_caught(node, unit, stmt.idx)
        for unit in program.units
        for stmt in unit.control.stmts
        for expr in stmt.exprs
        if stmt.idx in unit.flow.order
        for node in expr.walk()
        if node.kind is K.MEMBER and node.text == "text"
    }
    return list(found.values())


@pytest.mark.parametrize(
    ("language", "body", "types"),
    [
        ("java", "try { a(); } catch (X | b.Y e) { show(e.text); }", ["X Y"]),
        ("java", "try { a(); } catch (Exception é) { show(é.text); }", ["Exception"]),
        ("java", "try { a(); } catch (X e) { show(e.getCause().text); }", ["Throwable"]),
        ("java", "try { a(); } catch (X e) { if (e instanceof Y) { show(e.text); } }", ["Y"]),
        ("java", "show(p.text); show(s.text); show(a().text);", ["Bad", "String", ""]),
        ("java", "later(e -> show(e.text));", ["?e"]),
        ("java", "try { a(); } catch (X e) { later(() -> show(e.text)); }", ["X"]),
        ("csharp", "try { a(); } catch (X e) when (e is Y) { show(e.text); }", ["Y"]),
        ("csharp", "try { a(); } catch (N.X e) { show(e.InnerException.text); }", ["Throwable"]),
        ("csharp", "show(e.text);", [""]),
    ],
)
def test_a_failure_is_known_by_its_types(language: str, body: str, types: list[str]) -> None:
    assert caught(language, body) == types
