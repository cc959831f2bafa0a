"""The bundle: everything that scoring needs, in one folder, checked before use.

bundle.json   what it is for (schema, catalogue, features), what ships for each label, figures, checksums
ladder.npz    the simple rungs and the calibration lines, numpy arrays
model.onnx    the network, if any label ships with it
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any  # JSON values and arrays of a file are what the file says until checked here

import numpy as np
from numpy.typing import NDArray

from graph_model.encoding import SCHEMA_VERSION
from graph_model.errors import BundleError
from graph_model.ladder import SIMPLE_RUNGS, Ladder, Rung

FORMAT_VERSION = 1
MANIFEST, LADDER, NETWORK = "bundle.json", "ladder.npz", "model.onnx"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How candidates of one label are judged: by which rung, by which one if the function has no graph, shown from."""

    rung: Rung
    fallback: Rung
    threshold: float


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked bundle. `identity` changes with any byte of it; `lines` are float64 [L, 2] for every rung."""

    identity: str
    catalogue_hash: str
    labels: tuple[str, ...]
    smells: tuple[str, ...]
    path_features: tuple[str, ...]
    judgements: tuple[Judgement, ...]
    ladder: Ladder
    lines: Mapping[Rung, NDArray[np.float64]]
    network: bytes | None
    provenance: Mapping[str, Any]
    figures: Mapping[str, Any]


def default_folder() -> Traversable:
    """The folder of the bundle that ships with this package."""
    return resources.files("graph_model") / "bundle_data"


def load_bundle(folder: Path | Traversable, catalogue_hash: str) -> Bundle:
    """The bundle of a folder. Raises BundleError if it is damaged or made for another schema or catalogue."""
    text = _read(folder, MANIFEST)
    try:
        manifest = json.loads(text)
        if not isinstance(manifest, dict):
            raise ValueError(f"expected an object, found {type(manifest).__name__}")
    except ValueError as error:
        raise BundleError(f"{MANIFEST}: expected JSON, found: {error}") from error
    for name, expected in (
        ("format_version", FORMAT_VERSION),
        ("schema_version", SCHEMA_VERSION),
        ("catalogue_hash", catalogue_hash),
    ):
        if manifest.get(name) != expected:
            raise BundleError(f"{MANIFEST}: {name}: expected {expected!r}, found {manifest.get(name)!r}")
    contents = _read_files(folder, _mapping(manifest, "files"))
    labels = _strings(manifest, "labels")
    features = _strings(manifest, "path_features")
    judgements = _judgements(manifest, labels)
    if NETWORK not in contents and any(one.rung is Rung.NETWORK for one in judgements):
        raise BundleError(f"{MANIFEST}: files: expected {NETWORK}, which labels ship with, found none")
    arrays = _arrays(contents[LADDER])
    return Bundle(
        identity=hashlib.sha256(text).hexdigest()[:16],  # the manifest holds the checksums of the others
        catalogue_hash=catalogue_hash,
        labels=labels,
        smells=_strings(manifest, "smells"),
        path_features=features,
        judgements=judgements,
        ladder=Ladder.from_arrays(arrays, len(labels), len(features)),
        lines={rung: _line(arrays, rung, len(labels)) for rung in Rung},
        network=contents.get(NETWORK),
        provenance=_mapping(manifest, "provenance"),
        figures=_mapping(manifest, "figures"),
    )


def save_bundle(bundle: Bundle, folder: Path) -> str:
    """Writes the bundle's files and returns the identity that loading will find; `bundle.identity` is not read."""
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    lines = {f"lines_{rung}": bundle.lines[rung] for rung in Rung}
    np.savez_compressed(buffer, allow_pickle=False, **bundle.ladder.to_arrays(), **lines)
    contents = {LADDER: buffer.getvalue()} | ({NETWORK: bundle.network} if bundle.network is not None else {})
    for name in (LADDER, NETWORK):
        if name in contents:
            (folder / name).write_bytes(contents[name])
        else:
            (folder / name).unlink(missing_ok=True)
    manifest = {
        "format_version": FORMAT_VERSION,
        "schema_version": SCHEMA_VERSION,
        "catalogue_hash": bundle.catalogue_hash,
        "labels": bundle.labels,
        "smells": bundle.smells,
        "path_features": bundle.path_features,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "judgements": {
            label: {"rung": one.rung, "fallback": one.fallback, "threshold": one.threshold}
            for label, one in zip(bundle.labels, bundle.judgements, strict=True)
        },
        "provenance": dict(bundle.provenance),
        "figures": dict(bundle.figures),
    }
    content = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    (folder / MANIFEST).write_bytes(content)
    return hashlib.sha256(content).hexdigest()[:16]


def _read(folder: Path | Traversable, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{name}: expected a file of the model bundle in {folder}, found: {error}") from error


def _read_files(folder: Path | Traversable, checksums: Mapping[str, Any]) -> dict[str, bytes]:
    if LADDER not in checksums or not set(checksums) <= {LADDER, NETWORK}:
        raise BundleError(f"{MANIFEST}: files: expected {LADDER} and perhaps {NETWORK}, found {sorted(checksums)}")
    contents = {}
    for name, expected in checksums.items():
        contents[name] = _read(folder, name)
        found = hashlib.sha256(contents[name]).hexdigest()
        if found != expected:
            raise BundleError(f"{name}: checksum: expected {expected}, found {found}")
    return contents


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"{LADDER}: expected arrays, found: {error}") from error


def _line(arrays: Mapping[str, NDArray[Any]], rung: Rung, num_labels: int) -> NDArray[np.float64]:
    name = f"lines_{rung}"
    if name not in arrays or arrays[name].shape != (num_labels, 2):
        found = arrays[name].shape if name in arrays else "nothing"
        raise BundleError(f"{LADDER}: {name}: expected shape {(num_labels, 2)}, found {found}")
    return np.asarray(arrays[name], dtype=np.float64)


def _mapping(manifest: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = manifest.get(name)
    if not isinstance(value, dict):
        raise BundleError(f"{MANIFEST}: {name}: expected an object, found {value!r}")
    return value


def _strings(manifest: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = manifest.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BundleError(f"{MANIFEST}: {name}: expected a list of strings, found {value!r}")
    return tuple(value)


def _judgements(manifest: Mapping[str, Any], labels: Sequence[str]) -> tuple[Judgement, ...]:
    given = _mapping(manifest, "judgements")
    if set(given) != set(labels):
        raise BundleError(
            f"{MANIFEST}: judgements: expected exactly the labels, differs in {sorted(set(given) ^ set(labels))}"
        )
    found = []
    for label in labels:
        try:
            one = Judgement(
                Rung(given[label]["rung"]), Rung(given[label]["fallback"]), float(given[label]["threshold"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{MANIFEST}: judgements.{label}: {error!r}") from error
        if one.fallback not in SIMPLE_RUNGS:
            raise BundleError(f"{MANIFEST}: judgements.{label}.fallback: expected one of {SIMPLE_RUNGS}")
        found.append(one)
    return tuple(found)
