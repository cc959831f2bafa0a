import json
from collections.abc import Mapping
from typing import Any

import pytest

from integrations.errors import AnalysisError
from integrations.reports import ReviewReport, parse_report
from reviewer.testing import FakeEngine, Project

CLEAN = "def f():\n    value = source()\n    value = clean(value)\n    return value\n"
DIRTY = 'def f():\r\n    wert = "größer 😋"\n    value = source()\n    sink("security/sql-injection", 0.9, value)'


@pytest.fixture
def repository(tmp_path: Any) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root)
    project.init()
    return project


def report_of(project: Project, *args: str) -> str:
    result = project.run("diff", "--format", "json", "--base", "HEAD~1", "--head", "HEAD", *args)
    assert result.exit_code in (0, 1, 2), result.output
    return result.stdout


@pytest.fixture
def document(repository: Project) -> str:
    repository.commit({"a.py": CLEAN, "b.py": "x = 1\n"})
    files = {"a.py": DIRTY, "b.py": "raise-analysis\n", "é/c.py": "syntax-error\n" + DIRTY.replace("0.9", "0.8")}
    repository.commit(
        {**files, "d.bin": b"\0", "e.min.js": "x" * 100, "empty.py": "", "f.py": DIRTY.replace("0.9", "0.1")}
    )
    return report_of(repository)


def select(document: Any, model: Any) -> Any:
    """The part of a JSON document that a model names, so that the two can be compared."""
    if isinstance(model, Mapping):
        return {key: select(document[key], model[key]) for key in model}
    if isinstance(model, list | tuple):
        return [select(one, other) for one, other in zip(document, model, strict=True)]
    return document


def test_what_the_command_wrote_is_read_field_by_field(document: str) -> None:
    report = parse_report(document)
    assert [one.location.path for one in report.findings] == ["a.py", "é/c.py"]
    assert report.findings[0].fix is not None
    assert report.findings[0].evidence
    assert not report.is_complete
    assert [one.path for one in report.files.failed] == ["b.py"]
    assert [one.path for one in report.files.reviewed if one.problems] == ["é/c.py"]
    dumped = report.model_dump(mode="json")
    assert dumped == select(json.loads(document), dumped)


def test_a_report_is_kept_and_read_again_without_loss(document: str) -> None:
    report = parse_report(document)
    assert parse_report(report.model_dump_json()) == report
    assert parse_report(document.encode()) == report


def test_a_change_of_nothing_is_complete_and_empty(repository: Project) -> None:
    repository.commit({"a.py": ""})
    repository.commit({})
    report = parse_report(report_of(repository))
    assert (report.findings, report.withheld.findings, report.is_complete) == ((), (), True)


def test_withheld_findings_are_found_by_their_reason(repository: Project) -> None:
    sinks = "".join(f'    sink("security/sql-injection", 0.9{n}, value)\n' for n in range(3))
    repository.commit({"a.py": "x = 1\n", ".reviewer.toml": "max-comments = 1\n"})
    repository.commit({"a.py": f"def f():\n    value = source()\n{sinks}"})
    report = parse_report(report_of(repository))
    assert len(report.findings) == 1
    assert len(report.withheld_for("over_budget")) == report.withheld.counts["over_budget"] == 2
    assert report.withheld_for("other") == ()


def test_a_name_that_is_no_utf8_does_not_cost_the_report(repository: Project) -> None:
    repository.commit({"a.py": "x = 1\n"})
    blob = repository.git("hash-object", "-w", "a.py")
    (repository.root / "dirty.py").write_text(DIRTY, "utf-8")
    dirty = repository.git("hash-object", "-w", "dirty.py")
    tree = b"100644 a.py\0" + bytes.fromhex(blob) + b"100644 b\xff.py\0" + bytes.fromhex(dirty)
    (repository.root / "tree").write_bytes(tree)
    name = repository.git("hash-object", "-t", "tree", "-w", "tree")
    commit = repository.git("commit-tree", "-p", "HEAD", "-m", "x", name)
    repository.git("reset", "--quiet", "--soft", commit)
    document = report_of(repository)
    assert "\\udcff" in document
    report = parse_report(document)
    assert [one.location.path for one in report.findings] == ["b?.py"]
    assert parse_report(report.model_dump_json()) == report


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "expected JSON"),
        ("{", "expected JSON"),
        (b"\xff\xfe", "expected JSON"),
        ("[" * 100_000, "expected JSON"),
        ("[]", "report: "),
        ("{}", "report: tool: "),
    ],
    ids=["empty", "cut short", "no text", "deep", "a list", "no fields"],
)
def test_what_is_no_report_is_refused(content: str | bytes, said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        parse_report(content)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("change.base", None),
        ("model", 3),
        ("findings.0.fingerprint", None),
        ("findings.0.location.start_line", "many"),
        ("findings.1.evidence.0.code", {}),
        ("files.failed", {}),
        ("withheld.counts", []),
    ],
)
def test_a_field_that_is_wrong_is_named(document: str, path: str, value: object) -> None:
    report = json.loads(document)
    *parents, name = path.split(".")
    at = report
    for parent in parents:
        at = at[int(parent)] if isinstance(at, list) else at[parent]
    at[name] = value
    with pytest.raises(AnalysisError, match=f"report: {path}".replace(".", r"\.")):
        parse_report(json.dumps(report))


def test_values_are_frozen(document: str) -> None:
    report: ReviewReport = parse_report(document)
    with pytest.raises(ValueError, match="frozen"):
        report.findings[0].title = "x"


def test_the_model_that_was_used_is_named(document: str) -> None:
    assert parse_report(document).model == FakeEngine().identity
