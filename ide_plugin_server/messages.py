"""What the server and the analysis process say to each other. Plain values; each request has one kind of answer.

Before its answer the process may say which files it turns to (`InHand`).
"""

import struct
from dataclasses import dataclass, field

from ide_plugin_server.aside import InHand
from ide_plugin_server.convert import Encoding, Extent
from ide_plugin_server.settings import EditorSettings

HEADER = struct.Struct(">Q")  # before each message: its length


@dataclass(frozen=True, slots=True)
class Hello:
    """The first request: what holds for the life of the process. Answer: ModelInfo or Trouble.

    `cache_folder` empty: nothing is kept, and no label has a page to link to. `model` empty: the shipped bundle.
    """

    encoding: Encoding
    cache_folder: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model judges, and the folder with the labels' pages ("": there is none)."""

    identity: str
    pages_folder: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer: None. It makes sure that there is a process."""


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Files that earlier processes died of. Answer: None."""

    files: tuple[InHand, ...]


@dataclass(frozen=True, slots=True)
class OpenSite:
    """Takes a workspace folder in, in place of what it was. Answer: SiteState.

    `is_lone`: no workspace folder, only the home of single files, which are judged alone.
    """

    key: str
    folder: str
    settings: EditorSettings
    is_lone: bool = False


@dataclass(frozen=True, slots=True)
class CloseSite:
    """Forgets a folder. Answer: None."""

    key: str


@dataclass(frozen=True, slots=True)
class SiteState:
    """How far a folder is read. `is_linked`: small enough to be linked as a whole. `problem`: why it cannot be used."""

    num_read: int = 0
    num_files: int = 0
    is_linked: bool = False
    problem: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether nothing is left to read."""
        return self.num_read >= self.num_files


@dataclass(frozen=True, slots=True)
class ReadNext:
    """Reads one more file of a folder. Answer: SiteState."""

    key: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """Looks at the disk again: at some files, or (none named) at the whole folder.

    Answer: SiteState; None when none of the files is of any interest.
    """

    key: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """Reviews a file with this content, or (None) as it is on disk. Answer: FileReport.

    `is_named`: somebody asked for this very file, so that it is reviewed even where git ignores it.
    `is_passing`: more is being typed; nothing is kept on disk.
    """

    key: str
    file: str
    content: bytes | None
    is_named: bool = False
    is_passing: bool = False


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges files again whose neighbours may have changed. Answer: FileReports, `is_complete` or only the new ones."""

    key: str
    files: tuple[str, ...]
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class ListFiles:
    """Answer: the files of a folder; with `changed_only` those that differ from the default branch."""

    key: str
    changed_only: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """A document was closed: what is on disk counts again. Answer: None."""

    key: str
    file: str


@dataclass(frozen=True, slots=True)
class Explain:
    """Answer: text about a finding of the last report; "" when it is gone."""

    key: str
    file: str
    fingerprint: str
    is_markdown: bool = True


@dataclass(frozen=True, slots=True)
class Mend:
    """Answer: the verified Mendings of findings; with `all_safe` one for all safe fixes of the file."""

    key: str
    file: str
    fingerprints: tuple[str, ...]
    all_safe: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """Answer: Replacements that insert a suppression which works; empty when there is no place for one."""

    key: str
    file: str
    fingerprint: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a path: where, and in words."""

    file: str
    extent: Extent
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding as an editor shows it. `severity` is the catalogue's word; `lines` the statement's, for actions."""

    fingerprint: str
    label: str
    title: str
    message: str
    severity: str
    probability: float
    extent: Extent
    statement: Extent
    line: int
    path: str
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A suppression that a person should look at."""

    extent: Extent
    text: str
    is_unused: bool


@dataclass(frozen=True, slots=True)
class Score:
    """A function with the highest probability of its candidates."""

    extent: Extent
    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class FileReport:
    """What is shown of one file. `unread`: why it was not reviewed, or only in part; "" when it was.

    `is_failed`: it should have been reviewed and could not be. `is_barred`: nothing in its folder can be reviewed now.
    """

    file: str
    remarks: tuple[Remark, ...] = ()
    notes: tuple[Note, ...] = ()
    scores: tuple[Score, ...] = ()
    unread: str = ""
    is_failed: bool = False
    is_barred: bool = False


@dataclass(frozen=True, slots=True)
class Replacement:
    """New text for a range of a document."""

    extent: Extent
    text: str


@dataclass(frozen=True, slots=True)
class Mending:
    """A verified fix of findings: `after` is the probability that is left."""

    fingerprints: tuple[str, ...]
    description: str
    is_safe: bool
    before: float
    after: float
    replacements: tuple[Replacement, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Trouble:
    """The answer to a request that failed, in one line."""

    text: str


Request = (
    Hello
    | Ping
    | LeaveOut
    | OpenSite
    | CloseSite
    | ReadNext
    | Refresh
    | Review
    | Judge
    | ListFiles
    | Release
    | Explain
    | Mend
    | Silence
)
