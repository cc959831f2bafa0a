"""Statement-level control flow of one code unit (function, lambda, class body, module), for every language alike.

One generic walker over normalised syntax: structured control flow with branches, short-circuit conditions, loops,
break/continue with labels, try/catch/finally, return/throw, switch with and without fall-through, with/using and locks.
"""

from dataclasses import dataclass
from enum import IntEnum

from graph_model.encoding import EdgeType
from graph_model.jumps import Edge, Frontier, Jumps, JumpTarget, may_throw, never_returns
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node


class Role(IntEnum):
    """What a statement of the flow graph does."""

    ENTRY = 0
    EXIT = 1
    SIMPLE = 2
    COND = 3  # evaluates a condition and branches on it
    ITER = 4  # takes the next element, or leaves the loop
    CASE = 5  # compares the subject with the values of one case
    CATCH = 6
    WITH = 7
    LOCK = 8
    RETURN = 9
    THROW = 10
    DEFINE = 11  # a nested function or class


class Stmt:
    """One statement of the flow graph. `exprs` are what it evaluates; `loops` the ids of the loops around it."""

    __slots__ = ("cases", "exprs", "idx", "in_handler", "in_try", "loops", "node", "pred", "role", "succ")

    def __init__(self, idx: int, role: Role, node: Node, exprs: list[Node], loops: tuple[int, ...]) -> None:
        self.idx = idx
        self.role = role
        self.node = node
        self.exprs = exprs
        self.loops = loops
        self.succ: list[Edge] = []
        self.pred: list[Edge] = []
        self.cases: list[Node] = []
        self.in_try = False
        self.in_handler = False


@dataclass(slots=True)
class ControlFlow:
    """Statements (0 is the entry, 1 the exit) with typed edges; `loops[i]` is the node of loop i."""

    stmts: list[Stmt]
    loops: list[Node]
    headers: list[int]  # statement that decides loop i


_COMPOUND = frozenset({K.FUNCTION, K.CLASS})
_MAX_CASES = 512


def build_control_flow(unit: Node, body: Node | None) -> ControlFlow:
    """The flow graph of a unit whose statements are in `body` (a BLOCK, or a MODULE); None gives entry -> exit."""
    builder = _Builder(unit)
    frontier: Frontier = [(0, EdgeType.CFG_NEXT)]
    if body is not None:
        frontier = builder.block(body, frontier)
    builder.link(frontier, 1)
    return ControlFlow(builder.stmts, builder.loops, builder.headers)


