"""What a value is for: the names that it ends in, followed through the definitions and calls of one file."""

import re
from dataclasses import dataclass

from graph_model.access_paths import access_key
from graph_model.definitions import Definition, DefKind
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.program import Program, Unit
from graph_model.syntax import Node

_MAX_STEPS = 64
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_CONVERTS = re.compile(  # calls whose result is made of their arguments; any other keeps them for itself
    r"(?i)^(_?(str|string\w*|chr|char|hex|oct|bin|int|long|bytes|bytearray|buffer|ascii|repr|print\w*|sprintf|echo)"
    r"|\w*format\w*|join\w*|concat\w*|append\w*|(to|as|from|parse|copy|num|big|un)_?\w+|of|value_?of|get_?chars|get_?bytes"
    r"|(char|char_?code|element|code_?point)_?at|element_?at_?or_?default|get|at|nth|floor|ceil|round|trunc|abs|pow"
    r"|\w*(en|de)code\w*|\w*base_?64\w*|btoa|hexlify|quote\w*|\w*md5\w*|\w*sha_?\d\w*|\w*hash\w*|\w*digest\w*|hmac\w*"
    r"|sub_?str\w*|slice|pad\w*|[lrz]just|zfill|replace\w*|strip|trim|upper|lower|reversed?|list|tuple|array|map|collect"
    r"|select|repeat|generate|fill|stringify|dumps|uuid|guid|new_?guid|Promise|resolve)$"
)
_ORDERS = frozenset(  # a function given to these decides about elements and makes none
    {
        "sort", "sorted", "toSorted", "sortBy", "orderBy", "OrderBy", "OrderByDescending", "ThenBy", "Sort", "filter",
        "Where", "some", "every", "find", "findIndex", "forEach", "ForEach", "each", "min", "max", "min_by", "max_by",
        "MinBy", "MaxBy", "Any", "All", "anyMatch", "allMatch", "setTimeout", "setInterval", "comparing", "partition",
    }
)  # fmt: skip
_PICKS = frozenset({"choice", "sample", "pick", "oneOf"})
_PICKING_CALLS = frozenset({"charAt", "get", "at", "elementAt", "ElementAt", "nth"})
_MEASURES = frozenset({"length", "size", "Length", "Count", "count"})
_HOLDERS = re.compile(r"(?i)session|cookie")  # whatever is stored in one is known by its key
_VAGUE = frozenset(
    {
        "id", "value", "code", "data", "text", "string", "str", "result", "generate", "generator", "gen", "create",
        "make", "new", "next", "get", "build", "random", "rand", "issue", "run", "call", "invoke", "apply", "execute",
        "produce", "key", "bytes", "hex", "number", "url", "link", "hash", "supply",
    }
)  # fmt: skip
_SECRET = re.compile(
    r"(?:(?<!cancel_)(?<!cancellation_)(?<!abort_)(?<!fetch_)(?<!request_)(?<!schema_)(?<!load_)(?<!render_)(?<!update_)"
    r"(?<!job_)(?<!task_)token(?!i[sz]|s(?![a-z]))"  # cancels a request; parts of a text
    r"|secret(?!ar)|pass_?wo?r?d|passphrase|passcode|nonce|[cx]srf|[ck]aptcha|credential|remember_?me"
    r"|(?<![a-z_])(?:(?:new|create|generate|gen|make|get|set|add|put|random|user|my)_)*"
    r"(?:pwd|salt|iv|[th]?otp|one_time|pin|sid|cookie|session|invites?|invitations?|vouchers?|coupons?)"
    r"(?:_?(?:id|key|code|value|text|string|str|hash|bytes))*(?= |$)"
    r"|(?<![a-z_])(?:(?:generate|gen|random)_)?key(?= |$)"
    r"|(?<![a-z])(?:access|activation|aes|api|auth(?!ors?_)\w*|cipher|confirm\w*|crypt\w*|encrypt\w*|hmac|invit\w*|jwt|license"
    r"|login|master|private|recovery|regist\w*|reset|secret|security|session|shared|signing|verif\w*)_?keys?(?![a-z])"
    r"|(?<![a-z])(?:access|activation|auth(?!ors?_)\w*|backup|confirm\w*|gift|invit\w*|login|mfa|one_time|pairing|promo|recovery"
    r"|redeem|regist\w*|reset|security|signup|sms|totp|two_factor|unlock|verif\w*)"
    r"_?(?:code|hash|link|number|pin|string|url)s?(?![a-z]))"
    r"(?!\S*_(?:at|colou?r|count|counter|delay|expires?|expiry|icon|idx|image|index|interval|kind|label|len|length|limit"
    r"|name|page|size|status|time|timeout|title|ttl|type)(?= |$))"  # a measure of a secret is none
)
_PASSING = frozenset(
    {
        K.ARGS, K.BINARY, K.TEMPLATE, K.INTERPOLATION, K.LIST, K.TUPLE, K.SET, K.DICT, K.CAST, K.AWAIT, K.SPREAD,
        K.UNARY, K.SEQUENCE, K.BOOLEAN, K.OTHER, K.INDEX, K.COMPREHENSION,
    }
)  # fmt: skip
_ACCUMULATING = frozenset({K.BINARY, K.TEMPLATE, K.COMPREHENSION, K.AUG_ASSIGN})


