"""`reviewer replay`: the shadow run on a terminal, or as JSON."""

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from integrations.analysis import Analyst
from integrations.replay import Difference, Replayed, compare_replays, list_merged, replay, summarise
from integrations.reports import ReportedFinding
from reviewer.errors import RequestError
from reviewer.repositories import Repository, find_repository

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command("replay")
@click.argument("repository", type=_FOLDER)
@click.option("--last", "count", default=20, show_default=True, type=click.IntRange(1), help="How many changes.")
@click.option("--branch", metavar="REV", help="Whose merged changes; default: the default branch.")
@click.option("--model", type=_FOLDER, help="Folder of another model bundle.")
@click.option("--against", type=_FOLDER, help="A second bundle: show on which changes the two differ.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def replay_command(  # one parameter an option
    repository: Path, count: int, branch: str | None, model: Path | None, against: Path | None, format_: str
) -> None:
    """Review the last merged changes of a local clone as the bot would have, and say what it would have posted."""
    found = find_repository(repository.absolute())
    if found is None:
        raise RequestError(f"{repository}: expected a git repository, found none")
    first = _replay(found, count, branch, model)
    differences = None
    if against is not None:
        differences = compare_replays(first, _replay(found, count, branch, against))
    if format_ == "json":
        click.echo(json.dumps(_describe(first, differences), indent=2, sort_keys=True, ensure_ascii=False))
    else:
        _print(first, differences)


def _replay(repository: Repository, count: int, branch: str | None, model: Path | None) -> list[Replayed]:
    """Reviews with progress on a terminal; what is kept of one change serves the next."""
    changes = list_merged(repository, count, branch)
    replayed = []
    with tempfile.TemporaryDirectory(prefix="reviewer-replay-") as folder:
        analyst = Analyst(Path(folder), model=None if model is None else model.absolute())
        for one in replay(repository, changes, analyst):
            replayed.append(one)
            if os.isatty(2):
                click.echo(f"\r{len(replayed)} of {len(changes)}", err=True, nl=len(replayed) == len(changes))
    return replayed


def _print(replayed: Sequence[Replayed], differences: Sequence[Difference] | None) -> None:
    for one in replayed:
        said = one.error or f"{one.num_threads} comments, {one.num_in_summary} in the summary, {one.seconds:.1f} s"
        click.echo(f"{one.change.commit[:12]} {one.change.subject[:60]}: {said}")
        for finding in one.findings:
            click.echo(f"    {_name(finding)}")
    total = summarise(replayed)
    click.echo(
        f"\n{total.num_changes} changes, {total.num_lines} added lines: {total.num_comments} comments, "
        f"{total.num_silent} changes without one, {total.num_failed} failed, {total.median_seconds:.1f} s a change"
    )
    for label, number in total.labels:
        click.echo(f"    {number:4d} {label}")
    for change in differences or ():
        click.echo(f"differs: {change.change.commit[:12]} {change.change.subject[:60]}")
        for mark, findings in (("-", change.only_first), ("+", change.only_second)):
            for finding in findings:
                click.echo(f"  {mark} {_name(finding)}")


def _name(finding: ReportedFinding) -> str:
    return f"{finding.anchor.path}:{finding.anchor.line}: {finding.label} ({finding.probability:.2f})"


def _describe(replayed: Sequence[Replayed], differences: Sequence[Difference] | None) -> dict[str, object]:
    total = summarise(replayed)
    return {
        "changes": [
            {
                "commit": one.change.commit,
                "base": one.change.base,
                "head": one.change.head,
                "comments": one.num_threads,
                "in_summary": one.num_in_summary,
                "files": one.num_files,
                "added_lines": one.num_lines,
                "error": one.error,
                "findings": [finding.model_dump(mode="json", exclude={"evidence", "fix"}) for finding in one.findings],
            }
            for one in replayed
        ],
        "differences": None
        if differences is None
        else [
            {
                "commit": one.change.commit,
                "only_first": [finding.fingerprint for finding in one.only_first],
                "only_second": [finding.fingerprint for finding in one.only_second],
            }
            for one in differences
        ],
        "summary": {
            "changes": total.num_changes,
            "comments": total.num_comments,
            "failed": total.num_failed,
            "silent": total.num_silent,
            "added_lines": total.num_lines,
            "labels": dict(total.labels),
        },
    }
