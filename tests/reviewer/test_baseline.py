from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.baseline import (
    KnownFinding,
    list_known,
    parse_baseline,
    parse_entries,
    read_baseline,
    render_baseline,
    update_baseline,
)
from reviewer.errors import RequestError
from reviewer.findings import build_finding
from reviewer.fingerprint import compute_fingerprints
from reviewer.selection import SelectionRules, WithheldReason, select_findings
from reviewer.source import SourceFile
from reviewer.testing import FakeEngine, FakeScored, Project

BAD = 'def f():\n    value = source()\n    sink("security/sql-injection", 0.9, value)\n'
WEAK = 'def g():\n    sink("security/weak-hash", 0.9, text)\n'
FILE = ".reviewer-baseline.json"

entries = st.builds(
    KnownFinding,
    path=st.sampled_from(("a.py", "sub/b.py", "sub/é.py", "subway.py")),
    label=st.sampled_from(("security/weak-hash", "security/sql-injection")),
    fingerprint=st.text("0123456789abcdef", min_size=1, max_size=2),
    line=st.integers(1, 9),
)
baselines = st.lists(entries, max_size=8, unique_by=lambda one: one.fingerprint).map(lambda some: tuple(sorted(some)))


@given(baselines)
def test_what_is_written_is_read_again(known: tuple[KnownFinding, ...]) -> None:
    content = render_baseline(known).encode()
    assert parse_entries(content, "x") == known
    assert parse_baseline(content, "x") == {one.fingerprint for one in known}
    assert len(content.splitlines()) == len(known) + (5 if not known else 6)


@given(baselines, baselines, st.sampled_from(("", "sub/")), st.booleans())
def test_an_update_adds_what_is_new_and_drops_what_is_gone(
    known: tuple[KnownFinding, ...], found: tuple[KnownFinding, ...], folder: str, adds: bool
) -> None:
    update = update_baseline(known, found, lambda one: one.path.startswith(folder), adds=adds)
    before, now = ({one.fingerprint for one in some} for some in (known, found))
    after = {one.fingerprint for one in update.entries}
    assert after <= (before | now if adds else before)
    assert after >= (now if adds else now & before)
    assert {one.fingerprint for one in known if not one.path.startswith(folder)} <= after
    assert all(one.fingerprint in now for one in update.entries if one.path.startswith(folder))
    again = update_baseline(update.entries, found, lambda one: one.path.startswith(folder), adds=adds)
    assert (again.entries, again.gone) == (update.entries, ())


lines = st.lists(
    st.sampled_from(
        ('sink("security/weak-hash", 0.9, a)', 'sink("security/weak-hash", 0.9, b)', "pass", "def f():", "def g():")
    )
)


def find(program: list[str]) -> tuple[SourceFile, list[str], list[str]]:
    """A program with the text and the fingerprint of each candidate in it."""
    source = SourceFile.from_bytes("a.py", "".join(f"{line}\n" for line in program).encode())
    found = FakeEngine().analyse(source).candidates
    texts = [f"{one.symbol}: {source.content[one.start : one.end].decode()}" for one in found]
    return source, texts, list(compute_fingerprints(found, source))


@given(lines, st.data())
def test_no_baseline_hides_one_more_finding_than_it_holds(program: list[str], data: st.DataObject) -> None:
    """Whatever is inserted: of equal findings in one function as many are shown as there are more of than before."""
    _, known_texts, known = find(program)
    changed = list(program)
    for line in data.draw(lines):
        changed.insert(data.draw(st.integers(0, len(changed))), line)
    source, texts, fingerprints = find(changed)
    engine = FakeEngine()
    findings = [
        build_finding(FakeScored(one, 0.9), name, engine.catalogue.get_label(one.label), {"a.py": source})
        for one, name in zip(engine.analyse(source).candidates, fingerprints, strict=True)
    ]
    selection = select_findings(findings, SelectionRules(baseline=frozenset(known)))
    hidden = Counter(texts[fingerprints.index(one.finding.fingerprint)] for one in selection.withheld if one.finding)
    assert {one.reason for one in selection.withheld} <= {WithheldReason.BASELINE}
    before, after = Counter(known_texts), Counter(texts)
    assert hidden == before & after
    assert len(selection.shown) == (after - before).total()


def test_known_findings_are_counted_and_new_ones_shown(project: Project) -> None:
    project.write({"a.py": BAD})
    assert project.run("baseline").stdout == f"{FILE}: 1 finding, 1 new, 0 gone\n"
    assert project.run("check").exit_code == 0
    project.write({"a.py": "# moved é\n" + BAD + BAD.split("\n")[2] + "\n", "b.py": WEAK})
    report = project.report("check")
    assert [(one["location"]["path"], one["location"]["start_line"]) for one in report["findings"]] == [
        ("a.py", 5),
        ("b.py", 2),
    ]
    assert report["withheld"]["counts"] == {"baseline": 1}
    assert "Withheld: 1 in the baseline." in project.run("check").stdout
    assert len(project.report("check", "--no-baseline")["findings"]) == 3
    assert "in the baseline" in project.run("explain", "a.py:4").stdout


