import pytest

from dataset_curation.injection.removals import unwrap_call


@pytest.mark.parametrize(
    ("call", "value"),
    [
        (b"escape(x)", b"x"),
        (b"escape(a + b)", b"(a + b)"),
        (b"f(g(a, b), c)", b"(g(a, b))"),
        (b"f('a,b', c)", b"('a,b')"),
        (b"x.strip()", b"x"),
        (b"a.b(c).strip()", b"a.b(c)"),
        (b"f()", None),
        (b"name", None),
        (b"f(\xc3\xbc)", b"(\xc3\xbc)"),
        (b"new int[] {1})", None),
    ],
)
def test_a_call_gives_back_what_it_was_given(call: bytes, value: bytes | None) -> None:
    assert unwrap_call(b"  " + call + b" ", 2, 2 + len(call)) == value
