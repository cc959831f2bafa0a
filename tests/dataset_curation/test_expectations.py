import pytest

from dataset_curation.sources.expectations import (
    Alert,
    group_folders,
    load_label_table,
    make_test,
    parse_alerts,
    parse_reference,
)
from graph_model.languages import Family

EXPECTED = """#select
| app.py:23:20:23:24 | node | app.py:20:18:20:21 | node | app.py:23:20:23:24 | node | message |
| sub/b.py:3:1:5:2 | node |
edges
| app.py:1:1:1:2 | a | app.py:2:1:2:2 | b |
"""


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Security/CWE-022/PathInjection.ql\n", "Security/CWE-022/PathInjection.ql"),
        ("query: ./a/b.ql\npostprocess: x\n", "a/b.ql"),
        ("query: 'a b/c.ql'\r\n", "a b/c.ql"),
        ("", ""),
    ],
)
def test_references_name_their_query(text: str, path: str) -> None:
    assert parse_reference(text) == path


def test_alerts_are_the_rows_of_the_select_section() -> None:
    assert list(parse_alerts(EXPECTED)) == [Alert("app.py", 23, 23), Alert("sub/b.py", 3, 5)]


def test_a_file_without_sections_holds_alerts_only() -> None:
    assert list(parse_alerts("| A.java:7:1:7:2 | x |\r\n| file:///x | y |\n")) == [Alert("A.java", 7, 7)]
    assert list(parse_alerts("edges\n| A.java:7:1:7:2 | x |\n")) == []


def test_queries_without_a_label_are_no_tests() -> None:
    assert make_test("python/ql/test/a/B.qlref", "Metrics/Nothing.ql", EXPECTED) is None
    test = make_test("python/ql/test/a/B.qlref", "Security/CWE-022/PathInjection.ql", EXPECTED)
    assert test is not None
    assert (test.folder, test.labels) == ("python/ql/test/a", ("security/path-traversal",))


def test_folders_that_share_a_query_share_a_unit_of_splits() -> None:
    sql, path, tar = (
        "Security/CWE-089/SqlInjection.ql", "Security/CWE-022/PathInjection.ql", "Security/CWE-022/TarSlip.ql",
    )  # fmt: skip
    tests = [
        make_test(f"python/ql/test/{folder}/x.qlref", query, "")
        for folder, query in (("a", sql), ("b", sql), ("c", path), ("d", path), ("d", tar))
    ]
    groups = group_folders(test for test in tests if test is not None)
    assert groups["python/ql/test/a"] == groups["python/ql/test/b"] == f"codeql/python:{sql}"
    assert groups["python/ql/test/c"] == groups["python/ql/test/d"] != groups["python/ql/test/a"]


def test_the_label_table_speaks_of_every_family() -> None:
    assert {family for family, _ in load_label_table()} == set(Family)
