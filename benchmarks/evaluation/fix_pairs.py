"""Part "fix-pairs": functions before and after a fix that an advisory names: is the first found, is the second silent?

A function is found when a security candidate of it is shown by default, and once more when there is any. Rungs and
dummies are given as many alarms as the bundle over both sides; a tool has found a function when one of its results lies
on its lines. N-grams are fitted on other repositories.

Letters: `P` pairs, `K` draws of a scorer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from benchmarks.evaluation.cells import LEAST_ROWS
from benchmarks.evaluation.figures import Figure, Floats, Ints, make_cell, measure
from benchmarks.evaluation.fixed_files import flag_spots, list_files, run_tools
from benchmarks.evaluation.pairs import flag_highest
from benchmarks.evaluation.parts import Context, EvaluationError, MissingSetError, Section, Table
from benchmarks.evaluation.scorers import SHIPPED, OneGraph, only_rung
from benchmarks.evaluation.snippets import Snippet
from benchmarks.evaluation.textual import text_dummies
from dataset_curation.errors import CurationError
from dataset_curation.manifests import REPOSITORIES_NAME, TRAINED, Role, read_entries
from dataset_curation.pairs.facts import FIX_PAIRS_NAME, RECENT
from dataset_curation.pairs.fix_pairs import FOLDER_NAME, FixPair, load_pairs
from dataset_curation.records import FunctionRecord
from graph_model.bundle import Bundle
from graph_model.ladder import Rung
from graph_model.prediction import Predictor, ScoredCandidate
from reviewer.findings import is_in_test

_SECURITY = "security/"


@dataclass(frozen=True, slots=True)
class Flags:
    """What one scorer flags, as shares of 0 to 1: float64 [K, P] before the fix and after it.

    `families` are the languages that it is judged on, none for all.
    """

    name: str
    before: Floats
    after: Floats
    families: frozenset[str] = frozenset()


class FixPairsPart:
    """Found before, silent after and both, of all pairs, later ones, other repositories, families and small fixes."""

    name = "fix-pairs"

    def measure(self, context: Context) -> Section:
        """Figures of the bundle and of the dummies at the same number of alarms, cell by cell."""
        pairs = _load(context)
        tools, said = flag_tools(context, pairs)
        scorers = [*score_pairs(context.bundle, pairs, context.seed), *tools]
        trained = _trained_repositories(context)
        boards = []
        for title, chosen in list_cells(pairs, trained):
            able = [one for one in scorers if reads_all(one, [pairs[idx] for idx in chosen])]
            boards.append((title, chosen, judge_pairs(pairs, chosen, able, (context.num_samples, context.seed))))
        return Section(
            notes=(*_notes(pairs, scorers), *said),
            tables=tuple(_table(title, pairs, chosen, figures) for title, chosen, figures in boards),
            document={
                "pairs": len(pairs),
                "cells": [
                    {"name": title, "pairs": len(chosen), "scorers": _to_json(figures)}
                    for title, chosen, figures in boards
                ],
            },
        )


def _load(context: Context) -> list[FixPair]:
    manifest = context.manifests / FIX_PAIRS_NAME
    if not manifest.is_file() or not (context.data / FOLDER_NAME).is_dir():
        raise MissingSetError(f"{FIX_PAIRS_NAME}: expected pairs that `reviewer curate fix-pairs` mined, found none")
    try:
        pairs = list(load_pairs(context.data, manifest))
    except CurationError as error:
        raise EvaluationError(str(error)) from error
    if not pairs:
        raise MissingSetError(f"{FIX_PAIRS_NAME}: expected fix pairs, found an empty list")
    return pairs


def _trained_repositories(context: Context) -> frozenset[str]:
    """Repositories whose code a bundle may have been trained on."""
    try:
        entries = read_entries(context.manifests / REPOSITORIES_NAME)
    except CurationError as error:
        raise EvaluationError(str(error)) from error
    return frozenset(one.repository.lower() for one in entries if one.role in TRAINED - {Role.PAIRS})


def score_pairs(bundle: Bundle, pairs: Sequence[FixPair], seed: int) -> list[Flags]:
    """The bundle by default, every candidate, and rungs and dummies at as many alarms as the bundle gives."""
    judge = _Judge(bundle)
    shown = _flag(SHIPPED, pairs, judge.is_shown)
    proposed = _flag("every security candidate", pairs, judge.is_proposed)
    num_alarms = int(shown.before.sum() + shown.after.sum())
    everything = np.ones((1, len(pairs)))
    return [
        shown,
        proposed,
        *_rungs(bundle, pairs, num_alarms),
        *_dummies(pairs, num_alarms, seed),
        Flags("dummy: flag everything", everything, everything),
    ]


def flag_tools(context: Context, pairs: Sequence[FixPair]) -> tuple[list[Flags], tuple[str, ...]]:
    """What the installed tools flag in the pairs of their languages, and what is to be said of the files they read."""
    files = list_files(context, pairs)
    tools = run_tools(context, files)
    flags = [
        Flags(one.name, flag_spots(one, files.before)[None], flag_spots(one, files.after)[None], one.families)
        for one in tools
        if one.families  # one without any result is judged on no language
    ]
    note = f"Tools read {len(files.snippets)} whole files of both sides; {files.num_alone} functions stand alone."
    return flags, (note,) if tools else ()


class _Judge:
    """What a review says of a function by default."""

    def __init__(self, bundle: Bundle) -> None:
        self._predictor = Predictor(bundle)

    def is_shown(self, record: FunctionRecord) -> bool:
        """Whether a security candidate reaches its label's threshold outside test code."""
        thresholds = self._predictor.thresholds
        return any(one.probability >= thresholds[one.candidate.label] for one in self._score(record))

    def rate(self, record: FunctionRecord | None) -> float:
        """The chance of the likeliest security candidate outside test code, 0 without one."""
        return max((one.probability for one in self._score(record)), default=0.0) if record is not None else 0.0

    def _score(self, record: FunctionRecord) -> list[ScoredCandidate]:
        candidates = [replace(one, unit=0) for one in record.candidates if one.label.startswith(_SECURITY)]
        scored = self._predictor.score(OneGraph((record.graph,)), candidates)
        return [one for one in scored if not is_in_test(one.candidate)]

    @staticmethod
    def is_proposed(record: FunctionRecord) -> bool:
        """Whether there is any security candidate."""
        return any(one.label.startswith(_SECURITY) for one in record.candidates)


