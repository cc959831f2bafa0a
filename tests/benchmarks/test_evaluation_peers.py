"""Other tools in batches that are kept; replayed changes whose scorers are given as many comments each."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluation.comments import EVERY, Comment, Count, Line, Told
from benchmarks.evaluation.keeping import Keep
from benchmarks.evaluation.linters import PYLINT
from benchmarks.evaluation.parts import Context, EvaluationError
from benchmarks.evaluation.peers import Runner, run_peers
from benchmarks.evaluation.ranked_comments import count_ranked
from benchmarks.evaluation.sarif import Result, Tool
from benchmarks.evaluation.snippets import Snippet
from benchmarks.evaluation.testing import make_context


def test_kept_piece_is_made_once_for_the_same_parts(tmp_path: Path) -> None:
    made: list[str] = []

    def make(name: str) -> list[str]:
        made.append(name)
        return ["ä", name]

    for parts in (("a", "bc"), ("ab", "c"), ("a", "bc")):
        name = "-".join(parts)
        assert Keep(tmp_path).recall(parts, partial(make, name)) == ["ä", name]
    assert made == ["a-bc", "ab-c"]


class _Breaking:
    """A tool that breaks off at one file, and says one thing of every other."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def run(self, folder: Path, paths: Sequence[str], context: Context) -> Tool:
        del context
        self.calls.append(sorted(paths))
        assert sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*.py")) == sorted(paths)
        if "bad.py" in paths:
            raise EvaluationError("broke off")
        places = [f"{folder.name}/{path}" for path in paths]
        return Tool("breaking", {place: [Result(place, 1, 2, "R", frozenset({7}))] for place in places})


def test_batch_that_a_tool_breaks_off_at_is_halved_and_kept(tmp_path: Path) -> None:
    snippets = [Snippet(path, "x = 1\n") for path in ("a.py", "b.py", "bad.py", "ä.py")]
    context, folder, program = make_context(tmp_path), tmp_path / "sets" / "o+n", _Breaking()
    runner = Runner("breaking", frozenset({".py"}), lambda _: "1.0", program.run)
    (tool,) = run_peers(context, folder, snippets, (runner,))
    assert program.calls == [
        ["a.py", "b.py", "bad.py", "ä.py"],
        ["a.py", "b.py"],
        ["bad.py", "ä.py"],
        ["bad.py"],
        ["ä.py"],
    ]
    assert (tool.name, sorted(tool.results)) == ("breaking (1 files unread)", ["o+n/a.py", "o+n/b.py", "o+n/ä.py"])
    assert run_peers(context, folder, snippets, (runner,)) == [tool]
    assert len(program.calls) == 5
    assert (folder / "bad.py").is_file()  # for tools that come by their SARIF


def test_tool_that_is_not_installed_has_no_row(tmp_path: Path) -> None:
    absent = Runner("absent", frozenset({".py"}), lambda _: "", _Breaking().run)
    assert run_peers(make_context(tmp_path), tmp_path / "sets" / "o+n", [Snippet("a.py", "")], (absent,)) == []


def test_pylint_says_what_means_a_defect_and_misses_no_import(tmp_path: Path) -> None:
    pytest.importorskip("pylint")
    text = "import nowhere\nfrom . import beside\n\n\ndef f(a=[]):\n    return nowhere.x(a), beside\n"
    (tool,) = run_peers(make_context(tmp_path), tmp_path / "sets" / "o+n", [Snippet("a.py", text)], (PYLINT,))
    assert [(one.rule, one.first_line) for one in tool.results["o+n/a.py"]] == [("dangerous-default-value", 5)]


def _make_told(number: int, every: Sequence[Comment], drawn: Sequence[Line]) -> Told:
    return Told(f"a/{number}", "python", str(number), 1, 10, (), tuple(drawn), on_added={EVERY: tuple(every)})


def _count(told: Sequence[Told], place: Path) -> dict[str, Count]:
    return {one.name: one for one in count_ranked(told, make_context(place))}


def test_ranking_scorers_make_as_many_comments_each(tmp_path: Path) -> None:
    sure, unsure = (
        Comment("x", "a.py", line, probability, fix, {"prior": 0.5, "network": 1 - probability})
        for line, probability, fix in ((1, 0.9, "f"), (2, 0.2, ""))
    )
    lines = [Line("a.py", line, f"def f():\n    return {'x' * line}\n", fix) for line, fix in ((1, "f"), (2, ""))]
    told = [_make_told(0, (sure,), lines), _make_told(1, (unsure,), lines), *(_make_told(n, (), ()) for n in (2, 3, 4))]
    found = _count(told, tmp_path)  # five changes, so one comment
    assert {name: float(one.numbers.sum()) for name, one in found.items()} == dict.fromkeys(found, pytest.approx(1))
    assert list(found["bundle as shipped, likeliest"].numbers) == [1, 0, 0, 0, 0]
    assert found["bundle as shipped, likeliest"].fixed.sum() == 1
    assert list(found["rung: network, likeliest"].numbers) == [0, 1, 0, 0, 0]
    assert list(found["rung: prior, likeliest"].numbers) == [0.5, 0.5, 0, 0, 0]  # equal ones share
    assert "rung: boosting, likeliest" not in found
    assert found["dummy: longest functions"].fixed.sum() == pytest.approx(0.5)


def test_changes_without_candidates_are_counted(tmp_path: Path) -> None:
    lines = [Line("a.py", 1, "x", "f"), Line("a.py", 2, "y")]
    found = _count([_make_told(number, (), lines) for number in range(5)], tmp_path)
    assert np.array_equal(found["bundle as shipped, likeliest"].numbers, np.zeros(5))
    assert found["dummy: random lines, mean of 10"].numbers.sum() == pytest.approx(1)
