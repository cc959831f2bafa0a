"""SARIF within GitHub's limits, and valid for whatever stands in the reviewed code."""

import gzip
import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from graph_model.candidates.model import StepRole
from graph_model.catalogue import Severity, load_catalogue
from reviewer.findings import Anchor, EvidenceStep, Finding, Fix, Region, TextEdit
from reviewer.ledger import Failed, Ledger, Skip, SkipReason
from reviewer.reports import sarif
from reviewer.reports.line_hashes import hash_lines
from reviewer.reports.sarif import describe_log, render_sarif
from reviewer.review import Review
from reviewer.source import Position, SourceFile, Span
from reviewer.testing import Project

# `.ci/run test` brings both: other people's work, so never committed.
VALIDATORS = Path(__file__).resolve().parents[2] / ".venv" / "host-descriptions" / "sarif"
CATALOGUE = load_catalogue()
SINK = 'def f():\n    value = source()\n    sink("{}", {}, value)\n'
NASTY = ("", "é", "😀", "\x00\x1b[31m", '"\\', "\u2028", "{0}", "[x](y)", "%20", "a" * 3_000, "../..", "\r\n\t", "<b>&")
PATHS = ("a.py", "sub/ä b.py", "a%20b.py", "[x]{y}.py", "a:b.py", "#?.py", os.fsdecode(b"\xe9.py"), "a\nb.py", "😀.py")


def results_of(project: Project, *args: str) -> list[dict[str, Any]]:
    result = project.run(*args, "--format", "sarif")
    results = json.loads(result.stdout)["runs"][0]["results"]
    assert isinstance(results, list)
    return results


def line_hash(result: dict[str, Any]) -> str:
    return str(result["partialFingerprints"]["primaryLocationLineHash"])


@pytest.mark.parametrize(
    "raw",
    [
        SINK.format("security/sql-injection", 0.9).encode(),
        b"\xef\xbb\xbf" + SINK.format("security/sql-injection", 0.9).replace("\n", "\r\n").encode(),
        b"# caf\xe9\n" + SINK.format("security/sql-injection", 0.9).encode(),
        ("# é\n" + SINK.format("security/sql-injection", 0.9)).encode("utf-16"),
    ],
    ids=["plain", "with a byte order mark and CRLF", "Windows-1252", "UTF-16"],
)
def test_a_line_has_the_hash_that_an_upload_would_compute(project: Project, raw: bytes) -> None:
    project.write({"a.py": raw})
    (result,) = results_of(project, "check")
    line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert line_hash(result) == hash_lines(raw.decode("utf-8", "replace"))[line - 1]


def test_a_change_has_the_hash_of_the_changed_line(repository: Project) -> None:
    clean = 'value = source()\nvalue = clean(value)\nsink("security/sql-injection", 0.9, value)\n'
    repository.commit({"a.py": clean})
    changed = clean.replace("clean(value)", "other(value)")
    repository.write({"a.py": changed})
    (result,) = results_of(repository, "diff", "--base", "HEAD")
    assert line_hash(result) == hash_lines(changed)[1]


def test_a_file_that_lost_characters_keeps_our_identity(project: Project) -> None:
    project.write({"a.py": b"# \x81\n" + SINK.format("security/sql-injection", 0.9).encode() + b"# coding: nonsense"})
    (result,) = results_of(project, "check")
    lossless = SourceFile.from_bytes("a.py", (project.root / "a.py").read_bytes()).is_lossless
    ours = f"{result['partialFingerprints']['graphReviewer/v1']}:1"
    assert (line_hash(result) == ours) is not lossless


def make_finding(number: int, *, severity: Severity = Severity.HIGH, code: str = "x", path: str = "a.py") -> Finding:
    region = Region(path, Span(number, number + 1), Position(number + 1, 1), Position(number + 1, 2))
    return Finding(
        label="security/sql-injection",
        title="Title",
        severity=severity,
        cwe=89,
        message=code,
        region=region,
        statement=range(number + 1, number + 2),
        symbol="f",
        api="execute",
        code=code,
        probability=0.5,
        fingerprint=f"{number:032x}",
        steps=(EvidenceStep(region, StepRole.SOURCE, code, code), EvidenceStep(region, StepRole.SINK, "", code)),
        weights=(),
        remedy="Mend it",
        anchor=Anchor(path, number + 1),
    )


def make_review(*findings: Finding, ledger: Ledger | None = None, base: str = "") -> Review:
    thresholds = (("performance/sort-in-loop", 0.3), ("security/sql-injection", 0.75))
    return Review(findings, (), (), ledger or Ledger(), "m1", thresholds, base=base)


def test_github_keeps_five_thousand_results_so_the_worst_are_kept() -> None:
    findings = [make_finding(number, severity=Severity.LOW if number % 2 else Severity.HIGH) for number in range(5_100)]
    (run,) = describe_log(make_review(*findings), CATALOGUE, "1", {})["runs"]
    assert len(run["results"]) == 5_000
    assert sum(result["level"] == "error" for result in run["results"]) == 2_550
    lines = [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in run["results"]]
    assert lines == sorted(lines)
    said = run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert said == "100 results left out, the least severe and likely: GitHub takes no more"


