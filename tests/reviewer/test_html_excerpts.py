import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.candidates.model import StepRole
from graph_model.catalogue import Severity
from reviewer.findings import Anchor, EvidenceStep, Finding, make_region
from reviewer.reports.html.charts import group_folders
from reviewer.reports.html.drawing import draw_path
from reviewer.reports.html.excerpts import MAX_CHARACTERS, Excerpt, build_excerpt
from reviewer.reports.html.markup import element, escape_exactly, join, render_prose
from reviewer.reports.text import make_printable
from reviewer.source import SourceFile


def make_step(source: SourceFile, text: bytes, role: StepRole = StepRole.HOP, nth: int = 0) -> EvidenceStep:
    """A step at the nth place that holds the text."""
    start = [match.start() for match in re.finditer(re.escape(text), source.content)][nth]
    region = make_region(source, start, start + len(text))
    return EvidenceStep(region, role, "", source.line_text(region.start.line).strip())


def make_finding(steps: Sequence[EvidenceStep], anchor: Anchor | None = None) -> Finding:
    last = steps[-1].region
    return Finding(
        label="security/sql-injection",
        title="SQL injection",
        severity=Severity.CRITICAL,
        cwe=89,
        message="It is so",
        region=last,
        statement=last.lines,
        symbol="f",
        api="execute",
        code="",
        probability=0.5,
        fingerprint="0" * 32,
        steps=tuple(steps),
        weights=(),
        remedy="Mend it",
        anchor=anchor or Anchor(last.path, last.start.line),
    )


def excerpt_of(*sources: SourceFile, steps: Sequence[EvidenceStep], anchor: Anchor | None = None) -> Excerpt:
    return build_excerpt(make_finding(steps, anchor), {source.path: source for source in sources})


def show(excerpt: Excerpt) -> list[str]:
    """The rows as text, marks in brackets."""
    return [
        f"{row.line or ''}|"
        + "".join(piece.text if piece.step_idx is None else f"[{piece.text}]" for piece in row.pieces)
        for row in excerpt.rows
    ]


def test_lines_around_each_step_are_shown_and_the_others_counted() -> None:
    source = SourceFile.from_bytes("a.py", b"".join(b"line%d\n" % number for number in range(1, 21)))
    steps = [make_step(source, b"line4", StepRole.SOURCE), make_step(source, b"line15", StepRole.SINK)]
    assert show(excerpt_of(source, steps=steps)) == [
        "|a.py", "2|line2", "3|line3", "4|[line4]", "5|line5", "6|line6", "|6 lines", "13|line13", "14|line14",
        "15|[line15]", "16|line16", "17|line17",
    ]  # fmt: skip


def test_one_line_between_two_excerpts_is_shown() -> None:
    source = SourceFile.from_bytes("a.py", b"".join(b"line%d\n" % number for number in range(1, 10)))
    steps = [make_step(source, b"line1", StepRole.SOURCE), make_step(source, b"line7", StepRole.SINK)]
    assert [row.line for row in excerpt_of(source, steps=steps).rows] == [None, *range(1, 10)]


def test_each_file_comes_where_the_path_first_enters_it() -> None:
    one, other = SourceFile.from_bytes("b.py", b"in\nout\n"), SourceFile.from_bytes("a.py", b"middle")
    steps = [make_step(one, b"in", StepRole.SOURCE), make_step(other, b"middle"), make_step(one, b"out", StepRole.SINK)]
    excerpt = excerpt_of(one, other, steps=steps)
    assert show(excerpt) == ["|b.py", "1|[in]", "2|[out]", "|a.py", "1|[middle]"]
    assert excerpt.places == {0: 1, 1: 4, 2: 2}


@pytest.mark.parametrize(
    ("content", "text", "rows"),
    [
        (b"", b"", ["1|"]),
        (b"\tx = f(y)\r\nz\r\n", b"y", ["1|    x = f([y])", "2|z"]),
        ("é😀 = ü".encode(), "ü".encode(), ["1|é😀 = [ü]"]),
        ("a\u202eb\x1b\u200b".encode(), b"b", ["1|a\\x202e[b]\\x1b\\x200b"]),
        (b"f(\n    a,\n)", b"f(\n    a,\n)", ["1|[f(]", "2|    [a,]", "3|[)]"]),
    ],
)
def test_any_text_becomes_rows(content: bytes, text: bytes, rows: list[str]) -> None:
    source = SourceFile.from_bytes("a.py", content)
    assert show(excerpt_of(source, steps=[make_step(source, text, StepRole.SINK)]))[1:] == rows


def test_what_lies_inside_another_step_is_marked_as_its_own() -> None:
    source = SourceFile.from_bytes("a.py", b"run(name)")
    steps = [make_step(source, b"name", StepRole.SOURCE), make_step(source, b"run(name)", StepRole.SINK)]
    (row,) = excerpt_of(source, steps=steps).rows[1:]
    assert [(piece.text, piece.step_idx) for piece in row.pieces] == [("run(", 1), ("name", 0), (")", 1)]


def test_a_long_line_goes_on_in_the_next_row() -> None:
    source = SourceFile.from_bytes("a.py", b"a" * 99 + "漢字".encode() + b"b" * 9)
    assert show(excerpt_of(source, steps=[make_step(source, b"b" * 9, StepRole.SINK)]))[1:] == [
        "1|" + "a" * 99,
        "|漢字[bbbbbbbbb]",
    ]


