"""Every filter with its reason: what is dropped, that it is counted under its name, and that the rest is kept."""

import time
from collections import Counter
from pathlib import Path

import pytest

from dataset_curation.assembly import keep_records, list_sources
from dataset_curation.cards import drop_rows
from dataset_curation.filters.balance import Caps, balance
from dataset_curation.filters.consistency import drop_fixed_again
from dataset_curation.filters.freshness import OLDEST_FIX, find_dead_api, is_too_old
from dataset_curation.filters.reasons import CONCERNS, Concern, concern_of
from dataset_curation.harvesting import HarvestJob, harvest
from dataset_curation.manifests import Choice, Role, pin_choice
from dataset_curation.records import FunctionRecord, Judgement, load_records, read_header, save_records
from dataset_curation.sampling import Limits
from dataset_curation.selection import Tally
from dataset_curation.sources.fixes import FixJob, mine_fixes
from dataset_curation.testing import MIT, SmallRepository

HEAD = "import os\nimport subprocess\nfrom flask import Flask, request\napp = Flask(__name__)\n\n"
VIEW = '@app.route("/a")\ndef view():\n    os.system("ls " + request.args["q"])\n'
OTHER = "\n\ndef other():\n    return 'ü'\n"
BEFORE = HEAD + VIEW + OTHER
AFTER = HEAD + '@app.route("/a")\ndef view():\n    subprocess.run(["ls", "--", "fixed"])\n' + OTHER
FIX = "Fix command injection in the list"


def _tally(tmp_path: Path, commits: list[tuple[str, dict[str, str | None]]], start: int = 1_700_000_000) -> Tally:
    """What mining a repository with these commits counts."""
    repository = SmallRepository(tmp_path, "o/n", start)
    for message, files in commits:
        repository.commit(message, {"LICENSE": MIT, **files})
    entry, _ = pin_choice(Choice("o/n", Role.FIXES, "python", "o/n"), tmp_path)
    mine_fixes(FixJob(entry, (), 50), tmp_path, tmp_path / "data")
    return Tally.from_json(read_header(tmp_path / "data" / "o+n.records")["tally"])


MANY = "".join(f"\n\ndef f{idx}(x):\n    return x + {{0}}{idx}\n" for idx in range(9))


@pytest.mark.parametrize(
    ("after", "step", "reason"),
    [
        ({"app.py": AFTER}, "fixes", "kept"),
        ({"app.py": BEFORE.replace('"ls " + ', '"ls "  +  # spaced\n        ')}, "fixes", "formatting-only"),
        ({"app.py": HEAD + OTHER.strip() + "\n\n\n" + VIEW}, "fixes", "moved"),
        ({"app.py": HEAD + VIEW, "b.py": "import os\n" + OTHER}, "fixes", "moved"),
        ({"app.py": HEAD + VIEW, "b.py": "import os\n" + OTHER.replace("other", "new")}, "fixes", "nothing-vanished"),
        ({"app.py": AFTER + MANY.replace("{0}", "2"), "b.py": "x = 1\n"}, "fixes", "tangled"),
        ({"tests/test_app.py": "def test_a():\n    assert 1\n"}, "commits", "tests-only"),
        ({"README.md": "text"}, "commits", "no-source"),
        ({"app.py": AFTER + "def broken(:\n"}, "fixes", "unsound-version"),
    ],
)
def test_a_fix_is_clean_evidence_or_dropped_for_a_reason(
    tmp_path: Path, after: dict[str, str | None], step: str, reason: str
) -> None:
    before = BEFORE + MANY.replace("{0}", "1") if reason == "tangled" else BEFORE
    tally = _tally(tmp_path, [("start", {"app.py": before, "b.py": "import os\n"}), (FIX, after)])
    assert tally.counts[(step, reason)] == 1
    assert (tally.counts[("fixes", "kept")] == 1) is (reason == "kept")


def test_a_line_that_leaves_a_loop_is_more_than_formatting(tmp_path: Path) -> None:
    loop = "    for name in names:\n        save(name)\n"
    before = HEAD + VIEW + f"\n\ndef other(names):\n{loop}        flush()\n"
    after = before.replace("        flush", "    flush")
    tally = _tally(tmp_path, [("start", {"app.py": before}), (FIX, {"app.py": after})])
    assert tally.counts[("fixes", "nothing-vanished")] == 1


