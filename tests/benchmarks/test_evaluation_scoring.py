"""What the parts share: pairs, localisation, dummies, patches, correlations, plots."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluation.judging import number_groups
from benchmarks.evaluation.linters import RUFF_S
from benchmarks.evaluation.locating import Place, locate, rank_claims
from benchmarks.evaluation.maintainability import concordance, pearson, spearman
from benchmarks.evaluation.owasp_python import macro_auc, youden
from benchmarks.evaluation.pairs import flag_highest, judge_pairs, outcomes, pair_up
from benchmarks.evaluation.parts import Bars, Curve, Section
from benchmarks.evaluation.patching import PatchError, apply_hunks, parse_patch
from benchmarks.evaluation.peers import flag_snippets, run_peers
from benchmarks.evaluation.plots import draw_section, precision_recall
from benchmarks.evaluation.real_bugs import blamed_lines
from benchmarks.evaluation.shapes import SHAPE_NAMES, measure_shape
from benchmarks.evaluation.snippets import ANY, Claim, Reading, Snippet
from benchmarks.evaluation.suites import load_labels
from benchmarks.evaluation.testing import make_context
from benchmarks.evaluation.textual import around, length_scores, ngram_scores
from benchmarks.evaluation.weaknesses import kin_of, labels_of


@pytest.mark.parametrize(
    ("num_alarms", "flags"),
    [(0, [0, 0, 0, 0]), (1, [1, 0, 0, 0]), (2, [1, 0.5, 0.5, 0]), (3, [1, 1, 1, 0]), (9, [1, 1, 1, 1])],
)
def test_equal_scores_share_what_is_left(num_alarms: int, flags: list[float]) -> None:
    assert list(flag_highest(np.array([0.9, 0.5, 0.5, 0.1]), num_alarms)) == flags


def test_outcomes_are_all_there_is() -> None:
    pairs = pair_up("x", np.array([[0.9, 0.5, 0.1, 0.2]]), np.array([[1.0, 1.0, 0.0, 1.0]]))
    found = outcomes(pairs)
    assert {name: list(one[0]) for name, one in found.items()} == {
        "P-C": [1, 0],
        "P-V": [0, 1],
        "P-B": [0, 0],
        "P-R": [0, 0],
        "rank-win": [1, 1],
    }


def test_pairs_of_no_difference_win_half() -> None:
    scored = [pair_up("constant", np.ones((1, 4)), np.zeros((1, 4)))]
    board = judge_pairs("all", np.arange(2), np.array([0, 1]), scored, (10, 0))
    figures = board.rows[0][1]
    assert (figures["rank-win"].value, figures["AUC"].value, figures["P-B"].value) == (0.5, 0.5, 1)


def _place(claims: tuple[Claim, ...], lines: frozenset[int]) -> Place:
    snippet = Snippet("ä.py", "one = 1\n\ntwo = 2\nthree = 3\n")
    return Place("p", lines, Reading(snippet, claims, (), is_whole=True), ANY)


def test_claims_are_read_from_the_likeliest() -> None:
    claims = (Claim("a/b", 1, 1, (0.2,), is_shown=False), Claim("a/c", 3, 4, (0.9,), is_shown=True))
    place = _place(claims, frozenset({1}))
    assert rank_claims(place, 0) == [range(3, 5), range(1, 2)]
    assert locate(rank_claims(place, 0), place) == {"top-1": 0, "top-3": 1, "top-5": 1, "IFA": 1}


def test_where_no_claim_hits_the_rest_is_read_from_the_top() -> None:
    place = _place((Claim("a/b", 3, 3, (0.2,), is_shown=False),), frozenset({4}))
    assert locate(rank_claims(place, 0), place) == {"top-1": 0, "top-3": 0, "top-5": 0, "IFA": 2}


def test_ngrams_know_nothing_of_the_judged_group() -> None:
    texts = ["alpha", "beta", "gamma", "delta"] * 2
    targets = np.array([1.0, 0, 1, 0] * 2)
    groups = number_groups(["a", "a", "b", "b"] * 2)
    assert np.ptp(ngram_scores(texts, targets, groups)[:2]) < 0.1
    shared = ngram_scores(["bad x", "good y", "bad z", "good w"], np.array([1.0, 0, 1, 0]), np.array([0, 0, 1, 1]))
    assert shared[0] > shared[1]


def test_length_counts_lines_that_hold_anything() -> None:
    assert list(length_scores(["", "a\n\nb\r\n", "ä"])) == [0, 2, 1]


PATCH = """diff --git a/x.py b/x.py
index 1..2 100644
--- a/x.py
+++ b/x.py
@@ -1,3 +1,3 @@ head
 a = 1
