"""Which workspace folder a document belongs to, and the settings of each."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pygls.uris import from_fs_path, to_fs_path

from ide_plugin_server.messages import ListFiles, OpenSite, SiteState
from ide_plugin_server.settings import EditorSettings
from reviewer.baseline import DEFAULT_FILE
from reviewer.configuration_files import OWN_FILE, PROJECT_FILE

DECIDING = (OWN_FILE, PROJECT_FILE, DEFAULT_FILE, ".gitignore", ".gitattributes")  # about other files

# A document that was never saved has no name; its language gives it one.
_ENDINGS = {
    "python": ".py",
    "javascript": ".js",
    "javascriptreact": ".jsx",
    "typescript": ".ts",
    "typescriptreact": ".tsx",
    "java": ".java",
    "csharp": ".cs",
}


@dataclass(slots=True)
class Folder:
    """One folder that the analysis process knows.

    `is_lone`: not of the workspace, the home of single files. `named`: real paths of what decides about it by name.
    `listing`: lists the files that are shown whether they are open or not; None before anybody asked for such.
    """

    key: str
    path: str
    settings: EditorSettings = field(default_factory=EditorSettings)
    is_lone: bool = False
    uri: str | None = None
    state: SiteState = field(default_factory=SiteState)
    named: frozenset[str] = frozenset()
    listing: ListFiles | None = None

    def holds(self, file: str) -> bool:
        """Whether a file lies in it, at whatever depth."""
        return PurePath(file).is_relative_to(self.path)

    def heeds(self, file: str) -> bool:
        """Whether a file, such as a configuration, can decide about others in it."""
        path = PurePath(file)
        if path.name in DECIDING and (self.holds(file) or PurePath(self.path).is_relative_to(path.parent)):
            return True
        return bool(self.named) and os.path.realpath(file) in self.named

    def make_request(self) -> OpenSite:
        """What opens it in the process."""
        return OpenSite(self.key, self.path, self.settings, self.is_lone)


class Folders:
    """The folders of the workspace, and those that single files opened."""

    def __init__(self) -> None:
        self._folders: dict[str, Folder] = {}
        self.defaults = EditorSettings()

    def __iter__(self) -> Iterator[Folder]:
        return iter(tuple(self._folders.values()))

    def add(self, uri: str) -> Folder | None:
        """A workspace folder; None for one that is no folder of this machine."""
        path = to_fs_path(uri)
        if path is None or not Path(path).is_dir():
            return None
        folder = Folder(path, path, self.defaults, uri=uri)
        self._folders[folder.key] = folder
        return folder

    def remove(self, uri: str) -> Folder | None:
        """A workspace folder that was closed."""
        return self._folders.pop(to_fs_path(uri) or "", None)

    def find(self, file: str) -> Folder | None:
        """The deepest workspace folder that holds a file, else the home that it has as a single file."""
        holding = [one for one in self if not one.is_lone and one.holds(file)]
        if holding:
            return max(holding, key=lambda one: len(one.path))
        return self.find_lone(file)

    def find_lone(self, file: str) -> Folder | None:
        """The home of a single file, once it has one."""
        return self._folders.get(_lone_key(file))

    def add_lone(self, file: str) -> Folder:
        """Gives a single file a home."""
        folder = Folder(_lone_key(file), str(PurePath(file).parent), self.defaults, is_lone=True)
        self._folders[folder.key] = folder
        return folder

    def get(self, key: str) -> Folder | None:
        """A folder by its key."""
        return self._folders.get(key)


def _lone_key(file: str) -> str:
    return f"{PurePath(file).parent}?"


def find_file(uri: str, language_id: str = "", home: str = "") -> str | None:
    """The file behind a URI; an unsaved document gets a name in a folder; None for what is no file."""
    scheme, _, rest = uri.partition(":")
    if scheme == "file":
        return to_fs_path(uri)
    ending = _ENDINGS.get(language_id)
    if scheme != "untitled" or ending is None or not home:
        return None
    name = "".join(char if char.isalnum() or char in "-_" else "-" for char in PurePath(rest).stem) or "untitled"
    return str(Path(home) / f"{name}{ending}")


def make_uri(file: str) -> str:
    """The URI of a file."""
    return from_fs_path(file) or Path(file).as_uri()
