"""Definitions and where they reach: tables, properties over real files, and an independent implementation."""

import ast
import bisect
import sysconfig
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.analysis import analyse_file
from graph_model.constants import Constants, fold_conditions
from graph_model.definitions import DefKind
from graph_model.kinds import NodeKind as K
from graph_model.languages import BY_NAME, load_table
from graph_model.program import Program, Unit, build_program
from graph_model.syntax import Node, parse_tree

PYTHON = BY_NAME["python"]
STDLIB = Path(sysconfig.get_paths()["stdlib"])
SAMPLE = (
    "argparse.py",
    "ast.py",
    "bdb.py",
    "calendar.py",
    "cmd.py",
    "configparser.py",
    "csv.py",
    "difflib.py",
    "doctest.py",
    "enum.py",
    "ftplib.py",
    "gzip.py",
    "heapq.py",
    "imaplib.py",
    "inspect.py",
    "locale.py",
    "mailbox.py",
    "nntplib.py",
    "optparse.py",
    "pdb.py",
)


def program_of(source: bytes, path: str = "m.py", language: str = "python") -> Program:
    """A parsed file with its units."""
    return build_program(path, BY_NAME[language], parse_tree(source, load_table(BY_NAME[language])))


def reads(unit: Unit) -> Iterator[tuple[int, Node]]:
    """Every name that a unit's reachable statements mention, with its statement."""
    for idx in unit.flow.order:
        stmt = unit.control.stmts[idx]
        stack = [*stmt.exprs, *stmt.cases]
        while stack:
            node = stack.pop()
            if node.kind is K.NAME:
                yield idx, node
            if node.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS):
                stack.extend(node.children)


REACHING = [
    ("def f(x):\n    x = 1\n    use(x)\n", "x", [2]),
    ("def f(x):\n    if c:\n        x = 1\n    use(x)\n", "x", [1, 3]),
    ("def f():\n    x = 1\n    while c:\n        x = 2\n    use(x)\n", "x", [2, 4]),
    ("def f():\n    try:\n        x = g()\n    except E:\n        x = 2\n    use(x)\n", "x", [3, 5]),
    ("def f():\n    for x in y:\n        pass\n    use(x)\n", "x", [2]),
    ("def f():\n    with g() as x:\n        use(x)\n", "x", [2]),
    ("def f():\n    x = 1\n    if 7 * 18 + 106 > 200:\n        x = 2\n    use(x)\n", "x", [4]),
    ("def f():\n    x = 1\n    x += 2\n    use(x)\n", "x", [3]),
    ("def f():\n    (x, y) = g()\n    use(x)\n", "x", [2]),
    ("def f():\n    if (x := g()):\n        use(x)\n", "x", [2]),
]


@pytest.mark.parametrize(("source", "name", "lines"), REACHING)
def test_definitions_reach_the_use(source: str, name: str, lines: list[int]) -> None:
    program = program_of(source.encode())
    unit = next(u for u in program.units if u.is_function)
    fold_conditions(unit, Constants(unit))
    use = next(s for s in unit.control.stmts for e in s.exprs if e.kind is K.CALL and e.get("callee").text == "use")  # type: ignore[union-attr]
    found = {source[: d.node.start].count("\n") + 1 for d in unit.flow.reaching(name, use.idx)}
    assert sorted(found) == lines


def test_literal_keys_are_kept_apart() -> None:
    unit = program_of(b"def f(p):\n    m = {}\n    m['a'] = p\n    m['b'] = 1\n    use(m['b'])\n").units[1]
    last = unit.flow.order[-2]
    values = [d.value for d in unit.flow.reaching("m['b']", last) if d.shadow_of is None]
    assert [v.text for v in values if v is not None] == ["1"]


def test_guards_name_the_condition_and_the_outcome_needed() -> None:
    unit = program_of(b"def f(x):\n    if not ok(x):\n        return\n    use(x)\n").units[1]
    use = next(s for s in unit.control.stmts if s.exprs and s.exprs[0].kind is K.CALL and s.role == 2)
    [(condition, outcome)] = unit.flow.guards(use.idx)
    assert unit.control.stmts[condition].exprs[0].kind is K.CALL
    assert outcome is True


