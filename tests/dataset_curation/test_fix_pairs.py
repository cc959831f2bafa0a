import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dataset_curation.cli import curate
from dataset_curation.errors import ManifestError, OffLimitsError, RecordError
from dataset_curation.manifests import Choice, Entry, Role, pin_choice, write_entries
from dataset_curation.pairs.advisories import KB_SOURCE_BRANCH
from dataset_curation.pairs.advisory_sources import Advisory, Source
from dataset_curation.pairs.facts import PairFact, drop_repeats, mark_fixed_again, read_facts, write_facts
from dataset_curation.pairs.fix_pairs import PairJob, load_file, load_pairs, mine_pairs
from dataset_curation.pairs.statement_pairs import StatementJob, mine_statement_pairs
from dataset_curation.pairs.tables import render_pairs
from dataset_curation.records import read_header, save_records
from dataset_curation.selection import Tally
from dataset_curation.testing import MIT, SmallRepository, make_archive, make_statement
from dataset_curation.testing import STATEMENT_COMMIT as COMMIT

HEAD = "import os\nimport subprocess\nfrom flask import Flask, request\napp = Flask(__name__)\n\n"
VIEW = '@app.route("/a")\ndef view():\n    name = request.args["q"]\n    {}\n    return "é"\n'
BEFORE = HEAD + VIEW.format('os.system("ls " + name)')
AFTER = HEAD + VIEW.format("print(len(name))")
LABEL = "security/command-injection"
CLASS = (
    "/* Licensed under the Apache License, Version 2.0 */\nimport javax.servlet.http.*;\n"
    "public class A extends HttpServlet {{\n"
    "  protected void doGet(HttpServletRequest q, HttpServletResponse r) throws java.io.IOException {{\n"
    "    {};\n  }}\n}}\n"
)
BEFORE_JAVA = CLASS.format('Runtime.getRuntime().exec("ls " + q.getParameter("a"))')
AFTER_JAVA = CLASS.format('Runtime.getRuntime().exec("ls")')
TOLD = Advisory(("CVE-2099-1111",), (), Source.PYPA, ("CWE-78",), "2099-01-01", "Command injection")


def _job(tmp_path: Path, *advisories: Advisory, refused: frozenset[str] = frozenset(), licence: str = "MIT") -> PairJob:
    entry, _ = pin_choice(Choice("o/n", Role.PAIRS, "python", "o/n"), tmp_path)
    return PairJob(replace(entry, licence=licence), advisories, {"CVE-2099-1111": TOLD}, refused)


def _mine(tmp_path: Path, *advisories: Advisory, refused: frozenset[str] = frozenset(), licence: str = "MIT") -> Path:
    mine_pairs(_job(tmp_path, *advisories, refused=refused, licence=licence), tmp_path, tmp_path / "data" / "fix_pairs")
    return tmp_path / "data" / "fix_pairs" / "o+n.records"


def _reasons(path: Path) -> dict[str, int]:
    return {reason: count for step, reason, count in read_header(path)["tally"] if step == "commits"}


def test_a_commit_that_an_advisory_names_gives_a_pair_with_what_vanishes(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    fixed = repository.commit("Tidy", {"app.py": AFTER, "tests/test_app.py": "x", "README.md": "é"})
    (pair,) = load_file(_mine(tmp_path, replace(TOLD, commits=(("o/n", fixed[:10]), ("o/m", "f" * 40)))))
    fact = pair.fact
    assert (fact.repository, fact.commit, fact.path, fact.function) == ("o/n", fixed, "app.py", "view")
    assert (fact.names, fact.sources, fact.cwes) == (("CVE-2099-1111",), ("pypa",), ("CWE-78",))
    assert (fact.date, fact.line_before, fact.line_after, fact.num_functions) == ("2023-11-14", 7, 7, 1)
    assert (fact.licence, fact.is_trainable, fact.vanished) == ("MIT", True, (LABEL,))
    assert "os.system" in pair.text_before
    assert "os.system" not in pair.text_after
    assert pair.before is not None
    assert pair.before.origin == f"o/n@{fixed}^:app.py"
    assert [(one.label, j.target) for one, j in zip(pair.before.candidates, pair.before.judgements, strict=True)] == [
        (LABEL, 1)
    ]
    assert pair.after is None


def test_both_sides_of_a_function_are_twins(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    repository.commit("Fix CVE-2099-1111", {"app.py": BEFORE.replace('"ls "', '"ls -- "')})
    (pair,) = load_file(_mine(tmp_path))
    assert pair.before is not None
    assert pair.after is not None
    assert pair.before.twin == pair.after.twin == "o/n:app.py:view"
    assert pair.fact.sources == ("message",)
    assert pair.fact.vanished == ()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"README.md": "x"}, "no-source"),
        ({"tests/test_app.py": "x"}, "tests-only"),
        ({"new.py": AFTER}, "nothing-modified"),
        ({"app.py": BEFORE + "\n# said\n"}, "outside-functions"),
        ({"app.py": "def broken(:\n"}, "unparsed"),
        ({f"m{idx}.py": AFTER for idx in range(7)}, "tangled"),
    ],
)
def test_a_named_commit_without_a_pair_has_a_reason(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE, **{f"m{idx}.py": BEFORE for idx in range(7)}})
    repository.commit("Fix CVE-2099-1111", files)
    assert _reasons(_mine(tmp_path)) == {reason: 1}


