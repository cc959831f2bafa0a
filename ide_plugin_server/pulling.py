"""Diagnostics for clients that pull: answers with the latest state, or says that nothing changed.

Text that is not reviewed, as before a save, has no diagnostics of its own: the client keeps those that it has.
"""

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ide_plugin_server.reports import Shown
from ide_plugin_server.server import EditorServer


async def pull_document(server: EditorServer, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    """The diagnostics of one document as it is now; waits for its review. Raises JsonRpcException where none comes."""
    uri = params.text_document.uri
    document = server.documents.find(uri)
    found = server.folder_of(document) if document is not None else None
    if document is None or found is None:
        return types.RelatedFullDocumentDiagnosticReport(items=[])
    if server.shown.get(found[1]) is None and not server.agenda.is_planned(uri):
        server.agenda.plan(uri)
    await server.agenda.settle(uri)
    shown, document = server.shown.get(found[1]), server.documents.find(uri)
    if document is None:
        return types.RelatedFullDocumentDiagnosticReport(items=[])
    if shown is None or shown.serial != document.serial:
        return _keep(params.previous_result_id)
    if params.previous_result_id == _id_of(shown):
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=_id_of(shown))
    return types.RelatedFullDocumentDiagnosticReport(items=server.present(found[1]), result_id=_id_of(shown))


def _keep(previous: str | None) -> types.DocumentDiagnosticReport:
    """Lets a client keep what it has, also one that does not say what that is.

    https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#textDocument_diagnostic
    """
    if previous is not None:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=previous)
    raise JsonRpcException(
        "this text is not reviewed", types.LSPErrorCodes.ServerCancelled.value, {"retriggerRequest": False}
    )


def pull_workspace(server: EditorServer, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
    """The diagnostics of every file that is shown, open or not; what is gone is empty."""
    server.publisher.note_workspace_pull()
    known = {one.uri: one.value for one in params.previous_result_ids}
    items: list[types.WorkspaceDocumentDiagnosticReport] = []
    for file in sorted(server.shown):
        document = server.find_open(file)
        if document is not None or file in server.watched:
            uri = document.uri if document is not None else server.uri_of(file)
            items += _report(server, file, uri, known.pop(uri, None))
    items += [types.WorkspaceFullDocumentDiagnosticReport(uri, items=[]) for uri in known]
    return types.WorkspaceDiagnosticReport(items)


def _report(
    server: EditorServer, file: str, uri: str, known: str | None
) -> list[types.WorkspaceDocumentDiagnosticReport]:
    """What is said of one file; nothing of text that is not reviewed to a client that has nothing."""
    shown, document = server.shown[file], server.find_open(file)
    version = document.version if document is not None else None
    result_id = _id_of(shown)
    if document is not None and shown.serial != document.serial:
        if known is None:
            return []
        result_id = known
    if known == result_id:
        return [types.WorkspaceUnchangedDocumentDiagnosticReport(uri, result_id=result_id, version=version)]
    items = server.present(file)
    return [types.WorkspaceFullDocumentDiagnosticReport(uri, items=items, result_id=result_id, version=version)]


def _id_of(shown: Shown) -> str:
    return str(shown.number)
