"""Decides pack conditions (`when`) on calls and properties: literals, names, object keys, constants."""

import re
from collections.abc import Iterator
from functools import cache

from graph_model.configuration import is_configured, is_hard_coded
from graph_model.constants import UNKNOWN, Constants
from graph_model.digests import protects_something
from graph_model.failures import find_caught
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.names import Resolver
from graph_model.packs.model import Condition
from graph_model.program import Unit
from graph_model.purposes import find_purposes, says_secret
from graph_model.syntax import Node, dotted_name

_AROUND_CALL = ("receiver", "made-of", "result-name", "purpose", "caught", "function", "around", "beside")


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def find_argument(call: Node, which: int | str | tuple[int | str, ...] | None) -> Node | None:
    """The argument at a position or under a keyword; the first that is there of several alternatives."""
    args = call.get("args")
    if args is None or which is None:
        return None
    for one in which if isinstance(which, tuple) else (which,):
        if isinstance(one, int):
            positional = [a for a in args.children if a.kind is not K.KWARG]
            if one < len(positional) and positional[one].kind is not K.SPREAD:
                return positional[one]
        else:
            for arg in args.children:
                if arg.kind is K.KWARG and arg.text == one:
                    return arg.get("value")
    init = call.get("init")
    if init is not None and isinstance(which, str):
        return find_key(init, which)
    return None


def has_spread(call: Node) -> bool:
    """Whether arguments are spread into the call, so that a missing one may be there after all."""
    args = call.get("args")
    return args is not None and any(a.kind is K.SPREAD for a in args.children)


def find_key(obj: Node, key: str) -> Node | None:
    """The value under a literal key of an object literal."""
    for pair in obj.children:
        if pair.kind is K.PAIR:
            name = pair.get("key")
            if pair.text == key or (name is not None and name.text == key):
                return pair.get("value")
    return None


