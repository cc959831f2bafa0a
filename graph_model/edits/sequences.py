"""Collections built only to be walked or counted: the copy dropped, the count turned into a question."""

import re

from graph_model.access_paths import root_name
from graph_model.edits.model import Declined, Edit
from graph_model.edits.scene import Scene, mentions, need
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_COPIES = frozenset({"list", "tuple", "Array.from", "ArrayList", "java.util.ArrayList"})
_TO_LIST = frozenset({"ToList", "ToArray"})
_LAZY_CONSUMERS = frozenset(
    {"Where", "Select", "SelectMany", "First", "FirstOrDefault", "Single", "SingleOrDefault", "Last",
     "LastOrDefault", "Any", "All", "Count", "Sum", "Max", "Min", "Average", "OrderBy", "OrderByDescending",
     "Skip", "Take", "Distinct", "GroupBy", "ToDictionary", "ToHashSet", "ToList", "ToArray", "Contains"}
)  # fmt: skip
_READS_LATER = re.compile(r"(?i)(context|database|db|repo(sitory)?|store|session|queryable|query|set|service)$|^Get")
_SOME = frozenset({(">", "0"), ("!=", "0"), ("!==", "0"), (">=", "1")})
_NONE = frozenset({("==", "0"), ("===", "0"), ("<", "1")})


def drop_materialisation(scene: Scene) -> list[Edit]:
    """The iterable itself instead of a collection made of it."""
    call = scene.anchor(K.CALL, K.NEW)
    parent = need(call.parent)
    if parent.kind is K.LOOP_EACH and parent.get("iter") is call:
        return _iterate_directly(scene, call, parent)
    if parent.kind is K.COMP_FOR and scene.family is Family.PYTHON:
        return _comprehend_directly(scene, call, parent)
    if scene.family is Family.CSHARP and parent.kind is K.MEMBER and parent.text in _LAZY_CONSUMERS:
        if parent.parent is None or parent.parent.kind is not K.CALL:
            raise Declined("expected a query operator after the list")
        return _drop_to_list(scene, call)
    raise Declined("expected a loop or a query operator over the copy")


def _iterate_directly(scene: Scene, call: Node, loop: Node) -> list[Edit]:
    """`for x in list(y)` whose body does nothing to y."""
    body = need(loop.get("body"))
    source = need(need(call.get("callee")).get("obj")) if scene.family is Family.CSHARP else _copied(scene, call)
    root = root_name(source)
    is_shared = root not in scene.unit_of(call).locals  # others may change it meanwhile
    if (
        not root
        or is_shared
        or mentions(body, root)
        or any(n.kind in (K.AWAIT, K.YIELD, K.DELETE, K.THIS) for n in body.walk())
    ):
        raise Declined("expected a body that leaves what is iterated alone")
    if scene.family is Family.CSHARP:
        if any(_READS_LATER.search(n.text) for n in source.walk() if n.kind in (K.NAME, K.MEMBER)):
            raise Declined("expected a sequence that reads no database while it is walked")
        return _drop_to_list(scene, call)
    return [scene.replace(call, scene.text(source))]


def _comprehend_directly(scene: Scene, call: Node, clause: Node) -> list[Edit]:
    """`[... for x in list(y)]` that names y nowhere else."""
    source = _copied(scene, call)
    root = root_name(source)
    others = [n for n in need(clause.parent).walk() if n.kind is K.NAME and n.text == root]
    if not root or sum(not (call.start <= n.start < call.end) for n in others):
        raise Declined("expected a comprehension that leaves what is iterated alone")
    return [scene.replace(call, scene.text(source))]


def _copied(scene: Scene, call: Node) -> Node:
    callee, args = need(call.get("callee")), need(call.get("args"), K.ARGS)
    if scene.text(callee).partition("<")[0] not in _COPIES or len(args.children) != 1 or call.get("body") is not None:
        raise Declined("expected list(x)")
    only = args.children[0]
    if only.kind not in (K.NAME, K.MEMBER, K.CALL, K.INDEX):
        raise Declined("expected one iterable")
    return only