def test_a_message_without_a_fix_that_a_label_could_be_of_is_label_free(tmp_path: Path) -> None:
    tally = _tally(tmp_path, [("start", {"app.py": BEFORE}), ("Reduce the unsafe-looking noise", {"app.py": AFTER})])
    assert tally.counts[("commits", "label-free")] == 1


def test_an_old_fix_is_stale(tmp_path: Path) -> None:
    commits: list[tuple[str, dict[str, str | None]]] = [("start", {"app.py": BEFORE}), (FIX, {"app.py": AFTER})]
    tally = _tally(tmp_path, commits, start=OLDEST_FIX - 600)
    assert tally.counts[("commits", "too-old")] == 1
    assert is_too_old(OLDEST_FIX - 1)
    assert not is_too_old(OLDEST_FIX)
    assert not is_too_old(int(time.time()))


@pytest.mark.parametrize(
    ("path", "text", "is_dead"),
    [
        ("a.py", "import urllib2\n", True),
        ("a.py", "try:\n    import urllib2\nexcept ImportError:\n    urllib2 = None\n", False),
        ("a.py", "try:\n    f()\nexcept OSError, e:\n    pass\n", True),
        ("a.py", "try:\n    f()\nexcept OSError, ValueError:\n    pass\n", False),
        ("a.py", "raise ValueError, 'ü'\n", True),
        ("a.py", "import asyncore\r\n", True),
        ("a.py", "import hashlib", False),
        ("a.js", "var util = require('sys');\n", True),
        ("a.jsx", "var A = React.createClass({});", True),
        ("a.js", "const os = require('os');\n", False),
        ("A.java", "package a;\nimport java.applet.Applet;\n", True),
        ("A.java", "import java.util.Base64;\n", False),
        ("A.cs", "using System.Runtime.Remoting;\n", True),
        ("A.cs", "using System.Runtime.Serialization;\n", False),
        ("a.py", "", False),
        ("a.txt", "import urllib2\n", False),
    ],
)
def test_code_for_platforms_that_are_gone_is_told(path: str, text: str, *, is_dead: bool) -> None:
    assert bool(find_dead_api(path, text.encode())) is is_dead


def test_a_fix_of_dead_code_is_dropped_as_such(tmp_path: Path) -> None:
    dead = "import urllib2\n"
    tally = _tally(tmp_path, [("start", {"app.py": dead + BEFORE}), (FIX, {"app.py": dead + AFTER})])
    assert tally.counts[("fixes", "dead-api")] == 1


def _harvest(
    tmp_path: Path, files: dict[str, str | bytes | None], limits: Limits
) -> tuple[list[FunctionRecord], Tally]:
    commit = SmallRepository(tmp_path / "clones", "o/n").commit("all", {"LICENSE": MIT, **files})
    entry, _ = pin_choice(Choice("o/n", Role.TRAIN, "python", "o/n"), tmp_path / "clones", commit)
    harvest(HarvestJob(entry, limits), tmp_path / "clones", tmp_path / "data")
    path = tmp_path / "data" / "o+n.records"
    return list(load_records(path)), Tally.from_json(read_header(path)["tally"])


ENOUGH = "def enough(a):\n    b = a + 1\n    c = b * 2\n    return c\n\n\n"


def test_functions_without_candidates_parse_and_say_enough(tmp_path: Path) -> None:
    broken = "def broken(a):\n    b = (a\n    return b +\n"
    long = "def long(a):\n" + "    a += 1\n" * 201 + "    return a\n"
    files: dict[str, str | bytes | None] = {"app.py": BEFORE, "long.py": long, "bad.py": broken}
    files["plain.py"] = ENOUGH + "def one():\n    return 1\n"
    records, tally = _harvest(tmp_path, files, Limits(max_plain=10))
    plain = [record for record in records if not record.candidates]
    assert [record.twin for record in plain] == ["o/n:plain.py:enough"]
    assert {one.label for record in records for one in record.candidates} >= {"security/command-injection"}
    reasons = {reason for step, reason in tally.counts if step == "plain functions"}
    assert reasons >= {"kept", "too-small", "syntax-error"}


