"""The steps from clones to shards, each from folders to files; the commands and the whole run call these.

Each is resumable: what is there and was made by the same engine of the same thing is kept, and nothing appears in part.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dataset_curation.assembly import (
    INJECTED,
    SOURCE_ORDER,
    CardCounts,
    SourceFileOfRecords,
    collect_facts,
    find_sources,
    keep_records,
    list_sources,
    thin,
)
from dataset_curation.clones import find_clone
from dataset_curation.filters.balance import Caps
from dataset_curation.gaps import Cell, Wanted, find_gaps
from dataset_curation.harvesting import HARVESTED, Outcome, harvest, plan_harvest, run_parallel
from dataset_curation.injection.injecting import InjectionJob, inject_entry
from dataset_curation.injection.needs import Needs
from dataset_curation.manifests import Entry, Role
from dataset_curation.pairs.advisories import Advice
from dataset_curation.pairs.advisory_sources import find_refused, keep_allowed, read_databases
from dataset_curation.pairs.knowledge_base import mine_statements
from dataset_curation.sampling import Limits
from dataset_curation.selection import Tally
from dataset_curation.sharding import INDEX_NAME, PLAIN, make_header, write_shards
from dataset_curation.sources.fixes import FixJob, mine_fixes
from dataset_curation.sources.fixtures import harvest_fixtures
from dataset_curation.sources.history import VERDICTS, plan_history, read_history
from dataset_curation.sources.threads import Thread
from dataset_curation.triage.verdicts import TriageRow, read_rows

_KNOWLEDGE_BASE = "SAP/project-kb"
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a run works: clones are read, `data` is written to, by so many processes."""

    clones: Path
    data: Path
    jobs: int = 1


Work = tuple[int, Iterator[Outcome]]
"""How many outcomes a step will have, and the outcomes as they come."""


def take(entries: Iterable[Entry], *roles: Role) -> list[Entry]:
    """The entries of these roles, the largest first, so that no long one is left for the end."""
    chosen = [one for one in entries if one.role in roles]
    return sorted(chosen, key=lambda entry: (-sum(entry.lines.values()), entry.repository))


def run_harvest(
    entries: Iterable[Entry],
    limits: Limits,
    rows: Iterable[TriageRow],
    folders: Folders,
    roles: Sequence[Role] = HARVESTED,
) -> Work:
    """Every candidate of the repositories of some roles, and functions without one."""
    jobs = plan_harvest(take(entries, *roles), limits, rows)
    return len(jobs), run_parallel(harvest, jobs, folders.clones, folders.data / "harvest", folders.jobs)


def run_fixtures(entries: Iterable[Entry], folders: Folders) -> Work:
    """What analysers' tests say of the engine's candidates."""
    chosen = take(entries, Role.FIXTURES)
    return len(chosen), run_parallel(harvest_fixtures, chosen, folders.clones, folders.data / "fixtures", 1)


def run_fixes(
    entries: Sequence[Entry], listed: dict[str, tuple[str, ...]] | None, max_commits: int, folders: Folders
) -> Work:
    """What fix commits make vanish: those listed, or of whole histories when nothing is listed."""
    advice = _read_all_advice(entries, folders)
    jobs = [
        FixJob(
            one,
            tuple(a for a in advice if a.repository == one.repository.lower()),
            max_commits,
            None if listed is None else listed.get(one.repository, ()),
        )
        for one in take(entries, Role.TRAIN, Role.FIXES)
    ]
    return len(jobs), run_parallel(mine_fixes, jobs, folders.clones, folders.data / "fixes", folders.jobs)


def _read_all_advice(entries: Iterable[Entry], folders: Folders) -> list[Advice]:
    """What every advisory says of every commit that it names."""
    bases = [(find_clone(folders.clones, one.repository), one) for one in take(entries, Role.ADVISORIES)]
    records = list(read_databases((clone, one.repository, one.commit) for clone, one in bases))
    return [
        Advice(repository, commit, record.names[0], record.text)
        for record in keep_allowed(records, find_refused(records), Tally())
        for repository, commit in record.commits
    ]


def run_statements(entries: Iterable[Entry], folders: Folders) -> Work:
    """What the changed sources of a knowledge base make vanish."""
    bases = [one for one in take(entries, Role.ADVISORIES) if one.repository == _KNOWLEDGE_BASE]
    return len(bases), run_parallel(mine_statements, bases, folders.clones, folders.data / "fixes", 1)


def run_history(entries: Iterable[Entry], threads: Iterable[Thread], max_commits: int, folders: Folders) -> Work:
    """An organisation's reverts, review threads, suppressions and baselines."""
    jobs = plan_history(take(entries, Role.TRAIN), threads, folders.data, max_commits)
    return len(jobs), run_parallel(read_history, jobs, folders.clones, folders.data / "history", folders.jobs)


def run_injection(
    entries: Iterable[Entry], rows: Sequence[TriageRow], folders: Folders, hard: Path | None = None, seed: int = 0
) -> Work:
    """Sound code of the training repositories, broken, most where most is missing.

    `hard` is a bundle whose mistakes are preferred.
    """
    needs = measure_needs(folders.data, rows, Wanted())
    jobs = [InjectionJob(entry, hard, seed, needs) for entry in take(entries, Role.TRAIN)]
    return len(jobs), run_parallel(inject_entry, jobs, folders.clones, folders.data / INJECTED, folders.jobs)


def read_all_rows(triage: Path, data: Path) -> list[TriageRow]:
    """What people read, and what annotations in trees say."""
    return [*read_rows(triage), *read_rows(data / VERDICTS)]


def assemble(
    data: Path, rows: Sequence[TriageRow], target: Path, caps: Caps, unlabelled_share: float = 1.0
) -> tuple[list[tuple[str, str]], CardCounts]:
    """Shards of all records below `data`: their names and SHA-256, and the counts of what went into them.

    They are written aside and take the place of older ones at the end.
    """
    sources = list_sources(data)
    counts = CardCounts()
    header = make_header(collect_facts(sources))
    kept = thin(keep_records(sources, rows, caps, counts.tally), unlabelled_share, counts.tally)
    part = target / _PART
    shutil.rmtree(part, ignore_errors=True)
    written = write_shards(counts.count(kept), header, part)
    for folder in (target, target / PLAIN):
        folder.mkdir(parents=True, exist_ok=True)
        for old in (*folder.glob("*.npz"), *folder.glob(INDEX_NAME)):
            old.unlink()
    for file in sorted(one for one in part.rglob("*") if one.is_file()):
        os.replace(file, target / file.relative_to(part))
    shutil.rmtree(part)
    return written, counts


def measure_gaps(data: Path, rows: Sequence[TriageRow], wanted: Wanted) -> list[Cell]:
    """What the training side of all records lacks; the gate is for judging and counts as nothing."""
    return _measure(list_sources(data), rows, wanted)


def measure_needs(data: Path, rows: Sequence[TriageRow], wanted: Wanted) -> Needs:
    """What the sources before injection lack. Injected records are not looked at: a step that was killed, or goes
    over what is there, is told the same as one that begins."""
    read = {row.repository for row in rows}
    sources = find_sources(data, (one for one in SOURCE_ORDER if one != INJECTED))
    judging = [one for one in sources if one.source != "harvest" or one.repository in read]
    return Needs.of(_measure(judging, rows, wanted))


def _measure(sources: Sequence[SourceFileOfRecords], rows: Sequence[TriageRow], wanted: Wanted) -> list[Cell]:
    counts = CardCounts()
    for _ in counts.count(keep_records(sources, rows, Caps(), counts.tally)):
        pass
    return find_gaps(counts.judged, wanted)
