"""Harvest: every candidate of a repository at its pinned commit, one records file each, in parallel and resumable."""

import hashlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from dataset_curation.analysing import Provenance, analyse_project, make_plain_records, make_records
from dataset_curation.clones import find_clone
from dataset_curation.errors import CurationError, RecordError
from dataset_curation.manifests import Entry, Role
from dataset_curation.records import engine_version, read_header, save_records
from dataset_curation.sampling import Limits, choose_files
from dataset_curation.selection import Tally, select_files
from dataset_curation.triage.verdicts import TriageRow

T = TypeVar("T")
HARVESTED = (Role.TRAIN, Role.FIXES, Role.GATE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source: `state` is `done`, `kept` (up to date) or an error's text.

    `cpu_s` is the time of the work in this process, `peak_bytes` the most memory its process has had: measured, and for
    that reason in no file.
    """

    name: str
    state: str
    num_candidates: int = 0
    num_functions: int = 0
    cpu_s: float = 0.0
    peak_bytes: int = 0


def file_name(repository: str) -> str:
    """The name of a repository's file: owner+name."""
    return repository.replace("/", "+")


def is_current(path: Path, **expected: str) -> bool:
    """Whether a records file exists, was made by this engine, and its header says what is expected."""
    if not path.is_file():
        return False
    try:
        header = read_header(path)
    except RecordError:
        return False
    return header.get("engine") == engine_version() and all(header.get(key) == value for key, value in expected.items())


@dataclass(frozen=True, slots=True)
class HarvestJob:
    """One repository to harvest, as far as limits allow; `wanted` are files that are read in any case."""

    entry: Entry
    limits: Limits = field(default_factory=Limits)
    wanted: frozenset[str] = frozenset()

    @property
    def repository(self) -> str:
        """The repository's name, for reports."""
        return self.entry.repository

    @property
    def extent(self) -> str:
        """What is harvested, as far as it changes the result: part of what makes a records file current."""
        if not self.limits.max_bytes:
            return self.limits.extent
        wanted = hashlib.sha256("\n".join(sorted(self.wanted)).encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self.limits.extent}:{wanted[:16]}"


def plan_harvest(entries: Iterable[Entry], limits: Limits, rows: Iterable[TriageRow]) -> list[HarvestJob]:
    """The harvest of entries in their order: the gate whole, others within limits; files with a verdict are read."""
    read: dict[str, set[str]] = {}
    for row in rows:
        read.setdefault(row.repository, set()).add(row.path)
    return [
        HarvestJob(entry, Limits() if entry.role is Role.GATE else limits, frozenset(read.get(entry.repository, ())))
        for entry in entries
    ]


def harvest_entry(entry: Entry, clones: Path, target: Path) -> Outcome:
    """Harvests the whole of one repository, functions with candidates only."""
    return harvest(HarvestJob(entry), clones, target)


def harvest(job: HarvestJob, clones: Path, target: Path) -> Outcome:
    """Harvests one repository into target/owner+name.records, unless it is there and up to date."""
    entry, limits = job.entry, job.limits
    path = target / f"{file_name(entry.repository)}.records"
    if is_current(path, commit=entry.commit, extent=job.extent):
        header = read_header(path)
        return Outcome(entry.repository, "kept", int(header["num_candidates"]), int(header["num_functions"]))
    tally = Tally()
    clone = find_clone(clones, entry.repository)
    selected = select_files(
        clone, entry.commit, tally, sample=lambda found: choose_files(found, job.wanted, limits.max_bytes)
    )
    files = ((file.source, file.language) for file in selected)
    project = analyse_project(files, tally, every_graph=limits.max_plain > 0)
    provenance = Provenance(entry.group, entry.repository, entry.commit)
    records = list(make_records(project, provenance, tally))
    records += make_plain_records(project, provenance, limits.max_plain, tally) if limits.max_plain else []
    header = {
        "repository": entry.repository,
        "commit": entry.commit,
        "extent": job.extent,
        "role": entry.role.value,
        "family": entry.family,
        "num_lines": sum(source.num_lines for source in project.sources.values()),
        "num_candidates": sum(len(record.candidates) for record in records),
        "num_functions": len(records),
        "tally": tally.to_json(),
    }
    save_records(records, path, header)
    return Outcome(entry.repository, "done", header["num_candidates"], len(records))


def run_parallel(
    task: Callable[[T, Path, Path], Outcome], items: Iterable[T], clones: Path, target: Path, num_jobs: int
) -> Iterator[Outcome]:
    """Outcomes as they come, from `num_jobs` processes; one job runs in this process. A failure is an outcome."""
    names = list(items)
    if num_jobs <= 1:
        for item in names:
            yield _attempt(task, item, clones, target)
        return
    # A pool of multiprocessing: that of concurrent.futures hangs when it replaces workers, which bounds their memory
    # (https://github.com/python/cpython/issues/115634).
    with get_context("spawn").Pool(num_jobs, maxtasksperchild=4) as pool:
        yield from pool.imap_unordered(partial(_attempt, task, clones=clones, target=target), names)


def _attempt(task: Callable[[T, Path, Path], Outcome], item: T, clones: Path, target: Path) -> Outcome:
    start = time.process_time()
    try:
        outcome = task(item, clones, target)
    except CurationError as error:
        outcome = Outcome(str(getattr(item, "repository", item)), f"{type(error).__name__}: {error}")
    return replace(outcome, cpu_s=time.process_time() - start, peak_bytes=peak_memory())


def peak_memory() -> int:
    """The most bytes that this process has held in memory, 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415  # there is none on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # getrusage(2): kibibytes on Linux
