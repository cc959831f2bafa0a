"""How control leaves a statement other than at its end: break, continue, return, exceptions, calls that end it all.

`graph_model.control_flow` builds the statements; here is which loops, labels and finally blocks a jump meets.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from graph_model.encoding import EdgeType
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node, dotted_name

Edge = tuple[int, EdgeType]
Frontier = list[Edge]

_NEVER_RETURNING = frozenset({"sys.exit", "os._exit", "process.exit", "System.exit", "Environment.Exit"})
_NEVER_RETURNING_PYTHON = frozenset({"abort", "flask.abort", "exit", "quit"})
_THROWING = frozenset({K.CALL, K.NEW, K.INDEX, K.AWAIT, K.YIELD, K.CAST, K.MEMBER})


@dataclass(slots=True)
class JumpTarget:
    """Where break and continue of one enclosing loop, switch or label go."""

    label: str
    is_loop: bool
    breaks: Frontier = field(default_factory=list)
    continues: Frontier = field(default_factory=list)
    depth: int = 0  # how many finally blocks were open when it began


class Jumps:
    """The loops, switches, labels and finally blocks that are open around a statement.

    A jump out of a finally block's reach waits for that block. What leaves the unit at once is returned, to be
    linked to its end.
    """

    def __init__(self) -> None:
        self._targets: list[JumpTarget] = []
        self._waiting: list[list[tuple[str, str, Frontier]]] = []  # per open finally: way, label, from where

    def enter(self, label: str, *, is_loop: bool) -> JumpTarget:
        """Opens a loop, switch or label; its jumps are collected in the target."""
        target = JumpTarget(label, is_loop, depth=len(self._waiting))
        self._targets.append(target)
        return target

    def leave(self) -> None:
        """Closes the innermost loop, switch or label."""
        self._targets.pop()

    def open_finally(self) -> None:
        """From here on, jumps out wait for a finally block."""
        self._waiting.append([])

    def close_finally(self) -> list[tuple[str, str, Frontier]]:
        """What waits for the innermost finally block: "break", "continue" or "return", the label, from where."""
        return self._waiting.pop()

    def exit(self, frontier: Frontier) -> Frontier:
        """Leaves the unit, through the finally blocks that are open."""
        if not self._waiting:
            return frontier
        self._waiting[-1].append(("return", "", frontier))
        return []

    def jump(self, way: str, label: str, frontier: Frontier) -> Frontier:
        """Leads a "break" or "continue" to its target; one that has none leaves the unit."""
        for target in reversed(self._targets):
            if (label and target.label != label) or (not label and way == "continue" and not target.is_loop):
                continue
            if not label and way == "break" and target.label and not target.is_loop:
                continue
            if target.depth < len(self._waiting):
                self._waiting[-1].append((way, label, frontier))
            elif way == "break":
                target.breaks += frontier
            else:
                target.continues += frontier
            return []
        return self.exit(frontier)


def never_returns(call: Node) -> bool:
    """Whether a call ends the program or the request (`sys.exit()`, Flask's `abort()`)."""
    name = dotted_name(call.get("callee"))
    return name in _NEVER_RETURNING or (call.raw == "call" and name in _NEVER_RETURNING_PYTHON)


def may_throw(exprs: Iterable[Node]) -> bool:
    """Whether evaluating these can raise: they call, index, await, convert or read a member."""
    stack = list(exprs)
    while stack:
        node = stack.pop()
        if node.kind in _THROWING:
            return True
        if node.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS):
            stack.extend(node.children)
    return False