def test_the_file_reads_as_a_list(project: Project) -> None:
    project.write({"b.py": WEAK, "a.py": BAD})
    project.run("baseline")
    first, second = (one["fingerprint"] for one in project.report("check", "--no-baseline")["findings"])
    assert (project.root / FILE).read_text("utf-8") == (
        '{\n  "schema": "graph-reviewer/baseline",\n  "schema_version": 1,\n  "findings": [\n'
        f'    {{"fingerprint": "{first}", "label": "security/sql-injection", "path": "a.py", "line": 3}},\n'
        f'    {{"fingerprint": "{second}", "label": "security/weak-hash", "path": "b.py", "line": 2}}\n'
        "  ]\n}\n"
    )


def test_another_baseline_takes_the_place_of_the_committed_one(project: Project) -> None:
    project.write({"a.py": BAD, "b.py": WEAK})
    project.run("baseline", "a.py")
    project.run("baseline", "b.py", "--output", "other.json")
    for args, path in (((), "b.py"), (("--baseline", "other.json"), "a.py")):
        assert [one["location"]["path"] for one in project.report("check", *args)["findings"]] == [path]


def test_pruning_drops_what_is_gone_and_adds_nothing(project: Project) -> None:
    project.write({"a.py": BAD, "b.py": WEAK})
    project.run("baseline")
    project.write({"b.py": "x = 1\n", "c.py": WEAK})
    assert project.run("baseline", "--prune").stdout == f"{FILE}: 1 finding, 0 new, 1 gone\n"
    assert [one["location"]["path"] for one in project.report("check")["findings"]] == ["c.py"]


def test_what_is_not_shown_under_other_settings_is_not_gone(project: Project) -> None:
    project.write({"a.py": BAD, "b.py": WEAK, "c.py": BAD.replace("0.9", "0.1")})
    project.run("baseline", "--min-probability", "0")
    whole = (project.root / FILE).read_text()
    for args in (("--min-probability", "1"), ("--select", "security/weak-hash"), ("--ignore", "security")):
        for prune in (("--prune",), ()):
            assert project.run("baseline", *prune, *args).exit_code == 0
            assert (project.root / FILE).read_text() == whole


def test_what_could_not_be_read_keeps_its_entries(project: Project) -> None:
    files = ("a.py", "b.py", "c.py", "sub/d.py", "subway.py")
    project.write(dict.fromkeys(files, BAD))
    project.run("baseline")
    project.write(
        {
            "a.py": "raise-analysis\n",
            "b.py": "too-many-nodes\n",
            "c.py": "syntax-error\n",
            "sub/d.py": "x\n",
            "subway.py": "x\n",
        }
    )
    result = project.run("baseline", "--prune")
    assert (result.exit_code, "failed: a.py: RuntimeError" in result.stderr) == (2, True)
    known = parse_entries((project.root / FILE).read_bytes(), FILE)
    assert [one.path for one in known] == ["a.py", "b.py", "c.py"]


def test_paths_that_were_not_asked_for_keep_their_entries(project: Project) -> None:
    project.write(dict.fromkeys(("sub/d.py", "subway.py"), BAD))
    project.run("baseline")
    project.write(dict.fromkeys(("sub/d.py", "subway.py"), "x = 1\n"))
    project.run("baseline", "sub")
    assert [one.path for one in parse_entries((project.root / FILE).read_bytes(), FILE)] == ["subway.py"]


def test_checking_tells_whether_the_file_is_up_to_date(project: Project) -> None:
    project.write({"a.py": BAD})
    missing = project.run("baseline", "--check")
    assert (missing.exit_code, missing.stdout) == (
        1,
        f"new: a.py:3 security/sql-injection\n{FILE}: not up to date, 1 finding\n",
    )
    assert not (project.root / FILE).exists()
    project.run("baseline")
    project.write({"a.py": "# moved\n" + BAD})
    current = project.run("baseline", "--check")
    assert (current.exit_code, current.stdout) == (0, f"{FILE}: up to date, 1 finding\n")
    project.write({"a.py": WEAK})
    stale = project.run("baseline", "--check")
    assert stale.exit_code == 1
    assert stale.stdout.splitlines()[:2] == ["gone: a.py:3 security/sql-injection", "new: a.py:2 security/weak-hash"]
    assert project.run("baseline", "--check", "--prune").stdout.startswith("gone: ")
    project.write({"a.py": BAD + WEAK})
    assert project.run("baseline", "--check", "--prune").exit_code == 0
    project.write({f"{number}.py": BAD for number in range(30)})
    assert "and 11 more\n" in project.run("baseline", "--check").stdout


