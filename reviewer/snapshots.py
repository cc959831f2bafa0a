"""Source files of a commit or of the index, read through git and inspected like files on disk."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from reviewer.attributes import parse_attributes
from reviewer.discovery import Discovery, gather
from reviewer.inspection import InspectionRules, inspect_content, inspect_name, inspect_size
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
    first: Collection[str] = (),
) -> Discovery:
    """The files of a commit, or (None) of the index; `only` limits it to these paths.

    Without `declarations` the commit speaks for itself. What is read has a limit in all, and `first` goes before.
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
    affordable, too_much = _afford(repository, readable, rules, first)
    outcomes += too_much
    contents = repository.read_objects([entry.object_id for entry in affordable])
    for entry, content in zip(affordable, contents, strict=True):
        if content is None:  # a partial clone that is offline
            outcomes.append(Failed(entry.path, f"expected git object {entry.object_id}, found none"))
        else:
            outcomes.append(inspect_content(entry.path, content, rules, attributes.get(entry.path, {})))
    return gather(outcomes)


def _afford(
    repository: Repository, entries: Sequence[TreeEntry], rules: InspectionRules, first: Collection[str]
) -> tuple[list[TreeEntry], list[Skip]]:
    """The entries that may be read, in their order, and the others; `first` has the first claim."""
    sizes = dict(zip(entries, repository.measure_objects([entry.object_id for entry in entries]), strict=True))
    skips: dict[str, Skip] = {}
    left = rules.max_total_bytes
    for entry in sorted(entries, key=lambda one: one.path not in first):
        size = sizes[entry] or 0
        too_large = inspect_size(entry.path, size, rules)
        if too_large is not None:
            skips[entry.path] = too_large
        elif size > left:
            detail = f"over {rules.max_total_bytes} bytes of all files together"
            skips[entry.path] = Skip(entry.path, SkipReason.TOO_LARGE, detail)
        else:
            left -= size
    return [entry for entry in entries if entry.path not in skips], list(skips.values())


def read_old_files(
    repository: Repository, commit: str, paths: Iterable[str], rules: InspectionRules
) -> list[SourceFile]:
    """These files as a commit has them; those it lacks, and those that would be left out, are absent.

    Whether they are generated or copied is asked of the head alone: what is reviewed there is compared with its past.
    """
    named = sorted(paths)
    sizes = repository.measure_objects([f"{commit}:{name}" for name in named])
    names = [name for name, size in zip(named, sizes, strict=True) if inspect_size(name, size or 0, rules) is None]
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
