"""`curate run`: everything in order, on the manifests or on an organisation's own clones."""

from pathlib import Path

import click

from dataset_curation.cli_options import (
    CLONES,
    DATA,
    FILE,
    FOLDER,
    JOBS,
    MANIFESTS,
    ONLY,
    TRIAGE,
    choose_entries,
    failures,
    perform,
)
from dataset_curation.filters.balance import Caps
from dataset_curation.manifests import REPOSITORIES_NAME, SOURCES_NAME, Entry, read_limits, write_entries
from dataset_curation.running import REPORT, Plan, run_plan
from dataset_curation.sampling import Limits
from dataset_curation.selection import Tally
from dataset_curation.sources.fix_lists import FIX_LIST_NAME, read_fix_list
from dataset_curation.sources.organisation import pin_own
from dataset_curation.sources.threads import read_threads
from dataset_curation.steps import Folders

_FAULTY = 1
_OWN_LIMITS = Limits(max_bytes=0, max_plain=1_500)


@click.command("run")
@CLONES
@DATA
@click.option("--to", "target", type=FOLDER, required=True, help="Folder for the shards.")
@click.option("--organisation", is_flag=True, help="Take every clone of the folder, pinned at its head, as your own.")
@click.option("--gate", multiple=True, metavar="OWNER/NAME", help="Of your own: to judge on, never trained on.")
@click.option("--threads", type=FILE, help="Exported review threads of your own, as JSON lines.")
@MANIFESTS
@TRIAGE
@ONLY
@JOBS
def run_command(  # noqa: PLR0913, PLR0917  # one option each
    clones: Path, data: Path, target: Path, gate: tuple[str, ...], threads: Path | None, manifests: Path, triage: Path,
    only: tuple[str, ...], jobs: int, *, organisation: bool,
) -> None:  # fmt: skip
    """Go all the way from clones to checked shards. After an interruption the same command goes on.

    With --organisation no manifest and no verdicts but those in the data folder are used: it pins your clones there,
    and reads their history whole. Exit code 1 when validation finds something, 2 when a step failed.
    """
    with failures():
        tally = Tally()
        own = data / "manifests"
        entries = _pin(clones, own, gate, tally) if organisation else choose_entries(manifests, (), only)
        plan = Plan(
            entries=tuple(entries),
            limits=_OWN_LIMITS if organisation else read_limits(manifests / SOURCES_NAME),
            triage=data / "triage" if organisation else triage,
            listed=None if organisation else read_fix_list(manifests / FIX_LIST_NAME),
            threads=tuple(read_threads(threads, tally)) if threads is not None else (),
            folders=Folders(clones, data, jobs),
            target=target,
            caps=Caps(),
        )
        report = run_plan(plan, perform)
    for step, reason, number in tally.to_json():
        click.echo(f"{step}: {number} {reason}")
    for finding in report.findings:
        click.echo(str(finding), err=True)
    functions = sum(report.counts.functions.values())
    click.echo(f"{len(report.shards)} shards, {functions} functions in {target}; {data / REPORT}")
    if any(one.failed for one in report.steps):
        raise click.exceptions.Exit(2)
    if report.findings:
        raise click.exceptions.Exit(_FAULTY)


def _pin(clones: Path, manifests: Path, gate: tuple[str, ...], tally: Tally) -> list[Entry]:
    entries = pin_own(clones, gate, tally)
    manifests.mkdir(parents=True, exist_ok=True)
    write_entries(manifests / REPOSITORIES_NAME, entries)
    return entries
