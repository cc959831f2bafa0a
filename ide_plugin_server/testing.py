"""An editor for tests and measurements: starts a language server as a process and speaks to it as a client does."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Union  # Any: settings are JSON

from lsprotocol import types
from pygls.uris import to_fs_path
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

from ide_plugin_server.diagnostics import NOT_REVIEWED, SUPPRESSION

VS_CODE = "visual-studio-code"  # pushes
NEOVIM = "neovim"  # pulls
PROGRAM = str(Path(sys.executable).parent / "reviewer")
_WAIT_S = 60.0  # for a hang only
_NOTEBOOKS = types.ServerCapabilities.__attrs_attrs__.notebook_document_sync.type
# Label, lines and columns from 1, message, fingerprint and the steps of the path: what check and editors tell alike.
Told = tuple[str, tuple[int, int, int, int], str, str, tuple[tuple[str, int, int], ...]]
_ACTION = Union[types.Command, types.CodeAction]  # noqa: UP007  # the very key that lsprotocol registered


@dataclass(frozen=True, slots=True)
class Editor:
    """How a client introduces itself. `settings` answer `workspace/configuration`; `command` is another server."""

    profile: str = VS_CODE
    options: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    adapt: Callable[[types.ClientCapabilities], None] = lambda _: None
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def take_refreshes(capabilities: types.ClientCapabilities) -> None:
    """Lets a client that pulls be told to pull again, as newer ones can be."""
    assert capabilities.workspace is not None, "every profile has it"
    capabilities.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)


def use_code_points(capabilities: types.ClientCapabilities) -> None:
    """Makes the client count in characters, as reports do."""
    assert capabilities.general is not None, "every profile has it"
    capabilities.general.position_encodings = [types.PositionEncodingKind.Utf32]


class EditorSession:
    """One running server with its client."""

    def __init__(self, client: LanguageClient, process: asyncio.subprocess.Process) -> None:
        self.client, self.process = client, process
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self.statuses: list[str] = []
        self.refreshes = 0
        self.edits: list[types.ApplyWorkspaceEditParams] = []
        self.tokens: list[types.ProgressToken] = []  # of progress that was asked for
        self.progress: list[tuple[types.ProgressToken, dict[str, Any]]] = []  # JSON
        self.registered: dict[str, types.Registration] = {}  # by id, what the server asked for and did not give up
        self._news = asyncio.Event()
        self._versions: dict[str, int] = {}

    @property
    def messages(self) -> list[str]:
        """What was shown to the user."""
        return [one.message for one in self.client.messages]

    @property
    def logged(self) -> list[str]:
        """What was written to the server's log in the editor."""
        return [one.message for one in self.client.log_messages]

    def note(self) -> None:
        """Something came in."""
        self._news.set()

    def register(self, params: types.RegistrationParams) -> None:
        """The server asks for notifications."""
        self.registered |= {one.id: one for one in params.registrations}
        self.note()

    def unregister(self, params: types.UnregistrationParams) -> None:
        """The server does not want them any more."""
        for one in params.unregisterations:
            del self.registered[one.id]
        self.note()

    async def wait_until(self, is_so: Callable[[], bool], limit_s: float = _WAIT_S) -> None:
        """Waits for what the server says. Raises TimeoutError when it does not come."""
        async with asyncio.timeout(limit_s):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    async def wait_ready(self) -> None:
        """Waits until the workspace is read."""
        await self.wait_until(lambda: "ready" in self.statuses)

    def progress_of(self, title: str) -> list[dict[str, Any]]:
        """What was told of each piece of work with this title, one after the other."""
        begun = [token for token, value in self.progress if value["kind"] == "begin" and value["title"] == title]
        return [value for one in begun for token, value in self.progress if token == one]

    # Documents -------------------------------------------------------------------------------------------------------

    def open(self, file: Path, text: str | None = None, language: str = "python") -> str:
        """Opens a document; its URI."""
        uri = file.as_uri()
        content = file.read_bytes().decode() if text is None else text
        self._versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, content)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, *changes: types.TextDocumentContentChangeEvent | str) -> int:
        """Changes a document, by edits or (a string) as a whole; the new version."""
        self._versions[uri] += 1
        events = [types.TextDocumentContentChangeWholeDocument(one) if isinstance(one, str) else one for one in changes]
        identifier = types.VersionedTextDocumentIdentifier(version=self._versions[uri], uri=uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, events))
        return self._versions[uri]

    def close(self, uri: str) -> None:
        """Closes a document."""
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def push(self, uri: str, version: int | None = 1, count: int = 1) -> list[types.Diagnostic]:
        """The diagnostics that were published last, once `count` were published for a version."""

        def published() -> list[types.PublishDiagnosticsParams]:
            return [one for one in self.published.get(uri, ()) if one.version == version]

        await self.wait_until(lambda: len(published()) >= count)
        return list(published()[-1].diagnostics)

    async def pull(self, uri: str, previous: str | None = None) -> types.DocumentDiagnosticReport:
        """The diagnostics of a document as a client that pulls gets them."""
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri), previous_result_id=previous)
        async with asyncio.timeout(_WAIT_S):
            return await self.client.text_document_diagnostic_async(params)

    async def execute(self, command: str, *arguments: object) -> Any:  # JSON
        """Runs a command; its result."""
        async with asyncio.timeout(_WAIT_S):
            params = types.ExecuteCommandParams(command, list(arguments))
            return await self.client.workspace_execute_command_async(params)

    async def list_actions(
        self, uri: str, range_: types.Range, only: Sequence[str] | None = None
    ) -> list[types.CodeAction]:
        """Code actions for a range."""
        context = types.CodeActionContext([], only=list(only) if only is not None else None)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), range_, context)
        async with asyncio.timeout(_WAIT_S):
            found = await self.client.text_document_code_action_async(params)
        return [one for one in found or () if isinstance(one, types.CodeAction)]

    async def hover(self, uri: str, at: types.Position) -> types.Hover | None:
        """What hovering shows."""
        async with asyncio.timeout(_WAIT_S):
            return await self.client.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(uri), at))


