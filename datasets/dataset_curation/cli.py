"""`reviewer curate`: training data from manifests and a folder of clones, step by step, each resumable."""

import logging

import click

from dataset_curation.cli_checks import gaps_command, validate_command
from dataset_curation.cli_run import run_command
from dataset_curation.cli_sources import checkout_command, manifest_command
from dataset_curation.cli_steps import (
    assemble_command,
    fix_list_command,
    fixes_command,
    fixtures_command,
    harvest_command,
    history_command,
    inject_command,
)
from dataset_curation.injection.cli import injection_page_command
from dataset_curation.pairs.cli import fix_pair_tables_command, fix_pairs_command
from dataset_curation.triage.cli import agreement_command, merge_command, sample_command


@click.group()
@click.option("--verbose", is_flag=True, help="Log what is dropped.")
def curate(*, verbose: bool) -> None:
    """Make training data from manifests and a folder of clones."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(name)s %(message)s")


for _command in (
    run_command,
    manifest_command,
    checkout_command,
    harvest_command,
    fixtures_command,
    fixes_command,
    fix_list_command,
    fix_pairs_command,
    fix_pair_tables_command,
    history_command,
    inject_command,
    injection_page_command,
    assemble_command,
    validate_command,
    gaps_command,
    sample_command,
    merge_command,
    agreement_command,
):
    curate.add_command(_command)