class _Builder:
    def __init__(self, unit: Node) -> None:
        self.stmts: list[Stmt] = []
        self.loops: list[Node] = []
        self.headers: list[int] = []
        self.loop_stack: tuple[int, ...] = ()
        self.jumps = Jumps()
        self.try_depth = 0
        self.handler_depth = 0
        self._new(Role.ENTRY, unit, [])
        self._new(Role.EXIT, unit, [])

    def _new(self, role: Role, node: Node, exprs: list[Node]) -> Stmt:
        stmt = Stmt(len(self.stmts), role, node, exprs, self.loop_stack)
        stmt.in_try = self.try_depth > 0
        stmt.in_handler = self.handler_depth > 0
        self.stmts.append(stmt)
        return stmt

    def link(self, frontier: Frontier, to: int) -> None:
        target = self.stmts[to]
        for source, kind in frontier:
            self.stmts[source].succ.append((to, kind))
            target.pred.append((source, kind))

    def add(self, role: Role, node: Node, exprs: list[Node], frontier: Frontier) -> Stmt:
        stmt = self._new(role, node, exprs)
        self.link(frontier, stmt.idx)
        return stmt

    def block(self, node: Node, frontier: Frontier) -> Frontier:
        for child in node.children:
            frontier = self.statement(child, frontier)
        return frontier

    def statement(self, node: Node, frontier: Frontier) -> Frontier:
        handler = _HANDLERS.get(node.kind)
        if handler is not None:
            return handler(self, node, frontier)
        if node.kind in _COMPOUND:
            stmt = self.add(Role.DEFINE, node, node.all("decorators"), frontier)
        elif node.kind in (K.EMPTY, K.IMPORT, K.SCOPE, K.MODIFIER):
            return frontier
        else:
            stmt = self.add(Role.SIMPLE, node, [node], frontier)
        return [(stmt.idx, EdgeType.CFG_NEXT)]

    # Conditions ------------------------------------------------------------------------------------------------------

    def condition(self, node: Node, frontier: Frontier) -> tuple[Frontier, Frontier]:
        """Statements for a condition, short-circuit operators taken apart; where it goes if true, and if false."""
        if node.kind is K.BOOLEAN and node.text in ("and", "or"):
            left, right = node.get("left"), node.get("right")
            if left is not None and right is not None:
                true, false = self.condition(left, frontier)
                if node.text == "and":
                    true, right_false = self.condition(right, true)
                    return true, false + right_false
                right_true, false = self.condition(right, false)
                return true + right_true, false
        if node.kind is K.NOT:
            value = node.get("value")
            if value is not None:
                true, false = self.condition(value, frontier)
                return false, true
        stmt = self.add(Role.COND, node, [node], frontier)
        true, false = [(stmt.idx, EdgeType.CFG_TRUE)], [(stmt.idx, EdgeType.CFG_FALSE)]
        if node.kind is K.BOOL:
            return (true, []) if node.text == "true" else ([], false)
        if node.kind is K.INT:
            return (true, []) if node.text.strip("0") else ([], false)
        return true, false

    def if_(self, node: Node, frontier: Frontier) -> Frontier:
        cond, body, orelse = node.get("cond"), node.get("body"), node.get("orelse")
        true, false = self.condition(cond, frontier) if cond is not None else (frontier, frontier)
        after = self.statement(body, true) if body is not None else true
        return after + (self.statement(orelse, false) if orelse is not None else false)

    # Loops -----------------------------------------------------------------------------------------------------------

    def _enter_loop(self, node: Node, label: str) -> JumpTarget:
        self.loops.append(node)
        self.headers.append(0)
        self.loop_stack = (*self.loop_stack, len(self.loops) - 1)
        return self.jumps.enter(label, is_loop=True)

    def _leave_loop(self) -> None:
        self.jumps.leave()
        self.loop_stack = self.loop_stack[:-1]

    def _back(self, frontier: Frontier, to: int) -> None:
        self.link([(source, EdgeType.CFG_BACK) for source, _ in frontier], to)

    def _label(self, node: Node) -> str:
        parent = node.parent
        return parent.text if parent is not None and parent.kind is K.LABEL else ""

    def while_(self, node: Node, frontier: Frontier) -> Frontier:
        target = self._enter_loop(node, self._label(node))
        first = len(self.stmts)
        cond, body, orelse = node.get("cond"), node.get("body"), node.get("orelse")
        true, false = self.condition(cond, frontier) if cond is not None else self._always(node, frontier)
        self.headers[self.loop_stack[-1]] = first
        end = self.statement(body, true) if body is not None else true
        self._back(end + target.continues, first)
        self._leave_loop()
        if orelse is not None:
            false = self.statement(orelse, false)
        return false + target.breaks

    def _always(self, node: Node, frontier: Frontier) -> tuple[Frontier, Frontier]:
        stmt = self.add(Role.SIMPLE, node, [], frontier)
        return [(stmt.idx, EdgeType.CFG_NEXT)], []

    def do_(self, node: Node, frontier: Frontier) -> Frontier:
        target = self._enter_loop(node, self._label(node))
        first = len(self.stmts)
        body, cond = node.get("body"), node.get("cond")
        anchor = self.add(Role.SIMPLE, node, [], frontier)
        self.headers[self.loop_stack[-1]] = first
        end = self.statement(body, [(anchor.idx, EdgeType.CFG_NEXT)]) if body is not None else frontier
        entering = end + target.continues
        true, false = self.condition(cond, entering) if cond is not None else (entering, [])
        self._back(true, first)
        self._leave_loop()
        return false + target.breaks

    def for_(self, node: Node, frontier: Frontier) -> Frontier:
        for init in node.all("init"):
            frontier = self.statement(init, frontier)
        target = self._enter_loop(node, self._label(node))
        first = len(self.stmts)
        cond, body = node.get("cond"), node.get("body")
        true, false = self.condition(cond, frontier) if cond is not None else self._always(node, frontier)
        self.headers[self.loop_stack[-1]] = first
        end = self.statement(body, true) if body is not None else true
        end = end + target.continues
        for update in node.all("update"):
            end = self.statement(update, end)
        self._back(end, first)
        self._leave_loop()
        return false + target.breaks

    def each(self, node: Node, frontier: Frontier) -> Frontier:
        iterated, body, orelse = node.get("iter"), node.get("body"), node.get("orelse")
        target = self._enter_loop(node, self._label(node))
        header = self.add(Role.ITER, node, [iterated] if iterated is not None else [], frontier)
        self.headers[self.loop_stack[-1]] = header.idx
        inside: Frontier = [(header.idx, EdgeType.CFG_TRUE)]
        end = self.statement(body, inside) if body is not None else inside
        self._back(end + target.continues, header.idx)
        self._leave_loop()
        after: Frontier = [(header.idx, EdgeType.CFG_FALSE)]
        if orelse is not None:
            after = self.statement(orelse, after)
        return after + target.breaks

    def label(self, node: Node, frontier: Frontier) -> Frontier:
        body = node.get("body")
        if body is None:
            return self.block(node, frontier)
        target = self.jumps.enter(node.text, is_loop=False)
        end = self.statement(body, frontier)
        self.jumps.leave()
        return end + target.breaks

    # Leaving ---------------------------------------------------------------------------------------------------------

    def leave(self, node: Node, frontier: Frontier) -> Frontier:
        """return and throw."""
        role = Role.RETURN if node.kind is K.RETURN else Role.THROW
        stmt = self.add(role, node, list(node.children), frontier)
        edge = EdgeType.CFG_NEXT if role is Role.RETURN else EdgeType.CFG_EXCEPTION
        out: Frontier = [(stmt.idx, edge)]
        if role is Role.THROW and self.try_depth:
            return []  # linked to the handlers with the other statements of the try body
        self.link(self.jumps.exit(out), 1)
        return []

    def call(self, node: Node, frontier: Frontier) -> Frontier:
        """A call as a statement; nothing follows one that never comes back (`sys.exit()`, Flask's `abort()`)."""
        stmt = self.add(Role.SIMPLE, node, [node], frontier)
        if not never_returns(node):
            return [(stmt.idx, EdgeType.CFG_NEXT)]
        if not self.try_depth:
            self.link(self.jumps.exit([(stmt.idx, EdgeType.CFG_EXCEPTION)]), 1)
        return []

    def jump(self, node: Node, frontier: Frontier) -> Frontier:
        """break and continue."""
        stmt = self.add(Role.SIMPLE, node, [], frontier)
        way = "break" if node.kind is K.BREAK else "continue"
        self.link(self.jumps.jump(way, node.text, [(stmt.idx, EdgeType.CFG_NEXT)]), 1)
        return []

    # try, with, lock, switch -----------------------------------------------------------------------------------------

    def try_(self, node: Node, frontier: Frontier) -> Frontier:
        final = node.get("finally")
        handlers = node.all("handler")
        if final is not None:
            self.jumps.open_finally()
        frontier = self._resources(node, frontier)
        first = len(self.stmts)
        self.try_depth += 1 if handlers or final is not None else 0
        body, orelse = node.get("body"), node.get("orelse")
        end = self.statement(body, frontier) if body is not None else frontier
        self.try_depth -= 1 if handlers or final is not None else 0
        throwing = [s.idx for s in self.stmts[first:] if s.role is Role.THROW or may_throw(s.exprs)]
        raised: Frontier = [(idx, EdgeType.CFG_EXCEPTION) for idx in throwing] or [(first - 1, EdgeType.CFG_EXCEPTION)]
        if orelse is not None:
            end = self.statement(orelse, end)
        self.handler_depth += 1
        for handler in handlers:
            caught = self.add(Role.CATCH, handler, [], raised)
            inner = handler.get("body")
            out: Frontier = [(caught.idx, EdgeType.CFG_NEXT)]
            end = end + (self.statement(inner, out) if inner is not None else out)
        self.handler_depth -= 1
        if final is None:
            return end
        return self._finally(final, end, raised if not handlers else [], throws=not handlers)

    def _finally(self, final: Node, end: Frontier, raised: Frontier, *, throws: bool) -> Frontier:
        """The finally block once: reached normally, by exceptions and by jumps, which then go on as before."""
        pending = self.jumps.close_finally()
        arriving = end + raised + [edge for _, _, frontier in pending for edge in frontier]
        out = self.statement(final, arriving)
        for way, label, _ in pending:
            if way == "return":
                self.link(self.jumps.exit(list(out)), 1)
            else:
                self.link(self.jumps.jump(way, label, list(out)), 1)
        if throws and out:
            self.link(self.jumps.exit([(idx, EdgeType.CFG_EXCEPTION) for idx, _ in out]), 1)
        return out if end else []

    def _resources(self, node: Node, frontier: Frontier) -> Frontier:
        for item in node.all("resources"):
            stmt = self.add(Role.WITH, item, [item], frontier)
            frontier = [(stmt.idx, EdgeType.CFG_NEXT)]
        return frontier

    def with_(self, node: Node, frontier: Frontier) -> Frontier:
        frontier = self._resources(node, frontier)
        body = node.get("body")
        return self.statement(body, frontier) if body is not None else frontier

    def lock(self, node: Node, frontier: Frontier) -> Frontier:
        stmt = self.add(Role.LOCK, node, node.all("value"), frontier)
        body = node.get("body")
        out: Frontier = [(stmt.idx, EdgeType.CFG_NEXT)]
        return self.statement(body, out) if body is not None else out

    def switch(self, node: Node, frontier: Frontier) -> Frontier:
        subject = node.get("subject")
        target = self.jumps.enter("", is_loop=False)
        falls = node.text == "fallthrough"
        cases = [child for child in node.children if child.kind is K.CASE][:_MAX_CASES]
        waiting = frontier
        ends: Frontier = []
        default: Node | None = None
        last: Frontier = []
        for case in cases:
            if case.text == "default" and case is not cases[-1]:
                default = case
            stmt = self.add(Role.CASE, case, [subject] if subject is not None else [], waiting)
            stmt.cases = case.all("value")
            true: Frontier = [(stmt.idx, EdgeType.CFG_TRUE)]
            guard = case.get("cond")
            waiting = [] if case.text == "default" and case is cases[-1] else [(stmt.idx, EdgeType.CFG_FALSE)]
            if guard is not None:
                true, false = self.condition(guard, true)
                waiting = waiting + false
            if falls:
                true = true + last
            body = case.get("body")
            last = self.statement(body, true) if body is not None else true
            if not falls:
                ends += last
        self.jumps.leave()
        if default is not None:
            waiting = []
        return ends + (last if falls else []) + waiting + target.breaks

    def declaration(self, node: Node, frontier: Frontier) -> Frontier:
        """A declaration of several variables is one statement each."""
        if len(node.children) <= 1:
            stmt = self.add(Role.SIMPLE, node, [node], frontier)
            return [(stmt.idx, EdgeType.CFG_NEXT)]
        for child in node.children:
            stmt = self.add(Role.SIMPLE, child, [child], frontier)
            frontier = [(stmt.idx, EdgeType.CFG_NEXT)]
        return frontier

    def export(self, node: Node, frontier: Frontier) -> Frontier:
        for child in node.children:
            frontier = self.statement(child, frontier)
        return frontier


_HANDLERS = {
    K.BLOCK: _Builder.block,
    K.MODULE: _Builder.block,
    K.NAMESPACE: _Builder.block,
    K.EXPORT: _Builder.export,
    K.IF: _Builder.if_,
    K.LOOP_WHILE: _Builder.while_,
    K.LOOP_DO: _Builder.do_,
    K.LOOP_FOR: _Builder.for_,
    K.LOOP_EACH: _Builder.each,
    K.LABEL: _Builder.label,
    K.RETURN: _Builder.leave,
    K.THROW: _Builder.leave,
    K.CALL: _Builder.call,
    K.BREAK: _Builder.jump,
    K.CONTINUE: _Builder.jump,
    K.TRY: _Builder.try_,
    K.WITH: _Builder.with_,
    K.LOCK: _Builder.lock,
    K.SWITCH: _Builder.switch,
    K.DECL: _Builder.declaration,
    K.FIELD_DECL: _Builder.declaration,
}
