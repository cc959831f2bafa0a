"""The vocabulary of value flow: where a value comes from, what happened to it on the way, and what receives it.

Values only, small and picklable: a file's flows are kept by content hash and joined across files by
`graph_model.linking`.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple, cast


class OriginKind(IntEnum):
    """Where a value of a unit comes from."""

    SOURCE = 0  # foreign data, by a pack; `name` is the API, `detail` the kind of source
    PARAM = 1  # parameter `number`; `detail` is SERVICE for an object of the program itself, or CALLBACK
    RESULT = 2  # the result of call site `number`
    FIELD = 3  # the field `name` of the unit's class
    CAPTURE = 4  # the variable `name` of an enclosing unit


SERVICE = "service"
CALLBACK = "callback"  # of a function written where it is handed on: no free caller gives it anything


class Passed(IntFlag):
    """What a value went through."""

    NOTHING = 0
    BUILT = 1  # concatenated or interpolated into text
    UNKNOWN_CALL = 2  # through a call whose meaning is unknown
    ELEMENT = 4  # taken out of, or put into, a collection
    CAST = 8
    LIBRARY = 16  # through a library call known to keep it
    SANITISED_OTHER = 32  # sanitised, for some label


class Origin(NamedTuple):
    """One origin of a unit."""

    kind: OriginKind
    number: int
    name: str
    start: int
    end: int
    detail: str = ""


Hop = tuple[int, int, str, object]
"""A definition passed through: start, end, access path, the hop before (a Hop, or None)."""

Mark = tuple[int, int, Hop | None]
"""What one origin's value is by now: bits of the labels it no longer causes, Passed flags, the hops so far."""

Flow = dict[int, Mark]
"""An expression's value: origin number -> mark. Empty: nothing foreign can be in it."""

EMPTY: Flow = {}
MAX_HOPS = 12


class FlowRecord(NamedTuple):
    """One origin reaching one place of a unit, with the definitions in between, in order: (start, end, access path)."""

    origin: int
    sanitised: int
    passed: int
    hops: tuple[tuple[int, int, str], ...]


class CallRecord(NamedTuple):
    """A call that may go to project code: `callee` as resolved (`#n` is unit n of the same file), arguments by
    position or keyword, the receiver under "receiver"."""

    callee: str
    start: int
    end: int
    args: tuple[tuple[int | str, tuple[FlowRecord, ...]], ...]
    is_request: bool = False  # asks a server, by a name and an address: its answer holds nothing of what is sent

    def given_to(self, parameter: Origin) -> tuple[FlowRecord, ...]:
        """What the call gives to a parameter of the called unit, by keyword or position."""
        args = dict(self.args)
        return args.get(parameter.name) or args.get(parameter.number) or ()


@dataclass(frozen=True, slots=True)
class SinkRecord:
    """A place where foreign data would cause `label`."""

    label: str
    api: str
    start: int
    end: int
    statement_start: int
    statement_end: int
    flows: tuple[FlowRecord, ...]
    guards: tuple[tuple[int, int], ...]
    facts: tuple[tuple[str, float], ...]
    fix: str = ""
    source_kind: str = ""  # only foreign data of this kind; "": of any kind but the special ones


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """The flows of one unit, detached from its tree."""

    qualname: str
    name: str
    class_name: str
    bases: tuple[str, ...]
    parent: int
    params: tuple[str, ...]
    start: int
    end: int
    is_function: bool
    is_public: bool
    origins: tuple[Origin, ...]
    calls: tuple[CallRecord, ...]
    sinks: tuple[SinkRecord, ...]
    returns: tuple[FlowRecord, ...]
    stores: tuple[tuple[str, tuple[FlowRecord, ...]], ...]
    captured: tuple[tuple[str, tuple[FlowRecord, ...]], ...]
    param_types: tuple[tuple[str, str], ...] = ()  # parameter -> simple name of its declared type (not JavaScript)

    @property
    def is_constructor(self) -> bool:
        """Whether it makes an object, which holds what it was given whatever the unit returns."""
        return bool(self.class_name) and self.name in ("__init__", "constructor", self.class_name.rpartition(".")[2])

    def type_of(self, origin: Origin) -> str:
        """The declared type of the parameter that an origin is, open or filled by a framework; "" for the rest."""
        if not self.param_types or origin.kind not in (OriginKind.SOURCE, OriginKind.PARAM):
            return ""
        return dict(self.param_types).get(origin.name.removeprefix("parameter "), "")


def merge(first: Flow, second: Flow) -> Flow:
    """Both values: an origin in both keeps only what both paths sanitised, and the flags of both."""
    if not first:
        return second
    if not second or first is second:
        return first
    merged: Flow | None = None  # a copy once something changes
    for origin, mark in second.items():
        known = first.get(origin)
        if known is mark or (known and known[0] & mark[0] == known[0] and known[1] | mark[1] == known[1]):
            continue
        if merged is None:
            merged = dict(first)
        merged[origin] = mark if known is None else _join(known, mark)
    return first if merged is None else merged


def _join(known: Mark, mark: Mark) -> Mark:
    return known[0] & mark[0], known[1] | mark[1], known[2] if known[0] <= mark[0] else mark[2]


def passing(flow: Flow, flag: int, sanitised: int = 0) -> Flow:
    """The value after it went through something."""
    if not flow:
        return flow
    flag = int(flag)  # a plain number: marks are joined more often than anything else is done
    return {origin: (mark[0] | sanitised, mark[1] | flag, mark[2]) for origin, mark in flow.items()}


def through(flow: Flow, start: int, end: int, key: str) -> Flow:
    """The value after a definition."""
    if not flow:
        return flow
    return {origin: (mark[0], mark[1], (start, end, key, mark[2])) for origin, mark in flow.items()}


def hops_of(mark: Mark) -> tuple[tuple[int, int, str], ...]:
    """The definitions a mark went through, first to last, at most MAX_HOPS (the last ones)."""
    hops: list[tuple[int, int, str]] = []
    hop = mark[2]
    while hop is not None and len(hops) < MAX_HOPS:
        start, end, key = hop[:3]
        hop = cast("Hop | None", hop[3])  # a recursive tuple, which the alias cannot say
        if not hops or hops[-1][:2] != (start, end):
            hops.append((start, end, key))
    return tuple(reversed(hops))


def record_flow(flow: Flow) -> tuple[FlowRecord, ...]:
    """A flow as values, by origin."""
    return tuple(FlowRecord(origin, mark[0], mark[1], hops_of(mark)) for origin, mark in sorted(flow.items()))
