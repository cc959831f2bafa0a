"""`reviewer train`: fit a network, climb the ladder, export a bundle, evaluate one. Imports torch only to run one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import click

from graph_model.errors import GraphModelError

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHARDS = click.argument("shards", type=click.Path(exists=True, file_okay=False, path_type=Path))
_RUN = click.option("--run", type=_FOLDER, required=True, help="Folder of the run: checkpoints, log, ladder.")


class _Failure(click.ClickException):
    """The job could not be done."""

    exit_code = 2


@click.group()
def train() -> None:
    """Train the model on shards and make the bundle that ships. Needs the extra `train`."""


@train.command("fit")
@_SHARDS
@_RUN
@click.option("--config", "config_path", type=_FILE, help="TOML file; every field has a default.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint of the run.")
@click.option("--ablate", is_flag=True, help="Train on shuffled edges: what is the graph worth?")
def fit_command(shards: Path, run: Path, config_path: Path | None, resume: bool, ablate: bool) -> None:
    """Train a network on the shards of a folder."""
    with _commands() as commands:
        config = commands.read_config(config_path, ablate=ablate)
        commands.fit_run(shards, run, config, resume=resume, report=click.echo)


@train.command("ladder")
@_SHARDS
@_RUN
@click.option("--ablation", type=_FOLDER, help="Folder of a run that was fitted with --ablate.")
@click.option(
    "--kilolines",
    type=click.FloatRange(min=0, min_open=True),
    help="Thousand lines that the unlabelled candidates come from: labels that can prove no precision get a threshold"
    " that holds a budget of alarms over them, instead of silence.",
)
def ladder_command(shards: Path, run: Path, ablation: Path | None, kilolines: float | None) -> None:
    """Fit the simple rungs and judge all of them on the triaged candidates."""
    with _commands() as commands:
        commands.climb_run(shards, run, ablation, kilolines, click.echo)


@train.command("export")
@_SHARDS
@_RUN
@click.option("--to", "target", type=_FOLDER, required=True, help="Folder for the bundle.")
@click.option("--parity", "num_parity", type=int, default=200, show_default=True, help="Functions to compare on.")
def export_command(shards: Path, run: Path, target: Path, num_parity: int) -> None:
    """Write the bundle of a run whose ladder was climbed, after a parity check over functions of the shards."""
    with _commands() as commands:
        commands.export_run(shards, run, target, num_parity, click.echo)


@train.command("evaluate")
@_SHARDS
@click.option("--bundle", "folder", type=_FOLDER, help="Folder of the bundle; the shipped one by default.")
def evaluate_command(shards: Path, folder: Path | None) -> None:
    """Score the triaged candidates of the shards with a bundle, as a review does."""
    with _commands() as commands:
        commands.evaluate_bundle(shards, folder, click.echo)


@contextmanager
def _commands() -> Iterator[ModuleType]:
    """The module that does the work; its errors, and a missing extra, become one line and exit code 2."""
    try:
        from graph_model.training import commands  # noqa: PLC0415  # torch takes seconds, and may be missing
    except ModuleNotFoundError as error:
        raise _Failure(f"{error.name}: not installed; install this package with the extra train") from error
    try:
        yield commands
    except GraphModelError as error:
        raise _Failure(str(error)) from error
