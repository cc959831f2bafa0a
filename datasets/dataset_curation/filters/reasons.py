"""Why examples are dropped: every reason by name, and what it protects. What a card and a report group drops by."""

from enum import StrEnum
from types import MappingProxyType


class Concern(StrEnum):
    """What a filter protects."""

    LIMITS = "off limits and licences"
    ACCURACY = "accuracy"
    RELEVANCE = "relevance"
    COMPLETENESS = "completeness"
    CONSISTENCY = "consistency"
    FRESHNESS = "freshness"
    DUPLICATION = "duplication"
    BALANCE = "balance"
    ENGINE = "engine"
    NOTHING = ""  # kept, or a count that is no drop


_REASONS = {
    Concern.LIMITS: (
        "off-limits", "off-limits-cve", "off-limits-repository", "no-licensed-source",
    ),
    Concern.ACCURACY: (
        "tangled",  # mends too much at once to say which part is the fix
        "formatting-only",  # the same tokens and the same flow
        "moved",  # the same functions elsewhere
        "tests-only",  # no product code is touched
        "label-free",  # the message speaks of no fix that a label could be of
        "nothing-vanished", "nothing-born", "flow-lost",
    ),
    Concern.RELEVANCE: (
        "test", "example", "vendored", "generated", "minified", "configuration", "binary", "not-a-file", "no-source",
        "no-candidate", "no-candidate-before", "query-without-label", "unsupported",
    ),
    Concern.COMPLETENESS: (
        "syntax-error", "does-not-parse", "unsound-version", "nested-too-deep", "too-many-nodes", "function-too-large",
        "no-units", "no-graph", "missing-object", "not-in-clone", "no-archive", "without-expectation", "not-utf-8",
        "too-small",  # too few lines or statements to learn from
        "too-large",
    ),
    Concern.CONSISTENCY: (
        "contradiction",  # the same code is said to be harmful and harmless
        "fixed-again",  # what a fix left behind is fixed by a later one
    ),
    Concern.FRESHNESS: (
        "too-old",  # a fix from before OLDEST_FIX
        "dead-api",  # stands on what no supported platform has
    ),
    Concern.DUPLICATION: ("duplicate-file", "exact", "near"),
    Concern.BALANCE: (
        "over-the-limit", "out-of-trials", "thinned", "over-the-cell", "over-the-project",
        "over-the-quota",  # born in a cell that has had enough from this repository
    ),
    Concern.ENGINE: ("engine-error",),
}  # fmt: skip
CONCERNS = MappingProxyType({reason: concern for concern, reasons in _REASONS.items() for reason in reasons})


def concern_of(reason: str) -> Concern:
    """What a drop protects. A reason may carry its source in front, as in `harvest: near`."""
    return CONCERNS.get(reason.rpartition(": ")[2], Concern.NOTHING)
