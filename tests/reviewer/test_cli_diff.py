import json
from typing import Any

import pytest

from reviewer.testing import Project

CLEAN = """\
def f(request):
    value = source()
    value = clean(value)
    log(value)
    sink("security/sql-injection", 0.9, value)


def g(request):
    other = source()
    return other
"""
DIRTY = CLEAN.replace("    value = clean(value)\n", "")


@pytest.fixture
def topic(repository: Project) -> Project:
    """A repository with a commit on main, on a branch of its own."""
    repository.commit({"a.py": CLEAN, "b.py": DIRTY})
    repository.git("checkout", "--quiet", "-b", "topic")
    return repository


def findings(report: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Path, line, and the line of the comment."""
    return [
        (one["location"]["path"], one["location"]["start_line"], one["anchor"]["line"]) for one in report["findings"]
    ]


def counts(report: dict[str, Any]) -> dict[str, int]:
    found = report["withheld"]["counts"]
    assert isinstance(found, dict)
    return found


def test_no_change_is_clean(topic: Project) -> None:
    result = topic.run("diff")
    assert (result.exit_code, result.stdout) == (0, "0 findings in 0 files reviewed, 0 lines.\nNothing was reviewed.\n")


def test_a_deleted_sanitiser_is_found_next_to_where_it_stood(topic: Project) -> None:
    topic.write({"a.py": DIRTY})
    report = topic.report("diff")
    assert findings(report) == [("a.py", 4, 3)]
    assert report["change"]["head"] == "working tree"
    assert [one["path"] for one in report["files"]["reviewed"]] == ["a.py"]
    assert "introduced at a.py:3" in topic.run("diff").stdout
    assert topic.run("diff").exit_code == 1


def test_a_new_flow_is_anchored_to_its_own_line(topic: Project) -> None:
    topic.write({"a.py": CLEAN.replace("return other", 'sink("security/weak-hash", 0.9, other)')})
    assert findings(topic.report("diff")) == [("a.py", 10, 10)]


def test_a_changed_source_is_where_the_comment_goes(topic: Project) -> None:
    topic.commit(
        {"b.py": DIRTY.replace("value = source()", "value = compute()").replace("log(value)", "value = hop(value)")}
    )
    topic.write({"b.py": DIRTY.replace("log(value)", "value = hop(value)")})
    report = topic.report("diff", "--base", "topic")
    assert findings(report) == []  # same statement, same place: the base shows it, by another path
    assert counts(report) == {"existing": 1}


def test_old_findings_stay_out_when_lines_move(topic: Project) -> None:
    topic.write({"b.py": "import os\n\n\n" + DIRTY + "\n\nx = 1\n"})
    report = topic.report("diff")
    assert findings(report) == []
    assert counts(report) == {"existing": 1}
    assert topic.run("diff").exit_code == 0


def test_a_rename_is_followed(topic: Project) -> None:
    topic.git("mv", "b.py", "moved.py")
    assert findings(topic.report("diff")) == []
    topic.write({"moved.py": DIRTY.replace("return other", 'sink("security/weak-hash", 0.9, other)')})
    assert findings(topic.report("diff")) == [("moved.py", 9, 9)]


def test_a_new_file_is_all_new(topic: Project) -> None:
    topic.write({"é new.py": DIRTY})
    assert findings(topic.report("diff")) == [("é new.py", 4, 4)]


def test_a_deleted_file_says_nothing(topic: Project) -> None:
    (topic.root / "b.py").unlink()
    assert findings(topic.report("diff")) == []


def test_a_deleted_guard_counts(topic: Project) -> None:
    guarded = DIRTY.replace("    log(value)\n", "    if value:\n        pass\n")
    topic.commit({"a.py": guarded.replace("0.9", "0.3"), "b.py": guarded})
    topic.write({"a.py": DIRTY.replace("    log(value)\n", "")})
    assert findings(topic.report("diff", "--base", "topic")) == [("a.py", 3, 3)]


def test_a_helper_in_another_file_introduces_a_finding(topic: Project) -> None:
    topic.commit(
        {
            "use.py": 'def h():\n    v = fetch("helper.py")\n    sink("security/sql-injection", 0.9, v)\n',
            "helper.js": "x\n",
        }
    )
    topic.write({"helper.py": "def provide():\n    return input()\n"})
    report = topic.report("diff", "--base", "topic")
    (found,) = report["findings"]
    assert found["location"]["path"] == "use.py"
    assert found["anchor"] == {"path": "helper.py", "line": 1}
    assert [one["path"] for one in report["files"]["reviewed"]] == ["helper.py"]


def test_a_definition_outside_functions_that_the_evidence_names(topic: Project) -> None:
    module = (
        'value = source()\nclean_it = strict\nvalue = clean(value)\nx = 1\nsink("security/sql-injection", 0.9, value)\n'
    )
    topic.commit({"m.py": module})
    topic.write({"m.py": module.replace("value = clean(value)\n", "")})
    assert findings(topic.report("diff", "--base", "topic")) == [("m.py", 4, 3)]


def test_at_most_ten_comments_a_change(topic: Project) -> None:
    topic.write({f"n{number}.py": DIRTY for number in range(12)})
    report = topic.report("diff")
    assert len(report["findings"]) == 10
    assert counts(report) == {"over_budget": 2}
    assert "Withheld: 2 over the budget of comments." in topic.run("diff").stdout
    assert len(topic.report("diff", "--min-probability", "0")["findings"]) == 12
    topic.write({".reviewer.toml": "max-comments = 3\n"})
    assert len(topic.report("diff")["findings"]) == 3


def test_commits_and_index_are_heads(topic: Project) -> None:
    first = topic.git("rev-parse", "HEAD")
    second = topic.commit({"a.py": DIRTY, ".gitattributes": "made.py linguist-generated\n", "made.py": DIRTY})
    topic.write({"a.py": CLEAN})
    report = topic.report("diff", "--base", first, "--head", second)
    assert findings(report) == [("a.py", 4, 3)]
    assert report["change"] == {"base": first, "head": second}
    assert {one["path"]: one["reason"] for one in report["files"]["skipped"]}["made.py"] == "generated"
    assert findings(topic.report("diff", "--base", first)) == []
    topic.write({"c.py": DIRTY})
    topic.git("add", "c.py")
    assert findings(topic.report("diff", "--base", second, "--staged")) == [("c.py", 4, 4)]
    assert topic.run("diff", "--staged", "--head", second).exit_code == 2


def test_the_first_commit_is_reviewed_like_any_other(repository: Project) -> None:
    repository.write({"a.py": DIRTY, "b.py": DIRTY})
    repository.git("add", "a.py")
    report = repository.report("diff", "--base", "HEAD", "--staged")
    assert (findings(report), report["change"]["head"]) == ([("a.py", 4, 4)], "index")
    assert findings(repository.report("diff")) == [("a.py", 4, 4), ("b.py", 4, 4)]


def test_four_languages_in_one_change(topic: Project) -> None:
    topic.write(
        {
            "a.js": 'function f() {\n  sink("security/weak-hash", 0.9, x)\n}\n',
            "b.ts": 'sink("security/weak-hash", 0.9, x)\n',
            "C.java": 'class C { void m() {\n  sink("security/weak-hash", 0.9, x);\n} }\n',
            "D.cs": 'class D { void M() {\n  sink("security/weak-hash", 0.9, x);\n} }\n',
            "notes.md": "x\n",
        }
    )
    report = topic.report("diff")
    assert [path for path, _, _ in findings(report)] == ["C.java", "D.cs", "a.js", "b.ts"]
    assert [one["path"] for one in report["files"]["skipped"]] == ["notes.md"]


def test_idle_suppressions_are_reported_on_changed_lines_only(topic: Project) -> None:
    idle = "x = 1  # reviewer: ignore[weak-hash] because\n"
    topic.commit({"s.py": idle})
    topic.write({"s.py": idle + "y = 2\n" + idle})
    report = topic.report("diff", "--base", "topic")
    assert [(one["path"], one["line"]) for one in report["suppressions"]] == [("s.py", 3)]


@pytest.mark.parametrize("side", ["head", "base"])
def test_a_changed_file_that_fails_fails_the_review(topic: Project, side: str) -> None:
    if side == "base":
        topic.commit({"a.py": "raise-analysis\n"})
        topic.write({"a.py": CLEAN + 'sink("security/weak-hash", 0.9, x)\n'})
    else:
        topic.write({"a.py": "raise-analysis\n"})
    result = topic.run("diff", "--base", "topic")
    assert result.exit_code == 2
    assert "Failed: a.py: " in result.stdout


def test_context_that_fails_is_a_warning(topic: Project) -> None:
    topic.commit({"other.py": "raise-analysis\n"})
    topic.write({"a.py": DIRTY})
    result = topic.run("diff", "--base", "topic")
    assert result.exit_code == 1
    assert "warning: other.py: left out as context: RuntimeError: asked to fail" in result.stderr


def test_it_needs_a_repository(project: Project) -> None:
    result = project.run("diff")
    assert result.exit_code == 2
    assert "diff: expected a git repository" in result.stderr


def test_two_runs_give_the_same_bytes(topic: Project) -> None:
    topic.write({"a.py": DIRTY, "b.py": CLEAN})
    runs = {topic.run("diff", "--format", form, *extra).stdout for form in ("json",) for extra in ((), ("--no-cache",))}
    assert len(runs) == 1


def test_the_sarif_of_a_change_points_at_changed_lines(topic: Project) -> None:
    topic.write({"a.py": DIRTY})
    report = topic.report("diff")
    assert report["findings"][0]["anchor"]["line"] == 3
    (result,) = json.loads(topic.run("diff", "--format", "sarif").stdout)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 4


# What a change says of itself


SILENCED = DIRTY.replace(", value)\n", ", value)  # reviewer: ignore[sql-injection] trust me\n")


def test_a_suppression_of_the_change_counts_and_is_told_apart(topic: Project) -> None:
    topic.write({"a.py": SILENCED})
    report = topic.report("diff")
    assert (findings(report), counts(report)["suppressed_here"]) == ([], 1)
    assert "1 suppressed by this change" in topic.run("diff").stdout


def test_a_suppression_of_the_change_can_be_left_unheeded(topic: Project) -> None:
    topic.write({"a.py": SILENCED})
    report = topic.report("diff", "--ignore-own-suppressions")
    assert findings(report) == [("a.py", 4, 4)]
    assert report["suppressions"] == [{"path": "a.py", "line": 4, "problem": "not_in_force", "label": "sql-injection"}]
    shown = topic.run("diff", "--ignore-own-suppressions").stdout
    assert "note: suppression [sql-injection] belongs to the change under review, so it has no effect here" in shown


def test_a_suppression_of_the_base_counts_in_any_case(repository: Project) -> None:
    repository.commit({"a.py": SILENCED.replace("    log(value)\n", "    log(value)\n    value = clean(value)\n")})
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.write(
        {"a.py": SILENCED.replace("    log(value)\n", "    log(value)\n\n    print(value)\n    print(1)\n")}
    )
    report = repository.report("diff", "--ignore-own-suppressions")
    assert (findings(report), counts(report)["suppressed"]) == ([], 1)


@pytest.mark.parametrize(
    "files",
    [
        {".gitattributes": "*.py linguist-generated\n"},
        {".gitattributes": "a.py linguist-vendored\n"},
        {"a.py": f"# @generated\n{DIRTY}"},
    ],
    ids=["generated", "vendored", "says so at its top"],
)
def test_a_change_cannot_declare_itself_generated_where_the_base_decides(topic: Project, files: dict[str, str]) -> None:
    topic.commit({"a.py": DIRTY, **files})
    assert findings(topic.report("diff", "--head", "HEAD")) == []
    report = topic.report("diff", "--head", "HEAD", "--attributes-from", "main")
    assert [path for path, *_ in findings(report)] == ["a.py"]


def test_a_file_moved_among_copies_is_still_reviewed_where_the_base_decides(topic: Project) -> None:
    (topic.root / "third_party").mkdir()
    topic.git("mv", "a.py", "third_party/a.py")
    topic.commit({"third_party/a.py": DIRTY})
    report = topic.report("diff", "--head", "HEAD", "--attributes-from", "main")
    assert [path for path, *_ in findings(report)] == ["third_party/a.py"]


def test_what_the_base_declares_generated_is_left_out(repository: Project) -> None:
    repository.commit({"a.py": CLEAN, ".gitattributes": "*.py linguist-generated\n"})
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit({"a.py": DIRTY, ".gitattributes": ""})
    assert findings(repository.report("diff", "--head", "HEAD")) != []
    report = repository.report("diff", "--head", "HEAD", "--attributes-from", "main")
    assert [one["reason"] for one in report["files"]["skipped"] if one["path"] == "a.py"] == ["generated"]


def test_attributes_of_a_commit_need_a_commit_to_review(topic: Project) -> None:
    assert "--attributes-from needs --head" in topic.run("diff", "--attributes-from", "main").output
    unknown = topic.run("diff", "--head", "HEAD", "--attributes-from", "nowhere")
    assert (unknown.exit_code, "nowhere: expected a commit, found none" in unknown.output) == (2, True)