def test_the_outside_exam_and_what_is_not_there_are_left_out(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    first = repository.commit("CVE-2099-1111 from the start", {"LICENSE": MIT, "app.py": BEFORE})
    repository.commit("Fix CVE-2018-1260", {"app.py": AFTER})
    repository.commit("Fix CVE-2099-2222", {"app.py": BEFORE})
    path = _mine(
        tmp_path,
        replace(TOLD, commits=(("o/n", first), ("o/n", "f" * 40))),
        refused=frozenset({"CVE-2099-2222"}),
    )
    assert _reasons(path) == {"first-commit": 1, "not-in-clone": 1, "off-limits-cve": 2}
    assert list(load_file(path)) == []


def test_a_merge_that_a_database_names_counts_as_one_commit(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    first = repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    fixed = repository.commit("Tidy", {"app.py": AFTER})
    tree = repository.clone.tree_id(fixed)
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    merge = repository.clone.run(*identity, "commit-tree", tree, "-p", first, "-p", fixed, "-m", "CVE-2099-1111")
    repository.clone.run("update-ref", "refs/heads/main", merge.decode().strip())
    assert list(load_file(_mine(tmp_path))) == []
    (pair,) = load_file(_mine(tmp_path, replace(TOLD, commits=(("o/n", merge.decode().strip()),))))
    assert (pair.fact.is_merge, pair.fact.sources, pair.fact.vanished) == (True, ("pypa",), (LABEL,))


def test_a_current_file_is_kept_and_another_licence_makes_it_anew(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    repository.commit("Fix CVE-2099-1111", {"app.py": AFTER})
    path = _mine(tmp_path)
    job = _job(tmp_path)
    assert mine_pairs(job, tmp_path, path.parent).state == "kept"
    changed = replace(job, entry=replace(job.entry, licence="AGPL-3.0"))
    assert mine_pairs(changed, tmp_path, path.parent).state == "done"
    assert [pair.fact.is_trainable for pair in load_file(path)] == [False]


def test_statements_give_pairs_where_there_is_no_clone(tmp_path: Path) -> None:
    both = {f"./{COMMIT}/before/A.java": BEFORE_JAVA, f"./{COMMIT}/after/A.java": AFTER_JAVA}
    files: dict[str, str | bytes | None] = {}
    for number, name in (("1111", "own/name"), ("2222", "own/cloned"), ("3333", "own/held"), ("4444", "own/exam")):
        files[f"statements/CVE-2099-{number}/statement.yaml"] = make_statement(f"CVE-2099-{number}", name)
        files[f"statements/CVE-2099-{number}/changed-source-code.tar.gz"] = make_archive(both)
    repository = SmallRepository(tmp_path, "SAP/project-kb")
    commit = repository.commit("all", files)
    repository.clone.run("branch", KB_SOURCE_BRANCH)
    entry = Entry("SAP/project-kb", Role.ADVISORIES, "java", commit, "", "Apache-2.0", "SAP/project-kb")
    known = frozenset({"own/held"}), frozenset({"own/cloned"})
    job = StatementJob(entry, *known, {"CVE-2099-1111": TOLD}, frozenset({"CVE-2099-4444"}))
    assert mine_statement_pairs(job, tmp_path, tmp_path / "data").state == "done"
    path = tmp_path / "data" / "SAP+project-kb.records"
    (pair,) = load_file(path)
    assert (pair.fact.repository, pair.fact.date, pair.fact.function) == ("own/name", "2099", "A.doGet")
    assert (pair.fact.cwes, pair.fact.vanished) == (("CWE-78",), (LABEL,))
    assert _reasons(path) == {"kept": 1, "in-a-clone": 1, "held-out-repository": 1, "off-limits-cve": 1}
    assert mine_statement_pairs(job, tmp_path, tmp_path / "data").state == "kept"


def _fact(**changes: object) -> PairFact:
    fact = PairFact(
        repository="o/n",
        group="o/n",
        commit="a" * 40,
        path="a.py",
        function="f",
        num_params=0,
        language="python",
        family="python",
        line_before=1,
        line_after=1,
        date="2024-05-06",
        names=("CVE-2099-1",),
        sources=("pypa",),
        cwes=(),
        num_functions=1,
        licence="MIT",
        is_trainable=True,
        vanished=(LABEL,),
        change="0" * 16,
    )
    return replace(fact, **changes)  # type: ignore[arg-type]  # names and values are the tests' own


def test_the_same_edit_elsewhere_is_one_pair() -> None:
    first = _fact(date="2020-01-01")
    again, fork, undated = _fact(date="2020-01-02"), _fact(repository="m/n", group="m/n"), _fact(date="2019")
    tally = Tally()
    assert list(drop_repeats([undated, fork, again, first], tally)) == [first]
    assert tally.counts == {("pairs", "kept"): 1, ("pairs", "repeated"): 2, ("pairs", "repeated-elsewhere"): 1}


def test_a_function_that_a_later_advisory_changes_again_is_marked() -> None:
    first = _fact(date="2020-01-01", commit="1" * 40)
    same = _fact(date="2020-02-01", commit="2" * 40)
    other = _fact(date="2021-01-01", commit="3" * 40, names=("CVE-2099-2",))
    elsewhere = _fact(date="2022-01-01", commit="4" * 40, names=("CVE-2099-3",), function="g")
    marked = {one.commit[0]: one.fixed_again[:1] for one in mark_fixed_again([other, elsewhere, same, first])}
    assert marked == {"1": "3", "2": "3", "3": "", "4": ""}


def test_facts_come_back_and_damaged_or_forbidden_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "fix_pairs.jsonl"
    with pytest.raises(ManifestError, match="expected the facts of fix pairs"):
        read_facts(path)
    facts = (_fact(path="é.py"), _fact(repository="p/q", date="2023-12-31"))
    write_facts(path, reversed(facts))
    assert read_facts(path) == facts
    assert [one.is_recent for one in facts] == [True, False]
    write_facts(path, [_fact(repository="apache/struts")])
    with pytest.raises(OffLimitsError):
        read_facts(path)
    write_facts(path, [_fact(names=("CVE-2018-1260",))])
    with pytest.raises(OffLimitsError):
        read_facts(path)
    for damaged in ("{", '{"repository": "o/n"}'):
        path.write_text(f"{damaged}\n", "utf-8")
        with pytest.raises(ManifestError, match="expected the facts of a pair"):
            read_facts(path)


def test_the_command_lists_pairs_and_they_are_loaded_by_the_list(tmp_path: Path) -> None:
    clones, manifests, data = tmp_path / "clones", tmp_path / "manifests", tmp_path / "data"
    repository = SmallRepository(clones, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    fixed = repository.commit("Tidy", {"app.py": AFTER})
    advice = f"aliases:\n- CVE-2099-1111\nreferences:\n- url: https://github.com/o/n/commit/{fixed}\n"
    database = SmallRepository(clones, "pypa/advisory-database")
    database.commit("all", {"LICENSE": MIT, "vulns/n/PYSEC-2099-1.yaml": advice})
    choices = (
        Choice("o/n", Role.PAIRS, "python", "o/n"),
        Choice("pypa/advisory-database", Role.ADVISORIES, "python", ""),
    )
    manifests.mkdir()
    write_entries(manifests / "repositories.jsonl", [pin_choice(one, clones)[0] for one in choices])
    options = ["--manifests", str(manifests), "--data", str(data)]
    done = CliRunner().invoke(curate, ["fix-pairs", "--clones", str(clones), *options, "--jobs", "1"])
    assert done.exit_code == 0, done.output
    assert "1 pairs of 1 commits in 1 repositories" in done.output
    (pair,) = load_pairs(data, manifests / "fix_pairs.jsonl")
    assert pair.fact.names == ("CVE-2099-1111", "PYSEC-2099-1")
    shown = CliRunner().invoke(curate, ["fix-pair-tables", *options])
    assert f"    1 {LABEL}" in shown.output
    assert "| python | 1 | 1 | 1 | 1 | 1 |" in shown.output
    row = json.loads((manifests / "fix_pairs.jsonl").read_text("utf-8"))
    assert "os.system" not in json.dumps(row)
    (data / "fix_pairs" / "o+n.records").unlink()
    with pytest.raises(RecordError, match="expected a pair of o/n@"):
        list(load_pairs(data, manifests / "fix_pairs.jsonl"))


def test_other_records_are_no_pairs(tmp_path: Path) -> None:
    save_records([], tmp_path / "o+n.records", {})
    with pytest.raises(RecordError, match="expected fix pairs, found other records"):
        list(load_file(tmp_path / "o+n.records"))


def test_tables_count_pairs_commits_and_what_vanishes() -> None:
    facts = [
        _fact(),
        _fact(path="b.py", vanished=(), num_functions=2, is_trainable=False, licence="GPL"),
        _fact(commit="b" * 40, date="2020-01-01", vanished=("smell/long",), num_functions=8, fixed_again="c" * 40),
    ]
    tally = Tally()
    tally.drop("commits", "merge", 4)
    text = render_pairs(facts, tally)
    assert "3 pairs of 2 commits in 1 repositories" in text
    assert "| python | 3 | 2 | 1 | 1 | 2 |" in text
    assert "| 2024 and later | 2 | 1 | 1 | 1 | 1 |" in text
    assert "| evaluation only: GPL | 1 | 1 | 0 | 0 | 0 |" in text
    assert "| by a later advisory | 1 | 1 | 0 | 0 | 1 |" in text
    assert "| commits | merge | 4 |" in text
