"""Old TLS versions and XML features: replaced where they are named, or switched off where they were left on."""

from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import insert_after, remove_item, statement_of
from graph_model.edits.scene import Scene, mentions, need
from graph_model.edits.settings import CLEARTEXT, ENTITIES, rewrite
from graph_model.kinds import FUNCTION_KINDS
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_METHODS = ("SSLv2", "SSLv3", "SSLv23", "TLSv1", "TLSv1_1")
_MODERN = {
    Family.PYTHON: {
        **dict.fromkeys(("PROTOCOL_SSLv2", "PROTOCOL_SSLv3", "PROTOCOL_TLSv1", "PROTOCOL_TLSv1_1"), "PROTOCOL_TLSv1_2"),
        **dict.fromkeys(("SSLv2_METHOD", "SSLv3_METHOD", "TLSv1_METHOD", "TLSv1_1_METHOD"), "TLSv1_2_METHOD"),
        **dict.fromkeys(("SSLv2", "SSLv3", "TLSv1", "TLSv1_1", "MINIMUM_SUPPORTED"), "TLSv1_2"),
    },
    Family.JAVASCRIPT: {
        **dict.fromkeys(("TLSv1", "TLSv1.0", "TLSv1.1", "SSLv3", "SSLv2"), "TLSv1.2"),
        **{f"{old}{side}method": f"TLSv1_2{side}method" for old in _METHODS for side in ("_", "_client_", "_server_")},
    },
    Family.JAVA: {
        **dict.fromkeys(("SSL", "SSLv2", "SSLv3", "TLSv1", "TLSv1.1"), "TLSv1.2"),
        **dict.fromkeys(("SSL_3_0", "TLS_1_0", "TLS_1_1"), "TLS_1_2"),
    },
    Family.CSHARP: dict.fromkeys(("Ssl2", "Ssl3", "Tls", "Tls11", "Default"), "Tls12"),
}  # fmt: skip
_OWNERS = frozenset({"SslProtocols", "SecurityProtocolType", "TlsVersion"})
_SCHEMES = {"http://": "https://", "ws://": "wss://", "ldap://": "ldaps://"}
_DISALLOW_DOCTYPE = "http://apache.org/xml/features/disallow-doctype-decl"


def modern_tls(scene: Scene) -> list[Edit]:
    """TLS 1.2 where an older version is named; the older ones dropped where a newer is named beside them."""
    old = _MODERN[scene.family]
    top = scene.holder() or scene.anchor(K.CALL, K.NEW)
    lists = [n for n in top.walk() if n.kind is K.LIST and n.children and all(c.kind is K.STRING for c in n.children)]
    if lists:
        return _filter_list(scene, lists[0], old)
    flags = next((n for n in top.walk() if n.kind is K.BINARY and n.text == "|"), None)
    if flags is not None:
        return _filter_flags(scene, flags, old)
    named = [n for n in top.walk() if n.kind in (K.MEMBER, K.STRING) and n.text in old and _is_version(scene, n)]
    if len(named) != 1:
        raise Declined("expected one old version by name")
    node, new = named[0], old[named[0].text]
    return [scene.replace_content(node, new) if node.kind is K.STRING else scene.rename_member(node, new)]


def _is_version(scene: Scene, node: Node) -> bool:
    if node.kind is K.STRING:
        return scene.family in (Family.JAVASCRIPT, Family.JAVA) and node.field != "key"
    return scene.family in (Family.PYTHON, Family.JAVASCRIPT) or need(node.get("obj")).text in _OWNERS


def _filter_list(scene: Scene, literal: Node, old: dict[str, str]) -> list[Edit]:
    """Array items: old versions removed, or the last of them replaced when no other is left."""
    weak = [c for c in literal.children if c.text in old]
    if not weak:
        raise Declined("expected an old version in the list")
    if len(weak) == len(literal.children):
        kept = scene.replace_content(weak[0], "TLSv1.2")
        return [kept, Edit(weak[0].end, weak[-1].end, b"")] if len(weak) > 1 else [kept]
    if len(weak) == 1:
        return remove_item(scene, literal, weak[0])
    strong = ", ".join(scene.text(c) for c in literal.children if c.text not in old)
    return [Edit(literal.children[0].start, literal.children[-1].end, strong.encode())]


