"""Dangerous literals turned into harmless ones: flags, versions, algorithm names, key sizes, iteration counts.

One table of rules; anything that is more than another literal in the same place has its own module.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from graph_model.conditions import find_argument, find_key
from graph_model.edits.imports import swap_python_name
from graph_model.edits.model import Declined, Edit
from graph_model.edits.scene import Scene
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value may be turned into.

    `names`: properties, keyword arguments or keys that hold it. `positions`: API name -> positional argument that holds
    it. `values`: what it is now (a boolean, number or string as the language's literal reads, or the last name of
    `a.b.NAME`) -> the literal's or name's new text. `owners`: names that `NAME` may be a member of; empty: any.
    """

    family: Family
    values: Mapping[str, str]
    names: frozenset[str] = frozenset()
    positions: Mapping[str, int] = field(default_factory=dict)
    owners: frozenset[str] = frozenset()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ON, _OFF = {"false": "true"}, {"true": "false"}
_PY, _JS, _JAVA, _CS = Family.PYTHON, Family.JAVASCRIPT, Family.JAVA, Family.CSHARP

VERIFICATION = (
    Rule(
        _PY, _ON, _names("verify verify_ssl ssl_verify verify_certs validate_certs validate_cert VERIFY_SSL SSL_VERIFY")
    ),
    Rule(_PY, _OFF, _names("disable_ssl_certificate_validation tlsAllowInvalidCertificates tlsInsecure")),
    Rule(_PY, {"CERT_NONE": "CERT_REQUIRED"}, _names("cert_reqs ssl_cert_reqs tls_cert_reqs"), {"wrap_socket": 3}),
    Rule(
        _PY, {"_create_unverified_context": "create_default_context"}, _names("_create_default_https_context context")
    ),
    Rule(_JS, _ON, _names("rejectUnauthorized strictSSL")),
    Rule(_JS, _OFF, _names("acceptInsecureCerts trustServerCertificate")),
    Rule(_JAVA, _ON, positions={"validateTLSCertificates": 0}),
    Rule(_CS, _OFF, _names("ValidateAnyCertificate TrustServerCertificate")),
    Rule(_JS, {"0": "1"}, _names("NODE_TLS_REJECT_UNAUTHORIZED")),
    Rule(_CS, _ON, _names("CheckCertificateRevocationList")),
    Rule(_CS, {"NoCheck": "Online"}, _names("RevocationMode"), owners=_names("X509RevocationMode")),
    Rule(
        _CS, {"None": "ChainTrust"}, _names("CertificateValidationMode"), owners=_names("X509CertificateValidationMode")
    ),
)
SIGNATURES = (
    Rule(_PY, _ON, _names("verify_signature")),
    Rule(_JS, _OFF, _names("ignoreExpiration")),
    Rule(_CS, _ON, _names("ValidateIssuerSigningKey RequireSignedTokens RequireExpirationTime ValidateLifetime")),
)
DEBUG = (
    Rule(
        _PY,
        _OFF,
        _names("debug DEBUG TEMPLATE_DEBUG DEBUG_PROPAGATE_EXCEPTIONS FLASK_DEBUG use_debugger"),
        {"FastAPI": 0, "run": 2},
    ),
    Rule(_JAVA, _OFF, _names("debug"), {"debug": 0}),
)
COOKIES_SECURE = (
    Rule(
        _PY,
        _ON,
        _names(
            "secure SESSION_COOKIE_SECURE REMEMBER_COOKIE_SECURE JWT_COOKIE_SECURE "
            "CSRF_COOKIE_SECURE LANGUAGE_COOKIE_SECURE"
        ),
    ),
    Rule(_JS, _ON, _names("secure isSecure")),
    Rule(_JAVA, _ON, positions={"setSecure": 0, "secure": 0, "setUseSecureCookie": 0, "NewCookie": 6}),
    Rule(_CS, _ON, _names("Secure")),
    Rule(
        _CS,
        {"None": "Always", "SameAsRequest": "Always"},
        _names("SecurePolicy Secure"),
        owners=_names("CookieSecurePolicy"),
    ),
)
COOKIES_HTTPONLY = (
    Rule(_PY, _ON, _names("httponly SESSION_COOKIE_HTTPONLY REMEMBER_COOKIE_HTTPONLY CSRF_COOKIE_HTTPONLY")),
    Rule(_JS, _ON, _names("httpOnly isHttpOnly")),
    Rule(_JAVA, _ON, positions={"setHttpOnly": 0, "httpOnly": 0, "setUseHttpOnlyCookie": 0, "NewCookie": 7}),
    Rule(_CS, _ON, _names("HttpOnly")),
    Rule(_CS, {"None": "Always"}, _names("HttpOnly"), owners=_names("HttpOnlyPolicy")),
)
CSRF = (
    Rule(
        _PY,
        _ON,
        _names(
            "WTF_CSRF_ENABLED WTF_CSRF_CHECK_DEFAULT JWT_COOKIE_CSRF_PROTECT CSRF_ENABLED csrf csrf_enabled meta_csrf"
            " require_csrf xsrf_cookies"
        ),
    ),
)
CLEARTEXT = (
    Rule(_PY, _ON, _names("SECURE_SSL_REDIRECT EMAIL_USE_TLS")),
    Rule(_PY, _ON, _names("use_ssl use_tls")),
    Rule(_PY, {"http": "https"}, _names("PREFERRED_URL_SCHEME")),
    Rule(_CS, _ON, _names("EnableSsl useSsl SecureSocketLayer RequireHttpsMetadata")),
)
AUTOESCAPE = (
    Rule(_PY, _ON, _names("autoescape escape")),
    Rule(_PY, _OFF, _names("unsafe_allow_html")),
    Rule(_PY, {"null": '"xhtml_escape"'}, _names("autoescape")),
    Rule(_JS, _ON, _names("autoescape autoEscape")),
    Rule(_JS, _OFF, _names("noEscape")),
)
HOST_KEYS = (
    Rule(
        _PY,
        {"AutoAddPolicy": "RejectPolicy", "WarningPolicy": "RejectPolicy"},
        positions={"set_missing_host_key_policy": 0},
    ),
    Rule(_PY, _ON, _names("ssh_strict strict_host_key_checking host_key_checking")),
    Rule(_JAVA, {"no": "yes"}, positions={"setProperty": 1, "put": 1, "setConfig": 1}),
)
LOADERS = (
    Rule(
        _CS,
        dict.fromkeys(("All", "Auto", "Objects", "Arrays"), "None"),
        _names("TypeNameHandling"),
        owners=_names("TypeNameHandling"),
    ),
)
UNSAFE_FLAGS = (
    Rule(_PY, {"pickle": "json", "yaml": "json"}, _names("task_serializer result_serializer accept_content")),
    Rule(
        _PY,
        {"django.contrib.sessions.serializers.PickleSerializer": "django.contrib.sessions.serializers.JSONSerializer"},
        _names("SESSION_SERIALIZER"),
    ),
    Rule(_PY, _OFF, _names("allow_pickle"), {"numpy.load": 2}),
    Rule(_PY, _ON, _names("weights_only")),
    Rule(_PY, {"unsafe": "safe"}, _names("typ")),
    Rule(_CS, _OFF, _names("EnableUnsafeBinaryFormatterSerialization")),
)
ENTITIES = (
    Rule(_PY, _OFF, _names("resolve_entities load_dtd"), {"setFeature": 1}),
    Rule(_PY, _ON, _names("no_network forbid_entities forbid_external")),
    Rule(_JS, _OFF, _names("noent")),
    Rule(_JAVA, _OFF, positions={"setProperty": 1, "setExpandEntityReferences": 0, "setXIncludeAware": 0}),
    Rule(_CS, {"Parse": "Prohibit"}, _names("DtdProcessing"), owners=_names("DtdProcessing")),
    Rule(_CS, _ON, _names("ProhibitDtd")),
    Rule(_CS, _OFF, _names("EnableScript EnableDocumentFunction")),
)
ITERATIONS = (
    Rule(_PY, {"*": "600000"}, _names("iterations"), {"hashlib.pbkdf2_hmac": 3}),
    Rule(_JS, {"*": "600000"}, positions={"pbkdf2": 2, "pbkdf2Sync": 2}),
    Rule(_JAVA, {"*": "600000"}, positions={"PBEKeySpec": 2, "PBEParameterSpec": 1}),
    Rule(
        _CS, {"*": "600000"}, _names("iterations iterationCount IterationCount"), {"Rfc2898DeriveBytes": 2, "Pbkdf2": 3}
    ),
    Rule(_PY, {"*": "12"}, _names("rounds"), {"bcrypt.gensalt": 0}),
    Rule(
        _JS,
        {"*": "12"},
        positions={"bcrypt.hash": 1, "bcrypt.hashSync": 1, "bcrypt.genSalt": 0, "bcrypt.genSaltSync": 0},
    ),
    Rule(_JAVA, {"*": "12"}, positions={"BCrypt.gensalt": 0, "BCryptPasswordEncoder": 0}),
    Rule(_CS, {"*": "12"}, _names("workFactor"), {"GenerateSalt": 0, "HashPassword": 1}),
    Rule(_CS, {"IdentityV2": "IdentityV3"}, _names("CompatibilityMode")),
)
KEY_SIZES = (
    Rule(
        _PY,
        {"*": "2048"},
        _names("key_size bits nbits"),
        {"generate": 0, "newkeys": 0, "generate_private_key": 1, "generate_key": 1},
    ),
    Rule(_JS, {"*": "2048"}, _names("modulusLength b")),
    Rule(_JAVA, {"*": "2048"}, positions={"KeyPairGenerator.initialize": 0, "RSAKeyGenParameterSpec": 0}),
    Rule(
        _CS,
        {"*": "2048"},
        _names("KeySize keySizeInBits dwKeySize keySize"),
        {"RSA.Create": 0, "RSACryptoServiceProvider": 0, "RSACng": 0},
    ),
)


