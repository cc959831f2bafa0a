"""GitHub's hash of lines, against its published examples and against the algorithm written down again, unit by unit."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.reports.line_hashes import hash_lines

END_OF_GREETING = (
    "e9496ae3ebfced30:1 fb7c023a8b9ccb3f:1 ce8ba1a563dcdaca:1 e20e36e16fcb0cc8:1 b3edc88f2938467e:1 c8e28b0b4002a3a0:1 "
    "c129715d7a2bc9a3:1"
)
# Values from src/fingerprints.test.ts of github/codeql-action.
EXAMPLES = [
    ("", "c129715d7a2bc9a3:1"),
    (" a\nb\n  \t\tc\n d", "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1"),
    (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", END_OF_GREETING),
    (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", END_OF_GREETING),
    (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", END_OF_GREETING),
    (" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", END_OF_GREETING),
    (
        "Lorem ipsum dolor sit amet.\n" * 10,
        " ".join(f"a7f2ff13bc495cf2:{number}" for number in range(1, 7))
        + " a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1 c129715d7a2bc9a3:1",
    ),
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_published_examples(text: str, expected: str) -> None:
    assert hash_lines(text) == tuple(expected.split())


def roll(text: str) -> tuple[str, ...]:
    """One unit after another through a window of a hundred, as GitHub does it."""
    content = text.encode("utf-16-le", "surrogatepass")
    units = [int.from_bytes(content[at : at + 2], "little") for at in range(0, len(content), 2)]
    window, starts = [0] * 100, [False] * 100
    number, at, begins_line, was_return = 0, 0, True, False
    seen: Counter[str] = Counter()
    hashes: list[str] = []

    def push(unit: int, *, is_start: bool) -> None:
        nonlocal number, at
        if starts[at]:
            name = f"{number:x}"
            seen[name] += 1
            hashes.append(f"{name}:{seen[name]}")
        number = (37 * number + unit - 37**100 * window[at]) % 2**64
        window[at], starts[at] = unit, is_start
        at = (at + 1) % 100

    for given_unit in (*units, 65_535):
        if given_unit in (9, 32) or (was_return and given_unit == 10):
            was_return = False
            continue
        was_return = given_unit == 13
        unit = 10 if was_return else given_unit
        push(unit, is_start=begins_line)
        begins_line = unit == 10
    for _ in range(100):
        push(0, is_start=False)
    return tuple(hashes)


@given(st.text(st.sampled_from("ab \t\r\n\x00é😀\uffff"), max_size=400) | st.text(max_size=200))
def test_every_text_hashes_as_github_does(text: str) -> None:
    assert hash_lines(text) == roll(text)


def test_a_file_of_many_lines_hashes_as_a_short_one_does() -> None:
    text = "".join(f"line {number % 7}\r\n" for number in range(5_000))
    assert hash_lines(text) == roll(text)
