"""Constant expressions: what is computed, and what is honestly unknown."""

import pytest

from graph_model.constants import UNKNOWN, Constants, fold_conditions
from graph_model.kinds import NodeKind as K
from graph_model.languages import BY_NAME, load_table
from graph_model.program import build_program
from graph_model.syntax import parse_tree

CASES = [
    ("1 + 2 * 3", 7),
    ("'a' + 'b'", "ab"),
    ("7 * 18 + 106 > 200", True),
    ("not 1 == 2", True),
    ("'abc'[1]", "b"),
    ("0x1f", 31),
    ("1_000", 1000),
    ("1 if 2 > 1 else x", 1),
    ("f'a{1 + 1}'", UNKNOWN),
    ("1 / 0", UNKNOWN),
    ("x + 1", UNKNOWN),
    ("'a' * 10**9", UNKNOWN),
    ("f()", UNKNOWN),
    ("None", None),
    ("1 < 'a'", UNKNOWN),
    ("False and f()", False),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_expression(text: str, expected: object) -> None:
    program = build_program(
        "m.py", BY_NAME["python"], parse_tree(f"y = {text}\n".encode(), load_table(BY_NAME["python"]))
    )
    unit = program.units[0]
    value = unit.control.stmts[2].exprs[0].get("value")
    found = Constants(unit).evaluate(value, 2)
    assert found is expected or found == expected


@pytest.mark.parametrize(
    ("body", "reached"),
    [
        ("n = 106\n    if 7 * 18 + n > 200:\n        a()\n    else:\n        b()", "a"),
        ("n = 106\n    if 7 * 18 - n > 200:\n        a()\n    else:\n        b()", "b"),
        (
            (
                "s = 'ABC'[1]\n"
                "    match s:\n"
                "        case 'A':\n"
                "            a()\n"
                "        case 'B':\n"
                "            b()\n"
                "        case _:\n"
                "            c()"
            ),
            "b",
        ),
        ("n = g()\n    if n > 1:\n        a()\n    else:\n        b()", "ab"),
    ],
)
def test_a_branch_that_cannot_run_is_not_reached(body: str, reached: str) -> None:
    source = f"def f():\n    {body}\n".encode()
    unit = build_program("m.py", BY_NAME["python"], parse_tree(source, load_table(BY_NAME["python"]))).units[1]
    fold_conditions(unit, Constants(unit))
    calls = [c.get("callee") for i in unit.flow.order for c in unit.flow.calls[i]]
    assert "".join(sorted(c.text for c in calls if c is not None and c.kind is K.NAME and c.text in "abc")) == reached
