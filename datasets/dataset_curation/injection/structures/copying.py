"""Collections that grow by one item a round, copied to grow (JavaScript)."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.amounts import is_looped, is_seldom, is_surely_few, loop_heads, may_be_many
from dataset_curation.injection.structures.model import (
    Draft,
    block_of,
    names_in,
    next_of,
    nodes,
)
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_GROWING = ("pop", "shift", "length", "sort", "reverse", "fill", "push", "unshift", "splice", "append")
_HANDFUL = re.compile(
    r"plugin|argv|[fF]lags?\b|\bargs|categor|[mM]enu|\bspans\b|Math\.|\bnum[A-Z]|diagram|[oO]ptions|[sS]ettings|[qQ]ueue\b"
)
"""What goes over a handful, or in steps of many, though it is named like much."""


def copy_in_loop(scene: Scene) -> Iterator[Draft]:
    """What grows by one item a round, copied to grow: `items = [...items, x]`, `byId = { ...byId, [id]: x }`, also in a
    reducer (JavaScript)."""
    for call in nodes(scene, K.CALL):
        callee, args = call.get("callee"), call.get("args")
        obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
        if callee is None or obj is None or args is None or callee.text != "push" or len(args.children) != 1:
            continue
        item = args.children[0]
        if obj.kind is K.NAME and item.kind is not K.SPREAD and scene.text(item) != "arguments":
            yield from _grown_by_copy(scene, call, obj, item, f"[...{obj.text}, {scene.text(item)}]")
    for store in nodes(scene, K.ASSIGN):
        target, value = store.get("target"), store.get("value")
        held = target.get("obj") if target is not None and target.kind is K.INDEX else None
        if target is None or held is None or value is None or held.kind is not K.NAME:
            continue
        key = scene.between(held.end, target.end).strip()
        if scene.between(target.end, value.start).strip() == "=" and key.startswith("["):
            copied = f"{{ ...{held.text}, {key}: {scene.text(value)} }}"
            yield from _grown_by_copy(scene, store, held, value, copied)


def _grown_by_copy(scene: Scene, growth: Node, obj: Node, item: Node, copied: str) -> Iterator[Draft]:
    function, name = _owner_of(growth), obj.text
    if function is None or not block_of(growth) or "\n" in scene.text(growth):
        return
    if not any(may_be_many(head) for head in loop_heads(scene, growth)):
        return
    called = function.get("name")
    told = f"{scene.candidate.path} {called.text if called is not None else ''} {' '.join(loop_heads(scene, growth))}"
    if _HANDFUL.search(told) or is_surely_few(name) or is_seldom(scene, growth):
        return
    is_list = copied.startswith("[")
    twin = f"{name}[{name}.length] = {scene.text(item)}" if is_list else ""
    twins = (Edit(growth.start, growth.end, twin.encode()),) if twin else ()
    reducer = _reducer_of(growth)
    answer = next_of(growth)
    if reducer is not None and answer is not None and _is_first_parameter(reducer, name):
        if answer.kind is K.RETURN and scene.text(answer).rstrip(";") == f"return {name}":
            edit = Edit(growth.start, answer.end, f"return {copied}{scene.text(answer)[len(name) + 7 :]}".encode())
            yield Draft(growth.start, answer.end, (edit,), twins, renames=True)
        return
    start = _empty_start(function, name, is_list=is_list)
    if start is not None and not _may_be_read(scene, start):
        return
    if start is None or not (is_looped(growth) or _is_each(growth)) or len(_growths(function, name)) > 1:
        return
    if any(n.kind is K.RETURN and name in names_in(n) for n in function.walk()):
        yield _copied(growth, start, f"{name} = {copied}", scene, twins)


def _owner_of(node: Node) -> Node | None:
    """The function around a node, past those that are called for each item."""
    above = node.parent
    while above is not None:
        if above.kind is K.FUNCTION or (above.kind is K.LAMBDA and _given_to(above) not in ("forEach", "reduce")):
            return above
        above = above.parent
    return None


def _reducer_of(node: Node) -> Node | None:
    """The function around a node that is given to `reduce`."""
    above = node.parent
    while above is not None and above.kind not in (K.LAMBDA, K.FUNCTION, *LOOP_KINDS):
        above = above.parent
    return above if above is not None and above.kind is K.LAMBDA and _given_to(above) == "reduce" else None


def _is_each(node: Node) -> bool:
    above = node.parent
    while above is not None and above.kind not in (K.LAMBDA, K.FUNCTION):
        above = above.parent
    return above is not None and above.kind is K.LAMBDA and _given_to(above) == "forEach"


def _given_to(function: Node) -> str:
    """The method that a function is given to, "" for none."""
    call = function.parent.parent if function.parent is not None and function.parent.kind is K.ARGS else None
    callee = call.get("callee") if call is not None else None
    return callee.text if callee is not None and callee.kind is K.MEMBER else ""


def _is_first_parameter(function: Node, name: str) -> bool:
    params = function.get("params")
    first = params.children[0].get("name") if params is not None and params.children else None
    return first is not None and first.text == name


def _growths(function: Node, name: str) -> list[Node]:
    """Every place where a function changes a collection: calls a method that does, or stores under a key."""
    stores = [
        n for n in function.walk()
        if n.kind is K.INDEX and n.field == "target" and (obj := n.get("obj")) is not None and obj.text == name
    ]  # fmt: skip
    return [*_pushes(function, name), *stores]


def _pushes(function: Node, name: str) -> list[Node]:
    """Every place where a function calls a method on a list that changes it."""
    return [
        n for n in function.walk()
        if n.kind is K.MEMBER and n.text in _GROWING and (obj := n.get("obj")) is not None
        and obj.text == name
    ]  # fmt: skip


def _empty_start(function: Node, name: str, *, is_list: bool) -> Node | None:
    """The only statement that sets a variable, when it sets it to an empty collection outside of every loop."""
    starts = [
        n for n in function.walk()
        if n.kind in (K.ASSIGN, K.DECLARATOR) and (t := n.get("target")) is not None and t.text == name
    ]  # fmt: skip
    if len(starts) != 1 or is_looped(starts[0]):
        return None
    value = starts[0].get("value")
    return (
        starts[0]
        if value is not None and value.kind is (K.LIST if is_list else K.DICT) and not value.children
        else None
    )


def _may_be_read(scene: Scene, start: Node) -> bool:
    """Whether what was empty may be read where it is set anew: not a list of TypeScript whose type nobody wrote."""
    target, value = start.get("target"), start.get("value")
    if target is None or value is None or not scene.candidate.path.endswith((".ts", ".tsx", ".mts", ".cts")):
        return True
    return ":" in scene.between(target.end, value.start)


def _copied(growth: Node, start: Node, copy: str, scene: Scene, twin: tuple[Edit, ...]) -> Draft:
    edits = [Edit(growth.start, growth.end, copy.encode())]
    keyword = start.parent
    if keyword is not None and keyword.kind is K.DECL and scene.source[keyword.start : keyword.start + 6] == b"const ":
        edits.insert(0, Edit(keyword.start, keyword.start + 5, b"let"))
    return Draft(growth.start, growth.end, tuple(edits), twin, renames=True)
