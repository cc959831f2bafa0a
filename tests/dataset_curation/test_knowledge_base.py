from pathlib import Path

from dataset_curation.manifests import Entry, Role
from dataset_curation.pairs.advisories import KB_SOURCE_BRANCH
from dataset_curation.pairs.knowledge_base import mine_statements
from dataset_curation.records import load_records, read_header
from dataset_curation.testing import STATEMENT_COMMIT as COMMIT
from dataset_curation.testing import SmallRepository, make_archive, make_statement

LICENCE = "/* Licensed under the Apache License, Version 2.0 */\n"
CLASS = LICENCE + (
    "import javax.servlet.http.*;\npublic class A extends HttpServlet {{\n"
    "  protected void doGet(HttpServletRequest q, HttpServletResponse r) throws java.io.IOException {{\n"
    "    {};\n  }}\n}}\n"
)
BEFORE = CLASS.format('Runtime.getRuntime().exec("ls " + q.getParameter("a"))')
AFTER = CLASS.format('Runtime.getRuntime().exec("ls")')


def test_statements_are_read_from_their_branch_and_the_exam_is_left_out(tmp_path: Path) -> None:
    both = {f"./{COMMIT}/before/A.java": BEFORE, f"./{COMMIT}/after/A.java": AFTER}
    bare = {
        f"./{COMMIT}/before/B.java": BEFORE.replace(LICENCE, ""),
        f"./{COMMIT}/after/B.java": AFTER.replace(LICENCE, ""),
    }
    repository = SmallRepository(tmp_path, "o/kb")
    commit = repository.commit(
        "all",
        {
            "statements/CVE-2099-1111/statement.yaml": make_statement("CVE-2099-1111", "own/name"),
            "statements/CVE-2099-1111/changed-source-code.tar.gz": make_archive(both),
            "statements/CVE-2099-2222/statement.yaml": make_statement("CVE-2099-2222", "own/unlicensed"),
            "statements/CVE-2099-2222/changed-source-code.tar.gz": make_archive(bare),
            "statements/CVE-2099-3333/statement.yaml": make_statement("CVE-2099-3333", "apache/struts"),
            "statements/CVE-2099-3333/changed-source-code.tar.gz": make_archive(both),
            "statements/CVE-2099-4444/statement.yaml": make_statement("CVE-2099-4444", "own/damaged"),
            "statements/CVE-2099-4444/changed-source-code.tar.gz": b"",
        },
    )
    repository.clone.run("branch", KB_SOURCE_BRANCH)
    entry = Entry("o/kb", Role.ADVISORIES, "java", commit, "", "Apache-2.0", "o/kb")
    mine_statements(entry, tmp_path, tmp_path / "data")
    path = tmp_path / "data" / "o+kb.records"
    judged = [
        (record.origin, candidate.label, judgement.target)
        for record in load_records(path)
        for candidate, judgement in zip(record.candidates, record.judgements, strict=True)
        if judgement.target >= 0
    ]
    assert judged == [(f"own/name@{COMMIT}^:A.java", "security/command-injection", 1)]
    tally = {(step, reason): count for step, reason, count in read_header(path)["tally"]}
    assert tally[("statements", "off-limits")] == 1
    assert tally[("statements", "no-archive")] == 1
    assert tally[("commits", "no-licensed-source")] == 1