def test_a_file_larger_than_github_takes_holds_fewer_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "_MAX_BYTES", 60_000)
    chance = random.Random(3)
    findings = [make_finding(number, code=chance.randbytes(400).hex()) for number in range(200)]
    text = render_sarif(make_review(*findings), CATALOGUE, "1")
    assert len(gzip.compress(text.encode())) <= 60_000
    run = json.loads(text)["runs"][0]
    assert 20 < len(run["results"]) < 200
    left = 200 - len(run["results"])
    said = run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert said.startswith(f"{left} results left out")


def test_a_long_flow_is_cut_in_the_middle() -> None:
    finding = make_finding(0)
    step = finding.steps[0]
    long = Finding(
        **{**{name: getattr(finding, name) for name in Finding.__slots__}, "steps": (step,) * 1_500 + finding.steps[1:]}
    )
    result = json.loads(render_sarif(make_review(long), CATALOGUE, "1"))["runs"][0]["results"][0]
    locations = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert len(locations) == 1_000
    assert locations[-1]["location"]["message"]["text"].startswith("sink")


def test_messages_hold_no_control_characters() -> None:
    """XML has none, and readers of SARIF write it; what a fix inserts stays as it is."""
    text = "".join(map(chr, range(32))) + "\x7f\u202eé😀"
    finding = make_finding(0, code=text)
    edit = TextEdit(finding.region, text)
    changes = {"fix": Fix((edit,), 0.0, "kind", text), "anchor": Anchor("b.py", 1)}
    finding = Finding(**{**{name: getattr(finding, name) for name in Finding.__slots__}, **changes})
    ledger = Ledger((), (Skip("a.py", SkipReason.TOO_LARGE, text),), (Failed("a.py", text),))
    run = json.loads(render_sarif(make_review(finding, ledger=ledger), CATALOGUE, "1"))["runs"][0]
    said = list(texts_in([run["results"], run["invocations"]]))
    assert len([one for one in said if "\\x1b" in one]) == 7
    assert all(one.isprintable() for one in said)
    (change,) = run["results"][0]["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"] == text


def texts_in(document: object) -> Iterator[str]:
    """What stands under `text` anywhere, what is inserted left out."""
    if isinstance(document, list):
        for one in document:
            yield from texts_in(one)
    elif isinstance(document, dict):
        for key, one in document.items():
            if key == "text":
                yield one
            elif key != "insertedContent":
                yield from texts_in(one)


def make_corpus(num_reports: int, num_findings: int) -> list[str]:
    """Reports about code that holds what nobody expects, the same in every run."""
    chance = random.Random(20)
    return [render_sarif(_make_nasty_review(chance, num_findings), CATALOGUE, "1.2.3") for _ in range(num_reports)]


def _make_nasty_review(chance: random.Random, num_findings: int) -> Review:
    findings = []
    for number in range(chance.randrange(num_findings)):
        text = "".join(chance.choices(NASTY, k=3)) or "x"
        finding = make_finding(number, severity=chance.choice(list(Severity)), code=text, path=chance.choice(PATHS))
        edit = TextEdit(finding.region, chance.choice(NASTY))
        changes: dict[str, Any] = {
            "anchor": chance.choice((finding.anchor, Anchor(chance.choice(PATHS), chance.randrange(1, 99)))),
            "fix": chance.choice((None, Fix((edit,), 0.0, "kind", chance.choice(NASTY)))),
            "label": chance.choice([label.id for label in CATALOGUE]),
            "cwe": chance.choice((None, 89)),
            "probability": chance.random(),
        }
        findings.append(Finding(**{**{name: getattr(finding, name) for name in Finding.__slots__}, **changes}))
    skipped = Skip(chance.choice(PATHS), chance.choice(list(SkipReason)), chance.choice(NASTY))
    failed = Failed(chance.choice(PATHS), chance.choice(NASTY) or "x")
    return make_review(*findings, ledger=Ledger((), (skipped,), (failed,)), base=chance.choice(("", "abc")))


def test_every_report_follows_the_schema_of_oasis() -> None:
    schema = json.loads((VALIDATORS / "sarif-2.1.0.json").read_text("utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    for text in make_corpus(60, 5):
        validator.validate(json.loads(text))


@pytest.mark.slow
def test_every_report_passes_microsofts_validator(tmp_path: Path) -> None:
    """Rules of SARIF and of GitHub's code scanning, without notes: those are wishes.

    Few reports with many findings: it takes a second or two for each file.
    """
    for number, text in enumerate(make_corpus(3, 80)):
        (tmp_path / f"{number:02}.sarif").write_text(text, "utf-8")
    out = tmp_path / "out.json"
    options = ["--level", "Error;Warning", "--rule-kind", "Sarif;Ghas", "--output", str(out)]
    command = [str(VALIDATORS / "Sarif.Multitool"), "validate", str(tmp_path / "*.sarif"), *options]
    environment = {
        **os.environ,
        "DOTNET_BUNDLE_EXTRACT_BASE_DIR": str(tmp_path / "net"),
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
    }
    done = subprocess.run(command, capture_output=True, check=False, env=environment, cwd=tmp_path)
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said + done.stderr.decode("utf-8", "replace")
    found = json.loads(out.read_text("utf-8-sig"))["runs"][0]
    problems = {(one["ruleId"], *one["message"]["arguments"]) for one in found.get("results", [])}
    # The project has no page of its own yet that a tool's `informationUri` could name.
    assert problems == {("SARIF2005", "runs[0].tool.driver", "graph-reviewer")}
    assert "3 files scanned" in said
