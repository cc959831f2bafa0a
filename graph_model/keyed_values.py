"""What an object may hold under some keys, by literals, spreads, `Object.assign` and stores; others are left out."""

from graph_model.conditions import find_key
from graph_model.evaluator import Evaluator
from graph_model.kinds import NodeKind as K
from graph_model.origins import EMPTY, Flow, OriginKind, Passed, merge
from graph_model.syntax import Node


def read_below(state: Evaluator, node: Node, keys: list[str], *, only_whole: bool) -> Flow:
    """The value under the keys at the current statement; `only_whole`: of objects that are not taken apart only a
    request's own count, since there the sender chooses keys that nobody asked for."""
    return _Reader(state, keys, only_whole=only_whole).read(node)


def read_keys(state: Evaluator, name: str, keys: list[str]) -> Flow:
    """What was stored in a variable under the keys themselves."""
    value = EMPTY
    for path in (path for key in keys for path in (f"{name}.{key}", f"{name}['{key}']")):
        if path in state.unit.flow.by_key:
            value = merge(value, state.read_path_writes(path))
    return value


class _Reader:
    def __init__(self, state: Evaluator, keys: list[str], *, only_whole: bool) -> None:
        self.state, self.keys, self.only_whole = state, keys, only_whole
        self.opened: set[int] = set()  # definitions: `o = {...o}` in a loop is one of its own parts

    def read(self, node: Node) -> Flow:
        """The value under the keys of an expression."""
        if node.kind is K.DICT:
            return self._read_literal(node)
        state = self.state
        if node.kind is K.CALL and state.resolver.callee(node, state.unit, state.stmt) == "Object.assign":
            args = node.get("args")
            return self._read_all(args.children if args is not None else [])
        if node.kind is K.NAME and node.text in state.unit.locals:
            return self._read_variable(node.text)
        return self._keep(state.evaluate(node))

    def _read_all(self, nodes: list[Node]) -> Flow:
        value = EMPTY
        for node in nodes:
            value = merge(value, self.read(node))
        return value

    def _read_literal(self, literal: Node) -> Flow:
        value = self._read_all([c.children[0] for c in literal.children if c.kind is K.SPREAD and c.children])
        for part in (find_key(literal, key) for key in self.keys):
            value = merge(value, self.state.evaluate(part)) if part is not None else value
        return value

    def _read_variable(self, name: str) -> Flow:
        value = read_keys(self.state, name, self.keys)
        for definition in list(self.state.unit.flow.reaching(name, self.state.stmt)):
            if definition.shadow_of is not None or definition.idx in self.opened:
                continue
            if definition.value is None or definition.value.kind is not K.DICT:
                value = merge(value, self._keep(self.state.result.values.get(definition.idx, EMPTY)))
                continue
            self.opened.add(definition.idx)
            now, self.state.stmt = self.state.stmt, definition.stmt
            value = merge(value, self._read_literal(definition.value))
            self.state.stmt = now
        return value

    def _keep(self, value: Flow) -> Flow:
        if not self.only_whole:
            return value
        origins = self.state.result.origins
        return {
            origin: mark
            for origin, mark in value.items()
            if origins[origin].kind is OriginKind.SOURCE and not mark[1] & Passed.ELEMENT
        }
