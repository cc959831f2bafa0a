"""`curate validate` and `curate gaps`: what is wrong with a training set, and what it lacks."""

import json
from pathlib import Path

import click

from dataset_curation.cli_options import DATA, EXISTING, MANIFESTS, TRIAGE, failures
from dataset_curation.gaps import Wanted, to_json, to_markdown
from dataset_curation.manifests import REPOSITORIES_NAME, read_entries
from dataset_curation.steps import measure_gaps, read_all_rows
from dataset_curation.triage.verdicts import read_rows
from dataset_curation.validation import validate

_FAULTY = 1


@click.command("validate")
@MANIFESTS
@TRIAGE
@click.option("--data", type=EXISTING, help="Folder of records; their headers, origins and labels are checked.")
@click.option("--shards", type=EXISTING, help="Folder of shards; what training reads is checked.")
@click.option("--clones", type=EXISTING, help="Folder of clones; checksums, licences and messages are compared.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def validate_command(
    manifests: Path, triage: Path, data: Path | None, shards: Path | None, clones: Path | None, *, as_json: bool
) -> None:
    """Look for duplicates, leaks, contradictions, and what must not be there. Exit code 1 when something is found."""
    with failures():
        entries = read_entries(manifests / REPOSITORIES_NAME)
        findings = sorted(set(validate(entries, read_rows(triage), data, shards, clones)))
    for one in findings:
        row = {"fault": one.fault.value, "where": one.where, "detail": one.detail}
        click.echo(json.dumps(row, sort_keys=True, ensure_ascii=False) if as_json else str(one))
    if not as_json:
        click.echo(f"{len(findings)} findings")
    if findings:
        raise click.exceptions.Exit(_FAULTY)


@click.command("gaps")
@TRIAGE
@DATA
@click.option(
    "--per-cell",
    type=click.IntRange(min=0),
    default=Wanted().per_cell,
    show_default=True,
    help="Wanted of each target, of a label in a family of languages.",
)
@click.option(
    "--per-library",
    type=click.IntRange(min=0),
    default=Wanted().per_library,
    show_default=True,
    help="Wanted of each target, of a label with one library.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a cell.")
def gaps_command(triage: Path, data: Path, per_cell: int, per_library: int, *, as_json: bool) -> None:
    """Print what is judged, wanted and missing by label, language and library; the gate counts as nothing."""
    with failures():
        cells = measure_gaps(data, read_all_rows(triage, data), Wanted(per_cell, per_library))
        click.echo(to_json(cells) if as_json else to_markdown(cells), nl=False)
