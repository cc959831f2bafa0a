"""Python's table (grammar: tree-sitter-python)."""

import tree_sitter_python
from tree_sitter import Language as Grammar

from graph_model.kinds import NodeKind as K
from graph_model.syntax import Action, LanguageTable, Node, adopt, as_block, dotted_name, returning_block

_KINDS: dict[str, K | Action] = {
    "module": Action.INLINE,
    "comment": Action.COMMENT,
    "line_continuation": Action.SKIP,
    "block": K.BLOCK,
    "expression_statement": Action.COLLAPSE,
    "parenthesized_expression": Action.COLLAPSE,
    "decorated_definition": K.OTHER,
    "decorator": K.DECORATOR,
    "function_definition": K.FUNCTION,
    "class_definition": K.CLASS,
    "lambda": K.LAMBDA,
    "parameters": K.PARAMS,
    "lambda_parameters": K.PARAMS,
    "default_parameter": K.PARAM,
    "typed_parameter": K.PARAM,
    "typed_default_parameter": K.PARAM,
    "list_splat_pattern": K.SPREAD,
    "dictionary_splat_pattern": K.SPREAD,
    "keyword_separator": Action.SKIP,
    "positional_separator": Action.SKIP,
    "type": K.TYPE_REF,
    "type_parameter": Action.SKIP,
    "type_alias_statement": Action.SKIP,
    "import_statement": K.IMPORT,
    "import_from_statement": K.IMPORT,
    "future_import_statement": K.IMPORT,
    "aliased_import": K.PAIR,
    "dotted_name": K.NAME,
    "relative_import": K.NAME,
    "wildcard_import": K.NAME,
    "if_statement": K.IF,
    "elif_clause": K.IF,
    "else_clause": K.ELSE,
    "for_statement": K.LOOP_EACH,
    "while_statement": K.LOOP_WHILE,
    "try_statement": K.TRY,
    "except_clause": K.CATCH,
    "except_group_clause": K.CATCH,
    "finally_clause": K.FINALLY,
    "with_statement": K.WITH,
    "with_clause": Action.INLINE,
    "with_item": K.WITH_ITEM,
    "as_pattern": K.PATTERN,
    "as_pattern_target": Action.COLLAPSE,
    "match_statement": K.SWITCH,
    "case_clause": K.CASE,
    "case_pattern": Action.COLLAPSE,
    "union_pattern": K.PATTERN,
    "dict_pattern": K.PATTERN,
    "splat_pattern": K.PATTERN,
    "class_pattern": K.PATTERN,
    "complex_pattern": K.PATTERN,
    "keyword_pattern": K.PATTERN,
    "list_pattern": K.LIST,
    "tuple_pattern": K.TUPLE,
    "pattern_list": K.TUPLE,
    "if_clause": K.COMP_IF,
    "return_statement": K.RETURN,
    "raise_statement": K.THROW,
    "break_statement": K.BREAK,
    "continue_statement": K.CONTINUE,
    "pass_statement": K.EMPTY,
    "global_statement": K.SCOPE,
    "nonlocal_statement": K.SCOPE,
    "delete_statement": K.DELETE,
    "assert_statement": K.ASSERT,
    "print_statement": K.CALL,
    "exec_statement": K.CALL,
    "assignment": K.ASSIGN,
    "augmented_assignment": K.AUG_ASSIGN,
    "named_expression": K.ASSIGN,
    "call": K.CALL,
    "argument_list": K.ARGS,
    "keyword_argument": K.KWARG,
    "attribute": K.MEMBER,
    "subscript": K.INDEX,
    "slice": K.SLICE,
    "binary_operator": K.BINARY,
    "unary_operator": K.UNARY,
    "not_operator": K.NOT,
    "boolean_operator": K.BOOLEAN,
    "comparison_operator": K.COMPARE,
    "conditional_expression": K.TERNARY,
    "await": K.AWAIT,
    "yield": K.YIELD,
    "list_splat": K.SPREAD,
    "dictionary_splat": K.SPREAD,
    "parenthesized_list_splat": Action.COLLAPSE,
    "list_comprehension": K.COMPREHENSION,
    "set_comprehension": K.COMPREHENSION,
    "dictionary_comprehension": K.COMPREHENSION,
    "generator_expression": K.COMPREHENSION,
    "for_in_clause": K.COMP_FOR,
    "list": K.LIST,
    "tuple": K.TUPLE,
    "expression_list": K.TUPLE,
    "set": K.SET,
    "dictionary": K.DICT,
    "pair": K.PAIR,
    "string": K.STRING,
    "concatenated_string": K.TEMPLATE,
    "string_start": K.MODIFIER,
    "string_content": K.TEXT,
    "string_end": Action.SKIP,
    "interpolation": K.INTERPOLATION,
    "type_conversion": Action.SKIP,
    "format_specifier": Action.INLINE,
    "format_expression": K.INTERPOLATION,
    "identifier": K.NAME,
    "integer": K.INT,
    "float": K.FLOAT,
    "true": K.BOOL,
    "false": K.BOOL,
    "none": K.NULL,
    "ellipsis": K.NULL,
}

