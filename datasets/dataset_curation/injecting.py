"""Injection: breaks sound code of the training repositories and keeps the candidates that are born.

A defect counts only where the engine, reading the edited file, proposes a candidate of the defect's label that the
sound file lacks. Where a project's own helper protects a flow that stays a candidate, the three versions are kept: the
helper in place and wrapped once more (harmless), and taken away (harmful), so that the size of an edit tells nothing.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dataset_curation.analysing import Project, Provenance, analyse_project, make_records
from dataset_curation.clones import find_clone
from dataset_curation.defects import Proposal, propose_defects
from dataset_curation.errors import CurationError
from dataset_curation.harvesting import Outcome, file_name, is_current
from dataset_curation.helper_twins import HelperTwins, propose_helper_twins
from dataset_curation.manifests import Entry
from dataset_curation.records import UNJUDGED, FunctionRecord, Judgement, read_header, save_records
from dataset_curation.removals import propose_removals
from dataset_curation.selection import SelectedFile, Tally, select_files
from graph_model.candidates.model import Candidate
from graph_model.edits.model import Edit, apply_edits
from graph_model.errors import GraphModelError
from reviewer.source import SourceFile

_SOURCE = "injected"
_log = logging.getLogger(__name__)
_MAX_A_DEFECT = 12  # of one kind in one repository
_MAX_REMOVALS = 60  # of guards, and of sanitisers, in one repository
_MAX_TRIALS = 400  # analyses of files, sound or edited, for one repository
_MAX_ROUNDS = 4  # edited versions of one file
_HELPER_WEIGHT = 0.5


@dataclass(slots=True)
class _Budget:
    """What a repository may still be given."""

    left: Counter[str]
    trials: int = _MAX_TRIALS

    def allows(self, name: str) -> bool:
        """Whether another one of this kind may be made."""
        limit = _MAX_REMOVALS if name.endswith("-removed") else _MAX_A_DEFECT
        return self.trials > 0 and self.left[name] < limit


def inject_entry(entry: Entry, clones: Path, target: Path) -> Outcome:
    """The injected records of one repository, as one file."""
    path = target / f"{file_name(entry.repository)}.records"
    if is_current(path, commit=entry.commit):
        return Outcome(entry.repository, "kept", int(read_header(path)["num_candidates"]))
    tally = Tally()
    clone = find_clone(clones, entry.repository)
    provenance = Provenance(entry.group, entry.repository, entry.commit)
    budget = _Budget(Counter())
    records: list[FunctionRecord] = []
    selected = sorted(
        select_files(clone, entry.commit, Tally()),
        key=lambda file: hashlib.sha256(file.source.path.encode("utf-8", "surrogatepass")).digest(),
    )
    for file in selected:
        if budget.trials <= 0:
            tally.drop("injection", "out-of-trials")
            break
        try:
            records.extend(inject_file(file, provenance, budget, tally))
        except CurationError as error:
            _log.warning("%s %s: %s", entry.repository, file.source.path, error)
            tally.drop("injection", "engine-error")
    num_candidates = sum(one.target >= 0 for record in records for one in record.judgements)
    header = {
        "repository": entry.repository,
        "commit": entry.commit,
        "role": entry.role.value,
        "family": entry.family,
        "num_candidates": num_candidates,
        "tally": tally.to_json(),
    }
    save_records(records, path, header)
    return Outcome(entry.repository, "done", num_candidates)


def inject_file(file: SelectedFile, provenance: Provenance, budget: _Budget, tally: Tally) -> Iterator[FunctionRecord]:
    """The records of one file's edited versions."""
    by_text = list(propose_defects(file.source.content, file.language.family))
    if not by_text and not _may_protect(file.source.content):
        return
    budget.trials -= 1
    sound = analyse_project([(file.source, file.language)], Tally())
    path = file.source.path
    if path not in sound.analyses or sound.analyses[path].problems:
        return
    analysis, candidates = sound.analyses[path], sound.candidates[path]
    proposals = [*by_text, *propose_removals(analysis, candidates, file.source.content)]
    for batch in _plan_rounds(proposals, budget, analysis_units=[(unit.start, unit.end) for unit in analysis.units]):
        budget.trials -= 1
        yield from _try_batch(file, sound, batch, provenance, budget, tally)
    for twins in propose_helper_twins(analysis, candidates, file.source.content):
        if budget.allows("helper"):
            budget.left["helper"] += 1
            budget.trials -= 2
            yield from _make_helper_records(file, sound, twins, provenance, tally)


def _may_protect(content: bytes) -> bool:
    """A cheap look for words of protection, so that most files need no analysis."""
    lowered = content.lower()
    return any(
        word in lowered
        for word in (b"escape", b"sanitiz", b"encode", b"valid", b"clean", b"quote", b"basename", b"allow")
    )


def _plan_rounds(
    proposals: Iterable[Proposal], budget: _Budget, analysis_units: list[tuple[int, int]]
) -> list[list[Proposal]]:
    """Batches of proposals whose edits lie in different functions; within the budget, at most a few batches a file."""
    rounds: list[list[Proposal]] = []
    planned: Counter[str] = Counter()
    ordered = sorted(proposals, key=lambda one: hashlib.sha256(f"{one.name}:{one.start}".encode()).digest())
    for proposal in ordered:
        if not budget.allows(proposal.name) or planned[proposal.name] >= 3:
            continue
        if len(proposal.edits) > 1:  # it reaches beyond one function
            if len(rounds) < _MAX_ROUNDS:
                rounds.append([proposal])
                planned[proposal.name] += 1
            continue
        for batch in rounds:
            if _fits(proposal, batch, analysis_units):
                batch.append(proposal)
                planned[proposal.name] += 1
                break
        else:
            if len(rounds) < _MAX_ROUNDS:
                rounds.append([proposal])
                planned[proposal.name] += 1
    return rounds


