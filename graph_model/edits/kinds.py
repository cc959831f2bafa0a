"""The kinds of fixes there are: one table, and the template of each."""

from collections.abc import Callable, Mapping

from graph_model.edits.comparison import constant_time_comparison
from graph_model.edits.cookies import httponly_cookie, secure_cookie
from graph_model.edits.files import secure_temporary_file, tight_file_mode
from graph_model.edits.functions import add_await, mutable_default
from graph_model.edits.hashing import strong_hash
from graph_model.edits.hoisting import hoist_out_of_loop
from graph_model.edits.joining import collect_text
from graph_model.edits.loading import filtered_extraction, safe_loader
from graph_model.edits.markup import escape_templates, text_content
from graph_model.edits.model import Edit, FixKind, Safety
from graph_model.edits.protocols import encrypt_transport, external_entities_off, modern_tls
from graph_model.edits.queries import parameterised_query
from graph_model.edits.randomness import strong_random
from graph_model.edits.scene import Scene
from graph_model.edits.sequences import drop_materialisation, existence_check
from graph_model.edits.settings import (
    CSRF,
    DEBUG,
    ITERATIONS,
    KEY_SIZES,
    LOADERS,
    rewrite,
)
from graph_model.edits.verification import verify_certificates, verify_host_key, verify_signature
from graph_model.languages import Family

Template = Callable[[Scene], list[Edit]]

_PY, _JS, _JAVA, _CS = Family.PYTHON, Family.JAVASCRIPT, Family.JAVA, Family.CSHARP
_ALL = (_PY, _JS, _JAVA, _CS)
_SAFE, _UNSAFE = Safety.SAFE, Safety.UNSAFE

