"""`reviewer lsp`: the language server on standard input and output, or for one client over TCP."""

import asyncio
import os
import sys
from pathlib import Path

import click
from platformdirs import user_data_path

from ide_plugin_server.connection import AddressError, serve_client
from ide_plugin_server.handlers import add_handlers
from ide_plugin_server.server import EditorServer
from ide_plugin_server.surroundings import Surroundings
from reviewer.cli.group import find_version
from reviewer.cli.session import find_cache_folder


def _parse_address(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, int] | None:
    if value is None:
        return None
    host, _colon, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise click.BadParameter(f"expected HOST:PORT, found {value!r}")
    return host.strip("[]"), int(port)


@click.command()
@click.option("--stdio", is_flag=True, help="Speak over standard input and output; the default.")
@click.option("--tcp", metavar="HOST:PORT", callback=_parse_address, help="Wait for one client at this address.")
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Folder of another model bundle.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write kept results.")
@click.pass_context
def lsp(ctx: click.Context, *, stdio: bool, tcp: tuple[str, int] | None, model: Path | None, no_cache: bool) -> None:
    """Serve an editor: findings while you type, fixes, explanations (language server protocol)."""
    if stdio and tcp is not None:
        raise click.UsageError("--stdio and --tcp exclude each other")
    cache_folder = None if no_cache else find_cache_folder()
    server = EditorServer(
        Surroundings(
            version=find_version(),
            cache_folder=str(cache_folder.absolute()) if cache_folder is not None else "",
            data_folder=str(find_data_folder().absolute()),
            model=str(model.absolute()) if model is not None else "",
            environment=dict(os.environ),
            working_folder=os.getcwd(),
        )
    )
    add_handlers(server)
    if tcp is not None:
        _serve_tcp(server, *tcp)
    else:
        _serve_pipes(server)
    ctx.exit(0 if server.was_shut_down else 1)  # as the protocol wants it


def _serve_pipes(server: EditorServer) -> None:
    """Speaks over the standard streams; whatever else would be printed goes to standard error."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        server.start_io(sys.stdin.buffer, answers)


def _serve_tcp(server: EditorServer, host: str, port: int) -> None:
    """Serves one client; the address is told on standard error."""
    try:
        asyncio.run(serve_client(server, host, port, lambda text: click.echo(text, err=True)))
    except AddressError as error:
        raise click.ClickException(f"--tcp {error}") from error


def find_data_folder() -> Path:
    """Where feedback and the team's state are kept: what the environment names, else the system's folder for data."""
    own = os.environ.get("REVIEWER_EDITOR_DATA_DIR")
    return Path(own) if own else user_data_path("graph-reviewer", appauthor=False)
