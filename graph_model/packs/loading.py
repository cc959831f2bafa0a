"""Reads knowledge packs from TOML and indexes them by API name. The format is described in `docs/packs.md`."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any  # TOML values are what the file says until parsed here

from graph_model.errors import PackError
from graph_model.packs.model import (
    ApiRole,
    Condition,
    ContextKind,
    ContextRule,
    EntryPoint,
    Example,
    Pack,
    PropertyRole,
    ReturnRole,
    Role,
)

_LISTS = ("args", "neutralises", "release")
_MAX_FOUND = 30_000


def parse_pack(text: str, where: str) -> Pack:
    """The pack that a TOML text describes. Raises PackError naming `where`, the entry, the expected and the found."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{where}: expected TOML, found {error}") from error
    head = data.get("pack", {})
    for key in ("id", "language"):
        if not isinstance(head.get(key), str):
            raise PackError(f"{where}: [pack] {key}: expected a string, found {head.get(key)!r}")
    unknown = set(data) - {"pack", "api", "property", "entry", "context", "types", "aliases", "supertypes", "example"}
    if unknown:
        raise PackError(f"{where}: expected api, property, entry, types, ..., found {sorted(unknown)}")
    pack_id = head["id"]
    return Pack(
        id=pack_id,
        family=head["language"],
        library=head.get("library", ""),
        apis=tuple(
            role for i, entry in enumerate(data.get("api", [])) for role in _apis(entry, pack_id, f"{where}: api[{i}]")
        ),
        properties=tuple(
            _property(entry, pack_id, f"{where}: property[{i}]") for i, entry in enumerate(data.get("property", []))
        ),
        entries=tuple(_entry(entry, pack_id, f"{where}: entry[{i}]") for i, entry in enumerate(data.get("entry", []))),
        contexts=tuple(
            _context(entry, pack_id, f"{where}: context[{i}]") for i, entry in enumerate(data.get("context", []))
        ),
        types=dict(data.get("types", {})),
        aliases=dict(data.get("aliases", {})),
        supertypes={name: _strings(value) for name, value in data.get("supertypes", {}).items()},
        examples=tuple(
            _example(entry, head["language"], f"{where}: example[{i}]")
            for i, entry in enumerate(data.get("example", []))
        ),
    )


