"""Queries with values built into them, turned into queries with parameters, as each database interface takes them."""

import re
from collections.abc import Callable
from dataclasses import replace

from graph_model.edits.imports import swap_type
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import append_item, insert_after, insert_before, insert_item_after, statement_of
from graph_model.edits.scene import Scene, need
from graph_model.edits.sql_text import Hole, Markers, parameterise, split_query
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

QUESTION = Markers(lambda n: "?", re.compile(r"\?"), takes_double_quotes=True)
FORMAT = Markers(lambda n: "%s", re.compile(r"(?!)"), keeps_percent=True)
MYSQL = replace(FORMAT, takes_double_quotes=True)
DOLLAR = Markers(lambda n: f"${n + 1}", re.compile(r"\$\d"))
NUMBERED = Markers(lambda n: f"?{n + 1}", re.compile(r"\?"))
NAMED = Markers(lambda n: f"@p{n}", re.compile(r"@p\d"))

_PY_MARKERS = {
    **dict.fromkeys(("sqlite3", "aiosqlite", "duckdb", "pyodbc"), QUESTION),
    **dict.fromkeys(("psycopg2", "psycopg", "aiopg", "pymssql", "django"), FORMAT),
    **dict.fromkeys(("MySQLdb", "pymysql", "mysql", "aiomysql"), MYSQL),
    "asyncpg": DOLLAR,
}  # fmt: skip
_JS_MARKERS = {
    **dict.fromkeys(("mysql", "mysql2", "mysql2/promise", "promise-mysql", "sqlite3", "sqlite", "knex"), QUESTION),
    **dict.fromkeys(("pg", "pg-promise"), DOLLAR),
}
_JS_METHODS = frozenset({"query", "execute", "run", "get", "all", "each", "raw"})
_CALLBACKS = frozenset({"cb", "callback", "done", "next"})
_JDBC = frozenset({"executeQuery", "executeUpdate", "execute", "executeLargeUpdate"})
_SPRING = frozenset({"query", "queryForObject", "queryForList", "queryForMap", "queryForRowSet", "update"})
_JPA = frozenset({"createQuery", "createNativeQuery", "createSQLQuery"})
_EF = {
    "FromSqlRaw": "FromSqlInterpolated",
    "ExecuteSqlRaw": "ExecuteSqlInterpolated",
    "ExecuteSqlRawAsync": "ExecuteSqlInterpolatedAsync",
}
_STILL = frozenset({"get", "getParameter", "strip", "lower", "upper", "trim", "toString", "toLowerCase"})


def parameterised_query(scene: Scene) -> list[Edit]:
    """Markers in the query's text and the values beside it, quoted by the driver instead of by the text."""
    return _WRITERS[scene.family](scene)


def _query_argument(scene: Scene, call: Node) -> tuple[Node, Node]:
    """The first argument, and what builds the query: the argument itself, or its variable's only value."""
    arguments = scene.arguments(call)
    first = arguments[0] if arguments else None
    if first is None or first.kind in (K.KWARG, K.SPREAD):
        raise Declined("expected the query as the first argument")
    if first.kind is not K.NAME:
        return first, first
    return first, _variable_value(scene, first)


def _variable_value(scene: Scene, used: Node) -> Node:
    """The value of a query's variable that this call alone reads, nothing it was built of having changed since."""
    found = scene.definitions(used)
    value = found[0].value if len(found) == 1 else None
    unit = scene.unit_of(used)
    mentioned = [n for n in unit.node.walk() if n.kind is K.NAME and n.text == used.text]
    if value is None or len(mentioned) != 2 or found[0].node not in mentioned:
        raise Declined("expected a variable set once and read once")
    at, there = found[0].stmt, scene.statement_idx(used)
    for node in value.walk():
        if node.kind is K.NAME and set(unit.flow.reaching(node.text, at)) != set(unit.flow.reaching(node.text, there)):
            raise Declined(f"expected {node.text} not to change before the query runs")
        if node.kind is K.CALL and node is not value and need(node.get("callee")).text not in _STILL:
            raise Declined("expected values that can be read later")
    return value


def _by_import(scene: Scene, known: dict[str, Markers]) -> Markers:
    """The markers of the driver that the API belongs to, else of the only driver that the file imports."""
    api = scene.candidate.api
    for name, markers in known.items():
        if api.startswith((f"{name}.", f"{name}/")):
            return markers
    roots = {d.partition(".")[0] for d in scene.program.imports.values()} | set(_requires(scene))
    found = {id(known[root]): known[root] for root in roots if root in known}
    if len(found) != 1:
        raise Declined("expected one known database driver")
    return next(iter(found.values()))


