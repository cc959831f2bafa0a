"""Queries with values built into them, turned into queries with parameters, as each database interface takes them."""

import re
from collections.abc import Callable
from dataclasses import replace

from graph_model.definitions import Definition, DefKind
from graph_model.edits.imports import swap_type
from graph_model.edits.model import Declined, Edit, apply_edits
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
COLON = Markers(lambda n: f":p{n}", re.compile(r":\w"))
BRACES = Markers(lambda n: f"{{{n}}}", re.compile(r"[{}]"))
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
_JS_METHODS = frozenset({"query", "execute", "run", "get", "all", "each", "raw", "whereRaw", "havingRaw", "orderByRaw"})
_TAGS = {"$queryRawUnsafe": "$queryRaw", "$executeRawUnsafe": "$executeRaw"}
_CALLBACKS = frozenset({"cb", "callback", "done", "next"})
_JDBC = frozenset({"executeQuery", "executeUpdate", "execute", "executeLargeUpdate"})
_SPRING = frozenset({"query", "queryForObject", "queryForList", "queryForMap", "queryForRowSet", "update"})
_JPA = frozenset({"createQuery", "createNativeQuery", "createSQLQuery"})
_EF = {
    "FromSqlRaw": "FromSqlInterpolated",
    "ExecuteSqlRaw": "ExecuteSqlInterpolated",
    "ExecuteSqlRawAsync": "ExecuteSqlInterpolatedAsync",
}
_LOGS = frozenset(
    {"info", "debug", "warn", "warning", "error", "trace", "log", "println", "print", "printf", "WriteLine"}
)
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
    if value is None or found[0].kind is not DefKind.ASSIGN or _is_read_elsewhere(scene, used, found[0]):
        raise Declined("expected a variable set in one place and read in one")
    unit = scene.unit_of(used)
    at, there = found[0].stmt, scene.statement_idx(used)
    for node in value.walk():
        if node.kind is K.NAME and set(unit.flow.reaching(node.text, at)) != set(unit.flow.reaching(node.text, there)):
            raise Declined(f"expected {node.text} not to change before the query runs")
        if node.kind is K.CALL and node is not value and need(node.get("callee")).text not in _STILL:
            raise Declined("expected values that can be read later")
    return value


def _is_read_elsewhere(scene: Scene, used: Node, definition: Definition) -> bool:
    """Whether anything but a log sees the value too, closures included."""
    unit = scene.unit_of(used)
    for node in unit.node.walk():
        if node.kind is not K.NAME or node.text != used.text or node is used or node is definition.node:
            continue
        if scene.unit_of(node) is not unit:
            return True
        try:
            sees = definition in scene.definitions(node)
        except Declined:
            continue  # a target
        if sees and node.field != "target" and not _is_logged(node):
            return True
    return False


def _is_logged(node: Node) -> bool:
    """Whether a value is the argument of a call that only writes it down."""
    args = node.parent
    call = args.parent if args is not None and args.kind is K.ARGS else None
    callee = call.get("callee") if call is not None else None
    return callee is not None and call is not None and callee.text in _LOGS and statement_of(call) is call


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
    if scene.has_api("sqlalchemy.text") and len(scene.arguments(call)) == 1:
        _, built = _query_argument(scene, call)
        edits, values = parameterise(scene, split_query(scene, built), COLON)
        given = ", ".join(f"p{n}={value}" for n, value in enumerate(values))
        return [*edits, scene.insert(call.end, f".bindparams({given})")]
    method = need(call.get("callee"), K.MEMBER).text
    if method == "raw" and scene.has_api("objects.raw", "QuerySet.raw") and len(scene.arguments(call)) == 1:
        first, built = _query_argument(scene, call)
        edits, values = parameterise(scene, split_query(scene, built), FORMAT)
        return [*edits, *insert_item_after(scene, need(call.get("args")), first, f"[{', '.join(values)}]")]
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
    if need(call.get("callee"), K.MEMBER).text in _TAGS:
        return _tagged(scene, call)
    if need(call.get("callee"), K.MEMBER).text not in _JS_METHODS or not 1 <= len(arguments) <= 2:
        raise Declined("expected query(text) or query(text, callback)")
    last = arguments[-1]
    is_callback = last.kind in (K.LAMBDA, K.FUNCTION) or (last.kind is K.NAME and last.text in _CALLBACKS)
    if len(arguments) == 2 and not is_callback:
        raise Declined("expected a query without parameters")
    first, built = _query_argument(scene, call)
    edits, values = parameterise(scene, split_query(scene, built), _by_import(scene, _JS_MARKERS))
    return [*edits, *insert_item_after(scene, need(call.get("args")), first, f"[{', '.join(values)}]")]


