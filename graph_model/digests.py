"""What a digest is for, told by the names around its call: where its input comes from and where its result goes.

A broken hash does no harm to cache keys, checksums and the like; it does where secrets or signatures hang on it.
"""

import re
from collections.abc import Iterator

from graph_model.kinds import NodeKind as K
from graph_model.names import Resolver
from graph_model.packs.model import Role
from graph_model.program import Unit
from graph_model.syntax import Node

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-.\s$]+")
_SECRET = re.compile(
    r"(^|_)(passwords?|passwd|passphrase|passcode|pwd|secrets?|tokens?|credentials?|signatures?|signed|sign|signer"
    r"|signing|verify|verifier|auth|authenticate|authentication|authenticator|session_?(id|key|token)|sessionid|sid|certs?"
    r"|certificates?|licen[sc]es?|hmac|nonces?|otp|totp|csrf|xsrf|salt|salted|(api|private|access|encryption)_?key"
    r"|oauth|jwt|kdf|hkdf)(_|$)|pbkdf|scrypt|password"
)
_KEEPS_SECRETS = re.compile(
    r"(^|_)(passwords?|credentials?|signatures?|tokens?|licen[sc]es?|certificates?)(_(hash\w*|encod\w+|encrypt\w*|generat\w+"
    r"|service|manager|provider|factory|verif\w+|check\w*|utils?|helper))?$|(^|_)(signer|verifier)$"
)
_MIXED_IN = re.compile(r"(^|_)(secret_key|app_secret|salt|salted)(_|$)")  # protects the digest, whatever that is for
_IDENTIFIES = re.compile(
    r"e_?tag|cache|checksum|gravatar|avatar|fingerprint|dedup|file_?name|path|colou?r|(^|_)key(_|$)"
)
_COMPARES = re.compile(r"(?i)equal|compare|verify|matches")
_SETS_HEADER = re.compile(r"(?i)^(set|add|append|put|with)?_?headers?$|^set$")
_SENT = frozenset({"http-parameter", "http-header", "cookie"})  # values of a request, as opposed to its contents
_WORD = re.compile(r"^[A-Za-z_][\w-]{0,40}$")
_CARRIES = (K.AWAIT, K.CAST, K.BINARY, K.TEMPLATE, K.INTERPOLATION, K.TERNARY, K.BOOLEAN, K.SPREAD)
_HOLDERS = (K.PAIR, K.KWARG, K.ASSIGN, K.DECLARATOR, K.AUG_ASSIGN, K.WITH_ITEM)
_MAX_DEPTH = 4


def protects_something(call: Node, unit: Unit, resolver: Resolver, stmt: int) -> bool:
    """Whether a digest is one of something secret, or taken for a signature, a session and the like.

    So is one of a value that a request carries, where it is kept or compared, and names nothing but the value.
    """
    trace = _Trace(unit, resolver, stmt)
    trace.follow(call, 0)
    uses = [*_functions_around(unit), *trace.outputs]
    if any(_SECRET.search(name) for name in uses):
        return True
    if any(_IDENTIFIES.search(name) for name in uses):
        return False
    if any(_SECRET.search(name) and not _MIXED_IN.search(name) for name in trace.inputs):
        return True
    if unit.cls is not None and _KEEPS_SECRETS.search(_snake(unit.cls.name)):
        return True
    return trace.is_sent and trace.is_used


def _functions_around(unit: Unit) -> Iterator[str]:
    at: Unit | None = unit
    while at is not None and at.is_function:
        yield _snake(at.name)
        at = at.parent


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).lower()


class _Trace:
    """The names that go into a digest and that its result goes to, as far as one function shows."""

    def __init__(self, unit: Unit, resolver: Resolver, stmt: int) -> None:
        self.unit, self.resolver, self.stmt = unit, resolver, stmt
        self.inputs: set[str] = set()
        self.outputs: set[str] = set()
        self.is_sent = False  # a request's value goes in
        self.is_used = False  # the result is stored, compared or handed on
        self._seen: set[str] = set()

    def follow(self, node: Node, depth: int) -> None:
        """Follows an expression's value upwards: methods called on it, calls that it is given to, its variable."""
        if node.kind in (K.CALL, K.NEW):
            self._take(node.get("args"), 0)
        parent = node.parent
        while parent is not None:
            if parent.kind is K.CALL and node.field == "callee":
                self._take(parent.get("args"), 0)
            elif parent.kind is K.ARGS:
                node, parent = parent, parent.parent
                self._hand_on(parent, node)
                continue
            elif parent.kind is K.COMPARE:
                self.is_used = True
                self._note(self.outputs, parent)
                return
            elif parent.kind in _HOLDERS:
                self._store(parent, node, depth)
                if parent.kind is not K.KWARG:
                    return
            elif parent.kind not in (K.MEMBER, K.INDEX, K.SLICE, K.CALL, K.NEW, *_CARRIES):
                return
            node, parent = parent, parent.parent

    def _hand_on(self, call: Node | None, args: Node) -> None:
        callee = call.get("callee") if call is not None else None
        if callee is not None:
            self.is_used = True
            self.outputs.add(_snake(callee.text))
            if _COMPARES.search(callee.text) or _SETS_HEADER.search(callee.text):
                self._note(self.outputs, args)

    def _store(self, holder: Node, value: Node, depth: int) -> None:
        target = holder.get("target") or holder.get("name") or holder.get("key")
        if target is value:
            return
        if holder.text:
            self.outputs.add(_snake(holder.text))
        if target is None:
            return
        self._note(self.outputs, target)
        if target.kind is not K.NAME:
            self.is_used = True
        elif depth < _MAX_DEPTH and target.text not in self._seen:
            self._seen.add(target.text)
            for use in self.unit.node.walk():
                if use.kind is K.NAME and use.text == target.text and use is not target:
                    self.follow(use, depth + 1)

    def _take(self, node: Node | None, depth: int) -> None:
        """What goes in: the names of an expression, and of what its variables were given."""
        if node is None:
            return
        self._note(self.inputs, node)
        for part in node.walk():
            if part.kind in (K.CALL, K.MEMBER, K.NAME):
                self.is_sent = self.is_sent or self._is_request_value(part)
            if part.kind is K.NAME and depth < _MAX_DEPTH and f"<{part.text}" not in self._seen:
                self._seen.add(f"<{part.text}")
                for definition in self.unit.flow.definitions:
                    if definition.key == part.text and definition.value is not None:
                        self._take(definition.value, depth + 1)

    def _is_request_value(self, node: Node) -> bool:
        if node.kind is K.CALL:
            roles = self.resolver.roles(node, self.unit, self.stmt)
        else:
            name = self.resolver.resolve(node, self.unit, self.stmt)
            roles = self.resolver.index.find_roles(name) if name else ()
        return any(role.role is Role.SOURCE and role.kind in _SENT for role in roles)

    def _note(self, names: set[str], node: Node) -> None:
        for part in node.walk():
            if part.kind in (K.NAME, K.MEMBER) or (part.kind is K.STRING and _WORD.match(part.text)):
                names.add(_snake(part.text))
