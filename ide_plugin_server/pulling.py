"""Diagnostics for clients that pull: answers with the latest state, or says that nothing changed."""

from lsprotocol import types

from ide_plugin_server.reports import Shown
from ide_plugin_server.server import EditorServer


async def pull_document(server: EditorServer, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    """The diagnostics of one document as it is now; waits for its review."""
    uri = params.text_document.uri
    document = server.documents.find(uri)
    found = server.folder_of(document) if document is not None else None
    if document is None or found is None:
        return types.RelatedFullDocumentDiagnosticReport(items=[])
    shown = server.shown.get(found[1])
    if shown is None and not server.agenda.is_planned(uri):
        server.agenda.plan(uri)
    await server.agenda.settle(uri)
    shown = server.shown.get(found[1])
    if shown is None:
        return types.RelatedFullDocumentDiagnosticReport(items=[])
    if params.previous_result_id == _id_of(shown):
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=_id_of(shown))
    return types.RelatedFullDocumentDiagnosticReport(items=server.present(found[1]), result_id=_id_of(shown))


def pull_workspace(server: EditorServer, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
    """The diagnostics of every file that is shown, open or not; what is gone is empty."""
    known = {one.uri: one.value for one in params.previous_result_ids}
    items: list[types.WorkspaceDocumentDiagnosticReport] = []
    for file in sorted(
        server.shown.keys() & (server.watched | {file for file in server.shown if server.find_open(file)})
    ):
        shown, uri = server.shown[file], server.uri_of(file)
        document = server.find_open(file)
        version = document.version if document is not None else None
        if known.pop(uri, None) == _id_of(shown):
            items.append(
                types.WorkspaceUnchangedDocumentDiagnosticReport(uri, result_id=_id_of(shown), version=version)
            )
        else:
            items.append(
                types.WorkspaceFullDocumentDiagnosticReport(
                    uri, items=server.present(file), result_id=_id_of(shown), version=version
                )
            )
    items += [types.WorkspaceFullDocumentDiagnosticReport(uri, items=[]) for uri in known]
    return types.WorkspaceDiagnosticReport(items)


def _id_of(shown: Shown) -> str:
    return str(shown.number)
