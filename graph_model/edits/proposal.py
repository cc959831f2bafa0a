"""From a candidate to an edit that may mend it: the file parsed again, the template found, the result parsed too."""

from dataclasses import dataclass

from graph_model.candidates.model import Candidate
from graph_model.edits.kinds import FIX_KINDS, TEMPLATES
from graph_model.edits.model import Declined, Edit, FixKind, apply_edits, sort_edits
from graph_model.edits.scene import Scene
from graph_model.errors import EditError, LimitError
from graph_model.languages import Family, Language, load_table
from graph_model.syntax import SyntaxTree, parse_tree


@dataclass(frozen=True, slots=True)
class ProposedFix:
    """Edits, sorted and apart from one another, and the kind of fix that they are."""

    kind: FixKind
    edits: tuple[Edit, ...]


def propose_fix(candidate: Candidate, source: bytes, language: Language) -> tuple[Edit, ...] | None:
    """Edits that may mend a candidate of this source; None where no template understands the shape exactly.

    The edited file has no syntax errors that the source had not. The caller applies, analyses and scores it again.
    """
    found = find_fix(candidate, source, language)
    return found.edits if found is not None else None


def find_fix(candidate: Candidate, source: bytes, language: Language) -> ProposedFix | None:
    """As `propose_fix`, with the kind of fix."""
    kinds = find_kinds(candidate.label, language.family)
    if not kinds:
        return None
    tree = _parse(source, language)
    if tree is None:
        return None
    for kind in kinds:
        edits = _write(kind, Scene(candidate, language, tree))
        if edits and _parses_as_well(apply_edits(source, edits), language, tree):
            return ProposedFix(kind, edits)
    return None


def find_kinds(label: str, family: Family) -> tuple[FixKind, ...]:
    """The kinds of fixes for a label in a language family, in the order they are tried."""
    return tuple(kind for kind in FIX_KINDS if label in kind.labels and family in kind.families)


def _parse(source: bytes, language: Language) -> SyntaxTree | None:
    try:
        return parse_tree(source, load_table(language))
    except LimitError:
        return None


def _write(kind: FixKind, scene: Scene) -> tuple[Edit, ...]:
    """The template's edits; none when it declines or its edits meet each other."""
    try:
        return sort_edits(e for e in TEMPLATES[kind.name](scene) if scene.source[e.start : e.end] != e.replacement)
    except (Declined, EditError):
        return ()


def _parses_as_well(edited: bytes, language: Language, before: SyntaxTree) -> bool:
    after = _parse(edited, language)
    return after is not None and len(after.error_ranges) <= len(before.error_ranges)