-b = 2
+b = 'ü'
 c = 3
\\ No newline at end of file
"""


def test_patch_makes_the_other_side() -> None:
    hunks = parse_patch(PATCH)["x.py"]
    assert apply_hunks("a = 1\r\nb = 2\r\nc = 3", hunks).splitlines() == ["a = 1", "b = 'ü'", "c = 3"]


def test_patch_that_does_not_fit_is_refused() -> None:
    with pytest.raises(PatchError, match="line 1: expected the diff's own lines"):
        apply_hunks("", parse_patch(PATCH)["x.py"])


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a()\nb()\n", "a()\nc()\n", {2}),
        ("a()\nb()\n", "a()\nx()\nb()\n", {1}),
        ("# a\nb()\n", "# c\nb()\n", set()),
        ("import a\nb()\n", "import c\nb()\n", set()),
        ("", "", set()),
    ],
)
def test_lines_to_blame_hold_code(before: str, after: str, lines: set[int]) -> None:
    assert blamed_lines(before, after) == lines


def test_correlations_of_planted_scores() -> None:
    votes = np.array([0.0, 1, 2, 3])
    assert pearson(votes * 2, votes) == pytest.approx(1)
    assert spearman(np.exp(votes), votes) == pytest.approx(1)
    assert np.isnan(pearson(np.ones(4), votes))
    sizes = np.array([1.0, 1.05, 5, 5.05])
    assert concordance(np.array([0.0, 1, 1, 0]), votes, sizes) == 0.5  # one pair of like size right, one wrong
    assert np.isnan(concordance(votes, votes, votes * 10))


def test_macro_average_counts_categories_alike() -> None:
    coded = np.array([0.0, 1, 1, 1, 2, 3])  # two categories: twice the number plus the truth
    flags = np.array([0.0, 1, 1, 1, 1, 1])
    assert youden(flags, coded, flags) == 0.5
    assert macro_auc(flags, coded, flags) == 0.75


def test_curve_steps_at_distinct_scores() -> None:
    recall, precision = precision_recall(np.array([0.9, 0.5, 0.5]), np.array([1.0, 1.0, 0.0]), np.ones(3))
    assert list(recall) == [0.5, 1]
    assert list(precision) == [1, 2 / 3]


def test_pictures_are_the_same_twice(tmp_path: Path) -> None:
    scores = {"bundle as shipped": np.array([[0.9, 0.2, 0.4]]), "dummy: longer": np.array([[3.0, 2.0, 1.0]])}
    curve = Curve("ä", np.array([1.0, 0, 1]), np.ones(3), scores, frozenset({"bundle as shipped"}))
    section = Section(
        (), (), {}, (curve,), (Bars("b: n 3", "P-C", (("Bandit", 0.5, 0.4, 0.6), ("x", float("nan"), 0, 0))),)
    )
    first = draw_section("part", section, tmp_path / "one")
    assert [one.name for one in first] == ["part-precision-recall-0.svg", "part-reliability-0.svg", "part-b-p-c.svg"]
    second = draw_section("part", section, tmp_path / "two")
    assert [one.read_bytes() for one in first] == [one.read_bytes() for one in second]


def test_shape_of_code_is_summed_over_units() -> None:
    shape = dict(
        zip(SHAPE_NAMES, measure_shape(Snippet("a.py", "def f(x):\n    for y in x:\n        g(y)\n")), strict=True)
    )
    assert (shape["sum of num_loops"], shape["greatest num_params"], shape["lines"]) == (1, 1, 4)


def test_labels_of_suites_are_the_catalogues() -> None:
    table = load_labels()
    assert table["ruff"]["S602"] == {"security/command-injection"}
    assert all(rules for rules in table.values())


def test_weakness_answers_to_its_kin() -> None:
    assert 330 in kin_of(338)
    assert kin_of(1) == {1}
    assert labels_of(338) == {"security/weak-random"}


def test_installed_tool_reads_the_same_snippets(tmp_path: Path) -> None:
    snippets = [Snippet("ä/a.py", "import pickle\npickle.loads(x)\n"), Snippet("b.py", "x = 1\n")]
    folder = tmp_path / "sets" / "o+n"
    tools = run_peers(make_context(tmp_path), folder, snippets, (RUFF_S,))
    assert [one.name for one in tools] == ["Ruff S"]
    assert list(flag_snippets(tools[0], "o+n", snippets)) == [1, 0]


def test_lines_around_a_line_are_those_near_it() -> None:
    text = "\n".join(f"line {number}" for number in range(1, 101))
    assert around(text, 50).splitlines() == [f"line {number}" for number in range(40, 61)]
    assert around(text, 1).splitlines()[0] == "line 1"
    assert around("", 3) == ""
