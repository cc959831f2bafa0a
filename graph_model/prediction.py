"""Scores candidates with a bundle: the same bytes give the same numbers, whatever else is in the run.

One file at a time, on one thread. A candidate is judged by the rung that its label ships with; only labels that ship
with the network need a graph and ONNX Runtime, which is imported when the first of them turns up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, Self  # figures and provenance are what the bundle says

import numpy as np
from numpy.typing import NDArray

from graph_model.batching import GraphBatch, concatenate, split_by_cost
from graph_model.bundle import Bundle, default_folder, load_bundle
from graph_model.calibration import calibrate
from graph_model.candidates.model import Candidate
from graph_model.catalogue import load_catalogue
from graph_model.encoding import EncodedFunction
from graph_model.errors import BundleError
from graph_model.features import feature_vector
from graph_model.ladder import SIMPLE_RUNGS, Rung
from graph_model.runtime import NetworkOutput, NetworkSession

if TYPE_CHECKING:
    from graph_model.encoder import FunctionGraph

_BATCH_COST = 2_048  # nodes plus edges of one run: larger ones leave the processor's cache and take longer
_NUM_WEIGHTS = 8
_NUM_DIGITS = 4

Weights = tuple[tuple[str, float], ...]


class Analysis(Protocol):
    """What scoring reads of `graph_model.analysis.FileAnalysis`: the graph of each unit, None where it has none."""

    @property
    def graphs(self) -> "Sequence[FunctionGraph | None]": ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class ScoredCandidate:
    """A candidate with its calibrated probability, rounded to four places, and what weighed most, heaviest first.

    Weights are named `step:N` (share of the network's attention on step N of the evidence) or `fact:NAME` (what a path
    feature adds to the log-odds), also rounded.
    """

    candidate: Candidate
    probability: float
    weights: Weights


@dataclass(frozen=True, slots=True)
class _Judged:
    """Log-odds, the rung that gave them, and weights of one candidate."""

    logit: float
    rung: Rung
    weights: Weights


class Predictor:
    """A loaded bundle. Pickles without its session; not shared between threads."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._labels = {label: idx for idx, label in enumerate(bundle.labels)}
        self._session: NetworkSession | None = None

    def __reduce__(self) -> tuple[type[Self], tuple[Bundle]]:
        return type(self), (self._bundle,)

    @classmethod
    def load(cls, path: Path | None = None) -> "Predictor":
        """The predictor of a bundle folder, or of the shipped bundle. Raises BundleError."""
        return cls(load_bundle(default_folder() if path is None else path, load_catalogue().hash))

    @property
    def identity(self) -> str:
        """Changes when the same candidate could be scored differently."""
        return self._bundle.identity

    @property
    def thresholds(self) -> Mapping[str, float]:
        """From which probability each label is shown by default; above 1 means never."""
        judgements = zip(self._bundle.labels, self._bundle.judgements, strict=True)
        return MappingProxyType({label: one.threshold for label, one in judgements})

    def info(self) -> Mapping[str, Any]:
        """What a person asks about a model: identity, catalogue, labels by rung, provenance and figures."""
        bundle = self._bundle
        rungs = {str(rung): sum(one.rung is rung for one in bundle.judgements) for rung in Rung}
        return {
            "identity": bundle.identity,
            "catalogue_hash": bundle.catalogue_hash,
            "labels": len(bundle.labels),
            "labels_by_rung": rungs,
            "provenance": dict(bundle.provenance),
            "figures": dict(bundle.figures),
        }

    def score(self, analysis: Analysis, candidates: Sequence[Candidate]) -> tuple[ScoredCandidate, ...]:
        """Every candidate of one file, in the order given. Raises BundleError for a label that the bundle lacks."""
        if not candidates:
            return ()
        labels = np.array([self._label(one) for one in candidates], dtype=np.int64)
        features = np.stack([feature_vector(one.facts, self._bundle.path_features) for one in candidates])  # [C, P]
        judged = self._judge_by_network(analysis, candidates, labels)
        judged |= self._judge_simply(labels, features, [idx for idx in range(len(candidates)) if idx not in judged])
        probabilities = np.zeros(len(candidates))
        for rung in Rung:
            rows = np.array([idx for idx, one in judged.items() if one.rung is rung], dtype=np.int64)
            logits = np.array([judged[idx].logit for idx in rows], dtype=np.float64)
            probabilities[rows] = calibrate(logits, labels[rows], self._bundle.lines[rung])
        return tuple(
            ScoredCandidate(candidate, round(float(probabilities[idx]), _NUM_DIGITS), judged[idx].weights)
            for idx, candidate in enumerate(candidates)
        )

    def _label(self, candidate: Candidate) -> int:
        try:
            return self._labels[candidate.label]
        except KeyError as error:
            raise BundleError(f"label: expected one of the bundle's, found {candidate.label!r}") from error

    def _judge_simply(
        self, labels: NDArray[np.int64], features: NDArray[np.float32], rows: Sequence[int]
    ) -> dict[int, _Judged]:
        """By the label's rung, or its fallback where the rung is the network."""
        ladder, names = self._bundle.ladder, [f"fact:{name}" for name in self._bundle.path_features]
        rung_of = {idx: self._simple_rung(int(labels[idx])) for idx in rows}
        judged: dict[int, _Judged] = {}
        for rung in SIMPLE_RUNGS:
            chosen = np.array([idx for idx in rows if rung_of[idx] is rung], dtype=np.int64)
            if not len(chosen):
                continue
            logits = ladder.logits(rung, labels[chosen], features[chosen])
            added = ladder.contributions(rung, labels[chosen], features[chosen])
            for idx, logit, row in zip(chosen.tolist(), logits.tolist(), added.tolist(), strict=True):
                judged[idx] = _Judged(logit, rung, _heaviest(list(zip(names, row, strict=True))))
        return judged

    def _simple_rung(self, label: int) -> Rung:
        judgement = self._bundle.judgements[label]
        return judgement.fallback if judgement.rung is Rung.NETWORK else judgement.rung

    def _judge_by_network(
        self, analysis: Analysis, candidates: Sequence[Candidate], labels: NDArray[np.int64]
    ) -> dict[int, _Judged]:
        """Candidates whose label ships with the network and whose unit has a graph."""
        by_unit: dict[int, list[int]] = {}
        for idx, candidate in enumerate(candidates):
            if self._bundle.judgements[labels[idx]].rung is Rung.NETWORK and candidate.unit < len(analysis.graphs):
                by_unit.setdefault(candidate.unit, []).append(idx)
        units = {unit: graph for unit in sorted(by_unit) if (graph := analysis.graphs[unit]) is not None}
        order = list(units)
        functions = [self._encode(units[unit], [candidates[idx] for idx in by_unit[unit]]) for unit in order]
        judged: dict[int, _Judged] = {}
        for run in split_by_cost(functions, _BATCH_COST):
            batch = concatenate([functions[position] for position in run])
            output = self._network().run(batch)
            rows = [(units[order[position]], idx) for position in run for idx in by_unit[order[position]]]
            for row, (graph, idx) in enumerate(rows):
                weights = _weigh_steps(graph, candidates[idx], _attention_by_statement(batch, output, row))
                judged[idx] = _Judged(float(output.candidate_logits[row]), Rung.NETWORK, weights)
        return judged

    def _encode(self, graph: "FunctionGraph", candidates: Sequence[Candidate]) -> EncodedFunction:
        from graph_model.encoder import encode_candidates  # noqa: PLC0415  # loads grammars; only the network needs it

        return encode_candidates(graph, candidates, self._labels, self._bundle.path_features)

    def _network(self) -> NetworkSession:
        if self._session is None:
            if self._bundle.network is None:
                raise BundleError("model.onnx: expected a network, found none")
            self._session = NetworkSession.load(self._bundle.network)
        return self._session


