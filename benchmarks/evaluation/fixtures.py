"""Part "fixtures": tests of analysers' rules that no bundle was trained on, each under the labels of its rule only.

Alert lines are found when a candidate of such a label lies on them. Rows of the ranking are outermost functions, code
without one as a whole; harmful when an alert lies inside. Intervals draw rules.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.evaluation.cells import pool
from benchmarks.evaluation.figures import NAN, Figure, Floats, Ints, measure, pr_auc
from benchmarks.evaluation.judging import Board, auc, mean, number_groups, plain_cell
from benchmarks.evaluation.linters import BANDIT, ESLINT, PYLINT
from benchmarks.evaluation.locating import Place, judge_places, peer_ranking
from benchmarks.evaluation.parts import Context, MissingSetError, Section
from benchmarks.evaluation.peers import run_peers
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING, Scores
from benchmarks.evaluation.sets import snippet_folder
from benchmarks.evaluation.snippets import Reading, Snippet, SnippetReader
from benchmarks.evaluation.suites import SUITES, Case, Suite, load_labels
from benchmarks.evaluation.textual import text_dummies

_COMMENT = re.compile(r"(?<![:'\"\w])(?:#|//).*$", re.M)
_FOUND, _FALSE = "alert lines found", "functions without alert flagged"
_PEERS = {"ruff": (BANDIT, PYLINT), "eslint": (ESLINT,), "error-prone": (), "roslyn": ()}


@dataclass(frozen=True, slots=True)
class Row:
    """Lines of a case that are judged together, with the alerts inside; `tools` are lines of other tools' results.

    `is_ranked` is False of an alert outside of all functions: nothing that is right is cut out likewise.
    """

    case: Case
    reading: Reading
    lines: range
    alerts: tuple[int, ...]
    is_ranked: bool = True
    tools: Mapping[str, Sequence[range]] = field(default_factory=dict)

    def wants(self, label: str) -> bool:
        """Whether the rule's tests speak about a label."""
        return label in self.case.labels

    @property
    def text(self) -> str:
        """Its code without line comments, which tell."""
        rows = self.reading.snippet.text.split("\n")[self.lines.start - 1 : self.lines.stop - 1]
        return _COMMENT.sub("", "\n".join(rows))


class FixturesPart:
    """Alert lines found, false alarms on functions without, and their ranking, beside dummies and peers."""

    name = "fixtures"

    def __init__(self, suites: Mapping[str, Suite] = SUITES) -> None:
        self._suites = suites

    def measure(self, context: Context) -> Section:
        """All suites whose clone is there; the others are named."""
        reader, labels = SnippetReader(context.bundle), load_labels()
        rows: list[Row] = []
        notes = []
        for suite, (source, read) in self._suites.items():
            try:
                cases = list(read(source.open(context), labels[suite]))
            except MissingSetError as error:
                notes.append(f"not measured: {error}")
                continue
            rows += _make_rows(cases, reader, _run_tools(suite, cases, context))
            notes.append(
                f"{source}: {len({one.rule for one in cases})} rules, {len(cases)} cases, "
                f"{sum(len(one.alerts) for one in cases)} alert lines."
            )
        if not rows:
            return Section(tuple(notes), (), {"missing": notes})
        boards = [_judge(title, chosen, rows, reader.scorers, context) for title, chosen in _cells(rows)]
        places = judge_places("alert lines", _places(rows), reader.scorers, context.bootstrap)
        return Section(
            notes=tuple(notes),
            tables=tuple(one.to_table() for one in (*boards, *places)),
            document={"boards": [one.to_json() for one in (*boards, *places)]},
            bars=(boards[0].to_bars(_FOUND), boards[0].to_bars("PR-AUC"), places[0].to_bars("top-1")),
        )


def _run_tools(suite: str, cases: Sequence[Case], context: Context) -> list[Tool]:
    source = SUITES[suite][0]
    folder = snippet_folder(context, source, "fixtures")
    return run_peers(context, folder, [one.snippet for one in cases], _PEERS[suite])


def _make_rows(cases: Sequence[Case], reader: SnippetReader, tools: Sequence[Tool]) -> Iterator[Row]:
    for case in cases:
        reading = reader.read(case.snippet)
        found = {tool.name: peer_ranking(tool, SUITES[case.suite][0].folder, case.snippet) for tool in tools}
        whole = range(1, case.snippet.text.count("\n") + 2)
        functions = reading.functions or (whole,)
        for lines in functions:
            inside = tuple(line for line in case.alerts if line in lines)
            yield Row(case, reading, lines, inside, is_ranked=True, tools=found)
        for line in case.alerts:
            if not any(line in one for one in functions):
                yield Row(case, reading, range(line, line + 1), (line,), is_ranked=False, tools=found)


