"""Reports as the server keeps them: each belongs to one state of its document."""

from dataclasses import dataclass

from ide_plugin_server.documents import Document
from ide_plugin_server.folders import Folder
from ide_plugin_server.messages import FileReport


@dataclass(frozen=True, slots=True)
class Shown:
    """The last report on a file, for which state of its document (0: as on disk), and a number that grows."""

    report: FileReport
    serial: int
    number: int


@dataclass(frozen=True, slots=True)
class Current:
    """An open document with the report on the very state that it is in."""

    document: Document
    folder: Folder
    file: str
    report: FileReport