def _tagged(scene: Scene, call: Node) -> list[Edit]:
    """Prisma makes parameters of a tagged template: https://www.prisma.io/docs/orm/prisma-client/using-raw-sql"""
    callee, args = need(call.get("callee")), need(call.get("args"), K.ARGS)
    if len(args.children) != 1 or args.children[0].kind is not K.TEMPLATE:
        raise Declined("expected one template")
    template = args.children[0]
    unquoted = _keep_interpolations(scene, template)
    outside = [Edit(args.start, template.start, b""), Edit(template.end, args.end, b"")]
    return [scene.rename_member(callee, _TAGS[callee.text]), *outside, *unquoted]


def _keep_interpolations(scene: Scene, template: Node) -> list[Edit]:
    """The edits that take the quotes around interpolations away, every interpolation being a value."""
    query = split_query(scene, template)
    query.unwrap = []
    holes = [p for p in query.parts if isinstance(p, Hole)]
    markers = Markers(lambda n: scene.between(holes[n].start, holes[n].end), re.compile(r"(?!)"))
    edits, values = parameterise(scene, query, markers)
    if any(value != scene.text(hole.node) for value, hole in zip(values, holes, strict=True)):
        raise Declined("expected values without wildcards")
    return [e for e in edits if scene.source[e.start : e.end] != e.replacement]


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
        return _prepare(scene, call, first, built)
    raise Declined("expected JDBC, JdbcTemplate or JPA")


def _prepare(scene: Scene, call: Node, first: Node, built: Node) -> list[Edit]:
    """A `Statement` made for one query as a `PreparedStatement`: the text goes where it is made.

    https://docs.oracle.com/javase/tutorial/jdbc/basics/prepared.html
    """
    edits, values = parameterise(scene, split_query(scene, built), QUESTION)
    variable, created = _made_for(scene, call)
    declared, running = need(need(created.parent).get("type")), statement_of(call)
    if declared.text != "Statement" or statement_of(created) is running:
        raise Declined("expected a Statement declared before the query runs")
    if first is built:
        text, inside = _edited(scene, built, edits), []
    else:
        _expect_known(scene, first, created)
        text, inside = first.text, edits
    options = need(created.get("args"))
    sets = [f"{variable}.setObject({n + 1}, {value});" for n, value in enumerate(values)]
    return [
        *swap_type(scene, "java.sql.Statement", "java.sql.PreparedStatement", declared),
        scene.rename_member(need(created.get("callee")), "prepareStatement"),
        scene.insert(options.start + 1, f"{text}, " if options.children else text),
        *insert_before(scene, running, *sets),
        *inside,
        Edit(first.start, first.end, b""),
    ]


def _edited(scene: Scene, node: Node, edits: list[Edit]) -> str:
    """The text of a node on one line, with edits inside it made."""
    moved = (Edit(e.start - node.start, e.end - node.start, e.replacement) for e in edits)
    text = apply_edits(scene.source[node.start : node.end], moved).decode()
    if "\n" in text:
        raise Declined("expected a query on one line")
    return text


def _expect_known(scene: Scene, query: Node, created: Node) -> None:
    """The variable of the query has its value where the statement is made."""
    flow = scene.unit_of(query).flow
    if set(flow.reaching(query.text, scene.statement_idx(created))) != set(scene.definitions(query)):
        raise Declined("expected the query before the statement is made")


def _made_for(scene: Scene, call: Node) -> tuple[str, Node]:
    """The variable of the statement that runs a query, and the `createStatement()` that makes it for that alone."""
    variable = need(need(call.get("callee")).get("obj"), K.NAME)
    found = scene.definitions(variable)
    created = need(found[0].value if len(found) == 1 else None, K.CALL)
    uses = [n for n in scene.unit_of(call).node.walk() if n.kind is K.NAME and n.text == variable.text]
    others = [n for n in uses if n is not variable and n.field != "target" and need(n.parent).text != "close"]
    if need(created.get("callee"), K.MEMBER).text != "createStatement" or others:
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
        return _entity_framework(scene, anchor, callee)
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


def _entity_framework(scene: Scene, call: Node, callee: Node) -> list[Edit]:
    """Interpolations are parameters to Entity Framework: https://learn.microsoft.com/ef/core/querying/sql-queries"""
    arguments = scene.arguments(call)
    if len(arguments) != 1:
        raise Declined("expected a query without parameters")
    if arguments[0].kind is K.TEMPLATE:
        return [*_keep_interpolations(scene, arguments[0]), scene.rename_member(callee, _EF[callee.text])]
    first, built = _query_argument(scene, call)
    edits, values = parameterise(scene, split_query(scene, built), BRACES)
    return [*edits, *insert_item_after(scene, need(call.get("args")), first, ", ".join(values))]


_WRITERS: dict[Family, Callable[[Scene], list[Edit]]] = {
    Family.PYTHON: _python,
    Family.JAVASCRIPT: _javascript,
    Family.JAVA: _java,
    Family.CSHARP: _csharp,
}
