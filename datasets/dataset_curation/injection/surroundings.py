"""What stands around a place of a text, comments included: the lines beside it, and the headers that hold it. Pure."""

import re

_LINES = 6  # before and behind
_BEGINS = re.compile(r"[\w@$#/*\"'.]")  # what a line of words or of comment begins with; a bracket alone holds nothing


def lines_near(text: str, start: int, end: int, number: int = _LINES) -> str:
    """The lines around a range, without the range itself."""
    before, behind = text[:start].split("\n")[-number - 1 :], text[end:].split("\n")[: number + 1]
    return "\n".join(before) + " " + "\n".join(behind)


def headers_above(text: str, start: int) -> str:
    """The lines above a place that stand further left than all between: of the blocks, functions and classes around."""
    lines = text[:start].split("\n")
    width = _indent(text[start - len(lines[-1]) :].partition("\n")[0])
    found = []
    for line in reversed(lines[:-1]):
        bare = line.strip()
        if width == 0:
            break
        if bare and _BEGINS.match(bare) and _indent(line) < width:
            width = _indent(line)
            found.append(bare)
    return "\n".join(found)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
