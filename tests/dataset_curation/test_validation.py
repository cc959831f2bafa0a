import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dataset_curation.analysing import Provenance, analyse_project, make_records
from dataset_curation.cli import curate
from dataset_curation.manifests import Entry, Role, write_entries
from dataset_curation.records import FunctionRecord, Judgement, save_records
from dataset_curation.selection import Tally
from dataset_curation.sharding import INDEX_NAME, Kept, make_header, write_shards
from dataset_curation.testing import MIT, SmallRepository
from dataset_curation.triage.verdicts import TriageRow
from dataset_curation.validation import Fault, Finding, check_manifest, check_shards, validate
from graph_model.features import collect_names
from graph_model.languages import BY_NAME
from reviewer.source import SourceFile

HARMFUL, HARMLESS = Judgement(1, 1.0, "fixture"), Judgement(0, 1.0, "injected")
VIEW = """from flask import Flask, request
import os
app = Flask(__name__)


@app.route("/{name}")
def {name}():
    {body}
    os.system("ls " + request.args["{name}"] + "ü")
    return render_{name}({name!r}, {number})
"""
BODIES = ("x = 1", "for one in range(9):\n        print(one)", "with open('a') as f:\n        f.write('b')", "y = [1]")


def _make(repository: str, number: int, commit: str = "c0ffee", body: int | None = None) -> FunctionRecord:
    name = f"view_{number}"
    steps = "".join(f"    step_{number}_{idx}({idx} * {number})\n" for idx in range(40))
    text = VIEW.format(name=name, number=number, body=BODIES[(number if body is None else body) % len(BODIES)])
    text = text.replace("    return", f"{steps}    return")
    project = analyse_project([(SourceFile(f"{name}.py", text.encode()), BY_NAME["python"])], Tally())
    return next(iter(make_records(project, Provenance(repository, repository, commit), Tally())))


def _keep(record: FunctionRecord, source: str = "harvest", role: str = "train") -> Kept:
    return Kept(record, source, role)


def _sound() -> list[Kept]:
    gate = [_keep(_make("g/gate", number), "gate", "gate") for number in range(2)]
    return [*gate, *(_keep(_make(f"o/n{number}", number)) for number in range(2, 5))]


def _write(kept: list[Kept], folder: Path) -> list[Finding]:
    names = collect_names(candidate.facts for one in kept for candidate in one.record.candidates)
    write_shards(kept, make_header(names), folder)
    return list(check_shards(folder))


def _judge(record: FunctionRecord, judgement: Judgement) -> FunctionRecord:
    return record.judged([judgement] * len(record.candidates))


def test_sound_shards_have_no_findings(tmp_path: Path) -> None:
    assert _write(_sound(), tmp_path) == []


def _copy(kept: list[Kept]) -> Kept:
    """A function of the gate, copied into a training repository."""
    record = kept[0].record
    return _keep(replace(record, group="o/copy", origin="o/copy@1:a.py", twin="o/copy:a.py:f"))


def _near_copy(kept: list[Kept]) -> Kept:
    return _keep(replace(_make("o/near", 0, body=1), twin="o/near:a.py:f"))


def _inside_copy(kept: list[Kept]) -> Kept:
    return _keep(replace(kept[-1].record, group="o/copy", origin="o/copy@1:a.py", twin="o/copy:a.py:f"))


def _gate_repository(kept: list[Kept]) -> Kept:
    return _keep(_make("G/Gate", 7))


def _gate_function(kept: list[Kept]) -> Kept:
    return _keep(replace(_make("o/other", 8), twin=kept[0].record.twin))


def _off_limits(kept: list[Kept]) -> Kept:
    return _keep(_make("apache/struts", 9))


def _evaluation_set(kept: list[Kept]) -> Kept:
    return _keep(_make("eth-sri/sven", 9))


def _off_limits_cve(kept: list[Kept]) -> Kept:
    return _keep(replace(_make("o/other", 9), origin="o/other@1:poc/CVE-2018-1260/a.py"))


