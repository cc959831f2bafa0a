"""The whole run in order, from clones to checked shards, and its closing report.

A run that was killed is started again with the same command: every repository that is done is kept, and the shards come
out byte for byte as those of a run that was not. What was measured is in the report only.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dataset_curation.assembly import CardCounts
from dataset_curation.cards import render_card, table
from dataset_curation.figures import StepFigures
from dataset_curation.filters.balance import Caps
from dataset_curation.gaps import LANGUAGE, Cell, Wanted, find_gaps, to_json, to_markdown
from dataset_curation.manifests import Entry, Role
from dataset_curation.sampling import Limits
from dataset_curation.sources.threads import Thread
from dataset_curation.steps import (
    Folders,
    Work,
    assemble,
    read_all_rows,
    run_fixes,
    run_fixtures,
    run_harvest,
    run_history,
    run_injection,
    run_statements,
)
from dataset_curation.triage.verdicts import read_rows
from dataset_curation.validation import Finding, validate
from graph_model.languages import BY_NAME
from graph_model.training.shards import manifest_hash

REPORT, REPORT_JSON, GAPS, GAPS_JSON, CARD = "report.md", "report.json", "gaps.md", "gaps.jsonl", "card.md"
MAX_COMMITS = 120


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of: `listed` are the fix commits to mine, None for those of whole histories."""

    entries: tuple[Entry, ...]
    limits: Limits
    triage: Path
    listed: dict[str, tuple[str, ...]] | None
    threads: tuple[Thread, ...]
    folders: Folders
    target: Path
    caps: Caps


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did and found."""

    steps: tuple[StepFigures, ...]
    counts: CardCounts
    shards: tuple[tuple[str, str], ...]
    manifest: str
    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...]


def list_steps(plan: Plan) -> Iterator[tuple[str, Callable[[], Work]]]:
    """The steps that make records, in order. History reads what the harvest wrote, injection fills what all lack."""
    entries, folders = plan.entries, plan.folders
    yield "harvesting", lambda: run_harvest(entries, plan.limits, read_rows(plan.triage), folders)
    yield "fixtures", lambda: run_fixtures(entries, folders)
    yield "mining fixes", lambda: run_fixes(entries, plan.listed, MAX_COMMITS, folders)
    yield "reading statements", lambda: run_statements(entries, folders)
    yield "reading history", lambda: run_history(entries, plan.threads, MAX_COMMITS, folders)
    yield "injecting", lambda: run_injection(entries, read_all_rows(plan.triage, folders.data), folders)


def run_plan(plan: Plan, perform: Callable[[str, Work], StepFigures]) -> RunReport:
    """Runs every step, writes shards, card, gaps and report. `perform` does one step's work and shows its progress."""
    steps = [perform(name, start()) for name, start in list_steps(plan)]
    data, target = plan.folders.data, plan.target
    rows = read_all_rows(plan.triage, data)
    shards, counts = assemble(data, rows, target, plan.caps)
    cells = find_gaps(counts.judged, Wanted())
    findings = sorted(set(validate(plan.entries, rows, data, target, plan.folders.clones)))
    report = RunReport(tuple(steps), counts, tuple(shards), manifest_hash(target), tuple(cells), tuple(findings))
    card = render_card(plan.entries, counts, shards, report.manifest)
    for folder, name, text in (
        (target, CARD, card),
        (data, GAPS, to_markdown(cells)),
        (data, GAPS_JSON, to_json(cells)),
        (data, REPORT, render_report(plan, report)),
        (data, REPORT_JSON, report_to_json(report)),
    ):
        (folder / name).write_text(text, "utf-8")
    return report


def render_report(plan: Plan, report: RunReport) -> str:
    """The closing report, for people."""
    counts = report.counts
    whole = f"{len(report.shards)} shards, {sum(counts.functions.values())} functions"
    limits = f"{plan.limits.max_bytes or 'no limit of'} bytes, {plan.limits.max_plain} functions without a candidate"
    parts = [
        "# Curation report\n",
        f"{whole}, training-set hash `{report.manifest}`. A repository gives at most: {limits}.\n",
        table(
            "## Steps",
            ("step", "done", "failed", "candidates", "functions", "core seconds", "functions/s a core", "peak GiB"),
            (_step_row(one) for one in report.steps),
        ),
        table("## Repositories", ("role", "language", "repositories", "share"), _repository_rows(plan.entries)),
        table("## Functions by source and language", ("source", "language", "functions"), _language_rows(counts)),
        table("## Findings of validation", ("fault", "where", "detail"), _finding_rows(report.findings)),
        table(
            "## Gaps", ("category", "cells", "without a harmful one", "without a harmless one", "full"),
            _gap_rows(report.cells),
        ),
        f"Counts by label, and everything that was dropped: `{CARD}` beside the shards. Cells: `{GAPS}`.\n",
    ]  # fmt: skip
    return "\n".join(parts)


def _step_row(one: StepFigures) -> list[object]:
    rate = f"{one.functions / one.cpu_s:.0f}" if one.functions and one.cpu_s else ""
    return [
        one.name, one.done, one.failed, one.candidates, one.functions or "", f"{one.cpu_s:.0f}", rate,
        f"{one.peak_bytes / 2**30:.2f}",
    ]  # fmt: skip


def _repository_rows(entries: Iterable[Entry]) -> Iterator[list[object]]:
    listed = list(entries)
    for role in Role:
        families = Counter(one.family for one in listed if one.role is role)
        for family, number in sorted(families.items()):
            yield [role.value, family, number, f"{number / families.total():.0%}"]


def _language_rows(counts: CardCounts) -> Iterator[list[object]]:
    by_family: Counter[tuple[str, str]] = Counter()
    for (source, language), number in counts.languages.items():
        by_family[(source, BY_NAME[language].family.value)] += number
    yield from ([source, family, number] for (source, family), number in sorted(by_family.items()))


def _finding_rows(findings: Sequence[Finding]) -> Iterator[list[str]]:
    yield from ([one.fault.value, one.where, one.detail] for one in findings)
    if not findings:
        yield ["none", "", ""]


def _gap_rows(cells: Iterable[Cell]) -> Iterator[list[object]]:
    whole = [one for one in cells if one.library == LANGUAGE]
    for category in dict.fromkeys(one.label.partition("/")[0] for one in whole):
        own = [one for one in whole if one.label.startswith(f"{category}/")]
        full = sum(not one.missing_harmful and not one.missing_harmless for one in own)
        yield [category, len(own), sum(not one.harmful for one in own), sum(not one.harmless for one in own), full]


def report_to_json(report: RunReport) -> str:
    """The same for machines."""
    values = {
        "manifest": report.manifest,
        "shards": dict(report.shards),
        "steps": [asdict(one) for one in report.steps],
        "functions": dict(sorted(report.counts.functions.items())),
        "languages": [[*key, number] for key, number in sorted(report.counts.languages.items())],
        "candidates": [[*key, number] for key, number in sorted(report.counts.candidates.items())],
        "dropped": report.counts.tally.to_json(),
        "findings": [[one.fault.value, one.where, one.detail] for one in report.findings],
    }
    return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
