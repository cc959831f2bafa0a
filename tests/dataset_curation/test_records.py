from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dataset_curation.analysing import Provenance, analyse_project, make_records
from dataset_curation.errors import RecordError
from dataset_curation.records import Judgement, engine_version, load_records, read_header, save_records
from dataset_curation.selection import Tally
from graph_model.languages import BY_NAME
from reviewer.source import SourceFile

HELPER = b"import os\n\ndef run(text):\n    os.system(text)  # \xc3\xbc\n"
VIEW = (
    b"from flask import Flask, request\nfrom helper import run\napp = Flask(__name__)\n\n"
    b"@app.route('/x')\ndef view():\n    run(request.args['q'])\n"
)


def _project(tally: Tally) -> list:  # type: ignore[type-arg]
    files = [(SourceFile("helper.py", HELPER), BY_NAME["python"]), (SourceFile("view.py", VIEW), BY_NAME["python"])]
    project = analyse_project(files, tally)
    return list(make_records(project, Provenance("o/n", "o/n", "c0ffee"), tally))


def test_records_survive_a_file(tmp_path: Path) -> None:
    records = [one.judged([Judgement(1, 0.5, "fix")] * len(one.candidates)) for one in _project(Tally())]
    path = tmp_path / "a.records"
    save_records(records, path, {"repository": "o/n"})
    again = list(load_records(path))
    assert read_header(path)["repository"] == "o/n"
    assert read_header(path)["engine"] == engine_version()
    assert len(again) == len(records) > 0
    for first, second in zip(records, again, strict=True):
        assert replace(first, graph=second.graph, signature=second.signature) == second
        for name in ("token_ids", "token_offsets", "edge_index", "edge_type", "spans", "metrics"):
            assert np.array_equal(getattr(first.graph, name), getattr(second.graph, name))
        assert first.signature.digest == second.signature.digest
        assert np.array_equal(first.signature.hashes, second.signature.hashes)


def test_a_flow_through_a_helper_file_is_recorded() -> None:
    keys = [key for record in _project(Tally()) for key in record.keys()]  # noqa: SIM118  # not a mapping
    assert "helper.py:4:5 security/command-injection" in keys


def test_no_records_make_an_empty_file(tmp_path: Path) -> None:
    save_records([], tmp_path / "a.records", {})
    assert list(load_records(tmp_path / "a.records")) == []


@pytest.mark.parametrize("content", [b"", b"junk", b"x\x9c"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.records"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"a\.records"):
        list(load_records(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"a\.records"):
        read_header(tmp_path / "a.records")


def test_empty_and_broken_files_do_not_stop_a_project() -> None:
    tally = Tally()
    files = [
        (SourceFile("empty.py", b""), BY_NAME["python"]),
        (SourceFile("broken.java", b"class {{{"), BY_NAME["java"]),
    ]
    project = analyse_project(files, tally)
    assert list(make_records(project, Provenance("o/n", "o/n", "c"), tally)) is not None
    assert tally.counts[("analysis", "kept")] >= 1
