"""An organisation's own clones as a manifest: every repository found in a folder, pinned, under its owner's licence."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from dataset_curation.clones import find_clone
from dataset_curation.errors import CloneError, ManifestError, OffLimitsError
from dataset_curation.filters.licences import OWN
from dataset_curation.filters.off_limits import check_repository
from dataset_curation.manifests import Choice, Entry, Role, pin_choice
from dataset_curation.selection import Tally
from graph_model.languages import BY_NAME


def find_repositories(clones: Path) -> Iterator[str]:
    """The name of every clone in a folder, sorted: owner/name, or the folder alone where it is a clone itself.

    Raises ManifestError where there is none.
    """
    names: set[str] = set()
    for place in sorted(clones.iterdir()):
        if _is_clone(clones, place.name):
            names.add(place.name.replace("+", "/", 1))
        elif place.is_dir():
            names.update(f"{place.name}/{inner.name}" for inner in sorted(place.iterdir()) if inner.is_dir())
    known = [name for name in sorted(names) if _is_clone(clones, name)]
    if not known:
        raise ManifestError(f"{clones}: expected clones as owner/name or owner+name, found none")
    yield from known


def _is_clone(clones: Path, name: str) -> bool:
    try:
        find_clone(clones, name)
    except CloneError:
        return False
    return True


def pin_own(clones: Path, gate: Collection[str], tally: Tally) -> list[Entry]:
    """Every repository of a folder at its head, for training but for those of the gate.

    Those without code, and those that must not be learned from, are left out and counted. Raises ManifestError when a
    name of the gate is not there.
    """
    names = list(find_repositories(clones))
    missing = set(gate) - set(names)
    if missing:
        raise ManifestError(f"{clones}: gate: expected a clone of {', '.join(sorted(missing))}, found none")
    entries = []
    for name in names:
        try:
            check_repository(name)
        except OffLimitsError:
            tally.drop("repositories", "off-limits-repository")
            continue
        role = Role.GATE if name in gate else Role.TRAIN
        entry, _ = pin_choice(Choice(name, role, "mixed", name), clones, licence=OWN)
        if not entry.lines:
            tally.drop("repositories", "no-source")
        else:
            tally.keep("repositories")
            family = max(_families(entry).items(), key=lambda one: (one[1], one[0]))[0]
            entries.append(replace(entry, family=family))
    return entries


def _families(entry: Entry) -> dict[str, int]:
    counts: dict[str, int] = {}
    for language, lines in entry.lines.items():
        family = BY_NAME[language].family.value
        counts[family] = counts.get(family, 0) + lines
    return counts
