"""What we write on a host: comments, the summary, the status. Every word of the reviewed code is escaped or fenced.

Markdown of both hosts is HTML with shortcuts: a name in the code could mention a person, close a tag or carry a link.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import groupby

from integrations.hosts import Conclusion
from integrations.reports import (
    NOT_IN_FORCE,
    OVER_BUDGET,
    SUPPRESSED_HERE,
    NotedSuppression,
    ReportedFinding,
    ReviewReport,
    Step,
    WithheldFinding,
)

MAX_COMMENT_CHARS = 60_000  # GitHub refuses 65,536; room for what a host adds
_MAX_SECTION_CHARS = 8_000  # of the seven lists of a summary
_MARKER = re.compile(r"<!-- graph-reviewer:(\w+):([\w.+:-]+) -->")
# Markup; what a reference or an address needs; what makes a line a list or GitLab's quick action; the dash of GH-12.
# Nothing more: who reads a notification as plain text sees every character reference.
_SPECIAL = re.compile(r"[\\`*_{}\[\]#|<>~&@$%^]|[!:](?=\S)|(?<=(?i:www))\.|(?<=\d)[.)](?=\s|$)|^[-+=/]|(?<=\w)-(?=\d)")
_CODE = re.compile(r"`([^`]+)`")
_API_NAME = re.compile(r"`([^`]+)`|((?<!\w)(?!\w\.\w\b)[^\W\d]\w*(?:\(\))?(?:\.[^\W\d]\w*(?:\(\))?)+)")
_LURES = frozenset("@#!~&$%^*:-")  # hosts look behind these for people, issues, labels, milestones, emoji, addresses
_BREAK = "&#8203;"
_HOW_TO_ANSWER = (
    "<sub>Wrong or not worth it? Answer `/reviewer false-positive REASON`, `/reviewer accept-risk REASON` or "
    "`/reviewer ignore REASON`; `/reviewer explain` says more.</sub>"
)
_MAX_CODE_CHARS = 400
_MAX_TITLE_CHARS = 200
_MAX_TEXT_CHARS = 2_000
_MAX_LISTED = 50
_GONE = "gone"  # in the place of the hash of the words


def escape_markdown(text: str) -> str:
    """Text on one line that renders as itself on both hosts: no markup, mention, reference, link or HTML survives.

    A backslash or a character reference alone keeps no mention away: hosts look for `@name`, `#1` or `://` in what is
    rendered, https://github.com/github/cmark-gfm/issues/181. So a space of no width stands behind such a character.
    Names of commits stay as they are: they lead nowhere but into the repository.
    """
    return _SPECIAL.sub(_disarm, _flatten(text))


def _write_sentence(text: str, code: re.Pattern[str] = _CODE) -> str:
    """Escaped text in which what a pattern's groups match is shown as code, which no host looks into for references."""
    flat = _flatten(text)
    pieces: list[str] = []
    at = 0
    for match in code.finditer(flat):
        pieces += [_SPECIAL.sub(_disarm, flat[at : match.start()]), quote_inline(match[match.lastindex or 0])]
        at = match.end()
    return "".join([*pieces, _SPECIAL.sub(_disarm, flat[at:])])


