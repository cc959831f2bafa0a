"""Dotted names of types and of what a file declares, imports and inherits; `graph_model.names` resolves expressions."""

from collections.abc import Iterable

from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.packs.loading import PackIndex
from graph_model.program import ClassInfo, Program, Unit

_MAX_DEPTH = 12
LITERAL_TYPES: dict[Family, dict[K, str]] = {
    Family.PYTHON: {K.STRING: "str", K.TEMPLATE: "str", K.LIST: "list", K.DICT: "dict", K.SET: "set", K.TUPLE: "tuple",
                    K.INT: "int", K.FLOAT: "float", K.BOOL: "bool"},
    Family.JAVASCRIPT: {K.STRING: "String", K.TEMPLATE: "String", K.LIST: "Array", K.DICT: "Object", K.REGEX: "RegExp",
                        K.INT: "Number", K.FLOAT: "Number", K.BOOL: "Boolean"},
    Family.JAVA: {K.STRING: "java.lang.String", K.INT: "int", K.FLOAT: "double", K.BOOL: "boolean"},
    Family.CSHARP: {K.STRING: "System.String", K.TEMPLATE: "System.String", K.INT: "int", K.FLOAT: "double",
                    K.BOOL: "bool"},
}  # fmt: skip
_CS_KEYWORDS = {"string": "System.String", "String": "System.String", "object": "System.Object"}


