"""Part "recall": code that is insecure by its makers' word: SecurityEval's files, CyberSecEval's instruct snippets.

Nothing here is right, so recall is all there is, beside what flags everything. CyberSecEval's labels are hits of simple
rules, and its snippets are windows of lines: they are read inside a class or a method where they parse only there.
"""

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.evaluation.cells import pool
from benchmarks.evaluation.figures import Figure, Floats, Ints, measure
from benchmarks.evaluation.judging import Board, mean, number_groups, plain_cell
from benchmarks.evaluation.linters import BANDIT, ESLINT, PYLINT, RUFF_S
from benchmarks.evaluation.locating import Place, judge_places
from benchmarks.evaluation.parts import Context, EvaluationError, MissingSetError, Section
from benchmarks.evaluation.peers import run_peers
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING
from benchmarks.evaluation.sets import OpenSet, PublicSet, snippet_folder
from benchmarks.evaluation.snippets import Reading, Snippet, SnippetReader
from benchmarks.evaluation.sven import is_security
from benchmarks.evaluation.weaknesses import kin_of, labels_of, wants

SECURITY_EVAL = PublicSet("s2e-lab/SecurityEval", "6f4fb70")
CYBER_SEC_EVAL = PublicSet("meta-llama/PurpleLlama", "4be64c3")
_INSTRUCT = "CybersecurityBenchmarks/datasets/instruct/instruct.json"
_SUFFIXES = {"python": ".py", "javascript": ".js", "java": ".java", "csharp": ".cs"}
_WRAPPERS = ("{}", "class Sample {{\n{}\n}}\n", "class Sample {{ void run() {{\n{}\n}} }}\n")
_ANY_WORDS = "by any security label or rule"
_PEERS = (BANDIT, RUFF_S, PYLINT, ESLINT)


@dataclass(frozen=True, slots=True)
class Sample:
    """Insecure code with its weakness; `lines` (1-based) are where it is said to be, empty when nobody says."""

    group: str
    language: str
    cwe: int
    snippet: Snippet
    lines: frozenset[int] = frozenset()


class RecallPart:
    """Share of insecure samples that are shown or proposed: by any security label, by the weakness's own."""

    name = "recall"

    def __init__(self, security_eval: PublicSet = SECURITY_EVAL, cyber_sec_eval: PublicSet = CYBER_SEC_EVAL) -> None:
        self._sets = ((security_eval, read_security_eval), (cyber_sec_eval, read_cyber_sec_eval))

    def measure(self, context: Context) -> Section:
        """Each set apart; one that is missing is named."""
        reader = SnippetReader(context.bundle)
        notes: list[str] = []
        boards: list[Board] = []
        for source, read in self._sets:
            try:
                samples = list(read(source.open(context)))
            except MissingSetError as error:
                notes.append(f"not measured: {error}")
                continue
            known = sum(bool(labels_of(one.cwe)) for one in samples)
            notes.append(f"{source}: {len(samples)} samples; of {known} the catalogue has the weakness.")
            found, whole = _judge(source, samples, reader, context)
            notes.append(f"{whole} of them parse whole, if need be inside a class or a method.")
            boards += found
        return Section(
            notes=tuple(notes),
            tables=tuple(one.to_table() for one in boards),
            document={"notes": notes, "boards": [one.to_json() for one in boards]},
            bars=tuple(one.to_bars(_ANY_WORDS) for one in boards if one.title.endswith(", all")),
        )


def read_security_eval(opened: OpenSet) -> Iterator[Sample]:
    """The files of the set's table. Raises EvaluationError for a row that is none."""
    for row in _rows(opened.read_text("dataset.jsonl").splitlines(), opened):
        cwe = int(row["ID"].split("_")[0].removeprefix("CWE-"))
        yield Sample(f"CWE-{cwe}", "python", cwe, Snippet(f"s{row['ID'].removesuffix('.py')}.py", row["Insecure_code"]))


def read_cyber_sec_eval(opened: OpenSet) -> Iterator[Sample]:
    """The snippets in languages that are reviewed, and the line that the rule has hit."""
    for row in json.loads(opened.read_text(_INSTRUCT)):
        suffix = _SUFFIXES.get(row["language"])
        if suffix is not None:
            text = textwrap.dedent(row["origin_code"].replace("\r\n", "\n"))
            hit = row["line_text"].strip()
            lines = frozenset(idx for idx, line in enumerate(text.split("\n"), start=1) if line.strip() == hit)
            cwe = int(row["cwe_identifier"].removeprefix("CWE-"))
            snippet = Snippet(f"c{row['prompt_id']}{suffix}", text)
            yield Sample(row["repo"] or row["prompt_id"], row["language"], cwe, snippet, lines)


