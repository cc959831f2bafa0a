"""`curate harvest`, `fixtures`, `fixes`, `inject` and `assemble`: the steps from clones to shards."""

from pathlib import Path

import click

from dataset_curation.advisories import Advice, read_advice
from dataset_curation.balance import PER_CELL, PER_PROJECT, Caps
from dataset_curation.cards import render_card
from dataset_curation.cli_options import (
    CLONES,
    DATA,
    FOLDER,
    JOBS,
    MANIFESTS,
    ONLY,
    ROLES,
    TRIAGE,
    choose_entries,
    failures,
    report_outcomes,
)
from dataset_curation.clones import find_clone
from dataset_curation.fix_lists import FIX_LIST_NAME, read_fix_list, write_fix_list
from dataset_curation.fixes import FixJob, mine_fixes
from dataset_curation.fixtures import harvest_fixtures
from dataset_curation.harvesting import HARVESTED, harvest, plan_harvest, run_parallel
from dataset_curation.injecting import inject_entry
from dataset_curation.knowledge_base import mine_statements
from dataset_curation.manifests import REPOSITORIES_NAME, SOURCES_NAME, Entry, Role, read_entries, read_limits
from dataset_curation.selection import Tally
from dataset_curation.steps import assemble
from dataset_curation.triage import read_rows
from graph_model.training.shards import manifest_hash

_KNOWLEDGE_BASE = "SAP/project-kb"


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
        entries = _largest_first(choose_entries(manifests, roles or HARVESTED, only))
        jobs_ = plan_harvest(entries, read_limits(manifests / SOURCES_NAME), read_rows(triage))
        report_outcomes(run_parallel(harvest, jobs_, clones, data / "harvest", jobs), len(jobs_), "harvesting")


def _largest_first(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: -sum(entry.lines.values()))


@click.command("fixtures")
@CLONES
@MANIFESTS
@DATA
def fixtures_command(clones: Path, manifests: Path, data: Path) -> None:
    """Judge the engine's candidates in analysers' query tests."""
    with failures():
        entries = choose_entries(manifests, (Role.FIXTURES,), ())
        report_outcomes(run_parallel(harvest_fixtures, entries, clones, data / "fixtures", 1), len(entries), "fixtures")


@click.command("fixes")
@CLONES
@MANIFESTS
@DATA
@ONLY
@JOBS
@click.option("--max-commits", type=click.IntRange(min=1), default=120, show_default=True, help="A repository.")
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
        advice = _read_all_advice(clones, manifests)
        entries = _largest_first(choose_entries(manifests, (Role.TRAIN, Role.FIXES), only))
        listed = None if whole_history else read_fix_list(manifests / FIX_LIST_NAME)
        jobs_ = [
            FixJob(
                one,
                tuple(a for a in advice if a.repository == one.repository.lower()),
                max_commits,
                None if listed is None else listed.get(one.repository, ()),
            )
            for one in entries
        ]
        target = data / "fixes"
        report_outcomes(run_parallel(mine_fixes, jobs_, clones, target, jobs), len(jobs_), "mining fixes")
        bases = [
            one for one in choose_entries(manifests, (Role.ADVISORIES,), only) if one.repository == _KNOWLEDGE_BASE
        ]
        report_outcomes(run_parallel(mine_statements, bases, clones, target, 1), len(bases), "reading statements")


@click.command("fix-list")
@MANIFESTS
@DATA
def fix_list_command(manifests: Path, data: Path) -> None:
    """List the commits that mining found evidence in, so that the next mining is quick."""
    with failures():
        number = write_fix_list(manifests / FIX_LIST_NAME, (data / "fixes").glob("*.records"))
        click.echo(f"{number} commits listed")


def _read_all_advice(clones: Path, manifests: Path) -> list[Advice]:
    tally = Tally()
    return [
        advice
        for entry in choose_entries(manifests, (Role.ADVISORIES,), ())
        for advice in read_advice(find_clone(clones, entry.repository), entry.commit, tally)
    ]


@click.command("inject")
@CLONES
@MANIFESTS
@DATA
@ONLY
@JOBS
def inject_command(clones: Path, manifests: Path, data: Path, only: tuple[str, ...], jobs: int) -> None:
    """Break sound code of the training repositories and keep the candidates that are born."""
    with failures():
        entries = _largest_first(choose_entries(manifests, (Role.TRAIN,), only))
        report_outcomes(run_parallel(inject_entry, entries, clones, data / "injected", jobs), len(entries), "injecting")


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
        shards, counts = assemble(data, read_rows(triage), target, Caps(per_cell, per_project), unlabelled_share)
        text = render_card(read_entries(manifests / REPOSITORIES_NAME), counts, shards, manifest_hash(target))
        (target / "card.md").write_text(text, "utf-8")
        if card is not None:
            card.parent.mkdir(parents=True, exist_ok=True)
            card.write_text(text, "utf-8")
        click.echo(f"{len(shards)} shards, {sum(counts.functions.values())} functions in {target}")
