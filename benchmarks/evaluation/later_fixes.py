"""Which lines of a change a later fix changed: blame, read from the change onwards (`git blame --reverse`).

A fix is told by the first line of its message, so this is a sign and no proof: fixes say other things, and commits that
say "fix" change lines that had no fault.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reviewer.errors import RepositoryError
from reviewer.repositories import Repository

_FIX = re.compile(
    r"\b(?:(?:bug|hot)?fix(?:e[sd]|ing)?|bugs?|vulnerab\w*|CVE-\d+|security|leak\w*|crash\w*|regression|deadlock\w*|race"
    r"|incorrect\w*|wrong\w*|broken|prevent\w*|avoid\w*)\b",
    re.I,
)
_NO_FIX = re.compile(
    r"\b(?:typos?|lint\w*|format\w*|styles?|docs?|documentation|comments?|tests?|flaky|translations?|changelog|deps?|bump)\b",
    re.I,
)
_HEADER = re.compile(r"^[0-9a-f]{40} \d+ (\d+)(?: \d+)?$")


@dataclass(frozen=True, slots=True)
class History:
    """A repository with what came after a change: everything up to `tip`."""

    repository: Repository
    tip: str

    def find_fixed(self, head: str, path: str, lines: Iterable[int]) -> dict[int, str]:
        """Lines (1-based) of a file at `head` whose first later change is a fix, with that commit.

        Nothing for a file that git cannot blame.
        """
        wanted = sorted(set(lines))
        ranges = [argument for line in wanted for argument in ("-L", f"{line},{line}")]
        try:
            told = self.repository.run(
                "blame", "--reverse", "--line-porcelain", *ranges, f"{head}..{self.tip}", "--", path
            ).decode("utf-8", "replace")
        except RepositoryError:
            return {}
        changed = _read_changes(told)
        fixes = {commit for commit in set(changed.values()) if is_fix(self._subject(commit))}
        return {line: commit for line, commit in sorted(changed.items()) if commit in fixes}

    def _subject(self, commit: str) -> str:
        return self.repository.run("log", "-1", "--format=%s", commit, "--").decode("utf-8", "replace").strip()


def is_fix(subject: str) -> bool:
    """Whether the first line of a message speaks of mending something that runs."""
    return _FIX.search(subject) is not None and _NO_FIX.search(subject) is None


def _read_changes(told: str) -> dict[int, str]:
    """Line at the head -> the commit that changed it first; lines that are still there are left out."""
    found: dict[int, str] = {}
    line = 0
    for row in told.split("\n"):
        header = _HEADER.match(row)
        if header:
            line = int(header[1])
        elif row.startswith("previous "):  # read backwards, it is the next
            found[line] = row.split(" ")[1]
    return found
