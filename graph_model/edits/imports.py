"""Names that a fix needs in a file: an import that is there is used, else one is added once, where it belongs."""

from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import statement_end
from graph_model.edits.scene import Scene, enclosing_function
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_PLACES = frozenset({K.MODULE, K.TRY, K.BLOCK, K.NAMESPACE, *FUNCTION_KINDS})
_SERVER_MODULES = frozenset(
    {"assert", "bcrypt", "buffer", "child_process", "crypto", "express", "fastify", "fs", "fs/promises", "http",
     "http2", "https", "jsonwebtoken", "koa", "mysql", "mysql2", "net", "os", "passport", "path", "pg",
     "stream", "tls", "url", "util", "zlib"}
)  # fmt: skip


def _visible_imports(scene: Scene) -> list[Node]:
    """IMPORT nodes whose names the anchor sees: of the module, or of a function around the anchor."""
    anchor = scene.anchor()
    around: list[Node] = []
    function = enclosing_function(anchor)
    while function is not None:
        around.append(function)
        function = enclosing_function(function)
    return [n for n in scene.tree.root.walk() if n.kind is K.IMPORT and _reaches(n, around, anchor)]


def _reaches(node: Node, around: list[Node], anchor: Node) -> bool:
    above = node.parent
    while above is not None:
        if above.kind not in _PLACES:
            return False
        if above.kind in FUNCTION_KINDS:
            return above in around and node.end <= anchor.start
        above = above.parent
    return True


def _pairs(node: Node) -> tuple[tuple[str, str], ...]:
    return node.data if isinstance(node.data, tuple) else ()


def _is_taken(scene: Scene, name: str, meaning: str) -> bool:
    """Whether a name means something else where the anchor stands, or at the file's top level."""
    program = scene.program
    unit = scene.unit_of(scene.anchor())
    while unit is not None:
        if name in unit.locals:
            return True
        if unit.parent is None:
            break
        unit = unit.parent
    return program.imports.get(name, meaning) != meaning or name in program.functions or name in program.classes


def _line(scene: Scene, neighbour: Node, text: str, *, after: bool) -> Edit:
    """A whole line beside a neighbour that has a line of its own, indented like it."""
    indent = scene.indent(neighbour.start)
    if not scene.begins_line(neighbour):
        raise Declined("expected the import to begin its line")
    if not after:
        return scene.insert(scene.line_start(neighbour.start), f"{indent}{text}{scene.newline}")
    end = statement_end(scene, neighbour)
    if scene.code_between(end, scene.line_end(end)).strip():
        raise Declined("expected the import to end its line")
    at = scene.next_line(end)
    if at == len(scene.source) and not scene.source.endswith(b"\n"):
        return scene.insert(at, f"{scene.newline}{indent}{text}")
    return scene.insert(at, f"{indent}{text}{scene.newline}")


def _sorted_line(scene: Scene, group: list[tuple[str, Node]], key: str, text: str) -> Edit:
    """A line among sorted neighbours: after the last that comes before it, else before the first."""
    smaller = [node for name, node in group if name < key]
    return _line(scene, smaller[-1] if smaller else group[0][1], text, after=bool(smaller))


def _opening(scene: Scene, text: str) -> Edit:
    """A line with an empty line behind it before the first statement."""
    first = scene.tree.root.children[0]
    start = min((d.start for d in first.all("decorators")), default=first.start)
    if scene.source[scene.line_start(start) : start].strip(b" \t\xef\xbb\xbf"):
        raise Declined("expected the first statement to begin its line")
    return scene.insert(start, f"{text}{scene.newline}{scene.newline}")


# Python --------------------------------------------------------------------------------------------------------------


def import_python_module(scene: Scene, module: str) -> tuple[str, list[Edit]]:
    """The name by which a module can be used at the anchor, and the edits that make it so."""
    for node in _visible_imports(scene):
        for local, dotted in _pairs(node):
            if dotted == module:
                return local, []
    if _is_taken(scene, module, module):
        raise Declined(f"expected {module} to be free")
    return module, [_add_python_line(scene, f"import {module}", module)]


