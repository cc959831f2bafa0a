"""Parts over public sets, on tiny sets of our own in the public sets' formats, from clones to figures."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.evaluation.fixtures import FixturesPart
from benchmarks.evaluation.maintainability import MaintainabilityPart
from benchmarks.evaluation.owasp_python import OwaspPythonPart
from benchmarks.evaluation.parts import Context, EvaluationError, MissingSetError, Section
from benchmarks.evaluation.real_bugs import BugsPart
from benchmarks.evaluation.recall import RecallPart
from benchmarks.evaluation.sets import PublicSet
from benchmarks.evaluation.speed_pairs import SpeedPairsPart
from benchmarks.evaluation.suites import SUITES
from benchmarks.evaluation.sven import SvenPart
from benchmarks.evaluation.testing import make_context
from dataset_curation.testing import SmallRepository

UNSAFE = "def find(cursor, name):\n    cursor.execute(\"SELECT * FROM ü WHERE a = '%s'\" % name)\n    return cursor\n"
SAFE = 'def find(cursor, name):\n    cursor.execute("SELECT * FROM ü WHERE a = %s", (name,))\n    return cursor\n'
CALLING = "import subprocess\n\n\ndef run(name):\n    subprocess.call('ls ' + name, shell=True)\n"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "repositories.jsonl").write_text("", "utf-8")
    return make_context(tmp_path)


def _publish(context: Context, repository: str, files: Mapping[str, str]) -> PublicSet:
    return PublicSet(repository, SmallRepository(context.clones, repository).commit("all", files))


def _row(section: Section, title: str, scorer: str) -> dict[str, float]:
    """The values of one scorer on the board with a title."""
    boards = section.document["boards"]
    assert isinstance(boards, list)
    board = next(one for one in boards if one["title"].startswith(title))
    row = next(one for one in board["scorers"] if one["name"] == scorer)
    return {key: value[0] for key, value in row.items() if key != "name"}


def _sven_row(before: str, after: str, project: str, file: str = "a.py") -> str:
    deleted = [{"line_no": 2, "line": before.splitlines()[1]}]
    values = {"func_src_before": before, "func_src_after": after, "file_name": file, "vul_type": "cwe-089"}
    changes = {"deleted": deleted, "added": []}
    return json.dumps({**values, "commit_link": f"github.com/{project}/commit/1", "line_changes": str(changes)})


def test_pairs_of_functions_are_told_apart_and_located(context: Context) -> None:
    rows = [
        _sven_row(UNSAFE, SAFE, "o/one"),
        _sven_row(UNSAFE.replace("find", "seek"), SAFE.replace("find", "seek"), "o/two"),
    ]
    other = _sven_row("int a;\nint b;\n", "int a;\n", "o/one", file="a.c")
    files = {"data_train_val/train/x.jsonl": f"{rows[0]}\n{other}\n", "data_train_val/val/x.jsonl": f"{rows[1]}\n"}
    section = SvenPart(_publish(context, "eth-sri/sven", files)).measure(context)
    assert section.document["pairs"] == 2
    proposed = _row(section, "all pairs", "every candidate")
    assert (proposed["P-C"], proposed["P-R"], proposed["rank-win"], proposed["AUC"]) == (1, 0, 1, 1)
    everything = _row(section, "all pairs", "dummy: flag everything, all")
    assert (everything["P-V"], everything["rank-win"]) == (1, 0.5)
    assert _row(section, "lines that the fix takes out, all", "bundle as shipped") == {
        "top-1": 1,
        "top-3": 1,
        "top-5": 1,
        "IFA": 0,
    }


def test_row_that_is_no_pair_is_named(context: Context) -> None:
    source = _publish(context, "eth-sri/sven", {"data_train_val/val/x.jsonl": '{"file_name": "a.py"}\n'})
    with pytest.raises(EvaluationError, match=r"x\.jsonl:1: expected a pair, found KeyError"):
        SvenPart(source).measure(context)


def test_set_without_a_clone_is_named(context: Context) -> None:
    with pytest.raises(MissingSetError, match=r"eth-sri/sven @ e8449a0: .*expected a clone"):
        SvenPart().measure(context)


def test_clone_without_the_commit_is_missing_too(context: Context) -> None:
    _publish(context, "eth-sri/sven", {"README": ""})
    with pytest.raises(MissingSetError, match="eth-sri/sven @ e8449a0"):
        SvenPart().measure(context)


SNAPSHOT = """---
source: x
---
S602 `subprocess` call with `shell=True`
 --> S602.py:5:5
  |
  |
