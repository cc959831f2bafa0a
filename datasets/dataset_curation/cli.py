"""`reviewer curate`: training data from manifests and a folder of clones, step by step, each resumable."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dataset_curation.checkouts import checkout_entry
from dataset_curation.errors import CurationError
from dataset_curation.harvesting import Outcome, harvest_entry, run_parallel
from dataset_curation.manifests import (
    REPOSITORIES_NAME,
    SOURCES_NAME,
    Entry,
    Role,
    check_entries,
    pin_choice,
    read_choices,
    read_entries,
    write_entries,
)

_FOLDER = click.Path(file_okay=False, path_type=Path)
_CLONES = click.option(
    "--clones",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder of clones: owner/name or owner+name.",
)
_MANIFESTS = click.option(
    "--manifests", type=_FOLDER, default=Path("datasets/manifests"), show_default=True, help="Folder of manifests."
)
_DATA = click.option("--data", type=_FOLDER, required=True, help="Folder for what is made; outside the checkout.")
_JOBS = click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes.")
_ROLES = click.option("--role", "roles", type=click.Choice(list(Role)), multiple=True, help="Only these roles.")
_ONLY = click.option("--only", multiple=True, metavar="OWNER/NAME", help="Only these repositories.")


class _Failure(click.ClickException):
    """The job could not be done."""

    exit_code = 2


@contextmanager
def _failures() -> Iterator[None]:
    """Errors of this package become one line and exit code 2."""
    try:
        yield
    except CurationError as error:
        raise _Failure(str(error)) from error


@click.group()
@click.option("--verbose", is_flag=True, help="Log what is dropped.")
def curate(*, verbose: bool) -> None:
    """Make training data from manifests and a folder of clones."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(name)s %(message)s")


@curate.command("manifest")
@_CLONES
@_MANIFESTS
@click.option("--check", is_flag=True, help="Only compare the manifest with the clones.")
@click.option("--update", is_flag=True, help="Pin repositories anew that are pinned already.")
def manifest_command(clones: Path, manifests: Path, *, check: bool, update: bool) -> None:
    """Pin the chosen repositories: commit, licence, checksum and line counts."""
    with _failures():
        path = manifests / REPOSITORIES_NAME
        if check:
            problems = list(check_entries(read_entries(path), clones))
            if problems:
                raise _Failure("\n".join(problems))
            return
        known = {entry.repository: entry for entry in read_entries(path)} if path.is_file() else {}
        entries: list[Entry] = []
        failures = 0
        with click.progressbar(read_choices(manifests / SOURCES_NAME), label="pinning", show_pos=True) as choices:
            for choice in choices:
                old = known.get(choice.repository)
                if (
                    old is not None
                    and not update
                    and (old.role, old.family, old.group) == (choice.role, choice.family, choice.group)
                ):
                    entries.append(old)
                    continue
                try:
                    entries.append(
                        pin_choice(choice, clones, old.commit if old is not None and not update else "HEAD")[0]
                    )
                except CurationError as error:
                    failures += 1
                    click.echo(f"\n{error}", err=True)
        write_entries(path, entries)
        click.echo(f"{len(entries)} repositories pinned, {failures} left out")


@curate.command("checkout")
@_CLONES
@_MANIFESTS
@_ROLES
@_ONLY
@click.option("--to", "target", type=_FOLDER, required=True, help="Folder for the work trees.")
def checkout_command(
    clones: Path, manifests: Path, roles: tuple[str, ...], only: tuple[str, ...], target: Path
) -> None:
    """Write work trees of the pinned commits."""
    with _failures():
        for entry in _choose(manifests, roles, only):
            written = checkout_entry(entry, clones, target)
            click.echo(f"{entry.repository} {entry.commit[:12]} {'written' if written else 'there'}")


@curate.command("harvest")
@_CLONES
@_MANIFESTS
@_DATA
@_ROLES
@_ONLY
@_JOBS
def harvest_command(
    clones: Path, manifests: Path, data: Path, roles: tuple[str, ...], only: tuple[str, ...], jobs: int
) -> None:
    """Find every candidate of the repositories of a role (train and gate by default)."""
    with _failures():
        entries = _choose(manifests, roles or (Role.TRAIN, Role.GATE), only)
        ordered = sorted(entries, key=lambda entry: -sum(entry.lines.values()))
        _report(run_parallel(harvest_entry, ordered, clones, data / "harvest", jobs), len(ordered), "harvesting")


def _choose(manifests: Path, roles: Iterable[str], only: Iterable[str]) -> list[Entry]:
    wanted, names = set(roles), {name.lower() for name in only}
    entries = read_entries(manifests / REPOSITORIES_NAME)
    return [
        one for one in entries if (not wanted or one.role in wanted) and (not names or one.repository.lower() in names)
    ]


def _report(outcomes: Iterable[Outcome], length: int, label: str) -> None:
    """Shows progress and failures; ends with exit code 2 when something failed."""
    failed = 0
    with click.progressbar(outcomes, length=length, label=label, show_pos=True) as bar:
        for outcome in bar:
            if outcome.state not in ("done", "kept"):
                failed += 1
                click.echo(f"\n{outcome.name}: {outcome.state}", err=True)
    if failed:
        raise _Failure(f"{failed} of {length} failed")
