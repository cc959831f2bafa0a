import json
from pathlib import Path

import pytest

from dataset_curation.clones import Commit
from dataset_curation.errors import CloneError, ManifestError
from dataset_curation.pairs.advisory_sources import (
    Advisory,
    Source,
    find_numbers,
    find_refused,
    keep_allowed,
    merge_advisories,
    read_database,
    read_databases,
    read_listed,
    read_message,
)
from dataset_curation.selection import Tally
from dataset_curation.testing import SmallRepository

FIX = "a" * 40


def test_numbers_are_found_as_they_are_written() -> None:
    text = "fixes cve-2099-12345, GHSA-ABCD-2345-wxyz (PYSEC-2099-7) and CVE-2099-12345 again – CVE-99"
    assert find_numbers(text) == ("CVE-2099-12345", "GHSA-abcd-2345-wxyz", "PYSEC-2099-7")


def test_a_pypa_record_is_named_by_its_file_and_aliases(tmp_path: Path) -> None:
    text = (
        "id: PYSEC-2099-1\ndetails: Naïve, see CVE-2099-9999\naffected:\n- ranges:\n  - type: GIT\n"
        f"    repo: https://github.com/Own/Name\n    events:\n    - fixed: {FIX}\n"
        'aliases:\n- CVE-2099-1111\n- GHSA-aaaa-bbbb-cccc\nmodified: "2099-02-02"\npublished: "2099-01-02T00:00:00Z"\n'
    )
    repository = SmallRepository(tmp_path, "pypa/advisory-database")
    commit = repository.commit("all", {"vulns/name/PYSEC-2099-1.yaml": text, "vulns/README.md": "x"})
    assert list(read_database(repository.clone, "pypa/advisory-database", commit)) == [
        Advisory(
            ("PYSEC-2099-1", "CVE-2099-1111", "GHSA-aaaa-bbbb-cccc"),
            (("own/name", FIX),),
            Source.PYPA,
            (),
            "2099-01-02",
            text,
        )
    ]


def test_a_node_record_names_commits_in_its_references(tmp_path: Path) -> None:
    record = {
        "id": 7,
        "cves": ["CVE-2099-2222"],
        "publish_date": "2099-03-04",
        "overview": "CWE-79",
        "references": [f"https://github.com/own/name/commit/{FIX}"],
    }
    repository = SmallRepository(tmp_path, "nodejs/security-wg")
    commit = repository.commit("all", {"vuln/npm/7.json": json.dumps(record)})
    found = next(read_database(repository.clone, "nodejs/security-wg", commit))
    assert found.names == ("NSWG-ECO-7", "CVE-2099-2222")
    assert (found.commits, found.cwes, found.published) == ((("own/name", FIX),), ("CWE-79",), "2099-03-04")


def test_a_database_that_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "nodejs/security-wg")
    commit = repository.commit("all", {"vuln/npm/7.json": "{"})
    with pytest.raises(CloneError, match="nodejs/security-wg: expected advisories"):
        list(read_databases([(repository.clone, "nodejs/security-wg", commit)]))
    empty = repository.commit("none", {"vuln/npm/7.json": None})
    with pytest.raises(CloneError, match="expected advisories in vuln/npm"):
        list(read_database(repository.clone, "nodejs/security-wg", empty))


def test_a_repository_that_is_no_database_has_no_records(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "own/name")
    assert list(read_database(repository.clone, "own/name", repository.commit("all", {"a.py": ""}))) == []


def test_listed_records_are_read_and_damaged_ones_refused(tmp_path: Path) -> None:
    path = tmp_path / "advisories.jsonl"
    assert list(read_listed(path)) == []
    row = {"names": ["GHSA-aaaa-bbbb-cccc"], "commits": [["Own/Name", FIX]], "cwes": [], "published": "", "title": "é"}
    path.write_text(json.dumps(row) + "\n", "utf-8")
    assert list(read_listed(path)) == [
        Advisory(("GHSA-aaaa-bbbb-cccc",), (("own/name", FIX),), Source.LISTED, text="é")
    ]
    path.write_text('{"names": []}\n', "utf-8")
    with pytest.raises(ManifestError, match="expected names"):
        list(read_listed(path))


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("Fix CVE-2099-1234", ("CVE-2099-1234",)),
        ("Tidy\n\nThis is GHSA-2345-abcd-wxyz.", ("GHSA-2345-abcd-wxyz",)),
        ('Revert "Fix CVE-2099-1234"', None),
        ("Fix a leak", None),
    ],
)
def test_a_message_is_an_advisory_when_it_names_one(message: str, names: tuple[str, ...] | None) -> None:
    found = read_message("Own/Name", Commit(FIX, ("b" * 40,), 0, message))
    assert (found.names if found is not None else None) == names


def test_the_outside_exam_is_refused_under_each_of_its_numbers() -> None:
    exam = Advisory(("CVE-2018-1260", "GHSA-aaaa-bbbb-cccc"), (("own/name", FIX),), Source.PYPA)
    alias = Advisory(("GHSA-aaaa-bbbb-cccc",), (("own/other", FIX),), Source.LISTED)
    whole = Advisory(("CVE-2099-1111",), (("apache/struts", FIX),), Source.PYPA)
    part = Advisory(("CVE-2099-2222",), (("apache/struts", FIX), ("own/name", FIX)), Source.PYPA)
    refused = find_refused([exam, alias, whole, part])
    assert refused == {"CVE-2018-1260", "GHSA-aaaa-bbbb-cccc"}
    tally = Tally()
    kept = list(keep_allowed([exam, alias, whole, part], refused, tally))
    assert [(one.names, one.commits) for one in kept] == [(("CVE-2099-2222",), (("own/name", FIX),))]
    assert tally.counts[("advisories", "off-limits")] == 2
    assert tally.counts[("advisories", "no-commit")] == 1
    assert tally.counts[("advised commits", "off-limits-repository")] == 2


def test_what_several_sources_know_is_put_together_by_number() -> None:
    first = Advisory(("PYSEC-2099-1", "CVE-2099-1"), (), Source.PYPA, (), "2099-05-01", "long")
    second = Advisory(("CVE-2099-1",), (("own/name", FIX),), Source.SECURITY_PATCHES, ("CWE-79",), "2099-04-01", "x")
    merged = merge_advisories([first, second])["CVE-2099-1"]
    assert (merged.names, merged.cwes, merged.published) == (("PYSEC-2099-1", "CVE-2099-1"), ("CWE-79",), "2099-04-01")
    assert (merged.commits, merged.text) == ((), "")
