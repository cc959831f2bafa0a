"""Exact and near duplicates of code: hashes and MinHash signatures of token sequences, comments and layout left out.

Near means an estimated Jaccard similarity of the sets of token 4-grams of at least 0.8. Candidates come from
locality-sensitive hashing (https://doi.org/10.1145/276698.276876), then whole signatures are compared.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph_model.languages import Family

NUM_HASHES = 128
_ROWS = 4  # of 32 bands: a pair at 0.8 is compared with probability above 0.999999, one at 0.3 in a fifth of the cases
_PRIME = np.uint64((1 << 31) - 1)
_SEED = 20_261_123
_GRAM = 4
THRESHOLD = 0.8

_HASH_COMMENT = (
    r"(?P<skip>\#[^\n]*)|(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")|\w+|[^\w\s]"
)
_C_COMMENT = (
    r"(?P<skip>//[^\n]*|/\*.*?(?:\*/|\Z))|(?:`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")|\w+|[^\w\s]"
)
_TOKENS = {Family.PYTHON: re.compile(_HASH_COMMENT, re.S)}
_C_TOKENS = re.compile(_C_COMMENT, re.S)


def tokenise(text: str, family: Family) -> list[str]:
    """The tokens of a text without comments and white space; string literals are one token."""
    pattern = _TOKENS.get(family, _C_TOKENS)
    return [match[0] for match in pattern.finditer(text) if match.lastgroup is None]


@dataclass(frozen=True, slots=True)
class Signature:
    """What duplicates share. `digest` is equal for equal token sequences; `hashes` uint32 [NUM_HASHES] agree in as many
    places as the 4-gram sets overlap."""

    digest: bytes
    hashes: NDArray[np.uint32]


def sign_text(text: str, family: Family) -> Signature:
    """The signature of a piece of code."""
    tokens = tokenise(text, family)
    digest = hashlib.blake2b("\0".join(tokens).encode("utf-8", "replace"), digest_size=16).digest()
    return Signature(digest, _min_hashes(tokens))


def _coefficients() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    rng = np.random.default_rng(_SEED)
    high = int(_PRIME)
    return rng.integers(1, high, NUM_HASHES, dtype=np.uint64), rng.integers(0, high, NUM_HASHES, dtype=np.uint64)


_FACTORS, _OFFSETS = _coefficients()


def _min_hashes(tokens: Sequence[str]) -> NDArray[np.uint32]:
    grams = _gram_hashes(tokens)
    mixed = (grams[:, None] * _FACTORS + _OFFSETS) % _PRIME  # [G, NUM_HASHES]
    return np.asarray(mixed.min(axis=0), dtype=np.uint32)


def _gram_hashes(tokens: Sequence[str]) -> NDArray[np.uint64]:
    """One hash below 2**31 for each distinct 4-gram; shorter texts are one gram."""
    padded = [*tokens, *[""] * max(0, _GRAM - len(tokens))]
    codes = np.array([zlib.crc32(token.encode("utf-8", "replace")) for token in padded], dtype=np.uint64)
    count = len(codes) - _GRAM + 1
    mixed = np.zeros(count, dtype=np.uint64)
    for position in range(_GRAM):
        mixed = (mixed * np.uint64(1_000_003) + codes[position : position + count]) % _PRIME
    return np.unique(mixed)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One item that repeats another: positions in the order given; `kind` is `exact` or `near`."""

    item: int
    kept: int
    kind: str


def find_duplicates(signatures: Iterable[Signature], twins: Sequence[str] = ()) -> Iterator[Duplicate]:
    """Every item that repeats an earlier kept one. Items with one non-empty twin name never repeat each other."""
    index = DuplicateIndex()
    for item, signature in enumerate(signatures):
        found = index.find(signature, twins[item] if twins else "")
        if found is not None:
            yield Duplicate(item, found[0], found[1])
        else:
            index.add(item, signature, twins[item] if twins else "")


class DuplicateIndex:
    """Signatures of kept items, to be asked before another is added."""

    def __init__(self) -> None:
        self._exact: dict[bytes, list[int]] = {}
        self._bands: dict[tuple[int, bytes], list[int]] = {}
        self._kept: dict[int, tuple[NDArray[np.uint32], str]] = {}

    def find(self, signature: Signature, twin: str = "") -> tuple[int, str] | None:
        """The first kept item that this repeats, and how; None when there is none."""
        for item in self._exact.get(signature.digest, ()):
            if not twin or self._kept[item][1] != twin:
                return item, "exact"
        near = {item for key in self._keys(signature) for item in self._bands.get(key, ())}
        for item in sorted(near):
            hashes, other = self._kept[item]
            if twin and other == twin:
                continue
            if float(np.mean(hashes == signature.hashes)) >= THRESHOLD:
                return item, "near"
        return None

    def add(self, item: int, signature: Signature, twin: str = "") -> None:
        """Keeps an item."""
        self._kept[item] = (signature.hashes, twin)
        self._exact.setdefault(signature.digest, []).append(item)
        for key in self._keys(signature):
            self._bands.setdefault(key, []).append(item)

    @staticmethod
    def _keys(signature: Signature) -> Iterator[tuple[int, bytes]]:
        for band in range(0, NUM_HASHES, _ROWS):
            yield band, signature.hashes[band : band + _ROWS].tobytes()
