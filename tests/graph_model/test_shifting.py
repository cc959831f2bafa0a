"""Results of units that moved are what an analysis of the text as it is gives."""

from dataclasses import replace

import numpy as np

from graph_model.analysis import UnitAnalyser, UnitResult
from graph_model.candidates.model import Candidate
from graph_model.incremental.shifting import Shift
from graph_model.languages import find_language, load_table
from graph_model.names import Resolver
from graph_model.packs.loading import load_index
from graph_model.program import build_program
from graph_model.syntax import parse_tree

ABOVE = "def größe():\n    return 1\n\n\n"
BELOW = """\
import os
from flask import request


def run():
    name = request.args["größe"]
    if name:
        os.system(name)
"""


def analyse_last(text: str) -> UnitResult:
    """The result of the last unit of a file."""
    language, source = find_language("a.py"), text.encode()
    assert language is not None
    program = build_program("a.py", language, parse_tree(source, load_table(language)))
    analyser = UnitAnalyser(program, Resolver(program, load_index(program.family.value)), 0)
    views = [analyser.view(unit) for unit in program.units]
    return analyser.judge(views[-1])


def move_up(candidate: Candidate) -> Candidate:
    """A candidate of the unit before, as far as numbers go."""
    return replace(candidate, unit=candidate.unit - 1)


def test_a_unit_that_moved_has_the_same_result_elsewhere() -> None:
    below, whole = analyse_last(BELOW), analyse_last(ABOVE + BELOW)
    moved = Shift(0, len(ABOVE.encode())).move(below)
    assert below.record.sinks
    assert moved.record == whole.record
    assert moved.candidates == tuple(move_up(one) for one in whole.candidates)
    assert moved.graph is not None
    assert whole.graph is not None
    assert np.array_equal(moved.graph.spans, whole.graph.spans)


def test_what_lies_before_stays() -> None:
    below = analyse_last(BELOW)
    assert Shift(len(BELOW.encode()) + 1, 7).move(below).record == below.record
    shift = Shift(10, -3)
    assert [shift.at(position) for position in (0, 9, 10, 20)] == [0, 9, 7, 17]


def test_nothing_is_made_anew_where_nothing_moved() -> None:
    below = analyse_last(BELOW)
    assert Shift(0, 0).move(below) is below