def rewrite(rules: tuple[Rule, ...]) -> Callable[[Scene], list[Edit]]:
    """A template that turns every dangerous value of the candidate into its harmless counterpart by these rules."""

    def template(scene: Scene) -> list[Edit]:
        edits = [
            edit
            for rule in rules
            if rule.family is scene.family
            for value in _values(scene, rule)
            for edit in rewrite_value(scene, value, rule)
        ]
        if not edits:
            raise Declined("expected a literal that a rule knows")
        return list(dict.fromkeys(edits))

    return template


def _values(scene: Scene, rule: Rule) -> Iterator[Node]:
    """The expressions that hold the rule's value: the property's own, or arguments and options of the call."""
    holder = scene.holder()
    if holder is not None:
        value = holder.get("value")
        if value is not None and holder_name(holder) in rule.names:
            yield value
        return
    call = scene.anchor(K.CALL, K.NEW, K.DECORATOR)
    args = call.get("args")
    for name in sorted(rule.names):
        found = find_argument(call, name)
        if found is not None:
            yield found
        for argument in args.children if args is not None else ():
            literal = argument.get("value") if argument.kind is K.KWARG else argument
            option = find_key(literal, name) if literal is not None and literal.kind is K.DICT else None
            if option is not None:
                yield option
    for api, position in rule.positions.items():
        found = find_argument(call, position) if scene.has_api(api) else None
        if found is not None:
            yield found


