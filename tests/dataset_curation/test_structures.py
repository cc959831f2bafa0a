"""Structural defects: where each may be applied and where not, and round trips over real files."""

import re
from collections import Counter
from pathlib import Path

import pytest

import graph_model
from dataset_curation.injection.defects import Proposal
from dataset_curation.injection.structures import STRUCTURES, find_twin, open_scene, propose_structures
from dataset_curation.injection.structures.other_names import other_names
from dataset_curation.injection.structures.renaming import rename_nearby
from dataset_curation.injection.trials import edit_content
from graph_model.catalogue import load_catalogue
from graph_model.edits.model import apply_edits, invert_edits
from graph_model.languages import BY_NAME, Family, find_language

CORPUS = Path(__file__).parent / "structures"
PLACES = {"python": "py", "javascript": "ts", "java": "java", "csharp": "cs"}  # some kinds ask for types
SUFFIXES = {"python": "py", "javascript": "js", "java": "java", "csharp": "cs"}


def propose(path: str, content: bytes) -> list[Proposal]:
    """Every proposal of a file, with its twin."""
    language = find_language(path)
    assert language is not None
    scene = open_scene(path, content, language)
    return [find_twin(scene, one) for one in propose_structures(scene)]


def check_round_trip(path: str, content: bytes, proposal: Proposal) -> None:
    """Both edits parse no worse, and their inverses give the very bytes back."""
    language = find_language(path)
    assert language is not None
    for edits in (proposal.edits, proposal.twin):
        if edits:
            edited = edit_content(content, edits, language)
            assert edited is not None, (proposal.name, content[proposal.start : proposal.end])
            assert apply_edits(edited, invert_edits(content, edits)) == content
    assert content[proposal.start : proposal.end].strip()


