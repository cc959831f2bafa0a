"""Where repositories have room for each kind of defect, and examples that hold: ten of each where there are ten."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from dataset_curation.analysing import Project, analyse_project
from dataset_curation.clones import find_clone
from dataset_curation.errors import CurationError
from dataset_curation.filters.licences import is_permissive
from dataset_curation.injection.defect_kinds import find_kind, load_kinds
from dataset_curation.injection.defects import Proposal
from dataset_curation.injection.fitting import fits
from dataset_curation.injection.places import REMOVALS, Room, families_by_kind, find_room
from dataset_curation.injection.removals import propose_removals
from dataset_curation.injection.rounds import digest
from dataset_curation.injection.structures import open_scene, propose_structures, with_twins
from dataset_curation.injection.trials import analyse_edited, edit_content, find_born
from dataset_curation.manifests import Entry, Role
from dataset_curation.selection import SelectedFile, Tally, select_files, stands_aside
from graph_model.edits.model import Edit
from graph_model.edits.scene import Scene
from graph_model.errors import GraphModelError
from graph_model.languages import Family

_log = logging.getLogger(__name__)
_TRIES_A_FILE = 3  # of one kind

Cell = tuple[str, Family]
Sound = Callable[[], Project | None]
"""The sound file alone as a project, analysed when first asked; None when the engine has a problem with it."""


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over repositories: whose, how many files are parsed in each, and how much one of them may give.

    `named` and `others` are how many times the files asked for: where a text of a wanted kind stands, and where none
    is known; larger ones than `max_bytes` never. `tries` and `most` are of one kind and language; with `shares` each
    language gives its share first. Only the `first` repositories, all for 0.
    """

    roles: frozenset[Role]
    named: int
    others: int
    tries: int
    most: int
    max_bytes: int
    shares: bool = False
    first: int = 0

    def covers(self, entry: Entry) -> bool:
        """Whether a repository is looked at. That of a pair may be under any licence."""
        return entry.role in self.roles and (entry.role is not Role.PAIRS or is_permissive(entry.licence))


_OWN = frozenset({Role.TRAIN, Role.FIXES})
ROUNDS = (
    Round(_OWN, named=4, others=1, tries=6, most=2, max_bytes=15_000, shares=True, first=40),
    Round(_OWN, named=20, others=1, tries=20, most=4, max_bytes=40_000),
    Round(frozenset({Role.PAIRS}), named=20, others=1, tries=20, most=4, max_bytes=40_000),
)


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

    def copies(self, other: "InjectionExample") -> bool:
        """Whether two are of the same statement in files of the same name, as in a copied folder."""
        names = {one.origin.split(":")[1].rpartition("/")[2] for one in (self, other)}
        return len(names) == 1 and self.sound[self.start : self.end] == other.sound[other.start : other.end]


