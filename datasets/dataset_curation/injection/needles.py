"""Texts without which a pattern cannot match: a search for plain text is thirty times as fast as for the pattern."""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any  # what a part holds depends on its code

_SRE: Any = import_module("re._parser")  # there is no public parser of patterns
_LEAST = 3  # characters; shorter ones stand in every file
_NONE: frozenset[str] = frozenset()


def find_needles(pattern: re.Pattern[str]) -> frozenset[str]:
    """Texts of which each match holds at least one; empty where none can be told. Only the order of parts is read."""
    if pattern.flags & re.IGNORECASE:
        return _NONE
    return _needles(_SRE.parse(pattern.pattern, pattern.flags))


def may_match(needles: Iterable[str], text: str) -> bool:
    """Whether a text holds one of the needles; true where there are none."""
    listed = tuple(needles)
    return not listed or any(one in text for one in listed)


def _needles(parts: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """The best set that one part, or one run of literal characters, of a sequence needs."""
    found: list[frozenset[str]] = []
    run = ""
    for code, value in [*parts, (None, None)]:
        if code is _SRE.LITERAL:
            run += chr(value)
            continue
        found.append(frozenset({run}))
        run = ""
        found.append(_part(code, value))
    best = max(found, key=_worth, default=_NONE)
    return best if _worth(best) else _NONE


def _part(code: Any, value: Any) -> frozenset[str]:
    if code is _SRE.SUBPATTERN:
        *_, flags, _, inner = value
        return _NONE if flags & re.IGNORECASE else _needles(inner)
    if code is _SRE.MAX_REPEAT or code is _SRE.MIN_REPEAT:
        least, _, inner = value
        return _needles(inner) if least else _NONE
    if code is _SRE.BRANCH:
        branches = [_needles(inner) for inner in value[1]]
        return frozenset().union(*branches) if all(branches) else _NONE
    return _NONE


def _worth(needles: frozenset[str]) -> int:
    """The length of the shortest, 0 for too short ones."""
    shortest = min((len(one) for one in needles), default=0)
    return shortest if shortest >= _LEAST else 0
