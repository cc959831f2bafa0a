"""Public sets that are measured on and never trained on: repository, commit, and how a part opens one.

What a set holds is for programs to read; nothing of it is copied here.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.evaluation.parts import Context, MissingSetError
from dataset_curation.clones import Clone, TreeEntry, find_clone
from dataset_curation.errors import CloneError
from dataset_curation.harvesting import file_name


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A repository at a commit (an unambiguous beginning of its id)."""

    repository: str
    commit: str

    @property
    def folder(self) -> str:
        """The name of its folder of snippets: `owner+name`."""
        return file_name(self.repository)

    def __str__(self) -> str:
        return f"{self.repository} @ {self.commit}"

    def open(self, context: Context) -> "OpenSet":
        """Its files. Raises MissingSetError for no clone, or one without the commit."""
        try:
            clone = find_clone(context.clones, self.repository)
            return OpenSet(self, clone, clone.resolve(self.commit))
        except CloneError as error:
            raise MissingSetError(f"{self}: {error}") from error


@dataclass(frozen=True, slots=True)
class OpenSet:
    """A set whose clone was found."""

    source: PublicSet
    clone: Clone
    commit: str

    def list_files(self, *folders: str) -> list[TreeEntry]:
        """Files below folders, by path."""
        return list(self.clone.list_files(self.commit, *folders))

    def read_texts(self, entries: list[TreeEntry]) -> dict[str, str]:
        """Texts by path; bytes that are no UTF-8 become question marks. Raises MissingSetError for an absent object."""
        texts: dict[str, str] = {}
        contents = self.clone.read_blobs(one.blob for one in entries)
        for entry, (_, content) in zip(entries, contents, strict=True):
            if content is None:
                raise MissingSetError(f"{self.source}: {entry.path}: expected an object, found none")
            texts[entry.path] = content.decode("utf-8", "replace").replace("\r\n", "\n")
        return texts

    def read_text(self, path: str) -> str:
        """One file's text. Raises MissingSetError when there is none."""
        texts = self.read_texts(self.list_files(path))
        if path not in texts:
            raise MissingSetError(f"{self.source}: {path}: expected a file, found none")
        return texts[path]


def snippet_folder(context: Context, source: PublicSet, part: str) -> Path:
    """Where a part's snippets are written for other tools: DATA/sets/PART/owner+name."""
    return context.data / "sets" / part / source.folder
