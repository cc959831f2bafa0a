"""The documents that are open in the editor, as UTF-8, kept up with its edits.

pygls has a store of its own; it ends lines where Python does (form feeds, U+2028): edits in such files go astray.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ide_plugin_server.convert import Encoding, Extent, LineTable


@dataclass(frozen=True, slots=True)
class Document:
    """One open document. `serial` grows with every change, whatever the client does with `version`."""

    uri: str
    language_id: str
    version: int
    content: bytes
    serial: int = 0


@dataclass(frozen=True, slots=True)
class TextChange:
    """An edit; without an extent the whole text is replaced."""

    text: str
    extent: Extent | None = None


class Documents:
    """Open documents by URI, in the encoding that was agreed on."""

    def __init__(self, encoding: Encoding = Encoding.UTF16) -> None:
        self.encoding = encoding
        self._documents: dict[str, Document] = {}
        self._serial = 0

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._documents.values()))

    def find(self, uri: str) -> Document | None:
        """An open document, None when it is not open."""
        return self._documents.get(uri)

    def open(self, uri: str, language_id: str, version: int, text: str) -> Document:
        """Takes a document in; opened twice, the later text counts."""
        self._serial += 1
        document = Document(uri, language_id, version, _encode(text), self._serial)
        self._documents[uri] = document
        return document

    def change(self, uri: str, version: int, changes: Iterable[TextChange]) -> Document | None:
        """Makes edits one after the other; None for a document that is not open."""
        document = self._documents.get(uri)
        if document is None:
            return None
        content = document.content
        for change in changes:
            content = apply_change(content, change, self.encoding)
        self._serial += 1
        changed = replace(document, version=version, content=content, serial=self._serial)
        self._documents[uri] = changed
        return changed

    def close(self, uri: str) -> Document | None:
        """Forgets a document; None when it was not open."""
        return self._documents.pop(uri, None)


def apply_change(content: bytes, change: TextChange, encoding: Encoding) -> bytes:
    """The text after one edit; positions outside the text mean its nearest end."""
    if change.extent is None:
        return _encode(change.text)
    table = LineTable(content, encoding)
    start, end = table.place_to_offset(change.extent.start), table.place_to_offset(change.extent.end)
    if end < start:
        start, end = end, start
    return content[:start] + _encode(change.text) + content[end:]


def _encode(text: str) -> bytes:
    """UTF-8; half a surrogate pair, which JSON can carry, becomes a question mark of the same width."""
    return text.encode("utf-8", "replace")
