"""`curate manifest` and `curate checkout`: what the data come from."""

from pathlib import Path

import click

from dataset_curation.checkouts import checkout_entry
from dataset_curation.cli_options import CLONES, FOLDER, MANIFESTS, ONLY, ROLES, Failure, choose_entries, failures
from dataset_curation.errors import CurationError
from dataset_curation.manifests import (
    REPOSITORIES_NAME,
    SOURCES_NAME,
    Choice,
    Entry,
    check_entries,
    pin_choice,
    read_choices,
    read_entries,
    write_entries,
)


@click.command("manifest")
@CLONES
@MANIFESTS
@click.option("--check", is_flag=True, help="Only compare the manifest with the clones.")
@click.option("--update", is_flag=True, help="Pin repositories anew that are pinned already.")
@click.option("--recount", is_flag=True, help="Count lines anew at the pinned commits.")
def manifest_command(clones: Path, manifests: Path, *, check: bool, update: bool, recount: bool) -> None:
    """Pin the chosen repositories: commit, licence, checksum and line counts."""
    with failures():
        path = manifests / REPOSITORIES_NAME
        if check:
            problems = list(check_entries(read_entries(path), clones))
            if problems:
                raise Failure("\n".join(problems))
            return
        known = {entry.repository: entry for entry in read_entries(path)} if path.is_file() else {}
        entries: list[Entry] = []
        choices = read_choices(manifests / SOURCES_NAME)
        with click.progressbar(choices, label="pinning", show_pos=True) as bar:
            for choice in bar:
                old = known.get(choice.repository)
                if old is not None and not (update or recount) and _is_same(old, choice):
                    entries.append(old)
                    continue
                try:
                    revision = "HEAD" if old is None or update else old.commit
                    entries.append(pin_choice(choice, clones, revision)[0])
                except CurationError as error:
                    click.echo(f"\n{error}", err=True)
        write_entries(path, entries)
        click.echo(f"{len(entries)} repositories pinned, {len(choices) - len(entries)} left out")


def _is_same(entry: Entry, choice: Choice) -> bool:
    return (entry.role, entry.family, entry.group) == (choice.role, choice.family, choice.group)


@click.command("checkout")
@CLONES
@MANIFESTS
@ROLES
@ONLY
@click.option("--to", "target", type=FOLDER, required=True, help="Folder for the work trees.")
def checkout_command(
    clones: Path, manifests: Path, roles: tuple[str, ...], only: tuple[str, ...], target: Path
) -> None:
    """Write work trees of the pinned commits."""
    with failures():
        for entry in choose_entries(manifests, roles, only):
            written = checkout_entry(entry, clones, target)
            click.echo(f"{entry.repository} {entry.commit[:12]} {'written' if written else 'there'}")