@pytest.mark.parametrize("family", PLACES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_each_kind_has_a_place_in_each_of_its_languages(family: str, ending: str) -> None:
    path = CORPUS / f"places.{PLACES[family]}.txt"  # not for the tools that read sources
    content = path.read_text("utf-8").replace("\n", ending).encode()
    found = propose(path.stem, content)
    expected = {one.name for one in STRUCTURES if Family(family) in one.families}
    assert {one.name for one in found} == expected
    for proposal in found:
        check_round_trip(path.stem, content, proposal)


@pytest.mark.parametrize("family", SUFFIXES)
def test_contexts_that_only_look_alike_are_refused(family: str) -> None:
    path = CORPUS / f"refused.{SUFFIXES[family]}.txt"
    assert [(one.name, one.start) for one in propose(path.stem, path.read_bytes())] == []


@pytest.mark.parametrize(
    "path", sorted((Path(graph_model.__file__).parent / "edits").glob("*.py")), ids=lambda p: p.name
)
def test_round_trips_over_our_own_source(path: Path) -> None:
    content = path.read_bytes()
    per_kind: Counter[str] = Counter()
    for proposal in propose(path.name, content):
        per_kind[proposal.name] += 1
        if per_kind[proposal.name] <= 3:
            check_round_trip(path.name, content, proposal)


def test_round_trips_over_the_examples_of_the_catalogue() -> None:
    number = 0
    for label in load_catalogue():
        for example in label.examples:
            language = BY_NAME[example.language]
            for text in (example.bad, example.good):
                path = f"example{language.suffixes[0]}"
                for proposal in propose(path, text.encode()):
                    check_round_trip(path, text.encode(), proposal)
                    number += 1
    assert number > 70


@pytest.mark.parametrize("content", [b"", b"\n", "# ü\r\n".encode(), b"x = 1"])
def test_a_file_without_functions_has_no_place(content: bytes) -> None:
    assert propose("a.py", content) == []


@pytest.mark.parametrize(
    ("value", "rest", "number"),
    [
        ("a or b", "is_late", 0),
        ("a or b or c", "is_late", 0),
        ("a or b", "is_late or c", 0),
        ("a or b", "is_late and c", 1),
        ("a and b", "not is_late", 0),
        ("a and b", "c and not is_late", 1),
        ("a or None", "is_late and c", 0),
    ],
)
def test_only_a_condition_that_mixes_is_worth_a_name(value: str, rest: str, number: int) -> None:
    code = f"def f(a, b, c):\n    is_late = {value}\n    if {rest}:\n        return g(a)\n    return h(b)\n"
    assert not any(one.name == "condition-inlined" for one in propose("a.py", code.encode()))  # too short
    for name in "abc":
        code = re.sub(rf"\b{name}\b", f"{name}_is_open_to_all", code)
    assert sum(one.name == "condition-inlined" for one in propose("a.py", code.encode())) == number


def test_a_twin_breaks_a_long_condition_at_its_operators() -> None:
    value = "is_ready(a, 1) and is_ready(b, 2) and is_ready(c, 3)"
    code = f"def f(a, b, c):\n    xs = {value}\n    if a or not xs:\n        return g(a)\n    return h(b)\n"
    found = next(one for one in propose("a.py", code.encode()) if one.name == "condition-inlined")
    broken = "(\n        is_ready(a, 1)\n        and is_ready(b, 2)\n        and is_ready(c, 3)\n    )\n"
    assert apply_edits(code.encode(), found.twin).decode() == code.replace(f"{value}\n", broken)


@pytest.mark.parametrize(
    ("number", "twin"), [("65536", "64 * 1024"), ("7200", "2 * 3600"), ("123456", "123_456"), ("0.25", "")]
)
def test_a_number_is_written_otherwise(number: str, twin: str) -> None:
    content = f"_LIMIT = {number}\n\n\ndef f(a):\n    return a[:_LIMIT]\n".encode()
    found = next(one for one in propose("a.py", content) if one.name == "magic-number")
    edited = apply_edits(content, found.twin).decode()
    assert edited.startswith(f"_LIMIT = {twin}\n" if twin else f"_BOUND = {number}\n")
    assert apply_edits(content, found.edits).startswith(b"\n\ndef f(a):") or found.edits[0].start == 0


def test_a_shorthand_property_is_not_renamed() -> None:
    content = b"function f(a) {\n  const method = g(a);\n  use({ method });\n  return h(method);\n}\n"
    assert all(content[edit.start : edit.end] != b"method" for one in propose("a.js", content) for edit in one.twin)


@pytest.mark.parametrize(
    ("name", "family", "other"),
    [
        ("http_resp", Family.PYTHON, "http_response"),
        ("_req", Family.PYTHON, "_request"),
        ("errMsg", Family.JAVA, "errMessage"),
        ("configPath", Family.CSHARP, "configLocation"),
        ("_MAX_CMDS", Family.PYTHON, ""),
        ("CmdBuffer", Family.CSHARP, "CommandBuffer"),
        ("oldPassword", Family.JAVA, ""),
        ("is_result", Family.PYTHON, ""),
        ("current_error", Family.PYTHON, ""),
        ("toWrite", Family.JAVA, ""),
        ("index", Family.PYTHON, ""),
        ("fd", Family.PYTHON, ""),
        ("res", Family.JAVASCRIPT, "result"),
    ],
)
def test_another_name_says_the_same_in_the_same_case(name: str, family: Family, other: str) -> None:
    assert next(other_names(name, family), "") == other


NEARBY = """def f(path):
    rows = load(path)
    cfg = read(path)
{between}    if cfg.a < cfg.b:
        use(rows)
    for position in range(9):
        position += 1
    return use(rows)
"""


def test_a_twin_renames_what_few_lines_near_the_defect_name() -> None:
    for between, number in (("", 3), ("    g()\n" * 9, 0)):
        content = NEARBY.format(between=between).encode()
        language = find_language("a.py")
        assert language is not None
        at = content.index(b"cfg.a < cfg.b")
        edits = rename_nearby(open_scene("a.py", content, language), at, at + 13)
        assert [edit.replacement for edit in edits] == [b"config"] * number


def test_what_counts_rounds_is_not_renamed() -> None:
    content = b"function f(a) {\n  for (let pos = 0; pos < a; pos++) {\n    g(pos);\n  }\n}\n"
    language = find_language("a.js")
    assert language is not None
    assert rename_nearby(open_scene("a.js", content, language), 50, 56) == ()


@pytest.mark.parametrize(
    ("code", "broken"),
    [
        (
            (
                "function f(rows) {\n  const byId = {};\n  for (const row of rows) {\n"
                "    byId[row.id] = row;\n  }\n  return byId;\n}\n"
            ),
            "byId = { ...byId, [row.id]: row };",
        ),
        (
            (
                "function f(rows) {\n  const out = [];\n  rows.forEach((row) => {\n"
                "    out.push(row.x);\n  });\n  return out;\n}\n"
            ),
            "out = [...out, row.x];",
        ),
        (
            (
                "function f(rows) {\n  return rows.reduce((all, row) => {\n"
                "    all[row.id] = row;\n    return all;\n  }, {});\n}\n"
            ),
            "return { ...all, [row.id]: row };",
        ),
        (
            (
                "function f(rows) {\n  return rows.reduce((all, row) => {\n"
                "    all.push(row.id);\n    return all;\n  }, []);\n}\n"
            ),
            "return [...all, row.id];",
        ),
        ("function f(rows) {\n  const all = [];\n  for (const r of rows) {\n    all.push(r);\n  }\n  g(all);\n}\n", ""),
        (
            (
                "function plugins(rows) {\n  const all = [];\n  for (const r of rows) {\n"
                "    all.push(r);\n  }\n  return all;\n}\n"
            ),
            "",
        ),
        (
            (
                "function f(rows) {\n  const x = {};\n  for (const r of rows) {\n"
                "    x[r.a] = r;\n    x[r.b] = r;\n  }\n  return x;\n}\n"
            ),
            "",
        ),
    ],
)
def test_what_grows_in_rounds_over_much_is_copied(code: str, broken: str) -> None:
    found = [one for one in propose("a.js", code.encode()) if one.name == "copy-in-loop"]
    assert len(found) == bool(broken)
    for one in found:
        check_round_trip("a.js", code.encode(), one)
        assert broken in apply_edits(code.encode(), one.edits).decode()


@pytest.mark.parametrize(
    ("before", "over", "number"),
    [
        ("pattern = set(x)", "rows", 1),
        ("pattern = set(x)\n    y = other(1)", "rows", 1),
        ("pattern = set(x)\n    use(pattern)", "rows", 0),
        ("pattern = set(x)\n    x.add(1)", "rows", 0),
        ("pattern = set(x)", "things", 0),
        ("pattern = set(x)", "options", 0),
        ("pattern = set(x)", "lines", 0),
        ("pattern = set(x)", "x.nodes", 0),
        ("pattern = make(x)", "rows", 0),
        ("pattern = re.compile(x)", "rows", 0),
        ("pattern = set(x.split())", "rows", 0),
        ("pattern = set(settings)", "rows", 0),
    ],
)
def test_work_moves_into_loops_over_much(before: str, over: str, number: int) -> None:
    code = f"def f(x, {over}):\n    {before}\n    for one in {over}:\n        use(one, pattern, 1)\n"
    assert sum(one.name == "work-in-loop" for one in propose("a.py", code.encode())) == number


@pytest.mark.parametrize(("made", "number"), [("load(x)", 1), ("new byte[load(x)]", 0)])
def test_an_array_made_in_every_round_costs_little(made: str, number: int) -> None:
    code = f"class A {{ void f(List<B> a) {{\n  byte[] c = {made};\n  for (B row : a.rows) {{\n    g(c);\n  }}\n}} }}"
    assert sum(one.name == "work-in-loop" for one in propose("A.java", code.encode())) == number


@pytest.mark.parametrize(
    ("function", "loop", "number"),
    [
        ("checkImage", "", 0),
        ("parseLine", "", 1),
        ("checkImages", "for (String row : rows) ", 1),
        ("checkImages", "for (String image : allowedImages) ", 0),
        ("parseVersion", "", 0),
        ("checkImages", "for (String image : options) ", 0),
    ],
)
def test_a_pattern_is_made_anew_where_much_is_read(function: str, loop: str, number: int) -> None:
    use = f"{loop}use(WORD_PATTERN.matcher(text));"
    constant = 'private static final Pattern WORD_PATTERN = Pattern.compile("a+");'
    code = f"class A {{\n  {constant}\n  void {function}(String text) {{\n    {use}\n  }}\n}}\n"
    found = [one for one in propose("A.java", code.encode()) if one.name == "compiled-per-call"]
    assert len(found) == number


@pytest.mark.parametrize("condition", ["not ready", "ready"])
def test_no_twin_converts_what_is_a_condition_already(condition: str) -> None:
    code = f"def f(rows):\n    ready = load(rows)\n    if {condition}:\n        log(rows)\n        stop(ready)\n"
    (negated,) = [one for one in propose("a.py", code.encode()) if one.name == "condition-negated"]
    assert {edit.replacement for edit in negated.twin} == {b"loaded_ready"}
