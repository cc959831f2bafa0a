"""`reviewer diff`: reviews what a change introduced."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from reviewer.changes import ChangeKind
from reviewer.cli.options import (
    Choices,
    decide_exit_code,
    find_baseline,
    heed_failures,
    open_desk,
    review_options,
    write_review,
)
from reviewer.cli.pipelines import resolve_base
from reviewer.cli.session import Session, Setting, current_session, prepare, prepare_from
from reviewer.comparison import DEEPEN, Comparison, compare
from reviewer.errors import RequestError
from reviewer.repositories import Repository
from reviewer.sides import read_declarations, read_head
from reviewer.snapshots import read_old_files
from reviewer.workspace import lies_in, locate_workspace


@dataclass(frozen=True, slots=True)
class Revisions:
    """What the command line says to compare; None where it says nothing."""

    base: str | None
    head: str | None
    is_staged: bool


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--base",
    metavar="REV",
    help="Compare with the merge-base with this; default: what the CI job names, else the default branch.",
)
@click.option("--head", metavar="REV", help="Review this commit; default: the working tree.")
@click.option("--staged", is_flag=True, help="Review the index instead of the working tree.")
@click.option(
    "--policy-from", metavar="REV", help="Read the configuration file at the top of this commit, not the change's own."
)
@click.option(
    "--attributes-from", metavar="REV", help="Let this commit say which files are generated or copied; needs --head."
)
@click.option(
    "--heed-own-suppressions/--ignore-own-suppressions",
    default=True,
    show_default=True,
    help="Whether suppressions count that the change adds, or under which it changes code.",
)
@review_options
@click.pass_context
def diff(  # noqa: PLR0913  # one parameter an option
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    base: str | None,
    head: str | None,
    staged: bool,
    policy_from: str | None,
    attributes_from: str | None,
    heed_own_suppressions: bool,
    choices: Choices,
) -> None:
    """Review what a change introduced, on its own lines; in these files and folders only, where any are named."""
    if staged and head is not None:
        raise click.UsageError("--staged and --head exclude each other")
    if attributes_from is not None and head is None:
        raise click.UsageError("--attributes-from needs --head")
    if policy_from is not None and choices.config is not None:
        raise click.UsageError("--policy-from and --config exclude each other")
    session = current_session(choices.model)
    repository = locate_workspace((), session.cwd).repository
    if repository is None:
        raise RequestError(f"diff: expected a git repository around {session.cwd}, found none")
    if policy_from is not None:
        setting = prepare_from(session, repository, policy_from, choices.given)
    else:
        setting = prepare(session, (), choices.given, choices.config)
    with heed_failures(ctx, setting.configuration):
        comparison = _compare(session, setting, repository, Revisions(base, head, staged), paths)
        desk = open_desk(session, setting, find_baseline(session, setting, choices, comparison.base))
        old_names = [change.old_path for change in comparison.changes if change.kind is not ChangeKind.ADDED]
        old_files = read_old_files(repository, comparison.base, old_names, setting.rules)
        declarations = read_declarations(repository, setting.rules, comparison, attributes_from)
        found = read_head(repository, setting.workspace, setting.rules, comparison, declarations)
        review = desk.review_change(comparison, found, old_files, heeds_own_suppressions=heed_own_suppressions)
    write_review(review, session, setting, choices, found.sources)
    ctx.exit(decide_exit_code(review, setting.configuration))


def _compare(
    session: Session, setting: Setting, repository: Repository, revisions: Revisions, paths: Sequence[str]
) -> Comparison:
    """The change, cut to what lies in these paths."""
    base = revisions.base
    if base is None and session.base_hint is not None:
        base = resolve_base(repository, session.base_hint)
    comparison = compare(repository, base, revisions.head, staged=revisions.is_staged)
    if comparison.is_unsure:
        click.echo(f"warning: the clone is shallow, so the base may be older than it need be: {DEEPEN}", err=True)
    if not paths:
        return comparison
    folders = [setting.workspace.path_of(session.cwd / path) for path in paths]
    return replace(comparison, changes=tuple(one for one in comparison.changes if lies_in(one.path, folders)))
