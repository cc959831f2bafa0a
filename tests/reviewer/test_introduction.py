from reviewer.assembly import Assembler
from reviewer.changes import ChangeKind, FileChange, parse_diff
from reviewer.configuration import Configuration
from reviewer.findings import Anchor, Finding
from reviewer.introduction import BaseFindings, ChangeContext, decide_introduction, describe_evidence
from reviewer.scanning import ScoredFile
from reviewer.selection import WithheldReason
from reviewer.source import SourceFile
from reviewer.testing import FakeEngine

TEXT = """\
limit = 3


@guarded
def f():
    value = source()
    note(value)
    sink("security/weak-hash", 0.9, value)


def g():
    pass
"""


def find(text: str = TEXT) -> tuple[Finding, SourceFile]:
    engine = FakeEngine()
    source = SourceFile.from_bytes("a.py", text.encode())
    analysis = engine.analyse(source)
    scored = engine.score(analysis, analysis.candidates)
    file = ScoredFile("python", source.num_lines, (), scored)
    (finding,) = Assembler(Configuration(), engine, {"a.py": source}).build_all("a.py", file)
    return finding, source


def decide(*hunks: str, old: str = "", base: BaseFindings | None = None) -> Anchor | WithheldReason:
    finding, source = find()
    diff = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n" + "".join(hunks)
    changes = {change.path: change for change in parse_diff(diff.encode())}
    before = {"a.py": SourceFile.from_bytes("a.py", old.encode())} if old else {}
    return decide_introduction(finding, ChangeContext(changes, {"a.py": source}, before), base or BaseFindings())


def test_a_changed_statement_is_introduced_where_it_stands() -> None:
    assert decide("@@ -8 +8 @@\n-x\n+y\n") == Anchor("a.py", 8)


def test_a_changed_step_is_where_the_comment_goes() -> None:
    assert decide("@@ -6 +6 @@\n-x\n+y\n") == Anchor("a.py", 6)


def test_the_nearest_changed_line_is_taken() -> None:
    assert decide("@@ -6,3 +6,3 @@\n-x\n-x\n-x\n+y\n+y\n+y\n") == Anchor("a.py", 8)


def test_what_the_base_shows_is_not_new() -> None:
    finding, _ = find()
    base = BaseFindings(shown=frozenset({finding.fingerprint}))
    assert decide("@@ -8 +8 @@\n-x\n+y\n", base=base) is WithheldReason.EXISTING


def test_a_change_elsewhere_introduces_nothing() -> None:
    assert decide("@@ -12 +12 @@\n-x\n+y\n") is WithheldReason.UNTOUCHED
    assert decide() is WithheldReason.UNTOUCHED


def test_a_deleted_line_of_the_function_counts() -> None:
    assert decide("@@ -7 +6,0 @@\n-clean(value)\n") == Anchor("a.py", 7)


def test_a_deleted_decorator_counts() -> None:
    assert decide("@@ -4 +3,0 @@\n-@admin\n") == Anchor("a.py", 4)


def test_a_deletion_at_the_very_end_of_the_function_counts() -> None:
    assert decide("@@ -9 +8,0 @@\n-x\n") == Anchor("a.py", 8)


def test_the_same_evidence_below_the_threshold_is_untouched() -> None:
    """Only the score moved, by a change in the same function that is not on the path."""
    finding, _ = find()
    evidence = {finding.fingerprint: frozenset({describe_evidence(finding)})}
    assert decide("@@ -7 +7 @@\n-x\n+y\n", base=BaseFindings(evidence=evidence)) is WithheldReason.UNTOUCHED
    other = {finding.fingerprint: frozenset({(("guard", "if ok:"),)})}
    assert decide("@@ -7 +7 @@\n-x\n+y\n", base=BaseFindings(evidence=other)) == Anchor("a.py", 7)


def test_a_definition_outside_counts_when_the_evidence_names_it() -> None:
    assert decide("@@ -1 +1 @@\n-source = strict\n+limit = 3\n", old="source = strict\n") == Anchor("a.py", 1)
    assert decide("@@ -1 +1 @@\n-limit = 2\n+limit = 3\n", old="limit = 2\n") is WithheldReason.UNTOUCHED


def test_a_change_of_another_file_counts_only_on_the_path() -> None:
    finding, source = find()
    change = FileChange("b.py", "b.py", ChangeKind.MODIFIED)
    context = ChangeContext({"b.py": change}, {"a.py": source}, {})
    assert decide_introduction(finding, context, BaseFindings()) is WithheldReason.UNTOUCHED