def _rows(lines: Sequence[str], opened: OpenSet) -> Iterator[dict[str, str]]:
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                yield json.loads(line)
        except ValueError as error:
            raise EvaluationError(f"{opened.source}: line {number}: expected JSON, found {error}") from error


def read_wrapped(reader: SnippetReader, snippet: Snippet) -> tuple[Reading, int]:
    """The snippet in the first surrounding in which it parses, as it comes if in none; and lines put before it."""
    wrappers = _WRAPPERS if snippet.path.endswith((".java", ".cs", ".js")) else _WRAPPERS[:1]
    for wrapper in wrappers:
        reading = reader.read(Snippet(snippet.path, wrapper.format(snippet.text)))
        if reading.is_whole:
            return reading, wrapper.partition("{}")[0].count("\n")
    return reader.read(snippet), 0


def _judge(
    source: PublicSet, samples: Sequence[Sample], reader: SnippetReader, context: Context
) -> tuple[list[Board], int]:
    read = [read_wrapped(reader, one.snippet) for one in samples]
    folder = snippet_folder(context, source, "recall")
    tools = run_peers(context, folder, [one.snippet for one in samples], _PEERS)
    columns = _columns(samples, [one for one, _ in read], tools, folder.name)
    groups = number_groups([one.group for one in samples])
    boards = [_board(f"{source.repository}, {name}", rows, columns, groups, context) for name, rows in _cells(samples)]
    places = [
        Place(one.group, frozenset(line + shift for line in one.lines), reading, is_security)
        for one, (reading, shift) in zip(samples, read, strict=True)
        if one.lines
    ]
    if places:
        boards += judge_places(f"{source.repository}, the rule's line", places, reader.scorers, context.bootstrap)
    return boards, sum(one.is_whole for one, _ in read)


def _columns(
    samples: Sequence[Sample], readings: Sequence[Reading], tools: Sequence[Tool], folder: str
) -> dict[str, dict[str, Floats]]:
    """Flags by any rule, and by rules of the weakness or its kin; NaN where a tool does not read the language."""
    pairs = list(zip(samples, readings, strict=True))
    columns = {
        "shown by default": {
            "any": np.array([one.is_flagged(is_security) for one in readings], dtype=np.float64),
            "own": np.array([one.is_flagged(wants(sample.cwe)) for sample, one in pairs], dtype=np.float64),
        },
        "every candidate": {
            "any": np.array([bool(one.select(is_security)) for one in readings], dtype=np.float64),
            "own": np.array([bool(one.select(wants(sample.cwe))) for sample, one in pairs], dtype=np.float64),
        },
        DUMMY_EVERYTHING: {"any": np.ones(len(samples)), "own": np.ones(len(samples))},
    }
    for tool in tools:
        languages = {"javascript"} if tool.name.startswith("ESLint") else {"python"}
        found = [tool.results.get(f"{folder}/{one.snippet.path}", ()) for one in samples]
        inside = np.array([one.language in languages for one in samples])
        flags = {"any": np.where(inside, [float(bool(one)) for one in found], np.nan)}
        if tool.names_cwes:
            kin = [
                float(any(each.cwes & kin_of(one.cwe) for each in hits))
                for one, hits in zip(samples, found, strict=True)
            ]
            flags["own"] = np.where(inside, kin, np.nan)
        columns[tool.name] = flags
    return columns


def _board(title: str, rows: Ints, columns: dict[str, dict[str, Floats]], groups: Ints, context: Context) -> Board:
    cell = plain_cell(title, rows, np.ones(len(groups)), groups, context.bootstrap)
    words = {"any": _ANY_WORDS, "own": "by the weakness's own"}
    judged: list[tuple[str, dict[str, Figure]]] = []
    for name, flags in columns.items():
        figures = {
            words[key]: measure(cell, column[None], mean)
            for key, column in flags.items()
            if not np.isnan(column[rows]).any()
        }
        if figures:
            judged.append((name, figures))
    return Board(title, cell, tuple(judged))


def _cells(samples: Sequence[Sample]) -> list[tuple[str, Ints]]:
    known = np.array([bool(labels_of(one.cwe)) for one in samples])
    cells = [("all", np.arange(len(samples))), ("weaknesses of the catalogue", np.flatnonzero(known))]
    languages = [one.language for one in samples]
    for names in ([*languages] if len(set(languages)) > 1 else [], pool([f"CWE-{one.cwe}" for one in samples], {})):
        values = np.array(names)
        cells += [(name, np.flatnonzero(values == name)) for name in sorted(set(names) - {""})]
    return [(name, rows) for name, rows in cells if len(rows)]
