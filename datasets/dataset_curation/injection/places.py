"""Where a file has room for wanted kinds of defects: text first, since most files have none and are never parsed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from dataset_curation.injection.defect_kinds import load_kinds
from dataset_curation.injection.defects import Proposal, load_defects, propose_defects
from dataset_curation.injection.structures import STRUCTURES
from dataset_curation.selection import SelectedFile
from graph_model.languages import Family

REMOVALS = frozenset({"guard-removed", "sanitiser-removed"})
"""Ways to kinds of the same name, whose places only the engine finds."""
_FOREIGN = re.compile(
    r"(?i)request|\breq\b|argv|getParameter|\[From(?:Query|Body|Route|Form)|Controller\b|@\w+\.(?:route|get|post)\b"
    r"|@(?:Get|Post|Request)Mapping|\bctx\.|environ|input\("
)
_GUARD = re.compile(
    r"(?i)\b(?:if|and|or|elif)\b[^\n]*(?:safe|allow|valid|trust|permit|white_?list|same_?(?:origin|host|site|domain)"
    r"|local_?(?:url|path)|starts_?with|has_?allowed|relative_?to|contains|includes|\.has\(|\bin\b)"
)
_SINK = re.compile(
    r"(?i)redirect|location|\bopen\(|send_?file|\bexec|system\(|urlopen|fetch|https?\.|requests\.|new File|path"
    r"|render|query|eval|load"
)
_PROTECTION = re.compile(r"(?i)escape|sanitiz|encode|valid|clean|quote|basename|allow|startswith|redirect|path|query")

Wants = Callable[[str, Family], bool]
"""Whether examples of a kind are wanted from a language."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a file may have room for: defects by text, and names of structures and removals that need its tree.

    `named` are structures whose text stands in the file, `anywhere` those that no text tells of.
    """

    by_text: tuple[Proposal, ...]
    named: frozenset[str]
    anywhere: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.by_text or self.named or self.anywhere)


def find_room(file: SelectedFile, wants: Wants) -> Room:
    """What a file may have room for of what is wanted."""
    family = file.language.family
    content = file.source.content
    names = {one.name for one in load_defects() if family in one.families and wants(one.kind, family)}
    by_text = tuple(propose_defects(content, family, names)) if names else ()
    text = content.decode("utf-8", "replace")
    open_kinds = [one for one in STRUCTURES if family in one.families and wants(one.kind, family)]
    named = {one.name for one in open_kinds if one.hint is not None and one.hint.search(text)}
    anywhere = {one.name for one in open_kinds if one.hint is None}
    anywhere |= {kind for kind in REMOVALS if wants(kind, family) and _may_protect(kind, text)}
    return Room(by_text, frozenset(named), frozenset(anywhere))


def _may_protect(kind: str, text: str) -> bool:
    """Whether a file may hold a flow that a condition stops, or a call makes harmless."""
    if kind != "guard-removed":
        return _PROTECTION.search(text) is not None
    return all(one.search(text) for one in (_FOREIGN, _SINK, _GUARD))


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