def _fits(proposal: Proposal, batch: list[Proposal], units: list[tuple[int, int]]) -> bool:
    owner = _owner(proposal.edits[0], units)
    return all(len(one.edits) == 1 and _owner(one.edits[0], units) != owner for one in batch)


def _owner(edit: Edit, units: list[tuple[int, int]]) -> tuple[int, int]:
    """The outermost function around an edit; the first unit, the whole file, when there is none."""
    around = [unit for unit in units[1:] if unit[0] <= edit.start and edit.end <= unit[1]]
    return max(around, key=lambda unit: unit[1] - unit[0]) if around else units[0]


def _try_batch(
    file: SelectedFile, sound: Project, batch: list[Proposal], provenance: Provenance, budget: _Budget, tally: Tally
) -> Iterator[FunctionRecord]:
    edited = _analyse_edited(file, [edit for proposal in batch for edit in proposal.edits])
    if edited is None:
        tally.drop("injection", "does-not-parse", len(batch))
        return
    path = file.source.path
    born = find_born(sound.candidates[path], edited.candidates[path])
    judged: dict[Candidate, Judgement] = {}
    for proposal in batch:
        own = [one for one in born if one.label in proposal.labels and one not in judged]
        if len(batch) > 1:
            names = _symbols_around(sound, path, proposal)
            own = [one for one in own if one.symbol in names]
        if own:
            tally.keep("injection")
            tally.drop("defects", proposal.name)  # a count by kind, beside the kept ones
            budget.left[proposal.name] += 1
            judged.update(dict.fromkeys(own, Judgement(1, 1.0, _SOURCE)))
        else:
            tally.drop("injection", "nothing-born")
    yield from _records_of(edited, judged, provenance)


def _symbols_around(sound: Project, path: str, proposal: Proposal) -> set[str]:
    """The names of the units that hold a proposal's first edit, and of those inside the outermost of them."""
    units = sound.analyses[path].units
    start, end = _owner(proposal.edits[0], [(unit.start, unit.end) for unit in units])
    return {unit.qualname for unit in units if start <= unit.start and unit.end <= end}


def _analyse_edited(file: SelectedFile, edits: Iterable[Edit]) -> Project | None:
    """The file's project after edits, None when it no longer parses."""
    try:
        content = apply_edits(file.source.content, edits)
    except GraphModelError:
        return None
    source = SourceFile(file.source.path, content)
    project = analyse_project([(source, file.language)], Tally())
    analysis = project.analyses.get(source.path)
    return project if analysis is not None and not analysis.problems else None


def find_born(before: Iterable[Candidate], after: Iterable[Candidate]) -> list[Candidate]:
    """Candidates of labels and symbols that have more of them after an edit, where it is plain which ones are new."""
    known: Counter[tuple[str, str]] = Counter((one.label, one.symbol) for one in before)
    places: Counter[tuple[str, str, str]] = Counter((one.label, one.symbol, one.api) for one in before)
    by_key: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in after:
        by_key.setdefault((candidate.label, candidate.symbol), []).append(candidate)
    born: list[Candidate] = []
    for key, found in by_key.items():
        fresh = [one for one in found if not places[(*key, one.api)]]
        number = len(found) - known[key]
        if number == len(found):
            born.extend(found)
        elif number > 0 and len(fresh) == number:
            born.extend(fresh)
    return born


def _records_of(
    project: Project, judged: dict[Candidate, Judgement], provenance: Provenance
) -> Iterator[FunctionRecord]:
    if not judged:
        return
    for record in make_records(project, provenance, Tally()):
        judgements = [judged.get(one, UNJUDGED) for one in record.candidates]
        if any(one.target >= 0 for one in judgements):
            yield record.judged(judgements)


def _make_helper_records(
    file: SelectedFile, sound: Project, twins: HelperTwins, provenance: Provenance, tally: Tally
) -> Iterator[FunctionRecord]:
    path = file.source.path
    stripped = _analyse_edited(file, [twins.removed])
    wrapped = _analyse_edited(file, [twins.wrapped])
    bare = _same_candidate(stripped, path, twins.candidate) if stripped is not None else None
    kept = _same_candidate(wrapped, path, twins.candidate) if wrapped is not None else None
    if stripped is None or wrapped is None or bare is None or kept is None:
        tally.drop("helpers", "flow-lost")
        return
    tally.keep("helpers")
    harmless, harmful = Judgement(0, _HELPER_WEIGHT, _SOURCE), Judgement(1, _HELPER_WEIGHT, _SOURCE)
    yield from _records_of(sound, {twins.candidate: harmless}, provenance)
    yield from _records_of(wrapped, {kept: harmless}, provenance)
    yield from _records_of(stripped, {bare: harmful}, provenance)


def _same_candidate(project: Project, path: str, candidate: Candidate) -> Candidate | None:
    """The only candidate of an edited file with the label, symbol and API of one in the sound file."""
    key = (candidate.label, candidate.symbol, candidate.api)
    found = [one for one in project.candidates[path] if (one.label, one.symbol, one.api) == key]
    return found[0] if len(found) == 1 else None
