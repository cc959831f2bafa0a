"""Charts of a review as small drawings; each stands beside its numbers, so that nothing is said by a picture alone."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from graph_model.catalogue import Category, Severity
from reviewer.findings import Finding
from reviewer.reports.html.markup import Markup, count, element, join

_MAX_FOLDERS = 6
_NUM_BINS = 10


def render_charts(findings: Sequence[Finding]) -> Markup:
    """By category and severity, by probability, by folder; "" where nothing was found."""
    if not findings:
        return Markup("")
    charts = [_chart_categories(findings), _chart_probabilities(findings), _chart_folders(findings)]
    return element("section", element("h2", "At a glance"), *charts, class_="charts", id="charts")


def _chart_categories(findings: Sequence[Finding]) -> Markup:
    """A table of categories and severities; below each row its bar."""
    severities = [one for one in Severity if any(finding.severity is one for finding in findings)]
    names = (element("th", one.value, scope="col", class_=f"t-{one.value}") for one in severities)
    rows = [element("tr", element("th", "category", scope="col"), *names, element("th", "all", scope="col"))]
    totals = Counter(finding.category for finding in findings)
    for category in (one.value for one in Category if totals[one.value]):
        counts = Counter(finding.severity for finding in findings if finding.category == category)
        cells = [element("td", f"{counts[one]:,}" if counts[one] else "–") for one in severities]
        rows.append(element("tr", element("th", category, scope="row"), *cells, element("td", f"{totals[category]:,}")))
        bar = _draw_stack([(one, counts[one]) for one in severities], max(totals.values()))
        rows.append(element("tr", element("td", bar, colspan=len(severities) + 2)))
    table = element("table", element("caption", "By category and severity"), *rows, class_="figures")
    return element("div", table, class_="chart")


def _draw_stack(parts: Iterable[tuple[Severity, int]], most: int) -> Markup:
    shapes, x = [], 0.0
    for severity, num in parts:
        width = 100 * num / most
        if num:
            shapes.append(element("rect", x=f"{x:.4g}", width=f"{width:.4g}", height=10, class_=f"b-{severity.value}"))
        x += width
    return _draw_bar(shapes)


def _draw_bar(shapes: Iterable[Markup]) -> Markup:
    return element(
        "svg",
        *shapes,
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        class_="hbar",
        aria_hidden="true",
    )


def _chart_folders(findings: Sequence[Finding]) -> Markup:
    """The folders that hold most; clicking one asks for its path."""
    groups = group_folders(finding.path for finding in findings)
    most = max(groups.values())
    rows = []
    for folder, num in sorted(groups.items(), key=lambda item: (-item[1], item[0])):
        is_whole = folder.endswith("/")
        name = (
            element("button", folder, type="button", data_folder=f"/{folder.removeprefix('./')}")
            if is_whole
            else element("code", folder)
        )
        rows.append(element("tr", element("th", name, scope="row"), element("td", f"{num:,}")))
        bar = _draw_bar([element("rect", width=f"{100 * num / most:.4g}", height=10, class_="b-plain")])
        rows.append(element("tr", element("td", bar, colspan=2)))
    table = element("table", element("caption", "By folder"), *rows, class_="figures folders")
    return element("div", table, class_="chart")


def group_folders(paths: Iterable[str]) -> dict[str, int]:
    """How many paths lie below each of a few folders, which are as deep as the number allows.

    The largest folder is taken apart first. Files beside folders count as `folder/*`.
    """
    groups = {"./": [posixpath.dirname(path) for path in sorted(paths)]}
    whole: set[str] = set()
    while open_ := sorted(groups.keys() - whole):
        largest = max(open_, key=lambda folder: len(groups[folder]))
        parts = _split_folder(largest, groups[largest])
        if parts.keys() == {largest} or len(groups) - 1 + len(parts) > _MAX_FOLDERS:
            whole.add(largest)
            continue
        del groups[largest]
        groups |= parts
    return {folder: len(inside) for folder, inside in groups.items()}


def _split_folder(folder: str, inside: Iterable[str]) -> dict[str, list[str]]:
    """What is below each child, and what is in the folder itself: under its own name if nothing is below it."""
    parts: dict[str, list[str]] = {}
    start = 0 if folder == "./" else len(folder)
    for path in inside:
        child = path[start:].partition("/")[0]
        parts.setdefault(f"{path[:start]}{child}/" if child else f"{folder}*", []).append(path)
    return {folder: parts[f"{folder}*"]} if parts.keys() == {f"{folder}*"} else parts


def _chart_probabilities(findings: Sequence[Finding]) -> Markup:
    """A histogram in tenths, with its numbers for those who do not see it."""
    bins = Counter(min(int(finding.probability * _NUM_BINS), _NUM_BINS - 1) for finding in findings)
    shapes = list(_draw_columns(bins))
    named = [f"{count(bins[idx], 'finding')} from {idx / 10:.1f} to {(idx + 1) / 10:.1f}" for idx in sorted(bins)]
    image = element(
        "svg",
        element("title", f"Probability: {', '.join(named)}"),
        *shapes,
        viewBox="0 0 300 120",
        role="img",
        class_="columns",
    )
    caption = element("figcaption", "By probability")
    return element("figure", caption, image, class_="chart")


def _draw_columns(bins: Mapping[int, int]) -> Iterator[Markup]:
    most = max(bins.values())
    yield element("path", d="M0,100.5H300", class_="axis")
    for idx in range(_NUM_BINS):
        num = bins.get(idx, 0)
        height = 82 * num / most
        x = 30 * idx
        if num:
            shape = element(
                "rect", x=x + 3, y=f"{100 - height:.4g}", width=24, height=f"{height:.4g}", class_="b-plain"
            )
            yield join(shape, element("text", f"{num:,}", x=x + 15, y=f"{96 - height:.4g}"))
        yield element("text", f"{idx / 10:.1f}", x=x, y=114, class_="tick" if idx else "tick first")
    yield element("text", "1.0", x=300, y=114, class_="tick last")
