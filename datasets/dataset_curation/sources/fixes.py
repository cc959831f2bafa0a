"""Fix commits: positives from candidates that vanish, from git history and from advisories that name commits."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from dataset_curation.analysing import Project, Provenance, analyse_project, make_records
from dataset_curation.clones import Change, Clone, Commit, find_clone
from dataset_curation.errors import CloneError, CurationError, OffLimitsError
from dataset_curation.filters.accuracy import find_distortion
from dataset_curation.filters.consistency import drop_fixed_again
from dataset_curation.filters.freshness import is_too_old
from dataset_curation.filters.off_limits import check_text
from dataset_curation.harvesting import Outcome, file_name, is_current
from dataset_curation.manifests import Entry
from dataset_curation.pairs.advisories import Advice
from dataset_curation.records import UNJUDGED, FunctionRecord, Judgement, read_header, save_records
from dataset_curation.selection import Tally, find_drop_reason, select_content
from dataset_curation.sources.topics import GREP, FixKind, Topic, classify_message
from dataset_curation.sources.vanishing import find_guarded, find_vanished, is_sound
from graph_model.candidates.model import Candidate
from graph_model.languages import Language, find_language
from reviewer.source import SourceFile

MAX_FILES = 6
_GUARDED_WEIGHT = 0.5
_FILTERS = "2"  # counts up whenever other commits are kept
_SOURCE = "fix"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FixCommit:
    """A commit that says it mends something, with the source files it modified."""

    commit: Commit
    topic: Topic
    changes: tuple[Change, ...]


def find_fix_commits(clone: Clone, head: str, advised: Mapping[str, Advice], tally: Tally) -> Iterator[FixCommit]:
    """Fix commits of a history: those that advisories name first, then by what their message names, newest first."""
    seen: set[str] = set()
    for commit_id, advice in sorted(advised.items()):
        commit = clone.find_commit(commit_id)
        if commit is None:
            tally.drop("commits", "not-in-clone")
        elif commit.id not in seen:
            seen.add(commit.id)
            topic = classify_message(f"{commit.message}\n{advice.text}", is_advised=True)
            if topic is not None:
                yield from qualify(clone, commit, topic, tally)
    found: list[tuple[int, Commit, Topic]] = []
    for commit in clone.list_commits(head, GREP):
        topic = classify_message(commit.message)
        if topic is None:
            tally.drop("commits", "label-free")
        elif commit.id not in seen:
            rank = (
                0
                if topic.is_named
                else 1
                if topic.labels and topic.kind is FixKind.SECURITY
                else 2
                if topic.labels
                else 3
            )
            found.append((rank, commit, topic))
    for _, commit, topic in sorted(found, key=lambda one: (one[0], -one[1].timestamp, one[1].id)):
        yield from qualify(clone, commit, topic, tally)


def find_listed_commits(
    clone: Clone, listed: Iterable[str], advised: Mapping[str, Advice], tally: Tally
) -> Iterator[FixCommit]:
    """The fix commits of a list, without a look at the rest of the history."""
    texts: dict[str, str] = {}
    for advice in advised.values():
        texts[advice.commit[:7]] = f"{texts.get(advice.commit[:7], '')}\n{advice.text}"
    for commit_id in listed:
        commit = clone.find_commit(commit_id)
        if commit is None:
            tally.drop("commits", "not-in-clone")
            continue
        text = texts.get(commit.id[:7], "")
        topic = classify_message(f"{commit.message}\n{text}", is_advised=bool(text))
        if topic is not None:
            yield from qualify(clone, commit, topic, tally)


def qualify(clone: Clone, commit: Commit, topic: Topic, tally: Tally) -> Iterator[FixCommit]:
    """The commit as a fix, when it is recent, small and changes product code; else nothing, with the reason counted."""
    try:
        check_text(commit.message)
        changes = clone.list_changes(commit)
    except OffLimitsError:
        tally.drop("commits", "off-limits-cve")
        return
    except CloneError:
        tally.drop("commits", "not-in-clone")
        return
    sources = [
        one
        for one in changes
        if find_language(one.path) is not None and find_drop_reason(one.path) not in ("test", "example")
    ]
    modified = tuple(one for one in sources if one.status == "M" and not find_drop_reason(one.path))
    if is_too_old(commit.timestamp):
        tally.drop("commits", "too-old")
    elif not modified:
        is_tests = any(find_drop_reason(one.path) == "test" for one in changes if find_language(one.path) is not None)
        tally.drop("commits", "tests-only" if is_tests and not sources else "no-source")
    elif len(sources) > MAX_FILES:
        tally.drop("commits", "tangled")
    else:
        tally.keep("commits")
        yield FixCommit(commit, topic, modified)


def read_version(
    clone: Clone, changes: Iterable[Change], side: Callable[[Change], str], tally: Tally
) -> Iterator[tuple[SourceFile, Language]]:
    """The files of one side of a commit that selection leaves."""
    listed = list(changes)
    for change, (_, raw) in zip(listed, clone.read_blobs(side(change) for change in listed), strict=True):
        source = select_content(change.path, raw, tally)
        language = find_language(change.path)
        if source is not None and language is not None:
            yield source, language


@lru_cache(maxsize=2)  # a revert that gives no reason is looked at for every kind of fault
def _analyse_side(clone: Clone, changes: tuple[Change, ...], *, is_after: bool) -> tuple[Project, Tally]:
    """One side of a commit, with what of its files was dropped."""
    tally = Tally()
    files = read_version(clone, changes, lambda change: change.new_blob if is_after else change.old_blob, tally)
    return analyse_project(files, tally, every_graph=True), tally


def make_fix_records(clone: Clone, fix: FixCommit, entry: Entry, tally: Tally) -> Iterator[FunctionRecord]:
    """Records of the units that a fix commit is evidence for; none when nothing vanishes."""
    before, dropped = _analyse_side(clone, fix.changes, is_after=False)
    if not any(
        one.label.startswith(f"{fix.topic.kind.value}/") for found in before.candidates.values() for one in found
    ):
        is_dead = dropped.counts[("files", "dead-api")] and not before.analyses
        tally.drop("fixes", "dead-api" if is_dead else "no-candidate-before")
        return
    after, _ = _analyse_side(clone, fix.changes, is_after=True)
    yield from judge_versions(before, after, fix.topic, Provenance(entry.group, entry.repository, fix.commit.id), tally)


def judge_versions(
    before: Project, after: Project, topic: Topic, provenance: Provenance, tally: Tally
) -> Iterator[FunctionRecord]:
    """Records of both versions that hold a judged candidate."""
    if not is_sound(before, after):
        tally.drop("fixes", "unsound-version")
        return
    distortion = find_distortion(before, after)
    if distortion:
        tally.drop("fixes", distortion)
        return
    judged_before: dict[Candidate, Judgement] = {
        one.candidate: Judgement(1, one.weight, _SOURCE) for one in find_vanished(before, after, topic)
    }
    judged_after: dict[Candidate, Judgement] = {}
    if not judged_before:
        for first, second in find_guarded(before, after, topic):
            judged_before[first] = Judgement(1, _GUARDED_WEIGHT, _SOURCE)
            judged_after[second] = Judgement(0, _GUARDED_WEIGHT, _SOURCE)
    if not judged_before:
        tally.drop("fixes", "nothing-vanished")
        return
    tally.keep("fixes")
    for side, project, judged in (("before", before, judged_before), ("after", after, judged_after)):
        placed = replace(provenance, commit=f"{provenance.commit}{'^' if side == 'before' else ''}")
        for record in make_records(project, placed, Tally()):
            judgements = [judged.get(one, UNJUDGED) for one in record.candidates]
            if any(one.target >= 0 for one in judgements):
                yield record.judged(judgements)


@dataclass(frozen=True, slots=True)
class FixJob:
    """One repository to mine, with what advisories say about it."""

    entry: Entry
    advice: tuple[Advice, ...]
    max_commits: int
    listed: tuple[str, ...] | None = None  # only these commits, found by an earlier mining

    @property
    def extent(self) -> str:
        """What is mined, as far as it changes the result: part of what makes a records file current."""
        found = hashlib.sha256("\n".join(self.listed).encode()).hexdigest()[:16] if self.listed is not None else ""
        return f"{_FILTERS}:{self.max_commits}:{found}"

    @property
    def repository(self) -> str:
        """The repository's name, for reports."""
        return self.entry.repository


