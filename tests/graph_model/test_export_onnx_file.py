from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from graph_model.analysis import analyse_file
from graph_model.batching import concatenate
from graph_model.catalogue import load_catalogue
from graph_model.encoder import encode_candidates
from graph_model.encoding import EncodedFunction
from graph_model.errors import BundleError
from graph_model.export.bundling import parity_batches, strip
from graph_model.export.onnx_file import compare, freeze
from graph_model.languages import BY_NAME
from graph_model.linking import link_files
from graph_model.nn.network import ReviewNetwork
from graph_model.runtime import NetworkSession

if TYPE_CHECKING:
    from tests.graph_model.conftest import Exported

FEATURES = ("hops", "guards", "in_loop")
CODE = """
import hashlib, sqlite3
from flask import request

def find(cursor, names):
    for name in names:
        if len(name) > 3:
            cursor.execute("select * from t where name = '" + request.args["name"] + "'")
    try:
        return hashlib.md5(name.encode()).hexdigest()
    except ValueError:
        return None

def nothing():
    pass
"""


def _random_function(rng: np.random.Generator, num_nodes: int, num_edges: int, num_candidates: int) -> EncodedFunction:
    tokens_of_node = rng.integers(0, 9, num_nodes)
    return EncodedFunction(
        token_ids=rng.integers(0, 16_384, tokens_of_node.sum(), dtype=np.int32),
        token_offsets=np.concatenate(([0], np.cumsum(tokens_of_node))).astype(np.int32),
        edge_index=rng.integers(0, num_nodes, (2, num_edges), dtype=np.int32),
        edge_type=rng.integers(0, 10, num_edges).astype(np.int8),
        candidate_nodes=rng.integers(0, num_nodes, num_candidates, dtype=np.int32),
        candidate_labels=rng.integers(0, len(load_catalogue()), num_candidates).astype(np.int16),
        path_features=rng.normal(size=(num_candidates, len(FEATURES))).astype(np.float32),
        metrics=rng.normal(size=10).astype(np.float32),
    )


def _real_functions() -> list[EncodedFunction]:
    analysis = analyse_file("a.py", CODE.encode(), BY_NAME["python"])
    labels = {label.id: idx for idx, label in enumerate(load_catalogue())}
    candidates = link_files([analysis])["a.py"]
    assert candidates
    return [
        encode_candidates(graph, [one for one in candidates if one.unit == unit], labels, FEATURES)
        for unit, graph in enumerate(analysis.graphs)
        if graph is not None
    ]


def test_onnx_runtime_agrees_with_torch_on_many_graphs(exported: "Exported") -> None:
    rng = np.random.default_rng(0)
    functions = [
        _random_function(rng, int(rng.integers(1, 60)), int(rng.integers(0, 250)), int(rng.integers(0, 5)))
        for _ in range(150)
    ]
    parity = compare(exported.frozen, exported.path, parity_batches(functions))
    assert parity.num_batches > 150
    assert parity.largest < 1e-4


def test_onnx_runtime_agrees_with_torch_on_empty_graphs(exported: "Exported") -> None:
    rng = np.random.default_rng(0)
    one_node = _random_function(rng, 1, 0, 0)
    no_tokens = replace(one_node, token_ids=one_node.token_ids[:0], token_offsets=np.zeros(2, dtype=np.int32))
    cases = [
        [one_node],
        [no_tokens],
        [no_tokens, no_tokens],
        [_random_function(rng, 1, 1, 1)],
        [_random_function(rng, 9, 0, 2)],
        [_random_function(rng, 9, 9, 0)],
        [strip(_random_function(rng, 9, 9, 3)), _random_function(rng, 2, 1, 1)],
    ]
    assert compare(exported.frozen, exported.path, [concatenate(one) for one in cases]).largest < 1e-4


def test_onnx_runtime_agrees_with_torch_on_real_graphs(exported: "Exported") -> None:
    assert compare(exported.frozen, exported.path, parity_batches(_real_functions())).largest < 1e-4


def test_the_same_input_gives_the_same_bytes(exported: "Exported") -> None:
    batch = concatenate(_real_functions())
    first, second = (NetworkSession.load(exported.path).run(batch) for _ in range(2))
    assert first.candidate_logits.tobytes() == second.candidate_logits.tobytes()
    assert first.attention.tobytes() == second.attention.tobytes()


def test_a_difference_is_noticed(exported: "Exported") -> None:
    torch.manual_seed(5)
    other = freeze(ReviewNetwork(exported.frozen.config))
    assert compare(other, exported.path, parity_batches(_real_functions())).largest > 1e-4


def test_a_frozen_network_keeps_its_numbers_but_for_the_rounding_of_embeddings(exported: "Exported") -> None:
    torch.manual_seed(5)
    network = ReviewNetwork(exported.frozen.config).train()
    frozen = freeze(network)
    assert network.training
    assert not frozen.training
    assert frozen.tokens.embedding.dtype == torch.float16
    assert network.tokens.embedding.dtype == torch.float32


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a network")
    for source in (tmp_path / "model.onnx", b"not a network"):
        with pytest.raises(BundleError, match=r"model\.onnx: expected a network"):
            NetworkSession.load(source)


def test_the_file_holds_embeddings_in_half_precision(exported: "Exported") -> None:
    num_hashed = exported.frozen.num_parameters()["hashed"]
    num_dense = exported.frozen.num_parameters()["dense"]
    assert exported.path.stat().st_size < 2 * num_hashed + 4 * num_dense + 100_000


def test_the_file_names_nothing_of_the_machine(exported: "Exported") -> None:
    content = exported.path.read_bytes()
    assert str(Path.cwd()).encode() not in content
    assert b".py" not in content
