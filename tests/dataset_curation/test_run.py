import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dataset_curation.cli import curate
from dataset_curation.errors import ManifestError, RecordError
from dataset_curation.harvesting import HarvestJob, harvest
from dataset_curation.manifests import read_entries
from dataset_curation.records import FunctionRecord, load_records
from dataset_curation.selection import Tally
from dataset_curation.sharding import INDEX_NAME, PLAIN, load_examples
from dataset_curation.sources.organisation import find_repositories, pin_own
from dataset_curation.sources.threads import read_threads
from dataset_curation.testing import SmallRepository
from graph_model.training.shards import load_shards, source_index
from reviewer.baseline import KnownFinding, render_baseline
from reviewer.fingerprint import compute_fingerprints
from reviewer.source import SourceFile

LABEL = "security/command-injection"
HEAD = "import os\nimport subprocess\nfrom flask import Flask, request\napp = Flask(__name__)\n"


def _view(name: str, *, is_safe: bool = False, comment: str = "") -> str:
    steps = "".join(f"    {name}_{idx} = prepare_{name}({idx})\n" for idx in range(9))
    run = f'subprocess.run(["ls", "{name}"])' if is_safe else f'os.system("{name} " + request.args["{name}"])'
    return f'\n\n@app.route("/{name}")\ndef {name}():\n{steps}    {run}{comment}\n    return "ü"\n'


def _helper(name: str) -> str:
    return (
        f"\n\ndef help_{name}(values):\n    total = 0\n    for one in values:\n        total += one\n    return total\n"
    )


