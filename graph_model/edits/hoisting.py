"""Work that gives the same in every round, moved before its loop."""

from graph_model.conditions import find_argument
from graph_model.edits.imports import use_type
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import owns_lines, statement_end, statement_of
from graph_model.edits.scene import Scene, fresh_name, need
from graph_model.kinds import LOOP_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_MOVABLE = frozenset(
    {K.CALL, K.NEW, K.ARGS, K.KWARG, K.MEMBER, K.INDEX, K.NAME, K.THIS, K.TYPE_REF, K.STRING, K.INT, K.FLOAT,
     K.BOOL, K.NULL, K.REGEX, K.BINARY, K.UNARY, K.NOT, K.TUPLE, K.LIST, K.TEMPLATE, K.TEXT, K.INTERPOLATION,
     K.TERNARY, K.COMPARE, K.BOOLEAN}
)  # fmt: skip
_CHANGES = frozenset(
    {K.ASSIGN, K.AUG_ASSIGN, K.UPDATE, K.DECLARATOR, K.DELETE, K.LOOP_EACH, K.WITH_ITEM, K.CATCH, K.PARAM, K.COMP_FOR}
)
_JAVA_TEXT = frozenset({"matches", "replaceAll", "replaceFirst", "split"})
_COMPILERS = {  # called in place: API -> name of the new variable, how it is declared
    "jsonschema.Draft7Validator": ("validator", "{} = {}"),
    "jsonschema.Draft202012Validator": ("validator", "{} = {}"),
    "jinja2.Template": ("template", "{} = {}"),
    "string.Template": ("template", "{} = {}"),
    "struct.Struct": ("layout", "{} = {}"),
    "com.google.gson.Gson": ("gson", "Gson {} = {};"),
    "re.compile": ("pattern", "{} = {}"),
    "regex.compile": ("pattern", "{} = {}"),
    "java.util.regex.Pattern.compile": ("pattern", "Pattern {} = {};"),
    "System.Text.RegularExpressions.Regex": ("regex", "var {} = {};"),
    "RegExp": ("regex", "const {} = {};"),
}  # fmt: skip


def hoist_out_of_loop(scene: Scene) -> list[Edit]:
    """The statement that names the value, before the outermost loop it does not depend on; or a name made for it."""
    call = scene.call()
    if scene.family is Family.JAVA and scene.candidate.api.startswith("java.lang.String."):
        return _compile_java_text(scene, call)
    _expect_stateless(scene, call)
    if any(n.kind not in _MOVABLE for n in call.walk()):
        raise Declined("expected an expression without effects of its own")
    statement = statement_of(call)
    name = _named_by(statement, call)
    if name is None:
        return _name_compiled(scene, call, statement)
    loop = _outermost(scene, call, statement, name)
    _expect_free(scene, loop, statement, name)
    return _move(scene, statement, loop)


def _expect_stateless(scene: Scene, call: Node) -> None:
    """A global or sticky JavaScript pattern remembers where it was."""
    if scene.family is not Family.JAVASCRIPT or scene.candidate.api != "RegExp":
        return
    flags = find_argument(call, 1)
    if flags is not None and (flags.kind is not K.STRING or set(flags.text) & {"g", "y"}):
        raise Declined("expected a pattern that keeps no position")


def _named_by(statement: Node, call: Node) -> Node | None:
    """The variable of `name = call` or `const name = call;`, None when the call stands anywhere else."""
    holder = statement.children[0] if statement.kind is K.DECL and len(statement.children) == 1 else statement
    target = holder.get("target") if holder.kind in (K.ASSIGN, K.DECLARATOR) else None
    return target if target is not None and target.kind is K.NAME and holder.get("value") is call else None


def _outermost(scene: Scene, call: Node, statement: Node, name: Node | None) -> Node:
    """The outermost loop around the call that changes nothing the call reads, and is a statement of its own."""
    read, receiver = _variables(call), scene.unit_of(call).receiver
    best: Node | None = None
    above = statement.parent
    is_first_level = name is None or _is_body(statement)
    while above is not None and above.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS) and is_first_level:
        if above.kind in LOOP_KINDS:
            if _changed(above, receiver) & read:
                break
            if _is_statement(above) and scene.begins_line(above):
                best = above
            if name is not None and not _is_body(above):
                break
        above = above.parent
    if best is None:
        raise Declined("expected a loop that changes nothing the call reads")
    return best


def _is_body(statement: Node) -> bool:
    """Whether a statement is on the first level of a loop's body."""
    block = statement.parent
    return block is not None and block.field == "body" and block.parent is not None and block.parent.kind in LOOP_KINDS


def _is_statement(loop: Node) -> bool:
    parent = loop.parent
    return parent is not None and (parent.kind is K.MODULE or (parent.kind is K.BLOCK and bool(parent.raw)))


def _variables(node: Node) -> set[str]:
    """The variables that an expression mentions, `this` among them."""
    return {"this" if n.kind is K.THIS else n.text for n in node.walk() if n.kind in (K.NAME, K.THIS)}


