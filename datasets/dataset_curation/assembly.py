"""Assembly: records of every source become shards for training, deduplicated over all of them and counted.

Order matters: what is read by people is kept first, so that no copy of it is trained on; then fixes, fixtures, injected
defects, and the harvest last.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from dataset_curation.duplicates import DuplicateIndex
from dataset_curation.errors import RecordError
from dataset_curation.records import (
    UNLABELLED,
    FunctionRecord,
    Judgement,
    engine_version,
    load_records,
    read_header,
)
from dataset_curation.selection import Tally
from dataset_curation.triage import TriageRow, Verdict, settle
from graph_model.catalogue import load_catalogue
from graph_model.encoder import encode_candidates
from graph_model.features import collect_names
from graph_model.metrics import METRIC_NAMES
from graph_model.training.shards import Example, Shard, ShardHeader, save_shard, source_index

SOURCE_ORDER = ("fixes", "fixtures", "injected", "harvest")
_EXAMPLES_A_SHARD = 4_000
_TARGETS = {Verdict.HARMFUL: 1, Verdict.HARMLESS: 0, Verdict.UNDECIDABLE: UNLABELLED}
_SMELL_PREFIX = "maintainability/"


@dataclass(slots=True)
class CardCounts:
    """What went into the shards: by source, language, label and target; functions and repositories by source."""

    candidates: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)
    functions: Counter[str] = field(default_factory=Counter)
    groups: dict[str, set[str]] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def add(self, record: FunctionRecord, source: str) -> None:
        """Counts one kept record."""
        self.functions[source] += 1
        self.groups.setdefault(source, set()).add(record.group)
        for candidate, judgement in zip(record.candidates, record.judgements, strict=True):
            self.candidates[(judgement.source, record.language, candidate.label, judgement.target)] += 1


@dataclass(frozen=True, slots=True)
class SourceFileOfRecords:
    """A records file with its header's role and tally."""

    path: Path
    source: str
    role: str
    tally: Tally


def list_sources(data: Path) -> list[SourceFileOfRecords]:
    """Every records file below a data folder: gate first, then by SOURCE_ORDER. Raises RecordError for stale ones."""
    found: list[SourceFileOfRecords] = []
    for source in SOURCE_ORDER:
        for path in sorted((data / source).glob("*.records")):
            header = read_header(path)
            if header.get("engine") != engine_version():
                raise RecordError(
                    f"{path.name}: engine: expected {engine_version()}, found {header.get('engine')}; run it again"
                )
            found.append(SourceFileOfRecords(path, source, str(header["role"]), Tally.from_json(header["tally"])))
    if not found:
        raise RecordError(f"{data}: expected records below {', '.join(SOURCE_ORDER)}, found none")
    return sorted(found, key=lambda one: one.role != "gate")


def judge_by_reading(
    record: FunctionRecord, verdicts: Mapping[tuple[str, int, int, str], Verdict], source: str
) -> FunctionRecord:
    """A record with the verdicts of readers, as `triage` (the gate) or `read` (training); the rest stays as it is."""
    judgements = []
    for candidate, line, column, known in zip(
        record.candidates, record.lines, record.columns, record.judgements, strict=True
    ):
        verdict = verdicts.get((candidate.path, line, column, candidate.label))
        judgements.append(Judgement(_TARGETS[verdict], 1.0, source) if verdict is not None else known)
    return record.judged(judgements)


def index_verdicts(rows: Iterable[TriageRow]) -> dict[str, dict[tuple[str, int, int, str], Verdict]]:
    """Settled verdicts by repository and place."""
    found: dict[str, dict[tuple[str, int, int, str], Verdict]] = {}
    for (repository, _, path, line, column, label), verdict in settle(rows).items():
        found.setdefault(repository, {})[(path, line, column, label)] = verdict
    return found


