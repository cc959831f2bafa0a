"""Cookie attributes: `secure` and `httponly` turned on, or added where a cookie is made without them."""

from collections.abc import Callable

from graph_model.conditions import find_argument, find_key, has_spread
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import append_item, insert_after, statement_of
from graph_model.edits.scene import Scene, mentions, need
from graph_model.edits.settings import COOKIES_HTTPONLY, COOKIES_SECURE, Rule, rewrite
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node

_NAMES = {
    "secure": {Family.PYTHON: "secure", Family.JAVASCRIPT: "secure", Family.JAVA: "setSecure", Family.CSHARP: "Secure"},
    "httponly": {
        Family.PYTHON: "httponly",
        Family.JAVASCRIPT: "httpOnly",
        Family.JAVA: "setHttpOnly",
        Family.CSHARP: "HttpOnly",
    },
}


def secure_cookie(scene: Scene) -> list[Edit]:
    """A cookie that only travels over TLS."""
    return _set_attribute(scene, "secure", COOKIES_SECURE)


def httponly_cookie(scene: Scene) -> list[Edit]:
    """A cookie that scripts cannot read."""
    return _set_attribute(scene, "httponly", COOKIES_HTTPONLY)


def _set_attribute(scene: Scene, attribute: str, rules: tuple[Rule, ...]) -> list[Edit]:
    try:
        return rewrite(rules)(scene)
    except Declined:
        return _ADDERS[scene.family](scene, _NAMES[attribute][scene.family])


def _add_python(scene: Scene, name: str) -> list[Edit]:
    call = scene.anchor(K.CALL)
    args = need(call.get("args"), K.ARGS)
    value = find_argument(call, name)
    if value is not None and value.kind is K.NULL:
        return [scene.replace(value, "True")]
    if value is not None or has_spread(call) or not scene.has_api("set_cookie", "set_signed_cookie"):
        raise Declined("expected set_cookie without the argument")
    if sum(a.kind is not K.KWARG for a in args.children) > 3:
        raise Declined("expected keyword arguments")
    return append_item(scene, args, f"{name}=True")


def _add_javascript(scene: Scene, name: str) -> list[Edit]:
    """`res.cookie(name, value, {...})`, and literals of options in other calls."""
    call = scene.anchor(K.CALL, K.NEW)
    args = need(call.get("args"), K.ARGS)
    method = need(call.get("callee"), K.MEMBER).text
    if method == "setHeader" and len(args.children) == 2:
        return _add_to_header(scene, args.children, name)
    if has_spread(call) or method not in ("cookie", "setCookie", "set"):
        raise Declined("expected res.cookie")
    if len(args.children) == 2:
        return append_item(scene, args, f"{{ {name}: true }}")
    options = need(find_argument(call, 2), K.DICT)
    if find_key(options, name) is not None or any(c.kind is K.SPREAD for c in options.children):
        raise Declined("expected options without the key")
    return append_item(scene, options, f"{name}: true")


def _add_to_header(scene: Scene, arguments: list[Node], name: str) -> list[Edit]:
    """`res.setHeader("Set-Cookie", "a=1; Secure")`."""
    header, value = need(arguments[0], K.STRING), need(arguments[1], K.STRING)
    if header.text.lower() != "set-cookie" or not value.text:
        raise Declined("expected a Set-Cookie header")
    return [scene.insert(value.end - 1, f"; {name[0].upper()}{name[1:]}")]


def _add_java(scene: Scene, name: str) -> list[Edit]:
    """`cookie.setSecure(true);` after the declaration of the cookie."""
    created = scene.anchor(K.NEW, K.CALL)
    if scene.has_api("ResponseCookie.from"):
        return [scene.insert(created.end, f".{name[3].lower()}{name[4:]}(true)")]
    declarator = need(need(created, K.NEW).parent, K.DECLARATOR)
    variable = need(declarator.get("target"), K.NAME)
    statement = statement_of(declarator)
    if statement is not declarator.parent or len(statement.children) != 1 or statement.kind is not K.DECL:
        raise Declined("expected a declaration of one variable")
    return insert_after(scene, statement, f"{variable.text}.{name}(true);")


def _add_csharp(scene: Scene, name: str) -> list[Edit]:
    """`new CookieOptions { Secure = true }`."""
    created = scene.anchor(K.NEW)
    init = created.get("init")
    if init is not None:
        if find_key(init, name) is not None:
            raise Declined("expected an initialiser without the property")
        return append_item(scene, init, f"{name} = true")
    if _is_set_later(scene, created, name):
        raise Declined("expected nothing that sets the property later")
    args = need(created.get("args"), K.ARGS)
    if scene.text(args) == "()" and need(created.get("callee")).text.endswith("CookieOptions"):
        return [
            scene.replace(
                args, f" {{ {name} = true }}" if scene.text(created).startswith("new C") else f"() {{ {name} = true }}"
            )
        ]
    if scene.has_api("CookieOptions", "HttpCookie"):
        return [scene.insert(created.end, f" {{ {name} = true }}")]
    raise Declined("expected the options of a cookie")


def _is_set_later(scene: Scene, created: Node, name: str) -> bool:
    declarator = created.parent
    target = declarator.get("target") if declarator is not None else None
    if target is None or target.kind is not K.NAME:
        return False
    block = statement_of(created).parent
    assigned = [n for n in block.walk() if n.kind is K.ASSIGN] if block is not None else []
    return any(
        holder.kind is K.MEMBER and holder.text == name and mentions(holder, target.text)
        for holder in (n.get("target") for n in assigned)
        if holder is not None
    )


_ADDERS: dict[Family, Callable[[Scene, str], list[Edit]]] = {
    Family.PYTHON: _add_python,
    Family.JAVASCRIPT: _add_javascript,
    Family.JAVA: _add_java,
    Family.CSHARP: _add_csharp,
}
