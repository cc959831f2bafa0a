"""Work that a loop repeats: moved into it, or grown by it."""

import re
from collections.abc import Iterator

from dataset_curation.injection.structures.amounts import (
    is_looped,
    is_seldom,
    is_surely_few,
    loop_heads,
    may_be_many,
    says_seldom,
)
from dataset_curation.injection.structures.model import (
    CSHARP,
    JAVA,
    Draft,
    assigned,
    block_of,
    declared,
    function_of,
    has_long_text,
    is_simple,
    lines_of,
    names_in,
    nodes,
    without_lines,
)
from dataset_curation.injection.structures.other_names import other_names, singular_names
from dataset_curation.injection.structures.renaming import is_free, local_uses, rename, reworded
from graph_model.edits.model import Edit
from graph_model.edits.places import owns_lines, statement_end
from graph_model.edits.scene import Scene
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_BUILDERS = ("StringBuilder", "StringBuffer")
_APPENDS = ("append", "Append")
_MAX_MOVED = 2  # lines
_ROOM = re.compile(r"new \w+\[")  # an array costs little, whoever names its size
_MAX_ABOVE = 3  # statements between a loop and what is moved into it
_CHEAP = re.compile(
    r"(?:min|max|abs|floor|ceil|round|len|length|size|count|int|str|bool|float|get\w*|is\w*|has\w*|equals|isinstance|type"
    r"|range|now|time|perf_counter|nanoTime|currentTimeMillis|monotonic|iterator|values|keys|entries|items|next)$",
    re.I,
)
_SHOWN = re.compile(
    r"(?i)string|dump|describe|debug|inspect|hash|path|name|id$|type|class|config|filter|header|cookie|option|url|uri|key"
    r"|param|argument|signature|title|case|pattern|format|version|substitut|error|message|empty"
)  # seldom called, or of little
_LINED = re.compile(
    r"(?i)(?:rows|records|events|messages|documents|comments|posts|users|transactions|orders|products|customers|members"
    r"|accounts|articles|samples|points|packets|read_?line\(\)|invoices|payments|cursor|resultset|rs\.next\(\)|sentences)\b(?!\.)"
    r"|(?:rows|records|samples|points|messages|events)\.(?:size|length|count)"
    r"|(?:text|content|body|html|xml|json|source|payload|sql|markdown|document)\.(?:length\b|toCharArray\(\)|chars\(\))"
)
"""What is written down one after another, and grows with use."""
_COSTS = re.compile(
    r"(?:\b(?:set|dict|frozenset|list|sorted|OrderedDict|Counter)\((?!\))"
    r"|\bnew \w*(?:Set|Map|List|Dictionary)(?:<[^()]*>)?\(\w|\bfor \w[\w, ]* in |Pattern\.compile\(|new Reg[Ee]xp?\("
    r"|\.(?:sort|map|filter|reduce|flatMap|Select|Where|OrderBy|ToDictionary|ToHashSet|ToList|stream|join)\("
    r"|Object\.(?:keys|entries|values)\(|json\.loads|JSON\.parse|new SimpleDateFormat|DateTimeFormatter\.ofPattern"
    r"|new ObjectMapper|new Gson|\b(?i:load|read|query|fetch|find|select|parse|build|compute|sum|sort)\w*\()"
)
"""What costs time whenever it is done: a collection made, a pattern compiled, something read or searched."""
_SOON_DONE = re.compile(r"re\.compile|regex\.compile|\.split\(|\.replace\(|\.find\(\"|\.read\(\)")
"""What costs little: patterns that Python keeps, and what is done with one short text."""
_CHANGING = re.compile(
    r"(?:add|put|append|push|pop|remove|insert|set|next|read|write|update|clear|extend|discard|offer|poll|enqueue|dequeue"
    r"|try|shift|unshift|delete|increment|find|exec|reset)",
    re.I,
)
_BUILDER = re.compile(r"new String(?:Builder|Buffer)\b")
_BUILDING = re.compile(r"(?i)builder|buffer|^sb$|^buf$|sb$")  # names of what a text is not
_OF_CODE = re.compile(r"\b(?:Repeat|Range)\b")  # as many rounds as the code says
_TEXT_NAMES = ("text", "result", "output", "joined", "written")


