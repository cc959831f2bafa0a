"""Flows through functions, files, fields and closures: small projects and the sinks that foreign data reaches."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.candidates.model import Candidate, StepRole
from graph_model.languages import BY_NAME, find_language
from graph_model.linking import link_files

COMMAND = "security/command-injection"


def candidates(files: dict[str, str], label: str = COMMAND) -> list[Candidate]:
    """The candidates of one label with foreign data, over a project given as path -> text."""
    analyses = []
    for path, text in files.items():
        language = find_language(path)
        assert language is not None
        analyses.append(analyse_file(path, text.encode(), language))
    linked = link_files(analyses)
    return [
        c
        for path in sorted(linked)
        for c in linked[path]
        if c.label == label and not dict(c.facts).get("source_parameter")
    ]


HEAD = "import os, sys, shlex\n"
MAIN = "from lib import run, clean, fetch\nimport os, sys\n"

FOUND = [
    ("direct", {"m.py": HEAD + "os.system('ls ' + sys.argv[1])\n"}),
    (
        "through a variable and a format",
        {"m.py": HEAD + ("def f():\n    a = sys.argv[1]\n    c = 'ls {}'.format(a)\n    os.system(c)\n")},
    ),
    (
        "a branch keeps it",
        {"m.py": HEAD + ("def f(x):\n    a = sys.argv[1]\n    if x:\n        a = 'b'\n    os.system(a)\n")},
    ),
    (
        "a loop carries it",
        {
            "m.py": HEAD
            + (
                "def f():\n"
                "    a = b = ''\n"
                "    for x in range(3):\n"
                "        b = a\n"
                "        a = sys.argv[1]\n"
                "    os.system(b)\n"
            )
        },
    ),
    (
        "a key of a dictionary",
        {"m.py": HEAD + ("def f():\n    d = {'a': sys.argv[1], 'b': 'x'}\n    os.system(d['a'])\n")},
    ),
    (
        "into a helper of another file",
        {"m.py": MAIN + "run(sys.argv[1])\n", "lib.py": HEAD + "def run(c):\n    os.system('ls ' + c)\n"},
    ),
    (
        "out of a helper of another file",
        {"m.py": MAIN + "os.system(fetch())\n", "lib.py": HEAD + "def fetch():\n    return sys.argv[1]\n"},
    ),
    (
        "through a helper and back",
        {"m.py": MAIN + "os.system(clean(sys.argv[1]))\n", "lib.py": HEAD + "def clean(x):\n    return x.strip()\n"},
    ),
    (
        "a field of the object",
        {
            "m.py": HEAD
            + (
                "class A:\n"
                "    def __init__(self):\n"
                "        self.c = sys.argv[1]\n"
                "    def go(self):\n"
                "        os.system(self.c)\n"
            )
        },
    ),
    ("a closure", {"m.py": HEAD + "def f():\n    a = sys.argv[1]\n    def g():\n        os.system(a)\n    g()\n"}),
    ("a comprehension", {"m.py": HEAD + "for c in [x + ' -l' for x in sys.argv]:\n    os.system(c)\n"}),
    (
        "a keyword argument",
        {"m.py": MAIN + "run(c=sys.argv[1])\n", "lib.py": HEAD + "def run(a=1, c=''):\n    os.system(c)\n"},
    ),
]


@pytest.mark.parametrize(("why", "files"), FOUND, ids=[case[0] for case in FOUND])
def test_foreign_data_arrives(why: str, files: dict[str, str]) -> None:
    [found] = candidates(files)
    roles = [step.role for step in found.steps]
    assert roles[0] is StepRole.SOURCE
    assert roles[-1] is StepRole.SINK
    for step in found.steps:
        assert 0 <= step.start < step.end <= len(files[step.path].encode())


SILENT = [
    ("a constant", {"m.py": HEAD + "os.system('ls')\n"}),
    ("overwritten", {"m.py": HEAD + "def f():\n    a = sys.argv[1]\n    a = 'x'\n    os.system(a)\n"}),
    ("sanitised", {"m.py": HEAD + "os.system('ls ' + shlex.quote(sys.argv[1]))\n"}),
    (
        "sanitised in a helper of another file",
        {
            "m.py": MAIN + "os.system(clean(sys.argv[1]))\n",
            "lib.py": HEAD + "def clean(x):\n    return shlex.quote(x)\n",
        },
    ),
    (
        "another key of a dictionary",
        {"m.py": HEAD + ("def f():\n    d = {'a': sys.argv[1], 'b': 'x'}\n    os.system(d['b'])\n")},
    ),
    (
        "an allow-list",
        {
            "m.py": HEAD
            + (
                "def f():\n"
                "    a = sys.argv[1]\n"
                "    if a not in ('start', 'stop'):\n"
                "        return\n"
                "    os.system('svc ' + a)\n"
            )
        },
    ),
    (
        "a condition that cannot hold",
        {
            "m.py": HEAD
            + ("def f():\n    a = sys.argv[1]\n    b = 'x' if 7 * 18 + 106 > 200 else a\n    os.system(b)\n")
        },
    ),
    ("a number", {"m.py": HEAD + "os.system('kill %d' % int(sys.argv[1]))\n"}),
    (
        "a helper that ignores it",
        {"m.py": MAIN + "os.system(clean(sys.argv[1]))\n", "lib.py": HEAD + "def clean(x):\n    return 'ls'\n"},
    ),
    (
        "another caller's argument",
        {
            "m.py": MAIN + "print(clean(sys.argv[1]))\nos.system(clean('ls'))\n",
            "lib.py": HEAD + "def clean(x):\n    return x.strip()\n",
        },
    ),
]


@pytest.mark.parametrize(("why", "files"), SILENT, ids=[case[0] for case in SILENT])
def test_harmless_code_gives_no_flow(why: str, files: dict[str, str]) -> None:
    assert candidates(files) == []


def test_the_order_of_the_files_does_not_matter() -> None:
    files = FOUND[5][1]
    analyses = [analyse_file(p, t.encode(), find_language(p)) for p, t in files.items()]  # type: ignore[arg-type]
    assert link_files(analyses) == link_files(list(reversed(analyses)))


def test_a_file_alone_gives_the_same_candidates_but_for_flows_through_other_files() -> None:
    files = FOUND[5][1]
    alone = {p: link_files([analyse_file(p, t.encode(), find_language(p))])[p] for p, t in files.items()}  # type: ignore[arg-type]
    assert [c.label for c in alone["m.py"]] == []
    assert [dict(c.facts).get("source_parameter") for c in alone["lib.py"] if c.label == COMMAND] == [1.0]


def test_a_literal_that_names_its_fields_assigns_no_others() -> None:
    head = "const app = require('express')(); const { User } = require('./models');\n"
    every = head + "app.post('/u', async (req, res) => { res.json(await User.create(req.body)); });\n"
    named = head + "app.post('/u', async (req, res) => { res.json(await User.create({ name: req.body.name })); });\n"
    spread = head + "app.post('/u', async (req, res) => { res.json(await User.create({ ...req.body })); });\n"
    for text, expected in ((every, True), (named, False), (spread, True)):
        found = link_files([analyse_file("a.js", text.encode(), BY_NAME["javascript"], smells=False)])["a.js"]
        assert ("security/mass-assignment" in {one.label for one in found}) is expected


ORDERS = """using Microsoft.AspNetCore.Mvc;
class Orders : ControllerBase {
  [Authorize] [HttpPost] public IActionResult Pay(int id) { return Ok(); }
  [Authorize] [HttpPost] public IActionResult Ship(int id) { return Ok(); }
  [HttpPost] public IActionResult Delete(int id) { return Ok(); }
}
"""
START = "class Start { void Configure(Services services, App app) { %s } }\n"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("app.MapControllers();", True),
        ("app.MapControllers().RequireAuthorization();", False),
        ("services.AddAuthorization(options => { options.FallbackPolicy = policy; });", False),
    ],
)
def test_a_guard_of_everything_is_in_another_file(statement: str, found: bool) -> None:
    files = {"Orders.cs": ORDERS, "Start.cs": START % statement}
    assert bool(candidates(files, "security/missing-authorization")) is found


SHOP = """import org.springframework.web.bind.annotation.*;
@RestController class Orders {
  @PreAuthorize("a") @PostMapping void pay(@RequestParam String id) { }
  @PreAuthorize("a") @PostMapping void ship(@RequestParam String id) { }
  @PostMapping void delete(@RequestParam String id) { }
}
"""
CHAIN = "class Chain { void filter(HttpSecurity http) { http.authorizeRequests().%s; } }\n"


@pytest.mark.parametrize(
    ("rule", "found"), [("anyRequest().permitAll()", True), ("anyRequest().authenticated()", False)]
)
def test_a_chain_of_filters_guards_everything(rule: str, found: bool) -> None:
    files = {"Orders.java": SHOP, "Chain.java": CHAIN % rule}
    assert bool(candidates(files, "security/missing-authorization")) is found


FORM = (
    "class login_form:\n    def __init__(self, given):\n        self.given = given\n\n"
    "    def extra(self):\n        return {}\n"
)
PAGE = (
    "import os\nfrom flask import request\nfrom forms import login_form\n\n\n"
    "def page():\n    form = login_form(request.args)\n    os.system(form.extra())\n"
)


@pytest.mark.parametrize(("result", "found"), [("'ls'", False), ("self.given['a']", True)])
def test_a_class_in_small_letters_is_a_class(result: str, found: bool) -> None:
    assert bool(candidates({"page.py": PAGE, "forms.py": FORM.format(result)})) is found
