"""Part "sven": pairs of Python functions before and after the fix of a vulnerability (eth-sri/sven).

Functions come without their file: no imports, no class, no callers, so that names resolve to nothing. They are read
as they come, and once more with the imports of standard modules that their names suggest, to tell what that costs.
"""

import json
import re
import sys
import textwrap
from ast import literal_eval
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any  # a JSON document

import numpy as np

from benchmarks.evaluation.cells import pool
from benchmarks.evaluation.figures import Floats, Ints
from benchmarks.evaluation.judging import number_groups
from benchmarks.evaluation.linters import BANDIT, PYLINT, RUFF_S
from benchmarks.evaluation.locating import Place, judge_places, peer_ranking
from benchmarks.evaluation.pairs import PairScores, judge_pairs, pair_curve, pair_up, split_scores
from benchmarks.evaluation.parts import Context, EvaluationError, Section
from benchmarks.evaluation.peers import flag_snippets, run_peers
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING, SHIPPED, Scores
from benchmarks.evaluation.sets import OpenSet, PublicSet, snippet_folder
from benchmarks.evaluation.snippets import Readings, Snippet, SnippetReader
from benchmarks.evaluation.textual import text_dummies

SVEN = PublicSet("eth-sri/sven", "e8449a0")
_FOLDERS = ("data_train_val/train", "data_train_val/val")
_SQL = 89
_MODULES = frozenset(sys.stdlib_module_names)
_QUALIFIER = re.compile(r"(?<![\w.])([a-z_]\w*)\s*\.\s*\w")


@dataclass(frozen=True, slots=True)
class Pair:
    """A function before and after its fix. `deleted` are the lines (1-based) of the first that the fix takes out."""

    project: str
    cwe: int
    before: Snippet
    after: Snippet
    deleted: tuple[int, ...]


class SvenPart:
    """P-C and its kin, rank-win, AUC and localisation, beside dummies and peers on the same functions."""

    name = "sven"

    def __init__(self, source: PublicSet = SVEN) -> None:
        self._source = source

    def measure(self, context: Context) -> Section:
        """All pairs, then without SQL injection, then by weakness; then once more with imports."""
        pairs = read_pairs(self._source.open(context))
        reader = SnippetReader(context.bundle)
        snippets = [*(one.before for one in pairs), *(one.after for one in pairs)]
        readings = reader.read_all(snippets)
        imported = reader.read_all([with_imports(one) for one in snippets])
        tools = _run_tools(context, snippets)
        scorers = _score(pairs, readings, imported, tools, context.seed)
        groups = number_groups([one.project for one in pairs])
        boards = [judge_pairs(title, rows, groups, scorers, context.bootstrap) for title, rows in _cells(pairs)]
        places = judge_places(
            "lines that the fix takes out", _places(pairs, readings, tools), readings.scorers, context.bootstrap
        )
        return Section(
            notes=tuple(_notes(pairs, readings, imported)),
            tables=tuple(one.to_table() for one in (*boards, *places)),
            document={"pairs": len(pairs), "boards": [one.to_json() for one in (*boards, *places)]},
            curves=(pair_curve("SVEN, functions before and after", scorers),),
            bars=(boards[0].to_bars("P-C"), boards[0].to_bars("rank-win"), places[-1].to_bars("top-1")),
        )


def read_pairs(opened: OpenSet) -> list[Pair]:
    """The Python pairs in order of their files. Raises EvaluationError for a line that is no pair."""
    pairs: list[Pair] = []
    entries = [one for one in opened.list_files(*_FOLDERS) if one.path.endswith(".jsonl")]
    for path, text in opened.read_texts(entries).items():
        for number, line in enumerate(text.splitlines(), start=1):
            try:
                row = json.loads(line)
                if row["file_name"].endswith(".py"):
                    pairs.append(_make_pair(row, len(pairs)))
            except (ValueError, KeyError, TypeError) as error:
                raise EvaluationError(f"{opened.source}: {path}:{number}: expected a pair, found {error!r}") from error
    return pairs


def _make_pair(row: dict[str, Any], number: int) -> Pair:
    project = "/".join(row["commit_link"].removeprefix("https://").split("/")[1:3])
    changes = literal_eval(row["line_changes"]) if isinstance(row["line_changes"], str) else row["line_changes"]
    return Pair(
        project=project.lower(),
        cwe=int(row["vul_type"].removeprefix("cwe-")),
        before=Snippet(f"p{number:04}/before.py", textwrap.dedent(row["func_src_before"])),
        after=Snippet(f"p{number:04}/after.py", textwrap.dedent(row["func_src_after"])),
        deleted=tuple(one["line_no"] for one in changes["deleted"] if one["line"].strip()),
    )


