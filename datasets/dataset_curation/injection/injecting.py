"""Injection: breaks sound code of the training repositories and keeps what is born, beside harmless twins.

A defect of a kind that the engine knows counts only where the engine, reading the edited file, proposes a candidate of
the defect's label that the sound file lacks; a candidate that the twin gives birth to is harmless. Of other kinds the
exact statement is kept as a sample. Where a project's own helper protects a flow that stays a candidate, the three
versions are kept: the helper in place and wrapped once more (harmless), and taken away (harmful), so that the size of
an edit tells nothing.

Much is made where a training set lacks much, and a few of what it has enough of: what is missing is counted before the
first repository and told to all, so that no order, and no interruption, changes what is made.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dataset_curation.analysing import Project, Provenance, analyse_project, make_records
from dataset_curation.clones import find_clone
from dataset_curation.errors import CurationError
from dataset_curation.harvesting import Outcome, file_name, is_current
from dataset_curation.injection.defect_kinds import find_kind
from dataset_curation.injection.defects import Proposal, propose_defects
from dataset_curation.injection.fitting import fits
from dataset_curation.injection.hardness import BundleScorer, Scorer, Weighed, difficulty, prefer_hard
from dataset_curation.injection.helper_twins import HelperTwins, propose_helper_twins
from dataset_curation.injection.needs import Needs
from dataset_curation.injection.removals import propose_removals
from dataset_curation.injection.rounds import Budget, Quota, digest, owner_of, plan_rounds
from dataset_curation.injection.span_samples import SpanSample, make_samples, save_samples
from dataset_curation.injection.structures import open_scene, propose_structures, with_twins
from dataset_curation.injection.trials import analyse_edited, edit_content, find_born
from dataset_curation.manifests import Entry
from dataset_curation.records import UNJUDGED, FunctionRecord, Judgement, read_header, save_records
from dataset_curation.selection import SelectedFile, Tally, select_files, stands_aside
from graph_model.candidates.model import Candidate
from graph_model.errors import GraphModelError
from graph_model.languages import BY_NAME, Family

_SOURCE = "injected"
_log = logging.getLogger(__name__)
_TWIN_WEIGHT = 0.5
_MORE_TO_CHOOSE_FROM = 3  # times as many are made when only the hard ones are kept


@dataclass(frozen=True, slots=True)
class InjectionJob:
    """A repository to inject, and the bundle (with a seed) whose mistakes are preferred, None for no preference.

    `needs` is what other sources lack.
    """

    entry: Entry
    hard: Path | None = None
    seed: int = 0
    needs: Needs = field(default_factory=Needs)

    @property
    def repository(self) -> str:
        """The repository's name."""
        return self.entry.repository


@dataclass(frozen=True, slots=True)
class Injected:
    """A record of an edited version, what it was counted as, and how wrong a bundle is about it (0 without one)."""

    record: FunctionRecord
    quota: Quota
    difficulty: float = 0.0


@dataclass(slots=True)
class _Run:
    """One repository while it is injected."""

    provenance: Provenance
    budget: Budget
    tally: Tally
    needs: Needs
    scorer: Scorer | None = None
    samples: list[SpanSample] = field(default_factory=list)

    def quota_of(self, name: str, labels: Iterable[str], family: Family) -> Quota:
        """What a defect is counted as, by the emptiest of the cells that it may fill."""
        return Quota(name, self.needs.harmful(labels, family))


def inject_entry(job: InjectionJob, clones: Path, target: Path) -> Outcome:
    """The injected records of one repository, as one file, and its samples of statements as another."""
    entry, path = job.entry, target / f"{file_name(job.repository)}.records"
    scorer = BundleScorer(job.hard) if job.hard is not None else None
    preference = f"{scorer.identity} {job.seed}" if scorer is not None else ""
    if is_current(path, commit=entry.commit, preference=preference, needs=job.needs.identity):
        return Outcome(entry.repository, "kept", int(read_header(path)["num_candidates"]))
    provenance = Provenance(entry.group, entry.repository, entry.commit)
    run = _Run(provenance, Budget(_MORE_TO_CHOOSE_FROM if scorer is not None else 1), Tally(), job.needs, scorer)
    injected = list(_inject_all(job, clones, run))
    if scorer is not None:
        injected = _choose(injected, run, job.seed)
    records = [one.record for one in injected]
    num_candidates = sum(one.target >= 0 for record in records for one in record.judgements)
    header = {
        "repository": entry.repository,
        "commit": entry.commit,
        "role": entry.role.value,
        "family": entry.family,
        "preference": preference,
        "needs": job.needs.identity,
        "num_candidates": num_candidates,
        "tally": run.tally.to_json(),
    }
    save_samples(run.samples, path.with_suffix(".spans.jsonl"))
    save_records(records, path, header)
    return Outcome(entry.repository, "done", num_candidates)


