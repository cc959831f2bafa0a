"""Broken hash algorithms replaced by SHA-256, with the declared types that name them."""

from graph_model.conditions import find_argument
from graph_model.edits.imports import swap_python_name
from graph_model.edits.model import Declined, Edit
from graph_model.edits.scene import Scene, need
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_WEAK = frozenset({"md2", "md4", "md5", "sha", "sha1", "sha0", "ripemd128"})
_ALGORITHM = {  # how an algorithm is spelled in each place, all weak ones folded
    "hmac": {Family.JAVA: "HmacSHA256"},
    "plain": {Family.PYTHON: "sha256", Family.JAVASCRIPT: "sha256", Family.JAVA: "SHA-256", Family.CSHARP: "SHA256"},
}
_CS_NEW = frozenset({"MD5CryptoServiceProvider", "SHA1CryptoServiceProvider", "SHA1Managed", "MD5Cng", "SHA1Cng"})
_CS_HMAC = frozenset({"HMACMD5", "HMACSHA1", "HMACRIPEMD160"})
_CS_STATIC = frozenset({"Create", "HashData", "HashDataAsync", "TryHashData"})


def strong_hash(scene: Scene) -> list[Edit]:
    """The same call with SHA-256. Whatever compares the digest with a stored one must be migrated too."""
    holder = scene.holder()
    if holder is not None:
        return _rename_algorithm(scene, need(holder.get("value"), K.STRING, K.MEMBER))
    call = scene.call()
    if scene.family is Family.CSHARP:
        return _csharp(scene, call)
    if scene.family is Family.PYTHON and _is_weak(need(call.get("callee")).text):
        return _rename_function(scene, need(call.get("callee")))
    found = [edit for argument in scene.arguments(call) for edit in _rename_algorithm(scene, argument)]
    if len(found) != 1 and not (scene.family is Family.PYTHON and found):
        raise Declined("expected one weak algorithm among the arguments")
    return found


def _is_weak(name: str) -> bool:
    return name.lower().replace("-", "") in _WEAK


def _rename_function(scene: Scene, callee: Node) -> list[Edit]:
    """`hashlib.md5` and `md5` of `from hashlib import md5`."""
    if callee.kind is K.MEMBER:
        return [scene.rename_member(callee, "sha256")]
    if callee.kind is K.NAME:
        return swap_python_name(scene, callee, "hashlib", "sha256")
    raise Declined("expected hashlib.md5")


def _rename_algorithm(scene: Scene, argument: Node) -> list[Edit]:
    """An algorithm given as a literal, or as `hashlib.md5`."""
    value = need(argument.get("value")) if argument.kind is K.KWARG else argument
    if value.kind is K.MEMBER and scene.family is Family.PYTHON and _is_weak(value.text):
        return [scene.rename_member(value, "sha256")]
    if value.kind is not K.STRING:
        return []
    text = value.text
    if _is_weak(text):
        plain = _ALGORITHM["plain"][scene.family]
        return [scene.replace_content(value, plain.upper() if text.isupper() and "-" not in plain else plain)]
    if text.lower().startswith("hmac") and _is_weak(text[4:].lstrip("-")):
        return [scene.replace_content(value, "HmacSHA256")]
    head, found, tail = text.partition("with")
    if found and _is_weak(head):
        return [scene.replace_content(value, f"SHA256with{tail}")]
    if scene.family is Family.JAVASCRIPT and text.upper().startswith("RSA-") and _is_weak(text[4:]):
        return [scene.replace_content(value, "RSA-SHA256")]
    return []


def _csharp(scene: Scene, call: Node) -> list[Edit]:
    callee = need(call.get("callee"))
    if call.kind is K.NEW:
        return [*_new_instance(scene, call, callee), *_declared(scene, call, callee.text)]
    obj = callee.get("obj")
    if callee.kind is K.MEMBER and obj is not None and callee.text in _CS_STATIC and _is_weak(obj.text):
        return [_rename_type(scene, obj), *(_declared(scene, call, obj.text) if callee.text == "Create" else [])]
    named = [a for a in (find_argument(call, i) for i in range(4)) if a is not None and a.kind is K.MEMBER]
    weak = [a for a in named if _is_weak(a.text) and need(a.get("obj")).text == "HashAlgorithmName"]
    if len(weak) == 1:
        return [scene.rename_member(weak[0], "SHA256")]
    literal = find_argument(call, 0)
    if literal is not None and literal.kind is K.STRING and _is_weak(literal.text):
        return [scene.replace_content(literal, "SHA256")]
    raise Declined("expected MD5 or SHA-1 by name")


def _rename_type(scene: Scene, node: Node) -> Edit:
    return scene.rename_member(node, "SHA256") if node.kind is K.MEMBER else scene.replace(node, "SHA256")


def _new_instance(scene: Scene, call: Node, callee: Node) -> list[Edit]:
    simple = callee.text.rpartition(".")[2]
    args = need(call.get("args"))
    prefix = callee.text[: len(callee.text) - len(simple)]
    if simple in _CS_NEW and not args.children and call.get("init") is None:
        return [Edit(call.start, call.end, f"{prefix}SHA256.Create()".encode())]
    if simple in _CS_HMAC and len(args.children) <= 1 and callee.kind is K.TYPE_REF:
        return [scene.replace(callee, f"{prefix}HMACSHA256")]
    raise Declined("expected a hash that has a SHA-256 twin")


def _declared(scene: Scene, call: Node, old: str) -> list[Edit]:
    """The type of the variable that takes the object: it names the old algorithm, or is general enough."""
    holder = call.parent
    if holder is not None and holder.kind in (K.ASSIGN, K.RETURN, K.CAST):
        raise Declined("expected a variable declared here, or none")
    declared = holder.get("type") if holder is not None and holder.kind in (K.DECLARATOR, K.WITH_ITEM) else None
    if declared is None or declared.text in ("var", "HashAlgorithm", "KeyedHashAlgorithm", "HMAC"):
        return []
    names = {
        old.rpartition(".")[2],
        old.rpartition(".")[2].removesuffix("CryptoServiceProvider").removesuffix("Managed"),
    }
    if declared.text not in names or need(holder).parent is None or need(need(holder).parent).kind is K.FIELD_DECL:
        raise Declined("expected the type of the hash, on a local variable")
    return [scene.replace(declared, "HMACSHA256" if old.startswith("HMAC") else "SHA256")]