@pytest.mark.parametrize(
    ("plant", "fault"),
    [
        (_copy, Fault.DUPLICATE_ACROSS),
        (_near_copy, Fault.DUPLICATE_ACROSS),
        (_inside_copy, Fault.DUPLICATE_INSIDE),
        (_gate_repository, Fault.LEAKED_REPOSITORY),
        (_gate_function, Fault.LEAKED_FUNCTION),
        (_off_limits, Fault.OFF_LIMITS_REPOSITORY),
        (_evaluation_set, Fault.OFF_LIMITS_REPOSITORY),
        (_off_limits_cve, Fault.OFF_LIMITS_CVE),
    ],
)
def test_what_is_planted_in_shards_is_found(tmp_path: Path, plant: Callable[[list[Kept]], Kept], fault: Fault) -> None:
    sound = _sound()
    assert {one.fault for one in _write([*sound, plant(sound)], tmp_path)} == {fault}


def test_versions_of_a_fix_in_two_groups_are_found(tmp_path: Path) -> None:
    before = _judge(_make("o/fix", 11, "abc^"), HARMFUL)
    after = replace(_judge(_make("o/fix", 12, "abc"), HARMFUL), group="o/elsewhere")
    together = [_keep(before, "fixes", "fixes"), _keep(replace(after, group="o/fix"), "fixes", "fixes")]
    assert _write(together, tmp_path) == []
    (found,) = _write([together[0], _keep(after, "fixes", "fixes")], tmp_path)
    assert (found.fault, found.where) == (Fault.COMMIT_APART, "o/fix@abc")


def test_the_same_code_judged_both_ways_is_found(tmp_path: Path) -> None:
    first = _make("o/fix", 11, "abc^")
    both = [_keep(_judge(first, HARMFUL), "fixes"), _keep(_judge(first, HARMLESS), "fixes")]
    assert {one.fault for one in _write(both, tmp_path)} == {Fault.CONTRADICTION}


def test_an_index_that_does_not_fit_is_damage(tmp_path: Path) -> None:
    _write(_sound(), tmp_path)
    (tmp_path / INDEX_NAME).write_bytes(b"junk")
    assert {one.fault for one in check_shards(tmp_path)} == {Fault.DAMAGED}
    (tmp_path / INDEX_NAME).unlink()
    assert {one.fault for one in check_shards(tmp_path)} == {Fault.DAMAGED}


def _entry(repository: str, role: Role = Role.TRAIN, licence: str = "MIT") -> Entry:
    return Entry(repository, role, "python", "c0ffee", "0", licence, repository)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (_entry("o/n", licence="unknown"), Fault.LICENCE),
        (_entry("o/n", licence=""), Fault.LICENCE),
        (_entry("o/n", licence="GPL"), Fault.LICENCE),
        (_entry("apache/struts"), Fault.OFF_LIMITS_REPOSITORY),
        (_entry("semgrep/semgrep-rules", Role.FIXTURES), Fault.OFF_LIMITS_REPOSITORY),
        (_entry("eth-sri/sven"), Fault.OFF_LIMITS_REPOSITORY),
    ],
)
def test_a_manifest_entry_that_must_not_be_there_is_found(entry: Entry, fault: Fault) -> None:
    assert [one.fault for one in check_manifest([_entry("a/b"), entry], None)] == [fault]
    assert list(check_manifest([_entry("o/n", Role.MEASURE, "GPL")], None)) == []


def test_another_tree_and_another_licence_than_pinned_are_found(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path, "o/n")
    commit = repository.commit("all", {"LICENSE": MIT, "app.py": "x = 1\n"})
    sound = replace(_entry("o/n"), commit=commit, tree=repository.clone.tree_id(commit))
    assert list(check_manifest([sound], tmp_path)) == []
    assert [one.fault for one in check_manifest([replace(sound, tree="1" * 40)], tmp_path)] == [Fault.CHECKSUM]
    assert [one.fault for one in check_manifest([replace(sound, commit="1" * 40)], tmp_path)] == [Fault.CHECKSUM]
    assert [one.fault for one in check_manifest([replace(sound, licence="ISC")], tmp_path)] == [Fault.LICENCE]


def _header(repository: str, role: str) -> dict[str, object]:
    return {"repository": repository, "commit": "c0ffee", "role": role, "tally": [], "num_candidates": 1}


def _save(data: Path, step: str, repository: str, records: list[FunctionRecord], role: str = "train") -> None:
    save_records(records, data / step / f"{repository.replace('/', '+')}.records", _header(repository, role))