def _inject_all(job: InjectionJob, clones: Path, run: _Run) -> Iterator[Injected]:
    clone = find_clone(clones, job.repository)
    selected = sorted(select_files(clone, job.entry.commit, Tally()), key=lambda file: digest(file.source.path))
    for file in selected:
        if run.budget.trials <= 0:
            run.tally.drop("injection", "out-of-trials")
            break
        if stands_aside(file):
            run.tally.drop("injection", "stands-aside")
            continue
        try:
            yield from _inject_file(file, run)
        except CurationError as error:
            _log.warning("%s %s: %s", job.repository, file.source.path, error)
            run.tally.drop("injection", "engine-error")


def _choose(injected: list[Injected], run: _Run, seed: int) -> list[Injected]:
    """Of each defect as many as without a preference, hard ones likelier."""
    chosen: list[Injected] = []
    for quota in sorted({one.quota for one in injected}, key=lambda one: (one.name, one.need)):
        # Twins of one place are chosen apart, so that they differ in weight; the number tells them apart.
        own = {f"{quota.name}:{idx}:{one.record.twin}": one for idx, one in enumerate(injected) if one.quota == quota}
        kept = prefer_hard(
            (Weighed(key, one.difficulty) for key, one in own.items()),
            run.budget.limit_of(quota) // run.budget.times,
            seed,
        )
        chosen.extend(own[item.key] for item in kept)
        if len(kept) < len(own):
            run.tally.drop("injection", "easier", len(own) - len(kept))
    return chosen


def _inject_file(file: SelectedFile, run: _Run) -> Iterator[Injected]:
    """The records of one file's edited versions; samples of statements are collected beside them."""
    try:
        scene = open_scene(file.source.path, file.source.content, file.language)
    except GraphModelError:
        return
    if scene.tree.error_ranges:
        return
    by_edit = [*propose_defects(file.source.content, file.language.family), *propose_structures(scene)]
    family = file.language.family

    def quota_of(proposal: Proposal) -> Quota:
        return run.quota_of(proposal.name, proposal.labels, family)

    wanted = (one for one in by_edit if run.budget.allows(quota_of(one)) and fits(scene, one))
    by_edit = list(with_twins(scene, wanted))
    for proposal in by_edit:
        _sample_statement(file, proposal, run)
    known = [one for one in by_edit if find_kind(one.kind).needs_candidate]
    if not known and not _may_protect(file.source.content):
        return
    run.budget.trials -= 1
    sound = analyse_project([(file.source, file.language)], Tally())
    path = file.source.path
    if path not in sound.analyses or sound.analyses[path].problems:
        return
    analysis, candidates = sound.analyses[path], sound.candidates[path]
    proposals = [*known, *with_twins(scene, propose_removals(analysis, candidates, scene))]
    for batch in plan_rounds(proposals, run.budget, [(unit.start, unit.end) for unit in analysis.units], quota_of):
        yield from _try_batch(file, sound, batch, run)
    for twins in propose_helper_twins(analysis, candidates, file.source.content):
        quota = Quota("helper", run.needs.harmless(twins.candidate.label, family))
        if run.budget.allows(quota):
            run.budget.spend(quota, trials=2)
            yield from _make_helper_records(file, sound, twins, quota, run)


def _sample_statement(file: SelectedFile, proposal: Proposal, run: _Run) -> None:
    """Keeps a defect that the engine has no candidate for, if the budget allows and it parses."""
    kind = find_kind(proposal.kind)
    quota = run.quota_of(proposal.name, proposal.labels, file.language.family)
    if kind.needs_candidate or not run.budget.allows(quota):
        return
    if not _both_parse(file, proposal):
        run.tally.drop("injection", "does-not-parse")
        return
    run.budget.keep(quota)
    run.tally.keep("statements")
    run.tally.drop("defects", proposal.name)
    run.samples.extend(make_samples(file.source, proposal, kind.span, run.provenance.origin(file.source.path)))


def _both_parse(file: SelectedFile, proposal: Proposal) -> bool:
    """Whether a file parses with the defect, and with its twin."""
    versions = (edit_content(file.source.content, edits, file.language) for edits in (proposal.edits, proposal.twin))
    return all(one is not None for one in versions)


def _may_protect(content: bytes) -> bool:
    """A cheap look for words of protection, so that most files need no analysis."""
    lowered = content.lower()
    return any(
        word in lowered
        for word in (b"escape", b"sanitiz", b"encode", b"valid", b"clean", b"quote", b"basename", b"allow")
    )


def _try_batch(file: SelectedFile, sound: Project, batch: list[Proposal], run: _Run) -> Iterator[Injected]:
    parsing = [one for one in batch if _both_parse(file, one)]
    if len(parsing) < len(batch):
        run.tally.drop("injection", "does-not-parse", len(batch) - len(parsing))
    run.budget.trials -= 1
    edited = analyse_edited(file, [edit for one in parsing for edit in one.edits]) if parsing else None
    if edited is None:
        return
    found = _attribute(sound, edited, file.source.path, parsing)
    if len(found) < len(parsing):
        run.tally.drop("injection", "nothing-born", len(parsing) - len(found))
    _keep_needed(file, found, parsing, run)
    yield from _records_of(edited, found, parsing, 1, run)
    twins = [one for one in parsing if one.start in found]
    if twins:
        run.budget.trials -= 1
        beside = analyse_edited(file, [edit for one in twins for edit in one.twin])
        if beside is not None:
            born = _attribute(sound, beside, file.source.path, twins)
            run.tally.keep("twins", len(twins))
            yield from _records_of(beside, born, twins, 0, run)


