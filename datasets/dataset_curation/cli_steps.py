"""`curate harvest`, `fixtures`, `fixes`, `history`, `inject` and `assemble`: the steps from clones to shards."""

from pathlib import Path

import click

from dataset_curation.cards import render_card
from dataset_curation.cli_options import (
    CLONES,
    DATA,
    EXISTING,
    FILE,
    FOLDER,
    JOBS,
    MANIFESTS,
    MAX_COMMITS,
    ONLY,
    ROLES,
    TRIAGE,
    choose_entries,
    failures,
    perform_all,
)
from dataset_curation.filters.balance import PER_CELL, PER_PROJECT, Caps
from dataset_curation.harvesting import HARVESTED
from dataset_curation.manifests import REPOSITORIES_NAME, SOURCES_NAME, Role, read_entries, read_limits
from dataset_curation.selection import Tally
from dataset_curation.sources.fix_lists import FIX_LIST_NAME, read_fix_list, write_fix_list
from dataset_curation.sources.threads import read_threads
from dataset_curation.steps import (
    Folders,
    assemble,
    read_all_rows,
    run_fixes,
    run_fixtures,
    run_harvest,
    run_history,
    run_injection,
    run_statements,
)
from dataset_curation.triage.verdicts import read_rows
from graph_model.training.shards import manifest_hash


@click.command("harvest")
@CLONES
@MANIFESTS
@TRIAGE
@DATA
@ROLES
@ONLY
@JOBS
def harvest_command(  # noqa: PLR0913, PLR0917  # one option each
    clones: Path, manifests: Path, triage: Path, data: Path, roles: tuple[str, ...], only: tuple[str, ...], jobs: int
) -> None:
    """Find every candidate of the repositories of a role (train, fixes and gate by default)."""
    with failures():
        entries = choose_entries(manifests, (), only)
        chosen = tuple(Role(role) for role in roles) or HARVESTED
        limits = read_limits(manifests / SOURCES_NAME)
        perform_all("harvesting", run_harvest(entries, limits, read_rows(triage), Folders(clones, data, jobs), chosen))


@click.command("fixtures")
@CLONES
@MANIFESTS
@DATA
def fixtures_command(clones: Path, manifests: Path, data: Path) -> None:
    """Judge the engine's candidates in analysers' query tests."""
    with failures():
        perform_all("fixtures", run_fixtures(choose_entries(manifests, (), ()), Folders(clones, data)))


@click.command("fixes")
@CLONES
@MANIFESTS
@DATA
@ONLY
@JOBS
@MAX_COMMITS
@click.option("--whole-history", is_flag=True, help="Search histories anew instead of mining the listed commits.")
def fixes_command(  # noqa: PLR0913  # one option each
    clones: Path,
    manifests: Path,
    data: Path,
    only: tuple[str, ...],
    jobs: int,
    max_commits: int,
    *,
    whole_history: bool,
) -> None:
    """Mine fix commits for candidates that vanish.

    Searching every history takes hours; what an earlier search found is listed in the manifests and mined in minutes.
    """
    with failures():
        folders = Folders(clones, data, jobs)
        chosen = choose_entries(manifests, (Role.TRAIN, Role.FIXES), only)
        named = choose_entries(manifests, (Role.ADVISORIES,), ())
        listed = None if whole_history else read_fix_list(manifests / FIX_LIST_NAME)
        perform_all("mining fixes", run_fixes([*chosen, *named], listed, max_commits, folders))
        bases = choose_entries(manifests, (Role.ADVISORIES,), only)
        perform_all("reading statements", run_statements(bases, folders))


@click.command("history")
@CLONES
@MANIFESTS
@DATA
@ONLY
@JOBS
@MAX_COMMITS
@click.option("--threads", type=FILE, help="Exported review threads, as JSON lines.")
def history_command(  # noqa: PLR0913, PLR0917  # one option each
    clones: Path, manifests: Path, data: Path, only: tuple[str, ...], jobs: int, max_commits: int, threads: Path | None
) -> None:
    """Read a team's own history: reverted changes, review threads, suppressions and baselines. Harvest first."""
    with failures():
        entries = choose_entries(manifests, (Role.TRAIN,), only)
        said = read_threads(threads, Tally()) if threads is not None else []
        perform_all("reading history", run_history(entries, said, max_commits, Folders(clones, data, jobs)))


@click.command("fix-list")
@MANIFESTS
@DATA
def fix_list_command(manifests: Path, data: Path) -> None:
    """List the commits that mining found evidence in, so that the next mining is quick."""
    with failures():
        number = write_fix_list(manifests / FIX_LIST_NAME, (data / "fixes").glob("*.records"))
        click.echo(f"{number} commits listed")


@click.command("inject")
@CLONES
@MANIFESTS
@TRIAGE
@DATA
@ONLY
@JOBS
@click.option("--hard", type=EXISTING, metavar="BUNDLE", help="Prefer what this bundle is wrong about.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the choice among the hard ones.")
def inject_command(  # noqa: PLR0913, PLR0917  # one option each
    clones: Path, manifests: Path, triage: Path, data: Path, only: tuple[str, ...], jobs: int, hard: Path | None,
    seed: int,
) -> None:  # fmt: skip
    """Break sound code of the training repositories and keep the candidates that are born.

    Most is made of the labels and languages that the other records of the data folder lack, least where they lack
    nothing; without such records everything is lacking.
    """
    with failures():
        entries = choose_entries(manifests, (Role.TRAIN,), only)
        rows = read_all_rows(triage, data)
        perform_all("injecting", run_injection(entries, rows, Folders(clones, data, jobs), hard, seed))


@click.command("assemble")
@MANIFESTS
@TRIAGE
@DATA
@click.option("--to", "target", type=FOLDER, required=True, help="Folder for the shards.")
@click.option("--card", type=click.Path(dir_okay=False, path_type=Path), help="File for the data card.")
@click.option(
    "--unlabelled-share",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Of functions nobody judged.",
)
@click.option(
    "--per-cell",
    type=click.IntRange(min=1),
    default=PER_CELL,
    show_default=True,
    help="Injected candidates of a label in a family of languages.",
)
@click.option(
    "--per-project",
    type=click.IntRange(min=1),
    default=PER_PROJECT,
    show_default=True,
    help="Injected candidates of a label in a repository.",
)
def assemble_command(  # noqa: PLR0913, PLR0917  # one option each
    manifests: Path, triage: Path, data: Path, target: Path, card: Path | None, unlabelled_share: float,
    per_cell: int, per_project: int,
) -> None:  # fmt: skip
    """Make shards of all records, consistent and deduplicated, with a data card."""
    with failures():
        shards, counts = assemble(
            data, read_all_rows(triage, data), target, Caps(per_cell, per_project), unlabelled_share
        )
        text = render_card(read_entries(manifests / REPOSITORIES_NAME), counts, shards, manifest_hash(target))
        (target / "card.md").write_text(text, "utf-8")
        if card is not None:
            card.parent.mkdir(parents=True, exist_ok=True)
            card.write_text(text, "utf-8")
        click.echo(f"{len(shards)} shards, {sum(counts.functions.values())} functions in {target}")