def _cells(rows: Sequence[Row]) -> list[tuple[str, Ints]]:
    withheld = [idx for idx, row in enumerate(rows) if row.case.is_withheld]
    cells = [("all rules", np.arange(len(rows))), ("rules withheld by hash", np.array(withheld, dtype=np.int64))]
    labels = [" or ".join(sorted(row.case.labels)) for row in rows]
    wider = {label: label.partition("/")[0] for label in labels}
    for names in ([row.case.suite for row in rows], pool(labels, wider)):
        values = np.array(names)
        cells += [(name, np.flatnonzero(values == name)) for name in sorted(set(names) - {""})]
    return [(name, chosen) for name, chosen in cells if len(chosen)]


def _judge(title: str, chosen: Ints, rows: Sequence[Row], scorers: Sequence[str], context: Context) -> Board:
    every = [rows[idx] for idx in chosen]
    own = [row for row in every if row.is_ranked]
    targets = np.array([bool(row.alerts) for row in own], dtype=np.float64)
    groups = number_groups([f"{row.case.suite}/{row.case.rule}" for row in own])
    cell = plain_cell(title, np.arange(len(own)), targets, groups, context.bootstrap)
    judged = [(name, _flag_figures(every, name, context)) for name in ("shown by default", "every candidate")]
    ranking = [
        Scores(name, np.array([[row.reading.score(idx, row.wants, row.lines) for row in own]]))
        for idx, name in enumerate(scorers)
    ]
    texts = [Snippet(row.reading.snippet.path, row.text) for row in own]
    ranking += text_dummies(texts, targets, groups, "other rules", context.seed)
    judged += [
        (one.name, {key: measure(cell, one.columns, each) for key, each in (("PR-AUC", pr_auc), ("AUC", auc))})
        for one in ranking
    ]
    judged.append((f"{DUMMY_EVERYTHING}, all", {_FOUND: Figure(1, NAN, NAN), _FALSE: Figure(1, NAN, NAN)}))
    tools = sorted({name for row in every for name in row.tools})
    judged += [(f"{name}, any rule", _flag_figures(every, name, context)) for name in tools]
    num_alerts = sum(len(row.alerts) for row in every)
    harmful = int(targets.sum())
    return Board(f"{title}: {num_alerts} alert lines, {harmful} of the functions with one", cell, tuple(judged))


def _flag_figures(rows: Sequence[Row], name: str, context: Context) -> dict[str, Figure]:
    """Share of alert lines that a flagger lies on, and of functions without alert; a tool on the rows it has read."""
    known = [row for row in rows if name in {"shown by default", "every candidate"} or name in row.tools]
    found = [(row, _flags(row, name, range(line, line + 1))) for row in known for line in row.alerts]
    false = [(row, _flags(row, name, row.lines)) for row in known if not row.alerts]
    return {key: _share(pairs, context) for key, pairs in ((_FOUND, found), (_FALSE, false)) if pairs}


def _flags(row: Row, name: str, lines: range) -> bool:
    if name == "shown by default":
        return row.reading.is_flagged(row.wants, lines)
    if name == "every candidate":
        return bool(row.reading.select(row.wants, lines))
    return any(one.start < lines.stop and lines.start < one.stop for one in row.tools[name])


def _share(pairs: Sequence[tuple[Row, bool]], context: Context) -> Figure:
    groups = number_groups([f"{row.case.suite}/{row.case.rule}" for row, _ in pairs])
    values: Floats = np.array([[is_flagged for _, is_flagged in pairs]], dtype=np.float64)
    cell = plain_cell("", np.arange(len(pairs)), np.ones(len(pairs)), groups, context.bootstrap)
    return measure(cell, values, mean)


def _places(rows: Sequence[Row]) -> list[Place]:
    return [
        Place(
            project=f"{row.case.suite}/{row.case.rule}",
            lines=frozenset(row.alerts),
            reading=row.reading,
            wanted=row.wants,
            within=row.lines,
        )
        for row in rows
        if row.alerts and row.is_ranked and len(row.lines) > 1
    ]