def holder_name(holder: Node) -> str:
    """The name that a property, key, keyword or assignment sets."""
    if holder.kind in (K.KWARG, K.ATTRIBUTE):
        return holder.text
    if holder.kind is K.PAIR:
        key = holder.get("key")
        return holder.text or (key.text if key is not None else "")
    target = holder.get("target") or holder.get("name")
    if target is not None and target.kind is K.INDEX:
        key = target.get("key")
        return key.text if key is not None else ""
    return target.text if target is not None else ""


def rewrite_value(scene: Scene, value: Node, rule: Rule) -> list[Edit]:
    """The edit that mends one value; none when the rule does not know what it is now."""
    if value.kind in (K.CALL, K.NEW):  # an instance of the class that the rule names
        callee = value.get("callee")
        return rewrite_value(scene, callee, rule) if callee is not None and callee.kind in (K.MEMBER, K.NAME) else []
    if value.kind is K.LIST:
        return [edit for item in value.children for edit in rewrite_value(scene, item, rule)]
    if value.kind is K.INT and "*" in rule.values:
        return [scene.replace(value, rule.values["*"])]
    new = rule.values.get("null" if value.kind is K.NULL else value.text)
    if new is None:
        return []
    if value.kind is K.BOOL:
        return [scene.replace(value, new.capitalize() if scene.family is Family.PYTHON else new)]
    if value.kind in (K.INT, K.NULL):
        return [scene.replace(value, new)]
    if value.kind is K.STRING:
        return [scene.replace_content(value, new)]
    if value.kind is K.MEMBER and _belongs(value, rule.owners):
        return [scene.rename_member(value, new)]
    imported = scene.program.imports.get(value.text, "") if value.kind is K.NAME else ""
    if scene.family is Family.PYTHON and imported.endswith(f".{value.text}"):
        return swap_python_name(scene, value, imported.rpartition(".")[0], new)
    return []


def _belongs(member: Node, owners: frozenset[str]) -> bool:
    obj = member.get("obj")
    return not owners or (obj is not None and obj.text in owners)
