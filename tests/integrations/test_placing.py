from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.hosts import Place
from integrations.placing import Spot, place_finding
from reviewer.changes import ChangeKind, FileChange, Hunk

if TYPE_CHECKING:
    from tests.integrations.conftest import Samples

TEXT = ("one", "two", "thrée = f(x)", "four", "five", "six", "seven", "eight", "nine", "ten", "")


def change(*hunks: tuple[int, int], **values: Any) -> FileChange:
    made = tuple(Hunk(range(1, 1), range(*lines)) for lines in hunks)
    return FileChange(**{"path": "a.py", "old_path": "old.py", "kind": ChangeKind.MODIFIED, "hunks": made, **values})


def at(start: int, end: int | None = None) -> Place:
    """Lines that `change` added."""
    return Place("a.py", start, end or start, "old.py", next_old_line=1)


@pytest.mark.parametrize("line", [8, 9, 0, -3])
def test_a_line_outside_every_hunk_has_no_spot(samples: "Samples", line: int) -> None:
    assert place_finding(samples.finding(line=line), change((2, 5), (6, 8)), {}) is None


@pytest.mark.parametrize("line", [2, 4, 6, 7])
def test_a_changed_line_is_commented_on_with_its_old_path(samples: "Samples", line: int) -> None:
    spot = place_finding(samples.finding(line=line), change((2, 5), (6, 8)), {})
    assert spot == Spot(at(line))


def test_a_file_that_the_change_does_not_touch_has_no_spot(samples: "Samples") -> None:
    assert place_finding(samples.finding(), None, {}) is None


@pytest.mark.parametrize(
    "values",
    [
        {"is_binary": True},
        {"hunks": ()},
        {"hunks": (Hunk(range(2, 2), range(2, 2)),)},
        {"hunks": (Hunk(range(1, 1), range(1, 20_001)),)},
    ],
    ids=["binary", "only renamed", "nothing at all", "a diff that hosts do not show"],
)
def test_a_change_without_lines_to_comment_on_has_no_spot(samples: "Samples", values: dict[str, Any]) -> None:
    assert place_finding(samples.finding(), change(**values), {}) is None


DELETED, REPLACED = Hunk(range(12, 15), range(3, 3)), Hunk(range(11, 12), range(4, 6))


@pytest.mark.parametrize(
    ("line", "hunks", "place"),
    [
        (3, [DELETED], Place("a.py", 14, 14, "old.py", is_deleted=True)),  # deleted before the line
        (2, [DELETED], Place("a.py", 14, 14, "old.py", is_deleted=True)),  # deleted behind it, at the end of a function
        (1, [DELETED], None),
        (4, [DELETED], None),
        (3, [REPLACED, DELETED], Place("a.py", 14, 14, "old.py", is_deleted=True)),
        (3, [REPLACED], Place("a.py", 4, 4, "old.py", next_old_line=12)),  # its last lines became these
        (
            4,
            [REPLACED, DELETED],
            Place("a.py", 4, 4, "old.py", next_old_line=12),
        ),  # the head is the better place
    ],
)
def test_a_finding_that_a_deletion_introduced_is_placed_on_what_was_deleted(
    samples: "Samples", line: int, hunks: list[Hunk], place: Place | None
) -> None:
    finding = samples.finding(line=9, anchor={"path": "a.py", "line": line}, fix=samples.fix())
    spot = place_finding(finding, change(hunks=tuple(hunks)), {})
    assert spot == (None if place is None else Spot(place))


@pytest.mark.parametrize(
    ("start", "end", "end_column", "shown"),
    [
        (3, 4, 5, (3, 4)),
        (1, 4, 5, (2, 4)),
        (3, 9, 5, (3, 4)),
        (1, 9, 5, (2, 4)),
        (3, 4, 1, (3, 3)),  # it ends with the line feed of line 3
        (3, 3, 5, (3, 3)),
        (6, 7, 5, (3, 3)),  # the finding is elsewhere: its anchor is what changed
        (1, 2, 5, (3, 3)),
    ],
)
def test_the_lines_of_a_finding_are_cut_to_the_hunk(
    samples: "Samples", start: int, end: int, end_column: int, shown: tuple[int, int]
) -> None:
    location = {"path": "a.py", "start_line": start, "start_column": 1, "end_line": end, "end_column": end_column}
    finding = samples.finding(location=location, anchor={"path": "a.py", "line": 3})
    spot = place_finding(finding, change((2, 5)), {})
    assert spot == Spot(at(*shown))


def test_a_finding_in_another_file_is_shown_where_it_was_introduced(samples: "Samples") -> None:
    finding = samples.finding(path="b.py", line=90, anchor={"path": "a.py", "line": 3})
    assert place_finding(finding, change((2, 5)), {}) == Spot(at(3))


@pytest.mark.parametrize(
    ("edits", "shown", "suggestion"),
    [
        ([("a.py", (3, 9), (3, 10), "g")], (3, 3), "thrée = g(x)"),
        ([("a.py", (3, 1), (3, 1), "import g\n")], (3, 3), "import g\nthrée = f(x)"),
        ([("a.py", (3, 13), (3, 13), "\n")], (3, 3), "thrée = f(x)\n"),
        ([("a.py", (3, 1), (4, 5), "")], (3, 4), ""),
        ([("a.py", (2, 4), (4, 1), " + ")], (2, 4), "two + four"),
        ([("a.py", (3, 1), (3, 13), "a\r\nb")], (3, 3), "a\nb"),
        ([("a.py", (3, 1), (4, 1), "")], (3, 4), "four"),
    ],
    ids=["inside", "line before", "line behind", "two lines", "joined", "CRLF", "line deleted"],
)
def test_one_edit_inside_the_hunk_becomes_a_suggestion(
    samples: "Samples",
    edits: list[tuple[str, tuple[int, int], tuple[int, int], str]],
    shown: tuple[int, int],
    suggestion: str,
) -> None:
    finding = samples.finding(line=3, fix=samples.fix(*edits))
    spot = place_finding(finding, change((2, 6)), {"a.py": TEXT})
    assert spot == Spot(at(*shown), suggestion)