def _changed(loop: Node, receiver: str) -> set[str]:
    """Every name that something in a loop assigns or declares, or calls a method on for its effect."""
    changed: set[str] = set()
    for node in loop.walk():
        if node.kind in _CHANGES:
            parts = node.children if node.kind is K.DELETE else [node.get("target"), node.get("name")]
            for part in parts:
                changed |= _variables(part) if part is not None else set()
        elif node.kind is K.CALL:
            callee = node.get("callee")
            obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
            owner = _variables(obj) if obj is not None and obj.kind in (K.NAME, K.THIS) else set()
            if owner & {"this", receiver} or (node.parent is not None and node.parent.kind is K.BLOCK):
                changed |= owner
    return changed


def _expect_free(scene: Scene, loop: Node, statement: Node, name: Node) -> None:
    """The variable is this loop's own: no other definition, and no use where it would now mean another value."""
    function = scene.unit_of(statement).node
    uses = [n for n in function.walk() if n.kind is K.NAME and n.text == name.text and n is not name]
    if any(not (loop.start <= n.start < loop.end) or n.start < name.start for n in uses):
        raise Declined("expected a name that only the loop uses, after it is set")
    targets = [n for n in uses if n.field in ("target", "name") and n.parent is not None and n.parent.kind in _CHANGES]
    if targets:
        raise Declined("expected one definition")
    if len(need(statement.parent).children) < 2:
        raise Declined("expected more in the loop than this")


def _move(scene: Scene, statement: Node, loop: Node) -> list[Edit]:
    if not owns_lines(scene, statement):
        raise Declined("expected the statement to own its lines")
    start, end = scene.line_start(statement.start), scene.next_line(statement_end(scene, statement))
    inner, outer = scene.indent(statement.start), scene.indent(loop.start)
    lines = scene.between(start, end).splitlines(keepends=True)
    if any(n.kind in (K.STRING, K.TEMPLATE) and "\n" in scene.text(n) for n in statement.walk()):
        raise Declined("expected no text over several lines")
    if not lines[-1].endswith("\n"):
        raise Declined("expected a line after the statement")
    moved = "".join(outer + line[len(inner) :] if line.startswith(inner) else line for line in lines)
    return [scene.insert(scene.line_start(loop.start), moved), Edit(start, end, b"")]


def _name_compiled(scene: Scene, call: Node, statement: Node) -> list[Edit]:
    """A pattern compiled in place gets a name before the loop."""
    known = _COMPILERS.get(scene.candidate.api)
    if known is None:
        raise Declined("expected the value to have a name")
    if scene.family is Family.JAVA and need(call.get("callee")).get("obj") is not None:
        owner = scene.text(need(need(call.get("callee")).get("obj")))
        if owner != "Pattern":
            raise Declined("expected the simple name of Pattern")
    loop = _outermost(scene, call, statement, None)
    wanted, form = known
    name = fresh_name(scene, loop, wanted)
    line = form.format(name, scene.text(call))
    if "\n" in line:
        raise Declined("expected a call on one line")
    text = f"{scene.indent(loop.start)}{line}{scene.newline}"
    return [scene.insert(scene.line_start(loop.start), text), scene.replace(call, name)]


def _compile_java_text(scene: Scene, call: Node) -> list[Edit]:
    """`text.matches("a+")` as `pattern.matcher(text).matches()`, the pattern compiled before the loop."""
    callee, arguments = need(call.get("callee"), K.MEMBER), scene.arguments(call)
    expression, obj = need(find_argument(call, 0), K.STRING), need(callee.get("obj"), K.NAME, K.MEMBER, K.CALL)
    if len(arguments) != (2 if callee.text.startswith("replace") else 1) or callee.text not in _JAVA_TEXT:
        raise Declined("expected matches, replaceAll or split with a pattern")
    statement = statement_of(call)
    loop = next((n for n in _around(call) if n.kind in LOOP_KINDS and _is_statement(n) and scene.begins_line(n)), None)
    if loop is None or loop.start > statement.start:
        raise Declined("expected a loop")
    name = fresh_name(scene, loop, "pattern")
    owner, imports = use_type(scene, "java.util.regex.Pattern")
    line = f"{scene.indent(loop.start)}{owner} {name} = {owner}.compile({scene.text(expression)});{scene.newline}"
    made = scene.insert(scene.line_start(loop.start), line)
    text = scene.text(obj)
    if callee.text == "split":
        return [made, scene.replace(call, f"{name}.split({text})"), *imports]
    last = "matches()" if callee.text == "matches" else f"{callee.text}({scene.text(arguments[1])})"
    return [made, scene.replace(call, f"{name}.matcher({text}).{last}"), *imports]


def _around(node: Node) -> list[Node]:
    """The nodes around another in its function, outermost first."""
    found: list[Node] = []
    above = node.parent
    while above is not None and above.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS):
        found.insert(0, above)
        above = above.parent
    return found
