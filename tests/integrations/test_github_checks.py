from typing import Any

import pytest

from integrations.github.checks import describe_check, slice_annotations
from integrations.hosts import Annotation, Conclusion, Status


def annotate(number: int) -> Annotation:
    return Annotation("ü/a.py", number, "warning", f"Title {number}", "Message")


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, [0]), (1, [1]), (49, [49]), (50, [50]), (51, [50, 1]), (100, [50, 50]), (101, [50, 50, 1])],
)
def test_annotations_go_in_batches_of_fifty(count: int, sizes: list[int]) -> None:
    """https://docs.github.com/en/rest/checks/runs#update-a-check-run"""
    annotations = [annotate(number) for number in range(count)]
    batches = list(slice_annotations(annotations))
    assert [len(batch) for batch in batches] == sizes
    assert [one for batch in batches for one in batch] == annotations


@pytest.mark.parametrize(
    ("conclusion", "fields"),
    [
        (Conclusion.RUNNING, {"status": "in_progress"}),
        (Conclusion.CLEAN, {"status": "completed", "conclusion": "success"}),
        (Conclusion.FINDINGS, {"status": "completed", "conclusion": "success"}),
        (Conclusion.BLOCKED, {"status": "completed", "conclusion": "failure"}),
        (Conclusion.INCOMPLETE, {"status": "completed", "conclusion": "neutral"}),
    ],
)
def test_a_conclusion_is_said_in_githubs_words(conclusion: Conclusion, fields: dict[str, str]) -> None:
    described = describe_check(Status("key", conclusion, "Title", "Summary"), ())
    assert described == {**fields, "output": {"title": "Title", "summary": "Summary"}}


def test_an_annotation_names_its_line_twice() -> None:
    output: Any = describe_check(Status("key", Conclusion.FINDINGS, "Title"), [annotate(3)])["output"]
    assert output["annotations"] == [
        {
            "path": "ü/a.py",
            "start_line": 3,
            "end_line": 3,
            "annotation_level": "warning",
            "title": "Title 3",
            "message": "Message",
        }
    ]


def test_a_summary_is_never_empty() -> None:
    assert describe_check(Status("key", Conclusion.CLEAN, "Title"), ())["output"]["summary"] == "Title"


def test_texts_stay_in_githubs_limits() -> None:
    long = Annotation("a.py", 1, "failure", "é" * 300, "😋" * 100_000)
    output: Any = describe_check(Status("key", Conclusion.BLOCKED, "t" * 300, "s" * 100_000), [long])["output"]
    assert len(output["title"]) == len(output["annotations"][0]["title"]) == 255
    assert len(output["summary"]) <= 65_535
    assert len(output["annotations"][0]["message"].encode()) <= 64 * 1024
