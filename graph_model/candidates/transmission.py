"""Which connections without encryption leave nothing to read: those that stay on the machine."""

import re
from collections.abc import Iterator

from graph_model.candidates.view import UnitView
from graph_model.control_flow import Stmt
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_LABEL = "security/cleartext-transmission"
_HERE = re.compile(r"(?i)^(?:\w+://)?(?:localhost|127(?:\.\d+){3}|\[?::1\]?|0:0:0:0:0:0:0:1)(?::\d+)?(?:/|$)")


def stays_here(label: str, call: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether a call, or the chain of calls that it is made on, names the machine itself as the other end."""
    if label != _LABEL:
        return False
    values = (view.constants.evaluate(argument, stmt.idx) for argument in _arguments_of_chain(call))
    return any(isinstance(value, str) and _HERE.search(value) for value in values)


def _arguments_of_chain(call: Node) -> Iterator[Node]:
    node: Node | None = call
    while node is not None:
        args = node.get("args") if node.kind in (K.CALL, K.NEW) else None
        yield from args.children if args is not None else ()
        node = node.get("callee") if node.kind is K.CALL else node.get("obj") if node.kind is K.MEMBER else None
