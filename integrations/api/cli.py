"""`reviewer keys` and `reviewer forget`: what the one who runs the service does with it, noted in the audit log."""

import getpass

import click

from integrations.settings import load_settings
from reviewer.cli.group import COULD_NOT

_SCOPES = ("analyze", "read", "feedback", "admin")


@click.group()
def keys() -> None:
    """Make, list and revoke keys of the API."""


@keys.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(_SCOPES), help="What it may do.")
def create_key(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key called NAME and print it, this once."""
    from integrations.api.keys import Keys, Scope  # noqa: PLC0415  # the service's packages
    from integrations.storage.database import open_database  # noqa: PLC0415  # as above

    store = Keys(open_database(load_settings().database))
    click.echo(store.create(name, map(Scope, scopes), _name_actor()))


@keys.command("list")
def list_keys() -> None:
    """List keys: prefix, scopes, when they were made and revoked, name."""
    from integrations.api.keys import Keys  # noqa: PLC0415  # as above
    from integrations.storage.database import open_database  # noqa: PLC0415  # as above

    for key in Keys(open_database(load_settings().database)).list_keys():
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "holds"
        click.echo(f"{key.prefix}  {key.scopes.replace(' ', ',')}  {key.created_at:%Y-%m-%d}  {state}  {key.name}")


@keys.command("revoke")
@click.argument("prefix")
@click.pass_context
def revoke_key(ctx: click.Context, prefix: str) -> None:
    """End the key with this PREFIX, from its next request on."""
    from integrations.api.keys import Keys  # noqa: PLC0415  # as above
    from integrations.storage.database import open_database  # noqa: PLC0415  # as above

    if not Keys(open_database(load_settings().database)).revoke(prefix, _name_actor()):
        click.echo(f"{prefix}: expected the prefix of a key that holds, found none", err=True)
        ctx.exit(COULD_NOT)
    click.echo(f"{prefix} is revoked")


@click.command()
@click.argument("repository")
def forget(repository: str) -> None:
    """Delete everything that is kept of REPOSITORY (github:owner/name)."""
    from integrations.forgetting import (  # noqa: PLC0415  # as above
        forget_folders,
        forget_repository,
        forget_workflows,
        parse_repository,
        purge,
    )
    from integrations.running import dbos_url  # noqa: PLC0415  # as above
    from integrations.storage.database import open_database  # noqa: PLC0415  # as above

    ref = parse_repository(repository)
    if ref is None:
        raise click.BadParameter(f"expected github:owner/name or gitlab:group/name, found {repository!r}")
    settings = load_settings()
    num_rows = forget_repository(open_database(settings.database), ref, _name_actor())
    num_workflows = forget_workflows(dbos_url(settings), ref)
    for url in (settings.database, dbos_url(settings)):
        purge(url)
    forget_folders(settings.data_dir, ref)
    click.echo(f"{repository} is forgotten: {num_rows} rows, {num_workflows} workflows")


def _name_actor() -> str:
    return f"cli {getpass.getuser()}"
