"""What the client may ask and tell: each handler reads its parameters and hands on."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from lsprotocol import types

from ide_plugin_server import actions, hover, pulling
from ide_plugin_server.client import choose_encoding, read_abilities
from ide_plugin_server.commands import add_commands
from ide_plugin_server.configuring import Configurator
from ide_plugin_server.convert import Extent, Place
from ide_plugin_server.diagnostics import SOURCE
from ide_plugin_server.documents import TextChange
from ide_plugin_server.folders import DECIDING, find_file, make_uri
from ide_plugin_server.server import EditorServer
from ide_plugin_server.settings import parse_options

_ANYTHING = "**/*"  # that goes: of a folder some clients tell no more than that
_WATCHED = ("**/*.{py,pyi,js,jsx,mjs,cjs,ts,tsx,mts,cts,java,cs}",)
_LANGUAGES = ("python", "javascript", "javascriptreact", "typescript", "typescriptreact", "java", "csharp")


def add_handlers(server: EditorServer) -> None:
    """Registers everything but what depends on the client's abilities."""
    handlers = Handlers(server)
    plain: dict[str, Callable[..., object]] = {
        types.INITIALIZE: handlers.initialize,
        types.INITIALIZED: handlers.initialized,
        types.SHUTDOWN: handlers.shutdown,
        types.TEXT_DOCUMENT_DID_OPEN: handlers.open,
        types.TEXT_DOCUMENT_DID_CHANGE: handlers.change,
        types.TEXT_DOCUMENT_DID_SAVE: handlers.save,
        types.TEXT_DOCUMENT_DID_CLOSE: handlers.close,
        types.WORKSPACE_DID_CHANGE_CONFIGURATION: handlers.change_configuration,
        types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: handlers.change_folders,
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES: handlers.change_files,
        types.TEXT_DOCUMENT_HOVER: handlers.hover,
    }
    for name, handler in plain.items():
        register(server, name, handler)
    kinds = types.CodeActionOptions(code_action_kinds=list(actions.KINDS))
    register(server, types.TEXT_DOCUMENT_CODE_ACTION, handlers.list_actions, kinds)
    register(server, types.TEXT_DOCUMENT_CODE_LENS, handlers.list_lenses, types.CodeLensOptions(resolve_provider=False))
    add_commands(server)


def register(server: EditorServer, name: str, handler: Callable[..., object], options: object = None) -> None:
    """Lets a method handle a message; pygls writes marks on handlers, which methods do not take."""
    server.feature(name, options)(partial(handler))