@pytest.mark.parametrize("name", SAMPLE[:8])
def test_every_use_has_a_definition_or_comes_from_outside(name: str) -> None:
    program = program_of((STDLIB / name).read_bytes(), name)
    for unit in program.units:
        if not unit.is_function:
            continue
        params = {p for p, _ in unit.params}
        for stmt, node in reads(unit):
            if node.text not in unit.locals or node.text in params:
                continue
            # A local name is defined somewhere in its unit; on this path it may still be unbound.
            assert any(d.key == node.text for d in unit.flow.definitions), (name, unit.qualname, node.text)
            assert all(0 <= d.stmt < len(unit.control.stmts) for d in unit.flow.reaching(node.text, stmt))


@pytest.mark.parametrize("name", SAMPLE[:6])
def test_edges_stay_within_bounds_and_the_same_bytes_give_the_same_graph(name: str) -> None:
    source = (STDLIB / name).read_bytes()
    first, second = analyse_file(name, source, PYTHON), analyse_file(name, source, PYTHON)
    assert first.candidates == second.candidates
    assert first.units == second.units
    for one, other in zip(first.graphs, second.graphs, strict=True):
        assert (one is None) is (other is None)
        if one is None or other is None:
            continue
        rows = len(one.token_offsets) - 1
        assert one.edge_index.size == 0 or (one.edge_index.min() >= 0 and one.edge_index.max() < rows)
        assert one.edge_index.tobytes() == other.edge_index.tobytes()
        assert one.token_ids.tobytes() == other.token_ids.tobytes()


@given(st.text(alphabet="abx=()[]{}:\n .,'\"+#é錯😋\r\t", max_size=200))
def test_any_text_gives_an_analysis(text: str) -> None:
    analysis = analyse_file("m.py", text.encode(), PYTHON)
    assert analysis.path == "m.py"


def test_reaching_definitions_agree_with_an_independent_implementation() -> None:
    """Beniget's def-use chains (flow-sensitive, over CPython's own syntax tree) on the standard library.

    It ignores that a loop can carry a definition round a `continue`, so exact equality is not expected everywhere; a
    definition that it finds and we do not is the error that would lose a flow.
    """
    gast, beniget = pytest.importorskip("gast"), pytest.importorskip("beniget")
    compared = equal = lost = 0
    for name in SAMPLE:
        path = STDLIB / name
        if not path.exists():
            continue
        source = path.read_bytes()
        theirs = _beniget_uses(gast, beniget, source, name)
        ours = _our_uses(source, name)
        for use, definitions in theirs.items():
            if use not in ours:
                continue
            compared += 1
            equal += ours[use] == definitions
            lost += bool(definitions - ours[use])
    assert compared > 5_000
    assert equal / compared > 0.95
    assert lost / compared < 0.02


def _beniget_uses(gast, beniget, source: bytes, name: str) -> dict[tuple[int, int, str], set[int]]:  # type: ignore[no-untyped-def]
    tree = gast.parse(source.decode())
    chains = beniget.DefUseChains(name)
    chains.visit(tree)
    found: dict[tuple[int, int, str], set[int]] = defaultdict(set)
    for function in gast.walk(tree):
        if isinstance(function, gast.FunctionDef | gast.AsyncFunctionDef):
            for definition in chains.locals[function]:
                node = definition.node
                for use in definition.users() if isinstance(node, gast.Name) and hasattr(node, "lineno") else ():
                    if isinstance(use.node, gast.Name) and hasattr(use.node, "lineno"):
                        found[(use.node.lineno, use.node.col_offset, use.node.id)].add(node.lineno)
    return found


def _our_uses(source: bytes, name: str) -> dict[tuple[int, int, str], set[int]]:
    starts = [0, *(i + 1 for i, byte in enumerate(source) if byte == 10)]

    def line(offset: int) -> int:
        return bisect.bisect_right(starts, offset)

    found: dict[tuple[int, int, str], set[int]] = {}
    for unit in program_of(source, name).units:
        if unit.node.kind is not K.FUNCTION:
            continue
        for stmt, node in reads(unit):
            if node.text in unit.locals:
                row = line(node.start)
                column = len(source[starts[row - 1] : node.start])
                definitions = [
                    d
                    for d in unit.flow.reaching(node.text, stmt)
                    if d.shadow_of is None and d.kind is not DefKind.STORE
                ]
                found[(row, column, node.text)] = {line(d.node.start) for d in definitions}
    return found


def test_the_sample_is_python() -> None:
    assert all(ast.parse((STDLIB / name).read_bytes()) for name in SAMPLE[:3])
