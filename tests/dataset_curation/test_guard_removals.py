"""Guards taken away: the edits by the shape of the condition, and a flow that a guard stops, end to end."""

import pytest

from dataset_curation.analysing import analyse_project
from dataset_curation.injection.guard_removals import is_check, remove_guard
from dataset_curation.injection.removals import propose_removals
from dataset_curation.injection.structures import open_scene
from dataset_curation.injection.trials import edit_content, find_born
from dataset_curation.selection import Tally
from graph_model.edits.model import apply_edits, invert_edits
from graph_model.languages import BY_NAME, find_language
from reviewer.source import SourceFile

FLOW = b"""import os
from flask import Flask, request
app = Flask(__name__)


@app.route("/listed")
def listed():
    name = request.args["\xc3\xbc"]
    if name not in ("a", "b"):
        return "no"
    os.system("ls " + name)
    return "yes"
"""


@pytest.mark.parametrize(
    ("path", "sound", "cond", "broken", "twin"),
    [
        (
            "a.py",
            "def f(x):\n    if x.bad:\n        raise E\n    use(x)\n",
            "x.bad",
            "def f(x):\n    use(x)\n",
            "def f(x):\n    is_refused = x.bad\n    if is_refused:\n        raise E\n    use(x)\n",
        ),
        (
            "a.js",
            "function f(x) {\n  if (safe(x)) {\n    use(x);\n    log(x);\n  }\n}\n",
            "safe(x)",
            "function f(x) {\n  use(x);\n  log(x);\n}\n",
            "function f(x) {\n  const isAllowed = safe(x);\n  if (isAllowed) {\n    use(x);\n    log(x);\n  }\n}\n",
        ),
        (
            "A.java",
            "class A {\n  void f(P x) {\n    if (isOn && x.ok) {\n      use(x);\n    }\n  }\n}\n",
            "x.ok",
            "class A {\n  void f(P x) {\n    if (isOn) {\n      use(x);\n    }\n  }\n}\n",
            "class A {\n  void f(P x) {\n    if (x.ok && isOn) {\n      use(x);\n    }\n  }\n}\n",
        ),
    ],
)
def test_a_guard_goes_as_a_person_would_take_it_away(path: str, sound: str, cond: str, broken: str, twin: str) -> None:
    language = find_language(path)
    assert language is not None
    content, start = sound.encode(), sound.index(cond)
    edits, harmless = remove_guard(open_scene(path, content, language), start, start + len(cond))
    assert apply_edits(content, edits).decode() == broken
    assert apply_edits(content, harmless).decode() == twin
    assert apply_edits(broken.encode(), invert_edits(content, edits)) == content


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("url_has_allowed_host_and_scheme(url)", True),
        ('path.startsWith("/")', True),
        ("name not in RPC_METHODS", True),
        ("target.is_relative_to(root)", True),
        ("request.method == 'POST'", False),
        ("not os.path.exists(valid_path(x))", False),
        ("x > 5", False),
    ],
)
def test_only_conditions_that_ask_whether_a_value_may_be_used_are_checks(condition: str, expected: bool) -> None:
    assert is_check(condition) is expected


@pytest.mark.parametrize(
    ("sound", "cond", "twin"),
    [
        (  # the first part guards the second
            "def f(x):\n    if x and x.ok:\n        use(x)\n",
            "x.ok",
            "def f(x):\n    is_allowed = x and x.ok\n    if is_allowed:\n        use(x)\n",
        ),
        (
            "function f(x) {\n  if (listed && allows(x, list)) {\n    use(x)\n  }\n}\n",
            "allows(x, list)",
            "function f(x) {\n  const isAllowed = listed && allows(x, list)\n  if (isAllowed) {\n    use(x)\n  }\n}\n",
        ),
    ],
)
def test_parts_of_a_condition_change_places_only_where_none_guards_the_other(sound: str, cond: str, twin: str) -> None:
    path = "a.py" if sound.startswith("def") else "a.js"
    language = find_language(path)
    assert language is not None
    start = sound.index(cond)
    edits, harmless = remove_guard(open_scene(path, sound.encode(), language), start, start + len(cond))
    assert edits
    assert apply_edits(sound.encode(), harmless).decode() == twin


def test_a_block_that_ends_the_program_is_not_opened() -> None:
    sound = "def f(x):\n    if not valid(x):\n" + "        log(x)\n" * 3 + "        sys.exit(1)\n    use(x)\n"
    start = sound.index("valid(x)")
    scene = open_scene("a.py", sound.encode(), BY_NAME["python"])
    assert remove_guard(scene, start, start + len("valid(x)")) == ((), ())


@pytest.mark.parametrize(
    ("cond", "name"), [("not x.good", "is_refused"), ("is_safe(x)", "is_allowed"), ("x in listed", "")]
)
def test_a_refusal_goes_with_what_explains_it_and_its_twin_says_what_it_does(cond: str, name: str) -> None:
    sound = f"def f(x):\n    a()\n    # Never below another folder.\n    if {cond}:\n        return None\n    use(x)\n"
    checked = cond.removeprefix("not ")
    start = sound.index(checked)
    scene = open_scene("a.py", sound.encode(), BY_NAME["python"])
    edits, twin = remove_guard(scene, start, start + len(checked))
    assert apply_edits(sound.encode(), edits).decode() == "def f(x):\n    a()\n    use(x)\n"
    assert bool(twin) == bool(name)
    if name:
        assert f"    {name} = {cond}\n    if {name}:\n" in apply_edits(sound.encode(), twin).decode()


def test_a_refusal_goes_with_one_of_the_blank_lines_around_it() -> None:
    sound = "def f(x):\n    a()\n\n    if x.bad:\n        raise E\n\n    use(x)\n"
    scene = open_scene("a.py", sound.encode(), BY_NAME["python"])
    edits, _ = remove_guard(scene, sound.index("x.bad"), sound.index("x.bad") + 5)
    assert apply_edits(sound.encode(), edits).decode() == "def f(x):\n    a()\n\n    use(x)\n"


@pytest.mark.parametrize(
    "sound",
    [
        "def f(x):\n    if x.bad or x.late:\n        return\n    use(x)\n",
        "def f(x):\n    while x.bad:\n        use(x)\n",
        "def f(x):\n    if x.bad:\n        use(1)\n    else:\n        use(x)\n",
        "def f(x):\n    return 1 if x.bad else x\n",
    ],
)
def test_a_condition_of_something_else_stays(sound: str) -> None:
    start = sound.index("x.bad")
    assert remove_guard(open_scene("a.py", sound.encode(), BY_NAME["python"]), start, start + 5) == ((), ())


def test_a_flow_that_a_guard_stops_is_born_when_it_goes_and_not_by_its_twin() -> None:
    language = BY_NAME["python"]
    sound = analyse_project([(SourceFile("app.py", FLOW), language)], Tally())
    scene = open_scene("app.py", FLOW, language)
    found = [
        one
        for one in propose_removals(sound.analyses["app.py"], sound.candidates["app.py"], scene)
        if one.kind == "guard-removed"
    ]
    assert [FLOW[one.start : one.end] for one in found] == [b'name not in ("a", "b")']
    labels = []
    for edits in (found[0].edits, found[0].twin):
        content = edit_content(FLOW, edits, language)
        assert content is not None
        edited = analyse_project([(SourceFile("app.py", content), language)], Tally())
        born = find_born(sound.candidates["app.py"], edited.candidates["app.py"])
        labels.append({one.label for one in born} & found[0].labels)
    assert labels[0] == {"security/command-injection"}
    assert labels[1] <= labels[0]
