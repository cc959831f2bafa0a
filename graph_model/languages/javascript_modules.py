"""Imports, exports and markup of JavaScript and TypeScript in normalised shape.

Beyond `SHAPES`: `export default <expression>` becomes a declaration of a variable called "default", `export ... from`
contains the IMPORT it amounts to, `export = x` is the assignment to `module.exports`; the scheme `node:` is dropped.
"""

import re

from graph_model.kinds import NodeKind as K
from graph_model.languages.javascript_shapes import COMMENT, source_text
from graph_model.syntax import Node, Rewrite, adopt


def _specifier(node: Node, source: bytes) -> Node:
    """`data` = (imported or local name, alias or the same name); either may be the bare word `default`."""
    before, _, after = COMMENT.sub(b"", source[node.start : node.end]).decode("utf-8", "replace").rpartition(" as ")
    name, alias = (before or after).removeprefix("type ").strip("\"' \t\r\n"), after.strip("\"' \t\r\n")
    node.data = (name, alias if before else name)
    return adopt(node)


def _names(node: Node) -> tuple[str, str]:
    assert isinstance(node.data, tuple)
    return node.data


def _module(node: Node) -> str | None:
    module = node.get("source")
    return module.text.removeprefix("node:") if module is not None else None


def _import(node: Node, source: bytes) -> Node:
    """`data` = (local, dotted) pairs; a default or namespace import stands for the module itself."""
    module = _module(node)
    pairs: list[tuple[str, str]] = []
    if module is None and len(node.children) == 2:  # import X = N.M
        pairs.append((node.children[0].text, re.sub(r"\s", "", source_text(node.children[1], source))))
    for child in node.children if module is not None else ():
        if child.kind is K.PAIR:
            name, local = _names(child)
            pairs.append((local, f"{module}.{name}" if name != "default" else f"{module}"))
        elif child.kind is K.SPREAD and child.children:
            pairs.append((child.children[0].text, f"{module}"))
        elif child.kind is K.NAME:
            pairs.append((child.text, f"{module}"))
    node.data = tuple(pairs)
    return adopt(node)


def _export(node: Node, source: bytes) -> Node | None:
    """EXPORT with its declaration (or the IMPORT it passes on) and `data` = (exported, local) pairs."""
    module = _module(node)
    decorators = node.all("decorators")
    content = [child for child in node.children if child.field not in ("decorators", "source")]
    if module is not None:
        return _reexport(node, content, module)
    if content and all(child.kind is K.PAIR and child.raw == "export_specifier" for child in content):
        node.data = tuple((alias, name) for name, alias in map(_names, content))
        return adopt(node)
    if not content:
        return None
    child = content[0]
    child.field = ""
    start = max((decorator.end for decorator in decorators), default=node.start)
    prefix = COMMENT.sub(b"", source[start : child.start]).split()
    if b"namespace" in prefix:
        return None
    if b"=" in prefix or (prefix and prefix[-1].endswith(b"=")):
        return _export_assignment(node, child)
    if b"default" in prefix:
        return _export_default(node, child, decorators)
    child.children[:0] = decorators
    for decorator in decorators:
        decorator.parent = child
    node.data = tuple((name, name) for name in _declared_names(child))
    return adopt(node, child)


def _reexport(node: Node, content: list[Node], module: str) -> Node:
    imported = Node(K.IMPORT, "", node.start, node.end)
    imports: list[tuple[str, str]] = []
    exports: list[tuple[str, str]] = []
    for child in content:
        if child.kind is K.PAIR:
            name, alias = _names(child)
            imports.append((name, module if name == "default" else f"{module}.{name}"))
            exports.append((alias, name))
        elif child.kind is K.SPREAD and child.children:
            local = child.children[0].text
            imports.append((local, module))
            exports.append((local, local))
    imported.data = tuple(imports) if content else (("*", module),)
    node.data = tuple(exports) if content else (("*", "*"),)
    return adopt(node, imported)


def _export_assignment(node: Node, value: Node) -> Node:
    target = Node(K.MEMBER, "", node.start, node.start, "target", "exports")
    adopt(target, Node(K.NAME, "", node.start, node.start, "obj", "module"))
    value.field = "value"
    node.kind, node.text = K.ASSIGN, "="
    return adopt(node, target, value)


def _export_default(node: Node, child: Node, decorators: list[Node]) -> Node:
    node.data = (("default", "default"),)
    if child.kind in (K.FUNCTION, K.CLASS):
        name = child.get("name")
        if name is not None:
            name.text = name.text or "default"
            node.data = (("default", name.text),)
        return adopt(node, adopt(child, *decorators, *child.children))
    if child.kind is K.NAME:
        node.data = (("default", child.text),)
        return adopt(node, child)
    declarator = Node(K.DECLARATOR, "", child.start, child.end)
    target = Node(K.NAME, "", child.start, child.start, "target", "default")
    child.field = "value"
    declaration = Node(K.DECL, "", child.start, child.end, "", "const")
    return adopt(node, adopt(declaration, adopt(declarator, target, child)))


def _declared_names(declaration: Node) -> list[str]:
    if declaration.kind is not K.DECL:
        name = declaration.get("name")
        return [name.text] if name is not None else []
    targets = [target for child in declaration.children if (target := child.get("target")) is not None]
    return [leaf.text for target in targets for leaf in target.walk() if leaf.kind is K.NAME]


# Markup.


def _attribute(node: Node, source: bytes) -> Node:
    name, value = node.get("name"), node.get("value")
    node.text = source_text(name, source) if name is not None else ""
    if value is not None and value.kind is K.INTERPOLATION:
        value = value.get("value")
    return adopt(node, value)


def _jsx_expression(node: Node, source: bytes) -> Node | None:
    """Nothing for an empty `{}` or comment; `{...x}` is its SPREAD."""
    value = node.get("value")
    if value is not None and value.kind is K.SPREAD:
        value.field = ""
        return value
    return node if node.children else None


def _jsx_text(node: Node, source: bytes) -> Node | None:
    return node if node.text.strip() else None


def _reference(node: Node, source: bytes) -> Node:
    node.text = source_text(node, source)
    return node


def _element(node: Node, source: bytes) -> Node:
    opening = node.get("name")
    if opening is None:
        return node
    node.text = opening.text
    return adopt(node, *opening.children, *(child for child in node.children if child is not opening))


REWRITES: dict[str, Rewrite] = {
    "import_specifier": _specifier,
    "export_specifier": _specifier,
    "import_statement": _import,
    "import_alias": _import,
    "export_statement": _export,
    "jsx_attribute": _attribute,
    "jsx_expression": _jsx_expression,
    "jsx_text": _jsx_text,
    "html_character_reference": _reference,
    "jsx_element": _element,
}