_TABLE: tuple[tuple[FixKind, Template], ...] = (
    (
        FixKind(
            "type-name-handling",
            (_CS,),
            ("security/unsafe-deserialization",),
            "TypeNameHandling.None: no type is taken from the text",
            _UNSAFE,
        ),
        rewrite(LOADERS),
    ),
    (
        FixKind(
            "safe-loader",
            (_PY, _JAVA, _CS),
            ("security/unsafe-deserialization",),
            "a loader that reads plain data only (yaml.safe_load, SafeConstructor, weights_only)",
            _UNSAFE,
        ),
        safe_loader,
    ),
    (
        FixKind(
            "strong-hash",
            _ALL,
            ("security/weak-hash",),
            "SHA-256 for MD5 and SHA-1; digests that are stored change",
            _UNSAFE,
        ),
        strong_hash,
    ),
    (
        FixKind(
            "verify-certificates",
            _ALL,
            ("security/disabled-certificate-verification",),
            "certificate and host name checks on again",
            _UNSAFE,
        ),
        verify_certificates,
    ),
    (
        FixKind(
            "verify-signature",
            (_PY, _JS, _CS),
            ("security/disabled-signature-verification",),
            "token signatures and lifetimes checked again",
            _UNSAFE,
        ),
        verify_signature,
    ),
    (
        FixKind(
            "verify-host-key",
            (_PY, _JAVA),
            ("security/unverified-host-key",),
            "unknown SSH host keys refused",
            _UNSAFE,
        ),
        verify_host_key,
    ),
    (
        FixKind(
            "modern-tls",
            _ALL,
            ("security/weak-tls-version",),
            "TLS 1.2 where an older version is named",
            _UNSAFE,
        ),
        modern_tls,
    ),
    (
        FixKind(
            "tls-on",
            (_PY, _CS),
            ("security/cleartext-transmission",),
            "a switch that turns encryption on",
            _UNSAFE,
        ),
        encrypt_transport,
    ),
    (
        FixKind(
            "secure-cookie",
            _ALL,
            ("security/insecure-cookie",),
            "the Secure attribute set",
            _UNSAFE,
        ),
        secure_cookie,
    ),
    (
        FixKind(
            "httponly-cookie",
            _ALL,
            ("security/cookie-without-httponly",),
            "the HttpOnly attribute set",
            _UNSAFE,
        ),
        httponly_cookie,
    ),
    (
        FixKind(
            "csrf-protection-on",
            (_PY,),
            ("security/disabled-csrf-protection",),
            "a switch that turns the protection on",
            _UNSAFE,
        ),
        rewrite(CSRF),
    ),
    (
        FixKind(
            "autoescape-on",
            (_PY, _JS),
            ("security/unescaped-template",),
            "templates escape what they show",
            _UNSAFE,
        ),
        escape_templates,
    ),
    (
        FixKind(
            "text-content",
            (_JS,),
            ("security/dom-cross-site-scripting", "security/cross-site-scripting", "security/unescaped-template"),
            "textContent instead of innerHTML where no literal has markup",
            _UNSAFE,
        ),
        text_content,
    ),
    (
        FixKind(
            "parameterised-query",
            _ALL,
            ("security/sql-injection",),
            "values passed beside the query instead of built into it",
            _SAFE,
        ),
        parameterised_query,
    ),
    (
        FixKind(
            "external-entities-off",
            _ALL,
            ("security/xml-external-entity",),
            "document types and external entities refused",
            _UNSAFE,
        ),
        external_entities_off,
    ),
    (
        FixKind(
            "filtered-extraction",
            (_PY,),
            ("security/archive-path-traversal",),
            'tar archives unpacked with filter="data"',
            _UNSAFE,
        ),
        filtered_extraction,
    ),
    (
        FixKind(
            "constant-time-comparison",
            _ALL,
            ("security/timing-comparison",),
            "the platform's comparison in equal time; it raises for values that are no text",
            _UNSAFE,
        ),
        constant_time_comparison,
    ),
    (
        FixKind(
            "strong-random",
            _ALL,
            ("security/weak-random",),
            "the operating system's random source",
            _UNSAFE,
        ),
        strong_random,
    ),
    (
        FixKind(
            "more-iterations",
            _ALL,
            ("security/weak-password-hash",),
            "an iteration count of today; stored hashes must be made anew",
            _UNSAFE,
        ),
        rewrite(ITERATIONS),
    ),
    (
        FixKind(
            "longer-key",
            _ALL,
            ("security/short-key",),
            "2048 bits",
            _UNSAFE,
        ),
        rewrite(KEY_SIZES),
    ),
    (
        FixKind(
            "secure-temporary-file",
            (_PY, _JAVA),
            ("security/insecure-temporary-file",),
            "a file that exists as soon as its name is known, for its owner only",
            _UNSAFE,
        ),
        secure_temporary_file,
    ),
    (
        FixKind(
            "tight-file-mode",
            _ALL,
            ("security/file-permissions",),
            "no right for everyone, none to write for the group",
            _UNSAFE,
        ),
        tight_file_mode,
    ),
    (
        FixKind(
            "debug-off",
            (_PY, _JAVA),
            ("security/debug-enabled",),
            "debug mode switched off",
            _UNSAFE,
        ),
        rewrite(DEBUG),
    ),
    (
        FixKind(
            "hoist-out-of-loop",
            _ALL,
            ("performance/repeated-compilation", "performance/invariant-call-in-loop"),
            "work that gives the same in every round moved before the loop",
            _UNSAFE,
        ),
        hoist_out_of_loop,
    ),
    (
        FixKind(
            "drop-materialisation",
            _ALL,
            ("performance/needless-materialization", "performance/client-side-filter"),
            "the iterable itself instead of a collection made of it",
            _UNSAFE,
        ),
        drop_materialisation,
    ),
    (
        FixKind(
            "existence-check",
            (_PY, _JAVA, _CS),
            ("performance/count-for-existence",),
            "exists() or Any() instead of a count",
            _SAFE,
        ),
        existence_check,
    ),
    (
        FixKind(
            "collect-text",
            (_PY, _JAVA, _CS),
            ("performance/string-concatenation-in-loop",),
            "parts collected and joined once",
            _SAFE,
        ),
        collect_text,
    ),
    (
        FixKind(
            "add-await",
            (_PY, _JS, _CS),
            ("correctness/missing-await",),
            "the call awaited",
            _UNSAFE,
        ),
        add_await,
    ),
    (
        FixKind(
            "mutable-default",
            (_PY,),
            ("correctness/mutable-default-argument",),
            "None as the default, and a fresh value in every call",
            _UNSAFE,
        ),
        mutable_default,
    ),
)

FIX_KINDS: tuple[FixKind, ...] = tuple(kind for kind, _ in _TABLE)
"""Every kind of fix: name, languages, labels, what it does, and whether behaviour may change."""

TEMPLATES: Mapping[str, Template] = {kind.name: template for kind, template in _TABLE}
"""Kind -> what writes its edits: a list, or Declined raised."""
