"""Kinds of foreign data, and which of them can do a sink's harm."""

from graph_model.origins import SinkRecord

LOCAL_KINDS = frozenset({"command-line", "environment", "stdin", "file", "database"})
_SPECIAL_KINDS = frozenset({"archive-entry", "exception"})  # harmful only where a sink asks for them
_FOREIGN = "foreign"  # seen to come from outside: no open parameter
_REMOTE = "remote"  # seen to come from another party
_OPERATOR_KINDS = frozenset({"command-line", "environment", "stdin"})
_LOG = "security/log-injection"
_CODE = "security/code-injection"
_FILE = "file"
_OPERATORS = "security/nosql-injection"
_OF_OTHERS = frozenset(  # harmless where the one who runs the program chooses the data
    {
        _LOG,
        "security/server-side-request-forgery",
        "security/open-redirect",
        "security/regex-injection",
    }
)


def suits(kind: str, sink: SinkRecord, *, is_source: bool) -> bool:
    """Whether foreign data of this kind, or an open parameter, can do the sink's harm."""
    kind = kind if is_source else ""
    if sink.source_kind == _REMOTE:
        return is_source and kind not in LOCAL_KINDS | _SPECIAL_KINDS
    if sink.source_kind == _FOREIGN:
        return is_source and kind not in _SPECIAL_KINDS
    if kind in _OPERATOR_KINDS and sink.label in _OF_OTHERS:
        return False
    if kind in LOCAL_KINDS and sink.label == _OPERATORS:
        return False  # what the program keeps was let in as a value before
    if kind == _FILE and sink.label == _CODE:
        return False  # what a program reads of its own files to run is a part of the program
    if sink.source_kind:
        return kind == sink.source_kind
    return kind not in _SPECIAL_KINDS and (is_source or sink.label != _LOG)  # an open parameter harms no log entry
