"""What a commit message or an advisory is about, in our labels, and whether it speaks of a fix at all."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from dataset_curation.errors import CurationError
from dataset_curation.filters.off_limits import find_cves
from graph_model.catalogue import load_catalogue


class FixKind(StrEnum):
    """What a commit mends; the value is the category of the labels it may be evidence for."""

    SECURITY = "security"
    PERFORMANCE = "performance"


GREP = (  # git's own filter: generous, its matches are judged by `classify_message`
    r"CVE-|GHSA-|SECURITY-|CWE-|security|vulnerab|xss|csrf|ssrf|injection|traversal|xxe|insecure|unsafe|hardening"
    r"|timing attack"
    r"|perf|speed|n ?\+ ?1|quadratic|O\(n|leak|optimi[sz]e|fewer|reduce|event loop|faster|too slow"
)
_NAMED = re.compile(r"\bGHSA-\w{4}|\bSECURITY-\d+")


@dataclass(frozen=True, slots=True)
class _Words:
    """The word lists of `topics.toml`, compiled."""

    kinds: Mapping[FixKind, re.Pattern[str]]
    never: re.Pattern[str]
    topics: tuple[tuple[re.Pattern[str], frozenset[str]], ...]


@cache
def _load_words() -> _Words:
    """Raises CurationError for a label that the catalogue lacks."""
    tables = tomllib.loads(files("dataset_curation.sources").joinpath("topics.toml").read_text("utf-8"))
    known = {label.id for label in load_catalogue()}
    for topic in tables["topics"]:
        unknown = [label for label in topic["labels"] if label not in known]
        if unknown:
            raise CurationError(f"topics.toml: expected labels of the catalogue, found {unknown[0]}")
    return _Words(
        {kind: _compile(tables["kinds"][kind.value]) for kind in FixKind},
        _compile(tables["kinds"]["never"]),
        tuple((_compile(topic["words"]), frozenset(topic["labels"])) for topic in tables["topics"]),
    )


def _compile(words: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(words), re.I | re.M)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a message says: the kind of fix, the labels it names (none: no words for them), whether it has a number."""

    kind: FixKind
    labels: frozenset[str]
    is_named: bool  # a CVE, GHSA or the project's own advisory number


def classify_message(message: str, *, is_advised: bool = False) -> Topic | None:
    """The topic of a commit message, None when it speaks of no fix; `is_advised` when an advisory names the commit."""
    words = _load_words()
    if not is_advised and words.never.search(message.partition("\n")[0]):
        return None
    is_named = bool(find_cves(message)) or _NAMED.search(message) is not None
    if is_advised or is_named or words.kinds[FixKind.SECURITY].search(message):
        return Topic(FixKind.SECURITY, find_labels(message, FixKind.SECURITY), is_named or is_advised)
    if words.kinds[FixKind.PERFORMANCE].search(message):
        return Topic(FixKind.PERFORMANCE, find_labels(message, FixKind.PERFORMANCE), is_named=False)
    return None


def find_labels(text: str, kind: FixKind) -> frozenset[str]:
    """Every label of a kind that a text names by its usual words."""
    found: set[str] = set()
    for pattern, labels in _load_words().topics:
        if pattern.search(text):
            found.update(label for label in labels if label.startswith(f"{kind.value}/"))
    return frozenset(found)
