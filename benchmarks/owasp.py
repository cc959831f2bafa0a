"""OWASP BenchmarkPython: true and false positive rates by category, macro-averaged as the suite's own scorecard does.

The suite is evaluation only: packs, thresholds and model are fixed before it is run, and every run is reported.
Source: the suite's `expectedresults-*.csv` and its scoring rule, score = TPR - FPR per category
(https://owasp.org/www-project-benchmark/).
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # a JSON document

import click

from benchmarks.review import RunError, review, write_json

CATEGORIES: dict[str, tuple[str, ...]] = {
    "cmdi": ("security/command-injection",),
    "codeinj": ("security/code-injection",),
    "deserialization": ("security/unsafe-deserialization",),
    "hash": ("security/weak-hash", "security/weak-password-hash"),
    "ldapi": ("security/ldap-injection",),
    "pathtraver": ("security/path-traversal",),
    "redirect": ("security/open-redirect",),
    "securecookie": ("security/insecure-cookie",),
    "sqli": ("security/sql-injection",),
    "trustbound": ("security/trust-boundary-violation",),
    "weakrand": ("security/weak-random",),
    "xpathi": ("security/xpath-injection",),
    "xss": ("security/cross-site-scripting", "security/unescaped-template"),
    "xxe": ("security/xml-external-entity",),
}


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one category."""

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int

    @property
    def tpr(self) -> float:
        """True positive rate."""
        return self.true_positives / max(self.true_positives + self.false_negatives, 1)

    @property
    def fpr(self) -> float:
        """False positive rate."""
        return self.false_positives / max(self.false_positives + self.true_negatives, 1)


def read_expected(clone: Path) -> dict[str, tuple[str, bool]]:
    """Test name -> (category, whether it is vulnerable)."""
    files = sorted(clone.glob("expectedresults-*.csv"))
    if not files:
        raise click.ClickException(f"{clone}: expected a clone with expectedresults-*.csv, found none")
    with files[-1].open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.reader(handle) if row and not row[0].startswith("#")]
    return {row[0]: (row[1], row[2].strip().lower() == "true") for row in rows}


def score(expected: dict[str, tuple[str, bool]], report: dict[str, Any]) -> dict[str, Score]:
    """Scores by category: a test counts as flagged when a finding of its category's labels is in its file."""
    flagged: dict[str, set[str]] = defaultdict(set)
    for finding in report["findings"]:
        flagged[Path(finding["location"]["path"]).stem].add(finding["label"])
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for test, (category, vulnerable) in expected.items():
        hit = bool(flagged[test] & set(CATEGORIES.get(category, ())))
        counts[category][(0 if hit else 1) if vulnerable else (2 if hit else 3)] += 1
    return {category: Score(*values) for category, values in sorted(counts.items())}


@click.command()
@click.argument("clone", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--min-probability", type=float, default=None, help="Instead of the shipped thresholds.")
@click.option("--output", type=click.Path(path_type=Path), default=None, help="JSON for machines.")
def owasp(clone: Path, min_probability: float | None, output: Path | None) -> None:
    """TPR - FPR by category on a clone of OWASP BenchmarkPython, trained on nothing from it."""
    options = ["--no-cache", "--select", "security"]
    if min_probability is not None:
        options += ["--min-probability", str(min_probability)]
    try:
        report = review(clone, options, ["testcode", "helpers"])
    except RunError as error:
        raise click.ClickException(str(error)) from error
    scores = score(read_expected(clone), report)
    click.echo(f"{'category':16} {'tests':>6} {'TPR':>6} {'FPR':>6} {'score':>6}")
    for category, one in scores.items():
        tests = one.true_positives + one.false_negatives + one.false_positives + one.true_negatives
        click.echo(f"{category:16} {tests:6} {one.tpr:6.2f} {one.fpr:6.2f} {one.tpr - one.fpr:6.2f}")
    mean = sum(one.tpr - one.fpr for one in scores.values()) / max(len(scores), 1)
    click.echo(f"mean TPR - FPR over {len(scores)} categories: {mean:.3f}   model {report['model']}")
    write_json(
        output, {"mean": mean, "model": report["model"], "scores": {c: [s.tpr, s.fpr] for c, s in scores.items()}}
    )
