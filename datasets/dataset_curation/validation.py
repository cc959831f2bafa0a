"""Validation: what must not be true of a training set, looked for in what was written and not in how it was made.

Every fault has a name. Checks read the manifest, the records, the shards with their index, and the clones where they
are given; none repairs anything.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dataset_curation.assembly import SourceFileOfRecords, index_verdicts, list_sources, read_record
from dataset_curation.clones import Clone, find_clone
from dataset_curation.errors import CloneError, OffLimitsError, RecordError
from dataset_curation.filters.consistency import Verdicts, mark_candidates
from dataset_curation.filters.disagreement import Witnesses
from dataset_curation.filters.duplicates import DuplicateIndex
from dataset_curation.filters.licences import OWN, UNKNOWN, is_permissive
from dataset_curation.filters.off_limits import check_repository, check_text, normalise_repository
from dataset_curation.manifests import LICENSED, TRAINED, Entry, Role, check_entries, read_licence
from dataset_curation.records import load_records, read_header
from dataset_curation.sharding import PLAIN, IndexRow, load_examples
from dataset_curation.triage.verdicts import TriageRow
from graph_model.training.shards import Example


class Fault(StrEnum):
    """What can be wrong; the value is the name in reports."""

    DUPLICATE_ACROSS = "duplicate-across-split"
    DUPLICATE_INSIDE = "duplicate-inside"
    LEAKED_REPOSITORY = "leaked-repository"
    LEAKED_FUNCTION = "leaked-function"
    COMMIT_APART = "commit-apart"
    OFF_LIMITS_REPOSITORY = "off-limits-repository"
    OFF_LIMITS_CVE = "off-limits-cve"
    CONTRADICTION = "contradiction"
    MISLABELLED = "mislabelled-source"
    LICENCE = "licence"
    CHECKSUM = "checksum"
    UNKNOWN_SOURCE = "not-in-manifest"
    STALE = "stale-records"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault: `where` is a repository, file or function."""

    fault: Fault
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.fault.value}: {self.where}: {self.detail}"


def check_manifest(entries: Iterable[Entry], clones: Path | None) -> Iterator[Finding]:
    """Faults of the pinned repositories; checksums and licence texts are compared where clones are given."""
    listed = list(entries)
    for entry in listed:
        yield from _check_names(entry.repository, entry.repository, is_training=entry.role in TRAINED)
        if entry.role in LICENSED and entry.licence != OWN and not is_permissive(entry.licence):
            found = "none" if entry.licence in ("", UNKNOWN) else entry.licence
            yield Finding(Fault.LICENCE, entry.repository, f"expected a permissive one, found {found}")
    if clones is not None:
        yield from _check_clones(listed, clones)


def _check_clones(entries: Iterable[Entry], clones: Path) -> Iterator[Finding]:
    for entry in entries:
        problems = list(check_entries([entry], clones))
        yield from (Finding(Fault.CHECKSUM, entry.repository, problem) for problem in problems)
        if entry.role in LICENSED and entry.licence != OWN and not problems:
            found = read_licence(find_clone(clones, entry.repository), entry.commit)
            if found != entry.licence:
                yield Finding(Fault.LICENCE, entry.repository, f"expected {entry.licence}, found {found}")


def _check_names(repository: str, where: str, *, is_training: bool) -> Iterator[Finding]:
    try:
        check_repository(repository, is_training=is_training)
    except OffLimitsError as error:
        yield Finding(Fault.OFF_LIMITS_REPOSITORY, where, str(error))


def check_records(data: Path, entries: Iterable[Entry], clones: Path | None) -> Iterator[Finding]:
    """Faults of records files: another engine, another commit or role than pinned, the outside exam inside."""
    pinned = {entry.repository: entry for entry in entries}
    for path in sorted(data.glob("*/*.records")):
        where = f"{path.parent.name}/{path.name}"
        try:
            header = read_header(path)
            origins = {record.origin for record in load_records(path)}
        except RecordError as error:
            yield Finding(Fault.DAMAGED, where, str(error))
            continue
        entry = pinned.get(str(header.get("repository")))
        if entry is None:
            yield Finding(
                Fault.UNKNOWN_SOURCE, where, f"expected a pinned repository, found {header.get('repository')}"
            )
        elif (entry.commit, entry.role.value) != (header.get("commit"), header.get("role")):
            found = f"{header.get('role')} at {header.get('commit')}"
            yield Finding(Fault.STALE, where, f"expected {entry.role.value} at {entry.commit}, found {found}")
        is_training = header.get("role") != Role.GATE
        yield from _check_origins(origins, where, clones, is_training=is_training)


def _check_origins(origins: Iterable[str], where: str, clones: Path | None, *, is_training: bool) -> Iterator[Finding]:
    commits: dict[str, set[str]] = defaultdict(set)
    for origin in sorted(origins):
        repository, _, rest = origin.partition("@")
        commits[repository].add(rest.partition(":")[0].rstrip("^"))
        yield from _check_cve(origin, where)
    for repository, ids in commits.items():
        yield from _check_names(repository, where, is_training=is_training)
        clone = _open(clones, repository)
        if clone is not None and where.startswith("fixes/"):
            for commit_id in sorted(ids):
                commit = clone.find_commit(commit_id)
                yield from _check_cve(commit.message if commit is not None else "", f"{where} {commit_id}")


