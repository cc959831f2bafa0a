"""`reviewer diff`: reviews what a change introduced."""

from dataclasses import replace

import click

from graph_model.languages import find_language
from reviewer.changes import ChangeKind
from reviewer.cli.options import Choices, decide_exit_code, open_desk, review_options, write_review
from reviewer.cli.session import Setting, current_session, prepare
from reviewer.comparison import Comparison, HeadKind, compare
from reviewer.discovery import Discovery, discover_files
from reviewer.errors import RequestError
from reviewer.ledger import Skip, SkipReason
from reviewer.linkage import find_linked
from reviewer.repositories import Repository
from reviewer.snapshots import Declarations, read_old_files, read_snapshot

_LOST = "git has no file by the name that its diff gives"  # it takes the slash off a name that begins with one


@click.command()
@click.option("--base", metavar="REV", help="Compare with the merge-base with this; default: the default branch.")
@click.option("--head", metavar="REV", help="Review this commit; default: the working tree.")
@click.option("--staged", is_flag=True, help="Review the index instead of the working tree.")
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
    *,
    base: str | None,
    head: str | None,
    staged: bool,
    attributes_from: str | None,
    heed_own_suppressions: bool,
    choices: Choices,
) -> None:
    """Review what a change introduced, on its own lines."""
    if staged and head is not None:
        raise click.UsageError("--staged and --head exclude each other")
    if attributes_from is not None and head is None:
        raise click.UsageError("--attributes-from needs --head")
    session = current_session(choices.model)
    setting = prepare(session, (), choices.given, choices.config)
    repository = setting.workspace.repository
    if repository is None:
        raise RequestError(f"diff: expected a git repository around {session.cwd}, found none")
    comparison = compare(repository, base, head, staged=staged)
    desk = open_desk(session, setting, choices)
    old_names = [change.old_path for change in comparison.changes if change.kind is not ChangeKind.ADDED]
    old_files = read_old_files(repository, comparison.base, old_names, setting.rules)
    declarations = _read_declarations(repository, setting, comparison, attributes_from)
    found = _read_head(repository, setting, comparison, declarations)
    review = desk.review_change(comparison, found, old_files, heeds_own_suppressions=heed_own_suppressions)
    write_review(review, session, setting, choices, found.sources)
    ctx.exit(decide_exit_code(review, setting.configuration.fail_on))


def _read_declarations(
    repository: Repository, setting: Setting, comparison: Comparison, revision: str | None
) -> Declarations | None:
    """What a trusted commit says: a file that is reviewed there is no generated one after the change.

    Raises RequestError where there is no such commit.
    """
    if revision is None:
        return None
    commit = repository.find_revision(revision)
    if commit is None:
        raise RequestError(f"{revision}: expected a commit, found none in {repository.root.name}")
    old_names = {change.old_path for change in comparison.changes}
    known = {source.path for source in read_snapshot(repository, commit, setting.rules, old_names).sources}
    return Declarations(commit, frozenset(one.path for one in comparison.changes if one.old_path in known))


def _read_head(
    repository: Repository, setting: Setting, comparison: Comparison, declarations: Declarations | None
) -> Discovery:
    """The changed files and those of their language families that may be linked to them."""
    languages = [find_language(path) for path in comparison.changed_paths]
    families = {language.family for language in languages if language is not None}
    if comparison.head_kind is HeadKind.WORKING_TREE:
        found = discover_files(setting.workspace, [repository.root] if comparison.changed_paths else [], setting.rules)
    else:
        commit = comparison.head if comparison.head_kind is HeadKind.COMMIT else None
        paths = {entry.path for entry in repository.list_tree(commit)}
        related = {path for path in paths if (language := find_language(path)) and language.family in families}
        changed = comparison.changed_paths
        found = read_snapshot(repository, commit, setting.rules, related | changed, declarations, changed)
        lost = tuple(Skip(path, SkipReason.UNREADABLE, _LOST) for path in sorted(changed - paths))
        found = replace(found, skipped=(*found.skipped, *lost))
    sources = [one for one in found.sources if (language := find_language(one.path)) and language.family in families]
    linked = find_linked(sources, comparison.changed_paths)
    return Discovery(tuple(one for one in sources if one.path in linked), found.skipped, found.failed)
