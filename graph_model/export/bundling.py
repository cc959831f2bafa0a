"""Makes a bundle of a finished run, and checks a bundle against encoded functions."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any  # provenance and figures are JSON

import numpy as np
from numpy.typing import NDArray

from graph_model.batching import GraphBatch, concatenate, split_by_cost
from graph_model.bundle import Bundle, Judgement, save_bundle
from graph_model.calibration import calibrate
from graph_model.encoding import EncodedFunction
from graph_model.errors import GraphModelError
from graph_model.export.onnx_file import compare, freeze, write_onnx
from graph_model.ladder import Rung
from graph_model.nn.network import ReviewNetwork
from graph_model.runtime import NetworkSession
from graph_model.training.climbing import Climb
from graph_model.training.shards import ShardHeader

MAX_DIFFERENCE = 1e-4
MAX_NETWORK_BYTES = 10_000_000
_BATCH_COST = 2_048


class ExportError(GraphModelError):
    """The exported network differs from the trained one, or is too large."""


def export_bundle(
    network: ReviewNetwork,
    climb: Climb,
    header: ShardHeader,
    functions: Sequence[EncodedFunction],
    folder: Path,
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Writes a bundle into `folder` and returns its figures. The parity check runs over `functions`.

    The network is left out if no label ships with it. Raises ExportError before anything is written.
    """
    content, parity = export_network(network, functions)
    decisions = [climb.report.decisions[label] for label in header.labels]
    needed = any(one.rung is Rung.NETWORK for one in decisions)
    report = asdict(climb.report)
    figures = {
        "judged_on": climb.report.judged_on,
        "candidates": climb.report.num_candidates,
        "positive": climb.report.num_positive,
        "repositories": climb.report.num_groups,
        "tables": report["tables"],
        "labels": report["decisions"],
        "parity": parity,
        "parameters": network.num_parameters(),
    }
    bundle = Bundle(
        identity="",
        catalogue_hash=header.catalogue_hash,
        labels=header.labels,
        smells=header.smells,
        path_features=header.path_features,
        judgements=tuple(Judgement(one.rung, one.fallback, one.threshold) for one in decisions),
        ladder=climb.ladder,
        lines=climb.lines,
        network=content if needed else None,
        provenance=provenance,
        figures=figures,
    )
    save_bundle(bundle, folder)
    return figures


def export_network(network: ReviewNetwork, functions: Sequence[EncodedFunction]) -> tuple[bytes, dict[str, Any]]:
    """The ONNX file and its parity with the trained network over batches of one and of many. Raises ExportError."""
    frozen = freeze(network)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.onnx"
        write_onnx(frozen, path)
        parity = compare(frozen, path, parity_batches(functions))
        content = path.read_bytes()
    if not parity.largest < MAX_DIFFERENCE:
        raise ExportError(f"parity: expected a difference below {MAX_DIFFERENCE}, found {dict(parity.differences)}")
    if len(content) > MAX_NETWORK_BYTES:
        raise ExportError(f"model.onnx: expected at most {MAX_NETWORK_BYTES} bytes, found {len(content)}")
    return content, {
        "batches": parity.num_batches,
        "functions": len(functions),
        "differences": dict(parity.differences),
    }


def parity_batches(functions: Sequence[EncodedFunction]) -> list[GraphBatch]:
    """Every function alone, all of them in large batches, and each without its edges and candidates in one batch."""
    alone = [concatenate([one]) for one in functions]
    together = [concatenate([functions[idx] for idx in run]) for run in split_by_cost(functions, _BATCH_COST)]
    bare = [concatenate([strip(one) for one in functions])] if functions else []
    return [*alone, *together, *bare]


def strip(function: EncodedFunction) -> EncodedFunction:
    """The same statements without any edge or candidate."""
    return EncodedFunction(
        token_ids=function.token_ids,
        token_offsets=function.token_offsets,
        edge_index=function.edge_index[:, :0],
        edge_type=function.edge_type[:0],
        candidate_nodes=function.candidate_nodes[:0],
        candidate_labels=function.candidate_labels[:0],
        path_features=function.path_features[:0],
        metrics=function.metrics,
    )


def score_encoded(bundle: Bundle, functions: Sequence[EncodedFunction]) -> NDArray[np.float64]:
    """Probability of every candidate of encoded functions by what ships, in ONNX Runtime and numpy, float64 [C]."""
    if not functions:
        return np.zeros(0)
    labels = np.concatenate([one.candidate_labels for one in functions]).astype(np.int64)
    features = np.concatenate([one.path_features for one in functions])
    rungs = np.array([one.rung for one in bundle.judgements])[labels]
    probabilities = np.zeros(len(labels))
    for rung in Rung:
        chosen = np.flatnonzero(rungs == rung)
        if not len(chosen):
            continue
        if rung is Rung.NETWORK:
            logits = _run_network(bundle, functions)[chosen]
        else:
            logits = bundle.ladder.logits(rung, labels[chosen], features[chosen])
        probabilities[chosen] = calibrate(logits, labels[chosen], bundle.lines[rung])
    return np.round(probabilities, 4)


def _run_network(bundle: Bundle, functions: Sequence[EncodedFunction]) -> NDArray[np.float64]:
    session = NetworkSession.load(bundle.network or b"")
    runs = split_by_cost(functions, _BATCH_COST)
    outputs = [session.run(concatenate([functions[idx] for idx in run])).candidate_logits for run in runs]
    return np.concatenate(outputs).astype(np.float64)
