"""What a fix makes vanish: candidates of the version before that the version after no longer has.

Pure: two analysed versions of the same files in, judgements for the candidates of the first out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dataset_curation.analysing import Project
from dataset_curation.filters.duplicates import tokenise
from dataset_curation.sources.topics import Topic
from graph_model.candidates.model import Candidate
from graph_model.languages import BY_NAME
from reviewer.fingerprint import compute_fingerprints
from reviewer.source import Span

MAX_CHANGED_FUNCTIONS = 8


@dataclass(frozen=True, slots=True)
class Vanished:
    """A candidate that the fix removed, and how sure that is, from 0 to 1."""

    candidate: Candidate
    weight: float


def count_changed_functions(before: Project, after: Project) -> int:
    """How many functions differ in more than layout and comments, nested ones counted with their own name."""
    old, new = function_texts(before), function_texts(after)
    return sum(old.get(name) != new.get(name) for name in old.keys() | new.keys())


def function_texts(project: Project) -> dict[tuple[str, str], str]:
    """The tokens of every named function, by path and qualified name."""
    texts: dict[tuple[str, str], str] = {}
    for path, analysis in project.analyses.items():
        source, family = project.sources[path], BY_NAME[analysis.language].family
        for unit in analysis.units:
            if unit.is_function and unit.name:
                text = source.text_at(Span(unit.start, unit.end))
                texts[(path, unit.qualname)] = "\0".join(tokenise(text, family))
    return texts


def is_sound(before: Project, after: Project) -> bool:
    """Whether no version has a syntax problem that the other lacks, and no file is lost between them."""
    for path, analysis in before.analyses.items():
        other = after.analyses.get(path)
        if other is None or bool(analysis.problems) != bool(other.problems):
            return False
    return True


def find_vanished(before: Project, after: Project, topic: Topic) -> list[Vanished]:
    """Candidates of the topic's kind, and of its labels when it names any, that are in `before` only.

    The symbol must still exist, its number of candidates with that label must fall, and the fingerprint must be gone.
    """
    num_changed = max(1, count_changed_functions(before, after))
    if num_changed > MAX_CHANGED_FUNCTIONS:
        return []
    confidence = 1.0 if num_changed <= 2 else 0.7 if num_changed <= 4 else 0.4
    named = 1.0 if topic.labels else 0.5
    found: list[Vanished] = []
    for path in before.candidates:
        gone = find_gone(before, after, path)
        found.extend(Vanished(one, confidence * named) for one in gone if _is_about(one.label, topic))
    return found


def find_gone(before: Project, after: Project, path: str) -> Iterator[Candidate]:
    """Candidates of a file, of any label, that are in `before` only. Both versions must hold the file."""
    candidates, later = before.candidates.get(path, ()), after.candidates.get(path, ())
    symbols = {unit.qualname for unit in after.analyses[path].units}
    prints = set(compute_fingerprints(later, after.sources[path]))
    left: Counter[tuple[str, str]] = Counter((one.label, one.symbol) for one in later)
    here: Counter[tuple[str, str]] = Counter((one.label, one.symbol) for one in candidates)
    for candidate, fingerprint in zip(candidates, compute_fingerprints(candidates, before.sources[path]), strict=True):
        key = (candidate.label, candidate.symbol)
        if fingerprint not in prints and candidate.symbol in symbols and left[key] < here[key]:
            yield candidate


def _is_about(label: str, topic: Topic) -> bool:
    return label in topic.labels if topic.labels else label.startswith(f"{topic.kind.value}/")


def find_guarded(before: Project, after: Project, topic: Topic) -> list[tuple[Candidate, Candidate]]:
    """Pairs before and after of the one candidate that a fix of one function left in place and made harmless.

    Only for topics that name labels, where one function changed, and it has one candidate of these labels both times.
    """
    if not topic.labels or count_changed_functions(before, after) != 1:
        return []
    old, new = function_texts(before), function_texts(after)
    changed = {name for name in old.keys() & new.keys() if old[name] != new[name]}
    pairs = []
    for path, symbol in changed:
        first, second = (_only(project.candidates, path, symbol, topic) for project in (before, after))
        if first is not None and second is not None and first.label == second.label:
            pairs.append((first, second))
    return pairs


def _only(candidates: Mapping[str, tuple[Candidate, ...]], path: str, symbol: str, topic: Topic) -> Candidate | None:
    found = [one for one in candidates.get(path, ()) if one.symbol == symbol and one.label in topic.labels]
    return found[0] if len(found) == 1 else None
