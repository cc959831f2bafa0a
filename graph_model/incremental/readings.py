"""Which facts of a file's units the analysis of each looked at: what an edit inside one of them can have touched.

A *fact* is a unit's tree, its flow, or something that can be compared: its parameters and decorators, the names that it
defines, the paths that it stores to, what `Unit.derive` says of it. A *reader* is a unit (its number) or what is kept
of the resolver's answers and may serve others: `Answers` for the expressions of a unit, the type of a field.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple, TypeVar  # Any: whatever an attribute holds

from graph_model.definitions import Definition
from graph_model.names import Resolver
from graph_model.packs.loading import PackIndex
from graph_model.program import ClassInfo, Program, Unit, UnitMaker
from graph_model.syntax import Node

TREE, FLOW = "tree", "flow"
COMPARED = ("locals", "stored", "receiver", "is_async", "modifiers", "sort")
DESCRIBED = ("params", "decorators", "decorator_callees", "declared")
_WRITTEN = frozenset({TREE, FLOW, *DESCRIBED})
Fact = tuple[int, Hashable]
"""A unit's number, and TREE, FLOW, one of COMPARED or DESCRIBED, `Defined`, or a function that was derived."""


class Answers(NamedTuple):
    """What the resolver says of the expressions of a unit."""

    unit: int


class FieldType(NamedTuple):
    """What the resolver says of a field of a class of the file; `unit` is the class's."""

    unit: int
    name: str


class Defined(NamedTuple):
    """A fact of a unit: its definitions of an access path."""

    key: str


_MAX_KEPT = 50
_T = TypeVar("_T")
_FACTS: dict[str, str] = {
    **{name: name for name in (*COMPARED, *DESCRIBED)},
    **dict.fromkeys(("node", "body"), TREE),
    **dict.fromkeys(("control", "flow", "captures", "too_large"), FLOW),
}


class ReadLog:
    """What each reader read: facts, and readers that it relied on."""

    def __init__(self) -> None:
        self.reader: Hashable = None
        self.owner: int | None = None  # the unit whose facts are the reader's own
        self.facts: dict[Hashable, set[Fact]] = {}
        self.readers: dict[Hashable, set[Hashable]] = {}

    def reading(self, reader: Hashable, owner: int | None = None) -> "_Reading":
        """What is read inside is read by this one (None: by nobody)."""
        return _Reading(self, reader, owner)

    def note(self, unit: int, fact: Hashable) -> None:
        """The reader read a fact."""
        self.facts.setdefault(self.reader, set()).add((unit, fact))

    def rely(self, reader: Hashable) -> None:
        """The reader took another's answer."""
        if self.reader is not None and self.reader != reader:
            self.readers.setdefault(self.reader, set()).add(reader)

    def forget(self, readers: Iterable[Hashable]) -> None:
        """Forgets what these read: they read again."""
        for reader in readers:
            self.facts.pop(reader, None)
            self.readers.pop(reader, None)

    def list_readers(self, changed: set[Fact]) -> list[Hashable]:
        """Who read one of these facts."""
        return [reader for reader, facts in self.facts.items() if not facts.isdisjoint(changed)]

    def list_readers_of(self, units: set[int]) -> list[Hashable]:
        """Who read the text of one of these units, of its head too, or what it defines."""
        if not units:
            return []
        return [
            reader
            for reader, facts in self.facts.items()
            if any(unit in units and (fact in _WRITTEN or isinstance(fact, Defined)) for unit, fact in facts)
        ]

    def list_relying(self, readers: Iterable[Hashable]) -> tuple[set[Hashable], set[FieldType]]:
        """These, with who relied on one of them or on somebody who did.

        The fields among them come apart, without those behind them.
        """
        relying: dict[Hashable, set[Hashable]] = {}
        for reader, known in self.readers.items():
            for other in known:
                relying.setdefault(other, set()).add(reader)
        found: set[Hashable] = set()
        fields: set[FieldType] = set()
        stack = [*readers]
        while stack:
            for reader in relying.get(stack.pop(), ()):
                if isinstance(reader, FieldType):
                    fields.add(reader)
                elif reader not in found:
                    found.add(reader)
                    stack.append(reader)
        return found.union(readers), fields


class _Reading:
    """A context; a class, since there are thousands of them a keystroke."""

    __slots__ = ("_after", "_before", "_log")

    def __init__(self, log: ReadLog, reader: Hashable, owner: int | None) -> None:
        self._log, self._after, self._before = log, (reader, owner), (log.reader, log.owner)

    def __enter__(self) -> None:
        self._log.reader, self._log.owner = self._after

    def __exit__(self, *_: object) -> None:
        self._log.reader, self._log.owner = self._before


class _Noted:
    """An attribute of a unit, the reading of which by others is noted."""

    def __init__(self, name: str, fact: str) -> None:
        self._name, self._fact, self._compute = name, fact, vars(Unit).get(name)

    def __get__(self, unit: "LoggedUnit", owner: type) -> Any:
        own = unit.__dict__
        log = own["log"]
        if log.reader is None or log.owner == own["idx"]:
            return own[self._name] if self._name in own else self._find(unit, own)
        log.note(own["idx"], self._fact)
        if self._name in own:
            return own[self._name]
        with log.reading(None):
            return self._find(unit, own)

    def _find(self, unit: "LoggedUnit", own: dict[str, Any]) -> Any:
        assert self._compute is not None, "what is not computed is assigned"
        found = own[self._name] = self._compute.func(unit)
        return found

    def __set__(self, unit: "LoggedUnit", value: object) -> None:
        unit.__dict__[self._name] = value


