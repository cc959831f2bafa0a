"""The frozen evaluation: one command measures any bundle, and any tool's SARIF, on the same rows with one scorer.

Each part is one module and one row of `PARTS` in `command`. Nothing here is tuned: a part states what it counts, how
many, and between which bounds.
"""

from benchmarks.evaluation.command import evaluation

__all__ = ["evaluation"]
