import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.source import Position, SourceFile, Span

TEXTS = st.lists(
    st.sampled_from(["a", "é", "😀", "\n", "\r\n", "\r", "\t", " ", "x = 1", "\u2028", "\x0c", "e\u0301"]), max_size=40
).map("".join)


def boundaries(text: str) -> list[int]:
    return [len(text[:count].encode()) for count in range(len(text) + 1)]


@given(TEXTS)
def test_offset_to_position_and_back(text: str) -> None:
    source = SourceFile.from_bytes("a.py", text.encode())
    for offset in boundaries(text):
        position = source.position_at(offset)
        assert source.offset_at(position) == offset
        assert position.line == text.encode()[:offset].count(b"\n") + 1


@given(TEXTS)
def test_lines_put_together_are_the_text(text: str) -> None:
    source = SourceFile.from_bytes("a.py", text.encode())
    lines = [source.line_text(line) for line in range(1, source.num_lines + 1)]
    assert [line.removesuffix("\r") for line in text.split("\n")][: source.num_lines] == lines
    assert source.num_lines == text.count("\n") + (text != "" and not text.endswith("\n"))


@given(st.binary(max_size=200))
def test_any_bytes_become_a_source(raw: bytes) -> None:
    source = SourceFile.from_bytes("a.py", raw)
    source.content.decode("utf-8")
    if source.is_lossless:
        assert source.encode(source.content) == raw


@pytest.mark.parametrize(
    ("raw", "encoding", "text"),
    [
        (b"", "utf-8", ""),
        ("é😀".encode(), "utf-8", "é😀"),
        (b"\xef\xbb\xbfx = 1", "utf-8", "x = 1"),
        ("x = 'é'".encode("utf-16"), "utf-16-le", "x = 'é'"),
        (b"\xfe\xff" + "x".encode("utf-16-be"), "utf-16-be", "x"),
        (b"\xff\xfe\x00\x00" + "x".encode("utf-32-le"), "utf-32-le", "x"),
        (b"# -*- coding: koi8-r -*-\n\xc1", "koi8-r", "# -*- coding: koi8-r -*-\nа"),
        (b"#!/bin/x\n# vim: fileencoding=latin-1\n\xe9\x81", "latin-1", "#!/bin/x\n# vim: fileencoding=latin-1\né\x81"),
        (b"# coding: nonsense\n\xe9", "cp1252", "# coding: nonsense\né"),
        (b"# coding: rot13\n\xe9", "cp1252", "# coding: rot13\né"),
        (b"caf\xe9", "cp1252", "café"),
        (b"caf\x81", "latin-1", "caf\x81"),
    ],
)
def test_encoding_is_told_and_kept(raw: bytes, encoding: str, text: str) -> None:
    source = SourceFile.from_bytes("a.py", raw)
    assert (source.encoding, source.content.decode()) == (encoding, text)
    assert source.is_lossless
    assert source.encode(source.content) == raw


def test_cut_wide_text_is_read_but_never_written_back() -> None:
    source = SourceFile.from_bytes("a.py", "x".encode("utf-16") + b"\x00")
    assert source.content.startswith(b"x")
    assert not source.is_lossless


def test_columns_count_characters() -> None:
    source = SourceFile.from_bytes("a.py", "a = '😀é' + b\r\n".encode())
    assert source.position_at(source.content.index(b"b")) == Position(1, 12)
    assert source.position_at(source.content.index("é".encode()) + 1) == Position(1, 7)
    assert source.line_text(1) == "a = '😀é' + b"
    assert source.has_crlf


def test_places_outside_are_refused() -> None:
    source = SourceFile.from_bytes("a.py", b"ab\n")
    assert source.position_at(3) == Position(2, 1)
    assert source.line_text(9) == ""
    assert source.text_at(Span(0, 2)) == "ab"
    for place in (lambda: source.position_at(4), lambda: source.offset_at(Position(3, 1))):
        with pytest.raises(ValueError, match="expected"):
            place()
    with pytest.raises(ValueError, match=r"column: expected 1\.\.3, found 4"):
        source.offset_at(Position(1, 4))


@pytest.mark.parametrize(
    ("first", "second", "touch"),
    [
        (Span(0, 3), Span(2, 5), True),
        (Span(0, 2), Span(2, 5), False),
        (Span(2, 2), Span(2, 5), True),
        (Span(0, 9), Span(3, 3), True),
        (Span(0, 2), Span(3, 3), False),
    ],
)
def test_spans_touch(first: Span, second: Span, touch: bool) -> None:
    assert first.touches(second) is touch
    assert second.touches(first) is touch


def test_a_span_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match=r"found 3\.\.2"):
        Span(3, 2)
