"""Async functions that block or forget to await, threads that wait under a lock."""

from collections.abc import Iterator

from graph_model.access_paths import root_name
from graph_model.candidates.loops import loop_context
from graph_model.candidates.model import StepRole
from graph_model.candidates.view import Draft, UnitView
from graph_model.control_flow import Role as StmtRole
from graph_model.control_flow import Stmt
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.packs.model import Role
from graph_model.syntax import Node

_WAITS = frozenset({"Wait", "WaitAll", "WaitAny", "GetResult"})

_WRITERS = frozenset(
    {
        "Handler", "StreamHandler", "FileHandler", "Writer", "PrintWriter", "BufferedWriter", "OutputStream",
        "FilterOutputStream", "PrintStream", "BufferedOutputStream", "AppenderBase", "AppenderSkeleton",
        "AbstractAppender", "TraceListener", "TextWriterTraceListener"
    }
)  # fmt: skip


def _facts(view: UnitView, stmt: Stmt) -> dict[str, float]:
    return {
        "in_loop": float(bool(stmt.loops)),
        "in_entry": float(view.is_entry),
        "in_try": float(stmt.in_try),
        "in_handler": float(stmt.in_handler),
    }


def find_blocking_in_async(view: UnitView) -> Iterator[Draft]:
    """Calls that block the event loop's thread inside an async function."""
    if not view.unit.is_async or _starts_program(view):
        return
    for stmt, call, name, role in view.calls_with(Role.BLOCKING):
        if _is_awaited(call) or _is_completed(view, call, stmt):
            continue
        yield Draft(
            "performance/blocking-call-in-async",
            call,
            stmt.idx,
            name,
            facts=_facts(view, stmt),
            words={"api": name.removeprefix("?."), "name": role.note},
        )


def _starts_program(view: UnitView) -> bool:
    """Whether a unit is where a C# program begins, its `Main` or its top level: nothing else waits for the thread."""
    if view.program.family is not Family.CSHARP:
        return False
    return view.unit.name == "Main" or view.unit.parent is None


def _is_completed(view: UnitView, call: Node, stmt: Stmt) -> bool:
    """Whether the task whose result is asked for was awaited before: there is nothing left to wait for."""
    asked = call.get("callee") if call.kind is K.CALL else call
    task = root_name(asked) if asked is not None and asked.text in (*_WAITS, "Result") else ""
    return bool(task) and any(
        earlier.idx != stmt.idx
        and view.unit.flow.dominates(earlier.idx, stmt.idx)
        and any(node.kind is K.NAME and node.text == task for node in awaited.walk())
        for earlier, awaited in view.expressions(K.AWAIT)
    )


