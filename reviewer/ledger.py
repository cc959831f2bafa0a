"""What became of every file: reviewed, skipped for a stated reason, or failed. Values only."""

from dataclasses import dataclass
from enum import Enum


class SkipReason(Enum):
    """Why a file is not reviewed although nothing went wrong; the value is what reports say."""

    NO_LANGUAGE = "in no language that is read"
    EXCLUDED = "excluded by configuration"
    GENERATED = "generated"
    VENDORED = "vendored"
    BINARY = "binary"
    MINIFIED = "minified"
    TOO_LARGE = "too large"
    TOO_MANY_NODES = "too many syntax nodes"
    SYMLINK = "a symbolic link"
    NOT_A_FILE = "not a regular file"
    NESTED_REPOSITORY = "a submodule or nested repository"
    UNREADABLE = "unreadable"


_UNCHOSEN = (SkipReason.TOO_LARGE, SkipReason.TOO_MANY_NODES, SkipReason.UNREADABLE)


@dataclass(frozen=True, slots=True, order=True)
class Skip:
    """A file or whole folder (final slash) that was left out; `detail` adds figures to the reason."""

    path: str
    reason: SkipReason
    detail: str = ""


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """A part of a reviewed file that could not be read: 1-based lines, both included."""

    kind: str
    start_line: int
    end_line: int
    detail: str


@dataclass(frozen=True, slots=True, order=True)
class Reviewed:
    """A file that was reviewed; with problems, only in its sound parts."""

    path: str
    language: str
    num_lines: int
    problems: tuple[FileProblem, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Failed:
    """A file that should have been reviewed and was not; `error` is one line."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every file of a review exactly once, each part sorted by path."""

    reviewed: tuple[Reviewed, ...] = ()
    skipped: tuple[Skip, ...] = ()
    failed: tuple[Failed, ...] = ()

    @property
    def num_lines(self) -> int:
        """Lines in reviewed files."""
        return sum(entry.num_lines for entry in self.reviewed)

    def list_unread(self) -> tuple[tuple[str, int, str], ...]:
        """Path, line and why of what should have been reviewed and was not: failed, too large, broken in part."""
        failed = [(one.path, 1, one.error) for one in self.failed]
        skipped = [
            (one.path, 1, f"{one.reason.value}{_in_brackets(one.detail)}")
            for one in self.skipped
            if one.reason in _UNCHOSEN
        ]
        in_part = [
            (one.path, part.start_line, f"{part.kind}, to line {part.end_line}{_in_brackets(part.detail)}")
            for one in self.reviewed
            for part in one.problems
        ]
        return (*failed, *skipped, *in_part)

    @property
    def is_empty(self) -> bool:
        """Whether there was no file at all."""
        return not (self.reviewed or self.skipped or self.failed)


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""
