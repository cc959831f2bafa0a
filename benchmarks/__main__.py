"""`python -m benchmarks`: one subcommand a measurement."""

import click

from benchmarks.alarms import alarms
from benchmarks.editor import editor
from benchmarks.evaluation import evaluation
from benchmarks.growth import growth
from benchmarks.kinds import kinds
from benchmarks.latency import latency
from benchmarks.lives import lives
from benchmarks.outages import outages
from benchmarks.owasp import owasp
from benchmarks.replays import replays
from benchmarks.service import burst, kills
from benchmarks.slowest import slowest
from benchmarks.speed import speed


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measures graph-reviewer beside its peers, on the same files in one run."""


for command in (
    speed,
    slowest,
    alarms,
    owasp,
    kinds,
    growth,
    kills,
    outages,
    burst,
    latency,
    replays,
    lives,
    editor,
    evaluation,
):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
