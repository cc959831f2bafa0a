"""What a step of the pipeline took: time and memory, measured, and for that reason never in a shard."""

from collections.abc import Iterable
from dataclasses import dataclass

from dataset_curation.harvesting import Outcome

_GOOD = frozenset({"done", "kept"})


@dataclass(frozen=True, slots=True)
class StepFigures:
    """What a step did, and what it took; `cpu_s` is the time of one core over all processes."""

    name: str
    done: int
    failed: int
    candidates: int
    functions: int
    cpu_s: float
    wall_s: float
    peak_bytes: int


def is_failure(outcome: Outcome) -> bool:
    """Whether a source could not be done."""
    return outcome.state not in _GOOD


def sum_outcomes(name: str, outcomes: Iterable[Outcome], wall_s: float) -> StepFigures:
    """The figures of a step whose sources came out so."""
    heard = list(outcomes)
    failed = sum(map(is_failure, heard))
    return StepFigures(
        name=name,
        done=len(heard) - failed,
        failed=failed,
        candidates=sum(one.num_candidates for one in heard),
        functions=sum(one.num_functions for one in heard),
        cpu_s=sum(one.cpu_s for one in heard),
        wall_s=wall_s,
        peak_bytes=max((one.peak_bytes for one in heard), default=0),
    )
