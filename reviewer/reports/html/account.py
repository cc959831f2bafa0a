"""What was reviewed, what was not and why, and what was found and is not shown: the honest part of the page."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from graph_model.catalogue import Catalogue
from reviewer.ledger import Ledger, Reviewed, Skip, SkipReason
from reviewer.reports.html.markup import Markup, count, element, join, render_prose
from reviewer.review import Review
from reviewer.selection import Withheld, WithheldReason

MAX_ROWS = 1_000  # of one table
_NAMES = {
    "python": "Python",
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "tsx": "TSX",
    "java": "Java",
    "csharp": "C#",
}


def render_alarms(review: Review) -> Markup:
    """What makes the review incomplete, in front of everything else."""
    ledger = review.ledger
    if ledger.failed:
        items = [element("li", element("code", one.path), f": {one.error}") for one in ledger.failed[:MAX_ROWS]]
        said = f"This review is incomplete: {count(len(ledger.failed), 'file')} failed."
        more = [element("li", f"and {len(ledger.failed) - MAX_ROWS:,} more")] if len(ledger.failed) > MAX_ROWS else []
        return element(
            "div", element("p", element("b", said)), element("ul", *items, *more), class_="alarm", role="note"
        )
    if not ledger.reviewed:
        return element("div", element("p", element("b", "Nothing was reviewed.")), class_="alarm", role="note")
    return Markup("")


def render_account(review: Review, catalogue: Catalogue) -> Markup:
    """Every part of the account, each folded with its number in sight."""
    parts = [
        *_account_reviewed(review),
        *_account_partly(review.ledger),
        *_account_skipped(review.ledger.skipped),
        *_account_withheld(review.withheld),
        *_account_notes(review),
        *_account_thresholds(review, catalogue),
    ]
    return element("section", element("h2", "What was reviewed, and what was not"), *parts, id="account")


def name_languages(reviewed: Iterable[Reviewed]) -> str:
    """`C# 12 files, Java 1 file`."""
    counts = Counter(one.language for one in reviewed)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{show_language(name)} {count(num, 'file')}" for name, num in ordered)


def show_language(name: str) -> str:
    """A language as people write it."""
    return _NAMES.get(name, name)


def _fold(summary: str, *content: str) -> Markup:
    return element("details", element("summary", summary), *content)


def _tabulate(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table of at most so many rows, which says how many more there are."""
    head = element("tr", *(element("th", one, scope="col") for one in heads))
    shown = [element("tr", *(element("td", cell) for cell in row)) for row in rows[:MAX_ROWS]]
    table = element("table", element("thead", head), element("tbody", *shown))
    left = len(rows) - len(shown)
    more = element("p", f"{left:,} more are in the JSON report of the same review.") if left else ""
    return join(element("div", table, class_="wide", tabindex=0, role="group", aria_label=", ".join(heads)), more)


def _account_reviewed(review: Review) -> Iterator[Markup]:
    ledger = review.ledger
    if not ledger.reviewed:
        return
    found = Counter(finding.path for finding in review.findings)
    rows = [
        [element("code", one.path), show_language(one.language), f"{one.num_lines:,}", str(found[one.path] or "")]
        for one in ledger.reviewed
    ]
    summary = f"Reviewed: {count(len(rows), 'file')}, {count(ledger.num_lines, 'line')}"
    yield _fold(
        f"{summary} ({name_languages(ledger.reviewed)})", _tabulate(["File", "Language", "Lines", "Findings"], rows)
    )


def _account_partly(ledger: Ledger) -> Iterator[Markup]:
    rows = [
        [element("code", f"{one.path}:{problem.start_line}-{problem.end_line}"), f"{problem.kind} {problem.detail}"]
        for one in ledger.reviewed
        for problem in one.problems
    ]
    if rows:
        num = sum(bool(one.problems) for one in ledger.reviewed)
        yield _fold(f"Read in part: {count(num, 'file')}", _tabulate(["Lines that were not read", "Why"], rows))


