"""Check runs in GitHub's words. https://docs.github.com/en/rest/checks/runs"""

from collections.abc import Iterator, Sequence
from typing import Any  # JSON of the host

from integrations.hosts import Annotation, Conclusion, Status

CHECK_NAME = "graph-reviewer"
_MAX_ANNOTATIONS = 50  # of one request; later requests add to the list
_MAX_SUMMARY_CHARS = 60_000  # GitHub takes 65,535
_MAX_MESSAGE_CHARS = 15_000  # GitHub takes 64 KB, and a character is up to four bytes
_CONCLUSIONS = {
    Conclusion.CLEAN: "success",
    Conclusion.FINDINGS: "success",
    Conclusion.BLOCKED: "failure",
    Conclusion.INCOMPLETE: "neutral",
}


def slice_annotations(annotations: Sequence[Annotation]) -> Iterator[Sequence[Annotation]]:
    """Batches that one request takes; one empty batch when there are none, so that the outcome is written."""
    for start in range(0, max(len(annotations), 1), _MAX_ANNOTATIONS):
        yield annotations[start : start + _MAX_ANNOTATIONS]


def describe_check(status: Status, annotations: Sequence[Annotation]) -> dict[str, Any]:
    """The fields of a check run, with some of its annotations."""
    output: dict[str, Any] = {
        "title": status.title[:255],
        "summary": status.summary[:_MAX_SUMMARY_CHARS] or status.title,
    }
    if annotations:
        output["annotations"] = [_describe(one) for one in annotations]
    if status.conclusion is Conclusion.RUNNING:
        return {"status": "in_progress", "output": output}
    return {"status": "completed", "conclusion": _CONCLUSIONS[status.conclusion], "output": output}


def _describe(annotation: Annotation) -> dict[str, Any]:
    return {
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.line,
        "annotation_level": annotation.level,
        "title": annotation.title[:255],
        "message": annotation.message[:_MAX_MESSAGE_CHARS],
    }
