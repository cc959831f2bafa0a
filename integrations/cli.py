"""`reviewer serve`: the service on this machine."""

import click

from integrations.settings import load_settings


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
    click.echo(f"serving on http://{host}:{port}", err=True)
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=30)
