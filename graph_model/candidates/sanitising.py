"""Values that a sanitiser has been over before they are set: through variables, state of a component, and functions of
the same file. Also where markup does no harm: style sheets and linked data."""

import re
from collections.abc import Iterator, Mapping

from graph_model.candidates.view import UnitView
from graph_model.conditions import find_key
from graph_model.constants import UNKNOWN
from graph_model.control_flow import Role as StmtRole
from graph_model.definitions import Definition, DefKind
from graph_model.evaluator import label_mask
from graph_model.guards import view_bits
from graph_model.kinds import NodeKind as K
from graph_model.packs.model import Role
from graph_model.program import Unit
from graph_model.syntax import Node

_UNESCAPED = "security/unescaped-template"
_SAYS_SO = re.compile(r"(?i)(^|[._]|(?<=[a-z]))(saniti[sz]e|purify|escape|encode_?(for_?)?html)")
_SAYS_OTHERWISE = re.compile(r"(?i)unescape|unsaniti|un_escape")
_MARKUP_OF_PAGE = frozenset({"innerHTML", "outerHTML"})  # what was markup stays what it was
_KEEPS = frozenset({"trim", "toString", "strip", "ToString"})
_MEMOISED = frozenset({"useMemo", "useCallback", "computed", "memo"})
_CONSTANT = frozenset({K.TEXT, K.STRING, K.INT, K.FLOAT, K.BOOL, K.NULL, K.REGEX})
_MAX_DEPTH = 8


def is_sanitised(label: str, node: Node, view: UnitView, stmt: int) -> bool:
    """Whether an expression holds nothing but constants and what the label's sanitisers have given."""
    return _Search(label, view).holds(_Place(view.unit, node, stmt), 0)


def is_no_page_markup(node: Node) -> bool:
    """Whether a property of an element is set where markup is none: a style sheet, or data for search engines."""
    while node.kind is not K.ELEMENT:
        if node.parent is None or node.kind in (K.BLOCK, K.FUNCTION):
            return False
        node = node.parent
    if node.text == "style":
        return True
    kind = next((a.get("value") for a in node.walk() if a.kind is K.ATTRIBUTE and a.text == "type"), None)
    return node.text == "script" and kind is not None and kind.text.endswith("json")


class _Place:
    """An expression, its unit, the statement that evaluates it (-1: any), the arguments its unit was called with."""

    __slots__ = ("given", "node", "stmt", "unit")

    def __init__(self, unit: Unit, node: Node, stmt: int, given: "Mapping[str, _Place] | None" = None) -> None:
        self.unit, self.node, self.stmt, self.given = unit, node, stmt, given or {}

    def at(self, node: Node) -> "_Place":
        """Another expression of the same statement."""
        return _Place(self.unit, node, self.stmt, self.given)