def with_imports(snippet: Snippet) -> Snippet:
    """The snippet with imports of the standard modules that it seems to name, at its end so that lines stay."""
    names = sorted(set(_QUALIFIER.findall(snippet.text)) & _MODULES)
    lines = "".join(f"import {name}\n" for name in names)
    return Snippet(snippet.path, f"{snippet.text.rstrip()}\n{lines}")


def is_security(label: str) -> bool:
    """Whether a label is about security."""
    return label.startswith("security/")


def _run_tools(context: Context, snippets: Sequence[Snippet]) -> list[Tool]:
    return run_peers(context, snippet_folder(context, SVEN, "sven"), snippets, (BANDIT, RUFF_S, PYLINT))


def _score(
    pairs: Sequence[Pair], readings: Readings, imported: Readings, tools: Sequence[Tool], seed: int
) -> list[PairScores]:
    """The bundle at its thresholds; everybody else at as many alarms, tools at what they say."""
    flags, columns = readings.flags(is_security), readings.scores(is_security)
    num_alarms = int(flags.sum())
    scored = [pair_up(f"{SHIPPED}, as shown", columns[:1], flags[None])]
    scored += _at(num_alarms, [Scores(name, row[None]) for name, row in zip(readings.scorers, columns, strict=True)])
    proposals = readings.proposals(is_security)[None]
    scored.append(pair_up("every candidate", proposals, proposals))
    known = imported.scores(is_security)[:1]
    scored.append(pair_up(f"{SHIPPED}, as shown, with imports", known, imported.flags(is_security)[None]))
    snippets = [one.snippet for one in readings.items]
    targets = np.repeat((1.0, 0.0), len(pairs))
    groups = number_groups([one.project for one in (*pairs, *pairs)])
    scored += _at(num_alarms, text_dummies(snippets, targets, groups, "other projects", seed))
    everything = np.ones((1, len(snippets)))
    scored.append(pair_up(f"{DUMMY_EVERYTHING}, all", everything, everything))
    return [*scored, *_tool_scores(pairs, snippets, tools)]


def _at(num_alarms: int, scorers: Sequence[Scores]) -> list[PairScores]:
    return [split_scores(one, num_alarms) for one in scorers if one.name != DUMMY_EVERYTHING]


def _tool_scores(pairs: Sequence[Pair], snippets: Sequence[Snippet], tools: Sequence[Tool]) -> list[PairScores]:
    cwes = [one.cwe for one in (*pairs, *pairs)]
    scored = []
    for tool in tools:
        any_rule = flag_snippets(tool, SVEN.folder, snippets)[None]
        scored.append(pair_up(f"{tool.name}, any rule", any_rule, any_rule))
        if tool.names_cwes:
            own = flag_snippets(tool, SVEN.folder, snippets, cwes)[None]
            scored.append(pair_up(f"{tool.name}, rules of the CWE", own, own))
    return scored


def _cells(pairs: Sequence[Pair]) -> list[tuple[str, Ints]]:
    cwes = np.array([one.cwe for one in pairs])
    names = np.array(pool([f"CWE-{cwe}" for cwe in cwes], {}))
    cells = [("all pairs", np.arange(len(pairs))), ("without SQL injection", np.flatnonzero(cwes != _SQL))]
    cells += [(name, np.flatnonzero(names == name)) for name in sorted(set(names.tolist()) - {""})]
    return [(name, rows) for name, rows in cells if len(rows)]


def _places(pairs: Sequence[Pair], readings: Readings, tools: Sequence[Tool]) -> list[Place]:
    """Where the fix takes lines out: the first half of the readings."""
    return [
        Place(
            project=pair.project,
            lines=frozenset(pair.deleted),
            reading=reading,
            wanted=is_security,
            rankings={tool.name: peer_ranking(tool, SVEN.folder, pair.before) for tool in tools},
        )
        for pair, reading in zip(pairs, readings.items, strict=False)
        if pair.deleted
    ]


def _notes(pairs: Sequence[Pair], readings: Readings, imported: Readings) -> list[str]:
    def share(columns: Floats) -> str:
        return f"{columns[: len(pairs)].mean():.3f} of the vulnerable, {columns[len(pairs) :].mean():.3f} of the fixed"

    counted: dict[str, Callable[[Readings], Floats]] = {
        "proposed a security candidate in": lambda one: one.proposals(is_security),
        "shown a security finding in": lambda one: one.flags(is_security),
    }
    notes = [f"{SVEN}: {len(pairs)} pairs of {len({one.project for one in pairs})} projects."]
    for words, count in counted.items():
        notes.append(f"As they come, {words} {share(count(readings))}; with imports, {share(count(imported))}.")
    return notes
