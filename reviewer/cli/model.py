"""`reviewer model`: which model judges, from what it was made, and how good it is."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from reviewer.cli.session import current_session


@click.command()
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--model", "folder", type=click.Path(path_type=Path, file_okay=False), help="Folder of another bundle.")
def model(format_: str, folder: Path | None) -> None:
    """Describe the model: identity, provenance and figures."""
    facts = current_session(folder).engine.describe_model()
    if format_ == "json":
        from reviewer.reports.json_report import dump_json  # noqa: PLC0415  # text needs no findings

        click.echo(dump_json(dict(facts)), nl=False)
    else:
        click.echo("\n".join(_render(facts)))


def _render(facts: Mapping[str, object], indent: str = "") -> Iterator[str]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield f"{indent}{name}:"
            yield from _render(value, f"{indent}  ")
        else:
            yield f"{indent}{name}: {value}"
