"""Kinds of foreign data, and which of them can do a sink's harm."""

import re

from graph_model.origins import Origin, SinkRecord
from graph_model.packs.model import CONTEXT_FACT, ContextKind

LOCAL_KINDS = frozenset({"command-line", "environment", "stdin", "file", "database"})
_SPECIAL_KINDS = frozenset({"archive-entry", "exception"})  # harmful only where a sink asks for them
_FOREIGN = "foreign"  # seen to come from outside: no open parameter
_REMOTE = "remote"  # seen to come from another party
_REQUEST = "request"
_REQUEST_KINDS = frozenset({"http-parameter", "http-body", "cookie", "file-upload", "url"})  # a header is one line
_OPERATOR_KINDS = frozenset({"command-line", "environment", "stdin"})
_TEXT_KINDS = frozenset({"http-header", "cookie", "url"})  # always text, never an object
_STORED = "database"
_COMMANDS = "security/command-injection"
_IN_SCRIPT = f"{CONTEXT_FACT}{ContextKind.SCRIPT.value}"
_REGEX = "security/regex-injection"
_IS_PATTERN = re.compile(r"(?i)(?:regexp?|pattern|expr|expression)s?$")
_LOG = "security/log-injection"
_CODE = "security/code-injection"
_FILE = "file"
_REQUESTS = "security/server-side-request-forgery"
_PAGE = re.compile(r"(?:location|document|navigation|Element|localStorage|sessionStorage|jquery)\.")
_OPERATORS = "security/nosql-injection"
_OF_OTHERS = frozenset(  # harmless where the one who runs the program chooses the data
    {
        _LOG,
        "security/server-side-request-forgery",
        "security/open-redirect",
        "security/regex-injection",
    }
)
_OF_CALLERS = frozenset(  # harm done with what a caller sends: what the program stored is not claimed to be such
    {
        "security/archive-path-traversal",
        "security/command-injection",
        "security/cross-site-scripting",
        "security/dom-cross-site-scripting",
        "security/email-injection",
        "security/header-injection",
        "security/mass-assignment",
        "security/open-redirect",
        "security/path-traversal",
        "security/prototype-pollution",
        "security/regex-injection",
        "security/server-side-request-forgery",
        "security/template-injection",
        "security/unescaped-template",
        "security/unsafe-deserialization",
    }
)


def suits(kind: str, sink: SinkRecord, *, is_source: bool) -> bool:
    """Whether foreign data of this kind, or an open parameter, can do the sink's harm."""
    kind = kind if is_source else ""
    if _is_harmless(kind, sink):
        return False
    if sink.source_kind == _REMOTE:
        return is_source and kind not in LOCAL_KINDS | _SPECIAL_KINDS
    if sink.source_kind == _FOREIGN:
        return is_source and kind not in _SPECIAL_KINDS
    if sink.source_kind == _REQUEST:
        return is_source and kind in _REQUEST_KINDS
    if kind in _OPERATOR_KINDS and sink.label in _OF_OTHERS:
        return False
    if kind in LOCAL_KINDS and sink.label == _OPERATORS:
        return False  # what the program keeps was let in as a value before
    if kind == _FILE and sink.label == _CODE:
        return False  # what a program reads of its own files to run is a part of the program
    if sink.source_kind:
        return kind == sink.source_kind
    return kind not in _SPECIAL_KINDS and (is_source or sink.label != _LOG)  # an open parameter harms no log entry


def _is_harmless(kind: str, sink: SinkRecord) -> bool:
    """Whether data of this kind does the sink's label no harm, whatever the sink asks for."""
    if kind == _STORED and sink.label in _OF_CALLERS:
        return True
    if kind in LOCAL_KINDS | _TEXT_KINDS and sink.label == _OPERATORS:
        return True  # what the program keeps was let in as a value before; text holds no operators
    is_script = kind in _OPERATOR_KINDS and bool(dict(sink.facts).get(_IN_SCRIPT))
    return is_script and sink.label == _COMMANDS  # who starts a script could run the command as well


def is_asked_for(origin: Origin, sink: SinkRecord) -> bool:
    """Whether an open parameter is by its name the very thing that the sink reads: who calls gives a pattern."""
    return sink.label == _REGEX and _IS_PATTERN.search(origin.name) is not None


def is_of_page(origin: Origin, sink: SinkRecord) -> bool:
    """Whether a request made from a visitor's own page is blamed on the page: it reaches what the visitor can reach."""
    return sink.label == _REQUESTS and _PAGE.match(origin.name) is not None
