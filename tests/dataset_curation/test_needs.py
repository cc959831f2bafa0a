"""Injection fills gaps: much where much is missing, a few where nothing is, and always the same."""

from collections import Counter
from pathlib import Path

import pytest

from dataset_curation.analysing import Provenance, analyse_project, make_records
from dataset_curation.gaps import Judged, Wanted, find_gaps
from dataset_curation.injection.defects import Proposal
from dataset_curation.injection.injecting import InjectionJob, inject_entry
from dataset_curation.injection.needs import EMPTY, FULL, UNKNOWN, Need, Needs
from dataset_curation.injection.rounds import Budget, Quota, plan_rounds
from dataset_curation.manifests import Choice, Entry, Role, pin_choice
from dataset_curation.records import Judgement, load_records, read_header, save_records
from dataset_curation.selection import Tally
from dataset_curation.steps import Folders, measure_needs, run_injection
from dataset_curation.testing import MIT, SmallRepository
from graph_model.edits.model import Edit
from graph_model.languages import BY_NAME, Family
from reviewer.source import SourceFile

LABEL = "security/weak-hash"
HEAD = "import hashlib\n"


def _digest(name: str) -> str:
    """Far enough from the next one: a hash that is named near by is a reason to leave a digest as it is."""
    return f"{chr(10) * 9}def digest_{name}(password):\n    return hashlib.sha256(password).hexdigest()\n"


def _pin(clones: Path) -> Entry:
    """A repository with room for 27 weak digests, three a file."""
    names = [[f"{idx}{part}" for part in "abc"] for idx in range(9)]
    files: dict[str, str | bytes | None] = {
        f"m{idx}.py": HEAD + "".join(_digest(one) for one in own) for idx, own in enumerate(names)
    }
    SmallRepository(clones, "o/n").commit("all", {"LICENSE": MIT, **files})
    return pin_choice(Choice("o/n", Role.TRAIN, "python", "o/n"), clones)[0]


def _needs(harmful: int) -> Needs:
    return Needs((Need(LABEL, "python", harmful, harmful), Need("security/weak-password-hash", "python", FULL, FULL)))


def _num_born(path: Path) -> int:
    judged = (
        candidate.label
        for record in load_records(path)
        for candidate, judgement in zip(record.candidates, record.judgements, strict=True)
        if judgement.target == 1
    )
    return Counter(judged)[LABEL]


@pytest.mark.parametrize(("harmful", "number"), [(FULL, 3), (1, 6), (UNKNOWN, 12), (EMPTY, 24)])
def test_as_much_is_made_as_is_missing(tmp_path: Path, harmful: int, number: int) -> None:
    inject_entry(InjectionJob(_pin(tmp_path), needs=_needs(harmful)), tmp_path, tmp_path / "data")
    assert _num_born(tmp_path / "data" / "o+n.records") == number


def test_what_is_there_is_kept_until_something_else_is_missing(tmp_path: Path) -> None:
    entry, path = _pin(tmp_path), tmp_path / "data" / "o+n.records"
    for needs, state in ((_needs(1), "done"), (_needs(1), "kept"), (_needs(FULL), "done"), (_needs(1), "done")):
        assert inject_entry(InjectionJob(entry, needs=needs), tmp_path, tmp_path / "data").state == state
        assert read_header(path)["needs"] == needs.identity
    assert _num_born(path) == 6


def test_needs_are_quarters_of_what_is_wanted() -> None:
    counts: Judged = Counter({(LABEL, "python", "", 1): 49, (LABEL, "python", "", 0): 50, (LABEL, "java", "", 1): 12})
    needs = Needs.of(find_gaps(counts, Wanted(per_cell=50)))
    assert needs.harmful([LABEL], Family.PYTHON) == 1
    assert needs.harmless(LABEL, Family.PYTHON) == FULL
    assert needs.harmful([LABEL], Family.JAVA) == EMPTY
    assert needs.harmful([LABEL, "security/weak-cipher"], Family.PYTHON) == EMPTY
    assert needs.harmful(["correctness/off-by-one"], Family.PYTHON) == UNKNOWN
    assert {one.harmful for one in Needs.of(find_gaps(counts, Wanted(per_cell=0))).cells} == {FULL}


def test_the_emptiest_cells_are_tried_first() -> None:
    proposals = [
        Proposal(name, "weak-hash", frozenset({LABEL}), place, place + 1, (Edit(place, place + 1, b"x"),))
        for name in ("full", "empty")
        for place in range(0, 40, 10)
    ]
    needs = {"full": FULL, "empty": EMPTY}
    rounds = plan_rounds(proposals, Budget(), [(0, 40), (0, 40)], lambda one: Quota(one.name, needs[one.name]))
    assert [one.name for batch in rounds for one in batch] == ["empty", "empty", "empty", "full"]


def _save(path: Path, role: str, target: int, number: int) -> None:
    """Records of a source in which so many weak digests are judged."""
    code = HEAD + "".join(
        _digest(f"{role}{path.parent.name}{idx}")
        .replace("sha256", "md5")
        .replace("given", f"given{idx} + prefix_{idx}")
        for idx in range(number)
    )
    project = analyse_project([(SourceFile("a.py", code.encode()), BY_NAME["python"])], Tally())
    records = [
        record.judged([Judgement(target, 1.0, "fix") for _ in record.candidates])
        for record in make_records(project, Provenance("a/b", "a/b", "c"), Tally())
    ]
    assert records
    save_records(records, path, {"repository": f"a/{role}", "role": role, "commit": "c", "tally": []})


def test_what_injection_made_and_the_gate_fill_nothing(tmp_path: Path) -> None:
    clones, data = tmp_path / "clones", tmp_path / "data"
    entry = _pin(clones)
    assert measure_needs(data, [], Wanted(per_cell=4)).harmful([LABEL], Family.PYTHON) == EMPTY
    _save(data / "fixes" / "a+gate.records", "gate", 1, 3)
    assert measure_needs(data, [], Wanted(per_cell=4)).harmful([LABEL], Family.PYTHON) == EMPTY
    _save(data / "fixes" / "a+fixes.records", "fixes", 1, 2)
    before = measure_needs(data, [], Wanted(per_cell=4))
    assert before.harmful([LABEL], Family.PYTHON) == UNKNOWN
    for state in ("done", "kept"):  # the second time over what the first made
        number, outcomes = run_injection([entry], [], Folders(clones, data))
        assert (number, [one.state for one in outcomes]) == (1, [state])
    assert _num_born(data / "injected" / "o+n.records") == 24
    assert measure_needs(data, [], Wanted(per_cell=4)) == before
