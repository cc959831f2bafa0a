"""Secrets compared in the time that does not depend on where they differ."""

from collections.abc import Callable

from graph_model.edits.imports import import_module, import_node_module, use_type, use_types
from graph_model.edits.model import Declined, Edit
from graph_model.edits.scene import Scene, need
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node, dotted_name

_EQUAL = {"==": True, "===": True, "!=": False, "!==": False}
_PLAIN_PARENTS = frozenset({K.IF, K.RETURN, K.ASSIGN, K.DECLARATOR, K.ARGS, K.BLOCK, K.LOOP_WHILE, K.KWARG, K.PAIR})
_CONDITIONS = frozenset(
    {"filter", "where", "having", "exclude", "select", "and_", "or_", "not_", "join", "outerjoin", "whereclause"}
)  # fmt: skip
_TEXT = frozenset({"java.lang.String", "System.String", "string", "String"})
_BYTES = frozenset({"byte[]", "byte"})


def constant_time_comparison(scene: Scene) -> list[Edit]:
    """The platform's constant-time comparison of the two values. Values that are no text or bytes make it raise."""
    return _WRITERS[scene.family](scene)


def _sides(scene: Scene) -> tuple[Node, Node, bool]:
    node = scene.anchor(K.COMPARE)
    if len(node.children) != 2 or node.text not in _EQUAL:
        raise Declined("expected one comparison for equality")
    left, right = need(node.get("left")), need(node.get("right"))
    if any(side.kind in (K.NULL, K.BOOL, K.INT, K.AWAIT) for side in (left, right)):
        raise Declined("expected two texts")
    return left, right, _EQUAL[node.text]


def _is_plain(scene: Scene, node: Node, side: Node, *, first: bool) -> bool:
    """Whether a side's range is its whole text (a parenthesised one is not)."""
    return side.start == node.start if first else side.end == node.end


def _pair(scene: Scene) -> tuple[str, str, bool]:
    left, right, equal = _sides(scene)
    node = scene.anchor(K.COMPARE)
    if not (_is_plain(scene, node, left, first=True) and _is_plain(scene, node, right, first=False)):
        raise Declined("expected sides without parentheses")
    return scene.text(left), scene.text(right), equal


def _expect_evaluated(scene: Scene) -> None:
    """The comparison runs here: it is no condition that becomes SQL, as an argument of a query or in its lambda."""
    node: Node | None = scene.anchor(K.COMPARE, K.CALL).parent
    while node is not None and node.kind is not K.BLOCK:
        callee = node.get("callee") if node.kind is K.CALL else None
        if (
            scene.family is Family.PYTHON
            and (node.text if node.kind is K.KWARG else callee.text if callee else "") in _CONDITIONS
        ):
            raise Declined("expected a comparison that is not part of a query")
        node = node.parent
    if scene.family is Family.CSHARP and node is not None and need(node.parent).kind is K.LAMBDA:
        raise Declined("expected a comparison that is not part of a query")


def _python(scene: Scene) -> list[Edit]:
    _expect_evaluated(scene)
    left, right, equal = _pair(scene)
    if any(".c." in side or side[:1].isupper() for side in (left, right)):
        raise Declined("expected values, found a column or a constant of a class")
    left, right = (_or_empty(scene, side, other) for side, other in ((left, right), (right, left)))
    module, imports = import_module(scene, "hmac")
    node = scene.anchor(K.COMPARE)
    parent = need(node.parent)
    negated = "" if equal else "not "
    text = f"{negated}{module}.compare_digest({left}, {right})"
    if negated and parent.kind in (K.COMPARE, K.BINARY, K.AWAIT, K.UNARY):
        text = f"({text})"
    return [scene.replace(node, text), *imports]


def _or_empty(scene: Scene, side: str, other: str) -> str:
    """`x.get("key")` with an empty default: None cannot be compared so."""
    node = next(n for n in scene.anchor(K.COMPARE).children if scene.text(n) == side)
    callee, args = node.get("callee"), node.get("args")
    if node.kind is not K.CALL or callee is None or args is None or callee.kind is not K.MEMBER or callee.text != "get":
        return side
    if len(args.children) != 1 or args.children[0].kind is not K.STRING:
        return side
    empty = 'b""' if other.endswith(".digest()") else '""'
    return f"{side[:-1]}, {empty})"


