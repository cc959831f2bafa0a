"""Secrets compared in unequal time: which comparisons tell somebody outside how much of a secret was right."""

import re
from collections.abc import Iterator

from graph_model.access_paths import root_name
from graph_model.candidates.view import Draft, UnitView
from graph_model.constants import UNKNOWN
from graph_model.control_flow import Stmt
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.origins import Origin, OriginKind
from graph_model.packs.model import Role
from graph_model.program import Unit
from graph_model.source_kinds import LOCAL_KINDS
from graph_model.syntax import Node, dotted_name

_LABEL = "security/timing-comparison"
_COMPARED = re.compile(r"(?i)(signature|digest|hmac|\bmac\b|token|secret|passwo?r?d|api_?key|otp|csrf|checksum_?hmac)$")
_GIVEN_NAME = re.compile(  # what a pack's comparison may be about, besides: hashes and codes of messages
    r"(?i)((password|passwd|pwd?|token|secret|computed|calculated|expected)_?hash|(^|_|[a-z0-9])mac|(^|_|[a-z0-9])sig"
    r"|(expected|computed|actual|calculated)_?(hash|sig|mac|token))$"
)
_ABOUT_NAME = re.compile(  # `userIdFromToken`, `hasSecret`: what is said about a secret; or hashes of long random ones
    r"[a-z0-9](From|By|For|Of)[A-Z]|_(from|by|for|of)_|^_?(has|is|use|no|needs|requires?|enabled?)(_|[A-Z])"
    r"|(?i:(type|kind|status|state|mode|scheme|name)$|hashed_?(token|api_?key|secret)$|(token|api_?key)_?hash$|to_?token$|code_?token$)"
)
_PLAIN_SIGNATURE = re.compile(r"(?i)signature$")
_SIGNED = re.compile(  # what tells a message's signature from the types of a function or the first bytes of a format
    r"(?i)hmac|sha_?(1|2|3|5)|md5|digest|secret|verif|hook|crypt|sign(ed|ing|er)?(?![a-z])|authentic"
    r"|expected|given|supplied|provided|computed|calculated"
)
_OWN_NAME = re.compile(
    r"(?i)(prev|last|old|cached|current|pending|confirm|repeat|retype|again|fetch_?token|request_?token|cancel|abort"
    r"|sign_?out|log_?out|revoke)"
)
_SECRET = re.compile(r"(?i)(signature|hmac|secret|api_?key|otp|csrf)$")
_EXPECTED = re.compile(r"(?i)(expected|actual|stored|given|supplied|provided|computed)")
_CHECKS = re.compile(r"(?i)(verif|valid|auth|check|match|compare|equal|login|log_?in|sign|csrf|xsrf|hook|guard|allow)")
_CURSOR = re.compile(
    r"(?i)(next|prev(ious)?|page|paging|continuation|sync|cursor|last|first|current|lex|start|end)_?token$"
)
_REPEATED = re.compile(
    r"(?i)pass(wo?r?d)?[_-]?([12]|confirm\w*|repeat\w*|again|retyped?)$|(confirm\w*|repeat\w*|retyped?|verify)_?(new_?)?pass"
)
_CHECKSUM = re.compile(
    r"(?i)checksum|md5|sha_?\d+|etag|crc|file|content|cached?|fingerprint|feed|metadata|commit|download"
)
_OF_PASSWORD = re.compile(r"(?i)(password|passwd|pwd?)_?hash$|hmac|mac$")
_QUERY_BUILDERS = frozenset(
    {"filter", "where", "having", "and_", "or_", "not_", "on", "join", "outerjoin", "exists", "any", "case", "exclude"}
)
_HOW = re.compile(r"(?:\w+\.)*(?:StringComparison|StringComparer|Comparer|EqualityComparer)\.")
_KIND_NAME = re.compile(r"(?:Types?|Kinds?|Modes?|Status|States?|Schemes?|Names|Constants|Keys|Claims)$")
_QUERIES = re.compile(
    r"^(?:(?:Where|First|Single|Any|All|Count|Find|FindAll|RemoveAll)(?:OrDefault)?(?:Async)?"
    r"|find|findIndex|findLast|findLastIndex|filter)$"  # JavaScript: which of the rows that were asked for
)
_TAKES_APART = re.compile(r"(?i)(parser|lexer|tokeni[sz]er|scanner|grammar|\.(try_?)?parse)\b")  # its tokens are words
_ALIKE = frozenset({"equals", "Equals", "__eq__", "__ne__", "compareTo", "CompareTo", "isEqual"})


