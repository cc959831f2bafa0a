"""The changed side of a change, read through git or from the working tree: what a review of it needs."""

from dataclasses import replace

from graph_model.languages import find_language
from reviewer.comparison import Comparison, HeadKind, find_commit
from reviewer.discovery import Discovery, discover_files
from reviewer.inspection import InspectionRules
from reviewer.ledger import Skip, SkipReason
from reviewer.linkage import find_linked
from reviewer.repositories import Repository
from reviewer.snapshots import Declarations, read_snapshot
from reviewer.workspace import Workspace

_LOST = "git has no file by the name that its diff gives"  # it takes the slash off a name that begins with one


def read_declarations(
    repository: Repository, rules: InspectionRules, comparison: Comparison, revision: str | None
) -> Declarations | None:
    """What a trusted commit says: a file that is reviewed there is no generated one after the change.

    Raises RequestError where there is no such commit.
    """
    if revision is None:
        return None
    commit = find_commit(repository, revision)
    old_names = {change.old_path for change in comparison.changes}
    known = {source.path for source in read_snapshot(repository, commit, rules, old_names).sources}
    return Declarations(commit, frozenset(one.path for one in comparison.changes if one.old_path in known))


def read_head(
    repository: Repository,
    workspace: Workspace,
    rules: InspectionRules,
    comparison: Comparison,
    declarations: Declarations | None,
) -> Discovery:
    """The changed files and those of their language families that may be linked to them."""
    languages = [find_language(path) for path in comparison.changed_paths]
    families = {language.family for language in languages if language is not None}
    if comparison.head_kind is HeadKind.WORKING_TREE:
        found = discover_files(workspace, [repository.root] if comparison.changed_paths else [], rules)
    else:
        commit = comparison.head if comparison.head_kind is HeadKind.COMMIT else None
        paths = {entry.path for entry in repository.list_tree(commit)}
        related = {path for path in paths if (language := find_language(path)) and language.family in families}
        changed = comparison.changed_paths
        found = read_snapshot(repository, commit, rules, related | changed, declarations, changed)
        lost = tuple(Skip(path, SkipReason.UNREADABLE, _LOST) for path in sorted(changed - paths))
        found = replace(found, skipped=(*found.skipped, *lost))
    sources = [one for one in found.sources if (language := find_language(one.path)) and language.family in families]
    linked = find_linked(sources, comparison.changed_paths)
    return Discovery(tuple(one for one in sources if one.path in linked), found.skipped, found.failed)
