"""Where the training repositories have room for each kind of defect, and examples that hold: counted on a sample."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dataset_curation.analysing import Project, analyse_project
from dataset_curation.clones import find_clone
from dataset_curation.defect_kinds import find_kind
from dataset_curation.defects import Proposal, propose_defects
from dataset_curation.errors import CurationError
from dataset_curation.manifests import Entry
from dataset_curation.removals import propose_removals
from dataset_curation.rounds import digest
from dataset_curation.selection import SelectedFile, Tally, select_files
from dataset_curation.structures import find_twin, open_scene, propose_structures
from dataset_curation.trials import analyse_edited, edit_content, find_born
from graph_model.edits.model import Edit
from graph_model.errors import GraphModelError
from graph_model.languages import Family

_log = logging.getLogger(__name__)
_MAX_BYTES = 40_000  # of files whose tree is built
_TRIES_AN_EXAMPLE = 4
_MAX_A_REPOSITORY = 2  # examples of one kind and language

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
    """By kind and language: places, tries, tries that held, sizes of edits in bytes; and the examples."""

    places: Counter[Cell] = field(default_factory=Counter)
    tried: Counter[Cell] = field(default_factory=Counter)
    held: Counter[Cell] = field(default_factory=Counter)
    twinned: Counter[Cell] = field(default_factory=Counter)
    defect_bytes: Counter[Cell] = field(default_factory=Counter)
    twin_bytes: Counter[Cell] = field(default_factory=Counter)
    files: Counter[Family] = field(default_factory=Counter)
    trees: Counter[Family] = field(default_factory=Counter)
    examples: dict[Cell, list[InjectionExample]] = field(default_factory=dict)

    def wants(self, cell: Cell, wanted: int) -> bool:
        """Whether another try of this kind is worth its time."""
        return self.held[cell] < wanted and self.tried[cell] < _TRIES_AN_EXAMPLE * wanted


def survey_entries(entries: Iterable[Entry], clones: Path, max_files: int, wanted: int) -> Iterator[Survey]:
    """Text defects are looked for in every file; trees are built, and flows followed, in at most `max_files` files of a
    repository (by hash of their path). Up to `wanted` examples a kind and language. The same survey is given after each
    repository, with what it added."""
    survey = Survey()
    for entry in entries:
        clone = find_clone(clones, entry.repository)
        files = sorted(select_files(clone, entry.commit, Tally()), key=lambda file: digest(file.source.path))
        num_deep = 0
        for file in files:
            is_deep = num_deep < max_files and len(file.source.content) <= _MAX_BYTES
            num_deep += is_deep
            survey.files[file.language.family] += 1
            survey.trees[file.language.family] += is_deep
            origin = f"{entry.repository}@{entry.commit[:12]}:{file.source.path}"
            try:
                _survey_file(file, origin, survey, wanted, is_deep=is_deep)
            except (CurationError, GraphModelError) as error:
                _log.warning("%s: %s", origin, error)
        yield survey


def _survey_file(file: SelectedFile, origin: str, survey: Survey, wanted: int, *, is_deep: bool) -> None:
    proposals = list(propose_defects(file.source.content, file.language.family))
    family = file.language.family
    is_wanted = any(survey.wants((one.kind, family), wanted) for one in proposals)
    if not is_deep and (not is_wanted or len(file.source.content) > _MAX_BYTES):
        survey.places.update((one.kind, family) for one in proposals)
        return
    scene = open_scene(file.source.path, file.source.content, file.language)
    if scene.tree.error_ranges:
        return
    sound = None
    if is_deep:
        proposals += propose_structures(scene)
        sound = _analyse(file)
        if sound is not None:
            path = file.source.path
            proposals += propose_removals(sound.analyses[path], sound.candidates[path], file.source.content)
    survey.places.update((one.kind, family) for one in proposals)
    for proposal in _choose(proposals, family, origin, survey, wanted):
        sound = sound or _analyse(file)
        if sound is None:
            return
        cell = (proposal.kind, family)
        survey.tried[cell] += 1
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


def _choose(
    proposals: Iterable[Proposal], family: Family, origin: str, survey: Survey, wanted: int
) -> Iterator[Proposal]:
    """At most one of a kind a file and two a repository, of those still wanted."""
    repository = origin.partition("@")[0]
    seen: set[str] = set()
    for proposal in sorted(proposals, key=lambda one: digest(f"{one.name}:{one.start}")):
        known = survey.examples.get((proposal.kind, family), [])
        of_repository = sum(one.origin.startswith(f"{repository}@") for one in known)
        is_new = of_repository < _MAX_A_REPOSITORY and proposal.kind not in seen
        if is_new and survey.wants((proposal.kind, family), wanted):
            seen.add(proposal.kind)
            yield proposal


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
