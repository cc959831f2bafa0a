"""Curated functions between the steps: one file a source, holding graphs, candidates and what is known about them.

Records are independent of the feature list, which exists only when every source is read; `assembly` makes shards of
them. A record's candidates are those of one code unit.
"""

import hashlib
import io
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Self  # JSON values are what the file says until checked here

import numpy as np
from numpy.typing import NDArray

from dataset_curation.errors import RecordError
from dataset_curation.filters.duplicates import Signature
from graph_model.candidates.model import Candidate, Step, StepRole
from graph_model.encoder import FunctionGraph

FORMAT_VERSION = 1
UNLABELLED = -1


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of one candidate: target 1 harmful, 0 harmless, -1 nobody said; `source` as in the shards."""

    target: int = UNLABELLED
    weight: float = 1.0
    source: str = "harvest"


UNJUDGED = Judgement()


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """One code unit with at least one candidate.

    `group` is the unit of splits (repository or fixture rule), `origin` is `repository@commit:path`. `lines` and
    `columns` place the candidates' anchors (1-based). Records that share a non-empty `twin` are versions of one
    function (before and after an edit) and not duplicates of each other.
    """

    group: str
    origin: str
    language: str
    graph: FunctionGraph
    candidates: tuple[Candidate, ...]
    judgements: tuple[Judgement, ...]
    lines: tuple[int, ...]
    columns: tuple[int, ...]
    signature: Signature
    twin: str = ""

    def keys(self) -> tuple[str, ...]:
        """How a reader finds each candidate: `path:line:column label`."""
        return tuple(
            f"{candidate.path}:{line}:{column} {candidate.label}"
            for candidate, line, column in zip(self.candidates, self.lines, self.columns, strict=True)
        )

    def judged(self, judgements: Sequence[Judgement]) -> Self:
        """The same record with other judgements."""
        return replace(self, judgements=tuple(judgements))


_OTHERS = ("training/", "nn/", "export/", "incremental/")  # what makes no candidates and graphs of its own


@cache
def engine_version() -> str:
    """Changes with any module or pack of the engine that makes candidates and graphs."""
    digest = hashlib.sha256()
    root = files("graph_model")
    for name, item in sorted(_walk(root, "")):
        if name.endswith((".py", ".toml")) and not name.startswith(_OTHERS):
            digest.update(name.encode())
            digest.update(item.read_bytes())
    return digest.hexdigest()[:16]


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.is_dir():
            if item.name != "__pycache__":
                yield from _walk(item, f"{prefix}{item.name}/")
        else:
            yield f"{prefix}{item.name}", item


_GRAPH_ARRAYS = ("token_ids", "token_offsets", "edge_index", "edge_type", "spans", "metrics")


def save_records(records: Iterable[FunctionRecord], path: Path, header: dict[str, Any]) -> None:
    """Writes records with a header; the file appears whole or not at all."""
    kept = list(records)
    arrays: dict[str, NDArray[Any]] = {
        "header": _pack([{**header, "format": FORMAT_VERSION, "engine": engine_version()}])
    }
    for name in _GRAPH_ARRAYS:
        parts = [np.atleast_1d(getattr(one.graph, name)).reshape(-1) for one in kept]
        arrays[name] = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)
        arrays[f"{name}_size"] = np.array([len(part) for part in parts], dtype=np.int64)
    arrays["meta"] = _pack([_to_json(one) for one in kept])
    arrays["hashes"] = np.array([one.signature.hashes for one in kept], dtype=np.uint32)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}.part")
    scratch.write_bytes(zlib.compress(buffer.getvalue(), 3))
    os.replace(scratch, path)


def _pack(values: Iterable[Any]) -> NDArray[np.uint8]:
    text = "\n".join(json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values)
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)


def _unpack(array: NDArray[Any]) -> list[Any]:
    text = array.tobytes().decode("utf-8", "surrogatepass")
    return [json.loads(line) for line in text.split("\n")] if text else []


def _to_json(record: FunctionRecord) -> dict[str, Any]:
    return {
        "group": record.group,
        "origin": record.origin,
        "language": record.language,
        "twin": record.twin,
        "digest": record.signature.digest.hex(),
        "places": list(zip(record.lines, record.columns, strict=True)),
        "judgements": [[one.target, one.weight, one.source] for one in record.judgements],
        "candidates": [_candidate_to_json(one) for one in record.candidates],
    }


def _candidate_to_json(candidate: Candidate) -> dict[str, Any]:
    steps = [[step.path, step.start, step.end, step.role.value, step.note] for step in candidate.steps]
    return {**asdict(replace(candidate, steps=())), "steps": steps}


def _candidate_from_json(values: dict[str, Any]) -> Candidate:
    steps = tuple(Step(path, start, end, StepRole(role), note) for path, start, end, role, note in values.pop("steps"))
    facts = tuple((str(name), float(value)) for name, value in values.pop("facts"))
    words = tuple((str(name), str(value)) for name, value in values.pop("words"))
    return Candidate(**values, steps=steps, facts=facts, words=words)


def read_header(path: Path) -> dict[str, Any]:
    """The header of a records file, with `format` and `engine`. Raises RecordError."""
    header: dict[str, Any] = _unpack(_load(path)["header"])[0]
    return header


def load_records(path: Path) -> Iterator[FunctionRecord]:
    """The records of a file. Raises RecordError when it is damaged or of another format."""
    arrays = _load(path)
    header = _unpack(arrays["header"])[0]
    if header.get("format") != FORMAT_VERSION:
        raise RecordError(f"{path.name}: format: expected {FORMAT_VERSION}, found {header.get('format')}")
    ends = {name: np.cumsum(arrays[f"{name}_size"]) for name in _GRAPH_ARRAYS}
    for idx, meta in enumerate(_unpack(arrays["meta"])):
        parts = {
            name: arrays[name][int(ends[name][idx] - arrays[f"{name}_size"][idx]) : int(ends[name][idx])]
            for name in _GRAPH_ARRAYS
        }
        graph = FunctionGraph(
            token_ids=parts["token_ids"],
            token_offsets=parts["token_offsets"],
            edge_index=parts["edge_index"].reshape(2, -1),
            edge_type=parts["edge_type"],
            spans=parts["spans"].reshape(-1, 2),
            metrics=parts["metrics"],
        )
        yield _from_json(meta, graph, arrays["hashes"][idx])


def _from_json(meta: dict[str, Any], graph: FunctionGraph, hashes: NDArray[np.uint32]) -> FunctionRecord:
    return FunctionRecord(
        group=meta["group"],
        origin=meta["origin"],
        language=meta["language"],
        graph=graph,
        candidates=tuple(_candidate_from_json(one) for one in meta["candidates"]),
        judgements=tuple(
            Judgement(int(target), float(weight), source) for target, weight, source in meta["judgements"]
        ),
        lines=tuple(line for line, _ in meta["places"]),
        columns=tuple(column for _, column in meta["places"]),
        signature=Signature(bytes.fromhex(meta["digest"]), hashes),
        twin=meta["twin"],
    )


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(zlib.decompress(path.read_bytes())), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, zlib.error, EOFError) as error:
        raise RecordError(f"{path.name}: expected curated records, found {error}") from error
