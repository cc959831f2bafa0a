"""Certificate checks switched on again where that is more than another literal."""

from collections.abc import Iterator

from graph_model.conditions import find_argument
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import remove_item, remove_statement, statement_of
from graph_model.edits.scene import Scene, need
from graph_model.edits.settings import SIGNATURES, VERIFICATION, holder_name, rewrite
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node, dotted_name

_CALLBACKS = frozenset(
    {"ServerCertificateCustomValidationCallback", "ServerCertificateValidationCallback",
     "RemoteCertificateValidationCallback", "CertificateValidationCallback", "ServerCertificateCallback"}
)  # fmt: skip
_JAVA_HOOKS = ("setHostnameVerifier", "setDefaultHostnameVerifier")
_CONTEXT_FIELDS = {"check_hostname": ("False", "True"), "verify_mode": ("CERT_NONE", "CERT_REQUIRED")}
_DEFAULTS_TO_TRUE = ("requests", "httpx")


def verify_certificates(scene: Scene) -> list[Edit]:
    """The default check where switching it off was an argument or a hook of its own; else the flag turned."""
    if scene.family is Family.PYTHON:
        return _python(scene)
    if scene.family is Family.CSHARP:
        holder = next((n for n in scene.anchors if n.kind in (K.ASSIGN, K.AUG_ASSIGN, K.PAIR)), None)
        if holder is not None and holder_name(holder) in _CALLBACKS:
            return _drop_callback(scene, holder)
    if scene.family is Family.JAVA:
        return _drop_java_hook(scene)
    return rewrite(VERIFICATION)(scene)


def verify_signature(scene: Scene) -> list[Edit]:
    """Signatures and lifetimes of tokens checked, where the call has the key and the algorithms to do it."""
    call = next((n for n in scene.anchors if n.kind is K.CALL), None)
    if scene.family is Family.PYTHON:
        call = need(call)
        if find_argument(call, (1, "key")) is None or find_argument(call, (2, "algorithms")) is None:
            raise Declined("expected a key and algorithms")
        flag = find_argument(call, "verify")
        if flag is not None and flag.kind is K.BOOL and flag.text == "false":
            return remove_item(scene, need(call.get("args")), need(flag.parent, K.KWARG))
    return rewrite(SIGNATURES)(scene)


def _python(scene: Scene) -> list[Edit]:
    call = next((n for n in scene.anchors if n.kind is K.CALL), None)
    if call is not None and scene.has_api("_create_unverified_context"):
        return [scene.rename_member(need(call.get("callee")), "create_default_context")]
    keyword = _false_keyword(scene, call)
    if keyword is not None and keyword.parent is not None:
        return remove_item(scene, keyword.parent, keyword)
    holder = scene.holder()
    if holder is not None and holder.kind is K.ASSIGN and holder_name(holder) in _CONTEXT_FIELDS:
        return list(_check_context(scene, holder))
    return rewrite(VERIFICATION)(scene)


def _false_keyword(scene: Scene, call: Node | None) -> Node | None:
    """`verify=False` of a call whose default is to verify."""
    keyword = next((n for n in scene.anchors if n.kind is K.KWARG), None)
    if call is not None:
        value = find_argument(call, "verify")
        keyword = value.parent if value is not None else None
    if keyword is None or keyword.kind is not K.KWARG or keyword.text != "verify":
        return None
    value, args = keyword.get("value"), keyword.parent
    outer = args.parent if args is not None else None
    if value is None or value.text != "false" or outer is None or outer.kind is not K.CALL:
        return None
    name = scene.resolver.callee(outer, scene.unit_of(outer), scene.statement_idx(outer))
    return keyword if name.partition(".")[0] in _DEFAULTS_TO_TRUE else None


def _check_context(scene: Scene, holder: Node) -> Iterator[Edit]:
    """Both fields of an `ssl.SSLContext`, which refuses a host name check without a certificate check.

    https://docs.python.org/3/library/ssl.html#ssl.SSLContext.check_hostname
    """
    owner = dotted_name(need(holder.get("target"), K.MEMBER).get("obj"))
    block = statement_of(holder).parent
    if not owner or block is None:
        raise Declined("expected a named context")
    for statement in block.children:
        if statement.kind is not K.ASSIGN or dotted_name(need(statement.get("target")).get("obj")) != owner:
            continue
        name, value = holder_name(statement), need(statement.get("value"))
        old, new = _CONTEXT_FIELDS.get(name, ("", ""))
        if value.kind is K.MEMBER and value.text == old:
            yield scene.rename_member(value, new)
        elif scene.text(value) == old:
            yield scene.replace(value, new)


def _drop_callback(scene: Scene, holder: Node) -> list[Edit]:
    """The assignment of a callback that accepts every certificate, gone: the platform's own check is the default."""
    parent = need(holder.parent)
    if holder.kind is K.PAIR and parent.kind is K.DICT:
        return remove_item(scene, parent, holder)
    statement = statement_of(holder)
    if statement is not holder:
        raise Declined("expected the assignment to be a statement")
    return remove_statement(scene, statement)


def _drop_java_hook(scene: Scene) -> list[Edit]:
    call = scene.anchor(K.CALL)
    if not scene.has_api(*_JAVA_HOOKS) or need(call.get("callee")).text not in _JAVA_HOOKS:
        raise Declined("expected a host name verifier")
    if statement_of(call) is not call:
        raise Declined("expected the call to be a statement")
    if find_argument(call, 0) is None or need(find_argument(call, 0)).kind is not K.LAMBDA:
        raise Declined("expected a verifier written in place")
    return remove_statement(scene, call)
