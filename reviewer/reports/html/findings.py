"""One finding as a part of the page: what it is, the code with its path, what to do, a fix, how to answer it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph_model.languages import Family, find_language
from reviewer.findings import EvidenceStep, Finding
from reviewer.fixes import apply_edits, list_edits
from reviewer.reports.html.drawing import draw_path, name_kind
from reviewer.reports.html.excerpts import Excerpt, Piece, Row, RowKind, build_excerpt
from reviewer.reports.html.markup import Markup, count, element, escape_exactly, join, render_prose
from reviewer.reports.patch import render_patch
from reviewer.source import SourceFile

_MAX_NOTE = 200
_MAX_PATCH = 20_000
_EXACT = frozenset("\t\n\r")  # beside what is printable: what a copy of a patch keeps
_LINE_KINDS = {"+": "add", "-": "del", "@": "at"}


@dataclass(frozen=True, slots=True)
class FindingPart:
    """A finding as an article, and what is not in it although it belongs there."""

    markup: Markup
    num_lines_cut: int
    num_steps_left_out: int
    is_patch_left_out: bool


def render_finding(finding: Finding, sources: Mapping[str, SourceFile], *, packed: bool = False) -> FindingPart:
    """The finding; `sources` holds every file that its evidence names.

    `packed`: all but its head is left for the page's script to build, and built at once where scripts do not run.
    """
    excerpt = build_excerpt(finding, sources)
    patch = _make_patch(finding, sources[finding.path])
    body = [
        element("p", f"{finding.message}.", class_="message"),
        _render_code(finding, excerpt),
        _render_steps(finding, excerpt),
        element("p", element("b", "What to do: "), render_prose(finding.remedy), class_="remedy"),
        _render_fix(finding, patch),
        _render_answers(finding),
    ]
    unfolded = element("div", *body, class_="body")
    article = element(
        "article",
        _render_head(finding),
        element("noscript", unfolded) if packed else unfolded,
        id=identify(finding),
        class_=f"finding s-{finding.severity.value}",
        data_severity=finding.severity.value,
        data_category=finding.category,
        data_label=finding.label,
        data_language=name_language(finding.path),
        data_path=finding.path,
        data_line=finding.region.start.line,
        data_probability=f"{finding.probability:g}",
        data_fix=finding.fix is not None,
    )
    return FindingPart(article, excerpt.num_lines_cut, excerpt.num_steps_left_out, len(patch) > _MAX_PATCH)


def identify(finding: Finding) -> str:
    """The id of its part of the page, which stays the same as long as the finding does."""
    return f"finding-{finding.fingerprint}"


def name_language(path: str) -> str:
    """The language of a file, "other" for none."""
    language = find_language(path)
    return language.name if language is not None else "other"


def _render_head(finding: Finding) -> Markup:
    at = finding.region.start
    severity = element("span", finding.severity.value, class_="severity")
    title = element("a", finding.title, href=f"#{identify(finding)}")
    facts = [
        element("span", f"{finding.path}:{at.line}:{at.column} ", class_="place"),
        element("a", f"{finding.label} ", href=f"#label-{finding.label}"),
        element("span", f"CWE-{finding.cwe} ") if finding.cwe is not None else "",
        element("span", "in ", element("code", finding.symbol)) if finding.symbol else "",
    ]
    return element(
        "header",
        element("h3", severity, " ", title),
        _render_probability(finding.probability),
        element("p", *facts, class_="facts"),
    )


def _render_probability(probability: float) -> Markup:
    bar = element(
        "svg",
        element("rect", width=f"{40 * probability:.3g}", height=6),
        width=40,
        height=6,
        aria_hidden="true",
    )
    return element("p", element("span", "probability ", class_="unseen"), bar, f" {probability:.2f}", class_="likely")


def _render_code(finding: Finding, excerpt: Excerpt) -> Markup:
    rows = [_render_row(row, finding.steps) for row in excerpt.rows]
    at = finding.region.start
    label = f"Code of {finding.path} around line {at.line}"
    code = element("div", *rows, class_="rows", tabindex=0, role="group", aria_label=label)
    left_out = excerpt.num_steps_left_out
    caption = element("figcaption", f"{count(left_out, 'step')} in the middle are not drawn.") if left_out else ""
    return element("figure", element("div", draw_path(excerpt, finding.steps), code, class_="code"), caption)


def _render_row(row: Row, steps: Sequence[EvidenceStep]) -> Markup:
    if row.kind is RowKind.FILE:
        return element("div", *(piece.text for piece in row.pieces), class_="file")
    if row.kind is RowKind.GAP:
        return element("div", element("i", "⋮"), *(piece.text for piece in row.pieces), class_="gap")
    number = element("i", str(row.line) if row.line is not None else "")
    note = element("em", "introduced here") if row.is_anchor else ""
    is_marked = row.is_anchor or any(piece.step_idx is not None for piece in row.pieces)
    pieces = (_render_piece(piece, steps) for piece in row.pieces)
    return element("div", number, *pieces, note, class_="on" if is_marked else None)


def _render_piece(piece: Piece, steps: Sequence[EvidenceStep]) -> str:
    if piece.step_idx is None:
        return piece.text
    return element("mark", piece.text, class_=name_kind(steps[piece.step_idx].role))


def _render_steps(finding: Finding, excerpt: Excerpt) -> str:
    """The path in words, where there is more than the place itself."""
    if len(finding.steps) < 2:
        return ""
    items = []
    for idx, step in enumerate(finding.steps):
        if idx in excerpt.places:
            items.append(_render_step(step, idx, finding.path))
    return element("ol", *items, class_="steps", aria_label="The path, step by step")


def _render_step(step: EvidenceStep, idx: int, path: str) -> Markup:
    at = step.region.start
    text = step.note or step.code
    shown = text if len(text) <= _MAX_NOTE else f"{text[: _MAX_NOTE - 1]}…"
    place = f"line {at.line}" if step.region.path == path else f"{step.region.path}:{at.line}"
    role = element("b", step.role.value, class_=name_kind(step.role))
    return element("li", role, " ", element("code", shown), " ", element("span", place), value=idx + 1)


def _make_patch(finding: Finding, source: SourceFile) -> str:
    """The fix as a diff, "" without one."""
    return "" if finding.fix is None else render_patch(source, apply_edits(source.content, list_edits(finding.fix)))


def _render_fix(finding: Finding, patch: str) -> str:
    """The verified fix. Where its diff is no part of the page, or not to be copied from it, a command stands for it."""
    fix = finding.fix
    if fix is None:
        return ""
    caution = "" if fix.is_safe else " Behaviour may change: look at it."
    scored = f"Applied and scored again: {finding.probability:.2f} becomes {fix.probability:.2f}."
    said = element("p", element("b", "A fix: "), f"{fix.description or finding.title}. {scored}{caution}")
    command = _offer_copy(f"reviewer fix --diff {shlex.quote(finding.path)}", "the command")
    if len(patch) > _MAX_PATCH:
        return element("div", said, element("p", "Its diff is long: ", command), class_="fix")
    rows = [_render_patch_line(line) for line in patch.split("\n") if line]
    diff = element("pre", *rows, class_="diff", tabindex=0, aria_label="The fix as a diff", role="group")
    return element("div", said, diff, _offer_patch(patch, command), class_="fix")


def _offer_patch(patch: str, command: Markup) -> Markup:
    if not all(char.isprintable() or char in _EXACT for char in patch):
        return element("p", "It holds characters that no page copies: ", command)
    exact = escape_exactly(patch) if "\r" in patch else None  # what is shown lacks carriage returns
    return element("button", "Copy the patch", type="button", class_="copy", data_copy=exact)


def _render_patch_line(line: str) -> Markup:
    text = line.removesuffix("\r")
    is_exact = all(char.isprintable() or char == "\t" for char in text)
    shown = Markup(f"{escape_exactly(text) if is_exact else join(text)}\n")
    kind = "at" if line.startswith(("--- ", "+++ ")) else _LINE_KINDS.get(line[:1])
    return element("span", shown, class_=kind)


def _render_answers(finding: Finding) -> Markup:
    """What a reader does next: ask why, silence it with a reason, name it to others."""
    language = find_language(finding.path)
    comment = "#" if language is not None and language.family is Family.PYTHON else "//"
    place = f"{finding.path}:{finding.region.start.line}"
    rows = [
        ("Why this is reported", _offer_copy(f"reviewer explain {shlex.quote(place)}", "the command")),
        (
            "Not a problem here",
            _offer_copy(f"{comment} reviewer: ignore[{finding.label}] ", "the comment", "the reason"),
        ),
        ("Fingerprint", _offer_copy(finding.fingerprint, "the fingerprint")),
    ]
    return element("dl", *(join(element("dt", name), element("dd", what)) for name, what in rows), class_="answers")


def _offer_copy(text: str, name: str, blank: str = "") -> Markup:
    """Text with a button that copies it; `blank` stands for what the reader fills in."""
    button = element("button", "Copy", type="button", class_="copy", aria_label=f"Copy {name}")
    return join(element("code", text, element("var", blank) if blank else ""), " ", button)
