"""Entry points: functions that a framework calls, and which of their parameters it fills with foreign data."""

import re
from collections.abc import Iterable
from functools import lru_cache

from graph_model.definitions import pattern_leaves
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.names import Resolver
from graph_model.packs.loading import PackIndex
from graph_model.packs.model import EntryPoint, ReturnRole, Role
from graph_model.program import ClassInfo, Program, Unit
from graph_model.syntax import Node, dotted_name
from graph_model.textless import holds_no_text, is_injected

_PLAIN_ROUTE = re.compile(r"([\w|?*+()-]|\\{1,2}[wd]|\[[\w-]+\]|\{[\d,]+\})+$")  # no wildcard, no excluding class
_SEGMENT = {  # a route's parameter: its name and what converts it, which decides whether it may hold a separator
    "{": re.compile(r"\{\s*(?P<name>\w+)\s*(?::\s*(?P<converter>\w+)[^{}]*)?\}"),
    "<": re.compile(r"<(?:(?P<converter>\w+)(?:\([^()]*\))?:)?(?P<name>\w+)>"),
}
_ANY_PATH = frozenset({"path", "any", "re"})
_IDENTIFIER = re.compile(r"U(UID|uid)(?![a-z])")
EntrySources = dict[tuple[int, str], tuple[str, str]]
"""(unit, parameter) -> (what to call the source, kind of source)."""


def find_entries(program: Program, resolver: Resolver, handing: Iterable[Unit]) -> tuple[EntrySources, frozenset[int]]:
    """Foreign parameters of every entry point, and the units that are entry points.

    `handing` are the units that `hands_over` says something of, in order.

    Types that a framework gives to parameters are put into `resolver.entry_types`, parameters that it makes itself
    (the request object, a number) into `resolver.made_by_framework`. What it resolves on the way, it resolves without
    knowing all of that: ask another one later (`Resolver.adopt_entries`).
    """
    finder = _Finder(program, resolver)
    for unit in program.units:
        if unit.is_function:
            finder.visit(unit)
    finder.visit_callbacks(handing)
    return finder.sources, frozenset(finder.entries)


def hands_over(program: Program, unit: Unit, index: PackIndex) -> bool:
    """Whether a unit calls something with a function, by which that may become an entry point."""
    return any(_may_register(call, index) and _handlers(program, call) for calls in unit.flow.calls for call in calls)


def _may_register(call: Node, index: PackIndex) -> bool:
    """Whether a call may be of what packs know to call its arguments: a method is told by its name alone."""
    callee = call.get("callee")
    return callee is not None and (callee.kind is not K.MEMBER or callee.text in index.registering)


def matches_name(pattern: str, name: str, *, by_simple_name: bool) -> bool:
    """Whether a resolved name is meant by a pattern (`a.b`, `*.b`); attributes of Java and C# also by simple name."""
    if not name:
        return False
    if pattern.startswith("*."):
        return name == pattern[2:] or name.endswith(pattern[1:])
    if name == pattern:
        return True
    if not by_simple_name:
        return False
    simple, wanted = name.rpartition(".")[2], pattern.rpartition(".")[2]
    return simple in (wanted, f"{wanted}Attribute")


@lru_cache(maxsize=65_536)
def _matches_one(patterns: tuple[str, ...], name: str, *, by_simple_name: bool) -> bool:
    """Whether one of the patterns means a name: the same few decorators meet all entries of all packs."""
    return any(matches_name(pattern, name, by_simple_name=by_simple_name) for pattern in patterns)