_FIELDS: dict[tuple[str, str], str] = {
    ("*", "condition"): "cond",
    ("*", "consequence"): "body",
    ("*", "alternative"): "orelse",
    ("*", "parameters"): "params",
    ("*", "return_type"): "type",
    ("*", "operator"): "text",
    ("*", "operators"): "text",
    ("*", "argument"): "value",
    ("*", "superclasses"): "bases",
    ("*", "definition"): "body",
    ("assignment", "left"): "target",
    ("assignment", "right"): "value",
    ("augmented_assignment", "left"): "target",
    ("augmented_assignment", "right"): "value",
    ("named_expression", "name"): "target",
    ("for_statement", "left"): "target",
    ("for_statement", "right"): "iter",
    ("for_in_clause", "left"): "target",
    ("for_in_clause", "right"): "iter",
    ("call", "function"): "callee",
    ("call", "arguments"): "args",
    ("keyword_argument", "name"): "text",
    ("attribute", "object"): "obj",
    ("attribute", "attribute"): "text",
    ("subscript", "value"): "obj",
    ("subscript", "subscript"): "key",
    ("case_clause", "guard"): "cond",
    ("raise_statement", "cause"): "",
    ("interpolation", "expression"): "value",
    ("as_pattern", "alias"): "target",
    ("match_statement", "alternative"): "",
    ("type_parameter", "body"): "-",
    ("class_definition", "type_parameters"): "-",
    ("function_definition", "type_parameters"): "-",
}

_POSITIONAL: dict[str, tuple[str, ...]] = {
    "return_statement": ("value",),
    "raise_statement": ("value",),
    "await": ("value",),
    "yield": ("value",),
    "assert_statement": ("cond", "value"),
    "conditional_expression": ("body", "cond", "orelse"),
    "comparison_operator": ("left", "right", "..."),
    "except_clause": ("body",),
    "except_group_clause": ("body",),
    "finally_clause": ("body",),
    "if_clause": ("cond",),
    "list_splat": ("value",),
    "dictionary_splat": ("value",),
    "case_clause": ("value", "..."),
    "as_pattern": ("value", "target"),
    "slice": ("key", "..."),
    "print_statement": ("args", "..."),
    "default_parameter": ("name", "value"),
    "interpolation": ("value",),
    "delete_statement": ("value",),
}

_ASYNC = b"async"


def _function(node: Node, source: bytes) -> Node:
    if source[node.start : node.start + 5] == _ASYNC:
        node.text = "async"
    node.data = "function"
    return node


def _lambda(node: Node, source: bytes) -> Node:
    params = node.get("params") or Node(K.PARAMS, "", node.start, node.start, "params")
    body = node.get("body")
    return adopt(node, params, returning_block(body) if body is not None else None)


def _params(node: Node, source: bytes) -> Node:
    adopt(node, *(_param(child) for child in node.children))
    return node


def _param(child: Node) -> Node:
    """A parameter in any of the grammar's five forms as PARAM(name, type?, value?) with its stars in `text`."""
    if child.kind is K.PARAM:
        first = child.children[0] if child.children else None
        if first is not None and first.field != "name":
            first.field = "name"
        if first is not None and first.kind is K.SPREAD:
            child.text = "**" if first.raw.startswith("dict") else "*"
            inner = first.children[0] if first.children else first
            inner.field = "name"
            adopt(child, inner, *child.children[1:])
        return child
    param = Node(K.PARAM, child.raw, child.start, child.end)
    if child.kind is K.SPREAD:
        param.text = "**" if child.raw.startswith("dict") else "*"
        child = child.children[0] if child.children else child
    child.field = "name"
    return adopt(param, child)


def _decorated(node: Node, source: bytes) -> Node:
    definition = node.children[-1]
    decorators = node.children[:-1]
    for decorator in decorators:
        decorator.field = "decorators"
        decorator.parent = definition
    definition.children = decorators + definition.children
    definition.field = ""
    return definition


def _decorator(node: Node, source: bytes) -> Node:
    if node.children and node.children[0].kind is K.CALL:
        call = node.children[0]
        return adopt(node, *call.children)
    if node.children:
        node.children[0].field = "callee"
    return node


