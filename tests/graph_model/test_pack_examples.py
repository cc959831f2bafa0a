"""Every example of every shipped pack through the engine: bad code is proposed under its label, good code is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from graph_model.analysis import FileAnalysis, analyse_file
from graph_model.candidates.model import Candidate
from graph_model.languages import BY_NAME, Family
from graph_model.linking import link_files
from graph_model.packs.loading import load_packs

FAMILIES = tuple(family.value for family in Family)


@dataclass(frozen=True)
class Case:
    """One text of one example."""

    name: str
    label: str
    language: str
    text: str
    is_bad: bool


def find_cases(family: str) -> Iterator[Case]:
    for pack in load_packs(family):
        for number, example in enumerate(pack.examples):
            for kind, texts in (("bad", example.bad), ("good", example.good)):
                for position, text in enumerate(texts):
                    name = f"{pack.id}-{number}-{example.label.partition('/')[2]}-{kind}{position or ''}"
                    yield Case(name, example.label, example.language, text.lstrip("\n"), kind == "bad")


def path_of(case: Case) -> str:
    return "app/example" + BY_NAME[case.language].suffixes[0]


@cache
def analyse(case: Case) -> tuple[FileAnalysis, tuple[Candidate, ...]]:
    path = path_of(case)
    analysis = analyse_file(path, case.text.encode("utf-8"), BY_NAME[case.language])
    return analysis, link_files([analysis])[path]


CASES = [case for family in FAMILIES for case in find_cases(family)]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_example_is_proposed_exactly_where_it_is_bad(case: Case) -> None:
    _, candidates = analyse(case)
    source = case.text.encode("utf-8")
    hits = [source[c.start : c.end].decode() for c in candidates if c.label == case.label]
    if case.is_bad:
        assert hits, f"no {case.label}; found {sorted({c.label for c in candidates})}"
    else:
        assert not hits


@pytest.mark.parametrize("family", FAMILIES)
def test_examples_parse_without_problems(family: str) -> None:
    broken = {case.name: analyse(case)[0].problems for case in find_cases(family) if analyse(case)[0].problems}
    assert not broken


@pytest.mark.parametrize("family", FAMILIES)
def test_no_two_examples_are_the_same_text(family: str) -> None:
    seen: dict[tuple[str, str], str] = {}
    for case in find_cases(family):
        key = (case.label, case.text)
        assert key not in seen, f"{case.name} repeats {seen[key]}"
        seen[key] = case.name
