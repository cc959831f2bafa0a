"""Calls that are given the wrong thing, or whose result gets lost."""

import re
from collections.abc import Iterator
from zlib import crc32

from dataset_curation.injection.structures.model import (
    CSHARP,
    JAVA,
    PYTHON,
    Draft,
    block_of,
    function_of,
    names_in,
    next_of,
    nodes,
    parameters,
    statement_around,
    statement_end_sign,
    without_lines,
)
from dataset_curation.injection.structures.other_names import split_words
from dataset_curation.injection.structures.renaming import rename_nearby
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import owns_lines
from graph_model.edits.scene import Scene, fresh_name
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_TYPED = (JAVA, CSHARP)
_TELLS = re.compile(r"(?i)(?:log|print|debug|info|warn|error|trace|format|write_?line|message|notice)")
_MAIN = re.compile(r"(?i)_?(?:async_?)?(?:main|run_main|cli)(?:_?async)?")
_HANDLER = re.compile(r"_*(?:on|handle)(?=[A-Z_])")
_CHANGING = frozenset({
    "append", "extend", "insert", "update", "setdefault", "add",
})  # fmt: skip
"""Calls that leave something in an empty value."""
_READ_ONLY = re.compile(r"\b(?:Iterable|Sequence|Mapping|Collection|Iterator|Tuple|tuple)\b")
_OPTIONAL = re.compile(r"\s*\|\s*None\b|\bNone\s*\|\s*")
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
        for name, param in known.items():
            if _are_alike(scene, known[use.text], param) and not _are_read_together(function, use, name):
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
    if (one.get("value") is None) != (other.get("value") is None):
        return False  # one may be left out
    if types[0] is not None and types[1] is not None:
        return _written_type(scene, one) == _written_type(scene, other) and is_near
    return is_near and scene.family not in _TYPED and not any(types)


def _are_read_together(function: Node | None, use: Node, name: str) -> bool:
    """Whether a mistake would show or do no harm: both names in one expression, both indexed, said in a message."""
    call = use.parent.parent if use.parent is not None else None
    callee = call.get("callee") if call is not None else None
    if function is None or callee is None or _TELLS.search(callee.text):
        return True
    statement = statement_around(use)
    part = use
    while part.parent is not None and part is not statement and part.parent is not statement:
        part = part.parent
    whole = part if any(one.kind is K.BLOCK for one in statement.children) else statement
    if name in names_in(whole):
        return True
    both = {use.text, name}
    pairs = (n for n in function.walk() if n.kind in (K.COMPARE, K.BINARY))
    if any(both <= names_in(one) for one in pairs):
        return True
    holders = [(n.get("obj"), n.get("index")) for n in function.walk() if n.kind is K.INDEX]
    indexed = {obj.text for obj, _ in holders if obj is not None}
    return both <= indexed


def _written_type(scene: Scene, param: Node) -> str:
    """A parameter's type as it stands there, with what the tree leaves out: `?` and modifiers."""
    name = param.get("name") or param
    text = scene.between(param.start, param.end)
    at = len(scene.between(param.start, name.start))
    return f"{text[:at]} {text[at + len(scene.text(name)) :]}".strip()


def arguments_swapped(scene: Scene) -> Iterator[Draft]:
    """Two neighbours exchanged in a call of a function of the file whose parameters have one declared type."""
    known = _functions_by_name(scene)
    for call in nodes(scene, K.CALL):
        callee, args = call.get("callee"), call.get("args")
        target = known.get(callee.text) if callee is not None else None
        if (
            target is None
            or args is None
            or not _is_own(callee)
            or not 2 <= len(args.children) <= len(parameters(target))
        ):
            continue
        params = list(parameters(target).values())
        for position in range(len(args.children) - 1):
            pair = args.children[position : position + 2]
            if _fit(scene, pair, params[position : position + 2], function_of(call)):
                draft = _exchange(scene, call, args, position, params)
                if draft.twin:
                    yield draft
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


def _is_own(callee: Node | None) -> bool:
    """Whether a call is of the file's own function, not of another object's method of that name."""
    obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
    return callee is not None and (callee.kind is K.NAME or (obj is not None and obj.text in ("", "self", "this")))


def _fit(scene: Scene, pair: list[Node], params: list[Node], caller: Node | None) -> bool:
    """Whether two arguments are variables that both parameters could take."""
    if len(params) != 2 or caller is None or any(one.kind is not K.NAME for one in pair):
        return False
    if pair[0].text == pair[1].text or any(param.text for param in params):
        return False
    types = [param.get("type") for param in params]
    return None not in types and _written_type(scene, params[0]) == _written_type(scene, params[1])


def _exchange(scene: Scene, call: Node, args: Node, position: int, params: list[Node]) -> Draft:
    first, second = args.children[position : position + 2]
    edits = (
        Edit(first.start, first.end, second.text.encode()),
        Edit(second.start, second.end, first.text.encode()),
    )
    named = scene.family in (PYTHON, CSHARP)
    if named:
        return Draft(call.start, call.end, edits, _by_name(scene, args, position, params))
    twin = rename_nearby(scene, call.start, call.end) or _held_first(scene, second, params[position + 1])
    return Draft(call.start, call.end, edits, twin)


