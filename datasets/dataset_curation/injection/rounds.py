"""Which proposals are tried, and which of them together: a repository's budget, and batches of one file."""

import hashlib
from collections import Counter
from collections.abc import Iterable

from dataset_curation.injection.defects import Proposal
from graph_model.edits.model import Edit

_MAX_A_DEFECT = 12  # of one kind in one repository
_MAX_REMOVALS = 60  # of guards, and of sanitisers, in one repository
_MAX_TRIALS = 400  # analyses of files, sound or edited, for one repository
_TRIES_A_DEFECT = 5  # tries for one that is kept
_MAX_ROUNDS = 4  # edited versions of one file
_MAX_A_FILE = 3  # of one kind
_REMOVALS = ("guard-removed", "sanitiser-removed")
Range = tuple[int, int]


class Budget:
    """What a repository may still be given; `times` as much of everything where some is thrown away afterwards."""

    def __init__(self, times: int = 1) -> None:
        self.times = times
        self.trials = _MAX_TRIALS * times
        self._kept: Counter[str] = Counter()
        self._tried: Counter[str] = Counter()

    def limit_of(self, name: str) -> int:
        """How many of a kind are kept at most."""
        return self.times * (_MAX_REMOVALS if name in _REMOVALS else _MAX_A_DEFECT)

    def allows(self, name: str) -> bool:
        """Whether another one of this kind may be made."""
        limit = self.limit_of(name)
        return self.trials > 0 and self._kept[name] < limit and self._tried[name] < _TRIES_A_DEFECT * limit

    def tries_of(self, name: str) -> int:
        """How many of a kind were tried so far."""
        return self._tried[name]

    def try_one(self, name: str) -> None:
        """Counts a try."""
        self._tried[name] += 1

    def keep(self, name: str) -> None:
        """Counts one that is kept."""
        self._kept[name] += 1

    def spend(self, name: str, *, trials: int) -> None:
        """Counts one that is kept and what it costs."""
        self._kept[name] += 1
        self.trials -= trials


def digest(text: str) -> bytes:
    """What orders things without favour and always alike."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def plan_rounds(proposals: Iterable[Proposal], budget: Budget, units: list[Range]) -> list[list[Proposal]]:
    """Batches of proposals that lie in different functions, rarely tried kinds first; at most a few batches a file."""
    rounds: list[list[Proposal]] = []
    planned: Counter[str] = Counter()
    ordered = sorted(proposals, key=lambda one: (budget.tries_of(one.name) // 4, digest(f"{one.name}:{one.start}")))
    for proposal in ordered:
        if not budget.allows(proposal.name) or planned[proposal.name] >= _MAX_A_FILE:
            continue
        batch = next((one for one in rounds if _fits(proposal, one, units)), None)
        if batch is None and len(rounds) < _MAX_ROUNDS:
            batch = []
            rounds.append(batch)
        if batch is not None:
            batch.append(proposal)
            planned[proposal.name] += 1
            budget.try_one(proposal.name)
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