def _requires(scene: Scene) -> list[str]:
    calls = (n for n in scene.tree.root.walk() if n.kind is K.CALL)
    required = (n.get("args") for n in calls if (callee := n.get("callee")) is not None and callee.text == "require")
    return [a.children[0].text for a in required if a is not None and a.children and a.children[0].kind is K.STRING]


def _python(scene: Scene) -> list[Edit]:
    """https://peps.python.org/pep-0249/#paramstyle"""
    call = scene.anchor(K.CALL)
    method = need(call.get("callee"), K.MEMBER).text
    if method not in ("execute", "fetch", "fetchrow", "fetchval") or len(scene.arguments(call)) != 1:
        raise Declined("expected execute(query)")
    markers = _by_import(scene, _PY_MARKERS)
    first, built = _query_argument(scene, call)
    edits, values = parameterise(scene, split_query(scene, built), markers)
    comma = "," if len(values) == 1 else ""
    text = ", ".join(values) if markers is DOLLAR else f"({', '.join(values)}{comma})"
    return [*edits, *insert_item_after(scene, need(call.get("args")), first, text)]


def _javascript(scene: Scene) -> list[Edit]:
    call = scene.anchor(K.CALL)
    arguments = scene.arguments(call)
    if need(call.get("callee"), K.MEMBER).text not in _JS_METHODS or not 1 <= len(arguments) <= 2:
        raise Declined("expected query(text) or query(text, callback)")
    last = arguments[-1]
    is_callback = last.kind in (K.LAMBDA, K.FUNCTION) or (last.kind is K.NAME and last.text in _CALLBACKS)
    if len(arguments) == 2 and not is_callback:
        raise Declined("expected a query without parameters")
    first, built = _query_argument(scene, call)
    edits, values = parameterise(scene, split_query(scene, built), _by_import(scene, _JS_MARKERS))
    return [*edits, *insert_item_after(scene, need(call.get("args")), first, f"[{', '.join(values)}]")]


def _java(scene: Scene) -> list[Edit]:
    call = scene.anchor(K.CALL)
    callee = need(call.get("callee"), K.MEMBER)
    api = scene.candidate.api
    first, built = _query_argument(scene, call)
    if callee.text in _SPRING and ("JdbcOperations" in api or "JdbcTemplate" in api):
        edits, values = parameterise(scene, split_query(scene, built), QUESTION)
        return [*edits, *append_item(scene, need(call.get("args")), ", ".join(values))]
    if callee.text in _JPA and len(scene.arguments(call)) <= 2:
        edits, values = parameterise(scene, split_query(scene, built), NUMBERED)
        sets = "".join(f".setParameter({n + 1}, {value})" for n, value in enumerate(values))
        return [*edits, scene.insert(call.end, sets)]
    if callee.text in _JDBC and len(scene.arguments(call)) == 1:
        if first is not built:
            raise Declined("expected the query in the call")
        return _prepare(scene, call, built)
    raise Declined("expected JDBC, JdbcTemplate or JPA")


def _prepare(scene: Scene, call: Node, built: Node) -> list[Edit]:
    """A `Statement` made for one query as a `PreparedStatement`: the text goes where it is made.

    https://docs.oracle.com/javase/tutorial/jdbc/basics/prepared.html
    """
    edits, values = parameterise(scene, split_query(scene, built), QUESTION)
    text = bytearray(scene.source[built.start : built.end])
    for edit in sorted(edits, key=lambda e: -e.start):
        text[edit.start - built.start : edit.end - built.start] = edit.replacement
    variable, created = _made_for(scene, call)
    declared, running = need(need(created.parent).get("type")), statement_of(call)
    if declared.text != "Statement" or statement_of(created) is running or b"\n" in text:
        raise Declined("expected a Statement declared before the query runs, on one line")
    sets = [f"{variable}.setObject({n + 1}, {value});" for n, value in enumerate(values)]
    return [
        *swap_type(scene, "java.sql.Statement", "java.sql.PreparedStatement", declared),
        scene.rename_member(need(created.get("callee")), "prepareStatement"),
        scene.replace(need(created.get("args")), f"({text.decode()})"),
        *insert_before(scene, running, *sets),
        Edit(built.start, built.end, b""),
    ]


