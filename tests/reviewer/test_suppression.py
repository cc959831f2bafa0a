import pytest

from reviewer.outline import find_comments, find_functions
from reviewer.source import SourceFile
from reviewer.suppression import Suppression, SuppressionProblem, find_problems, parse_suppressions


def parse(path: str, text: str) -> tuple[Suppression, ...]:
    source = SourceFile.from_bytes(path, text.encode())
    return parse_suppressions(source, find_comments(source))


@pytest.mark.parametrize(
    ("path", "text", "target"),
    [
        ("a.py", "x = 1  # reviewer: ignore[weak-hash] é is fine\n", 1),
        ("a.py", "# reviewer: ignore[weak-hash] é is fine\n\n# more\nx = 1", 4),
        ("a.py", "x = 1\n# reviewer: ignore[weak-hash] é is fine\n", 2),
        ("a.js", "f(); // reviewer: ignore[weak-hash] é is fine\r\n", 1),
        ("a.js", "/* reviewer: ignore[weak-hash] é is fine */\nf();\n", 2),
        ("a.js", "/* reviewer: ignore[weak-hash] é is fine */ f();\n", 1),
        ("a.ts", "/**\n * words\n * reviewer: ignore[weak-hash] é is fine\n */\nf();\n", 5),
        ("a.tsx", "const x = <a>\n  {/* reviewer: ignore[weak-hash] é is fine */}\n  <b/></a>;\n", 3),
        ("a.java", "class A { int x = 1; // reviewer: ignore[weak-hash] é is fine\n}\n", 1),
        ("a.cs", "class A {\n  // reviewer: ignore[weak-hash] é is fine\n  int x = 1;\n}\n", 3),
    ],
)
def test_comments_of_every_language(path: str, text: str, target: int) -> None:
    (found,) = parse(path, text)
    assert found.labels == ("weak-hash",)
    assert found.reason == "é is fine"
    assert found.target_line == target
    assert found.line == text[: text.index("reviewer:")].count("\n") + 1


def test_strings_are_no_comments() -> None:
    assert parse("a.py", 'x = "# reviewer: ignore[weak-hash] no"\n') == ()


@pytest.mark.parametrize("name", ["security/weak-hash", "weak-hash", "security"])
def test_it_covers_its_label_at_its_line(name: str) -> None:
    one = Suppression("a.py", 3, 3, (name,), "why")
    assert one.covers("security/weak-hash", range(2, 5))
    assert not one.covers("security/weak-hash", range(4, 5))
    assert not one.covers("performance/sort-in-loop", range(2, 5))


def test_problems_are_told() -> None:
    text = """\
a = 1  # reviewer: ignore
b = 1  # reviewer: ignore[weak-hash]
c = 1  # reviewer: ignore[nonsense] why
d = 1  # reviewer: ignore[weak-hash, security] why
e = 1  # reviewer: ignore[sort-in-loop] why
f = 1  # reviewer: ignore[short-key] why
"""
    found = parse("a.py", text)
    known = ["security/weak-hash", "performance/sort-in-loop", "security/short-key"]
    used = {found[5]}
    notes = find_problems(found, known, ["security/weak-hash", "security/short-key"], used)
    assert [(note.line, note.problem, note.label) for note in notes] == [
        (1, SuppressionProblem.NO_LABEL, ""),
        (2, SuppressionProblem.NO_REASON, "weak-hash"),
        (3, SuppressionProblem.UNKNOWN_LABEL, "nonsense"),
        (4, SuppressionProblem.UNUSED, "weak-hash, security"),
    ]
    assert not found[1].covers("security/weak-hash", range(1, 9))


def test_functions_are_outlined_with_their_decorators() -> None:
    source = SourceFile.from_bytes(
        "a.py", b"@a\n@b\ndef f():\n    return lambda: 1\n\nclass C:\n    def m(self): pass\n"
    )
    lines = [(source.line_at(span.start), source.line_at(span.end)) for span in find_functions(source)]
    assert lines == [(1, 4), (4, 4), (7, 7)]


@pytest.mark.slow
def test_what_has_too_many_nodes_has_no_outline() -> None:
    assert find_comments(SourceFile.from_bytes("a.py", b"x = [" + b"1, " * 450_000 + b"]\n")) == ()


def test_what_cannot_be_parsed_has_no_outline() -> None:
    source = SourceFile.from_bytes("a.txt", b"# reviewer: ignore[x] y\n")
    assert find_comments(source) == ()
    assert find_functions(source) == ()
