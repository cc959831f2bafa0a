"""Work trees at pinned commits, for tools that want files: no links, no hooks, no filters of the repository."""

import os
import tempfile
from pathlib import Path

from dataset_curation.clones import REGULAR_MODES, find_clone
from dataset_curation.errors import CloneError
from dataset_curation.manifests import Entry

_STAMP = ".curated-commit"


def checkout_entry(entry: Entry, clones: Path, target: Path) -> bool:
    """Writes the regular files of an entry's commit below target/owner+name; False when they are there already.

    The folder appears whole or not at all. Raises CloneError when an object is missing.
    """
    folder = target / entry.repository.replace("/", "+")
    stamp = folder / _STAMP
    if stamp.is_file() and stamp.read_text("utf-8").strip() == entry.commit:
        return False
    if folder.exists():
        raise CloneError(f"{folder}: expected a checkout of {entry.commit} or nothing, found another folder")
    clone = find_clone(clones, entry.repository)
    files = [one for one in clone.list_files(entry.commit) if one.mode in REGULAR_MODES and one.size >= 0]
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        root = Path(scratch) / "tree"
        root.mkdir()
        for file, (_, content) in zip(files, clone.read_blobs(file.blob for file in files), strict=True):
            if content is None or ".." in file.path.split("/"):
                raise CloneError(f"{entry.repository}: {file.path}: expected an object, found none")
            place = root / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        (root / _STAMP).write_text(entry.commit, "utf-8")
        os.replace(root, folder)
    return True
