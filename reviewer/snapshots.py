"""Source files of a commit or of the index, read through git and inspected like files on disk."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reviewer.attributes import parse_attributes
from reviewer.discovery import Discovery, gather
from reviewer.inspection import InspectionRules, inspect_content, inspect_name
from reviewer.ledger import Failed, Skip, SkipReason
from reviewer.repositories import Repository, TreeEntry
from reviewer.source import SourceFile

_OWN = {"linguist-generated": "unset", "linguist-vendored": "unset"}


@dataclass(frozen=True, slots=True)
class Declarations:
    """Which commit says what is generated or copied, and files that are neither, whatever they say of themselves."""

    commit: str
    own: frozenset[str] = frozenset()


def read_snapshot(
    repository: Repository,
    commit: str | None,
    rules: InspectionRules,
    only: Collection[str] | None = None,
    declarations: Declarations | None = None,
) -> Discovery:
    """The files of a commit, or (None) of the index; `only` limits it to these paths.

    Without `declarations` the commit speaks for itself.
    """
    tree = repository.list_tree(commit)
    wanted = [entry for entry in tree if only is None or entry.path in only]
    declaring = tree if declarations is None else repository.list_tree(declarations.commit)
    attributes = parse_attributes(_AttributeFiles(repository, declaring).read, [entry.path for entry in wanted])
    attributes |= dict.fromkeys(declarations.own if declarations is not None else (), _OWN)
    outcomes: list[SourceFile | Skip | Failed] = []
    readable = []
    for entry in wanted:
        skip = _inspect_entry(entry) or inspect_name(entry.path, attributes.get(entry.path, {}), rules)
        if skip is not None:
            outcomes.append(skip)
        else:
            readable.append(entry)
    contents = repository.read_objects([entry.object_id for entry in readable])
    for entry, content in zip(readable, contents, strict=True):
        if content is None:  # a partial clone that is offline
            outcomes.append(Failed(entry.path, f"expected git object {entry.object_id}, found none"))
        else:
            outcomes.append(inspect_content(entry.path, content, rules, attributes.get(entry.path, {})))
    return gather(outcomes)


def read_old_files(
    repository: Repository, commit: str, paths: Iterable[str], rules: InspectionRules
) -> list[SourceFile]:
    """These files as a commit has them; those it lacks, and those that would be left out, are absent.

    Whether they are generated or copied is asked of the head alone: what is reviewed there is compared with its past.
    """
    names = sorted(paths)
    contents = repository.read_objects([f"{commit}:{name}" for name in names])
    inspected = [
        inspect_content(name, content, rules, _OWN)
        for name, content in zip(names, contents, strict=True)
        if content is not None and inspect_name(name, _OWN, rules) is None
    ]
    return [source for source in inspected if isinstance(source, SourceFile)]


def _inspect_entry(entry: TreeEntry) -> Skip | None:
    if entry.is_link:
        return Skip(entry.path, SkipReason.SYMLINK)
    if entry.is_submodule:
        return Skip(entry.path, SkipReason.NESTED_REPOSITORY)
    return None


class _AttributeFiles:
    """The .gitattributes files of a tree, read at once."""

    def __init__(self, repository: Repository, tree: Iterable[TreeEntry]) -> None:
        files = [entry for entry in tree if entry.path.rpartition("/")[2] == ".gitattributes"]
        contents = repository.read_objects([entry.object_id for entry in files])
        pairs = zip(files, contents, strict=True)
        self._texts = {entry.path: (content or b"").decode("utf-8", "replace") for entry, content in pairs}

    def read(self, path: str) -> str | None:
        return self._texts.get(path)