class LoggedUnit(Unit):
    """A unit that notes who reads its facts.

    A subclass, so that ordinary analyses do not pay for it.
    """

    log: ReadLog

    def begin(self, log: ReadLog) -> None:
        """Has its readings noted from now on."""
        self.log = log
        _ = self.kind, self.is_function  # found before anybody asks: no reading of the tree

    def derive(self, compute: Callable[[Unit], _T]) -> _T:
        """As of any unit."""
        log = self.log
        if log.reader is not None and log.owner != self.idx:
            log.note(self.idx, compute)
        with log.reading(None):
            return super().derive(compute)

    def definitions_of(self, key: str) -> list[Definition]:
        """As of any unit."""
        log = self.log
        if log.reader is not None and log.owner != self.idx:
            log.note(self.idx, Defined(key))
        with log.reading(None):
            return super().definitions_of(key)

    def renew(self, node: Node, cls: ClassInfo | None, children: list[Unit]) -> None:
        """Becomes the unit of another text of the same function."""
        own = vars(self)
        fresh = Unit(self.idx, node, self.name, self.qualname, self.parent, cls)
        log = self.log
        own.clear()
        own.update(vars(fresh), children=children, log=log)
        self.begin(log)


for _name, _fact in _FACTS.items():
    setattr(LoggedUnit, _name, _Noted(_name, _fact))


def log_units(log: ReadLog) -> UnitMaker:
    """Makes logged units."""

    def make(idx: int, node: Node, name: str, qualname: str, parent: Unit | None, cls: ClassInfo | None) -> Unit:
        unit = LoggedUnit(idx, node, name, qualname, parent, cls)
        unit.begin(log)
        return unit

    return make


class LoggedResolver(Resolver):
    """A resolver whose answers are noted for the unit that the expression is of.

    They can be forgotten one by one. A subclass, since the resolver asks itself.
    """

    def __init__(self, program: Program, index: PackIndex, log: ReadLog) -> None:
        super().__init__(program, index)
        self._log = log
        self._nodes: dict[int, dict[int, Node]] = {}  # unit -> nodes for which it has answers, kept alive with them
        self._classes: dict[int, ClassInfo] = {}  # those of whose fields it was asked, by their units
        self._num_kept: dict[int, int] = {}  # unit -> versions for which its answers were kept

    def callee(self, call: Node, unit: Unit, stmt: int) -> str:
        """As the resolver says."""
        found = self._callees.get(id(call))
        reader = Answers(unit.idx)
        self._log.rely(reader)
        if found is None:
            with self._log.reading(reader, unit.idx):
                found = super().callee(call, unit, stmt)
            self._nodes.setdefault(unit.idx, {})[id(call)] = call
        return found

    def resolve(self, node: Node, unit: Unit, stmt: int, depth: int = 0) -> str:
        """As the resolver says."""
        found = self._resolved.get(id(node))
        reader = Answers(unit.idx)
        self._log.rely(reader)
        if found is None:
            with self._log.reading(reader, unit.idx):
                found = super().resolve(node, unit, stmt, depth)
            self._nodes.setdefault(unit.idx, {})[id(node)] = node
            self._kept.clear()
        return found

    def _field_type(self, cls: ClassInfo, name: str, depth: int) -> str:
        field = FieldType(self.program.unit_of[id(cls.node)].idx, name)
        self._classes[field.unit] = cls
        self._log.rely(field)
        found = self._fields.get(field)
        if found is None:
            with self._log.reading(field):
                found = super()._field_type(cls, name, depth)
        return found

    def forget_readers(self, readers: Iterable[Hashable]) -> None:
        """Forgets these answers: what they rest on is other now."""
        for reader in readers:
            if isinstance(reader, Answers):
                self.forget_nodes(self._nodes.pop(reader.unit, {}).values())
            elif isinstance(reader, FieldType):
                self._fields.pop(reader, None)

    def list_fields(self) -> set[FieldType]:
        """The fields of which it was asked."""
        return {*map(FieldType._make, self._fields)}

    def drop_unasked(self) -> None:
        """Forgets the types of fields of which nobody asks any more.

        They are of names that were typed for a moment.
        """
        asked = set().union(*self._log.readers.values())
        gone = [field for field in map(FieldType._make, self._fields) if field not in asked]
        self._log.forget(gone)
        self.forget_readers(gone)

    def wears_out(self, unit: int) -> bool:
        """Whether a unit's answers are to be found again though they still hold.

        What they rest on grows by all that was typed for a moment, version by version.
        """
        self._num_kept[unit] = (self._num_kept.get(unit, 0) + 1) % _MAX_KEPT
        return self._num_kept[unit] == 0

    def refresh_fields(self, fields: Iterable[FieldType]) -> set[Hashable]:
        """Finds the types of fields again; those that are others now."""
        before = {field: self._fields.pop(field, None) for field in sorted(fields)}
        self._log.forget(before)
        return {
            field
            for field, known in before.items()
            if known is None or self._field_type(self._classes[field.unit], field.name, 0) != known
        }

    def forget_nodes(self, nodes: Iterable[Node], units: Iterable[int] = ()) -> None:
        """Forgets the answers for nodes that go, of expressions of these units: others may get the same identity."""
        kept = [known for unit in units if (known := self._nodes.get(unit)) is not None]
        for node in nodes:
            self._resolved.pop(id(node), None)
            self._callees.pop(id(node), None)
            for known in kept:
                known.pop(id(node), None)
