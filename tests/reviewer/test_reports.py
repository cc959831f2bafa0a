import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.candidates.model import StepRole
from graph_model.catalogue import Severity, load_catalogue
from reviewer.findings import Anchor, EvidenceStep, Finding, Fix, Region, TextEdit
from reviewer.ledger import Failed, FileProblem, Ledger, Reviewed, Skip, SkipReason
from reviewer.reports import json_report
from reviewer.reports.explanation import Explanation, render_explanations
from reviewer.reports.json_report import dump_json, render_json
from reviewer.reports.patch import render_patch
from reviewer.reports.sarif import name_precision, render_sarif
from reviewer.reports.text import render_text
from reviewer.review import Review
from reviewer.selection import WithheldReason, withhold
from reviewer.source import Position, SourceFile, Span
from reviewer.suppression import SuppressionNote, SuppressionProblem

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
SCHEMA = json.loads((Path(json_report.__file__).parent / "review-1.schema.json").read_text("utf-8"))


def region(path: str, line: int, column: int = 1, end_column: int = 5) -> Region:
    return Region(path, Span(line * 10, line * 10 + 4), Position(line, column), Position(line, end_column))


def finding(
    label: str = "security/sql-injection",
    line: int = 3,
    path: str = "src/a é.py",
    anchor: Anchor | None = None,
    fix: Fix | None = None,
    severity: Severity = Severity.CRITICAL,
) -> Finding:
    return Finding(
        label=label,
        title="Title",
        severity=severity,
        cwe=89 if label.startswith("security") else None,
        message="It is built from é",
        region=region(path, line),
        statement=range(line, line + 1),
        symbol="f",
        api="execute",
        code="execute(\x1b[31m + 'é😀')",
        probability=0.9375,
        fingerprint=f"{line:032x}",
        steps=(
            EvidenceStep(region("lib/b.py", 1), StepRole.SOURCE, "", "a = 1"),
            EvidenceStep(region(path, line), StepRole.SINK, "", "execute()"),
        ),
        weights=(("step:0", 0.5), ("fact:in_loop", -0.25), ("step:9", 0.1)),
        remedy="Use parameters",
        anchor=anchor or Anchor(path, line),
        fix=fix,
    )


FIX = Fix((TextEdit(region("src/a é.py", 3), "safe"),), 0.0)


def make_review(*findings: Finding, **changes: Any) -> Review:
    values: dict[str, Any] = {
        "findings": findings,
        "withheld": (withhold(finding(line=9), WithheldReason.SUPPRESSED),),
        "notes": (SuppressionNote("a.py", 3, SuppressionProblem.UNUSED, "security"),),
        "ledger": Ledger(
            (Reviewed("src/a é.py", "python", 10, (FileProblem("syntax-error", 2, 3, ""),)),),
            (Skip("big.py", SkipReason.TOO_LARGE, "9 bytes"), Skip("a.md", SkipReason.NO_LANGUAGE)),
            (Failed("b.py", "ValueError: x"),),
        ),
        "model_identity": "m1",
        "thresholds": (("performance/sort-in-loop", 0.3), ("security/sql-injection", 0.75)),
    }
    return Review(**{**values, **changes})


