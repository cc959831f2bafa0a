"""Who is sent which diagnostics: a client that pushes are for gets all, one that pulls those that it never asks for.

There is no ability that says whether a client pulls the workspace. Until one does, it is pushed what is found in files
that are not open; what it has open it pulls. Nothing is with a client twice.
"""

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from ide_plugin_server.server import EditorServer


class Publisher:
    """Sends the diagnostics of one server."""

    def __init__(self, server: "EditorServer") -> None:
        self._server = server
        self._pulls_workspace = False
        self._closed: dict[str, str] = {}  # URIs by file: pushed to a client that pulls, and not empty

    def publish(self, file: str) -> None:
        """Sends what is shown of a file now, to a client that would not see it otherwise."""
        server = self._server
        document = server.find_open(file)
        shown = server.shown.get(file)
        if document is not None and shown is not None and shown.serial != document.serial:
            return  # it is about another text: the client moves it along until the next review
        if not server.client.pulls:
            version = document.version if document is not None else None
            self._send(server.uri_of(file), server.present(file), version)
        elif document is None and not self._pulls_workspace:
            self._push_closed(file)

    def _push_closed(self, file: str) -> None:
        diagnostics, uri = self._server.present(file), self._server.uri_of(file)
        if diagnostics or file in self._closed:
            self._send(uri, diagnostics, None)
        if diagnostics:
            self._closed[file] = uri
        else:
            self._closed.pop(file, None)

    def note_open(self, file: str) -> None:
        """A client that pulls asks for this file from now on."""
        uri = self._closed.pop(file, None)
        if uri is not None:
            self._send(uri, [], None)

    def note_close(self, uri: str) -> None:
        """A document shows nothing any more; one that was pulled is the client's to clear."""
        if not self._server.client.pulls:
            self._send(uri, [], None)

    def note_workspace_pull(self) -> None:
        """The client asks for closed files: what was pushed is taken back."""
        self._pulls_workspace = True
        for file in tuple(self._closed):
            self.note_open(file)

    def _send(self, uri: str, diagnostics: list[types.Diagnostic], version: int | None) -> None:
        params = types.PublishDiagnosticsParams(uri, diagnostics, version)
        self._server.text_document_publish_diagnostics(params)