def work_in_loop(scene: Scene) -> Iterator[Draft]:
    """A statement that names a call's result, moved from before a loop over much to its first line."""
    for loop in nodes(scene, *LOOP_KINDS):
        siblings = block_of(loop)
        position = next((idx for idx, one in enumerate(siblings) if one is loop), 0)
        head = _head_of(loop)
        if function_of(loop) is None or head is None or not _goes_over_much(scene, loop, head):
            continue
        for above in range(position - 1, max(-1, position - 1 - _MAX_ABOVE), -1):
            if not _meddles(siblings[above], siblings[above + 1 : position]):
                yield from _moved(scene, siblings[above], loop)


def _head_of(loop: Node) -> Node | None:
    """What a loop goes over, or goes on by."""
    return loop.get("iter") or loop.get("cond")


def _goes_over_much(scene: Scene, loop: Node, head: Node) -> bool:
    """Whether a loop may have many rounds: by what it goes over, or by the name of what it takes each round."""
    target = loop.get("target")
    names = [one.text for one in target.walk() if one.kind is K.NAME] if target is not None else []
    listed = loop.kind is K.LOOP_EACH and any(may_be_many(f"{one}s") for one in names)
    return not is_surely_few(scene.text(head)) and (may_be_many(scene.text(head)) or listed)


def _meddles(statement: Node, between: list[Node]) -> bool:
    """Whether what stands between a statement and a loop names its variable, or changes what it reads."""
    holder = declared(statement)
    target = holder.get("target") if holder is not None else None
    if target is None:
        return True
    read = names_in(statement)
    return any(target.text in names_in(one) or read & assigned(one) for one in between)


def _moved(scene: Scene, statement: Node, loop: Node) -> Iterator[Draft]:
    holder, body = declared(statement), loop.get("body")
    target, value = (holder.get("target"), holder.get("value")) if holder is not None else (None, None)
    if target is None or value is None or body is None or not body.raw or not body.children:
        return
    if (
        not _is_costly(scene, value, body)
        or target.text in names_in(value)
        or any(n.kind in (K.AWAIT, K.LAMBDA, K.FUNCTION) for n in value.walk())
    ):
        return
    head = {name for part in loop.children if part is not body for name in names_in(part)}
    changed = assigned(loop)
    if target.text in head | changed or names_in(value) & changed or target.text not in names_in(body):
        return
    if target.text in _read_after(loop) or has_long_text(scene, statement):
        return
    lines, first = lines_of(scene, statement, statement), body.children[0]
    if any(_is_changed(n, target.text) for n in loop.walk()):
        return
    iterated = loop.get("iter") or loop.get("cond")
    if lines is None or not owns_lines(scene, first) or (iterated is not None and is_surely_few(scene.text(iterated))):
        return
    if scene.source.count(b"\n", *lines) > _MAX_MOVED:
        return
    indent, inner = scene.indent(statement.start), scene.indent(first.start)
    text = scene.between(*lines).replace(f"\n{indent}", f"\n{inner}")
    moved = inner + text[len(indent) :]
    at = scene.line_start(min((d.start for d in first.all("decorators")), default=first.start))
    yield Draft(
        statement.start, statement.end, (without_lines(scene, *lines), Edit(at, at, moved.encode())), renames=True
    )


def _is_costly(scene: Scene, value: Node, body: Node) -> bool:
    """Whether anybody feels it when a value is found in every round of a loop with this body."""
    text = scene.text(value)
    works = any(_is_making(n) or (n.kind is K.CALL and not _is_cheap(n)) for n in value.walk())
    if not works or not _COSTS.search(text) or _SOON_DONE.search(text) or _ROOM.match(text):
        return False
    return not (is_surely_few(text) or says_seldom(text) or is_seldom(scene, body.children[0]))