class _Search:
    def __init__(self, label: str, view: UnitView) -> None:
        self.label, self.view = label, view

    def holds(self, place: _Place, depth: int) -> bool:
        """Whether a value is constant or sanitised."""
        node = place.node
        if depth > _MAX_DEPTH:
            return False
        if node.kind in _CONSTANT or self._is_constant(place):
            return True
        if node.kind in (K.CALL, K.NEW):
            return self._is_sanitising(place, depth)
        if node.kind is K.MEMBER:
            return self.label == _UNESCAPED and node.text in _MARKUP_OF_PAGE
        if node.kind is K.NAME:
            return self._name_holds(place, depth)
        parts = _parts(node)
        return bool(parts) and all(self.holds(place.at(part), depth + 1) for part in parts)

    def _is_constant(self, place: _Place) -> bool:
        here = place.unit is self.view.unit and place.stmt >= 0
        return here and self.view.constants.evaluate(place.node, place.stmt) is not UNKNOWN

    def _is_sanitising(self, place: _Place, depth: int) -> bool:
        """A call of a sanitiser, of a function that gives only what one has given, or on such a text."""
        node, bits = place.node, view_bits(self.view)
        for one in self.view.resolver.roles(node, place.unit, place.stmt):
            if one.role is Role.NEUTRAL:
                return True
            if one.role is Role.SANITISER and label_mask(one.neutralises, bits) >> bits[self.label] & 1:
                return True
        callee = node.get("callee")
        if callee is None or node.kind is K.NEW:
            return False
        if self.label == _UNESCAPED and _SAYS_SO.search(callee.text) and not _SAYS_OTHERWISE.search(callee.text):
            return True
        obj = callee.get("obj")
        if callee.text in _KEEPS and obj is not None and self.holds(place.at(obj), depth + 1):
            return True
        called = self._called(place, callee)
        return called is not None and self._returns_sanitised(called, place, depth)

    def _called(self, place: _Place, callee: Node) -> Unit | None:
        """The function of this file that a call runs, or the one that a memoising call is given."""
        args, program = place.node.get("args"), self.view.program
        if callee.text in _MEMOISED and args is not None and args.children:
            return program.unit_of.get(id(args.children[0]))
        if callee.kind is K.NAME:
            for definition in _definitions(place.unit, callee.text, -1):
                found = program.unit_of.get(id(definition.value)) if definition.value is not None else None
                if found is not None:
                    return found
            return program.functions.get(callee.text)
        obj, cls = callee.get("obj"), place.unit.cls
        is_own = obj is not None and (obj.kind is K.THIS or obj.text == place.unit.receiver)
        return program.units[cls.methods[callee.text]] if is_own and cls and callee.text in cls.methods else None

    def _returns_sanitised(self, unit: Unit, call: _Place, depth: int) -> bool:
        args = call.node.get("args")
        values = args.children if args is not None else []
        names = [name for name, _ in unit.params if name != unit.receiver]
        given = {name: call.at(value) for name, value in zip(names, values, strict=False)}
        returned = [
            _Place(unit, expr, stmt.idx, given)
            for stmt in unit.control.stmts
            for expr in stmt.exprs
            if stmt.role is StmtRole.RETURN
        ]
        return bool(returned) and all(self.holds(place, depth + 1) for place in returned)

    def _name_holds(self, place: _Place, depth: int) -> bool:
        owner: Unit | None = place.unit
        while owner is not None and place.node.text not in owner.locals:
            owner = owner.parent
        if owner is None:
            return False
        stmt = place.stmt if owner is place.unit else -1
        found = _definitions(owner, place.node.text, stmt)
        return bool(found) and all(self._definition_holds(d, owner, place, depth) for d in found)

    def _definition_holds(self, definition: Definition, owner: Unit, place: _Place, depth: int) -> bool:
        if definition.kind is DefKind.PARAM:
            given = place.given.get(definition.key) if owner is place.unit else None
            return given is not None and self.holds(given, depth + 1)
        value = definition.value
        if value is None or definition.kind is not DefKind.ASSIGN:
            return False
        setter = _state_setter(definition)
        if setter:
            return self._state_holds(setter, value, owner, depth)
        return self.holds(
            _Place(owner, value, definition.stmt, place.given if owner is place.unit else None), depth + 1
        )

    def _state_holds(self, setter: str, value: Node, owner: Unit, depth: int) -> bool:
        """Whether everything a component's state begins with and is set to is sanitised."""
        args = value.get("args")
        places = [_Place(owner, first, -1) for first in (args.children[:1] if args is not None else [])]
        for call in owner.node.walk():
            callee, given = call.get("callee"), call.get("args")
            if call.kind is K.CALL and callee is not None and callee.kind is K.NAME and callee.text == setter:
                unit = self._unit_around(call, owner)
                places.extend(_Place(unit, one, -1) for one in (given.children[:1] if given is not None else []))
        return all(self.holds(place, depth + 1) for place in places)

    def _unit_around(self, node: Node, owner: Unit) -> Unit:
        at: Node | None = node
        while at is not None:
            unit = self.view.program.unit_of.get(id(at))
            if unit is not None:
                return unit
            at = at.parent
        return owner


def _parts(node: Node) -> list[Node]:
    """What a value is put together from, or one of."""
    if node.kind is K.TEMPLATE or (node.kind is K.BINARY and node.text in ("+", "??")) or node.kind is K.BOOLEAN:
        return [child.get("value") or child for child in node.children]
    if node.kind is K.TERNARY:
        return [part for part in (node.get("body"), node.get("orelse")) if part is not None]
    if node.kind in (K.AWAIT, K.CAST):
        inner = node.get("value")
        return [inner] if inner is not None else node.children[:1]
    markup = find_key(node, "__html") if node.kind is K.DICT else None
    return [markup] if markup is not None else []


def _definitions(unit: Unit, name: str, stmt: int) -> list[Definition]:
    """What a variable was given: what reaches a statement, or anything in the unit."""
    found: Iterator[Definition] | list[Definition]
    found = unit.flow.reaching(name, stmt) if stmt >= 0 else unit.definitions_of(name)
    given = [d for d in found if d.shadow_of is None and d.kind is not DefKind.STORE]
    owner = unit.parent
    return given if given or owner is None or name in unit.locals else _definitions(owner, name, -1)


def _state_setter(definition: Definition) -> str:
    """`setHtml` of `const [html, setHtml] = useState(...)`; "" for any other variable."""
    made, pattern = definition.value, definition.node.parent
    callee = made.get("callee") if made is not None and made.kind is K.CALL else None
    if callee is None or callee.text != "useState" or pattern is None or len(pattern.children) < 2:
        return ""
    return pattern.children[1].text if pattern.children[0] is definition.node else ""
