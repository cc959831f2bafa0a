"""The batch as tensors: the network's one argument."""

from typing import NamedTuple

import torch
from torch import Tensor

from graph_model.batching import GraphBatch


class TensorBatch(NamedTuple):
    """`graph_model.batching.GraphBatch` as tensors: same names, order, shapes and types."""

    token_ids: Tensor
    token_nodes: Tensor
    node_functions: Tensor
    edge_index: Tensor
    edge_type: Tensor
    candidate_nodes: Tensor
    candidate_labels: Tensor
    path_features: Tensor
    function_nodes: Tensor
    metrics: Tensor


def to_tensors(batch: GraphBatch) -> TensorBatch:
    """The batch's arrays as tensors that share their memory."""
    return TensorBatch(**{name: torch.from_numpy(array) for name, array in batch.inputs().items()})
