"""An organisation's own history: reverts and review threads as records, annotations in the tree as verdicts."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from dataset_curation.clones import find_clone
from dataset_curation.harvesting import Outcome, file_name, is_current
from dataset_curation.manifests import Entry
from dataset_curation.records import read_header, save_records
from dataset_curation.selection import Tally
from dataset_curation.sources.annotations import read_annotations, write_annotations
from dataset_curation.sources.reverts import make_revert_records
from dataset_curation.sources.threads import Thread, make_thread_records

VERDICTS = "verdicts"


@dataclass(frozen=True, slots=True)
class HistoryJob:
    """One repository's own history, with the threads that were exported of it. `harvest` is its harvested file."""

    entry: Entry
    threads: tuple[Thread, ...]
    harvest: Path
    max_commits: int = 120

    @property
    def repository(self) -> str:
        """The repository's name, for reports."""
        return self.entry.repository

    @property
    def extent(self) -> str:
        """What is read, as far as it changes the result."""
        threads = sorted(f"{replace(one, labels=frozenset())} {sorted(one.labels)}" for one in self.threads)
        digest = hashlib.sha256("\n".join(threads).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        harvested = str(read_header(self.harvest)["extent"]) if self.harvest.is_file() else ""
        return f"{self.max_commits}:{harvested}:{digest}"


def read_history(job: HistoryJob, clones: Path, target: Path) -> Outcome:
    """The records of one repository's reverts and threads below `target`, its annotations beside them as verdicts."""
    entry = job.entry
    path = target / f"{file_name(entry.repository)}.records"
    extent = job.extent
    if is_current(path, commit=entry.commit, extent=extent):
        return Outcome(entry.repository, "kept", int(read_header(path)["num_candidates"]))
    tally = Tally()
    clone = find_clone(clones, entry.repository)
    records = list(make_thread_records(clone, entry, job.threads, tally))
    records += make_revert_records(clone, entry, job.max_commits, tally)
    verdicts = target.parent / VERDICTS / f"{file_name(entry.repository)}.jsonl"
    if job.harvest.is_file():
        write_annotations(read_annotations(entry, clones, job.harvest, tally), verdicts)
    num_candidates = sum(one.target >= 0 for record in records for one in record.judgements)
    header = {
        "repository": entry.repository,
        "commit": entry.commit,
        "extent": extent,
        "role": entry.role.value,
        "family": entry.family,
        "num_candidates": num_candidates,
        "tally": tally.to_json(),
    }
    save_records(records, path, header)
    return Outcome(entry.repository, "done", num_candidates)


def plan_history(entries: Iterable[Entry], threads: Iterable[Thread], data: Path, max_commits: int) -> list[HistoryJob]:
    """A job for each entry, with its own threads."""
    by_repository: dict[str, list[Thread]] = {}
    for thread in threads:
        by_repository.setdefault(thread.repository.lower(), []).append(thread)
    return [
        HistoryJob(
            entry,
            tuple(by_repository.get(entry.repository.lower(), ())),
            data / "harvest" / f"{file_name(entry.repository)}.records",
            max_commits,
        )
        for entry in entries
    ]
