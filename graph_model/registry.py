"""Who calls whom in a project, kept up while its files change: what one file has to do with is found again, no more.

A *topic* is what a resolved call depends on beside its own file: the last part of the name that it calls, or the module
that a relative name leads to. A file that begins or ceases to offer something changes its topics.
"""

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from graph_model.analysis import FileAnalysis
from graph_model.languages import BY_NAME, Family
from graph_model.origins import FlowRecord, UnitRecord

MAX_OVERRIDES = 4
_NOMINAL = frozenset({Family.JAVA, Family.CSHARP})  # a class says what it implements
_MODULE_ENDINGS = (".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".cts")
_CONSTRUCTORS = ("__init__", "constructor")


class UnitId(NamedTuple):
    """One unit of one file."""

    path: str
    idx: int


_K = TypeVar("_K")
_V = TypeVar("_V")
Call = tuple[UnitId, int]
"""A call site: the unit that calls, and the number of the call in it."""


@dataclass(slots=True)
class Changes:
    """What became different since it was last asked: files, topics, and units that others call or no longer call."""

    files: set[str] = field(default_factory=set)
    topics: set[str] = field(default_factory=set)
    called: set[UnitId] = field(default_factory=set)
    is_everything: bool = False


@dataclass(frozen=True, slots=True)
class _Offer:
    """One thing that a file offers to calls: a name (`full`), or a method below a base (`base`)."""

    topic: str
    full: str
    base: str
    idx: int


class Registry:
    """The files of a project and the calls between them. Answers do not depend on the order in which files came."""

    def __init__(self) -> None:
        self.files: dict[str, FileAnalysis] = {}
        self.callers: dict[UnitId, list[Call]] = {}
        self.stores: dict[str, dict[tuple[str, str], list[tuple[UnitId, tuple[FlowRecord, ...]]]]] = {}
        self.silent: Counter[str] = Counter()
        self.enums: Counter[str] = Counter()
        self._named: dict[str, list[tuple[str, UnitId]]] = {}
        self._overrides: dict[tuple[str, str], list[UnitId]] = {}  # (simple name of a base, method) -> methods below
        self._offers: dict[str, tuple[_Offer, ...]] = {}
        self._callees: dict[tuple[str, str], tuple[UnitId, ...]] = {}
        self._asked: dict[str, set[tuple[str, str]]] = {}  # topic -> resolved calls that depend on it
        self._asked_in: dict[str, set[str]] = {}  # file -> its resolved calls
        self._given: dict[str, dict[UnitId, list[Call]]] = {}  # file -> what it adds to `callers`
        self._guards: list[FileAnalysis] = []
        self._unresolved: set[str] = set()
        self._changes = Changes()

    def put(self, analysis: FileAnalysis) -> None:
        """Takes a file in, in place of what it was."""
        path = analysis.path
        old = self.files.get(path)
        offers, before = tuple(_list_offers(analysis)), self._offers.get(path, ())
        self._forget_words(path)
        if old is None or offers != before or _describe_module(old) != _describe_module(analysis):
            self._forget_offers(path)
            self._register(path, offers)
            self._offers[path] = offers
        self.files[path] = analysis
        self.silent.update(analysis.silent)
        self.enums.update(analysis.enums)
        self.stores[path] = _list_stores(analysis)
        if analysis.is_guard:
            self._guards.append(analysis)
        self._unresolved.add(path)
        self._note(path, {*before} ^ {*offers}, old, analysis)

    def remove(self, path: str) -> None:
        """Forgets a file."""
        old = self.files.get(path)
        if old is None:
            return
        self._forget_words(path)
        self._forget_offers(path)
        offers = self._offers.pop(path)
        del self.files[path], self.stores[path]
        self._unresolved.add(path)
        self._note(path, offers, old, None)

    def take_changes(self) -> Changes:
        """Brings calls up to date; what became different since the last time."""
        affected = set(self._unresolved)
        for topic in self._changes.topics:
            for path, callee in self._asked.pop(topic, ()):
                self._callees.pop((path, callee), None)
                affected.add(path)
        self._unresolved.clear()
        for path in sorted(affected):
            self._resolve_calls(path)
        changes, self._changes = self._changes, Changes()
        return changes

    @property
    def guarded(self) -> frozenset[Family]:
        """Language families in which some file puts a check in front of every entry point."""
        return frozenset(BY_NAME[one.language].family for one in self._guards)

    def unit(self, unit: UnitId) -> UnitRecord:
        """A unit's record."""
        return self.files[unit.path].units[unit.idx]

    # Keeping up ------------------------------------------------------------------------------------------------------

    def _forget_words(self, path: str) -> None:
        """Takes back what a file says of all others."""
        old = self.files.get(path)
        if old is None:
            return
        self._guards = [one for one in self._guards if one.path != path]
        self.silent.subtract(old.silent)
        self.enums.subtract(old.enums)
        self.silent, self.enums = +self.silent, +self.enums

    def _forget_offers(self, path: str) -> None:
        """Takes what a file offers out of the tables; what it adds to `callers` goes when calls are resolved."""
        for offer in self._offers.get(path, ()):
            if offer.base:
                key = (offer.base, offer.topic)
                _keep(self._overrides, key, [unit for unit in self._overrides.get(key, ()) if unit.path != path])
            elif offer.topic in self._named:
                _keep(self._named, offer.topic, [one for one in self._named[offer.topic] if one[1].path != path])
        self._forget_asked(path, self._asked_in.pop(path, set()))

    def _forget_asked(self, path: str, callees: Iterable[str]) -> None:
        """Lets calls of a file be resolved again when they are asked for."""
        for callee in callees:
            self._callees.pop((path, callee), None)
            topic = topic_of(path, callee)
            asked = self._asked.get(topic, set())
            asked.discard((path, callee))
            if not asked:
                self._asked.pop(topic, None)

    def _register(self, path: str, offers: Iterable[_Offer]) -> None:
        for offer in offers:
            unit = UnitId(path, offer.idx)
            if offer.base:
                below = self._overrides.setdefault((offer.base, offer.topic), [])
                below.append(unit)
                if len(below) > 1 and below[-2].path > path:
                    below.sort(key=lambda one: (one.path, one.idx))
            else:
                named = self._named.setdefault(offer.topic, [])
                named.append((offer.full, unit))
                if len(named) > 1 and named[-2][1].path > path:
                    named.sort(key=lambda one: (one[1].path, one[1].idx))

    def _note(self, path: str, offers: Iterable[_Offer], old: FileAnalysis | None, new: FileAnalysis | None) -> None:
        changes = self._changes
        changes.files.add(path)
        changes.topics.update(offer.topic for offer in offers)
        if _describe_module(old) != _describe_module(new):
            changes.topics.update(_list_module_topics(path))
        words = [(one.silent, one.enums) if one is not None else ((), ()) for one in (old, new)]
        changes.is_everything |= words[0] != words[1]

    def _resolve_calls(self, path: str) -> None:
        """Finds again what a file adds to `callers`."""
        given: dict[UnitId, list[Call]] = {}
        analysis = self.files.get(path)
        for idx, unit in enumerate(analysis.units if analysis is not None else ()):
            for number, call in enumerate(unit.calls):
                for callee in self.find_callees(path, call.callee):
                    given.setdefault(callee, []).append((UnitId(path, idx), number))
        self._forget_unused(path)
        before = self._given.pop(path, {})
        if given:
            self._given[path] = given
        for callee in dict.fromkeys([*before, *given]):
            if before.get(callee) != given.get(callee):
                self._changes.called.add(callee)
                self._replace_callers(callee, path, given.get(callee, []), had_some=callee in before)

    def _forget_unused(self, path: str) -> None:
        """Drops names that a file called before and calls no more."""
        analysis = self.files.get(path)
        called = {call.callee for unit in analysis.units for call in unit.calls} if analysis is not None else set()
        gone = self._asked_in.get(path, set()) - called
        self._forget_asked(path, gone)
        if gone:
            self._asked_in[path] -= gone

    def _replace_callers(self, callee: UnitId, path: str, calls: list[Call], *, had_some: bool) -> None:
        known = self.callers.setdefault(callee, [])
        if had_some:
            known[:] = [one for one in known if one[0].path != path]
        is_last = not known or known[-1][0].path < path
        known.extend(calls)
        if not is_last:
            known.sort(key=lambda one: (one[0].path, one[0].idx, one[1]))
        if not known:
            del self.callers[callee]

    # Resolving -------------------------------------------------------------------------------------------------------

    def find_callees(self, path: str, callee: str) -> tuple[UnitId, ...]:
        """The units that a resolved call name may mean, most specific first; none when it is not project code."""
        key = (path, callee)
        found = self._callees.get(key)
        if found is None:
            named = self._search_callees(path, callee)
            found = self._callees[key] = tuple(dict.fromkeys([*named, *self._search_overrides(path, callee)]))
            self._asked.setdefault(topic_of(path, callee), set()).add(key)
            self._asked_in.setdefault(path, set()).add(callee)
        return found

    def _search_overrides(self, path: str, callee: str) -> list[UnitId]:
        """The methods of the classes that implement or extend the one that a call names (Java, C#)."""
        owner, _, method = callee.rpartition(".")
        below = self._overrides.get((owner.rpartition(".")[2], method), ()) if owner else ()
        return [unit for unit in below if self._same_family(path, unit.path)][:MAX_OVERRIDES]

    def _search_callees(self, path: str, callee: str) -> tuple[UnitId, ...]:
        if callee[:1] == "#" and callee[1:].isdigit():
            return (UnitId(path, int(callee[1:])),)
        if callee.startswith("."):
            return self._relative_callees(path, callee)
        last = callee.rpartition(".")[2]
        candidates = [c for c in self._named.get(last, ()) if self._same_family(path, c[1].path)]
        same_file = [
            unit for full, unit in candidates if unit.path == path and (full == callee or full.endswith(f".{callee}"))
        ]
        if same_file:
            return tuple(same_file[:4])
        if "." not in callee:
            return ()
        exact = [unit for full, unit in candidates if full == callee]
        if not exact:
            exact = [
                unit
                for full, unit in candidates
                if full.endswith(f".{callee}") or (callee.endswith(f".{full}") and "." in full)
            ]
        if not exact and BY_NAME[self.files[path].language].family is Family.CSHARP:
            tail = ".".join(callee.split(".")[-2:])  # which `using` brings the class is not known
            exact = [unit for full, unit in candidates if full.endswith(f".{tail}")]
        if not exact and "()." in callee:  # a method of what a call gives: of an object, where a class was called
            return self._search_callees(path, callee.replace("().", "."))
        return tuple(exact[:4])

    def _relative_callees(self, path: str, callee: str) -> tuple[UnitId, ...]:
        """`./db.query` or `../lib/db` (its default export) of a JavaScript file."""
        module, name = _split_relative(path, callee)
        for suffix in ("", "/index"):
            found = self._module_function(module + suffix, name.rpartition(".")[2])
            if found:
                return found
        return ()

    def _module_function(self, module: str, name: str) -> tuple[UnitId, ...]:
        for ending in _MODULE_ENDINGS:
            analysis = self.files.get(module + ending)
            if analysis is None:
                continue
            wanted = dict(analysis.exports).get(name or "default", name)
            named = [i for i, u in enumerate(analysis.units) if u.is_function and u.name == wanted and u.name]
            if not named and not name:
                named = [
                    i
                    for i, u in enumerate(analysis.units)
                    if u.is_function and u.parent == 0 and u.name in ("", "exports")
                ]
            if named:
                return tuple(UnitId(analysis.path, i) for i in named[:2])
        return ()

    def _same_family(self, path: str, other: str) -> bool:
        return BY_NAME[self.files[path].language].family is BY_NAME[self.files[other].language].family


def topic_of(path: str, callee: str) -> str:
    """What a file's resolved call depends on beside the file itself."""
    return f"module:{_split_relative(path, callee)[0]}" if callee.startswith(".") else callee.rpartition(".")[2]


def _list_offers(analysis: FileAnalysis) -> Iterator[_Offer]:
    module = analysis.module_name
    is_nominal = BY_NAME[analysis.language].family in _NOMINAL
    for idx, unit in enumerate(analysis.units):
        if not unit.is_function or not unit.name:
            continue
        yield _Offer(unit.name, f"{module}.{unit.qualname}" if module else unit.qualname, "", idx)
        simple = unit.class_name.rpartition(".")[2]
        if unit.class_name and unit.name in (*_CONSTRUCTORS, simple):
            yield _Offer(simple, f"{module}.{unit.class_name}" if module else unit.class_name, "", idx)
        for base in unit.bases if is_nominal else ():
            yield _Offer(unit.name, "", base.rpartition(".")[2], idx)


def _list_stores(analysis: FileAnalysis) -> dict[tuple[str, str], list[tuple[UnitId, tuple[FlowRecord, ...]]]]:
    """What the units of a file store in fields, by class and field."""
    found: dict[tuple[str, str], list[tuple[UnitId, tuple[FlowRecord, ...]]]] = {}
    for idx, unit in enumerate(analysis.units):
        for name, flows in unit.stores:
            found.setdefault((unit.class_name, name), []).append((UnitId(analysis.path, idx), flows))
    return found


def _keep(table: dict[_K, list[_V]], key: _K, values: list[_V]) -> None:
    """Puts a list in its place; an empty one has none, so that names that were typed once do not stay for ever."""
    if values:
        table[key] = values
    else:
        table.pop(key, None)


def _split_relative(path: str, callee: str) -> tuple[str, str]:
    """The module that a relative name leads to, without its ending, and the name in it; "" is its default export."""
    specifier, name = callee, ""
    head, _, tail = callee.rpartition("/")
    if "." in tail:
        base, _, name = tail.partition(".")
        specifier = f"{head}/{base}"
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier)), name


def _describe_module(analysis: FileAnalysis | None) -> object:
    """What relative names can find in a file of JavaScript; None for the rest."""
    if analysis is None or BY_NAME[analysis.language].family is not Family.JAVASCRIPT:
        return None
    return analysis.exports, [(unit.name, unit.parent, unit.is_function) for unit in analysis.units]


def _list_module_topics(path: str) -> Iterator[str]:
    stem = path.rpartition(".")[0]
    yield f"module:{stem}"
    if stem.endswith("/index") or stem == "index":
        yield f"module:{posixpath.dirname(stem) or '.'}"
