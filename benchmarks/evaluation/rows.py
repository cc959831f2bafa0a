"""The triaged rows: every candidate of the gate that was read, found again by the engine at the pinned commits."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.parts import Context, EvaluationError
from dataset_curation.clones import find_clone
from dataset_curation.errors import CurationError
from dataset_curation.filters.off_limits import check_repository
from dataset_curation.harvesting import file_name, harvest_entry
from dataset_curation.manifests import REPOSITORIES_NAME, Entry, Role, read_entries
from dataset_curation.records import FunctionRecord, load_records
from dataset_curation.triage.sheets import SourceReader
from dataset_curation.triage.verdicts import Verdict, read_rows, settle
from graph_model.candidates.model import Candidate
from graph_model.encoder import FunctionGraph
from graph_model.languages import BY_NAME

Key = tuple[str, str, str, int, int, str]
Stratum = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TriagedRow:
    """A candidate with its verdict. `first_line`..`last_line` is its statement; `weight` how many candidates it stands
    for among all of its family and label in the gate, a mean of 1; `text` is that of its file."""

    repository: str
    path: str
    line: int
    first_line: int
    last_line: int
    family: str
    label: str
    is_harmful: bool
    weight: float
    candidate: Candidate
    graph: FunctionGraph
    text: str

    @property
    def place(self) -> str:
        """How a reader finds it."""
        return f"{self.repository} {self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Triaged:
    """Rows in order of place, with what could not become one: undecidable, and keys that the engine no longer finds.

    `num_candidates` are all candidates of the gate; `num_uncovered` those of a family and label that nobody read.
    """

    rows: tuple[TriagedRow, ...]
    verdicts: Mapping[str, int]
    missing: tuple[tuple[Key, str], ...]
    num_candidates: int
    num_uncovered: int

    @property
    def targets(self) -> NDArray[np.float64]:
        """1 for harmful, 0 for harmless: float64 [C]."""
        return np.array([row.is_harmful for row in self.rows], dtype=np.float64)

    @property
    def weights(self) -> NDArray[np.float64]:
        """float64 [C]."""
        return np.array([row.weight for row in self.rows], dtype=np.float64)

    @property
    def groups(self) -> NDArray[np.int64]:
        """Number of each row's repository: int64 [C]."""
        names = sorted({row.repository for row in self.rows})
        return np.array([names.index(row.repository) for row in self.rows], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Found:
    candidate: Candidate
    record: FunctionRecord
    line: int


def load_triaged(context: Context) -> Triaged:
    """The rows of a context. Raises EvaluationError when the gate cannot be analysed or none of it was read."""
    try:
        entries = [one for one in read_entries(context.manifests / REPOSITORIES_NAME) if one.role is Role.GATE]
        verdicts = gate_verdicts(context.triage, entries)
        records = {one.repository: _harvest(one, context) for one in entries}
        return _join(verdicts, records, SourceReader({one: find_clone(context.clones, one) for one in records}))
    except CurationError as error:
        raise EvaluationError(str(error)) from error


def gate_verdicts(triage: Path, entries: Iterable[Entry]) -> dict[Key, Verdict]:
    """One verdict a candidate of the gate. Raises OffLimitsError; EvaluationError for none or another commit."""
    commits = {one.repository: one.commit for one in entries}
    for repository in commits:
        check_repository(repository, is_training=False)
    settled = settle(row for row in read_rows(triage) if row.repository in commits)
    for repository, commit, *_ in settled:
        if commit != commits[repository]:
            raise EvaluationError(f"{repository}: commit: expected verdicts at {commits[repository]}, found {commit}")
    if not settled:
        raise EvaluationError(f"{triage}: expected verdicts on repositories of the gate, found none")
    return settled


def _harvest(entry: Entry, context: Context) -> Path:
    """The records of a repository, made anew when the engine or the commit changed."""
    folder = context.data / "harvest"
    harvest_entry(entry, context.clones, folder)
    return folder / f"{file_name(entry.repository)}.records"


def _join(verdicts: Mapping[Key, Verdict], records: Mapping[str, Path], reader: SourceReader) -> Triaged:
    found, every = _find(verdicts, records)
    decided = [key for key in sorted(found) if verdicts[key] is not Verdict.UNDECIDABLE]
    weights = natural_weights([_stratum(found[key]) for key in decided], every)
    rows = tuple(
        _make_row(key, found[key], verdicts[key], weight, reader) for key, weight in zip(decided, weights, strict=True)
    )
    missing = tuple((key, verdicts[key].value) for key in sorted(verdicts) if key not in found)
    read = {_stratum(found[key]) for key in decided}
    return Triaged(
        rows=rows,
        verdicts=Counter(verdict.value for verdict in verdicts.values()),
        missing=missing,
        num_candidates=every.total(),
        num_uncovered=sum(count for stratum, count in every.items() if stratum not in read),
    )


def _find(verdicts: Mapping[Key, Verdict], records: Mapping[str, Path]) -> tuple[dict[Key, _Found], Counter[Stratum]]:
    """The candidates that were read, and how many there are of each stratum; one place and label counts once."""
    found: dict[Key, _Found] = {}
    every: Counter[Stratum] = Counter()
    for repository, path in sorted(records.items()):
        seen: set[Key] = set()
        for record, candidate, key in _walk(repository, load_records(path)):
            if key in seen:
                continue
            seen.add(key)
            one = _Found(candidate, record, key[3])
            every[_stratum(one)] += 1
            if key in verdicts:
                found[key] = one
    return found, every


def _walk(repository: str, records: Iterable[FunctionRecord]) -> Iterator[tuple[FunctionRecord, Candidate, Key]]:
    for record in records:
        commit = record.origin.partition("@")[2].partition(":")[0]
        for candidate, line, column in zip(record.candidates, record.lines, record.columns, strict=True):
            yield record, candidate, (repository, commit, candidate.path, line, column, candidate.label)


def _stratum(found: _Found) -> Stratum:
    return BY_NAME[found.record.language].family.value, found.candidate.label


def natural_weights(read: Sequence[Stratum], every: Mapping[Stratum, int]) -> list[float]:
    """How many candidates each read one stands for, a mean of 1.

    Readers were given families and labels in turn, so that rare ones were read more often than they occur; in each
    stratum the read stand for all. What was read more often inside a stratum stays so.
    """
    counts = Counter(read)
    raw = [every[stratum] / counts[stratum] for stratum in read]
    return [one * len(raw) / sum(raw) for one in raw]


def _make_row(key: Key, found: _Found, verdict: Verdict, weight: float, reader: SourceReader) -> TriagedRow:
    repository, commit, path, line, _, label = key
    source = reader.read(repository, commit, path)
    if source is None:
        raise EvaluationError(f"{repository}: {path}: expected a file at {commit}, found none")
    candidate = found.candidate
    return TriagedRow(
        repository=repository,
        path=path,
        line=line,
        first_line=source.line_at(candidate.statement_start),
        last_line=source.line_at(max(candidate.statement_start, candidate.statement_end - 1)),
        family=_stratum(found)[0],
        label=label,
        is_harmful=verdict is Verdict.HARMFUL,
        weight=weight,
        candidate=candidate,
        graph=found.record.graph,
        text=source.content.decode("utf-8", "replace"),
    )


def describe(triaged: Triaged) -> list[str]:
    """What was read, what was found again, and who is missing, as sentences; harmful ones are named one by one."""
    counts = ", ".join(f"{count} {name}" for name, count in sorted(triaged.verdicts.items()))
    repositories = len({row.repository for row in triaged.rows})
    total = triaged.num_candidates
    covered = total - triaged.num_uncovered
    missing = Counter(verdict for _, verdict in triaged.missing)
    harmful = [key for key, verdict in triaged.missing if verdict == Verdict.HARMFUL.value]
    words = ", ".join(f"{count} {name}" for name, count in sorted(missing.items())) or "none"
    return [
        f"{sum(triaged.verdicts.values())} candidates read: {counts}.",
        f"{len(triaged.rows)} judged in {repositories} repositories. No candidates any more: {words}.",
        f"They stand for {covered} of {total} candidates, by family and label; the rest is unknown.",
        *(f"harmful, and no candidate any more: {_name(key)}" for key in harmful),
    ]


def _name(key: Key) -> str:
    return f"{key[0]} {key[2]}:{key[3]}:{key[4]} {key[5]}"