class TypeNames:
    """Written names of one file as packs know them. An unknown name is "" or stays as written."""

    def __init__(self, program: Program, index: PackIndex) -> None:
        self.program = program
        self.index = index

    def type_name(self, text: str) -> str:
        """A written type as a dotted name: imports, this file's classes, then namespaces imported whole."""
        text = text.rstrip("?")
        if text.endswith("[]"):
            return f"{self.type_name(text[:-2])}[]"
        head, dot, rest = text.partition(".")
        imported = self.program.imports.get(head)
        if imported is not None:
            absolute = (
                module_specifier(imported) if self.program.family is Family.JAVASCRIPT else self._absolute(imported)
            )
            return self.canonical(absolute + dot + rest)
        if head in self.program.classes:
            module = self.program.module_name
            return f"{module}.{text}" if module else text
        if self.program.family is Family.CSHARP and text in _CS_KEYWORDS:
            return _CS_KEYWORDS[text]
        if self.program.family in (Family.JAVA, Family.CSHARP):
            return self._by_namespace(text)
        return text

    def _by_namespace(self, text: str) -> str:
        """A simple type name through `import x.*` or `using x`: a type that a pack knows in one of them."""
        known = self.index.simple_types.get(text.rpartition(".")[2], ())
        namespaces = {*self.program.wildcards, "java.lang", self.program.module_name}
        for candidate in known:
            if candidate == text or candidate.rpartition(".")[0] in namespaces:
                return candidate
        if self.program.family is Family.CSHARP and len(known) == 1 and "." not in text:
            return known[0]  # implicit and global usings live in other files
        nearest = self._nearest(known) if self.program.family is Family.CSHARP and "." not in text else ""
        if nearest:
            return nearest
        module = self.program.module_name
        return f"{module}.{text}" if module and "." not in text and text[:1].isupper() and len(text) > 1 else text

    def _nearest(self, known: Iterable[str]) -> str:
        """The one of several types whose library (`Microsoft.AspNetCore`) the file uses elsewhere; "" when not one."""
        used = {tuple(namespace.split(".")[:2]) for namespace in self.program.wildcards if "." in namespace}
        near = [full for full in known if tuple(full.split(".")[:2]) in used - {("System", "Web")}]
        return near[0] if len(near) == 1 and not near[0].startswith("System.") else ""

    def canonical(self, name: str) -> str:
        """The name by which packs know an API."""
        return self.index.aliases.get(name, name)

    def global_name(self, text: str) -> str:
        """The dotted name of a variable that no unit defines: an import, this file's, a pack's by a wildcard."""
        program = self.program
        imported = program.imports.get(text)
        if imported is not None:
            return module_specifier(imported) if program.family is Family.JAVASCRIPT else self._absolute(imported)
        if text in program.functions or text in program.classes:
            return f"{program.module_name}.{text}" if program.module_name else text
        is_typed = program.family in (Family.JAVA, Family.CSHARP)
        if is_typed and text[:1].isupper():
            return self.type_name(text)
        for namespace in program.wildcards:
            if f"{namespace}.{text}" in self.index.exact:
                return f"{namespace}.{text}"
        return "" if is_typed else text

    def _absolute(self, dotted: str) -> str:
        """A relative Python import from its package."""
        if not dotted.startswith("."):
            return dotted
        rest = dotted.lstrip(".")
        level = len(dotted) - len(rest)
        package = self.program.module_name.split(".")
        keep = len(package) - level + (1 if self.program.path.endswith("__init__.py") else 0)
        return ".".join([*package[: max(keep, 0)], rest] if rest else package[: max(keep, 0)])

    def qualified(self, cls: ClassInfo) -> str:
        """A class of this file by its dotted name."""
        module = self.program.module_name
        return f"{module}.{cls.qualname}" if module else cls.qualname

    def own_class(self, base: str, unit: Unit) -> ClassInfo | None:
        """The class of this file that a dotted type name means; `unit`'s own first."""
        cls = unit.cls
        if cls is not None and base == self.qualified(cls):
            return cls
        return self.program.classes.get(base.removeprefix(f"{self.program.module_name}."))

    def inherited(self, text: str, cls: ClassInfo | None, depth: int = 0) -> str:
        """`Base.text` where packs know that member of a base class; `?.text` where the base is a project's class."""
        known = False
        for base in cls.bases if cls is not None and depth < _MAX_DEPTH else ():
            owner = self.type_name(base)
            names = self.index._with_supertypes(f"{owner}.{text}")
            if owner in self.index.below or any(name in self.index.types or name in self.index.exact for name in names):
                return f"{owner}.{text}"
            above = self.program.classes.get(base)
            inherited = self.inherited(text, above, depth + 1) if above is not None and above is not cls else ""
            if inherited and text not in (above.methods if above is not None else ()):
                return inherited
            known = known or owner in self.index.supertypes or owner.rpartition(".")[2] in self.index.simple_types
        unknown = f"?.{text}"
        if cls is None or known or not cls.bases:
            return ""
        return unknown if unknown in self.index.types or unknown in self.index.exact else ""

    def returned(self, name: str) -> str:
        """The type that packs say this call or attribute gives, supertypes included; "" when none does."""
        for candidate in self.index._with_supertypes(name):
            found = self.index.types.get(candidate)
            if found:
                return found
        return ""

    def nearer(self, declared: str, found: str, *, is_made: bool) -> str:
        """The type found for a value where packs know it as a kind of the declared one, or it was constructed so."""
        if found not in self.index.supertypes:
            return declared
        is_below = f"{declared}.*" in self.index._with_supertypes(f"{found}.*")
        return found if is_made or is_below else declared

    def element(self, base: str) -> str:
        """The type of an array's or collection's elements."""
        return self.index.types.get(f"{base}[]", "") or (base[:-2] if base.endswith("[]") else "")

    def is_parameter(self, text: str, unit: Unit) -> bool:
        """Whether a name is a parameter of the unit or of one around it."""
        owner: Unit | None = unit
        while owner is not None:
            if any(name == text for name, _ in owner.params):
                return True
            if text in owner.locals:
                return False
            owner = owner.parent
        return False

    def is_bare_member(self, text: str, unit: Unit) -> bool:
        """Whether a bare name of Java or C# may be a member that the class inherits."""
        if self.program.family not in (Family.JAVA, Family.CSHARP) or text in self.program.functions:
            return False
        owner: Unit | None = unit
        while owner is not None:
            cls = owner.cls
            if text in owner.locals or (cls is not None and (text in cls.methods or text in cls.field_types)):
                return False
            owner = owner.parent
        return True

    def own_method(self, text: str, unit: Unit) -> str:
        """`Class.text` where a bare call of Java or C# means a method of a class around it."""
        if self.program.family not in (Family.JAVA, Family.CSHARP):
            return ""
        owner: Unit | None = unit
        while owner is not None:
            cls = owner.cls
            if text in owner.locals and owner.kind is not K.CLASS:
                return ""
            if cls is not None and text in cls.methods:
                return f"{self.qualified(cls)}.{text}"
            owner = owner.parent
        return ""

    def is_type_only(self, text: str) -> bool:
        """Whether a bare call cannot mean what packs know by that name: C# makes objects with `new` only."""
        is_known = text in self.index.simple_types and text not in self.program.imports
        return self.program.family is Family.CSHARP and is_known

    def is_own_function(self, name: str) -> bool:
        """Whether a name is a function or method of this file, which says itself what it does."""
        module = self.program.module_name
        owner, _, last = name.removeprefix(f"{module}." if module else "").rpartition(".")
        if not owner:
            return last in self.program.functions and (name != last or not module)
        cls = self.program.classes.get(owner.rpartition(".")[2])
        return cls is not None and cls.qualname == owner and last in cls.methods

    def is_untyped(self, name: str) -> bool:
        """Whether the receiver is a project value no pack types, so that its own name is all there is to go by."""
        owner = name.rpartition(".")[0]
        known = self.index.simple_types.get(owner.rpartition(".")[2], ())
        if self.program.family is Family.JAVASCRIPT:  # `../models.sequelize` is no type for being called like one
            known = [full for full in known if full == owner]
        return bool(owner) and owner not in self.index.supertypes and not known


def module_specifier(text: str) -> str:
    """A Node module by its plain name: `node:fs` is `fs`."""
    return text[5:] if text.startswith("node:") else text
