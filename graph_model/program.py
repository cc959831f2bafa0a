"""Code units of one file: the module, class bodies, functions and lambdas, with parameters, scopes and imports."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from graph_model.control_flow import ControlFlow, build_control_flow
from graph_model.data_flow import DataFlow, analyse_data_flow, solve
from graph_model.definitions import Definition, DefKind
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family, Language
from graph_model.syntax import Node, SyntaxTree, dotted_name

MAX_STATEMENTS = 2_500
_T = TypeVar("_T")
_ENUMS = frozenset({"Enum", "StrEnum", "IntEnum", "TextChoices", "IntegerChoices"})


@dataclass(slots=True)
class ClassInfo:
    """What a file says about one class."""

    name: str
    qualname: str
    node: Node
    bases: tuple[str, ...]
    methods: dict[str, int] = field(default_factory=dict)
    field_types: dict[str, Node] = field(default_factory=dict)  # field -> TYPE_REF
    field_values: dict[str, Node] = field(default_factory=dict)  # field -> the value it is first given


class Unit:
    """One piece of code with its own flow graph: a module's top level, a class body, a function or a lambda."""

    def __init__(
        self, idx: int, node: Node, name: str, qualname: str, parent: "Unit | None", cls: ClassInfo | None
    ) -> None:
        self.idx = idx
        self.node = node
        self.name = name
        self.qualname = qualname
        self.parent = parent
        self.cls = cls  # the class whose method this is, for `self` and `this`
        self.children: list[Unit] = []
        self.params = list(_params(node)) if node.kind in (K.FUNCTION, K.LAMBDA) else []
        self.too_large = False
        self.captures: dict[str, Unit] = {}
        self._derived: dict[Callable[[Unit], object], Any] = {}

    def derive(self, compute: "Callable[[Unit], _T]") -> _T:
        """What a function says of this unit, kept. It may look at nothing else, and its results can be compared."""
        if compute not in self._derived:
            self._derived[compute] = compute(self)
        return self._derived[compute]  # type: ignore[no-any-return]  # what the function gave

    def take_derived(self) -> dict[Callable[["Unit"], object], object]:
        """What was derived so far; it is derived anew."""
        derived, self._derived = self._derived, {}
        return derived

    @cached_property
    def kind(self) -> K:
        """MODULE, CLASS, NEW (an anonymous class), FUNCTION or LAMBDA."""
        return self.node.kind

    @cached_property
    def is_function(self) -> bool:
        """A function, method or lambda, as opposed to a module's or class's own statements."""
        return self.node.kind in (K.FUNCTION, K.LAMBDA)

    @cached_property
    def is_async(self) -> bool:
        """Declared async."""
        return self.is_function and "async" in self.modifiers

    @cached_property
    def modifiers(self) -> frozenset[str]:
        """`async`, `static`, `public` and the like; a class's keyword too."""
        return frozenset(self.node.text.split())

    @cached_property
    def sort(self) -> object:
        """Which sort of function: "method", "constructor", "getter", "setter" or "function"."""
        return self.node.data

    @cached_property
    def receiver(self) -> str:
        """The name that the object goes by inside a method: the first parameter in Python, `this` elsewhere."""
        if self.cls is None or not self.is_function:
            return ""
        if self.node.raw == "function_definition":  # Python's grammar; elsewhere the receiver is `this`
            return self.params[0][0] if self.params and not self._is_static() else ""
        return "this"

    def _is_static(self) -> bool:
        return any(dotted_name(d.get("callee")) == "staticmethod" for d in self.decorators)

    @cached_property
    def decorators(self) -> list[Node]:
        """Decorators, annotations and attributes."""
        return self.node.all("decorators")

    @cached_property
    def decorator_callees(self) -> list[Node | None]:
        """What each decorator calls or names."""
        return [decorator.get("callee") for decorator in self.decorators]

    @cached_property
    def declared(self) -> Node | None:
        """The declared type of what a function returns."""
        return self.node.get("type")

    @cached_property
    def body(self) -> Node | None:
        """The node that holds the unit's statements."""
        return self.node if self.node.kind is K.MODULE else self.node.get("body")

    @cached_property
    def control(self) -> ControlFlow:
        """The unit's flow graph; entry and exit only when it has more than MAX_STATEMENTS statements."""
        control = build_control_flow(self.node, self.body)
        if len(control.stmts) > MAX_STATEMENTS:
            self.too_large = True
            return build_control_flow(self.node, None)
        return control

    @cached_property
    def flow(self) -> DataFlow:
        """The unit's definitions, where they reach, and its dominators."""
        return analyse_data_flow(self.control, self.params, self.receiver)

    def definitions_of(self, key: str) -> list[Definition]:
        """The definitions of an access path, in order."""
        return [definition for definition in self.flow.definitions if definition.key == key]

    @cached_property
    def locals(self) -> frozenset[str]:
        """Names this unit defines (parameters included), less those it declares global or nonlocal."""
        outer = {name.text for s in _scopes(self.body) for name in s.children}
        named = (
            d.key for d in self.flow.definitions if d.kind is not DefKind.STORE
        )  # `outer.push(x)` defines nothing here
        return frozenset(key for key in named if "." not in key and "[" not in key) - outer

    @cached_property
    def stored(self) -> frozenset[str]:
        """Access paths that this unit stores to and others may read: fields, and names that it does not declare."""
        return frozenset(
            d.key
            for d in self.flow.definitions
            if "." in d.key
            or (d.kind is not DefKind.PARAM and d.node.parent and d.node.parent.kind is not K.DECLARATOR)
        )

    def statement_of(self, node: Node) -> int:
        """The statement that evaluates an expression or what is around it; -1 when none of this unit does."""
        wanted = {id(expr): stmt.idx for stmt in self.control.stmts for expr in stmt.exprs}
        outer: Node | None = node
        while outer is not None and id(outer) not in wanted:
            outer = outer.parent
        return wanted[id(outer)] if outer is not None else -1

    def refold(self) -> None:
        """Solves the flow again after conditions were found constant."""
        solve(self.flow)