def _add_python_line(scene: Scene, line: str, module: str) -> Edit:
    """Where the block of imports at the top holds it in order: plain imports first, `__future__` before everything."""
    top = scene.tree.root.children
    start = 1 if top and top[0].kind is K.STRING else 0
    block: list[Node] = []
    for node in top[start:]:
        if node.kind is not K.IMPORT:
            break
        block.append(node)
    future = [n for n in block if n.raw == "future_import_statement"]
    rest = [n for n in block if n.raw != "future_import_statement"]
    if rest:
        plain = [
            (_pairs(n)[0][1], n) for n in _first_paragraph(scene, rest) if n.raw == "import_statement" and _pairs(n)
        ]
        return _sorted_line(scene, plain, module, line) if plain else _line(scene, rest[0], line, after=False)
    before = future[-1:] or top[:start]
    if not before:
        return _opening(scene, line)
    at = scene.next_line(before[0].end)
    if scene.code_between(before[0].end, scene.line_end(before[0].end)).strip():
        raise Declined("expected a line of its own before the imports")
    missing = "" if scene.source[:at].endswith(b"\n") else scene.newline
    return scene.insert(at, f"{missing}{scene.newline}{line}{scene.newline}")


def _first_paragraph(scene: Scene, block: list[Node]) -> list[Node]:
    """The imports up to the first empty line."""
    group = block[:1]
    for node in block[1:]:
        if scene.between(group[-1].end, node.start).count("\n") > 1:
            break
        group.append(node)
    return group


def swap_python_name(scene: Scene, used: Node, module: str, name: str) -> list[Edit]:
    """Lets a name that came from `from module import old` be `name` of the same module at one use."""
    statement = next(
        (n for n in _visible_imports(scene) if (used.text, f"{module}.{used.text}") in _pairs(n)), None
    )  # fmt: skip
    if statement is None or statement.raw != "import_from_statement":
        raise Declined(f"expected {used.text} imported from {module}")
    if any((name, f"{module}.{name}") in _pairs(n) for n in _visible_imports(scene)):
        return [scene.replace(used, name)]
    if _is_taken(scene, name, f"{module}.{name}"):
        raise Declined(f"expected {name} to be free")
    head, _, names = scene.text(statement).partition(" import ")
    old = used.text
    listed = [part.strip(" ()\t\r\n") for part in names.split(",")]
    if listed.count(old) != 1 or "#" in names:
        raise Declined(f"expected {old} in the import, once and without another name")
    at = statement.start + len(f"{head} import ".encode()) + _find_word(names, old)
    others = sum(n.kind is K.NAME and n.text == old and n is not used for n in scene.tree.root.walk())
    replacement = Edit(at, at + len(old.encode()), name.encode())
    return [scene.replace(used, name), replacement if not others else scene.insert(at + len(old.encode()), f", {name}")]


def _find_word(text: str, word: str) -> int:
    """The byte offset of a whole word."""
    at = text.find(word)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(word) : at + len(word) + 1]
        if not (before.isidentifier() or after.isidentifier() or after.isdigit()):
            return len(text[:at].encode())
        at = text.find(word, at + 1)
    raise Declined(f"expected the word {word}")


# Java and C# ---------------------------------------------------------------------------------------------------------


def use_types(scene: Scene, *qualified: str) -> tuple[list[str], list[Edit]]:
    """The shortest names of Java or C# types at the anchor, and the imports they need."""
    names: list[str] = []
    missing: list[str] = []
    for one in qualified:
        namespace, _, simple = one.rpartition(".")
        if scene.program.imports.get(simple) == one or _is_open(scene, namespace):
            names.append(one if simple in scene.program.classes else simple)
        elif simple in scene.program.imports or simple in scene.program.classes:
            names.append(one)
        else:
            names.append(simple)
            missing.append(one if scene.family is Family.JAVA else namespace)
    if scene.family not in (Family.JAVA, Family.CSHARP):
        raise Declined("expected a language with types")
    return names, _add_lines(scene, sorted(set(missing))) if missing else []


def use_type(scene: Scene, qualified: str) -> tuple[str, list[Edit]]:
    """One type as `use_types` gives it."""
    names, edits = use_types(scene, qualified)
    return names[0], edits


def swap_type(scene: Scene, old: str, new: str, *used: Node) -> list[Edit]:
    """Another Java type at these uses of one; the import is swapped too when there are no others."""
    simple = old.rpartition(".")[2]
    statement = next((n for n in scene.tree.root.children if n.kind is K.IMPORT and (simple, old) in _pairs(n)), None)
    uses = [n for n in scene.tree.root.walk() if n.kind in (K.TYPE_REF, K.NAME) and n.text.partition(".")[0] == simple]
    names, edits = use_types(scene, new)
    if edits and statement is not None and len(uses) == len(used):
        edits = [scene.replace(statement, scene.text(statement).replace(old, new))]
    return [*(scene.replace(node, names[0]) for node in used), *edits]