class _Finder:
    def __init__(self, program: Program, resolver: Resolver) -> None:
        self.program, self.resolver = program, resolver
        self.entry_points = resolver.index.entries
        self.by_simple_name = program.family in (Family.JAVA, Family.CSHARP)
        self.sources: EntrySources = {}
        self.entries: set[int] = set()
        self._named: dict[int, tuple[str, ...]] = {}
        self._named_classes: dict[str, tuple[str, ...]] = {}
        named = (*program.imports.values(), *program.wildcards, *required_modules(program))
        self.imported = {dotted.lstrip("@").partition(".")[0].partition("/")[0] for dotted in named}

    def visit(self, unit: Unit) -> None:
        for entry in self.entry_points:
            if self._is_entry(unit, entry):
                self._apply(unit, entry)

    def _is_entry(self, unit: Unit, entry: EntryPoint) -> bool:
        if entry.methods and unit.name not in entry.methods and not entry.decorators:
            return False
        if entry.decorators and self._are_named(self._decorators_of(unit), entry.decorators):
            return True
        cls = unit.cls
        if cls is not None and entry.bases and any(self._is_base(base, entry.bases) for base in cls.bases):
            return unit.name in entry.methods if entry.methods else self._is_action(unit)
        if entry.class_decorators and self._are_named(self._class_decorators_of(unit), entry.class_decorators):
            return unit.name in entry.methods if entry.methods else self._is_action(unit)
        if entry.decorators or entry.bases or entry.class_decorators or entry.callback_of:
            return False
        return bool(entry.methods and not entry.param_types) or self._has_typed_params(unit, entry)

    def _is_action(self, unit: Unit) -> bool:
        """Whether a framework that calls a class's methods by convention calls this one: C# says `public`."""
        if unit.kind is not K.FUNCTION or unit.sort == "constructor":
            return False
        if self.program.family is not Family.CSHARP:
            return True
        hidden = self._are_named(self._decorators_of(unit), ("NonAction",))
        return "public" in unit.modifiers and unit.sort == "method" and not hidden

    def _has_typed_params(self, unit: Unit, entry: EntryPoint) -> bool:
        """An entry told only by its parameters' names, of which the first may be taken apart in place."""
        library = entry.pack.rpartition("/")[2].partition("-")[0]
        names = [name for name, _ in unit.params]
        wanted = [key for key in entry.param_types if not key.isdigit()]
        if len(wanted) > 1 and names[:1] == [""]:
            wanted = wanted[1:]
        known = entry.anywhere or library in self.imported
        return bool(wanted) and known and all(key in names for key in wanted)

    def _is_base(self, base: str, wanted: tuple[str, ...]) -> bool:
        resolved = self.resolver.types.type_name(base) if "." not in base else base
        return any(matches_name(w, n, by_simple_name=self.by_simple_name) for w in wanted for n in (resolved, base))

    def _are_named(self, names: Iterable[str], wanted: tuple[str, ...]) -> bool:
        """Whether one of the names is one of those wanted."""
        return any(_matches_one(wanted, name, by_simple_name=self.by_simple_name) for name in names)

    def _decorators_of(self, unit: Unit) -> tuple[str, ...]:
        """The names of a unit's decorators."""
        if unit.idx not in self._named:
            self._named[unit.idx] = tuple(self.decorator_name(one, unit) for one in unit.decorators)
        return self._named[unit.idx]

    def _class_decorators_of(self, unit: Unit) -> tuple[str, ...]:
        """The names of the decorators of the class whose method a unit is."""
        cls = unit.cls
        if cls is None:
            return ()
        if cls.qualname not in self._named_classes:
            around = cls.node.all("decorators")
            self._named_classes[cls.qualname] = tuple(self.decorator_name(one, unit) for one in around)
        return self._named_classes[cls.qualname]

    def decorator_name(self, decorator: Node, unit: Unit) -> str:
        """The dotted name of a decorator, annotation or attribute."""
        return self.resolver.decorator_name(decorator, unit)

    def _apply(self, unit: Unit, entry: EntryPoint) -> None:
        self.entries.add(unit.idx)
        returned = (role.sink for role in entry.returns if self._returns(unit, role))
        known = self.resolver.entry_returns
        known[unit.idx] = tuple(dict.fromkeys((*known.get(unit.idx, ()), *returned)))
        for position, (name, node) in enumerate(unit.params):
            given = entry.param_types.get(name) or entry.param_types.get(str(position))
            declared = node.get("type")
            if given and declared is None:
                self.resolver.entry_types[(unit.idx, name)] = given
            if not name:
                self._apply_pattern(
                    unit, node, given if declared is None else self.resolver.types.type_name(declared.text)
                )
            if self._is_source(unit, entry, position, node) and name:
                self.sources[(unit.idx, name)] = (f"parameter {name}", entry.kind)
                if self.program.family is Family.PYTHON and _is_one_segment(unit, name):
                    self.resolver.one_segment.add((unit.idx, name))
            elif name and (given or self._is_skipped(entry, unit, node)):
                self.resolver.made_by_framework.add((unit.idx, name))

    def _apply_pattern(self, unit: Unit, param: Node, given: str | None) -> None:
        """`({ body, query }, res) => ...`: what the pattern takes out of a parameter of a known type."""
        for path, leaf in pattern_leaves(param.get("name")) if given else ():
            name = ".".join((f"{given}", *path[:1]))
            for role in self.resolver.index.find_roles(name):
                if role.role is Role.SOURCE:
                    self.sources[(unit.idx, leaf.text)] = (name, role.kind)
            if len(path) == 1:
                self.resolver.entry_types[(unit.idx, leaf.text)] = self.resolver.index.types.get(name, name)

    def _returns(self, unit: Unit, role: ReturnRole) -> bool:
        """Whether a role of results holds for this entry: its declared type, and decorators on it or on its class."""
        declared = unit.declared
        if role.types and (declared is None or declared.text.rpartition(".")[2] not in role.types):
            return False
        names = [*self._decorators_of(unit), *self._class_decorators_of(unit)]
        return not role.decorators or self._are_named(names, role.decorators)

    def _is_source(self, unit: Unit, entry: EntryPoint, position: int, param: Node) -> bool:
        name = param.get("name")
        if name is not None and (name.text == unit.receiver or name.text in ("self", "cls")):
            return False
        if self._is_skipped(entry, unit, param):
            return False
        if isinstance(entry.sources, tuple):
            return position in entry.sources
        decorators = param.all("decorators")
        if entry.sources == "annotated":
            return self._are_named([self.decorator_name(one, unit) for one in decorators], entry.param_decorators)
        if entry.sources == "undecorated":
            return not decorators and not self._has_injected_default(param)
        return entry.sources == "all"

    def _is_skipped(self, entry: EntryPoint, unit: Unit, param: Node) -> bool:
        declared = param.get("type")
        family = self.program.family
        if holds_no_text(declared, family, self.program.enums) or (
            family is Family.JAVA and _is_constrained(unit, param)
        ):
            return True
        return declared is not None and (self._skips(entry, declared.text) or is_injected(declared, family))

    def _skips(self, entry: EntryPoint, type_text: str) -> bool:
        resolved = self.resolver.types.type_name(type_text)
        return any(matches_name(s, n, by_simple_name=True) for s in entry.skip_types for n in (type_text, resolved))

    def _has_injected_default(self, param: Node) -> bool:
        """FastAPI's `= Depends(...)`: the framework builds it."""
        value = param.get("value")
        callee = value.get("callee") if value is not None and value.kind is K.CALL else None
        return dotted_name(callee).rpartition(".")[2] in ("Depends", "Security")

    def visit_callbacks(self, handing: Iterable[Unit]) -> None:
        """Functions passed to `app.get(path, handler)` and the like."""
        wanted = [entry for entry in self.entry_points if entry.callback_of]
        for unit in handing:
            for stmt, calls in enumerate(unit.flow.calls):
                for call in calls:
                    self._visit_call(call, unit, stmt, wanted)

    def _visit_call(self, call: Node, unit: Unit, stmt: int, wanted: list[EntryPoint]) -> None:
        handlers = _handlers(self.program, call) if _may_register(call, self.resolver.index) else []
        if not handlers:
            return
        name = self.resolver.callee(call, unit, stmt)
        is_unknown = name.startswith("?") or self.resolver.types.is_untyped(name)
        hint = self.resolver.receiver_hint(call) if is_unknown else ""
        for entry in wanted:
            if any(_is_callback_of(pattern, name, hint) for pattern in entry.callback_of):
                for handler in handlers:
                    self._apply(handler, entry)