@contextlib.asynccontextmanager
async def open_session(
    folders: Sequence[Path], data: Path, editor: Editor | None = None
) -> AsyncIterator[EditorSession]:
    """A server with its client, ended afterwards; kept results and feedback lie below `data`."""
    editor = editor or Editor()
    client = make_test_lsp_client()
    command = list(editor.command) or [PROGRAM, "lsp"]
    await client.start_io(command[0], *command[1:], env=make_environment(data, editor))
    process = client._server  # pytest-lsp keeps it to itself
    assert process is not None
    session = EditorSession(client, process)
    await _introduce(session, folders, editor)
    try:
        yield session
    finally:
        async with asyncio.timeout(_WAIT_S):
            if process.returncode is None:
                await client.shutdown_session()
            await client.stop()  # type: ignore[no-untyped-call]  # pygls leaves it so


def make_environment(data: Path, editor: Editor | None = None) -> dict[str, str]:
    """The environment of a server that knows nothing of the user's own."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(data),
        "REVIEWER_CACHE_DIR": str(data / "cache"),
        "REVIEWER_EDITOR_DATA_DIR": str(data / "data"),
        **(editor.environment if editor is not None else {}),
    }


@contextlib.asynccontextmanager
async def listen(data: Path, address: str = "127.0.0.1:0") -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A server that waits for a client over TCP, and what it says first; killed afterwards if it still runs."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "lsp", "--tcp", address, env=make_environment(data), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None, "it is a pipe"
    try:
        async with asyncio.timeout(_WAIT_S):
            yield process, (await process.stderr.readline()).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def play(
    folder: Path, scenario: Callable[[EditorSession], Awaitable[None]], editor: Editor | None = None, *others: Path
) -> None:
    """Lets a client play a scenario on a server of its own, whose data lie beside the folder."""

    async def run() -> None:
        data = folder.parent / f"{folder.name}-data"
        data.mkdir(exist_ok=True)
        async with open_session([folder, *others], data, editor) as session:
            await scenario(session)

    asyncio.run(run())


async def connect(process: asyncio.subprocess.Process, port: int, folders: Sequence[Path]) -> EditorSession:
    """A client of a server that listens on this machine."""
    client = make_test_lsp_client()
    await client.start_tcp("127.0.0.1", port)
    session = EditorSession(client, process)
    await _introduce(session, folders, Editor())
    return session


def list_reported(folder: Path) -> dict[str, list[Told]]:
    """What `reviewer check` finds in a folder, by file, in order."""
    command = [PROGRAM, "check", "--format", "json", "--no-cache", "--fail-on", "never"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    told: dict[str, list[Told]] = {}
    for one in json.loads(done.stdout)["findings"]:
        at = one["location"]
        place = (at["start_line"], at["start_column"], at["end_line"], at["end_column"])
        steps = [step["location"] for step in one["evidence"]]
        path = tuple((step["path"], step["start_line"], step["start_column"]) for step in steps)
        told.setdefault(at["path"], []).append((one["label"], place, f"{one['message']}.", one["fingerprint"], path))
    return {path: sorted(found) for path, found in told.items()}


def list_shown(session: EditorSession, folder: Path) -> dict[str, list[Told]]:
    """What a client that counts in characters shows now, in the same form."""
    return list_told({uri: published[-1].diagnostics for uri, published in session.published.items()}, folder)


def list_told(diagnostics: Mapping[str, Sequence[types.Diagnostic]], folder: Path) -> dict[str, list[Told]]:
    """Diagnostics by URI, whose positions count characters, in the same form."""
    shown: dict[str, list[Told]] = {}
    for uri, found in diagnostics.items():
        told = [_read(one, folder) for one in found if one.code not in (SUPPRESSION, NOT_REVIEWED)]
        if told:
            shown[_find_path(uri, folder)] = sorted(told)
    return shown


def _read(diagnostic: types.Diagnostic, folder: Path) -> Told:
    start, end = diagnostic.range.start, diagnostic.range.end
    data: Any = diagnostic.data  # JSON
    steps = [step.location for step in diagnostic.related_information or ()]
    return (
        str(diagnostic.code),
        (start.line + 1, start.character + 1, end.line + 1, end.character + 1),
        str(diagnostic.message),
        str(data["fingerprint"]),
        tuple((_find_path(one.uri, folder), one.range.start.line + 1, one.range.start.character + 1) for one in steps),
    )


def _find_path(uri: str, folder: Path) -> str:
    file = to_fs_path(uri)
    assert file is not None, f"{uri}: expected a file"
    return Path(file).relative_to(folder).as_posix()


def list_children(pid: int | None) -> list[int]:
    """The processes that a process has started."""
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(one) for one in listing.stdout.split()]


async def _introduce(session: EditorSession, folders: Sequence[Path], editor: Editor) -> None:
    _listen(session)
    session.client.set_configuration({"reviewer": dict(editor.settings)})
    capabilities = client_capabilities(editor.profile)
    editor.adapt(capabilities)
    params = types.InitializeParams(
        capabilities=capabilities,
        workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in folders],
        initialization_options=dict(editor.options),
    )
    await session.client.initialize_session(params)


def _listen(session: EditorSession) -> None:
    client = session.client

    def take_diagnostics(params: types.PublishDiagnosticsParams) -> None:
        session.published.setdefault(params.uri, []).append(params)
        session.note()

    def take_status(params: Any) -> None:  # JSON
        session.statuses.append(params.state)
        session.note()

    def take_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        session.edits.append(params)
        session.note()
        return types.ApplyWorkspaceEditResult(applied=True)

    def take_refresh(_: None) -> None:
        session.refreshes += 1
        session.note()

    def take_token(params: types.WorkDoneProgressCreateParams) -> None:
        session.tokens.append(params.token)

    def take_progress(params: types.ProgressParams) -> None:
        session.progress.append((params.token, dict(params.value or {})))
        session.note()

    def take_message(params: types.ShowMessageParams) -> None:
        client.messages.append(params)
        session.note()

    def take_log(params: types.LogMessageParams) -> None:
        client.log_messages.append(params)
        session.note()

    # lsprotocol takes a code action with a command for a command.
    client.protocol._converter.register_structure_hook(_ACTION, _read_action(client))
    # Nor can it read what Ruff's server says about notebooks.
    client.protocol._converter.register_structure_hook(_NOTEBOOKS, lambda *_: None)
    features = client.protocol.fm.features
    for name, handler in {
        types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: take_diagnostics,
        "reviewer/status": take_status,
        types.WORKSPACE_APPLY_EDIT: take_edit,
        types.WORKSPACE_DIAGNOSTIC_REFRESH: take_refresh,
        types.WINDOW_SHOW_MESSAGE: take_message,
        types.WINDOW_LOG_MESSAGE: take_log,
        types.WINDOW_WORK_DONE_PROGRESS_CREATE: take_token,
        types.PROGRESS: take_progress,
        types.CLIENT_REGISTER_CAPABILITY: partial(session.register),
        types.CLIENT_UNREGISTER_CAPABILITY: partial(session.unregister),
    }.items():
        features.pop(name, None)
        client.feature(name)(handler)


def _read_action(client: LanguageClient) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:  # JSON in, whichever of two types out
        kind = types.Command if isinstance(value.get("command"), str) else types.CodeAction
        return client.protocol._converter.structure(value, kind)

    return structure