def _is_awaited(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.kind in (K.MEMBER, K.CALL, K.CAST):
        if parent.kind is K.CALL and parent.get("callee") is not None and node.parent is not parent.get("callee"):
            break
        parent = parent.parent
    return parent is not None and parent.kind is K.AWAIT


def find_sync_over_async(view: UnitView) -> Iterator[Draft]:
    """`.Result`, `.Wait()` and `.GetAwaiter().GetResult()` on a task, and `asyncio.run` inside async code."""
    if view.program.family is not Family.CSHARP or _starts_program(view):
        return
    for stmt, node in view.expressions(K.MEMBER, K.CALL):
        api = ""
        if node.kind is K.MEMBER and node.text == "Result" and not _is_called(node):
            obj = node.get("obj")
            api = "Task.Result" if obj is not None and _is_task(view, obj, stmt) else ""
        elif node.kind is K.CALL:
            callee = node.get("callee")
            if callee is not None and callee.kind is K.MEMBER and callee.text in _WAITS:
                obj = callee.get("obj")
                known = obj is not None and (_is_task(view, obj, stmt) or callee.text == "GetResult")
                api = f"Task.{callee.text}" if known else ""
        if api and not _is_completed(view, node, stmt):
            facts = {**_facts(view, stmt), "async_unit": float(view.unit.is_async)}
            yield Draft(
                "performance/sync-over-async",
                node,
                stmt.idx,
                api,
                facts=facts,
                words={"api": api, "name": view.unit.name},
            )


def _is_called(node: Node) -> bool:
    return node.parent is not None and node.parent.kind is K.CALL and node.parent.get("callee") is node


def _is_task(view: UnitView, node: Node, stmt: Stmt) -> bool:
    """A call whose name ends in Async, or a value of a task type."""
    if node.kind is K.CALL:
        callee = node.get("callee")
        text = callee.text if callee is not None else ""
        return text.endswith("Async") or text in ("Run", "WhenAll", "StartNew", "Delay", "FromResult")
    return "Task" in view.resolver.resolve(node, view.unit, stmt.idx).rpartition(".")[2]


def find_sequential_awaits(view: UnitView) -> Iterator[Draft]:
    """`await` under a loop whose rounds do not need each other."""
    if not view.unit.is_async:
        return
    for stmt, node in view.expressions(K.AWAIT):
        if node.kind is not K.AWAIT or not stmt.loops:
            continue
        value = node.get("value")
        loop = loop_context(view, stmt)
        if (
            value is None
            or value.kind is not K.CALL
            or loop is None
            or loop.node.kind is not K.LOOP_EACH
            or "async" in loop.node.text
        ):
            continue
        api = view.resolver.callee(value, view.unit, stmt.idx)
        assigned = {d.key for d in view.unit.flow.by_stmt[stmt.idx]}
        used = {n.text for n in value.walk() if n.kind is K.NAME}
        facts = {
            **_facts(view, stmt),
            "depends_on_round_before": float(bool(assigned & used)),
            "result_used": float(bool(assigned)),
            "loop_leaves_early": float(_leaves_early(loop.node)),
            "known_api": float(bool(view.resolver.roles(value, view.unit, stmt.idx))),
        }
        steps = [(loop.node, StepRole.LOOP, "")]
        yield Draft(
            "performance/sequential-await-in-loop",
            node,
            stmt.idx,
            api,
            steps,
            facts,
            {"api": api.removeprefix("?."), "name": api},
        )


def _leaves_early(loop: Node) -> bool:
    body = loop.get("body")
    return body is not None and any(n.kind in (K.BREAK, K.RETURN) for n in body.walk())


def find_forgotten_awaits(view: UnitView) -> Iterator[Draft]:
    """A coroutine or promise that nothing awaits, stores, returns or chains."""
    if not view.unit.is_function and view.program.family is not Family.JAVASCRIPT:
        return
    for idx in view.unit.flow.order:
        stmt = view.unit.control.stmts[idx]
        if stmt.role is not StmtRole.SIMPLE or len(stmt.exprs) != 1 or stmt.exprs[0].kind is not K.CALL:
            continue
        call = stmt.exprs[0]
        name = view.resolver.callee(call, view.unit, idx)
        by_pack = any(r.role is Role.ASYNC for r in view.resolver.roles(call, view.unit, idx))
        last = name.rpartition(".")[2]
        same_file = last in view.program.async_names and _is_own(view, call, name)
        if not (by_pack or same_file) or (view.program.family is Family.JAVASCRIPT and not view.unit.is_async):
            continue
        facts = {**_facts(view, stmt), "async_unit": float(view.unit.is_async), "by_pack": float(by_pack)}
        yield Draft(
            "correctness/missing-await",
            call,
            idx,
            name,
            facts=facts,
            words={"api": name.removeprefix("?."), "name": last},
            fix="add-await",
        )


def _is_own(view: UnitView, call: Node, name: str) -> bool:
    """A function of this file, or a method of this class, and every function of that name is async."""
    callee = call.get("callee")
    if callee is None:
        return False
    same_name = [u for u in view.program.units if u.name == name.rpartition(".")[2]]
    if not all(u.is_async for u in same_name):
        return False
    if callee.kind is K.NAME:
        return callee.text in view.program.functions
    obj = callee.get("obj")
    return obj is not None and (obj.kind is K.THIS or obj.text == view.unit.receiver)


def find_waiting_under_lock(view: UnitView) -> Iterator[Draft]:
    """Blocking calls inside a critical section (lock, synchronized, `with lock`)."""
    for stmt, call, name, role in _waits(view):
        holder = _lock_around(call) or _lock_before(view, stmt) or _synchronized(view)
        if holder is None or _is_writer(view):
            continue
        facts = {**_facts(view, stmt), "is_query": float(role is Role.QUERY)}
        steps = [(holder, StepRole.CONTEXT, "the lock is held from here")]
        yield Draft(
            "performance/lock-held-during-io",
            call,
            stmt.idx,
            name,
            steps,
            facts,
            {"api": name.removeprefix("?."), "name": ""},
        )


def _is_writer(view: UnitView) -> bool:
    """A method of a writer or log handler, whose lock is there to keep what is written in order."""
    cls = view.unit.cls
    return cls is not None and any(base.rpartition(".")[2] in _WRITERS for base in cls.bases)


def _waits(view: UnitView) -> Iterator[tuple[Stmt, Node, str, Role]]:
    for wanted in (Role.BLOCKING, Role.QUERY):
        for stmt, call, name, role in view.calls_with(wanted):
            yield stmt, call, name, role.role


def _lock_around(node: Node) -> Node | None:
    parent = node.parent
    while parent is not None and parent.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS):
        if parent.kind is K.LOCK:
            return parent
        if parent.kind is K.WITH and any(_names_lock(item.get("value")) for item in parent.all("resources")):
            return parent
        parent = parent.parent
    return None


def _lock_before(view: UnitView, stmt: Stmt) -> Node | None:
    """The call that took a lock on every way to a statement and whose release is on none of them: `lock.lock()`."""
    flow = view.unit.flow
    for held, call, _, role in view.calls_with(Role.LOCK):
        if held.idx == stmt.idx or not role.release or not flow.dominates(held.idx, stmt.idx):
            continue
        receiver = root_name(call.get("callee"))
        released = any(
            flow.dominates(held.idx, other.idx)
            and flow.dominates(other.idx, stmt.idx)
            and root_name(later.get("callee")) == receiver
            for other, later, name, _ in view.calls
            if name.rpartition(".")[2] in role.release
        )
        if not released:
            return call
    return None


def _synchronized(view: UnitView) -> Node | None:
    """The name of a method that holds its object's lock as a whole."""
    node = view.unit.node
    return (node.get("name") or node) if node.kind is K.FUNCTION and "synchronized" in node.text.split() else None


def _names_lock(node: Node | None) -> bool:
    if node is None or node.kind not in (K.NAME, K.MEMBER):
        return False
    name = node.text.lower()
    return name.endswith(("lock", "mutex")) or "_lock" in name
