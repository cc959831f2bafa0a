"""Names of what code calls and reads: expressions resolved to dotted API names through imports, types and packs."""

from graph_model.access_paths import access_key, root_name
from graph_model.definitions import SYNTHETIC, Definition, DefKind
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.packs.loading import PackIndex
from graph_model.packs.model import ApiRole
from graph_model.program import ClassInfo, Program, Unit
from graph_model.syntax import Node, dotted_name
from graph_model.type_names import LITERAL_TYPES, TypeNames, module_specifier

_MAX_DEPTH = 12


class Resolver:
    """Resolves expressions of one file. Answers are memoised by node; an unknown name is ""."""

    def __init__(self, program: Program, index: PackIndex) -> None:
        self.program = program
        self.index = index
        self.types = TypeNames(program, index)
        self.literals = LITERAL_TYPES[program.family]
        self._resolved: dict[int, str] = {}
        self._callees: dict[int, str] = {}
        self._busy: set[int] = set()
        self._fields: dict[tuple[int, str], str] = {}  # by the unit of the class
        self.entry_returns: dict[int, tuple[ApiRole, ...]] = {}  # unit -> what foreign data in its result causes
        self.entry_types: dict[tuple[int, str], str] = {}  # (unit, parameter) -> type given by an entry point
        self.made_by_framework: set[tuple[int, str]] = (
            set()
        )  # (unit, parameter) of an entry point: nothing foreign itself
        self.one_segment: set[tuple[int, str]] = set()  # (unit, parameter): one part of a path, which has no separator
        self._kept: list[Node] = []  # synthetic nodes stay alive while their id is a key

    def adopt_entries(self, other: "Resolver") -> None:
        """Takes over what entry points say; what was resolved before all of them were known stays behind."""
        self.entry_returns, self.entry_types = other.entry_returns, other.entry_types
        self.made_by_framework, self.one_segment = other.made_by_framework, other.one_segment

    # Calls -----------------------------------------------------------------------------------------------------------

    def callee(self, call: Node, unit: Unit, stmt: int) -> str:
        """The dotted API name of a CALL or NEW; "?.name" for a method of something unknown; "" for the rest."""
        found = self._callees.get(id(call))
        if found is None:
            found = self._callees[id(call)] = self._callee(call, unit, stmt)
        return found

    def _callee(self, call: Node, unit: Unit, stmt: int) -> str:
        callee = call.get("callee")
        if callee is None:
            return ""
        if call.kind is K.NEW:
            if callee.kind is K.TYPE_REF:
                return self.types.type_name(callee.text)
            return _less_function(callee, self.resolve(callee, unit, stmt))
        if callee.kind is K.MEMBER:
            base = self._receiver(callee, unit, stmt)
            cls = self.types.own_class(base, unit) if base else None
            inherited = (
                self.types.inherited(callee.text, cls) if cls is not None and callee.text not in cls.methods else ""
            )
            return self.types.canonical(inherited or f"{base}.{callee.text}") if base else f"?.{callee.text}"
        if callee.kind is K.NAME:
            return self._called_name(callee, unit, stmt)
        if callee.kind is K.CAST:
            return ""  # what a value is called to be is not what runs
        return _less_function(callee, self.resolve(callee, unit, stmt))

    def _called_name(self, callee: Node, unit: Unit, stmt: int) -> str:
        inherited = self.types.inherited(callee.text, unit.cls) if self.types.is_bare_member(callee.text, unit) else ""
        if inherited:
            return self.types.canonical(inherited)
        if self.types.is_parameter(callee.text, unit):
            return ""  # a function that the caller gives: its type's name is not what runs
        own = self.types.own_method(callee.text, unit)
        if own or self.types.is_type_only(callee.text):
            return own or callee.text
        name = self._member_path(callee, unit, stmt) or self._name(callee, unit, stmt, 0)
        if name and (name != "Function" or callee.text == name):  # a variable of that type is some function
            return self.types.canonical(name)
        return callee.text

    def _member_path(self, callee: Node, unit: Unit, stmt: int) -> str:
        """`a.b` of a variable that holds a function by that path (`const { b } = a`), whatever `a.b` returns."""
        owner: Unit | None = unit
        while owner is not None and (callee.text not in owner.locals or owner.kind is K.CLASS):
            owner = owner.parent
        for definition in owner.definitions_of(callee.text) if owner is not None else ():
            value = definition.value
            if definition.kind is not DefKind.ASSIGN or value is None or value.kind is not K.MEMBER:
                continue
            obj = value.get("obj")
            base = self.resolve(obj, owner, definition.stmt) if obj is not None and owner is not None else ""
            if base:
                return base if value.text == "default" else f"{base}.{value.text}"
        return ""

    def _function_path(self, node: Node, unit: Unit, stmt: int) -> str:
        """The dotted name of a function as a value, whatever a call of it returns."""
        obj = node.get("obj") if node.kind is K.MEMBER else None
        if obj is not None:
            base = self.resolve(obj, unit, stmt)
            return self.types.canonical(f"{base}.{node.text}") if base else ""
        path = self._member_path(node, unit, stmt) if node.kind is K.NAME else ""
        return self.types.canonical(path) if path else self.resolve(node, unit, stmt)

    def _receiver(self, callee: Node, unit: Unit, stmt: int) -> str:
        obj = callee.get("obj")
        return self.resolve(obj, unit, stmt) if obj is not None else ""

    def receiver_hint(self, call: Node) -> str:
        """The receiver's own last name (`cursor` of `self.cursor.execute()`), for packs' `~hint.name` patterns."""
        callee = call.get("callee")
        obj = callee.get("obj") if callee is not None and callee.kind is K.MEMBER else None
        while obj is not None and obj.kind in (K.CALL, K.INDEX, K.AWAIT):
            obj = obj.get("callee") or obj.get("obj") or obj.get("value")
        if obj is None:
            return ""
        return obj.text if obj.kind in (K.NAME, K.MEMBER) else root_name(obj)

    def roles(self, call: Node, unit: Unit, stmt: int) -> tuple[ApiRole, ...]:
        """The roles of what a CALL or NEW calls."""
        name = self.callee(call, unit, stmt)
        if not name:
            return ()
        if self.types.is_own_function(name):
            return tuple(role for role in self.index.find_roles(name) if not role.pattern.startswith("*"))
        hint = self.receiver_hint(call) if name.startswith("?") or self.types.is_untyped(name) else ""
        return self.index.find_roles(name, hint)

    # Expressions -----------------------------------------------------------------------------------------------------

    def resolve(self, node: Node, unit: Unit, stmt: int, depth: int = 0) -> str:
        """The dotted name of the API, module or type that an expression's value is; "" when unknown."""
        found = self._resolved.get(id(node))
        if found is None:
            if depth > _MAX_DEPTH or id(node) in self._busy:
                return ""
            self._busy.add(id(node))
            found = self._resolve(node, unit, stmt, depth + 1)
            self._busy.discard(id(node))
            self._resolved[id(node)] = found
            if node.raw == SYNTHETIC:
                self._kept.append(node)
        return found

    def _resolve(self, node: Node, unit: Unit, stmt: int, depth: int) -> str:
        kind = node.kind
        if kind is K.NAME:
            return self.types.canonical(self._name(node, unit, stmt, depth))
        if kind is K.THIS:
            return self._this(node, unit)
        if kind is K.MEMBER:
            return self._member(node, unit, stmt, depth)
        if kind is K.CALL:
            return self._call_type(node, unit, stmt)
        if kind is K.NEW:
            return self.callee(node, unit, stmt)
        if kind is K.TYPE_REF:
            return self.types.type_name(node.text)
        if kind is K.CAST:
            declared = node.get("type")
            return self.types.type_name(declared.text) if declared is not None else ""
        if kind in (K.AWAIT, K.ASSIGN, K.SPREAD):
            value = node.get("value")
            return self.resolve(value, unit, stmt, depth) if value is not None else ""
        if kind in (K.TERNARY, K.BOOLEAN):
            return self._either(node, unit, stmt, depth)
        return self._part_type(node, unit, stmt, depth)

    def _part_type(self, node: Node, unit: Unit, stmt: int, depth: int) -> str:
        """Elements, collections made in place, operators that keep the type of their left side, literals."""
        if node.kind is K.INDEX:
            obj = node.get("obj")
            base = self.resolve(obj, unit, stmt, depth) if obj is not None else ""
            return self.types.element(base) if base else ""
        if node.kind is K.COMPREHENSION:
            return node.text if node.text in ("list", "set", "dict") else ""
        if node.kind is K.BINARY and node.text in ("+", "%", "/"):
            left = node.get("left")
            return self.resolve(left, unit, stmt, depth) if left is not None else ""
        return self.literals.get(node.kind, "")

    def _either(self, node: Node, unit: Unit, stmt: int, depth: int) -> str:
        sides = (
            [node.get("body"), node.get("orelse")] if node.kind is K.TERNARY else [node.get("left"), node.get("right")]
        )
        for side in sides:
            name = self.resolve(side, unit, stmt, depth) if side is not None else ""
            if name:
                return name
        return ""

    def _call_type(self, call: Node, unit: Unit, stmt: int) -> str:
        name = self.callee(call, unit, stmt)
        if not name or name.startswith("?"):
            return self.index.types.get(name, "")
        if name in ("require", "import") and self.program.family is Family.JAVASCRIPT:
            args = call.get("args")
            first = args.children[0] if args is not None and args.children else None
            return module_specifier(first.text) if first is not None and first.kind is K.STRING else ""
        if name == "super":
            return unit.cls.bases[0] if unit.cls is not None and unit.cls.bases else ""
        declared = self.types.returned(name)
        if declared in ("$0", "$0()"):
            args = call.get("args")
            first = args.children[0] if args is not None and args.children else None
            if first is None:
                return ""
            return self.resolve(first, unit, stmt) if declared == "$0" else self._function_path(first, unit, stmt)
        if declared:
            return declared
        last = name.rpartition(".")[2]
        if self.program.family is Family.PYTHON and last[:1].isupper():
            return name
        return self._declared_result(name, unit) or f"{name}()"

    def _declared_result(self, name: str, unit: Unit) -> str:
        """The declared return type of a function of this file."""
        target = self.program.functions.get(name)
        if target is None and unit.cls is not None:
            method = unit.cls.methods.get(name.rpartition(".")[2])
            target = self.program.units[method] if method is not None else None
        declared = target.declared if target is not None else None
        return self.types.type_name(declared.text) if declared is not None else ""

    def _member(self, node: Node, unit: Unit, stmt: int, depth: int) -> str:
        obj = node.get("obj")
        if obj is None:
            return ""
        key = access_key(node)
        if key:
            for definition in unit.flow.reaching(key, stmt):
                if definition.shadow_of is None and definition.value is not None:
                    found = self.resolve(definition.value, unit, definition.stmt, depth)
                    if found:
                        return found
        base = self.resolve(obj, unit, stmt, depth)
        if not base:
            return ""
        cls = self.types.own_class(base, unit)
        if cls is not None:
            inherited = "" if node.text in cls.methods else self.types.inherited(node.text, cls)
            known = self._field_type(cls, node.text, depth) or self.types.returned(inherited) or inherited
            return known or f"{base}.{node.text}"
        if node.text == "default" and self.program.family is Family.JAVASCRIPT:
            return base
        name = self.types.canonical(f"{base}.{node.text}")
        return self.types.returned(name) or name

    def _field_type(self, cls: ClassInfo, name: str, depth: int) -> str:
        key = (self.program.unit_of[id(cls.node)].idx, name)
        found = self._fields.get(key)
        if found is None:
            self._fields[key] = ""  # a field defined by itself
            found = self._fields[key] = self._search_field_type(cls, name, depth)
        return found

    def _search_field_type(self, cls: ClassInfo, name: str, depth: int) -> str:
        declared, value = cls.field_types.get(name), cls.field_values.get(name)
        if declared is not None:
            written = self.types.type_name(declared.text)
            if value is None:
                value = self._only_assigned(cls, name)
            if value is None or value.kind is not K.NEW:
                return written
            made = self.types.type_name(callee.text) if (callee := value.get("callee")) is not None else ""
            return self.types.nearer(written, made, is_made=True)
        if value is not None:
            return self.resolve(value, self.program.units[0], 0, depth)
        return self._assigned_field(cls, name, depth)

    def _assigned_field(self, cls: ClassInfo, name: str, depth: int) -> str:
        """The type that a method, constructors first, stores in a field."""
        for method in sorted(cls.methods, key=lambda m: (m not in ("__init__", "constructor", cls.name), m)):
            unit = self.program.units[cls.methods[method]]
            if f"{unit.receiver}.{name}" not in unit.stored:
                continue
            for definition in unit.definitions_of(f"{unit.receiver}.{name}"):
                if definition.value is not None and definition.shadow_of is None:
                    found = self.resolve(definition.value, unit, definition.stmt, depth)
                    if found:
                        return found
        return ""

    def _only_assigned(self, cls: ClassInfo, name: str) -> Node | None:
        """The one value that the methods of a class ever store in a field; None when there is not exactly one."""
        values = [
            definition.value
            for idx in cls.methods.values()
            if not self.program.units[idx].stored.isdisjoint((name, f"this.{name}"))
            for definition in self.program.units[idx].flow.definitions
            if definition.key in (name, f"this.{name}")
            and definition.kind is not DefKind.ENTRY
            and definition.shadow_of is None
        ]
        return values[0] if len(values) == 1 else None

    def _this(self, node: Node, unit: Unit) -> str:
        cls = unit.cls
        if cls is None:
            return ""
        if node.text in ("super", "base"):
            return self.types.type_name(cls.bases[0]) if cls.bases else ""
        return self.types.qualified(cls)

    # Names -----------------------------------------------------------------------------------------------------------

    def _name(self, node: Node, unit: Unit, stmt: int, depth: int) -> str:
        text = node.text
        owner: Unit | None = unit
        at = stmt
        while owner is not None:
            if text in owner.locals and owner.kind is not K.CLASS:
                if owner.kind is K.MODULE and text in self.program.imports:
                    break
                return self._variable(text, owner, at, depth, inner=owner is not unit)
            if owner.cls is not None and self.program.family in (Family.JAVA, Family.CSHARP):
                field_type = self._field_type(owner.cls, text, depth) if depth <= _MAX_DEPTH else ""
                if field_type:
                    return field_type
            owner, at = owner.parent, -1
        inherited = self.types.inherited(text, unit.cls) if self.types.is_bare_member(text, unit) else ""
        if inherited:
            return self.types.returned(inherited) or inherited
        return self.types.global_name(text)

    def _variable(self, name: str, unit: Unit, stmt: int, depth: int, *, inner: bool) -> str:
        found: list[Definition]
        if inner or stmt < 0 or stmt >= len(unit.flow.reach_in):
            found = unit.definitions_of(name)
        else:
            found = list(unit.flow.reaching(name, stmt)) or [d for d in unit.flow.by_stmt[stmt] if d.key == name]
            if not found and unit.kind is K.MODULE:
                found = unit.definitions_of(name)
        for definition in found:
            kind = self._definition_type(definition, unit, depth)
            if kind:
                return kind
        return ""

    def _definition_type(self, definition: Definition, unit: Unit, depth: int) -> str:
        if definition.kind is DefKind.PARAM:
            given = self.entry_types.get((unit.idx, definition.key))
            if given:
                return given
            if definition.key == unit.receiver and unit.cls is not None:
                return self.types.qualified(unit.cls)
            declared = definition.node.get("type")
            return self.types.type_name(declared.text) if declared is not None else ""
        node = definition.node.parent
        if node is not None and node.kind in (K.DECLARATOR, K.ASSIGN, K.LOOP_EACH, K.WITH_ITEM, K.CATCH):
            declared = node.get("type")
            if (
                declared is not None
                and declared.kind is K.TYPE_REF
                and declared.text not in ("var", "let", "const", "auto")
            ):
                return self._narrowed(self.types.type_name(declared.text), definition, unit, depth)
        if definition.value is None or definition.kind in (DefKind.AUGMENT, DefKind.STORE):
            return ""
        if definition.value.kind in (K.FUNCTION, K.CLASS):
            module = self.program.module_name
            return f"{module}.{definition.key}" if module else definition.key
        base = self.resolve(definition.value, unit, definition.stmt, depth)
        if definition.kind is DefKind.ITERATE:
            return self.types.element(base)
        return base

    def _narrowed(self, declared: str, definition: Definition, unit: Unit, depth: int) -> str:
        """The declared type, or the value's own where packs know it as a kind of the declared one."""
        value = definition.value
        if definition.kind is not DefKind.ASSIGN or value is None or value.kind not in (K.CALL, K.NEW):
            return declared
        found = self.resolve(value, unit, definition.stmt, depth)
        return self.types.nearer(declared, found, is_made=value.kind is K.NEW)

    def decorator_name(self, decorator: Node, unit: Unit) -> str:
        """The dotted name of a decorator, annotation or attribute of a unit, its class or a parameter."""
        callee = decorator.get("callee")
        if callee is None:
            return decorator.text
        if self.program.family in (Family.JAVA, Family.CSHARP):
            return self.types.type_name(dotted_name(callee))
        return self.resolve(callee, unit.parent or unit, 0) or dotted_name(callee)


def _less_function(callee: Node, name: str) -> str:
    """A callee's name, but not that of the constructor of functions, unless it is written: a value is some function."""
    return name if name != "Function" or callee.text == name else ""
