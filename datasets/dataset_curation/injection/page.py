"""Injections for a person to read: examples as diffs with their twins beside, and the table of kinds by language."""

from collections.abc import Iterator
from difflib import unified_diff
from functools import lru_cache

from dataset_curation.injection.defect_kinds import Kind, load_kinds
from dataset_curation.injection.survey import InjectionExample, Survey
from graph_model.languages import Family

_EXAMPLES_A_KIND = 10
_CONTEXT = 4
_MAX_DIFF_LINES = 70


def choose_examples(survey: Survey, kind: str) -> list[InjectionExample]:
    """Ten examples of a kind, the languages taking turns."""
    left = [list(survey.examples.get((kind, family), ())) for family in Family]
    chosen: list[InjectionExample] = []
    while any(left) and len(chosen) < _EXAMPLES_A_KIND:
        chosen.extend(own.pop(0) for own in left if own)
    return chosen[:_EXAMPLES_A_KIND]


def render_page(survey: Survey) -> str:
    """Markdown: a section a kind, an example a subsection, with the defect's diff and the twin's."""
    parts = ["# Injected defects and their twins\n", "Made of fetched code: read it, do not keep it.\n"]
    for kind in load_kinds().values():
        title = f"{kind.title[:1].upper()}{kind.title[1:]}"
        parts.append(f"\n## {kind.category}: {kind.name}\n\n{title}. Applied to: {kind.context}.\n")
        for number, example in enumerate(choose_examples(survey, kind.name), 1):
            parts.extend(_render_example(kind, number, example))
    return "\n".join(parts)


def _render_example(kind: Kind, number: int, example: InjectionExample) -> Iterator[str]:
    said = ", ".join(example.born) or kind.span
    marked = example.sound[example.start : example.end].decode("utf-8", "replace").split("\n")[0].strip()
    yield f"\n### {kind.name} {number} ({example.family.value}, {example.defect})\n"
    yield f"`{example.origin}` - {said} at `{marked[:110]}`\n"
    yield f"```diff\n{_diff(example.sound, example.broken)}\n```\n"
    if example.twin is None:
        yield "No twin here.\n"
    else:
        also = f" (candidate, harmless: {', '.join(example.twin_born)})" if example.twin_born else ""
        yield f"Twin{also}:\n\n```diff\n{_diff(example.sound, example.twin)}\n```\n"


@lru_cache(maxsize=4096)  # the page is written after every repository
def _diff(before: bytes, after: bytes) -> str:
    old, new = (one.decode("utf-8", "replace").splitlines() for one in (before, after))
    rows = list(unified_diff(old, new, lineterm="", n=_CONTEXT))[2:]
    hidden = [f"... {len(rows) - _MAX_DIFF_LINES} more lines"] if len(rows) > _MAX_DIFF_LINES else []
    return "\n".join(row[:160] for row in (*rows[:_MAX_DIFF_LINES], *hidden))


def render_table(survey: Survey) -> str:
    """Markdown: by kind and language, tries that held of those made; where it was looked for; bytes of both edits."""
    heads = [f"{family.value} ({survey.files[family]} files, {survey.trees[family]} trees)" for family in Family]
    heads += ["all", "searched: repositories, files", "bytes: defect, twin"]
    rows = ["| kind | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    for kind in load_kinds().values():
        cells = [_render_cell(survey, kind.name, family) for family in Family]
        searched = f"{len(survey.searched.get(kind.name, ()))}, {survey.searched_files[kind.name]}"
        cells += [str(survey.num_held(kind.name)), searched, _render_sizes(survey, kind.name)]
        rows.append(f"| {kind.category}: {kind.name} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def _render_cell(survey: Survey, kind: str, family: Family) -> str:
    cell = (kind, family)
    return f"{survey.held[cell]}/{survey.tried[cell]}" if survey.tried[cell] else "-"


def _render_sizes(survey: Survey, kind: str) -> str:
    held = sum(survey.held[(kind, family)] for family in Family)
    twinned = sum(survey.twinned[(kind, family)] for family in Family)
    if not held:
        return "-"
    defect = sum(survey.defect_bytes[(kind, family)] for family in Family) / held
    twin = sum(survey.twin_bytes[(kind, family)] for family in Family) / twinned if twinned else 0
    return f"{defect:.0f}, {twin:.0f} ({twinned} of {held} with twin)"