def split_name(name: str) -> str:
    """A name as lower-case words with underscores: `resetKeyURL` is `reset_key_url`."""
    return "_".join(word.lower() for word in _WORDS.split(name) if word)


def says_secret(names: str, family: Family) -> bool:
    """Whether one of the names that `find_purposes` gives is that of something nobody must guess.

    A bare `key` is one, except in JavaScript, where it tells elements of a list apart.
    """
    if family is Family.JAVASCRIPT:
        names = " ".join(name for name in names.split(" ") if name != "key")
    return _SECRET.search(names) is not None


def find_purposes(call: Node, unit: Unit, stmt: int, program: Program) -> str:
    """The names, as `split_name` writes them, that a call's result is stored, passed or returned under, in order.

    Conversions, joins, parts and callbacks are looked through, and so are helpers of the same file to their callers.
    One element picked from several is none of what it is stored as unless more is added to it. A call that stands
    alone fills its arguments.
    """
    tracer = _Tracer(program)
    callee = call.get("callee")
    picked = callee is not None and callee.text in _PICKS
    tracer.climb(_Place(call, unit, stmt, picked=picked))
    args = call.get("args")
    if args is not None and unit.control.stmts[stmt].node is call:
        for argument in args.children:
            tracer.fill(argument, unit, stmt)
    tracer.run()
    return " ".join(tracer.names)


@dataclass(frozen=True, slots=True)
class _Place:
    """An expression that holds the value, at a statement; `picked`: it is still one of several that exist."""

    node: Node
    unit: Unit
    stmt: int
    picked: bool


