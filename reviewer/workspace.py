"""Where a review happens: the root that every path is relative to, and the repository around it, if any."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reviewer.errors import RequestError
from reviewer.repositories import Repository, find_repository


@dataclass(frozen=True, slots=True)
class Workspace:
    """`root` is the top of the repository around what was asked for, else the working directory."""

    root: Path
    repository: Repository | None = None

    def path_of(self, file: Path) -> str:
        """A file's path relative to the root, with forward slashes; "." for the root itself."""
        return Path(os.path.relpath(os.path.abspath(file), self.root)).as_posix()

    def file_at(self, path: str) -> Path:
        """The file behind a path of the review."""
        return self.root / path


def lies_in(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of these, or below one; "." holds everything."""
    return any(one in (".", path) or path.startswith(f"{one}/") for one in folders)


def locate_workspace(paths: Iterable[Path], cwd: Path) -> Workspace:
    """The workspace for these paths; raises RequestError when one does not exist."""
    folders = []
    for path in paths:
        full = Path(os.path.abspath(cwd / path))
        if not os.path.lexists(full):
            raise RequestError(f"{path}: expected a file or folder, found none")
        folders.append(full if full.is_dir() else full.parent)
    common = Path(os.path.commonpath(folders)) if folders else cwd
    repository = find_repository(common)
    return Workspace(repository.root if repository is not None else cwd, repository)
