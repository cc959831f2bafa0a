"""Writes the network as one ONNX file and proves that ONNX Runtime computes the same.

Only the dynamo exporter: the older one turns `index_add` into something silently wrong.
"""

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.export import Dim

from graph_model.batching import GraphBatch
from graph_model.encoding import NUM_EDGE_TYPES
from graph_model.nn.batch import TensorBatch, to_tensors
from graph_model.nn.network import ReviewNetwork
from graph_model.runtime import OUTPUT_NAMES, NetworkSession

OPSET = 20
_SIZES = {
    "token_ids": ("tokens",),
    "token_nodes": ("tokens",),
    "node_functions": ("nodes",),
    "edge_index": (None, "edges"),
    "edge_type": ("edges",),
    "candidate_nodes": ("candidates",),
    "candidate_labels": ("candidates",),
    "path_features": ("candidates", None),
    "function_nodes": ("functions",),
    "metrics": ("functions", None),
}


@dataclass(frozen=True, slots=True)
class Parity:
    """Largest absolute difference between torch and ONNX Runtime by output, over `num_batches` batches."""

    num_batches: int
    differences: Mapping[str, float]

    @property
    def largest(self) -> float:
        """The largest difference of any output."""
        return max(self.differences.values())


class _Flat(nn.Module):
    """The network with one argument per array, as ONNX wants its inputs."""

    def __init__(self, network: ReviewNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network(TensorBatch(*arrays)))


def freeze(network: ReviewNetwork) -> ReviewNetwork:
    """A copy as it ships: evaluation mode, on the CPU, hashed embeddings (most of the file) in half precision."""
    frozen = copy.deepcopy(network).cpu().eval()
    frozen.tokens.embedding = nn.Parameter(frozen.tokens.embedding.detach().half(), requires_grad=False)
    return frozen


def write_onnx(frozen: ReviewNetwork, path: Path) -> None:
    """Writes one self-contained ONNX file whose inputs are the fields of `GraphBatch`, every size dynamic."""
    names = {size for sizes in _SIZES.values() for size in sizes if size}
    dims = {name: Dim(name) for name in sorted(names)}
    shapes = tuple({axis: dims[size] for axis, size in enumerate(sizes) if size} for sizes in _SIZES.values())
    with _quiet():
        program = torch.onnx.export(
            _Flat(frozen),
            tuple(_example(frozen)),
            dynamo=True,
            dynamic_shapes={"arrays": shapes},
            input_names=list(_SIZES),
            output_names=list(OUTPUT_NAMES),
            opset_version=OPSET,
        )
        if program is None:
            raise RuntimeError("torch.onnx.export: expected a program, found None")
        path.write_bytes(_strip(program.model_proto).SerializeToString(deterministic=True))


def _strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """Removes what the exporter notes on every node: stack traces with this machine's paths, a fifth of the file."""
    graph = model.graph
    del graph.value_info[:]
    for noted in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        noted.doc_string = ""
        del noted.metadata_props[:]
    return model


def compare(frozen: ReviewNetwork, path: Path, batches: Iterable[GraphBatch]) -> Parity:
    """Runs both on every batch. An empty output counts as equal if the shapes are."""
    session = NetworkSession.load(path)
    differences = dict.fromkeys(OUTPUT_NAMES, 0.0)
    count = 0
    for batch in batches:
        with torch.no_grad():
            expected = frozen(to_tensors(batch))
        found = session.run(batch)
        for name, value in zip(OUTPUT_NAMES, expected, strict=True):
            differences[name] = max(differences[name], _difference(value.numpy(), getattr(found, name)))
        count += 1
    return Parity(count, differences)


def _difference(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    if expected.shape != found.shape:
        return float("inf")
    return float(np.abs(expected - found).max(initial=0.0))


def _example(network: ReviewNetwork) -> TensorBatch:
    """A batch for tracing; every dynamic size is different, and none is 0 or 1, which torch.export would freeze."""
    config = network.config
    generator = torch.Generator().manual_seed(0)

    def below(limit: int, *shape: int) -> Tensor:
        return torch.randint(limit, shape, generator=generator)

    return TensorBatch(
        token_ids=below(config.num_tokens, 41),
        token_nodes=below(17, 41),
        node_functions=below(3, 17),
        edge_index=below(17, 2, 29),
        edge_type=below(2 * NUM_EDGE_TYPES, 29),
        candidate_nodes=below(17, 5),
        candidate_labels=below(len(config.labels), 5),
        path_features=torch.rand(5, config.num_path_features, generator=generator),
        function_nodes=below(17, 3),
        metrics=torch.rand(3, config.num_metrics, generator=generator),
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns about torchvision and its own deprecations, and prints; none of it concerns this graph."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