def _by_name(scene: Scene, args: Node, position: int, params: list[Node]) -> tuple[Edit, ...]:
    """The two arguments with the names of their parameters, in the order they are in; in Python all that follow too."""
    until = position + 2 if scene.family is CSHARP else len(args.children)
    given = args.children[position:until]
    plain = [one for one in given if one.kind is not K.KWARG]
    if given[len(plain) :] != [one for one in given if one.kind is K.KWARG] or any(
        one.kind is K.SPREAD for one in given
    ):
        return ()
    sign = "=" if scene.family is PYTHON else ": "
    names = [(param.get("name") or param).text for param in params[position:]]
    return tuple(Edit(one.start, one.start, f"{name}{sign}".encode()) for one, name in zip(plain, names, strict=False))


def _held_first(scene: Scene, argument: Node, param: Node) -> tuple[Edit, ...]:
    """An argument in a variable before the call that is named as the parameter is; none where it has that name already,
    or the call does not begin a statement's lines."""
    statement, function, declared = statement_around(argument), function_of(argument), param.get("type")
    name = (param.get("name") or param).text
    if function is None or declared is None or not block_of(statement) or not owns_lines(scene, statement):
        return ()
    if name in names_in(function):
        return ()
    form = f"{scene.text(declared)} {name}" if scene.family is JAVA else f"const {name}"
    lead = f"{form} = {argument.text}{statement_end_sign(scene)}{scene.newline}{scene.indent(statement.start)}"
    return (
        Edit(statement.start, statement.start, lead.encode()),
        Edit(argument.start, argument.end, name.encode()),
    )


def _free_name(scene: Scene, function: Node, names: tuple[str, ...]) -> str:
    """One of these names that the function has not, by its place; "" where there is none."""
    first = crc32(f"{function.start}{function.end}".encode()) % len(names)
    for name in (*names[first:], *names[:first]):
        try:
            if fresh_name(scene, function, name) == name:
                return name
        except Declined:
            continue
    return ""


def await_dropped(scene: Scene) -> Iterator[Draft]:
    """An awaited call that stands alone, no longer awaited."""
    for node in nodes(scene, K.AWAIT):
        value, function = node.get("value"), function_of(node)
        if value is None or function is None or value.kind is not K.CALL or not block_of(node):
            continue
        name = function.get("name")
        callee = value.get("callee")
        if name is None or callee is None or _MAIN.fullmatch(name.text) or callee.text == "Yield":
            continue  # the program ends when it does; nothing is late
        if _HANDLER.match(name.text) and next_of(node) is None:
            continue  # nobody waits for what handles an event
        twin = _await_later(scene, node, value, function)
        if twin:
            yield Draft(node.start, node.end, (Edit(node.start, value.start, b""),), twin)


def _await_later(scene: Scene, node: Node, call: Node, function: Node) -> tuple[Edit, ...]:
    """The same wait in two steps; in C# without the context, as libraries write it. What is waited for is called what
    it is: a promise in JavaScript."""
    if scene.family is CSHARP:
        told = scene.between(call.end, node.end)  # the tree leaves it out
        longer = told.replace("(", "(continueOnCapturedContext: ") if told else ".ConfigureAwait(false)"
        return (Edit(call.end, node.end, longer.encode()),)
    name = _free_name(scene, function, ("pending",) if scene.family is PYTHON else ("promise",))
    if not name or not owns_lines(scene, node):
        return ()
    ends = scene.source[node.end : node.end + 1] == b";"
    lead = _DECLARED[scene.family].format(name=name)
    again = f"{';' if ends else ''}{scene.newline}{scene.indent(node.start)}await {name}"
    return (Edit(node.start, call.start, lead.encode()), Edit(node.end, node.end, again.encode()))


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
    name = _free_name(scene, function, ("result", "outcome", "answer", "found"))
    if not name:
        return ()
    stop = statement_end_sign(scene)
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
            if fresh is None or body is None or not _is_kept_or_changed(body, first[0], name.text):
                continue
            start, end = scene.line_start(first[0].start), scene.next_line(first[0].end)
            typed = _without_none(scene, param)
            if typed is not None:
                edits = (*typed, Edit(value.start, value.end, fresh.encode()), without_lines(scene, start, end))
                yield Draft(param.start, param.end, edits, _as_expression(scene, first[0], name.text, fresh))


def _is_kept_or_changed(body: Node, check: Node, name: str) -> bool:
    """Whether a body changes a value after its check, returns it, or keeps it on an object before it is set anew."""
    for node in body.walk():
        if node.start < check.end:
            continue
        target, value, callee = node.get("target"), node.get("value"), node.get("callee")
        if node.kind in (K.ASSIGN, K.AUG_ASSIGN) and target is not None:
            if _is_named(target, name):
                return node.kind is K.AUG_ASSIGN
            obj = target.get("obj")
            if target.kind is K.INDEX and obj is not None and _is_named(obj, name):
                return True
        is_kept = value is not None and _is_named(value, name)
        if is_kept and (
            node.kind is K.RETURN or (node.kind is K.ASSIGN and target is not None and target.kind is K.MEMBER)
        ):
            return True
        receiver = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
        if callee is not None and callee.text in _CHANGING and receiver is not None and _is_named(receiver, name):
            return True
    return False


def _is_named(node: Node, name: str) -> bool:
    return node.kind is K.NAME and node.text == name


def _without_none(scene: Scene, param: Node) -> tuple[Edit, ...] | None:
    """What takes `None` out of a parameter's type; None for types that promise not to change it, or are not plain."""
    declared = param.get("type")
    if declared is None:
        return ()
    text = scene.text(declared)
    if _READ_ONLY.search(text):
        return None
    inner = re.fullmatch(r"(?:typing\.)?Optional\[(.*)\]", text, re.DOTALL)
    plain = inner[1] if inner is not None else _OPTIONAL.sub("", text)
    return None if plain == text else (Edit(declared.start, declared.end, plain.encode()),)


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
