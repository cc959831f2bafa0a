"""Findings: what the model says about the code, in words and positions a person can act on. Values and their making."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from graph_model.candidates.model import Candidate, Step, StepRole
from graph_model.catalogue import Label, Severity
from graph_model.packs.model import CONTEXT_FACT, ContextKind
from reviewer.engine import Scored
from reviewer.source import Position, SourceFile, Span


class FailOn(Enum):
    """From which severity a finding makes the exit code 1."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    NEVER = "never"

    def is_reached_by(self, severity: Severity) -> bool:
        """Whether a finding of this severity fails the review."""
        return self is not FailOn.NEVER and severity.security_severity >= Severity(self.value).security_severity


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """A range in a file: bytes, and the positions of its two ends (the end one past the last character)."""

    path: str
    span: Span
    start: Position
    end: Position

    @property
    def lines(self) -> range:
        """The lines it lies on."""
        last = self.end.line - 1 if self.end.column == 1 and self.end.line > self.start.line else self.end.line
        return range(self.start.line, last + 1)


@dataclass(frozen=True, slots=True, order=True)
class Anchor:
    """The line that a comment hangs on."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class EvidenceStep:
    """One hop of the path that the finding rests on; `code` is its first line."""

    region: Region
    role: StepRole
    note: str
    code: str


@dataclass(frozen=True, slots=True)
class TextEdit:
    """One replacement in the finding's file."""

    region: Region
    replacement: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits, applied, re-parsed and re-scored; `probability` is the finding's afterwards, 0 when it is gone.

    `is_safe` promises that a program that was right behaves as before; otherwise a person should look.
    """

    edits: tuple[TextEdit, ...]
    probability: float
    kind: str = ""
    description: str = ""
    is_safe: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `region` is the anchor expression, `statement` the lines around it that a suppression speaks to.

    `weights` is what weighed most in the score, heaviest first. `anchor` is where a comment on a change belongs: the
    finding's own first line, or the nearest changed line when a change elsewhere introduced it. `in_test`: its file is
    test code, by what it imports.
    """

    label: str
    title: str
    severity: Severity
    cwe: int | None
    message: str
    region: Region
    statement: range
    symbol: str
    api: str
    code: str
    probability: float
    fingerprint: str
    steps: tuple[EvidenceStep, ...]
    weights: tuple[tuple[str, float], ...]
    remedy: str
    anchor: Anchor
    fix: Fix | None = None
    in_test: bool = False

    @property
    def path(self) -> str:
        """The file it is in."""
        return self.region.path

    @property
    def category(self) -> str:
        """The part of the label before the slash."""
        return self.label.partition("/")[0]

    @property
    def is_anchored_elsewhere(self) -> bool:
        """Whether a change on another line introduced it."""
        return self.anchor != Anchor(self.path, self.region.start.line)


def order_of(finding: Finding) -> tuple[str, Region, str, str]:
    """The order of every report: by file, place, label and identity."""
    return (finding.path, finding.region, finding.label, finding.fingerprint)


def rank_of(finding: Finding) -> tuple[float, float, tuple[object, ...]]:
    """What is kept first where there is room for some: the worst, then the likeliest, then the order of the report."""
    return (-finding.severity.security_severity, -finding.probability, order_of(finding))


def build_finding(scored: Scored, fingerprint: str, label: Label, sources: Mapping[str, SourceFile]) -> Finding:
    """A candidate in words; `sources` holds every file that its evidence names."""
    candidate = scored.candidate
    source = sources[candidate.path]
    region = make_region(source, candidate.start, candidate.end)
    statement = make_region(source, candidate.statement_start, candidate.statement_end)
    return Finding(
        label=candidate.label,
        title=label.title,
        severity=label.severity,
        cwe=label.cwe,
        message=_phrase(label, candidate),
        region=region,
        statement=range(min(statement.lines.start, region.lines.start), max(statement.lines.stop, region.lines.stop)),
        symbol=candidate.symbol,
        api=candidate.api,
        code=source.line_text(region.start.line).strip(),
        probability=scored.probability,
        fingerprint=fingerprint,
        steps=tuple(_build_steps(candidate.steps, sources)),
        weights=scored.weights,
        remedy=label.remedy,
        anchor=Anchor(source.path, region.start.line),
        in_test=is_in_test(candidate),
    )


def is_in_test(candidate: Candidate) -> bool:
    """Whether a candidate lies in test code."""
    return f"{CONTEXT_FACT}{ContextKind.TEST.value}" in dict(candidate.facts)


def make_region(source: SourceFile, start: int, end: int) -> Region:
    """A range of a file with its positions."""
    return Region(source.path, Span(start, end), source.position_at(start), source.position_at(end))


def _build_steps(steps: Iterable[Step], sources: Mapping[str, SourceFile]) -> Iterable[EvidenceStep]:
    for step in steps:
        source = sources[step.path]
        region = make_region(source, step.start, step.end)
        yield EvidenceStep(region, step.role, step.note, source.line_text(region.start.line).strip())


def _phrase(label: Label, candidate: Candidate) -> str:
    return label.format_message({"api": candidate.api, "sink": candidate.api, **dict(candidate.words)})
