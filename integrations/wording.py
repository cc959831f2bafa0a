"""What we write on a host: comments, the summary, the status. Every word of the reviewed code is escaped or fenced.

Markdown of both hosts is HTML with shortcuts: a name in the code could mention a person, close a tag or carry a link.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from integrations.hosts import Conclusion
from integrations.reports import ReportedFinding, ReviewReport, WithheldFinding

MAX_COMMENT_CHARS = 60_000  # GitHub refuses 65,536; room for what a host adds
_MARKER = re.compile(r"<!-- graph-reviewer:(\w+):([\w.+:-]+) -->")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#.!|<>~&@:$]|^[-+=])")
_MAX_CODE_CHARS = 400
_MAX_LISTED = 50


def escape_markdown(text: str) -> str:
    """Text that renders as itself on both hosts: no markup, mention, reference, link or HTML survives.

    Punctuation becomes a character reference rather than a backslash escape: mentions (`@name`) and references
    (`#1`, `!2`, `owner/name#3`) are found by the hosts after backslashes are gone.
    """
    flat = re.sub(r"\s+", " ", text)
    return _SPECIAL.sub(lambda match: f"&#{ord(match[1])};", flat)


def quote_code(code: str, language: str = "") -> str:
    """Code as a fenced block that it cannot close, cut to a readable length."""
    cut = code if len(code) <= _MAX_CODE_CHARS else f"{code[:_MAX_CODE_CHARS]} …"
    longest = max((len(run) for run in re.findall(r"`+", cut)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{cut}\n{fence}"


def quote_inline(code: str) -> str:
    """Code on one line as an inline span that it cannot close."""
    flat = re.sub(r"\s+", " ", code).strip() or " "
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def make_marker(kind: str, value: str) -> str:
    """A hidden line by which we know our own text again."""
    return f"<!-- graph-reviewer:{kind}:{value} -->"


def find_marker(body: str, kind: str) -> str:
    """The value of the first marker of a kind, empty when there is none."""
    return next((match[2] for match in _MARKER.finditer(body) if match[1] == kind), "")


def write_finding(finding: ReportedFinding, *, suggestion: str | None = None) -> str:
    """The comment of one finding: what, why, the path, how to mend it, how to answer."""
    parts = [
        f"**{escape_markdown(finding.title)}** ({finding.severity}, {finding.probability:.0%}) · `{finding.label}`",
        escape_markdown(finding.message),
        _write_path(finding),
        f"**To mend it:** {escape_markdown(finding.remedy)}",
    ]
    if suggestion is not None:
        parts.append(_write_suggestion(suggestion))
    parts.append(
        "<sub>Wrong or not worth it? Answer `/reviewer false-positive REASON`, `/reviewer accept-risk REASON` or "
        "`/reviewer ignore REASON`; `/reviewer explain` says more.</sub>"
    )
    parts.append(make_marker("finding", finding.fingerprint) + make_marker("words", hash_words(finding)))
    return "\n\n".join(part for part in parts if part)


def hash_words(finding: ReportedFinding) -> str:
    """Changes when the comment would say something else; that lines moved or the code near it changed does not."""
    words = (finding.title, finding.message, finding.remedy, finding.severity, finding.label)
    return hashlib.sha256(repr(words).encode()).hexdigest()[:16]


def _write_path(finding: ReportedFinding) -> str:
    """The hops of a flow; one place needs none."""
    if len(finding.evidence) < 2:
        return ""
    lines = [
        f"{number}. {step.role} {quote_inline(f'{step.location.path}:{step.location.start_line}')} "
        f"{quote_inline(step.code[:120])}"
        for number, step in enumerate(finding.evidence, start=1)
    ]
    return "\n".join(["<details><summary>The path</summary>", "", *lines, "", "</details>"])


def _write_suggestion(replacement: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", replacement)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}suggestion\n{replacement}\n{fence}"


def write_summary(
    report: ReviewReport,
    posted: Sequence[ReportedFinding],
    unplaced: Sequence[ReportedFinding],
    *,
    num_monitored: int = 0,
) -> str | None:
    """The one comment on the change as a whole; None when there is nothing to say.

    `posted` have threads of their own, `unplaced` could not be put on a line of the change.
    """
    over = report.withheld_for("over_budget")
    left = [*_list_findings("Not on lines of this change", unplaced), *_list_withheld("Beyond the limit", over)]
    account = list(_list_account(report))
    if not posted and not left and not report.files.failed:
        return None
    head = f"### Review of {quote_inline(report.head[:12])}"
    counts = Counter(finding.severity for finding in (*posted, *unplaced))
    said = ", ".join(f"{counts[name]} {name}" for name in ("critical", "high", "medium", "low") if counts[name])
    lines = [head, "", f"{sum(counts.values())} findings ({said})." if counts else "No findings shown."]
    if num_monitored:
        lines.append(f"{num_monitored} more are only monitored, as the policy asks.")
    lines += ["", *left, *account, "", _sign(report)]
    return "\n".join(lines)[:MAX_COMMENT_CHARS]


def write_all_gone(report: ReviewReport) -> str:
    """What an earlier summary becomes when nothing is left to say."""
    head = f"### Review of {quote_inline(report.head[:12])}"
    return "\n".join([head, "", "Nothing left to report.", "", *_list_account(report), "", _sign(report)])


def _sign(report: ReviewReport) -> str:
    version = f"graph-reviewer {report.tool.version}, model {report.model}"
    return f"<sub>{escape_markdown(version)}</sub>\n\n{make_marker('summary', 'one')}"


def _list_findings(title: str, findings: Sequence[ReportedFinding]) -> Iterable[str]:
    rows = [
        f"- {quote_inline(f'{one.location.path}:{one.location.start_line}')} "
        f"{escape_markdown(one.title)} ({one.severity}, {one.probability:.0%})"
        for one in findings
    ]
    return _fold(title, rows)


def _list_withheld(title: str, findings: Sequence[WithheldFinding]) -> Iterable[str]:
    rows = [f"- {quote_inline(f'{one.path}:{one.line}')} `{one.label}`" for one in findings]
    return _fold(title, rows)


def _list_account(report: ReviewReport) -> Iterable[str]:
    """What was not reviewed, and why: failed first."""
    yield from _fold(
        "Failed", [f"- {quote_inline(one.path)}: {escape_markdown(one.error[:200])}" for one in report.files.failed]
    )
    in_part = [one for one in report.files.reviewed if one.problems]
    yield from _fold("Read in part", [f"- {quote_inline(one.path)}" for one in in_part])
    yield from _fold(
        "Not reviewed", [f"- {quote_inline(one.path)}: {one.reason.replace('_', ' ')}" for one in report.files.skipped]
    )


def _fold(title: str, rows: Sequence[str]) -> Iterable[str]:
    if not rows:
        return []
    more = [f"- and {len(rows) - _MAX_LISTED} more"] if len(rows) > _MAX_LISTED else []
    return [f"<details><summary>{title} ({len(rows)})</summary>", "", *rows[:_MAX_LISTED], *more, "", "</details>", ""]


def title_of(conclusion: Conclusion, num_findings: int) -> str:
    """The one line of a status."""
    if conclusion is Conclusion.RUNNING:
        return "Reviewing"
    said = "No findings" if num_findings == 0 else f"{num_findings} finding{'s' if num_findings > 1 else ''}"
    return f"{said}; not everything could be reviewed" if conclusion is Conclusion.INCOMPLETE else said
