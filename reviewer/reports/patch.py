"""Changes to files as a unified diff that `git apply` takes."""

from collections.abc import Iterator
from difflib import unified_diff

from reviewer.source import SourceFile


def render_patch(source: SourceFile, content: bytes, *, colour: bool = False) -> str:
    """The diff from a file to its new content, "" when they are equal."""
    old, new = (_split(text.decode("utf-8", "replace")) for text in (source.content, content))
    diff = unified_diff(old, new, f"a/{source.path}", f"b/{source.path}", lineterm="\n")
    return "".join(_colour(line) if colour else line for line in _mark_missing_newline(diff))


def _split(text: str) -> list[str]:
    """Lines as git counts them: they end at a line feed only."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _mark_missing_newline(diff: Iterator[str]) -> Iterator[str]:
    for line in diff:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _colour(line: str) -> str:
    import click  # noqa: PLC0415  # only on a terminal

    colours = {"+": "green", "-": "red", "@": "cyan"}
    return click.style(line, fg=colours.get(line[:1]))