def _run(*args: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(curate, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


def _judged(path: Path) -> set[tuple[str, str, int, float]]:
    """Function, label, target and weight of every judged candidate of a records file."""
    return {
        (record.twin.rpartition(":")[2], candidate.label, judgement.target, judgement.weight)
        for record in load_records(path)
        for candidate, judgement in zip(record.candidates, record.judgements, strict=True)
        if judgement.target >= 0
    }


@pytest.fixture
def organisation(tmp_path: Path) -> Path:
    """Clones of two own repositories with a fix, a revert, a suppression, a baseline and an exported thread."""
    app = SmallRepository(tmp_path / "clones", "own/app")
    app.commit("start", {"a.py": HEAD + _view("mended")})
    app.commit("Fix command injection in the list", {"a.py": HEAD + _view("mended", is_safe=True)})
    app.commit("Prepare", {"b.py": HEAD + _view("regretted", is_safe=True)})
    regretted = app.commit("Add listing", {"b.py": HEAD + _view("regretted")})
    message = f'Revert "Add listing"\n\nThis reverts commit {regretted}.\nIt opens a command injection vulnerability.'
    app.commit(message, {"b.py": HEAD + _view("regretted", is_safe=True)})
    reviewed = app.commit("More", {"c.py": HEAD + _view("talked"), "d.py": HEAD + _view("waved")})
    quiet = "  # reviewer: ignore[security/command-injection] only operators get here"
    taken = "  # reviewer: ignore[command-injection] accepted risk, see the ticket"
    files: dict[str, str | bytes | None] = {
        "c.py": HEAD + _view("talked", is_safe=True),
        "e.py": HEAD + _view("quiet", comment=quiet),
        "f.py": HEAD + _view("taken", comment=taken),
        "g.py": HEAD + _view("known"),
        "h.py": "import math\n" + _helper("sum"),
    }
    head = app.commit("Tidy", files)
    app.commit("Add the baseline", {".reviewer-baseline.json": _baseline(tmp_path, app, head)})
    SmallRepository(tmp_path / "clones", "own/second").commit("all", {"a.py": HEAD + _view("second") + _helper("two")})
    SmallRepository(tmp_path / "clones", "own/words").commit("all", {"README.md": "text"})
    line = (HEAD + _view("talked")).splitlines().index('    os.system("talked " + request.args["talked"])') + 1
    threads = [
        {"path": "c.py", "line": line, "label": LABEL, "outcome": "fixed"},
        {"path": "d.py", "line": line, "outcome": "dismissed", "text": "no shell injection, the value is a number"},
        {"path": "d.py", "line": 1, "label": LABEL, "outcome": "fixed"},
        {"path": "no.py", "line": 1, "label": LABEL, "outcome": "fixed"},
        {"path": "c.py", "line": line, "outcome": "fixed", "text": "nice"},
        {"path": "c.py", "line": line, "label": LABEL, "outcome": "outdated"},
    ]
    rows = [json.dumps({"repository": "own/app", "commit": reviewed, **one}) for one in threads]
    (tmp_path / "threads.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    return tmp_path


def _baseline(tmp_path: Path, repository: SmallRepository, commit: str) -> str:
    """A baseline with the finding of `known`, as a review would write it."""
    entry = next(one for one in pin_own(tmp_path / "clones", (), Tally()) if one.repository == "own/app")
    assert entry.commit == commit
    harvest(HarvestJob(entry), tmp_path / "clones", tmp_path / "scratch")
    records: list[FunctionRecord] = list(load_records(tmp_path / "scratch" / "own+app.records"))
    found = [one for record in records for one in record.candidates if (one.path, one.label) == ("g.py", LABEL)]
    source = SourceFile.from_bytes("g.py", repository.clone.read_file(commit, "g.py") or b"")
    (fingerprint,) = compute_fingerprints(found, source)
    return render_baseline([KnownFinding("g.py", LABEL, fingerprint, 1)])


def test_one_command_learns_from_an_organisations_own_history(organisation: Path) -> None:
    data, shards = organisation / "data", organisation / "shards"
    args = ("run", "--organisation", "--clones", organisation / "clones", "--data", data, "--to", shards, "--jobs", "1")
    output = _run(*args, "--threads", organisation / "threads.jsonl").output
    assert [one.repository for one in read_entries(data / "manifests" / "repositories.jsonl")] == [
        "own/app",
        "own/second",
    ]
    assert "repositories: 1 no-source" in output
    assert "threads: 1 label-free" in output
    assert "threads: 1 no-outcome" in output
    assert _judged(data / "fixes" / "own+app.records") == {("mended", LABEL, 1, 1.0)}
    history = _judged(data / "history" / "own+app.records")
    assert {one for one in history if one[1] == LABEL} == {
        ("regretted", LABEL, 1, 0.5), ("talked", LABEL, 1, 1.0), ("waved", LABEL, 0, 0.5),
    }  # fmt: skip
    verdicts = [json.loads(line) for line in (data / "verdicts" / "own+app.jsonl").read_text("utf-8").splitlines()]
    assert {(row["path"], row["reader"], row["verdict"]) for row in verdicts if row["label"] == LABEL} == {
        ("e.py", "suppression", "harmless"), ("f.py", "suppression", "undecidable"), ("g.py", "baseline", "harmless"),
    }  # fmt: skip
    weights: dict[str, tuple[int, float]] = {}
    for example, row, header in load_examples(shards):
        labels = [header.labels[number] for number in example.function.candidate_labels]
        if LABEL in labels:
            place = labels.index(LABEL)
            weights[row.twin.rpartition(":")[2]] = (int(example.targets[place]), float(example.weights[place]))
    assert weights["quiet"] == (0, 0.5)
    assert weights["known"] == (0, 0.25)
    assert weights["taken"] == (-1, 0.0)  # undecided: nobody learns from it
    assert weights["second"] == (-1, 1.0)  # harvested
    assert {row.twin for _, row, _ in load_examples(shards / PLAIN)} >= {"own/app:h.py:help_sum"}
    report = (data / "report.md").read_text("utf-8")
    assert "| none |  |  |" in report
    assert json.loads((data / "report.json").read_text("utf-8"))["findings"] == []
    again = _run(*args, "--threads", organisation / "threads.jsonl").output
    assert again.splitlines()[-1] == output.splitlines()[-1]


def test_a_gate_of_ones_own_is_held_out(organisation: Path) -> None:
    data, shards = organisation / "data", organisation / "shards"
    where = ("--clones", organisation / "clones", "--data", data, "--to", shards, "--jobs", "1")
    _run("run", "--organisation", *where, "--gate", "own/second")
    roles = {example.group: row.role for example, row, _ in load_examples(shards)}
    assert roles == {"own/app": "train", "own/second": "gate"}
    assert not (data / "injected" / "own+second.records").exists()
    assert "expected a clone of own/no" in _run("run", "--organisation", *where, "--gate", "own/no", code=2).output


def test_what_must_not_be_learned_from_is_left_out_of_ones_own(tmp_path: Path) -> None:
    for name in ("own/app", "me/struts"):
        SmallRepository(tmp_path, name).commit("all", {"a.py": HEAD})
    tally = Tally()
    assert [one.repository for one in pin_own(tmp_path, (), tally)] == ["own/app"]
    assert tally.counts[("repositories", "off-limits-repository")] == 1
    assert list(find_repositories(tmp_path)) == ["me/struts", "own/app"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ManifestError, match="expected clones"):
        list(find_repositories(tmp_path / "empty"))


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"repository": "a/b"}', '{"repository":"a","commit":"b","path":"c","line":"x"}']
)
def test_a_line_that_is_no_thread_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "threads.jsonl"
    path.write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(RecordError, match=r"threads\.jsonl:2: expected"):
        read_threads(path, Tally())


def test_a_thread_about_an_unknown_label_is_named(tmp_path: Path) -> None:
    path = tmp_path / "threads.jsonl"
    row = {"repository": "a/b", "commit": "c", "path": "d", "line": 1, "label": "no/such", "outcome": "fixed"}
    path.write_text(json.dumps(row), "utf-8")
    with pytest.raises(RecordError, match="no/such"):
        read_threads(path, Tally())


def _make_clones(clones: Path, number: int) -> None:
    for idx in range(number):
        files: dict[str, str | bytes | None] = {
            f"p/m{part}.py": HEAD + _view(f"v{idx}_{part}") + _helper(f"{idx}_{part}") for part in range(12)
        }
        repository = SmallRepository(clones, f"own/r{idx}")
        repository.commit("start", files)
        repository.commit("Fix command injection", {"p/m0.py": HEAD + _view(f"v{idx}_0", is_safe=True)})


def _read_all(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


def test_a_run_that_is_killed_in_the_middle_ends_with_the_same_bytes(tmp_path: Path) -> None:
    clones = tmp_path / "clones"
    _make_clones(clones, 5)
    start = "import sys; from dataset_curation.cli import curate; curate(sys.argv[1:])"

    def command(name: str, jobs: int = 1) -> list[str]:
        where = ["--data", str(tmp_path / name), "--to", str(tmp_path / f"{name}-shards"), "--jobs", str(jobs)]
        return [sys.executable, "-c", start, "run", "--organisation", "--clones", str(clones), *where]

    subprocess.run(command("whole"), check=True, capture_output=True)
    harvested = tmp_path / "killed" / "harvest"
    with subprocess.Popen(command("killed", jobs=2), start_new_session=True, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(harvested.glob("*.records")):
            pass  # the moment is when something is done and most is not
        os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    done = sorted(harvested.glob("*.records"))
    assert 0 < len(done) < 5
    assert not (tmp_path / "killed-shards").exists()
    before = {path: path.stat().st_mtime_ns for path in done}
    subprocess.run(command("killed"), check=True, capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in done} == before  # what was done was not done again
    shards = _read_all(tmp_path / "killed-shards")
    assert shards == _read_all(tmp_path / "whole-shards")
    assert {"shard-0000.npz", INDEX_NAME, "plain/shard-0000.npz", "card.md"} <= shards.keys()
    (shard,) = [shard for _, shard in load_shards(tmp_path / "killed-shards")]
    assert any((example.sources == source_index("fix")).any() for example in shard.examples)
