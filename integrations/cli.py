"""`reviewer serve` and `reviewer doctor`: the service on this machine, and whether it can work here."""

import click

from integrations.settings import Settings, load_settings
from reviewer.cli.group import COULD_NOT


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65_535), help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Serve pull-request reviews: webhooks, health and numbers. Settings are REVIEWER_... variables."""
    import uvicorn  # noqa: PLC0415  # the service's packages, which `reviewer --help` does not need

    from integrations.assembly import build_service  # noqa: PLC0415  # as above
    from integrations.logs import configure_logging  # noqa: PLC0415  # as above

    settings = load_settings()
    configure_logging(settings.log_level)
    app = build_service(settings)
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=30)


@click.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Check settings, folder, database, model, hosts, permissions and the clock before the service is relied on."""
    from integrations.assembly import wire_hosts  # noqa: PLC0415  # as above
    from integrations.checkup import check_hosts, check_machine  # noqa: PLC0415  # as above
    from integrations.metrics import Metrics  # noqa: PLC0415  # as above

    settings: Settings = load_settings()
    is_well = True
    hosts = {kind.value: one.host for kind, one in wire_hosts(settings, Metrics()).items()}
    for checks in (check_machine(settings), check_hosts(hosts)):
        for check in checks:
            is_well = is_well and check.is_ok
            click.echo(f"{'ok  ' if check.is_ok else 'FAIL'} {check.name}: {check.detail}")
    ctx.exit(0 if is_well else COULD_NOT)
