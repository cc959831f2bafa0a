"""Calls that say by their name what they make of a URL or a path."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

HEAD = """from flask import Flask, redirect, request
from site import urls

app = Flask(__name__)


@app.get("/a")
def a():
    x = request.args["x"]
"""


def redirects(expression: str) -> bool:
    """Whether an open redirect is found where a handler redirects to an expression of `x`, foreign data."""
    source = f"{HEAD}    return redirect({expression})\n"
    linked = link_files([analyse_file("m.py", source.encode(), BY_NAME["python"])])
    return any(c.label == "security/open-redirect" for c in linked["m.py"])


@pytest.mark.parametrize("call", ["urls.get_safe_return_url(x)", "safe_url(x)", "urls.validated_redirect(x)"])
def test_a_call_that_says_it_makes_a_url_safe_is_believed(call: str) -> None:
    assert not redirects(call)


@pytest.mark.parametrize("call", ["urls.get_return_url(x)", "urls.unsafe_url(x)", "urls.make_url(x, safe='/')"])
def test_any_other_call_passes_the_url_on(call: str) -> None:
    assert redirects(call)