def _account_skipped(skipped: Sequence[Skip]) -> Iterator[Markup]:
    counts = Counter(one.reason for one in skipped)
    if not counts:
        return
    named = ", ".join(f"{counts[reason]:,} {reason.value}" for reason in SkipReason if counts[reason])
    other = [one for one in skipped if one.reason is not SkipReason.NO_LANGUAGE]
    rows = [[element("code", one.path), one.reason.value, one.detail] for one in other]
    suffixes = Counter(
        PurePosixPath(one.path).suffix or "no suffix" for one in skipped if one.reason is SkipReason.NO_LANGUAGE
    )
    common = sorted(suffixes.items(), key=lambda item: (-item[1], item[0]))
    kinds = ", ".join(f"{suffix} {num:,}" for suffix, num in common[:40])
    more = f" and {len(common) - 40:,} more kinds" if len(common) > 40 else ""
    said = element("p", f"In no language that is read: {kinds}{more}.") if common else ""
    table = _tabulate(["File or folder", "Reason", "Detail"], rows) if rows else ""
    yield _fold(f"Not reviewed: {len(skipped):,} ({named})", said, table)


def _account_withheld(withheld: Sequence[Withheld]) -> Iterator[Markup]:
    counts = Counter(one.reason for one in withheld)
    if not counts:
        return
    totals = [[f"{counts[reason]:,}", reason.value] for reason in WithheldReason if counts[reason]]
    rows = [
        [element("code", f"{one.path}:{one.finding.region.start.line}"), one.label, _show(one), one.reason.value]
        for one in withheld
        if one.finding is not None
    ]
    named = _tabulate(["Place", "Label", "Probability", "Reason"], rows) if rows else ""
    counted = _tabulate(["Candidates", "Reason"], totals)
    yield _fold(f"Looked at and not shown: {count(len(withheld), 'candidate')}", counted, named)


def _show(one: Withheld) -> str:
    return "" if one.probability is None else f"{one.probability:.2f}"


def _account_notes(review: Review) -> Iterator[Markup]:
    rows = [
        [
            element("code", f"{note.path}:{note.line}"),
            element("code", note.label) if note.label else "",
            note.problem.value,
        ]
        for note in review.notes
    ]
    if rows:
        yield _fold(f"Suppressions to look at: {len(rows):,}", _tabulate(["Place", "Label", "Problem"], rows))


def _account_thresholds(review: Review, catalogue: Catalogue) -> Iterator[Markup]:
    found = Counter(finding.label for finding in review.findings)
    rows = [
        [element("code", label), catalogue.get_label(label).title, f"{threshold:.2f}", str(found[label] or "")]
        for label, threshold in review.thresholds
    ]
    if rows:
        heads = ["Label", "Finds", "Shown from", "Findings"]
        yield _fold(f"Looked for: {count(len(rows), 'label')}", _tabulate(heads, rows))


def render_labels(labels: Iterable[str], catalogue: Catalogue) -> Markup:
    """What each label that was found means."""
    parts = [_explain_label(label_id, catalogue) for label_id in sorted(set(labels))]
    return element("section", element("h2", "What the labels mean"), *parts, id="labels") if parts else Markup("")


def _explain_label(label_id: str, catalogue: Catalogue) -> Markup:
    label = catalogue.get_label(label_id)
    facts: list[str] = [element("code", label.id), f" · {label.severity.value} severity"]
    if label.cwe is not None:  # https://cwe.mitre.org is the catalogue that the number belongs to
        address = f"https://cwe.mitre.org/data/definitions/{label.cwe}.html"
        facts += [" · ", element("a", f"CWE-{label.cwe}", href=address, rel="noreferrer")]
    words = [element("p", render_prose(text)) for text in (label.summary, label.remedy)]
    return element(
        "div", element("h3", label.title), element("p", *facts, class_="facts"), *words, id=f"label-{label.id}"
    )