def _attention_by_statement(batch: GraphBatch, output: NetworkOutput, row: int) -> dict[int, float]:
    """The share of each statement (its row in the unit's graph) among what the candidate of a batch row listens to."""
    node = int(batch.candidate_nodes[row])
    start = int(batch.function_nodes[batch.node_functions[node]])
    into = np.flatnonzero(batch.edge_index[1] == node)  # SLICE and ANCHOR: nothing else leads to a candidate
    return dict(zip((batch.edge_index[0, into] - start).tolist(), output.attention[into].tolist(), strict=True))


def _weigh_steps(graph: "FunctionGraph", candidate: Candidate, shares: Mapping[int, float]) -> Weights:
    """Attention told by the steps of the evidence; of several steps in one statement the last stands for all."""
    from graph_model.encoder import find_row  # noqa: PLC0415  # loads grammars; only the network needs it

    left = dict(shares)
    named = []
    for number, step in reversed(list(enumerate(candidate.steps))):
        if step.path == candidate.path:
            share = left.pop(find_row(graph, step.start, step.end), None)
            if share is not None:
                named.append((f"step:{number}", share))
    return _heaviest(named)


def _heaviest(named: Sequence[tuple[str, float]]) -> Weights:
    rounded = [(name, round(value, _NUM_DIGITS)) for name, value in named if value]
    ordered = sorted((one for one in rounded if one[1]), key=lambda one: (-abs(one[1]), one[0]))
    return tuple(ordered[:_NUM_WEIGHTS])