@pytest.mark.parametrize(
    "edits",
    [
        [],
        [("a.py", (3, 1), (3, 2), "x"), ("a.py", (4, 1), (4, 2), "x")],
        [("b.py", (3, 1), (3, 2), "x")],
        [("a.py", (1, 1), (3, 2), "x")],
        [("a.py", (3, 1), (9, 2), "x")],
    ],
    ids=["none", "two", "another file", "begins before the hunk", "ends behind it"],
)
def test_a_fix_that_is_not_one_edit_inside_the_hunk_is_no_suggestion(
    samples: "Samples", edits: list[tuple[str, tuple[int, int], tuple[int, int], str]]
) -> None:
    finding = samples.finding(line=3, fix=samples.fix(*edits))
    assert place_finding(finding, change((2, 6)), {"a.py": TEXT}) == Spot(at(3))


@pytest.mark.parametrize(("num_lines", "is_offered"), [(101, True), (102, False)])
def test_a_fix_of_more_lines_than_hosts_replace_is_no_suggestion(
    samples: "Samples", num_lines: int, is_offered: bool
) -> None:
    finding = samples.finding(line=2, fix=samples.fix(("a.py", (2, 1), (num_lines + 1, 2), "x")))
    spot = place_finding(finding, change((2, 200)), {"a.py": ("line",) * 200})
    assert spot is not None
    assert (spot.suggestion is not None) == is_offered
    assert spot.place == (at(2, num_lines + 1) if is_offered else at(2))


@pytest.mark.parametrize(
    ("hunk", "kind", "expected"),
    [
        (Hunk(range(1, 1), range(1, 4)), ChangeKind.ADDED, 0),
        (Hunk(range(1, 1), range(1, 4)), ChangeKind.MODIFIED, None),  # the base may be empty, or follow
        (Hunk(range(1, 3), range(1, 4)), ChangeKind.MODIFIED, 3),
        (Hunk(range(7, 7), range(9, 12)), ChangeKind.RENAMED, 7),
        (Hunk(range(7, 8), range(9, 12)), ChangeKind.MODIFIED, 8),
    ],
)
def test_a_place_knows_the_line_of_the_base_behind_it(
    samples: "Samples", hunk: Hunk, kind: ChangeKind, expected: int | None
) -> None:
    spot = place_finding(samples.finding(line=hunk.new[0]), change(hunks=(hunk,), kind=kind), {})
    assert spot is not None
    assert spot.place.next_old_line == expected


@pytest.mark.parametrize("lines", [{}, {"a.py": ()}, {"a.py": ("one", "two")}], ids=["unread", "no text", "shorter"])
def test_a_file_that_does_not_fit_the_report_gives_no_suggestion(
    samples: "Samples", lines: dict[str, tuple[str, ...]]
) -> None:
    finding = samples.finding(line=3, fix=samples.fix(("a.py", (3, 1), (3, 2), "x")))
    assert place_finding(finding, change((2, 6)), lines) == Spot(at(3))


@given(st.data())
def test_taking_a_suggestion_is_making_the_edit(samples: "Samples", data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.text("ab é\t", max_size=6), min_size=1, max_size=6))
    first, last = sorted(data.draw(st.tuples(*[st.integers(1, len(lines))] * 2)))
    start, end = data.draw(st.integers(0, len(lines[first - 1]))), data.draw(st.integers(0, len(lines[last - 1])))
    start, end = (min(start, end), max(start, end)) if first == last else (start, end)
    replacement = data.draw(st.text("xy \n", max_size=6))
    finding = samples.finding(line=first, fix=samples.fix(("a.py", (first, start + 1), (last, end + 1), replacement)))
    spot = place_finding(finding, change((1, len(lines) + 1)), {"a.py": tuple(lines)})
    assert spot is not None
    assert spot.suggestion is not None
    offset = sum(len(one) + 1 for one in lines[: first - 1]) + start
    stop = sum(len(one) + 1 for one in lines[: last - 1]) + end
    text = "\n".join(lines)
    taken = [*lines[: spot.place.start_line - 1], spot.suggestion, *lines[spot.place.end_line :]]
    assert "\n".join(taken) == text[:offset] + replacement + text[stop:]


@given(st.data())
def test_a_spot_lies_inside_one_hunk(samples: "Samples", data: st.DataObject) -> None:
    """A host refuses the whole review for one line that does not."""
    number = st.integers(0, 12)
    hunks = [(2, 4), (6, 7), (9, 12)]
    start, size = data.draw(number), data.draw(number)
    line = data.draw(number)
    anchor = {"path": "a.py", "line": line}
    fix = samples.fix(("a.py", (max(1, data.draw(number)), 1), (max(1, data.draw(number)), 1), "x"))
    finding = samples.finding(line=start, end_line=start + size, anchor=anchor, fix=fix)
    spot = place_finding(finding, change(*hunks), {"a.py": TEXT})
    holding = [range(*one) for one in hunks if line in range(*one)]
    holding = holding or [range(*one) for one in hunks if 1 <= line == one[0] - 1]
    assert (spot is None) == (not holding)
    if spot is not None:
        assert spot.place.start_line in holding[0]
        assert spot.place.end_line in holding[0]