UnitMaker = Callable[[int, Node, str, str, Unit | None, ClassInfo | None], Unit]


def _scopes(body: Node | None) -> Iterator[Node]:
    """`global` and `nonlocal` statements of a Python function."""
    stack = list(body.children) if body is not None else []
    while stack:
        node = stack.pop()
        if node.kind is K.SCOPE:
            yield node
        elif node.kind in (K.BLOCK, K.IF, K.TRY, K.CATCH, K.WITH, K.LOOP_EACH, K.LOOP_WHILE):
            stack.extend(node.children)


def _params(node: Node) -> Iterator[tuple[str, Node]]:
    params = node.get("params")
    for param in params.children if params is not None else ():
        name = param.get("name")
        if name is None:
            continue
        yield (name.text if name.kind is K.NAME else "", param)


@dataclass
class Program:
    """One file's units. `imports` maps a local name to a dotted API name; `wildcards` are namespaces imported whole."""

    path: str
    language: Language
    tree: SyntaxTree
    module_name: str
    units: list[Unit]
    classes: dict[str, ClassInfo]
    functions: dict[str, Unit]  # top-level functions by name
    imports: dict[str, str]
    wildcards: tuple[str, ...]
    exports: Mapping[str, str]
    unit_of: dict[int, Unit]  # id(FUNCTION or LAMBDA node) -> unit

    @property
    def family(self) -> Family:
        """The language family, which decides packs and naming."""
        return self.language.family

    @cached_property
    def async_names(self) -> frozenset[str]:
        """The simple names of the functions that the file declares async."""
        return frozenset(unit.name for unit in self.units if unit.is_async and unit.name)

    @cached_property
    def enums(self) -> frozenset[str]:
        """The simple names of the enumerations that the file declares (Java, C#, Python)."""
        return frozenset(
            c.name
            for c in self.classes.values()
            if c.node.raw == "enum_declaration"
            or (self.family is Family.PYTHON and any(base.rpartition(".")[2] in _ENUMS for base in c.bases))
        )


def build_program(path: str, language: Language, tree: SyntaxTree, make_unit: UnitMaker = Unit) -> Program:
    """Finds every unit, class and import of a parsed file."""
    return _Builder(path, language, tree, make_unit).run()


def scan_function(program: Program, unit: Unit) -> Program:
    """What a function holds, as `build_program` finds it: its units, itself the first, imports and classes."""
    return _Builder(program.path, program.language, program.tree, Unit, unit.idx).run_function(unit)


