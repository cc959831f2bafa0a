"""Shards: encoded functions with their targets, as one `.npz` file each. Needs numpy only, so that curation can write.

A shard is a header (JSON) and flat arrays; `Example` is one function of it. Targets of a candidate: 1 the label holds,
0 it does not, -1 nobody said (harvested code, treated as positive-unlabelled by the loss). Its source says how the
target came about; candidates of source `triage` are read by a person and are never trained on, those of source
`read` were read in repositories of the training corpus and are.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self  # JSON values and arrays of a file are what the file says until checked here

import numpy as np
from numpy.typing import NDArray

from graph_model.encoding import SCHEMA_VERSION, EncodedFunction
from graph_model.errors import GraphModelError

FORMAT_VERSION = 1
SOURCES = ("harvest", "fixture", "fix", "injected", "triage", "read")
UNLABELLED = -1


class ShardError(GraphModelError):
    """A shard is damaged, or was made for another schema, catalogue or feature list."""


@dataclass(frozen=True, slots=True)
class ShardHeader:
    """What every shard of one training set shares; orders are those of the arrays."""

    catalogue_hash: str
    labels: tuple[str, ...]
    smells: tuple[str, ...]
    path_features: tuple[str, ...]
    metrics: tuple[str, ...]
    schema_version: int = SCHEMA_VERSION
    format_version: int = FORMAT_VERSION

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The header that `to_json` wrote. Raises ShardError naming the missing or unknown field."""
        try:
            values: dict[str, Any] = dict(json.loads(text))
            values.update({key: tuple(value) for key, value in values.items() if isinstance(value, list)})
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise ShardError(f"header: {error}") from error

    def to_json(self) -> str:
        """One line, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True, slots=True)
class Example:
    """One function with what is known about it.

    `group` is the repository (and its forks), the unit of every split; `origin` says where the code is, for a reader.
    Shapes: targets int8 [C], weights float32 [C], sources int8 [C] (index in SOURCES), smell_targets int8 [S], with
    UNLABELLED where nothing is known. `keys` [C] identify candidates for a reader (`path:line label`); may be empty.
    """

    function: EncodedFunction
    group: str
    origin: str
    targets: NDArray[np.int8]
    weights: NDArray[np.float32]
    sources: NDArray[np.int8]
    smell_targets: NDArray[np.int8]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RankingPair:
    """Two functions of one shard, by index: `better` is the more maintainable one, by a margin in logits."""

    better: int
    worse: int
    margin: float = 1.0


@dataclass(frozen=True, slots=True)
class Shard:
    """Functions that share a header; pairs refer to `examples` by index."""

    header: ShardHeader
    examples: tuple[Example, ...]
    pairs: tuple[RankingPair, ...] = ()


_FUNCTION_ARRAYS = {  # field: (axis along which functions are concatenated, stored type)
    "token_ids": (0, np.uint16),
    "edge_index": (1, np.int32),
    "edge_type": (0, np.int8),
    "candidate_nodes": (0, np.int32),
    "candidate_labels": (0, np.int16),
    "path_features": (0, np.float32),
}
_EXAMPLE_ARRAYS = ("targets", "weights", "sources")
_FUNCTION_TYPES = {"token_ids": np.int32}


def save_shard(shard: Shard, path: Path) -> str:
    """Writes the shard and returns its SHA-256; equal shards give equal bytes. Raises ShardError if shapes disagree."""
    for idx, example in enumerate(shard.examples):
        _check(example, shard.header, f"{path.name}: examples[{idx}]")
    _check_pairs(shard.pairs, len(shard.examples), path.name)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **_to_arrays(shard))
    content = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def load_shard(path: Path) -> Shard:
    """The shard of a file. Raises ShardError if it is damaged or of another schema or format."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ShardError(f"{path.name}: expected a shard, found {error}") from error
    try:
        header = ShardHeader.from_json(str(arrays["header"]))
        if (header.format_version, header.schema_version) != (FORMAT_VERSION, SCHEMA_VERSION):
            raise ShardError(
                f"{path.name}: expected format {FORMAT_VERSION}, schema {SCHEMA_VERSION}; "
                f"found format {header.format_version}, schema {header.schema_version}"
            )
        examples = tuple(_from_arrays(arrays))
        pairs = tuple(
            RankingPair(int(better), int(worse), float(margin))
            for (better, worse), margin in zip(arrays["pairs"], arrays["pair_margins"], strict=True)
        )
    except (KeyError, IndexError) as error:
        raise ShardError(f"{path.name}: missing or short array: {error}") from error
    return Shard(header, examples, pairs)


def load_shards(folder: Path) -> Iterator[tuple[str, Shard]]:
    """File name and shard of every `*.npz` in a folder, by name. Raises ShardError for none or differing headers."""
    first: ShardHeader | None = None
    for path in sorted(folder.glob("*.npz")):
        shard = load_shard(path)
        first = first or shard.header
        if shard.header != first:
            raise ShardError(f"{path.name}: header: expected that of the shards before it, found another")
        yield path.name, shard
    if first is None:
        raise ShardError(f"{folder}: expected *.npz shards, found none")