def test_json_follows_its_schema() -> None:
    review = make_review(finding(fix=FIX), finding("performance/sort-in-loop", 4), base="abc", head="index")
    document = json.loads(render_json(review, "1.2"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    jsonschema.validate(json.loads(render_json(make_review(), "1.2")), SCHEMA)
    assert document["withheld"]["findings"][0]["reason"] == "suppressed"
    assert document["findings"][0]["fix"]["edits"][0]["replacement"] == "safe"


def test_json_is_stable_text() -> None:
    text = render_json(make_review(finding()), "1.2")
    assert text == render_json(make_review(finding()), "1.2")
    assert text.endswith("}\n")
    assert "é😀" in text
    assert '"\\udce9.py"' in render_json(make_review(finding(path=os.fsdecode(b"\xe9.py"))), "1")


def check_sarif(document: dict[str, Any]) -> None:
    """What GitHub asks for: the table of required properties in its description of SARIF support."""
    assert (document["$schema"], document["version"]) == ("https://json.schemastore.org/sarif-2.1.0.json", "2.1.0")
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    for rule in rules:
        assert rule["id"]
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["properties"]["precision"] in ("very-high", "high", "medium", "low")
        assert len(rule["properties"]["tags"]) <= 10
        if "security" in rule["properties"]["tags"]:
            assert 0.1 <= float(rule["properties"]["security-severity"]) <= 10
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        assert 0 <= result["rank"] <= 100
        locations = [*result["locations"], *(step["location"] for step in flow_of(result))]
        for location in locations:
            physical = location["physicalLocation"]
            assert physical["region"]["startLine"] >= 1
            uri = physical["artifactLocation"]["uri"]
            assert uri.isascii()
            assert not uri.startswith("/")


def flow_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    flows = result.get("codeFlows", [])
    return [step for flow in flows for thread in flow["threadFlows"] for step in thread["locations"]]


def sarif_of(review: Review) -> dict[str, Any]:
    document = json.loads(render_sarif(review, load_catalogue(), "1.2"))
    assert isinstance(document, dict)
    check_sarif(document)
    return document


def test_sarif_is_what_github_takes() -> None:
    document = sarif_of(make_review(finding(fix=FIX), finding("performance/sort-in-loop", 4, severity=Severity.LOW)))
    first, second = document["runs"][0]["results"]
    assert first["rank"] == 93.75
    assert first["properties"]["category"] == "security"
    assert "external/cwe/cwe-89" in first["properties"]["tags"]
    assert (first["level"], second["level"]) == ("error", "note")
    assert first["partialFingerprints"]["graphReviewer/v1"] == finding().fingerprint
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "src/a%20%C3%A9.py"
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in flow_of(first)] == [1, 3]
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "safe"}
    rules = {rule["id"]: rule for rule in document["runs"][0]["tool"]["driver"]["rules"]}
    assert rules["security/sql-injection"]["properties"]["precision"] == "high"
    assert rules["security/sql-injection"]["properties"]["security-severity"] == "9.5"
    assert rules["performance/sort-in-loop"]["properties"]["precision"] == "low"
    assert "security-severity" not in rules["performance/sort-in-loop"]["properties"]


def test_sarif_says_what_was_not_reviewed() -> None:
    invocation = sarif_of(make_review())["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == [
        "ValueError: x",
        "too large (9 bytes)",
    ]


