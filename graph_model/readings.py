"""Which units of a file the analysis of each unit looked at: what an edit inside one of them can have touched.

A unit's own facts (syntax, control flow, data flow) depend on its bytes only; what is read of others goes through
`LoggedUnit` and `LoggedResolver`. A resolver's answers are kept, so what they rest on is noted for the unit whose
expression was resolved, and found again through it.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any  # whatever an attribute holds

from graph_model.kinds import NodeKind as K
from graph_model.names import Resolver
from graph_model.packs.loading import PackIndex
from graph_model.program import ClassInfo, Program, Unit, UnitMaker
from graph_model.syntax import Node

# What the text around a unit's body says, and what has no content of its own.
_OF_HEADER = frozenset(
    {
        *("idx", "name", "qualname", "parent", "cls", "params", "kind", "is_function", "is_async", "receiver"),
        *("declared", "stored"),
    }
)
_FRAMES = frozenset({K.MODULE, K.CLASS, K.NEW})


class ReadLog:
    """Readers by number of the unit, or ("resolver", number); what each read: units, and readers it relied on."""

    def __init__(self) -> None:
        self.reader: Hashable = None
        self.units: dict[Hashable, set[int]] = {}
        self.readers: dict[Hashable, set[Hashable]] = {}

    @contextmanager
    def reading(self, reader: Hashable) -> Iterator[None]:
        """What is read inside is read by this one (None: by nobody), on whose answer the reader around it relies."""
        before, self.reader = self.reader, reader
        if before is not None and reader is not None and before != reader:
            self.readers.setdefault(before, set()).add(reader)
        try:
            yield
        finally:
            self.reader = before

    def note(self, unit: int) -> None:
        """The reader read a unit's body."""
        if self.reader is not None and self.reader != unit:
            self.units.setdefault(self.reader, set()).add(unit)

    def forget(self, readers: set[int]) -> None:
        """Forgets what these read: they read again."""
        for reader in (*readers, *(("resolver", idx) for idx in readers)):
            self.units.pop(reader, None)
            self.readers.pop(reader, None)

    def find_readers(self, changed: set[int]) -> set[int]:
        """The units whose analysis read, by itself or through others' answers, the body of one of these."""
        relying: dict[Hashable, set[Hashable]] = {}
        for reader, others in self.readers.items():
            for other in others:
                relying.setdefault(other, set()).add(reader)
        stack = [reader for reader, units in self.units.items() if not units.isdisjoint(changed)]
        found: set[Hashable] = set()
        while stack:
            reader = stack.pop()
            if reader not in found:
                found.add(reader)
                # A unit's own reading is nobody's answer: what others took of it are its facts, noted as theirs.
                stack.extend(relying.get(reader, ()))
        return {reader for reader in found if isinstance(reader, int)}


class LoggedUnit(Unit):
    """A unit that notes who reads what is inside it. A subclass, so that ordinary analyses do not pay for it."""

    log: ReadLog
    fold: Callable[[Unit], object]
    num_units: Callable[[], int]

    def __getattribute__(self, name: str) -> Any:
        own = object.__getattribute__(self, "__dict__")
        if name in own and name in _OF_HEADER:
            return own[name]
        log = own.get("log")
        if log is None or log.reader is None or log.reader == own["idx"] or name.startswith("_"):
            return object.__getattribute__(self, name)
        if name in _OF_HEADER:
            with log.reading(None):
                return object.__getattribute__(self, name)
        _note_all(own, log, name)
        return object.__getattribute__(self, name)


def _note_all(own: dict[str, Any], log: ReadLog, name: str) -> None:
    log.note(own["idx"])
    if name == "node" and own["node"].kind in _FRAMES:  # its tree holds the functions inside
        for idx in range(own["num_units"]()):
            log.note(idx)
    elif name in ("flow", "control"):
        own["fold"](own["self"])


def log_units(log: ReadLog, fold: Callable[[Unit], object], num_units: Callable[[], int]) -> UnitMaker:
    """Makes logged units; `fold` is called before another unit reads one's flow."""

    def make(idx: int, node: Node, name: str, qualname: str, parent: Unit | None, cls: ClassInfo | None) -> Unit:
        unit = LoggedUnit(idx, node, name, qualname, parent, cls)
        unit.__dict__.update(log=log, fold=fold, num_units=num_units, self=unit)
        return unit

    return make


class LoggedResolver(Resolver):
    """A resolver whose answers are noted for the unit that the expression is of."""

    def __init__(self, program: Program, index: PackIndex, log: ReadLog) -> None:
        super().__init__(program, index)
        self._log = log

    def callee(self, call: Node, unit: Unit, stmt: int) -> str:
        """As the resolver says."""
        with self._log.reading(("resolver", unit.idx)):
            return super().callee(call, unit, stmt)

    def resolve(self, node: Node, unit: Unit, stmt: int, depth: int = 0) -> str:
        """As the resolver says."""
        with self._log.reading(("resolver", unit.idx)):
            return super().resolve(node, unit, stmt, depth)

    def _field_type(self, cls: ClassInfo, name: str, depth: int) -> str:
        with self._log.reading(("field", cls.qualname, name)):
            return super()._field_type(cls, name, depth)
