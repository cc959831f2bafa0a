"""Why a place is, or is not, reported: the path, the probability, what weighed most, what would make it go away."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reviewer.findings import Finding
from reviewer.fixes import apply_edits, list_edits
from reviewer.reports.patch import render_patch
from reviewer.reports.text import ShowPath, render_finding
from reviewer.selection import WithheldReason
from reviewer.source import SourceFile


@dataclass(frozen=True, slots=True)
class Explanation:
    """A candidate, from which probability its label is shown here (None: not selected), and why it is not shown."""

    finding: Finding
    threshold: float | None
    reason: WithheldReason | None


def render_explanations(
    explanations: Iterable[Explanation], source: SourceFile, show_path: ShowPath = str, *, colour: bool = False
) -> str:
    """All of them, in order."""
    parts = ["\n".join(_explain(one, source, show_path, colour=colour)) for one in explanations]
    return "\n\n".join(parts) + "\n"


def _explain(one: Explanation, source: SourceFile, show_path: ShowPath, *, colour: bool) -> Iterator[str]:
    finding = one.finding
    yield render_finding(finding, show_path, colour=colour)
    yield f"  {_judge(one)}"
    if finding.symbol:
        yield f"  In {finding.symbol}; identity {finding.fingerprint}."
    else:
        yield f"  Identity {finding.fingerprint}."
    if finding.weights:
        yield "  What weighed most:"
        yield from (f"    {weight:+.4f}  {name_weight(name, finding)}" for name, weight in finding.weights)
    yield f"  What would make it go away: {' '.join(finding.remedy.split())}"
    if finding.fix is not None:
        edits = list_edits(finding.fix)
        caution = "" if finding.fix.is_safe else " Behaviour may change: look at it."
        yield f"  A fix was tried: {finding.fix.description}.{caution}"
        yield f"  Scored again: {finding.probability:.2f} becomes {finding.fix.probability:.2f}."
        yield render_patch(source, apply_edits(source.content, edits), colour=colour).rstrip("\n")


def _judge(one: Explanation) -> str:
    probability = f"Probability {one.finding.probability:.4f}"
    if one.threshold is None:
        return f"{probability}. Not shown: {WithheldReason.NOT_SELECTED.value}."
    shown_from = f"{probability}, shown from {one.threshold:.4f}"
    return f"{shown_from}." if one.reason is None else f"{shown_from}. Not shown: {one.reason.value}."


def name_weight(name: str, finding: Finding) -> str:
    """`step:2` as the step it is, `fact:in_loop` as words."""
    kind, _, rest = name.partition(":")
    if kind == "step" and rest.isdecimal() and int(rest) < len(finding.steps):
        step = finding.steps[int(rest)]
        return f"{step.role.value} at line {step.region.start.line}: {step.code}"
    return (rest or name).replace("_", " ")
