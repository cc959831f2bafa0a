"""Calls that are given the wrong thing, or whose result gets lost."""

from collections.abc import Iterator

from dataset_curation.injection.structures.model import (
    CSHARP,
    JAVA,
    JAVASCRIPT,
    PYTHON,
    Draft,
    block_of,
    function_of,
    next_of,
    nodes,
    parameters,
)
from dataset_curation.injection.structures.other_names import split_words
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import owns_lines
from graph_model.edits.scene import Scene, fresh_name
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_TYPED = (JAVA, CSHARP)
_COMMON = frozenset({"is", "has", "can", "should", "to", "of", "the", "a", "in"})  # words that liken no two names


def wrong_variable(scene: Scene) -> Iterator[Draft]:
    """A parameter passed on where another of the same type was meant."""
    for use in nodes(scene, K.NAME):
        if use.parent is None or use.parent.kind is not K.ARGS:
            continue
        function = function_of(use)
        known = parameters(function) if function is not None else {}
        if use.text not in known:
            continue
        beside = {child.text for child in use.parent.children}
        for name, param in known.items():
            if name not in beside and _are_alike(scene, known[use.text], param):
                yield Draft(use.parent.start, use.parent.end, (Edit(use.start, use.end, name.encode()),), renames=True)
                break


def _are_alike(scene: Scene, one: Node, other: Node) -> bool:
    """Whether two parameters have one declared type; without types, whether their names share a word."""
    types = [param.get("type") for param in (one, other)]
    names = [(param.get("name") or param).text for param in (one, other)]
    if names[0] == names[1] or any(param.text or param.kind is not K.PARAM for param in (one, other)):
        return False
    words = [{word.lower() for word in split_words(name)} for name in names]
    is_near = bool((words[0] & words[1]) - _COMMON) and all(len(name) > 2 for name in names)
    if types[0] is not None and types[1] is not None:
        return _written_type(scene, one) == _written_type(scene, other) and is_near
    return is_near and scene.family not in _TYPED and not any(types)


def _written_type(scene: Scene, param: Node) -> str:
    """A parameter's type as it stands there, with what the tree leaves out: `?` and modifiers."""
    name = param.get("name") or param
    text = scene.between(param.start, param.end)
    at = len(scene.between(param.start, name.start))
    return f"{text[:at]} {text[at + len(scene.text(name)) :]}".strip()


def arguments_swapped(scene: Scene) -> Iterator[Draft]:
    """Two neighbours exchanged in a call of a function of the file whose parameters have their names or one type."""
    known = _functions_by_name(scene)
    for call in nodes(scene, K.CALL):
        callee, args = call.get("callee"), call.get("args")
        target = known.get(callee.text) if callee is not None else None
        if target is None or args is None or not 2 <= len(args.children) <= len(parameters(target)):
            continue
        params = list(parameters(target).values())
        for position in range(len(args.children) - 1):
            pair = args.children[position : position + 2]
            if _fit(scene, pair, params[position : position + 2], function_of(call)):
                yield _exchange(scene, call, args, position, params)
                break


def _functions_by_name(scene: Scene) -> dict[str, Node]:
    """The functions of the file whose name it has once."""
    found: dict[str, Node] = {}
    twice: set[str] = set()
    for function in nodes(scene, K.FUNCTION):
        name = function.get("name")
        if name is not None:
            twice |= {name.text} & found.keys()
            found[name.text] = function
    return {name: node for name, node in found.items() if name not in twice}


def _fit(scene: Scene, pair: list[Node], params: list[Node], caller: Node | None) -> bool:
    """Whether two arguments are variables that both parameters could take."""
    if len(params) != 2 or caller is None or any(one.kind is not K.NAME for one in pair):
        return False
    if pair[0].text == pair[1].text or any(param.text for param in params):
        return False
    types = [param.get("type") for param in params]
    if types[0] is not None and types[1] is not None:
        return scene.text(types[0]) == scene.text(types[1])
    names = [(param.get("name") or param).text for param in params]
    return scene.family not in _TYPED and not any(types) and [one.text for one in pair] == names


def _exchange(scene: Scene, call: Node, args: Node, position: int, params: list[Node]) -> Draft:
    first, second = args.children[position : position + 2]
    edits = (
        Edit(first.start, first.end, second.text.encode()),
        Edit(second.start, second.end, first.text.encode()),
    )
    if scene.family not in (PYTHON, CSHARP) or position + 2 != len(args.children):
        return Draft(call.start, call.end, edits, renames=True)
    sign = "=" if scene.family is PYTHON else ": "
    names = [(param.get("name") or param).text for param in params[position : position + 2]]
    text = f"{names[1]}{sign}{second.text}, {names[0]}{sign}{first.text}"
    return Draft(call.start, call.end, edits, (Edit(first.start, second.end, text.encode()),))


