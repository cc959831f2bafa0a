"""Constant expressions: literals, arithmetic, comparison and constant variables, and branches that they decide."""

import operator
from collections.abc import Callable
from typing import Any

from graph_model.control_flow import Role
from graph_model.definitions import DefKind
from graph_model.kinds import NodeKind as K
from graph_model.program import Unit
from graph_model.syntax import Node, dotted_name

UNKNOWN = object()
"""What `evaluate` answers for a value it cannot know (None is a constant)."""

_MAX_TEXT = 4_096
_MAX_INT = 1 << 63
_ARITHMETIC: dict[str, Callable[[object, object], object]] = {
    "+": lambda a, b: a + b,  # type: ignore[operator]  # guarded by _same_sort
    "-": lambda a, b: a - b,  # type: ignore[operator]
    "*": lambda a, b: a * b,  # type: ignore[operator]
    "/": lambda a, b: a / b,  # type: ignore[operator]
    "//": lambda a, b: a // b,  # type: ignore[operator]
    "%": lambda a, b: a % b,  # type: ignore[operator]
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {  # any two constants: a TypeError is caught
    "==": operator.eq, "===": operator.eq, "!=": operator.ne, "!==": operator.ne,
    "is": operator.eq, "is not": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Constants:
    """Evaluates expressions of one unit; a variable is constant when every definition that reaches it agrees."""

    def __init__(self, unit: Unit, outer: "Constants | None" = None) -> None:
        self.unit = unit
        self.outer = outer
        self._busy: set[int] = set()

    def evaluate(self, node: Node | None, stmt: int) -> object:
        """The constant value, or UNKNOWN. Never runs code: only literals and operators are computed."""
        if node is None:
            return UNKNOWN
        handler = _EVALUATORS.get(node.kind)
        return handler(self, node, stmt) if handler is not None else UNKNOWN

    def _int(self, node: Node, stmt: int) -> object:
        text = node.text.replace("_", "").rstrip("lLuUnN")
        try:
            value = int(text, 0) if len(text) < 20 else UNKNOWN
        except ValueError:
            return int(text, 8) if text.isdigit() and text.startswith("0") and not set(text) & {"8", "9"} else UNKNOWN
        return value

    def _float(self, node: Node, stmt: int) -> object:
        try:
            return float(node.text.rstrip("fFdDmM"))
        except ValueError:
            return UNKNOWN

    def _text(self, node: Node, stmt: int) -> object:
        return node.text

    def _bool(self, node: Node, stmt: int) -> object:
        return node.text == "true"

    def _null(self, node: Node, stmt: int) -> object:
        return None

    def _name(self, node: Node, stmt: int) -> object:
        unit = self.unit
        if node.text not in unit.locals:
            return self.outer.constant_variable(node.text) if self.outer is not None else UNKNOWN
        if id(node) in self._busy or stmt >= len(unit.flow.reach_in):
            return UNKNOWN
        self._busy.add(id(node))
        value: object = UNKNOWN
        first = True
        for definition in unit.flow.reaching(node.text, stmt):
            if definition.kind is not DefKind.ASSIGN or definition.value is None or definition.shadow_of is not None:
                value = UNKNOWN
                break
            found = self.evaluate(definition.value, definition.stmt)
            if found is UNKNOWN or (not first and found != value):
                value = UNKNOWN
                break
            value, first = found, False
        self._busy.discard(id(node))
        return value

    def constant_variable(self, name: str) -> object:
        """The value of a variable of this unit that has one definition, a constant one (module constants)."""
        if name not in self.unit.locals:
            return self.outer.constant_variable(name) if self.outer is not None else UNKNOWN
        found = self.unit.definitions_of(name)
        if len(found) != 1 or found[0].kind is not DefKind.ASSIGN or found[0].value is None:
            return UNKNOWN
        return self.evaluate(found[0].value, found[0].stmt)

    def _binary(self, node: Node, stmt: int) -> object:
        compute = _ARITHMETIC.get(node.text)
        if compute is None:
            return UNKNOWN
        left = self.evaluate(node.get("left"), stmt)
        right = self.evaluate(node.get("right"), stmt) if left is not UNKNOWN else UNKNOWN
        if isinstance(left, str) and isinstance(right, int) and node.text == "*" and node.raw == "binary_operator":
            return left * right if right * len(left) <= _MAX_TEXT else UNKNOWN  # Python repeats a text
        if right is UNKNOWN or not _same_sort(left, right) or (isinstance(left, str) and node.text != "+"):
            return UNKNOWN
        try:
            value = compute(left, right)
        except (ArithmeticError, TypeError, ValueError):
            return UNKNOWN
        too_big = len(value) > _MAX_TEXT if isinstance(value, str) else abs(value) > _MAX_INT  # type: ignore[arg-type]
        return UNKNOWN if too_big else value

    def _compare(self, node: Node, stmt: int) -> object:
        compare = _COMPARISONS.get(node.text)
        if compare is None or len(node.children) != 2:
            return UNKNOWN
        left = self.evaluate(node.get("left"), stmt)
        right = self.evaluate(node.get("right"), stmt) if left is not UNKNOWN else UNKNOWN
        if right is UNKNOWN:
            return UNKNOWN
        try:
            return compare(left, right)
        except TypeError:
            return UNKNOWN

    def _boolean(self, node: Node, stmt: int) -> object:
        left = self.evaluate(node.get("left"), stmt)
        if left is not UNKNOWN and node.text in ("and", "or"):
            decided = not left if node.text == "and" else bool(left)
            return left if decided else self.evaluate(node.get("right"), stmt)
        return UNKNOWN

    def _not(self, node: Node, stmt: int) -> object:
        value = self.evaluate(node.get("value"), stmt)
        return UNKNOWN if value is UNKNOWN else not value

    def _unary(self, node: Node, stmt: int) -> object:
        value = self.evaluate(node.get("value"), stmt)
        return -value if node.text == "-" and isinstance(value, int | float) else UNKNOWN

    def _ternary(self, node: Node, stmt: int) -> object:
        cond = self.evaluate(node.get("cond"), stmt)
        return UNKNOWN if cond is UNKNOWN else self.evaluate(node.get("body" if cond else "orelse"), stmt)

    def _index(self, node: Node, stmt: int) -> object:
        obj, key = self.evaluate(node.get("obj"), stmt), node.get("key")
        if key is not None and key.kind is K.ARGS and len(key.children) == 1:
            key = key.children[0]
        position = self.evaluate(key, stmt) if isinstance(obj, str) else UNKNOWN
        return (
            obj[position]
            if isinstance(obj, str) and isinstance(position, int) and -len(obj) <= position < len(obj)
            else UNKNOWN
        )

    def _call(self, node: Node, stmt: int) -> object:
        """`"abc".charAt(1)` of a constant text, and a constant text as bytes."""
        callee, args = node.get("callee"), node.get("args")
        if callee is not None and callee.kind is K.MEMBER and args is not None:
            encoded = _encoded_text(callee, args)
            if encoded is not None:
                text = self.evaluate(encoded, stmt)
                return text if isinstance(text, str) else UNKNOWN
        if (
            callee is None
            or callee.kind is not K.MEMBER
            or callee.text not in ("charAt", "at")
            or args is None
            or len(args.children) != 1
        ):
            return UNKNOWN
        text, position = self.evaluate(callee.get("obj"), stmt), self.evaluate(args.children[0], stmt)
        return (
            text[position]
            if isinstance(text, str) and isinstance(position, int) and 0 <= position < len(text)
            else UNKNOWN
        )

    def _template(self, node: Node, stmt: int) -> object:
        parts: list[str] = []
        for child in node.children:
            value = child.text if child.kind is K.TEXT else self.evaluate(child.get("value"), stmt)
            if not isinstance(value, str):
                return UNKNOWN
            parts.append(value)
        return "".join(parts)

    def _inner(self, node: Node, stmt: int) -> object:
        return self.evaluate(node.get("value"), stmt)


def _encoded_text(callee: Node, args: Node) -> Node | None:
    """The text that a call turns into bytes: `"k".getBytes()`, `Buffer.from("k")`, `enc.Utf8.parse("k")`."""
    name, obj = callee.text, callee.get("obj")
    if (
        name in ("getBytes", "toCharArray", "ToCharArray", "encode")
        and obj is not None
        and obj.kind in (K.STRING, K.NAME)
    ):
        return obj
    first = args.children[0] if args.children else None
    if name == "GetBytes" or (name == "from" and dotted_name(obj) == "Buffer"):
        return first
    return first if name == "parse" and ".enc." in f".{dotted_name(obj)}." else None


def _same_sort(left: object, right: object) -> bool:
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return numbers or (isinstance(left, str) and isinstance(right, str))


_EVALUATORS: dict[K, Callable[[Constants, Node, int], object]] = {
    K.INT: Constants._int,
    K.FLOAT: Constants._float,
    K.STRING: Constants._text,
    K.REGEX: Constants._text,
    K.BOOL: Constants._bool,
    K.NULL: Constants._null,
    K.NAME: Constants._name,
    K.BINARY: Constants._binary,
    K.COMPARE: Constants._compare,
    K.BOOLEAN: Constants._boolean,
    K.NOT: Constants._not,
    K.UNARY: Constants._unary,
    K.TERNARY: Constants._ternary,
    K.INDEX: Constants._index,
    K.CALL: Constants._call,
    K.TEMPLATE: Constants._template,
    K.CAST: Constants._inner,
}


def fold_conditions(unit: Unit, constants: Constants) -> None:
    """Finds conditions whose outcome is constant and solves the unit's flow without the edges that cannot run."""
    decided = _decide(unit, constants)
    if decided:
        unit.flow.constant_edges.update(decided)
        unit.refold()


def is_folded(unit: Unit, constants: Constants) -> bool:
    """Whether a folded unit would be folded the same now: its conditions may rest on variables of units around."""
    folded = unit.flow.constant_edges
    if not folded:
        return not _decide(unit, constants)
    unit.flow.constant_edges = {}
    unit.refold()
    decided = _decide(unit, constants)
    unit.flow.constant_edges = folded
    unit.refold()
    return decided == folded


def _decide(unit: Unit, constants: Constants) -> dict[int, bool]:
    """The conditions whose outcome is constant, by statement."""
    decided: dict[int, bool] = {}
    for stmt in unit.control.stmts:
        if stmt.role is Role.COND and stmt.exprs and stmt.exprs[0].kind not in (K.NAME, K.CALL, K.MEMBER):
            value = constants.evaluate(stmt.exprs[0], stmt.idx)
            if value is not UNKNOWN:
                decided[stmt.idx] = bool(value)
        elif stmt.role is Role.CASE and stmt.exprs and stmt.cases:
            outcome = _case_outcome(constants, stmt.exprs[0], stmt.cases, stmt.idx)
            if outcome is not None:
                decided[stmt.idx] = outcome
    return decided


def _case_outcome(constants: Constants, subject: Node, cases: list[Node], stmt: int) -> bool | None:
    value = constants.evaluate(subject, stmt)
    if value is UNKNOWN:
        return None
    outcomes = [_matches(constants, value, case, stmt) for case in cases]
    if any(outcomes):
        return True
    return False if all(outcome is False for outcome in outcomes) else None


def _matches(constants: Constants, value: object, case: Node, stmt: int) -> bool | None:
    if case.kind is K.PATTERN:
        outcomes = [_matches(constants, value, child, stmt) for child in case.children]
        return True if any(outcomes) else False if outcomes and all(o is False for o in outcomes) else None
    if case.kind in (K.STRING, K.INT, K.UNARY, K.BOOL, K.NULL):
        return constants.evaluate(case, stmt) == value
    return None
