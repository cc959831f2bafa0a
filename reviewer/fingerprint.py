"""The identity of a finding: the same in every door, and stable while lines move."""

import hashlib
import re
from collections.abc import Iterable

from graph_model.candidates.model import Candidate
from reviewer.source import SourceFile

VERSION = "1"
_SPACE = re.compile(rb"\s+")


def compute_fingerprints(candidates: Iterable[Candidate], source: SourceFile, path: str = "") -> tuple[str, ...]:
    """One fingerprint a candidate, in the order given: 32 hexadecimal digits.

    Hashes the label, the path from the root (`path` when given: the new name of a renamed file), the enclosing symbol,
    the statement without white space, and which of equal ones it is, counted from the top of the file. Candidates with
    one anchor, reached on different paths, share it.
    """
    ordered = tuple(candidates)
    keys = [_key(candidate, source, path or source.path) for candidate in ordered]
    anchors: dict[bytes, list[tuple[int, int, int]]] = {}
    for candidate, key in sorted(zip(ordered, keys, strict=True), key=lambda pair: _anchor(pair[0])):
        known = anchors.setdefault(key, [])
        if _anchor(candidate) not in known:
            known.append(_anchor(candidate))
    return tuple(
        _digest(key, anchors[key].index(_anchor(candidate))) for candidate, key in zip(ordered, keys, strict=True)
    )


def _anchor(candidate: Candidate) -> tuple[int, int, int]:
    return (candidate.statement_start, candidate.start, candidate.end)


def _key(candidate: Candidate, source: SourceFile, path: str) -> bytes:
    statement = _SPACE.sub(b"", source.content[candidate.statement_start : candidate.statement_end])
    head = f"{VERSION}\0{candidate.label}\0{path}\0{candidate.symbol}".encode("utf-8", "surrogateescape")
    return head + b"\0" + statement


def _digest(key: bytes, occurrence: int) -> str:
    return hashlib.sha256(key + b"\0" + str(occurrence).encode()).hexdigest()[:32]
