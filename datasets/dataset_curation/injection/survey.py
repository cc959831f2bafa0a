"""Where the training repositories have room for each kind of defect, and examples that hold: found on a sample."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from dataset_curation.analysing import Project, analyse_project
from dataset_curation.clones import find_clone
from dataset_curation.errors import CurationError
from dataset_curation.injection.defect_kinds import find_kind, load_kinds
from dataset_curation.injection.defects import Proposal, load_defects, propose_defects
from dataset_curation.injection.removals import propose_removals
from dataset_curation.injection.rounds import digest
from dataset_curation.injection.structures import STRUCTURES, find_twin, open_scene, propose_structures
from dataset_curation.injection.trials import analyse_edited, edit_content, find_born
from dataset_curation.manifests import Entry
from dataset_curation.selection import SelectedFile, Tally, select_files
from graph_model.edits.model import Edit
from graph_model.errors import GraphModelError
from graph_model.languages import Family

_log = logging.getLogger(__name__)
_MAX_BYTES = 40_000  # of files whose tree is built
_TRIES_A_REPOSITORY = 6  # of one kind and language
_TRIES_A_FILE = 3  # of one kind
_NAMED = 4  # times as many files are parsed where a text of a kind stands as where none is known
_MAX_A_REPOSITORY = (2, 4)  # examples of one kind and language, in the first and in the second round
NUM_ROUNDS = len(_MAX_A_REPOSITORY)
_REMOVALS = frozenset({"guard-removed", "sanitiser-removed"})
_PROTECTION = re.compile(r"(?i)escape|sanitiz|encode|valid|clean|quote|basename|allow|startswith|redirect|path|query")

Cell = tuple[str, Family]


@dataclass(frozen=True, slots=True)
class InjectionExample:
    """One injection that holds: the three versions of a file, and where it is wrong."""

    kind: str
    defect: str
    family: Family
    origin: str
    start: int
    end: int
    sound: bytes
    broken: bytes
    twin: bytes | None
    born: tuple[str, ...]
    twin_born: tuple[str, ...]


@dataclass(slots=True)
class Survey:
    """By kind and language: tries, tries that held, sizes of edits in bytes; and the examples.

    A kind is wanted up to `wanted` examples over all languages, in the first round of each language an equal share.
    """

    wanted: int
    round_idx: int = 0
    tried: Counter[Cell] = field(default_factory=Counter)
    held: Counter[Cell] = field(default_factory=Counter)
    twinned: Counter[Cell] = field(default_factory=Counter)
    defect_bytes: Counter[Cell] = field(default_factory=Counter)
    twin_bytes: Counter[Cell] = field(default_factory=Counter)
    files: Counter[Family] = field(default_factory=Counter)
    trees: Counter[Family] = field(default_factory=Counter)
    examples: dict[Cell, list[InjectionExample]] = field(default_factory=dict)
    tried_here: Counter[Cell] = field(default_factory=Counter)  # in the repository at hand

    def wants(self, kind: str, family: Family) -> bool:
        """Whether another try of this kind is worth its time."""
        cell = (kind, family)
        if self.tried_here[cell] >= _TRIES_A_REPOSITORY:
            return False
        num_families = len(_families_by_kind()[kind])
        share = -(-self.wanted // num_families) if self.round_idx == 0 else self.wanted
        return self.held[cell] < share and self.num_held(kind) < self.wanted

    def num_held(self, kind: str) -> int:
        """Examples of a kind, over all languages."""
        return sum(self.held[(kind, family)] for family in Family)


@cache
def _families_by_kind() -> dict[str, frozenset[Family]]:
    """The languages that each kind may be made in; flows can be followed in all of them."""
    found: dict[str, set[Family]] = {kind: set() for kind in load_kinds()}
    for defect in load_defects():
        found[defect.kind] |= defect.families
    for structure in STRUCTURES:
        found[structure.kind] |= set(structure.families)
    for kind in _REMOVALS:
        found[kind] |= set(Family)
    return {kind: frozenset(families) for kind, families in found.items()}


def survey_entries(entries: Iterable[Entry], clones: Path, max_files: int, wanted: int) -> Iterator[Survey]:
    """Looks for up to `wanted` examples of each kind, twice over the repositories: each language its share, then any.

    A text that a kind needs is looked for in every file, by the hashes of their paths; trees are built, and flows
    followed, where there is one, in four times `max_files` files of a repository at most. For kinds that need no
    text it is `max_files` others. The same survey is given after each repository, with what it added.
    """
    survey = Survey(wanted)
    chosen = _taking_turns(entries)
    for survey.round_idx in range(NUM_ROUNDS):
        for entry in chosen:
            _survey_entry(entry, clones, max_files, survey)
            yield survey


def _taking_turns(entries: Iterable[Entry]) -> list[Entry]:
    """The first repository of each language, then the second of each, and so on."""
    places: Counter[str] = Counter()
    placed: list[tuple[int, Entry]] = []
    for entry in sorted(entries, key=lambda one: digest(one.repository)):
        placed.append((places[entry.family], entry))
        places[entry.family] += 1
    return [entry for _, entry in sorted(placed, key=lambda one: one[0])]


def _survey_entry(entry: Entry, clones: Path, max_files: int, survey: Survey) -> None:
    survey.tried_here.clear()
    clone = find_clone(clones, entry.repository)
    num_named = num_others = 0
    for file in sorted(select_files(clone, entry.commit, Tally()), key=lambda file: digest(file.source.path)):
        survey.files[file.language.family] += survey.round_idx == 0
        if len(file.source.content) > _MAX_BYTES or (num_named >= _NAMED * max_files and num_others >= max_files):
            continue
        named, anywhere = _find_wanted(file, survey)
        if not (named and num_named < _NAMED * max_files) and not (anywhere and num_others < max_files):
            continue
        num_named, num_others = num_named + bool(named), num_others + (not named)
        survey.trees[file.language.family] += 1
        origin = f"{entry.repository}@{entry.commit[:12]}:{file.source.path}"
        try:
            _survey_file(file, origin, survey, named | anywhere)
        except (CurationError, GraphModelError) as error:
            _log.warning("%s: %s", origin, error)


def _find_wanted(file: SelectedFile, survey: Survey) -> tuple[frozenset[str], frozenset[str]]:
    """The ways to wanted kinds whose text stands in a file, and those that need no text of their own."""
    family = file.language.family
    text = file.source.content.decode("utf-8", "replace")
    hints = [(one.kind, one.name, one.pattern) for one in load_defects() if family in one.families]
    hints += [(one.kind, one.name, one.hint) for one in STRUCTURES if family in one.families and one.hint is not None]
    hints += [(kind, kind, _PROTECTION) for kind in _REMOVALS]
    named = {name for kind, name, pattern in hints if survey.wants(kind, family) and pattern.search(text)}
    anywhere = {
        one.name for one in STRUCTURES
        if family in one.families and one.hint is None and survey.wants(one.kind, family)
    }  # fmt: skip
    return frozenset(named - _REMOVALS), frozenset(anywhere | (named & _REMOVALS))


def _survey_file(file: SelectedFile, origin: str, survey: Survey, wanted: frozenset[str]) -> None:
    scene = open_scene(file.source.path, file.source.content, file.language)
    if scene.tree.error_ranges:
        return
    family, path = file.language.family, file.source.path
    proposals = list(propose_defects(file.source.content, family, wanted))
    proposals += propose_structures(scene, wanted)
    sound = _analyse(file) if proposals or wanted & _REMOVALS else None
    if sound is None:
        return
    if wanted & _REMOVALS:
        removals = propose_removals(sound.analyses[path], sound.candidates[path], scene)
        proposals += [one for one in removals if one.name in wanted]
    tries: Counter[str] = Counter()
    for proposal in sorted(proposals, key=lambda one: digest(f"{one.name}:{one.start}")):
        cell = (proposal.kind, family)
        if tries[proposal.kind] >= _TRIES_A_FILE or not _is_wanted_here(proposal.kind, survey, origin, family):
            continue
        tries[proposal.kind] += 1
        survey.tried[cell] += 1
        survey.tried_here[cell] += 1
        whole = find_twin(scene, proposal)
        example = try_proposal(file, sound, whole, origin)
        if example is not None:
            survey.examples.setdefault(cell, []).append(example)
            _count(survey, cell, whole.edits, whole.twin, example)


def _analyse(file: SelectedFile) -> Project | None:
    """The file alone as a project, None when the engine has a problem with it."""
    sound = analyse_project([(file.source, file.language)], Tally())
    analysis = sound.analyses.get(file.source.path)
    return sound if analysis is not None and not analysis.problems else None


def _is_wanted_here(kind: str, survey: Survey, origin: str, family: Family) -> bool:
    """Whether a kind is wanted from this file, and from its repository."""
    known = survey.examples.get((kind, family), [])
    if any(one.origin.rpartition(":")[0] == origin for one in known):
        return False
    repository = origin.partition("@")[0]
    of_repository = sum(one.origin.startswith(f"{repository}@") for one in known)
    return of_repository < _MAX_A_REPOSITORY[survey.round_idx] and survey.wants(kind, family)


def _count(
    survey: Survey, cell: Cell, edits: tuple[Edit, ...], twin: tuple[Edit, ...], example: InjectionExample
) -> None:
    survey.held[cell] += 1
    survey.defect_bytes[cell] += _size(edits)
    if example.twin is not None:
        survey.twinned[cell] += 1
        survey.twin_bytes[cell] += _size(twin)


def _size(edits: tuple[Edit, ...]) -> int:
    """Bytes taken away and bytes put in."""
    return sum(one.end - one.start + len(one.replacement) for one in edits)


def try_proposal(file: SelectedFile, sound: Project, proposal: Proposal, origin: str) -> InjectionExample | None:
    """The example that a proposal makes, None when it does not hold: it must parse, and give birth to a candidate."""
    content, path = file.source.content, file.source.path
    broken = edit_content(content, proposal.edits, file.language)
    if broken is None:
        return None
    born = _labels_born(file, sound, proposal.edits, proposal.labels)
    if find_kind(proposal.kind).needs_candidate and not born:
        return None
    twin = edit_content(content, proposal.twin, file.language) if proposal.twin else None
    twin_born = _labels_born(file, sound, proposal.twin, proposal.labels) if twin is not None else ()
    line = file.source.position_at(proposal.start).line
    return InjectionExample(
        kind=proposal.kind,
        defect=proposal.name,
        family=file.language.family,
        origin=f"{origin.rpartition(':')[0]}:{path}:{line}",
        start=proposal.start,
        end=proposal.end,
        sound=content,
        broken=broken,
        twin=twin,
        born=born,
        twin_born=twin_born,
    )


def _labels_born(
    file: SelectedFile, sound: Project, edits: tuple[Edit, ...], labels: frozenset[str]
) -> tuple[str, ...]:
    edited = analyse_edited(file, edits) if any("/" in label for label in labels) else None
    if edited is None:
        return ()
    path = file.source.path
    born = find_born(sound.candidates[path], edited.candidates[path])
    return tuple(sorted({one.label for one in born if one.label in labels}))
