"""Calls that look a stored record up: what they are given decides which record it is, not what the record holds.

Told by names, for calls whose code is not at hand; where it is, `graph_model.linking` follows what it really returns.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from graph_model.kinds import NodeKind as K
from graph_model.origins import CallRecord, FlowRecord
from graph_model.syntax import Node

_VERB = r"(?:find|get|load|fetch|look_?up|query|select|retrieve|search|list)"
_BY = re.compile(rf"^{_VERB}(?P<what>\w*?)(?:By(?P<key>[A-Z0-9]\w*)|_by_(?P<word>\w+))$")
_FOUND = re.compile(
    r"^find(?:One|First|Unique|Many|All|Pk|Entity|Record)(?:[A-Z]\w*)?$|^find_(?:one|first|unique|many|all)(?:_\w+)?$"
    r"|^select(?:One|List|Page|Batch)(?:[A-Z]\w*)?$|^get_?one$|^getOne$|^get_object_or_404$|^filter_by$|^(?:and|or)?[wW]here$"
    r"|^setParameters?$|^find(?:Each|OrFail|OrCreate|AndCountAll)$"
)
_ANSWERS = re.compile(r"^(?:get|first|one|scalar|scalar_one|one_or)_or_(?:404|none)$")
_STORE = re.compile(
    r"(?i)(?:repositor(?:y|ies)|repos?|dao|prisma|objects|database|db|db_?context|unit_?of_?work|entity_?manager|em"
    r"|(?:sql|db|hibernate|async)_?session|query|query_?manager|qm|queries|jdbc_?template|models?)$"
)
_ASKS = re.compile(
    r"^(?:get|find|load|fetch|lookup|query|select|first|single|one|all|list|search|execute|scalar|scalars|retrieve|stream)"
    r"(?:$|_|[A-Z])"
)
_NO_RECORD = re.compile(
    r"(?i)param|arg|header|cookie|query|field|element|node|attr|path|file|url|uri|dir|folder|text|tag|template|string|value"
    r"|match|name$"
)
_REQUESTS = re.compile(r"^(get|post|put|patch|del(ete)?|head|request|fetch|ajax|(get|post|fetch)_?json|http\w*)$", re.I)
_ADDRESS = re.compile(r"/|\./|https?://")
_PLACE = re.compile(r"(?i)path|file|url|uri|dir|folder|template")
_PARTS = frozenset({"Path", "Key", "Index", "Type", "Class", "Tag", "Name", "path", "key", "index", "type", "name"})


def is_request(name: str, first: Node | None) -> bool:
    """Whether a call asks a server, by its dotted name and the address that it is given first."""
    if first is None or not _REQUESTS.match(_method(name)):
        return False
    begins = first
    while begins.kind in (K.BINARY, K.TEMPLATE) and begins.children:
        begins = begins.children[0]
    return begins.kind in (K.STRING, K.TEXT) and _ADDRESS.match(begins.text) is not None


@lru_cache(maxsize=16_384)
def is_lookup(name: str) -> bool:
    """Whether a call, by its dotted name, gives a stored record that its arguments only choose."""
    method = _method(name)
    if asks_a_store(name) or _FOUND.match(method) or _ANSWERS.match(method):
        return True
    by = _BY.match(method)
    if by is None or _NO_RECORD.search(by["what"]):
        return False
    return bool(by["what"].strip("_")) or (by["key"] or by["word"]) not in _PARTS


@lru_cache(maxsize=16_384)
def asks_a_store(name: str) -> bool:
    """Whether the object called is a store of records, or a query of one: nothing of it is the answer's text."""
    method = _method(name)
    if _ANSWERS.match(method):
        return True
    owner = name.rpartition(".")[0].rstrip("()").rpartition(".")[2]
    return bool(owner and _STORE.search(owner) and _ASKS.match(method)) and not _PLACE.search(method)


def kept_arguments(call: CallRecord, *, is_known: bool) -> Iterator[tuple[FlowRecord, ...]]:
    """What a call's result may hold of what goes in: everything, but nothing that only chooses a stored record."""
    if not is_known and (call.is_request or asks_a_store(call.callee)):
        return
    chooses = not is_known and is_lookup(call.callee)
    for key, flows in call.args:
        if key == "receiver" or not chooses:
            yield flows


def _method(name: str) -> str:
    """The last name, as languages other than C# would begin it."""
    last = name.rpartition(".")[2]
    return last[:1].lower() + last[1:]