def _handlers(program: Program, call: Node) -> list[Unit]:
    """The functions of the file among a call's arguments."""
    args = call.get("args")
    found: list[Unit] = []
    for arg in args.children if args is not None else ():
        target = program.unit_of.get(id(arg))
        if target is None and arg.kind is K.NAME:
            target = program.functions.get(arg.text)
        if target is None and arg.kind is K.LIST:
            found.extend(u for u in (program.unit_of.get(id(a)) for a in arg.children) if u is not None)
        if target is not None:
            found.append(target)
    return found


def _is_constrained(unit: Unit, param: Node) -> bool:
    """Whether the route itself lets nothing but plain characters through: `{id:[0-9]+}`."""
    name = param.get("name")
    for decorator in param.all("decorators"):
        if _checks_plainly(decorator):
            return True
    given = [n.text for d in param.all("decorators") for n in d.walk() if n.kind is K.STRING]
    wanted = given[0] if given else name.text if name is not None else ""
    routes = [n.text for d in unit.decorators for n in d.walk() if n.kind is K.STRING]
    pattern = rf"\{{\s*{re.escape(wanted)}\s*:([^{{}}]+(\{{[\d,]+\}})?)\}}"
    found = re.search(pattern, " ".join(routes)) if wanted else None
    return found is not None and _PLAIN_ROUTE.match(found[1].strip()) is not None