class Handlers:
    """The handlers of one server."""

    def __init__(self, server: EditorServer) -> None:
        self._server = server
        self._configurator = Configurator(server)
        self._given: list[str] = []
        self._closing: asyncio.Task[None] | None = None

    # Life ------------------------------------------------------------------------------------------------------------

    def initialize(self, params: types.InitializeParams) -> None:
        """Reads what the client can do; capabilities are made of what is registered by the end."""
        server = self._server
        client = read_abilities(params.capabilities, choose_encoding(params.capabilities))
        server.start(parse_options(params.initialization_options), client)
        self._configurator.take(server.options.settings)
        if client.pulls:
            options = types.DiagnosticOptions(
                inter_file_dependencies=True, workspace_diagnostics=True, identifier=SOURCE
            )
            register(server, types.TEXT_DOCUMENT_DIAGNOSTIC, self.pull_document, options)
            register(server, types.WORKSPACE_DIAGNOSTIC, self.pull_workspace)
        roots = [one.uri for one in params.workspace_folders or ()]
        if not roots and params.root_uri is not None:
            roots = [params.root_uri]
        self._given = roots or ([make_uri(params.root_path)] if params.root_path else [])

    async def initialized(self, _: types.InitializedParams) -> None:
        """Starts to work."""
        server = self._server
        server.tell_status("starting", "starting")
        for uri in self._given:
            server.folders.add(uri)
        await self._register()
        await self._configurator.ask()
        server.tell_status("reading", "reading the workspace")
        await server.begin()
        server.following.begin()

    async def _register(self) -> None:
        """Asks for notifications of changed files and settings."""
        server = self._server
        wanted = []
        if server.client.watches_files:
            globs = (*_WATCHED, *(f"**/{name}" for name in DECIDING))
            watched = [types.FileSystemWatcher(one) for one in globs]
            watched.append(types.FileSystemWatcher(_ANYTHING, types.WatchKind.Delete))
            watchers = types.DidChangeWatchedFilesRegistrationOptions(watched)
            wanted.append(types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, watchers))
        if server.client.registers_configuration:
            wanted.append(types.Registration("settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": SOURCE}))
        if wanted:
            server.spawn(server.client_register_capability_async(types.RegistrationParams(wanted)))

    def shutdown(self, _: None) -> None:
        """Ends the analysis process; does not wait for it, since `exit` may follow at once."""
        self._closing = asyncio.create_task(self._server.close())

    # Documents -------------------------------------------------------------------------------------------------------

    def open(self, params: types.DidOpenTextDocumentParams) -> None:
        """A document is open: it is reviewed now."""
        one = params.text_document
        document = self._server.documents.open(one.uri, str(one.language_id), one.version, one.text)
        self._server.publisher.note_open(find_file(one.uri) or "")
        self._server.plan(document, is_now=True)

    def change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A document changed: it is reviewed once it is left alone."""
        changes = [TextChange(one.text, _read_range(one)) for one in params.content_changes]
        document = self._server.documents.change(params.text_document.uri, params.text_document.version, changes)
        if document is not None:
            self._server.plan(document)

    async def save(self, params: types.DidSaveTextDocumentParams) -> None:
        """A document was saved: a deciding file may decide differently; others may wait for this."""
        document = self._server.documents.find(params.text_document.uri)
        file = find_file(params.text_document.uri)
        if file is not None and any(folder.heeds(file) for folder in self._server.folders):
            await self._change_files([file])
        elif document is not None:
            self._server.plan(document, is_now=True)

    def close(self, params: types.DidCloseTextDocumentParams) -> None:
        """A document was closed."""
        document = self._server.documents.close(params.text_document.uri)
        if document is not None:
            self._server.release(document)

    # Workspace -------------------------------------------------------------------------------------------------------

    async def change_configuration(self, params: types.DidChangeConfigurationParams) -> None:
        """Settings changed: those that are sent count where the client cannot be asked."""
        given = params.settings
        if isinstance(given, dict):
            self._configurator.take(given.get(SOURCE, given))
        await self._configurator.ask()
        await self._configurator.apply(self._server.folders)
        self._server.following.begin()
        self._server.refresh_client()

    async def change_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """Folders come and go."""
        server = self._server
        for removed in params.event.removed:
            folder = server.folders.remove(removed.uri)
            if folder is not None:
                await server.close_folder(folder)
        new = [folder for one in params.event.added if (folder := server.folders.add(one.uri)) is not None]
        if new:
            await self._configurator.ask()
        await self._configurator.apply(new)
        server.following.begin()

    async def change_files(self, params: types.DidChangeWatchedFilesParams) -> None:
        """Files on disk changed."""
        await self._change_files([file for one in params.changes if (file := find_file(one.uri)) is not None])

    async def _change_files(self, files: Iterable[str]) -> None:
        server = self._server
        changed = set(files)
        for folder in server.folders:
            if server.folders.get(folder.key) is not folder:
                continue  # it was closed meanwhile
            if any(folder.heeds(file) for file in changed):
                await server.open_folder(folder)
                continue
            inside = sorted(file for file in changed if server.folders.find(file) is folder)
            if inside:
                await server.reading.refresh(folder, inside)

    # Questions -------------------------------------------------------------------------------------------------------

    async def pull_document(self, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        """Diagnostics of one document."""
        return await pulling.pull_document(self._server, params)

    def pull_workspace(self, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        """Diagnostics of everything that is shown."""
        return pulling.pull_workspace(self._server, params)

    async def list_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """Code actions."""
        return await actions.list_actions(self._server, params)

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """Explanations."""
        return await hover.explain_place(self._server, params)

    async def list_lenses(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        """Scores of functions."""
        return await hover.list_lenses(self._server, params)


def _read_range(change: types.TextDocumentContentChangeEvent) -> Extent | None:
    if not isinstance(change, types.TextDocumentContentChangePartial):
        return None
    start, end = change.range.start, change.range.end
    return Extent(Place(start.line, start.character), Place(end.line, end.character))
