"""Advisories that name fix commits: the PyPA database and project-kb, read from their clones without a YAML parser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dataset_curation.clones import Clone
from dataset_curation.errors import OffLimitsError
from dataset_curation.off_limits import check_repository, check_text, find_cves, normalise_repository
from dataset_curation.selection import Tally

_COMMIT_URL = re.compile(
    r"https?://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/(?:commit|pull/\d+/commits)/([0-9a-f]{7,40})"
)
_RANGE = re.compile(
    r"repo: https?://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?\s*\n(?:(?!- type:).*\n)*?\s*- fixed: ([0-9a-f]{40})"
)
_KB_COMMIT = re.compile(r"- id: ([0-9a-f]{40})\s*\n\s*repository: (\S+)")
KB_BRANCH = "vulnerability-data"
KB_SOURCE_BRANCH = "vulnerability-data-with-changed-source-code"


@dataclass(frozen=True, slots=True)
class Advice:
    """An advisory's word that a commit mends something: `text` says what, `name` is a CVE or the advisory's own id."""

    repository: str
    commit: str
    name: str
    text: str


def parse_advisory(text: str, name: str) -> Iterator[Advice]:
    """The fix commits of one advisory of either database, without repeats."""
    found = {
        (normalise_repository(repository), commit)
        for repository, commit in (*_COMMIT_URL.findall(text), *_RANGE.findall(text))
    }
    found |= {(normalise_repository(repository), commit) for commit, repository in _KB_COMMIT.findall(text)}
    cves = find_cves(text)
    for repository, commit in sorted(found):
        yield Advice(repository, commit, cves[0] if cves else name, text)


def read_advice(clone: Clone, commit: str, tally: Tally) -> Iterator[Advice]:
    """Every fix commit that the advisories of a clone name; the outside exam is left out and counted."""
    entries = [entry for entry in clone.list_files(commit) if entry.path.endswith((".yaml", ".yml"))]
    entries = [entry for entry in entries if entry.path.startswith(("vulns/", "statements/"))]
    for entry, (_, raw) in zip(entries, clone.read_blobs(entry.blob for entry in entries), strict=True):
        text = (raw or b"").decode("utf-8", "replace")
        try:
            check_text(f"{entry.path}\n{text}")
        except OffLimitsError:
            tally.drop("advisories", "off-limits-cve")
            continue
        name = entry.path.rpartition("/")[2].removesuffix(".yaml")
        for advice in parse_advisory(text, name):
            try:
                check_repository(advice.repository)
            except OffLimitsError:
                tally.drop("advisories", "off-limits-repository")
                continue
            tally.keep("advisories")
            yield advice
