"""Fix commits that the text of an advisory names, read without a YAML parser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dataset_curation.filters.off_limits import find_cves, normalise_repository

_COMMIT_URL = re.compile(
    r"https?://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/(?:commit|pull/\d+/commits)/([0-9a-f]{7,40})"
)
_RANGE = re.compile(
    r"repo: https?://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?\s*\n(?:(?!- type:).*\n)*?\s*- fixed: ([0-9a-f]{40})"
)
_KB_COMMIT = re.compile(r"- id: ([0-9a-f]{40})\s*\n\s*repository: (\S+)")
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
