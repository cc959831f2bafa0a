"""Part "owasp-python": OWASP BenchmarkPython, trained on nothing from it: TPR - FPR by category and its macro average.

Nobody reads its cases, only this program does. N-grams and length are guesses inside the suite: how guessable it is.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.evaluation.figures import NAN, Cell, Figure, Floats, measure
from benchmarks.evaluation.judging import Board, number_groups, plain_cell
from benchmarks.evaluation.linters import BANDIT, PYLINT, RUFF_S
from benchmarks.evaluation.parts import Context, EvaluationError, Section
from benchmarks.evaluation.peers import run_peers
from benchmarks.evaluation.sarif import Result, Tool
from benchmarks.evaluation.scorers import NUM_SEEDS, Scores
from benchmarks.evaluation.sets import OpenSet, PublicSet, snippet_folder
from benchmarks.evaluation.snippets import Reading, Snippet, SnippetReader
from benchmarks.evaluation.textual import text_dummies
from benchmarks.evaluation.weaknesses import kin_of
from benchmarks.owasp import CATEGORIES
from graph_model.training.metrics import roc_auc

OWASP = PublicSet("OWASP-Benchmark/BenchmarkPython", "7cf0674")
_FOLDERS = ("testcode", "helpers")


@dataclass(frozen=True, slots=True)
class Test:
    """A test of the suite: its file, category, and whether it is vulnerable."""

    name: str
    category: str
    is_vulnerable: bool
    cwe: int


class OwaspPythonPart:
    """Youden's index at the thresholds, and AUC, macro-averaged over categories."""

    name = "owasp-python"

    def __init__(self, source: PublicSet = OWASP) -> None:
        self._source = source

    def measure(self, context: Context) -> Section:
        """All tests as one project, as the suite is one application."""
        opened = self._source.open(context)
        tests = read_tests(opened)
        entries = [one for one in opened.list_files(*_FOLDERS) if one.path.endswith(".py")]
        snippets = [Snippet(path, text) for path, text in opened.read_texts(entries).items()]
        reader = SnippetReader(context.bundle)
        readings = {
            one.snippet.path.rpartition("/")[2].removesuffix(".py"): one for one in reader.read_project(snippets)
        }
        absent = [one.name for one in tests if one.name not in readings]
        if absent:
            raise EvaluationError(f"{OWASP}: expected a file of each test, found none of {len(absent)}")
        own = [readings[one.name] for one in tests]
        tools = run_peers(context, snippet_folder(context, OWASP, self.name), snippets, (BANDIT, RUFF_S, PYLINT))
        boards = [_macro_board(tests, own, reader.scorers, tools, context), _category_board(tests, own, tools)]
        return Section(
            notes=(f"{OWASP}: {len(tests)} tests, {sum(one.is_vulnerable for one in tests)} vulnerable.",),
            tables=tuple(one.to_table() for one in boards),
            document={"tests": len(tests), "boards": [one.to_json() for one in boards]},
            bars=(boards[0].to_bars("macro Youden"), boards[0].to_bars("macro AUC")),
        )


def read_tests(opened: OpenSet) -> list[Test]:
    """The tests of the newest `expectedresults-*.csv`, by name. Raises EvaluationError without one."""
    lists = [
        one for one in opened.list_files() if one.path.startswith("expectedresults-") and one.path.endswith(".csv")
    ]
    if not lists:
        raise EvaluationError(f"{opened.source}: expected expectedresults-*.csv, found none")
    text = opened.read_texts(lists[-1:])[lists[-1].path]
    rows = [row for row in csv.reader(text.splitlines()) if row and not row[0].startswith("#")]
    return [Test(row[0], row[1].strip(), row[2].strip().lower() == "true", int(row[3])) for row in sorted(rows)]


def _wanted(test: Test) -> Callable[[str], bool]:
    labels = frozenset(CATEGORIES.get(test.category, ()))
    return labels.__contains__


def _coded(tests: Sequence[Test]) -> Floats:
    """Category and truth in one number, so that both are drawn together: twice the category's, plus the truth."""
    categories = number_groups([one.category for one in tests]).astype(np.float64)
    truth = np.array([one.is_vulnerable for one in tests], dtype=np.float64)
    return 2 * categories + truth


def youden(flags: Floats, coded: Floats, weights: Floats) -> float:
    """TPR - FPR, macro-averaged over categories; `coded` as `_coded`."""
    del weights
    return _macro(flags, coded, lambda values, truth: float(values[truth == 1].mean() - values[truth == 0].mean()))


def macro_auc(scores: Floats, coded: Floats, weights: Floats) -> float:
    """AUC, macro-averaged over categories; `coded` as `_coded`."""
    del weights
    return _macro(scores, coded, roc_auc)