def _if(node: Node, source: bytes) -> Node:
    """Nests `elif` and `else` clauses, which the grammar lists side by side."""
    clauses = node.all("orelse")
    if not clauses:
        return node
    following: Node | None = None
    for clause in reversed(clauses):
        if clause.kind is K.ELSE:
            following = as_block(clause.get("body"), "orelse")
        else:
            if following is not None:
                clause.children.append(following)
                following.parent = clause
            clause.field = "orelse"
            following = clause
    kept = [child for child in node.children if child.field != "orelse"]
    return adopt(node, *kept, following)


def _else(node: Node, source: bytes) -> Node:
    return node


def _unwrap_else(node: Node, source: bytes) -> Node:
    """Loops and `try`: the else and finally clauses become plain blocks in their role."""
    kept: list[Node | None] = []
    for child in node.children:
        if child.kind is K.ELSE:
            kept.append(as_block(child.get("body"), "orelse"))
        elif child.kind is K.FINALLY:
            kept.append(as_block(child.get("body"), "finally"))
        else:
            if child.kind is K.CATCH:
                child.field = "handler"
            kept.append(child)
    return adopt(node, *kept)


def _loop(node: Node, source: bytes) -> Node:
    if source[node.start : node.start + 5] == _ASYNC:
        node.text = "async"
    return _unwrap_else(node, source)


def _catch(node: Node, source: bytes) -> Node:
    """`except T as e`: type and target out of the as-pattern; the block is the last child."""
    body = node.children[-1] if node.children and node.children[-1].kind is K.BLOCK else None
    rest = [child for child in node.children if child is not body]
    target: Node | None = None
    caught = rest[0] if rest else None
    if caught is not None and caught.kind is K.PATTERN and caught.raw == "as_pattern":
        target = caught.get("target")
        caught = caught.get("value")
    if caught is not None:
        caught.field = "type"
    if body is not None:
        body.field = "body"
    return adopt(node, caught, target, body)


def _with(node: Node, source: bytes) -> Node:
    if source[node.start : node.start + 5] == _ASYNC:
        node.text = "async"
    for child in node.children:
        if child.kind is K.WITH_ITEM:
            child.field = "resources"
            value = child.get("value")
            if value is not None and value.kind is K.PATTERN and value.raw == "as_pattern":
                adopt(child, value.get("value"), value.get("target"))
    return node


def _match(node: Node, source: bytes) -> Node:
    cases: list[Node] = []
    for child in node.children:
        if child.kind is K.BLOCK:
            cases.extend(child.children)
    for case in cases:
        case.field = ""
    return adopt(node, node.get("subject"), *cases)


def _case(node: Node, source: bytes) -> Node:
    guard = node.get("cond")
    if guard is not None and guard.kind is K.COMP_IF and guard.children:
        inner = guard.children[0]
        inner.field = "cond"
        adopt(node, *(inner if child is guard else child for child in node.children))
    values = node.all("value")
    if guard is None and len(values) == 1 and source[values[0].start : values[0].end].strip() == b"_":
        node.text = "default"
    return node


def _string(node: Node, source: bytes) -> Node:
    """A plain literal becomes a leaf with its content; an f-string a TEMPLATE of TEXT and INTERPOLATION."""
    start = node.children[0] if node.children and node.children[0].kind is K.MODIFIER else None
    parts = [child for child in node.children if child is not start]
    if start is not None and start.text.lower().startswith(("b", "rb", "br")):
        node.data = "bytes"
    if any(part.kind is K.INTERPOLATION for part in parts) or (start is not None and "f" in start.text.lower()):
        node.kind = K.TEMPLATE
        for part in parts:
            part.field = ""
        return adopt(node, *parts)
    node.text = "".join(part.text for part in parts)
    node.children = []
    return node


def _string_content(node: Node, source: bytes) -> Node:
    node.text = source[node.start : node.end].decode("utf-8", "replace")
    node.children = []
    return node


def _concatenated(node: Node, source: bytes) -> Node:
    if all(child.kind is K.STRING for child in node.children):
        node.kind = K.STRING
        node.text = "".join(child.text for child in node.children)
        node.children = []
        return node
    parts: list[Node] = []
    for child in node.children:
        if child.kind is K.TEMPLATE:
            parts.extend(child.children)
        else:
            child.kind = K.TEXT
            parts.append(child)
    return adopt(node, *parts)


def _boolean(node: Node, source: bytes) -> Node:
    node.text = node.text.lower()
    return node


def _pair(node: Node, source: bytes) -> Node:
    key = node.get("key")
    if key is not None and key.kind in (K.STRING, K.INT):
        node.text = key.text
    return node


