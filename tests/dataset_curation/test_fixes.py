from pathlib import Path

import pytest

from dataset_curation.clones import find_clone
from dataset_curation.errors import ManifestError, OffLimitsError
from dataset_curation.manifests import Choice, Entry, Role, pin_choice
from dataset_curation.pairs.advisories import Advice, parse_advisory
from dataset_curation.records import load_records, read_header
from dataset_curation.selection import Tally
from dataset_curation.sources.fix_lists import read_fix_list, write_fix_list
from dataset_curation.sources.fixes import FixJob, find_fix_commits, mine_fixes
from dataset_curation.testing import MIT, SmallRepository

HEAD = "import hashlib\nimport os\nimport subprocess\nfrom flask import Flask, request\napp = Flask(__name__)\n\n"
BEFORE = (
    HEAD + '@app.route("/a")\ndef view():\n    os.system("ls " + request.args["q"])\n\n\ndef other():\n    return 1\n'
)
AFTER = (
    HEAD + '@app.route("/a")\ndef view():\n    subprocess.run(["ls", "--", "fixed"])\n\n\ndef other():\n    return 1\n'
)
LABEL = "security/command-injection"


def _mine(tmp_path: Path, advice: tuple[Advice, ...] = ()) -> tuple[Path, Entry]:
    entry, _ = pin_choice(Choice("o/n", Role.FIXES, "python", "o/n"), tmp_path)
    mine_fixes(FixJob(entry, advice, 50), tmp_path, tmp_path / "data")
    return tmp_path / "data" / "o+n.records", entry


def _positives(path: Path) -> list[tuple[str, float, str]]:
    return [
        (candidate.label, judgement.weight, record.origin)
        for record in load_records(path)
        for candidate, judgement in zip(record.candidates, record.judgements, strict=True)
        if judgement.target == 1
    ]


def test_a_candidate_that_a_fix_makes_vanish_is_harmful(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    fixed = repository.commit("Fix command injection in the list", {"app.py": AFTER, "tests/test_app.py": "x"})
    path, _ = _mine(tmp_path)
    assert _positives(path) == [(LABEL, 1.0, f"o/n@{fixed}^:app.py")]


def test_a_fix_about_something_else_is_no_evidence(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    repository.commit("Fix XSS in the list", {"app.py": AFTER})
    path, _ = _mine(tmp_path)
    assert _positives(path) == []
    assert ["fixes", "nothing-vanished", 1] in read_header(path)["tally"]


def test_a_function_that_is_gone_is_no_evidence(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    repository.commit("Fix command injection", {"app.py": AFTER.replace("def view", "def renamed")})
    path, _ = _mine(tmp_path)
    assert _positives(path) == []


def test_moved_lines_are_no_evidence(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    repository.commit("Fix command injection", {"app.py": BEFORE.replace("\n\n\ndef", "\n\n# later\n\n\ndef")})
    path, _ = _mine(tmp_path)
    assert _positives(path) == []


def test_a_version_that_does_not_parse_is_no_evidence(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    repository.commit("Fix command injection", {"app.py": AFTER + "def broken(:\n"})
    path, _ = _mine(tmp_path)
    assert _positives(path) == []
    assert ["fixes", "unsound-version", 1] in read_header(path)["tally"]


def test_an_advisory_can_name_a_commit_that_says_nothing(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    fixed = repository.commit("Tidy", {"app.py": AFTER})
    path, _ = _mine(tmp_path, (Advice("o/n", fixed, "CVE-2099-1", "Command injection in the list view"),))
    assert [label for label, _, _ in _positives(path)] == [LABEL]


def test_commits_of_the_outside_exam_and_wide_ones_are_dropped(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {f"m{idx}.py": BEFORE for idx in range(8)})
    repository.commit("Fix command injection everywhere", {f"m{idx}.py": AFTER for idx in range(7)})
    repository.commit("Fix CVE-2018-1260", {"m7.py": AFTER})
    repository.commit("Fix XSS in docs", {"README.md": "x"})
    tally = Tally()
    clone = find_clone(tmp_path, "o/n")
    assert list(find_fix_commits(clone, "HEAD", {"f" * 40: Advice("o/n", "f" * 40, "x", "x")}, tally)) == []
    reasons = {reason: count for (_, reason), count in tally.counts.items()}
    assert reasons == {"tangled": 1, "off-limits-cve": 1, "no-source": 1, "not-in-clone": 1}


def test_advisories_of_both_databases_name_commits() -> None:
    pypa = (
        "affected:\n- ranges:\n  - type: GIT\n    repo: https://github.com/Own/Name\n    events:\n"
        f"    - introduced: '0'\n    - fixed: {'a' * 40}\n  - type: ECOSYSTEM\n"
        f"references:\n- type: FIX\n  url: https://github.com/own/other/commit/{'b' * 40}\naliases:\n- CVE-2099-7777\n"
    )
    assert {(one.repository, one.commit, one.name) for one in parse_advisory(pypa, "PYSEC-1")} == {
        ("own/name", "a" * 40, "CVE-2099-7777"),
        ("own/other", "b" * 40, "CVE-2099-7777"),
    }
    kb = f"vulnerability_id: X\nfixes:\n- commits:\n  - id: {'c' * 40}\n    repository: https://gitbox.apache.org/repos/asf/zeppelin.git\n"
    assert [(one.repository, one.commit, one.name) for one in parse_advisory(kb, "X")] == [
        ("apache/zeppelin", "c" * 40, "X")
    ]


def test_a_list_of_commits_gives_the_same_records_without_the_history(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    repository.commit("start", {"LICENSE": MIT, "app.py": BEFORE})
    repository.commit("Fix command injection in the list", {"app.py": AFTER})
    repository.commit("Fix XSS elsewhere", {"app.py": AFTER + "\n\nx = 1\n"})
    path, entry = _mine(tmp_path)
    first = [(record.origin, record.judgements) for record in load_records(path)]
    listing = tmp_path / "fix_commits.jsonl"
    assert write_fix_list(listing, [path]) == write_fix_list(listing, [path]) == 1
    listed = read_fix_list(listing)
    job = FixJob(entry, (), 50, (*listed["o/n"], "e" * 40))
    assert mine_fixes(job, tmp_path, tmp_path / "data").state == "done"
    assert [(record.origin, record.judgements) for record in load_records(path)] == first
    tally = {reason: count for _, reason, count in read_header(path)["tally"]}
    assert tally["not-in-clone"] == 1
    assert mine_fixes(job, tmp_path, tmp_path / "data").state == "kept"


@pytest.mark.parametrize("text", ["{", '{"repository": "o/n"}', "[]", "1"])
def test_a_damaged_list_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "fix_commits.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(ManifestError, match=r"fix_commits\.jsonl"):
        read_fix_list(path)


def test_a_list_cannot_name_the_outside_exam(tmp_path: Path) -> None:
    path = tmp_path / "fix_commits.jsonl"
    path.write_text('{"repository": "psf/requests", "commit": "a"}', "utf-8")
    with pytest.raises(OffLimitsError):
        read_fix_list(path)
    with pytest.raises(ManifestError, match="expected a list of fix commits"):
        read_fix_list(tmp_path / "missing.jsonl")
