"""Certificate checks switched on again where that is more than another literal."""

from collections.abc import Iterator, Mapping

from graph_model.conditions import find_argument
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import remove_item, remove_statement, statement_of
from graph_model.edits.scene import Scene, need
from graph_model.edits.settings import HOST_KEYS, SIGNATURES, VERIFICATION, holder_name, rewrite
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node, dotted_name

_CALLBACKS = frozenset(
    {"ServerCertificateCustomValidationCallback", "ServerCertificateValidationCallback",
     "RemoteCertificateValidationCallback", "CertificateValidationCallback", "ServerCertificateCallback"}
)  # fmt: skip
_JAVA_HOOKS = ("setHostnameVerifier", "setDefaultHostnameVerifier", "setSSLHostnameVerifier", "hostnameVerifier")
_ACCEPT_ALL = frozenset({"NoopHostnameVerifier", "AllowAllHostnameVerifier", "SSLConnectionSocketFactory"})
_CONTEXT_FIELDS = {"check_hostname": ("False", "True"), "verify_mode": ("CERT_NONE", "CERT_REQUIRED")}
_DEFAULTS = {  # (library, argument) -> the value that switches off what is on by default
    ("requests", "verify"): "false",
    ("httpx", "verify"): "false",
    ("aiohttp", "ssl"): "false",
    ("aiohttp", "verify_ssl"): "false",
}


def verify_certificates(scene: Scene) -> list[Edit]:
    """The default check where switching it off was an argument or a hook of its own; else the flag turned."""
    if scene.family is Family.PYTHON:
        return _python(scene)
    if scene.family is Family.CSHARP:
        holder = next((n for n in scene.anchors if n.kind in (K.ASSIGN, K.AUG_ASSIGN, K.PAIR)), None)
        if holder is not None and holder_name(holder) in _CALLBACKS:
            return _drop_callback(scene, holder)
    if scene.family is Family.JAVA:
        return _java(scene)
    return rewrite(VERIFICATION)(scene)


def verify_signature(scene: Scene) -> list[Edit]:
    """Signatures and lifetimes of tokens checked, where the call has the key and the algorithms to do it."""
    call = next((n for n in scene.anchors if n.kind is K.CALL), None)
    if scene.family is Family.PYTHON:
        call = need(call)
        if find_argument(call, (1, "key")) is None or find_argument(call, (2, "algorithms")) is None:
            raise Declined("expected a key and algorithms")
        algorithms = need(find_argument(call, (2, "algorithms")))
        unsigned = [n for n in algorithms.children if n.kind is K.STRING and n.text.lower() == "none"]
        if algorithms.kind is K.LIST and len(unsigned) == 1 and len(algorithms.children) > 1:
            return remove_item(scene, algorithms, unsigned[0])
        flag = find_argument(call, "verify")
        if flag is not None and flag.kind is K.BOOL and flag.text == "false":
            return remove_item(scene, need(call.get("args")), need(flag.parent, K.KWARG))
    return rewrite(SIGNATURES)(scene)


def _python(scene: Scene) -> list[Edit]:
    call = next((n for n in scene.anchors if n.kind is K.CALL), None)
    if call is not None and scene.has_api("_create_unverified_context"):
        return [scene.rename_member(need(call.get("callee")), "create_default_context")]
    keyword = find_switch(scene, _DEFAULTS)
    if keyword is not None:
        return remove_item(scene, need(keyword.parent), keyword)
    holder = scene.holder()
    if holder is not None and holder.kind is K.ASSIGN and holder_name(holder) in _CONTEXT_FIELDS:
        return list(_check_context(scene, holder))
    return rewrite(VERIFICATION)(scene)


def find_switch(scene: Scene, defaults: Mapping[tuple[str, str], str]) -> Node | None:
    """The keyword argument that switches off a default of its library, None when the candidate has none."""
    anchor = next((n for n in scene.anchors if n.kind in (K.CALL, K.NEW, K.KWARG)), None)
    args = anchor.get("args") if anchor is not None and anchor.kind is not K.KWARG else None
    keywords = args.children if args is not None else [anchor] if anchor is not None else []
    for keyword in keywords:
        value, outer = keyword.get("value"), need(keyword.parent).parent
        if keyword.kind is not K.KWARG or value is None or outer is None or outer.kind not in (K.CALL, K.NEW):
            continue
        name = scene.resolver.callee(outer, scene.unit_of(outer), scene.statement_idx(outer))
        now = "null" if value.kind is K.NULL else value.text
        if defaults.get((name.partition(".")[0], keyword.text)) == now:
            return keyword
    return None


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


def _java(scene: Scene) -> list[Edit]:
    """A host name verifier that accepts every name, gone: a statement of its own, or a link of a builder's chain."""
    call = scene.anchor(K.CALL)
    callee = need(call.get("callee"), K.MEMBER)
    if callee.text not in _JAVA_HOOKS:
        return rewrite(VERIFICATION)(scene)
    verifier = need(find_argument(call, 0), K.LAMBDA, K.MEMBER)
    if verifier.kind is K.MEMBER and dotted_name(verifier.get("obj")).rpartition(".")[2] not in _ACCEPT_ALL:
        raise Declined("expected a verifier that accepts every name")
    if statement_of(call) is call and need(callee.get("obj")).kind in (K.NAME, K.MEMBER, K.THIS):
        return remove_statement(scene, call)
    builder = need(callee.get("obj"), K.CALL, K.NEW)
    return [Edit(builder.end, call.end, b"")]


def verify_host_key(scene: Scene) -> list[Edit]:
    """Unknown keys refused: the policy turned, or the argument that switched the check off taken away."""
    keyword = find_switch(scene, {("asyncssh", "known_hosts"): "null"})
    return remove_item(scene, need(keyword.parent), keyword) if keyword is not None else rewrite(HOST_KEYS)(scene)