def test_sarif_of_a_change_hangs_on_the_changed_line() -> None:
    result = sarif_of(make_review(finding(anchor=Anchor("lib/b.py", 7))))["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 7}
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 3


def test_sarif_of_a_change_keeps_to_one_line() -> None:
    wide = replace(finding(), region=Region("src/a é.py", Span(0, 50), Position(3, 1), Position(6, 2)))
    location = sarif_of(make_review(wide, base="abc"))["runs"][0]["results"][0]["locations"][0]
    assert location["physicalLocation"]["region"] == {"startLine": 3}
    location = sarif_of(make_review(wide))["runs"][0]["results"][0]["locations"][0]
    assert location["physicalLocation"]["region"]["endLine"] == 6


@pytest.mark.parametrize(("threshold", "word"), [(1.5, "very-high"), (0.7, "high"), (0.5, "medium"), (0.0, "low")])
def test_precision_follows_the_threshold(threshold: float, word: str) -> None:
    assert name_precision(threshold) == word


def test_text_escapes_what_a_terminal_would_obey_and_colours_on_request() -> None:
    review = make_review(finding(anchor=Anchor("lib/b.py", 7)), finding(line=4))
    plain = render_text(review)
    assert "\x1b" not in plain
    assert "execute(\\x1b[31m + 'é😀')" in plain
    assert "introduced at lib/b.py:7" in plain
    assert "a.py:3: note: suppression [security] suppresses nothing" in plain
    assert "2 findings (2 critical) in 1 file reviewed, 10 lines." in plain
    assert "Not reviewed, too large: 1: big.py (9 bytes)." in plain
    assert "\x1b[35m\x1b[1mcritical\x1b[0m security" in render_text(review, colour=True)


def test_text_shortens_long_lists_and_lines() -> None:
    skips = tuple(Skip(f"{number}.x{number}", SkipReason.NO_LANGUAGE) for number in range(9))
    large = tuple(Skip(f"{number}.py", SkipReason.VENDORED) for number in range(9))
    text = render_text(make_review(ledger=Ledger((), (*skips, *large), ())))
    assert "in no language that is read: 9: .x0 1, .x1 1, .x2 1, .x3 1, .x4 1 and 4 more." in text
    assert "vendored: 9: 0.py, 1.py, 2.py, 3.py, 4.py and 4 more." in text
    assert "Nothing was reviewed." in text


def test_an_explanation_says_why_and_what_would_help() -> None:
    source = SourceFile.from_bytes("src/a é.py", b"line one\nline two\nexecute\n\n")
    edit = Fix((TextEdit(Region("src/a é.py", Span(18, 25), Position(3, 1), Position(3, 8)), "safe()"),), 0.125)
    shown = Explanation(finding(fix=edit), 0.75, None)
    hidden = Explanation(finding(), 0.95, WithheldReason.UNLIKELY)
    unselected = Explanation(finding(), None, WithheldReason.NOT_SELECTED)
    text = render_explanations([shown, hidden, unselected], source)
    assert "Probability 0.9375, shown from 0.7500." in text
    assert "Probability 0.9375, shown from 0.9500. Not shown: below the threshold." in text
    assert "Not shown: label not selected." in text
    assert "+0.5000  source at line 1: a = 1" in text
    assert "-0.2500  in loop" in text
    assert "+0.1000  9" in text
    assert "0.94 becomes 0.12" in text
    assert "-execute\n+safe()\n" in text


@pytest.mark.parametrize(
    ("old", "new"),
    [("a\nb\n", "a\nc\n"), ("a", "b"), ("a\n", "a"), ("", "x\n"), ("é😀\r\nb\r\n", "é\r\nb\r\n"), ("a\x0cb\n", "c\n")],
)
def test_patches_apply(old: str, new: str, tmp_path: Path) -> None:
    source = SourceFile.from_bytes("a.py", old.encode())
    patch = render_patch(source, new.encode())
    (tmp_path / "a.py").write_bytes(old.encode())
    command = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=tmp_path, input=patch.encode(), check=True)
    assert (tmp_path / "a.py").read_bytes() == new.encode()


def test_equal_contents_give_no_patch_and_colours_are_for_terminals() -> None:
    source = SourceFile.from_bytes("a.py", b"a\n")
    assert render_patch(source, b"a\n") == ""
    assert "\x1b[32m+b" in render_patch(source, b"b\n", colour=True)


@given(DOCUMENTS, st.integers(0, 4))
def test_a_document_is_the_same_however_deep_it_is_indented(document: object, num_levels: int) -> None:
    text = dump_json(document, num_levels)
    assert json.loads(text) == document
    assert max(len(line) - len(line.lstrip(" ")) for line in text.split("\n")) <= 2 * num_levels
    assert dump_json(document, 20) == dump_json(document)


def test_each_field_of_a_finding_and_each_result_of_a_run_has_a_line() -> None:
    made = Review((finding(), finding(line=4)), (), (), Ledger(), "m", ())
    lines = render_json(made, "1").splitlines()
    assert sum(line.startswith('      "fingerprint": ') for line in lines) == 2
    assert sum(line.startswith('      "evidence": [{') for line in lines) == 2
    lines = render_sarif(made, load_catalogue(), "1").splitlines()
    assert [line.rstrip(",")[-1] for line in lines if line.startswith('        {"codeFlows":')] == ["}", "}"]