def _flag(name: str, pairs: Sequence[FixPair], says: Callable[[FunctionRecord], bool]) -> Flags:
    sides = [
        [one is not None and says(one) for one in side]
        for side in zip(*((p.before, p.after) for p in pairs), strict=True)
    ]
    before, after = (np.array([side], dtype=np.float64) for side in sides)
    return Flags(name, before, after)


def _rungs(bundle: Bundle, pairs: Sequence[FixPair], num_alarms: int) -> list[Flags]:
    """Every rung alone, by the likeliest security candidate of a side."""
    records = [*(one.before for one in pairs), *(one.after for one in pairs)]
    rungs = [one for one in Rung if one is not Rung.NETWORK or bundle.network is not None]
    judges = {rung: _Judge(only_rung(bundle, rung)) for rung in rungs}
    return [
        _rank(f"rung: {rung}", np.array([[judge.rate(one) for one in records]]), num_alarms)
        for rung, judge in judges.items()
    ]


def _dummies(pairs: Sequence[FixPair], num_alarms: int, seed: int) -> list[Flags]:
    """What reads text only, over all texts before, then all after; flagging everything is not at as many alarms."""
    names = [PurePosixPath(one.fact.path).name for one in pairs]
    texts = [*(one.text_before for one in pairs), *(one.text_after for one in pairs)]
    snippets = [Snippet(name, text) for name, text in zip((*names, *names), texts, strict=True)]
    targets = np.repeat((1.0, 0.0), len(pairs))
    groups = number_groups(pairs)
    scored = text_dummies(snippets, targets, np.concatenate((groups, groups)), "other repositories", seed)
    return [_rank(one.name, one.columns, num_alarms) for one in scored if one.name != "dummy: flag everything"]


def number_groups(pairs: Sequence[FixPair]) -> Ints:
    """The number of each pair's repository: int64 [P]."""
    names = sorted({one.fact.group for one in pairs})
    return np.array([names.index(one.fact.group) for one in pairs], dtype=np.int64)


