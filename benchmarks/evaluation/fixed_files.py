"""The files that fix pairs lie in, whole and from both sides of the fix, and in which functions other tools speak.

A tool reads what the engine read. Where no clone holds a file, its functions are given alone, one a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.evaluation.figures import Floats
from benchmarks.evaluation.linters import BANDIT, ESLINT, PYLINT, RUFF_S
from benchmarks.evaluation.parts import Context
from benchmarks.evaluation.peers import only_rules, run_peers
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.snippets import Snippet
from dataset_curation.clones import Clone, find_clone
from dataset_curation.errors import CloneError
from dataset_curation.pairs.fix_pairs import FixPair

FOLDER = "advisory+fixes"
_FAMILIES = frozenset({"python", "javascript"})  # what the tools read
_SIDES = ("before", "after")
_PEERS = (BANDIT, RUFF_S, PYLINT, ESLINT)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a function stands among the written files: path below the folder, lines (1-based), "" without a file."""

    path: str
    lines: range


@dataclass(frozen=True, slots=True)
class Files:
    """The snippets of all pairs, a spot of each side of each pair, and how many functions stand alone."""

    snippets: tuple[Snippet, ...]
    before: tuple[Spot, ...]
    after: tuple[Spot, ...]
    num_alone: int


def list_files(context: Context, pairs: Sequence[FixPair]) -> Files:
    """The files of the pairs whose language some tool reads; the spots of the others have no path."""
    reader = _Reader(context)
    sides = [[reader.place(pair, number, side) for number, pair in enumerate(pairs)] for side in _SIDES]
    snippets = tuple(Snippet(path, text) for path, text in sorted(reader.texts.items()))
    return Files(snippets, tuple(sides[0]), tuple(sides[1]), reader.num_alone)


class _Reader:
    """Reads each version of a file once."""

    def __init__(self, context: Context) -> None:
        self._folder, self._clones = context.clones, dict[str, Clone | None]()
        self.texts: dict[str, str] = {}
        self.num_alone = 0

    def place(self, pair: FixPair, number: int, side: str) -> Spot:
        """Where a function of a side stands, its file read."""
        fact = pair.fact
        text, line = {"before": (pair.text_before, fact.line_before), "after": (pair.text_after, fact.line_after)}[side]
        if fact.family not in _FAMILIES:
            return Spot("", range(0))
        num_lines = text.count("\n") + 1
        path = f"{fact.repository.replace('/', '+')}/{fact.commit}/{side}/{fact.path}"
        if path not in self.texts:
            revision = f"{fact.commit}^" if side == "before" else fact.commit
            whole = self._read(fact.repository, revision, fact.path)
            if whole is None:
                self.num_alone += 1
                path = f"alone/{number}/{side}/{fact.path.rpartition('/')[2]}"
                self.texts[path] = text
                return Spot(path, range(1, num_lines + 1))
            self.texts[path] = whole
        return Spot(path, range(line, line + num_lines))

    def _read(self, repository: str, revision: str, path: str) -> str | None:
        if repository not in self._clones:
            self._clones[repository] = self._find(repository)
        clone = self._clones[repository]
        try:
            content = None if clone is None else clone.read_file(revision, path)
        except CloneError:
            return None
        return None if content is None else content.decode("utf-8", "replace")

    def _find(self, repository: str) -> Clone | None:
        try:
            return find_clone(self._folder, repository)
        except CloneError:
            return None


def run_tools(context: Context, files: Files) -> list[Tool]:
    """Every installed tool on the files of both sides; ESLint's security plugin once more without the other."""
    tools = run_peers(context, context.data / "sets" / "fix-pairs" / FOLDER, files.snippets, _PEERS)
    return [each for one in tools for each in (one, *_parts_of(one))]


def _parts_of(tool: Tool) -> list[Tool]:
    return [only_rules(tool, "security/", "eslint-plugin-security")] if tool.name.startswith("ESLint") else []


def flag_spots(tool: Tool, spots: Sequence[Spot]) -> Floats:
    """1 where a tool has a result on the lines of a spot: float64 [P]."""
    known: Mapping[str, Sequence[range]] = {
        path: [range(one.first_line, one.last_line + 1) for one in found] for path, found in tool.results.items()
    }
    hits = [
        any(
            one.start < spot.lines.stop and one.stop > spot.lines.start
            for one in known.get(f"{FOLDER}/{spot.path}", ())
        )
        for spot in spots
    ]
    return np.array(hits, dtype=np.float64)
