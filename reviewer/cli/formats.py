"""The formats of a report: one row each, its renderer imported when it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from graph_model.catalogue import Catalogue
from reviewer.review import Review
from reviewer.source import SourceFile


@dataclass(frozen=True, slots=True)
class Frame:
    """What a report draws on beside the review. `show_path` turns its paths into ones that work for the reader.

    `sources` are the files as they were reviewed, by path: every file that evidence may name. `find_time`
    gives the one time that a report may name, the same whenever the same is reviewed. `remarks` are what the exit code
    does not tell, for reports that people read.
    """

    version: str
    catalogue: Catalogue
    show_path: Callable[[str], str] = str
    sources: Mapping[str, SourceFile] = field(default_factory=dict)
    colour: bool = False
    find_time: Callable[[], datetime] = lambda: datetime.fromtimestamp(0, UTC)
    remarks: tuple[str, ...] = ()


def _render_text(review: Review, frame: Frame) -> str:
    from reviewer.reports.text import render_text  # noqa: PLC0415  # only the format that was asked for

    return render_text(review, frame.show_path, colour=frame.colour, remarks=frame.remarks)


def _render_json(review: Review, frame: Frame) -> str:
    from reviewer.reports.json_report import render_json  # noqa: PLC0415  # as above

    return render_json(review, frame.version)


def _render_sarif(review: Review, frame: Frame) -> str:
    from reviewer.reports.sarif import render_sarif  # noqa: PLC0415  # as above

    return render_sarif(review, frame.catalogue, frame.version, frame.sources)


def _render_github(review: Review, frame: Frame) -> str:
    from reviewer.reports.workflow_commands import render_commands  # noqa: PLC0415  # as above

    return render_commands(review, frame.remarks)


def _render_gitlab(review: Review, frame: Frame) -> str:
    del frame
    from reviewer.reports.gitlab import render_code_quality  # noqa: PLC0415  # as above

    return render_code_quality(review)


def _render_gitlab_sast(review: Review, frame: Frame) -> str:
    from reviewer.reports.gitlab import render_sast  # noqa: PLC0415  # as above

    return render_sast(review, frame.version, frame.find_time())


def _render_html(review: Review, frame: Frame) -> str:
    from reviewer.reports.html import render_html  # noqa: PLC0415  # as above

    return render_html(review, frame.catalogue, frame.version, frame.sources)


FORMATS: Mapping[str, Callable[[Review, Frame], str]] = {
    "text": _render_text,
    "json": _render_json,
    "sarif": _render_sarif,
    "html": _render_html,
    "github": _render_github,
    "gitlab": _render_gitlab,
    "gitlab-sast": _render_gitlab_sast,
}
READ_BY_PEOPLE = frozenset({"text", "github"})  # these end with the remarks
