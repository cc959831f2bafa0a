"""What the pull-request service promises while its database restarts, on a PostgreSQL of the benchmark's own."""

import tempfile
from itertools import cycle, islice
from pathlib import Path

import click

from integrations.testing.outages import OutagePlan, run_outages
from integrations.testing.postgres import serve_postgres

_MODES = ("immediate", "fast")


@click.command()
@click.option("--count", default=200, show_default=True, help="Changes.")
@click.option("--per-minute", default=150.0, show_default=True, help="How fast they are told.")
@click.option(
    "--restarts", default=4, show_default=True, help="How often the server goes: a crash, in order, a crash ..."
)
@click.option("--down", "down_s", default=6.0, show_default=True, help="The longest that it stays away, in seconds.")
@click.option("--workers", default=2, show_default=True, help="Processes of the service.")
@click.option("--seed", default=0, show_default=True)
def outages(count: int, per_minute: float, restarts: int, down_s: float, workers: int, seed: int) -> None:
    """Restart Postgres while webhooks come; every change must end reviewed exactly once."""
    modes = tuple(islice(cycle(_MODES), restarts))
    plan = OutagePlan(count, per_minute, modes, down_s, workers, seed, timeout_s=1_800)
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name, serve_postgres() as cluster:
        outcome = run_outages(plan, cluster, Path(name))
    for line in outcome.wrong:
        click.echo(line)
    answers = ", ".join(f"{number} of {status or 'none'}" for status, number in sorted(outcome.answers.items()))
    click.echo(f"{count} changes, {restarts} restarts ({', '.join(modes)}), {workers} workers, {outcome.seconds:.0f} s")
    click.echo(
        f"first answers: {answers}; slowest {outcome.slowest_answer_s:.1f} s; {outcome.num_redelivered} delivered again"
    )
    click.echo(f"{len(outcome.wrong)} not reviewed exactly once")
    if outcome.violations:
        raise click.ClickException(f"{len(outcome.violations)} requests against GitHub's description")
