"""Annotations of a GitHub Actions job: one workflow command a line, the worst and likeliest first.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
Every line is a command or begins with a dash: what the reviewed code says is never at the start of a line, where the
runner looks for commands, nor does it hold the older sign of one, which the runner looks for anywhere.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from graph_model.catalogue import Severity
from reviewer.findings import Finding, rank_of
from reviewer.reports.text import make_printable, summarise
from reviewer.review import Review
from reviewer.suppression import SuppressionNote

_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}
# Of each level in one step; the closing line takes one. https://docs.github.com/rest/checks/runs names the numbers.
_MAX_OF_LEVEL = 10
_TOOL = "graph-reviewer"


def render_commands(review: Review, remarks: Sequence[str] = ()) -> str:
    """The commands; `remarks` are said in the closing one, which is an error where a file failed."""
    closing = "error" if review.ledger.failed else "notice"
    shown, left_out = _choose(sorted(review.findings, key=rank_of), Counter({closing: 1}))
    room = _MAX_OF_LEVEL - sum(_LEVELS[one.severity] == "notice" for one in shown) - (closing == "notice")
    notes, unshown = review.notes[:room], review.notes[room:]
    lines = [
        *map(_annotate, shown),
        *map(_annotate_note, notes),
        *(f"- without an annotation: {_list_finding(one)}" for one in left_out),
        *(f"- without an annotation: {_list_note(one)}" for one in unshown),
        _write_command(closing, {"title": _TOOL}, "\n".join((*summarise(review), *_count_rest(left_out), *remarks))),
    ]
    return "\n".join(lines) + "\n"


def escape_data(text: str) -> str:
    """Text as the runner takes it behind a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Text as the runner takes it in a command's properties."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _choose(ranked: Iterable[Finding], used: Counter[str]) -> tuple[list[Finding], list[Finding]]:
    """Those that GitHub will show, and those for which there is no room."""
    shown: list[Finding] = []
    left_out: list[Finding] = []
    for finding in ranked:
        level = _LEVELS[finding.severity]
        (shown if used[level] < _MAX_OF_LEVEL else left_out).append(finding)
        used[level] += 1
    return shown, left_out


def _annotate(finding: Finding) -> str:
    """Columns only on one line: the runner drops them otherwise."""
    region = finding.region
    properties = {"file": finding.anchor.path, "line": str(finding.anchor.line)}
    if not finding.is_anchored_elsewhere:
        properties["endLine"] = str(region.lines[-1])
        if region.start.line == region.end.line:
            properties |= {"col": str(region.start.column), "endColumn": str(region.end.column)}
    properties["title"] = f"{finding.title} ({finding.severity.value}, {finding.probability:.0%} likely)"
    return _write_command(_LEVELS[finding.severity], properties, "\n".join(_tell(finding)))


def _tell(finding: Finding) -> Iterator[str]:
    yield f"{finding.message}."
    if finding.is_anchored_elsewhere:
        yield f"This change introduces it; it is at {finding.path}:{finding.region.start.line}."
    yield f"To mend it: {finding.remedy}"
    yield f"{finding.label}: reviewer labels {finding.label}"


def _annotate_note(note: SuppressionNote) -> str:
    properties = {"file": note.path, "line": str(note.line), "title": "Suppression"}
    return _write_command("notice", properties, f"{note.label or 'A suppression'} {note.problem.value}")


def _list_finding(finding: Finding) -> str:
    return _disarm(f"{finding.anchor.path}:{finding.anchor.line}: {finding.severity.value} {finding.label}")


def _list_note(note: SuppressionNote) -> str:
    return _disarm(f"{note.path}:{note.line}: suppression [{note.label}] {note.problem.value}")


def _disarm(text: str) -> str:
    return make_printable(text).replace("##[", "# #[")


def _count_rest(left_out: Sequence[Finding]) -> Iterator[str]:
    if left_out:
        counts = Counter(_LEVELS[one.severity] for one in left_out)
        named = ", ".join(f"{counts[level]} {level}s" for level in ("error", "warning", "notice") if counts[level])
        yield f"Without an annotation, as GitHub shows ten of each level in a step: {named}; the log names them."


def _write_command(level: str, properties: dict[str, str], message: str) -> str:
    said = ",".join(f"{name}={escape_property(value)}" for name, value in properties.items())
    return f"::{level} {said}::{escape_data(message)}"
