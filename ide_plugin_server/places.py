"""Which files of a workspace folder belong to its review, and with which configuration: as `reviewer check` does it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from graph_model.languages import find_language
from ide_plugin_server.settings import EditorSettings, Preference
from reviewer.attributes import read_attributes
from reviewer.baseline import read_baseline
from reviewer.configuration import DEFAULT_ORIGIN, Configuration
from reviewer.configuration_files import load_configuration, read_configuration
from reviewer.discovery import DEFAULT_EXCLUDES
from reviewer.errors import RepositoryError, ReviewerError
from reviewer.inspection import InspectionRules, inspect_content, inspect_name
from reviewer.ledger import Skip, SkipReason
from reviewer.source import SourceFile
from reviewer.workspace import Workspace, locate_workspace

_EDITOR = "editor"
_ENTRIES_A_FILE = 20  # looked at in a folder outside git before it counts as too large


@dataclass(frozen=True, slots=True)
class Setting:
    """A folder with the workspace around it, its configuration, and what is left out."""

    folder: Path
    workspace: Workspace
    configuration: Configuration
    rules: InspectionRules
    baseline: frozenset[str] = frozenset()


def make_setting(folder: Path, settings: EditorSettings) -> Setting:
    """The setting of a folder as `reviewer check` finds it there, with what the editor says.

    Raises ConfigurationError and RequestError as that does.
    """
    workspace = locate_workspace([folder], folder)
    given = _load(folder, workspace, settings)
    configuration = _override(given, dict(settings.overrides), settings.preference)
    rules = InspectionRules(configuration.exclude, configuration.max_file_bytes, configuration.base)
    return Setting(folder, workspace, configuration, rules, _read_known(workspace, configuration))


def _load(folder: Path, workspace: Workspace, settings: EditorSettings) -> Configuration:
    if settings.configuration:
        return read_configuration(folder / settings.configuration)
    return load_configuration(folder, workspace.root)


def find_named(folder: Path, settings: EditorSettings) -> frozenset[str]:
    """Real paths of the configuration and the known findings that a folder goes by, where something names them.

    A configuration that cannot be read names no known findings.
    """
    named = [folder / settings.configuration] if settings.configuration else []
    try:
        workspace = locate_workspace([folder], folder)
        configuration = _load(folder, workspace, settings)
    except (ReviewerError, OSError, ValueError, RecursionError):  # told of where the folder is opened
        pass
    else:
        if configuration.baseline and configuration.origin_of("baseline") != DEFAULT_ORIGIN:
            named.append(workspace.file_at(configuration.baseline))
    return frozenset(os.path.realpath(one) for one in named if "\0" not in str(one))


def _read_known(workspace: Workspace, configuration: Configuration) -> frozenset[str]:
    """The fingerprints of the committed file of known findings, if there is one."""
    if not configuration.baseline:
        return frozenset()
    file = workspace.file_at(configuration.baseline)
    if file.exists() or configuration.origin_of("baseline") != DEFAULT_ORIGIN:
        return read_baseline(file)
    return frozenset()


def _override(configuration: Configuration, given: Mapping[str, object], preference: Preference) -> Configuration:
    if preference is Preference.EDITOR:
        return configuration.with_command_line(given)
    unsaid = {name: value for name, value in given.items() if configuration.origin_of(name) == DEFAULT_ORIGIN}
    return configuration.with_values(unsaid, _EDITOR)


def holds_at_most(setting: Setting, max_files: int) -> bool:
    """Whether a folder has no more files to review than this; looks no further than needed."""
    repository = setting.workspace.repository
    if repository is not None:
        try:
            inner = setting.workspace.path_of(setting.folder)
            listing = repository.list_files("" if inner == "." else inner)
        except RepositoryError:
            pass
        else:
            return sum(find_language(path) is not None for path in listing) <= max_files
    entries = list(islice(_walk(setting.folder), max(max_files, 1) * _ENTRIES_A_FILE + 1))
    is_small = len(entries) <= max(max_files, 1) * _ENTRIES_A_FILE
    return is_small and sum(find_language(name) is not None for name in entries) <= max_files


def _walk(folder: Path) -> Iterator[str]:
    for _, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in DEFAULT_EXCLUDES]
        yield from names


def find_exclusion(setting: Setting, path: str) -> Skip | None:
    """Why a file that nobody lists is not part of its folder's review; None when it would be, once it is saved."""
    workspace = setting.workspace
    inner = workspace.path_of(setting.folder)
    parts = path.removeprefix("" if inner == "." else f"{inner}/").split("/")
    if any(part in DEFAULT_EXCLUDES for part in parts[:-1]):
        return Skip(path, SkipReason.EXCLUDED, "by default")
    if os.path.islink(workspace.file_at(path)):
        return Skip(path, SkipReason.SYMLINK)
    if workspace.repository is not None and workspace.repository.is_ignored(path):
        return Skip(path, SkipReason.EXCLUDED, "git ignores it")
    return None


def read_marks(setting: Setting, path: str) -> Mapping[str, str]:
    """What .gitattributes says about a file."""
    return read_attributes(setting.workspace.root, setting.workspace.repository, [path]).get(path, {})


def inspect(setting: Setting, path: str, raw: bytes, marks: Mapping[str, str]) -> SourceFile | Skip:
    """The source that a file with this content is, or why it is left out."""
    return inspect_name(path, marks, setting.rules) or inspect_content(path, raw, setting.rules, marks)
