"""`reviewer config`: the effective configuration, and where each value comes from."""

from pathlib import Path

import click

from reviewer.cli.options import Choices, selection_options
from reviewer.cli.session import current_session, prepare
from reviewer.configuration import list_settings


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@selection_options
def config(
    path: Path | None,
    *,
    choices: Choices,
) -> None:
    """Print every setting in effect at PATH (default: here), and where its value comes from."""
    session = current_session(choices.model)
    setting = prepare(session, (path,) if path is not None else (), choices.given, choices.config)
    rows = list_settings(setting.configuration)
    if choices.format == "json":
        from reviewer.reports.json_report import dump_json  # noqa: PLC0415  # text needs no findings

        settings = {key: {"value": value, "origin": origin} for key, value, origin in rows}
        click.echo(dump_json(settings), nl=False)
        return
    width = max(len(key) for key, _, _ in rows)
    for key, value, origin in rows:
        click.echo(f"{key:<{width}}  {_show(value)}  # {origin}")


def _show(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(" = ".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in value) + "]"
    return str(value)
