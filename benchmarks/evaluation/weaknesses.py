"""Weaknesses (CWE numbers) that name the same flaw, and which labels answer to one."""

from collections.abc import Callable
from functools import cache
from types import MappingProxyType

from graph_model.catalogue import load_catalogue

# What else a tool or a set may call it: broken for weak, a kind for its parent, a way for its result.
KIN = MappingProxyType(
    {
        22: frozenset({22, 23, 36, 73, 99}),
        78: frozenset({77, 78}),
        79: frozenset({79, 80, 116}),
        94: frozenset({78, 94, 95}),
        95: frozenset({94, 95}),
        80: frozenset({79, 80}),
        259: frozenset({259, 798}),
        321: frozenset({321, 798}),
        327: frozenset({326, 327, 328, 916}),
        328: frozenset({327, 328, 916}),
        330: frozenset({330, 338}),
        338: frozenset({330, 338}),
        339: frozenset({330, 338}),
        331: frozenset({330, 331, 338}),
        345: frozenset({345, 347}),
        347: frozenset({345, 347}),
        611: frozenset({20, 611, 776}),
        643: frozenset({91, 643}),
        759: frozenset({329, 759, 760, 916}),
        760: frozenset({329, 759, 760, 916}),
        776: frozenset({611, 776}),
        798: frozenset({259, 321, 798}),
    }
)


def kin_of(cwe: int) -> frozenset[int]:
    """The weaknesses that count as the same."""
    return KIN.get(cwe, frozenset({cwe}))


@cache
def labels_of(cwe: int) -> frozenset[str]:
    """The labels of a weakness or its kin."""
    kin = kin_of(cwe)
    return frozenset(label.id for label in load_catalogue() if label.cwe in kin)


def wants(cwe: int) -> Callable[[str], bool]:
    """Whether a label is of a weakness or its kin."""
    return labels_of(cwe).__contains__
