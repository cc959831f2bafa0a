"""The report for people: findings with their code and path, then what was reviewed, what was not, and why."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

import click

from graph_model.candidates.model import StepRole
from graph_model.catalogue import Severity
from reviewer.findings import Finding
from reviewer.ledger import Ledger, Skip, SkipReason
from reviewer.review import Review
from reviewer.selection import WithheldReason
from reviewer.suppression import SuppressionNote

_COLOURS = {Severity.CRITICAL: "magenta", Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
_MAX_CODE = 100
_MAX_NAMED = 5
# Set aside by settings rather than by anything about the code: too many to be worth a line.
_UNSAID = (WithheldReason.NOT_SELECTED, WithheldReason.UNLIKELY, WithheldReason.DUPLICATE)

ShowPath = Callable[[str], str]


def render_text(review: Review, show_path: ShowPath = str, *, colour: bool = False, remarks: Iterable[str] = ()) -> str:
    """The report, ending with the remarks. `show_path` turns a path into one that works where the reader stands."""
    style = _Style(colour=colour)
    parts = [
        *(render_finding(finding, show_path, colour=colour) for finding in review.findings),
        *(_render_note(note, show_path, style) for note in review.notes),
        "\n".join((*_summarise(review, show_path, style), *(style(one, fg="red", bold=True) for one in remarks))),
    ]
    return "\n\n".join(parts) + "\n"


def summarise(review: Review, show_path: ShowPath = str) -> tuple[str, ...]:
    """The closing lines: what was found and withheld, what was reviewed, what was not, and why."""
    return tuple(_summarise(review, show_path, _Style(colour=False)))


def render_finding(finding: Finding, show_path: ShowPath = str, *, colour: bool = False) -> str:
    """One finding: a line that editors can follow, the code, the path it rests on, where to read more."""
    style = _Style(colour=colour)
    at = finding.region.start
    severity = style(finding.severity.value, fg=_COLOURS[finding.severity], bold=True)
    place = style(f"{_show(show_path, finding.path)}:{at.line}:{at.column}", bold=True)
    lines = [
        f"{place}: {severity} {finding.label} ({finding.probability:.2f})",
        f"  {make_printable(finding.message)}",
        f"  {at.line:>5} | {_shorten(finding.code)}",
    ]
    lines += [f"        {line}" for line in _render_steps(finding, show_path)]
    if finding.is_anchored_elsewhere:
        lines.append(f"        introduced at {_show(show_path, finding.anchor.path)}:{finding.anchor.line}")
    if finding.fix is not None:
        lines.append(style(f"        fix: reviewer fix --diff {_show(show_path, finding.path)}", fg="green"))
    lines.append(style(f"        help: reviewer labels {finding.label}", dim=True))
    return "\n".join(lines)


def _render_steps(finding: Finding, show_path: ShowPath) -> Iterator[str]:
    for step in finding.steps:
        if step.role is StepRole.SINK:
            continue
        at = step.region.start
        is_near = step.region.path == finding.path
        place = f"{at.line}:{at.column}" if is_near else f"{_show(show_path, step.region.path)}:{at.line}"
        note = f" ({make_printable(step.note)})" if step.note else ""
        yield f"{step.role.value:>7} {place}{note}: {_shorten(step.code, 70)}"


def _render_note(note: SuppressionNote, show_path: ShowPath, style: "_Style") -> str:
    label = f" [{make_printable(note.label)}]" if note.label else ""
    place = style(f"{_show(show_path, note.path)}:{note.line}", bold=True)
    return f"{place}: note: suppression{label} {note.problem.value}"


def _show(show_path: ShowPath, path: str) -> str:
    return make_printable(show_path(path))


def _summarise(review: Review, show_path: ShowPath, style: "_Style") -> Iterator[str]:
    ledger = review.ledger
    counts = Counter(finding.severity for finding in review.findings)
    kinds = ", ".join(f"{counts[severity]} {severity.value}" for severity in Severity if counts[severity])
    num = len(review.findings)
    found = f"{num} finding{'' if num == 1 else 's'}{f' ({kinds})' if kinds else ''}"
    where = f"{_count(len(ledger.reviewed), 'file')} reviewed, {ledger.num_lines:,} lines"
    yield style(f"{found} in {where}.", bold=True)
    yield from _summarise_withheld(review)
    yield from _summarise_unread(ledger, show_path)
    yield from _summarise_skipped(ledger.skipped, show_path)
    for failed in ledger.failed:
        yield style(f"Failed: {_show(show_path, failed.path)}: {failed.error}", fg="red")
    if not ledger.reviewed:
        yield style("Nothing was reviewed.", fg="yellow")


def _summarise_withheld(review: Review) -> Iterator[str]:
    counts = Counter(one.reason for one in review.withheld)
    said = [f"{counts[reason]} {reason.value}" for reason in WithheldReason if counts[reason] and reason not in _UNSAID]
    if said:
        yield f"Withheld: {', '.join(said)}."


def _summarise_unread(ledger: Ledger, show_path: ShowPath) -> Iterator[str]:
    partly = [one for one in ledger.reviewed if one.problems]
    if partly:
        named = [
            f"{_show(show_path, one.path)}:{one.problems[0].start_line} {one.problems[0].kind}"
            for one in partly[:_MAX_NAMED]
        ]
        yield f"Read in part: {_count(len(partly), 'file')}: {', '.join(named)}{_rest(len(partly))}."


def _summarise_skipped(skipped: Iterable[Skip], show_path: ShowPath) -> Iterator[str]:
    by_reason: dict[SkipReason, list[Skip]] = {}
    for skip in skipped:
        by_reason.setdefault(skip.reason, []).append(skip)
    for reason in SkipReason:
        group = by_reason.get(reason, [])
        if group and reason is SkipReason.NO_LANGUAGE:
            suffixes = Counter(PurePosixPath(skip.path).suffix or "no suffix" for skip in group)
            common = sorted(suffixes.items(), key=lambda item: (-item[1], item[0]))[:_MAX_NAMED]
            named = ", ".join(f"{suffix} {num}" for suffix, num in common) + _rest(len(suffixes))
            yield f"Not reviewed, {reason.value}: {len(group)}: {named}."
        elif group:
            shown = (_name_skip(skip, show_path) for skip in group[:_MAX_NAMED])
            yield f"Not reviewed, {reason.value}: {len(group)}: {', '.join(shown)}{_rest(len(group))}."


def _name_skip(skip: Skip, show_path: ShowPath) -> str:
    return f"{_show(show_path, skip.path)} ({skip.detail})" if skip.detail else _show(show_path, skip.path)


def _rest(num: int) -> str:
    return f" and {num - _MAX_NAMED} more" if num > _MAX_NAMED else ""


def _count(num: int, noun: str) -> str:
    return f"{num:,} {noun}{'' if num == 1 else 's'}"


def make_printable(text: str) -> str:
    """Text that a terminal shows and does not obey: control characters are escaped, a tab becomes a space."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char == "\t" else f"\\x{ord(char):02x}" for char in text)


def _shorten(text: str, limit: int = _MAX_CODE) -> str:
    """Printable text, long lines cut."""
    plain = make_printable(text)
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


class _Style:
    """Colours text, or leaves it."""

    def __init__(self, *, colour: bool) -> None:
        self.colour = colour

    def __call__(self, text: str, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
        return click.style(text, fg=fg, bold=bold or None, dim=dim or None) if self.colour else text
