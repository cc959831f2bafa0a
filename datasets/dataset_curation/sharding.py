"""Shards of curated records, and beside them an index that says where each example is from and what it repeats.

Functions without a candidate go to the folder `plain` below the shards: same header, read only by who asks for them.
Nothing that is written knows the time, the machine or the order in which repositories were done.
"""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataset_curation.errors import RecordError
from dataset_curation.filters.duplicates import Signature
from dataset_curation.records import UNLABELLED, FunctionRecord, Judgement
from graph_model.catalogue import load_catalogue
from graph_model.encoder import encode_candidates
from graph_model.metrics import METRIC_NAMES
from graph_model.training.shards import Example, Shard, ShardError, ShardHeader, load_shards, save_shard, source_index

INDEX_NAME = "examples.index"
PLAIN = "plain"
_EXAMPLES_A_SHARD = 4_000
_SMELL_PREFIX = "maintainability/"
_WILD = frozenset({"harvest", "gate"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that goes into the shards: `source` is the step that made it, `role` its repository's."""

    record: FunctionRecord
    source: str
    role: str


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What the index says of one example, besides what the example says itself."""

    source: str
    role: str
    language: str
    twin: str
    signature: Signature


def make_header(fact_names: Iterable[str]) -> ShardHeader:
    """The header of all shards: labels and smells of the catalogue, every fact name that occurs except metrics.

    Metrics of the function tell little fixtures from code under review, so that a rung which reads them learns where a
    candidate comes from instead of whether it is harmful. The network has them at the function's node.
    """
    catalogue = load_catalogue()
    labels = tuple(label.id for label in catalogue)
    return ShardHeader(
        catalogue_hash=catalogue.hash,
        labels=labels,
        smells=tuple(label for label in labels if label.startswith(_SMELL_PREFIX)),
        path_features=tuple(sorted(set(fact_names) - set(METRIC_NAMES))),
        metrics=tuple(METRIC_NAMES),
    )


def make_example(kept: Kept, header: ShardHeader) -> Example:
    """One record as an example, with a target where something is known and UNLABELLED everywhere else."""
    record = kept.record
    label_numbers = {label: idx for idx, label in enumerate(header.labels)}
    return Example(
        function=encode_candidates(record.graph, record.candidates, label_numbers, header.path_features),
        group=record.group,
        origin=record.origin,
        targets=np.array([one.target for one in record.judgements], dtype=np.int8),
        weights=np.array([weigh_judgement(kept, one) for one in record.judgements], dtype=np.float32),
        sources=np.array([source_index(one.source) for one in record.judgements], dtype=np.int8),
        smell_targets=np.array([judge_smell(kept, smell) for smell in header.smells], dtype=np.int8),
        keys=record.keys(),
    )


def weigh_judgement(kept: Kept, judgement: Judgement) -> float:
    """How much an example says of a candidate: nothing where it is silent, unless silence is that of code in the wild.

    Harvested candidates that nobody read are positive-unlabelled. Beside what a fixture, a fix or a defect speaks about
    nothing is known, and what a reader could not decide is no more likely to be harmless than harmful.
    """
    if judgement.target != UNLABELLED:
        return judgement.weight
    return judgement.weight if kept.source in _WILD and judgement.source == "harvest" else 0.0


def judge_smell(kept: Kept, smell: str) -> int:
    """What an example says about a smell of its unit: 1, 0, or UNLABELLED where it says nothing.

    A judgement on the unit's candidate decides. Without one the engine's own measure is the teacher, in code as it is
    written only: a fixture, a fix or a defect speaks of its own labels.
    """
    record = kept.record
    own = [
        judgement
        for candidate, judgement in zip(record.candidates, record.judgements, strict=True)
        if candidate.label == smell
    ]
    known = [one.target for one in own if one.target != UNLABELLED]
    if known:
        return max(known)
    if kept.source not in _WILD or any(one.source in ("triage", "read") for one in own):
        return UNLABELLED
    return int(bool(own))


def write_shards(kept: Iterable[Kept], header: ShardHeader, target: Path) -> list[tuple[str, str]]:
    """Writes shards of at most 4,000 examples and the index; returns name and SHA-256 of each shard.

    Old shards there are removed. Functions without candidates go below PLAIN and are named `plain/...`.
    """
    writers = {False: _Writer(header, target, ""), True: _Writer(header, target / PLAIN, f"{PLAIN}/")}
    for one in kept:
        writers[not one.record.candidates].add(one)
    return [row for writer in writers.values() for row in writer.finish()]


class _Writer:
    """One folder of shards while it grows."""

    def __init__(self, header: ShardHeader, folder: Path, prefix: str) -> None:
        self._header, self._folder, self._prefix = header, folder, prefix
        self._batch: list[Example] = []
        self._written: list[tuple[str, str]] = []
        self._rows: list[IndexRow] = []
        folder.mkdir(parents=True, exist_ok=True)
        for old in (*folder.glob("*.npz"), *folder.glob(INDEX_NAME)):
            old.unlink()

    def add(self, kept: Kept) -> None:
        record = kept.record
        self._batch.append(make_example(kept, self._header))
        self._rows.append(IndexRow(kept.source, kept.role, record.language, record.twin, record.signature))
        if len(self._batch) >= _EXAMPLES_A_SHARD:
            self._flush()

    def finish(self) -> list[tuple[str, str]]:
        self._flush()
        save_index(self._rows, self._folder / INDEX_NAME)
        return self._written

    def _flush(self) -> None:
        if self._batch:
            name = f"shard-{len(self._written):04}.npz"
            digest = save_shard(Shard(self._header, tuple(self._batch)), self._folder / name)
            self._written.append((f"{self._prefix}{name}", digest))
            self._batch.clear()


def save_index(rows: Iterable[IndexRow], path: Path) -> None:
    """Writes an index; equal rows give equal bytes."""
    listed = list(rows)
    facts = "\n".join(json.dumps([one.source, one.role, one.language, one.twin]) for one in listed)
    arrays: dict[str, NDArray[np.generic]] = {
        "facts": np.frombuffer(facts.encode(), dtype=np.uint8),
        "digests": np.array([list(one.signature.digest) for one in listed], dtype=np.uint8),
        "hashes": np.array([one.signature.hashes for one in listed], dtype=np.uint32),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    path.write_bytes(buffer.getvalue())


def load_index(path: Path) -> list[IndexRow]:
    """The rows of an index, in the order of the examples. Raises RecordError for a missing or damaged one."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            text, digests, hashes = file["facts"].tobytes().decode(), file["digests"], file["hashes"]
            facts = [json.loads(line) for line in text.splitlines()]
            return [
                IndexRow(source, role, language, twin, Signature(digest.tobytes(), row))
                for (source, role, language, twin), digest, row in zip(facts, digests, hashes, strict=True)
            ]
    except (OSError, ValueError, KeyError, EOFError, TypeError) as error:
        raise RecordError(f"{path.name}: expected an index of examples, found {error}") from error


def load_examples(folder: Path) -> Iterator[tuple[Example, IndexRow, ShardHeader]]:
    """Every example of a folder of shards with its row. Raises RecordError when index and shards disagree."""
    rows = load_index(folder / INDEX_NAME)
    position = 0
    try:
        for _, shard in load_shards(folder):
            for example in shard.examples:
                if position < len(rows):
                    yield example, rows[position], shard.header
                position += 1
    except ShardError as error:
        raise RecordError(f"{folder.name}: {error}") from error
    if position != len(rows):
        raise RecordError(f"{folder.name}: {INDEX_NAME}: expected {position} examples, found {len(rows)}")
