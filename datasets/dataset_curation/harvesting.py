"""Harvest: every candidate of a repository at its pinned commit, one records file each, in parallel and resumable."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from dataset_curation.analysing import Provenance, analyse_project, make_records
from dataset_curation.clones import find_clone
from dataset_curation.errors import CurationError, RecordError
from dataset_curation.manifests import Entry
from dataset_curation.records import engine_version, read_header, save_records
from dataset_curation.selection import Tally, select_files

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source: `state` is `done`, `kept` (up to date) or an error's text."""

    name: str
    state: str
    num_candidates: int = 0


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


def harvest_entry(entry: Entry, clones: Path, target: Path) -> Outcome:
    """Harvests one repository into target/owner+name.records, unless it is there and up to date."""
    path = target / f"{file_name(entry.repository)}.records"
    if is_current(path, commit=entry.commit):
        return Outcome(entry.repository, "kept", int(read_header(path)["num_candidates"]))
    tally = Tally()
    clone = find_clone(clones, entry.repository)
    selected = select_files(clone, entry.commit, tally)
    project = analyse_project(((file.source, file.language) for file in selected), tally)
    records = list(make_records(project, Provenance(entry.group, entry.repository, entry.commit), tally))
    num_candidates = sum(len(record.candidates) for record in records)
    header = {
        "repository": entry.repository,
        "commit": entry.commit,
        "role": entry.role.value,
        "family": entry.family,
        "num_lines": sum(source.num_lines for source in project.sources.values()),
        "num_candidates": num_candidates,
        "tally": tally.to_json(),
    }
    save_records(records, path, header)
    return Outcome(entry.repository, "done", num_candidates)


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
    try:
        return task(item, clones, target)
    except CurationError as error:
        return Outcome(str(getattr(item, "repository", item)), f"{type(error).__name__}: {error}")
