"""Suppression comments for findings: where one has to stand so that the reviewer heeds it, tried before it is used."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graph_model.languages import Family, find_language
from reviewer.engine import Engine
from reviewer.findings import Finding
from reviewer.outline import find_comments
from reviewer.source import SourceFile
from reviewer.suppression import Suppression, parse_suppressions

_MAX_REASON_CHARS = 200


@dataclass(frozen=True, slots=True)
class Insertion:
    """Text to insert at a byte."""

    offset: int
    text: bytes


def find_insertion(finding: Finding, source: SourceFile, reason: str, engine: Engine) -> Insertion | None:
    """The first place where a comment silences the finding and the file still parses as well; None without one."""
    words = " ".join(reason.split())[:_MAX_REASON_CHARS].replace("*/", "* /")
    if not words or not words.isprintable():
        return None
    directive = f"reviewer: ignore[{finding.label}] {words}".encode("utf-8", "replace")
    num_problems = len(engine.analyse(source).problems)
    known = _parse(source)
    for insertion in _propose(finding, source, directive):
        content = source.content[: insertion.offset] + insertion.text + source.content[insertion.offset :]
        draft = replace(source, content=content)
        if _is_heeded(draft, known, finding, insertion, source) and len(engine.analyse(draft).problems) <= num_problems:
            return insertion
    return None


def _propose(finding: Finding, source: SourceFile, directive: bytes) -> Iterator[Insertion]:
    """On a line of its own before the statement, else at the end of one of its lines; in JSX inside braces."""
    language = find_language(source.path)
    comments = (
        [b"# " + directive] if language is not None and language.family is Family.PYTHON else [b"// " + directive]
    )
    if language is not None and language.family is Family.JAVASCRIPT:
        comments.append(b"{/* " + directive + b" */}")
    end = b"\r\n" if source.has_crlf else b"\n"
    first = finding.statement.start
    for comment in comments:
        start = source.line_span(first)
        text = source.content[start.start : start.end]
        indent = text[: len(text) - len(text.lstrip())]
        yield Insertion(start.start, indent + comment + end)
        for line in dict.fromkeys((first, finding.region.start.line)):
            span = source.line_span(line)
            stop = span.start + len(source.content[span.start : span.end].rstrip(b"\r"))
            yield Insertion(stop, b"  " + comment)


def _parse(source: SourceFile) -> tuple[Suppression, ...]:
    return parse_suppressions(source, find_comments(source))


def _is_heeded(
    draft: SourceFile, known: tuple[Suppression, ...], finding: Finding, insertion: Insertion, source: SourceFile
) -> bool:
    """Whether the draft has one suppression more, and it covers the finding's statement where it now stands."""
    found = _parse(draft)
    moved = (
        draft.num_lines - source.num_lines if insertion.offset <= source.line_span(finding.statement.start).start else 0
    )
    lines = range(finding.statement.start + moved, finding.statement.stop + moved)
    return len(found) == len(known) + 1 and any(
        one.covers(finding.label, lines) and one.reason in insertion.text.decode() for one in found
    )