def _is_changed(node: Node, name: str) -> bool:
    """Whether a call changes what a variable holds, so that it collects over all rounds."""
    obj = node.get("obj") if node.kind is K.MEMBER else None
    return obj is not None and obj.text == name and _CHANGING.match(node.text) is not None


def _is_making(node: Node) -> bool:
    """Whether an object is made of something; an empty one costs nothing."""
    args = node.get("args") if node.kind is K.NEW else None
    return args is not None and bool(args.children)


def _is_cheap(call: Node) -> bool:
    """Whether nobody feels how often a call is made."""
    callee = call.get("callee")
    return callee is not None and _CHEAP.match(callee.text) is not None


def _read_after(loop: Node) -> set[str]:
    """Names that the function mentions behind the loop."""
    function = function_of(loop)
    if function is None:
        return set()
    return {n.text for n in function.walk() if n.kind is K.NAME and n.start >= loop.end}


def text_in_loop(scene: Scene) -> Iterator[Draft]:
    """A builder as text that grows. Not in Python: there a local text grows in place, and nothing gets slower."""
    for function in nodes(scene, K.FUNCTION):
        called = function.get("name")
        if (
            called is None
            or _SHOWN.search(called.text)
            or is_seldom(scene, function)
            or len(_BUILDER.findall(scene.text(function))) > 1
        ):
            continue
        for name, places in local_uses(scene, function).items():
            starts = [one for one in places if one.field == "target"]
            if len(starts) == 1 and starts[0].parent is not None and not is_looped(starts[0]):
                draft = _grown(scene, starts[0].parent, name, places)
                if draft is not None:
                    yield draft


def _grown(scene: Scene, start: Node, name: str, places: list[Node]) -> Draft | None:
    value = start.get("value")
    if value is None:
        return None
    callee, args = value.get("callee"), value.get("args")
    begins = value.kind is K.NEW and callee is not None and callee.text in _BUILDERS
    begins = begins and (args is None or not args.children or args.children[0].kind is K.INT)
    text = next((one for one in _TEXT_NAMES if is_free(scene, one)), "") if _BUILDING.search(name) else name
    edits = _typed_start(scene, start, value, text)
    if not begins or not text:
        return None
    looped = ends = False
    for place in places:
        if place.field == "target":
            continue
        edit = _growth(scene, place, text)
        if edit is None:
            return None
        is_end = edit.replacement == text.encode()
        heads = [] if is_end else loop_heads(scene, place)
        looped = looped or any(_LINED.search(head) and not is_surely_few(head) for head in heads)
        ends = ends or is_end
        edits.append(edit)
    statement = start.parent if start.kind is K.DECLARATOR and start.parent is not None else start
    twin = reworded(scene, places)
    return Draft(statement.start, statement.end, tuple(edits), twin) if looped and ends else None


def _typed_start(scene: Scene, start: Node, value: Node, called: str) -> list[Edit]:
    """`StringBuilder b = new StringBuilder();` as a text that is empty."""
    text = "String" if scene.family is JAVA else "string"
    statement = start.parent
    first = statement.start if statement is not None and statement.kind is K.DECL else start.start
    name = start.get("target")
    assert name is not None  # a variable with uses has a name
    return [Edit(first, name.end, f"{text} {called}".encode()), Edit(value.start, value.end, b'""')]


def _growth(scene: Scene, place: Node, name: str) -> Edit | None:
    """One use of the collector as a use of text: `x.append(e)` as `x += e`, the end as the text itself."""
    member = place.parent
    call = member.parent if member is not None and member.kind is K.MEMBER else None
    if member is None or call is None or call.kind is not K.CALL or call.get("callee") is not member:
        return None
    if member.text in ("toString", "ToString"):
        args, named = call.get("args"), call.parent is not None and call.parent.kind is K.DECLARATOR
        return (
            Edit(call.start, call.end, name.encode()) if args is not None and not args.children and not named else None
        )
    parts: list[str] = []
    while call is not None and call.kind is K.CALL and member is not None and member.text in _APPENDS:
        args = call.get("args")
        if args is None or len(args.children) != 1 or "\n" in scene.text(args):
            return None
        item = args.children[0]
        plain = is_simple(item) or item.kind in (K.CALL, K.INDEX, K.MEMBER, K.NEW)
        parts.append(scene.text(item) if plain else f"({scene.text(item)})")
        last, member = call, call.parent
        call = member.parent if member is not None and member.kind is K.MEMBER else None
    if not parts or not block_of(last):
        return None
    only = scene.text(item)
    grown = f"{name} += {only}" if len(parts) == 1 else f"{name} = {name} + {' + '.join(parts)}"
    return Edit(last.start, last.end, grown.encode())