def _keep_needed(file: SelectedFile, found: dict[int, list[Candidate]], batch: list[Proposal], run: _Run) -> None:
    """Counts what was born, and drops it where its cell has had enough: which it fills is known only now."""
    for proposal in (one for one in batch if one.start in found):
        quota = run.quota_of(proposal.name, (one.label for one in found[proposal.start]), file.language.family)
        if not run.budget.has_room(quota):
            run.tally.drop("injection", "over-the-quota")
            del found[proposal.start]
            continue
        run.tally.keep("injection")
        run.tally.drop("defects", proposal.name)  # a count by kind, beside the kept ones
        run.budget.keep(quota)


def _attribute(sound: Project, edited: Project, path: str, batch: list[Proposal]) -> dict[int, list[Candidate]]:
    """What is born in an edited file, by the start of the proposal that is to answer for it."""
    born = find_born(sound.candidates[path], edited.candidates[path])
    found: dict[int, list[Candidate]] = {}
    taken: set[Candidate] = set()
    for proposal in batch:
        own = [one for one in born if one.label in proposal.labels and one not in taken]
        if len(batch) > 1:
            names = _symbols_around(sound, path, proposal)
            own = [one for one in own if one.symbol in names]
        if own:
            found[proposal.start] = own
            taken.update(own)
    return found


def _symbols_around(sound: Project, path: str, proposal: Proposal) -> set[str]:
    """The names of the units that hold a proposal's first edit, and of those inside the outermost of them."""
    units = sound.analyses[path].units
    start, end = owner_of(proposal.edits[0], [(unit.start, unit.end) for unit in units])
    return {unit.qualname for unit in units if start <= unit.start and unit.end <= end}


def _records_of(
    project: Project, found: dict[int, list[Candidate]], batch: list[Proposal], target: int, run: _Run
) -> Iterator[Injected]:
    """The records that hold what was born, with the name of the defect behind the first of each."""
    judgement = Judgement(target, 1.0 if target else _TWIN_WEIGHT, _SOURCE)
    names = {one.start: one.name for one in batch}
    behind = {candidate: names[start] for start, candidates in found.items() for candidate in candidates}
    for record in _judge(project, dict.fromkeys(behind, judgement), run.provenance):
        judged = [one for one in record.candidates if one in behind]
        quota = run.quota_of(behind[judged[0]], (one.label for one in judged), BY_NAME[record.language].family)
        yield Injected(record, quota, _difficulty(project, judged, target, run))


def _difficulty(project: Project, judged: list[Candidate], target: int, run: _Run) -> float:
    if run.scorer is None:
        return 0.0
    analysis = project.analyses[judged[0].path]
    return max(difficulty(target, one) for one in run.scorer.probabilities(analysis, judged))


def _judge(project: Project, judged: dict[Candidate, Judgement], provenance: Provenance) -> Iterator[FunctionRecord]:
    if not judged:
        return
    for record in make_records(project, provenance, Tally()):
        judgements = [judged.get(one, UNJUDGED) for one in record.candidates]
        if any(one.target >= 0 for one in judgements):
            yield record.judged(judgements)


def _make_helper_records(
    file: SelectedFile, sound: Project, twins: HelperTwins, quota: Quota, run: _Run
) -> Iterator[Injected]:
    path = file.source.path
    stripped = analyse_edited(file, [twins.removed])
    wrapped = analyse_edited(file, [twins.wrapped])
    bare = _same_candidate(stripped, path, twins.candidate) if stripped is not None else None
    kept = _same_candidate(wrapped, path, twins.candidate) if wrapped is not None else None
    if stripped is None or wrapped is None or bare is None or kept is None:
        run.tally.drop("helpers", "flow-lost")
        return
    run.tally.keep("helpers")
    versions = ((sound, twins.candidate, 0), (wrapped, kept, 0), (stripped, bare, 1))
    for project, candidate, target in versions:
        judged = {candidate: Judgement(target, _TWIN_WEIGHT, _SOURCE)}
        for record in _judge(project, judged, run.provenance):
            yield Injected(record, quota, _difficulty(project, [candidate], target, run))


def _same_candidate(project: Project, path: str, candidate: Candidate) -> Candidate | None:
    """The only candidate of an edited file with the label, symbol and API of one in the sound file."""
    key = (candidate.label, candidate.symbol, candidate.api)
    found = [one for one in project.candidates[path] if (one.label, one.symbol, one.api) == key]
    return found[0] if len(found) == 1 else None