def test_limits_take_whole_folders_and_what_people_read(tmp_path: Path) -> None:
    files: dict[str, str | bytes | None] = {
        f"p{folder}/m{idx}.py": f"X = {folder}{idx}\n" + ENOUGH for folder in range(6) for idx in range(3)
    }
    size = len(files["p0/m0.py"] or "")
    commit = SmallRepository(tmp_path / "clones", "o/n").commit("all", {"LICENSE": MIT, **files})
    entry, _ = pin_choice(Choice("o/n", Role.TRAIN, "python", "o/n"), tmp_path / "clones", commit)
    wanted = {"p5/m0.py", "p4/m0.py", "p3/m0.py"}
    found: dict[bool, set[str]] = {}
    for is_wanted in (False, True):
        job = HarvestJob(entry, Limits(size * 7, 100), frozenset(wanted if is_wanted else ()))
        harvest(job, tmp_path / "clones", tmp_path / "data")
        records = load_records(tmp_path / "data" / "o+n.records")
        found[is_wanted] = {record.origin.partition(":")[2] for record in records}
        assert len(found[is_wanted]) == 7
    folders = sorted(Counter(path[:2] for path in found[False]).values())
    assert folders == [1, 3, 3]  # two whole, and what fitted of the next
    assert found[True] >= wanted


def _records(tmp_path: Path) -> list[FunctionRecord]:
    return [one for one in _harvest(tmp_path / "src", {"app.py": BEFORE}, Limits())[0] if one.candidates]


def _judge(record: FunctionRecord, target: int, source: str) -> FunctionRecord:
    return record.judged([Judgement(target, 1.0, source)] * len(record.candidates))


def test_code_that_is_judged_both_ways_is_dropped_as_a_contradiction(tmp_path: Path) -> None:
    (record,) = _records(tmp_path)
    header = {"commit": "c", "role": "train", "tally": []}
    for step, target in (("fixes", 1), ("injected", 0)):
        save_records([_judge(record, target, "fix")], tmp_path / step / "o+n.records", {**header, "repository": "o/n"})
    tally = Tally()
    assert list(keep_records(list_sources(tmp_path), [], Caps(), tally)) == []
    assert tally.counts[("labels", "contradiction")] == 2
    assert tally.counts[("records", "contradiction")] == 2
    (tmp_path / "injected" / "o+n.records").unlink()
    assert len(list(keep_records(list_sources(tmp_path), [], Caps(), Tally()))) == 1


def test_what_a_later_fix_mends_again_is_not_harmless(tmp_path: Path) -> None:
    (record,) = _records(tmp_path)
    first = (100, [_judge(record, 1, "fix"), _judge(record, 0, "fix")])
    later = (200, [_judge(record, 1, "fix")])
    tally = Tally()
    assert [one.judgements[0].target for one in drop_fixed_again([later, first], tally)] == [1, 1]
    assert tally.counts[("labels", "fixed-again")] == 1
    assert [one.judgements[0].target for one in drop_fixed_again([first], Tally())] == [1, 0]


def test_caps_hold_for_a_label_a_project_and_a_size(tmp_path: Path) -> None:
    (record,) = _records(tmp_path)
    made = [_judge(record, 1, "injected")] * 5
    for caps, reason, left in (
        (Caps(per_cell=2), "over-the-cell", 2),
        (Caps(per_project=3), "over-the-project", 3),
        (Caps(max_statements=1), "too-large", 0),
        (Caps(), "kept", 5),
    ):
        tally = Tally()
        assert len(list(balance(made, caps, tally))) == left
        assert sum(tally.counts.values()) == tally.counts[("balance", reason)] == 5 - left


def test_every_reason_has_a_concern_and_a_card_says_it() -> None:
    tally = Tally()
    tally.drop("duplicates", "harvest: near", 2)
    tally.drop("fixes", "tangled")
    tally.keep("fixes")
    assert drop_rows(tally) == [
        ["duplicates", "duplication", "harvest: near", 2],
        ["fixes", "", "kept", 1],
        ["fixes", "accuracy", "tangled", 1],
    ]
    assert concern_of("no such reason") is Concern.NOTHING
    assert {CONCERNS[one] for one in ("test", "too-small", "too-old", "contradiction")} == {
        Concern.RELEVANCE, Concern.COMPLETENESS, Concern.FRESHNESS, Concern.CONSISTENCY,
    }  # fmt: skip