def _flatten(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()


def _disarm(match: re.Match[str]) -> str:
    char, text = match[0], match.string
    is_host_name = char == "." and text[max(0, match.start() - 3) : match.start()].lower() == "www"
    is_lure = (char in _LURES or is_host_name) and not text[match.end() : match.end() + 1].isspace()
    return f"&#{ord(char)};{_BREAK if is_lure else ''}"


def quote_code(code: str, language: str = "") -> str:
    """Code as a fenced block that it cannot close, cut to a readable length."""
    cut = code if len(code) <= _MAX_CODE_CHARS else f"{code[:_MAX_CODE_CHARS]} …"
    longest = max((len(run) for run in re.findall(r"`+", cut)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{cut}\n{fence}"


def quote_inline(code: str) -> str:
    """Code on one line as an inline span that it cannot close."""
    flat = _flatten(code) or " "
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def make_marker(kind: str, value: str) -> str:
    """A hidden line by which we know our own text again."""
    return f"<!-- graph-reviewer:{kind}:{value} -->"


SUMMARY_MARKER = make_marker("summary", "one")


def find_marker(body: str, kind: str) -> str:
    """The value of the last marker of a kind, empty when there is none: ours stand last, behind any quoted code."""
    return next((match[2] for match in reversed(list(_MARKER.finditer(body))) if match[1] == kind), "")


class Stand(Enum):
    """Where a comment stands, as seen from its finding."""

    HERE = "on the line that the finding is anchored to"
    DELETED = "on a deleted line"
    OLD_FILE = "in the file that its file was renamed from"


def write_finding(
    finding: ReportedFinding,
    *,
    suggestion: str | None = None,
    stand: Stand = Stand.HERE,
    takes_answers: bool = True,
) -> str:
    """The comment of one finding: what, why, the path, how to mend it, how to answer or to silence it.

    Path or suggestion are left out where they would make it longer than a host takes. `takes_answers`: somebody listens
    to commands.
    """
    path = "\n\n".join(part for part in (_point_elsewhere(finding, stand), _write_path(finding)) if part)
    is_safe = finding.fix is not None and finding.fix.safe
    offer = "" if suggestion is None else _write_suggestion(suggestion, is_safe=is_safe)
    closing = _HOW_TO_ANSWER if takes_answers else _tell_silencing(finding)
    chosen = ((path, offer), ("", offer), (path, ""), ("", ""))
    bodies = (_join_finding(finding, *extras, closing) for extras in chosen)
    return next(body for body in bodies if len(body) <= MAX_COMMENT_CHARS)


def write_gone(body: str) -> str:
    """What a finding's comment becomes when the finding is gone and the host does not let us resolve its thread.

    A finding that comes back says something else than this, and is written anew.
    """
    head = body.partition("\n\n")[0]
    kept = (make_marker(kind, find_marker(body, kind)) for kind in ("finding", "code"))
    markers = "".join([*kept, make_marker("words", _GONE)])
    return "\n\n".join([f"~~{head}~~", "No longer found: this can be resolved.", markers])


def is_gone(body: str) -> bool:
    """Whether a comment says that its finding is gone."""
    return find_marker(body, "words") == _GONE


def _tell_silencing(finding: ReportedFinding) -> str:
    place = quote_inline(f"reviewer explain {finding.location.path}:{finding.location.start_line}"[-_MAX_CODE_CHARS:])
    comment = quote_inline(f"reviewer: ignore[{finding.label}] REASON")
    return f"<sub>Wrong or not worth it? A comment {comment} on its line or above silences it; {place} says more.</sub>"


def _join_finding(finding: ReportedFinding, path: str, offer: str, closing: str) -> str:
    title = escape_markdown(finding.title[:_MAX_TITLE_CHARS])
    parts = [
        f"**{title}** ({finding.severity}, {finding.probability:.0%} likely) · `{finding.label}`",
        _write_sentence(_end_sentence(finding.message[:_MAX_TEXT_CHARS]), _API_NAME),
        path,
        f"**To mend it:** {_write_sentence(finding.remedy[:_MAX_TEXT_CHARS])}",
        offer,
        closing,
        make_marker("finding", finding.fingerprint)
        + make_marker("words", hash_words(finding))
        + make_marker("code", hash_code(finding)),
    ]
    return "\n\n".join(part for part in parts if part)


def _point_elsewhere(finding: ReportedFinding, stand: Stand) -> str:
    """Where the finding is, when its comment stands on another line: one whose change, or deletion, introduced it."""
    at, anchor = finding.location, finding.anchor
    if stand is Stand.HERE and at.path == anchor.path and at.start_line <= anchor.line <= at.end_line:
        return ""
    place = quote_inline(f"{at.path}:{at.start_line}"[-_MAX_CODE_CHARS:])
    moved = stand is Stand.OLD_FILE
    return f"It is at {place} now." if moved else f"The change on this line introduces it; it is at {place}."


def _end_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def hash_words(finding: ReportedFinding) -> str:
    """Changes when the comment would say something else; that lines moved or the code near it changed does not."""
    words = (finding.title, finding.message, finding.remedy, finding.severity, finding.label)
    return hashlib.sha256(repr(words).encode()).hexdigest()[:16]


def hash_code(finding: ReportedFinding) -> str:
    """What a finding is about wherever its file lies: the label, the symbol and the statement without white space."""
    code = (finding.label, finding.symbol, "".join(finding.code.split()))
    return hashlib.sha256(repr(code).encode()).hexdigest()[:16]


def _write_path(finding: ReportedFinding) -> str:
    """The lines that a flow passes, each once where it passes a line several times in a row; one line needs none."""
    steps = [
        (f"{place}:{line}", [one.role for one in group], code)
        for (place, line, code), group in groupby(finding.evidence, _name_line)
    ]
    if len(steps) < 2:
        return ""
    lines = [
        f"{number}. {_join_roles(roles)} {quote_inline(place)} {quote_inline(code[:120])}"
        for number, (place, roles, code) in enumerate(steps, start=1)
    ]
    return "\n".join(["<details><summary>The path</summary>", "", *lines, "", "</details>"])


def _name_line(step: Step) -> tuple[str, int, str]:
    return step.location.path, step.location.start_line, step.code


def _join_roles(roles: Sequence[str]) -> str:
    """What happens on one line; that a value passes through is worth a word only where nothing else happens."""
    different = list(dict.fromkeys(roles))
    return " and ".join([one for one in different if one != "hop"] or different)


def _write_suggestion(replacement: str, *, is_safe: bool) -> str:
    """A block that the hosts offer to commit, with a caution where the code may behave differently afterwards."""
    longest = max((len(run) for run in re.findall(r"`+", replacement)), default=0)
    fence = "`" * max(3, longest + 1)
    caution = "" if is_safe else "Behaviour may change, so look before you commit it:\n\n"
    return f"{caution}{fence}suggestion\n{replacement}\n{fence}"


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
    left = [
        *_list_findings("Not on lines of this change", unplaced),
        *_list_places("Beyond the limit", report.withheld_for(OVER_BUDGET)),
        *_list_places("Suppressed by this change", report.withheld_for(SUPPRESSED_HERE)),
        *_list_places("Suppressions of this change that do not count", report.suppressions_with(NOT_IN_FORCE)),
    ]
    account = list(_list_account(report))
    if not posted and not left and not report.files.failed:
        return None
    head = f"### Review of {quote_inline(report.head[:12])}"
    counts = Counter(finding.severity for finding in (*posted, *unplaced))
    said = ", ".join(f"{counts[name]} {name}" for name in ("critical", "high", "medium", "low") if counts[name])
    num = sum(counts.values())
    lines = [head, "", f"{_count_findings(num)} ({said})." if num else "No findings shown."]
    if num_monitored:
        lines.append(f"{num_monitored} more are only monitored, as the policy asks.")
    lines += ["", *left, *account, "", _sign(report)]
    return "\n".join(lines)


def write_all_gone(report: ReviewReport) -> str:
    """What an earlier summary becomes when nothing is left to say."""
    head = f"### Review of {quote_inline(report.head[:12])}"
    return "\n".join([head, "", "Nothing left to report.", "", *_list_account(report), "", _sign(report)])


def _sign(report: ReviewReport) -> str:
    version = f"graph-reviewer {report.tool.version}, model {report.model}"
    return f"<sub>{escape_markdown(version[:_MAX_TITLE_CHARS])}</sub>\n\n{SUMMARY_MARKER}"


def _list_findings(title: str, findings: Sequence[ReportedFinding]) -> Iterable[str]:
    rows = [
        f"- {quote_inline(f'{one.location.path}:{one.location.start_line}')} "
        f"{escape_markdown(one.title[:_MAX_TITLE_CHARS])} ({one.severity}, {one.probability:.0%} likely)"
        for one in findings
    ]
    return _fold(title, rows)


def _list_places(title: str, places: Sequence[WithheldFinding | NotedSuppression]) -> Iterable[str]:
    rows = [f"- {quote_inline(f'{one.path}:{one.line}')} {quote_inline(one.label)}" for one in places]
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
    """A list that opens on a click, as much of it as a comment has room for."""
    if not rows:
        return []
    kept: list[str] = []
    room = _MAX_SECTION_CHARS
    for row in rows[:_MAX_LISTED]:
        if len(row) < room:
            kept.append(row)
            room -= len(row) + 1
    more = [f"- and {len(rows) - len(kept)} more"] if len(rows) > len(kept) else []
    return [f"<details><summary>{title} ({len(rows)})</summary>", "", *kept, *more, "", "</details>", ""]


def _count_findings(num: int) -> str:
    return f"{num} finding{'' if num == 1 else 's'}"


def title_of(conclusion: Conclusion, num_findings: int) -> str:
    """The one line of a status."""
    if conclusion is Conclusion.RUNNING:
        return "Reviewing"
    said = _count_findings(num_findings) if num_findings else "No findings"
    return f"{said}; not everything could be reviewed" if conclusion is Conclusion.INCOMPLETE else said