@dataclass(slots=True)
class Survey:
    """By kind and language: tries, tries that held, sizes of edits in bytes; and the examples.

    A kind is wanted up to `wanted` examples over all languages, of `kinds` only. `searched` counts, by kind,
    repositories and files that were looked at while it was wanted.
    """

    wanted: int
    kinds: frozenset[str]
    current: Round = ROUNDS[0]
    tried: Counter[Cell] = field(default_factory=Counter)
    held: Counter[Cell] = field(default_factory=Counter)
    twinned: Counter[Cell] = field(default_factory=Counter)
    defect_bytes: Counter[Cell] = field(default_factory=Counter)
    twin_bytes: Counter[Cell] = field(default_factory=Counter)
    files: Counter[Family] = field(default_factory=Counter)
    trees: Counter[Family] = field(default_factory=Counter)
    repositories: set[str] = field(default_factory=set)
    searched: dict[str, set[str]] = field(default_factory=dict)
    searched_files: Counter[str] = field(default_factory=Counter)
    examples: dict[Cell, list[InjectionExample]] = field(default_factory=dict)
    tried_here: Counter[Cell] = field(default_factory=Counter)  # in the repository at hand

    def wants(self, kind: str, family: Family) -> bool:
        """Whether another try of this kind is worth its time."""
        cell = (kind, family)
        if kind not in self.kinds or self.tried_here[cell] >= self.current.tries:
            return False
        share = -(-self.wanted // len(families_by_kind()[kind])) if self.current.shares else self.wanted
        return self.held[cell] < share and self.num_held(kind) < self.wanted

    def num_held(self, kind: str) -> int:
        """Examples of a kind, over all languages."""
        return sum(self.held[(kind, family)] for family in Family)

    def wanted_kinds(self) -> dict[Family, frozenset[str]]:
        """The kinds that another try is worth its time of, by language."""
        kinds = families_by_kind()
        return {
            family: frozenset(
                kind for kind, families in kinds.items() if family in families and self.wants(kind, family)
            )
            for family in Family
        }

    def note_search(self, repository: str, kinds: Iterable[str]) -> None:
        """Counts a file that is looked at for each of these kinds."""
        for kind in kinds:
            self.searched.setdefault(kind, set()).add(repository)
            self.searched_files[kind] += 1

    def lacking(self) -> list[str]:
        """The kinds that have fewer examples than are wanted."""
        return [kind for kind in load_kinds() if kind in self.kinds and self.num_held(kind) < self.wanted]


def plan_survey(entries: Iterable[Entry]) -> list[tuple[Round, Entry]]:
    """Every round with its repositories, the languages taking turns in each."""
    listed = _taking_turns(entries)
    plan: list[tuple[Round, Entry]] = []
    for one in ROUNDS:
        covered = [(one, entry) for entry in listed if one.covers(entry)]
        plan += covered[: one.first or len(covered)]
    return plan


def survey_entries(
    plan: Iterable[tuple[Round, Entry]], clones: Path, max_files: int, wanted: int, kinds: Collection[str] = ()
) -> Iterator[Survey]:
    """Looks for up to `wanted` examples of each kind, or of these: each language its share, then any, then wider.

    Texts are looked for in every file, by the hashes of their paths, for kinds that still lack examples; trees are
    built, and flows followed, in so many times `max_files` files of a repository as the round says. The same survey is
    given after each repository, with what it added.
    """
    survey = Survey(wanted, frozenset(one for one in load_kinds() if not kinds or one in kinds))
    for survey.current, entry in plan:
        if survey.lacking():
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
    is_new = entry.repository not in survey.repositories
    survey.repositories.add(entry.repository)
    named, others = survey.current.named * max_files, survey.current.others * max_files
    wanted = survey.wanted_kinds()
    for file in sorted(select_files(clone, entry.commit, Tally()), key=lambda file: digest(file.source.path)):
        if named <= 0 and others <= 0:
            break
        family = file.language.family
        survey.files[family] += is_new
        if len(file.source.content) > survey.current.max_bytes or not wanted[family] or stands_aside(file):
            continue
        survey.note_search(entry.repository, wanted[family])
        room = find_room(file, wanted[family])
        if (room.by_text or room.named) and named > 0:
            named -= 1
        elif room.anywhere and others > 0:
            others -= 1
        else:
            continue
        survey.trees[family] += 1
        origin = f"{entry.repository}@{entry.commit[:12]}:{file.source.path}"
        try:
            _survey_file(file, origin, survey, room)
        except (CurationError, GraphModelError) as error:
            _log.warning("%s: %s", origin, error)
        wanted = survey.wanted_kinds()


def _survey_file(file: SelectedFile, origin: str, survey: Survey, room: Room) -> None:
    scene = open_scene(file.source.path, file.source.content, file.language)
    if scene.tree.error_ranges:
        return
    family = file.language.family
    proposals = [*room.by_text, *propose_structures(scene, room.named | room.anywhere)]
    sound = cache(lambda: _analyse(file))
    proposals += _find_removals(file, sound, scene, room)
    tries: Counter[str] = Counter()
    for proposal in sorted(proposals, key=lambda one: digest(f"{one.name}:{one.start}")):
        wanted = tries[proposal.kind] < _TRIES_A_FILE and _is_wanted_here(proposal.kind, survey, origin, family)
        if wanted and fits(scene, proposal):
            for one in with_twins(scene, (proposal,)):
                tries[one.kind] += 1
                _try(file, sound, one, origin, survey)


def _find_removals(file: SelectedFile, sound: Sound, scene: Scene, room: Room) -> Iterator[Proposal]:
    path = file.source.path
    wanted = (room.named | room.anywhere) & REMOVALS
    project = sound() if wanted else None
    if project is not None:
        removals = propose_removals(project.analyses[path], project.candidates[path], scene)
        yield from (one for one in removals if one.name in wanted)


def _analyse(file: SelectedFile) -> Project | None:
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
    return of_repository < survey.current.most and survey.wants(kind, family)


def _try(file: SelectedFile, sound: Sound, proposal: Proposal, origin: str, survey: Survey) -> None:
    cell = (proposal.kind, file.language.family)
    survey.tried[cell] += 1
    survey.tried_here[cell] += 1
    example = try_proposal(file, sound, proposal, origin)
    known = survey.examples.setdefault(cell, [])
    if example is None or example.twin is None or any(example.copies(one) for one in known):
        return
    known.append(example)
    survey.held[cell] += 1
    survey.defect_bytes[cell] += _size(proposal.edits)
    if example.twin is not None:
        survey.twinned[cell] += 1
        survey.twin_bytes[cell] += _size(proposal.twin)


def _size(edits: tuple[Edit, ...]) -> int:
    """Bytes taken away and bytes put in."""
    return sum(one.end - one.start + len(one.replacement) for one in edits)


def try_proposal(file: SelectedFile, sound: Sound, proposal: Proposal, origin: str) -> InjectionExample | None:
    """The example that a proposal makes, None when it does not hold: it must parse, and give birth to a candidate."""
    content, path = file.source.content, file.source.path
    broken = edit_content(content, proposal.edits, file.language)
    if broken is None:
        return None
    asks = find_kind(proposal.kind).needs_candidate
    born = _labels_born(file, sound, proposal.edits, proposal.labels) if asks else ()
    if asks and not born:
        return None
    twin = edit_content(content, proposal.twin, file.language) if proposal.twin else None
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
        twin_born=_labels_born(file, sound, proposal.twin, proposal.labels) if asks and twin is not None else (),
    )


def _labels_born(file: SelectedFile, sound: Sound, edits: tuple[Edit, ...], labels: frozenset[str]) -> tuple[str, ...]:
    path = file.source.path
    edited = analyse_edited(file, edits)
    if edited is None or not any(one.label in labels for one in edited.candidates[path]):
        return ()
    before = sound()
    born = find_born(before.candidates[path], edited.candidates[path]) if before is not None else []
    return tuple(sorted({one.label for one in born if one.label in labels}))