def _drop_to_list(scene: Scene, call: Node) -> list[Edit]:
    """`q.ToList()` as `q`."""
    callee = need(call.get("callee"), K.MEMBER)
    obj, args = need(callee.get("obj")), need(call.get("args"), K.ARGS)
    if callee.text not in _TO_LIST or args.children or obj.kind not in (K.NAME, K.MEMBER, K.CALL):
        raise Declined("expected q.ToList()")
    return [Edit(obj.end, call.end, b"")]


def existence_check(scene: Scene) -> list[Edit]:
    """The question whether there is one, which needs no count."""
    node = scene.anchor(K.COMPARE)
    left, right = need(node.get("left")), need(node.get("right"), K.INT)
    wanted = (node.text, right.text) in _SOME
    if not (wanted or (node.text, right.text) in _NONE) or left.start != node.start or right.end != node.end:
        raise Declined("expected a count compared with none")
    awaited = left.kind is K.AWAIT
    call = need(left.get("value") if awaited else left, K.CALL)
    callee, args = need(call.get("callee")), need(call.get("args"), K.ARGS)
    if scene.family is Family.PYTHON:
        return _exists(scene, node, call, wanted=wanted, awaited=awaited)
    if scene.family is Family.CSHARP:
        return _any(scene, node, callee, wanted=wanted)
    if scene.family is Family.JAVA and callee.kind is K.MEMBER and callee.text == "count" and not args.children:
        if not scene.candidate.api.startswith("java.util.stream."):
            raise Declined("expected a stream")
        end = callee.end - len("count")
        found = f"{scene.between(callee.start, end)}findAny().{'isPresent' if wanted else 'isEmpty'}()"
        return [scene.replace(node, found)]
    raise Declined("expected a count of a queryset, a sequence or a stream")


def _exists(scene: Scene, node: Node, call: Node, *, wanted: bool, awaited: bool) -> list[Edit]:
    """Django's `exists()`: https://docs.djangoproject.com/en/5.2/ref/models/querysets/#exists"""
    callee, args = need(call.get("callee")), need(call.get("args"), K.ARGS)
    negated = "" if wanted else "not "
    prefix = f"{negated}await " if awaited else negated
    if callee.kind is K.NAME and callee.text == "len" and scene.has_api("QuerySet") and len(args.children) == 1:
        return [scene.replace(node, f"{prefix}{scene.text(args.children[0])}.exists()")]
    if callee.kind is not K.MEMBER or callee.text not in ("count", "acount") or args.children:
        raise Declined("expected qs.count()")
    if not _is_queryset(scene, need(callee.get("obj"))):
        raise Declined("expected a Django queryset")
    obj = scene.between(callee.start, callee.end - len(callee.text))
    return [scene.replace(node, f"{prefix}{obj}{'aexists' if callee.text == 'acount' else 'exists'}()")]


def _is_queryset(scene: Scene, node: Node) -> bool:
    """Built from a manager: `objects`, or typed as a queryset."""
    if "QuerySet" in scene.type_of(node) or any(n.kind is K.MEMBER and n.text == "objects" for n in node.walk()):
        return True
    return any(
        d.value is not None and any(n.kind is K.MEMBER and n.text == "objects" for n in d.value.walk())
        for d in (scene.definitions(node) if node.kind is K.NAME else ())
    )


def _any(scene: Scene, node: Node, callee: Node, *, wanted: bool) -> list[Edit]:
    """LINQ's `Any()`, with the predicate that the count had."""
    names = {"Count": "Any", "LongCount": "Any", "CountAsync": "AnyAsync", "LongCountAsync": "AnyAsync"}
    if callee.kind is not K.MEMBER or callee.text not in names:
        raise Declined("expected Count()")
    left = need(node.get("left"))
    edits = [scene.rename_member(callee, names[callee.text]), Edit(left.end, node.end, b"")]
    return edits if wanted else [scene.insert(node.start, "!"), *edits]
