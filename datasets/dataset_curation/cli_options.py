"""Options and endings that the commands of `reviewer curate` share."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dataset_curation.errors import CurationError
from dataset_curation.figures import StepFigures, is_failure, sum_outcomes
from dataset_curation.harvesting import Outcome
from dataset_curation.manifests import REPOSITORIES_NAME, Entry, Role, read_entries
from dataset_curation.steps import Work

FOLDER = click.Path(file_okay=False, path_type=Path)
EXISTING = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
CLONES = click.option("--clones", type=EXISTING, required=True, help="Folder of clones: owner/name or owner+name.")
MANIFESTS = click.option(
    "--manifests", type=FOLDER, default=Path("datasets/manifests"), show_default=True, help="Folder of manifests."
)
TRIAGE = click.option(
    "--triage", type=FOLDER, default=Path("datasets/triage"), show_default=True, help="Folder of committed verdicts."
)
DATA = click.option("--data", type=FOLDER, required=True, help="Folder for what is made; outside the checkout.")
JOBS = click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes.")
ROLES = click.option(
    "--role", "roles", type=click.Choice([role.value for role in Role]), multiple=True, help="Only these."
)
MAX_COMMITS = click.option(
    "--max-commits", type=click.IntRange(min=1), default=120, show_default=True, help="A repository."
)
ONLY = click.option("--only", multiple=True, metavar="OWNER/NAME", help="Only these repositories.")


class Failure(click.ClickException):
    """The job could not be done."""

    exit_code = 2


@contextmanager
def failures() -> Iterator[None]:
    """Errors of this package become one line and exit code 2."""
    try:
        yield
    except CurationError as error:
        raise Failure(str(error)) from error


def choose_entries(manifests: Path, roles: Iterable[str], only: Iterable[str]) -> list[Entry]:
    """The pinned repositories of these roles (all when none is given) and names (likewise)."""
    wanted, names = set(roles), {name.lower() for name in only}
    entries = read_entries(manifests / REPOSITORIES_NAME)
    return [
        one for one in entries if (not wanted or one.role in wanted) and (not names or one.repository.lower() in names)
    ]


def perform(name: str, work: Work) -> StepFigures:
    """Does a step's work with a progress bar, says what failed, and gives the figures."""
    length, outcomes = work
    heard: list[Outcome] = []
    start = time.monotonic()
    with click.progressbar(outcomes, length=length, label=name, show_pos=True) as bar:
        for outcome in bar:
            heard.append(outcome)
            if is_failure(outcome):
                click.echo(f"\n{outcome.name}: {outcome.state}", err=True)
    figures = sum_outcomes(name, heard, time.monotonic() - start)
    of_functions = f", {figures.functions} functions" if figures.functions else ""
    click.echo(f"{name}: {figures.done} done, {figures.candidates} candidates{of_functions}")
    click.echo(f"{name}: {figures.cpu_s:.0f} s of one core, at most {figures.peak_bytes / 2**30:.2f} GiB in a process")
    return figures


def perform_all(name: str, work: Work) -> None:
    """The same; raises Failure when something failed."""
    figures = perform(name, work)
    if figures.failed:
        raise Failure(f"{figures.failed} of {figures.failed + figures.done} failed")