def manifest_hash(folder: Path) -> str:
    """SHA-256 over names and contents of the shards of a folder: the identity of a training set."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.npz")):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _check(example: Example, header: ShardHeader, where: str) -> None:
    function = example.function
    num_candidates = len(function.candidate_nodes)
    expected = {
        "targets": (example.targets.shape, (num_candidates,)),
        "weights": (example.weights.shape, (num_candidates,)),
        "sources": (example.sources.shape, (num_candidates,)),
        "path_features": (function.path_features.shape, (num_candidates, len(header.path_features))),
        "metrics": (function.metrics.shape, (len(header.metrics),)),
        "smell_targets": (example.smell_targets.shape, (len(header.smells),)),
    }
    for name, (found, wanted) in expected.items():
        if found != wanted:
            raise ShardError(f"{where}: {name}: expected shape {wanted}, found {found}")
    if example.keys and len(example.keys) != num_candidates:
        raise ShardError(f"{where}: keys: expected {num_candidates} or none, found {len(example.keys)}")
    if not example.group:
        raise ShardError(f"{where}: group: expected a repository, found none")


def _check_pairs(pairs: Iterable[RankingPair], num_examples: int, where: str) -> None:
    for idx, pair in enumerate(pairs):
        for name, position in (("better", pair.better), ("worse", pair.worse)):
            if not 0 <= position < num_examples:
                raise ShardError(f"{where}: pairs[{idx}].{name}: {position} outside 0..{num_examples - 1}")


def _to_arrays(shard: Shard) -> dict[str, NDArray[Any]]:
    examples = shard.examples
    functions = [example.function for example in examples]
    arrays: dict[str, NDArray[Any]] = {"header": np.array(shard.header.to_json())}
    num_features = len(shard.header.path_features)
    empty = {"edge_index": (2, 0), "path_features": (0, num_features)}
    for name, (axis, dtype) in _FUNCTION_ARRAYS.items():
        parts = [getattr(one, name) for one in functions] or [np.zeros(empty.get(name, (0,)))]
        arrays[name] = np.concatenate(parts, axis=axis).astype(dtype)
    for name in _EXAMPLE_ARRAYS:
        dtype = np.float32 if name == "weights" else np.int8
        arrays[name] = np.concatenate([getattr(one, name) for one in examples] or [np.zeros(0)]).astype(dtype)
    tokens_of_node = [np.diff(one.token_offsets) for one in functions]
    arrays["tokens_of_node"] = np.concatenate(tokens_of_node or [np.zeros(0)]).astype(np.int32)
    arrays["counts"] = np.array([_counts(one) for one in functions], dtype=np.int32).reshape(-1, 4)
    arrays["metrics"] = np.array([one.metrics for one in functions], dtype=np.float32)
    arrays["smell_targets"] = np.array([one.smell_targets for one in examples], dtype=np.int8)
    for name in ("group", "origin"):
        arrays[name] = np.array([getattr(one, name) for one in examples], dtype=np.str_)
    arrays["keys"] = np.array(["\n".join(one.keys) for one in examples], dtype=np.str_)
    arrays["pairs"] = np.array([(pair.better, pair.worse) for pair in shard.pairs], dtype=np.int32).reshape(-1, 2)
    arrays["pair_margins"] = np.array([pair.margin for pair in shard.pairs], dtype=np.float32)
    return arrays


def _counts(function: EncodedFunction) -> tuple[int, int, int, int]:
    nodes = len(function.token_offsets) - 1
    return nodes, len(function.token_ids), function.edge_index.shape[1], len(function.candidate_nodes)


def _from_arrays(arrays: dict[str, NDArray[Any]]) -> Iterator[Example]:
    ends = np.cumsum(arrays["counts"], axis=0)  # [G, 4]: nodes, tokens, edges, candidates
    starts = ends - arrays["counts"]
    size_of = {"token_ids": 1, "edge_index": 2, "edge_type": 2}  # every other array is counted by candidates
    for idx in range(len(ends)):
        spans = [slice(int(start), int(end)) for start, end in zip(starts[idx], ends[idx], strict=True)]
        parts = {}
        for name, (axis, dtype) in _FUNCTION_ARRAYS.items():
            span = spans[size_of.get(name, 3)]
            array = arrays[name][:, span] if axis else arrays[name][span]
            parts[name] = array.astype(_FUNCTION_TYPES.get(name, dtype))
        offsets = np.concatenate(([0], np.cumsum(arrays["tokens_of_node"][spans[0]]))).astype(np.int32)
        keys = str(arrays["keys"][idx])
        yield Example(
            function=EncodedFunction(token_offsets=offsets, metrics=arrays["metrics"][idx], **parts),
            group=str(arrays["group"][idx]),
            origin=str(arrays["origin"][idx]),
            smell_targets=arrays["smell_targets"][idx],
            keys=tuple(keys.split("\n")) if keys else (),
            **{name: arrays[name][spans[3]] for name in _EXAMPLE_ARRAYS},
        )


def source_index(name: str) -> int:
    """Index of a source in SOURCES. Raises ShardError for an unknown one."""
    if name not in SOURCES:
        raise ShardError(f"source: expected one of {SOURCES}, found {name!r}")
    return SOURCES.index(name)


def unlabelled(
    function: EncodedFunction, group: str, origin: str, num_smells: int, keys: Sequence[str] = ()
) -> Example:
    """A harvested function: every candidate and every smell unlabelled, weight 1."""
    num_candidates = len(function.candidate_nodes)
    return Example(
        function=function,
        group=group,
        origin=origin,
        targets=np.full(num_candidates, UNLABELLED, dtype=np.int8),
        weights=np.ones(num_candidates, dtype=np.float32),
        sources=np.full(num_candidates, source_index("harvest"), dtype=np.int8),
        smell_targets=np.full(num_smells, UNLABELLED, dtype=np.int8),
        keys=tuple(keys),
    )
