"""`reviewer diff`: reviews what a change introduced."""

import click

from graph_model.languages import find_language
from reviewer.changes import ChangeKind
from reviewer.cli.options import Choices, decide_exit_code, open_desk, review_options, write_review
from reviewer.cli.session import Setting, current_session, prepare
from reviewer.comparison import Comparison, HeadKind, compare
from reviewer.discovery import Discovery, discover_files
from reviewer.errors import RequestError
from reviewer.linkage import find_linked
from reviewer.repositories import Repository
from reviewer.snapshots import read_old_files, read_snapshot


@click.command()
@click.option("--base", metavar="REV", help="Compare with the merge-base with this; default: the default branch.")
@click.option("--head", metavar="REV", help="Review this commit; default: the working tree.")
@click.option("--staged", is_flag=True, help="Review the index instead of the working tree.")
@review_options
@click.pass_context
def diff(
    ctx: click.Context,
    *,
    base: str | None,
    head: str | None,
    staged: bool,
    choices: Choices,
) -> None:
    """Review what a change introduced, on its own lines."""
    if staged and head is not None:
        raise click.UsageError("--staged and --head exclude each other")
    session = current_session(choices.model)
    setting = prepare(session, (), choices.given, choices.config)
    repository = setting.workspace.repository
    if repository is None:
        raise RequestError(f"diff: expected a git repository around {session.cwd}, found none")
    comparison = compare(repository, base, head, staged=staged)
    desk = open_desk(session, setting, choices)
    old_names = [change.old_path for change in comparison.changes if change.kind is not ChangeKind.ADDED]
    old_files = read_old_files(repository, comparison.base, old_names, setting.rules)
    review = desk.review_change(comparison, _read_head(repository, setting, comparison), old_files)
    write_review(review, session, setting, choices)
    ctx.exit(decide_exit_code(review, setting.configuration.fail_on))


def _read_head(repository: Repository, setting: Setting, comparison: Comparison) -> Discovery:
    """The changed files and those of their language families that may be linked to them."""
    languages = [find_language(path) for path in comparison.changed_paths]
    families = {language.family for language in languages if language is not None}
    if comparison.head_kind is HeadKind.WORKING_TREE:
        found = discover_files(setting.workspace, [repository.root] if comparison.changed_paths else [], setting.rules)
    else:
        commit = comparison.head if comparison.head_kind is HeadKind.COMMIT else None
        paths = [entry.path for entry in repository.list_tree(commit)]
        related = {path for path in paths if (language := find_language(path)) and language.family in families}
        found = read_snapshot(repository, commit, setting.rules, related | comparison.changed_paths)
    sources = [one for one in found.sources if (language := find_language(one.path)) and language.family in families]
    linked = find_linked(sources, comparison.changed_paths)
    return Discovery(tuple(one for one in sources if one.path in linked), found.skipped, found.failed)