def _is_one_segment(unit: Unit, name: str) -> bool:
    """Whether every route that fills a parameter fills it with one part of the path: `{name}`, `<name>`.

    Python's servers decode a path before it is matched, so that an encoded separator is one.
    """
    routes = [n.text for d in unit.decorators for n in d.walk() if n.kind is K.STRING]
    converters = [
        found["converter"]
        for route in routes
        for pattern in _SEGMENT.values()
        for found in pattern.finditer(route)
        if found["name"] == name
    ]
    return bool(converters) and not _ANY_PATH.intersection(converters)


def _checks_plainly(decorator: Node) -> bool:
    """Whether a constraint of Bean Validation admits plain characters only: `@UUID`, `@Pattern(regexp = "[a-z]+")`."""
    simple = dotted_name(decorator.get("callee")).rpartition(".")[2]
    if _IDENTIFIER.search(simple):
        return True
    given = [n.text for n in decorator.walk() if n.kind is K.STRING] if simple == "Pattern" else []
    return bool(given) and _PLAIN_ROUTE.match(given[0].removeprefix("^").removesuffix("$")) is not None


def required_modules(program: Program) -> list[str]:
    """The modules that a CommonJS file requires at its top level."""
    calls = [call for calls in program.units[0].flow.calls for call in calls] if program.units else []
    modules: list[str] = []
    for call in calls if program.family is Family.JAVASCRIPT else ():
        callee, args = call.get("callee"), call.get("args")
        first = args.children[0] if args is not None and args.children else None
        if callee is not None and callee.text == "require" and first is not None and first.kind is K.STRING:
            modules.append(first.text)
    return modules


def _is_callback_of(pattern: str, name: str, hint: str) -> bool:
    if pattern.startswith("~"):
        wanted, _, method = pattern[1:].rpartition(".")
        unknown = name.startswith("?.") or "." in name
        return (
            unknown
            and name.rpartition(".")[2] == method
            and hint.replace("_", "").lower().endswith(wanted.replace("_", "").lower())
        )
    return matches_name(pattern, name, by_simple_name=False)


def class_of(unit: Unit) -> ClassInfo | None:
    """The class whose method a unit is, looking out through nested functions."""
    owner: Unit | None = unit
    while owner is not None:
        if owner.cls is not None:
            return owner.cls
        owner = owner.parent
    return None
