"""The formats of a report: one row each, its renderer imported when it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graph_model.catalogue import Catalogue
from reviewer.review import Review
from reviewer.source import SourceFile


@dataclass(frozen=True, slots=True)
class Frame:
    """What a report draws on beside the review. `show_path` turns its paths into ones that work for the reader.

    `sources` are the files as they were reviewed, by path: every file that evidence may name.
    """

    version: str
    catalogue: Catalogue
    show_path: Callable[[str], str] = str
    sources: Mapping[str, SourceFile] = field(default_factory=dict)
    colour: bool = False


def _render_text(review: Review, frame: Frame) -> str:
    from reviewer.reports.text import render_text  # noqa: PLC0415  # only the format that was asked for

    return render_text(review, frame.show_path, colour=frame.colour)


def _render_json(review: Review, frame: Frame) -> str:
    from reviewer.reports.json_report import render_json  # noqa: PLC0415  # as above

    return render_json(review, frame.version)


def _render_sarif(review: Review, frame: Frame) -> str:
    from reviewer.reports.sarif import render_sarif  # noqa: PLC0415  # as above

    return render_sarif(review, frame.catalogue, frame.version)


def _render_html(review: Review, frame: Frame) -> str:
    from reviewer.reports.html import render_html  # noqa: PLC0415  # as above

    return render_html(review, frame.catalogue, frame.version, frame.sources)


FORMATS: Mapping[str, Callable[[Review, Frame], str]] = {
    "text": _render_text,
    "json": _render_json,
    "sarif": _render_sarif,
    "html": _render_html,
}
