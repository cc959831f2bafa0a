"""The controls that narrow and order the findings. They need the page's script and are hidden without it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from graph_model.catalogue import Category, Severity
from reviewer.findings import Finding
from reviewer.reports.html.account import show_language
from reviewer.reports.html.findings import name_language
from reviewer.reports.html.markup import Markup, element, join

_ORDERS = (("severity", "Worst first"), ("probability", "Likeliest first"), ("path", "By file and line"))


def render_filters(findings: Sequence[Finding]) -> Markup:
    """One form; "" where there is nothing to filter."""
    if not findings:
        return Markup("")
    controls = [
        _label("Search", element("input", type="search", name="q", placeholder="message, code, path, symbol")),
        _boxes("Severity", "severity", [one.value for one in Severity], (one.severity.value for one in findings)),
        _boxes("Category", "category", [one.value for one in Category], (one.category for one in findings)),
        _choice("Label", "label", [(one, one) for one in sorted({one.label for one in findings})]),
        _choice("Language", "language", _list_languages(findings)),
        _label("Path contains", element("input", type="text", name="path", spellcheck="false", autocomplete="off")),
        _probability(),
        _choice("Fix", "fix", [("with", "with a fix"), ("without", "without a fix")]),
        _label(
            "Order", element("select", *(element("option", text, value=value) for value, text in _ORDERS), name="order")
        ),
    ]
    reset = element("button", "Reset", type="reset")
    panel = element("details", element("summary", "Filters"), *controls, reset, open=True)
    return element("form", panel, id="filters", role="search", aria_label="Filter the findings")


def _label(text: str, control: Markup) -> Markup:
    return element("label", element("span", text), control)


def _boxes(title: str, name: str, known: Iterable[str], found: Iterable[str]) -> Markup:
    counts = Counter(found)
    boxes = [
        element(
            "label",
            element("input", type="checkbox", name=name, value=value),
            element("span", f" {value} "),
            element("output", f"{counts[value]:,}", data_count=f"{name}={value}"),
            class_=f"t-{value}",
        )
        for value in known
        if counts[value]
    ]
    return element("fieldset", element("legend", title), *boxes)


def _choice(title: str, name: str, options: Iterable[tuple[str, str]]) -> Markup:
    every = element("option", "all", value="")
    rest = (element("option", text, value=value, data_text=text) for value, text in options)
    return _label(title, element("select", every, *rest, name=name))


def _list_languages(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    names = sorted({name_language(finding.path) for finding in findings})
    return [(name, show_language(name)) for name in names]


def _probability() -> Markup:
    text = join("Probability at least ", element("output", "0.00", id="least", for_="p"))
    control = element("input", type="range", name="p", id="p", min="0", max="1", step="0.01", value="0")
    return element("label", element("span", text), control)