def _strings(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else ()


def _take(entry: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
    unknown = set(entry) - set(allowed)
    if unknown:
        raise PackError(f"{where}: expected {sorted(allowed)}, found {sorted(unknown)}")


def _apis(entry: Mapping[str, Any], pack: str, where: str) -> list[ApiRole]:
    _take(entry, ("match", "role", "label", "kind", "when", "note", *_LISTS), where)
    try:
        role = Role(entry.get("role"))
    except ValueError as error:
        raise PackError(
            f"{where}: role: expected one of {[r.value for r in Role]}, found {entry.get('role')!r}"
        ) from error
    if role in (Role.SINK, Role.SETTING) and not entry.get("label"):
        raise PackError(f"{where}: a {role.value} needs a label")
    if not entry.get("match"):
        raise PackError(f"{where}: match: expected API names, found none")
    when = tuple(_condition(c, f"{where}.when[{i}]") for i, c in enumerate(entry.get("when", [])))
    values = {name: tuple(entry[name]) if isinstance(entry.get(name), list) else () for name in _LISTS}
    return [
        ApiRole(
            pattern,
            role,
            pack,
            entry.get("label", ""),
            entry.get("kind", ""),
            when=when,
            note=entry.get("note", ""),
            **values,
        )
        for pattern in _strings(entry["match"])
    ]


_CONDITION_KEYS = (
    "arg",
    "key",
    "missing",
    "is",
    "is_not",
    "matches",
    "not_matches",
    "below",
    "literal",
    "built",
    "secret",
    "not_called",
    "never_called",
    "protects",
)


def _condition(entry: Mapping[str, Any], where: str) -> Condition:
    _take(entry, _CONDITION_KEYS, where)
    arg = entry.get("arg")
    for name in ("matches", "not_matches"):
        _check_pattern(entry.get(name), f"{where}.{name}")
    return Condition(
        arg=tuple(arg) if isinstance(arg, list) else arg,
        key=entry.get("key"),
        missing=entry.get("missing"),
        is_=_literals(entry.get("is")),
        is_not=_literals(entry.get("is_not")),
        matches=entry.get("matches"),
        not_matches=entry.get("not_matches"),
        below=entry.get("below"),
        literal=entry.get("literal"),
        built=entry.get("built"),
        protects=entry.get("protects"),
        secret=entry.get("secret"),
        not_called=_strings(entry.get("not_called", [])),
        never_called=_strings(entry.get("never_called", [])),
    )


def _check_pattern(pattern: object, where: str) -> None:
    if pattern is None:
        return
    try:
        re.compile(str(pattern))
    except re.error as error:
        raise PackError(f"{where}: expected a regular expression, found {pattern!r}: {error}") from error


def _literals(value: object) -> tuple[object, ...] | None:
    if value is None:
        return None
    values = value if isinstance(value, list) else [value]
    return tuple(None if item == "null" else item for item in values)


def _property(entry: Mapping[str, Any], pack: str, where: str) -> PropertyRole:
    _take(entry, ("names", "label", "when", "on", "note"), where)
    if not entry.get("names") or not entry.get("label"):
        raise PackError(f"{where}: expected names and a label, found {sorted(entry)}")
    when = tuple(_condition(c, f"{where}.when[{i}]") for i, c in enumerate(entry.get("when", [])))
    return PropertyRole(
        _strings(entry["names"]), entry["label"], pack, when, _strings(entry.get("on", [])), entry.get("note", "")
    )


_ENTRY_LISTS = ("decorators", "class_decorators", "bases", "methods", "callback_of", "param_decorators", "skip_types")


def _entry(entry: Mapping[str, Any], pack: str, where: str) -> EntryPoint:
    _take(entry, ("kind", "sources", "param_types", "returns", "anywhere", *_ENTRY_LISTS), where)
    sources = entry.get("sources", "none")
    if not isinstance(sources, list) and sources not in ("all", "annotated", "undecorated", "none"):
        raise PackError(f"{where}: sources: expected all, annotated, undecorated, none or positions, found {sources!r}")
    return EntryPoint(
        pack=pack,
        kind=entry.get("kind", "http-parameter"),
        sources=tuple(sources) if isinstance(sources, list) else sources,
        param_types={str(key): value for key, value in entry.get("param_types", {}).items()},
        returns=tuple(_return(r, pack, f"{where}.returns[{i}]") for i, r in enumerate(entry.get("returns", []))),
        anywhere=entry.get("anywhere", False) is True,
        **{name: _strings(entry.get(name, [])) for name in _ENTRY_LISTS},
    )


def _return(entry: Mapping[str, Any], pack: str, where: str) -> ReturnRole:
    _take(entry, ("label", "kind", "when", "types", "decorators"), where)
    if not entry.get("label"):
        raise PackError(f"{where}: label: expected a label, found none")
    when = tuple(_condition(c, f"{where}.when[{i}]") for i, c in enumerate(entry.get("when", [])))
    sink = ApiRole("return", Role.SINK, pack, entry["label"], entry.get("kind", ""), when=when)
    return ReturnRole(sink, _strings(entry.get("types", [])), _strings(entry.get("decorators", [])))


_CONTEXT_LISTS = ("imports", "calls", "decorators", "blocks", "functions", "classes", "assertions", "unless")


def _context(entry: Mapping[str, Any], pack: str, where: str) -> ContextRule:
    _take(entry, ("kind", *_CONTEXT_LISTS), where)
    try:
        kind = ContextKind(entry.get("kind"))
    except ValueError as error:
        expected = [one.value for one in ContextKind]
        raise PackError(f"{where}: kind: expected one of {expected}, found {entry.get('kind')!r}") from error
    return ContextRule(kind, pack, **{name: _strings(entry.get(name, [])) for name in _CONTEXT_LISTS})


def _example(entry: Mapping[str, Any], language: str, where: str) -> Example:
    _take(entry, ("label", "bad", "good", "language"), where)
    if not entry.get("label") or not (entry.get("bad") or entry.get("good")):
        raise PackError(f"{where}: expected a label with bad or good code, found {sorted(entry)}")
    return Example(
        entry["label"], _strings(entry.get("bad", [])), _strings(entry.get("good", [])), entry.get("language", language)
    )


@dataclass(slots=True)
class PackIndex:
    """The packs of one family, indexed for lookup by API name.

    Patterns: `a.b.c` exactly; `a.b.*` anything below; `*.name` a method of any receiver; `~hint.name` a method of a
    receiver of unknown type whose last name part ends in `hint` (case and underscores ignored).
    """

    packs: tuple[Pack, ...]
    exact: dict[str, list[ApiRole]] = field(default_factory=dict)
    below: dict[str, list[ApiRole]] = field(default_factory=dict)
    methods: dict[str, list[ApiRole]] = field(default_factory=dict)
    hinted: dict[str, list[tuple[str, ApiRole]]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    supertypes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    properties: dict[str, list[PropertyRole]] = field(default_factory=dict)
    entries: tuple[EntryPoint, ...] = ()
    contexts: tuple[ContextRule, ...] = ()
    simple_types: dict[str, list[str]] = field(default_factory=dict)
    registering: frozenset[str] = frozenset()  # last names, as written, of what makes entry points of its arguments
    _found: dict[tuple[str, str], tuple[ApiRole, ...]] = field(default_factory=dict)

    def find_roles(self, name: str, receiver: str = "") -> tuple[ApiRole, ...]:
        """The roles of a dotted API name; `receiver` is the receiver's own name when its type is unknown."""
        key = (name, receiver)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _MAX_FOUND:  # a server meets every name that is half typed
                self._found.clear()
            found = self._found[key] = tuple(self._search(name, receiver))
        return found

    def _search(self, name: str, receiver: str) -> Iterable[ApiRole]:
        names = self._with_supertypes(self.aliases.get(name, name))
        seen: list[ApiRole] = []
        below: list[ApiRole] = []
        for candidate in names:
            seen.extend(self.exact.get(candidate, ()))
            prefix = candidate
            while "." in prefix:
                prefix = prefix.rpartition(".")[0]
                below.extend(self.below.get(prefix, ()))
        method = name.rpartition(".")[2]
        if "." in name:
            seen.extend(self.methods.get(method, ()))
        if receiver:
            folded = receiver.rpartition(".")[2].replace("_", "").lower()
            hinted = (*self.hinted.get(method, ()), *self.hinted.get("*", ()))
            seen.extend(role for hint, role in hinted if folded.endswith(hint))
        return dict.fromkeys([*seen, *below])  # the most specific first

    def _with_supertypes(self, name: str) -> list[str]:
        owner, dot, attribute = name.rpartition(".")
        names, queue = [name], list(self.supertypes.get(owner, ())) if dot else []
        while queue:
            parent = queue.pop(0)
            names.append(f"{parent}.{attribute}")
            queue.extend(self.supertypes.get(parent, ()))
        return names


def build_index(packs: Iterable[Pack]) -> PackIndex:
    """One index over packs of one family."""
    index = PackIndex(tuple(packs))
    for pack in index.packs:
        for role in pack.apis:
            _insert(index, role)
        for prop in pack.properties:
            for name in prop.names:
                index.properties.setdefault(name, []).append(prop)
        index.types.update(pack.types)
        index.aliases.update(pack.aliases)
        index.supertypes.update(pack.supertypes)
        index.entries += pack.entries
        index.contexts += pack.contexts
    _index_simple_types(index)
    patterns = {pattern for entry in index.entries for pattern in entry.callback_of}
    last = {pattern.rpartition(".")[2] for pattern in patterns}
    renamed = {name for name, known in index.aliases.items() if known.rpartition(".")[2] in last}
    index.registering = frozenset(last | {name.rpartition(".")[2] for name in renamed})
    return index


def _insert(index: PackIndex, role: ApiRole) -> None:
    pattern = role.pattern
    if pattern.startswith("~"):
        hint, _, method = pattern[1:].rpartition(".")
        index.hinted.setdefault(method, []).append((hint.replace("_", "").lower(), role))
    elif pattern.startswith("*."):
        index.methods.setdefault(pattern[2:], []).append(role)
    elif pattern.endswith(".*"):
        index.below.setdefault(pattern[:-2], []).append(role)
    else:
        index.exact.setdefault(pattern, []).append(role)


def _index_simple_types(index: PackIndex) -> None:
    """Simple name -> qualified names of every type that a pack mentions, for wildcard imports (Java, C#)."""
    names = set(index.types.values()) | set(index.supertypes)
    named = [*index.exact, *index.types, *(f"{pattern}.x" for pattern in index.below)]
    patterns = [name for name in named if not name.startswith("?")]
    owners = {pattern.rpartition(".")[0] for pattern in patterns}
    namespaces = {owner.rpartition(".")[0] for owner in owners}
    for pattern in patterns:
        owner = pattern.rpartition(".")[0]
        is_member = owner not in namespaces and pattern not in owners
        names.update(_type_prefixes(owner if is_member else pattern))
    for name in sorted(names):
        index.simple_types.setdefault(name.rpartition(".")[2], []).append(name)


def _type_prefixes(name: str) -> Iterable[str]:
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        if parts[end - 1][:1].isupper():
            yield ".".join(parts[:end])


@cache
def load_index(family: str) -> PackIndex:
    """The shipped packs of a family (`python`, `javascript`, `java`, `csharp`)."""
    return build_index(load_packs(family))


def load_packs(family: str) -> tuple[Pack, ...]:
    """The shipped packs of a family, by file name."""
    folder = resources.files("graph_model.packs") / "data" / family
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(parse_pack(f.read_text("utf-8"), f"{family}/{f.name}") for f in files)


@cache
def hash_packs() -> str:
    """A digest of every shipped pack: part of every cache key and of a bundle's provenance."""
    digest = hashlib.sha256()
    root = resources.files("graph_model.packs") / "data"
    for family in sorted(root.iterdir(), key=lambda f: f.name):
        if family.is_dir():
            for file in sorted(family.iterdir(), key=lambda f: f.name):
                digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
