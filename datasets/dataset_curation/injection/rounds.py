"""Which proposals are tried, and which of them together: a repository's budget, and batches of one file."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dataset_curation.injection.defects import Proposal
from dataset_curation.injection.needs import FULL, UNKNOWN
from graph_model.edits.model import Edit

_MAX_A_DEFECT = 12  # of one kind in one repository, where nobody counted what is missing
_MAX_REMOVALS = 60  # of guards, and of sanitisers, in one repository
_FLOOR = 3  # of one kind in one repository, where nothing is missing
_MAX_TRIALS = 400  # analyses of files, sound or edited, for one repository
_TRIES_A_DEFECT = 5  # tries for one that is kept
_MAX_ROUNDS = 4  # edited versions of one file
_MAX_A_FILE = 3  # of one kind
_REMOVALS = ("guard-removed", "sanitiser-removed")
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Quota:
    """What is counted together: one way to a kind, for cells of which as many quarters are missing."""

    name: str
    need: int = UNKNOWN


class Budget:
    """What a repository may still be given; `times` as much of everything where some is thrown away afterwards."""

    def __init__(self, times: int = 1) -> None:
        self.times = times
        self.trials = _MAX_TRIALS * times
        self._kept: Counter[Quota] = Counter()
        self._tried: Counter[Quota] = Counter()

    def limit_of(self, quota: Quota) -> int:
        """How many of a kind are kept at most: twice as many for an empty cell, a few for a full one."""
        usual = _MAX_REMOVALS if quota.name in _REMOVALS else _MAX_A_DEFECT
        return self.times * max(_FLOOR, usual * quota.need // UNKNOWN)

    def has_room(self, quota: Quota) -> bool:
        """Whether another one of this kind may be kept."""
        return self._kept[quota] < self.limit_of(quota)

    def allows(self, quota: Quota) -> bool:
        """Whether another one of this kind may be tried."""
        return self.trials > 0 and self.has_room(quota) and self._tried[quota] < _TRIES_A_DEFECT * self.limit_of(quota)

    def tries_of(self, quota: Quota) -> int:
        """How many of a kind were tried so far."""
        return self._tried[quota]

    def try_one(self, quota: Quota) -> None:
        """Counts a try."""
        self._tried[quota] += 1

    def keep(self, quota: Quota) -> None:
        """Counts one that is kept."""
        self._kept[quota] += 1

    def spend(self, quota: Quota, *, trials: int) -> None:
        """Counts one that is kept and what it costs."""
        self._kept[quota] += 1
        self.trials -= trials


def digest(text: str) -> bytes:
    """What orders things without favour and always alike."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def plan_rounds(
    proposals: Iterable[Proposal], budget: Budget, units: list[Range], quota_of: Callable[[Proposal], Quota]
) -> list[list[Proposal]]:
    """Batches of proposals that lie in different functions, at most a few a file: those of full cells last, before
    them the rarely tried kinds first."""
    rounds: list[list[Proposal]] = []
    planned: Counter[str] = Counter()
    listed = [(one, quota_of(one)) for one in proposals]
    listed.sort(
        key=lambda one: (one[1].need == FULL, budget.tries_of(one[1]) // 4, digest(f"{one[0].name}:{one[0].start}"))
    )
    for proposal, quota in listed:
        if not budget.allows(quota) or planned[proposal.name] >= _MAX_A_FILE:
            continue
        batch = next((one for one in rounds if _fits(proposal, one, units)), None)
        if batch is None and len(rounds) < _MAX_ROUNDS:
            batch = []
            rounds.append(batch)
        if batch is not None:
            batch.append(proposal)
            planned[proposal.name] += 1
            budget.try_one(quota)
    return rounds


def _fits(proposal: Proposal, batch: list[Proposal], units: list[Range]) -> bool:
    owner = _only_owner(proposal, units)
    return owner is not None and all(_only_owner(one, units) not in (None, owner) for one in batch)


def _only_owner(proposal: Proposal, units: list[Range]) -> Range | None:
    """The function that holds every edit of a proposal and of its twin; None when it reaches beyond one."""
    owners = {owner_of(edit, units) for edit in (*proposal.edits, *proposal.twin)}
    only = next(iter(owners)) if len(owners) == 1 else None
    return None if only == units[0] and len(proposal.edits) > 1 else only


def owner_of(edit: Edit, units: list[Range]) -> Range:
    """The outermost function around an edit; the first unit, the whole file, when there is none."""
    around = [unit for unit in units[1:] if unit[0] <= edit.start and edit.end <= unit[1]]
    return max(around, key=lambda unit: unit[1] - unit[0]) if around else units[0]