"""
ERROR_PRONE_TEST = '''class EmptyCatchTest {
  void positive() {
    helper.addSourceLines("A.java", """
            class A {
              void f() {
                try {
                  g();
                // BUG: Diagnostic contains: empty
                } catch (Exception e) {
                }
              }
            }
            """).doTest();
  }
  void old() {
    helper.addSourceLines("B.java", "class B {", "  int f() { return 1; }", "}").doTest();
  }
}
'''
ESLINT_TEST = """ruleTester.run("no-eval", rule, {
  valid: ["run(x)", `a${b}`],
  invalid: [
    { code: "function f(x) {\\n  eval(x);\\n}", errors: [{ messageId: "unexpected", line: 2 }] },
    { code: "eval(location.hash)", errors: [error] },
  ],
});
"""
ROSLYN_TEST = """class ReviewCodeForSqlInjectionVulnerabilitiesTests {
  async Task A() {
    await VerifyCSharpAsync(@"class C
{
    void F(string s) { new SqlCommand(""a"" + s); }
}", GetCSharpResultAt(3, 24, "x"));
    await VerifyVisualBasicAsync(@"Class C", GetBasicResultAt(1, 1));
    await VerifyCS.VerifyAnalyzerAsync(@"class D { void F() { [|G()|]; } }");
    await VerifyCS.VerifyAnalyzerAsync(@"class E { }");
  }
}
"""
SUITE_FILES = {
    "ruff": {
        "crates/ruff_linter/src/rules/flake8_bandit/snapshots/x__tests__S602_S602.py.snap": SNAPSHOT,
        "crates/ruff_linter/resources/test/fixtures/flake8_bandit/S602.py": CALLING + "\n\ndef idle():\n    return 1\n",
    },
    "error-prone": {"core/src/test/java/EmptyCatchTest.java": ERROR_PRONE_TEST, "core/Unknown.java": "class U {}"},
    "eslint": {"tests/lib/rules/no-eval.js": ESLINT_TEST, "tests/lib/rules/semi.js": ESLINT_TEST},
    "roslyn": {"src/ReviewCodeForSqlInjectionVulnerabilitiesTests.cs": ROSLYN_TEST},
}


def test_suites_give_code_with_alert_lines(context: Context) -> None:
    found = {}
    labels = dict.fromkeys(
        ("S602", "EmptyCatch", "no-eval", "ReviewCodeForSqlInjectionVulnerabilities"), frozenset({"x"})
    )
    for suite, (source, read) in SUITES.items():
        opened = _publish(context, source.repository, SUITE_FILES[suite]).open(context)
        found[suite] = [(one.rule, one.alerts, one.snippet.text.count("\n")) for one in read(opened, labels)]
    assert found["ruff"] == [("S602", (5,), 9)]
    assert found["error-prone"] == [("EmptyCatch", (6,), 9), ("EmptyCatch", (), 2)]
    assert found["eslint"] == [("no-eval", (), 0), ("no-eval", (2,), 2), ("no-eval", (1,), 0)]
    rule = "ReviewCodeForSqlInjectionVulnerabilities"
    assert found["roslyn"] == [(rule, (3,), 3), (rule, (1,), 0), (rule, (), 0)]


def test_fixtures_count_alert_lines_and_quiet_functions(context: Context) -> None:
    source, read = SUITES["ruff"]
    published = _publish(context, source.repository, SUITE_FILES["ruff"])
    section = FixturesPart({"ruff": (published, read), "eslint": SUITES["eslint"]}).measure(context)
    assert _row(section, "all rules", "every candidate") == {
        "alert lines found": 1,
        "functions without alert flagged": 0,
    }
    assert _row(section, "all rules", "bundle as shipped") == {"PR-AUC": 1, "AUC": 1}
    assert section.notes[1].startswith("not measured: eslint/eslint @ c27bc92")


def test_zero_shot_suite_is_macro_averaged(context: Context) -> None:
    head = "from flask import request\nimport hashlib\n\n\n"
    cases = {
        "t1": ("hash", "true", 328, "def f(password):\n    return hashlib.md5(password.encode()).hexdigest()\n"),
        "t2": ("hash", "false", 328, "def f(ä):\n    return hashlib.sha256(ä.encode()).hexdigest()\n"),
        "t3": ("sqli", "true", 89, "def f(cursor):\n    cursor.execute('SELECT ' + request.args['a'])\n"),
        "t4": ("sqli", "false", 89, "def f(cursor):\n    cursor.execute('SELECT %s', (request.args['a'],))\n"),
    }
    rows = "".join(f"{name},{category}, {truth},{cwe}\n" for name, (category, truth, cwe, _) in cases.items())
    files = {f"testcode/{name}.py": head + text for name, (*_, text) in cases.items()}
    source = _publish(context, "o/suite", {"expectedresults-1.csv": f"# test name\n{rows}", **files})
    section = OwaspPythonPart(source).measure(context)
    assert section.document["tests"] == 4
    assert _row(section, "macro average", "every candidate")["macro Youden"] == 1
    assert _row(section, "macro average", "dummy: flag everything")["macro AUC"] == 0.5
    assert _row(section, "by category", "sqli (2)")["candidate: TPR"] == 1


def test_suite_without_a_file_of_a_test_is_refused(context: Context) -> None:
    source = _publish(context, "o/suite", {"expectedresults-1.csv": "t1,hash,true,328\n", "testcode/other.py": ""})
    with pytest.raises(EvaluationError, match="expected a file of each test, found none of 1"):
        OwaspPythonPart(source).measure(context)


def test_slower_program_is_the_harmful_one(context: Context) -> None:
    slow = "import re\nfor line in open('ä'):\n    for word in line:\n        re.compile('a+').match(word)\n"
    fast = "import re\nprint(1)\n"
    rows = [
        {"problem_id": "p1", "input": fast, "target": slow, "measured_runtime_v0": "0.1", "measured_runtime_v1": "0.5"},
        {"problem_id": "p2", "input": slow, "target": fast, "measured_runtime_v0": "0.5", "measured_runtime_v1": "0.1"},
        {"problem_id": "p3", "input": slow, "target": fast, "measured_runtime_v0": "0.5", "measured_runtime_v1": "0.5"},
    ]
    text = "".join(f"{json.dumps(one)}\n" for one in rows)
    section = SpeedPairsPart(_publish(context, "o/pairs", {"data/sample/py_reference.jsonl": text})).measure(context)
    assert section.document["pairs"] == 2
    assert _row(section, "all pairs", "dummy: longer")["rank-win"] == 1
    assert _row(section, "all pairs", "dummy: sum of num_loops")["rank-win"] == 1


def test_votes_are_met_by_what_grows_with_them(context: Context) -> None:
    head = "projectname,packageandclass,path,readability,understandability,complexity,modularization,overall\n"
    shares = ("{1,0,0,0}", "{0,1,0,0}", "{0,0,1,0}", "{0,0,0,1}")
    rows, files = [], {}
    for project in ("a", "b"):
        for size, share in enumerate(shares):
            path = f"{project}/C{size}.java"
            body = "".join(
                f"    int m{idx}(int x) {{ if (x > {idx}) {{ return 1; }} return x; }}\n" for idx in range(3**size)
            )
            files[f"dataset/{path}"] = f"class C{size} {{\n{body}}}\n"
            rows.append(f'{project},C{size},"{path.replace("/", chr(92))}",' + ",".join([f'"{share}"'] * 5) + "\n")
    files["dataset/labels.csv"] = head + "".join(rows)
    section = MaintainabilityPart(_publish(context, "o/votes", files)).measure(context)
    assert section.document["classes"] == 8
    assert _row(section, "overall", "dummy: log of statements")["Spearman"] == pytest.approx(1)
    assert _row(section, "complexity", "dummy: log of statements")["Spearman"] == pytest.approx(-1)  # a complaint
    assert _row(section, "overall", "metric forest")["Spearman within projects"] > 0.7


def test_bugs_come_from_twins_and_from_patches(context: Context) -> None:
    wrong = "def total(rows):\n    result = 0\n    for row in rows:\n        result = row\n    return result\n"
    right = wrong.replace("result = row", "result += row")
    files = {
        "python_programs/total.py": f'{wrong}\n"""\nwhat it does\n"""\n',
        "correct_python_programs/total.py": right,
        "java_programs/A.java": "package wrong;\nclass A {\n  int f(int x) {\n    return x - 1;\n  }\n}\n",
        "correct_java_programs/A.java": "package right;\nclass A {\n  int f(int x) {\n    return x + 1;\n  }\n}\n",
    }
    quix = _publish(context, "o/quix", files)
    project = _publish(context, "o/project", {"lib/total.py": wrong})
    patch = (
        "diff --git a/lib/total.py b/lib/total.py\n--- a/lib/total.py\n+++ b/lib/total.py\n@@ -3,3 +3,3 @@ def\n"
        "     for row in rows:\n-        result = row\n+        result += row\n     return result\n"
    )
    mined = {
        "projects/p/project.info": 'github_url="https://github.com/o/project"\n',
        "projects/p/bugs/1/bug.info": f'buggy_commit_id="{project.commit}"\n',
        "projects/p/bugs/1/bug_patch.txt": patch,
    }
    section = BugsPart(quix, _publish(context, "o/mined", mined)).measure(context)
    assert section.document["bugs"] == 3
    assert section.notes[2].startswith("not measured: rjust/defects4j @ ca4a0ef")
    assert _row(section, "Python, all suites, all", "dummy: from the top")["IFA"] == 3
    assert _row(section, "Java, all suites, all", "dummy: from the top")["top-3"] == 1


def test_recall_is_by_any_rule_and_by_the_weakness(context: Context) -> None:
    eval_rows = [
        {"ID": "CWE-089_a_1.py", "Insecure_code": UNSAFE},
        {"ID": "CWE-611_a_2.py", "Insecure_code": UNSAFE},
    ]
    instruct = {
        "prompt_id": "7",
        "language": "java",
        "cwe_identifier": "CWE-78",
        "repo": "o/r",
        "line_text": "Runtime.getRuntime().exec(name);",
        "origin_code": "  void run(String name) throws Exception {\n    Runtime.getRuntime().exec(name);\n  }\n",
    }
    first = _publish(context, "o/eval", {"dataset.jsonl": "".join(f"{json.dumps(one)}\n" for one in eval_rows)})
    rows = json.dumps([instruct, {**instruct, "prompt_id": "8", "language": "rust"}])
    second = _publish(context, "o/instruct", {"CybersecurityBenchmarks/datasets/instruct/instruct.json": rows})
    section = RecallPart(first, second).measure(context)
    any_rule, own = "by any security label or rule", "by the weakness's own"
    assert _row(section, "o/eval, all", "every candidate") == {any_rule: 1, own: 0.5}
    assert _row(section, "o/instruct, all", "every candidate") == {any_rule: 1, own: 1}
    assert _row(section, "o/instruct, the rule's line, all", "bundle as shipped")["top-1"] == 1
    assert "1 of them parse whole, if need be inside a class or a method." in section.notes