def test_the_configuration_names_the_file_or_none(project: Project) -> None:
    project.write({"a.py": BAD, ".reviewer.toml": 'baseline = "ci/known.json"\n'})
    absent = project.run("check")
    assert (absent.exit_code, "ci/known.json: expected a baseline" in absent.stderr) == (2, True)
    (project.root / "ci").mkdir()
    assert project.run("baseline").exit_code == 0
    assert project.run("check").exit_code == 0
    project.write({".reviewer.toml": 'baseline = ""\n'})
    assert project.run("check").exit_code == 1
    assert "expected a file name" in project.run("baseline").stderr
    for wrong in ('"../x"', '"/x"', "3", "'a\\b'"):
        project.write({".reviewer.toml": f"baseline = {wrong}\n"})
        assert "baseline: expected a path below the root" in project.run("check").stderr


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "expected a baseline or a JSON report"),
        ("[]", "findings: expected a list, found None"),
        ('{"findings": [1]}', r"findings\[0\]: expected a fingerprint"),
        ('{"findings": []}', "schema: expected graph-reviewer/baseline 1, found None, None"),
        (
            '{"schema": "graph-reviewer/baseline", "schema_version": 1, "findings": [{"fingerprint": "a"}]}',
            r"findings\[0\]: expected fingerprint, label, path and line",
        ),
    ],
)
def test_a_file_that_is_no_baseline_is_not_written_over(project: Project, content: str, problem: str) -> None:
    project.write({"a.py": BAD, FILE: content})
    with pytest.raises(RequestError, match=problem):
        parse_entries(content.encode(), "x")
    assert project.run("baseline").exit_code == 2
    assert (project.root / FILE).read_text("utf-8") == content


def test_nothing_to_review_is_no_baseline(project: Project, tmp_path: Path) -> None:
    result = project.run("baseline")
    assert (result.exit_code, "expected a file to review, found none" in result.stderr) == (2, True)
    with pytest.raises(RequestError, match="expected a baseline"):
        read_baseline(tmp_path / "nowhere")


@pytest.fixture
def topic(repository: Project) -> Project:
    repository.commit({"a.py": "x = 1\n", "old.py": BAD})
    repository.git("checkout", "--quiet", "-b", "topic")
    return repository


def test_a_change_does_not_hide_its_findings_in_the_baseline(topic: Project) -> None:
    topic.write({"a.py": BAD})
    topic.run("baseline")
    topic.commit()
    assert topic.run("check").exit_code == 0
    for args in ((), ("--head", "HEAD"), ("--staged",)):
        report = topic.report("diff", "--base", "main", *args)
        assert [one["location"]["path"] for one in report["findings"]] == ["a.py"]


def test_the_baseline_of_the_base_counts_for_a_change(topic: Project) -> None:
    topic.commit({"a.py": BAD})
    topic.run("baseline")
    topic.commit({"a.py": "x = 1\n"})
    topic.git("branch", "--force", "main")
    topic.commit({"a.py": BAD, FILE: "{"})
    report = topic.report("diff", "--base", "main")
    assert (report["findings"], report["withheld"]["counts"]) == ([], {"baseline": 1})
    assert len(topic.report("diff", "--base", "main", "--no-baseline")["findings"]) == 1


def test_the_policy_can_be_that_of_a_commit(topic: Project) -> None:
    topic.git("checkout", "--quiet", "main")
    topic.commit({"pyproject.toml": "[tool.reviewer]\nmax-comments = 1\n", ".reviewer.toml": 'exclude = ["gen.py"]\n'})
    topic.git("checkout", "--quiet", "-B", "topic")
    topic.commit({".reviewer.toml": "select = []\n", "a.py": BAD, "gen.py": BAD})
    assert topic.report("diff", "--base", "main")["findings"] == []
    report = topic.report("diff", "--base", "main", "--policy-from", "main")
    assert [one["location"]["path"] for one in report["findings"]] == ["a.py"]
    topic.commit({".reviewer.toml": "nonsense"})
    assert len(topic.report("diff", "--base", "main", "--policy-from", "main")["findings"]) == 1
    refused = topic.run("diff", "--policy-from", "HEAD")
    assert f"{topic.git('rev-parse', 'HEAD')[:12]}:.reviewer.toml: file: expected readable TOML" in refused.stderr
    assert "nowhere: expected a commit" in topic.run("diff", "--policy-from", "nowhere").stderr
    assert "exclude each other" in topic.run("diff", "--policy-from", "main", "--config", "x.toml").stderr


def test_without_a_configuration_a_commit_has_the_defaults(topic: Project) -> None:
    topic.commit({"pyproject.toml": "[project]\n", "a.py": BAD})
    topic.write({".reviewer.toml": "select = []\n"})
    assert len(topic.report("diff", "--base", "main", "--policy-from", "HEAD")["findings"]) == 1


def test_entries_of_findings_are_sorted_by_place_not_by_line(project: Project) -> None:
    project.write({"a.py": WEAK + BAD, "A.py": WEAK})
    project.run("baseline")
    known = parse_entries((project.root / FILE).read_bytes(), FILE)
    assert [(one.path, one.label) for one in known] == [
        ("A.py", "security/weak-hash"),
        ("a.py", "security/sql-injection"),
        ("a.py", "security/weak-hash"),
    ]
    assert list_known(()) == ()
