"""Where a file has room for wanted kinds of defects: text first, since most files have none and are never parsed."""

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cache

from dataset_curation.injection.defect_kinds import load_kinds
from dataset_curation.injection.defects import Proposal, load_defects, propose_defects
from dataset_curation.injection.guard_removals import CHECK
from dataset_curation.injection.structures import STRUCTURES
from dataset_curation.selection import SelectedFile
from graph_model.languages import Family

REMOVALS = frozenset({"guard-removed", "sanitiser-removed"})
"""Ways to kinds of the same name, whose places only the engine finds."""
_FOREIGN = re.compile(
    r"\b[rR]equest\b|\breq\b|argv|getParameter|\[From(?:Query|Body|Route|Form)|Controller\b|@\w+\.(?:route|get|post)\b"
    r"|@(?:Get|Post|Request)Mapping|@QueryParam|\bctx\.|environ\b|\binput\("
)
_CHECK = re.compile(rf"(?:\bif\b|\belif\b|\band\b|\bor\b|&&|\|\||\?)[^\n]*(?:{CHECK})")
_SINK = re.compile(
    r"redirect|Redirect|[Ss]end_?[Ff]ile|\bopen\(|urlopen|requests\.\w+\(|axios|\bfetch\(|new File|Paths\.get|\bexec"
    r"|\bspawn|system\(|subprocess|HttpClient|\bFile\.|\.query\(|import_module|getattr|Class\.forName|innerHTML|\bfs\."
)
_PROTECTION = re.compile(r"(?i)escape|sanitiz|encode|valid|clean|quote|basename|parse|\bint\(|number\(")
_BEFORE, _AFTER = 2_500, 1_500  # characters around a check in which its data come in, and behind it are used


@dataclass(frozen=True, slots=True)
class Room:
    """What a file may have room for: defects by text, and names of structures and removals that need its tree.

    `named` are those whose text stands in the file, `anywhere` those that no text tells of.
    """

    by_text: tuple[Proposal, ...]
    named: frozenset[str]
    anywhere: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.by_text or self.named or self.anywhere)


def find_room(file: SelectedFile, wanted: Container[str]) -> Room:
    """What a file may have room for of the kinds that are wanted."""
    family = file.language.family
    text = file.source.content.decode("utf-8", "replace")
    idle = {kind for kind in REMOVALS if kind not in wanted or not _may_protect(kind, text)}
    names = {
        one.name for one in load_defects()
        if family in one.families and one.kind in wanted and one.kind not in idle
    }  # fmt: skip
    by_text = tuple(propose_defects(file.source.content, family, names)) if names else ()
    trees = [one for one in STRUCTURES if family in one.families and one.kind in wanted]
    named = {one.name for one in trees if one.hint is not None and one.hint.search(text)}
    anywhere = {one.name for one in trees if one.hint is None}
    named |= {"guard-removed"} - idle
    anywhere |= {"sanitiser-removed"} - idle  # its words are everywhere
    return Room(by_text, frozenset(named), frozenset(anywhere))


def _may_protect(kind: str, text: str) -> bool:
    """Whether a file may hold foreign data that a condition stops, or a call makes harmless, on their way."""
    if kind != "guard-removed":
        return _FOREIGN.search(text) is not None and _PROTECTION.search(text) is not None
    return any(
        _SINK.search(text, check.end(), check.end() + _AFTER)
        and _FOREIGN.search(text, max(0, check.start() - _BEFORE), check.end() + _AFTER)
        for check in _CHECK.finditer(text)
    )


@cache
def families_by_kind() -> dict[str, frozenset[Family]]:
    """The languages that each kind may be made in; flows can be followed in all of them."""
    found: dict[str, set[Family]] = {kind: set() for kind in load_kinds()}
    for defect in load_defects():
        found[defect.kind] |= defect.families
    for structure in STRUCTURES:
        found[structure.kind] |= set(structure.families)
    for kind in REMOVALS:
        found[kind] |= set(Family)
    return {kind: frozenset(families) for kind, families in found.items()}