def compares_likeness(unit: Unit) -> bool:
    """Whether a unit compares objects, filters a query or takes text apart: nobody learns from how long that takes."""
    return unit.name in _ALIKE or _is_query_filter(unit) or _TAKES_APART.search(unit.qualname) is not None


def find_unequal_time(view: UnitView) -> Iterator[Draft]:
    """A secret, digest or token compared with `==`; whether two objects are alike keeps nothing from anybody."""
    if compares_likeness(view.unit):
        return
    for stmt, node in view.expressions(K.COMPARE, K.CALL):
        pair = _compared_pair(node, view.program.family)
        if pair is None:
            continue
        named = [_compared_name(view, side, stmt) for side in pair]
        if not any(named[: _num_telling(node)]) or not _tells_secret(view, node, pair, stmt):
            continue
        facts = {
            "both_named": float(all(named)),
            "computed_digest": float(any(n == "digest" for n in named)),
            "in_entry": float(view.is_entry),
        }
        word = next(n for n in named if n)
        yield Draft(
            _LABEL,
            node,
            stmt.idx,
            node.text,
            facts=facts,
            words={"name": word, "api": "=="},
            fix="constant-time-comparison",
        )


def is_harmless_comparison(label: str, call: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether a call that a pack calls a comparison in unequal time keeps nothing secret from anybody outside."""
    if label != _LABEL:
        return False
    pair = _called_pair(call)
    if pair is None:
        return False
    is_named = any(_compared_name(view, side, stmt) or _GIVEN_NAME.search(_last_word(side)) for side in pair)
    is_named = is_named or any(_COMPARED.search(_last_word(side)) for side in pair)
    return not is_named or not _tells_secret(view, call, pair, stmt)


def _tells_secret(view: UnitView, node: Node, pair: tuple[Node, Node], stmt: Stmt) -> bool:
    """Whether how long a comparison takes tells somebody who can try values about a secret."""
    if _is_harmless_pair(*pair) or any(_is_known(view, side, stmt) for side in pair) or _is_no_check(node, pair):
        return False
    if any(_ABOUT_NAME.search(_last_word(side)) for side in pair) or _is_cut(view, pair, stmt):
        return False
    return _may_be_probed(view, pair, stmt) and not _is_plain_signature(view, pair, stmt)


def _is_plain_signature(view: UnitView, pair: tuple[Node, Node], stmt: Stmt) -> bool:
    """Types of a function, first bytes of a format: a signature where nothing speaks of signing and nobody sent it."""
    words = [_last_word(side) for side in pair]
    if not any(_PLAIN_SIGNATURE.search(word) for word in words) or any(_is_sent(view, side, stmt) for side in pair):
        return False
    if any(_compared_name(view, side, stmt) == "digest" for side in pair):
        return False
    around = (n.text for n in view.unit.node.walk() if n.kind in (K.NAME, K.MEMBER, K.TYPE_REF, K.PARAM))
    return not any(_SIGNED.search(name) for name in (view.unit.qualname, *around))


def _is_cut(view: UnitView, pair: tuple[Node, Node], stmt: Stmt) -> bool:
    """Whether one side is a part of the other: `body = token[2:]; body == token`."""
    for side, other in (pair, pair[::-1]):
        if side.kind is not K.NAME or other.kind is not K.NAME:
            continue
        values = [definition.value for definition in view.unit.flow.reaching(side.text, stmt.idx)]
        if values and all(_part_of(value) == other.text for value in values):
            return True
    return False


def _part_of(value: Node | None) -> str:
    """The variable that a method call, an index or a slice is taken of; "" for any other expression."""
    callee = value.get("callee") if value is not None and value.kind is K.CALL else None
    part = callee if callee is not None and callee.kind is K.MEMBER else value
    obj = part.get("obj") if part is not None and part.kind in (K.MEMBER, K.INDEX) else None
    return obj.text if obj is not None and obj.kind is K.NAME else ""


def _is_known(view: UnitView, side: Node, stmt: Stmt) -> bool:
    """A constant, or something written like one."""
    if side.kind in (K.NULL, K.BOOL, K.INT) or view.constants.evaluate(side, stmt.idx) is not UNKNOWN:
        return True
    is_constant_name = side.kind in (K.NAME, K.MEMBER) and side.text.isupper()
    return is_constant_name and not _comes_from(view, side, stmt) & {OriginKind.SOURCE}


def _may_be_probed(view: UnitView, pair: tuple[Node, Node], stmt: Stmt) -> bool:
    """Whether somebody else can try values: one side is what a caller sends, the other is not the same thing before.

    A marker compared with its own last value, or a password with its repetition, keeps nothing from anybody.
    """
    if any(_OWN_NAME.search(dotted_name(side) or root_name(side) or "") for side in pair):
        return False
    if any(_is_sent(view, side, stmt) for side in pair):
        return True
    if "digest" in [_compared_name(view, side, stmt) for side in pair]:
        return True
    is_check = view.is_entry or bool(_CHECKS.search(view.unit.qualname))
    is_check = is_check or any(_SECRET.search(_compared_name(view, side, stmt)) for side in pair)
    is_check = is_check or any(_EXPECTED.search(dotted_name(side)) for side in pair)
    return is_check and any(OriginKind.PARAM in _comes_from(view, side, stmt) for side in pair)


def _is_sent(view: UnitView, side: Node, stmt: Stmt) -> bool:
    """Whether another party sends a value: nobody tries what a program reads from its settings or its database."""
    return bool(_sources(view, side, stmt) - LOCAL_KINDS)


def _comes_from(view: UnitView, side: Node, stmt: Stmt) -> set[OriginKind]:
    """The kinds of what an expression's value may come from."""
    params = {name for name, _ in view.unit.params if name != view.unit.receiver}
    found = {OriginKind.PARAM} if root_name(side) in params else set()
    found.update(origin.kind for origin in _origins(view, side, stmt))
    return found | ({OriginKind.SOURCE} if _sources(view, side, stmt) else set())


def _sources(view: UnitView, side: Node, stmt: Stmt) -> set[str]:
    """The kinds of foreign data that an expression's value may hold."""
    found = {origin.detail for origin in _origins(view, side, stmt) if origin.kind is OriginKind.SOURCE}
    for node in side.walk():
        name = view.resolver.resolve(node, view.unit, stmt.idx) if node.kind in (K.NAME, K.MEMBER) else ""
        roles = view.resolver.index.find_roles(name) if name else ()
        found.update(role.kind for role in roles if role.role is Role.SOURCE)
    return found


def _origins(view: UnitView, side: Node, stmt: Stmt) -> Iterator[Origin]:
    """The origins of the variables in an expression."""
    for node in side.walk():
        for definition in view.unit.flow.reaching(node.text, stmt.idx) if node.kind is K.NAME else ():
            for origin in view.values.values.get(definition.idx, {}):
                yield view.values.origins[origin]


def _is_no_check(node: Node, pair: tuple[Node, Node]) -> bool:
    """A condition that a database evaluates, an assertion, a secret typed twice, a page's token, a file's checksum."""
    if _is_query_term(node) or _in_assertion(node):
        return True
    words = [_last_word(side) for side in pair]
    if any(_CHECKSUM.search(word) for word in words) and not any(_OF_PASSWORD.search(word) for word in words):
        return True
    return any(known.search(word) for word in words for known in (_REPEATED, _CURSOR))


def _last_word(node: Node) -> str:
    """What an operand is called: its name, attribute, literal key or the function that gives it."""
    if node.kind is K.INDEX:
        key = node.get("key")
        return key.text if key is not None and key.kind is K.STRING else root_name(node)
    callee = node.get("callee") if node.kind is K.CALL else None
    return callee.text if callee is not None else node.text


def _is_query_term(node: Node) -> bool:
    """Whether a comparison is an argument of a query's `filter`, `where`, ...: an expression, not a decision."""
    parent = node.parent
    while parent is not None and parent.kind in (K.ARGS, K.BINARY, K.KWARG):
        parent = parent.parent
    callee = parent.get("callee") if parent is not None and parent.kind is K.CALL else None
    return callee is not None and callee.text in _QUERY_BUILDERS


def _in_assertion(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.kind in (K.NOT, K.BINARY, K.COMPARE):
        parent = parent.parent
    return parent is not None and parent.kind is K.ASSERT


def _is_harmless_pair(left: Node, right: Node) -> bool:
    """A form's two fields (`form.password == form.repeated`), or a member of a set of kinds (`TokenType.Bearer`)."""
    members = [side for side in (left, right) if side.kind is K.MEMBER or (side.kind is K.INDEX and _last_word(side))]
    owners = [dotted_name(side.get("obj")) for side in members]
    if len(owners) == 2 and owners[0] and owners[0] == owners[1]:
        return owners[0] not in ("self", "this")
    return any(_KIND_NAME.search(owner) and owner[:1].isupper() for owner in owners)


def _is_query_filter(unit: Unit) -> bool:
    """The condition of a query (`users.Where(u => u.Token == token)`), or which of some rows is meant: no decision."""
    args = unit.node.parent if unit.kind is K.LAMBDA else None
    call = args.parent if args is not None and args.kind is K.ARGS else None
    callee = call.get("callee") if call is not None else None
    return callee is not None and callee.kind is K.MEMBER and bool(_QUERIES.match(callee.text))


def _compared_pair(node: Node, family: Family) -> tuple[Node, Node] | None:
    if node.kind is K.COMPARE and node.text in ("==", "===", "!=", "!==") and family is not Family.JAVA:
        left, right = node.get("left"), node.get("right")
        return (left, right) if left is not None and right is not None else None
    callee = node.get("callee") if node.kind is K.CALL else None
    if callee is not None and callee.kind is K.MEMBER and callee.text in ("equals", "Equals", "SequenceEqual"):
        return _called_pair(node)
    return None


def _num_telling(node: Node) -> int:
    """How many sides may tell that a secret is compared: of `Strings.equals(first, second)` the first alone."""
    callee, args = node.get("callee"), node.get("args")
    owner = dotted_name(callee.get("obj")) if callee is not None else ""
    is_static = owner not in ("", "Arrays", "MessageDigest", "Objects") and args is not None and len(args.children) > 1
    return 1 if is_static else 2


def _called_pair(call: Node) -> tuple[Node, Node] | None:
    """The two values that a call compares: its two arguments, or its receiver and its only one."""
    callee, args = call.get("callee"), call.get("args")
    values = [a for a in (args.children if args is not None else ()) if not _HOW.match(dotted_name(a))]
    if len(values) >= 2:
        return values[0], values[1]
    obj = callee.get("obj") if callee is not None else None
    return (obj, values[0]) if obj is not None and values else None


def _compared_name(view: UnitView, node: Node, stmt: Stmt) -> str:
    if node.kind is K.CALL:
        callee = node.get("callee")
        return (
            "digest" if callee is not None and callee.text in ("hexdigest", "digest", "doFinal", "ComputeHash") else ""
        )
    if node.kind not in (K.NAME, K.MEMBER, K.INDEX):
        return ""
    name = node.text if node.kind is not K.INDEX else root_name(node)
    if node.kind is K.NAME:
        for definition in view.unit.flow.reaching(name, stmt.idx):
            value = definition.value
            if value is not None and value.kind is K.CALL and _compared_name(view, value, stmt) == "digest":
                return "digest"
    return name if _COMPARED.search(name) else ""
