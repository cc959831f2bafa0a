"""Samples that a repository gives when all of it would be too much: which files, and which functions nobody asks about.

Every choice is a hash of names, so that it is the same on any machine and a larger sample holds the smaller one. Pure.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from dataset_curation.clones import TreeEntry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one repository gives at most: bytes of source, and functions without a candidate. 0 bytes is no limit."""

    max_bytes: int = 0
    max_plain: int = 0

    @property
    def extent(self) -> str:
        """The limits as part of what makes a records file current."""
        return f"{self.max_bytes}:{self.max_plain}"


def rank(name: str) -> bytes:
    """Where a name stands in the order of all samples."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def choose_files(entries: Iterable[TreeEntry], wanted: Collection[str], max_bytes: int) -> list[TreeEntry]:
    """Files of at most so many bytes, by path: `wanted` paths first, then whole folders, so that neighbours stay.

    A folder that does not fit gives what fits of it. Wanted files are kept whatever they weigh.
    """
    listed = sorted(entries, key=lambda one: one.path)
    if not max_bytes:
        return listed
    chosen = [one for one in listed if one.path in wanted]
    left = max_bytes - sum(one.size for one in chosen)
    others = [one for one in listed if one.path not in wanted]
    for entry in sorted(others, key=lambda one: (rank(_folder(one.path)), rank(one.path))):
        if entry.size <= left:
            left -= entry.size
            chosen.append(entry)
    return sorted(chosen, key=lambda one: one.path)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def choose_names(named: Iterable[tuple[str, T]], number: int) -> list[T]:
    """At most so many of named things, in the order of their names' hashes; the first of a name stands for all."""
    first: dict[str, T] = {}
    for name, thing in named:
        first.setdefault(name, thing)
    return [first[name] for name in sorted(first, key=rank)[:number]]