def together_apart(scene: Scene) -> Iterator[Draft]:
    """`await Task.WhenAll(items.Select(x => f(x)));` as a loop that awaits each (C#)."""
    for node in nodes(scene, K.AWAIT):
        call = _configured(node.get("value"))
        args = call.get("args") if call is not None and call.kind is K.CALL else None
        callee = call.get("callee") if call is not None else None
        if args is None or callee is None or callee.text != "WhenAll" or len(args.children) != 1:
            continue
        mapped = args.children[0]
        inner = mapped.get("callee") if mapped.kind is K.CALL else None
        lambdas = mapped.get("args")
        if inner is None or inner.text != "Select" or lambdas is None or len(lambdas.children) != 1:
            continue
        draft = _awaited_each(scene, node, inner, lambdas.children[0])
        if draft is not None and scene.family is CSHARP and not _OF_CODE.search(scene.text(inner)):
            yield draft


def _configured(call: Node | None) -> Node | None:
    """The call before `.ConfigureAwait(false)`, the call itself without that."""
    callee = call.get("callee") if call is not None and call.kind is K.CALL else None
    is_configured = callee is not None and callee.kind is K.MEMBER and callee.text == "ConfigureAwait"
    return callee.get("obj") if callee is not None and is_configured else call


def _awaited_each(scene: Scene, node: Node, select: Node, function: Node) -> Draft | None:
    items, body = select.get("obj"), function.get("body")
    names = list((function.get("params") or function).children)[:2]
    result = body.children[0] if body is not None and len(body.children) == 1 else None
    value = result.get("value") if result is not None else None
    if items is None or value is None or value.kind not in (K.CALL, K.AWAIT) or len(names) != 1:
        return None
    if "\n" in scene.text(items):
        return None
    param = names[0].get("name")
    if param is None or not block_of(node) or not owns_lines(scene, node) or "\n" in scene.text(value):
        return None
    indent = scene.indent(node.start)
    tail = ".ConfigureAwait(false)" if scene.text(node).endswith(".ConfigureAwait(false)") else ""
    awaited = scene.text(value) if value.kind is K.AWAIT else f"await {scene.text(value)}{tail}"
    lines = (
        f"foreach (var {param.text} in {scene.text(items)})",
        f"{indent}{{",
        f"{indent}    {awaited};",
        f"{indent}}}",
    )
    edit = Edit(node.start, statement_end(scene, node), scene.newline.join(lines).encode())
    return Draft(node.start, node.end, (edit,), _lambda_reworded(scene, items, function, param, value))


def _lambda_reworded(scene: Scene, items: Node, function: Node, param: Node, value: Node) -> tuple[Edit, ...]:
    """`row => Send(row)` as `Send`, or under another name for the row."""
    callee, args = value.get("callee"), value.get("args")
    given = [scene.text(one) for one in args.children] if args is not None else []
    text = scene.text(function)
    if value.kind is K.CALL and callee is not None and given == [param.text] and "async" not in text:
        return (Edit(function.start, function.end, scene.text(callee).encode()),)
    places = [n for n in function.walk() if n.kind is K.NAME and n.text == param.text]
    first = next((n.text for n in items.walk() if n.kind is K.NAME), "")
    for name in (*singular_names(first), *other_names(param.text, scene.family)):
        if name != param.text and is_free(scene, name):
            return rename(scene, places, name)
    return ()
