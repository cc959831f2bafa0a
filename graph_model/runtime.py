"""The exported network in ONNX Runtime: one thread, sequential, so that equal input gives equal bytes.

ONNX Runtime is imported when a session is made, not before: a review whose candidates need no network never loads it.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graph_model.batching import GraphBatch
from graph_model.errors import BundleError

if TYPE_CHECKING:
    import onnxruntime


@dataclass(frozen=True, slots=True)
class NetworkOutput:
    """Shapes: candidate_logits float32 [C], smell_logits [G, S], function_scores [G], attention [D]."""

    candidate_logits: NDArray[np.float32]
    smell_logits: NDArray[np.float32]
    function_scores: NDArray[np.float32]
    attention: NDArray[np.float32]


OUTPUT_NAMES = tuple(field.name for field in fields(NetworkOutput))


class NetworkSession:
    """A loaded network. Made by `load`; not shared between threads."""

    def __init__(self, session: "onnxruntime.InferenceSession") -> None:
        self._session = session

    @classmethod
    def load(cls, source: Path | bytes) -> "NetworkSession":
        """The network of an ONNX file or its bytes. Raises BundleError if ONNX Runtime refuses it."""
        import onnxruntime  # noqa: PLC0415  # 0.2 s that most runs do not need

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.use_deterministic_compute = True
        options.enable_mem_pattern = False  # it plans for one shape, and every batch has another
        options.log_severity_level = 3
        content = source if isinstance(source, bytes) else str(source)
        try:
            session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises a family of classes without a common base
            raise BundleError(f"model.onnx: expected a network, found: {error}") from error
        return cls(session)

    def run(self, batch: GraphBatch) -> NetworkOutput:
        """Scores of one batch."""
        return NetworkOutput(*self._session.run(list(OUTPUT_NAMES), batch.inputs()))
