"""The exported network: tracing takes seconds, so one serves every test of this folder that needs it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graph_model.catalogue import load_catalogue
from graph_model.metrics import METRIC_NAMES

if TYPE_CHECKING:
    from graph_model.nn.network import ReviewNetwork

FEATURES = ("hops", "guards", "in_loop")


@dataclass(frozen=True)
class Exported:
    """An untrained network over the real catalogue, as it ships, and its ONNX file."""

    frozen: "ReviewNetwork"
    path: Path


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    import torch  # noqa: PLC0415  # only the tests that ask for it wait for torch

    from graph_model.export.onnx_file import freeze, write_onnx  # noqa: PLC0415  # as above
    from graph_model.nn.config import NetworkConfig  # noqa: PLC0415  # as above
    from graph_model.nn.network import ReviewNetwork  # noqa: PLC0415  # as above

    torch.set_num_threads(1)
    torch.manual_seed(0)
    labels = tuple(label.id for label in load_catalogue())
    smells = tuple(label for label in labels if label.startswith("maintainability/"))
    sizes = NetworkConfig(
        labels, smells, len(FEATURES), len(METRIC_NAMES), token_width=8, width=16, num_layers=2, num_heads=2
    )
    frozen = freeze(ReviewNetwork(sizes))
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    write_onnx(frozen, path)
    return Exported(frozen, path)