class ConditionJudge:
    """Judges conditions in one unit."""

    def __init__(self, unit: Unit, resolver: Resolver, constants: Constants) -> None:
        self.unit, self.resolver, self.constants = unit, resolver, constants

    def all_hold(self, conditions: tuple[Condition, ...], call: Node, stmt: int, argument: Node | None = None) -> bool:
        """Whether every condition holds of a call; of an argument of it where the condition names none."""
        return all(
            self._test(condition, argument, stmt)
            if condition.arg is None and argument is not None
            else self._holds(condition, call, stmt)
            for condition in conditions
        )

    def value_holds(self, conditions: tuple[Condition, ...], value: Node, stmt: int) -> bool:
        """Whether every condition holds of a property's value."""
        return all(
            self._holds(condition, value, stmt) if condition.arg == "beside" else self._test(condition, value, stmt)
            for condition in conditions
        )

    def _holds(self, condition: Condition, call: Node, stmt: int) -> bool:
        if condition.arg in _AROUND_CALL:
            text = self._context(str(condition.arg), call, stmt)
            if condition.secret is not None and condition.secret is not says_secret(text, self.resolver.program.family):
                return False
            if condition.matches is not None and not _pattern(condition.matches).search(text):
                return False
            return condition.not_matches is None or not _pattern(condition.not_matches).search(text)
        if condition.protects is not None:
            return condition.protects is protects_something(call, self.unit, self.resolver, stmt)
        if condition.not_called:
            return not is_configured(call, condition.not_called, self.unit, self.resolver.program, stmt)
        if condition.never_called:
            program = self.resolver.program
            return not is_configured(call, condition.never_called, self.unit, program, stmt, even_if=True)
        argument = find_argument(call, condition.arg)
        if condition.key is not None:
            argument = self._key_of(argument, condition, stmt)
            if argument is call:
                return False  # the object is not a literal: nothing is known of its keys
        if condition.missing is not None:
            return (argument is None and not has_spread(call)) if condition.missing else argument is not None
        return argument is not None and self._test(condition, argument, stmt)

    def _key_of(self, argument: Node | None, condition: Condition, stmt: int) -> Node | None:
        """The value under the condition's key; None when surely missing; the argument's parent call when unknowable."""
        if argument is None:
            return None
        literal = self.literal(argument, stmt)
        if literal is None or any(child.kind is K.SPREAD for child in literal.children):
            call = argument
            while call.parent is not None and call.kind not in (K.CALL, K.NEW):
                call = call.parent
            return call if literal is None else find_key(literal, condition.key or "") or call
        return find_key(literal, condition.key or "")

    def literal(self, node: Node, stmt: int) -> Node | None:
        """The object literal that an argument is, directly or through one variable."""
        if node.kind is K.DICT:
            return node
        if node.kind is K.NEW:
            return node.get("init")
        if node.kind is K.NAME:
            found = [d for d in self.unit.flow.reaching(node.text, stmt) if d.shadow_of is None]
            if len(found) == 1 and found[0].value is not None and found[0].value.kind in (K.DICT, K.NEW):
                return found[0].value if found[0].value.kind is K.DICT else found[0].value.get("init")
        return None

    def _test(self, condition: Condition, node: Node, stmt: int) -> bool:
        value = self.constants.evaluate(_answer(node), stmt)
        known = value is not UNKNOWN
        if condition.literal is not None and condition.literal is not self._is_literal(node, value, stmt):
            return False
        if condition.built is not None and condition.built is not self.is_built(node, stmt):
            return False
        if condition.below is not None and not (known and isinstance(value, int) and value < condition.below):
            return False
        if condition.is_ is not None and not (known and any(_same(value, x) for x in condition.is_)):
            return False
        if condition.is_not is not None and not (known and not any(_same(value, x) for x in condition.is_not)):
            return False
        if condition.matches is not None or condition.not_matches is not None:
            return self._text_matches(condition, node, value, stmt)
        return True

    def _text_matches(self, condition: Condition, node: Node, value: object, stmt: int) -> bool:
        texts = self._texts(node, value, stmt)
        if condition.matches is not None and not any(_pattern(condition.matches).search(t) for t in texts):
            return False
        return condition.not_matches is None or not any(_pattern(condition.not_matches).search(t) for t in texts)

    def _is_literal(self, node: Node, value: object, stmt: int) -> bool:
        """A constant other than null, or bytes and lists made of constants alone."""
        return value is not None if value is not UNKNOWN else is_hard_coded(node, self.unit, self.constants, stmt)

    def _texts(self, node: Node, value: object, stmt: int) -> list[str]:
        """What patterns are searched in: a constant's text, each text of a list, the constant that a built text begins
        with, or the dotted names of what the expression is, what it calls and what it is made of."""
        if isinstance(value, str):
            return [value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return [str(value)]
        if value is None:
            return ["null"]
        items = node.get("init") if node.kind is K.NEW else self._written(node, stmt)
        if items is not None and items.kind in (K.LIST, K.TUPLE, K.SET):
            return [
                text
                for text in (self.constants.evaluate(item, stmt) for item in items.children)
                if isinstance(text, str)
            ]
        prefix = self._prefix(node, stmt)
        if prefix:
            return [prefix]
        if node.kind is K.BINARY and node.text == "|":  # flags
            return [text for side in node.children for text in self._texts(side, UNKNOWN, stmt)]
        called = self.resolver.callee(node, self.unit, stmt) if node.kind is K.CALL else ""
        names = [self.resolver.resolve(node, self.unit, stmt), dotted_name(node), called]
        if node.kind in (K.CALL, K.BINARY, K.TEMPLATE):
            names.extend(dotted_name(inner) for inner in node.walk() if inner.kind in (K.NAME, K.MEMBER))
        return [name for name in dict.fromkeys(names) if name]

    def _prefix(self, node: Node, stmt: int) -> str:
        """The constant text that a concatenation, a formatted text or a template begins with, through one variable."""
        node = self._written(node, stmt)
        callee = node.get("callee") if node.kind is K.CALL else None
        if callee is not None and callee.kind is K.MEMBER and callee.text == "format":
            text = self.constants.evaluate(callee.get("obj"), stmt)
            return text if isinstance(text, str) else ""
        while node.kind is K.BINARY and node.text in ("+", "%"):
            left = node.get("left")
            if left is None:
                return ""
            node = left
            text = self.constants.evaluate(node, stmt)
            if isinstance(text, str):
                return text
        return (
            node.children[0].text
            if node.kind is K.TEMPLATE and node.children and node.children[0].kind is K.TEXT
            else ""
        )

    def _written(self, node: Node, stmt: int) -> Node:
        """What a variable with one definition was given, here or in a unit around; any other expression itself."""
        if node.kind is not K.NAME:
            return node
        found = [d for d in self.unit.flow.reaching(node.text, stmt) if d.shadow_of is None]
        owner = self.unit.parent if node.text not in self.unit.locals else None
        while owner is not None and not found:
            found = [d for d in owner.definitions_of(node.text) if d.shadow_of is None]
            owner = owner.parent
        value = found[0].value if len(found) == 1 and found[0].kind == 0 else None
        return node if value is None else value

    def is_built(self, node: Node, stmt: int) -> bool:
        """Whether text is assembled from parts that are not all constant, here or in the variable's definition."""
        if node.kind is K.TEMPLATE or (node.kind is K.BINARY and node.text in ("+", "%")):
            is_open = node.get("callee") is None and self.constants.evaluate(node, stmt) is UNKNOWN
            return is_open and not _is_sum(node)
        if node.kind is K.CALL:
            callee = node.get("callee")
            return (
                callee is not None
                and callee.kind is K.MEMBER
                and callee.text in ("format", "Format", "formatted", "concat", "join")
            )
        if node.kind is K.NAME:
            values = [d for d in self.unit.flow.reaching(node.text, stmt) if d.value is not None]
            return any(
                d.kind == 2 or (d.value is not None and d.value.kind is not K.NAME and self.is_built(d.value, d.stmt))
                for d in values
            )
        return False

    def _context(self, which: str, call: Node, stmt: int) -> str:
        if which == "receiver":
            callee = call.get("callee")
            obj = callee.get("obj") if callee is not None else None
            return dotted_name(obj) or _chain(obj)
        if which == "made-of":
            return self._made_of(call, stmt)
        if which == "function":
            return self.unit.qualname
        if which == "beside":
            return "\n".join(_settings(self.unit.node))
        if which == "caught":
            return find_caught(call, self.unit, stmt)
        if which == "purpose":
            return find_purposes(call, self.unit, stmt, self.resolver.program)
        if which == "around":
            return " ".join(n.text for n in self.unit.node.walk() if n.kind in (K.NAME, K.MEMBER, K.TYPE_REF))
        return result_name(call) or self.unit.name

    def _made_of(self, call: Node, stmt: int) -> str:
        """The names in the expression that made the receiver, also where its variable or field is given a value."""
        callee = call.get("callee")
        obj = callee.get("obj") if callee is not None else None
        if obj is None:
            return ""
        cls = self.unit.cls
        made = self._written(obj, stmt)
        if made is obj and cls is not None and obj.kind in (K.NAME, K.MEMBER):
            self.resolver.program.unit_of[id(cls.node)].definitions_of(obj.text)  # a reading of the class, to be noted
            made = cls.field_values.get(obj.text, obj)
        if made.kind in FUNCTION_KINDS or made.kind is K.CLASS:
            return ""  # what it does is not what it is made of
        return " ".join(n.text for n in made.walk() if n.kind in (K.NAME, K.MEMBER, K.TYPE_REF))


def _settings(node: Node) -> Iterator[str]:
    """What a unit sets, as text: `name=value` of pairs, keywords and assignments, `name(value, value)` of calls."""
    for part in node.walk():
        value = part.get("value")
        target = part.get("target") or part.get("name") or part.get("key")
        callee, args = part.get("callee"), part.get("args")
        if part.kind in (K.PAIR, K.KWARG, K.ASSIGN, K.DECLARATOR) and value is not None:
            key = target.get("key") if target is not None and target.kind is K.INDEX else target
            yield f"{part.text if part.kind in (K.PAIR, K.KWARG) else ''}{_shown(key)}={_shown(value)}"
        elif part.kind is K.CALL and callee is not None and args is not None:
            yield f"{callee.text}({', '.join(_shown(argument) for argument in args.children)})"


def _shown(node: Node | None) -> str:
    return node.text if node is not None and node.kind in (K.STRING, K.BOOL, K.INT, K.NAME, K.MEMBER) else ""


def _chain(node: Node | None) -> str:
    """`db.orders.where` of `db.orders.where(...)`: the names of a chain of calls, its root first."""
    names: list[str] = []
    while node is not None:
        if node.kind in (K.NAME, K.MEMBER, K.THIS):
            names.append(node.text)
        node = node.get("callee") or node.get("obj") or (node.get("value") if node.kind is K.AWAIT else None)
    return ".".join(reversed(names))


def _answer(node: Node) -> Node:
    """What a function without conditions always returns; any other expression itself."""
    body = node.get("body") if node.kind is K.LAMBDA else None
    only = body.children[0] if body is not None and len(body.children) == 1 else None
    value = only.get("value") if only is not None and only.kind is K.RETURN else None
    return value or node


def _same(value: object, expected: object) -> bool:
    return value == expected and isinstance(value, bool) == isinstance(expected, bool)


def result_name(node: Node) -> str:
    """The variable, key, attribute or parameter that an expression's value is stored under; "" when none."""
    child, parent = node, node.parent
    while parent is not None:
        if parent.kind in (K.ASSIGN, K.DECLARATOR, K.AUG_ASSIGN):
            target = parent.get("target") or parent.get("name")
            return target.text if target is not None and target is not child else ""
        if parent.kind in (K.PAIR, K.KWARG):
            key = parent.get("key")
            return parent.text or (key.text if key is not None else "")
        if parent.kind in (K.BLOCK, K.FUNCTION, K.LAMBDA, K.RETURN):
            return ""
        child, parent = parent, parent.parent
    return ""


def _is_sum(node: Node) -> bool:
    """Whether `+` adds numbers: an operand is one, or a difference, a product or a quotient."""
    operands = (node.get("left"), node.get("right")) if node.kind is K.BINARY and node.text == "+" else ()
    for operand in operands:
        inner = operand.children[0] if operand is not None and operand.kind is K.TUPLE and operand.children else operand
        if inner is not None and (inner.kind in (K.INT, K.FLOAT) or _is_arithmetic(inner)):
            return not any(part.kind in (K.STRING, K.TEMPLATE) for part in node.walk())
    return False


def _is_arithmetic(node: Node) -> bool:
    return node.kind is K.BINARY and node.text in ("-", "*", "/", "**", "//")
