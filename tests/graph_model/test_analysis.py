"""One file's analysis on what real files hold: limits, broken code, encodings, line endings."""

import pickle
import time

import pytest

from graph_model.analysis import FileAnalysis, Limits, analyse_file
from graph_model.languages import BY_NAME

LANGUAGES = tuple(BY_NAME)
BAD = "import os, sys\n\n\ndef run():\n    os.system('ls ' + sys.argv[1])\n"
SWALLOWED = {
    "python": "def f():\n    try:\n        g()\n    except Exception:\n        pass\n",
    "javascript": "function f() {\n  try {\n    g();\n  } catch (e) {\n  }\n}\n",
    "typescript": "function f(): void {\n  try {\n    g();\n  } catch (e) {\n  }\n}\n",
    "tsx": "function f(): void {\n  try {\n    g();\n  } catch (e) {\n  }\n}\n",
    "java": "class C {\n  void f() {\n    try {\n      g();\n    } catch (Exception e) {\n    }\n  }\n}\n",
    "csharp": "class C {\n  void F() {\n    try {\n      G();\n    } catch (Exception e) {\n    }\n  }\n}\n",
}


def analyse(source: str | bytes, language: str = "python", limits: Limits | None = None) -> FileAnalysis:
    data = source if isinstance(source, bytes) else source.encode()
    return analyse_file("m", data, BY_NAME[language], limits)


def labels(analysis: FileAnalysis) -> list[str]:
    return [candidate.label for candidate in analysis.candidates]


def sinks(analysis: FileAnalysis) -> list[str]:
    return [sink.label for unit in analysis.units for sink in unit.sinks]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("brackets", [b"()", b"[]", b"{}"])
@pytest.mark.parametrize("is_closed", [True, False])
def test_ten_thousand_brackets_are_analysed_in_time(language: str, brackets: bytes, is_closed: bool) -> None:
    opening, closing = brackets[:1] * 10_000, brackets[1:] * 10_000
    started_s = time.process_time()
    analysis = analyse(b"x = " + opening + (b"1" + closing if is_closed else b""), language)
    assert time.process_time() - started_s < 2
    assert {problem.kind for problem in analysis.problems} <= {"nested-too-deep", "syntax-error", "too-many-nodes"}
    assert analysis.problems


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_file_has_nothing(language: str) -> None:
    analysis = analyse(b"", language)
    assert (analysis.num_lines, analysis.candidates, analysis.problems) == (0, (), ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_line_endings_change_positions_only(language: str) -> None:
    text = SWALLOWED[language]
    expected = labels(analyse(text, language))
    assert "maintainability/swallowed-exception" in expected
    for variant in (text.replace("\n", "\r\n"), text.rstrip("\n"), "\ufeff" + text):
        found = analyse(variant, language)
        assert labels(found) == expected
        assert found.problems == ()
        assert found.num_lines == text.count("\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("bytes_inside", [b"\xe9\xff\xfe", b"\x80", "é錯😋".encode(), b"\x00"])
def test_bytes_of_any_encoding_are_analysed(language: str, bytes_inside: bytes) -> None:
    comment = b"# " if language == "python" else b"// "
    source = comment + bytes_inside + b"\n" + SWALLOWED[language].encode()
    [found] = [c for c in analyse(source, language).candidates if c.label == "maintainability/swallowed-exception"]
    assert source[found.start : found.end].startswith((b"except", b"catch"))


def test_an_emoji_before_a_candidate_shifts_it_by_its_bytes() -> None:
    plain, moved = analyse(BAD).units, analyse("x = '😋'\n" + BAD).units
    shift = len("x = '😋'\n".encode())
    assert [s.start + shift for u in plain for s in u.sinks] == [s.start for u in moved for s in u.sinks]


def test_broken_syntax_still_analyses_what_is_sound() -> None:
    analysis = analyse(BAD + "\n\ndef broken(:\n    x = = 1\n")
    assert "syntax-error" in {problem.kind for problem in analysis.problems}
    assert sinks(analysis) == ["security/command-injection"]


def test_a_file_over_the_byte_limit_is_left_out_and_said() -> None:
    analysis = analyse(BAD, limits=Limits(max_bytes=10))
    [problem] = analysis.problems
    assert (problem.kind, problem.start, problem.end) == ("too-large", 0, len(BAD))
    assert (analysis.units, analysis.candidates, analysis.num_lines) == ((), (), 5)


def test_a_file_at_the_byte_limit_is_analysed() -> None:
    assert analyse(BAD, limits=Limits(max_bytes=len(BAD))).problems == ()


def test_a_file_over_the_node_limit_is_left_out_and_said() -> None:
    assert [problem.kind for problem in analyse(BAD, limits=Limits(max_nodes=5)).problems] == ["too-many-nodes"]


def test_smells_can_be_left_out() -> None:
    source = SWALLOWED["python"].encode()
    assert analyse_file("m.py", source, BY_NAME["python"], smells=False).candidates == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_analysis_can_be_kept_and_read_again(language: str) -> None:
    analysis = analyse(SWALLOWED[language], language)
    again = pickle.loads(pickle.dumps(analysis))
    assert (again.units, again.candidates, again.problems) == (analysis.units, analysis.candidates, analysis.problems)


@pytest.mark.parametrize("language", LANGUAGES)
def test_graphs_belong_to_units(language: str) -> None:
    analysis = analyse(SWALLOWED[language], language)
    assert len(analysis.graphs) == len(analysis.units)
    for candidate in analysis.candidates:
        assert analysis.graphs[candidate.unit] is not None
