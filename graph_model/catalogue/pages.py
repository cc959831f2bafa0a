"""Renders the label pages of the documentation. `python -m graph_model.catalogue.pages` writes or checks them.

The pages are generated whole: change the catalogue, never a page.
"""

from collections.abc import Mapping
from pathlib import Path

import click

from graph_model.catalogue.loading import load_catalogue
from graph_model.catalogue.model import Catalogue, Category, Label, LabelExample

INDEX = "README.md"
_NAMES = {
    "python": "Python",
    "javascript": "JavaScript and TypeScript",
    "java": "Java",
    "csharp": "C#",
}
_TABLE_HEAD = "| label | finds | severity |\n| --- | --- | --- |"


def render_pages(catalogue: Catalogue) -> dict[str, str]:
    """Every page as Markdown, by its path below the folder of the label pages."""
    pages = {f"{label.id}.md": render_label_page(label) for label in catalogue}
    return {INDEX: _render_index(catalogue), **pages}


def render_label_page(label: Label) -> str:
    """The page of one label as Markdown: what goes wrong, what to do, and an example before and after."""
    facts = [f"`{label.id}`", f"{label.severity.value} severity", *_cwe_link(label), *_languages(label)]
    blocks = [
        f"# {label.title}",
        " · ".join(facts),
        "## What goes wrong",
        label.summary,
        "## What to do",
        label.remedy,
        *(block for example in label.examples for block in _render_example(example)),
        "[All labels](../README.md)",
    ]
    return "\n\n".join(blocks) + "\n"


def _cwe_link(label: Label) -> list[str]:
    # https://cwe.mitre.org is the catalogue that the number belongs to.
    return [] if label.cwe is None else [f"[CWE-{label.cwe}](https://cwe.mitre.org/data/definitions/{label.cwe}.html)"]


def _languages(label: Label) -> list[str]:
    return [f"{', '.join(_NAMES[family] for family in label.languages)} only"] if label.languages else []


def _render_example(example: LabelExample) -> list[str]:
    return [
        "## Example",
        f"```{example.language}\n{example.bad.rstrip()}\n```",
        "Mended:",
        f"```{example.language}\n{example.good.rstrip()}\n```",
    ]


def _render_index(catalogue: Catalogue) -> str:
    sections = [_render_section(category, catalogue) for category in Category]
    intro = f"The {len(catalogue)} labels that the model knows, generated from `graph_model/catalogue`."
    return "\n\n".join(["# Labels", intro, *sections]) + "\n"


def _render_section(category: Category, catalogue: Catalogue) -> str:
    labels = [label for label in catalogue if label.category is category]
    rows = [f"| [`{label.id}`]({label.id}.md) | {label.title} | {label.severity.value} |" for label in labels]
    return "\n".join([f"## {category.value.capitalize()}\n", _TABLE_HEAD, *rows])


def find_stale_pages(pages: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Pages that are missing, differ, or belong to no label any more, by path below `folder`; empty when current."""
    found = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.md")}
    return tuple(sorted(path for path in pages.keys() | found.keys() if pages.get(path) != found.get(path)))


def write_pages(pages: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Brings the folder up to date and returns the pages that were written or removed."""
    stale = find_stale_pages(pages, folder)
    for path in stale:
        target = folder / path
        if path not in pages:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(pages[path], "utf-8", newline="\n")
    return stale


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("docs/labels"))
@click.option("--check", is_flag=True, help="Write nothing; fail when a page is not current.")
def main(folder: Path, *, check: bool) -> None:
    """Write the label pages below FOLDER (docs/labels)."""
    pages = render_pages(load_catalogue())
    stale = find_stale_pages(pages, folder) if check else write_pages(pages, folder)
    for path in stale:
        click.echo(f"{'stale' if check else 'written'}: {folder / path}")
    if check and stale:
        raise click.ClickException(f"{len(stale)} label pages are not current; run make docs")


if __name__ == "__main__":
    main()
