"""A finding explained, as Markdown or as plain text. What comes from the code is quoted, so that it is only shown.

A hostile repository decides what its code says: unquoted it could bring links and images into an editor.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graph_model.catalogue import Label
from reviewer.findings import Finding
from reviewer.reports.explanation import name_weight
from reviewer.reports.text import make_printable

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+.!<>|~&-])")
_MAX_CODE = 100


@dataclass(frozen=True, slots=True)
class Account:
    """A finding with what is known around it: where its label is shown from, where a reader finds more."""

    finding: Finding
    label: Label
    threshold: float | None
    page: str = ""


def explain_finding(account: Account, *, is_markdown: bool = True) -> str:
    """Title, message, path, what weighed most, what to do."""
    style = _Style(is_markdown=is_markdown)
    return "\n\n".join(_explain(account, style)) + "\n"


def _explain(account: Account, style: "_Style") -> Iterator[str]:
    finding, label = account.finding, account.label
    yield f"{style.strong(finding.title)} ({style.code(finding.label)}, {finding.severity.value} severity)"
    yield style.text(f"{finding.message}.")
    steps = [
        f"{number}. {_describe_step(finding, idx, style)}" for number, idx in enumerate(range(len(finding.steps)), 1)
    ]
    if steps:
        yield "\n".join(steps)
    yield _judge(account)
    if finding.weights:
        weights = [f"- {weight:+.4f} {style.code(name_weight(name, finding))}" for name, weight in finding.weights]
        yield "\n".join(["What weighed most:", "", *weights])
    yield label.summary if style.is_markdown else " ".join(label.summary.split())
    yield f"What to do: {' '.join(finding.remedy.split())}"
    if account.page:
        yield style.link("More about this label", account.page)


def _describe_step(finding: Finding, idx: int, style: "_Style") -> str:
    step = finding.steps[idx]
    place = f"line {step.region.start.line}"
    if step.region.path != finding.path:
        place = f"{style.code(step.region.path)} {place}"
    note = f" ({style.text(step.note)})" if step.note else ""
    return f"{step.role.value}, {place}{note}: {style.code(step.code)}"


def _judge(account: Account) -> str:
    probability = f"Probability {account.finding.probability:.2f}"
    return probability + (f", shown from {account.threshold:.2f}." if account.threshold is not None else ".")


@dataclass(frozen=True, slots=True)
class _Style:
    is_markdown: bool

    def text(self, text: str) -> str:
        plain = make_printable(text)
        return _MARKUP.sub(r"\\\1", plain) if self.is_markdown else plain

    def strong(self, text: str) -> str:
        return f"**{self.text(text)}**" if self.is_markdown else self.text(text)

    def code(self, text: str) -> str:
        plain = make_printable(text)
        plain = plain if len(plain) <= _MAX_CODE else plain[: _MAX_CODE - 1] + "…"
        if not self.is_markdown or not plain:
            return plain
        fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
        pad = " " if plain.startswith("`") or plain.endswith("`") else ""
        return f"{fence}{pad}{plain}{pad}{fence}"

    def link(self, text: str, address: str) -> str:
        return f"[{text}](<{address}>)" if self.is_markdown else f"{text}: {address}"