def _made_for(scene: Scene, call: Node) -> tuple[str, Node]:
    """The variable of the statement that runs a query, and the `createStatement()` that makes it for that alone."""
    variable = need(need(call.get("callee")).get("obj"), K.NAME)
    found = scene.definitions(variable)
    created = need(found[0].value if len(found) == 1 else None, K.CALL)
    uses = [n for n in scene.unit_of(call).node.walk() if n.kind is K.NAME and n.text == variable.text]
    others = [n for n in uses if n is not variable and n.field != "target" and need(n.parent).text != "close"]
    if need(created.get("callee"), K.MEMBER).text != "createStatement" or others or scene.arguments(created):
        raise Declined("expected a statement made for this query")
    return variable.text, need(created)


def _csharp(scene: Scene) -> list[Edit]:
    assignment = scene.assignment()
    if assignment is not None:
        return _command_text(scene, assignment)
    anchor = scene.anchor(K.CALL, K.NEW)
    if anchor.kind is K.NEW:
        return _command(scene, anchor)
    callee = need(anchor.get("callee"), K.MEMBER)
    if callee.text in _EF:
        return _interpolated(scene, anchor, callee)
    if "IDbConnection" in scene.candidate.api and len(scene.arguments(anchor)) == 1:
        _, built = _query_argument(scene, anchor)
        edits, values = parameterise(scene, split_query(scene, built), NAMED)
        given = ", ".join(f"p{n} = {value}" for n, value in enumerate(values))
        return [*edits, *append_item(scene, need(anchor.get("args")), f"new {{ {given} }}")]
    raise Declined("expected a command, Entity Framework or Dapper")


def _add_values(variable: str, values: list[str]) -> list[str]:
    return [f'{variable}.Parameters.AddWithValue("@p{n}", {value});' for n, value in enumerate(values)]


def _command(scene: Scene, created: Node) -> list[Edit]:
    """`new SqlCommand(text, connection)` in a declaration or a using: the values are added right after."""
    if not need(created.get("callee")).text.endswith("Command"):
        raise Declined("expected a command")
    _, built = _query_argument(scene, created)
    edits, values = parameterise(scene, split_query(scene, built), NAMED)
    holder = need(created.parent, K.DECLARATOR, K.WITH_ITEM)
    lines = _add_values(need(holder.get("target"), K.NAME).text, values)
    if holder.kind is K.DECLARATOR:
        return [*edits, *insert_after(scene, statement_of(holder), *lines)]
    body = need(need(holder.parent).get("body"), K.BLOCK)
    inner = body.children[0] if body.children else None
    if inner is None or not body.raw or not scene.begins_line(inner):
        raise Declined("expected a block with lines of its own")
    text = "".join(f"{scene.indent(inner.start)}{line}{scene.newline}" for line in lines)
    return [*edits, scene.insert(scene.line_start(inner.start), text)]


def _command_text(scene: Scene, assign: Node) -> list[Edit]:
    target, value = need(assign.get("target"), K.MEMBER), need(assign.get("value"))
    variable = need(target.get("obj"), K.NAME)
    if target.text != "CommandText" or statement_of(assign) is not assign:
        raise Declined("expected command.CommandText = text")
    built = _variable_value(scene, value) if value.kind is K.NAME else value
    edits, values = parameterise(scene, split_query(scene, built), NAMED)
    return [*edits, *insert_after(scene, assign, *_add_values(variable.text, values))]


def _interpolated(scene: Scene, call: Node, callee: Node) -> list[Edit]:
    """Interpolations are parameters to Entity Framework: https://learn.microsoft.com/ef/core/querying/sql-queries"""
    arguments = scene.arguments(call)
    if len(arguments) != 1 or arguments[0].kind is not K.TEMPLATE:
        raise Declined("expected one interpolated text")
    query = split_query(scene, arguments[0])
    query.unwrap = []
    holes = [p for p in query.parts if isinstance(p, Hole)]
    markers = Markers(lambda n: scene.between(holes[n].start, holes[n].end), re.compile(r"(?!)"))
    edits, _ = parameterise(scene, query, markers)
    return [
        *(e for e in edits if scene.source[e.start : e.end] != e.replacement),
        scene.rename_member(callee, _EF[callee.text]),
    ]


_WRITERS: dict[Family, Callable[[Scene], list[Edit]]] = {
    Family.PYTHON: _python,
    Family.JAVASCRIPT: _javascript,
    Family.JAVA: _java,
    Family.CSHARP: _csharp,
}