def _subscript(node: Node, source: bytes) -> Node:
    key = node.get("key")
    if key is not None and key.kind is K.SLICE:
        node.kind = K.SLICE
        return adopt(node, node.get("obj"), *key.children)
    return node


def _comprehension(node: Node, source: bytes) -> Node:
    node.text = node.raw.split("_")[0]
    if node.text == "dictionary":
        node.text = "dict"
    return node


def _call(node: Node, source: bytes) -> Node:
    """A lone generator argument gets its ARGS; Python 2's print and exec statements become calls."""
    args = node.get("args")
    if node.raw in ("print_statement", "exec_statement"):
        callee = Node(
            K.NAME, "", node.start, node.start + len(node.raw.split("_")[0]), "callee", node.raw.split("_")[0]
        )
        arguments = adopt(Node(K.ARGS, "", node.start, node.end, "args"), *node.children)
        for child in arguments.children:
            child.field = ""
        return adopt(node, callee, arguments)
    if args is not None and args.kind is not K.ARGS:
        wrapper = Node(K.ARGS, "", args.start, args.end, "args")
        args.field = ""
        args.parent = node
        return adopt(node, node.get("callee"), adopt(wrapper, args))
    return node


def _bases(node: Node, source: bytes) -> Node:
    bases = node.get("bases")
    if bases is not None:
        bases.kind = K.BASES
    return node


def _type(node: Node, source: bytes) -> Node:
    """The dotted name of an annotation without its arguments; a quoted annotation counts as its text."""
    inner = node.children[0] if node.children else None
    arguments: list[Node] = []
    if inner is not None and inner.raw == "generic_type":
        arguments = inner.children[1:]
        inner = inner.children[0]
    elif inner is not None and inner.kind is K.INDEX:
        arguments = inner.all("key")
        inner = inner.get("obj")
    elif inner is not None and inner.kind is K.BINARY:  # T | None
        inner = next((side for side in inner.children if side.kind is not K.NULL), inner)
    if inner is not None and inner.kind is K.STRING:
        node.text = inner.text
    else:
        node.text = dotted_name(inner)
    if node.text.rpartition(".")[2] in ("Optional", "Annotated") and arguments:
        first = arguments[0]
        first = first.children[0] if first.raw == "type_parameter" and first.children else first
        node.text = first.text or dotted_name(first)
    node.children = []
    return node


def _import(node: Node, source: bytes) -> Node:
    """`data` = (local, dotted) pairs. A relative module keeps its leading dots."""
    pairs: list[tuple[str, str]] = []
    module = node.get("module_name")
    prefix = module.text.replace(" ", "") if module is not None else ""
    if node.raw == "future_import_statement":
        return adopt(node)
    for child in node.children:
        if child is module:
            continue
        name = child.get("name") if child.kind is K.PAIR else child
        alias = child.get("alias") if child.kind is K.PAIR else None
        if name is None:
            continue
        text = name.text.replace(" ", "")
        if module is None:
            local = alias.text if alias is not None else text.split(".")[0]
            pairs.append((local, text if alias is not None else text.split(".")[0]))
        else:
            joined = f"{prefix}{text}" if prefix.endswith(".") else f"{prefix}.{text}"
            pairs.append((text, prefix) if text == "*" else (alias.text if alias is not None else text, joined))
    node.data = tuple(pairs)
    return adopt(node)


_REWRITES = {
    "function_definition": _function,
    "lambda": _lambda,
    "parameters": _params,
    "lambda_parameters": _params,
    "decorated_definition": _decorated,
    "decorator": _decorator,
    "if_statement": _if,
    "for_statement": _loop,
    "while_statement": _loop,
    "try_statement": _unwrap_else,
    "except_clause": _catch,
    "except_group_clause": _catch,
    "with_statement": _with,
    "match_statement": _match,
    "case_clause": _case,
    "string": _string,
    "string_content": _string_content,
    "concatenated_string": _concatenated,
    "true": _boolean,
    "false": _boolean,
    "pair": _pair,
    "subscript": _subscript,
    "list_comprehension": _comprehension,
    "set_comprehension": _comprehension,
    "dictionary_comprehension": _comprehension,
    "generator_expression": _comprehension,
    "call": _call,
    "print_statement": _call,
    "exec_statement": _call,
    "class_definition": _bases,
    "type": _type,
    "import_statement": _import,
    "import_from_statement": _import,
    "future_import_statement": _import,
}

TABLE = LanguageTable(
    grammar=Grammar(tree_sitter_python.language()),
    kinds=_KINDS,
    fields=_FIELDS,
    positional=_POSITIONAL,
    rewrites=_REWRITES,
    leaf_text=frozenset({"dotted_name", "relative_import", "string_start", "string_content", "wildcard_import"}),
)