def _javascript(scene: Scene) -> list[Edit]:
    """Lengths first, as `timingSafeEqual` throws when they differ; hashes where a side must not be read twice.

    A property that may be missing must be a text: nothing at all equals no secret.
    https://nodejs.org/api/crypto.html#cryptotimingsafeequala-b
    """
    left, right, equal = _pair(scene)
    sides = _sides(scene)[:2]
    module, imports = import_node_module(scene, "crypto")
    if any(n.kind in (K.CALL, K.NEW, K.ASSIGN, K.UPDATE) for side in sides for n in side.walk()):
        hashed = ", ".join(f"{module}.createHash('sha256').update({side}).digest()" for side in (left, right))
        conditions = [f"{module}.timingSafeEqual({hashed})"]
    else:
        uncertain = [t for t, s in zip((left, right), sides, strict=True) if s.kind in (K.MEMBER, K.INDEX)]
        conditions = [f"typeof {side} === 'string'" for side in uncertain]
        conditions.append(f"Buffer.byteLength({left}) === Buffer.byteLength({right})")
        conditions.append(f"{module}.timingSafeEqual(Buffer.from({left}), Buffer.from({right}))")
    node = scene.anchor(K.COMPARE)
    text, is_one = " && ".join(conditions), len(conditions) == 1
    if not equal:
        text = f"!{text}" if is_one else f"!({text})"
    elif not is_one and need(node.parent).kind not in _PLAIN_PARENTS:
        text = f"({text})"
    return [scene.replace(node, text), *imports]


def _java(scene: Scene) -> list[Edit]:
    call = scene.anchor(K.CALL)
    callee, args = need(call.get("callee"), K.MEMBER), need(call.get("args"), K.ARGS)
    obj = need(callee.get("obj"))
    if dotted_name(obj) in ("Arrays", "java.util.Arrays") and callee.text == "equals" and len(args.children) == 2:
        digest, imports = use_type(scene, "java.security.MessageDigest")
        return [scene.replace(callee, f"{digest}.isEqual"), *imports]
    if callee.text != "equals" or len(args.children) != 1:
        raise Declined("expected a.equals(b)")
    other = args.children[0]
    if not any(scene.type_of(side) in _TEXT for side in (obj, other)) or obj.end > other.start:
        raise Declined("expected a side known as String")
    names, imports = use_types(scene, "java.security.MessageDigest", "java.nio.charset.StandardCharsets")
    sides = ", ".join(f"{_as_receiver(scene, side)}.getBytes({names[1]}.UTF_8)" for side in (obj, other))
    return [scene.replace(call, f"{names[0]}.isEqual({sides})"), *imports]


def _as_receiver(scene: Scene, node: Node) -> str:
    text = scene.text(node)
    return text if node.kind in (K.NAME, K.MEMBER, K.CALL, K.STRING, K.INDEX) else f"({text})"


def _csharp(scene: Scene) -> list[Edit]:
    anchor = scene.anchor(K.COMPARE, K.CALL)
    _expect_evaluated(scene)
    if anchor.kind is K.CALL:
        return _csharp_call(scene, anchor)
    left, right, equal = _pair(scene)
    if not any(scene.type_of(side) in _TEXT for side in _sides(scene)[:2]):
        raise Declined("expected a side known as string")
    return _fixed_time(scene, anchor, (left, right), equal=equal)


def _csharp_call(scene: Scene, call: Node) -> list[Edit]:
    callee, args = need(call.get("callee"), K.MEMBER), need(call.get("args"), K.ARGS)
    obj = need(callee.get("obj"))
    if len(args.children) != 1:
        raise Declined("expected a comparison with one value")
    left, right = scene.text(obj), scene.text(args.children[0])
    types = {scene.type_of(obj), scene.type_of(args.children[0])}
    if callee.text == "SequenceEqual" and types & _BYTES:
        name, imports = use_type(scene, "System.Security.Cryptography.CryptographicOperations")
        return [scene.replace(call, f"{name}.FixedTimeEquals({left}, {right})"), *imports]
    if callee.text == "Equals" and types & _TEXT:
        return _fixed_time(scene, call, (left, right), equal=True)
    raise Declined("expected string.Equals or a byte array")


def _fixed_time(scene: Scene, node: Node, sides: tuple[str, str], *, equal: bool) -> list[Edit]:
    """https://learn.microsoft.com/dotnet/api/system.security.cryptography.cryptographicoperations.fixedtimeequals"""
    names, imports = use_types(scene, "System.Security.Cryptography.CryptographicOperations", "System.Text.Encoding")
    parts = ", ".join(f"{names[1]}.UTF8.GetBytes({side})" for side in sides)
    negated = "" if equal else "!"
    return [scene.replace(node, f"{negated}{names[0]}.FixedTimeEquals({parts})"), *imports]


_WRITERS: dict[Family, Callable[[Scene], list[Edit]]] = {
    Family.PYTHON: _python,
    Family.JAVASCRIPT: _javascript,
    Family.JAVA: _java,
    Family.CSHARP: _csharp,
}
