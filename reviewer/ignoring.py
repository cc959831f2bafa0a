"""Patterns of `.gitignore` and `.gitattributes`, read as git does: a line that is no pattern is passed over."""

from collections.abc import Iterable

from pathspec import GitIgnoreSpec


def parse_patterns(lines: Iterable[str]) -> GitIgnoreSpec:
    """What the lines say; those that are no pattern (a lone `!`, a trailing backslash) say nothing."""
    return GitIgnoreSpec.from_lines([line for line in lines if is_pattern(line)])


def is_pattern(line: str) -> bool:
    """Whether a line can be read as a pattern."""
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