def mine_fixes(job: FixJob, clones: Path, target: Path) -> Outcome:
    """The fix records of one repository, as one file."""
    entry = job.entry
    path = target / f"{file_name(entry.repository)}.records"
    if is_current(path, commit=entry.commit, extent=job.extent):
        return Outcome(entry.repository, "kept", int(read_header(path)["num_candidates"]))
    tally = Tally()
    clone = find_clone(clones, entry.repository)
    mined: list[tuple[int, list[FunctionRecord]]] = []
    advised = {advice.commit: advice for advice in job.advice}
    found = (
        find_fix_commits(clone, entry.commit, advised, tally)
        if job.listed is None
        else find_listed_commits(clone, job.listed, advised, tally)
    )
    for number, fix in enumerate(found):
        if number >= job.max_commits:
            tally.drop("commits", "over-the-limit")
            break
        try:
            mined.append((fix.commit.timestamp, list(make_fix_records(clone, fix, entry, tally))))
        except CurationError as error:
            _log.warning("%s@%s: %s", entry.repository, fix.commit.id, error)
            tally.drop("fixes", "engine-error")
    records = list(drop_fixed_again(mined, tally))
    num_candidates = sum(one.target >= 0 for record in records for one in record.judgements)
    header = {
        "repository": entry.repository,
        "commit": entry.commit,
        "extent": job.extent,
        "role": entry.role.value,
        "family": entry.family,
        "num_candidates": num_candidates,
        "tally": tally.to_json(),
    }
    save_records(records, path, header)
    return Outcome(entry.repository, "done", num_candidates)