def _filter_flags(scene: Scene, flags: Node, old: dict[str, str]) -> list[Edit]:
    parts: list[Node] = []
    node = flags
    while node.kind is K.BINARY and node.text == "|":
        parts.insert(0, need(node.get("right")))
        node = need(node.get("left"))
    parts.insert(0, node)
    if any(p.kind is not K.MEMBER or not _is_version(scene, p) for p in parts):
        raise Declined("expected versions joined by |")
    kept = [scene.text(p) for p in parts if p.text not in old]
    if not kept:
        kept = [scene.text(parts[0])[: -len(parts[0].text)] + "Tls12"]
    return [scene.replace(flags, " | ".join(kept))]


def encrypt_transport(scene: Scene) -> list[Edit]:
    """A switch turned, or the scheme of an address that is written in the call."""
    call = next((n for n in scene.anchors if n.kind in (K.CALL, K.NEW)), None)
    for argument in scene.arguments(call) if call is not None else ():
        value = argument.get("value") if argument.kind is K.KWARG else argument
        if value is None or value.kind not in (K.STRING, K.TEMPLATE):
            continue
        content = value.children[0].start if value.children else value.start + scene.text(value).index(value.text[:1])
        for old, new in _SCHEMES.items():
            host = scene.between(content + len(old), content + len(old) + 1)
            if scene.source.startswith(old.encode(), content) and host.isalnum():
                return [Edit(content, content + len(old), new.encode())]
    return rewrite(CLEARTEXT)(scene)


def external_entities_off(scene: Scene) -> list[Edit]:
    """The feature turned, the resolver taken away, or document types refused by a factory that was left as it came."""
    if scene.family is Family.JAVA:
        return _java_entities(scene)
    holder = scene.holder()
    if scene.family is Family.CSHARP and holder is not None:
        value = need(holder.get("value"))
        if value.kind is K.NEW and need(value.get("callee")).text.endswith("XmlUrlResolver"):
            return [scene.replace(value, "null")]
    return rewrite(ENTITIES)(scene)


def _java_entities(scene: Scene) -> list[Edit]:
    """https://cheatsheetseries.owasp.org/cheatsheets/XML_External_Entity_Prevention_Cheat_Sheet.html#java"""
    call = scene.anchor(K.CALL)
    if scene.has_api("setFeature"):
        feature, value = scene.argument(call, 0), need(scene.argument(call, 1), K.BOOL)
        wanted = (
            "true" if "disallow-doctype" in scene.text(feature) or "FEATURE_SECURE" in scene.text(feature) else "false"
        )
        if value.text == wanted:
            raise Declined("expected the dangerous value")
        return [scene.replace(value, wanted)]
    if scene.has_api("XMLInputFactory.newInstance", "XMLInputFactory.newFactory"):
        variable, statement = _declared(call)
        owner = scene.text(need(need(call.get("callee")).get("obj")))
        return insert_after(scene, statement, f"{variable.text}.setProperty({owner}.SUPPORT_DTD, false);")
    if not scene.has_api("DocumentBuilderFactory.newInstance"):
        return rewrite(ENTITIES)(scene)
    variable, statement = _declared(call)
    building = [n for n in need(statement.parent).walk() if n.kind is K.MEMBER and n.text == "newDocumentBuilder"]
    caught = [_try_around(n) for n in building if mentions(n, variable.text)]
    if _try_around(statement) not in caught:  # both throw the same exception
        raise Declined("expected a factory that builds where it is declared")
    return insert_after(scene, statement, f'{variable.text}.setFeature("{_DISALLOW_DOCTYPE}", true);')


def _try_around(node: Node) -> Node | None:
    """The innermost try whose body a node is in, inside its function."""
    above: Node | None = node
    while above is not None and above.kind not in FUNCTION_KINDS:
        if above.kind is K.BLOCK and above.field == "body" and above.parent is not None and above.parent.kind is K.TRY:
            return above.parent
        above = above.parent
    return None


def _declared(call: Node) -> tuple[Node, Node]:
    """The variable that a factory is declared as, and the declaration."""
    declarator = need(call.parent, K.DECLARATOR)
    statement = need(statement_of(declarator), K.DECL)
    if len(statement.children) != 1:
        raise Declined("expected a declaration of one factory")
    return need(declarator.get("target"), K.NAME), statement