class _Builder:
    def __init__(
        self, path: str, language: Language, tree: SyntaxTree, make_unit: UnitMaker, first_idx: int = 0
    ) -> None:
        self.make_unit, self.first_idx = make_unit, first_idx
        self.program = Program(path, language, tree, _module_name(path, language), [], {}, {}, {}, (), {}, {})
        self.exports: dict[str, str] = {}
        self.wildcards: list[str] = []

    def run(self) -> Program:
        module = self._unit(self.program.tree.root, "", "", None, None)
        self._children(self.program.tree.root, module, "", None)
        self.program.exports = self.exports
        self.program.wildcards = tuple(self.wildcards)
        return self.program

    def run_function(self, unit: Unit) -> Program:
        """As `run`, from a function down."""
        own = self._unit(unit.node, unit.name, unit.qualname, None, unit.cls)
        self._children(unit.node, own, unit.qualname, unit.cls if unit.kind is K.LAMBDA else None)
        self.program.exports = self.exports
        self.program.wildcards = tuple(self.wildcards)
        return self.program

    def _unit(self, node: Node, name: str, qualname: str, parent: Unit | None, cls: ClassInfo | None) -> Unit:
        unit = self.make_unit(self.first_idx + len(self.program.units), node, name, qualname, parent, cls)
        self.program.units.append(unit)
        self.program.unit_of[id(node)] = unit
        if parent is not None:
            parent.children.append(unit)
        return unit

    def _children(self, node: Node, unit: Unit, prefix: str, cls: ClassInfo | None) -> None:
        """Visits everything below a node that belongs to `unit`, opening new units at functions and classes."""
        stack: list[Node] = list(reversed(node.children))
        while stack:
            child = stack.pop()
            kind = child.kind
            if kind is K.FUNCTION or kind is K.LAMBDA:
                self._function(child, unit, prefix, cls)
            elif kind is K.CLASS:
                self._class(child, unit, prefix)
            elif kind is K.NEW and child.get("body") is not None:
                self._anonymous(child, unit, prefix)
                stack.extend(c for c in reversed(child.children) if c.field != "body")
            elif kind is K.IMPORT:
                self._import(child, unit)
            elif kind is K.NAMESPACE and not child.children:
                self.program.module_name = child.text
            else:
                if kind is K.NAMESPACE:
                    self.program.module_name = child.text or self.program.module_name
                elif kind is K.EXPORT and isinstance(child.data, tuple):
                    self.exports.update(child.data)
                stack.extend(reversed(child.children))

    def _function(self, node: Node, parent: Unit, prefix: str, cls: ClassInfo | None) -> None:
        name_node = node.get("name")
        name = name_node.text if name_node is not None else _assigned_name(node)
        qualname = f"{prefix}.{name}" if prefix and name else name or (f"{prefix}.<lambda>" if prefix else "<lambda>")
        inside = cls if node.kind is K.LAMBDA or parent.kind is K.CLASS or parent.kind is K.NEW else parent.cls
        unit = self._unit(node, name, qualname, parent, inside if cls is None else cls)
        if cls is not None and name and parent.kind in (K.CLASS, K.NEW):
            cls.methods.setdefault(name, unit.idx)
        elif parent.kind is K.MODULE and name:
            self.program.functions.setdefault(name, unit)
        self._children(node, unit, qualname, None if node.kind is K.FUNCTION else cls)

    def _class(self, node: Node, parent: Unit, prefix: str) -> None:
        name_node = node.get("name")
        name = name_node.text if name_node is not None else "<anonymous>"
        qualname = f"{prefix}.{name}" if prefix else name
        bases = node.get("bases")
        names = tuple(dotted_name(b) for b in (bases.children if bases is not None else node.all("bases")))
        info = ClassInfo(name, qualname, node, tuple(n for n in names if n))
        self.program.classes.setdefault(name, info)
        unit = self._unit(node, name, qualname, parent, None)
        self._fields(node, info)
        self._children(node, unit, qualname, info)

    def _anonymous(self, node: Node, parent: Unit, prefix: str) -> None:
        callee = node.get("callee")
        base = dotted_name(callee)
        qualname = f"{prefix}.<anonymous {base}>" if prefix else f"<anonymous {base}>"
        info = ClassInfo(qualname, qualname, node, (base,) if base else ())
        unit = self._unit(node, "", qualname, parent, None)
        body = node.get("body")
        if body is not None:
            self._fields(node, info)
            self._children(body, unit, qualname, info)

    def _fields(self, node: Node, info: ClassInfo) -> None:
        body = node.get("body")
        for member in body.children if body is not None else ():
            if member.kind is K.FIELD_DECL or member.kind is K.ASSIGN:
                declarators = member.children if member.kind is K.FIELD_DECL else [member]
                for declarator in declarators:
                    _note_field(declarator, info)

    def _import(self, node: Node, unit: Unit) -> None:
        pairs = node.data if isinstance(node.data, tuple) else ()
        for local, dotted in pairs:
            if local == "*":
                self.wildcards.append(dotted)
            elif unit.kind is K.MODULE or local not in self.program.imports:
                self.program.imports[local] = dotted


def _note_field(declarator: Node, info: ClassInfo) -> None:
    target = declarator.get("target") or declarator.get("name")
    if target is None or target.kind is not K.NAME:
        return
    declared, value = declarator.get("type"), declarator.get("value")
    if declared is not None:
        info.field_types.setdefault(target.text, declared)
    if value is not None:
        info.field_values.setdefault(target.text, value)


def _assigned_name(node: Node) -> str:
    """The variable, field or key that an anonymous function is stored under; "" when there is none."""
    parent = node.parent
    if parent is None:
        return ""
    if parent.kind in (K.DECLARATOR, K.ASSIGN):
        target = parent.get("target") or parent.get("name")
        if target is not None:
            return target.text if target.kind in (K.NAME, K.MEMBER) else ""
    if parent.kind is K.PAIR:
        key = parent.get("key")
        return parent.text or (key.text if key is not None else "")
    return ""


def _module_name(path: str, language: Language) -> str:
    """`a.b.c` of a/b/c.py; the path without its suffix for JavaScript; packages and namespaces override it."""
    stem = path[: -len(suffix)] if (suffix := "." + path.rpartition(".")[2]) else path
    if language.family is Family.JAVASCRIPT:
        return stem[: -len("/index")] if stem.endswith("/index") else stem
    dotted = stem.replace("\\", "/").strip("/").replace("/", ".")
    return dotted[: -len(".__init__")] if dotted.endswith(".__init__") else dotted