def _rank(name: str, columns: Floats, num_alarms: int) -> Flags:
    flags = np.stack([flag_highest(one, num_alarms) for one in columns])
    half = flags.shape[1] // 2
    return Flags(name, flags[:, :half], flags[:, half:])


def list_cells(pairs: Sequence[FixPair], trained: frozenset[str]) -> list[tuple[str, Ints]]:
    """Which pairs are judged together; cells of fewer than LEAST_ROWS pairs are left out, all pairs never."""
    facts = [one.fact for one in pairs]
    other = [one.repository.lower() not in trained for one in facts]
    named: dict[str, list[bool]] = {
        f"{RECENT} and later": [one.is_recent for one in facts],
        f"before {RECENT}": [not one.is_recent for one in facts],
        "repositories that no bundle is trained on": other,
        f"those of them {RECENT} and later": [new and one.is_recent for new, one in zip(other, facts, strict=True)],
        "one function a commit": [one.num_functions == 1 for one in facts],
        "not fixed again": [not one.fixed_again for one in facts],
        **{f"family {name}": [one.family == name for one in facts] for name in sorted({one.family for one in facts})},
    }
    cells = [(title, np.flatnonzero(np.array(chosen))) for title, chosen in named.items()]
    return [("all pairs", np.arange(len(pairs))), *(one for one in cells if len(one[1]) >= LEAST_ROWS)]


def reads_all(flags: Flags, pairs: Sequence[FixPair]) -> bool:
    """Whether a scorer reads the languages of all these pairs."""
    return not flags.families or {one.fact.family for one in pairs} <= flags.families


def judge_pairs(
    pairs: Sequence[FixPair], chosen: Ints, scorers: Sequence[Flags], bootstrap: tuple[int, int]
) -> list[tuple[str, dict[str, Figure]]]:
    """Share of pairs found before, silent after, and both, of every scorer; repositories are drawn."""
    ones = np.ones(len(pairs))
    cell = make_cell("", chosen, ones, ones, number_groups(pairs), bootstrap)
    judged = []
    for one in scorers:
        shares = {
            "found before": one.before,
            "silent after": 1 - one.after,
            "both": one.before * (1 - one.after),
            "only after": (1 - one.before) * one.after,
        }
        judged.append((one.name, {name: measure(cell, share, _mean) for name, share in shares.items()}))
    return judged


def _mean(scores: Floats, targets: Floats, weights: Floats) -> float:
    del targets, weights
    return float(scores.mean())


def _notes(pairs: Sequence[FixPair], scorers: Sequence[Flags]) -> tuple[str, ...]:
    repositories = len({one.fact.repository.lower() for one in pairs})
    commits = len({(one.fact.repository.lower(), one.fact.commit) for one in pairs})
    gone = sum(any(label.startswith(_SECURITY) for label in one.fact.vanished) for one in pairs)
    shown = scorers[0]
    recent = sum(one.fact.is_recent for one in pairs)
    return (
        f"{len(pairs)} pairs of {commits} commits in {repositories} repositories; {recent} of {RECENT} and later.",
        f"A security candidate vanishes in {gone}; that many at most can be found and then silent by its label.",
        f"Alarms of the bundle: {int(shown.before.sum())} before, {int(shown.after.sum())} after.",
        "A commit's functions are not all part of its fix: of 20 pairs that were read, 3 did not show one.",
    )


def _table(
    title: str, pairs: Sequence[FixPair], chosen: Ints, judged: Sequence[tuple[str, dict[str, Figure]]]
) -> Table:
    repositories = len({pairs[idx].fact.repository.lower() for idx in chosen})
    columns = ("scorer", *judged[0][1])
    rows = tuple((name, *(str(figures[key]) for key in columns[1:])) for name, figures in judged)
    return Table(f"{title}: n {len(chosen)}, repositories {repositories}", columns, rows)


def _to_json(judged: Sequence[tuple[str, dict[str, Figure]]]) -> list[dict[str, object]]:
    return [{"name": name, **{key: one.to_json() for key, one in figures.items()}} for name, figures in judged]
