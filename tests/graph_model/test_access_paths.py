"""Writes deep below a variable: what they make foreign, and what they leave alone."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files


def labels(body: str) -> set[str]:
    """Labels found in a function of `a`, foreign data, and `s`, an object made in it."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    source = f"import os, sys\n\n\ndef f():\n    a = sys.argv[1]\n    s = make()\n{lines}"
    linked = link_files([analyse_file("m.py", source.encode(), BY_NAME["python"])])
    return {c.label for c in linked["m.py"]}


@pytest.mark.parametrize(
    "body",
    [
        "s.data['k'][i]['p'] = a\nos.system(s.data['k'])",
        "s.data.items.append(a)\nos.system(s.data)",
        "s.data.items.append(a)\nos.system(s)",
        "s[i].name = a\nos.system(s)",
    ],
)
def test_a_deep_write_is_read_through_the_same_attribute(body: str) -> None:
    assert "security/command-injection" in labels(body)


@pytest.mark.parametrize(
    "body", ["s.data['k'][i]['p'] = a\nos.system(s.other)", "s.data.items.append(a)\nos.system(s.other)"]
)
def test_a_deep_write_leaves_other_attributes_alone(body: str) -> None:
    assert "security/command-injection" not in labels(body)