def _macro(values: Floats, coded: Floats, function: Callable[[Floats, Floats], float]) -> float:
    found = []
    for category in np.unique(coded // 2):
        rows = coded // 2 == category
        truth = coded[rows] % 2
        if 0 < truth.sum() < len(truth):
            found.append(function(values[rows], truth))
    return float(np.mean(found)) if found else float("nan")


def _cell(tests: Sequence[Test], context: Context) -> Cell:
    """Tests are drawn one by one: they share no project but the suite's."""
    rows = np.arange(len(tests))
    return plain_cell("all", rows, _coded(tests), rows.astype(np.int64), context.bootstrap)


def _macro_board(
    tests: Sequence[Test], own: Sequence[Reading], names: Sequence[str], tools: Sequence[Tool], context: Context
) -> Board:
    cell = _cell(tests, context)
    pairs = list(zip(own, tests, strict=True))
    flags = np.array([[one.is_flagged(_wanted(test)) for one, test in pairs]], dtype=np.float64)
    proposed = np.array([[bool(one.select(_wanted(test))) for one, test in pairs]], dtype=np.float64)
    rows: list[tuple[str, dict[str, Figure]]] = [
        ("shown by default", {"macro Youden": measure(cell, flags, youden)}),
        ("every candidate", {"macro Youden": measure(cell, proposed, youden)}),
    ]
    ranking = [
        Scores(name, np.array([[one.score(idx, _wanted(test)) for one, test in pairs]]))
        for idx, name in enumerate(names)
    ]
    truth = np.array([one.is_vulnerable for one in tests], dtype=np.float64)
    groups = number_groups([one.category for one in tests])
    ranking += text_dummies(
        [one.snippet for one in own], truth, groups, "inside the suite, other categories", context.seed
    )
    rows += [(one.name, {"macro AUC": measure(cell, one.columns, macro_auc)}) for one in ranking]
    share = flags.mean()
    chance = np.stack([np.random.default_rng(seed).random(len(tests)) < share for seed in range(NUM_SEEDS)])
    rows.append(
        (
            f"dummy: as many alarms at random, mean of {NUM_SEEDS}",
            {"macro Youden": measure(cell, chance.astype(float), youden)},
        )
    )
    rows += [
        (name, {"macro Youden": measure(cell, column[None], youden)}) for name, column in _tool_flags(tests, own, tools)
    ]
    return Board("macro average over categories", cell, tuple(rows))


def _tool_flags(tests: Sequence[Test], own: Sequence[Reading], tools: Sequence[Tool]) -> list[tuple[str, Floats]]:
    columns = []
    for tool in tools:
        found = [tool.results.get(f"{OWASP.folder}/{one.snippet.path}", ()) for one in own]
        any_rule = np.array([bool(one) for one in found], dtype=np.float64)
        columns.append((f"{tool.name}, any rule", any_rule))
        if tool.names_cwes:
            kin = [_names_kin(one, test) for one, test in zip(found, tests, strict=True)]
            columns.append((f"{tool.name}, rules of the category's CWE or its kin", np.array(kin, dtype=np.float64)))
    return columns


def _names_kin(results: Sequence[Result], test: Test) -> bool:
    kin = kin_of(test.cwe)
    return any(one.cwes & kin for one in results)


def _category_board(tests: Sequence[Test], own: Sequence[Reading], tools: Sequence[Tool]) -> Board:
    """Rates by category, without intervals: the macro average has them."""
    everybody = [
        ("shown", np.array([one.is_flagged(_wanted(test)) for one, test in zip(own, tests, strict=True)], dtype=float)),
        (
            "candidate",
            np.array([bool(one.select(_wanted(test))) for one, test in zip(own, tests, strict=True)], dtype=float),
        ),
        *_tool_flags(tests, own, tools),
    ]
    rows = []
    for category in sorted({one.category for one in tests}):
        chosen = np.array([one.category == category for one in tests])
        truth = np.array([one.is_vulnerable for one in tests])
        figures: dict[str, Figure] = {}
        for name, column in everybody:
            for what, rows_of in (("TPR", chosen & truth), ("FPR", chosen & ~truth)):
                value = float(column[rows_of].mean()) if rows_of.any() else float("nan")
                figures[f"{name}: {what}"] = Figure(value, NAN, NAN)
        rows.append((f"{category} ({int(chosen.sum())})", figures))
    cell = plain_cell("", np.arange(len(tests)), _coded(tests), np.arange(len(tests)), (1, 0))
    return Board("by category", cell, tuple(rows))