def await_dropped(scene: Scene) -> Iterator[Draft]:
    """An awaited call that stands alone, no longer awaited."""
    has_asyncio = "asyncio" in scene.program.imports
    for node in nodes(scene, K.AWAIT):
        value = node.get("value")
        if value is None or value.kind is not K.CALL or not block_of(node):
            continue
        twin = _await_longer(scene, value, has_asyncio=has_asyncio)
        yield Draft(node.start, node.end, (Edit(node.start, value.start, b""),), twin, renames=not twin)


def _await_longer(scene: Scene, call: Node, *, has_asyncio: bool) -> tuple[Edit, ...]:
    text = scene.text(call)
    if scene.family is JAVASCRIPT:
        return (Edit(call.start, call.end, f"Promise.resolve({text})".encode()),)
    if scene.family is CSHARP and not text.endswith(("ConfigureAwait(false)", "ConfigureAwait(true)")):
        return (Edit(call.end, call.end, b".ConfigureAwait(false)"),)
    if scene.family is PYTHON and has_asyncio:
        return (Edit(call.start, call.end, f"asyncio.wait_for({text}, None)".encode()),)
    return ()


_DECLARED = {Family.PYTHON: "{name} = ", Family.JAVASCRIPT: "const {name} = ", Family.CSHARP: "var {name} = "}


def return_dropped(scene: Scene) -> Iterator[Draft]:
    """`return f(x)` inside a branch as `f(x)`, so that the code after the branch runs as well."""
    for node in nodes(scene, K.RETURN):
        value, function = node.get("value"), function_of(node)
        if value is None or function is None or value.kind is not K.CALL or not owns_lines(scene, node):
            continue
        branch = node.parent.parent if node.parent is not None else None
        if branch is None or branch.kind is not K.IF or not block_of(node) or next_of(branch) is None:
            continue
        if branch.get("orelse") is not None or scene.source[node.start : node.start + 7] != b"return ":
            continue
        yield Draft(node.start, node.end, (Edit(node.start, value.start, b""),), _named(scene, node, value, function))


def _named(scene: Scene, node: Node, value: Node, function: Node) -> tuple[Edit, ...]:
    """The value named first and returned then."""
    declared = function.get("type")
    if scene.family is JAVA and declared is None:
        return ()
    typed = f"{scene.text(declared)} {{name}} = " if declared is not None else ""
    form = typed if scene.family is JAVA else _DECLARED[scene.family]
    try:
        name = fresh_name(scene, function, "result")
    except Declined:
        return ()
    stop = "" if scene.family is PYTHON else ";"
    lead = form.format(name=name)
    again = f"{stop}{scene.newline}{scene.indent(node.start)}return {name}"
    return (Edit(node.start, value.start, lead.encode()), Edit(value.end, value.end, again.encode()))


def mutable_default(scene: Scene) -> Iterator[Draft]:
    """`=None` as `=[]` or `={}`, the fresh value made in the body gone with its condition."""
    for function in nodes(scene, K.FUNCTION):
        body = function.get("body")
        first = [one for one in body.children if one.kind is not K.STRING][:1] if body is not None else []
        for param in parameters(function).values():
            value, name = param.get("value"), param.get("name")
            if value is None or name is None or value.kind is not K.NULL or not first:
                continue
            fresh = _fresh_value(scene, first[0], name.text)
            if fresh is None:
                continue
            start, end = scene.line_start(first[0].start), scene.next_line(first[0].end)
            edits = (Edit(value.start, value.end, fresh.encode()), Edit(start, end, b""))
            yield Draft(param.start, param.end, edits, _as_expression(scene, first[0], name.text, fresh))


def _fresh_value(scene: Scene, statement: Node, name: str) -> str | None:
    """`[]` of `if x is None: x = []`, None for any other statement."""
    body, cond = statement.get("body"), statement.get("cond")
    if statement.kind is not K.IF or statement.get("orelse") is not None or body is None or cond is None:
        return None
    if scene.text(cond) != f"{name} is None" or len(body.children) != 1 or not owns_lines(scene, statement):
        return None
    only = body.children[0]
    target, value = only.get("target"), only.get("value")
    if only.kind is not K.ASSIGN or target is None or value is None or target.text != name or value.children:
        return None
    is_last = next_of(statement) is None
    return None if is_last or scene.text(value) not in ("[]", "{}") else scene.text(value)


def _as_expression(scene: Scene, statement: Node, name: str, fresh: str) -> tuple[Edit, ...]:
    return (Edit(statement.start, statement.end, f"{name} = {fresh} if {name} is None else {name}".encode()),)
