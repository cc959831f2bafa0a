import pytest

from dataset_curation.pairs.function_pairs import Function, pair_commit, read_functions
from dataset_curation.selection import Tally
from graph_model.languages import find_language
from reviewer.source import SourceFile

BODY = "    a = 1\n    b = 2\n    return a + b\n"


def _read(text: str, path: str = "a.py") -> list[Function]:
    language = find_language(path)
    assert language is not None
    found = read_functions(SourceFile.from_bytes(path, text.encode()), language)
    assert found is not None
    return found


def _pair(before: str, after: str, path: str = "a.py") -> tuple[list[tuple[str, int, int]], int, str]:
    tally = Tally()
    found = pair_commit(_read(before, path), _read(after, path), tally)
    dropped = next((reason for (step, reason) in tally.counts if step == "commits"), "")
    if found is None:
        return [], 0, dropped
    pairs = [(pair.before.name, pair.before.line, pair.after.line) for pair in found.pairs]
    return pairs, found.num_functions, dropped


def test_a_changed_function_is_paired_by_name_and_number_of_parameters() -> None:
    before = f"def f(x):\n{BODY}\n\ndef g(x):\n{BODY}"
    after = f"import os\n\n\ndef f(x):\n{BODY}\n\ndef g(x):\n{BODY.replace('2', '3')}"
    assert _pair(before, after) == ([("g", 7, 10)], 1, "")


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (f"def f(x):\n    # é\n{BODY}", "formatting-only"),
        (f'def f(x):\n    """Says more."""\n{BODY}', "formatting-only"),
        (f"def f(x):\r\n{BODY}".replace("\n", "\r\n"), "formatting-only"),
        (f"class A:\n    def f(x):\n{BODY.replace('    ', '        ')}", "moved"),
        (f"def f(x, y):\n{BODY}", "renamed"),
        (f"def f(x):\n{BODY}\n\ndef g(x):\n{BODY}", "added-only"),
        (f"import os\ndef f(x):\n{BODY}", "outside-functions"),
        (f"def f(x):\n{BODY}" + "    # no end", "formatting-only"),
    ],
)
def test_what_changes_no_function_has_a_reason(after: str, reason: str) -> None:
    assert _pair(f"def f(x):\n{BODY}", after) == ([], 0, reason)


def test_semicolons_alone_are_formatting_in_javascript() -> None:
    before = "function f(x) {\n  const a = x\n  run(a)\n  return a\n}\n"
    assert _pair(before, before.replace("\n  r", ";\n  r"), "a.js") == ([], 0, "formatting-only")
    assert _pair(before, before.replace("run(a)", "runs(a);"), "a.js")[0] == [("f", 1, 1)]


def test_a_function_is_no_pair_when_only_one_inside_it_changed() -> None:
    before = "def outer():\n    def inner():\n        a = 1\n        return a\n    return inner\n"
    after = before.replace("1", "2")
    pairs, number, _ = _pair(before, after)
    assert ([name for name, _, _ in pairs], number) == (["outer.inner"], 1)


def test_an_outer_function_that_changed_as_well_stays() -> None:
    before = "def outer():\n    def inner():\n        a = 1\n        return a\n    return inner\n"
    after = before.replace("1", "2").replace("return inner", "return inner()")
    pairs, number, _ = _pair(before, after)
    assert (sorted(name for name, _, _ in pairs), number) == (["outer", "outer.inner"], 2)


def test_overloads_are_paired_in_their_order() -> None:
    method = "  void f(int a) {{\n    int b = {};\n    use(b);\n  }}\n"
    before = "class A {\n" + method.format(1) + method.format(2).replace("int a", "long a") + "}\n"
    assert [line for _, line, _ in _pair(before, before.replace("= 2", "= 3"), "A.java")[0]] == [6]


def test_a_commit_of_many_functions_is_tangled() -> None:
    before = "".join(f"def f{idx}():\n{BODY}\n\n" for idx in range(9))
    assert _pair(before, before.replace("b = 2", "b = 3")) == ([], 0, "tangled")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    return 1\n", "def f():\n    return 2\n"),
        ("def f():\n" + "    a = 1\n" * 200, "def f():\n" + "    a = 1\n" * 199 + "    a = 2\n"),
        (f"def f():\n{BODY}", "def f():\n    x = 7\n    y = 8\n    z = 9\n    w = 0\n    v = 5\n    return {}\n"),
    ],
)
def test_functions_of_unfit_size_or_likeness_are_no_pair(before: str, after: str) -> None:
    assert _pair(before, after) == ([], 0, "no-pair")


def test_changed_lines_leave_layout_out() -> None:
    found = pair_commit(_read(f"def f():\n{BODY}"), _read(f"def f():\n{BODY.replace('b = 2', 'b  =  3')}"), Tally())
    assert found is not None
    assert found.pairs[0].changed_lines() == (("b = 2",), ("b = 3",))


def test_a_file_that_does_not_parse_has_no_functions() -> None:
    language = find_language("a.py")
    assert language is not None
    assert read_functions(SourceFile.from_bytes("a.py", b"def f(:\n"), language) is None
    assert read_functions(SourceFile.from_bytes("a.py", b""), language) == []
    assert read_functions(SourceFile.from_bytes("a.py", b"x = (" + b"1, " * 60_000 + b")\n"), language) is None
