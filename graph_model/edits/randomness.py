"""Predictable random numbers replaced by the platform's secure source."""

from collections.abc import Callable

from graph_model.edits.imports import import_node_module, import_python_module, swap_type, use_type
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import remove_statement
from graph_model.edits.scene import Scene, need
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node, dotted_name

_PY_TWINS = {"choice": "choice", "getrandbits": "randbits", "randbytes": "token_bytes"}
_PY_SYSTEM = frozenset({"random", "randint", "randrange", "choices", "sample", "shuffle", "uniform"})


def strong_random(scene: Scene) -> list[Edit]:
    """The same draw from the operating system's generator."""
    return _WRITERS[scene.family](scene)


def _python(scene: Scene) -> list[Edit]:
    """https://docs.python.org/3/library/secrets.html"""
    call = scene.anchor(K.CALL)
    callee = need(call.get("callee"), K.MEMBER)
    module = dotted_name(callee.get("obj"))
    if scene.program.imports.get(module) != "random":
        raise Declined("expected a function of the random module")
    if callee.text not in _PY_TWINS and callee.text not in _PY_SYSTEM:
        raise Declined("expected a function that has a secure twin")
    others = [n for n in scene.tree.root.walk() if n.kind is K.NAME and n.text == module and n is not callee.get("obj")]
    statement = _plain_import(scene, module)
    name, imports = import_python_module(scene, "secrets")
    if imports and not others and statement is not None:
        imports += remove_statement(scene, statement)
    twin = _PY_TWINS.get(callee.text)
    return [scene.replace(callee, f"{name}.{twin or f'SystemRandom().{callee.text}'}"), *imports]


def _plain_import(scene: Scene, module: str) -> Node | None:
    """`import random`, on its own."""
    for node in scene.tree.root.children:
        if node.kind is K.IMPORT and scene.text(node) == "import random" and module == "random":
            return node
    return None


def _javascript(scene: Scene) -> list[Edit]:
    """`Math.floor(Math.random() * n)` and `Math.random().toString(36).slice(2)`: https://nodejs.org/api/crypto.html"""
    call = scene.anchor(K.CALL)
    if scene.has_api("crypto.pseudoRandomBytes"):
        return [scene.rename_member(need(call.get("callee")), "randomBytes")]
    if dotted_name(call.get("callee")) != "Math.random":
        raise Declined("expected Math.random()")
    floored = _floored(call)
    if floored is not None:
        whole, bound = floored
        module, imports = import_node_module(scene, "crypto")
        return [scene.replace(whole, f"{module}.randomInt({scene.text(bound)})"), *imports]
    text = _random_text(call)
    if text is None:
        raise Declined("expected a number below a bound, or a random text")
    module, imports = import_node_module(scene, "crypto")
    return [scene.replace(text, f"{module}.randomBytes(16).toString('hex')"), *imports]


def _floored(call: Node) -> tuple[Node, Node] | None:
    product = call.parent
    if product is None or product.kind is not K.BINARY or product.text != "*":
        return None
    left, right = product.get("left"), product.get("right")
    bound = right if left is call else left
    args = product.parent
    whole = args.parent if args is not None and args.kind is K.ARGS and len(args.children) == 1 else None
    if whole is None or bound is None or dotted_name(whole.get("callee")) != "Math.floor":
        return None
    is_count = bound.kind is K.INT or (bound.kind is K.MEMBER and bound.text == "length")
    return (whole, bound) if is_count else None


def _random_text(call: Node) -> Node | None:
    """The whole of `Math.random().toString(36).slice(2)`, however long a slice it takes."""
    node = call
    for names in (("toString",), ("slice", "substring", "substr")):
        member = node.parent
        outer = member.parent if member is not None and member.kind is K.MEMBER and member.text in names else None
        if outer is None or outer.kind is not K.CALL or outer.get("callee") is not member:
            return None
        node = outer
    args = node.get("args")
    return node if args is not None and len(args.children) == 1 else None


def _java(scene: Scene) -> list[Edit]:
    """`new SecureRandom()`, declared as what it is."""
    call = scene.anchor(K.CALL, K.NEW)
    if dotted_name(call.get("callee")) in ("Math.random", "StrictMath.random"):
        name, imports = use_type(scene, "java.security.SecureRandom")
        return [scene.replace(call, f"new {name}().nextDouble()"), *imports]
    if call.kind is K.NEW and scene.has_api("SecureRandom") and len(scene.arguments(call)) == 1:
        return [scene.replace(need(call.get("args")), "()")]
    created = call if call.kind is K.NEW else _creation(scene, need(need(call.get("callee"), K.MEMBER).get("obj")))
    callee = need(created.get("callee"), K.TYPE_REF)
    if callee.text != "Random" or need(created.get("args")).children or created.get("body"):
        raise Declined("expected new Random() without a seed")
    declared = need(created.parent).get("type")
    used = [callee] if declared is None or declared.text != "Random" else [declared, callee]
    return swap_type(scene, "java.util.Random", "java.security.SecureRandom", *used)


def _creation(scene: Scene, obj: Node) -> Node:
    """Where the generator that a call draws from is made: in place, in its variable, or in its field."""
    if obj.kind is K.NEW:
        return obj
    values = [d.value for d in scene.definitions(obj)] if obj.kind is K.NAME else []
    if not values:
        cls = scene.unit_of(obj).cls
        is_field = obj.kind is K.NAME or (obj.kind is K.MEMBER and need(obj.get("obj")).kind is K.THIS)
        values = [cls.field_values.get(obj.text)] if cls is not None and is_field else []
    if len(values) != 1:
        raise Declined("expected one place where the generator is made")
    return need(values[0], K.NEW)


def _csharp(scene: Scene) -> list[Edit]:
    """https://learn.microsoft.com/dotnet/api/system.security.cryptography.randomnumbergenerator"""
    call = scene.anchor(K.CALL)
    callee, args = need(call.get("callee"), K.MEMBER), need(call.get("args"), K.ARGS)
    count = len(args.children)
    twins = {
        ("Next", 0): "GetInt32(int.MaxValue)",
        ("Next", 1): "GetInt32",
        ("Next", 2): "GetInt32",
        ("NextBytes", 1): "Fill",
    }
    twin = twins.get((callee.text, count))
    if twin is None or not _is_generator(scene, need(callee.get("obj"))):
        raise Declined("expected Next or NextBytes of a Random")
    name, imports = use_type(scene, "System.Security.Cryptography.RandomNumberGenerator")
    if count == 0:
        return [scene.replace(call, f"{name}.{twin}"), *imports]
    return [scene.replace(callee, f"{name}.{twin}"), *imports]


def _is_generator(scene: Scene, obj: Node) -> bool:
    return scene.type_of(obj).endswith("Random") or dotted_name(obj) in ("Random.Shared", "System.Random.Shared")


_WRITERS: dict[Family, Callable[[Scene], list[Edit]]] = {
    Family.PYTHON: _python,
    Family.JAVASCRIPT: _javascript,
    Family.JAVA: _java,
    Family.CSHARP: _csharp,
}
