"""Fix pairs from project-kb's own copies of changed files, for repositories that nobody cloned."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dataset_curation.analysing import Provenance
from dataset_curation.clones import find_clone
from dataset_curation.errors import CurationError
from dataset_curation.harvesting import Outcome, file_name, is_current
from dataset_curation.manifests import Entry
from dataset_curation.pairs.advisories import Advice
from dataset_curation.pairs.advisory_sources import Advisory, Source
from dataset_curation.pairs.fix_pairs import FixPair, Origin, find_pairs, make_pairs, save_pairs
from dataset_curation.pairs.knowledge_base import ChangedFiles, read_statements, select_sides
from dataset_curation.records import read_header
from dataset_curation.selection import Tally
from dataset_curation.sources.fixes import MAX_FILES

_VERSION = "1"  # of the reading; part of what makes a records file current
_LICENCE = "Apache-2.0 or as its files say"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StatementJob:
    """A clone of project-kb; repositories that are `held_out` or `cloned` (lower case) are left to others."""

    entry: Entry
    held_out: frozenset[str]
    cloned: frozenset[str]
    known: Mapping[str, Advisory]
    refused: frozenset[str]

    @property
    def repository(self) -> str:
        """The repository's name, for reports."""
        return self.entry.repository


def mine_statement_pairs(job: StatementJob, clones: Path, target: Path) -> Outcome:
    """All pairs of a clone of project-kb, as one file."""
    entry = job.entry
    path = target / f"{file_name(entry.repository)}.records"
    extent = f"{_VERSION} {','.join(sorted(job.held_out | job.cloned))}"
    if is_current(path, commit=entry.commit, extent=extent):
        return Outcome(entry.repository, "kept", len(read_header(path)["pairs"]))
    tally = Tally()
    pairs: list[FixPair] = []
    for advice, files in read_statements(find_clone(clones, entry.repository), tally):
        pairs.extend(_mine_statement(advice, files, job, tally))
    header = {
        "repository": entry.repository,
        "commit": entry.commit,
        "extent": extent,
        "role": entry.role.value,
        "family": entry.family,
    }
    save_pairs(pairs, path, header, tally)
    return Outcome(entry.repository, "done", len(pairs))


def _mine_statement(advice: Advice, files: ChangedFiles, job: StatementJob, tally: Tally) -> Iterator[FixPair]:
    reason = _find_reason(advice, job)
    sides = select_sides(files, is_apache=advice.repository.startswith("apache/"))
    if not reason and len(sides[0]) > MAX_FILES:
        reason = "tangled"
    if not reason and not sides[0]:
        reason = "no-licensed-source"
    if reason:
        tally.drop("commits", reason)
        return
    paired = find_pairs(*sides, tally)
    if paired is None:
        return
    told = Advisory((advice.name,), ((advice.repository, advice.commit),), Source.PROJECT_KB, text=advice.text)
    place = Provenance(advice.repository, advice.repository, advice.commit)
    year = advice.name[4:8] if advice.name.startswith("CVE-") else ""
    origin = Origin(place, year, _LICENCE, is_trainable=True, message="", advisories=(told,))
    try:
        found = list(make_pairs(paired, sides, origin, job.known))
    except CurationError as error:
        _log.warning("%s@%s: %s", advice.repository, advice.commit, error)
        tally.drop("commits", "engine-error")
        return
    tally.keep("commits")
    yield from found


def _find_reason(advice: Advice, job: StatementJob) -> str:
    if advice.name in job.refused:
        return "off-limits-cve"
    if advice.repository in job.held_out:
        return "held-out-repository"
    return "in-a-clone" if advice.repository in job.cloned else ""
