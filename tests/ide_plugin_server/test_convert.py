import pytest
from hypothesis import given
from hypothesis import strategies as st

from ide_plugin_server.convert import Encoding, Extent, LineTable, Place
from ide_plugin_server.documents import Documents, TextChange, apply_change

UTF8, UTF16, UTF32 = Encoding.UTF8, Encoding.UTF16, Encoding.UTF32


@pytest.mark.parametrize(
    ("text", "offset", "encoding", "place"),
    [
        ("", 0, UTF16, (0, 0)),
        ("a", 1, UTF16, (0, 1)),
        ("aä錯誤😋b", 12, UTF8, (0, 12)),
        ("aä錯誤😋b", 13, UTF16, (0, 6)),
        ("aä錯誤😋b", 13, UTF32, (0, 5)),
        ("aä錯誤😋b", 14, UTF16, (0, 7)),
        ("😋\n😋x", 9, UTF16, (1, 2)),
        ("a\r\nb", 1, UTF16, (0, 1)),
        ("a\r\nb", 2, UTF16, (0, 1)),  # inside the line's ending
        ("a\r\nb", 3, UTF16, (1, 0)),
        ("a\rb", 2, UTF16, (1, 0)),
        ("a\x0cb\u2028c\x85d", 9, UTF16, (0, 6)),  # what Python's splitlines would end a line at
        ("no end", 6, UTF16, (0, 6)),
        ("end\n", 4, UTF16, (1, 0)),
        ("end\n", 99, UTF16, (1, 0)),
    ],
)
def test_a_byte_has_the_place_that_the_protocol_counts(
    text: str, offset: int, encoding: Encoding, place: tuple[int, int]
) -> None:
    table = LineTable(text.encode(), encoding)
    assert table.offset_to_place(offset) == Place(*place)


@pytest.mark.parametrize(
    ("text", "place", "encoding", "offset"),
    [
        ("", (0, 0), UTF16, 0),
        ("", (7, 7), UTF16, 0),
        ("ab\ncd", (0, 99), UTF16, 2),  # past the end of a line is its end
        ("ab\r\ncd", (0, 99), UTF16, 2),
        ("ab\ncd", (9, 0), UTF16, 5),
        ("x😋y", (0, 2), UTF16, 1),  # inside a surrogate pair
        ("x😋y", (0, 3), UTF8, 1),  # inside a character
        ("x😋y", (0, 3), UTF16, 5),
        ("x😋y", (0, 2), UTF32, 5),
    ],
)
def test_a_place_outside_the_text_is_its_nearest_end(
    text: str, place: tuple[int, int], encoding: Encoding, offset: int
) -> None:
    assert LineTable(text.encode(), encoding).place_to_offset(Place(*place)) == offset


@given(st.text(alphabet="aä錯😋\n\r\x0c\u2028 ", max_size=40), st.sampled_from(Encoding))
def test_place_and_byte_of_every_character_lead_to_each_other(text: str, encoding: Encoding) -> None:
    table = LineTable(text.encode(), encoding)
    at = 0
    for idx, character in enumerate(text):
        if not (character == "\n" and text[idx - 1 : idx] == "\r"):
            assert table.place_to_offset(table.offset_to_place(at)) == at
        at += len(character.encode())


def test_a_byte_order_mark_in_the_editors_text_moves_the_first_line_only() -> None:
    table = LineTable(b"x = 1\ny", UTF16, num_hidden=3)
    assert table.offset_to_place(0) == Place(0, 1)
    assert table.offset_to_place(6) == Place(1, 0)
    assert table.place_to_offset(Place(0, 1)) == 0


@pytest.mark.parametrize(("line", "extent"), [(1, ((0, 2), (0, 4))), (2, ((1, 0), (1, 0))), (9, ((2, 0), (2, 1)))])
def test_a_line_of_a_report_is_a_range_without_indent_and_ending(
    line: int, extent: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    found = LineTable(b"  ab\r\n\r\nc").line_to_extent(line)
    assert found == Extent(Place(*extent[0]), Place(*extent[1]))


def change(text: str, start: tuple[int, int], end: tuple[int, int]) -> TextChange:
    return TextChange(text, Extent(Place(*start), Place(*end)))


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("", change("x", (0, 0), (0, 0)), "x"),
        ("a😋b\nc", change("", (0, 1), (0, 3)), "ab\nc"),
        ("a\x0cb\u2028c\nd", change("D", (1, 0), (1, 1)), "a\x0cb\u2028c\nD"),
        ("a\r\nb\r\n", change("c\r\n", (2, 0), (2, 0)), "a\r\nb\r\nc\r\n"),
        ("ab", change("x", (5, 0), (9, 9)), "abx"),
        ("ab\ncd", change("-", (1, 1), (0, 1)), "a-d"),  # ends the wrong way round
        ("ab", TextChange("whole"), "whole"),
        ("ab", change("\ud83d", (0, 1), (0, 1)), "a?b"),
    ],
)
def test_edits_are_made_where_the_client_means(before: str, edit: TextChange, after: str) -> None:
    assert apply_change(before.encode(), edit, UTF16) == after.encode()


def test_changes_follow_each_other_and_unknown_documents_have_none() -> None:
    documents = Documents()
    opened = documents.open("file:///a.py", "python", 1, "a\nb")
    changed = documents.change("file:///a.py", 2, [change("x\n", (0, 0), (0, 0)), change("", (1, 0), (1, 1))])
    assert changed is not None
    assert changed.content == b"x\n\nb"
    assert changed.serial > opened.serial
    assert documents.change("file:///b.py", 2, []) is None
    assert documents.close("file:///a.py") == changed
    assert documents.close("file:///a.py") is None
