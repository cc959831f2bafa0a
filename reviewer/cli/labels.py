"""`reviewer labels`: what can be found, and the help page of one label."""

import click

from graph_model.catalogue import Catalogue, Category, Label, load_catalogue
from reviewer.errors import RequestError


@click.command()
@click.argument("label_id", required=False, metavar="[ID]")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
def labels(label_id: str | None, format_: str) -> None:
    """List what can be found, or explain one label."""
    catalogue = load_catalogue()
    chosen = tuple(catalogue) if label_id is None else (find_label(catalogue, label_id),)
    if format_ == "json":
        from reviewer.reports.json_report import dump_json  # noqa: PLC0415  # the listing needs no findings

        click.echo(dump_json([_describe(label) for label in chosen]), nl=False)
    elif label_id is None:
        click.echo(_render_list(catalogue))
    else:
        click.echo(_render_page(chosen[0]))


def find_label(catalogue: Catalogue, name: str) -> Label:
    """The label with this id, or with this name after the slash; raises RequestError naming the nearest."""
    found = [label for label in catalogue if name in (label.id, label.id.partition("/")[2])]
    if len(found) == 1:
        return found[0]
    from difflib import get_close_matches  # noqa: PLC0415  # only for a misspelling

    ids = {part: label.id for label in catalogue for part in (label.id, label.id.partition("/")[2])}
    close = get_close_matches(name, ids, n=1)
    hint = f"; did you mean {ids[close[0]]}?" if close else ""
    raise RequestError(f"labels: expected the id of a label, found {name!r}{hint}")


def _render_list(catalogue: Catalogue) -> str:
    lines = []
    for category in Category:
        members = [label for label in catalogue if label.category is category]
        lines += [f"{category.value} ({len(members)})"] if members else []
        for label in members:
            cwe = f"CWE-{label.cwe}" if label.cwe is not None else ""
            lines.append(f"  {label.id:<44} {label.severity.value:<8} {cwe:<9} {label.title}")
    return "\n".join(lines)


def _render_page(label: Label) -> str:
    cwe = f", CWE-{label.cwe}" if label.cwe is not None else ""
    parts = [
        f"{label.id}: {label.title}",
        f"Severity {label.severity.value}{cwe}.",
        label.summary,
        f"How to mend it: {label.remedy}",
    ]
    if label.cwe is not None:
        parts.append(f"More: https://cwe.mitre.org/data/definitions/{label.cwe}.html")
    for example in label.examples:
        parts += [f"Bad ({example.language}):", _indent(example.bad), "Good:", _indent(example.good)]
    parts.append(f"To silence one finding: reviewer: ignore[{label.id}] and the reason, in a comment on its line.")
    return "\n\n".join(parts)


def _indent(code: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in code.strip("\n").splitlines())


def _describe(label: Label) -> dict[str, object]:
    return {
        "id": label.id,
        "title": label.title,
        "category": label.category.value,
        "severity": label.severity.value,
        "cwe": label.cwe,
        "summary": label.summary,
        "remedy": label.remedy,
        "languages": list(label.languages),
        "examples": [{"language": one.language, "bad": one.bad, "good": one.good} for one in label.examples],
    }
