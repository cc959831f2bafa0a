"""Which part of a built URL foreign data stands in: before the path it chooses the host, after it it does not."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

URL_LABELS = {"security/server-side-request-forgery", "security/open-redirect"}
HEAD = """import requests
from flask import Flask, redirect, request

app = Flask(__name__)
BASE = "https://api.example"


@app.get("/a")
def a():
    x = request.args["x"]
"""


def labels(body: str) -> set[str]:
    """URL labels found in a handler of `x`, foreign data."""
    source = HEAD + "".join(f"    {line}\n" for line in body.split("\n"))
    linked = link_files([analyse_file("m.py", source.encode(), BY_NAME["python"])])
    return {c.label for c in linked["m.py"]} & URL_LABELS


HARMLESS = [
    'requests.get("https://api.example/v1/" + x)',
    'requests.get(f"https://api.example/v1/{x}")',
    'requests.get(f"{BASE}/{x}")',
    'requests.get("https://api.example/{}".format(x))',
    'requests.get("{base}/{name}".format(base=app.base, name=x))',
    'requests.get("{1}/{0}".format(x, app.base))',
    'requests.get("https://api.example/%s?y" % x)',
    'requests.get("https://%s/%s" % (app.host, x))',
    'requests.get(f"http://{app.host}:{app.port}/{x}")',
    'url = f"{app.base}/search"\nurl += "?q={0}".format(x)\nrequests.get(url)',
    'return redirect("/login?next=" + x)',
]
HARMFUL = [
    "requests.get(x)",
    'requests.get(f"https://{x}/v1/")',
    'requests.get(f"{x}/a")',
    "requests.get(BASE + x)",
    'requests.get("https://{}/a".format(x))',
    'requests.get("{1}/{0}".format("a", x))',
    'requests.get("https://%s.example/a" % x)',
    'url = "https" + "://" + x + "/a"\nrequests.get(url)',
    'url = "http://"\nurl += x\nrequests.get(url)',
    'url = x if x else "http://a/"\nrequests.get(url)',
    'return redirect("/" + x)',
    'return redirect("%s" % x)',
]


@pytest.mark.parametrize("body", HARMLESS)
def test_data_behind_a_decided_host_is_not_proposed(body: str) -> None:
    assert labels(body) == set()


@pytest.mark.parametrize("body", HARMFUL)
def test_data_that_can_choose_the_host_is_proposed(body: str) -> None:
    assert len(labels(body)) == 1