def keep_records(
    sources: Iterable[SourceFileOfRecords], rows: Iterable[TriageRow], counts: CardCounts
) -> Iterator[FunctionRecord]:
    """The records that go into shards, in order; duplicates are dropped and counted."""
    verdicts = index_verdicts(rows)
    index = DuplicateIndex()
    for number, file in enumerate(sources):
        counts.tally.merge(file.tally)
        for position, record in enumerate(load_records(file.path)):
            is_gate = file.role == "gate"
            repeated = index.find(record.signature, record.twin)
            if repeated is not None:
                counts.tally.drop("duplicates", f"{file.source}: {repeated[1]}")
                continue
            index.add((number << 32) + position, record.signature, record.twin)
            read = verdicts.get(record.origin.partition("@")[0], {}) if file.source == "harvest" else {}
            if not is_gate:
                kept = judge_by_reading(record, read, "read")
                counts.add(kept, file.source)
                yield kept
                continue
            judged = judge_by_reading(record, read, "triage")
            is_read = any(one.source == "triage" for one in judged.judgements)
            counts.add(judged, "gate" if is_read else "gate, unread")
            yield judged  # unread ones say how common a candidate like the read ones is


def make_header(sources: Iterable[SourceFileOfRecords]) -> ShardHeader:
    """The header of all shards: labels and smells of the catalogue, every fact name that occurs except metrics.

    Metrics of the function tell little fixtures from code under review, so that a rung which reads them learns where a
    candidate comes from instead of whether it is harmful. The network has them at the function's node.
    """
    names: set[str] = set()
    for file in sources:
        names.update(
            collect_names(candidate.facts for record in load_records(file.path) for candidate in record.candidates)
        )
    catalogue = load_catalogue()
    labels = tuple(label.id for label in catalogue)
    return ShardHeader(
        catalogue_hash=catalogue.hash,
        labels=labels,
        smells=tuple(label for label in labels if label.startswith(_SMELL_PREFIX)),
        path_features=tuple(sorted(names - set(METRIC_NAMES))),
        metrics=tuple(METRIC_NAMES),
    )


def make_example(record: FunctionRecord, header: ShardHeader) -> Example:
    """One record as an example. Smells: what the engine's own measures say of the unit, a teacher and not a person."""
    label_numbers = {label: idx for idx, label in enumerate(header.labels)}
    here = {candidate.label for candidate in record.candidates}
    return Example(
        function=encode_candidates(record.graph, record.candidates, label_numbers, header.path_features),
        group=record.group,
        origin=record.origin,
        targets=np.array([one.target for one in record.judgements], dtype=np.int8),
        weights=np.array([one.weight for one in record.judgements], dtype=np.float32),
        sources=np.array([source_index(one.source) for one in record.judgements], dtype=np.int8),
        smell_targets=np.array([smell in here for smell in header.smells], dtype=np.int8),
        keys=record.keys(),
    )


def write_shards(records: Iterable[FunctionRecord], header: ShardHeader, target: Path) -> list[tuple[str, str]]:
    """Writes shards of at most 4,000 examples; returns name and SHA-256 of each. Old shards there are removed."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.npz"):
        old.unlink()
    written: list[tuple[str, str]] = []
    batch: list[Example] = []

    def flush() -> None:
        if batch:
            name = f"shard-{len(written):04}.npz"
            written.append((name, save_shard(Shard(header, tuple(batch)), target / name)))
            batch.clear()

    for record in records:
        batch.append(make_example(record, header))
        if len(batch) >= _EXAMPLES_A_SHARD:
            flush()
    flush()
    return written


def thin(records: Iterable[FunctionRecord], share: float, tally: Tally) -> Iterator[FunctionRecord]:
    """Keeps a share of the functions about which nothing is known, chosen by a hash of their place; all others stay."""
    for record in records:
        if share >= 1 or any(one.target != UNLABELLED or one.source == "triage" for one in record.judgements):
            yield record
            continue
        place = hashlib.sha256(f"{record.origin}:{record.keys()[0]}".encode("utf-8", "surrogatepass")).digest()
        if int.from_bytes(place[:4], "big") < share * 2**32:
            yield replace(record)
        else:
            tally.drop("harvest", "thinned")