def _is_open(scene: Scene, namespace: str) -> bool:
    """Whether every type of a package or namespace is visible."""
    own = scene.program.module_name
    if namespace in (*scene.program.wildcards, own, "java.lang"):
        return True
    return scene.family is Family.CSHARP and own.startswith(f"{namespace}.")


def _add_lines(scene: Scene, targets: list[str]) -> list[Edit]:
    """One import line for each target: among those there are, below the package, or at the top."""
    is_java = scene.family is Family.JAVA
    lines = [f"import {target};" if is_java else f"using {target};" for target in targets]
    imports = [n for n in scene.tree.root.walk() if n.kind is K.IMPORT and _pairs(n)]
    plain = [(_sort_key(scene, _imported(n)), n) for n in imports if _is_plain(scene, n)]
    if plain:
        return [_sorted_line(scene, plain, _sort_key(scene, t), line) for t, line in zip(targets, lines, strict=True)]
    if imports:
        return [_line(scene, imports[-1], line, after=True) for line in lines]
    first = scene.tree.root.children[0]
    joined = scene.newline.join(lines)
    if is_java and first.kind is K.NAMESPACE:
        return [scene.insert(scene.next_line(first.end), f"{scene.newline}{joined}{scene.newline}")]
    return [_opening(scene, joined)]


def _is_plain(scene: Scene, node: Node) -> bool:
    """Neither static, nor global, nor an alias."""
    if scene.text(node).startswith(("import static", "using static", "global")):
        return False
    return scene.family is Family.JAVA or _pairs(node)[0][0] == "*"


def _imported(node: Node) -> str:
    local, dotted = _pairs(node)[0]
    return f"{dotted}.*" if local == "*" else dotted


def _sort_key(scene: Scene, name: str) -> str:
    """By name; in C# namespaces of System come first."""
    name = name.removesuffix(".*")
    is_system = name == "System" or name.startswith("System.")
    return name if scene.family is Family.JAVA or not is_system else f"\0{name}"


# JavaScript ----------------------------------------------------------------------------------------------------------


def import_node_module(scene: Scene, module: str) -> tuple[str, list[Edit]]:
    """The variable that holds a Node module at the anchor, and the edits that make it so. Declines outside Node."""
    required = _required(scene)
    for local, known, _ in required:
        if known == module:
            return local, []
    imports = [n for n in scene.tree.root.children if n.kind is K.IMPORT]
    named = {dotted for n in imports for _, dotted in _pairs(n)}
    for node in imports:
        for local, dotted in _pairs(node):
            if dotted == module:
                return local, []
    modules = {dotted.rpartition(".")[0] or dotted for dotted in named} | {known for _, known, _ in required}
    if not (modules | named) & _SERVER_MODULES:
        raise Declined("expected a file that runs in Node")
    if _is_taken(scene, module, module):
        raise Declined(f"expected {module} to be free")
    if imports:
        return module, [_line(scene, imports[-1], f"import * as {module} from '{module}';", after=True)]
    before = [statement for _, _, statement in required if statement.end <= scene.candidate.start]
    if not before:
        raise Declined("expected a require before the anchor")
    quote = '"' if scene.source.count(b'require("') > scene.source.count(b"require('") else "'"
    return module, [_line(scene, before[-1], f"const {module} = require({quote}{module}{quote});", after=True)]


def _required(scene: Scene) -> list[tuple[str, str, Node]]:
    """`const x = require('y')` at the top level: (variable or "", module, statement)."""
    found: list[tuple[str, str, Node]] = []
    for statement in scene.tree.root.children:
        for node in statement.children if statement.kind is K.DECL else ():
            target, value = node.get("target"), node.get("value")
            callee = value.get("callee") if value is not None and value.kind is K.CALL else None
            args = value.get("args") if value is not None else None
            if callee is None or callee.text != "require" or args is None or not args.children or target is None:
                continue
            specifier = args.children[0].text.removeprefix("node:")
            found.append((target.text if target.kind is K.NAME else "", specifier, statement))
    return [entry for entry in found if entry[1]]


def import_module(scene: Scene, module: str) -> tuple[str, list[Edit]]:
    """A Python or Node module by the name it has at the anchor, with the import it needs."""
    if scene.family is Family.PYTHON:
        return import_python_module(scene, module)
    if scene.family is Family.JAVASCRIPT:
        return import_node_module(scene, module)
    raise Declined("expected a language with modules")
