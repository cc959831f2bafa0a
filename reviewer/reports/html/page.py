"""The page as a whole: headline, charts, account, filters, findings, and the rule that it may load nothing.

The same review gives the same bytes. Nothing here reads a clock, and every list has an order.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from string import Template

from graph_model.catalogue import Catalogue, Severity
from reviewer.findings import Finding, order_of
from reviewer.reports.html.account import name_languages, render_account, render_alarms, render_labels
from reviewer.reports.html.charts import render_charts
from reviewer.reports.html.filters import render_filters
from reviewer.reports.html.findings import FindingPart, render_finding
from reviewer.reports.html.markup import Markup, count, element, join
from reviewer.review import Review
from reviewer.source import SourceFile

_MAX_BUILT = 200  # findings that a browser builds whole when it opens the page; below it no script is needed at all
_BATCH = 50  # findings that a browser draws, or leaves undrawn, at once where there are more than that
_WAKE = 'document.documentElement.className = "js";'  # before anything is drawn: what needs the script shows itself


def render_html(review: Review, catalogue: Catalogue, version: str, sources: Mapping[str, SourceFile]) -> str:
    """The report; `sources` holds every file that evidence may name, `version` is that of this program."""
    packed = len(review.findings) > _MAX_BUILT
    parts = [render_finding(finding, sources, packed=packed) for finding in sorted(review.findings, key=_rank)]
    style, script = _read_part("report.css"), _read_part("report.js")
    return Template(_read_part("report.html")).substitute(
        policy=_write_policy([style], [_WAKE, script]),
        title=join(_write_headline(review)),
        style=style,
        wake=_WAKE,
        head=_render_head(review, version),
        alarms=render_alarms(review),
        charts=render_charts(review.findings),
        account=render_account(review, catalogue),
        filters=render_filters(review.findings),
        findings=_render_findings(parts, packed=packed),
        labels=render_labels((finding.label for finding in review.findings), catalogue),
        script=script,
    )


def _rank(finding: Finding) -> tuple[float, float, tuple[object, ...]]:
    """The worst first, then the likeliest."""
    return (-finding.severity.security_severity, -finding.probability, order_of(finding))


def _read_part(name: str) -> str:
    return resources.files("reviewer.reports.html").joinpath(name).read_text("utf-8")


def _write_policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """What a browser may do with this page: run its own script, use its own style, load nothing.

    https://www.w3.org/TR/CSP3/#grammardef-hash-source
    """
    rules = [
        "default-src 'none'",
        f"style-src {' '.join(map(_hash, styles))}",
        f"script-src {' '.join(map(_hash, scripts))}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(rules)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _write_headline(review: Review) -> str:
    """`12 findings (2 critical, 10 low)`."""
    counts = Counter(finding.severity for finding in review.findings)
    kinds = ", ".join(f"{counts[severity]:,} {severity.value}" for severity in Severity if counts[severity])
    found = count(len(review.findings), "finding")
    return f"{found} ({kinds})" if kinds else found


def _render_head(review: Review, version: str) -> Markup:
    counts = Counter(finding.severity for finding in review.findings)
    tiles = [
        element("li", element("b", f"{counts[severity]:,}"), f" {severity.value}", class_=f"s-{severity.value}")
        for severity in Severity
    ]
    title = element("h1", count(len(review.findings), "finding"))
    return element(
        "header", title, element("ul", *tiles, class_="tiles"), _render_facts(review, version), class_="head"
    )


def _render_facts(review: Review, version: str) -> Markup:
    ledger = review.ledger
    languages = f" · {name_languages(ledger.reviewed)}" if ledger.reviewed else ""
    left_out = f"{len(ledger.skipped):,} not reviewed, {len(ledger.failed):,} failed"
    change = join(element("code", review.base), " to ", element("code", review.head)) if review.base else ""
    facts = [
        ("Change", change),
        ("Reviewed", f"{count(len(ledger.reviewed), 'file')}, {count(ledger.num_lines, 'line')}{languages}"),
        ("Left out", f"{left_out}, {count(len(review.withheld), 'candidate')} not shown"),
        ("Model", element("code", review.model_identity)),
        ("Program", f"graph-reviewer {version}"),
    ]
    return element("dl", *(join(element("dt", name), element("dd", text)) for name, text in facts if text))


def _render_findings(parts: Sequence[FindingPart], *, packed: bool) -> Markup:
    lines, steps = sum(part.num_lines_cut for part in parts), sum(part.num_steps_left_out for part in parts)
    patches = sum(part.is_patch_left_out for part in parts)
    said = [
        f"{count(lines, 'long line')} of code cut" if lines else "",
        f"{count(steps, 'step')} of long paths not drawn" if steps else "",
        f"{count(patches, 'long diff')} left out" if patches else "",
    ]
    cut = element("p", f"To keep this page small: {', '.join(filter(None, said))}.", class_="cut") if any(said) else ""
    empty = element("p", "Nothing was found.") if not parts else ""
    bar = element(
        "div",
        element("p", id="shown", role="status"),
        element("button", "Unfold all", type="button", id="fold"),
        class_="bar",
    )
    listed = _batch(parts) if packed else [part.markup for part in parts]
    return join(bar if parts else "", empty, element("div", *listed, id="list"), cut)


def _batch(parts: Sequence[FindingPart]) -> list[Markup]:
    """A browser keeps an eye on each part that it may leave undrawn: a hundred are cheap, thousands are not."""
    starts = range(0, len(parts), _BATCH)
    return [element("div", *(part.markup for part in parts[idx : idx + _BATCH]), class_="batch") for idx in starts]
