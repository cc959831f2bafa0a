import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph_model.bundle import LADDER, MANIFEST, NETWORK, Bundle, default_folder, load_bundle, save_bundle
from graph_model.errors import BundleError
from graph_model.ladder import Rung
from graph_model.testing import make_bundle

LABELS = ("maintainability/ünïcode", "performance/b", "security/a")


@pytest.fixture
def bundle() -> Bundle:
    return make_bundle(LABELS, rungs={"security/a": Rung.NETWORK, "performance/b": Rung.BOOSTING}, network=b"weights")


def _rewrite(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | changes), encoding="utf-8")


def test_a_bundle_comes_back_as_it_was(bundle: Bundle, tmp_path: Path) -> None:
    identity = save_bundle(bundle, tmp_path / "deep")
    found = load_bundle(tmp_path / "deep", "test")
    assert found.identity == identity
    for name in ("labels", "smells", "path_features", "judgements", "network", "provenance", "figures"):
        assert getattr(found, name) == getattr(bundle, name), name
    np.testing.assert_array_equal(found.ladder.logistic, bundle.ladder.logistic)
    assert all(found.lines[rung].shape == (3, 2) for rung in Rung)


def test_equal_bundles_give_equal_bytes_and_any_change_another_identity(bundle: Bundle, tmp_path: Path) -> None:
    first = save_bundle(bundle, tmp_path / "a")
    assert save_bundle(bundle, tmp_path / "b") == first
    for name in (MANIFEST, LADDER, NETWORK):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert save_bundle(replace(bundle, network=b"other"), tmp_path / "b") != first
    lines = dict(bundle.lines) | {Rung.PRIOR: bundle.lines[Rung.PRIOR] + 1}
    assert save_bundle(replace(bundle, lines=lines), tmp_path / "b") != first


def test_saving_without_a_network_removes_an_older_one(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(bundle, tmp_path)
    save_bundle(make_bundle(LABELS), tmp_path)
    assert not (tmp_path / NETWORK).exists()
    assert load_bundle(tmp_path, "test").network is None


@pytest.mark.parametrize("name", [LADDER, NETWORK])
def test_a_changed_byte_is_refused(bundle: Bundle, tmp_path: Path, name: str) -> None:
    save_bundle(bundle, tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(bytes(content))
    with pytest.raises(BundleError, match=f"{name}: checksum: expected"):
        load_bundle(tmp_path, "test")


@pytest.mark.parametrize("name", [MANIFEST, LADDER, NETWORK])
def test_a_missing_file_is_named(bundle: Bundle, tmp_path: Path, name: str) -> None:
    save_bundle(bundle, tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(BundleError, match=f"{name}: expected a file"):
        load_bundle(tmp_path, "test")


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_a_damaged_manifest_is_refused(bundle: Bundle, tmp_path: Path, text: str) -> None:
    save_bundle(bundle, tmp_path)
    (tmp_path / MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(BundleError, match=f"{MANIFEST}: expected JSON"):
        load_bundle(tmp_path, "test")


def test_a_manifest_that_is_not_text_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(bundle, tmp_path)
    (tmp_path / MANIFEST).write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(BundleError, match=f"{MANIFEST}: expected JSON"):
        load_bundle(tmp_path, "test")


def test_another_catalogue_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(bundle, tmp_path)
    with pytest.raises(BundleError, match="catalogue_hash: expected 'mine', found 'test'"):
        load_bundle(tmp_path, "mine")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema_version": 99}, "schema_version: expected 1, found 99"),
        ({"format_version": None}, "format_version"),
        ({"files": {}}, "files: expected ladder.npz"),
        ({"files": {LADDER: "", "../evil": ""}}, "files: expected ladder.npz"),
        ({"labels": ["security/a"]}, "judgements: expected exactly the labels"),
        ({"labels": "security/a"}, "labels: expected a list of strings"),
        ({"path_features": ["hops"]}, "logistic: expected shape"),
        ({"provenance": None}, "provenance: expected an object"),
        ({"judgements": {label: {"rung": "prior"} for label in LABELS}}, "judgements.maintainability/ünïcode"),
        (
            {"judgements": {label: {"rung": "oracle", "fallback": "prior", "threshold": 1} for label in LABELS}},
            "'oracle' is not a valid Rung",
        ),
        (
            {"judgements": {label: {"rung": "prior", "fallback": "network", "threshold": 1} for label in LABELS}},
            "fallback: expected one of",
        ),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    bundle: Bundle, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    save_bundle(bundle, tmp_path)
    _rewrite(tmp_path, **changes)
    with pytest.raises(BundleError, match=words):
        load_bundle(tmp_path, "test")


def test_a_label_that_ships_with_the_network_needs_one(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(replace(bundle, network=None), tmp_path)
    with pytest.raises(BundleError, match=r"files: expected model\.onnx"):
        load_bundle(tmp_path, "test")


def test_the_default_folder_is_inside_the_package() -> None:
    assert default_folder().name == "bundle_data"
