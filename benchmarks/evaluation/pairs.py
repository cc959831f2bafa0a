"""Two versions of the same code, one harmful: is the right one flagged, and which gets the higher score.

P-C: only the harmful one flagged; P-V: both; P-B: neither; P-R: only the other (PrimeVul's four outcomes).
Rank-win: the harmful one scores higher, ties one half.

Letters: `P` pairs, `K` draws of a scorer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.evaluation.figures import Figure, Floats, Ints, measure
from benchmarks.evaluation.judging import Board, auc, mean, plain_cell
from benchmarks.evaluation.parts import Curve
from benchmarks.evaluation.scorers import Scores


@dataclass(frozen=True, slots=True)
class PairScores:
    """What a scorer says of both sides, float64 [K, P]; flags are in 0..1, as a tie at the border is shared."""

    name: str
    harmful: Floats
    fixed: Floats
    harmful_flags: Floats
    fixed_flags: Floats


def split_scores(scores: Scores, num_alarms: int) -> PairScores:
    """A scorer over harmful rows, then fixed ones, in pairs' order; its `num_alarms` highest of all are flagged."""
    flags = np.stack([flag_highest(row, num_alarms) for row in scores.columns])
    return pair_up(scores.name, scores.columns, flags)


def pair_up(name: str, columns: Floats, flags: Floats) -> PairScores:
    """The two halves of columns float64 [K, 2P]."""
    half = columns.shape[1] // 2
    return PairScores(name, columns[:, :half], columns[:, half:], flags[:, :half], flags[:, half:])


def flag_highest(scores: Floats, num_alarms: int) -> Floats:
    """1 for the highest scores, 0 for the rest; equal scores at the border share what is left: float64 [N]."""
    if num_alarms <= 0:
        return np.zeros(len(scores))
    if num_alarms >= len(scores):
        return np.ones(len(scores))
    border = np.sort(scores)[-num_alarms]
    above, equal = scores > border, scores == border
    flags: Floats = above + equal * ((num_alarms - above.sum()) / equal.sum())
    return flags


def outcomes(pairs: PairScores) -> Mapping[str, Floats]:
    """Share of each outcome in each pair, by name: float64 [K, P]."""
    bad, good = pairs.harmful_flags, pairs.fixed_flags
    wins = (pairs.harmful > pairs.fixed) + 0.5 * (pairs.harmful == pairs.fixed)
    return {
        "P-C": bad * (1 - good),
        "P-V": bad * good,
        "P-B": (1 - bad) * (1 - good),
        "P-R": (1 - bad) * good,
        "rank-win": wins,
    }


def judge_pairs(
    title: str, rows: Ints, groups: Ints, scorers: Sequence[PairScores], bootstrap: tuple[int, int]
) -> Board:
    """Outcomes and AUC of every scorer on some pairs; `groups` int64 [P] are the projects of all pairs."""
    num_pairs = len(groups)
    pair_cell = plain_cell(title, rows, np.ones(num_pairs), groups, bootstrap)
    targets = np.concatenate((np.ones(num_pairs), np.zeros(num_pairs)))
    both = np.concatenate((rows, rows + num_pairs))
    side_cell = plain_cell(title, both, targets, np.concatenate((groups, groups)), bootstrap)
    judged = []
    for one in scorers:
        figures: dict[str, Figure] = {name: measure(pair_cell, each, mean) for name, each in outcomes(one).items()}
        figures["AUC"] = measure(side_cell, np.concatenate((one.harmful, one.fixed), axis=1), auc)
        judged.append((one.name, figures))
    return Board(title, pair_cell, tuple(judged))


def pair_curve(title: str, scorers: Sequence[PairScores]) -> Curve:
    """Precision over recall of the harmful sides among all, of every scorer that says more than yes or no."""
    columns = {one.name: np.concatenate((one.harmful, one.fixed), axis=1) for one in scorers}
    num_pairs = scorers[0].harmful.shape[1]
    targets = np.repeat((1.0, 0.0), num_pairs)
    ranking = {name: one for name, one in columns.items() if len(np.unique(one)) > 2}
    return Curve(title, targets, np.ones(len(targets)), ranking)
