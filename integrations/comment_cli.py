"""`reviewer comment`: puts the report of this job on its pull or merge request."""

import os
from pathlib import Path

import click

from integrations.commenting import Outcome, publish_report
from integrations.jobs import read_job
from integrations.reports import parse_report
from reviewer.errors import RequestError
from reviewer.repositories import find_repository


@click.command()
@click.argument("report", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def comment(report: Path) -> None:
    """Post REPORT (`reviewer diff --head COMMIT --format json`) as comments; a second run updates the first one's.

    Runs in a job of GitHub Actions with GITHUB_TOKEN, or of GitLab CI with a project token in REVIEWER_GITLAB_TOKEN. A
    token that may not write is said and is no failure.
    """
    job = read_job(os.environ)
    found = parse_report(report.read_bytes())
    repository = find_repository(Path.cwd())
    if repository is None:
        raise RequestError(f"comment: expected a git repository around {Path.cwd()}, found none")
    if not job.token:
        click.echo("The job was given no token, as for changes from forks: nothing was written.")
        return
    click.echo(_describe(publish_report(job.open_host(), job.ref, found, repository)))


def _describe(outcome: Outcome) -> str:
    summary = "summary written" if outcome.has_summary else "summary as it was"
    said = f"{outcome.num_posted} comments posted, {outcome.num_amended} amended, {summary}."
    return "\n".join((said, *outcome.left_undone))
