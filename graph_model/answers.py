"""What an answer is read as: the media types that a handler, its class or its statements give it.

A browser runs scripts in markup only; text and data are shown, whatever they hold.
"""

import re
from collections.abc import Iterator

from graph_model.evaluator import Evaluator
from graph_model.kinds import NodeKind as K
from graph_model.program import ClassInfo, Program, Unit
from graph_model.syntax import Node, dotted_name

_MARKUP = re.compile(r"(?i)html|xml|svg|\*|wildcard|all$")
_MEDIA_TYPE = re.compile(
    r"(?i)^(?:text|application|image|audio|video|font)/[\w.+*-]+|^[A-Z]+_[A-Z_]+$|^\.?(?:json|txt|text|csv|html)$"
)
_GIVES_TYPE = frozenset({"setContentType", "contentType", "type"})
_SETS_TYPE = _GIVES_TYPE | {"setHeader", "set", "header", "addHeader"}
_TYPE_NAMES = frozenset({"type", "content_type", "mimetype", "ContentType", "contentType"})
_HEADER = "content-type"
_MAPPINGS = re.compile(r"(?:Mapping|Produces|ProducesAttribute)$")


def is_markup_free(state: Evaluator) -> bool:
    """Whether the answer that a sink's call or expression is part of is declared to be anything but markup."""
    declared = _declared(state.unit, state.resolver.program)
    if declared:
        return not any(_MARKUP.search(text) for text in declared)
    given = list(_given(state))
    return bool(given) and not any(_MARKUP.search(text) for text in given)


def _declared(unit: Unit, program: Program) -> list[str]:
    """The media types that annotations give: the function's, else the class's, else those of all its functions."""
    owner: Unit | None = unit
    while owner is not None and owner.kind is not K.FUNCTION:
        owner = owner.parent
    if owner is None:
        return []
    found = list(_produced(owner))
    if found or owner.cls is None:
        return found
    return list(_produced(program.unit_of[id(owner.cls.node)])) or _of_all(owner, owner.cls)


def _of_all(unit: Unit, cls: ClassInfo) -> list[str]:
    """What all functions of a class that answer requests produce: a helper beside them answers nothing else."""
    around = unit.parent
    if unit.decorators or around is None:
        return []
    return [text for sibling in around.children if sibling.cls is cls for text in _produced(sibling)]


def _produced(unit: Unit) -> Iterator[str]:
    for decorator in unit.decorators:
        name = dotted_name(decorator.get("callee")).rpartition(".")[2]
        args = decorator.get("args")
        if args is None or not _MAPPINGS.search(name):
            continue
        is_whole = name.startswith("Produces")
        for arg in args.children:
            if is_whole or (arg.kind is K.KWARG and arg.text == "produces"):
                yield from (n.text for n in arg.walk() if n.kind in (K.STRING, K.MEMBER))
                yield from (n.text for n in arg.walk() if n.kind is K.NAME and n.text.isupper())


def _given(state: Evaluator) -> Iterator[str]:
    """Constant media types set by calls and assignments that are surely run before the answer is written."""
    flow = state.unit.flow
    for stmt in flow.order:
        if stmt != state.stmt and not flow.dominates(stmt, state.stmt):
            continue
        for expr in state.unit.control.stmts[stmt].exprs:
            for value in (value for one in expr.walk() for value in _type_values(one)):
                text = state.context.constants.evaluate(value, stmt)
                if isinstance(text, str) and _MEDIA_TYPE.search(text):
                    yield text


def _type_values(node: Node) -> Iterator[Node]:
    """The expressions that a call, an assignment or a keyed value gives a content type from."""
    if node.kind is K.CALL:
        yield from _called_with(node)
    elif node.kind in (K.ASSIGN, K.PAIR):
        value = node.get("value")
        name = _assigned_name(node)
        if value is not None and (name.lower() == _HEADER or (node.kind is K.ASSIGN and name in _TYPE_NAMES)):
            yield value


def _called_with(node: Node) -> list[Node]:
    callee, args = node.get("callee"), node.get("args")
    if callee is None or callee.kind is not K.MEMBER or callee.text not in _SETS_TYPE or args is None:
        return []
    given = args.children
    is_header = len(given) > 1 and given[0].text.lower() == _HEADER
    return given[-1:] if callee.text in _GIVES_TYPE or is_header else []


def _assigned_name(node: Node) -> str:
    """The attribute or key that an ASSIGN or PAIR gives a value to."""
    if node.kind is K.PAIR:
        key = node.get("key")
        return node.text or (key.text if key is not None else "")
    target = node.get("target")
    key = target.get("key") if target is not None and target.kind is K.INDEX else None
    if key is not None:
        return key.text
    return target.text if target is not None and target.kind is K.MEMBER else ""
