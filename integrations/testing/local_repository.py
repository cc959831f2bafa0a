"""A repository on disk, as somebody works in it: what tests of the hosts open pull requests from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from integrations.testing.git_hosting import run_git

_IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid")
_BASE_TEXT = "".join(f"line {number}\n" for number in range(1, 41))


class LocalRepository:
    """A work tree with its repository; build one with `create`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, folder: Path) -> "LocalRepository":
        """An empty repository in a new folder, on the branch `main`."""
        folder.mkdir(parents=True)
        run_git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
        return cls(folder)

    def commit(self, files: Mapping[str, str | None], message: str = "change", *, onto: str | None = None) -> str:
        """Id of a new commit with files written as they are, or removed (None); `onto` checks a commit out first."""
        if onto is not None:
            run_git(self.folder, "checkout", "--quiet", "--force", "--detach", onto)
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="")
        run_git(self.folder, "add", "--all")
        run_git(self.folder, *_IDENTITY, "commit", "--quiet", "--allow-empty", "--message", message)
        return run_git(self.folder, "rev-parse", "HEAD").decode().strip()

    def read(self, commit: str, path: str) -> str:
        """Text of a file in a commit, line ends as they are."""
        return run_git(self.folder, "show", f"{commit}:{path}").decode("utf-8")


@dataclass(frozen=True, slots=True)
class ExampleChange:
    """A small change with something of everything that a diff can have; see `example_change`."""

    repository: LocalRepository
    base: str
    head: str

    @property
    def folder(self) -> Path:
        """The work tree."""
        return self.repository.folder


def example_change(folder: Path) -> ExampleChange:
    """A new repository with a base of 40 lines in `app.py`, and a change of it.

    The change replaces line 20, adds three lines after line 30 (31 to 33 of the new file), adds `ä.py` with CRLF, and
    removes `old.py`. All else of `app.py` is unchanged; lines 17 to 23 and 28 to 36 of the new file are in its hunks.
    """
    repository = LocalRepository.create(folder)
    base = repository.commit({"app.py": _BASE_TEXT, "old.py": "x = 1\n"}, "base")
    changed = _BASE_TEXT.replace("line 20\n", "line zwanzig – größer\n")
    changed = changed.replace("line 30\n", "line 30\nnew 1\nnew 2\nnew 3\n")
    head = repository.commit({"app.py": changed, "ä.py": "y = 2\r\n", "old.py": None}, "change")
    return ExampleChange(repository, base, head)