def test_records_of_another_role_or_of_nobody_are_found(tmp_path: Path) -> None:
    _save(tmp_path, "harvest", "o/n", [_make("o/n", 1)])
    entry = _entry("o/n")

    def faults(*entries: Entry) -> set[Fault]:
        return {one.fault for one in validate(entries, [], tmp_path, None, None)}

    assert faults(entry) == set()
    assert faults(replace(entry, role=Role.GATE)) == {Fault.STALE}
    assert faults(replace(entry, commit="0" * 40)) == {Fault.STALE}
    assert faults() == {Fault.UNKNOWN_SOURCE}
    (tmp_path / "harvest" / "x+y.records").write_bytes(b"junk")
    assert Fault.DAMAGED in faults(entry)


def test_a_commit_that_names_a_cve_of_the_exam_is_found(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path / "clones", "o/n")
    commit = repository.commit("Fix CVE-2018-1260", {"LICENSE": MIT, "app.py": "x = 1\n"})
    entry = replace(_entry("o/n"), commit=commit, tree=repository.clone.tree_id(commit))
    _save(tmp_path / "data", "fixes", "o/n", [_judge(_make("o/n", 1, f"{commit}^"), HARMFUL)])
    found = list(validate([replace(entry, commit="c0ffee")], [], tmp_path / "data", None, tmp_path / "clones"))
    assert Fault.OFF_LIMITS_CVE in {one.fault for one in found}


def _read_rows(record: FunctionRecord, verdict: str) -> list[TriageRow]:
    places = zip(record.candidates, record.lines, record.columns, strict=True)
    return [
        TriageRow("o/read", "c0ffee", one.path, line, column, one.label, verdict, "why", "ada")
        for one, line, column in places
    ]


def test_a_source_that_calls_harmless_what_readers_call_harmful_is_found(tmp_path: Path) -> None:
    read = [_make("o/read", number) for number in range(20, 28)]
    rows = [row for record in read for row in _read_rows(record, "harmful")]
    _save(tmp_path, "harvest", "o/read", read)
    entries = [_entry("o/read"), _entry("o/odd")]

    def faults(judgement: Judgement) -> list[Finding]:
        _save(tmp_path, "injected", "o/odd", [_judge(replace(one, group="o/odd"), judgement) for one in read])
        return list(validate(entries, rows, tmp_path, None, None))

    assert faults(Judgement(1, 1.0, "injected")) == []
    found = faults(Judgement(0, 1.0, "injected"))
    assert {one.fault for one in found} == {Fault.MISLABELLED}
    assert {one.where for one in found} >= {"injected", "injected/o+odd.records"}


def test_a_source_that_turns_look_alikes_round_is_found(tmp_path: Path) -> None:
    """No function is a copy; the candidates have the same facts in two kinds, which the sources judge oppositely."""
    fixtures: list[FunctionRecord] = []
    injected: list[FunctionRecord] = []
    for number in range(60, 110):
        record = _make("o/one", number)
        is_loud = number % 2 == 0
        facts = (("loud", float(is_loud)),)
        record = replace(record, candidates=tuple(replace(one, facts=facts) for one in record.candidates))
        (fixtures if number < 85 else injected).append(
            _judge(record, Judgement(int(is_loud), 1.0, "fixture" if number < 85 else "injected"))
        )
    entries = [_entry("o/fix", Role.FIXTURES), _entry("o/one")]
    _save(tmp_path, "fixtures", "o/fix", fixtures, "fixtures")
    _save(tmp_path, "injected", "o/one", injected)
    assert list(validate(entries, [], tmp_path, None, None)) == []
    turned = [_judge(one, Judgement(1 - one.judgements[0].target, 1.0, "injected")) for one in injected]
    _save(tmp_path, "injected", "o/one", turned)
    assert {one.fault for one in validate(entries, [], tmp_path, None, None)} == {Fault.MISLABELLED}


def test_the_command_prints_findings_and_ends_with_1(tmp_path: Path) -> None:
    sound = _sound()
    _write([*sound, _copy(sound)], tmp_path / "shards")
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    write_entries(manifests / "repositories.jsonl", [_entry("o/n")])
    where = ["validate", "--manifests", str(manifests), "--triage", str(tmp_path), "--shards", str(tmp_path / "shards")]
    result = CliRunner().invoke(curate, where)
    assert result.exit_code == 1
    assert (
        "duplicate-across-split: o/copy@1:a.py (f): repeats g/gate@c0ffee:view_0.py (view_0) (exact)" in result.output
    )
    (row,) = [json.loads(line) for line in CliRunner().invoke(curate, [*where, "--json"]).output.splitlines()]
    assert row["fault"] == "duplicate-across-split"
    _write(sound, tmp_path / "shards")
    assert CliRunner().invoke(curate, where).output == "0 findings\n"