class _Tracer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.names: dict[str, None] = {}
        self._queue: list[_Place] = []
        self._seen: set[tuple[int, bool]] = set()

    def run(self) -> None:
        """Follows the value from every place found so far, up to a number of steps."""
        for _ in range(_MAX_STEPS):
            if not self._queue:
                return
            self.climb(self._queue.pop(0))

    def fill(self, argument: Node, unit: Unit, stmt: int) -> None:
        """Follows a variable that a call puts the value into."""
        key = access_key(argument)
        if key and argument.kind in (K.NAME, K.MEMBER):
            self._name(argument.text, picked=False)
            for definition in list(unit.flow.reaching(key, stmt)):
                self._uses(unit, definition, picked=False, but=stmt)

    def climb(self, place: _Place) -> None:
        """Notes the names around an expression, outward to its statement, and queues where its definitions are read."""
        child, parent, picked = place.node, place.node.parent, place.picked
        while parent is not None:
            self._defined(child, place.unit, place.stmt, picked=picked)
            picked = (picked or _is_picking(child, parent)) and parent.kind not in _ACCUMULATING
            if not self._passes(child, parent, place, picked=picked):
                return
            child, parent = parent, parent.parent

    def _passes(self, child: Node, parent: Node, place: _Place, *, picked: bool) -> bool:
        """Whether the parent's value is made of the child's; its name is noted where it has one."""
        kind = parent.kind
        if kind in (K.ASSIGN, K.DECLARATOR, K.AUG_ASSIGN):
            return self._stored(child, parent, picked=picked)
        if kind in (K.PAIR, K.KWARG, K.ATTRIBUTE):
            key = parent.get("key")
            name = parent.text or (key.text if key is not None else "")
            self._name(name, picked=picked)
            return kind is not K.ATTRIBUTE and _is_vague(name)
        if kind in (K.CALL, K.NEW):
            return child.field != "args" or self._passed(parent, picked=picked)
        if kind in (K.RETURN, K.YIELD):
            self._returned(place.unit, picked=picked)
            return False
        if kind is K.MEMBER:
            return parent.text not in _MEASURES
        if kind in (K.SLICE, K.COMP_FOR, K.TERNARY):
            return child.field in ("obj", "iter", "body", "orelse")
        return kind in _PASSING

    def _stored(self, child: Node, holder: Node, *, picked: bool) -> bool:
        target = holder.get("target") or holder.get("name")
        if target is None or target is child:
            return False
        key, obj = target.get("key"), target.get("obj")
        self._name(key.text if target.kind is K.INDEX and key is not None else target.text, picked=picked)
        if target.kind is K.INDEX and obj is not None and (_HOLDERS.search(obj.text) or key is None):
            self._name(obj.text, picked=picked)
        return holder.kind is K.ASSIGN

    def _passed(self, call: Node, *, picked: bool) -> bool:
        """Notes the function that a value is given to and what stands beside it; whether the call gives it back."""
        callee, args = call.get("callee"), call.get("args")
        name = callee.text.rpartition(".")[2] if callee is not None else ""
        if _CONVERTS.match(name) and name not in _ORDERS:
            return True
        obj = callee.get("obj") if callee is not None else None
        self._name(name, picked=picked)
        if obj is not None and _HOLDERS.search(obj.text):
            self._name(obj.text, picked=picked)
        for argument in args.children if args is not None else ():
            made = argument.get("callee") if argument.kind is K.NEW else None
            if argument.kind is K.STRING or made is not None:
                self._name((made or argument).text, picked=picked)
        return False

    def _returned(self, unit: Unit, *, picked: bool) -> None:
        """Goes on where a function's result goes: its own name, its callers in the file, what it is a callback of."""
        if unit.kind is K.LAMBDA and not unit.name:
            args = unit.node.parent
            call = args.parent if args is not None and args.kind is K.ARGS else None
            callee = call.get("callee") if call is not None else None
            if call is not None and callee is not None and callee.text not in _ORDERS and unit.parent is not None:
                self._queue_place(call, unit.parent, picked=False)
            return
        simple = unit.name.rpartition(".")[2]
        cls = unit.cls
        self._name(simple, picked=picked)
        if cls is not None and _is_vague(simple):
            self._name(cls.name, picked=picked)
        for caller in self.program.units:
            for calls in caller.flow.calls:
                for call in calls:
                    if caller is not unit and _calls(call, simple, cls.name if cls is not None else ""):
                        self._queue_place(call, caller, picked=picked)

    def _queue_place(self, node: Node, unit: Unit, *, picked: bool) -> None:
        stmt = unit.statement_of(node)
        if stmt >= 0:
            self._queue.append(_Place(node, unit, stmt, picked))

    def _defined(self, node: Node, unit: Unit, stmt: int, *, picked: bool) -> None:
        """Queues the reads of whatever the expression is stored in at its statement."""
        for definition in unit.flow.by_stmt[stmt] if stmt < len(unit.flow.by_stmt) else ():
            is_value = definition.value is node or any(one is node for one in definition.values)
            if is_value and definition.shadow_of is None:
                added = definition.kind in (DefKind.AUGMENT, DefKind.STORE)
                if "[" not in definition.key:
                    self._name(definition.key.rpartition(".")[2], picked=picked and not added)
                self._uses(unit, definition, picked=picked and not added)

    def _uses(self, unit: Unit, definition: Definition, *, picked: bool, but: int = -1) -> None:
        mark = (id(definition), picked)
        if mark in self._seen:
            return
        self._seen.add(mark)
        flow = unit.flow
        for idx in flow.order:
            if idx != but and flow.reach_in[idx] >> definition.idx & 1:
                for expr in unit.control.stmts[idx].exprs:
                    self._queue.extend(_Place(node, unit, idx, picked) for node in _reads(expr, definition.key))
        for inner in unit.children:
            if inner.is_function and definition.key not in inner.locals:
                for stmt in inner.control.stmts:
                    for expr in stmt.exprs:
                        places = (_Place(node, inner, stmt.idx, picked) for node in _reads(expr, definition.key))
                        self._queue.extend(places)

    def _name(self, name: str, *, picked: bool) -> None:
        words = split_name(name)
        if words and not picked:
            self.names[words] = None


def _reads(expr: Node, key: str) -> list[Node]:
    """The places of one expression that read an access path, nested functions left out."""
    found: list[Node] = []
    stack = [expr]
    while stack:
        node = stack.pop()
        if node.kind in (K.NAME, K.MEMBER, K.INDEX) and access_key(node) == key:
            found.append(node)
        elif node.kind not in (K.FUNCTION, K.LAMBDA, K.CLASS):
            stack.extend(reversed(node.children))
    return found


def _is_picking(child: Node, parent: Node) -> bool:
    """`items[v]` and `items.get(v)`: the value only says which of several."""
    if parent.kind is K.INDEX:
        return child.field != "obj"
    callee = parent.get("callee") if parent.kind in (K.CALL, K.NEW) and child.field == "args" else None
    return callee is not None and callee.kind is K.MEMBER and callee.text in _PICKING_CALLS


def _is_vague(name: str) -> bool:
    """Whether a name says nothing of what its value is for, so that what is around it does."""
    return all(word in _VAGUE for word in split_name(name).split("_"))


def _calls(call: Node, function: str, cls: str) -> bool:
    """Whether a call may go to a function of the file: by its bare name, or on the object or class it belongs to."""
    callee = call.get("callee")
    if callee is None or not function or callee.text != function:
        return False
    obj = callee.get("obj")
    return callee.kind is K.NAME or (obj is not None and (obj.kind is K.THIS or obj.text in ("self", "cls", cls)))
