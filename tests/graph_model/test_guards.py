"""Conditions around a sink: which rule foreign data out, and which are only reported."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.candidates.model import Candidate, StepRole
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

COMMAND = "security/command-injection"


def commands(body: str) -> list[Candidate]:
    """Command injections in a function of `a`, foreign data."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    source = f"import os, sys\n\n\ndef f():\n    a = sys.argv[1]\n{lines}"
    linked = link_files([analyse_file("m.py", source.encode(), BY_NAME["python"])])
    return [c for c in linked["m.py"] if c.label == COMMAND]


RULED_OUT = [
    "if a in ('start', 'stop'):\n    os.system(a)",
    "if a not in ('start', 'stop'):\n    return\nos.system(a)",
    "if a == 'start':\n    os.system(a)",
    "if a != 'start':\n    return\nos.system(a)",
    "allowed = {'start': 1, 'stop': 2}\nif a in allowed:\n    os.system(a)",
    "if a in frozenset(['start', 'stop']):\n    os.system(a)",
    "if a in ALLOWED:\n    os.system(a)",
    "if a not in NAMES.values():\n    raise ValueError\nos.system(a)",
    "if not a == 'start':\n    return\nos.system(a)",
    "if is_allowed(a):\n    os.system(a)",
    "if not checks.is_valid_name(a):\n    return\nos.system(a)",
    "if is_unsafe(a):\n    return\nos.system(a)",
    "if a in service.supported_names:\n    os.system(a)",
    "if a not in known_names():\n    return\nos.system(a)",
    "if a in service.columns.keys():\n    os.system(a)",
    "b = a\nif b in ['start']:\n    os.system('svc ' + b)",
]


@pytest.mark.parametrize("body", RULED_OUT)
def test_a_value_compared_with_constants_is_no_longer_foreign(body: str) -> None:
    assert commands(body) == []


REPORTED = [
    "if a:\n    os.system(a)",
    "if len(a) > 3:\n    os.system(a)",
    "if a != 'start':\n    os.system(a)",
    "if a not in ('start', 'stop'):\n    os.system(a)",
    "if a == 'start':\n    return\nos.system(a)",
    "if is_unsafe(a):\n    os.system(a)",
    "if not is_allowed(a):\n    os.system(a)",
    "if a.is_valid():\n    os.system(a)",
    "if a in sys.argv:\n    os.system(a)",
    "if a.startswith('x'):\n    os.system(a)",
]


@pytest.mark.parametrize("body", REPORTED)
def test_other_conditions_on_the_value_are_evidence_only(body: str) -> None:
    [found] = commands(body)
    guards = [step for step in found.steps if step.role is StepRole.GUARD]
    assert len(guards) == 1
    assert dict(found.facts)["guards"] == 1.0
    assert dict(found.facts)["validated"] == 0.0


@pytest.mark.parametrize("body", ["if ready():\n    os.system(a)", "b = 'x'\nif b in ('x', 'y'):\n    os.system(a)"])
def test_conditions_on_other_values_are_no_guards(body: str) -> None:
    [found] = commands(body)
    assert dict(found.facts)["guards"] == 0.0


def test_guards_count_from_the_outermost() -> None:
    [found] = commands("if a:\n    if len(a) > 3:\n        os.system(a)")
    starts = [step.start for step in found.steps if step.role is StepRole.GUARD]
    assert len(starts) == 2
    assert starts == sorted(starts)