def _open(clones: Path | None, repository: str) -> Clone | None:
    try:
        return find_clone(clones, repository) if clones is not None else None
    except CloneError:
        return None


def _check_cve(text: str, where: str) -> Iterator[Finding]:
    try:
        check_text(text)
    except OffLimitsError as error:
        yield Finding(Fault.OFF_LIMITS_CVE, where, str(error))


def check_sources(sources: Iterable[SourceFileOfRecords], rows: Iterable[TriageRow]) -> Iterator[Finding]:
    """Sources, and single files of them, whose labels speak against what the others know."""
    verdicts = index_verdicts(rows)
    by_step, by_file = Witnesses(), Witnesses()
    for file in sources:
        if file.source == "harvest" and file.repository not in verdicts:
            continue
        for record in load_records(file.path):
            judged = read_record(record, file, verdicts)
            by_step.hear(file.source, judged)
            by_file.hear(f"{file.source}/{file.path.name}", judged)
    for witnesses in (by_step, by_file):
        for one in witnesses.compare():
            if one.is_mislabelled:
                said = f"agrees on {one.observed:.0%} of {one.number} {one.kind} ({one.expected:.0%} by chance)"
                yield Finding(Fault.MISLABELLED, one.source, said)


def check_shards(folder: Path) -> Iterator[Finding]:
    """Faults of what training reads: copies, leaks over the split, contradictions, the outside exam."""
    audit = _Audit()
    for part in (folder, folder / PLAIN):
        if part.is_dir():
            try:
                for example, row, header in load_examples(part):
                    yield from audit.hear(example, row, header.labels)
            except RecordError as error:
                if part == folder or any(part.glob("*.npz")):
                    yield Finding(Fault.DAMAGED, part.name, str(error))
    yield from audit.close()


class _Audit:
    """What is known of the examples heard so far."""

    def __init__(self) -> None:
        self._copies: Mapping[bool, DuplicateIndex] = {True: DuplicateIndex(), False: DuplicateIndex()}
        self._names: list[str] = []
        self._sides: dict[tuple[Fault, str], set[bool]] = defaultdict(set)
        self._groups: dict[str, set[str]] = defaultdict(set)
        self._verdicts = Verdicts()
        self._repositories: dict[str, bool] = {}

    def hear(self, example: Example, row: IndexRow, labels: tuple[str, ...]) -> Iterator[Finding]:
        """Faults that this example makes plain."""
        where = f"{example.origin} ({row.twin.rpartition(':')[2]})"
        repository, _, rest = example.origin.partition("@")
        is_gate = row.role == Role.GATE
        item = len(self._names)
        for side in (not is_gate, is_gate):
            repeated = self._copies[side].find(row.signature, row.twin)
            if repeated is not None:
                fault = Fault.DUPLICATE_INSIDE if side == is_gate else Fault.DUPLICATE_ACROSS
                yield Finding(fault, where, f"repeats {self._names[repeated[0]]} ({repeated[1]})")
        self._copies[is_gate].add(item, row.signature, row.twin)
        self._names.append(where)
        for name in {normalise_repository(example.group), normalise_repository(repository)}:
            self._sides[(Fault.LEAKED_REPOSITORY, name)].add(is_gate)
        self._sides[(Fault.LEAKED_FUNCTION, row.twin)].add(is_gate)
        self._repositories[repository] = self._repositories.get(repository, False) or not is_gate
        if row.source == "fixes":
            self._groups[f"{repository}@{rest.partition(':')[0].rstrip('^')}"].add(example.group)
        yield from _check_cve(example.origin, where)
        names = [labels[number] for number in example.function.candidate_labels]
        self._verdicts.add(mark_candidates(row.signature.digest, names), example.targets.tolist())

    def close(self) -> Iterator[Finding]:
        """Faults that only all examples together show."""
        for (fault, name), sides in sorted(self._sides.items()):
            if len(sides) > 1 and name:
                yield Finding(fault, name, "expected one side of the split, found both")
        for commit, groups in sorted(self._groups.items()):
            if len(groups) > 1:
                yield Finding(Fault.COMMIT_APART, commit, f"expected one group, found {', '.join(sorted(groups))}")
        for digest, label, _, number in sorted(self._verdicts.contested()):
            yield Finding(Fault.CONTRADICTION, digest.hex(), f"{label} {number}: called harmful and harmless")
        for repository, is_training in sorted(self._repositories.items()):
            yield from _check_names(repository, repository, is_training=is_training)


def validate(
    entries: Iterable[Entry], rows: Iterable[TriageRow], data: Path | None, shards: Path | None, clones: Path | None
) -> Iterator[Finding]:
    """Every fault of a training set: of its manifest, its records and its shards, as far as they are given."""
    listed = list(entries)
    yield from check_manifest(listed, clones)
    if data is not None:
        yield from check_records(data, listed, clones)
        try:
            yield from check_sources(list_sources(data), rows)
        except RecordError as error:
            yield Finding(Fault.STALE, data.name, str(error))
    if shards is not None:
        yield from check_shards(shards)
