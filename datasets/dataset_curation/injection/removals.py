"""Protections that can be taken away from real flows: a call that makes a value harmless, a condition that stops it.

Works on what the engine recorded of a file: sinks whose flows are all sanitised or guarded, and the calls on the way.
"""

import re
from collections.abc import Iterator

from dataset_curation.injection.defects import Proposal
from dataset_curation.injection.guard_removals import is_check, remove_guard
from dataset_curation.injection.surroundings import headers_above
from graph_model.analysis import FileAnalysis
from graph_model.candidates.model import Candidate
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.languages import Family
from graph_model.origins import CallRecord, SinkRecord, UnitRecord

IDENTITY = {
    Family.PYTHON: (b"str(", b")"),
    Family.JAVASCRIPT: (b"String(", b")"),
    Family.JAVA: (b"String.valueOf(", b")"),
    Family.CSHARP: (b"Convert.ToString(", b")"),
}
"""What turns a value into text in each language, and changes nothing of a text."""
_MAX_CALLS_A_SINK = 6
_NAME = re.compile(rb"[\w.$]+")
_OF_ADDRESSES = re.compile(r"(?i)url_?encod|encode_?uri|quote_plus|(?:urllib|parse)\.quote$|escapedatastring|urlencode")
_PROTECTION = re.compile(r"(?i)escap|encod|quot|sanit|clean|purif")
_PAIRS = {ord("("): ord(")"), ord("["): ord("]"), ord("{"): ord("}")}


def propose_removals(analysis: FileAnalysis, candidates: tuple[Candidate, ...], scene: Scene) -> Iterator[Proposal]:
    """For every sink of the file that has no candidate: each protection near it, taken away."""
    family, content = scene.family, scene.source
    alive = {(one.label, one.start, one.end) for one in candidates}
    for unit in analysis.units:
        for sink in unit.sinks:
            if (sink.label, sink.start, sink.end) not in alive:
                yield from _propose_guards(sink, scene)
                yield from _propose_sanitisers(sink, unit, family, content)


def _propose_guards(sink: SinkRecord, scene: Scene) -> Iterator[Proposal]:
    for start, end in sink.guards[:3]:
        if not is_check(scene.between(start, end)):
            continue
        edits, twin = remove_guard(scene, start, end)
        if edits:
            yield Proposal(
                name="guard-removed",
                kind="guard-removed",
                labels=frozenset({sink.label}),
                start=start,
                end=end,
                edits=edits,
                twin=twin,
                renames=not twin,
            )


def _propose_sanitisers(sink: SinkRecord, unit: UnitRecord, family: Family, content: bytes) -> Iterator[Proposal]:
    """Calls on the statements of the flow, replaced by their first argument or their receiver."""
    spans = [(sink.statement_start, sink.statement_end)]
    spans += [(start, end) for flow in sink.flows if flow.sanitised for start, end, _ in flow.hops]
    if len(spans) == 1 and not any(flow.sanitised for flow in sink.flows):
        return
    near = [
        call
        for call in unit.calls
        if (call.start, call.end) != (sink.start, sink.end)
        and any(start <= call.start and call.end <= end for start, end in spans)
    ]
    for call in near[:_MAX_CALLS_A_SINK]:
        value = unwrap_call(content, call.start, call.end)
        if value is not None and _is_worth_it(content, call) and not _is_set_to(content, call, value):
            opening, closing = IDENTITY[family]
            yield Proposal(
                name="sanitiser-removed",
                kind="sanitiser-removed",
                labels=frozenset({sink.label}),
                start=call.start,
                end=call.end,
                edits=(Edit(call.start, call.end, value),),
                twin=(Edit(call.start, call.end, opening + content[call.start : call.end] + closing),),
            )


def _is_worth_it(content: bytes, call: CallRecord) -> bool:
    """Whether a call keeps an attacker out: none that encodes a part of an address, nor the inside of a protection."""
    before = content[: call.start].decode("utf-8", "replace")
    around = headers_above(before, len(before))
    return _OF_ADDRESSES.search(call.callee) is None and _PROTECTION.search(around) is None


def _is_set_to(content: bytes, call: CallRecord, value: bytes) -> bool:
    """Whether `x = x` would be left."""
    return content[: call.start].rpartition(b"\n")[2].strip() == value + b" ="


def unwrap_call(content: bytes, start: int, end: int) -> bytes | None:
    """The first argument of the call written in a byte range, else its receiver; None when neither is there."""
    text = content[start:end]
    if not text.endswith(b")"):
        return None
    opening = _find_opening(text)
    if opening is None:
        return None
    argument = _first_argument(text[opening + 1 : -1])
    if argument:
        return argument if _NAME.fullmatch(argument) else b"(" + argument + b")"
    receiver, dot, _ = text[:opening].rpartition(b".")
    return receiver if dot and receiver else None


def _find_opening(text: bytes) -> int | None:
    """The position of the parenthesis that the last byte closes."""
    depth = 0
    for position in range(len(text) - 1, -1, -1):
        if text[position] in b")]}":
            depth += 1
        elif text[position] in b"([{":
            depth -= 1
            if depth == 0:
                return position
    return None


def _first_argument(inner: bytes) -> bytes:
    """The text up to the first comma outside brackets and quotes."""
    closers: list[int] = []
    quote = 0
    for position, byte in enumerate(inner):
        if quote:
            quote = 0 if byte == quote and inner[position - 1 : position] != b"\\" else quote
        elif byte in b"'\"`":
            quote = byte
        elif byte in _PAIRS:
            closers.append(_PAIRS[byte])
        elif closers and byte == closers[-1]:
            closers.pop()
        elif byte == ord(",") and not closers:
            return inner[:position].strip()
    return inner.strip()