@given(st.lists(st.sampled_from([*"aé漢😀\t\u0301\x1b\u202e", "x" * 30, "  "]), max_size=60).map("".join))
def test_rows_are_as_full_as_characters_allow(text: str) -> None:
    """A row ends where the next character does not fit; nothing is lost between rows."""
    source = SourceFile.from_bytes("a.py", f"{text}~".encode())
    rows = [
        row.split("|", 1)[1] for row in show(excerpt_of(source, steps=[make_step(source, b"~", StepRole.SINK)]))[1:]
    ]
    expected, column = [""], 0
    for char in f"{text}~":
        shown = " " * (4 - column % 4) if char == "\t" else make_printable(char)
        column += len(shown)
        if _count_columns(expected[-1] + shown) > 100:
            expected.append("")
        expected[-1] += shown
    assert rows == [row.replace("~", "[~]") for row in expected] or len(text) >= MAX_CHARACTERS


def _count_columns(text: str) -> int:
    return sum(0 if char == "\u0301" else 2 if char in "漢😀" else 1 for char in text)


def test_a_very_long_line_is_cut_around_its_step() -> None:
    source = SourceFile.from_bytes("a.js", b"a" * 5_000 + b"here" + b"b" * 5_000)
    excerpt = excerpt_of(source, steps=[make_step(source, b"here", StepRole.SINK)])
    text = "".join(piece.text for row in excerpt.rows[1:] for piece in row.pieces)
    assert len(text) == MAX_CHARACTERS + 2
    assert "here" in text
    assert (text[0], text[-1]) == ("…", "…")
    assert excerpt.num_lines_cut == 1


def test_a_long_path_keeps_its_ends() -> None:
    source = SourceFile.from_bytes("a.py", b"".join(b"step%d;\n\n\n\n\n\n\n" % number for number in range(150)))
    steps = [make_step(source, b"step%d;" % number) for number in range(150)]
    excerpt = excerpt_of(source, steps=steps)
    assert len(excerpt.rows) <= 100
    assert {0, 149} <= excerpt.places.keys()
    assert excerpt.num_steps_left_out == 150 - len(excerpt.places)
    assert draw_path(excerpt, steps).count("<rect") == len(excerpt.places)


def test_a_whole_function_is_marked_on_its_first_line() -> None:
    source = SourceFile.from_bytes("a.py", b"def f():\n" + b"    pass\n" * 30)
    excerpt = excerpt_of(source, steps=[make_step(source, source.content[:-1], StepRole.SINK)])
    assert show(excerpt) == ["|a.py", "1|[def f():]", "2|    pass", "3|    pass"]


def test_the_line_that_introduced_a_finding_is_shown() -> None:
    source = SourceFile.from_bytes("a.py", b"one\ntwo\n")
    other = SourceFile.from_bytes("b.py", b"cause\n")
    steps = [make_step(source, b"two", StepRole.SINK)]
    rows = excerpt_of(source, other, steps=steps, anchor=Anchor("b.py", 1)).rows
    assert [row.is_anchor for row in rows] == [False, False, False, False, True]
    assert not any(row.is_anchor for row in excerpt_of(source, other, steps=steps).rows)


def test_an_arrow_leads_from_step_to_step() -> None:
    source = SourceFile.from_bytes("a.py", b"a\n\nb\n\nc\n\nd\n")
    roles = (StepRole.LOOP, StepRole.SOURCE, StepRole.HOP, StepRole.SINK)
    steps = [make_step(source, text, role) for text, role in zip((b"a", b"d", b"b", b"c"), roles, strict=True)]
    drawing = draw_path(excerpt_of(source, steps=steps), steps)
    assert re.findall("<text[^>]*>(.*?)</text>", drawing) == ["1", "3", "4", "2"]
    assert drawing.count('class="a d"') == 1  # the loop is about the sink, no data flow
    assert drawing.count('class="a"') == 2 * 2 + 1  # from 2 up to 3, and from 3 to 4; each with its head
    assert 'aria-hidden="true"' in drawing


@pytest.mark.parametrize(
    ("order", "text"), [((0, 1), "1–2"), ((0, 2), "1,3"), ((0, 2, 3), "1,3–4"), ((0, 2, 4), "1,3…"), ((1,), "2")]
)
def test_steps_of_one_row_share_a_dot(order: tuple[int, ...], text: str) -> None:
    source = SourceFile.from_bytes("a.py", b"here here here\nthere there there there there\n")
    steps = [make_step(source, b"here" if idx in order else b"there") for idx in range(max(order) + 1)]
    drawing = draw_path(excerpt_of(source, steps=steps), steps)
    assert text in re.findall("<text[^>]*>(.*?)</text>", drawing)


@pytest.mark.parametrize(
    ("paths", "groups"),
    [
        (["a.py"], {"./": 1}),
        (["src/a/x.py", "src/a/y.py"], {"src/a/": 2}),
        (["src/a/x.py", "src/b/y.py", "src/z.py"], {"src/a/": 1, "src/b/": 1, "src/*": 1}),
        ([f"src/{letter}/x.py" for letter in "abcdefg"] + ["lib/y.py"], {"src/": 7, "lib/": 1}),
    ],
)
def test_folders_are_as_deep_as_their_number_allows(paths: list[str], groups: dict[str, int]) -> None:
    assert group_folders(paths) == groups


def test_what_is_no_markup_is_escaped() -> None:
    assert element("p", "<b>&\x00\u202e", title="\"'") == '<p title="&quot;&#x27;">&lt;b&gt;&amp;\\x00\\x202e</p>'
    assert element("p", element("b", "x") + "<i>") == "<p>&lt;b&gt;x&lt;/b&gt;&lt;i&gt;</p>"
    assert element("input", name="q", hidden=True, value=None, required=False) == '<input name="q" hidden>'
    assert join("a", element("br"), "\udce9") == "a<br>\\xdce9"
    assert escape_exactly("a\r\n<\t") == "a&#13;&#10;&lt;\t"
    assert render_prose("use `a<b>`, not\n c") == "use <code>a&lt;b&gt;</code>, not c"
